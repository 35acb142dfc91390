//! Counts what happens to sessions and their cookies.

use prometheus::{IntCounter, IntCounterVec};

use super::{Metrics, add, opts};
use signet_session::{Event, Refusal};

impl Metrics {
    /// Returns the function that counts the events of sessions whose cookies this many keys verify.
    ///
    /// # Errors
    ///
    /// Fails if it was called before.
    pub fn count_sessions(
        &self,
        keys: usize,
    ) -> prometheus::Result<impl Fn(Event) + Send + Sync + 'static> {
        let counters = [
            ("began", "sessions_started_total", "Sessions that began."),
            (
                "renewed",
                "sessions_renewed_total",
                "Session cookies that were signed again.",
            ),
            (
                "ended",
                "sessions_ended_total",
                "Sessions that a logout or another login ended. Timeouts are not counted.",
            ),
            (
                "ended_all",
                "sessions_ended_everywhere_total",
                "How often all sessions of a user were ended at once.",
            ),
        ];
        let counters = counters.map(|(event, name, help)| {
            let counter = add(&self.registry, IntCounter::with_opts(opts(name, help)));
            counter.map(|counter| (event, counter))
        });
        let counters = counters.into_iter().collect::<Result<Vec<_>, _>>()?;
        let verified = opts(
            "session_cookies_verified_total",
            "Session cookies with a valid signature, by the key that signed them: 0 is the key that \
             signs now. Some are refused all the same.",
        );
        let verified = add(&self.registry, IntCounterVec::new(verified, &["key"]))?;
        let verified: Vec<_> = (0..keys)
            .map(|key| verified.with_label_values(&[&key.to_string()]))
            .collect();
        let refused = opts(
            "session_cookies_refused_total",
            "Session cookies that were refused.",
        );
        let refused = add(&self.registry, IntCounterVec::new(refused, &["reason"]))?;
        for reason in Refusal::ALL {
            refused.with_label_values(&[reason.as_str()]);
        }
        Ok(move |event| match event {
            Event::Verified { key } => verified[key].inc(),
            Event::Refused(reason) => refused.with_label_values(&[reason.as_str()]).inc(),
            other => {
                let counter = counters.iter().find(|(name, _)| *name == other.as_str());
                if let Some((_, counter)) = counter {
                    counter.inc();
                }
            }
        })
    }
}
