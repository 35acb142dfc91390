//! Several nodes: three processes on one real Redis, and behind real load balancers.

#[path = "../common/mod.rs"]
mod common;
mod everywhere;
mod faults;
mod load;
mod replicas;
mod start;
mod story;
mod visitor;

use common::{client, ends, manual, nodes, proxy, redis, signet};
