//! Where servers and services are: URLs, each with its rule.

use std::fmt;
use std::str::FromStr;

use kernel::WebOrigin;

/// What a database is called when its URL names none; the contexts' own are named after it.
const PREFIX: &str = "ticketing";

/// Where a service is: `http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// As text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A service's address breaks its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be base URLs such as http://10.0.0.1:8080, without a path or a password; services \
     speak plain HTTP among themselves"
)]
pub struct NoServiceUrl;

impl FromStr for ServiceUrl {
    type Err = NoServiceUrl;

    fn from_str(text: &str) -> Result<Self, NoServiceUrl> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let host = text.strip_prefix("http://").ok_or(NoServiceUrl)?;
        let is_plain = !host.contains(['@', '/', '?', '#', ' ']);
        let is_url = is_plain && WebOrigin::of_url(text).is_ok();
        is_url.then(|| Self(text.to_owned())).ok_or(NoServiceUrl)
    }
}

/// `url` with the name of its database prolonged.
pub(crate) fn with_ending(url: &str, ending: &str) -> String {
    let (place, options) = match url.split_once('?') {
        Some((place, options)) => (place, format!("?{options}")),
        None => (url, String::new()),
    };
    let authority = place.find("://").map_or(0, |at| at + "://".len());
    match place[authority..].split_once('/') {
        Some((_, name)) if !name.is_empty() => format!("{place}{ending}{options}"),
        Some(_) => format!("{place}{PREFIX}{ending}{options}"),
        None => format!("{place}/{PREFIX}{ending}{options}"),
    }
}

/// Whether `text` begins with one of `schemes` and names a host. What else is wrong with it, who
/// connects finds out.
fn names_a_host(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let authority = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let host = authority.map(|it| it.rsplit_once('@').map_or(it, |(_, host)| host));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with(':'))
        && !text.contains(char::is_whitespace)
}

pub(crate) fn parse_postgres(text: &str) -> Result<String, &'static str> {
    let rule = "must begin with postgres:// and name a host, and a database of letters, digits \
                and _ of at most 40 characters";
    let place = text.split('?').next().unwrap_or_default();
    let name = place.splitn(4, '/').nth(3).unwrap_or_default();
    // the longest ending has 13, and PostgreSQL cuts names at 63
    let is_name = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_url = names_a_host(text, &["postgres://", "postgresql://"]);
    if is_url && is_name { Ok(text.to_owned()) } else { Err(rule) }
}

pub(crate) fn parse_amqp(text: &str) -> Result<String, &'static str> {
    if text.starts_with("amqps://") {
        return Err("must begin with amqp://: let a proxy on this machine speak TLS to the broker");
    }
    let rule = "must begin with amqp:// and name a host";
    if names_a_host(text, &["amqp://"]) { Ok(text.to_owned()) } else { Err(rule) }
}

pub(crate) fn parse_redis(text: &str) -> Result<String, &'static str> {
    let rule = "must begin with redis:// and name a host";
    if names_a_host(text, &["redis://"]) { Ok(text.to_owned()) } else { Err(rule) }
}

pub(crate) fn parse_prefix(text: &str) -> Result<String, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || ":-_.".contains(c);
    let is_prefix = !text.is_empty() && text.len() <= 64 && text.chars().all(fits);
    if is_prefix {
        Ok(text.to_owned())
    } else {
        Err("must be 1 to 64 letters, digits and any of :-_.")
    }
}
