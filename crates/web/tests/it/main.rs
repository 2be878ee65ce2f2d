//! The pages in front of an exchange that answers what each test says: what they make of answers,
//! whom they believe, and what they send.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod accounts;
mod buying;
mod carried;
mod doubt;
mod finding;
mod forgery;
mod guarding;
mod live;
mod refusals;
mod selling;
mod world;
