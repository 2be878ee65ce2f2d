//! `hot-paths`: goes one hot path of the exchange again and again, for `cargo xtask instructions`,
//! which counts the processor's instructions by valgrind's callgrind.
//!
//! A path is a request to the exchange's routes, with everything around it that holds for every
//! request, or a part of one. There is no network; each step is awaited before the next; the
//! runtime has one thread and a clock that stands still, so that what happens every few
//! milliseconds happens at no counted moment. Only the database's threads are beside it.
//!
//! Reading order: this, [`path`] (what is counted), [`stage`] (on what), [`client`].

mod client;
mod path;
mod stage;

use std::path::Path as FilePath;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, bail};

use path::Path;
use stage::Stage;

const USAGE: &str = "usage: hot-paths paths | processor | prepare DIR | run PATH DIR";

/// How often a path is gone before it is counted: statements are prepared and pools filled then.
const WARM_UP: usize = 8;

/// The longest time that a command takes, on a busy machine and under valgrind.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["paths"] => Path::ALL.iter().for_each(|path| println!("{} {}", path.name, path.times)),
        ["processor"] => println!("{}", processor()),
        ["prepare", folder] => standing_still(stage::prepare(FilePath::new(folder)))?,
        ["run", name, folder] => {
            let path = Path::find(name).with_context(|| format!("there is no path `{name}`"))?;
            standing_still(run(path, FilePath::new(folder)))?;
        }
        _ => bail!("{USAGE}"),
    }
    Ok(())
}

/// Goes `path` as often as it says, between two [`milestone`]s.
async fn run(path: &Path, folder: &FilePath) -> anyhow::Result<()> {
    let stage = Stage::open(folder).await?;
    let deeds = (0..WARM_UP + path.times).map(|number| path.deed(&stage, number));
    let mut deeds = deeds.collect::<anyhow::Result<Vec<_>>>()?.into_iter();
    for deed in deeds.by_ref().take(WARM_UP) {
        stage.perform(deed).await.with_context(|| path.name)?;
    }
    milestone(path.name);
    for deed in deeds {
        stage.perform(deed).await.with_context(|| path.name)?;
    }
    milestone(path.name);
    stage.end().await;
    Ok(())
}

/// Callgrind writes down what it has counted, and begins anew, whenever this is called
/// (`--dump-before`).
#[inline(never)]
fn milestone(name: &str) {
    std::hint::black_box(name);
}

/// Waits for `work` on one thread whose clock stands still. A clock that stands still moves on in
/// tokio when nothing else is to be done; a thread on which blocking work is under way keeps it
/// from that. The same thread ends what hangs: no timer would.
fn standing_still<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .context("can't start the asynchronous runtime")?;
    let (done, waiting) = sync_channel::<()>(1);
    runtime.spawn_blocking(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("hot-paths: nothing more happened");
            std::process::exit(1);
        }
    });
    let worked = runtime.block_on(work);
    drop(done);
    worked
}

/// What libraries ask the processor, to choose among several ways of doing the same: where the
/// answers differ, counts do.
#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    macro_rules! features {
        ($($name:tt)+) => {
            [$(($name, is_x86_feature_detected!($name))),+]
        };
    }
    let asked = features!("sse4.2" "avx" "avx2" "bmi2" "fma" "aes" "sha" "rdrand" "avx512f");
    let has = asked.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| format!(" {name}"));
    format!("x86_64{}", has.collect::<String>())
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    std::env::consts::ARCH.to_owned()
}
