//! The connections to the server, and how they begin.

use std::{fmt::Display, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value,
    aio::MultiplexedConnection, cmd,
};
use futures_util::future::{join_all, try_join};
use time::OffsetDateTime;
use tokio::time::timeout;

use super::{
    address::RedisAddress,
    info::{self, Fit, Unfit},
};

/// How long a command may take, and an attempt to connect.
pub(super) const DEADLINE: Duration = Duration::from_millis(500);

/// Why a server without its replicas may not keep records.
pub(super) const ALONE: &str = "no replica is connected and up to date, so another server may have \
                                taken its place as the primary";

/// A command, or several, for a server.
#[derive(Clone, Copy)]
pub(super) enum Question<'a> {
    LookUp(&'a Cmd),
    Change(&'a Pipeline),
}

/// Two connections to a server that may keep records.
pub(super) struct Connection {
    /// Which connection this is, so that a late error of an earlier one does not break it.
    pub(super) generation: u64,
    /// For look-ups, and for questions about the server itself.
    lookups: MultiplexedConnection,
    /// For changes, because `WAIT` holds up all that follows it.
    changes: MultiplexedConnection,
    /// The host and the port of the server.
    pub(super) server: String,
    /// How many replicas the server should have.
    replicas: usize,
}

impl Connection {
    /// Connects to the server, unless it may not keep records. Returns also what it says about itself.
    ///
    /// If sentinels name several servers, tries them at once: the one that most of them name may hang, or
    /// be a replica by now.
    pub(super) async fn open(
        address: &RedisAddress,
        generation: u64,
    ) -> Result<(Self, Fit), Unfit> {
        let servers = address.servers().await?;
        let openings = servers.iter().map(async |client| {
            let replicas = address.replicas();
            let opening = timeout(DEADLINE, Self::open_one(client, generation, replicas)).await;
            opening
                .unwrap_or_else(|_| Err(away(format_args!("no connection within {DEADLINE:?}"))))
                .map_err(|cause| match cause {
                    Unfit::Away(cause) if address.has_sentinels() => {
                        away(format_args!("{}: {cause}", show(client)))
                    }
                    cause => cause,
                })
        });
        let mut cause = None;
        for opened in join_all(openings).await {
            match opened {
                Ok(opened) => return Ok(opened),
                Err(other) => cause = cause.or(Some(other)),
            }
        }
        Err(cause.unwrap_or_else(|| away("no server is known")))
    }

    async fn open_one(
        client: &Client,
        generation: u64,
        replicas: usize,
    ) -> Result<(Self, Fit), Unfit> {
        let config = AsyncConnectionConfig::new()
            // That of the caller includes the question after connecting.
            .set_connection_timeout(None)
            .set_response_timeout(Some(DEADLINE));
        let connect = || client.get_multiplexed_async_connection_with_config(&config);
        let (lookups, changes) = try_join(connect(), connect())
            .await
            .map_err(not_connected)?;
        let connection = Self {
            generation,
            lookups,
            changes,
            server: show(client),
            replicas,
        };
        let fit = connection.check().await?;
        if fit.is_alone() {
            return Err(away(ALONE));
        }
        Ok((connection, fit))
    }

    /// Asks the server whether it may still keep records.
    pub(super) async fn check(&self) -> Result<Fit, Unfit> {
        match cmd("INFO")
            .query_async::<String>(&mut self.lookups.clone())
            .await
        {
            Ok(info) => info::read(&info, OffsetDateTime::now_utc(), self.replicas),
            Err(error) if error.is_connection_dropped() => Err(Unfit::Closed(error.to_string())),
            Err(error) => Err(away(error)),
        }
    }

    /// Sends one or more commands, and returns the answer, or the answers.
    pub(super) async fn ask(&self, question: Question<'_>) -> RedisResult<Value> {
        match question {
            Question::LookUp(command) => command.query_async(&mut self.lookups.clone()).await,
            Question::Change(commands) => commands.query_async(&mut self.changes.clone()).await,
        }
    }
}

fn show(client: &Client) -> String {
    client.get_connection_info().addr().to_string()
}

fn not_connected(error: RedisError) -> Unfit {
    match error.kind() {
        ErrorKind::AuthenticationFailed => away(format_args!(
            "{error} (is the password right, and percent-encoded in the URL, such as %23 for #?)"
        )),
        _ => away(error),
    }
}

pub(super) fn away(cause: impl Display) -> Unfit {
    Unfit::Away(cause.to_string())
}
