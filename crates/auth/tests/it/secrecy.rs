//! What the database must not know.

use crate::world::{PASSWORD, World, credentials, token_of};

/// Every text in every table of the context.
async fn every_text(world: &World) -> String {
    let mut all = String::new();
    for (table, column) in [
        ("identities", "email || ' ' || password_hash"),
        ("users", "email"),
        ("sessions", "token_hash"),
        ("flows", "request_url || ' ' || form"),
        ("outbox", "envelope"),
    ] {
        let rows = world.journal.query(format!("select {column} from {table}"), []);
        for row in rows.await.unwrap() {
            all.push_str(&row.get::<String>(0).unwrap());
            all.push('\n');
        }
    }
    all
}

#[tokio::test]
async fn neither_a_token_nor_a_password_is_stored() {
    let world = World::new().await;
    let token = world.signed_in().await;
    let refused = world.submit("login", credentials("ada@example.com", "wrong horse")).await;
    assert_eq!(refused.status, 400);
    let second = world.submit("login", credentials("ada@example.com", PASSWORD)).await;
    let stored = every_text(&world).await;
    let secrets = [token, token_of(&second), PASSWORD.to_owned(), "wrong horse".to_owned()];
    for secret in &secrets {
        assert!(!stored.contains(secret.trim_start_matches("ory_st_")), "{secret}");
    }
    assert!(stored.contains("$argon2id$v=19$m=8,t=1,p=1$"), "{stored}");
}

#[tokio::test]
async fn a_stored_digest_is_no_token() {
    let world = World::new().await;
    world.signed_in().await;
    let rows = world.journal.query("select token_hash from sessions", []).await.unwrap();
    let digest: String = rows[0].get(0).unwrap();
    assert_eq!(digest.len(), 64);
    assert_eq!(world.whoami(&digest).await.status, 401);
    assert_eq!(world.whoami(&format!("ory_st_{digest}")).await.status, 401);
}
