//! Runs each path of `crates/hot-paths` under callgrind.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, anyhow, ensure};

use crate::optimized;

/// Where the program tells callgrind to write down what it has counted since the last time.
const MILESTONE: &str = "--dump-before=hot_paths::milestone";

/// The second of these is the path without what comes before and after it.
const DUMP: &str = "2";

/// Nothing here may depend on how fast the machine is: without this, mimalloc gives memory back
/// that wasn't used for some milliseconds.
const ALLOCATOR: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "-1");

/// A path, and how often it is gone while it is counted.
struct Counted {
    name: String,
    times: u64,
}

/// The instructions once along each path, or along `only` one.
pub(super) fn count(program: &Path, only: Option<&str>) -> anyhow::Result<Vec<(String, u64)>> {
    let folder = optimized::folder()?.join("callgrind");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let stage = folder.join("stage");
    fs::create_dir_all(&stage).with_context(|| stage.display().to_string())?;
    logged(Command::new(program).arg("prepare").arg(&stage), &folder.join("prepare.log"))?;
    let mut paths = paths(program)?;
    paths.retain(|path| only.is_none_or(|only| only == path.name));
    ensure!(!paths.is_empty(), "there is no such path");
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let mut counts = Vec::with_capacity(paths.len());
    for some in paths.chunks(at_once) {
        counts.extend(count_some(program, some, &folder)?);
    }
    fs::remove_dir_all(&stage).with_context(|| stage.display().to_string())?;
    println!("instructions: what callgrind wrote is in {}", folder.display());
    Ok(counts)
}

fn paths(program: &Path) -> anyhow::Result<Vec<Counted>> {
    let output = Command::new(program).arg("paths").output().context("hot-paths")?;
    let text = String::from_utf8(output.stdout).context("hot-paths")?;
    let read = |line: &str| {
        let (name, times) = line.split_once(' ')?;
        Some(Counted { name: name.to_owned(), times: times.parse().ok()? })
    };
    text.lines().map(|line| read(line).with_context(|| format!("`{line}`"))).collect()
}

/// Counts all of them at once.
fn count_some(
    program: &Path,
    paths: &[Counted],
    folder: &Path,
) -> anyhow::Result<Vec<(String, u64)>> {
    thread::scope(|scope| {
        let start = |path| scope.spawn(move || count_one(program, path, folder));
        let counting: Vec<_> = paths.iter().map(start).collect();
        let join = |one: thread::ScopedJoinHandle<'_, _>| {
            one.join().unwrap_or_else(|_| Err(anyhow!("the count panicked")))
        };
        counting.into_iter().map(join).collect()
    })
}

fn count_one(program: &Path, path: &Counted, folder: &Path) -> anyhow::Result<(String, u64)> {
    let Counted { name, times } = path;
    let data = folder.join(format!("{name}.data"));
    copy(&folder.join("stage"), &data)?;
    let out = folder.join(format!("{name}.out"));
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", MILESTONE])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(["run", name])
        .arg(&data)
        // neither settings nor valgrind's own files from where this happens to run
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env(ALLOCATOR.0, ALLOCATOR.1)
        .current_dir(&data);
    logged(&mut command, &folder.join(format!("{name}.log")))?;
    let counted = folder.join(format!("{name}.out.{DUMP}"));
    let text = fs::read_to_string(&counted).with_context(|| counted.display().to_string())?;
    let total = total(&text).with_context(|| format!("no total in {}", counted.display()))?;
    fs::remove_dir_all(&data).with_context(|| data.display().to_string())?;
    println!("  {name}: {times} times, {total} instructions");
    Ok((name.clone(), total / times))
}

/// What a file of callgrind's says that it counted in all.
fn total(text: &str) -> Option<u64> {
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "))?;
    totals.trim().parse().ok()
}

/// Copies the files of a folder.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copy = || {
        fs::create_dir_all(to)?;
        for file in fs::read_dir(from)? {
            let file = file?;
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
        Ok::<_, std::io::Error>(())
    };
    copy().with_context(|| format!("copy {} to {}", from.display(), to.display()))
}

/// Runs `command`, and keeps what it says in the file `log`; the end of that if it fails.
fn logged(command: &mut Command, log: &Path) -> anyhow::Result<()> {
    let name = command.get_program().display().to_string();
    let file = fs::File::create(log).with_context(|| log.display().to_string())?;
    let same = file.try_clone().with_context(|| log.display().to_string())?;
    let status = command.stdout(file).stderr(same).status();
    let status = status.with_context(|| format!("can't start `{name}`"))?;
    if !status.success() {
        let said = fs::read_to_string(log).unwrap_or_default();
        let end: Vec<_> = said.lines().rev().take(5).collect();
        let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
        return Err(anyhow!("`{name}` failed: {status}; see {}\n{end}", log.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_what_callgrind_wrote() {
        let text = "version: 1\nevents: Ir\nsummary: 12\n\nfn=(1) main\n0 5\ntotals: 93948414\n";
        assert_eq!(total(text), Some(93_948_414));
        assert_eq!(total("version: 1\n"), None);
        assert_eq!(total("totals: many\n"), None);
    }

    #[test]
    fn a_command_that_fails_says_its_last_words() {
        let folder = crate::workspace::target_folder().unwrap();
        fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("last-words-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        let error = logged(command.args(["-c", "echo so it ends; exit 3"]), &log).unwrap_err();
        fs::remove_file(&log).unwrap();
        assert!(error.to_string().contains("so it ends"), "{error}");
    }
}
