//! What the operator sees: health, metrics, logs and traces of the real program, and the handbook
//! that says what to do about them.

mod exposition;
mod handbook;
mod health;
mod logs;
mod metrics;
mod otlp;
mod traces;

pub(crate) use metrics::timers_fired;
use testkit::TestPlatform;

/// An answer with its headers, which [`testkit::Answer`] leaves out.
async fn get(
    exchange: &TestPlatform,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, reqwest::header::HeaderMap, String) {
    get_url(&format!("{}{path}", exchange.url()), headers).await
}

async fn get_url(url: &str, headers: &[(&str, &str)]) -> (u16, reqwest::header::HeaderMap, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}
