//! `POST /api/payments`

use axum::extract::State;
use axum::response::Response;
use http_kit::body::text;
use http_kit::{Caller, Fields, Once, Post, idempotency};
use kernel::{FieldError, Kind, OrderId, PaymentId, Refusal};
use ory::rights::EditOrder;
use outbox::Answer;
use utoipa::ToSchema;

use crate::domain::{CardToken, DeclineCode, Payment, PaymentError, PaymentState};
use crate::{Error, Payments};

/// What to pay, with which card.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreatePaymentBody {
    /// The order.
    #[schema(schema_with = events::schema::id)]
    order_id: OrderId,
    /// What the card gateway gave for the card, such as `tok_visa`.
    #[schema(value_type = String, pattern = "^(tok|pm)_[A-Za-z0-9_]{1,100}$",
        example = "tok_visa")]
    token: CardToken,
}

/// Pays for an order by card.
///
/// The card is charged only if the order is completed by it, and at most once.
#[utoipa::path(
    post,
    path = "/api/payments",
    tag = "payments",
    request_body = CreatePaymentBody,
    responses(
        (status = 201, description = "The payment as it is so far.", body = events::Payment),
        (status = 400, description = "`order-cancelled`, `order-expired`: it is too late. \
            `order-already-paid`, `payment-in-progress`: once is enough. \
            `validation`: a field is wrong."),
        (status = 402, description = "`card-declined`: see `details.declineCode`. Another card \
            may be tried until the order expires."),
        (status = 403, description = "`not-permitted`: it is somebody else's order."),
        (status = 404, description = "`order-not-found`: there is no such order."),
    ),
)]
pub(super) async fn create_payment(
    State(payments): State<Payments>,
    caller: Caller,
    post: Post,
) -> Result<Response, http_kit::Error> {
    let payer = caller.0.user_id;
    let CreatePaymentBody { order_id, token } = parse(post.fields)?;
    let once = Once::new(&payments.journal, &*payments.clock, payer, post.key);
    let begin = async |remember| {
        let permit = super::permit_on_order::<EditOrder>(&payments, payer, order_id).await?;
        payments.create_payment(permit, token, remember).await
    };
    let outcome = async |id: PaymentId| answer(&payments.outcome_of(id).await?);
    once.begin(begin, outcome).await
}

fn parse(mut fields: Fields) -> Result<CreatePaymentBody, Refusal> {
    let order_id = fields.required("orderId", text(OrderId::parse));
    let token = fields.required("token", text(CardToken::parse));
    fields.build(|| Some(CreatePaymentBody { order_id: order_id?, token: token? }))
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
