//! `/orders/{id}`: how much time is left, paying, cancelling, and what has happened.

use axum::extract::{Path, State};
use axum::response::Response;
use events::{CancelReason, Order, OrderStatus, Payment, PaymentStatus};
use kernel::OrderId;
use maud::{Markup, html};

use super::{failure, see_other};
use crate::Web;
use crate::api::{Api, Failed, Refused};
use crate::forms::Post;
use crate::parts::icon::{self, icon};
use crate::parts::layout::Page;
use crate::parts::{ONCE, cards, hidden, history, moment, note, once, state};
use crate::session::Visitor;

pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let Ok(id) = OrderId::parse(&id) else { return failure::not_found(&visitor) };
    failure::answer(&visitor, page(&web, &visitor, id).await)
}

/// An order, as this visitor sees it.
struct Shown<'a> {
    visitor: &'a Visitor,
    order: Order,
    /// Newest first.
    payments: Vec<Payment>,
    is_buyer: bool,
}

async fn page(web: &Web, visitor: &Visitor, id: OrderId) -> Result<Response, Failed> {
    let api = Api::new(web, visitor);
    let (order, payments, user) = tokio::join!(api.order(id), api.payments(id), api.user());
    let (order, user) = (order?, user?);
    // payments may hear of an order a moment later than orders itself
    let payments = payments.unwrap_or_default();
    let is_buyer = order.user_id == user.id;
    let shown = Shown { visitor, order, payments, is_buyer };
    let content = shown.content();
    Ok(Page::new(visitor, &*shown.order.ticket.title).fleeting().show(&content))
}

impl Shown<'_> {
    fn is_open(&self) -> bool {
        matches!(self.order.status, OrderStatus::Created | OrderStatus::AwaitingPayment)
    }

    /// Whether a card is being asked right now.
    fn is_paying(&self) -> bool {
        let under_way = [PaymentStatus::Pending, PaymentStatus::Authorized];
        self.payments.first().is_some_and(|payment| under_way.contains(&payment.status))
    }

    /// Whether the ticket is the buyer's and the bank is yet to be asked for the money it holds.
    /// No event tells when that is done.
    fn is_charging(&self) -> bool {
        let is_held = |payment: &Payment| payment.status == PaymentStatus::Authorized;
        self.order.status == OrderStatus::Complete && self.payments.iter().any(is_held)
    }

    fn content(&self) -> Markup {
        let (language, order) = (self.visitor.language, &self.order);
        let eyebrow = if self.is_buyer { "order-eyebrow" } else { "sale-eyebrow" };
        let (back, back_to) =
            if self.is_buyer { ("/orders", "back-to-orders") } else { ("/sales", "back-to-sales") };
        html! {
            div.order data-part="order" data-live-part data-live-order=(order.id)
                data-version=(order.version) data-unsettled[self.is_charging()] {
                article.big-ticket {
                    div.big-main {
                        p.eyebrow { (language.say(eyebrow)) }
                        h1 { (order.ticket.title) }
                        (state::order(language, order.status))
                        (self.told())
                    }
                    div.big-stub {
                        p.price.big { (language.price(order.ticket.price, order.ticket.currency)) }
                        p.hint { (language.say("ticket-in-full")) }
                        p { a href={ "/tickets/" (order.ticket.id) } {
                            (language.say("order-to-ticket"))
                        } }
                    }
                }
                @if self.is_open() && self.is_buyer { (self.to_do()) }
                (history::history(language, order, &self.payments))
            }
            p { a.back href=(back) { (language.say(back_to)) } }
        }
    }

    /// How it stands, in a sentence or two, and how much time is left.
    fn told(&self) -> Markup {
        let (language, order) = (self.visitor.language, &self.order);
        let key = match (order.status, order.cancel_reason, self.is_buyer) {
            (OrderStatus::Complete, _, true) if self.is_charging() => "told-charging",
            (OrderStatus::Complete, _, true) => "told-complete",
            (OrderStatus::Complete, _, false) => "told-sold",
            (OrderStatus::Cancelled, Some(CancelReason::Buyer), true) => "told-cancelled",
            (OrderStatus::Cancelled, Some(CancelReason::Buyer), false) => "told-given-back",
            (OrderStatus::Cancelled, Some(CancelReason::PaymentFailed), _) => "told-failed",
            (OrderStatus::Cancelled, ..) => "told-expired",
            (OrderStatus::Created | OrderStatus::AwaitingPayment, _, true) => "told-open",
            (OrderStatus::Created | OrderStatus::AwaitingPayment, _, false) => "told-held",
        };
        let is_gone = order.status == OrderStatus::Cancelled && self.is_buyer;
        html! {
            p.prose { (language.say(key)) }
            @if self.is_open() { (self.countdown()) }
            @if is_gone {
                p { a.button href={ "/tickets/" (order.ticket.id) } {
                    (language.say("order-look-again"))
                } }
            }
        }
    }

    /// The time that is left by the server's clock; the script counts it down by one that nobody
    /// can set.
    fn countdown(&self) -> Markup {
        let (language, until) = (self.visitor.language, self.order.expires_at);
        let left = until.until(self.visitor.now);
        let (minutes, seconds) = (left.as_secs() / 60, left.as_secs() % 60);
        html! {
            p.countdown data-left=(left.as_millis())
                data-warning=(language.say("countdown-warning"))
                data-over=(language.say("countdown-over")) {
                (icon(icon::HOURGLASS))
                span.countdown-clock aria-hidden="true" data-clock {
                    (minutes) ":" (format_args!("{seconds:02}"))
                }
                span { (moment::around(language, "countdown-until",
                    &moment::time_of_day(language, until))) }
            }
        }
    }

    fn to_do(&self) -> Markup {
        let (language, id) = (self.visitor.language, self.order.id);
        html! {
            section.pay aria-labelledby="pay" {
                h2 #pay { (language.say("pay-title")) }
                @if self.is_paying() {
                    p.paying role="status" {
                        span.spinner aria-hidden="true" {}
                        (language.say("pay-under-way"))
                    }
                    p { a.button.quiet href={ "/orders/" (id) } { (language.say("look-again")) } }
                } @else {
                    form method="post" action={ "/orders/" (id) "/pay" } data-once {
                        (hidden(self.visitor))
                        (once(&self.visitor.asks(ONCE)))
                        (cards::picker(language))
                        button.wide-button {
                            (language.fill("pay-button", &[("price", self.price().into())]))
                        }
                        p.hint { (language.say("pay-hint")) }
                    }
                }
                details.cancel {
                    summary { (language.say("cancel-summary")) }
                    form method="post" action={ "/orders/" (id) "/cancel" } data-once {
                        (hidden(self.visitor))
                        p { (language.say("cancel-lead")) }
                        button.danger { (language.say("cancel-button")) }
                    }
                }
            }
        }
    }

    fn price(&self) -> String {
        self.visitor.language.price(self.order.ticket.price, self.order.ticket.currency)
    }
}

/// `POST /orders/{id}/pay`
pub(crate) async fn pay(
    State(web): State<Web>,
    Path(id): Path<String>,
    Post { visitor, form }: Post,
) -> Response {
    let Ok(id) = OrderId::parse(&id) else { return failure::not_found(&visitor) };
    let here = format!("/orders/{id}");
    let Some(card) = form.typed("token") else {
        return see_other(&note::with(&here, "no-card"), []);
    };
    let failed = match Api::new(&web, &visitor).pay(id, card, form.get(ONCE)).await {
        // how it went on stands on the page
        Ok(_payment) => return see_other(&here, []),
        Err(failed) => failed,
    };
    let here = note::once_more(&here, &form, &failed);
    let code = match (&failed, failed.code()) {
        (Failed::SignedOut, _) => return see_other(&failure::sign_in_for(&here), []),
        (Failed::Refused(refused), "card-declined") => declined(refused),
        (_, "order-expired") => "too-late",
        (_, "order-cancelled") => over(Api::new(&web, &visitor).order(id).await.ok()),
        (_, "order-already-paid") => "already-paid",
        (_, "payment-in-progress") => "in-progress",
        (_, "validation") => "no-card",
        _ if failed.is_not_found() => return failure::not_found(&visitor),
        _ => failure::note_of(&failed),
    };
    see_other(&note::with(&here, code), [])
}

/// Who let the time run out is told so.
fn over(order: Option<Order>) -> &'static str {
    match order.and_then(|order| order.cancel_reason) {
        Some(CancelReason::Expired) => "too-late",
        _ => "order-cancelled",
    }
}

fn declined(refused: &Refused) -> &'static str {
    match refused.details.get("declineCode").map(String::as_str) {
        Some("insufficient_funds") => "declined-funds",
        Some("expired_card") => "declined-expired",
        Some("processing_error") => "declined-processing",
        _ => "declined",
    }
}

/// `POST /orders/{id}/cancel`
pub(crate) async fn cancel(
    State(web): State<Web>,
    Path(id): Path<String>,
    Post { visitor, .. }: Post,
) -> Response {
    let Ok(id) = OrderId::parse(&id) else { return failure::not_found(&visitor) };
    let here = format!("/orders/{id}");
    let failed = match Api::new(&web, &visitor).cancel(id).await {
        Ok(()) => return see_other(&note::with(&here, "cancelled"), []),
        Err(failed) => failed,
    };
    let code = match failed.code() {
        "order-complete" => "already-complete",
        _ if matches!(failed, Failed::SignedOut) => {
            return see_other(&failure::sign_in_for(&here), []);
        }
        _ if failed.is_not_found() => return failure::not_found(&visitor),
        _ => failure::note_of(&failed),
    };
    see_other(&note::with(&here, code), [])
}
