//! `/metrics`: answers Prometheus.

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use prometheus::{TEXT_FORMAT, TextEncoder};
use tower::Service;

use super::Metrics;
use crate::{
    log::Losses,
    operations::{Answer, is_up, method_not_allowed},
};
use signet_session::Records;

/// Answers GET and HEAD for `/metrics` to any host. All other paths are 404.
#[derive(Clone, Debug)]
pub struct Scrape {
    metrics: Arc<Metrics>,
    store: Arc<dyn Records>,
    losses: Arc<Losses>,
}

impl Scrape {
    /// Serves these metrics. Each answer says whether the store answers at that moment, and how many
    /// lines the log has lost.
    ///
    /// # Errors
    ///
    /// Fails if the metrics have a gauge of records already.
    pub fn new(
        metrics: Arc<Metrics>,
        store: Arc<dyn Records>,
        losses: Arc<Losses>,
    ) -> prometheus::Result<Self> {
        if store.count().is_some() {
            let records = Arc::clone(&store);
            metrics.add_gauge(
                "store_records",
                "Records of sessions in the store of this process.",
                move || records.count().unwrap_or_default(),
            )?;
        }
        Ok(Self {
            metrics,
            store,
            losses,
        })
    }

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

impl Service<Request> for Scrape {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        if request.uri().path() != "/metrics" {
            return Box::pin(ready(Ok(StatusCode::NOT_FOUND.into_response())));
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Box::pin(ready(Ok(method_not_allowed())));
        }
        let scrape = self.clone();
        Box::pin(async move {
            Ok(match scrape.text().await {
                Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
                Err(cause) => {
                    tracing::error!(%cause, "the metrics cannot be written");
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                }
            })
        })
    }
}
