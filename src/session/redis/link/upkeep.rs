//! The task that looks after the connection.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Link, State};
use crate::redis::{
    connection::{ALONE, Connection},
    info::{Fit, Flaw, Unfit},
};

/// How often the server is asked whether it is fit while the connection is up.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait at least between two such questions, so that many errors at once lead to one.
const CHECK_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait between two attempts to connect.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(250);

impl Link {
    /// Keeps the connection up, as long as it is polled.
    pub(in crate::redis) async fn look_after(self: Arc<Self>) {
        for generation in 1.. {
            self.watch().await;
            let (up, fit) = loop {
                match Connection::open(&self.address, generation).await {
                    Ok(opened) => break opened,
                    Err(cause) => self.set_down(None, &cause),
                }
                sleep(RECONNECT_INTERVAL).await;
            };
            if let State::Down(_) = &*self.state.borrow() {
                tracing::info!(store = %self.address, "the session store answers again");
                self.warn(fit.flaws());
            }
            self.state.send_replace(State::Up(up.into(), fit));
        }
    }

    /// Asks the server regularly, and after every error, whether it is fit. Returns when the
    /// connection is down.
    async fn watch(&self) {
        while let Some(up) = self.present() {
            match up.check().await {
                Ok(fit) => self.note(&up, fit),
                Err(Unfit::Closed(_)) => self.set_closed(up.generation),
                Err(cause) => self.set_down(Some(up.generation), &cause),
            }
            sleep(CHECK_PAUSE).await;
            if self.present().is_some() {
                // After the interval there is a check in any case.
                let _ = timeout(CHECK_INTERVAL, self.error.notified()).await;
            }
        }
    }

    /// Notes what the server says about itself. Breaks the connection if the server has been alone
    /// twice.
    fn note(&self, up: &Connection, fit: Fit) {
        let mut before = fit;
        self.state.send_if_modified(|state| {
            if let State::Up(present, known) = state
                && present.generation == up.generation
            {
                before = std::mem::replace(known, fit);
            }
            false
        });
        if fit.is_alone() && before.is_alone() {
            self.set_down(Some(up.generation), &ALONE);
        } else {
            self.warn(fit.new_flaws(&before));
        }
    }

    fn warn(&self, flaws: impl Iterator<Item = Flaw>) {
        for flaw in flaws {
            tracing::warn!(store = %self.address, "{flaw}");
        }
    }
}
