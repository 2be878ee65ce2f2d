//! The sandbox keeps a gateway's promises: keys are honoured, money moves once, a lost answer
//! changes nothing about what happened.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

use card_sandbox::CardSandbox;
use card_sandbox::books::ChargeStatus;
use card_sandbox::cards::Fault;
use card_sandbox::sandbox::Operation;
use kernel::{Currency, Money, PaymentId, SystemClock};
use outbox::Journal;
use payments::domain::{CardToken, DeclineCode};
use payments::gateway::{Abandoned, Authorize, CardGateway, GatewayError};
use testkit::{TestPlace, TestStore};

async fn sandbox() -> (CardSandbox, TestPlace) {
    let migrations = [outbox::MIGRATIONS, card_sandbox::MIGRATIONS].concat();
    let TestStore { store, place } = TestStore::on(testkit::engine(), &migrations).await;
    (CardSandbox::new(Journal::new(store), SystemClock::shared()), place)
}

fn request(token: &str) -> Authorize {
    let card = CardToken::parse(token).unwrap();
    Authorize { key: PaymentId::generate(), amount: Money::new(1999, Currency::Eur), card }
}

async fn status(sandbox: &CardSandbox, key: PaymentId) -> Option<ChargeStatus> {
    sandbox.books().by_key(key).await.unwrap().map(|charge| charge.status)
}

#[tokio::test]
async fn good_cards_pay_and_bad_ones_say_why() {
    let (sandbox, _place) = sandbox().await;
    for token in ["tok_visa", "tok_mastercard"] {
        sandbox.authorize(&request(token)).await.unwrap();
    }
    for (token, code) in [
        ("tok_chargeDeclined", "generic_decline"),
        ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("tok_chargeDeclinedExpiredCard", "expired_card"),
        ("tok_nobody", "invalid_token"),
    ] {
        let request = request(token);
        for _ in 0..2 {
            let error = sandbox.authorize(&request).await.unwrap_err();
            assert_eq!(error, GatewayError::Declined(DeclineCode::new(code)), "{token}");
        }
    }
}

#[tokio::test]
async fn the_same_key_holds_once_and_only_for_the_same_request() {
    let (sandbox, _place) = sandbox().await;
    let first = request("tok_visa");
    let (a, b) = tokio::join!(sandbox.authorize(&first), sandbox.authorize(&first));
    assert_eq!(a.unwrap(), b.unwrap());
    let other = Authorize { amount: Money::new(2000, Currency::Eur), ..first };
    assert!(matches!(sandbox.authorize(&other).await, Err(GatewayError::Refused(_))));
}

#[tokio::test]
async fn a_hold_is_taken_or_let_go_but_never_both() {
    let (sandbox, _place) = sandbox().await;
    let (taken, freed) = (request("tok_visa"), request("tok_visa"));
    let charge = sandbox.authorize(&taken).await.unwrap();
    for _ in 0..2 {
        sandbox.capture(&charge).await.unwrap();
    }
    assert!(matches!(sandbox.void(&charge).await, Err(GatewayError::Refused(_))));
    for _ in 0..2 {
        sandbox.refund(&charge).await.unwrap();
    }
    assert_eq!(status(&sandbox, taken.key).await, Some(ChargeStatus::Refunded));

    let charge = sandbox.authorize(&freed).await.unwrap();
    let (void, capture) = tokio::join!(sandbox.void(&charge), sandbox.capture(&charge));
    assert!(void.is_ok() != capture.is_ok(), "{void:?} {capture:?}");
}

#[tokio::test]
async fn a_key_that_was_given_up_never_holds() {
    let (sandbox, _place) = sandbox().await;
    let early = request("tok_visa");
    assert_eq!(sandbox.abandon(early.key).await.unwrap(), Abandoned::Nothing);
    assert_eq!(sandbox.authorize(&early).await, Err(GatewayError::GivenUp));

    let late = request("tok_visa");
    let charge = sandbox.authorize(&late).await.unwrap();
    assert_eq!(sandbox.abandon(late.key).await.unwrap(), Abandoned::Held(charge));
}

#[tokio::test]
async fn a_lost_answer_says_nothing_about_what_happened() {
    let (sandbox, _place) = sandbox().await;
    let (before, after) = (request("tok_visa"), request("tok_visa"));
    sandbox.fail_next(Operation::Authorize, Fault::Before);
    sandbox.fail_next(Operation::Authorize, Fault::After);
    for request in [&before, &after] {
        let error = sandbox.authorize(request).await.unwrap_err();
        assert!(matches!(error, GatewayError::NoAnswer(_)), "{error}");
    }
    assert_eq!(status(&sandbox, before.key).await, None);
    assert_eq!(status(&sandbox, after.key).await, Some(ChargeStatus::Authorized));
    for request in [&before, &after] {
        sandbox.authorize(request).await.unwrap();
    }
}

#[tokio::test]
async fn an_unreliable_card_fails_once_in_each_operation() {
    for token in ["tok_sandboxTimeoutBefore", "tok_sandboxTimeoutAfter"] {
        let (sandbox, _place) = sandbox().await;
        let request = request(token);
        assert!(sandbox.authorize(&request).await.is_err());
        let charge = sandbox.authorize(&request).await.unwrap();
        assert!(sandbox.capture(&charge).await.is_err());
        sandbox.capture(&charge).await.unwrap();
        assert_eq!(status(&sandbox, request.key).await, Some(ChargeStatus::Captured));
    }
}
