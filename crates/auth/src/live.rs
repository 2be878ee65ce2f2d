//! Sessions that were found to be live lately, so that a caller is known without the database.
//!
//! Nobody is known here whose session has ended:
//!
//! - What is kept of a session never changes, and its end is looked at with every use.
//! - Whoever ends sessions says so before that is stored ([`LiveSessions::ending`]), and until it
//!   is. From then on the identity's sessions are unknown here, none of them is learned, and the
//!   database alone says who is live.
//! - Who reads the database while sessions are being ended may read what was true before. So a
//!   session that was found is learned only if no ending has finished since the search began, and
//!   none of its identity is under way.
//!
//! That takes that only this process ends sessions, as it does where the data folder is its own.
//! Another one beside it (`ticketing user grant-admin`) writes relation tuples, which are read anew
//! at each check. Where others end sessions, too, nothing is kept here.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::{IdentityId, Recent, Timestamp};
use ory::SignedIn;

use crate::domain::session::Session;
use crate::domain::token::TokenDigest;

/// How many sessions are kept at least; about 3 MB.
const KEPT: usize = 8192;

/// Sessions by their token.
pub(crate) struct LiveSessions {
    /// Whether anything is kept.
    is_on: bool,
    state: Mutex<State>,
}

struct State {
    known: Recent<TokenDigest, Known>,
    /// Whose sessions are being ended, by how many commits.
    ending: HashMap<IdentityId, usize>,
    /// How many such commits have finished.
    ended: u64,
}

#[derive(Clone)]
struct Known {
    who: SignedIn,
    expires_at: Timestamp,
}

/// What is known of a token.
pub(crate) enum Lookup {
    /// Whose it is.
    Live(SignedIn),
    /// The database has to be asked; what it says may be learned with this.
    Unknown(Search),
}

/// A search in the database that is about to begin.
pub(crate) struct Search {
    digest: TokenDigest,
    ended_before: u64,
}

/// Sessions of an identity are being ended, as long as this lives.
pub(crate) struct Ending<'a> {
    sessions: &'a LiveSessions,
    of: IdentityId,
}

impl LiveSessions {
    /// None are known; none ever will be, unless it `is_on`.
    pub(crate) fn new(is_on: bool) -> Self {
        let (known, ending) = (Recent::new(KEPT), HashMap::new());
        Self { is_on, state: Mutex::new(State { known, ending, ended: 0 }) }
    }

    /// Who has the session whose token has this digest, if that is known and it is live at `now`.
    pub(crate) fn look_up(&self, digest: TokenDigest, now: Timestamp) -> Lookup {
        let mut state = self.state();
        match state.known.get(&digest) {
            Some(Known { who, expires_at }) if now < expires_at => Lookup::Live(who),
            _ => Lookup::Unknown(Search { digest, ended_before: state.ended }),
        }
    }

    /// Whose the session is that `search` found; kept, unless it may have ended meanwhile.
    pub(crate) fn learn(&self, search: Search, found: Session) -> SignedIn {
        let Session { id, identity, expires_at, .. } = found;
        let who = SignedIn {
            session_id: id,
            user_id: identity.user_id,
            identity_id: identity.id,
            email: identity.email.to_string(),
            expires_at,
        };
        if !self.is_on {
            return who;
        }
        let mut state = self.state();
        if state.ended == search.ended_before && !state.ending.contains_key(&identity.id) {
            state.known.put(search.digest, Known { who: who.clone(), expires_at });
        }
        who
    }

    /// Says that sessions of an identity are about to be ended. To be dropped when that is stored,
    /// or certain not to be.
    pub(crate) fn ending(&self, of: IdentityId) -> Ending<'_> {
        let mut state = self.state();
        *state.ending.entry(of).or_insert(0) += 1;
        state.known.retain(|known| known.who.identity_id != of);
        Ending { sessions: self, of }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.sessions.state();
        state.ended = state.ended.wrapping_add(1);
        if let Some(commits) = state.ending.get_mut(&self.of) {
            *commits -= 1;
            if *commits == 0 {
                state.ending.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kernel::{SessionId, UserId};

    use super::*;
    use crate::domain::email::Email;
    use crate::domain::identity::Identity;
    use crate::domain::session::Device;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);
    const LIFETIME: Duration = Duration::from_secs(60);

    fn session() -> Session {
        let identity = Identity {
            id: IdentityId::generate(),
            user_id: UserId::generate(),
            email: Email::parse("ada@example.com").unwrap(),
            created_at: NOW,
        };
        Session::open(SessionId::generate(), identity, Device::default(), NOW, LIFETIME)
    }

    fn token(number: u8) -> TokenDigest {
        TokenDigest::of(&[number])
    }

    fn search(sessions: &LiveSessions, number: u8) -> Search {
        match sessions.look_up(token(number), NOW) {
            Lookup::Unknown(search) => search,
            Lookup::Live(who) => panic!("{who:?} is known"),
        }
    }

    fn learn(sessions: &LiveSessions, search: Search, session: &Session) {
        let who = sessions.learn(search, session.clone());
        assert_eq!((who.session_id, who.user_id), (session.id, session.identity.user_id));
    }

    fn is_known(sessions: &LiveSessions, number: u8, now: Timestamp) -> bool {
        matches!(sessions.look_up(token(number), now), Lookup::Live(_))
    }

    #[test]
    fn a_session_is_known_until_it_expires() {
        let (sessions, session) = (LiveSessions::new(true), session());
        learn(&sessions, search(&sessions, 1), &session);
        let last = NOW.plus(LIFETIME).minus(Duration::from_micros(1));
        assert!(is_known(&sessions, 1, NOW) && is_known(&sessions, 1, last));
        assert!(!is_known(&sessions, 1, NOW.plus(LIFETIME)));
        assert!(!is_known(&sessions, 2, NOW), "another token");
    }

    #[test]
    fn where_others_end_sessions_nothing_is_kept() {
        let (sessions, session) = (LiveSessions::new(false), session());
        learn(&sessions, search(&sessions, 1), &session);
        assert!(!is_known(&sessions, 1, NOW));
    }

    #[test]
    fn ending_makes_all_sessions_of_one_identity_unknown() {
        let (sessions, mine, yours) = (LiveSessions::new(true), session(), session());
        for (number, session) in [(1, &mine), (2, &mine), (3, &yours)] {
            learn(&sessions, search(&sessions, number), session);
        }
        let ending = sessions.ending(mine.identity.id);
        assert_eq!([1, 2, 3].map(|n| is_known(&sessions, n, NOW)), [false, false, true]);
        drop(ending);
        assert_eq!([1, 2, 3].map(|n| is_known(&sessions, n, NOW)), [false, false, true]);
        learn(&sessions, search(&sessions, 2), &mine);
        assert!(is_known(&sessions, 2, NOW), "one that was kept is learned again");
    }

    /// All the moments at which a search can begin and be learned, beside an ending.
    #[test]
    fn what_was_read_before_an_ending_is_not_learned_after_it() {
        let (sessions, mine, yours) = (LiveSessions::new(true), session(), session());
        let [before, to_be_late, others] = [1, 2, 3].map(|number| search(&sessions, number));
        let ending = sessions.ending(mine.identity.id);
        learn(&sessions, before, &mine);
        assert!(!is_known(&sessions, 1, NOW), "begun before, learned meanwhile");
        learn(&sessions, search(&sessions, 1), &mine);
        assert!(!is_known(&sessions, 1, NOW), "begun and learned meanwhile");
        learn(&sessions, others, &yours);
        assert!(is_known(&sessions, 3, NOW), "somebody else's");
        let meanwhile = search(&sessions, 1);
        drop(ending);
        learn(&sessions, meanwhile, &mine);
        learn(&sessions, to_be_late, &mine);
        assert!(!is_known(&sessions, 1, NOW), "begun meanwhile, learned after");
        assert!(!is_known(&sessions, 2, NOW), "begun before, learned after");
        learn(&sessions, search(&sessions, 1), &mine);
        assert!(is_known(&sessions, 1, NOW), "begun and learned after");
    }

    #[test]
    fn of_two_endings_both_have_to_finish() {
        let (sessions, session) = (LiveSessions::new(true), session());
        let first = sessions.ending(session.identity.id);
        let second = sessions.ending(session.identity.id);
        drop(first);
        learn(&sessions, search(&sessions, 1), &session);
        assert!(!is_known(&sessions, 1, NOW));
        drop(second);
        learn(&sessions, search(&sessions, 1), &session);
        assert!(is_known(&sessions, 1, NOW));
        assert!(sessions.state().ending.is_empty());
    }
}
