//! Counts requests: how many, how long they take, and why some are refused.

use std::{
    convert::Infallible,
    iter,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Instant,
};

use axum::{extract::Request, http::Method, response::Response};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Registry};
use tower::Service;

use super::{Metrics, add, opts};
use crate::{
    operations::Answer,
    web::{Notes, RequestRefusal, Route},
};

/// The limits of the histogram, in seconds. A page takes less than 100 µs, and has 10 s.
const BUCKETS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// The methods that have a label of their own. A method that no page knows may be any word.
const METHODS: [&str; 4] = ["GET", "HEAD", "POST", "other"];

/// The answers that an operator is told of. Their counters exist before they have counted anything.
const FAILURES: [(&str, &str); 4] = [
    ("GET", "500"),
    ("GET", "503"),
    ("POST", "500"),
    ("POST", "503"),
];

/// How many statuses there are, from 100 to 999.
const STATUSES: usize = 900;

/// The metrics of requests.
#[derive(Debug)]
pub(super) struct Requests {
    answered: IntCounterVec,
    /// The counters of `answered` that exist, by their labels. Finding one there would take as long as
    /// all other counting.
    counters: Box<[OnceLock<IntCounter>]>,
    /// One for each route, in the order of [`Route::ALL`].
    durations: Vec<Histogram>,
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
        let duration = add(registry, duration)?;
        let refused = opts(
            "requests_refused_total",
            "Requests that were refused before a page was called, and logouts that have to be confirmed.",
        );
        let requests = Self {
            answered: add(
                registry,
                IntCounterVec::new(answered, &["route", "method", "status"]),
            )?,
            counters: iter::repeat_with(OnceLock::new)
                .take(Route::ALL.len() * METHODS.len() * STATUSES)
                .collect(),
            durations: Route::ALL
                .map(|route| duration.with_label_values(&[route.as_str()]))
                .into(),
            refused: add(registry, IntCounterVec::new(refused, &["reason"]))?,
        };
        // So that each series begins with 0, and its first event counts as an increase.
        for route in Route::ALL {
            for (method, status) in FAILURES {
                let labels = [route.as_str(), method, status];
                requests.answered.with_label_values(&labels);
            }
        }
        for reason in RequestRefusal::ALL {
            requests.refused.with_label_values(&[reason.as_str()]);
        }
        Ok(requests)
    }

    /// Counts an answer. `method` is an index of [`METHODS`].
    fn count(&self, route: Route, method: usize, response: &Response, start: Instant) {
        let status = response.status();
        let place = (route as usize * METHODS.len() + method) * STATUSES;
        let counter = &self.counters[place + usize::from(status.as_u16()) - 100];
        let labels = [route.as_str(), METHODS[method], status.as_str()];
        counter
            .get_or_init(|| self.answered.with_label_values(&labels))
            .inc();
        self.durations[route as usize].observe(start.elapsed().as_secs_f64());
        if let Some(reason) = response
            .extensions()
            .get::<Notes>()
            .and_then(|it| it.refusal)
        {
            self.refused.with_label_values(&[reason.as_str()]).inc();
        }
    }
}

/// Passes requests on to a site, and counts them if there are metrics.
#[derive(Clone, Debug)]
pub struct Counted<S> {
    site: S,
    metrics: Option<Arc<Metrics>>,
}

impl<S> Counted<S> {
    /// Counts the requests to a site.
    #[must_use]
    pub fn new(site: S, metrics: Option<Arc<Metrics>>) -> Self {
        Self { site, metrics }
    }
}

impl<S> Service<Request> for Counted<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future = Answer>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.site.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Answer {
        let Some(metrics) = self.metrics.clone() else {
            return self.site.call(request);
        };
        let start = Instant::now();
        let route = Route::of(request.uri().path());
        let method = index(request.method());
        let answer = self.site.call(request);
        Box::pin(async move {
            let response = answer.await?;
            metrics.requests.count(route, method, &response, start);
            Ok(response)
        })
    }
}

/// Returns the index of a method in [`METHODS`].
fn index(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        _ => 3,
    }
}
