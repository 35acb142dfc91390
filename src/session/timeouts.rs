//! The idle and the absolute timeout, and when to renew a cookie.
//!
//! Times are in unix seconds. A cookie does not contain when its session ends, so a shorter timeout
//! also applies to cookies that were issued before.

#[cfg(test)]
mod tests;

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use time::Duration;

use super::{error::Refusal, limit::Limit};

/// How far ahead of our clock the clock that signed a cookie may be, in seconds.
const CLOCK_SKEW: i64 = 60;

/// The two timeouts of a session, as ASVS 5.0 requires them (7.3.1 and 7.3.2). Fractions of a
/// second are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    idle: Duration,
    absolute: Duration,
}

impl Default for Timeouts {
    /// An idle timeout of 7 days and an absolute timeout of 30 days.
    fn default() -> Self {
        Self {
            idle: Duration::days(7),
            absolute: Duration::days(30),
        }
    }
}

/// The reason why timeouts are refused.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeoutsError {
    /// One of them is shorter than a second, so that every session would have ended at once.
    #[error("a timeout of {0} is shorter than a second")]
    Short(Duration),
}

impl fmt::Debug for TimeoutsError {
    /// Writes the message, because `Debug` is what a `main` that returns an error shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The two signed times of a cookie, in unix seconds, and the limit of its session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) began: i64,
    pub(super) signed: i64,
    pub(super) limit: Limit,
}

impl Timeouts {
    /// Returns timeouts of these durations. The shorter one decides, so the idle timeout may be the
    /// longer one.
    ///
    /// # Errors
    ///
    /// Fails if one of them is shorter than a second.
    pub fn new(idle: Duration, absolute: Duration) -> Result<Self, TimeoutsError> {
        match [idle, absolute]
            .into_iter()
            .find(|it| *it < Duration::SECOND)
        {
            Some(short) => Err(TimeoutsError::Short(short)),
            None => Ok(Self { idle, absolute }),
        }
    }

    /// Returns the inactivity timeout: a session ends this long after its cookie was last signed.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.idle
    }

    /// Returns the absolute timeout: a session ends this long after it began, even if it is in use.
    #[must_use]
    pub fn absolute(&self) -> Duration {
        self.absolute
    }

    /// Refuses times that have timed out at `now` or are in the future.
    pub(super) fn check(&self, times: Times, now: i64) -> Result<(), Refusal> {
        let latest = now.saturating_add(CLOCK_SKEW);
        if times.signed > latest || times.began > latest {
            return Err(Refusal::FromTheFuture);
        }
        if now >= self.session_end(times) {
            return Err(Refusal::Lifetime);
        }
        if now >= self.idle_end(times) {
            return Err(Refusal::Idle);
        }
        Ok(())
    }

    /// Returns how long a session lasts that begins now and is not used.
    pub(super) fn shorter(&self) -> Duration {
        self.idle.min(self.absolute)
    }

    /// Returns when a session with these times ends unless its cookie is signed again, in unix seconds.
    pub(super) fn end(&self, times: Times) -> i64 {
        self.idle_end(times).min(self.session_end(times))
    }

    fn idle_end(&self, times: Times) -> i64 {
        times.signed.saturating_add(self.idle_seconds(times.limit))
    }

    /// Returns the idle timeout of a session with this limit, in seconds.
    fn idle_seconds(&self, limit: Limit) -> i64 {
        let idle = self.idle.whole_seconds();
        limit.idle.map_or(idle, |it| it.min(idle))
    }

    /// Returns whether a cookie with these times should be signed again at `now`: more than a tenth
    /// of the idle timeout has passed since it was signed, and the session would last longer.
    ///
    /// Because of the wait, most responses set no cookie, but a session may end up to a tenth of
    /// the idle timeout too early.
    pub(super) fn is_renewal_due(&self, times: Times, now: i64) -> bool {
        now.saturating_sub(times.signed) > self.idle_seconds(times.limit) / 10
            && self.idle_end(times) < self.session_end(times)
    }

    /// Returns the `Max-Age` of a cookie with these times: the seconds from `now` to the end of its
    /// session.
    pub(super) fn max_age(&self, times: Times, now: i64) -> i64 {
        self.end(times).saturating_sub(now).max(0)
    }

    /// Returns until when, in unix seconds, to remember a revocation at `now` of a session whose
    /// cookie was signed at `signed`.
    ///
    /// By then, every cookie of the session has timed out. This includes a cookie that another
    /// request signs just before the revocation, on a machine whose clock is ahead of ours, and a
    /// cookie that was signed while our own clock was wrong.
    pub(super) fn revocation_end(&self, signed: i64, now: i64) -> i64 {
        let last_signed = signed.max(now.saturating_add(CLOCK_SKEW));
        // No cookie lasts longer than the shorter timeout.
        let longest_cookie = self.shorter().whole_seconds();
        last_signed
            .saturating_add(longest_cookie)
            .saturating_add(CLOCK_SKEW)
    }

    /// Returns until when, in unix seconds, to remember the end at `now` of all sessions of a subject.
    ///
    /// By then, all sessions have ended that began before, on a machine whose clock may be ahead of
    /// ours, also for a machine whose clock is behind ours.
    pub(super) fn epoch_end(&self, now: i64) -> i64 {
        now.saturating_add(self.absolute.whole_seconds())
            .saturating_add(2 * CLOCK_SKEW)
    }

    /// Returns when a session with these times ends at the latest, in unix seconds.
    pub(super) fn session_end(&self, times: Times) -> i64 {
        let end = times.began.saturating_add(self.absolute.whole_seconds());
        times.limit.end.map_or(end, |it| it.min(end))
    }
}

/// Returns the current time in unix seconds.
pub(super) fn unix_now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.unwrap_or_default().as_secs().cast_signed()
}
