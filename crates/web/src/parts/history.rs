//! What has happened to an order, and why.

use events::{CancelReason, Order, OrderStatus, Payment, PaymentStatus};
use kernel::{PaymentId, Timestamp};
use maud::{Markup, html};

use super::moment;
use crate::texts::Language;

/// A step: its class, what it says, and when it was, as far as that is known.
type Step = (&'static str, &'static str, Option<Timestamp>);

pub(crate) fn history(language: Language, order: &Order, payments: &[Payment]) -> Markup {
    html! {
        section.history aria-labelledby="history" {
            h2 #history { (language.say("history-title")) }
            ol {
                @for (class, key, at) in steps(order, payments) {
                    li class=(class) {
                        span { (language.say(key)) }
                        @if let Some(at) = at { " " (moment::instant(language, at)) }
                    }
                }
            }
        }
    }
}

fn steps(order: &Order, payments: &[Payment]) -> Vec<Step> {
    let mut steps = vec![("step", "step-created", Some(order.created_at))];
    for payment in payments.iter().rev() {
        steps.push(("step", "step-payment", started(payment.id)));
        let outcome = match payment.status {
            PaymentStatus::Pending => None,
            PaymentStatus::Authorized if order.status == OrderStatus::Complete => {
                Some(("step", "step-charging"))
            }
            PaymentStatus::Authorized => Some(("step", "step-authorized")),
            PaymentStatus::Captured => Some(("step step-good", "step-captured")),
            PaymentStatus::Voided => Some(("step", "step-voided")),
            PaymentStatus::Failed => Some(("step step-bad", "step-failed")),
            PaymentStatus::Refunded => Some(("step", "step-refunded")),
        };
        steps.extend(outcome.map(|(class, key)| (class, key, None)));
    }
    let ended = order.changed_at();
    match (order.status, order.cancel_reason) {
        (OrderStatus::Complete, _) => steps.push(("step step-good", "step-complete", ended)),
        (OrderStatus::Cancelled, Some(CancelReason::Buyer)) => {
            steps.push(("step step-bad", "step-cancelled", ended));
        }
        (OrderStatus::Cancelled, Some(CancelReason::PaymentFailed)) => {
            steps.push(("step step-bad", "step-payment-failed", ended));
        }
        (OrderStatus::Cancelled, _) => {
            steps.push(("step step-bad", "step-expired", Some(order.expires_at)));
        }
        (OrderStatus::Created | OrderStatus::AwaitingPayment, _) => {
            steps.push(("step step-next", "step-until", Some(order.expires_at)));
        }
    }
    steps
}

/// When a payment was begun: its id says so (UUIDv7, RFC 9562, section 5.7).
fn started(id: PaymentId) -> Option<Timestamp> {
    let (seconds, nanos) = id.as_uuid().get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Some(Timestamp::from_micros(micros + i64::from(nanos / 1000)))
}
