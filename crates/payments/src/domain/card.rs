//! The words of cards: tokens, charges, reasons for a refusal.

use std::fmt;

/// Stands for a card, as the card gateway's form gave it to the buyer: `tok_…` or `pm_…`. It is
/// kept until the gateway has answered, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct CardToken(String);

/// The text is not a card token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a card token such as tok_visa: tok_ or pm_, then 1 to 100 letters, digits or _")]
pub struct InvalidToken;

impl CardToken {
    /// Reads a token as the client sent it.
    ///
    /// # Errors
    /// [`InvalidToken`] when it doesn't look like one.
    pub fn parse(text: &str) -> Result<Self, InvalidToken> {
        let name = text.strip_prefix("tok_").or_else(|| text.strip_prefix("pm_"));
        let is_name = |name: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            (1..=100).contains(&name.len()) && name.bytes().all(plain)
        };
        if name.is_some_and(is_name) { Ok(Self(text.to_owned())) } else { Err(InvalidToken) }
    }

    /// The token itself, for the gateway and the database only.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CardToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardToken(…)")
    }
}

/// The gateway's id of a hold or charge, such as `pi_0190…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChargeId(String);

impl ChargeId {
    /// As the gateway names it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChargeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a card was declined, in Stripe's words (<https://docs.stripe.com/declines/codes>), such as
/// `insufficient_funds`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeclineCode(String);

impl DeclineCode {
    /// As the gateway names it.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeclineCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_looks_like_one_and_is_never_shown() {
        assert!(CardToken::parse("tok_visa").is_ok());
        assert!(CardToken::parse("pm_card_visa").is_ok());
        for bad in ["", "visa", "tok_", "tok_ä", "tok_a b", "4242424242424242"] {
            assert_eq!(CardToken::parse(bad), Err(InvalidToken), "{bad}");
        }
        assert!(CardToken::parse(&format!("tok_{}", "x".repeat(101))).is_err());
        assert!(!format!("{:?}", CardToken::parse("tok_visa").unwrap()).contains("visa"));
    }
}
