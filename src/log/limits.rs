//! Limits how many lines of each kind are written, and counts the others.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::{
    Event, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// How many lines of one kind are written in a period. Strangers must not be able to fill a disk.
const LINES_PER_PERIOD: u32 = 20;

/// The length of a period, and the time between two reports of lines that were left out.
pub(super) const PERIOD: Duration = Duration::from_secs(10);

/// The length of a period of [`ONCE_A_MINUTE`], in which one line is written.
const MINUTE: Duration = Duration::from_secs(60);

/// The target of lines that say again and again what an operator should do, and are written once a
/// minute. How many were left out is not reported.
pub(crate) const ONCE_A_MINUTE: &str = "signet::advice";

/// The targets of lines that have no limit: those that `--access-log` asks for, those about logins and
/// logouts, which a record of them needs without gaps, and those of failed logins, which programs such
/// as fail2ban count. Each of the latter costs its sender a password hash.
const UNLIMITED: [&str; 3] = ["signet::access", "signet::audit", "signet::login"];

/// Counts the events of each callsite: these are the kinds of lines.
#[derive(Debug, Default)]
pub(super) struct Limits {
    windows: Mutex<HashMap<Identifier, Window>>,
    /// How many events were left out since the start.
    left_out: AtomicU64,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    lines: u32,
    left_out: u64,
    message: String,
}

impl Limits {
    /// Counts an event. Returns whether it is within the limit of its kind.
    fn admit(&self, event: &Event<'_>) -> bool {
        let kind = event.metadata().callsite();
        let target = event.metadata().target();
        if UNLIMITED.contains(&target) {
            return true;
        }
        let is_advice = target == ONCE_A_MINUTE;
        let (most, period) = if is_advice {
            (1, MINUTE)
        } else {
            (LINES_PER_PERIOD, PERIOD)
        };
        let now = Instant::now();
        if !self.windows().contains_key(&kind) {
            // Formatted without the lock, which a panic would take again to log itself.
            let message = message(event);
            self.windows().entry(kind.clone()).or_insert(Window {
                began: now,
                lines: 0,
                left_out: 0,
                message,
            });
        }
        let mut windows = self.windows();
        let Some(window) = windows.get_mut(&kind) else {
            return true;
        };
        if now.duration_since(window.began) >= period {
            window.began = now;
            window.lines = 0;
        }
        window.lines += 1;
        let is_within = window.lines <= most;
        if !is_within && !is_advice {
            window.left_out += 1;
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_within
    }

    /// Logs how many events of each kind were left out since the last report.
    pub(super) fn report(&self) {
        let left_out: Vec<_> = self
            .windows()
            .values_mut()
            .filter(|window| window.left_out > 0)
            .map(|window| (std::mem::take(&mut window.left_out), window.message.clone()))
            .collect();
        for (lines, like) in left_out {
            tracing::warn!(lines, like, "similar log lines were left out");
        }
    }

    /// Returns how many events were left out since the start.
    pub(super) fn total(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Identifier, Window>> {
        // Nothing panics while holding the lock.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the message of an event, without its other fields.
fn message(event: &Event<'_>) -> String {
    struct Message(String);
    impl Visit for Message {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if field.name() == "message" {
                self.0 = format!("{value:?}");
            }
        }
    }
    let mut message = Message(String::new());
    event.record(&mut message);
    message.0
}

/// The tracing layer that leaves out events beyond the limits.
pub(super) struct Limiter(pub(super) Arc<Limits>);

impl<S: Subscriber> Layer<S> for Limiter {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.0.admit(event)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    struct Count(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns how many lines are written, and how many are counted as left out.
    fn written(log: impl Fn()) -> (usize, u64) {
        let (limits, count) = (Arc::new(Limits::default()), Arc::default());
        let subscriber = tracing_subscriber::registry()
            .with(Limiter(Arc::clone(&limits)))
            .with(Count(Arc::clone(&count)));
        tracing::subscriber::with_default(subscriber, || (0..100).for_each(|_| log()));
        (count.load(Ordering::Relaxed), limits.total())
    }

    #[test]
    fn the_target_of_a_line_decides_how_many_are_written() {
        assert_eq!(written(|| tracing::error!("usual")), (20, 80));
        let advice = || tracing::error!(target: ONCE_A_MINUTE, "advice");
        assert_eq!(written(advice), (1, 0));
        let login = || tracing::error!(target: "signet::login", "login failed:");
        assert_eq!(written(login), (100, 0));
    }
}
