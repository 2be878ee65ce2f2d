//! Yardstick H: a bare axum endpoint that answers the same bytes as the exchange did.
//!
//! One route, no middleware; a body is read and forgotten. Of the answer's head it keeps what
//! describes the body; what the exchange adds for safety is part of the exchange's cost.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, HeaderName};
use axum::routing::any;
use axum::serve::ListenerExt;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;

use crate::load::Answer;

/// What it answers, where.
#[derive(Serialize, Deserialize)]
struct Recorded {
    /// As axum writes it, such as `/api/tickets/{id}`.
    route: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// The endpoint as a child of this process; dropping it ends it.
pub(crate) struct Bare {
    process: Child,
    /// It ends when this is closed, even if this process was killed.
    _lifeline: ChildStdin,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Bare {
    /// Starts an endpoint that answers `answer` to everything on `route`.
    pub(crate) fn like(answer: &Answer, route: &str) -> anyhow::Result<Self> {
        let describes_body =
            |name: &HeaderName| name.as_str().starts_with("content-") && *name != CONTENT_LENGTH;
        let headers = answer.headers().iter().filter(|(name, _)| describes_body(name));
        let headers = headers
            .map(|(name, value)| Ok((name.to_string(), value.to_str()?.to_owned())))
            .collect::<anyhow::Result<_>>()?;
        let recorded = Recorded {
            route: route.to_owned(),
            status: answer.status().as_u16(),
            headers,
            body: String::from_utf8(answer.body().to_vec())?,
        };
        let mut process = Command::new(std::env::current_exe()?)
            .arg("bare")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("can't start yardstick H")?;
        let mut lifeline = process.stdin.take().context("its input")?;
        let output = process.stdout.take().context("its output")?;
        let words = serde_json::to_vec(&recorded)?;
        let length = u32::try_from(words.len())?;
        lifeline.write_all(&length.to_be_bytes())?;
        lifeline.write_all(&words)?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("yardstick H didn't start")?;
        Ok(Self { process, _lifeline: lifeline, address })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // it may have ended already
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// The endpoint itself: the rest of its life is one answer, until standard input ends.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let mut input = tokio::io::stdin();
    let mut words = vec![0; input.read_u32().await? as usize];
    input.read_exact(&mut words).await?;
    let Recorded { route, status, headers, body } = serde_json::from_slice(&words)?;
    let mut answer = hyper::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    let answer = answer.body(Bytes::from(body))?;
    let again = async move |_asked: Bytes| answer.clone().map(Body::from);
    let router = Router::new().route(&route, any(again));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        // a socket that can't do so is slower, and works
        let _without_delay = socket.set_nodelay(true);
    });
    let mut more = Vec::new();
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served?,
        ended = input.read_to_end(&mut more) => ensure!(ended? == 0, "more input than expected"),
    }
    Ok(())
}
