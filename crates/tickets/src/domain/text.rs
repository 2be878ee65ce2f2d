//! The texts of a ticket.

use kernel::text::is_deceptive;

/// A ticket's title: 3 to 56 characters after trimming, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketTitle(String);

/// A ticket's description: 1 to 2000 characters after trimming; lines and tabs are fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description(String);

/// Why a text is not one of a ticket's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// The title's length is wrong.
    #[error("must have 3 to 56 characters, without the spaces around it")]
    TitleLength,
    /// The description's length is wrong.
    #[error("must have 1 to 2000 characters, without the spaces around it")]
    DescriptionLength,
    /// A character nobody can see.
    #[error("must not contain control or invisible characters")]
    ControlCharacter,
}

impl TicketTitle {
    /// Reads a title as a seller typed it.
    ///
    /// # Errors
    /// [`InvalidText`] names the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if !(3..=56).contains(&text.chars().count()) {
            return Err(InvalidText::TitleLength);
        }
        if text.chars().any(|c| c.is_control() || is_deceptive(c)) {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The title's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    /// Reads a description as a seller typed it.
    ///
    /// # Errors
    /// [`InvalidText`] names the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if !(1..=2000).contains(&text.chars().count()) {
            return Err(InvalidText::DescriptionLength);
        }
        let is_line = |c| matches!(c, '\n' | '\r' | '\t');
        if text.chars().any(|c| (c.is_control() && !is_line(c)) || is_deceptive(c)) {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The description's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_trimmed_and_measured_in_characters() {
        assert_eq!(TicketTitle::parse("  Die Ärzte ").unwrap().as_str(), "Die Ärzte");
        assert!(TicketTitle::parse(&"é".repeat(56)).is_ok());
        for short_or_long in ["", "ab", "  ab  ", &"x".repeat(57)] {
            assert_eq!(TicketTitle::parse(short_or_long), Err(InvalidText::TitleLength));
        }
        assert_eq!(TicketTitle::parse("a\u{7}bc"), Err(InvalidText::ControlCharacter));
    }

    #[test]
    fn a_description_may_have_lines() {
        assert!(Description::parse("Row 3\nSeat 4").is_ok());
        assert_eq!(Description::parse("   "), Err(InvalidText::DescriptionLength));
        assert_eq!(Description::parse(&"x".repeat(2001)), Err(InvalidText::DescriptionLength));
        assert_eq!(Description::parse("a\0b"), Err(InvalidText::ControlCharacter));
    }
}
