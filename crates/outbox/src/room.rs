//! Room for more: how many events may be on their way before whoever would begin something new
//! waits. Without that, requests are answered faster than their events are carried out for as long
//! as a rush lasts, and what others see is later and later.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};

/// With so many events on their way, there is no room for more.
const CROWD: usize = 256;

/// A relay that has handed an event over so lately is at work. Waiting helps none that isn't.
const AT_WORK: Duration = Duration::from_millis(500);

/// The events of one context that this process has on their way.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Being committed, or committed and not yet taken by the relay.
    pub(crate) given: usize,
    /// Taken by the relay, from here or from the table, and not yet handed over.
    pub(crate) under_way: usize,
    /// The table holds some for which the relay has no place yet.
    pub(crate) has_left: bool,
    /// When the relay last handed one over.
    pub(crate) delivered_at: Option<Instant>,
}

impl Traffic {
    /// Until when there is no room, unless that is told earlier.
    fn full_until(&self, now: Instant) -> Option<Instant> {
        let at_work_until = self.delivered_at? + AT_WORK;
        let is_full = self.has_left || self.given + self.under_way >= CROWD;
        (is_full && now < at_work_until).then_some(at_work_until)
    }
}

/// Who would begin something new waits here.
pub(crate) struct Room {
    traffic: Mutex<Traffic>,
    /// Held by the one who goes next; all others queue for it.
    turn: Semaphore,
    /// Told when there may be room.
    told: Notify,
}

impl Default for Room {
    fn default() -> Self {
        Self { traffic: Mutex::default(), turn: Semaphore::new(1), told: Notify::new() }
    }
}

impl Room {
    /// Notes what has changed.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Traffic)) {
        let mut traffic = self.lock();
        change(&mut traffic);
        if traffic.full_until(Instant::now()).is_none() {
            self.told.notify_one();
        }
    }

    /// Waits until there is room, no longer than `patience`: one after the other, in the order in
    /// which they came. Nobody waits while the relay can't hand anything over. Answers whether
    /// there was a wait.
    pub(crate) async fn wait(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let free = self.turn.try_acquire();
        let mut has_waited = free.is_err();
        let _turn = match free {
            Ok(turn) => turn,
            Err(_) => match timeout_at(deadline, self.turn.acquire()).await {
                Ok(Ok(turn)) => turn,
                Ok(Err(_)) | Err(_) => return true,
            },
        };
        // bounded: by `deadline`
        loop {
            let now = Instant::now();
            let full_until = self.lock().full_until(now);
            let Some(until) = full_until.filter(|_| now < deadline) else {
                return has_waited;
            };
            has_waited = true;
            // told or not, it is time to look again
            let _told = timeout_at(until.min(deadline), self.told.notified()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A relay that has just handed one over, with so many still on their way.
    fn with(under_way: usize) -> Arc<Room> {
        let room = Arc::<Room>::default();
        room.note(|traffic| {
            traffic.under_way = under_way;
            traffic.delivered_at = Some(Instant::now());
        });
        room
    }

    fn come(room: &Arc<Room>, patience: Duration) -> JoinHandle<bool> {
        let room = Arc::clone(room);
        tokio::spawn(async move { room.wait(patience).await })
    }

    async fn all_run() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_there_is_room_nobody_waits() {
        assert!(!with(CROWD - 1).wait(PATIENCE).await);
        assert!(!Room::default().wait(PATIENCE).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_waits_until_there_is_room() {
        for fill in [
            (|traffic| traffic.under_way = CROWD) as fn(&mut Traffic),
            |traffic| traffic.given = CROWD,
            |traffic| traffic.has_left = true,
        ] {
            let (room, began) = (with(0), Instant::now());
            room.note(fill);
            let waiter = come(&room, PATIENCE);
            all_run().await;
            assert!(!waiter.is_finished());
            room.note(|traffic| *traffic = Traffic { delivered_at: Some(began), ..<_>::default() });
            assert!(waiter.await.unwrap());
            assert_eq!(began.elapsed(), Duration::ZERO);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_came_first_goes_first_and_none_is_forgotten() {
        let (room, began) = (with(CROWD), Instant::now());
        let waiters: Vec<_> = (0..3).map(|_| come(&room, PATIENCE)).collect();
        all_run().await;
        // told once, for all of them
        room.note(|traffic| traffic.under_way = 0);
        let late = come(&room, PATIENCE);
        for waiter in waiters {
            assert!(waiter.await.unwrap());
        }
        late.await.unwrap();
        assert!(!room.wait(PATIENCE).await);

        room.note(|traffic| traffic.under_way = CROWD);
        let (impatient, patient) = (come(&room, Duration::from_millis(100)), come(&room, PATIENCE));
        all_run().await;
        assert!(!patient.is_finished());
        impatient.abort();
        assert!(impatient.await.unwrap_err().is_cancelled());
        room.note(|traffic| traffic.under_way = 0);
        assert!(patient.await.unwrap(), "who hangs up takes nobody's turn along");
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_patience_or_for_a_relay_that_can_not_go_on() {
        let (room, began) = (with(CROWD), Instant::now());
        assert!(room.wait(Duration::from_millis(100)).await);
        assert_eq!(began.elapsed(), Duration::from_millis(100));
        let all = [PATIENCE; 3].map(|patience| come(&room, patience));
        for waiter in all {
            assert!(waiter.await.unwrap());
        }
        assert_eq!(began.elapsed(), AT_WORK);
        assert!(!room.wait(PATIENCE).await);
        // what was away goes on
        room.note(|traffic| traffic.delivered_at = Some(Instant::now()));
        let waiter = come(&room, PATIENCE);
        all_run().await;
        assert!(!waiter.is_finished());
    }
}
