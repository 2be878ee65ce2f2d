//! What has expired goes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::world::{EMAIL, PASSWORD, World, credentials};

/// Runs housekeeping once.
async fn housekeep(world: &World) {
    let mut commits = world.journal.commits();
    let stop = CancellationToken::new();
    let task = tokio::spawn(auth::housekeeping(world.auth.clone(), stop.clone()));
    tokio::time::timeout(Duration::from_secs(10), commits.changed()).await.unwrap().unwrap();
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn expired_sessions_and_flows_are_deleted() {
    let world = World::new().await;
    world.signed_in().await;
    world.start("login").await;
    world.advance(Duration::from_secs(24 * 3600));
    world.submit("login", credentials(EMAIL, PASSWORD)).await;
    let young = world.start("login").await;
    housekeep(&world).await;
    assert_eq!((world.count("sessions").await, world.count("flows").await), (1, 1));
    assert_eq!(world.count("identities").await, 1);
    let path = format!("/self-service/login/flows?id={young}");
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_flow_that_just_expired_still_says_so() {
    let world = World::new().await;
    let flow = world.start("login").await;
    let path = format!("/self-service/login/flows?id={flow}");
    world.advance(Duration::from_secs(3601));
    world.signed_in().await;
    world.advance(Duration::from_secs(3598));
    assert_eq!(world.get(&path).await.status, 410);
    world.advance(Duration::from_secs(1));
    housekeep(&world).await;
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test]
async fn it_stops_when_told() {
    let world = World::new().await;
    let stop = CancellationToken::new();
    stop.cancel();
    auth::housekeeping(world.auth.clone(), stop).await;
}
