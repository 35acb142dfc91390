//! What the cookies of a request say: at most one session, and why others are refused.

use std::mem;

use axum::http::HeaderMap;
use tower_sessions::{session::Id, session_store};

use super::{
    Refusal, SessionConfig, backend::DataIn, lifetime::Times, payload::Payload, signature::Signed,
};

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
            let opened = Accepted::open(config, value);
            match opened.and_then(|it| config.lifetimes.check(it.times(), now).map(|()| it)) {
                Ok(accepted) => received.add(accepted),
                Err(reason) => refusals.push(reason),
            }
        }
        for mut accepted in mem::take(&mut received.accepted) {
            if config.backend.load(&mut accepted.payload).await? {
                received.accepted.push(accepted);
            } else {
                refusals.push(Refusal::Revoked);
            }
        }
        if received.accepted.len() > 1 {
            refusals.push(Refusal::Ambiguous);
        }
        // One line a request, however many cookies it has.
        if let Some(reason) = refusals.first() {
            tracing::info!(%reason, cookies = refusals.len(), "session cookie refused");
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

    /// Whether the visitor came with this session.
    pub(super) fn brought(&self, id: Id) -> bool {
        self.accepted.iter().any(|it| it.payload.id == id)
    }
}

impl Accepted {
    /// What a cookie says, once its signature is found to be right.
    pub(super) fn open(config: &SessionConfig, value: &[u8]) -> Result<Self, Refusal> {
        let signed = config.signer.verify(value)?;
        let payload: Payload =
            serde_json::from_slice(&signed.payload).map_err(|_| Refusal::Malformed)?;
        // From when the data was kept in cookies. What is in the store decides now, and in it the
        // revocations of those days would look like sessions.
        if config.backend.data_in == DataIn::Store && !payload.data.is_empty() {
            return Err(Refusal::Malformed);
        }
        Ok(Self { payload, signed })
    }

    pub(super) fn times(&self) -> Times {
        Times {
            began: self.payload.began,
            signed: self.signed.at,
        }
    }
}
