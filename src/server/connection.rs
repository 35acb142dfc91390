//! Serves HTTP/1.1 on one connection.

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header::CONNECTION},
    response::Response,
};
use futures_util::future::select;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::{sleep, sleep_until},
};
use tower::Service;

use super::{
    clock::{Clock, ObservedStream, Phase},
    refused_head::RefusedHead,
};

/// The largest request line and headers together, in bytes. hyper also has a limit of 100 headers.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// How much of what a client sends ahead is read into memory, in bytes. hyper's default is 408 KiB
/// for each connection. A head must fit, and more than that would only be memory for slow clients.
const MAX_BUFFER_BYTES: usize = MAX_HEAD_BYTES;

/// How long an idle connection stays open after the server was told to stop. A request that was
/// sent before may not have reached this task yet, and closing the connection would reset it.
const LAST_CALL: Duration = Duration::from_millis(50);

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Serves requests on a connection until it is closed, takes too long, or the server stops. Each
/// request gets the address of the client as an extension: `ConnectInfo<SocketAddr>`.
///
/// # Errors
///
/// Fails if the client sent what is no head of a request.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    site: impl Service<Request, Response = Response, Error = Infallible> + Clone,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), RefusedHead> {
    let clock = Arc::new(Clock::new());
    let is_last_call = AtomicBool::new(false);
    let service = service_fn(|mut request: hyper::Request<_>| {
        clock.enter(Phase::Handling);
        // Only for what logs in or out does anybody ask the address, and a link may log out.
        if !request.method().is_safe() || request.uri().path() == "/logout" {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        let mut site = site.clone();
        let (clock, is_last_call) = (&clock, &is_last_call);
        async move {
            poll_fn(|cx| site.poll_ready(cx)).await?;
            let mut answer = site.call(request.map(Body::new)).await?;
            clock.enter(Phase::Answering);
            if is_last_call.load(Ordering::Relaxed) {
                answer.headers_mut().insert(CONNECTION, CLOSE);
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let stream = TokioIo::new(ObservedStream::new(stream, Arc::clone(&clock)));
    let mut connection = http1().serve_connection(stream, service);
    let mut timer = pin!(sleep_until(clock.deadline()));
    // Polled after the connection, so that it sees the connection's latest phase.
    let mut too_late = pin!(poll_fn(|cx| clock.poll_deadline(timer.as_mut(), cx)));
    tokio::select! {
        // The connection comes first, so that a request that has arrived counts as running.
        biased;
        served = &mut connection => {
            let Err(error) = served else { return Ok(()) };
            let unread = connection.into_parts().read_buf;
            return RefusedHead::of(&error, &unread).map_or(Ok(()), Err);
        }
        () = too_late.as_mut() => return Ok(()),
        _ = stopping.wait_for(|is_stopping| *is_stopping) => {}
    }
    let mut connection = Pin::new(&mut connection);
    if last_call(connection.as_mut(), &clock, &is_last_call).await {
        connection.as_mut().graceful_shutdown();
        select(connection, too_late).await;
    }
    Ok(())
}

/// Waits a moment for a request on an idle connection. Returns whether a request is running then.
async fn last_call(
    connection: Pin<&mut impl Future>,
    clock: &Clock,
    is_last_call: &AtomicBool,
) -> bool {
    let is_idle = || matches!(clock.phase(), Phase::Head | Phase::Idle);
    if is_idle() {
        is_last_call.store(true, Ordering::Relaxed);
        tokio::select! {
            biased;
            _ = connection => return false,
            () = sleep(LAST_CALL) => {}
        }
    }
    // On an idle connection, a graceful shutdown would wait for the rest of a head.
    !is_idle()
}

/// Returns hyper's HTTP/1.1 with our limits.
fn http1() -> http1::Builder {
    let mut http1 = http1::Builder::new();
    http1
        .max_header_size(MAX_HEAD_BYTES)
        .max_buf_size(MAX_BUFFER_BYTES)
        // A client may close its sending side after its request, and still read the answer.
        .half_close(true)
        // A page is small: one buffer with head and body costs less than a vectored write.
        .writev(false)
        // Our clock has separate timeouts for a slow head and an idle connection.
        .header_read_timeout(None);
    http1
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{Router, body::Bytes, routing::get};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
        time::{Instant, sleep, timeout},
    };

    use super::*;

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// By then every connection should be closed.
    const HOUR: Duration = Duration::from_secs(3600);

    /// Returns the client's end of a connection to a site. The page is larger than its buffer.
    fn connect() -> DuplexStream {
        let page = Bytes::from("x".repeat(2000));
        let app = Router::new().route("/", get(async || page));
        let (ours, theirs) = duplex(1000);
        let (never, stopping) = watch::channel(false);
        tokio::spawn(async move {
            let peer = SocketAddr::from(([127, 0, 0, 1], 1));
            let _ = serve(theirs, peer, app, stopping).await;
            drop(never);
        });
        ours
    }

    /// Sends nothing, and returns after how many seconds the connection is closed.
    async fn seconds_until_closed(mut stream: DuplexStream) -> u64 {
        let start = Instant::now();
        let mut answer = Vec::new();
        let _ = timeout(HOUR, stream.read_to_end(&mut answer)).await;
        start.elapsed().as_secs()
    }

    async fn read_page(stream: &mut DuplexStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; 2000]) {
            let read = stream.read_buf(&mut answer).await.expect("an answer");
            assert_ne!(read, 0, "closed after {answer:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_10_seconds() {
        assert_eq!(seconds_until_closed(connect()).await, 10);
        let mut half = connect();
        half.write_all(b"GET / HTTP/1.1\r\n").await.expect("sent");
        assert_eq!(seconds_until_closed(half).await, 10);
        let mut slow = connect();
        for byte in "GET / HTTP/1.1\r\nx: ".bytes().take(9) {
            slow.write_all(&[byte]).await.expect("sent");
            sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(seconds_until_closed(slow).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_may_last_a_minute_and_the_next_head_has_10_seconds_again() {
        let mut stream = connect();
        for pause in [0, 59, 30] {
            sleep(Duration::from_secs(pause)).await;
            stream.write_all(REQUEST.as_bytes()).await.expect("sent");
            read_page(&mut stream).await;
        }
        sleep(Duration::from_secs(20)).await;
        stream.write_all(b"GET / ").await.expect("sent");
        assert_eq!(seconds_until_closed(stream).await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_is_closed_after_a_minute() {
        for wait in [0, 5] {
            let mut stream = connect();
            sleep(Duration::from_secs(wait)).await;
            stream.write_all(REQUEST.as_bytes()).await.expect("sent");
            read_page(&mut stream).await;
            assert_eq!(seconds_until_closed(stream).await, 60);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_its_answers_is_disconnected() {
        let chunked = "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                       1\r\na\r\n0\r\n\r\n";
        for request in [REQUEST, chunked] {
            let mut stream = connect();
            let start = Instant::now();
            let asking = async { while stream.write_all(request.as_bytes()).await.is_ok() {} };
            let _ = timeout(HOUR, asking).await;
            let seconds = start.elapsed().as_secs();
            assert_eq!(seconds, 10, "{request:?}");
        }
    }
}
