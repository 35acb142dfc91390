//! A shorter limit of one session, as a handler sets it with
//! [`set_expiry`](tower_sessions_core::Session::set_expiry).

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use tower_sessions_core::Expiry;

/// What one session has beside the timeouts of the configuration, which hold too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Limit {
    /// An idle timeout of its own, in seconds.
    #[serde(rename = "_idle", skip_serializing_if = "Option::is_none")]
    pub(crate) idle: Option<i64>,
    /// When it ends at the latest, in unix seconds.
    #[serde(rename = "_end", skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<i64>,
    /// Its cookie ends with the browser, and has no `Max-Age`.
    #[serde(rename = "_temp", skip_serializing_if = "is_false")]
    pub(crate) temporary: bool,
}

impl Limit {
    /// Returns what a handler has asked for. `None` is no limit.
    pub(crate) fn new(expiry: Option<Expiry>) -> Self {
        let none = Self::default();
        match expiry {
            None => none,
            Some(Expiry::OnSessionEnd) => Self {
                temporary: true,
                ..none
            },
            Some(Expiry::OnInactivity(duration)) => Self {
                idle: Some(duration.whole_seconds()),
                ..none
            },
            Some(Expiry::AtDateTime(at)) => Self {
                end: Some(at.unix_timestamp()),
                ..none
            },
        }
    }

    /// Returns whether a session with this limit, which is set at `now` (unix seconds), ends at once.
    pub(crate) fn ends_at_once(&self, now: i64) -> bool {
        self.idle.is_some_and(|idle| idle <= 0) || self.end.is_some_and(|end| end <= now)
    }

    /// Takes the limit out of the members of a record.
    pub(crate) fn take_from(members: &mut HashMap<String, Value>) -> Self {
        let mut number = |key| members.remove(key)?.as_i64();
        let (idle, end) = (number("_idle"), number("_end"));
        let temporary = members.remove("_temp").is_some_and(|it| it == true);
        Self {
            idle,
            end,
            temporary,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(it: &bool) -> bool {
    !it
}
