//! One client's connection, which stays open.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A request that can be sent again and again.
pub(crate) type Request = hyper::Request<Full<Bytes>>;

/// A whole answer.
pub(crate) type Answer = hyper::Response<Bytes>;

/// How much of an answer that nobody expected is shown.
const SHOWN_MAX: usize = 400;

/// `GET path`, of nobody in particular.
pub(crate) fn get(path: &str) -> anyhow::Result<Request> {
    let request = hyper::Request::get(path).header("host", "localhost");
    Ok(request.body(Full::default())?)
}

/// `POST path` with JSON, by whom `token` belongs to.
pub(crate) fn post(path: &str, token: &str, body: String) -> anyhow::Result<Request> {
    let request = hyper::Request::post(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    Ok(request.body(body.into())?)
}

/// A connection with its requests one after the other. It is driven by whoever asks, so that a
/// request costs no way between tasks.
pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: http1::Connection<TokioIo<TcpStream>, Full<Bytes>>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let socket = TcpStream::connect(address).await;
        let socket = socket.with_context(|| format!("can't connect to {address}"))?;
        socket.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(socket)).await?;
        Ok(Self { sender, driver })
    }

    /// Sends `request`, and answers with all of what came back.
    pub(crate) async fn send(&mut self, request: Request) -> anyhow::Result<Answer> {
        let Self { sender, driver } = self;
        let answer = async {
            sender.ready().await?;
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            anyhow::Ok(Answer::from_parts(head, body))
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            ended = driver => match ended {
                Ok(()) => bail!("the server closed the connection"),
                Err(error) => Err(error.into()),
            },
        }
    }

    /// Sends `request`; any status but `expected` is an error.
    pub(crate) async fn ask(&mut self, request: &Request, expected: u16) -> anyhow::Result<Answer> {
        let what = || format!("{} {}", request.method(), request.uri());
        let answer = self.send(request.clone()).await.with_context(what)?;
        let status = answer.status().as_u16();
        ensure!(status == expected, "{} was answered {status}: {}", what(), shown(answer.body()));
        Ok(answer)
    }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SHOWN_MAX)]).into_owned()
}
