//! `GET /api/payments/{id}`

use axum::Json;
use axum::extract::State;
use http_kit::{Caller, IdPath};
use kernel::PaymentId;
use ory::permit;
use ory::rights::ViewPayment;

use crate::{Error, Payments};

/// Shows a payment to its payer and to the ticket's seller.
#[utoipa::path(
    get,
    path = "/api/payments/{id}",
    tag = "payments",
    params(("id" = Uuid, Path, description = "The payment's id.")),
    responses(
        (status = 200, description = "The payment.", body = events::Payment),
        (status = 403, description = "`not-permitted`: it is somebody else's payment."),
        (status = 404, description = "`payment-not-found`: there is no such payment."),
    ),
)]
pub(super) async fn get_payment(
    State(payments): State<Payments>,
    caller: Caller,
    IdPath(id): IdPath<PaymentId>,
) -> Result<Json<events::Payment>, http_kit::Error> {
    let payment = payments.find_payment(id).await?;
    let permit = permit::<ViewPayment>(&*payments.permissions, caller.0.user_id, id).await;
    permit.map_err(Error::from)?;
    Ok(Json(payment.public()))
}
