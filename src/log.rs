//! The log: writes lines to standard error without holding up the site.

mod escape;
mod limits;

use std::{
    env,
    fmt::Display,
    io::{self, BufWriter, IsTerminal as _, Write as _},
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tracing::Level;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use self::{
    escape::Printable,
    limits::{Limiter, Limits, PERIOD},
};
pub(crate) use self::{escape::printable, limits::ONCE_A_MINUTE};
use crate::config::{LogFormat, LogOptions};

/// How many lines wait to be written at most. While standard error is not read, further lines are
/// dropped and counted.
const MAX_WAITING: usize = 2048;

/// The target of lines that are written at any level.
const ALWAYS: &str = "signet::always";

/// How long [`Log::finish`] waits at most.
const LAST_LINES: Duration = Duration::from_secs(2);

/// The log of a running site.
pub struct Log {
    format: LogFormat,
    writer: Printable<NonBlocking>,
    guard: WorkerGuard,
    losses: Arc<Losses>,
}

/// What the log did not write.
#[derive(Debug)]
pub struct Losses {
    limits: Arc<Limits>,
    dropped: ErrorCounter,
    /// How many of the dropped lines have been reported.
    reported: AtomicUsize,
}

impl Log {
    /// Starts logging. From now on, events and panics go through a bounded queue to a thread that
    /// writes them.
    #[must_use]
    pub fn start(LogOptions { format, level }: LogOptions) -> Self {
        let (writer, guard) = NonBlockingBuilder::default()
            .buffered_lines_limit(MAX_WAITING)
            .thread_name("log")
            // Buffered, so that lines that wait together are written together.
            .finish(BufWriter::new(io::stderr()));
        let dropped = writer.error_counter();
        let writer = Printable {
            inner: writer,
            has_colours: format == LogFormat::Text && has_colours(),
        };
        let limits = Arc::new(Limits::default());
        subscribe(format, level, writer.clone(), Arc::clone(&limits));
        // The default hook writes several lines, in neither format.
        panic::set_hook(Box::new(|panic| {
            tracing::error!(panic = panic.to_string(), "a panic");
        }));
        let losses = Arc::new(Losses {
            limits,
            dropped,
            reported: AtomicUsize::new(0),
        });
        let regularly = Arc::clone(&losses);
        thread::spawn(move || {
            loop {
                thread::sleep(PERIOD);
                regularly.report();
            }
        });
        Self {
            format,
            writer,
            guard,
            losses,
        }
    }

    /// Writes a line at any level. In text it has no time and level; in JSON it is an event.
    pub fn line(&self, line: &str) {
        match self.format {
            LogFormat::Text => {
                let line = format!("{line}\n");
                // Never fails: a line that does not fit into the queue is dropped and counted.
                let _ = self.writer.clone().write_all(line.as_bytes());
            }
            LogFormat::Json => tracing::info!(target: ALWAYS, "{line}"),
        }
    }

    /// Writes the error that ends the program.
    pub fn fail(&self, error: &dyn Display) {
        match self.format {
            LogFormat::Text => self.line(&format!("signet: {error}")),
            LogFormat::Json => tracing::error!("{error}"),
        }
    }

    /// Logs how many lines were left out or dropped since the last report. A thread does the same
    /// regularly.
    pub fn report(&self) {
        self.losses.report();
    }

    /// Returns the counts of lines that were not written.
    #[must_use]
    pub fn losses(&self) -> Arc<Losses> {
        Arc::clone(&self.losses)
    }

    /// Waits until all lines are written, but not for long.
    pub fn finish(self) {
        self.report();
        let (done, is_done) = mpsc::channel::<()>();
        let guard = self.guard;
        // If nobody reads standard error, the guard prints to standard output, which may be the
        // same pipe and block.
        thread::spawn(move || {
            drop(guard);
            drop(done);
        });
        let _ = is_done.recv_timeout(LAST_LINES);
    }
}

/// Sets the global subscriber of tracing.
fn subscribe(format: LogFormat, level: Level, writer: Printable<NonBlocking>, limits: Arc<Limits>) {
    // tower-sessions opens a span whenever a session is read, and warns when a visitor without one
    // logs in or out.
    let levels = Targets::new()
        .with_default(level.min(Level::WARN))
        .with_target("signet", level)
        .with_target("signet_session", level)
        .with_target(ALWAYS, Level::INFO)
        .with_target("tower_sessions_core", Level::ERROR);
    let has_colours = writer.has_colours;
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let lines = match format {
        LogFormat::Text => lines.with_ansi(has_colours).boxed(),
        LogFormat::Json => lines.json().with_span_list(false).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(Limiter(limits))
        .with(levels)
        .init();
}

/// Returns whether lines of text have colours: at a terminal that can show them, and if the user has
/// not asked for none (<https://no-color.org>).
fn has_colours() -> bool {
    let is_refused = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|it| it == "dumb");
    io::stderr().is_terminal() && !is_refused && !is_dumb
}

impl Losses {
    /// Returns how many lines were not written since the start.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.limits.total() + self.dropped.dropped_lines() as u64
    }

    fn report(&self) {
        self.limits.report();
        let dropped = self.dropped.dropped_lines();
        let reported = self.reported.fetch_max(dropped, Ordering::Relaxed);
        let lines = dropped.saturating_sub(reported);
        if lines > 0 {
            tracing::warn!(
                lines,
                "log lines were dropped, because standard error was not read in time"
            );
        }
    }
}
