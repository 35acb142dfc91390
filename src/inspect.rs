//! `signet inspect`: tells an operator what a cookie's value holds.

mod explanation;

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::PathBuf,
};

use time::OffsetDateTime;

use self::explanation::explain;
use crate::{
    config::{Config, ConfigError, show_duration},
    log::printable,
    secret::SecretKeys,
    site,
    state_dir::StateDir,
    users::Users,
    web,
};
use signet_session::{
    Contents, EmbeddedStore, OpenError, RedisStore, SessionConfig, SessionError, SessionLayer,
    StoreError, Timeouts,
};

/// How much of standard input is read, in bytes: more than any browser sends.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Why a value could not be inspected.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum InspectError {
    /// The configuration or the state directory is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Io(#[from] io::Error),
    /// Standard input is empty.
    #[error("standard input is empty: give it the value of the session cookie")]
    Empty,
    /// The file of the store cannot be read.
    #[error("--state-dir (STATE_DIRECTORY): cannot read {path:?}: {source}")]
    Snapshot { path: PathBuf, source: OpenError },
    /// The store cannot answer, or may have lost records.
    #[error("--store (STORE_URL): {0}")]
    Store(#[from] StoreError),
    /// The session cannot be read.
    #[error("--store (STORE_URL): {0}")]
    Session(#[from] SessionError),
}

/// Reads the value of a session cookie from standard input and prints what it holds. Returns
/// whether a site with this configuration, which may be running, accepts it.
///
/// # Errors
///
/// When there is no value, or the keys or the store cannot be read.
pub async fn run(config: Config) -> Result<bool, InspectError> {
    let sessions = open_sessions(&config).await?;
    let name = &sessions.cookie_name().to_owned();
    if io::stdin().is_terminal() {
        writeln!(
            io::stderr(),
            "The value of the cookie {name}, Enter, Ctrl-D:"
        )?;
    }
    let mut input = Vec::new();
    io::stdin().take(MAX_INPUT_BYTES).read_to_end(&mut input)?;
    let value = find_value(&input, name);
    if value.is_empty() {
        return Err(InspectError::Empty);
    }

    let now = OffsetDateTime::now_utc().unix_timestamp();
    let inspection = SessionLayer::new(sessions).inspect(value, now).await?;
    let mut report = match inspection.verdict {
        Ok(()) => "accepted\n".to_owned(),
        Err(reason) => {
            let explanation = explain(reason, &config, inspection.contents.is_some(), name);
            format!("refused: {reason}\n{explanation}\n")
        }
    };
    if let Some(contents) = &inspection.contents {
        report.push('\n');
        report.push_str(&describe(contents, &config.timeouts, now));
    }
    io::stdout().write_all(report.as_bytes())?;
    Ok(inspection.verdict.is_ok())
}

/// Opens the sessions of the site, of which it accepts the same.
async fn open_sessions(config: &Config) -> Result<SessionConfig, InspectError> {
    let sessions = match &config.store {
        Some(address) => {
            let keys = config.keys.clone().ok_or(ConfigError::StoreWithoutKey)?;
            let store = RedisStore::connect(address, config.data_in).await;
            let store = store.map_err(|it| StoreError::Unavailable(it.to_string().into()))?;
            site::session_config(config, keys, store)?
        }
        None => open_snapshot(config)?,
    };
    let sessions = web::with_subject(sessions, config.users.is_some());
    let Some(path) = &config.users else {
        return Ok(sessions);
    };
    let is_current = Users::snapshot(path).map_err(ConfigError::Users)?;
    Ok(sessions.accept_if(move |data| web::is_acceptable(data, &is_current)))
}

/// Opens a snapshot of the sessions of the site.
fn open_snapshot(config: &Config) -> Result<SessionConfig, InspectError> {
    let path = config.state_dir.clone();
    let state_dir = StateDir::open_existing(&path);
    let state_dir = state_dir.map_err(|source| ConfigError::StateDir { path, source })?;
    let keys = match &config.keys {
        Some(keys) => keys.clone(),
        None => {
            SecretKeys::load(&state_dir)
                .map_err(ConfigError::StateDirKey)?
                .0
        }
    };
    let (path, _) = site::check_store_file(&state_dir)?;
    let store =
        EmbeddedStore::snapshot(&path).map_err(|source| InspectError::Snapshot { path, source })?;
    Ok(site::session_config(config, keys, store)?)
}

/// Returns the value of our cookie if the input is a `Cookie` header, or else the whole input.
fn find_value<'a>(input: &'a [u8], name: &str) -> &'a [u8] {
    input
        .split(|byte| *byte == b';' || byte.is_ascii_whitespace())
        .find_map(|part| part.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .unwrap_or_else(|| input.trim_ascii())
}

fn describe(contents: &Contents, timeouts: &Timeouts, now: i64) -> String {
    let mut lines = Vec::new();
    let mut data: Vec<_> = contents.data.iter().collect();
    data.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in data {
        lines.push(("data", printable(&format!("{key}: {value}")).into_owned()));
    }
    lines.push(("id", contents.id.to_string()));
    lines.push(("began", show_time(contents.began, now)));
    let key = match contents.key {
        0 => "the first key".to_owned(),
        fallback => format!("fallback key {fallback}"),
    };
    lines.push((
        "signed",
        format!("{}, by {key}", show_time(contents.signed, now)),
    ));
    lines.push((
        "idle",
        show_remaining(contents.signed, timeouts.idle(), now),
    ));
    lines.push((
        "lifetime",
        show_remaining(contents.began, timeouts.absolute(), now),
    ));
    let mut report = String::new();
    for (name, text) in lines {
        let _ = writeln!(report, "{name:<10}{text}");
    }
    report
}

/// Formats a time, and how long ago or from now it is.
fn show_time(at: i64, now: i64) -> String {
    let Ok(date_time) = OffsetDateTime::from_unix_timestamp(at) else {
        return format!("at {at} s");
    };
    let (date, (hour, minute, second)) = (date_time.date(), date_time.to_hms());
    let distance = show_duration(at.abs_diff(now));
    let relation = if at > now { "from now" } else { "ago" };
    format!("{date} {hour:02}:{minute:02}:{second:02} UTC, {distance} {relation}")
}

/// Formats what is left of a timeout that began at `start`.
fn show_remaining(start: i64, limit: time::Duration, now: i64) -> String {
    let limit = limit.whole_seconds();
    let end = start.saturating_add(limit);
    let distance = show_duration(end.abs_diff(now));
    let limit = show_duration(limit.unsigned_abs());
    if end > now {
        format!("{distance} left of {limit}")
    } else {
        format!("ran out {distance} ago, after {limit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_times_are_shown_without_overflow() {
        assert_eq!(show_time(i64::MIN, 0), "at -9223372036854775808 s");
        let week = time::Duration::days(7);
        assert!(show_remaining(i64::MIN, week, i64::MAX).starts_with("ran out "));
        assert!(show_remaining(i64::MAX, week, 0).ends_with(" left of 7d"));
    }
}
