//! The metrics of the site, in Prometheus' text format 0.0.4.
//!
//! No label has a value that a stranger chose, so there is a limit on how many time series there are.

mod logins;
#[cfg(target_os = "linux")]
mod process;
mod requests;
mod scrape;
mod sessions;
mod store;

use std::sync::atomic::AtomicU64;

use prometheus::{IntCounter, IntGauge, Opts, PullingGauge, Registry, core::Collector};

use self::requests::Requests;
pub use self::{scrape::scrape, store::Measured};

/// The beginning of every name, except those of the process.
const PREFIX: &str = "signet";

/// The metrics of one site.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    store_up: IntGauge,
    log_lines_dropped: IntCounter,
    /// The part of the losses of the log that `log_lines_dropped` contains.
    counted_losses: AtomicU64,
}

impl Metrics {
    /// Creates the metrics. All counters are 0.
    ///
    /// # Errors
    ///
    /// Fails if a name is malformed or occurs twice.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let build = opts(
            "build_info",
            "The version of Signet. The value is always 1.",
        )
        .const_label("version", env!("CARGO_PKG_VERSION"));
        add(&registry, IntGauge::with_opts(build))?.set(1);
        #[cfg(target_os = "linux")]
        registry.register(Box::new(process::Process::new()))?;
        let store_up = opts("store_up", "1 if the session store answers, or else 0.");
        let log_lines_dropped = opts(
            "log_lines_dropped_total",
            "Log lines that were not written, because standard error was not read in time or there \
             were too many lines of one kind.",
        );
        Ok(Self {
            requests: Requests::new(&registry)?,
            store_up: add(&registry, IntGauge::with_opts(store_up))?,
            log_lines_dropped: add(&registry, IntCounter::with_opts(log_lines_dropped))?,
            counted_losses: AtomicU64::new(0),
            registry,
        })
    }

    /// Adds a gauge of the connections that are open, which `count` returns.
    ///
    /// # Errors
    ///
    /// Fails if there is one already.
    pub fn observe_connections(
        &self,
        count: impl Fn() -> usize + Send + Sync + 'static,
    ) -> prometheus::Result<()> {
        self.add_gauge("connections_open", "Connections of clients.", count)
    }

    /// Adds a gauge whose value `read` returns.
    fn add_gauge(
        &self,
        name: &str,
        help: &str,
        read: impl Fn() -> usize + Send + Sync + 'static,
    ) -> prometheus::Result<()> {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let read = Box::new(move || read() as f64);
        add(
            &self.registry,
            PullingGauge::new(format!("{PREFIX}_{name}"), help, read),
        )?;
        Ok(())
    }
}

/// Returns the name and the help of a metric of ours.
fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(PREFIX)
}

/// Adds a metric to a registry, and returns it.
fn add<M: Collector + Clone + 'static>(
    registry: &Registry,
    metric: prometheus::Result<M>,
) -> prometheus::Result<M> {
    let metric = metric?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
