//! Whole pages that everybody is shown alike.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use kernel::recent::Recent;

use super::{ChangedBy, Search, Showcase, Shown};
use crate::domain::TicketQuery;

/// How many pages are kept at least, of at most so many tickets each; twice as many at the most.
const PAGES_KEPT: usize = 128;
const PAGE_MAX: usize = 32;

/// What is asked for with more filters, or with lists in them, isn't what many ask for.
const FILTERS_MAX: usize = 4;

/// By what they were asked for.
pub(super) type Pages = Recent<TicketQuery, Page>;

/// A page's tickets, and how many changes had finished before it was read.
#[derive(Clone)]
pub(super) struct Page {
    tickets: Arc<[Arc<Shown>]>,
    changed_before: u64,
}

/// No pages yet.
pub(super) fn none() -> Pages {
    Recent::new(PAGES_KEPT)
}

impl Showcase {
    /// The tickets of the page that `query` asks for, if they are known and nothing has changed.
    pub(crate) fn page(&self, query: &TicketQuery) -> Option<Arc<[Arc<Shown>]>> {
        let mut pages = self.pages();
        let page = pages.get(query)?;
        if self.is_unchanged_since(page.changed_before) {
            return Some(page.tickets);
        }
        pages.remove(query);
        None
    }

    /// Keeps the page that was read by `search` for `query`, for all who are shown the same.
    pub(crate) fn keep_page(
        &self,
        search: Search,
        query: &TicketQuery,
        tickets: &Arc<[Arc<Shown>]>,
    ) {
        let Search { changed_before } = search;
        let is_short = query.filters.len() <= FILTERS_MAX
            && query.filters.iter().all(|filter| !filter.test.is_list())
            && tickets.len() <= PAGE_MAX;
        if self.changed_by == ChangedBy::Us && is_short && self.is_unchanged_since(changed_before) {
            let (query, tickets) = (query.clone(), Arc::clone(tickets));
            self.pages().put(query, Page { tickets, changed_before });
        }
    }

    /// Says that there are new tickets, which were not [`Self::changing`].
    pub(crate) fn forget_pages(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.changed.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether no change has begun since so many had finished, nor was one under way then.
    fn is_unchanged_since(&self, changed_before: u64) -> bool {
        let counts = [&self.changed, &self.begun].map(|count| count.load(Ordering::SeqCst));
        counts == [changed_before; 2]
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kernel::TicketId;

    use super::*;
    use crate::showcase::tests::ticket;

    #[test]
    fn a_page_is_known_until_any_ticket_is_changed() {
        let (showcase, ticket) = (Showcase::new(ChangedBy::Us), ticket());
        let (query, _) = crate::http::query::parse("limit=20").unwrap();
        let (other, _) = crate::http::query::parse("limit=20&skip=20").unwrap();
        let shown: Arc<[_]> = [Arc::new(Shown::new(ticket.clone()))].into();
        assert!(showcase.page(&query).is_none());
        showcase.keep_page(showcase.search(), &query, &shown);
        assert_eq!(showcase.page(&query).unwrap()[0].ticket.id, ticket.id);
        assert!(showcase.page(&other).is_none());

        let before = showcase.search();
        let changing = Arc::clone(&showcase).changing(TicketId::generate());
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
}
