//! Tells systemd the state of the service (`Type=notify`), by the protocol of `sd_notify(3)`.

use std::env;

use tokio::sync::watch;

/// The state of a service whose sockets are bound.
const READY: &str = "READY=1";

/// The state of a service that was told to stop, and still finishes running requests.
const STOPPING: &str = "STOPPING=1";

/// Runs the site until it has stopped. Tells systemd that it is ready, and at the first stop signal
/// that it is stopping.
///
/// systemd gives its socket in the variable `NOTIFY_SOCKET`; without it, nothing is told. A failure
/// is a warning in the log.
pub async fn keep_informed(serving: impl Future<Output = ()>, mut signals: watch::Receiver<u32>) {
    notify(READY);
    let stopping = async {
        // An error means that no signal can come any more, and the site then stops too.
        let _ = signals.wait_for(|count| *count >= 1).await;
        notify(STOPPING);
    };
    tokio::join!(stopping, serving);
}

fn notify(state: &str) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty()) else {
        return;
    };
    #[cfg(unix)]
    if let Err(cause) = send(&socket, state) {
        tracing::warn!(%cause, state, "cannot tell systemd (NOTIFY_SOCKET)");
    }
    #[cfg(not(unix))]
    let _ = (socket, state);
}

#[cfg(unix)]
fn send(path: &std::ffi::OsStr, state: &str) -> std::io::Result<()> {
    let socket = std::os::unix::net::UnixDatagram::unbound()?;
    // If systemd does not read, visitors must not wait for it.
    socket.set_nonblocking(true)?;
    socket.send_to(state.as_bytes(), path)?;
    Ok(())
}
