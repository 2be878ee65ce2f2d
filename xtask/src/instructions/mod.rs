//! `cargo xtask instructions [--update | PATH]`: a guard against getting slower. Counts the
//! instructions that each hot path takes, with valgrind's callgrind, and compares them with
//! `crates/hot-paths/instructions.txt`. A count is the same on a busy machine as on a quiet one,
//! which no time is.
//!
//! `--update` writes the file anew; `PATH` counts one path alone. What callgrind wrote stays in the
//! build folder: it tells where the instructions go (`callgrind_annotate`).
//!
//! Reading order: this, `count` (runs the paths), `golden` (the file, and the comparison), `tools`
//! (what else a count depends on).

mod count;
mod golden;
mod tools;

use anyhow::{Context, bail};

use crate::task::Outcome;
use crate::{optimized, services, workspace};
use golden::{Golden, Verdict};

/// What was counted last, and stands in the repository.
const GOLDEN: &str = "crates/hot-paths/instructions.txt";

const UPDATE: &str = "cargo xtask instructions --update";

/// Builds the paths, counts, and compares.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<Outcome> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let is_update = words == ["--update"];
    let only = match words[..] {
        [] | ["--update"] => None,
        [path] if !path.starts_with('-') => Some(path),
        _ => bail!("takes `--update` or the name of a path, but was given `{}`", words.join(" ")),
    };
    services::valgrind()?;
    if optimized::build()? == Outcome::Failed {
        return Ok(Outcome::Failed);
    }
    let program = optimized::folder()?.join("hot-paths");
    let counts = count::count(&program, only)?;
    let counted = Golden { tools: tools::tools(&program)?, counts };
    let file = workspace::root()?.join(GOLDEN);
    if is_update {
        std::fs::write(&file, counted.text()).context(GOLDEN)?;
        println!("instructions: wrote {GOLDEN}");
        return Ok(Outcome::Passed);
    }
    let text = std::fs::read_to_string(&file).context(GOLDEN)?;
    let mut golden = Golden::parse(&text).context(GOLDEN)?;
    golden.counts.retain(|(name, _)| only.is_none_or(|only| only == name));
    Ok(tell(&golden, &counted))
}

/// Prints what was counted beside what stands in the file.
fn tell(golden: &Golden, counted: &Golden) -> Outcome {
    print!("{}", golden::table(golden, counted));
    match golden::judge(golden, counted) {
        Verdict::Same => {
            println!("instructions: {} paths as before", counted.counts.len());
            Outcome::Passed
        }
        Verdict::OtherTools(differences) => {
            println!("instructions: not compared, because {GOLDEN} was counted with other tools:");
            differences.iter().for_each(|difference| println!("  {difference}"));
            println!("  with these, it is written anew by: {UPDATE}");
            Outcome::Passed
        }
        Verdict::Deviations(deviations) => {
            deviations.iter().for_each(|deviation| println!("instructions: {deviation}"));
            println!("instructions: where that is meant to be: {UPDATE}");
            Outcome::Failed
        }
    }
}
