//! The test cards: what each token does, always the same. Names and codes are Stripe's
//! (<https://docs.stripe.com/testing>), but for the two that make the sandbox itself fail.

/// What a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// Pays.
    Good,
    /// Is declined, with this code.
    Declined(&'static str),
    /// Pays, but the first answer to each operation is lost.
    Unreliable(Fault),
}

/// When an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Before anything happened.
    Before,
    /// After it had happened.
    After,
}

/// What the card behind `token` does.
#[must_use]
pub fn card(token: &str) -> Card {
    match token {
        "tok_visa" | "tok_mastercard" => Card::Good,
        "tok_chargeDeclined" => Card::Declined("generic_decline"),
        "tok_chargeDeclinedInsufficientFunds" => Card::Declined("insufficient_funds"),
        "tok_chargeDeclinedExpiredCard" => Card::Declined("expired_card"),
        "tok_sandboxTimeoutBefore" => Card::Unreliable(Fault::Before),
        "tok_sandboxTimeoutAfter" => Card::Unreliable(Fault::After),
        _ => Card::Declined("invalid_token"),
    }
}
