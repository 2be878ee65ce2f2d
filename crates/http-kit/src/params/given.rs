//! A value as the client wrote it, before anybody knows which type it should have.

use serde_json::value::RawValue;

/// A value within a structured parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// From the comma or the bracketed form: it may stand for a text, a number, null or a list.
    Plain(String),
    /// A JSON string.
    Text(String),
    /// A JSON number: its digits.
    Number(String),
    /// JSON's null.
    Null,
    /// A JSON array, or several values in brackets.
    List(Vec<Self>),
    /// A JSON object, true or false: nothing takes these.
    Other,
}

impl Given {
    /// Reads a JSON value.
    pub(super) fn of_json(raw: &RawValue) -> Self {
        let json = raw.get();
        match json.bytes().next() {
            Some(b'"') => serde_json::from_str(json).map_or(Self::Other, Self::Text),
            Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(json) {
                Ok(list) => Self::List(list.into_iter().map(Self::of_element).collect()),
                Err(_) => Self::Other,
            },
            Some(b'n') => Self::Null,
            Some(b'-' | b'0'..=b'9') => Self::Number(json.to_owned()),
            _ => Self::Other,
        }
    }

    /// An element of an array; arrays in arrays are of no use.
    fn of_element(raw: &RawValue) -> Self {
        if raw.get().starts_with('[') { Self::Other } else { Self::of_json(raw) }
    }

    /// Its text.
    ///
    /// # Errors
    /// The rule it breaks, when it isn't one.
    pub fn as_text(&self) -> Result<&str, &'static str> {
        match self {
            Self::Plain(text) | Self::Text(text) => Ok(text),
            _ => Err("must be a text"),
        }
    }

    /// Its text, or its digits.
    ///
    /// # Errors
    /// The rule it breaks, when it is neither.
    pub fn as_number(&self) -> Result<&str, &'static str> {
        match self {
            Self::Plain(text) | Self::Text(text) | Self::Number(text) => Ok(text),
            _ => Err("must be a number"),
        }
    }

    /// Whether it is null, or stands for it.
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null || matches!(self, Self::Plain(text) if text == "null")
    }

    /// Its elements. A plain value is a JSON array, or values with commas between them, in
    /// brackets or not.
    ///
    /// # Errors
    /// The rule it breaks, when it has none.
    pub fn into_list(self) -> Result<Vec<Self>, &'static str> {
        match self {
            Self::List(list) => Ok(list),
            Self::Plain(text) => Ok(list_of(text.trim())),
            _ => Err("must be a list"),
        }
    }
}

fn list_of(text: &str) -> Vec<Given> {
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return list.into_iter().map(Given::of_element).collect();
    }
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    inner.split(',').map(|element| Given::Plain(element.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Given {
        Given::Plain(text.to_owned())
    }

    #[test]
    fn json_keeps_its_types_and_digits() {
        for (json, given) in [
            (r#""a\u0000\"b""#, Given::Text("a\0\"b".to_owned())),
            ("1.999e1", Given::Number("1.999e1".to_owned())),
            ("-0", Given::Number("-0".to_owned())),
            ("null", Given::Null),
            ("true", Given::Other),
            (r#"{"a":1}"#, Given::Other),
            (r#""\ud800""#, Given::Other),
            ("[1,[2]]", Given::List(vec![Given::Number("1".to_owned()), Given::Other])),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
            assert_eq!(Given::of_json(&raw), given, "{json}");
        }
    }

    #[test]
    fn a_plain_list_is_json_or_has_commas() {
        let numbers = vec![Given::Number("1".to_owned()), Given::Number("2".to_owned())];
        assert_eq!(plain("[1, 2]").into_list(), Ok(numbers));
        let words = vec![plain("approved"), plain("rejected")];
        assert_eq!(plain("[approved, rejected]").into_list(), Ok(words.clone()));
        assert_eq!(plain(" approved,rejected").into_list(), Ok(words));
        assert_eq!(plain(r#"["a,b"]"#).into_list(), Ok(vec![Given::Text("a,b".to_owned())]));
        assert_eq!(plain("[]").into_list(), Ok(vec![]));
        assert!(Given::Number("1".to_owned()).into_list().is_err());
    }
}
