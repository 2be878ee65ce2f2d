//! What a server that stalls looks like from outside.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const STALL: Duration = Duration::from_millis(400);

/// A server of one connection, which answers with `status` at once, but the 100th request late.
async fn server(status: u16) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        for number in 1.. {
            if socket.read(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
            if number == 100 {
                tokio::time::interval_at(Instant::now() + STALL, STALL).tick().await;
            }
            let answer = format!("HTTP/1.1 {status} Fine\r\ncontent-length: 2\r\n\r\nok");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

fn load(pace: Pace) -> Load {
    let requests = vec![get("/").unwrap(); 500].into();
    Load { clients: 1, requests, expects: 200, pace }
}

#[tokio::test]
async fn a_stall_is_charged_to_everybody_who_had_to_wait() {
    let moments = schedule::arrivals(1000.0, 500, 1);
    let open = load(Pace::At(moments)).on(server(200).await).await.unwrap();
    let closed = load(Pace::Once).on(server(200).await).await.unwrap();
    assert_eq!((open.times.len(), closed.times.len()), (500, 500));
    // most of those that were due in the 400 ms waited for the rest of them
    assert!(open.quantile(0.99) >= 300.0, "{}", open.quantile(0.99));
    assert!(open.quantile(0.5) >= 100.0, "{}", open.quantile(0.5));
    // a client that waits for its answer sends nothing meanwhile, and finds one slow answer
    let worst = closed.quantile(1.0);
    assert!(worst >= 400.0 && closed.quantile(0.99) < worst / 2.0, "{worst}");
}

#[tokio::test]
async fn a_closed_loop_sends_each_request_once_or_for_a_while() {
    let once = load(Pace::Once).on(server(200).await).await.unwrap();
    assert_eq!(once.times.len(), 500);
    let time = Duration::from_millis(50);
    let while_it_lasts = load(Pace::For(time)).on(server(200).await).await.unwrap();
    assert!(while_it_lasts.elapsed >= time && while_it_lasts.times.len() > 1);
    let rate = while_it_lasts.times.len() as f64 / while_it_lasts.elapsed.as_secs_f64();
    assert_eq!(while_it_lasts.per_second(), rate);
}

#[tokio::test]
async fn an_unexpected_answer_ends_the_run_and_is_shown() {
    let refused = load(Pace::Once).on(server(503).await).await;
    let error = refused.err().unwrap().to_string();
    assert_eq!(error, "GET / was answered 503: ok");
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(load(Pace::Once).on(address).await.is_err());
}
