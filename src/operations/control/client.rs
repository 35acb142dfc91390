//! Asks the running site, at its control socket.

use std::{io, path::Path, time::Duration};

use super::{END_SESSIONS, EndSessions, MAX_BODY_BYTES, Refusal, STORE_TIMEOUT};

/// How long to wait for the answer: longer than the site waits for the store.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(STORE_TIMEOUT.as_secs() + 5);

/// Why the running site did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// No process listens at the socket.
    #[error("{0}")]
    Away(io::Error),
    /// The socket may not be used, or is none.
    #[error("{0}: run this as root or as Signet's user; nothing was ended")]
    Forbidden(io::Error),
    /// The site says why.
    #[error("{0}")]
    Refused(String),
    /// The site got the question, and did not answer.
    #[error("it is not known whether the sessions were ended: {0}")]
    Lost(String),
}

/// Asks the site that listens at the socket at `path` to end all sessions of a user. Returns when that is
/// durable.
///
/// # Errors
///
/// When there is no such site, or it cannot do it.
#[cfg(unix)]
pub async fn ask(path: &Path, user: &str) -> Result<(), AskError> {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    let stream = match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => stream,
        // A path that is too long is invalid.
        Err(error) if [ConnectionRefused, NotFound, InvalidInput].contains(&error.kind()) => {
            return Err(AskError::Away(error));
        }
        Err(error) => return Err(AskError::Forbidden(error)),
    };
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, post(stream, user)).await;
    let answer =
        answer.map_err(|_| AskError::Lost("the site did not answer in time".to_owned()))?;
    let (is_done, body) = answer.map_err(|error| AskError::Lost(error.to_string()))?;
    if is_done {
        return Ok(());
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => Err(AskError::Refused(refusal.error)),
        Err(error) => Err(AskError::Lost(error.to_string())),
    }
}

/// Returns that nobody listens: there are no Unix sockets.
#[cfg(not(unix))]
pub async fn ask(_: &Path, _: &str) -> Result<(), AskError> {
    Err(AskError::Away(io::ErrorKind::Unsupported.into()))
}

/// Sends the request. Returns whether the answer is 200, and its body.
#[cfg(unix)]
async fn post(
    stream: tokio::net::UnixStream,
    user: &str,
) -> Result<(bool, axum::body::Bytes), Box<dyn std::error::Error + Send + Sync>> {
    use axum::{
        body::{Body, to_bytes},
        http::{Request, StatusCode, header},
    };
    use hyper::client::conn::http1::handshake;
    use hyper_util::rt::TokioIo;

    let user = user.to_owned();
    let body = serde_json::to_string(&EndSessions { user })?;
    let request = Request::post(END_SESSIONS)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let is_done = answer.status() == StatusCode::OK;
    let body = to_bytes(Body::new(answer.into_body()), MAX_BODY_BYTES).await?;
    connection.abort();
    Ok((is_done, body))
}
