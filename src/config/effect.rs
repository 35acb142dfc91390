//! Which settings have no effect beside the others.

use clap::ArgMatches;
use tracing::Level;

use super::{Config, ConfigError, LogOptions, flags, setting::Setting};
use crate::public_url::PublicUrl;

/// Returns a warning about each setting that is given but has no effect.
pub(super) fn without_effect(
    flags: &ArgMatches,
    config: &Config,
) -> Result<Vec<String>, ConfigError> {
    let is_shared = config.store.is_some();
    let is_quiet = LogOptions::check(flags)?.level < Level::INFO;
    let needs_no_permission = config
        .public_url
        .as_ref()
        .is_none_or(PublicUrl::is_potentially_trustworthy);
    let warn = |setting: Setting, has_none: bool, why: &str| {
        let Setting { flag, variable, .. } = setting;
        has_none.then(|| format!("--{flag} ({variable}) has no effect {why}"))
    };
    let with_level = "with --log-level (LOG_LEVEL) error or warn, which leaves out its lines";
    let with_store = "with --store (STORE_URL)";
    let without_users = config.users.is_none() && flags::TRUSTED_PROXY.is_given(flags);
    let max_records = is_shared && flags::MAX_RECORDS.is_given(flags);
    // systemd sets the variable in any case.
    let state_dir = is_shared && flags.contains_id(flags::STATE_DIR.flag);
    let is_allowed = needs_no_permission && flags::ALLOW_INSECURE_HTTP.is_on(flags)?;
    let http = "unless --public-url (PUBLIC_URL) is http and beyond loopback";
    let warnings = [
        warn(
            flags::TRUSTED_PROXY,
            without_users,
            "without --users (USERS_FILE)",
        ),
        warn(flags::MAX_RECORDS, max_records, with_store),
        warn(flags::STATE_DIR, state_dir, with_store),
        warn(flags::ALLOW_INSECURE_HTTP, is_allowed, http),
        warn(flags::ACCESS_LOG, is_quiet && config.access_log, with_level),
        warn(flags::LOG_NAMES, is_quiet && config.log_names, with_level),
    ];
    let mut warnings: Vec<_> = warnings.into_iter().flatten().collect();
    if config.timeouts.idle() > config.timeouts.absolute() {
        warnings.push(
            "--session-idle (SESSION_IDLE) is longer than --session-lifetime \
             (SESSION_LIFETIME), and ends no session"
                .to_owned(),
        );
    }
    Ok(warnings)
}
