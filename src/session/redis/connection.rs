//! One connection to the server, and how it begins.

use std::{fmt::Display, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, aio::MultiplexedConnection,
    cmd,
};
use time::OffsetDateTime;
use tokio::time::timeout;

use super::info::{self, Fit, Unfit};

/// How long a command may take, and an attempt to connect.
pub(super) const DEADLINE: Duration = Duration::from_millis(500);

/// A connection to a server that may keep records. Clones share it.
#[derive(Clone)]
pub(super) struct Connection {
    /// Which connection this is, so that a late error of an earlier one does not break it.
    pub(super) generation: u64,
    pub(super) inner: MultiplexedConnection,
    /// What the server said about itself at first.
    pub(super) fit: Fit,
}

impl Connection {
    /// Connects to the server, unless it may not keep records.
    pub(super) async fn open(client: &Client, generation: u64) -> Result<Self, Unfit> {
        let config = AsyncConnectionConfig::new()
            // That of this function includes the question after connecting.
            .set_connection_timeout(None)
            .set_response_timeout(Some(DEADLINE));
        let opening = async {
            let inner = client.get_multiplexed_async_connection_with_config(&config);
            let mut inner = inner.await.map_err(not_connected)?;
            let fit = ask(&mut inner).await?;
            Ok(Self {
                generation,
                inner,
                fit,
            })
        };
        timeout(DEADLINE, opening)
            .await
            .unwrap_or_else(|_| Err(away(format_args!("no connection within {DEADLINE:?}"))))
    }

    /// Asks the server whether it may still keep records.
    pub(super) async fn check(&mut self) -> Result<Fit, Unfit> {
        ask(&mut self.inner).await
    }
}

async fn ask(connection: &mut MultiplexedConnection) -> Result<Fit, Unfit> {
    let info: RedisResult<String> = cmd("INFO").query_async(connection).await;
    match info {
        Ok(info) => info::read(&info, OffsetDateTime::now_utc()),
        Err(error) if error.is_connection_dropped() => Err(Unfit::Closed(error.to_string())),
        Err(error) => Err(away(error)),
    }
}

fn not_connected(error: RedisError) -> Unfit {
    match error.kind() {
        ErrorKind::AuthenticationFailed => away(format_args!(
            "{error} (is the password right, and percent-encoded in the URL, such as %23 for #?)"
        )),
        _ => away(error),
    }
}

fn away(cause: impl Display) -> Unfit {
    Unfit::Away(cause.to_string())
}
