//! The rules of a ticket: what it is ([`ticket`]), what its texts may be ([`text`]), which order
//! holds it ([`hold`]), how a name is searched ([`search`]), and what can be asked of the list of
//! tickets ([`query`]). Pure and synchronous.

pub mod hold;
pub mod query;
pub mod search;
pub mod text;
pub mod ticket;

pub use hold::{Held, Hold, Sightings};
pub use query::TicketQuery;
pub use search::SearchTerms;
pub use text::{Description, TicketTitle};
pub use ticket::{Edit, NewTicket, Ticket, TicketError};
