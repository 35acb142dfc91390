//! Answers the questions of an operator's machines: load balancers, Prometheus and systemd.

pub mod control;
mod health;
pub mod healthcheck;
mod metrics;
pub mod systemd;

use tower_sessions::session::Id;

pub use self::{
    health::{is_probe, probes},
    metrics::{Measured, Metrics, scrape},
};
use signet_session::Records;

/// Returns whether a store answers. No session has the ID that is looked up, so only an error counts.
async fn is_up(store: &dyn Records) -> bool {
    store.get(Id::default()).await.is_ok()
}
