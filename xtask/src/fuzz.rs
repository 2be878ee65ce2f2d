//! `cargo xtask fuzz [SECONDS]`: feeds the parsers that strangers reach with bytes of libFuzzer's
//! choosing, each for that long (20 seconds if nothing is said), two at a time.
//!
//! The programs are in `fuzz/`, a workspace of its own. Coverage is the compiler's own
//! (`-Cpasses=sancov-module`), which the stable compiler has. What was found interesting is kept
//! in the build folder from run to run; an input that breaks a program is named, and stays.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::task::Outcome;
use crate::{services, workspace};

/// The programs in `fuzz/targets/`.
const TARGETS: &[&str] = &["json", "opl", "query", "session"];

/// How many run at a time: each takes one processor.
const AT_ONCE: usize = 2;

/// How long each runs when nothing is said, in seconds.
const SECONDS: u32 = 20;

/// The longest input, in bytes: what fits into a request's head.
const INPUT_MAX: u32 = 16_384;

/// Counts the edges that an input takes, and shows the values that it is compared with.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Builds the programs and runs them.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let seconds = match arguments {
        [] => SECONDS,
        [seconds] => seconds.parse().context("SECONDS must be a whole number")?,
        [_, more, ..] => anyhow::bail!("takes one argument, but was also given `{more}`"),
    };
    services::compiler()?;
    let root = workspace::root()?;
    let folder = workspace::target_folder()?.join("fuzz");
    let host = host()?;
    if build(&root, &folder, &host)? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    for targets in TARGETS.chunks(AT_ONCE) {
        let fed = std::thread::scope(|scope| {
            let feed = |&target| {
                let program = folder.join(&host).join("release").join(target);
                let (root, folder) = (&root, &folder);
                scope.spawn(move || feed(root, &program, folder, target, seconds))
            };
            let feeding: Vec<_> = targets.iter().map(feed).collect();
            let ended = feeding.into_iter().map(|feed| feed.join().unwrap_or(Ok(Outcome::Failed)));
            ended.collect::<anyhow::Result<Vec<_>>>()
        })?;
        if fed.contains(&Outcome::Failed) {
            println!("fuzz: one of {} broke; the input is named above", targets.join(", "));
            return Ok(Outcome::Failed);
        }
    }
    println!("fuzz: {} programs, {seconds} s each: nothing broke", TARGETS.len());
    Ok(Outcome::Passed)
}

fn build(root: &Path, folder: &Path, host: &str) -> anyhow::Result<Outcome> {
    let status = workspace::cargo(&root.join("fuzz"))
        .args(["build", "--release", "--locked", "--target", host, "--target-dir"])
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"))
        .status()
        .context("could not start cargo")?;
    Ok(Outcome::of(status))
}

fn feed(
    root: &Path,
    program: &Path,
    folder: &Path,
    target: &str,
    seconds: u32,
) -> anyhow::Result<Outcome> {
    let kept = folder.join("corpus").join(target);
    let broken = folder.join("broken");
    for folder in [&kept, &broken] {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    // the best seed of its language is the file that the exchange runs on
    let seeds = match target {
        "opl" => root.join("infra").join("ory"),
        _ => root.join("fuzz").join("seeds").join(target),
    };
    ensure!(seeds.is_dir(), "{} is missing", seeds.display());
    let output = Command::new(program)
        .args([&kept, &seeds])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_MAX}"))
        .arg(format!("-artifact_prefix={}/{target}-", broken.display()))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-verbosity=0", "-print_final_stats=1"])
        .output()
        .with_context(|| program.display().to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let worth_showing = |line: &&str| !output.status.success() || line.starts_with("stat::");
    // at once: another one speaks beside it
    let shown: String =
        said.lines().filter(worth_showing).map(|line| format!("  {line}\n")).collect();
    print!("fuzz: {target}, {seconds} s\n{shown}");
    Ok(Outcome::of(output.status))
}

/// The compiler's own platform. Naming it keeps build scripts free of coverage counters.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("can't start rustc")?;
    let text = String::from_utf8(output.stdout).context("rustc -vV")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}
