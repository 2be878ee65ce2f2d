//! The embedded profile: one process on a folder.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use cluster::Cluster;

use super::{Exchange, Launch, SETTINGS, Settings};
use crate::Databases;

/// One process, which listens on any free port.
pub(super) struct Program {
    binary: &'static str,
    launch: Launch,
    settings: Settings,
    folder: tempfile::TempDir,
    process: Option<Child>,
    url: String,
}

impl Program {
    pub(super) fn new(binary: &'static str, settings: Settings, launch: Launch) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { binary, launch, settings, folder, process: None, url: String::new() }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log.txt")
    }
}

impl Exchange for Program {
    fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut words = self.launch.by.iter().map(String::as_str).chain([self.binary]);
        let mut command = Command::new(words.next().expect("the program is the last word"));
        command
            .args(words)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .current_dir(self.folder.path())
            .env_clear()
            .envs(SETTINGS.iter().copied())
            .envs(self.settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut process = command.spawn().unwrap();
        let greeting = BufReader::new(process.stdout.take().unwrap());
        let address = greeting.lines().map_while(Result::ok).find_map(|line| {
            line.trim().strip_prefix("Address").map(|address| address.trim().to_owned())
        });
        self.process = Some(process);
        self.url = address.unwrap_or_else(|| panic!("it didn't start:\n{}", self.log()));
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    fn stop(&mut self) -> bool {
        let mut process = self.process.take().expect("it runs");
        let pid = process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        process.wait().unwrap().success()
    }

    fn is_running(&self) -> bool {
        self.process.is_some()
    }

    fn url(&self) -> String {
        self.url.clone()
    }

    fn data(&self) -> PathBuf {
        self.launch.data.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    fn cluster(&self) -> Option<&Cluster> {
        None
    }

    fn databases(&self) -> Databases {
        Databases::open(&self.data())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}
