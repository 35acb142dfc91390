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
    let needs_no_permission = !config.public_url.as_ref().is_some_and(is_insecure);
    let is_quiet = LogOptions::check(flags)?.level < Level::INFO;
    let with_level = "with --log-level (LOG_LEVEL) error or warn, which leaves out its lines";
    let with_store = "with --store (STORE_URL)";
    let cases: [(Setting, bool, &str); 6] = [
        (
            flags::TRUSTED_PROXY,
            config.users.is_none() && flags::TRUSTED_PROXY.is_given(flags),
            "without --users (USERS_FILE)",
        ),
        (
            flags::MAX_RECORDS,
            is_shared && flags::MAX_RECORDS.is_given(flags),
            with_store,
        ),
        (
            flags::STATE_DIR,
            // systemd sets the variable in any case.
            is_shared && flags.contains_id(flags::STATE_DIR.flag),
            with_store,
        ),
        (
            flags::ALLOW_INSECURE_HTTP,
            needs_no_permission && flags::ALLOW_INSECURE_HTTP.is_on(flags)?,
            "unless --public-url (PUBLIC_URL) is http and beyond loopback",
        ),
        (flags::ACCESS_LOG, is_quiet && config.access_log, with_level),
        (flags::LOG_NAMES, is_quiet && config.log_names, with_level),
    ];
    let mut warnings: Vec<_> = cases
        .into_iter()
        .filter(|(_, has_none, _)| *has_none)
        .map(|(Setting { flag, variable, .. }, _, why)| {
            format!("--{flag} ({variable}) has no effect {why}")
        })
        .collect();
    if config.timeouts.idle > config.timeouts.absolute {
        warnings.push(
            "--session-idle (SESSION_IDLE) is longer than --session-lifetime \
             (SESSION_LIFETIME), and ends no session"
                .to_owned(),
        );
    }
    Ok(warnings)
}

fn is_insecure(url: &PublicUrl) -> bool {
    !url.is_potentially_trustworthy()
}
