//! Signet: log in, be greeted, log out.

// Not in Cargo.toml, because these are not for tests.
#![warn(unreachable_pub)]
#![cfg_attr(
    not(test),
    warn(clippy::expect_used, clippy::panic, clippy::unwrap_used)
)]

pub mod session;
pub mod web;
