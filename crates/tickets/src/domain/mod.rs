//! The rules of a ticket: what it is ([`ticket`]), what its texts may be ([`text`]), which order
//! holds it ([`hold`]), and how a name is searched ([`search`]). Pure and synchronous.

pub mod hold;
pub mod search;
pub mod text;
pub mod ticket;

pub use hold::Hold;
pub use search::SearchTerms;
pub use text::{Description, TicketTitle};
pub use ticket::{Edit, NewTicket, Ticket, TicketError};
