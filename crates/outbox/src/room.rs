//! Room for more: how many events may be on their way before whoever would begin something new
//! waits. Without that, requests are answered faster than their events are carried out for as long
//! as a rush lasts, and what others see is later and later. Who is let in has a place from then on,
//! not only once there are events: otherwise all who wait would come in by the same gap.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};

/// With so many events on their way, there is no room for more. It is as much as keeps a broker
/// busy; more only wait there.
const CROWD: usize = 128;

/// A relay that has handed an event over so lately is at work, though the database may keep it
/// waiting. Waiting helps none that isn't.
const AT_WORK: Duration = Duration::from_millis(1_500);

/// The events of one context that this process has on their way.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    /// Being committed, or committed and not yet taken by the relay.
    pub(crate) given: usize,
    /// Taken by the relay, from here or from the table, and not yet handed over.
    pub(crate) under_way: usize,
    /// Let in, and not gone yet: what they begin isn't stored, or is being stored and `given`, too.
    let_in: usize,
    /// The table holds some for which the relay has no place yet.
    pub(crate) has_left: bool,
    /// When the relay last handed one over.
    pub(crate) delivered_at: Option<Instant>,
}

impl Traffic {
    /// Until when there is no room, unless that is told earlier.
    fn full_until(&self, now: Instant) -> Option<Instant> {
        let at_work_until = self.delivered_at? + AT_WORK;
        let is_full = self.has_left || self.given + self.under_way + self.let_in >= CROWD;
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

/// Something new that was let in. It takes room until this is dropped, which is once it is stored.
#[must_use = "what was let in takes room until it is stored"]
pub struct LetIn {
    room: Option<Arc<Room>>,
    has_waited: bool,
}

impl LetIn {
    /// Where nobody waits.
    pub(crate) const FREELY: Self = Self { room: None, has_waited: false };

    /// Whether there was a wait: what was read before may be different now.
    #[must_use]
    pub const fn has_waited(&self) -> bool {
        self.has_waited
    }
}

impl Drop for LetIn {
    fn drop(&mut self) {
        if let Some(room) = &self.room {
            room.note(|traffic| traffic.let_in -= 1);
        }
    }
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
    /// which they came. Nobody waits while the relay can't hand anything over.
    pub(crate) async fn enter(self: &Arc<Self>, patience: Duration) -> LetIn {
        let deadline = Instant::now() + patience;
        let free = self.turn.try_acquire();
        let has_queued = free.is_err();
        let turn = match free {
            Ok(turn) => Some(turn),
            Err(_) => timeout_at(deadline, self.turn.acquire()).await.ok().and_then(Result::ok),
        };
        let has_waited = self.wait_until(deadline).await || has_queued;
        self.note(|traffic| traffic.let_in += 1);
        // who goes next counts this one
        drop(turn);
        LetIn { room: Some(Arc::clone(self)), has_waited }
    }

    /// Waits until there is room, or it is `deadline`; answers whether there was a wait.
    async fn wait_until(&self, deadline: Instant) -> bool {
        let mut has_waited = false;
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

    /// Whether they had to wait; they leave at once.
    fn come(room: &Arc<Room>, patience: Duration) -> JoinHandle<bool> {
        let room = Arc::clone(room);
        tokio::spawn(async move { room.enter(patience).await.has_waited() })
    }

    async fn all_run() {
        for _ in 0..100 {
            yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_there_is_room_nobody_waits() {
        assert!(!with(CROWD - 1).enter(PATIENCE).await.has_waited());
        assert!(!Arc::<Room>::default().enter(PATIENCE).await.has_waited());
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
        assert!(!room.enter(PATIENCE).await.has_waited());

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
    async fn who_is_let_in_takes_room_until_they_leave() {
        let room = with(CROWD - 2);
        let mut inside = [room.enter(PATIENCE).await, room.enter(PATIENCE).await].map(Some);
        assert!(inside.iter().flatten().all(|it| !it.has_waited()), "there was room for two");
        let [third, fourth] = [come(&room, PATIENCE), come(&room, PATIENCE)];
        all_run().await;
        assert!(!third.is_finished() && !fourth.is_finished());
        // what one of them began is stored, and its event announced
        room.note(|traffic| traffic.given += 1);
        inside[0] = None;
        all_run().await;
        assert!(!third.is_finished(), "an event took the place");
        // what the other began came to nothing
        inside[1] = None;
        assert!(third.await.unwrap() && fourth.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_no_longer_takes_room_as_well() {
        let (room, now) = (with(CROWD), Duration::ZERO);
        let inside = [room.enter(now).await, room.enter(now).await];
        room.note(|traffic| traffic.under_way = CROWD - 2);
        let waiter = come(&room, PATIENCE);
        all_run().await;
        assert!(!waiter.is_finished());
        drop(inside);
        assert!(waiter.await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_patience_or_for_a_relay_that_can_not_go_on() {
        let (room, began) = (with(CROWD), Instant::now());
        assert!(room.enter(Duration::from_millis(100)).await.has_waited());
        assert_eq!(began.elapsed(), Duration::from_millis(100));
        let all = [PATIENCE; 3].map(|patience| come(&room, patience));
        for waiter in all {
            assert!(waiter.await.unwrap());
        }
        assert_eq!(began.elapsed(), AT_WORK);
        assert!(!room.enter(PATIENCE).await.has_waited());
        // what was away goes on
        room.note(|traffic| traffic.delivered_at = Some(Instant::now()));
        let waiter = come(&room, PATIENCE);
        all_run().await;
        assert!(!waiter.is_finished());
    }
}
