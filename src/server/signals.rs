//! The signals that stop the server.

use std::io;
#[cfg(unix)]
use std::sync::Arc;

use tokio::sync::watch;

/// Starts to count stop signals: SIGTERM, SIGINT, and if `hangup_stops` also SIGHUP, unless it is
/// ignored as under `nohup`.
///
/// # Errors
///
/// When the signals cannot be caught.
#[cfg(unix)]
pub fn stop_signals(hangup_stops: bool) -> io::Result<watch::Receiver<u32>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if hangup_stops && !is_hangup_ignored() {
        kinds.push(SignalKind::hangup());
    }
    let (count, signals) = watch::channel(0);
    let count = Arc::new(count);
    for kind in kinds {
        let (mut signal, count) = (signal(kind)?, Arc::clone(&count));
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

/// Starts to count stop signals: Ctrl-C.
///
/// # Errors
///
/// When the signal cannot be caught.
#[cfg(not(unix))]
pub fn stop_signals(_hangup_stops: bool) -> io::Result<watch::Receiver<u32>> {
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
