//! `signet inspect`: what a cookie's value says, for the person who runs the site.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Read as _, Write as _},
    time::Duration,
};

use icu_properties::{CodePointMapData, props::GeneralCategory};
use time::OffsetDateTime;
use tower_sessions::session_store;

use crate::{
    config::Config,
    session::{Contents, EmbeddedStore, Lifetimes, OpenError, Refusal},
};

/// More than any browser sends.
const MAX_INPUT_BYTES: u64 = 64 * 1024;

/// Why a value could not be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Standard input or output failed.
    #[error("standard input or output: {0}")]
    Io(#[from] io::Error),
    /// There is nothing to inspect.
    #[error("standard input is empty: give it the value of the session cookie")]
    Empty,
    /// It is not known which sessions were revoked.
    #[error("--state-dir (STATE_DIRECTORY): cannot read which sessions have ended: {0}")]
    Snapshot(#[from] OpenError),
    /// The same, later.
    #[error("cannot read the session: {0}")]
    Store(#[from] session_store::Error),
}

/// Reads the value of a session cookie on standard input and prints what it says. Whether a site
/// with this configuration, which may be running, accepts it.
///
/// # Errors
///
/// When there is no value, or no telling which sessions were revoked.
pub async fn run(config: &Config) -> Result<bool, InspectError> {
    let sessions = config.sessions(EmbeddedStore::snapshot(&config.store_file())?);
    let name = sessions.cookie_name();
    if io::stdin().is_terminal() {
        writeln!(
            io::stderr(),
            "The value of the cookie {name}, Enter, Ctrl-D:"
        )?;
    }
    let mut input = Vec::new();
    io::stdin().take(MAX_INPUT_BYTES).read_to_end(&mut input)?;
    let value = input.trim_ascii();
    if value.is_empty() {
        return Err(InspectError::Empty);
    }
    // As a browser's list of cookies, or a header, has it.
    let value = value
        .strip_prefix(format!("{name}=").as_bytes())
        .unwrap_or(value);

    let now = OffsetDateTime::now_utc().unix_timestamp();
    let inspection = sessions.inspect(value, now).await?;
    let mut report = match inspection.verdict {
        Ok(()) => "accepted\n".to_owned(),
        Err(reason) => format!("refused: {reason}\n{}\n", explain(reason, name)),
    };
    if let Some(contents) = &inspection.contents {
        report.push('\n');
        report.push_str(&describe(contents, &config.lifetimes, now));
    }
    io::stdout().write_all(report.as_bytes())?;
    Ok(inspection.verdict.is_ok())
}

fn explain(reason: Refusal, name: &str) -> String {
    match reason {
        Refusal::Malformed => "This is no value that Signet gives to a cookie.".to_owned(),
        Refusal::BadSignature => format!(
            "None of the site's keys signed this for the cookie {name}. (Over https the cookie is\n\
             __Host-session: is --public-url (PUBLIC_URL) the site's?)"
        ),
        Refusal::FromTheFuture => {
            "It was signed, or the session began, more than a minute from now: is a clock wrong?"
                .to_owned()
        }
        Refusal::Idle => "Nobody used the session for as long as --session-idle says.".to_owned(),
        Refusal::Lifetime => "The session is as old as --session-lifetime allows.".to_owned(),
        Refusal::Revoked => {
            "The session was ended before its time: logged out, or replaced by a login.".to_owned()
        }
        Refusal::Ambiguous => "There is another session beside it.".to_owned(),
    }
}

fn describe(contents: &Contents, lifetimes: &Lifetimes, now: i64) -> String {
    let mut lines = Vec::new();
    let mut data: Vec<_> = contents.data.iter().collect();
    data.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in data {
        lines.push(("data", printable(&format!("{key}: {value}"))));
    }
    lines.push(("id", contents.id.to_string()));
    lines.push(("began", moment(contents.began, now)));
    let key = match contents.key {
        0 => "the first key".to_owned(),
        fallback => format!("fallback key {fallback}"),
    };
    lines.push((
        "signed",
        format!("{}, by {key}", moment(contents.signed, now)),
    ));
    lines.push(("idle", left(contents.signed, lifetimes.idle, now)));
    lines.push(("lifetime", left(contents.began, lifetimes.lifetime, now)));
    let mut report = String::new();
    for (name, text) in lines {
        let _ = writeln!(report, "{name:<10}{text}");
    }
    report
}

/// When something happened, and how long ago that was.
fn moment(at: i64, now: i64) -> String {
    let Ok(date_time) = OffsetDateTime::from_unix_timestamp(at) else {
        return format!("at {at} s");
    };
    let (date, (hour, minute, second)) = (date_time.date(), date_time.to_hms());
    let distance = seconds(at.abs_diff(now));
    let relation = if at > now { "from now" } else { "ago" };
    format!("{date} {hour:02}:{minute:02}:{second:02} UTC, {distance} {relation}")
}

/// What is left of a clock that started at some time.
fn left(start: i64, limit: time::Duration, now: i64) -> String {
    let limit = limit.whole_seconds();
    let end = start.saturating_add(limit);
    let distance = seconds(end.abs_diff(now));
    let limit = seconds(limit.unsigned_abs());
    if end > now {
        format!("{distance} left of {limit}")
    } else {
        format!("nothing left of {limit} since {distance}")
    }
}

fn seconds(seconds: u64) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(seconds))
}

/// The text with JSON escapes for what would not be seen, or would play with the terminal.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for character in text.chars() {
        match CodePointMapData::<GeneralCategory>::new().get(character) {
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(printable, "\\u{unit:04x}");
                }
            }
            _ => printable.push(character),
        }
    }
    printable
}
