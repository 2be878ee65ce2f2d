//! Clients who want to be in the way: half-sent heads, ten thousand idle connections, answers
//! that nobody reads, bodies that stop. Meanwhile others are served within twice their usual p99.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use testkit::{Person, TestPlatform};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::one_process;

/// Requests in one measurement, of each of so many people at once.
const REQUESTS: usize = 100;
const PEOPLE: usize = 4;

/// Measurements before the attack. During it there are as many as there is time for: the machine
/// has other work, too, and an attack that is in the way is in the way of every one of them.
const ROUNDS: usize = 3;

/// What a scheduler may add on a busy machine; far less than any of these attacks would.
const NOISE: Duration = Duration::from_millis(10);

/// The limit that ends an attack: long enough to measure while it lasts.
const SECONDS: &str = "12";

/// The same as a time, and a little more.
const WRITE_TIMEOUT: Duration = Duration::from_secs(13);
const LIMIT: Duration = Duration::from_secs(12);

/// How long a test waits at most for what should come.
const PATIENCE: Duration = Duration::from_secs(30);

/// People who read and write while others attack.
struct Others {
    people: Vec<Person>,
    ticket: String,
    usual: [Duration; 2],
}

impl Others {
    /// They measure what is usual first.
    async fn of(exchange: &TestPlatform) -> Self {
        let people = join_all((0..PEOPLE).map(|_| exchange.person())).await;
        let ticket = people[0].list_ticket("Measured", 10.0).await;
        let mut others = Self { people, ticket, usual: [Duration::ZERO; 2] };
        others.measure().await;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(others.measure().await);
        }
        others.usual = [0, 1].map(|kind| middle(rounds.iter().map(|round| round[kind])));
        others
    }

    /// The p99 of reads and of writes.
    async fn measure(&self) -> [Duration; 2] {
        let path = format!("/api/tickets/{}", self.ticket);
        let work = |person: Person, path: String| async move {
            let (mut reads, mut writes) = (Vec::new(), Vec::new());
            for _ in 0..REQUESTS {
                let sent = Instant::now();
                person.get(&path).await.expect(200);
                reads.push(sent.elapsed());
                let sent = Instant::now();
                let body = json!({"title": "One of many", "price": 1});
                person.post("/api/tickets", body).await.expect(201);
                writes.push(sent.elapsed());
            }
            [reads, writes]
        };
        let people =
            self.people.iter().map(|person| tokio::spawn(work(person.clone(), path.clone())));
        let times: Vec<_> = join_all(people).await.into_iter().map(Result::unwrap).collect();
        [0, 1].map(|kind| p99(times.iter().flat_map(|both| both[kind].iter().copied())))
    }

    /// At most twice what is usual, under an attack that began at `since` and lasts until its
    /// limit.
    async fn are_served(&self, since: Instant) {
        let bounds = self.usual.map(|usual| usual * 2 + NOISE);
        let mut rounds = Vec::new();
        while since.elapsed() < LIMIT {
            let round = self.measure().await;
            rounds.push(round);
            let is_quick = round.iter().zip(&bounds).all(|(measured, bound)| measured <= bound);
            if is_quick && since.elapsed() < LIMIT {
                println!("p99 of reads, writes: usually {:?}, attacked {round:?}", self.usual);
                return;
            }
        }
        panic!("usually {:?}, attacked {rounds:?}", self.usual);
    }
}

fn p99(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

fn middle(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// A connection from one of many addresses of this machine.
async fn connect(exchange: &TestPlatform, number: usize) -> TcpStream {
    let to: SocketAddr = exchange.url().strip_prefix("http://").unwrap().parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    let from = format!("127.0.1.{}:0", 1 + number / 1000);
    socket.bind(from.parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

async fn connect_many(exchange: &TestPlatform, count: usize) -> Vec<TcpStream> {
    let mut all = Vec::with_capacity(count);
    // one after the other: the kernel's queue for new connections is not what is tested
    for number in 0..count {
        all.push(connect(exchange, number).await);
    }
    all
}

/// Everything until the server closes the connection, however it does.
async fn read_to_end(connection: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut all)).await;
    let ended = read.unwrap();
    drop(ended);
    String::from_utf8_lossy(&all).into_owned()
}

/// As many open files as the system gives, for this process; how many that are.
fn open_files_max() -> usize {
    let pid = std::process::id().to_string();
    let prlimit = |arguments: &[&str]| {
        let mut prlimit = std::process::Command::new("prlimit");
        let run = prlimit.args(["--pid", &pid]).args(arguments).output();
        String::from_utf8(run.unwrap().stdout).unwrap()
    };
    let limits = prlimit(&["--nofile", "--noheadings", "--raw", "--output", "HARD"]);
    let hard = limits.trim();
    prlimit(&[&format!("--nofile={hard}:{hard}")]);
    hard.parse().unwrap_or(usize::MAX)
}

/// A number of the process, such as `VmRSS` in KiB.
fn status_of(exchange: &TestPlatform, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", exchange.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn slowloris_holds_up_nobody_and_is_cut_off() {
    open_files_max();
    let exchange = one_process(&[("HEAD_TIMEOUT_SECONDS", SECONDS)]);
    let others = Others::of(&exchange).await;
    let since = Instant::now();
    let mut attackers = connect_many(&exchange, 2000).await;
    for attacker in &mut attackers {
        attacker.write_all(b"GET /api/tickets HTTP/1.1\r\nHost: x\r\nX-A: ").await.unwrap();
    }
    let trickle = async {
        // a byte a second, so that none of them looks idle
        while since.elapsed() < LIMIT {
            for attacker in &mut attackers {
                // most are cut off sooner or later, which is what is to be shown
                let _cut_off = attacker.write_all(b"a").await;
            }
            exchange.pass(Duration::from_secs(1)).await;
        }
    };
    tokio::join!(others.are_served(since), trickle);
    for attacker in &mut attackers {
        assert_eq!(read_to_end(attacker).await, "", "it never sent a request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_idle_connections_hold_up_nobody() {
    let count = open_files_max().saturating_sub(1000).min(10_000);
    println!("{count} idle connections");
    assert!(count >= 500, "the system gives too few descriptors for this to mean anything");
    let exchange = one_process(&[("HEAD_TIMEOUT_SECONDS", "600")]);
    let others = Others::of(&exchange).await;
    let mut idle = connect_many(&exchange, count).await;
    let files = || std::fs::read_dir(format!("/proc/{}/fd", exchange.pid())).unwrap().count();
    assert!(exchange.reaches(|| files() > count).await, "all are let in");
    others.are_served(Instant::now()).await;
    assert!(files() > count, "all are still there");
    for connection in idle.iter_mut().step_by(100) {
        let request = b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        connection.write_all(request).await.unwrap();
        assert!(read_to_end(connection).await.starts_with("HTTP/1.1 200 OK"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_is_cut_off_and_fills_no_memory() {
    let exchange = one_process(&[("WRITE_TIMEOUT_SECONDS", SECONDS)]);
    let seller = exchange.person().await;
    let listing = (0..100).map(|_| seller.list_ticket("A title of some length, and more", 10.0));
    join_all(listing).await;
    let others = Others::of(&exchange).await;
    let before = status_of(&exchange, "VmRSS");
    let files = || std::fs::read_dir(format!("/proc/{}/fd", exchange.pid())).unwrap().count();
    let files_before = files();
    let mut attackers = connect_many(&exchange, 200).await;
    // answers of 30 MB each; the requests behind the first few are not even taken
    let request = b"GET /api/tickets?limit=100 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    for attacker in &mut attackers {
        let sent = tokio::time::timeout(PATIENCE, attacker.write_all(&request)).await;
        sent.unwrap().unwrap();
    }
    assert!(exchange.reaches(idles(&exchange)).await, "it doesn't work on what nobody reads");
    others.are_served(Instant::now()).await;
    let grown = status_of(&exchange, "VmRSS").saturating_sub(before);
    assert!(grown < 200 * 1024, "{grown} KiB for answers that nobody reads");
    // one that reads nothing is cut off, and its connection is closed; what it had is thrown away
    let most_are_gone = exchange.reaches(|| files() < files_before + 10).await;
    assert!(most_are_gone, "{} files are still open", files());
    // the last of them may have been heard of a little later than the others
    exchange.pass(WRITE_TIMEOUT).await;
    for attacker in &mut attackers {
        let read = read_to_end(attacker).await;
        assert!(read.len() < 8 << 20, "it didn't get all of its answers: {}", read.len());
    }
}

/// Whether the program has used no processor for a while.
fn idles(exchange: &TestPlatform) -> impl FnMut() -> bool {
    let stat = format!("/proc/{}/stat", exchange.pid());
    let (mut last, mut same) = (0, 0);
    move || {
        let text = std::fs::read_to_string(&stat).unwrap();
        let fields: Vec<_> = text.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        // the background work wakes now and then; a tick is a hundredth of a second
        same = if ticks - last <= 1 { same + 1 } else { 0 };
        last = ticks;
        same > 20
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_stop_in_the_middle_hold_no_places() {
    // fewer places than attackers
    let settings = [("BODY_TIMEOUT_SECONDS", SECONDS), ("REQUESTS_MAX", "64")];
    let exchange = one_process(&settings);
    let others = Others::of(&exchange).await;
    let since = Instant::now();
    let mut attackers = connect_many(&exchange, 500).await;
    for (number, attacker) in attackers.iter_mut().enumerate() {
        let length = if number % 2 == 0 {
            "Content-Length: 500000\r\n\r\n{\"title\""
        } else {
            "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"tit"
        };
        let head = "POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        attacker.write_all(format!("{head}{length}").as_bytes()).await.unwrap();
    }
    others.are_served(since).await;
    for attacker in &mut attackers {
        let answer = read_to_end(attacker).await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout"), "{answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(answer.contains("/errors/request-timeout"), "{answer}");
    }
}

/// One address has its share of connections, and no more; others still get in.
#[tokio::test]
async fn one_address_does_not_get_all_connections() {
    let exchange = one_process(&[("CONNECTIONS_PER_ADDRESS_MAX", "10"), ("CONNECTIONS_MAX", "20")]);
    let request = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut held = connect_many(&exchange, 10).await;
    for connection in &mut held {
        connection.write_all(request).await.unwrap();
        let mut first = [0; 15];
        connection.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
    }
    let mut over = connect(&exchange, 0).await;
    assert_eq!(read_to_end(&mut over).await, "", "closed at once");
    let mut other = connect(&exchange, 1000).await;
    let last = b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    other.write_all(last).await.unwrap();
    assert!(read_to_end(&mut other).await.starts_with("HTTP/1.1 200 OK"));
    drop(held);
    let mut again = connect(&exchange, 0).await;
    // a connection that ended is counted until the server has seen its end
    let deadline = Instant::now() + PATIENCE;
    while again.write_all(last).await.is_err() || !read_to_end(&mut again).await.contains("200 OK")
    {
        assert!(Instant::now() < deadline, "what was given back is given again");
        again = connect(&exchange, 0).await;
    }
}
