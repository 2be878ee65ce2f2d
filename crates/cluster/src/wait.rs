//! Waiting for what another process does, which can only be looked at again and again.

use std::time::{Duration, Instant};

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until there is something, or `patience` is over.
pub(crate) fn until<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    // bounded: by the deadline
    loop {
        let seen = look();
        if seen.is_some() || Instant::now() >= deadline {
            return seen;
        }
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "another program's state can only be polled")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_again_until_there_is_something_or_time_is_over() {
        let mut looks = 0;
        let seen = until(Duration::from_secs(60), || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(seen, Some(3));
        assert_eq!(until(Duration::ZERO, || None::<()>), None);
    }
}
