//! Progress: a bar at a terminal, and now and then a line elsewhere, on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Characters of the bar.
const WIDTH: u64 = 30;

/// How often it is told at a terminal and elsewhere, in parts of the whole.
const STEPS: [u64; 2] = [200, 10];

pub(super) struct Progress {
    what: &'static str,
    total: u64,
    done: AtomicU64,
    began: Instant,
    at_terminal: bool,
}

impl Progress {
    pub(super) fn new(what: &'static str, total: u64) -> Self {
        let at_terminal = io::stderr().is_terminal();
        Self { what, total, done: AtomicU64::new(0), began: Instant::now(), at_terminal }
    }

    /// So many more are done.
    pub(super) fn add(&self, count: u64) {
        let before = self.done.fetch_add(count, Ordering::Relaxed);
        let now = before + count;
        let steps = STEPS[usize::from(!self.at_terminal)];
        let step = |done: u64| done * steps / self.total.max(1);
        if step(before) != step(now) {
            self.tell(now);
        }
    }

    pub(super) fn finish(self) {
        if self.at_terminal && self.total > 0 {
            write("\n");
        }
    }

    fn tell(&self, done: u64) {
        let rate = done as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let text = format!("{done} of {} {}, {rate:.0} a second", self.total, self.what);
        if self.at_terminal {
            let full = (done * WIDTH / self.total.max(1)) as usize;
            let bar = "#".repeat(full) + &"·".repeat((WIDTH as usize).saturating_sub(full));
            // back to the line's beginning, and what stood there is cleared
            write(&format!("\r\u{1b}[2K{bar}  {text}"));
        } else {
            write(&format!("{text}\n"));
        }
    }
}

fn write(text: &str) {
    // nobody needs to see it
    let _unseen = io::stderr().write_all(text.as_bytes());
}
