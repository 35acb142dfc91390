//! What the cookies of a request say: at most one session, and why others are refused.

use std::mem;

use axum::http::HeaderMap;
use tower_sessions::{session::Id, session_store};

use super::{Refusal, SessionConfig, lifetime::Times, payload::Payload, signature::Signed};

/// What the cookies of a request brought.
#[derive(Default)]
pub(super) struct Received {
    /// The sessions that were accepted, each once. Normally one or none. Of several the visitor has
    /// none: which is their own, and which was planted? But who logs out ends them all.
    pub(super) accepted: Vec<Accepted>,
    /// Whether a cookie with our name came at all, accepted or refused.
    pub(super) has_cookie: bool,
}

/// A session whose cookie was accepted.
pub(super) struct Accepted {
    pub(super) payload: Payload,
    pub(super) signed: Signed,
}

impl Received {
    /// Finds the session among the cookies of a request.
    ///
    /// A cookie that is refused is passed over and not an error: the visitor is then not logged in.
    pub(super) async fn read(
        config: &SessionConfig,
        headers: &HeaderMap,
        now: i64,
    ) -> session_store::Result<Self> {
        let mut received = Self::default();
        let mut refusals = Vec::new();
        for value in config.cookie.values(headers) {
            received.has_cookie = true;
            match Accepted::open(config, value).and_then(|it| it.check(config, now)) {
                Ok(accepted) => received.add(accepted),
                Err(reason) => refusals.push(reason),
            }
        }
        let accepted = &mut received.accepted;
        let mut next = 0;
        while let Some(Accepted { payload, .. }) = accepted.get_mut(next) {
            if config.backend.load(payload).await? {
                next += 1;
            } else {
                accepted.remove(next);
                refusals.push(Refusal::Revoked);
            }
        }
        if accepted.len() > 1 {
            refusals.push(Refusal::Ambiguous);
        }
        // One line a request, however many cookies it has.
        if let Some(reason) = refusals.first() {
            tracing::info!(%reason, refusals = refusals.len(), "session cookie refused");
        }
        Ok(received)
    }

    /// Adds a session; of two cookies of one session the newer counts.
    fn add(&mut self, accepted: Accepted) {
        let known = self
            .accepted
            .iter_mut()
            .find(|known| known.payload.id == accepted.payload.id);
        match known {
            None => self.accepted.push(accepted),
            Some(known) if known.signed.at < accepted.signed.at => *known = accepted,
            Some(_) => {}
        }
    }

    /// The session of the visitor, with its data, which is taken out.
    pub(super) fn take_session(&mut self) -> Option<Payload> {
        match &mut *self.accepted {
            [Accepted { payload, .. }] => Some(Payload {
                data: mem::take(&mut payload.data),
                ..*payload
            }),
            _ => None,
        }
    }

    /// Whether the session of the visitor, which was in time when it came, still is.
    pub(super) fn is_in_time(&self, config: &SessionConfig, now: i64) -> bool {
        self.accepted
            .iter()
            .all(|it| config.lifetimes.check(it.times(), now).is_ok())
    }

    /// Whether the cookie of the visitor's session should be signed anew at `now`: time has passed, or
    /// a fallback key signed it.
    pub(super) fn is_renewal_due(&self, config: &SessionConfig, now: i64) -> bool {
        let [accepted] = &*self.accepted else {
            return false;
        };
        accepted.signed.key != 0 || config.lifetimes.is_renewal_due(accepted.times(), now)
    }

    /// Whether the visitor came with this session.
    pub(super) fn brought(&self, id: Id) -> bool {
        self.accepted.iter().any(|it| it.payload.id == id)
    }
}

impl Accepted {
    /// What a cookie says, once its signature is found to be right.
    pub(super) fn open(config: &SessionConfig, value: &[u8]) -> Result<Self, Refusal> {
        let signed = config.signer.verify(value)?;
        // UTF-8 is checked here once, instead of once a string by serde_json.
        let json = str::from_utf8(&signed.payload).map_err(|_| Refusal::Malformed)?;
        let payload: Payload = serde_json::from_str(json).map_err(|_| Refusal::Malformed)?;
        Ok(Self { payload, signed })
    }

    /// The same, unless it is no session of this site, or has had its time.
    pub(super) fn check(self, config: &SessionConfig, now: i64) -> Result<Self, Refusal> {
        if !config.backend.could_be_ours(&self.payload) {
            return Err(Refusal::Malformed);
        }
        config.lifetimes.check(self.times(), now)?;
        Ok(self)
    }

    pub(super) fn times(&self) -> Times {
        Times {
            began: self.payload.began,
            signed: self.signed.at,
        }
    }
}
