//! Names and values of a query, decoded as HTML forms encode them
//! (<https://url.spec.whatwg.org/#urlencoded-parsing>), except that a value which isn't UTF-8 is
//! refused rather than mended.

use super::Broken;

/// A query's parameters, in their order.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<Param>);

/// One parameter.
#[derive(Debug, Clone)]
struct Param {
    name: String,
    /// None when it isn't UTF-8.
    value: Option<String>,
}

impl Params {
    /// Reads what stands behind the `?` of a URL. Any text is a query.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let param = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = String::from_utf8_lossy(&decoded(name)).into_owned();
            Param { name, value: String::from_utf8(decoded(value)).ok() }
        };
        Self(pairs.map(param).collect())
    }

    /// The value of `name`, which may be given once.
    pub fn single(&self, name: &'static str, broken: &mut Broken) -> Option<&str> {
        let mut values = self.0.iter().filter(|param| param.name == name);
        let first = values.next()?;
        if values.next().is_some() {
            broken.add(name, "must not be repeated");
            return None;
        }
        broken.check(name, first.text())
    }

    /// Every value of `name`.
    pub fn all(&self, name: &'static str, broken: &mut Broken) -> Vec<&str> {
        let values = self.0.iter().filter(|param| param.name == name);
        values.filter_map(|param| broken.check(name, param.text())).collect()
    }

    /// The parameters called `name`, or `name` followed by keys in brackets: the keys, and the
    /// value. Keys are none when the brackets aren't closed.
    pub(super) fn in_brackets<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (Option<Vec<&'a str>>, Result<&'a str, &'static str>)> {
        self.0.iter().filter_map(move |param| {
            let rest = param.name.strip_prefix(name)?;
            let keys = match rest.strip_prefix('[') {
                Some(keys) => keys.strip_suffix(']').map(|keys| keys.split("][").collect()),
                None if rest.is_empty() => Some(Vec::new()),
                None => return None,
            };
            Some((keys, param.text()))
        })
    }

    /// The same parameters as a query, but only those with these names.
    pub(super) fn encode_only(&self, names: &[&str]) -> String {
        let kept = self.0.iter().filter(|param| names.contains(&param.name.as_str()));
        let pair = |param: &Param| {
            param.value.as_ref().map(|value| format!("{}={}", param.name, encode(value)))
        };
        kept.filter_map(pair).collect::<Vec<_>>().join("&")
    }
}

impl Param {
    fn text(&self) -> Result<&str, &'static str> {
        self.value.as_deref().ok_or("must be UTF-8")
    }
}

/// `text` as it stands in a query: all but letters, digits and `-._~` as `%` and two digits.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[digit as usize])),
            );
        }
    }
    encoded
}

/// The bytes behind `+` and `%xx`; a `%` without two digits stands for itself.
fn decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        decoded.push(match (byte, hex(bytes.get(at)), hex(bytes.get(at + 1))) {
            (b'+', ..) => b' ',
            (b'%', Some(high), Some(low)) => {
                at += 2;
                (high * 16 + low) as u8
            }
            _ => *byte,
        });
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(query: &str) -> Result<Option<String>, kernel::Refusal> {
        let (params, mut broken) = (Params::parse(query), Broken::default());
        let value = params.single("q", &mut broken).map(str::to_owned);
        broken.build(|| Some(value))
    }

    #[test]
    fn values_are_decoded_as_forms_encode_them() {
        for (query, value) in [
            ("q=a+b%20c", "a b c"),
            ("q=100%", "100%"),
            ("q=%zz%4", "%zz%4"),
            ("a=1&&q=%C3%A9=&b", "é="),
            ("q", ""),
            ("%71=x", "x"),
        ] {
            assert_eq!(single(query), Ok(Some(value.to_owned())), "{query}");
        }
        assert_eq!(single("Q=x&qq=y&q[]=z&=q"), Ok(None));
    }

    #[test]
    fn what_is_repeated_or_no_text_is_refused() {
        for (query, rule) in [("q=1&q=1", "must not be repeated"), ("q=%ff", "must be UTF-8")] {
            let refusal = single(query).unwrap_err();
            assert_eq!(refusal.fields, [kernel::FieldError::new("q", rule)]);
        }
        assert_eq!(single("other=%ff&q=1"), Ok(Some("1".to_owned())), "unknown ones are ignored");
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let text = "a b+c%&=#/?\"<>é\0日本\r\n~";
        assert_eq!(decoded(&encode(text)), text.as_bytes());
        assert!(encode(text).bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
