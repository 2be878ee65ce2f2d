//! The sandbox's cards, to choose from instead of typing one: each shows how a payment can end.

use maud::{Markup, html};

use crate::texts::Language;

/// The gateway's tokens, the digits that people see, and what each does.
const CARDS: [(&str, &str, &str); 6] = [
    ("tok_visa", "Visa ·· 4242", "card-good"),
    ("tok_mastercard", "Mastercard ·· 4444", "card-good"),
    ("tok_chargeDeclinedInsufficientFunds", "Visa ·· 9995", "card-funds"),
    ("tok_chargeDeclinedExpiredCard", "Visa ·· 0069", "card-expired"),
    ("tok_chargeDeclined", "Visa ·· 0002", "card-declined"),
    ("tok_sandboxTimeoutAfter", "Visa ·· 0341", "card-slow"),
];

pub(crate) fn picker(language: Language) -> Markup {
    html! {
        fieldset.cards {
            legend { (language.say("cards-legend")) }
            p.hint { (language.say("cards-hint")) }
            @for (index, (token, name, does)) in CARDS.into_iter().enumerate() {
                label.card {
                    input type="radio" name="token" value=(token) required checked[index == 0];
                    span.card-name { (name) }
                    span.card-does { (language.say(does)) }
                }
            }
        }
    }
}
