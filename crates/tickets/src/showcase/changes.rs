//! How many changes of tickets have begun, how many of them have finished, and to which pages they
//! matter.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::TicketQuery;
use crate::domain::query::{Comparison, Field, Filter, Key, Test};

/// What a change may do to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Anything: it is new, withdrawn, edited.
    Any,
    /// No order holds it afterwards, and nothing else is different by which tickets are found.
    Freed,
    /// An order holds it afterwards, and nothing else is different by which tickets are found.
    Taken,
}

/// By their numbers.
const EFFECTS: [Effect; 3] = [Effect::Any, Effect::Freed, Effect::Taken];

/// What it has to do with who holds a ticket whether it is on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holders {
    /// Nothing.
    DontMatter,
    /// Nobody holds those that are on it: one that is taken leaves, and none comes for it that
    /// nobody held before.
    AreNone,
    /// Something else.
    Matter,
}

/// Each effect is counted by itself.
#[derive(Default)]
pub(super) struct Changes([Count; EFFECTS.len()]);

#[derive(Default)]
struct Count {
    begun: AtomicU64,
    finished: AtomicU64,
}

/// How many changes of each effect had finished at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finished([u64; EFFECTS.len()]);

impl Changes {
    pub(super) fn begin(&self, effect: Effect) {
        self.0[effect as usize].begun.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn finish(&self, effect: Effect) {
        self.0[effect as usize].finished.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn finished(&self) -> Finished {
        let finished = |effect: Effect| self.0[effect as usize].finished.load(Ordering::SeqCst);
        Finished(EFFECTS.map(finished))
    }

    /// Whether no change has begun since so many had finished, nor was one under way then: of
    /// those that may bring another ticket to a page to which holders matter like this.
    pub(super) fn are_none_since(&self, Finished(before): Finished, holders: Holders) -> bool {
        EFFECTS.into_iter().filter(|effect| holders.let_it_bring(*effect)).all(|effect| {
            let Count { begun, finished } = &self.0[effect as usize];
            let counts = [finished, begun].map(|count| count.load(Ordering::SeqCst));
            counts == [before[effect as usize]; 2]
        })
    }
}

impl Holders {
    /// To the page that `query` asks for.
    pub(super) fn of(query: &TicketQuery) -> Self {
        if is_about_holders(query.sort.field.field()) {
            return Self::Matter;
        }
        let is_free = |filter: &Filter| filter.test == Test::Compare(Comparison::Eq, Key::Nothing);
        let mut filters = query.filters.iter().filter(|filter| is_about_holders(filter.field));
        match (filters.next(), filters.next()) {
            (None, _) => Self::DontMatter,
            // who leaves those that are passed over lets another one in
            (Some(filter), None) if is_free(filter) && query.skip == 0 => Self::AreNone,
            _ => Self::Matter,
        }
    }

    /// Whether such a change may bring a ticket to the page that it didn't have.
    const fn let_it_bring(self, effect: Effect) -> bool {
        match effect {
            Effect::Any => true,
            Effect::Freed => !matches!(self, Self::DontMatter),
            Effect::Taken => matches!(self, Self::Matter),
        }
    }
}

/// Whether it may differ after a change that says that nothing else does.
const fn is_about_holders(field: Field) -> bool {
    match field {
        Field::Order => true,
        Field::Id
        | Field::Title
        | Field::Price
        | Field::Seller
        | Field::Status
        | Field::CreatedAt => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::query::parse;

    #[test]
    fn what_holders_have_to_do_with_a_page() {
        let of = |query: &str| Holders::of(&parse(query).unwrap().0);
        let free = "filter=name=orderId,operator=eq,value=null";
        let held = format!("filter=name=orderId,operator=eq,value={}", kernel::OrderId::generate());
        let cheap = "filter=name=price,operator=lt,value=20";
        assert_eq!(of("limit=20&skip=20"), Holders::DontMatter);
        assert_eq!(of(cheap), Holders::DontMatter);
        assert_eq!(of(free), Holders::AreNone);
        assert_eq!(of(&format!("{cheap}&{free}&sort=field=price,order=1")), Holders::AreNone);
        assert_eq!(of(&format!("{free}&skip=20")), Holders::Matter);
        assert_eq!(of(&held), Holders::Matter);
        assert_eq!(of(&format!("{free}&{held}")), Holders::Matter);
    }

    #[test]
    fn effects_are_found_by_their_numbers() {
        assert_eq!(EFFECTS.map(|effect| effect as usize), [0, 1, 2]);
    }

    #[test]
    fn a_change_counts_from_its_beginning_for_those_to_whom_it_matters() {
        const ALL: [Holders; 3] = [Holders::DontMatter, Holders::AreNone, Holders::Matter];
        let expected = [
            (Effect::Any, [false, false, false]),
            (Effect::Freed, [true, false, false]),
            (Effect::Taken, [true, true, false]),
        ];
        for (effect, unchanged) in expected {
            let changes = Changes::default();
            let since = |before| ALL.map(|orders| changes.are_none_since(before, orders));
            let before = changes.finished();
            assert_eq!(since(before), [true; 3]);
            changes.begin(effect);
            assert_eq!(since(before), unchanged, "{effect:?} has begun");
            let meanwhile = changes.finished();
            assert_eq!(since(meanwhile), unchanged, "{effect:?} is under way");
            changes.finish(effect);
            assert_eq!(since(before), unchanged, "{effect:?} has finished");
            assert_eq!(since(meanwhile), unchanged, "{effect:?} was under way");
            assert_eq!(since(changes.finished()), [true; 3]);
        }
    }
}
