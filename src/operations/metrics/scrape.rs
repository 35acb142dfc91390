//! `/metrics`: answers Prometheus.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use prometheus::{TEXT_FORMAT, TextEncoder};
use signet_session::Records;

use super::Metrics;
use crate::{log::Losses, operations::is_up};

/// The parts of the process that a scrape reads.
#[derive(Clone)]
struct Sources {
    metrics: Arc<Metrics>,
    store: Arc<dyn Records>,
    losses: Arc<Losses>,
}

/// Returns the route `/metrics`. Each answer says whether the store answers at that moment, and how
/// many lines the log has lost.
///
/// # Errors
///
/// Fails if the metrics have a gauge of records already.
pub fn scrape(
    metrics: Arc<Metrics>,
    store: Arc<dyn Records>,
    losses: Arc<Losses>,
) -> prometheus::Result<Router> {
    if store.count().is_some() {
        let records = Arc::clone(&store);
        metrics.add_gauge(
            "store_records",
            "Records of sessions in the store of this process.",
            move || records.count().unwrap_or_default(),
        )?;
    }
    Ok(Router::new()
        .route("/metrics", get(answer))
        .with_state(Sources {
            metrics,
            store,
            losses,
        }))
}

async fn answer(State(sources): State<Sources>) -> Response {
    match sources.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(cause) => {
            tracing::error!(%cause, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl Sources {
    async fn text(&self) -> prometheus::Result<String> {
        let is_up = is_up(&*self.store).await;
        self.metrics.store_up.set(is_up.into());
        let lost = self.losses.total();
        let counted = self.metrics.counted_losses.fetch_max(lost, Relaxed);
        let new = lost.saturating_sub(counted);
        self.metrics.log_lines_dropped.inc_by(new);
        TextEncoder::new().encode_to_string(&self.metrics.registry.gather())
    }
}
