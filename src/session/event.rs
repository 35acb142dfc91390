//! The events of sessions and their cookies, for an application that counts them.

use std::fmt;

use tower_sessions_core::session::Id;

use super::Refusal;

/// An event of a session or of one of its cookies.
///
/// [`SessionConfig::on_event`](super::SessionConfig::on_event) takes a function that is told each of
/// them. That a timeout of a session passes is no event, because nothing happens at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session began, or was given a new ID.
    #[non_exhaustive]
    Began {
        /// The start of its ID.
        id: ShortId,
        /// Is true if the session has a [subject](super::SessionConfig::subject).
        has_subject: bool,
    },
    /// The cookie of a session that did not change was signed again.
    #[non_exhaustive]
    Renewed {
        /// The start of the session's ID.
        id: ShortId,
    },
    /// A session ended before its timeouts, for instance by a logout, or was given a new ID.
    #[non_exhaustive]
    Ended {
        /// The start of its ID.
        id: ShortId,
    },
    /// All sessions of a subject were ended. It is told once, however many there were.
    #[non_exhaustive]
    EndedAll {},
    /// A cookie has a valid signature. It may still be refused.
    Verified {
        /// The index of the key that signed it: 0 is the signing key, and the fallback keys follow.
        key: usize,
    },
    /// A cookie was refused.
    Refused(Refusal),
}

impl Event {
    /// Returns what happened, as logs and metrics name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began { .. } => "began",
            Self::Renewed { .. } => "renewed",
            Self::Ended { .. } => "ended",
            Self::EndedAll { .. } => "ended_all",
            Self::Verified { .. } => "verified",
            Self::Refused(_) => "refused",
        }
    }

    /// Returns a sentence for an operator that says what happened.
    #[must_use]
    pub fn explain(self) -> &'static str {
        match self {
            Self::Began { .. } => "A session began, or was given a new ID.",
            Self::Renewed { .. } => "The cookie of a session was signed again.",
            Self::Ended { .. } => "A session was ended, or was given a new ID.",
            Self::EndedAll { .. } => "All sessions of a subject were ended.",
            Self::Verified { .. } => "A cookie has a valid signature.",
            Self::Refused(reason) => reason.explain(),
        }
    }
}

/// The first 8 of the 22 characters of a session's ID: enough to find the session in a log, and too
/// few to guess the rest. `Display` and `Debug` show them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortId([u8; 8]);

impl ShortId {
    /// Returns the start of an ID.
    #[must_use]
    pub fn new(id: Id) -> Self {
        let mut start = [0; 8];
        start.copy_from_slice(&id.to_string().as_bytes()[..8]);
        Self(start)
    }

    /// Returns the characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // An ID is base64url.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
