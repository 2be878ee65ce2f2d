//! nginx and the servers as they really are.

mod client;
mod nginx;
mod upstream;
