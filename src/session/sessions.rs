//! `Sessions`: opens, accepts and seals session cookies as a configuration says.

use std::{collections::HashMap, fmt, sync::Arc};

use futures_util::future::try_join;
use http::HeaderValue;
use serde_json::Value;
use tower_sessions_core::session::Id;

use super::{
    caching::Caching,
    config::{Condition, Listener, SessionConfig},
    cookie::SessionCookie,
    epoch::{Epoch, record_id},
    error::{Refusal, SessionError},
    event::{Event, ShortId},
    format::{Format, Payload, VerifiedCookie},
    records::StoreError,
    registry::{DataIn, Found, Registry},
    subject::Subject,
    timeouts::{Timeouts, Times},
};

/// What all requests of a layer share.
pub(crate) struct Sessions {
    pub(crate) cookie: SessionCookie,
    pub(crate) format: Format,
    pub(crate) timeouts: Timeouts,
    pub(crate) registry: Registry,
    pub(crate) caching: Caching,
    pub(crate) subject: Subject,
    condition: Option<Condition>,
    listener: Option<Listener>,
}

/// An accepted cookie.
pub(crate) struct Accepted {
    pub(crate) cookie: Arc<VerifiedCookie>,
    /// The session with its data, if the cookie does not carry that.
    loaded: Option<Payload>,
}

impl Accepted {
    pub(crate) fn session(&self) -> &Payload {
        self.loaded.as_ref().unwrap_or(&self.cookie.payload)
    }

    pub(crate) fn times(&self) -> Times {
        self.session().times(self.cookie.signed)
    }
}

impl Sessions {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let cookie = SessionCookie::new(&config.cookie);
        Self {
            format: Format::new(cookie.name(), &config.keys),
            cookie,
            timeouts: config.timeouts,
            registry: Registry::new(config.store, config.data_in),
            caching: config.caching,
            subject: config.subject,
            condition: config.condition,
            listener: config.listener,
        }
    }

    /// Opens a value of the session cookie.
    pub(crate) fn open(&self, value: &[u8]) -> Result<Arc<VerifiedCookie>, Refusal> {
        let cookie = self.format.open(value)?;
        self.tell(Event::Verified { key: cookie.key });
        if self.registry.fits_setting(&cookie.payload) {
            Ok(cookie)
        } else {
            Err(Refusal::Malformed)
        }
    }

    /// Checks the timeouts of a cookie at `now` (unix seconds), whether its session is alive, and
    /// whether the application accepts it.
    /// Returns the session, or why the cookie is refused.
    pub(crate) async fn accept(
        &self,
        cookie: &Arc<VerifiedCookie>,
        now: i64,
    ) -> Result<Result<Accepted, Refusal>, StoreError> {
        let times = cookie.payload.times(cookie.signed);
        if let Err(reason) = self.timeouts.check(times, now) {
            return Ok(Err(reason));
        }
        let Some((accepted, epoch)) = self.look_up(cookie).await? else {
            return Ok(Err(Refusal::Revoked));
        };
        // An older cookie may have another limit than the record.
        if accepted.loaded.is_some()
            && let Err(reason) = self.timeouts.check(accepted.times(), now)
        {
            return Ok(Err(reason));
        }
        let session = accepted.session();
        if !session.is_of(epoch) {
            return Ok(Err(Refusal::Ended));
        }
        let is_acceptable = self.condition.as_ref();
        let is_acceptable = is_acceptable.is_none_or(|holds| holds(&session.data));
        Ok(is_acceptable
            .then_some(accepted)
            .ok_or(Refusal::Unacceptable))
    }

    /// Finds the session of a cookie, and the present epoch of its subject. Returns `None` if the session
    /// is not alive.
    async fn look_up(
        &self,
        cookie: &Arc<VerifiedCookie>,
    ) -> Result<Option<(Accepted, Option<Epoch>)>, StoreError> {
        let payload = &cookie.payload;
        let record_of = |data| {
            let owner = self.subject.of(data)?;
            Some(cookie.epoch_record.of(&owner.text))
        };
        // If the cookie has no data, its last request tells whose session it is, most probably.
        let early = record_of(&payload.data).or_else(|| cookie.epoch_record.known());
        let (found, mut epoch) = match early {
            // Together, so that they share a command.
            Some(record) => {
                try_join(self.registry.find(payload.id), self.registry.epoch(record)).await?
            }
            None => (self.registry.find(payload.id).await?, None),
        };
        let loaded = match found {
            None => return Ok(None),
            Some(Found::InCookie) => None,
            Some(Found::Loaded { data, limit }) => {
                let record = record_of(&data);
                if record != early {
                    epoch = match record {
                        Some(record) => self.registry.epoch(record).await?,
                        None => None,
                    };
                }
                Some(Payload {
                    limit,
                    data,
                    ..*payload
                })
            }
        };
        let accepted = Accepted {
            cookie: Arc::clone(cookie),
            loaded,
        };
        Ok(Some((accepted, epoch)))
    }

    /// Returns the present epoch of the subject of this data.
    pub(crate) async fn present_epoch(
        &self,
        data: &HashMap<String, Value>,
    ) -> Result<Option<Epoch>, StoreError> {
        match self.subject.of(data) {
            Some(owner) => self.registry.epoch(record_id(&owner.text)).await,
            None => Ok(None),
        }
    }

    /// Returns whether this session is still of the present epoch of its subject.
    pub(crate) async fn is_of_present_epoch(&self, session: &Payload) -> Result<bool, StoreError> {
        Ok(session.is_of(self.present_epoch(&session.data).await?))
    }

    /// Returns the value of the cookie that carries a session, signed at `now` (unix seconds).
    pub(crate) fn seal(&self, session: &Payload, now: i64) -> Result<String, SessionError> {
        match self.registry.data_in {
            DataIn::Cookie => self.format.seal(session, now),
            DataIn::Store => self.format.seal(&session.without_data(), now),
        }
    }

    /// Returns the `Set-Cookie` with a value that was signed at `now` (unix seconds).
    pub(crate) fn set_cookie(&self, value: &str, session: &Payload, now: i64) -> HeaderValue {
        let max_age = self.timeouts.max_age(session.times(now), now);
        self.cookie
            .set(value, (!session.limit.temporary).then_some(max_age))
    }

    /// Returns whether the end of a session must be recorded. A session in a cookie leaves no record if
    /// it has no subject.
    pub(crate) fn leaves_record(&self, session: &Payload) -> bool {
        self.registry.data_in == DataIn::Store || self.subject.is_owned(&session.data)
    }

    /// Ends a session before its timeouts, whose newest cookie was signed at `signed`. Returns whether
    /// this call ended it.
    pub(crate) async fn end(&self, id: Id, signed: i64, now: i64) -> Result<bool, StoreError> {
        let until = self.timeouts.revocation_end(signed, now);
        let is_ended = self.registry.revoke(id, until).await?;
        if is_ended {
            let id = ShortId::new(id);
            self.tell(Event::Ended { id });
        }
        Ok(is_ended)
    }

    /// Ends all sessions of a subject at `now` (unix seconds). Returns the epoch that begins, and the ID of
    /// its record.
    pub(crate) async fn end_all(
        &self,
        subject: &str,
        now: i64,
    ) -> Result<(Id, Epoch), SessionError> {
        if !self.subject.is_named() {
            return Err(SessionError::NoSubject);
        }
        let (record, epoch) = (record_id(subject), Epoch::random());
        let end = self.timeouts.epoch_end(now);
        self.registry.set_epoch(record, epoch, end).await?;
        self.tell(Event::EndedAll {});
        Ok((record, epoch))
    }

    /// Tells the application of an event.
    pub(crate) fn tell(&self, event: Event) {
        tracing::debug!(?event, "session");
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    /// Tells the application that a session began, or was given a new ID.
    pub(crate) fn tell_began(&self, session: &Payload) {
        self.tell(Event::Began {
            id: ShortId::new(session.id),
            has_subject: self.subject.of(&session.data).is_some(),
        });
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("cookie", &self.cookie)
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}
