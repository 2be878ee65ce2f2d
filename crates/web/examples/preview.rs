//! The pages in front of an exchange that runs elsewhere, for work on their looks:
//! `cargo run -p web --example preview -- http://127.0.0.1:8080 127.0.0.1:8090`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Extensions, Request, Response};
use kernel::{Currency, SystemClock};
use tokio_util::sync::CancellationToken;
use web::{Exchange, Live, Terms, Unanswered, Web};

struct Elsewhere {
    client: reqwest::Client,
    base: String,
}

fn unanswered(error: &reqwest::Error) -> Unanswered {
    Unanswered { service: "exchange", reason: error.to_string(), is_in_doubt: true }
}

#[async_trait]
impl Exchange for Elsewhere {
    async fn send(
        &self,
        request: Request<Bytes>,
        _from: &Extensions,
    ) -> Result<Response<Bytes>, Unanswered> {
        let (parts, body) = request.into_parts();
        let url = format!("{}{}", self.base, parts.uri);
        let request =
            self.client.request(parts.method, url).headers(parts.headers).body(body.to_vec());
        let answer = request.send().await.map_err(|error| unanswered(&error))?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = answer.bytes().await.map_err(|error| unanswered(&error))?;
        Ok(response)
    }
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let base = args.next().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let redirects = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(redirects).no_proxy().build();
    let Ok(client) = client else { return };
    let web = Web {
        exchange: Arc::new(Elsewhere { client, base }),
        live: Live::new(SystemClock::shared(), CancellationToken::new()),
        clock: SystemClock::shared(),
        terms: Terms { currency: Currency::Eur, window: Duration::from_secs(15 * 60) },
        is_https: false,
    };
    let Ok(listener) = tokio::net::TcpListener::bind(&address).await else { return };
    let pages = http_kit::edge::edge(web::router(web), SystemClock::shared());
    let options = http_kit::serve::ServeOptions::default();
    http_kit::serve::serve(listener, pages, CancellationToken::new(), options).await;
}
