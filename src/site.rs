//! Turns a configuration into a running site.

mod control;
mod metrics;
mod store;
mod users;
mod visitors;

use std::{io, path::PathBuf, sync::Arc};

pub use self::store::{check_store_file, session_config};
use crate::{
    config::{Config, ConfigError, show_duration},
    listen_address::ListenAddress,
    log::Log,
    operations::{Metrics, probes, systemd},
    public_url::Origins,
    server::{self, Hangups, InheritError, Inherited, Listener, OpenConnections},
    users::Users,
    web::{Accounts, App},
};
use signet_session::{OpenError, SessionConfig, UnsafePolicy};

/// How many open files are not connections, with room to spare.
const OTHER_FILES: u64 = 32;

/// Why the site did not start, or stopped before it was told to.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum SiteError {
    /// The configuration or the state directory is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another address with {setting}")]
    Listen {
        address: ListenAddress,
        setting: &'static str,
        source: io::Error,
    },
    /// The socket that the site was given cannot be used.
    #[error(transparent)]
    Inherit(#[from] InheritError),
    /// The metrics cannot be set up.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The store cannot be opened, or another process uses it.
    #[error("--state-dir (STATE_DIRECTORY): cannot open {path:?}: {source}")]
    Store { path: PathBuf, source: OpenError },
    /// The server of the store removes records to make room for others.
    #[error("--store (STORE_URL): {0}")]
    Policy(#[from] UnsafePolicy),
    /// Another call to the operating system failed.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

/// Runs the site until SIGTERM, Ctrl-C or SIGHUP, and then lets running requests finish. A second
/// signal ends it at once. If there is a users file, SIGHUP instead lets the site read it again. The
/// caller has caught SIGHUP before all else: it must not end a site that is only about to start.
///
/// Listens on a socket that was inherited, if there is one. Logs one line once clients can connect:
/// `listening on http://127.0.0.1:5000`. Tells systemd then, and when the site begins to stop.
///
/// # Errors
///
/// When the store or the state directory cannot be used, the address cannot be bound or the signals
/// cannot be caught.
pub async fn run(
    config: Config,
    log: &Log,
    hangups: Hangups,
    inherited: Option<Inherited>,
) -> Result<(), SiteError> {
    catch_file_size_signal()?;
    let metrics = config.metrics_listen.map(|_| Metrics::new()).transpose()?;
    let metrics = metrics.map(Arc::new);
    let opened = store::open(&config, metrics.as_deref()).await?;
    let (users, users_warnings) = users::open(&config, &opened.keys, metrics.as_deref())?;
    let sessions = opened.sessions;
    let listener = match inherited {
        Some(socket) => Listener::inherit(socket)?,
        None => listen(&config.listen, "--listen (LISTEN)")?,
    };
    let address = listener.address().clone();
    let origins = origins(&config, &address)?;
    let public_url = origins.public().to_owned();
    let (keys, store) = (sessions.key_count(), sessions.store());
    let site = build_pages(&config, sessions, origins, users.clone());
    let files_warning = raise_file_limit(config.max_connections)
        .into_iter()
        .collect();
    let found = [opened.warnings, users_warnings, files_warning].concat();
    let open = OpenConnections::default();
    if let Some(metrics) = &metrics {
        let open = open.clone();
        metrics.observe_connections(move || open.count())?;
    }

    // Signals are caught before the log says that the site is ready, because a supervisor may stop
    // it at that very moment.
    let stop = users::stop_or_reload(hangups, users)?;
    let metrics_address = metrics::serve(&config, metrics.clone(), &store, log, stop.clone())?;
    control::serve(opened.control, &config, &site, stop.clone());
    let site = visitors::service(site, probes(store), metrics.clone());
    let on_refused_head = visitors::count_refused_heads(metrics);
    log.line(&match &address {
        ListenAddress::Tcp(address) => format!("listening on http://{address}"),
        ListenAddress::Unix(_) => format!("listening on {address}"),
    });
    log_start(&config, &public_url, keys, metrics_address);
    for warning in config.warnings.iter().chain(&found) {
        tracing::warn!("{warning}");
    }
    let limit = config.max_connections;
    let serving = server::serve(listener, site, limit, open, on_refused_head, stop.clone());
    systemd::keep_informed(serving, stop).await;
    log.report();
    tracing::info!("stopped");
    Ok(())
}

fn origins(config: &Config, address: &ListenAddress) -> Result<Origins, ConfigError> {
    match (&config.public_url, address) {
        (Some(url), _) => Ok(Origins::of(url)),
        (None, ListenAddress::Tcp(address)) => Ok(Origins::local(*address)),
        (None, ListenAddress::Unix(_)) => {
            Err(ConfigError::PublicUrlOfSocketMissing(address.clone()))
        }
    }
}

/// Builds the pages, with what the configuration wants in the log.
fn build_pages(
    config: &Config,
    sessions: SessionConfig,
    origins: Origins,
    users: Option<Arc<Users>>,
) -> App {
    let accounts = users.map_or(Accounts::AnyName, Accounts::File);
    let mut site = App::new(sessions, origins, accounts, config.cookie_domain.clone());
    site = site.with_trusted_proxies(config.trusted_proxies.clone());
    site = site.with_title_and_home(&config.title, config.home_url.as_ref());
    if config.access_log {
        site = site.with_access_log();
    }
    if config.log_names {
        site = site.with_names_in_log();
    }
    site
}

/// Binds the address that a setting gives.
fn listen(address: &ListenAddress, setting: &'static str) -> Result<Listener, SiteError> {
    Listener::bind(address).map_err(|source| SiteError::Listen {
        address: address.clone(),
        setting,
        source,
    })
}

/// Logs the settings.
fn log_start(config: &Config, public_url: &str, keys: usize, metrics: Option<ListenAddress>) {
    let is_embedded = config.store.is_none();
    let state_dir = config.state_dir.display();
    tracing::info!(
        %public_url,
        cookie_domain = config.cookie_domain.as_ref().map(tracing::field::display),
        sessions = %config.data_in,
        idle = %show_timeout(config.timeouts.idle()),
        lifetime = %show_timeout(config.timeouts.absolute()),
        store = config.store.as_ref().map(tracing::field::display),
        state_dir = is_embedded.then(|| tracing::field::display(state_dir)),
        max_records = is_embedded.then_some(config.max_records),
        keys,
        max_connections = config.max_connections,
        users = config.users.as_ref().map(|path| tracing::field::display(path.display())),
        metrics_listen = metrics.map(tracing::field::display),
        "started"
    );
}

/// Raises the limit on open files. Returns a warning if it is too low for the connections.
fn raise_file_limit(max_connections: u32) -> Option<String> {
    let files = server::raise_file_limit()?;
    (files < u64::from(max_connections) + OTHER_FILES).then(|| {
        format!(
            "the limit on open files is {files}, too low for --max-connections (MAX_CONNECTIONS): \
             raise the hard limit (LimitNOFILE=, ulimit -Hn)"
        )
    })
}

fn show_timeout(timeout: time::Duration) -> String {
    show_duration(timeout.unsigned_abs().as_secs())
}

/// Keeps the process alive when a file would grow beyond `LimitFSIZE=`: besides the error, that
/// raises SIGXFSZ.
fn catch_file_size_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        // The signal stays caught after this is dropped.
        let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
    }
    Ok(())
}
