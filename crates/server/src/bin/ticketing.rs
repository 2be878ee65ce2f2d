//! The program `ticketing`. What it does is in the library, which is also called without a
//! listener: by `hot-paths`.

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    server::main()
}
