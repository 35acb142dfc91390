//! The task that looks after the connection.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Link, State};
use crate::redis::{
    connection::{ALONE, Connection},
    info::{Fit, Flaw, Unfit},
    marker::{KEY, Marker, Trouble},
};

/// How often the server is asked whether it is fit while the connection is up.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// The same while the server has no replica and needs one. It may have been cut off, and pages ask it
/// until it has said so twice.
const ALONE_INTERVAL: Duration = Duration::from_millis(250);

/// How long to wait at least between two such questions, so that many errors at once lead to one.
const CHECK_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait between two attempts to connect.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(250);

impl Link {
    /// Keeps the connection up, as long as it is polled.
    pub(in crate::redis) async fn look_after(self: Arc<Self>) {
        let mut marker = Marker::default();
        let mut server = self.present().map(|up| up.server.clone());
        for generation in 1.. {
            self.watch(&mut marker).await;
            let (up, fit) = loop {
                match Connection::open(&self.address, generation).await {
                    Ok(opened) => break opened,
                    Err(cause) => self.set_down(None, &cause),
                }
                sleep(RECONNECT_INTERVAL).await;
            };
            let is_new = server.as_ref() != Some(&up.server);
            if is_new || matches!(&*self.state.borrow(), State::Down(_)) {
                // Without sentinels the address says it.
                let server = self.address.has_sentinels().then_some(&up.server);
                tracing::info!(store = %self.address, server, "the session store answers again");
                self.warn(fit.flaws());
            }
            server = Some(up.server.clone());
            self.state.send_replace(State::Up(up.into(), fit));
        }
    }

    /// Asks the server regularly, and after every error, whether it is fit. Returns when the
    /// connection is down.
    async fn watch(&self, marker: &mut Marker) {
        loop {
            // The server has just said it.
            sleep(CHECK_PAUSE).await;
            // After the interval there is a check in any case.
            let interval = match &*self.state.borrow() {
                State::Up(_, fit) if fit.is_alone() => ALONE_INTERVAL,
                State::Up(..) => CHECK_INTERVAL,
                _ => return,
            };
            let _ = timeout(interval, self.error.notified()).await;
            let Some(up) = self.present() else { return };
            match up.check().await {
                Ok(fit) => {
                    self.note(&up, fit);
                    self.report(marker.check(&up).await);
                }
                Err(Unfit::Closed(_)) => self.set_closed(up.generation),
                Err(cause) => self.set_down(Some(up.generation), &cause),
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

    /// Reports what is wrong with the marker.
    fn report(&self, trouble: Option<Trouble>) {
        match trouble {
            None => {}
            Some(Trouble::Lost) => {
                if let Some(call) = self.on_data_loss.get() {
                    call();
                }
                tracing::error!(
                    store = %self.address,
                    "the session store has lost its data, so logouts that were answered may be forgotten, \
                     and copies of those cookies accepted again: give all nodes a new key to prevent it"
                );
            }
            Some(Trouble::Unusable(cause)) => tracing::warn!(
                store = %self.address,
                cause = cause.code(),
                "the key {KEY} cannot be read or written, so nobody is told if the session store loses \
                 its data"
            ),
        }
    }

    fn warn(&self, flaws: impl Iterator<Item = Flaw>) {
        for flaw in flaws {
            tracing::warn!(store = %self.address, "{flaw}");
        }
    }
}
