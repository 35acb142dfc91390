//! The task that looks after the connection.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Link, State};
use crate::redis::{
    connection::Connection,
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
            let up = loop {
                match Connection::open(&self.client, generation).await {
                    Ok(up) => break up,
                    Err(cause) => self.set_down(None, &cause),
                }
                sleep(RECONNECT_INTERVAL).await;
            };
            if let State::Down(_) = &*self.state.borrow() {
                tracing::info!(store = self.address, "the session store answers again");
                self.warn(up.fit.flaws());
            }
            self.state.send_replace(State::Up(up));
        }
    }

    /// Asks the server regularly, and after every error, whether it is fit. Returns when the
    /// connection is down.
    async fn watch(&self) {
        // What was wrong at first has been reported.
        let mut known: Option<Fit> = None;
        while let Some(mut up) = self.present() {
            match up.check().await {
                Ok(fit) => {
                    self.warn(fit.new_flaws(&known.unwrap_or(up.fit)));
                    known = Some(fit);
                }
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

    fn warn(&self, flaws: impl Iterator<Item = Flaw>) {
        for flaw in flaws {
            tracing::warn!(store = self.address, "{flaw}");
        }
    }
}
