//! Restarted one after the other behind the real nginx, while clients go on asking: nobody notices.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cluster::free_ports;
use cluster::nginx::{Nginx, Site, Upstreams};

const CLIENTS: usize = 8;
const ROUNDS: usize = 2;

/// One of two programs. They share nothing; what is asked here, both can answer.
struct Program {
    address: SocketAddr,
    folder: tempfile::TempDir,
    process: Child,
}

impl Program {
    fn start(address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = launch(address, &folder);
        Self { address, folder, process }
    }

    /// Stops it in order, then starts it again; it serves when this returns.
    fn restart(&mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = self.process.wait().unwrap();
        assert!(ended.success(), "{ended}");
        self.process = launch(self.address, &self.folder);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn launch(address: SocketAddr, folder: &tempfile::TempDir) -> Child {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ticketing"))
        .args(["--listen", &address.to_string(), "--data"])
        .arg(folder.path().join("data"))
        .current_dir(folder.path())
        .env_clear()
        .env("RATE_LIMIT_ENABLED", "false")
        .env("TRUSTED_PROXIES", "127.0.0.1")
        // longer than nginx keeps an idle connection
        .env("STOP_DELAY_SECONDS", "3")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // it greets once it serves
    let mut greeting = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(greeting.any(|line| line.unwrap().trim().starts_with("Address")));
    process
}

/// An nginx that ends with the test.
struct Edge {
    nginx: Nginx,
    _folder: tempfile::TempDir,
}

impl Edge {
    fn before(services: &[SocketAddr], listen: SocketAddr) -> Self {
        let (folder, all) = (tempfile::tempdir().unwrap(), services.to_vec());
        let upstreams = Upstreams {
            auth: all.clone(),
            tickets: all.clone(),
            orders: all.clone(),
            payments: all.clone(),
            gateway: all,
        };
        let site = Site { listen, upstreams, limit: None, workers: Some(2), access_log: false };
        Self { nginx: Nginx::start(folder.path(), &site).unwrap(), _folder: folder }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.nginx.stop().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_no_request() {
    let first = free_ports::block().unwrap();
    let [edge, one, other] = [0, 1, 2].map(|n| SocketAddr::from((Ipv4Addr::LOCALHOST, first + n)));
    let mut programs = [Program::start(one), Program::start(other)];
    let edge = Edge::before(&[one, other], edge);
    let (url, ends) = (edge.nginx.url(), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(ask(format!("{url}/api/orders"), Arc::clone(&ends))))
        .collect();
    let restarting = tokio::task::spawn_blocking(move || {
        for _ in 0..ROUNDS {
            programs.iter_mut().for_each(Program::restart);
        }
        programs
    });
    let _programs = restarting.await.unwrap();
    ends.store(true, Ordering::Relaxed);
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    println!("{answered} requests, none lost");
    assert!(answered > 1000, "{answered}");
}

/// Posts again and again, without a session, and counts the answers: each says so.
async fn ask(url: String, ends: Arc<AtomicBool>) -> usize {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut answered = 0;
    while !ends.load(Ordering::Relaxed) {
        let answer = client.post(&url).json(&serde_json::json!({})).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("after {answered}: {error:?}"));
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert_eq!(status, 401, "after {answered}: {text}");
        answered += 1;
    }
    answered
}
