//! How long each part of a connection may take.

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

/// How long a head may take, from its first byte, or from when the connection was opened.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a request may take to be handled. The pages have shorter deadlines of their own; this is
/// for requests that are not even begun, because nobody takes the answer to the one before.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an answer may wait to be taken.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection is kept on which nothing happens.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(60);

/// What a connection is doing, which decides how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
///
/// A request may go through all phases in one go, and to tell the time takes longer than all else in
/// here. So it is noted when the deadline is first asked for after that, and the connection asks
/// each time that anything has happened on it.
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

    /// When the phase must be over.
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

    /// Ready when the phase has taken too long; otherwise the task is woken when it will have.
    ///
    /// The timer is set for no later than that. Setting it anew for each request would cost more
    /// than to wake up early once in a while.
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
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that tells its clock when a head begins and when an answer has been taken.
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
