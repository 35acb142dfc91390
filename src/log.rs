//! The log: writes lines to standard error without holding up the site.

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

/// How many lines wait to be written at most. While standard error is not read, further lines are
/// dropped and counted.
const MAX_WAITING: usize = 2048;

/// How many lines of one kind are written in a period. Strangers must not be able to fill a disk.
const LINES_PER_PERIOD: u32 = 20;

/// That period. Reports about lines left out have the same one.
const PERIOD: Duration = Duration::from_secs(10);

/// How long [`Log::finish`] waits at most.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The target of the lines that `--access-log` asks for. They have no limit.
const ACCESS_LOG: &str = "signet::web::access_log";

/// The log of a running site.
pub struct Log {
    format: LogFormat,
    writer: NonBlocking,
    guard: WorkerGuard,
    limits: Arc<Limits>,
}

impl Log {
    /// Starts logging. From now on, events and panics go through a bounded queue to a thread that
    /// writes them.
    #[must_use]
    pub fn start(format: LogFormat) -> Self {
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(MAX_WAITING)
            .thread_name("log")
            // Buffered, so that lines that wait together are written together.
            .finish(BufWriter::new(io::stderr()));
        let limits = Arc::new(Limits::default());
        // tower-sessions opens a span whenever a session is read, and warns when a visitor without
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
        // The default hook writes several lines, in neither format.
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

    /// Writes a line. In text it has no time and level; in JSON it is an event.
    pub fn line(&self, line: &str) {
        match self.format {
            LogFormat::Text => {
                // Never fails: a line that does not fit into the queue is dropped and counted.
                let _ = self
                    .writer
                    .clone()
                    .write_all(format!("{line}\n").as_bytes());
            }
            LogFormat::Json => tracing::info!("{line}"),
        }
    }

    /// Writes the error that ends the program.
    pub fn fail(&self, error: &dyn Display) {
        match self.format {
            LogFormat::Text => self.line(&format!("signet: {error}")),
            LogFormat::Json => tracing::error!("{error}"),
        }
    }

    /// Logs how many lines the limit has left out since the last report.
    pub fn report(&self) {
        self.limits.report();
    }

    /// Waits until all lines are written, but not for long.
    pub fn finish(self) {
        self.report();
        let (written, is_written) = mpsc::channel::<()>();
        let guard = self.guard;
        // If nobody reads standard error, the guard prints to standard output, which may be the
        // same pipe and block.
        thread::spawn(move || {
            drop(guard);
            drop(written);
        });
        let _ = is_written.recv_timeout(LAST_LINES);
    }

    /// Starts a thread that regularly logs how many lines were left out or dropped.
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

/// Counts the events of each callsite: these are the kinds of lines.
#[derive(Default)]
struct Limits(Mutex<HashMap<Identifier, Window>>);

struct Window {
    began: Instant,
    lines: u32,
    left_out: u64,
    message: String,
}

impl Limits {
    /// Counts an event. Returns whether it is within the limit of its kind.
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
        // Nothing panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
struct Limiter(Arc<Limits>);

impl<S: Subscriber> Layer<S> for Limiter {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.0.admit(event)
    }
}
