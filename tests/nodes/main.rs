//! Several nodes: three processes on one real Redis, and behind real load balancers.

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod load;
mod replicas;
mod start;
mod story;
mod visitor;

use common::{client, manual, nodes, proxy, redis, signet};
