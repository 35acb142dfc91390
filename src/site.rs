//! Turns a configuration into a running site.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::{
    config::{Config, ConfigError},
    log::Log,
    operations::Health,
    public_url::{Origins, PublicUrl},
    secret::{self, SecretKeys},
    server,
    session::{
        CookieOptions, EmbeddedStore, OpenError, Records, RedisAddress, RedisStore, SessionConfig,
        UnsafePolicy,
    },
    state_dir::StateDir,
    web,
};

/// The name of the embedded store's file in the state directory.
const STORE_FILE: &str = "sessions.redb";

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
    #[error("cannot listen on {address}: {source}; choose another address with --listen (LISTEN)")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
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
/// signal ends it at once.
///
/// Logs one line once clients can connect: `listening on http://127.0.0.1:5000`.
///
/// # Errors
///
/// When the store or the state directory cannot be used, the address cannot be bound or the signals
/// cannot be caught.
pub async fn run(mut config: Config, log: &Log) -> Result<(), SiteError> {
    catch_file_size_signal()?;
    let sessions = match config.store.clone() {
        Some(address) => open_shared_store(&mut config, &address).await?,
        None => open_state_dir(&mut config)?,
    };
    let address = config.listen;
    let listener = server::listen(address);
    let listener = listener.map_err(|source| SiteError::Listen { address, source })?;
    let address = listener.local_addr()?;
    let origins = Origins::new(config.public_url.as_ref(), address);
    let public_url = origins.public().to_owned();
    let (keys, store) = (sessions.key_count(), sessions.store());
    let mut site = web::site(sessions, origins);
    if config.access_log {
        site = site.with_access_log();
    }
    let site = Health::new(site, store);
    raise_file_limit(&mut config);

    // Signals are caught before the log says that the site is ready, because a supervisor may stop
    // it at that very moment.
    let stop = server::stop_signals()?;
    log.line(&format!("listening on http://{address}"));
    log_start(&config, &public_url, keys);
    server::serve(listener, site, config.max_connections, stop).await;
    log.report();
    tracing::info!("stopped");
    Ok(())
}

/// Logs the settings, and warnings about them.
fn log_start(config: &Config, public_url: &str, keys: usize) {
    let is_embedded = config.store.is_none();
    let state_dir = config.state_dir.display();
    tracing::info!(
        %public_url,
        sessions = %config.data_in,
        idle = %show_duration(config.timeouts.idle),
        lifetime = %show_duration(config.timeouts.absolute),
        store = config.store.as_ref().map(tracing::field::display),
        state_dir = is_embedded.then(|| tracing::field::display(state_dir)),
        max_records = is_embedded.then_some(config.max_records),
        keys,
        max_connections = config.max_connections,
        "started"
    );
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
}

/// Connects to the store that several machines share.
async fn open_shared_store(
    config: &mut Config,
    address: &RedisAddress,
) -> Result<SessionConfig, SiteError> {
    let keys = config.keys.take().ok_or(ConfigError::StoreWithoutKey)?;
    let store = RedisStore::connect(address, config.data_in).await?;
    let warning = store.warning();
    let warning = warning.map(|warning| format!("--store (STORE_URL): {warning}"));
    config.warnings.extend(warning);
    Ok(session_config(config, keys, store)?)
}

/// Opens the state directory, the keys and the store, and creates what is missing.
fn open_state_dir(config: &mut Config) -> Result<SessionConfig, SiteError> {
    let path = config.state_dir.clone();
    let state_dir = StateDir::open_or_create(&path);
    let state_dir = state_dir.map_err(|source| ConfigError::StateDir { path, source })?;
    let path = check_store_file(&state_dir)?;
    let lock = state_dir.lock().ok_or_else(|| SiteError::Store {
        path: path.clone(),
        source: OpenError::InUse,
    })?;
    let had_key = config.keys.is_some() || state_dir.path_of(secret::FILE_NAME).exists();
    if had_key && !path.exists() {
        config.warnings.push(format!(
            "--state-dir (STATE_DIRECTORY): there is a key, but {} is missing: unless this is the \
             first start, cookies from before a logout are accepted again; replace the key to \
             prevent it",
            path.display()
        ));
    }
    let keys = match config.keys.take() {
        Some(keys) => keys,
        None => SecretKeys::load_or_generate(&state_dir).map_err(ConfigError::StateDirKey)?,
    };
    let store = EmbeddedStore::open(&path, config.max_records)
        .map_err(|source| SiteError::Store { path, source })?;
    // Held until the process ends: requests that are cut off then may still use the store.
    std::mem::forget(lock);
    Ok(session_config(config, keys, store)?)
}

/// Raises the limit on open files, and warns if it is too low for the connections.
fn raise_file_limit(config: &mut Config) {
    if let Some(files) = server::raise_file_limit()
        && files < u64::from(config.max_connections) + OTHER_FILES
    {
        config.warnings.push(format!(
            "the limit on open files is {files}, too low for --max-connections (MAX_CONNECTIONS): \
             raise the hard limit (LimitNOFILE=, ulimit -Hn)"
        ));
    }
}

/// Returns the path of the store's file. The file may be missing, but must be
/// [private](StateDir::check_file) if it exists.
///
/// # Errors
///
/// When the file is not private, or cannot be examined.
pub fn check_store_file(state_dir: &StateDir) -> Result<PathBuf, ConfigError> {
    let path = state_dir.path_of(STORE_FILE);
    match state_dir.check_file(STORE_FILE) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ConfigError::StoreFile { path, source })
        }
        _ => Ok(path),
    }
}

/// Returns the configuration of the session layer.
///
/// # Errors
///
/// When browsers would refuse the cookie.
pub fn session_config(
    config: &Config,
    keys: SecretKeys,
    store: impl Records,
) -> Result<SessionConfig, ConfigError> {
    let is_https = config.public_url.as_ref().is_some_and(PublicUrl::is_https);
    let cookie = if is_https {
        CookieOptions::https()
    } else {
        CookieOptions::plain_http()
    };
    Ok(SessionConfig::new(keys.signing, store)
        .fallback_keys(keys.fallbacks)
        .cookie(&cookie)?
        .timeouts(config.timeouts)
        .data_in(config.data_in))
}

fn show_duration(duration: time::Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration.unsigned_abs())
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
