//! What a count depends on beside the code: the compilers, the C library, valgrind, and which of
//! several ways the libraries choose on this processor. Valgrind shows programs a processor of its
//! own, with what it knows of the real one's features; so they are asked under valgrind.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

/// Each tool with its version.
pub(super) fn tools(program: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut processor = Command::new("valgrind");
    processor.args(["--tool=none", "--quiet"]).arg(program).arg("processor");
    let asked = [
        ("rustc", version("rustc")?),
        // SQLite and the allocator are C
        ("cc", version("cc")?),
        ("libc", version("ldd")?),
        ("valgrind", version("valgrind")?),
        ("processor", first_line(&mut processor)?),
    ];
    Ok(asked.map(|(tool, version)| (tool.to_owned(), version)).to_vec())
}

fn version(program: &str) -> anyhow::Result<String> {
    first_line(Command::new(program).arg("--version"))
}

/// The first line of what `command` writes.
fn first_line(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("can't start `{name}`"))?;
    ensure!(output.status.success(), "`{name}` failed: {}", output.status);
    let text = String::from_utf8(output.stdout).with_context(|| format!("`{name}`"))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
