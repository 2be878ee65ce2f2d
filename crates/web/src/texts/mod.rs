//! What the pages say, in each language: messages of Fluent (<https://projectfluent.org>) by their
//! key. No text for people stands in code.

mod written;

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

const ENGLISH: &str = include_str!("en.ftl");
const GERMAN: &str = include_str!("de.ftl");

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> =
    LazyLock::new(|| [bundle(Language::English, ENGLISH), bundle(Language::German, GERMAN)]);

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The one with this tag, or with a tag of a region, such as `de-AT`.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The one that `Accept-Language` (RFC 9110, 12.5.4) likes best.
    pub(crate) fn accepted(header: &str) -> Self {
        let weighed = header.split(',').take(32).filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|text| text.parse().ok());
            let weight: f32 = weight.filter(|weight| *weight > 0.0)?;
            Some((Self::from_tag(tag)?, weight))
        });
        let best = weighed.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Self::English, |(language, _)| language)
    }

    /// The message `key`.
    pub(crate) fn say(self, key: &str) -> Cow<'static, str> {
        self.message(key, None)
    }

    /// The message `key` with its variables.
    pub(crate) fn fill(
        self,
        key: &str,
        values: &[(&'static str, FluentValue<'_>)],
    ) -> Cow<'static, str> {
        let args: FluentArgs = values.iter().cloned().collect();
        Cow::Owned(self.message(key, Some(&args)).into_owned())
    }

    fn message(self, key: &str, args: Option<&FluentArgs>) -> Cow<'static, str> {
        let bundle = &BUNDLES[self as usize];
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            // a test sees to it that there is none such
            return Cow::Owned(key.to_owned());
        };
        let mut faults = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut faults);
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text),
            Cow::Owned(text) => Cow::Owned(text),
        }
    }
}

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    // ours are well-formed; of another one the plurals would be nobody's
    let identifier: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // both languages run from left to right: no marks around what is filled in
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned());
    let resource = resource.unwrap_or_else(|(readable, _faults)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests;
