//! Idle and absolute timeout, and when to renew: pure functions of times and the present.
//!
//! Every time is in unix seconds and every answer follows from the arguments, so that a shorter
//! timeout takes effect on the cookies that are already out there.

use time::Duration;

use super::error::Refusal;

/// How far ahead of ours the clock that signed a cookie may be.
const CLOCK_SKEW: i64 = 60;

/// The two timeouts of a session, as ASVS 5.0 asks for them (7.3.1 and 7.3.2). Both count whole
/// seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A session ends when its cookie was not signed anew for this long: the inactivity timeout.
    pub idle: Duration,
    /// A session ends this long after it began, however busy it is.
    pub absolute: Duration,
}

impl Default for Timeouts {
    /// 7 days and 30 days.
    fn default() -> Self {
        Self {
            idle: Duration::days(7),
            absolute: Duration::days(30),
        }
    }
}

/// The two times that a cookie vouches for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) began: i64,
    pub(super) signed: i64,
}

impl Timeouts {
    /// Refuses a session with these times that has run out at `now`, or begins later.
    pub(super) fn check(&self, times: Times, now: i64) -> Result<(), Refusal> {
        let latest = now.saturating_add(CLOCK_SKEW);
        if times.signed > latest || times.began > latest {
            return Err(Refusal::FromTheFuture);
        }
        if now.saturating_sub(times.began) >= self.absolute.whole_seconds() {
            return Err(Refusal::Lifetime);
        }
        if now.saturating_sub(times.signed) >= self.idle.whole_seconds() {
            return Err(Refusal::Idle);
        }
        Ok(())
    }

    /// Returns whether a cookie with these times should be signed anew at `now`: more than a tenth of
    /// the idle timeout has passed since it was signed, and the session would live longer for it.
    ///
    /// Waiting for a tenth keeps most responses free of a cookie, at the price that a session may
    /// end that much sooner than the idle timeout says.
    pub(super) fn is_renewal_due(&self, times: Times, now: i64) -> bool {
        let idle = self.idle.whole_seconds();
        now.saturating_sub(times.signed) > idle / 10
            && times.signed.saturating_add(idle) < self.session_end(times.began)
    }

    /// What is left at `now`, in seconds, of a session that began at `began` and is signed now: the
    /// `Max-Age` of its cookie.
    pub(super) fn max_age(&self, began: i64, now: i64) -> i64 {
        let idle_end = now.saturating_add(self.idle.whole_seconds());
        let end = idle_end.min(self.session_end(began));
        end.saturating_sub(now).max(0)
    }

    /// Until when, in unix seconds, a revocation made at `now` must be remembered, of a session
    /// whose cookie was signed at `signed`.
    ///
    /// That is longer than any cookie of the session can be good: also one that another request
    /// signs before it hears of the revocation, on a machine whose clock is ahead of ours, and one
    /// that was signed while our own clock was wrong.
    pub(super) fn revocation_end(&self, signed: i64, now: i64) -> i64 {
        let last_signed = signed.max(now.saturating_add(CLOCK_SKEW));
        let longest = self.idle.min(self.absolute).whole_seconds();
        last_signed
            .saturating_add(longest)
            .saturating_add(CLOCK_SKEW)
    }

    /// When a session ends that began at `began`, however busy it is, in unix seconds.
    pub(super) fn session_end(&self, began: i64) -> i64 {
        began.saturating_add(self.absolute.whole_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;

    fn check(began: i64, signed: i64) -> Result<(), Refusal> {
        Timeouts::default().check(Times { began, signed }, NOW)
    }

    #[test]
    fn a_session_ends_when_it_was_idle_for_the_idle_timeout() {
        let began = NOW - 8 * DAY;
        assert_eq!(check(began, NOW - 7 * DAY + 1), Ok(()));
        assert_eq!(check(began, NOW - 7 * DAY), Err(Refusal::Idle));
    }

    #[test]
    fn a_session_ends_when_it_has_had_its_lifetime_however_fresh_its_cookie() {
        assert_eq!(check(NOW - 30 * DAY + 1, NOW), Ok(()));
        assert_eq!(check(NOW - 30 * DAY, NOW), Err(Refusal::Lifetime));
    }

    #[test]
    fn a_clock_may_be_a_minute_ahead_and_no_more() {
        assert_eq!(check(NOW + 60, NOW + 60), Ok(()));
        assert_eq!(check(NOW, NOW + 61), Err(Refusal::FromTheFuture));
        assert_eq!(check(NOW + 61, NOW), Err(Refusal::FromTheFuture));
    }

    #[test]
    fn absurd_times_are_refused_without_overflow() {
        assert_eq!(check(i64::MIN, NOW), Err(Refusal::Lifetime));
        assert_eq!(check(NOW, i64::MIN), Err(Refusal::Idle));
        assert_eq!(check(i64::MAX, i64::MAX), Err(Refusal::FromTheFuture));
    }

    #[test]
    fn renewal_waits_for_a_tenth_of_the_idle_timeout() {
        let is_due = |signed| {
            let times = Times {
                began: signed,
                signed,
            };
            Timeouts::default().is_renewal_due(times, NOW)
        };
        let tenth = 7 * DAY / 10;
        assert!(!is_due(NOW - tenth));
        assert!(is_due(NOW - tenth - 1));
    }

    #[test]
    fn a_session_whose_lifetime_ends_first_is_not_renewed() {
        let is_due = |began| {
            let signed = NOW - DAY;
            Timeouts::default().is_renewal_due(Times { began, signed }, NOW)
        };
        assert!(is_due(NOW - 24 * DAY + 1));
        assert!(!is_due(NOW - 24 * DAY));
        assert!(!is_due(i64::MIN));
    }

    #[test]
    fn max_age_is_the_idle_timeout_until_less_than_that_is_left() {
        let timeouts = Timeouts::default();
        assert_eq!(timeouts.max_age(NOW, NOW), 7 * DAY);
        assert_eq!(timeouts.max_age(NOW - 23 * DAY, NOW), 7 * DAY);
        assert_eq!(timeouts.max_age(NOW - 29 * DAY, NOW), DAY);
        assert_eq!(timeouts.max_age(NOW - 31 * DAY, NOW), 0);
    }

    #[test]
    fn a_revocation_outlives_every_cookie_of_its_session() {
        for timeouts in [
            Timeouts::default(),
            Timeouts {
                idle: Duration::days(90),
                ..Timeouts::default()
            },
        ] {
            for signed in [NOW - DAY, NOW, NOW + CLOCK_SKEW, NOW + 10 * DAY] {
                for began in [signed, signed - 5 * DAY, signed - 29 * DAY] {
                    let forgotten = timeouts.revocation_end(signed, NOW);
                    let times = Times { began, signed };
                    assert!(timeouts.check(times, forgotten - CLOCK_SKEW).is_err());
                }
            }
        }
        let timeouts = Timeouts::default();
        assert_eq!(
            timeouts.revocation_end(NOW - DAY, NOW),
            NOW + 7 * DAY + 2 * CLOCK_SKEW
        );
        assert_eq!(
            timeouts.revocation_end(NOW + DAY, NOW),
            NOW + 8 * DAY + CLOCK_SKEW
        );
    }
}
