//! The listening socket, signals, shutdown.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    time::Duration,
};

use axum_server::{Handle, Server};
use tokio::net::TcpListener;

use crate::{
    config::Config,
    session::{EmbeddedStore, OpenError},
    web,
};

/// How long requests that are running when the server is told to stop may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// Why the server stopped before it was told to.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what their fields are")]
pub enum ServerError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another address with --listen (LISTEN)")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
    /// The session store cannot be opened.
    #[error("--state-dir (STATE_DIRECTORY): cannot open {path:?}: {source}")]
    Store { path: PathBuf, source: OpenError },
    /// The operating system failed us later.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

/// Runs the site until Ctrl-C or SIGTERM, then lets running requests finish.
///
/// Once it accepts connections it says so in one line on standard error: `listening on
/// http://127.0.0.1:5000`.
///
/// # Errors
///
/// When the store cannot be opened, the address cannot be bound or the signals cannot be awaited.
pub async fn run(config: Config) -> Result<(), ServerError> {
    // Before anybody can connect: it takes a moment when there is much in it.
    let path = config.store_file();
    let store = EmbeddedStore::open(&path).map_err(|source| ServerError::Store { path, source })?;
    let sessions = config.session_config(store);
    let address = config.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServerError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let app = web::router(sessions);

    // The signals are caught before anybody is told that we are ready, so that a supervisor that
    // stops us at that very moment is heard.
    let stop = stop_signal()?;
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.await;
            handle.graceful_shutdown(Some(GRACE));
        }
    });
    // Not `eprintln!`: it panics when nobody holds the other end of standard error.
    let _ = writeln!(io::stderr(), "listening on http://{address}");
    Server::<SocketAddr>::from_listener(listener)
        .handle(handle)
        // Browsers do not speak HTTP/2 in the clear, and a proxy in front need not.
        .http1_only()
        .serve(app.into_make_service())
        .await?;
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
