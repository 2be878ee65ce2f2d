//! nginx and the servers as they really are.
#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod client;
mod nginx;
mod nginx_pages;
mod servers;
mod upstream;
