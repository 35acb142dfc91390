//! Counts requests: how many, how long they take, and why some are refused.

use std::{convert::Infallible, time::Instant};

use axum::{extract::Request, http::Method, response::Response};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Registry};
use tower::Service;

use super::{Metrics, add, opts};
use crate::web::{Notes, RequestRefusal, Route};

/// The limits of the histogram, in seconds. A page takes less than 100 µs, and has 10 s.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// The answers that an operator is told of. Their counters exist before they have counted anything.
const FAILURES: [(&str, &str); 4] = [
    ("GET", "500"),
    ("GET", "503"),
    ("POST", "500"),
    ("POST", "503"),
];

/// The reason for which a request is refused that no page and no step before it sees.
const REFUSED_HEAD: &str = "head";

/// The metrics of requests.
#[derive(Debug)]
pub(super) struct Requests {
    answered: IntCounterVec,
    durations: HistogramVec,
    refused: IntCounterVec,
}

impl Requests {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let answered = opts("http_requests_total", "Requests that were answered.");
        let duration = HistogramOpts::new(
            "http_request_duration_seconds",
            "Time from the head of a request to the answer, without sending that.",
        );
        let duration = HistogramVec::new(
            duration.namespace(super::PREFIX).buckets(BUCKETS.to_vec()),
            &["route"],
        );
        let refused = opts(
            "requests_refused_total",
            "Requests that were refused before a page was called, requests of other sites to guarded ones, and \
             logouts that have to be confirmed.",
        );
        let requests = Self {
            answered: add(
                registry,
                IntCounterVec::new(answered, &["route", "method", "status"]),
            )?,
            durations: add(registry, duration)?,
            refused: add(registry, IntCounterVec::new(refused, &["reason"]))?,
        };
        // So that each series begins with 0, and its first event counts as an increase.
        for route in Route::ALL {
            requests.durations.with_label_values(&[route.as_str()]);
            for (method, status) in FAILURES {
                let labels = [route.as_str(), method, status];
                requests.answered.with_label_values(&labels);
            }
        }
        for reason in RequestRefusal::ALL {
            requests.refused.with_label_values(&[reason.as_str()]);
        }
        requests.refused.with_label_values(&[REFUSED_HEAD]);
        Ok(requests)
    }

    /// Counts an answer.
    fn count(&self, route: Route, method: &str, response: &Response, start: Instant) {
        let (route, status) = (route.as_str(), response.status());
        let labels = [route, method, status.as_str()];
        self.answered.with_label_values(&labels).inc();
        let duration = self.durations.with_label_values(&[route]);
        duration.observe(start.elapsed().as_secs_f64());
        let notes = response.extensions().get::<Notes>();
        if let Some(reason) = notes.and_then(|it| it.refusal) {
            self.refused.with_label_values(&[reason.as_str()]).inc();
        }
    }
}

impl Metrics {
    /// Lets a site answer a request, and counts it.
    ///
    /// # Errors
    ///
    /// Never.
    pub async fn count_request(
        &self,
        request: Request,
        mut site: impl Service<Request, Response = Response, Error = Infallible>,
    ) -> Result<Response, Infallible> {
        let start = Instant::now();
        let route = Route::of(request.uri().path());
        let method = label(request.method());
        let response = site.call(request).await?;
        self.requests.count(route, method, &response, start);
        Ok(response)
    }

    /// Counts a request whose head was refused before a site saw it.
    pub fn count_refused_head(&self) {
        let refused = &self.requests.refused;
        refused.with_label_values(&[REFUSED_HEAD]).inc();
    }
}

/// Returns the label of a method. One that no page knows may be any word.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}
