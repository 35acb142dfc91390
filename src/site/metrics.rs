//! Serves the metrics at an address of their own.

use std::sync::Arc;

use tokio::sync::watch;

use super::{SiteError, listen};
use crate::{
    config::Config,
    listen_address::ListenAddress,
    log::Log,
    operations::{Metrics, probes, scrape},
    server::{self, OpenConnections},
};
use signet_session::Records;

/// How many connections are served at once. One Prometheus needs one.
const MAX_CONNECTIONS: u32 = 64;

/// Binds the address for metrics, and answers there until the first stop signal. Returns the address.
///
/// # Errors
///
/// When the address cannot be bound.
pub(super) fn serve(
    config: &Config,
    metrics: Option<Arc<Metrics>>,
    store: &Arc<dyn Records>,
    log: &Log,
    stop: watch::Receiver<u32>,
) -> Result<Option<ListenAddress>, SiteError> {
    let (Some(address), Some(metrics)) = (config.metrics_listen, metrics) else {
        return Ok(None);
    };
    let address = ListenAddress::Tcp(address);
    let listener = listen(&address, "--metrics-listen (METRICS_LISTEN)")?;
    let address = listener.address().clone();
    let scrape = scrape(metrics, Arc::clone(store), log.losses())?;
    let open = OpenConnections::default();
    tokio::spawn(server::serve(
        listener,
        scrape.merge(probes(Arc::clone(store))),
        MAX_CONNECTIONS,
        open,
        || {},
        stop,
    ));
    Ok(Some(address))
}
