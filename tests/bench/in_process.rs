//! The CPU time of a request. The router is called directly, without a socket.

use std::hint::black_box;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use rustix::time::{ClockId, clock_gettime};
use tower::Service as _;

use crate::sites::{Service, log_in_to, login_request, page_request};

/// What a visitor does in a request.
#[derive(Clone, Copy, Debug)]
pub enum Visit {
    LoggedOut,
    LoggedIn,
    Login,
    Logout,
}

impl Visit {
    pub const ALL: [Self; 4] = [Self::LoggedOut, Self::LoggedIn, Self::Login, Self::Logout];

    pub fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged out",
            Self::LoggedIn => "logged in",
            Self::Login => "login",
            Self::Logout => "logout",
        }
    }

    /// Measures the CPU time of one such request, in microseconds: that of all threads, without the
    /// time that it takes to make the request.
    pub async fn measure(self, site: &Service, cookie: &str) -> f64 {
        match self {
            Self::LoggedOut => cpu_time_of(site, 20_000, || page_request("/", "")).await,
            Self::LoggedIn => cpu_time_of(site, 20_000, || page_request("/", cookie)).await,
            Self::Login => cpu_time_of(site, 10_000, login_request).await,
            Self::Logout => {
                // Only 1,000, because each logout waits for the disk.
                let mut cookies = Vec::new();
                for _ in 0..1_000 {
                    cookies.push(log_in_to(site).await);
                }
                let mut cookies = cookies.iter();
                let next = || page_request("/logout", cookies.next().expect("a cookie"));
                cpu_time_of(site, 1_000, next).await
            }
        }
    }
}

/// Returns the mean CPU time of `count` requests, in microseconds.
pub async fn cpu_time_of(
    site: &Service,
    count: usize,
    mut next_request: impl FnMut() -> Request<Body>,
) -> f64 {
    // So few that they are still in the CPU's cache, like a request that has just been read.
    const AT_ONCE: usize = 50;
    let mut site = site.clone();
    let mut total = 0.0;
    for _ in 0..count / AT_ONCE {
        let requests: [_; AT_ONCE] = std::array::from_fn(|_| next_request());
        let start = cpu_time();
        for request in requests {
            let response = site.call(request).await.expect("an answer");
            let status = response.status();
            assert!(status.is_success() || status.is_redirection(), "{status}");
            let body = to_bytes(response.into_body(), usize::MAX).await;
            black_box(body.expect("a body"));
        }
        total += cpu_time() - start;
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of requests")]
    let count = count as f64;
    total / count
}

/// Returns the CPU time that this process has used, in microseconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds of this run")]
    let (seconds, nanos) = (time.tv_sec as f64, time.tv_nsec as f64);
    seconds * 1e6 + nanos / 1e3
}
