//! Reads the cookies of a request: finds at most one session, and refuses the others.

use axum::http::HeaderMap;
use tower_sessions::session::Id;

use super::{
    Refusal, SessionConfig, StoreError,
    format::{Payload, VerifiedCookie},
};

/// How many cookies of a request are verified at most, to find the session. A browser normally sends
/// one; more are probably planted, and each costs an HMAC for every key.
const MAX_VERIFIED: usize = 8;

/// The session cookies of one request.
#[derive(Default)]
pub(super) struct Received {
    /// The accepted cookies, one for each session. If there are several, the visitor has no
    /// session, because one of them may have been planted.
    accepted: Vec<VerifiedCookie>,
    /// The cookies with a valid signature whose sessions are refused for another reason.
    refused: Vec<VerifiedCookie>,
    /// The values of all cookies after the first [`MAX_VERIFIED`].
    unread: Vec<Vec<u8>>,
    /// Whether the request has any cookie with our name.
    pub(super) has_cookie: bool,
}

impl Received {
    /// Finds the session among the cookies of a request that came at `now` (unix seconds).
    ///
    /// A refused cookie is not an error: the visitor is then not logged in.
    pub(super) async fn read(
        config: &SessionConfig,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Self, StoreError> {
        let mut received = Self::default();
        let mut refusals = Vec::new();
        let mut verified = 0;
        for value in config.cookie.values(headers) {
            received.has_cookie = true;
            if verified == MAX_VERIFIED {
                received.unread.push(value.to_vec());
                continue;
            }
            let opened = config.open(value);
            // A malformed value costs no HMAC, unless one of our keys signed it.
            verified += usize::from(!matches!(opened, Err(Refusal::Malformed)));
            let refusal = match opened {
                Ok(mut cookie) => {
                    let refusal = config.refusal(&mut cookie, now).await?;
                    match refusal {
                        None => received.accept(cookie),
                        Some(_) => received.refused.push(cookie),
                    }
                    refusal
                }
                Err(reason) => Some(reason),
            };
            refusals.extend(refusal);
        }
        if received.accepted.len() > 1 {
            refusals.push(Refusal::Ambiguous);
        }
        // One line for each request, however many cookies it has.
        if let Some(reason) = refusals.first() {
            tracing::info!(%reason, refusals = refusals.len(), "session cookie refused");
        }
        Ok(received)
    }

    /// Adds an accepted cookie. Of two cookies of one session, keeps the newer one.
    fn accept(&mut self, cookie: VerifiedCookie) {
        let mut accepted = self.accepted.iter_mut();
        match accepted.find(|it| it.payload.id == cookie.payload.id) {
            None => self.accepted.push(cookie),
            Some(known) if known.signed < cookie.signed => *known = cookie,
            Some(_) => {}
        }
    }

    /// Returns the cookie of the visitor's session.
    pub(super) fn cookie(&self) -> Option<&VerifiedCookie> {
        match &*self.accepted {
            [cookie] => Some(cookie),
            _ => None,
        }
    }

    /// Returns the visitor's session.
    pub(super) fn session(&self) -> Option<&Payload> {
        self.cookie().map(|cookie| &cookie.payload)
    }

    /// Returns the ID of each cookie with a valid signature, and when the newest cookie with this
    /// ID was signed, in unix seconds. The visitor's own session comes last.
    ///
    /// Verifies the cookies that were left unread too: otherwise, planted cookies could keep a
    /// session alive that its visitor ends.
    pub(super) fn all_signed(&self, config: &SessionConfig) -> Vec<(Id, i64)> {
        let unread = self.unread.iter().filter_map(|it| config.open(it).ok());
        let unread: Vec<_> = unread.collect();
        let all = || unread.iter().chain(&self.refused).chain(&self.accepted);
        let newest = |cookie: &VerifiedCookie| {
            let id = cookie.payload.id;
            let same = all().filter(|it| it.payload.id == id);
            (id, same.map(|it| it.signed).fold(cookie.signed, i64::max))
        };
        all().map(newest).collect()
    }
}
