//! What the cookies of a request say: at most one session, and why others are refused.

use axum::http::HeaderMap;
use tower_sessions::session::Id;

use super::{
    Refusal, SessionConfig, SessionError,
    format::{Payload, VerifiedCookie},
};

/// How many values of a request are verified at most. A browser sends one; more are planted, and cost
/// an HMAC for each key.
const MAX_VERIFIED: usize = 8;

/// What the cookies of a request brought.
#[derive(Default)]
pub(super) struct Received {
    /// The sessions that were accepted, each once. With several, the visitor has none, because one
    /// may have been planted.
    accepted: Vec<VerifiedCookie>,
    /// The cookies that we signed and whose sessions are refused all the same.
    refused: Vec<VerifiedCookie>,
    /// Whether a cookie with our name came at all.
    pub(super) has_cookie: bool,
}

impl Received {
    /// Finds the session among the cookies of a request that came at `now` (unix seconds).
    ///
    /// A cookie that is refused is passed over and not an error: the visitor is then not logged in.
    pub(super) async fn read(
        config: &SessionConfig,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Self, SessionError> {
        let mut received = Self::default();
        let mut refusals = Vec::new();
        let mut verified = 0;
        for value in config.cookie.values(headers) {
            received.has_cookie = true;
            if verified == MAX_VERIFIED {
                break;
            }
            let opened = config.format.open(value);
            // A malformed value costs no HMAC.
            verified += usize::from(!matches!(opened, Err(Refusal::Malformed)));
            let mut cookie = match opened {
                Ok(cookie) => cookie,
                Err(reason) => {
                    refusals.push(reason);
                    continue;
                }
            };
            match config.judge(&mut cookie, now).await? {
                Ok(()) => received.accept(cookie),
                Err(reason) => {
                    refusals.push(reason);
                    // A malformed one is of another way of keeping sessions, which it may outlive.
                    if reason != Refusal::Malformed {
                        received.refused.push(cookie);
                    }
                }
            }
        }
        if received.accepted.len() > 1 {
            refusals.push(Refusal::Ambiguous);
        }
        // One line a request, however many cookies it has.
        if let Some(reason) = refusals.first() {
            tracing::info!(%reason, refusals = refusals.len(), "session cookie refused");
        }
        Ok(received)
    }

    /// Adds a session; of two cookies of one session the newer counts.
    fn accept(&mut self, cookie: VerifiedCookie) {
        let mut accepted = self.accepted.iter_mut();
        match accepted.find(|it| it.payload.id == cookie.payload.id) {
            None => self.accepted.push(cookie),
            Some(known) if known.signed < cookie.signed => *known = cookie,
            Some(_) => {}
        }
    }

    /// The cookie of the visitor's session.
    pub(super) fn cookie(&self) -> Option<&VerifiedCookie> {
        match &*self.accepted {
            [cookie] => Some(cookie),
            _ => None,
        }
    }

    /// The visitor's session.
    pub(super) fn session(&self) -> Option<&Payload> {
        self.cookie().map(|cookie| &cookie.payload)
    }

    /// The IDs of all sessions whose cookies we signed, each with when the last of these was signed,
    /// in unix seconds.
    pub(super) fn all_signed(&self) -> impl Iterator<Item = (Id, i64)> {
        let all = || self.accepted.iter().chain(&self.refused);
        all().map(
            move |VerifiedCookie {
                      payload, signed, ..
                  }| {
                let same = all().filter(|it| it.payload.id == payload.id);
                (payload.id, same.map(|it| it.signed).fold(*signed, i64::max))
            },
        )
    }
}
