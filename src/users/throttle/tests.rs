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
        self.begin(visitor).succeed();
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
fn an_account_waits_for_every_address_once_six_networks_have_failed() {
    let site = Site::new();
    for last in 1..=5 {
        site.fail(from("admin", &format!("192.0.2.{last}")), 1);
    }
    assert_eq!(site.wait(from("admin", STRANGER)), 0);
    site.fail(from("admin", "192.0.2.6"), 1);
    assert_eq!(site.wait(from("admin", STRANGER)), 1);
    assert_eq!(site.wait(from("bob", "192.0.2.1")), 0);
}

#[test]
fn an_address_waits_for_every_account() {
    let site = Site::new();
    for number in 1..=6 {
        site.fail(from(&format!("user{number}"), STRANGER), 1);
    }
    assert_eq!(site.wait(from("admin", STRANGER)), 1);
    assert_eq!(site.wait(from("user1", "192.0.2.1")), 0);
}

#[test]
fn a_hundred_guesses_from_one_network_do_not_make_the_owner_wait() {
    for network in ["192.0.2.1", "2001:db8:1::"] {
        let mut site = Site::new();
        let mut guesses = 0;
        while guesses < 100 {
            // Of IPv6, from another /64 of the same /48 each time.
            let address = network.replace("1::", &format!("1:{guesses}::"));
            let stranger = from("admin", &address);
            match site.wait(stranger) {
                0 => {
                    site.fail(stranger, 1);
                    guesses += 1;
                }
                // The guesser has to wait because of the account and its network together.
                seconds => site.pass(seconds),
            }
        }
        assert_eq!(site.wait(from("admin", STRANGER)), 0);
        assert_eq!(site.wait(from("admin", "2001:db8:2::")), 0);
    }
}

#[test]
fn a_network_counts_for_an_account_again_after_an_hour_without_a_failure() {
    let mut site = Site::new();
    for last in 1..=5 {
        site.fail(from("admin", &format!("192.0.2.{last}")), 1);
    }
    site.pass(3599);
    site.fail(from("admin", "192.0.2.1"), 1);
    site.fail(from("admin", "192.0.2.6"), 1);
    assert_eq!(site.wait(from("admin", STRANGER)), 1);

    let mut site = Site::new();
    site.fail(from("admin", "192.0.2.1"), 1);
    for last in 2..=6 {
        site.pass(900);
        site.fail(from("admin", &format!("192.0.2.{last}")), 1);
    }
    // The first failure is forgotten in its own bucket, but not in that of the account.
    site.pass(300);
    site.fail(from("admin", "192.0.2.1"), 1);
    assert_eq!(site.wait(from("admin", STRANGER)), 2);
}

#[test]
fn a_v6_household_is_one_address_a_v6_network_one_for_an_account_and_a_mapped_v4_address_is_v4() {
    let site = Site::new();
    for number in 0..6 {
        let address = format!("2001:db8:1:2:{number}::1");
        site.fail(from(&format!("{number}"), &address), 1);
    }
    assert_eq!(site.wait(from("admin", "2001:db8:1:2:ffff::")), 1);
    assert_eq!(site.wait(from("admin", "2001:db8:1:3::")), 0);
    for number in 0..6 {
        site.fail(from("kim", &format!("2001:db8:7:{number}::1")), 1);
    }
    assert_eq!(site.wait(from("kim", "2001:db8:7:ffff::")), 1);
    assert_eq!(site.wait(from("admin", "2001:db8:7:ffff::")), 0);
    assert_eq!(site.wait(from("kim", "2001:db8:8::")), 0);
    for number in 0..6 {
        site.fail(from(&format!("v4 {number}"), "::ffff:192.0.2.1"), 1);
    }
    assert_eq!(site.wait(from("admin", "192.0.2.1")), 1);
    assert_eq!(site.wait(from("admin", "::ffff:192.0.2.2")), 0);
}

#[test]
fn a_success_of_a_stranger_forgives_nothing() {
    let mut site = Site::new();
    let stranger = from("admin", STRANGER);
    let mut guesses = 0;
    for _ in 0..50 {
        // The owner logs in from the same address in between, and somebody with their own account.
        for owner in [stranger, from("mine", STRANGER)] {
            if site.wait(owner) == 0 {
                site.succeed(owner);
            }
        }
        if site.wait(stranger) == 0 {
            site.fail(stranger, 1);
            guesses += 1;
        }
        site.pass(1);
    }
    // Five are free, and in 50 seconds there is time for these: after 1, 2, 4, 8 and 16 seconds.
    assert_eq!(guesses, 11);
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
    // Its failures are not those of an address or an account.
    assert_eq!(site.wait(from("admin", "192.0.2.1")), 0);

    // Its success forgives them, and no other ones.
    site.fail(known("admin", "two"), 5);
    site.pass(1);
    site.succeed(browser);
    for _ in 0..10 {
        site.fail(browser, 5);
        assert_eq!(site.wait(browser), 0);
        site.succeed(browser);
    }
    site.fail(known("admin", "two"), 1);
    assert_eq!(site.wait(known("admin", "two")), 1);
    site.fail(from("admin", STRANGER), 1);
    assert_eq!(site.wait(from("admin", STRANGER)), 2);
}

#[test]
fn all_known_browsers_of_an_account_have_twenty_failures_in_an_hour() {
    let mut site = Site::new();
    let mut guesses = 0;
    for round in 0..6 {
        for number in 0..40 {
            let name = format!("browser{number}");
            if site.wait(known("admin", &name)) == 0 {
                site.fail(known("admin", &name), 1);
                guesses += 1;
            }
        }
        assert_eq!(guesses, 20, "round {round}");
        site.pass(60);
    }
    assert_eq!(site.wait(known("admin", "browser39")), 3600 - 6 * 60);
    // Neither strangers nor other accounts have to wait for them.
    assert_eq!(site.wait(from("admin", STRANGER)), 0);
    assert_eq!(site.wait(known("bob", "browser0")), 0);
    site.pass(3600 - 6 * 60);
    assert_eq!(site.wait(known("admin", "browser39")), 0);
    site.fail(known("admin", "browser39"), 1);
    assert_eq!(site.throttle.failures().known.sizes(), [1, 1]);
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

    let site = Site::new();
    for number in 0..19 {
        site.fail(known("admin", &format!("browser{number}")), 1);
    }
    let _attempt = site.begin(known("admin", "one"));
    assert_eq!(site.wait(known("admin", "two")), 1);
}

#[test]
fn many_right_passwords_at_once_do_not_wait() {
    let site = Site::new();
    let attempts = [(); 100].map(|()| site.begin(from("admin", STRANGER)));
    attempts.into_iter().for_each(Attempt::succeed);
    assert_eq!(site.throttle.failures().table.sizes(), [0; 4]);
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

/// Fails with so many names, each from an address of its own, and all from one /48.
fn flood(site: &Site, names: u128) {
    for number in 0..names {
        let address = 0x2001_0db8_0001 << 80 | number << 64;
        let address = IpAddr::V6(address.into());
        let name = &format!("user{number}");
        site.fail(Visitor::Stranger { name, address }, 1);
    }
}

#[test]
fn a_flood_of_failures_resets_nobody_who_has_more_and_makes_nobody_wait() {
    let mut site = Site::new();
    for last in 1..=6 {
        site.fail(from("admin", &format!("192.0.2.{last}")), 1);
    }
    site.fail(from("bob", "192.0.2.7"), 6);
    // Each makes three buckets.
    flood(&site, 22_000);
    let sizes = site.throttle.failures().table.sizes();
    assert_eq!(sizes, [MAX_BUCKETS, MAX_BUCKETS, MAX_BUCKETS, 0]);
    assert_eq!(site.wait(from("admin", STRANGER)), 1);
    assert_eq!(site.wait(from("somebody", "192.0.2.7")), 1);
    assert_eq!(site.wait(from("somebody", STRANGER)), 0);

    // After an hour nothing of it is left.
    site.pass(3600);
    site.fail(from("kim", STRANGER), 1);
    assert_eq!(site.throttle.failures().table.sizes(), [3, 3, 3, 0]);
}

#[test]
fn the_oldest_of_those_with_the_fewest_failures_makes_room() {
    let mut table = Table::default();
    let now = Instant::now();
    for key in 0..MAX_BUCKETS as Key {
        table.add_failure(key, now);
    }
    for key in [0, 2] {
        table.add_failure(key, now);
    }
    for (new, forgotten) in [(100_000, 1), (100_001, 3), (100_002, 4)] {
        assert_eq!(table.failures(forgotten, now), 1);
        table.add_failure(new, now);
        assert_eq!(table.failures(forgotten, now), 0);
        assert_eq!(table.failures(new, now), 1);
    }
    assert_eq!([0, 2].map(|key| table.failures(key, now)), [2, 2]);
}
