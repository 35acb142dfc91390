use super::*;

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

fn times(began: i64, signed: i64) -> Times {
    Times {
        began,
        signed,
        limit: Limit::default(),
    }
}

fn check(began: i64, signed: i64) -> Result<(), Refusal> {
    Timeouts::default().check(times(began, signed), NOW)
}

#[test]
fn timeouts_under_a_second_are_refused() {
    let (short, second) = (Duration::milliseconds(999), Duration::SECOND);
    for (idle, absolute) in [(short, second), (second, short), (-second, second)] {
        assert!(Timeouts::new(idle, absolute).is_err());
    }
    assert!(Timeouts::new(second, second).is_ok());
}

#[test]
fn a_limit_shortens_a_session_and_never_lengthens_it() {
    let end = |idle, end| {
        let limit = Limit {
            idle,
            end,
            temporary: false,
        };
        Timeouts::default().end(Times {
            limit,
            ..times(NOW, NOW)
        })
    };
    assert_eq!(end(Some(60), None), NOW + 60);
    assert_eq!(end(Some(8 * DAY), None), NOW + 7 * DAY);
    assert_eq!(end(None, Some(NOW + 60)), NOW + 60);
    assert_eq!(end(None, Some(NOW + 8 * DAY)), NOW + 7 * DAY);
}

#[test]
fn a_session_ends_after_the_idle_timeout() {
    let began = NOW - 8 * DAY;
    assert_eq!(check(began, NOW - 7 * DAY + 1), Ok(()));
    assert_eq!(check(began, NOW - 7 * DAY), Err(Refusal::Idle));
}

#[test]
fn a_session_ends_after_the_absolute_timeout_even_with_a_new_cookie() {
    assert_eq!(check(NOW - 30 * DAY + 1, NOW), Ok(()));
    assert_eq!(check(NOW - 30 * DAY, NOW), Err(Refusal::Lifetime));
}

#[test]
fn a_clock_may_be_at_most_a_minute_ahead() {
    assert_eq!(check(NOW + 60, NOW + 60), Ok(()));
    assert_eq!(check(NOW, NOW + 61), Err(Refusal::FromTheFuture));
    assert_eq!(check(NOW + 61, NOW), Err(Refusal::FromTheFuture));
}

#[test]
fn extreme_times_are_refused_without_overflow() {
    assert_eq!(check(i64::MIN, NOW), Err(Refusal::Lifetime));
    assert_eq!(check(NOW, i64::MIN), Err(Refusal::Idle));
    assert_eq!(check(i64::MAX, i64::MAX), Err(Refusal::FromTheFuture));
}

#[test]
fn renewal_waits_for_a_tenth_of_the_idle_timeout() {
    let is_due = |signed| Timeouts::default().is_renewal_due(times(signed, signed), NOW);
    let tenth = 7 * DAY / 10;
    assert!(!is_due(NOW - tenth));
    assert!(is_due(NOW - tenth - 1));
}

#[test]
fn a_session_whose_absolute_timeout_ends_first_is_not_renewed() {
    let is_due = |began| {
        let signed = NOW - DAY;
        Timeouts::default().is_renewal_due(times(began, signed), NOW)
    };
    assert!(is_due(NOW - 24 * DAY + 1));
    assert!(!is_due(NOW - 24 * DAY));
    assert!(!is_due(i64::MIN));
}

#[test]
fn max_age_is_the_idle_timeout_or_what_is_left_of_the_absolute_one() {
    let max_age = |began| Timeouts::default().max_age(times(began, NOW), NOW);
    assert_eq!(max_age(NOW), 7 * DAY);
    assert_eq!(max_age(NOW - 23 * DAY), 7 * DAY);
    assert_eq!(max_age(NOW - 29 * DAY), DAY);
    assert_eq!(max_age(NOW - 31 * DAY), 0);
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
                let times = times(began, signed);
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

#[test]
fn the_end_of_all_sessions_is_remembered_until_those_that_had_begun_have_ended_on_each_machine() {
    let timeouts = Timeouts::default();
    let end = timeouts.epoch_end(NOW);
    assert_eq!(end, NOW + 30 * DAY + 120);
    // The session began on a machine whose clock was a minute ahead.
    let last = times(NOW + CLOCK_SKEW, NOW + 29 * DAY);
    assert!(timeouts.end(last) <= end - CLOCK_SKEW);
    assert_eq!(timeouts.epoch_end(i64::MAX), i64::MAX);
}
