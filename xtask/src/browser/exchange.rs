//! An exchange that runs as long as the tests do.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// What stands before the address in what the program prints when it is ready.
const ADDRESS: &str = "Address";

/// More is not read in search of it, in bytes.
const GREETING_MAX: u64 = 64 * 1024;

/// A running program; it ends with this value.
pub(super) struct Exchange {
    program: Child,
    url: String,
}

impl Exchange {
    /// Starts one with `tickets` in a fresh folder, and waits until it is ready.
    pub(super) fn start(
        program: &Path,
        folder: &Path,
        tickets: &str,
        settings: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        super::remove(folder)?;
        let data = folder.join("data");
        std::fs::create_dir_all(&data).with_context(|| data.display().to_string())?;
        let path = folder.join("exchange.log");
        let log = File::create(&path).with_context(|| path.display().to_string())?;
        if tickets != "0" {
            let mut demo = Command::new(program);
            demo.args(["demo", "--tickets", tickets, "--data"]).arg(&data).current_dir(folder);
            let status = demo.stdout(log.try_clone()?).stderr(log.try_clone()?).status();
            ensure!(status?.success(), "`ticketing demo` failed; see {}", path.display());
        }
        // in a folder of its own, so that no .env of somebody's is read
        let mut serve = Command::new(program);
        serve.args(["serve", "all", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
        serve.envs(settings.iter().copied()).current_dir(folder);
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let program = serve.spawn().context("can't start the exchange")?;
        let mut exchange = Self { program, url: String::new() };
        exchange.url = exchange.greeting().with_context(|| {
            format!("the exchange didn't say where it is; see {}", path.display())
        })?;
        Ok(exchange)
    }

    /// Where it is.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The address in what it prints.
    fn greeting(&mut self) -> Option<String> {
        let mut output = BufReader::new(self.program.stdout.take()?).take(GREETING_MAX);
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let (_, url) = line.split_once(ADDRESS)?;
            Some(url.trim().to_owned())
        });
        // a program that nobody reads must not fail to print
        self.program.stdout = Some(output.into_inner().into_inner());
        url
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // its data is for these tests only
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
