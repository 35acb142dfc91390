//! Several nodes: three processes on one real Redis, and behind real load balancers.

mod balancer;
mod client;
mod faults;
mod load;
mod nodes;
mod redis;
#[path = "../server/signet.rs"]
#[expect(dead_code, reason = "the tests of one process need more of it")]
mod signet;
mod start;
mod story;
mod visitor;
