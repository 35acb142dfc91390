//! The manual's configurations for proxies, run by the real proxies in front of the real program.

mod application;
mod auth;
#[path = "../nodes/certificate.rs"]
mod certificate;
#[path = "../nodes/client.rs"]
#[expect(dead_code, reason = "the tests of several nodes need more of it")]
mod client;
mod guarded;
mod headers;
mod http2;
#[path = "../common/manual.rs"]
mod manual;
#[path = "../nodes/nodes.rs"]
#[expect(dead_code, reason = "the tests of several nodes need more of it")]
mod nodes;
mod passwords;
mod proxy;
#[path = "../nodes/redis.rs"]
#[expect(dead_code, reason = "the tests of several nodes need more of it")]
mod redis;
mod restart;
#[path = "../server/signet.rs"]
#[expect(dead_code, reason = "the tests of one process need more of it")]
mod signet;
mod story;
