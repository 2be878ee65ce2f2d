//! Tickets as they are shown, kept in memory: a ticket that many look at, or that has just changed,
//! is read from the database and written as JSON once, not for each who looks.
//!
//! Nobody is shown a ticket as it was before a change that somebody was told of:
//!
//! - Whoever changes a ticket says so before that is stored (`Showcase::changing`), and until it
//!   is. From then on it is unknown here, it isn't learned, and the database alone tells it.
//! - Who reads the database while a ticket is being changed may read what was true before. So what
//!   was read is learned only if no change has finished since the reading began, and none of this
//!   ticket is under way.
//! - A page tells the revision of each ticket on it (`Showcase::at_revision`): what is kept here
//!   stands for a row only if it is of the same revision, in which nothing differs.
//! - A whole page that everybody is shown alike stands for as long as no change has begun since its
//!   reading did, nor was one under way then. If there were some that bring no other ticket to it,
//!   it still stands once each of its own is found to be known, and to belong to it
//!   (`Showcase::page`).
//! - Whoever has changed a ticket says what it is now (`Changing::stored`). When nobody changes it
//!   any more, and of none it is uncertain what was stored, that is known.
//!
//! All but the third hold where this process alone changes tickets. Where others do, too, only the
//! third is relied on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use kernel::recent::Recent;
use kernel::{TicketId, Version};
use store::StoreError;

pub(crate) use self::changes::Effect;
use self::changes::{Changes, Finished};
use self::pages::Pages;
use crate::domain::Ticket;

mod changes;
mod pages;
mod writing;

/// How many tickets are kept at least; about 25 MB, and twice as much at the most.
const KEPT: usize = 32_768;

/// So many parts are locked, and cleared of what is old, one without the others.
const PARTS: usize = 16;

/// A ticket, and how it is shown.
#[derive(Debug)]
pub struct Shown {
    /// The ticket.
    pub ticket: Ticket,
    json: OnceLock<String>,
}

impl Shown {
    /// How `ticket` is shown; it is written when somebody asks for it.
    #[must_use]
    pub const fn new(ticket: Ticket) -> Self {
        Self { ticket, json: OnceLock::new() }
    }

    /// The ticket as others see it, as JSON.
    ///
    /// # Errors
    /// When it can't be written: a fault of ours.
    pub fn json(&self) -> Result<&str, StoreError> {
        if let Some(json) = self.json.get() {
            return Ok(json);
        }
        let fault = |error: io::Error| StoreError::Failed { reason: error.to_string() };
        let json = writing::json(&self.ticket).map_err(fault)?;
        Ok(self.json.get_or_init(|| json))
    }
}

/// Who changes tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedBy {
    /// This process alone.
    Us,
    /// Other processes, too.
    Others,
}

/// Tickets that were looked at or changed lately.
pub struct Showcase {
    changed_by: ChangedBy,
    parts: [Mutex<Part>; PARTS],
    pages: Mutex<Pages>,
    changes: Changes,
    /// How many of the last pages were all known, from 0 to [`ALWAYS`]; older ones weigh less.
    pages_known: AtomicU32,
}

/// All pages, in the measure of `Showcase::pages_known`.
const ALWAYS: u32 = 1 << 16;

/// Each page weighs so much less than the next: one part of this.
const FORGETTING: u32 = 16;

/// Some of the tickets.
struct Part {
    known: Recent<TicketId, Arc<Shown>>,
    changing: HashMap<TicketId, UnderWay>,
}

/// Commits of one ticket that are under way, and those that finished beside them.
#[derive(Default)]
struct UnderWay {
    commits: usize,
    /// One has finished without saying what it stored, if anything.
    is_uncertain: bool,
    /// The newest that was stored.
    newest: Option<Arc<Shown>>,
}

/// What is known of a ticket.
pub(crate) enum Lookup {
    /// How it is shown.
    Known(Arc<Shown>),
    /// The database has to be asked; what it says may be learned with this.
    Unknown(Search),
}

/// A reading of the database that is about to begin.
#[derive(Clone, Copy)]
pub(crate) struct Search {
    finished_before: Finished,
}

/// A ticket is being changed, as long as this lives.
pub(crate) struct Changing {
    showcase: Arc<Showcase>,
    id: TicketId,
    effect: Effect,
    stored: Option<Arc<Shown>>,
}

impl Showcase {
    /// Empty; it is filled by those who look, and who change tickets.
    #[must_use]
    pub fn new(changed_by: ChangedBy) -> Arc<Self> {
        let part = || Part { known: Recent::new(KEPT / PARTS), changing: HashMap::new() };
        let parts = std::array::from_fn(|_| Mutex::new(part()));
        let pages = Mutex::new(pages::none());
        let (changes, pages_known) = (Changes::default(), AtomicU32::new(0));
        Arc::new(Self { changed_by, parts, pages, changes, pages_known })
    }

    /// How ticket `id` is shown, if that is known.
    pub(crate) fn look_up(&self, id: TicketId) -> Lookup {
        // before it is known whether it is known: what is learned later began no later
        let search = self.search();
        let known = match self.changed_by {
            ChangedBy::Us => self.part(id).known.get(&id),
            ChangedBy::Others => None,
        };
        known.map_or(Lookup::Unknown(search), Lookup::Known)
    }

    /// How ticket `id` is shown at `revision`, if that is known.
    pub(crate) fn at_revision(&self, id: TicketId, revision: Version) -> Option<Arc<Shown>> {
        self.part(id).known.get(&id).filter(|known| known.ticket.revision == revision)
    }

    /// Whether most pages that were read lately had only tickets that are known here. A hint: what
    /// is to be read first.
    pub(crate) fn knows_pages(&self) -> bool {
        self.pages_known.load(Ordering::Relaxed) > ALWAYS / 2
    }

    /// Whether all tickets of a page that was read were known.
    pub(crate) fn hear_of_page(&self, was_known: bool) {
        let before = self.pages_known.load(Ordering::Relaxed);
        let gain = if was_known { ALWAYS / FORGETTING } else { 0 };
        let after = before - before / FORGETTING + gain;
        // of two at once one may be lost
        self.pages_known.store(after, Ordering::Relaxed);
    }

    /// The beginning of a reading whose outcome may be learned.
    pub(crate) fn search(&self) -> Search {
        Search { finished_before: self.changes.finished() }
    }

    /// How the ticket is shown that was read by `search`; kept, unless it may have changed
    /// meanwhile.
    pub(crate) fn learn(&self, search: Search, ticket: Ticket) -> Arc<Shown> {
        let shown = Arc::new(Shown::new(ticket));
        let id = shown.ticket.id;
        let mut part = self.part(id);
        // a change of this ticket finishes under the lock of its part
        let is_unchanged = self.changes.finished() == search.finished_before;
        if is_unchanged && !part.changing.contains_key(&id) {
            part.known.put(id, Arc::clone(&shown));
        }
        shown
    }

    /// Says that ticket `id` is about to be changed. To be dropped when that is stored, or certain
    /// not to be.
    pub(crate) fn changing(self: Arc<Self>, id: TicketId, effect: Effect) -> Changing {
        self.changes.begin(effect);
        let mut part = self.part(id);
        part.changing.entry(id).or_default().commits += 1;
        part.known.remove(&id);
        drop(part);
        Changing { showcase: self, id, effect, stored: None }
    }

    fn part(&self, id: TicketId) -> MutexGuard<'_, Part> {
        // the last bits of an id are random
        let number = id.as_uuid().as_u128() as usize % PARTS;
        self.parts[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changing {
    /// Says that `ticket` is what was stored.
    pub(crate) fn stored(mut self, ticket: Ticket) {
        self.stored = Some(Arc::new(Shown::new(ticket)));
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        let mut part = self.showcase.part(self.id);
        self.showcase.changes.finish(self.effect);
        let Entry::Occupied(mut entry) = part.changing.entry(self.id) else { return };
        entry.get_mut().finish(self.stored.take());
        if entry.get().commits == 0
            && let Some(newest) = entry.remove().known()
        {
            part.known.put(self.id, newest);
        }
    }
}

impl UnderWay {
    /// One of the commits is over, and `stored` is the ticket since.
    fn finish(&mut self, stored: Option<Arc<Shown>>) {
        self.commits -= 1;
        let Some(stored) = stored else {
            self.is_uncertain = true;
            return;
        };
        let revision = |shown: &Arc<Shown>| shown.ticket.revision;
        if self.newest.as_ref().map(revision) < Some(revision(&stored)) {
            self.newest = Some(stored);
        }
    }

    /// What the ticket is after all these commits, if that is certain.
    fn known(self) -> Option<Arc<Shown>> {
        self.newest.filter(|_| !self.is_uncertain)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Currency, Money, Timestamp, UserId};

    use super::*;
    use crate::domain::{NewTicket, TicketTitle};

    pub(super) fn ticket() -> Ticket {
        let price = Money::new(1999, Currency::Eur);
        let title = TicketTitle::parse("Low, Duluth").unwrap();
        let new = NewTicket { title, description: None, price };
        Ticket::list(TicketId::generate(), UserId::generate(), new, Timestamp::from_micros(1)).state
    }

    fn search(showcase: &Showcase, id: TicketId) -> Search {
        match showcase.look_up(id) {
            Lookup::Unknown(search) => search,
            Lookup::Known(shown) => panic!("{shown:?} is known"),
        }
    }

    fn is_known(showcase: &Showcase, id: TicketId) -> bool {
        matches!(showcase.look_up(id), Lookup::Known(_))
    }

    #[test]
    fn a_ticket_is_shown_as_others_see_it() {
        let shown = Shown::new(ticket());
        let json = serde_json::to_string(&shown.ticket.public()).unwrap();
        assert_eq!(shown.json().unwrap(), json);
    }

    #[test]
    fn what_was_read_is_known_until_it_is_changed() {
        let (showcase, mine, yours) = (Showcase::new(ChangedBy::Us), ticket(), ticket());
        for ticket in [&mine, &yours] {
            showcase.learn(search(&showcase, ticket.id), ticket.clone());
        }
        assert!(is_known(&showcase, mine.id));
        let changing = Arc::clone(&showcase).changing(mine.id, Effect::Any);
        assert!(!is_known(&showcase, mine.id) && is_known(&showcase, yours.id));
        drop(changing);
        assert!(!is_known(&showcase, mine.id) && is_known(&showcase, yours.id));
    }

    #[test]
    fn what_was_stored_is_known_when_nobody_changes_it_any_more() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Us), ticket());
        let id = ticket.id;
        let changing = || Arc::clone(&showcase).changing(id, Effect::Any);
        let next = |before: &Ticket| Ticket { revision: before.revision.next(), ..before.clone() };
        let known = || match showcase.look_up(id) {
            Lookup::Known(shown) => Some(shown.ticket.revision),
            Lookup::Unknown(_) => None,
        };
        changing().stored(ticket.clone());
        assert_eq!(known(), Some(ticket.revision));

        let second = next(&ticket);
        let third = next(&second);
        let [early, late] = [changing(), changing()];
        late.stored(third.clone());
        assert_eq!(known(), None, "of another it isn't known yet whether it is stored");
        early.stored(second.clone());
        assert_eq!(known(), Some(third.revision), "the newer one, though it finished first");

        let [lost, certain] = [changing(), changing()];
        drop(lost);
        certain.stored(next(&third));
        assert_eq!(known(), None, "the other may be stored, or not");
    }

    /// All the moments at which a search can begin and be learned, beside a change.
    #[test]
    fn what_was_read_before_a_change_is_not_learned_after_it() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Us), ticket());
        let learn = |search| drop(showcase.learn(search, ticket.clone()));
        let [before, late] = [search(&showcase, ticket.id), search(&showcase, ticket.id)];
        let changing = Arc::clone(&showcase).changing(ticket.id, Effect::Any);
        learn(before);
        assert!(!is_known(&showcase, ticket.id), "begun before, learned meanwhile");
        let meanwhile = search(&showcase, ticket.id);
        learn(search(&showcase, ticket.id));
        assert!(!is_known(&showcase, ticket.id), "begun and learned meanwhile");
        drop(changing);
        learn(meanwhile);
        assert!(!is_known(&showcase, ticket.id), "begun meanwhile, learned after");
        learn(late);
        assert!(!is_known(&showcase, ticket.id), "begun before, learned after");
        learn(search(&showcase, ticket.id));
        assert!(is_known(&showcase, ticket.id), "begun and learned after");
    }

    #[test]
    fn of_two_changes_both_have_to_finish() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Us), ticket());
        let first = Arc::clone(&showcase).changing(ticket.id, Effect::Any);
        let second = Arc::clone(&showcase).changing(ticket.id, Effect::Any);
        drop(first);
        showcase.learn(search(&showcase, ticket.id), ticket.clone());
        assert!(!is_known(&showcase, ticket.id));
        drop(second);
        showcase.learn(search(&showcase, ticket.id), ticket.clone());
        assert!(is_known(&showcase, ticket.id));
        assert!(showcase.part(ticket.id).changing.is_empty());
    }

    #[test]
    fn pages_are_known_when_most_of_the_last_ones_were() {
        let showcase = Showcase::new(ChangedBy::Us);
        let hear = |was_known, times| (0..times).for_each(|_| showcase.hear_of_page(was_known));
        assert!(!showcase.knows_pages(), "nothing was heard yet");
        hear(true, 8);
        assert!(!showcase.knows_pages());
        hear(true, 8);
        assert!(showcase.knows_pages());
        hear(false, 2);
        assert!(showcase.knows_pages(), "a few that changed");
        hear(false, 14);
        assert!(!showcase.knows_pages());
        hear(true, 10_000);
        hear(false, 16);
        assert!(!showcase.knows_pages(), "a long time doesn't weigh more");
    }

    #[test]
    fn where_others_change_tickets_only_the_same_revision_is_known() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Others), ticket());
        showcase.learn(search(&showcase, ticket.id), ticket.clone());
        assert!(!is_known(&showcase, ticket.id));
        assert!(showcase.at_revision(ticket.id, ticket.revision).is_some());
        assert!(showcase.at_revision(ticket.id, ticket.revision.next()).is_none());
    }
}
