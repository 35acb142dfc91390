//! Several nodes: three processes on one real Redis, and behind real load balancers.

mod certificate;
mod client;
mod faults;
mod load;
#[path = "../common/manual.rs"]
mod manual;
mod nodes;
#[path = "../proxies/proxy.rs"]
#[expect(dead_code, reason = "the tests of the proxies need more of it")]
mod proxy;
mod redis;
#[path = "../server/signet.rs"]
#[expect(dead_code, reason = "the tests of one process need more of it")]
mod signet;
mod start;
mod story;
mod visitor;
