//! Reads the users file, at the start and whenever it is told to.

use std::{io, sync::Arc};

use super::SiteError;
use crate::{
    config::{Config, ConfigError},
    operations::Metrics,
    users::Users,
};

/// Reads the users, if there is a file of them. Comes after the keys are known.
///
/// If there are metrics, they count the attempts to log in.
pub(super) fn open(
    config: &mut Config,
    metrics: Option<&Metrics>,
) -> Result<Option<Arc<Users>>, SiteError> {
    let (Some(path), Some(keys)) = (&config.users, &config.keys) else {
        return Ok(None);
    };
    let (users, warnings) =
        Users::open(path, keys, config.trusted_proxies.clone()).map_err(ConfigError::Users)?;
    let warnings = warnings.into_iter();
    let warnings = warnings.map(|warning| format!("--users (USERS_FILE): {warning}"));
    config.warnings.extend(warnings);
    Ok(Some(match metrics {
        Some(metrics) => metrics.observe_users(users)?,
        None => Arc::new(users),
    }))
}

/// Reads the users again at each SIGHUP.
///
/// # Errors
///
/// When the signal cannot be caught.
pub(super) fn reload_on_hangup(users: Arc<Users>) -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangups = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            while hangups.recv().await.is_some() {
                users.reload().await;
            }
        });
    }
    #[cfg(not(unix))]
    drop(users);
    Ok(())
}
