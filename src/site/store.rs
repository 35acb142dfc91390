//! Opens the store and the keys, and configures the session layer with them.

use std::{io, path::PathBuf};

use super::SiteError;
use crate::{
    config::{Config, ConfigError},
    operations::{Metrics, control},
    public_url::PublicUrl,
    secret::{self, SecretKeys},
    server::Listener,
    state_dir::StateDir,
};
use signet_session::{
    CookieOptions, DataIn, EmbeddedStore, OpenError, Records, RedisAddress, RedisStore,
    SessionConfig,
};

/// The name of the embedded store's file in the state directory.
const STORE_FILE: &str = "sessions.redb";

/// The sessions of the site, and what was found while they were opened.
pub(super) struct Opened {
    pub(super) sessions: SessionConfig,
    pub(super) keys: SecretKeys,
    /// The control socket, unless several machines share the store.
    pub(super) control: Option<Listener>,
    /// Warnings to log.
    pub(super) warnings: Vec<String>,
}

/// Opens the store that the configuration names.
///
/// # Errors
///
/// When the state directory, the keys or the store cannot be used.
pub(super) async fn open(config: &Config, metrics: Option<&Metrics>) -> Result<Opened, SiteError> {
    match &config.store {
        Some(address) => open_shared_store(config, address, metrics).await,
        None => open_state_dir(config, metrics),
    }
}

/// Connects to the store that several machines share.
async fn open_shared_store(
    config: &Config,
    address: &RedisAddress,
    metrics: Option<&Metrics>,
) -> Result<Opened, SiteError> {
    let keys = config.keys.clone().ok_or(ConfigError::StoreWithoutKey)?;
    let store = RedisStore::connect(address, config.data_in).await?;
    if let Some(metrics) = metrics {
        store.on_data_loss(metrics.count_forgotten()?);
    }
    let warning = store.warning();
    let warning = warning.map(|warning| format!("--store (STORE_URL): {warning}"));
    Ok(Opened {
        sessions: configure(config, keys.clone(), store, metrics)?,
        keys,
        control: None,
        warnings: warning.into_iter().collect(),
    })
}

/// Opens the state directory, the keys and the store, and creates what is missing.
fn open_state_dir(config: &Config, metrics: Option<&Metrics>) -> Result<Opened, SiteError> {
    let path = config.state_dir.clone();
    let (state_dir, dir_warning) =
        StateDir::open_or_create(&path).map_err(|source| ConfigError::StateDir { path, source })?;
    let (path, file_warning) = check_store_file(&state_dir)?;
    let lock = state_dir.lock().ok_or_else(|| SiteError::Store {
        path: path.clone(),
        source: OpenError::InUse,
    })?;
    let had_key = config.keys.is_some() || state_dir.path_of(secret::FILE_NAME).exists();
    let loss = (had_key && !path.exists()).then(|| {
        format!(
            "there is a key, but {} is missing: unless this is the first start, cookies from before a \
             logout are accepted again; replace the key to prevent it",
            path.display()
        )
    });
    let (keys, key_warning) = match &config.keys {
        Some(keys) => (keys.clone(), None),
        None => SecretKeys::load_or_generate(&state_dir).map_err(ConfigError::StateDirKey)?,
    };
    let setting = "--max-records (MAX_RECORDS)";
    let store = EmbeddedStore::open_naming(&path, config.max_records, setting)
        .map_err(|source| SiteError::Store { path, source })?;
    // Held until the process ends: requests that are cut off then may still use the store.
    std::mem::forget(lock);
    let (control, control_warning) = make_control_socket(&state_dir);
    let warnings = [
        dir_warning,
        file_warning,
        loss,
        key_warning,
        control_warning,
    ];
    let place = |warning| format!("--state-dir (STATE_DIRECTORY): {warning}");
    Ok(Opened {
        sessions: configure(config, keys.clone(), store, metrics)?,
        keys,
        control,
        warnings: warnings.into_iter().flatten().map(place).collect(),
    })
}

/// Makes the control socket, or returns a warning. The caller holds the lock of the directory.
fn make_control_socket(state_dir: &StateDir) -> (Option<Listener>, Option<String>) {
    let path = state_dir.path_of(control::FILE_NAME);
    match Listener::bind_private(&path) {
        Ok(socket) => (Some(socket), None),
        Err(cause) => {
            let path = path.display();
            let warning = format!(
                "cannot make {path}: {cause}; `signet logout` works only while the site is stopped"
            );
            (None, Some(warning))
        }
    }
}

/// Configures the session layer. If there are metrics, they count what it and the store do.
fn configure(
    config: &Config,
    keys: SecretKeys,
    store: impl Records,
    metrics: Option<&Metrics>,
) -> Result<SessionConfig, SiteError> {
    let Some(metrics) = metrics else {
        return Ok(session_config(config, keys, store)?);
    };
    let sessions = session_config(config, keys, metrics.observe_store(store)?)?;
    let count = metrics.count_sessions(sessions.key_count())?;
    Ok(sessions.on_event(count))
}

/// Returns the path of the store's file, and perhaps a warning about it. The file may be missing, but
/// must be [private](crate::private_file) if it exists.
///
/// # Errors
///
/// When the file is not private, or cannot be examined.
pub fn check_store_file(state_dir: &StateDir) -> Result<(PathBuf, Option<String>), ConfigError> {
    let path = state_dir.path_of(STORE_FILE);
    match state_dir.check_file(STORE_FILE) {
        Ok(warning) => Ok((path, warning)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok((path, None)),
        Err(source) => Err(ConfigError::StoreFile { path, source }),
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
    let cookie = match &config.cookie_domain {
        // A `__Host-` cookie has no `Domain`.
        Some(domain) => CookieOptions::https()
            .name("__Secure-session")
            .domain(domain.to_string()),
        None if is_https => CookieOptions::https(),
        None => CookieOptions::plain_http(),
    };
    let sessions = match config.data_in {
        DataIn::Cookie => SessionConfig::in_cookie(keys.signing, store),
        DataIn::Store => SessionConfig::in_store(keys.signing, store),
    };
    Ok(sessions
        .fallback_keys(keys.fallbacks)
        .cookie(&cookie)?
        .timeouts(config.timeouts))
}
