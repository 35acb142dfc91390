//! `Checks`: the checks of passwords that run or wait, a few for each account.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Busy;

/// How many checks of one account run or wait at most, so that one user cannot take all places. Known
/// browsers have as many beside those of strangers, who could otherwise keep them out.
const MAX_CHECKS: usize = 2;

/// The checks that run or wait. Those of an account are there by their browsers: `None` is a stranger's.
#[derive(Debug, Default)]
pub(super) struct Checks(Mutex<HashMap<String, Vec<Option<String>>>>);

/// A check that runs or waits, until this is dropped.
#[derive(Debug)]
pub(super) struct Check {
    checks: Arc<Checks>,
    account: String,
    browser: Option<String>,
}

impl Check {
    /// Begins a check, unless there are too many of that account, or one of that known browser.
    pub(super) fn begin(
        checks: &Arc<Checks>,
        account: &str,
        browser: Option<&str>,
    ) -> Result<Self, Busy> {
        let mut by_account = checks.by_account();
        let running = by_account.get(account).map_or(&[][..], Vec::as_slice);
        let known = running.iter().flatten();
        let is_full = match browser {
            Some(browser) => known.clone().any(|it| it == browser) || known.count() >= MAX_CHECKS,
            None => running.len() >= MAX_CHECKS,
        };
        if is_full {
            return Err(Busy);
        }
        let browser = browser.map(str::to_owned);
        let running = by_account.entry(account.to_owned()).or_default();
        running.push(browser.clone());
        Ok(Self {
            checks: Arc::clone(checks),
            account: account.to_owned(),
            browser,
        })
    }

    pub(super) fn is_known(&self) -> bool {
        self.browser.is_some()
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut by_account = self.checks.by_account();
        if let Some(running) = by_account.get_mut(&self.account) {
            if let Some(index) = running.iter().position(|it| *it == self.browser) {
                running.swap_remove(index);
            }
            if running.is_empty() {
                by_account.remove(&self.account);
            }
        }
    }
}

impl Checks {
    fn by_account(&self) -> MutexGuard<'_, HashMap<String, Vec<Option<String>>>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_two_checks_at_once_and_a_known_browser_one() {
        let checks = Arc::default();
        let begin = |account, browser| Check::begin(&checks, account, browser);
        let first = begin("admin", None).expect("free");
        let _second = begin("admin", None).expect("free");
        assert_eq!(begin("admin", None).err(), Some(Busy));
        let _other = begin("bob", None).expect("free");
        drop(first);
        let _third = begin("admin", None).expect("free");

        // Strangers do not keep known browsers out.
        let known = begin("admin", Some("one")).expect("free");
        assert_eq!(begin("admin", Some("one")).err(), Some(Busy));
        let _two = begin("admin", Some("two")).expect("free");
        assert_eq!(begin("admin", Some("three")).err(), Some(Busy));
        drop(known);
        assert!(begin("admin", Some("three")).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_an_account_without_a_check() {
        let checks = Arc::default();
        drop([None, Some("one")].map(|it| Check::begin(&checks, "admin", it).expect("free")));
        assert!(checks.by_account().is_empty());
    }
}
