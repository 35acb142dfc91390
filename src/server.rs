//! Serves a tower service over HTTP: listener, limits, deadlines, shutdown.

mod clock;
mod connection;
mod inherited;
mod listener;
mod refused_head;
mod signals;
#[cfg(unix)]
mod socket_file;

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{extract::Request, response::Response};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::sleep,
};
use tower::Service;

use crate::log::ONCE_A_MINUTE;

use self::listener::{Accepted, BACKLOG};
pub use self::{
    inherited::{InheritError, Inherited},
    listener::Listener,
    signals::{Hangups, stop_signals},
};

/// How long running requests may take to finish once the server is told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after a failed accept, usually for want of a file descriptor.
const PAUSE: Duration = Duration::from_millis(100);

/// Counts the connections that are open.
#[derive(Clone, Debug, Default)]
pub struct OpenConnections(Arc<AtomicUsize>);

impl OpenConnections {
    /// Returns how many there are at the moment.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a connection until the returned value is dropped.
    fn enter(&self) -> Entered {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(Arc::clone(&self.0))
    }
}

/// An open connection.
struct Entered(Arc<AtomicUsize>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves connections until the first stop signal. Then waits until all requests have finished, 10
/// seconds have passed, or a second signal comes.
///
/// `on_refused_head` is called when a client sends what is no head of a request, which no service sees.
pub async fn serve<S>(
    listener: Listener,
    site: S,
    max_connections: u32,
    open: OpenConnections,
    on_refused_head: impl Fn() + Clone + Send + 'static,
    mut signals: watch::Receiver<u32>,
) where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>,
    S: Clone + Send + Sync + 'static,
{
    let (stop_sender, stopping) = watch::channel(false);
    let connections = Connections {
        site,
        permits: Arc::new(Semaphore::new(max_connections as usize)),
        open,
        on_refused_head,
        stopping,
    };
    tokio::select! {
        () = connections.accept(&listener) => {}
        _ = signals.wait_for(|count| *count >= 1) => {}
    }
    stop_sender.send_replace(true);
    connections.accept_waiting(listener);
    tokio::select! {
        _ = connections.permits.acquire_many(max_connections) => {}
        () = sleep(SHUTDOWN_TIMEOUT) => tracing::warn!("not all requests finished in time"),
        _ = signals.wait_for(|count| *count >= 2) => {}
    }
}

/// The connections that are served, each in a task of its own.
struct Connections<S, F> {
    site: S,
    /// One permit for each connection. Without one, clients wait in the kernel's backlog, where they
    /// take no file descriptor.
    permits: Arc<Semaphore>,
    open: OpenConnections,
    on_refused_head: F,
    stopping: watch::Receiver<bool>,
}

impl<S, F> Connections<S, F>
where
    F: Fn() + Clone + Send + 'static,
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>,
    S: Clone + Send + Sync + 'static,
{
    /// Accepts connections as long as it is polled.
    async fn accept(&self, listener: &Listener) {
        while let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await {
            match listener.accept().await {
                Ok(accepted) => self.start(accepted, permit),
                // The client closed the connection before it was accepted.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(cause) => {
                    tracing::error!(target: ONCE_A_MINUTE, %cause, "cannot accept connections");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Accepts the connections that wait in the backlog, where clients may have sent requests
    /// already, and closes the listener.
    fn accept_waiting(&self, listener: Listener) {
        let Ok(mut waiting) = listener.into_waiting() else {
            return;
        };
        // No more than those: others may come as fast as they are accepted.
        for _ in 0..BACKLOG {
            if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned()
                && let Some(accepted) = waiting.next()
            {
                self.start(accepted, permit);
            } else {
                break;
            }
        }
    }

    fn start(&self, accepted: Accepted, permit: OwnedSemaphorePermit) {
        let peer = accepted.peer();
        match accepted {
            Accepted::Tcp(stream, _) => {
                // Answers are written in one piece, so Nagle's algorithm would only delay them.
                let _ = stream.set_nodelay(true);
                self.spawn(stream, peer, permit);
            }
            #[cfg(unix)]
            Accepted::Unix(stream) => self.spawn(stream, peer, permit),
        }
    }

    fn spawn(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
    ) {
        let serving = connection::serve(stream, peer, self.site.clone(), self.stopping.clone());
        let on_refused_head = self.on_refused_head.clone();
        let entered = self.open.enter();
        tokio::spawn(async move {
            if let Err(refused) = serving.await {
                // First, so that a reader of the log finds it counted.
                on_refused_head();
                refused.log(peer);
            }
            drop((permit, entered));
        });
    }
}

/// Raises the soft limit on open files to the hard limit, if it can. Returns the soft limit, or
/// `None` if there is none.
///
/// Each connection is an open file, and the usual soft limit of 1,024 is for programs that use
/// `select`.
#[must_use]
pub fn raise_file_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // A failure is not fatal: with fewer files, more connections have to wait.
        let _ = setrlimit(Resource::Nofile, limit);
        getrlimit(Resource::Nofile).current
    }
    #[cfg(not(unix))]
    None
}
