//! Reads the cookies of a request: finds at most one session, and refuses the others.

use std::{collections::HashMap, mem, sync::Arc};

use http::HeaderMap;
use tower_sessions_core::session::Id;

use super::{
    Event, Refusal, StoreError,
    format::{Payload, VerifiedCookie},
    sessions::{Accepted, Sessions},
};

/// How many cookies of a request are verified at most, to find the session. A browser normally sends
/// one; more are probably planted, and each costs an HMAC for every key.
const MAX_VERIFIED: usize = 8;

/// How many cookies of a request are verified at most, to end their sessions.
const MAX_ENDED: usize = 64;

/// The session cookies of one request.
#[derive(Default)]
pub(super) struct Received {
    /// The first accepted cookie.
    accepted: Option<Accepted>,
    /// Accepted cookies of other sessions. If there are any, the visitor has no session, because one
    /// of them may have been planted.
    others: Vec<Accepted>,
    /// The cookies with a valid signature that are refused for another reason, and the older ones of an
    /// accepted session, which may have other data.
    refused: Vec<Arc<VerifiedCookie>>,
    /// The values after the first [`MAX_VERIFIED`] cookies that were not malformed. They are verified
    /// only when the visitor's sessions are ended.
    unread: Vec<Vec<u8>>,
    /// Is true if the request has any cookie with our name.
    pub(super) has_cookie: bool,
}

impl Received {
    /// Finds the session among the cookies of a request that came at `now` (unix seconds).
    ///
    /// A refused cookie is not an error: the visitor is then not logged in.
    pub(super) async fn read(
        sessions: &Sessions,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Self, StoreError> {
        let mut received = Self::default();
        let mut refusals = Vec::new();
        let mut verified = 0;
        for value in sessions.cookie.values(headers) {
            received.has_cookie = true;
            if verified == MAX_VERIFIED {
                received.unread.push(value.to_vec());
                continue;
            }
            let opened = sessions.open(value);
            // A malformed value costs no HMAC, unless one of our keys signed it.
            verified += usize::from(!matches!(opened, Err(Refusal::Malformed)));
            let refusal = match opened {
                Ok(cookie) => match sessions.accept(&cookie, now).await? {
                    Ok(accepted) => {
                        received.add(accepted);
                        None
                    }
                    Err(reason) => {
                        received.refused.push(cookie);
                        Some(reason)
                    }
                },
                Err(reason) => Some(reason),
            };
            refusals.extend(refusal);
        }
        if received.is_ambiguous() {
            refusals.push(Refusal::Ambiguous);
        }
        report(sessions, &refusals);
        Ok(received)
    }

    /// Adds an accepted cookie. Of two cookies of one session, keeps the newer one.
    fn add(&mut self, new: Accepted) {
        let is_same = |it: &&mut Accepted| it.session().id == new.session().id;
        if let Some(known) = self
            .accepted
            .iter_mut()
            .chain(&mut self.others)
            .find(is_same)
        {
            let older = if known.cookie.signed < new.cookie.signed {
                mem::replace(known, new)
            } else {
                new
            };
            self.refused.push(older.cookie);
        } else if self.accepted.is_none() {
            self.accepted = Some(new);
        } else {
            self.others.push(new);
        }
    }

    /// Returns whether there are acceptable cookies of more than one session.
    pub(super) fn is_ambiguous(&self) -> bool {
        !self.others.is_empty()
    }

    fn own(&self) -> Option<&Accepted> {
        self.accepted.as_ref().filter(|_| !self.is_ambiguous())
    }

    /// Returns the cookie of the visitor's session.
    pub(super) fn cookie(&self) -> Option<&VerifiedCookie> {
        self.own().map(|it| &*it.cookie)
    }

    /// Returns the visitor's session.
    pub(super) fn session(&self) -> Option<&Payload> {
        self.own().map(Accepted::session)
    }

    /// Returns when the visitor's session ends unless its cookie is signed again, in unix seconds.
    pub(super) fn end(&self, sessions: &Sessions) -> Option<i64> {
        self.own().map(|it| sessions.timeouts.end(it.times()))
    }

    /// Returns whether a timeout of the visitor's session has passed at `now` (unix seconds).
    pub(super) fn has_run_out(&self, sessions: &Sessions, now: i64) -> bool {
        self.own()
            .is_some_and(|it| sessions.timeouts.check(it.times(), now).is_err())
    }

    /// Returns whether the cookie of the visitor's session should be signed again at `now` (unix
    /// seconds).
    pub(super) fn is_renewal_due(&self, sessions: &Sessions, now: i64) -> bool {
        self.own()
            .is_some_and(|it| sessions.timeouts.is_renewal_due(it.times(), now))
    }

    /// Returns the ID of each session that has to be ended and whose cookie has a valid signature, and
    /// when the newest cookie with this ID was signed, in unix seconds.
    ///
    /// The visitor's own session comes last, so that it is still alive if another one cannot be
    /// ended. Verifies the cookies that were left unread too: otherwise, planted cookies could keep a
    /// session alive that its visitor ends.
    pub(super) fn all_to_end(&self, sessions: &Sessions) -> Vec<(Id, i64)> {
        let opened = self.unread.iter().map(|it| sessions.open(it));
        let well_formed = opened.filter(|it| !matches!(it, Err(Refusal::Malformed)));
        let unread = well_formed.take(MAX_ENDED - MAX_VERIFIED).flatten();
        let accepted = self.others.iter().chain(&self.accepted);
        let all: Vec<_> = unread
            .chain(self.refused.iter().cloned())
            .chain(accepted.map(|it| Arc::clone(&it.cookie)))
            .filter(|it| sessions.leaves_record(&it.payload))
            .collect();
        let mut newest = HashMap::new();
        for cookie in &all {
            let signed = newest.entry(cookie.payload.id).or_insert(cookie.signed);
            *signed = cookie.signed.max(*signed);
        }
        all.iter()
            .map(|cookie| (cookie.payload.id, newest[&cookie.payload.id]))
            .collect()
    }
}

/// Tells the application of all refusals. Logs one line for each request, however many cookies it has.
fn report(sessions: &Sessions, refusals: &[Refusal]) {
    for reason in refusals {
        sessions.tell(Event::Refused(*reason));
    }
    if let Some(reason) = refusals.first() {
        tracing::info!(%reason, refusals = refusals.len(), "session cookie refused");
    }
}
