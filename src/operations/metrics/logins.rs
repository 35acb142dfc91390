//! Counts attempts to log in with a password.

use std::sync::Arc;

use prometheus::IntCounterVec;

use super::{Metrics, add, opts};
use crate::users::{LoginOutcome, Users};

impl Metrics {
    /// Lets the attempts to log in as one of these users be counted, and the hashes that they need.
    ///
    /// # Errors
    ///
    /// Fails if it was called before.
    pub fn observe_users(&self, users: Users) -> prometheus::Result<Arc<Users>> {
        let attempts = opts(
            "logins_total",
            "Attempts to log in with a password. The password was not checked if the outcome is wait \
             (there were too many failures) or busy (too many others were being checked).",
        );
        let attempts = add(&self.registry, IntCounterVec::new(attempts, &["outcome"]))?;
        let counters = LoginOutcome::ALL.map(|it| attempts.with_label_values(&[it.as_str()]));
        let users = Arc::new(users.on_login(move |outcome| counters[outcome as usize].inc()));
        let (running, waiting) = (Arc::clone(&users), Arc::clone(&users));
        self.add_gauge(
            "password_hashes_running",
            "Password hashes that are being computed.",
            move || running.hash_count().running,
        )?;
        self.add_gauge(
            "password_hashes_waiting",
            "Password hashes that wait for a core.",
            move || waiting.hash_count().waiting,
        )?;
        Ok(users)
    }
}
