//! What a page says about what was just done. It comes by the query, as a code: what a link can
//! make a page say is one of these sentences and nothing else.

use maud::{Markup, html};

use super::{ONCE, icon};
use crate::api::Failed;
use crate::csrf;
use crate::forms::Form;
use crate::session::Visitor;
use crate::texts::Language;

/// How a sentence is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Neutral,
    Bad,
}

use Tone::{Bad, Good, Neutral};

/// Codes, how they are meant, what they say, and what there is to do next.
const NOTES: &[(&str, Tone, &str, &str)] = &[
    ("listed", Good, "note-listed", "note-listed-next"),
    ("listed-before", Neutral, "note-listed-before", "note-listed-before-next"),
    ("edited", Good, "note-edited", ""),
    ("withdrawn", Good, "note-withdrawn", "note-withdrawn-next"),
    ("welcome", Good, "note-welcome", "note-welcome-next"),
    ("signed-out", Neutral, "note-signed-out", ""),
    ("password-changed", Good, "note-password-changed", "note-password-changed-next"),
    ("session-revoked", Good, "note-session-revoked", ""),
    ("reserved", Good, "note-reserved", "note-reserved-next"),
    ("cancelled", Neutral, "note-cancelled", "note-cancelled-next"),
    ("lost-race", Bad, "note-lost-race", "note-lost-race-next"),
    ("yours-already", Neutral, "note-yours-already", ""),
    ("own-ticket", Bad, "note-own-ticket", ""),
    ("not-for-sale", Bad, "note-not-for-sale", "note-not-for-sale-next"),
    ("declined", Bad, "note-declined", "note-declined-next"),
    ("declined-funds", Bad, "note-declined-funds", "note-declined-next"),
    ("declined-expired", Bad, "note-declined-expired", "note-declined-next"),
    ("declined-processing", Bad, "note-declined-processing", "note-declined-processing-next"),
    ("too-late", Bad, "note-too-late", "note-too-late-next"),
    ("order-cancelled", Bad, "note-order-cancelled", "note-too-late-next"),
    ("already-paid", Neutral, "note-already-paid", ""),
    ("in-progress", Neutral, "note-in-progress", ""),
    ("already-complete", Neutral, "note-already-complete", ""),
    ("held", Bad, "note-held", "note-held-next"),
    ("signed-in-again", Neutral, "note-signed-in-again", "note-signed-in-again-next"),
    ("in-doubt", Bad, "note-in-doubt", "note-in-doubt-next"),
    ("away", Bad, "note-away", "note-away-next"),
    ("too-soon", Bad, "note-too-soon", "note-too-soon-next"),
    ("conflict", Bad, "note-conflict", "note-conflict-next"),
    ("outrun", Bad, "note-outrun", "note-outrun-next"),
    ("no-card", Bad, "note-no-card", ""),
];

/// The sentence that the visitor's address asks for.
pub(crate) fn asked_for(visitor: &Visitor) -> Option<Markup> {
    of(visitor.language, &visitor.asks("note"))
}

/// The sentence with this code.
pub(crate) fn of(language: Language, code: &str) -> Option<Markup> {
    let (_, tone, text, next) = NOTES.iter().find(|(known, ..)| *known == code)?;
    let next = Some(*next).filter(|next| !next.is_empty()).map(|next| language.say(next));
    Some(note(*tone, &language.say(text), next.as_deref()))
}

/// A sentence that is told at once.
pub(crate) fn note(tone: Tone, text: &str, next: Option<&str>) -> Markup {
    let (class, outline) = match tone {
        Good => ("note note-good", icon::CHECK),
        Neutral => ("note", icon::INFO),
        Bad => ("note note-bad", icon::WARN),
    };
    let role = if tone == Bad { "alert" } else { "status" };
    html! {
        div class=(class) role=(role) {
            (icon::icon(outline))
            p { strong { (text) } @if let Some(next) = next { " " (next) } }
        }
    }
}

/// `path` with a sentence.
pub(crate) fn with(path: &str, code: &str) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}note={code}")
}

/// `path`, where a form may be sent once more that has `failed`; with its key, unless that stands
/// for a refusal, so that what has worked after all isn't done twice.
pub(crate) fn once_more(path: &str, form: &Form, failed: &Failed) -> String {
    let key = form.get(ONCE);
    let is_kept = failed.may_pass() && csrf::is_once(key);
    if is_kept { format!("{path}?{ONCE}={key}") } else { path.to_owned() }
}
