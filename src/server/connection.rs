//! One connection: HTTP/1.1, and how long each part of it may take.

use std::{
    io,
    pin::Pin,
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
    net::TcpStream,
    sync::watch,
    time::{Instant, Sleep, sleep_until},
};

/// The largest request line and headers, in bytes. (And 100 headers at most: hyper's own limit.)
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How long a head may take, from its first byte, or from when the connection was opened.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How long an answer may wait to be taken.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection is kept on which nothing happens.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);

/// Serves requests on a connection until it is closed, takes too long, or the server stops.
pub(super) async fn serve(stream: TcpStream, app: Router, mut stopping: watch::Receiver<bool>) {
    // Answers go out in one piece, and nothing is gained from holding them back.
    let _ = stream.set_nodelay(true);
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
    let stream = TimedStream {
        stream,
        clock: Arc::clone(&clock),
        timer: None,
    };
    let connection = http1::Builder::new()
        .max_header_size(MAX_HEAD_BYTES)
        // Ours tell a head from a pause between two.
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Who hangs up, is too slow or speaks no HTTP is no news.
        _ = connection.as_mut() => return,
        _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
    }
    if matches!(clock.phase(), Phase::Head | Phase::Idle) {
        // No request is under way. hyper would wait for the rest of a head.
        return;
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// What a connection is doing, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A head is expected, or is on its way.
    Head,
    /// A request is being handled. The pages have deadlines of their own.
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
    fn deadline(&self) -> Option<Instant> {
        let (phase, since) = *self.lock();
        match phase {
            Phase::Head => Some(since + HEAD_DEADLINE),
            Phase::Handling => None,
            Phase::Answering => Some(since + ANSWER_DEADLINE),
            Phase::Idle => Some(since + IDLE_DEADLINE),
        }
    }

    fn lock(&self) -> MutexGuard<'_, (Phase, Instant)> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that fails once its phase has taken too long.
struct TimedStream {
    stream: TcpStream,
    clock: Arc<Clock>,
    /// Set for no later than the deadline. Setting it anew for each request would cost more than to
    /// wake up early once in a while.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimedStream {
    /// Ready when the phase has taken too long; otherwise the task is woken when it will have.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(deadline) = self.clock.deadline() else {
            return Poll::Pending;
        };
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            timer.as_mut().reset(deadline);
        }
    }

    /// What the stream says, or when it has nothing to say, what the clock does.
    fn or_deadline<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match progress {
            Poll::Pending => self.poll_deadline(cx).map(Err),
            progress @ Poll::Ready(_) => progress,
        }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_read(cx, buf);
        if progress.is_ready() && self.clock.phase() == Phase::Idle {
            self.clock.enter(Phase::Head);
        }
        self.or_deadline(cx, progress)
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.or_deadline(cx, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.or_deadline(cx, progress)
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
        self.or_deadline(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.or_deadline(cx, progress)
    }
}
