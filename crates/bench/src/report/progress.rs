//! How far a run has come, on standard error.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::summary::clean;

/// How often the line at a terminal is drawn anew: rarely enough to cost a measurement nothing.
const TICK: Duration = Duration::from_secs(1);
/// Characters of the bar.
const BAR: usize = 24;
/// Erases a line, and forbids the terminal to break what is longer than it.
const ERASE: &str = "\r\x1b[2K";
const NO_BREAK: &str = "\x1b[?7l";
const BREAK: &str = "\x1b[?7h";

/// Shows how far a run has come until it is dropped: at a terminal one line with a bar, the time
/// elapsed and what is left of it by an estimate, otherwise a line for each step.
pub struct Progress {
    steps: Option<Sender<String>>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins with no step done.
    #[must_use]
    pub fn start(total_steps: usize) -> Self {
        let stderr = std::io::stderr();
        let is_terminal = stderr.is_terminal();
        Self::on(total_steps, is_terminal, stderr)
    }

    /// Says which step begins now; the one before it is done.
    pub fn step(&self, name: &str) {
        if let Some(steps) = &self.steps {
            // a painter that is gone can't be told, and a run doesn't end for that
            let _ = steps.send(clean(name));
        }
    }

    pub(super) fn on(total: usize, is_terminal: bool, out: impl Write + Send + 'static) -> Self {
        let (steps, told) = channel();
        let shown = Shown::new(total);
        let painter = std::thread::spawn(move || paint(&told, shown, is_terminal, out));
        Self { steps: Some(steps), painter: Some(painter) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.steps.take());
        if let Some(painter) = self.painter.take() {
            // it has nothing to say: what it draws isn't worth an error
            let _ = painter.join();
        }
    }
}

/// Draws until the run is over. That nothing can be drawn is no reason to end a run.
fn paint(told: &Receiver<String>, mut shown: Shown, is_terminal: bool, mut out: impl Write) {
    let started = Instant::now();
    // bounded: by the steps, and the ticks between them; ends when the sender is dropped
    loop {
        let step = told.recv_timeout(TICK);
        let now = started.elapsed();
        match step {
            Ok(name) => shown.begin(name, now),
            Err(RecvTimeoutError::Timeout) if is_terminal => {}
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => break,
        }
        let line = if is_terminal { shown.bar(now) } else { shown.plain(now) };
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
    if is_terminal {
        let _ = out.write_all(ERASE.as_bytes()).and_then(|()| out.flush());
    }
}

/// What there is to show.
pub(super) struct Shown {
    total: usize,
    begun: usize,
    /// When the step began, since the run did.
    since: Duration,
    name: String,
}

impl Shown {
    pub(super) fn new(total: usize) -> Self {
        Self { total, begun: 0, since: Duration::ZERO, name: String::new() }
    }

    pub(super) fn begin(&mut self, name: String, now: Duration) {
        self.begun += 1;
        // a run that counted wrongly is shown as it is, not as more than all
        self.total = self.total.max(self.begun);
        self.since = now;
        self.name = name;
    }

    pub(super) fn plain(&self, now: Duration) -> String {
        format!("[{}/{}] {} {}\n", self.begun, self.total, clock(now), self.name)
    }

    pub(super) fn bar(&self, now: Duration) -> String {
        let full = self.done() * BAR / self.total.max(1);
        let bar = "█".repeat(full) + &"░".repeat(BAR - full);
        let left = self.left(now).map(|left| format!(", about {} left", clock(left)));
        let (left, elapsed) = (left.unwrap_or_default(), clock(now));
        let counted = format!("{}/{}", self.begun, self.total);
        format!("{ERASE}{NO_BREAK}{bar} {counted}  {elapsed}{left}  {}{BREAK}", self.name)
    }

    /// By what the steps took so far. None has been done at first, so there is none to go by.
    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let each = self.since.checked_div(u32::try_from(self.done()).ok()?)?;
        let rest = each.checked_mul(u32::try_from(self.total - self.done()).ok()?)?;
        Some(rest.saturating_sub(now.saturating_sub(self.since)))
    }

    fn done(&self) -> usize {
        self.begun.saturating_sub(1)
    }
}

/// `0:07`, `1:02:03`.
fn clock(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}:{seconds:02}"),
        (hours, minutes) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
