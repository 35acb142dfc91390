//! The deadlines of a connection.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

/// How long a head may take: the first from the start of the connection, the next ones from their
/// first byte.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request may take to be handled. A safeguard: the pages have shorter deadlines.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an answer may take to be sent.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// What a connection is doing. Each phase has its own timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A head is expected, or has arrived in part.
    Head,
    /// A request is being handled.
    Handling,
    /// An answer is being sent.
    Answering,
    /// The answer was sent, and no further request has arrived.
    Idle,
}

/// The phase of a connection, and when it began.
///
/// A request may pass through all phases in one poll of the connection, and reading the system's
/// clock costs more than the rest of this module. So the time is not read when a phase is entered,
/// but when the deadline is first asked for, which is after that poll.
pub(super) struct Clock(Mutex<(Phase, Option<Instant>)>);

impl Clock {
    pub(super) fn new() -> Self {
        Self(Mutex::new((Phase::Head, None)))
    }

    pub(super) fn enter(&self, phase: Phase) {
        *self.lock() = (phase, None);
    }

    pub(super) fn phase(&self) -> Phase {
        self.lock().0
    }

    /// Returns when the phase must be over.
    pub(super) fn deadline(&self) -> Instant {
        let (phase, since) = &mut *self.lock();
        *since.get_or_insert_with(Instant::now)
            + match phase {
                Phase::Head => HEADER_READ_TIMEOUT,
                Phase::Handling => REQUEST_TIMEOUT,
                Phase::Answering => WRITE_TIMEOUT,
                Phase::Idle => KEEP_ALIVE_TIMEOUT,
            }
    }

    /// Returns `Ready` once the deadline has passed. Otherwise the task is woken at the deadline.
    ///
    /// The timer may go off too early, and is then set again. This costs less than to set it for
    /// each request.
    pub(super) fn poll_deadline(
        &self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
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

    fn lock(&self) -> MutexGuard<'_, (Phase, Option<Instant>)> {
        // Nothing panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that tells its connection's clock when a head begins and when an answer was sent.
pub(super) struct ObservedStream<S> {
    stream: S,
    clock: Arc<Clock>,
}

impl<S> ObservedStream<S> {
    pub(super) fn new(stream: S, clock: Arc<Clock>) -> Self {
        Self { stream, clock }
    }
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

    /// hyper calls this after it has written all that it had to write.
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
