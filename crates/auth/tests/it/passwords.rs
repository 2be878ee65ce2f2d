//! Passwords that anybody would guess.

use serde_json::json;

use crate::world::{World, field_messages, node, registration};

#[tokio::test]
async fn a_common_password_is_refused_and_says_why() {
    let world = World::new().await;
    let text = "The password can not be used because it is among the first that anybody would \
                guess.";
    let expected = json!([{
        "id": 4_000_005,
        "text": text,
        "type": "error",
        "context": { "reason": "it is among the first that anybody would guess" },
    }]);
    for common in ["password", "PassW0rd", "qwertyuiop", "12345678", "ｉｌｏｖｅｙｏｕ"] {
        let reply = world.submit("registration", registration("a@example.com", common)).await;
        assert_eq!(reply.status, 400);
        assert_eq!(node(&reply, "password")["messages"], expected, "{common}");
        let attributes = &node(&reply, "password")["attributes"];
        assert_eq!(attributes.get("value"), None, "a password is not handed back");
    }
    assert_eq!(world.count("identities").await, 0);
}

#[tokio::test]
async fn a_password_like_the_address_is_refused_and_says_why() {
    let world = World::new().await;
    let expected = json!([{
        "id": 4_000_031,
        "text": "The password can not be used because it is too similar to the identifier.",
        "type": "error",
    }]);
    let email = "ada.lovelace@example.com";
    for similar in ["ada.lovelace@example.com", "ADA.LOVELACE", "lovelace1815", "example.com1"] {
        let reply = world.submit("registration", registration(email, similar)).await;
        assert_eq!((reply.status, &node(&reply, "password")["messages"]), (400, &expected));
    }
}

/// The policy judges by the address as it was typed; without one it judges what it can.
#[tokio::test]
async fn every_fault_is_told_at_once() {
    let world = World::new().await;
    let reply = world.submit("registration", registration("ada@", "password")).await;
    assert_eq!(field_messages(&reply, "traits.email"), [4_000_001]);
    assert_eq!(field_messages(&reply, "password"), [4_000_005]);
}

/// Texts that are slow to count the guesses of are long; long ones aren't counted.
#[tokio::test]
async fn odd_passwords_are_judged_and_taken() {
    let world = World::new().await;
    for (number, odd) in [
        "4@8({[<369&#!1/|\\0$5+7%2".repeat(5),
        "\u{0}\u{1}\u{2}\u{3}\u{fffd}\u{10ffff}\u{7f}\u{80}".to_owned(),
        "ﷺﷺﷺﷺﷺﷺ one word is many".to_owned(),
        "e\u{301}a\u{300}u\u{308}n\u{303}o\u{302}c\u{327}y\u{301}k\u{30c}".to_owned(),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("odd{number}@example.org");
        let reply = world.submit("registration", registration(&email, &odd)).await;
        assert_eq!(reply.status, 200, "{odd}: {reply:?}");
    }
}
