//! The manual's configurations for proxies, run by the real proxies in front of the real program.

mod auth;
#[path = "../common/mod.rs"]
mod common;
mod conditions;
mod everywhere;
mod guarded;
mod headers;
mod http2;
mod loopback;
mod passwords;
mod restart;
mod story;

use common::{application, client, nodes, proxy, redis, signet};
