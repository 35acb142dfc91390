//! Tests of the site in a real Chromium.

#[path = "../proxies/application.rs"]
mod application;
#[path = "../nodes/certificate.rs"]
mod certificate;
#[path = "../nodes/client.rs"]
#[expect(dead_code, reason = "here Chromium is the client")]
mod client;
mod guarded;
#[path = "../common/manual.rs"]
mod manual;
#[path = "../proxies/proxy.rs"]
#[expect(dead_code, reason = "the tests of the proxies need more of it")]
mod proxy;
#[path = "../nodes/redis.rs"]
#[expect(dead_code, reason = "only its choice of ports is needed")]
mod redis;
#[path = "../server/signet.rs"]
#[expect(
    dead_code,
    reason = "the other tests of the real program use the rest of it"
)]
mod signet;

mod chromium;
mod pages;
mod picture;
mod siblings;
mod story;
mod way_back;
mod words;
