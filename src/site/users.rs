//! Reads the users file, at the start, when it has changed and when it is told to.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{self, MissedTickBehavior},
};

use super::SiteError;
use crate::{
    config::{Config, ConfigError},
    operations::Metrics,
    secret::SecretKeys,
    server::{self, Hangups},
    users::Users,
};

/// Reads the users, if there is a file of them. Returns warnings about it too.
/// If there are metrics, they count the attempts to log in.
pub(super) fn open(
    config: &Config,
    keys: &SecretKeys,
    metrics: Option<&Metrics>,
) -> Result<(Option<Arc<Users>>, Vec<String>), SiteError> {
    let Some(path) = &config.users else {
        return Ok((None, Vec::new()));
    };
    let (users, warnings) =
        Users::open(path, keys, config.trusted_proxies.clone()).map_err(ConfigError::Users)?;
    let users = if config.log_names {
        users.with_names_in_log()
    } else {
        users
    };
    let warnings = warnings.into_iter();
    let warnings = warnings.map(|warning| format!("--users (USERS_FILE): {warning}"));
    let users = match metrics {
        Some(metrics) => metrics.observe_users(users)?,
        None => Arc::new(users),
    };
    Ok((Some(users), warnings.collect()))
}

/// How often to look whether the users file has changed. A change is read at the second look after it.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Starts to count the signals that stop the server. If there are users, SIGHUP lets the site read them
/// again instead, and a change of their file does too.
///
/// # Errors
///
/// When the signals cannot be caught.
pub(super) fn stop_or_reload(
    mut hangups: Hangups,
    users: Option<Arc<Users>>,
) -> io::Result<watch::Receiver<u32>> {
    let Some(users) = users else {
        return server::stop_signals(Some(hangups));
    };
    let mut looks = time::interval(LOOK_INTERVAL);
    // Two looks are never closer to each other, so that a file that is the same in both has settled.
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = hangups.next() => users.reload().await,
                _ = looks.tick() => users.reload_if_changed().await,
            }
        }
    });
    server::stop_signals(None)
}
