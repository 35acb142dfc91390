//! The signals that stop the server.

use std::io;
#[cfg(unix)]
use std::sync::Arc;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// SIGHUP, which does not end the process from the moment on when this is made.
#[cfg(unix)]
pub struct Hangups {
    signal: Signal,
    /// Is true if this process was started with SIGHUP ignored, as under `nohup`.
    were_ignored: bool,
}

#[cfg(unix)]
impl Hangups {
    /// Catches SIGHUP. Signals wait until they are asked for. Must not be called inside a runtime.
    ///
    /// # Errors
    ///
    /// When the signal cannot be caught.
    pub fn catch() -> io::Result<Self> {
        let were_ignored = is_hangup_ignored();
        // One that starts no threads, because they take time. The signal stays caught after it, and waits
        // for whichever runtime is there next.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let signal = runtime.block_on(async { signal(SignalKind::hangup()) })?;
        Ok(Self {
            signal,
            were_ignored,
        })
    }

    /// Waits for the next SIGHUP.
    pub async fn next(&mut self) -> Option<()> {
        self.signal.recv().await
    }
}

/// Starts to count stop signals: SIGTERM, SIGINT, and SIGHUP too if `hangups` are given and were not
/// ignored before.
///
/// # Errors
///
/// When the signals cannot be caught.
#[cfg(unix)]
pub fn stop_signals(hangups: Option<Hangups>) -> io::Result<watch::Receiver<u32>> {
    let mut all = vec![
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    ];
    let hangups = hangups.filter(|hangups| !hangups.were_ignored);
    all.extend(hangups.map(|hangups| hangups.signal));
    let (count, signals) = watch::channel(0);
    let count = Arc::new(count);
    for mut signal in all {
        let count = Arc::clone(&count);
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                count.send_modify(|count| *count += 1);
            }
        });
    }
    Ok(signals)
}

/// Returns whether this process was started with SIGHUP ignored. Works on Linux only.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is for signal 1, SIGHUP.
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 != 0)
}

/// Signals that there are on Unix alone.
#[cfg(not(unix))]
pub struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    /// Does nothing.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits forever.
    pub async fn next(&mut self) -> Option<()> {
        std::future::pending().await
    }
}

/// Starts to count stop signals: Ctrl-C.
///
/// # Errors
///
/// When the signal cannot be caught.
#[cfg(not(unix))]
pub fn stop_signals(_hangups: Option<Hangups>) -> io::Result<watch::Receiver<u32>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let (count, signals) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            interrupt.recv().await;
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(signals)
}
