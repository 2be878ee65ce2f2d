//! A connection's two directions, with a watch on the one that hyper doesn't watch: a client that
//! doesn't read its answers is cut off, rather than keep them in memory for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::bare_answer::{self, Instead};

/// A connection that gives up when it can't write for too long.
pub(crate) struct GuardedStream {
    inner: TcpStream,
    /// How long the client may take to read anything at all.
    patience: Duration,
    /// Runs while nothing can be written.
    stalled: Option<Pin<Box<Sleep>>>,
    instead: Option<Instead>,
}

impl GuardedStream {
    pub(crate) const fn new(inner: TcpStream, patience: Duration) -> Self {
        Self { inner, patience, stalled: None, instead: None }
    }

    /// Writes, or waits for the client to make room; not for ever.
    fn poll_some(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.inner).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let patience = self.patience;
        let stalled =
            self.stalled.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + patience)));
        ready!(stalled.as_mut().poll(cx));
        // what it didn't read it needn't get: without this the kernel would keep it for minutes
        let dropped = self.inner.set_zero_linger();
        Poll::Ready(dropped.and(Err(io::ErrorKind::TimedOut.into())))
    }

    fn poll_instead(&mut self, cx: &mut Context<'_>, mut it: Instead) -> Poll<io::Result<usize>> {
        while let Some(rest) = it.bytes.get(it.written..).filter(|rest| !rest.is_empty()) {
            let polled = self.poll_some(cx, rest);
            let Poll::Ready(written) = polled else {
                self.instead = Some(it);
                return Poll::Pending;
            };
            match written? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => it.written += written,
            }
        }
        Poll::Ready(Ok(it.stands_for))
    }
}

impl AsyncRead for GuardedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buffer)
    }
}

/// Not vectored: answers are small, and hyper then writes each in one piece.
impl AsyncWrite for GuardedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.instead.take().or_else(|| bare_answer::instead_of(bytes)) {
            Some(instead) => this.poll_instead(cx, instead),
            None => this.poll_some(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(patience: Duration) -> (GuardedStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        (GuardedStream::new(server, patience), client)
    }

    #[tokio::test]
    async fn who_never_reads_is_cut_off() {
        let (mut server, mut client) = pair(Duration::from_millis(50)).await;
        let error = server.write_all(&vec![b'x'; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(server);
        let read = client.read_to_end(&mut Vec::new()).await;
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn who_reads_gets_all_of_it_and_a_body_for_a_bare_answer() {
        let (mut server, mut client) = pair(Duration::from_secs(30)).await;
        let size = 8 << 20;
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            client.read_to_end(&mut all).await.unwrap();
            all
        });
        server.write_all(&vec![b'x'; size]).await.unwrap();
        let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        server.write_all(bare).await.unwrap();
        drop(server);
        let all = reading.await.unwrap();
        assert!(all[..size].iter().all(|byte| *byte == b'x'));
        let answer = String::from_utf8(all[size..].to_vec()).unwrap();
        assert!(answer.contains("/errors/malformed"), "{answer}");
    }
}
