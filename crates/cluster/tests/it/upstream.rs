//! A service as small as can be, which does what a test tells it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// What an upstream does with a request that it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers, with its name as the body.
    Answers,
    /// Closes the connection instead.
    HangsUp,
    /// Answers once it is let go.
    Waits,
    /// Sends one event, and another once it is let go.
    Streams,
}

/// A listening upstream.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    manner: Manner,
    seen: Mutex<Vec<String>>,
    connections: AtomicUsize,
    changed: Condvar,
    is_let_go: Mutex<bool>,
}

impl Upstream {
    pub(crate) fn start(name: &'static str, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Shared {
            name,
            manner,
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            changed: Condvar::new(),
            is_let_go: Mutex::default(),
        };
        let (address, shared) = (listener.local_addr().unwrap(), Arc::new(shared));
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, shared) = (connection.unwrap(), Arc::clone(&serving));
                shared.connections.fetch_add(1, Ordering::SeqCst);
                // whoever hangs up in the middle is no concern of the others
                std::thread::spawn(move || shared.serve(connection));
            }
        });
        Self { address, shared }
    }

    /// Every request so far: head and body.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Returns once there have been so many requests.
    pub(crate) fn wait_for(&self, count: usize) {
        let mut seen = self.shared.seen.lock().unwrap();
        while seen.len() < count {
            let (now, late) =
                self.shared.changed.wait_timeout(seen, super::client::PATIENCE).unwrap();
            assert!(!late.timed_out(), "{} of {count} requests", now.len());
            seen = now;
        }
    }

    /// Lets those go that wait.
    pub(crate) fn let_go(&self) {
        *self.shared.is_let_go.lock().unwrap() = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn serve(&self, connection: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(connection.try_clone()?);
        let mut writer = connection;
        while let Some(request) = read(&mut reader)? {
            self.seen.lock().unwrap().push(request);
            self.changed.notify_all();
            match self.manner {
                Manner::Answers => writer.write_all(self.answer().as_bytes())?,
                Manner::HangsUp => return Ok(()),
                Manner::Waits => {
                    self.wait();
                    writer.write_all(self.answer().as_bytes())?;
                }
                Manner::Streams => {
                    writer.write_all(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                          X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n\
                          d\r\ndata: first\n\n\r\n",
                    )?;
                    self.wait();
                    writer.write_all(b"e\r\ndata: second\n\n\r\n0\r\n\r\n")?;
                }
            }
        }
        Ok(())
    }

    fn answer(&self) -> String {
        let (name, length) = (self.name, self.name.len());
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n\
             Cache-Control: private, no-cache\r\nContent-Length: {length}\r\n\r\n{name}"
        )
    }

    fn wait(&self) {
        let mut is_let_go = self.is_let_go.lock().unwrap();
        while !*is_let_go {
            is_let_go = self.changed.wait(is_let_go).unwrap();
        }
    }
}

/// The next request, or nothing when the connection ends before one begins.
fn read(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map(|(_, value)| value.parse().unwrap()).next().unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(head + &String::from_utf8_lossy(&body)))
}
