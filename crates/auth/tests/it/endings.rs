//! Others keep what they know of sessions: they hear of each end before it is stored, and once it
//! is.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Method, Request};
use kernel::IdentityId;
use ory::{SessionEndings, Sessions};

use crate::world::{EMAIL, PASSWORD, World, credentials, token_of};

/// Looks, at each word, whether the session is live.
struct Others {
    sessions: Arc<dyn Sessions>,
    token: String,
    heard: Mutex<Vec<(&'static str, bool, IdentityId)>>,
}

impl Others {
    async fn hear(&self, word: &'static str, of: IdentityId) {
        let is_live = self.sessions.whoami(&self.token).await.unwrap().is_some();
        self.heard.lock().unwrap().push((word, is_live, of));
    }
}

#[async_trait]
impl SessionEndings for Others {
    async fn begin(&self, of: IdentityId) -> String {
        self.hear("begin", of).await;
        "its name".to_owned()
    }

    async fn finish(&self, of: IdentityId, ending: String) {
        assert_eq!(ending, "its name");
        self.hear("finish", of).await;
    }
}

/// The session of the second device ends: by itself, or by the first device.
async fn heard(by_itself: bool) {
    let world = World::new().await;
    let here = world.signed_in().await;
    let there = token_of(&world.submit("login", credentials(EMAIL, PASSWORD)).await);
    let sessions = world.auth.sessions();
    let of = sessions.whoami(&there).await.unwrap().unwrap().identity_id;
    let (token, heard) = (there.clone(), Mutex::default());
    let others = Arc::new(Others { sessions, token, heard });
    world.auth.tell_endings(others.clone());
    if by_itself {
        world.sign_out(&there).await;
    } else {
        let request = Request::builder().method(Method::DELETE).uri("/sessions");
        let request = request.header("x-session-token", &here);
        world.send(request.body(Body::empty()).unwrap()).await;
    }
    assert_eq!(*others.heard.lock().unwrap(), [("begin", true, of), ("finish", false, of)]);
}

#[tokio::test]
async fn others_hear_of_an_end_before_and_after_it_is_stored() {
    heard(true).await;
    heard(false).await;
}
