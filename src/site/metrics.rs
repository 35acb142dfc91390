//! Serves the metrics at an address of their own.

use std::{net::SocketAddr, sync::Arc};

use tokio::sync::watch;

use super::{SiteError, listen};
use crate::{
    config::Config,
    log::Log,
    operations::{Health, Metrics, Scrape},
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
) -> Result<Option<SocketAddr>, SiteError> {
    let (Some(address), Some(metrics)) = (config.metrics_listen, metrics) else {
        return Ok(None);
    };
    let listener = listen(address, "--metrics-listen (METRICS_LISTEN)")?;
    let address = listener.local_addr()?;
    let scrape = Scrape::new(metrics, Arc::clone(store), log.losses())?;
    let answers = Health::new(scrape, Arc::clone(store));
    let open = OpenConnections::default();
    tokio::spawn(server::serve(
        listener,
        move |_| answers.clone(),
        MAX_CONNECTIONS,
        open,
        stop,
    ));
    Ok(Some(address))
}
