//! Tests of the waits, with times as arguments.

use super::{table::MAX_BUCKETS, *};

const STRANGER: &str = "203.0.113.7";

fn from<'a>(name: &'a str, address: &str) -> Visitor<'a> {
    let address = address.parse().expect("an address");
    Visitor::Stranger { name, address }
}

fn known<'a>(name: &'a str, browser: &'a str) -> Visitor<'a> {
    Visitor::Known { name, browser }
}

/// A throttle and a clock.
struct Site {
    throttle: Throttle,
    now: Instant,
}

impl Site {
    fn new() -> Self {
        Self {
            throttle: Throttle::default(),
            now: Instant::now(),
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    #[track_caller]
    fn begin(&self, visitor: Visitor<'_>) -> Attempt<'_> {
        let attempt = self.throttle.begin(visitor, self.now);
        attempt.unwrap_or_else(|wait| panic!("has to wait {wait:?}"))
    }

    #[track_caller]
    fn fail(&self, visitor: Visitor<'_>, times: u32) {
        for _ in 0..times {
            self.begin(visitor).fail(self.now);
        }
    }

    #[track_caller]
    fn succeed(&self, visitor: Visitor<'_>) {
        self.begin(visitor).succeed(self.now);
    }

    /// Returns how many seconds the visitor has to wait.
    fn wait(&self, visitor: Visitor<'_>) -> u64 {
        let wait = self.throttle.wait(visitor, self.now);
        assert_eq!(wait, self.throttle.begin(visitor, self.now).err());
        wait.map_or(0, |wait| wait.as_secs())
    }
}

#[test]
fn from_the_sixth_failure_on_the_wait_doubles_from_one_second_to_five_minutes() {
    let mut site = Site::new();
    let visitor = from("admin", STRANGER);
    site.fail(visitor, 5);
    for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
        assert_eq!(site.wait(visitor), 0);
        site.fail(visitor, 1);
        assert_eq!(site.wait(visitor), seconds);
        site.pass(seconds - 1);
        assert_eq!(site.wait(visitor), 1);
        site.pass(1);
    }
}

#[test]
fn attempts_during_a_wait_do_not_lengthen_it() {
    let mut site = Site::new();
    site.fail(from("admin", STRANGER), 6);
    for _ in 0..100 {
        assert_eq!(site.wait(from("admin", STRANGER)), 1);
    }
    site.pass(1);
    assert_eq!(site.wait(from("admin", STRANGER)), 0);
}

#[test]
fn an_account_waits_for_every_address_and_an_address_for_every_account() {
    let site = Site::new();
    for last in 1..=6 {
        site.fail(from("admin", &format!("192.0.2.{last}")), 1);
    }
    assert_eq!(site.wait(from("admin", STRANGER)), 1);
    assert_eq!(site.wait(from("bob", "192.0.2.1")), 0);

    let site = Site::new();
    for number in 1..=6 {
        site.fail(from(&format!("user{number}"), STRANGER), 1);
    }
    assert_eq!(site.wait(from("admin", STRANGER)), 1);
    assert_eq!(site.wait(from("user1", "192.0.2.1")), 0);
}

#[test]
fn a_v6_network_of_64_bits_is_one_address_and_a_mapped_v4_address_is_that_address() {
    let site = Site::new();
    for number in 0..6 {
        site.fail(
            from(&format!("{number}"), &format!("2001:db8:1:2:{number}::1")),
            1,
        );
    }
    assert_eq!(site.wait(from("admin", "2001:db8:1:2:ffff::")), 1);
    assert_eq!(site.wait(from("admin", "2001:db8:1:3::")), 0);
    for number in 0..6 {
        site.fail(from(&format!("v4 {number}"), "::ffff:192.0.2.1"), 1);
    }
    assert_eq!(site.wait(from("admin", "192.0.2.1")), 1);
    assert_eq!(site.wait(from("admin", "::ffff:192.0.2.2")), 0);
}

#[test]
fn a_success_clears_the_failures_from_that_address_for_that_account() {
    let site = Site::new();
    for _ in 0..10 {
        site.fail(from("admin", STRANGER), 5);
        site.succeed(from("admin", STRANGER));
    }
    // The failures of others stay.
    site.fail(from("admin", "192.0.2.1"), 3);
    site.succeed(from("admin", STRANGER));
    site.fail(from("admin", STRANGER), 3);
    assert_eq!(site.wait(from("admin", "192.0.2.2")), 1);
}

#[test]
fn an_account_of_ones_own_clears_no_failures_for_others() {
    let site = Site::new();
    for name in ["admin", "bob", "admin", "bob", "admin"] {
        site.fail(from(name, STRANGER), 1);
        site.succeed(from("mine", STRANGER));
    }
    site.fail(from("bob", STRANGER), 1);
    assert_eq!(site.wait(from("mine", STRANGER)), 1);
}

#[test]
fn a_known_browser_waits_for_its_own_failures_only() {
    let mut site = Site::new();
    site.fail(from("admin", STRANGER), 6);
    let browser = known("admin", "one");
    assert_eq!(site.wait(browser), 0);
    site.fail(browser, 6);
    assert_eq!(site.wait(browser), 1);
    assert_eq!(site.wait(known("admin", "two")), 0);
    assert_eq!(site.wait(known("bob", "one")), 0);
    site.pass(1);
    site.succeed(browser);
    site.fail(browser, 5);
    assert_eq!(site.wait(browser), 0);
    // Its failures are not those of an address or an account.
    assert_eq!(site.wait(from("admin", "192.0.2.1")), 0);
}

#[test]
fn attempts_at_the_same_moment_do_not_share_one_wait() {
    let mut site = Site::new();
    let visitor = from("admin", STRANGER);
    site.fail(visitor, 6);
    site.pass(1);
    let attempt = site.begin(visitor);
    assert_eq!(site.wait(visitor), 1);
    drop(attempt);
    assert_eq!(site.wait(visitor), 0);

    let site = Site::new();
    site.fail(visitor, 3);
    let attempts = [(); 3].map(|()| site.begin(visitor));
    assert_eq!(site.wait(visitor), 1);
    for attempt in attempts {
        attempt.fail(site.now);
    }
    assert_eq!(site.wait(visitor), 1);
}

#[test]
fn many_right_passwords_at_once_do_not_wait() {
    let site = Site::new();
    let attempts = [(); 100].map(|()| site.begin(from("admin", STRANGER)));
    for attempt in attempts {
        attempt.succeed(site.now);
    }
    assert_eq!(site.throttle.table().sizes(), [0, 0, 0]);
}

#[test]
fn failures_are_forgotten_after_an_hour_without_a_new_one() {
    let mut site = Site::new();
    let visitor = from("admin", STRANGER);
    site.fail(visitor, 5);
    site.pass(3599);
    site.fail(visitor, 1);
    assert_eq!(site.wait(visitor), 1);
    site.pass(3600);
    site.fail(visitor, 5);
    assert_eq!(site.wait(visitor), 0);
}

#[test]
fn a_full_table_drops_the_oldest_and_makes_nobody_wait() {
    let site = Site::new();
    let kept = from("kept", "192.0.2.1");
    site.fail(from("oldest", "192.0.2.2"), 6);
    site.fail(kept, 5);
    let count = u32::try_from(MAX_BUCKETS / 3).expect("a number") + 1;
    for number in 0..count {
        if number == count / 2 {
            site.fail(kept, 1);
        }
        let address = IpAddr::V4((0x0a00_0000 + number).into());
        let name = &format!("user{number}");
        site.fail(Visitor::Stranger { name, address }, 1);
    }
    let sizes = site.throttle.table().sizes();
    assert_eq!(sizes, [MAX_BUCKETS, MAX_BUCKETS, 0]);
    assert_eq!(site.wait(from("oldest", "192.0.2.2")), 0);
    assert_eq!(site.wait(from("somebody", "192.0.2.3")), 0);
    assert_eq!(site.wait(kept), 1);
}
