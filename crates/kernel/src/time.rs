//! Time: instants in UTC, and the clock they are read from.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC, stored as whole microseconds since 1970 and written as RFC 3339 with
/// milliseconds. Instants read from a [`Clock`] are whole milliseconds, so that what is written
/// is what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339 text (<https://www.rfc-editor.org/rfc/rfc3339>), such as
    /// `2026-05-01T19:30:00Z`; what is finer than a microsecond is cut off.
    ///
    /// # Errors
    /// [`InvalidInstant`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidInstant> {
        let longest = "2026-05-01T19:30:00.123456789+02:00".len();
        // the library takes more than the standard does
        let is_strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
        if text.len() > longest || !is_strict {
            return Err(InvalidInstant);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidInstant)?;
        Ok(Self(instant.as_microsecond()))
    }

    /// The instant `span` later; stops at the end of time rather than wrapping.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// The instant `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// How long until this instant, seen from `now`; zero once it has passed.
    #[must_use]
    pub fn until(self, now: Self) -> Duration {
        let micros = self.0.saturating_sub(now.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// The text is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a time such as 2026-05-01T19:30:00Z")]
pub struct InvalidInstant;

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        match digits(instant) {
            Some(text) => f.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?),
            None => write!(f, "{instant:.3}"),
        }
    }
}

/// What `{instant:.3}` writes, digit by digit, which takes a fifth of the time; none for years that
/// have no four digits. A page of tickets has twenty instants.
fn digits(instant: jiff::Timestamp) -> Option<[u8; 24]> {
    let civil = jiff::tz::Offset::UTC.to_datetime(instant);
    let year = u16::try_from(civil.year()).ok().filter(|year| *year <= 9999)?;
    let part = |part: i8| u16::from(part.unsigned_abs());
    let millisecond = civil.millisecond().unsigned_abs();
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (at, number) in [
        (0..4, year),
        (5..7, part(civil.month())),
        (8..10, part(civil.day())),
        (11..13, part(civil.hour())),
        (14..16, part(civil.minute())),
        (17..19, part(civil.second())),
        (20..23, millisecond),
    ] {
        let mut rest = number;
        for digit in text[at].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
    Some(text)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let instant: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(Self(instant.as_microsecond()))
    }
}

/// Where the time is read. Once per request or message; what happens within it happened then.
pub trait Clock: Send + Sync {
    /// The current instant, in whole milliseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock as a shared port.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond() * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_with_milliseconds() {
        let instant = Timestamp::from_micros(1_714_000_000_120_000);
        let json = "\"2024-04-24T23:06:40.120Z\"";
        assert_eq!(serde_json::to_string(&instant).unwrap(), json);
        assert_eq!(serde_json::from_str::<Timestamp>(json).unwrap(), instant);
    }

    #[test]
    fn every_instant_is_written_as_the_library_does() {
        let (day, year) = (86_400_000_000, 31_556_952_000_000);
        let years = (-9_990..8_000).map(|years| years * year + years * 1_234_567);
        let days = (0..1_500).map(|days| 1_580_000_000_000_000 + days * day - 1);
        let odd = [0, -1, 999, 1_000, 1_714_000_000_120_999, -62_167_219_200_000_000];
        for micros in years.chain(days).chain(odd) {
            let instant = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(Timestamp::from_micros(micros).to_string(), format!("{instant:.3}"));
        }
    }

    #[test]
    fn an_instant_is_read_with_its_offset() {
        let instant = Timestamp::parse("2024-04-24T23:06:40.120Z");
        assert_eq!(instant, Ok(Timestamp::from_micros(1_714_000_000_120_000)));
        assert_eq!(Timestamp::parse("2024-04-25T01:06:40.12+02:00"), instant);
        for bad in [
            "",
            "now",
            "2024-04-24",
            "2024-04-24 23:06:40Z",
            "2024-04-24T23:06:40",
            "1714",
            "2024-13-24T23:06:40Z",
            "2024-04-24T23:06:40Z[Europe/Berlin]",
            "２024-04-24T23:06:40Z",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(InvalidInstant), "{bad}");
        }
    }

    #[test]
    fn the_system_clock_reads_whole_milliseconds() {
        assert_eq!(SystemClock.now().as_micros() % 1000, 0);
    }

    #[test]
    fn what_has_passed_is_zero_away() {
        let now = Timestamp::from_micros(5_000_000);
        assert_eq!(now.plus(Duration::from_secs(3)).until(now), Duration::from_secs(3));
        assert_eq!(now.minus(Duration::from_secs(3)).until(now), Duration::ZERO);
    }
}
