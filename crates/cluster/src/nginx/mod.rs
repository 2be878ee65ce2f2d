//! nginx in front of the services, as a process of ours.

mod site;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};

pub use site::{Site, Upstreams};

use crate::process::{Place, Signal};
use crate::servers::programs;
use crate::{environment, http, wait};

/// How long it may take until it answers, and until all of its processes know a change.
const PATIENCE: Duration = Duration::from_secs(30);

/// An nginx with all it has in one folder. It goes on when this value is dropped.
#[derive(Debug, Clone)]
pub struct Nginx {
    folder: PathBuf,
    listen: SocketAddr,
}

impl Nginx {
    /// The one of that folder, whether it runs or not.
    #[must_use]
    pub fn at(folder: &Path, listen: SocketAddr) -> Self {
        Self { folder: folder.to_owned(), listen }
    }

    /// Starts one in `folder`, and waits until it answers.
    ///
    /// # Errors
    /// When it isn't installed or doesn't start.
    pub fn start(folder: &Path, site: &Site) -> anyhow::Result<Self> {
        let nginx = Self::at(folder, site.listen);
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        site.files()?.write(folder)?;
        let mut command = programs::bare(&program()?);
        command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
        command.args(["-g", "daemon off;"]);
        nginx.place().spawn(&mut command)?;
        let answered = wait::until(PATIENCE, || {
            let place = nginx.place();
            (place.alive().is_none() || nginx.answers()).then(|| place.alive().is_some())
        });
        ensure!(answered == Some(true), "nginx didn't start; {}", nginx.place().last_words());
        Ok(nginx)
    }

    /// Where clients reach it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Its process' number, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.place().alive()
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place().log()).unwrap_or_default()
    }

    /// Stops it at once, and answers whether it ran.
    ///
    /// # Errors
    /// When it can't be stopped.
    pub fn stop(&self) -> anyhow::Result<bool> {
        self.place().stop(Signal::TERM)
    }

    /// Whether it refuses by itself what nobody may ask.
    fn answers(&self) -> bool {
        let status = http::status("GET", &self.listen.to_string(), "/internal", "");
        status.is_ok_and(|status| status == 404 || status == 429)
    }

    fn place(&self) -> Place {
        Place::new(&self.folder, "nginx")
    }
}

fn program() -> anyhow::Result<PathBuf> {
    match environment::variable(environment::NGINX) {
        Some(path) => Ok(path.into()),
        None => programs::find("nginx", &[]),
    }
}
