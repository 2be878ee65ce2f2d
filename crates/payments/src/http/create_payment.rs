//! `POST /api/payments`

use axum::extract::State;
use axum::response::Response;
use http_kit::body::text;
use http_kit::{Caller, Fields, Once, Post, idempotency};
use kernel::{FieldError, Kind, OrderId, PaymentId, Refusal};
use ory::rights::EditOrder;
use outbox::Answer;

use crate::domain::{CardToken, DeclineCode, Payment, PaymentError, PaymentState};
use crate::{Error, Payments};

pub(super) async fn create_payment(
    State(payments): State<Payments>,
    caller: Caller,
    post: Post,
) -> Result<Response, http_kit::Error> {
    let payer = caller.0.user_id;
    let (order_id, card) = parse(post.fields)?;
    let once = Once::new(&payments.journal, &*payments.clock, payer, post.key);
    let begin = async |remember| {
        let permit = super::permit_on_order::<EditOrder>(&payments, payer, order_id).await?;
        payments.create_payment(permit, card, remember).await
    };
    let outcome = async |id: PaymentId| answer(&payments.outcome_of(id).await?);
    once.begin(begin, outcome).await
}

fn parse(mut fields: Fields) -> Result<(OrderId, CardToken), Refusal> {
    let order_id = fields.required("orderId", text(OrderId::parse));
    let card = fields.required("token", text(CardToken::parse));
    fields.build(|| Some((order_id?, card?)))
}

/// A payment that failed or came too late is a refusal; any other state so far is an answer.
fn answer(payment: &Payment) -> Result<Answer, http_kit::Error> {
    match &payment.state {
        PaymentState::Failed { code } => Err(declined(code).into()),
        PaymentState::Voided { .. } => {
            Err(Error::Refused(payment.order_id, PaymentError::OrderCancelled).into())
        }
        PaymentState::Pending { .. }
        | PaymentState::Authorized { .. }
        | PaymentState::Captured { .. }
        | PaymentState::Refunded { .. } => Ok(idempotency::created(&payment.public())?),
    }
}

fn declined(code: &DeclineCode) -> Refusal {
    let detail = match code.as_str() {
        "insufficient_funds" => "The card was declined: there is not enough money on it.",
        "expired_card" => "The card was declined: it has expired.",
        "processing_error" => "The card gateway could not process the card. Try again.",
        "invalid_token" => "The card was declined: the card gateway doesn't know this token.",
        _ => "The card was declined.",
    };
    let refusal = Refusal::new(Kind::PaymentDeclined, "card-declined", detail);
    let fields = vec![FieldError::new("token", detail)];
    Refusal { fields, ..refusal }.with_detail("declineCode", code.as_str())
}
