//! Whole pages that everybody is shown alike.

use std::sync::{Arc, MutexGuard, PoisonError};

use kernel::recent::Recent;

use super::changes::{Finished, Holders};
use super::{ChangedBy, Effect, Search, Showcase, Shown};
use crate::domain::TicketQuery;

/// How many pages are kept at least, of at most so many tickets each; twice as many at the most.
const PAGES_KEPT: usize = 128;
const PAGE_MAX: usize = 32;

/// What is asked for with more filters, or with lists in them, isn't what many ask for.
const FILTERS_MAX: usize = 4;

/// By what they were asked for.
pub(super) type Pages = Recent<TicketQuery, Page>;

/// A page's tickets.
#[derive(Clone)]
pub(super) struct Page {
    tickets: Arc<[Arc<Shown>]>,
    /// What had finished before it was found that they are these.
    found_after: Finished,
}

/// No pages yet.
pub(super) fn none() -> Pages {
    Recent::new(PAGES_KEPT)
}

impl Showcase {
    /// The tickets of the page that `query` asks for, if it is known which they are, and all of
    /// them are known.
    pub(crate) fn page(&self, query: &TicketQuery) -> Option<Arc<[Arc<Shown>]>> {
        let page = self.pages().get(query)?;
        if self.changes.are_none_since(page.found_after, Holders::Matter) {
            return Some(page.tickets);
        }
        let Some(page) = self.up_to_date(page, Holders::of(query)) else {
            self.pages().remove(query);
            return None;
        };
        let tickets = Arc::clone(&page.tickets);
        self.pages().put(query.clone(), page);
        Some(tickets)
    }

    /// `page` after changes, if they bring no other ticket to it, and all that it has are known and
    /// still belong to it.
    fn up_to_date(&self, page: Page, holders: Holders) -> Option<Page> {
        // before its tickets are looked up: what changes later is seen to have begun since
        let found_after = self.changes.finished();
        let now = |shown: &Arc<Shown>| {
            let ticket = &shown.ticket;
            let known = self.part(ticket.id).known.get(&ticket.id)?;
            let belongs =
                holders == Holders::DontMatter || known.ticket.revision == ticket.revision;
            belongs.then_some(known)
        };
        let tickets = page.tickets.iter().map(now).collect::<Option<_>>()?;
        // after that: what was edited meanwhile may have been found as it doesn't belong here
        let is_the_same = self.changes.are_none_since(page.found_after, holders);
        is_the_same.then_some(Page { tickets, found_after })
    }

    /// Keeps the page that was read by `search` for `query`, for all who are shown the same.
    pub(crate) fn keep_page(
        &self,
        search: Search,
        query: &TicketQuery,
        tickets: &Arc<[Arc<Shown>]>,
    ) {
        let found_after = search.finished_before;
        let is_short = query.filters.len() <= FILTERS_MAX
            && query.filters.iter().all(|filter| !filter.test.is_list())
            && tickets.len() <= PAGE_MAX;
        if self.changed_by == ChangedBy::Us
            && is_short
            && self.changes.are_none_since(found_after, Holders::of(query))
        {
            let (query, tickets) = (query.clone(), Arc::clone(tickets));
            self.pages().put(query, Page { tickets, found_after });
        }
    }

    /// Says that there are new tickets, which were not [`Self::changing`].
    pub(crate) fn forget_pages(&self) {
        self.changes.begin(Effect::Any);
        self.changes.finish(Effect::Any);
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kernel::TicketId;

    use super::*;
    use crate::domain::Ticket;
    use crate::showcase::tests::ticket;

    #[test]
    fn a_page_is_known_until_any_ticket_may_come_to_it() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Us), ticket());
        let (query, _) = crate::http::query::parse("limit=20").unwrap();
        let (other, _) = crate::http::query::parse("limit=20&skip=20").unwrap();
        let shown: Arc<[_]> = [Arc::new(Shown::new(ticket.clone()))].into();
        assert!(showcase.page(&query).is_none());
        showcase.keep_page(showcase.search(), &query, &shown);
        assert_eq!(showcase.page(&query).unwrap()[0].ticket.id, ticket.id);
        assert!(showcase.page(&other).is_none());

        let before = showcase.search();
        let changing = Arc::clone(&showcase).changing(TicketId::generate(), Effect::Any);
        assert!(showcase.page(&query).is_none(), "it may be stored already");
        let meanwhile = showcase.search();
        for early in [before, meanwhile] {
            showcase.keep_page(early, &query, &shown);
            assert!(showcase.page(&query).is_none());
        }
        drop(changing);
        for late in [before, meanwhile] {
            showcase.keep_page(late, &query, &shown);
            assert!(showcase.page(&query).is_none(), "may have been read before the change");
        }
        showcase.keep_page(showcase.search(), &query, &shown);
        assert!(showcase.page(&query).is_some());
        let (rare, _) =
            crate::http::query::parse("filter=name=price,operator=in,arr_value=[1,2]").unwrap();
        showcase.keep_page(showcase.search(), &rare, &shown);
        assert!(showcase.page(&rare).is_none());
        showcase.forget_pages();
        assert!(showcase.page(&query).is_none());
        let of_others = Showcase::new(ChangedBy::Others);
        of_others.keep_page(of_others.search(), &query, &shown);
        assert!(of_others.page(&query).is_none());
    }

    #[test]
    fn a_ticket_that_is_taken_changes_its_pages_only() {
        let (showcase, [mine, yours]) = (Showcase::new(ChangedBy::Us), [ticket(), ticket()]);
        let learn = |ticket: &Ticket| showcase.learn(showcase.search(), ticket.clone());
        let shown: Arc<[_]> = [learn(&mine)].into();
        let parse = |query| crate::http::query::parse(query).unwrap().0;
        let free = "filter=name=orderId,operator=eq,value=null";
        let [all, free, later] = ["limit=20", free, &format!("{free}&skip=20")].map(parse);
        let keep = || {
            for query in [&all, &free, &later] {
                showcase.keep_page(showcase.search(), query, &shown);
            }
        };
        let known = || {
            let revision = |page: Arc<[Arc<Shown>]>| page[0].ticket.revision.number();
            [&all, &free, &later].map(|query| showcase.page(query).map(revision))
        };
        let change = |ticket: &Ticket, effect| {
            let changing = Arc::clone(&showcase).changing(ticket.id, effect);
            (changing, Ticket { revision: ticket.revision.next(), ..ticket.clone() })
        };
        keep();
        assert_eq!(known(), [Some(0); 3]);

        let (changing, taken) = change(&yours, Effect::Taken);
        assert_eq!(known(), [Some(0), Some(0), None], "it is on none of them");
        keep();
        changing.stored(taken);
        assert_eq!(known(), [Some(0), Some(0), None]);
        keep();
        let (changing, freed) = change(&yours, Effect::Freed);
        changing.stored(freed);
        assert_eq!(known(), [Some(0), None, None], "it may come to those of free ones");
        keep();
        let (changing, taken) = change(&mine, Effect::Taken);
        changing.stored(taken);
        assert_eq!(known(), [Some(1), None, None], "it is shown, but not as a free one");
        keep();
        let (changing, _) = change(&mine, Effect::Taken);
        assert_eq!(known(), [None; 3], "nobody knows what it is");
        keep();
        drop(changing);
        assert_eq!(known(), [None; 3], "nor whether it was stored");
    }
}
