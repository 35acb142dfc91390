//! Several nodes: three processes on one real Redis, and behind real load balancers.

mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod everywhere;
mod failover;
mod faults;
mod link;
mod load;
mod marker;
mod replicas;
mod start;
mod story;
mod visitor;

use common::{client, ends, manual, nodes, proxy, redis, signet};
