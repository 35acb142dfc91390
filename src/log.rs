//! The log: lines on standard error, for which nothing waits.

use std::{
    collections::HashMap,
    fmt::{self, Display},
    io::{self, BufWriter, IsTerminal as _, Write as _},
    panic,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use tracing::{
    Event, Level, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

use crate::config::LogFormat;

/// How many lines wait to be written at most. What comes beyond that, while standard error is not
/// read, is dropped and counted.
const MAX_WAITING: usize = 2048;

/// How many lines of one kind are written in a period. What strangers do must not fill a disk.
const LINES_PER_PERIOD: u32 = 20;
const PERIOD: Duration = Duration::from_secs(10);

/// How long the end of the program waits for lines to be written.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The lines that were asked for, each with `--access-log`, and that have no limit.
const ACCESS_LOG: &str = "signet::web::access_log";

/// The log of a running site.
pub struct Log {
    format: LogFormat,
    writer: NonBlocking,
    guard: WorkerGuard,
    limits: Arc<Limits>,
}

impl Log {
    /// Starts logging. What is logged from now on, panics included, goes through a bounded queue to
    /// a thread that writes it.
    #[must_use]
    pub fn start(format: LogFormat) -> Self {
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(MAX_WAITING)
            .thread_name("log")
            // Lines that wait together are written together.
            .finish(BufWriter::new(io::stderr()));
        let limits = Arc::new(Limits::default());
        // tower-sessions opens a span for every look at a session, and warns when a visitor without
        // one logs in or out.
        let levels = Targets::new()
            .with_default(Level::WARN)
            .with_target("signet", Level::INFO)
            .with_target("tower_sessions_core", Level::ERROR);
        let lines = tracing_subscriber::fmt::layer().with_writer(writer.clone());
        let lines = match format {
            LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
            LogFormat::Json => lines.json().with_span_list(false).boxed(),
        };
        tracing_subscriber::registry()
            .with(lines)
            .with(Limiter(Arc::clone(&limits)))
            .with(levels)
            .init();
        // Otherwise a panic is several lines, in no format.
        panic::set_hook(Box::new(|panic| {
            tracing::error!(panic = panic.to_string());
        }));
        let log = Self {
            format,
            writer,
            guard,
            limits,
        };
        log.report_regularly();
        log
    }

    /// Writes a line that stands for itself: in text without time and level.
    pub fn line(&self, line: &str) {
        match self.format {
            LogFormat::Text => {
                // Never fails: what finds no place in the queue is counted.
                let _ = self
                    .writer
                    .clone()
                    .write_all(format!("{line}\n").as_bytes());
            }
            LogFormat::Json => tracing::info!("{line}"),
        }
    }

    /// Writes what ends the program.
    pub fn fail(&self, error: &dyn Display) {
        match self.format {
            LogFormat::Text => self.line(&format!("signet: {error}")),
            LogFormat::Json => tracing::error!("{error}"),
        }
    }

    /// Logs how many lines were left out since this was last said.
    pub fn report(&self) {
        self.limits.report();
    }

    /// Waits for the lines that are still to be written, for a while.
    pub fn finish(self) {
        self.report();
        let (written, is_written) = mpsc::channel::<()>();
        let guard = self.guard;
        // It says on standard output when nobody reads standard error, and that may be one pipe.
        thread::spawn(move || {
            drop(guard);
            drop(written);
        });
        let _ = is_written.recv_timeout(LAST_LINES);
    }

    /// Logs now and then how many lines were not.
    fn report_regularly(&self) {
        let limits = Arc::clone(&self.limits);
        let dropped = self.writer.error_counter();
        thread::spawn(move || {
            let mut reported = 0;
            loop {
                thread::sleep(PERIOD);
                limits.report();
                let lines = dropped.dropped_lines();
                if lines > reported {
                    tracing::warn!(
                        lines = lines - reported,
                        "log lines were dropped, because nobody read standard error in time"
                    );
                    reported = lines;
                }
            }
        });
    }
}

/// How often each line of the program that logs something has done so.
#[derive(Default)]
struct Limits(Mutex<HashMap<Identifier, Window>>);

struct Window {
    began: Instant,
    lines: u32,
    left_out: u64,
    message: String,
}

impl Limits {
    /// Returns whether an event is one of the first of its kind in this period.
    fn admit(&self, event: &Event<'_>) -> bool {
        if event.metadata().target() == ACCESS_LOG {
            return true;
        }
        let now = Instant::now();
        let mut windows = self.windows();
        let window = windows
            .entry(event.metadata().callsite())
            .or_insert_with(|| Window {
                began: now,
                lines: 0,
                left_out: 0,
                message: message(event),
            });
        if now.duration_since(window.began) >= PERIOD {
            window.began = now;
            window.lines = 0;
        }
        if window.lines < LINES_PER_PERIOD {
            window.lines += 1;
            return true;
        }
        window.left_out += 1;
        false
    }

    /// Logs how many events of each kind were left out since the last report.
    fn report(&self) {
        let left_out: Vec<_> = self
            .windows()
            .values_mut()
            .filter(|window| window.left_out > 0)
            .map(|window| (std::mem::take(&mut window.left_out), window.message.clone()))
            .collect();
        for (lines, message) in left_out {
            tracing::warn!(lines, message, "more of these lines were left out");
        }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Identifier, Window>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The message of an event, without its other fields.
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

/// Leaves out what is beyond the limits.
struct Limiter(Arc<Limits>);

impl<S: Subscriber> Layer<S> for Limiter {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.0.admit(event)
    }
}
