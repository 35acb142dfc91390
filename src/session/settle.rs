//! Applies what a handler did to the session, and makes the `Set-Cookie` of the response.

use futures_util::future::join_all;
use http::HeaderValue;
use tower_sessions_core::session::Id;

use super::{
    SessionError, StoreError,
    event::{Event, ShortId},
    format::Payload,
    received::Received,
    request::Outcome,
    sessions::Sessions,
};

/// Applies an outcome at `now` (unix seconds), and returns the `Set-Cookie`. The cookie is sealed
/// before anything is changed, because it may turn out too large.
///
/// The handler may have taken long. If another request has ended the session meanwhile, or a
/// timeout has passed, no cookie is set and nothing else brings the session back.
pub(super) async fn settle(
    sessions: &Sessions,
    received: &Received,
    outcome: Outcome,
    now: i64,
) -> Result<Option<HeaderValue>, SessionError> {
    let has_run_out = received.has_run_out(sessions, now);
    match separate(sessions, received, outcome, now) {
        Outcome::Untouched | Outcome::Changed(_) | Outcome::Renamed(_) if has_run_out => Ok(None),
        Outcome::Untouched => Ok(renew(sessions, received, now).await),
        Outcome::Changed(session) => {
            let value = sessions.seal(&session, now)?;
            let end = sessions.timeouts.session_end(session.times(now));
            let is_alive = sessions.is_of_present_epoch(&session).await?
                && sessions.registry.update(&session, end).await?;
            Ok(is_alive.then(|| sessions.set_cookie(&value, &session, now)))
        }
        Outcome::Renamed(session) => begin(sessions, received, session, true, now).await,
        Outcome::Began(session) => begin(sessions, received, session, false, now).await,
        Outcome::Emptied => {
            end_all(sessions, received, now).await?;
            Ok(received.has_cookie.then(|| sessions.cookie.removal()))
        }
    }
}

/// Gives a session that gets another subject a new ID, and lets its absolute timeout start anew at `now`
/// (unix seconds).
fn separate(sessions: &Sessions, received: &Received, outcome: Outcome, now: i64) -> Outcome {
    let Some(before) = received.session() else {
        return outcome;
    };
    let has_other_subject =
        |it: &Payload| sessions.subject.of(&before.data) != sessions.subject.of(&it.data);
    match outcome {
        Outcome::Changed(session) if has_other_subject(&session) => Outcome::Renamed(Payload {
            id: Id::default(),
            began: now,
            ..session
        }),
        Outcome::Renamed(session) if has_other_subject(&session) => Outcome::Renamed(Payload {
            began: now,
            ..session
        }),
        outcome => outcome,
    }
}

/// Begins a session, and ends those of the request. If it continues the visitor's own session, and
/// another request has ended that one, alone or with all of its subject, it does not begin.
async fn begin(
    sessions: &Sessions,
    received: &Received,
    mut session: Payload,
    continues: bool,
    now: i64,
) -> Result<Option<HeaderValue>, SessionError> {
    // By their texts, because the number 7 and the text "7" are ended together.
    let subject = |it: &Payload| Some(sessions.subject.of(&it.data)?.text.into_owned());
    if subject(&session) != received.session().and_then(subject) {
        // If the store does not answer, the session begins without an epoch. It is refused if there is one.
        session.epoch = sessions
            .present_epoch(&session.data)
            .await
            .unwrap_or_default();
    } else if continues && !sessions.is_of_present_epoch(&session).await? {
        return Ok(None);
    }
    let value = sessions.seal(&session, now)?;
    let end = sessions.timeouts.session_end(session.times(now));
    sessions.registry.begin(&session, end).await?;
    let has_ended_own = end_all(sessions, received, now).await?;
    if continues && !has_ended_own && !is_alive_without_record(sessions, received).await? {
        sessions.registry.undo_begin(session.id).await?;
        return Ok(None);
    }
    sessions.tell_began(&session);
    Ok(Some(sessions.set_cookie(&value, &session, now)))
}

/// Returns whether the visitor's own session leaves no record when it ends, and the application has not
/// ended it by its ID.
async fn is_alive_without_record(
    sessions: &Sessions,
    received: &Received,
) -> Result<bool, StoreError> {
    match received.session() {
        Some(own) if !sessions.leaves_record(own) => sessions.registry.is_alive(own.id).await,
        _ => Ok(false),
    }
}

/// Ends the sessions of all received cookies with a valid signature. Returns whether this call
/// ended the visitor's own session.
async fn end_all(sessions: &Sessions, received: &Received, now: i64) -> Result<bool, StoreError> {
    let own = received.session();
    let mut has_ended_own = false;
    // Together, so that they share a commit, and so that a client that disconnects stops none of them.
    let all = received.all_to_end(sessions);
    let ends = all
        .iter()
        .map(|(id, signed)| sessions.end(*id, *signed, now));
    for ((id, _), is_ended) in all.iter().zip(join_all(ends).await) {
        has_ended_own |= is_ended? && own.is_some_and(|it| it.id == *id);
    }
    Ok(has_ended_own)
}

/// Signs the cookie of an unchanged session again.
///
/// A failure is only logged: the old cookie is still valid, and the response needs no new one.
async fn renew(sessions: &Sessions, received: &Received, now: i64) -> Option<HeaderValue> {
    let (cookie, session) = (received.cookie()?, received.session()?);
    let renewed = async {
        // Signs the received bytes, so that renewing never alters the payload.
        let value = sessions.format.renew(cookie, now)?;
        let is_alive = sessions.is_of_present_epoch(session).await?
            && sessions.registry.is_alive(session.id).await?;
        Ok::<_, SessionError>(is_alive.then(|| sessions.set_cookie(&value, session, now)))
    };
    let renewed = renewed
        .await
        .inspect_err(|cause| tracing::warn!(%cause, "session not renewed"));
    let set_cookie = renewed.ok().flatten()?;
    let id = ShortId::new(session.id);
    sessions.tell(Event::Renewed { id });
    Some(set_cookie)
}
