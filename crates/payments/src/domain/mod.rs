//! The rules of paying: what can be paid ([`payable_order`]), how a payment moves ([`payment`]),
//! what is to be done with it next ([`step`]), and the words of cards ([`card`]). Pure and
//! synchronous.

pub mod card;
pub mod payable_order;
pub mod payment;
pub mod step;

pub use card::{CardToken, ChargeId, DeclineCode};
pub use payable_order::PayableOrder;
pub use payment::{Payment, PaymentError, PaymentState, StartPayment};
pub use step::{Step, next_step};
