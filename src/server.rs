//! The listening socket, signals, shutdown.

mod clock;
mod connection;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{Semaphore, watch},
    time::sleep,
};

use crate::{
    config::Config,
    public_url::Origins,
    session::{EmbeddedStore, OpenError},
    web::{self, Guard},
};

/// How long requests that are running when the server is told to stop may take to finish.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when there is no file descriptor for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How often to complain about that.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// How many connections the system may keep until we accept them. The usual 128 are soon too few:
/// who finds no place tries again a second later. The system has a limit of its own.
const BACKLOG: u32 = 4096;

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

/// Runs the site until Ctrl-C or SIGTERM, then lets running requests finish; a second signal ends
/// it at once.
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
    let address = config.listen;
    let listener = listen(address).map_err(|source| ServerError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let origins = Origins::new(config.public_url.as_ref(), address);
    let public_url = origins.public().to_owned();
    let mut site = web::site(config.session_config(store), origins);
    if config.access_log {
        site = site.with_access_log();
    }
    raise_file_limit();

    // The signals are caught before anybody is told that we are ready, so that a supervisor that
    // stops us at that very moment is heard.
    let stop = stop_signals()?;
    // Not `eprintln!`: it panics when nobody holds the other end of standard error.
    let _ = writeln!(io::stderr(), "listening on http://{address}");
    tracing::info!(
        %public_url,
        sessions = %config.data_in,
        idle = %seconds(config.lifetimes.idle),
        lifetime = %seconds(config.lifetimes.lifetime),
        state_dir = ?config.state_dir.path(),
        keys = 1 + config.keys.fallbacks.len(),
        max_connections = config.max_connections,
        "started"
    );
    serve(listener, site, config.max_connections, stop).await;
    tracing::info!("stopped");
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // On Unix this lets a restart take over the address from connections that are still closing.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves connections until the number of stop signals is 1, then lets requests finish until they
/// have, have had their time, or the number is 2.
async fn serve(
    listener: TcpListener,
    site: Guard,
    max_connections: u32,
    mut stop: watch::Receiver<u32>,
) {
    // Each connection has a permit. Who finds none waits outside, where it takes no file descriptor.
    let permits = Arc::new(Semaphore::new(max_connections as usize));
    let (is_stopping, stopping) = watch::channel(false);
    let accepting = async {
        let mut complained: Option<Instant> = None;
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Answers go out in one piece, and nothing is gained from holding them back.
                    let _ = stream.set_nodelay(true);
                    let serving = connection::serve(stream, site.clone(), stopping.clone());
                    tokio::spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                // The one that would have come has gone again.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(cause) => {
                    if complained.is_none_or(|at| at.elapsed() > COMPLAINTS) {
                        tracing::error!(%cause, "cannot accept connections");
                        complained = Some(Instant::now());
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stop.wait_for(|signals| *signals >= 1) => {}
    }
    drop(listener);
    is_stopping.send_replace(true);
    tokio::select! {
        _ = permits.acquire_many(max_connections) => {}
        () = sleep(SHUTDOWN_TIMEOUT) => tracing::warn!("not all requests finished in time"),
        _ = stop.wait_for(|signals| *signals >= 2) => {}
    }
}

fn seconds(duration: time::Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration.unsigned_abs())
}

/// Lets as many files be open as the system allows us to ask for. Each connection is one, and the
/// usual limit of 1,024 is for programs that use `select`.
fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Not worth stopping for: with fewer, more connections have to wait.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Counts the signals to stop.
#[cfg(unix)]
fn stop_signals() -> io::Result<watch::Receiver<u32>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let (count, signals) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(signals)
}

/// Counts the signals to stop.
#[cfg(not(unix))]
fn stop_signals() -> io::Result<watch::Receiver<u32>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let (count, signals) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            interrupt.recv().await;
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(signals)
}
