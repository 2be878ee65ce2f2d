//! A line to the server that can be cut, and stopped.

use std::net::SocketAddr;
use std::sync::Arc;

use store::PostgresOptions;
use testkit::PostgresDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Connections end, and new ones too.
    Cut,
    /// Whatever is sent is kept.
    Stopped,
}

/// The line; ends with this.
pub(crate) struct Line {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
}

impl Line {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State::Open));
        let told = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, told.subscribe()));
            }
        });
        Self { address, state }
    }

    /// How to reach a database by this line.
    pub(crate) fn options(&self, database: &PostgresDatabase) -> PostgresOptions {
        let url = database.url().replace(&server(), &self.address.to_string());
        PostgresOptions::new(url, "test")
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Open);
    }

    pub(crate) fn stop(&self) {
        self.state.send_replace(State::Stopped);
    }

    pub(crate) fn go_on(&self) {
        self.state.send_replace(State::Open);
    }
}

/// Host and port of the server.
fn server() -> String {
    let url = testkit::service("POSTGRES_URL");
    let host = url.rsplit_once('@').unwrap().1;
    host.split('/').next().unwrap().to_owned()
}

async fn carry(client: TcpStream, mut state: watch::Receiver<State>) {
    let Ok(server) = TcpStream::connect(server()).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (there, back) = (state.clone(), state.clone());
    let forth = pump(from_client, to_server, there);
    let back = pump(from_server, to_client, back);
    tokio::select! {
        () = forth => {}
        () = back => {}
        _cut = state.wait_for(|state| *state == State::Cut) => {}
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let open = state.wait_for(|state| *state != State::Stopped).await.is_ok();
        if !open || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
