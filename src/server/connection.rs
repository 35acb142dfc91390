//! One connection: HTTP/1.1, and how long each part of it may take.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::Router;
use hyper::{
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    time::{Instant, Sleep, sleep_until},
};

/// The largest request line and headers, in bytes. (And 100 headers at most: hyper's own limit.)
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long a head may take, from its first byte, or from when the connection was opened.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request may take to be handled. The pages have shorter deadlines of their own; this is
/// for requests that are not even begun, because nobody takes the answer to the one before.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an answer may wait to be taken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept on which nothing happens.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// Serves requests on a connection until it is closed, takes too long, or the server stops.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    app: Router,
    mut stopping: watch::Receiver<bool>,
) {
    let clock = Arc::new(Clock::new());
    let app = TowerToHyperService::new(app);
    let service = service_fn(|request| {
        clock.enter(Phase::Handling);
        let answer = app.call(request);
        let clock = Arc::clone(&clock);
        async move {
            let answer = answer.await;
            clock.enter(Phase::Answering);
            answer
        }
    });
    let stream = ObservedStream {
        stream,
        clock: Arc::clone(&clock),
    };
    let connection = http1::Builder::new()
        .max_header_size(MAX_HEAD_BYTES)
        // Ours tell a head from a pause between two.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep_until(Instant::now() + HEADER_READ_TIMEOUT));
    // Polled after the connection each time that anything happens on it, and so with its latest
    // phase.
    let mut too_late = pin!(poll_fn(|cx| clock.poll_deadline(timer.as_mut(), cx)));
    tokio::select! {
        // The connection first, so that a request that has arrived counts as under way.
        biased;
        // Who hangs up, is too slow or speaks no HTTP is no news.
        _ = connection.as_mut() => return,
        () = too_late.as_mut() => return,
        _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
    }
    if matches!(clock.phase(), Phase::Head | Phase::Idle) {
        // No request is under way. hyper would wait for the rest of a head.
        return;
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        biased;
        _ = connection => {}
        () = too_late => {}
    }
}

/// What a connection is doing, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A head is expected, or is on its way.
    Head,
    /// A request is being handled.
    Handling,
    /// There is an answer, and it has not all been taken.
    Answering,
    /// All is said, until there is another request.
    Idle,
}

/// The phase of a connection, and since when.
struct Clock(Mutex<(Phase, Instant)>);

impl Clock {
    fn new() -> Self {
        Self(Mutex::new((Phase::Head, Instant::now())))
    }

    fn enter(&self, phase: Phase) {
        *self.lock() = (phase, Instant::now());
    }

    fn phase(&self) -> Phase {
        self.lock().0
    }

    /// When the phase must be over.
    fn deadline(&self) -> Instant {
        let (phase, since) = *self.lock();
        since
            + match phase {
                Phase::Head => HEADER_READ_TIMEOUT,
                Phase::Handling => REQUEST_TIMEOUT,
                Phase::Answering => WRITE_TIMEOUT,
                Phase::Idle => KEEP_ALIVE_TIMEOUT,
            }
    }

    /// Ready when the phase has taken too long; otherwise the task is woken when it will have.
    ///
    /// The timer is set for no later than that. Setting it anew for each request would cost more
    /// than to wake up early once in a while.
    fn poll_deadline(&self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Phase, Instant)> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that tells its clock when a head begins and when an answer has been taken.
struct ObservedStream<S> {
    stream: S,
    clock: Arc<Clock>,
}

impl<S: AsyncRead + Unpin> AsyncRead for ObservedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_read(cx, buf);
        if progress.is_ready() && self.clock.phase() == Phase::Idle {
            self.clock.enter(Phase::Head);
        }
        progress
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ObservedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all that there was to write is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_flush(cx);
        if progress.is_ready() && self.clock.phase() == Phase::Answering {
            self.clock.enter(Phase::Idle);
        }
        progress
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::sleep,
    };

    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// The visitor's end of a connection to a site whose page is longer than what is sent at once.
    fn connect() -> DuplexStream {
        let page = Bytes::from("x".repeat(2000));
        let app = Router::new().route("/", get(async || page));
        let (ours, theirs) = duplex(1000);
        let (never, stopping) = watch::channel(false);
        tokio::spawn(async move {
            serve(theirs, app, stopping).await;
            drop(never);
        });
        ours
    }

    /// How many seconds pass, without a word from us, until the connection is closed.
    async fn seconds_until_closed(mut stream: DuplexStream) -> u64 {
        let start = Instant::now();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        start.elapsed().as_secs()
    }

    async fn read_page(stream: &mut DuplexStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; 2000]) {
            let read = stream.read_buf(&mut answer).await.expect("an answer");
            assert_ne!(read, 0, "closed after {answer:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_10_seconds() {
        assert_eq!(seconds_until_closed(connect()).await, 10);
        let mut half = connect();
        half.write_all(b"GET / HTTP/1.1\r\n").await.expect("sent");
        assert_eq!(seconds_until_closed(half).await, 10);
        let mut slow = connect();
        for byte in "GET / HTTP/1.1\r\nx: ".bytes().take(9) {
            slow.write_all(&[byte]).await.expect("sent");
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(seconds_until_closed(slow).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_between_requests_may_last_a_minute_and_the_next_head_has_10_seconds_again() {
        let mut stream = connect();
        for pause in [0, 59, 30] {
            sleep(Duration::from_secs(pause)).await;
            stream.write_all(REQUEST.as_bytes()).await.expect("sent");
            read_page(&mut stream).await;
        }
        sleep(Duration::from_secs(20)).await;
        stream.write_all(b"GET / ").await.expect("sent");
        assert_eq!(seconds_until_closed(stream).await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_more_is_kept_for_a_minute() {
        for wait in [0, 5] {
            let mut stream = connect();
            sleep(Duration::from_secs(wait)).await;
            stream.write_all(REQUEST.as_bytes()).await.expect("sent");
            read_page(&mut stream).await;
            assert_eq!(seconds_until_closed(stream).await, 60);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_is_not_kept_for_long() {
        let chunked = "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                       1\r\na\r\n0\r\n\r\n";
        for (request, most) in [(REQUEST, 10), (chunked, 30)] {
            let mut stream = connect();
            let start = Instant::now();
            while stream.write_all(request.as_bytes()).await.is_ok() {}
            let seconds = start.elapsed().as_secs();
            assert!((10..=most).contains(&seconds), "{request:?}: {seconds}");
        }
    }
}
