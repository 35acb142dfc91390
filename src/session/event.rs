//! The events of sessions and their cookies, for an application that counts them.

use std::fmt;

use super::{Refusal, SessionConfig};

/// An event of a session or of one of its cookies.
///
/// [`SessionConfig::on_event`](super::SessionConfig::on_event) takes a function that is told each of
/// them. That a timeout of a session passes is no event, because nothing happens at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session began, or was given a new ID.
    Began,
    /// The cookie of a session that did not change was signed again.
    Renewed,
    /// A session ended before its timeouts, for instance by a logout, or was given a new ID.
    Ended,
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
            Self::Began => "began",
            Self::Renewed => "renewed",
            Self::Ended => "ended",
            Self::Verified { .. } => "verified",
            Self::Refused(_) => "refused",
        }
    }
}

/// The function that is told of events, if there is one.
#[derive(Default)]
pub(super) struct Listener(Option<Box<dyn Fn(Event) + Send + Sync>>);

impl SessionConfig {
    /// Calls a function for each [`Event`], such as one that counts them. It must return quickly: the
    /// request waits for it.
    #[must_use]
    pub fn on_event(mut self, function: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.events = Listener(Some(Box::new(function)));
        self
    }
}

impl Listener {
    pub(super) fn tell(&self, event: Event) {
        tracing::debug!(?event, "session");
        if let Some(function) = &self.0 {
            function(event);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
