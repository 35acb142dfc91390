//! What requests ask over the connection, and what an error says about it.

use std::{pin::pin, sync::PoisonError, time::Duration};

use ::redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    from_redis_value,
};
use futures_util::future::poll_immediate;
use tokio::time::{Instant, timeout_at};

use super::{Link, State, unavailable};
use crate::{
    records::StoreError,
    redis::connection::{Connection, DEADLINE, Question},
};

/// How often to log at most that the server is full.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

impl Link {
    /// Sends commands that change something, and returns the answer of each. Fails at once if the server
    /// is away, or lacks replicas. If the connection was closed before, they are sent on the next one.
    pub(in crate::redis) async fn change(
        &self,
        commands: &Pipeline,
    ) -> Result<Vec<Result<Value, StoreError>>, StoreError> {
        if let State::Up(_, fit) = &*self.state.borrow()
            && let Some(flaw) = fit.lack_of_replicas()
        {
            return Err(unavailable(flaw.to_string()));
        }
        let (generation, answer) = self.ask(Question::Change(commands)).await?;
        let answers = answer.and_then(|answers| Ok(from_redis_value::<Vec<_>>(answers)?));
        match answers {
            Ok(answers) => {
                let judge = |error| self.judge(generation, &error);
                let answers = answers.into_iter();
                Ok(answers
                    .map(|it: RedisResult<_>| it.map_err(judge))
                    .collect())
            }
            // The connection of look-ups may be well. If it is not, they break it.
            Err(error) if error.is_timeout() => {
                self.set_closed(generation);
                Err(unavailable(error.to_string()))
            }
            Err(error) => Err(self.judge(generation, &error)),
        }
    }

    /// Sends a command that only reads, and returns the answer. If the connection is closed meanwhile,
    /// the command is sent again on the next one.
    pub(in crate::redis) async fn look_up<T: FromRedisValue>(
        &self,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        let (generation, answer) = self.ask(Question::LookUp(command)).await?;
        let answer = answer.and_then(|answer| Ok(from_redis_value(answer)?));
        answer.map_err(|error| self.judge(generation, &error))
    }

    /// Asks the server. If the connection is closed, asks once more within the deadline, unless that
    /// could make a change twice. Returns also the generation of the connection.
    async fn ask(&self, question: Question<'_>) -> Result<(u64, RedisResult<Value>), StoreError> {
        // Opening the next connection may take as long as an answer.
        let deadline = Instant::now() + 2 * DEADLINE;
        let up = self.up().await?;
        let (answer, was_sent) = send(question, &up).await;
        let is_closed = matches!(&answer, Err(error) if error.is_connection_dropped());
        if !is_closed || (was_sent && matches!(question, Question::Change(_))) {
            return Ok((up.generation, answer));
        }
        self.set_closed(up.generation);
        let again = async {
            let up = self.up().await?;
            Ok((up.generation, send(question, &up).await.0))
        };
        let again = timeout_at(deadline, again).await;
        again.unwrap_or_else(|_| Err(unavailable("its connection was closed")))
    }

    /// Turns the error of a command into that of the store, and breaks the connection if the error
    /// shows that it is of no use.
    fn judge(&self, generation: u64, error: &RedisError) -> StoreError {
        self.error.notify_one();
        let (code, kind) = (error.code(), error.kind());
        if code == Some("OOM") {
            self.log_full();
            return StoreError::Full;
        }
        let error = match code {
            // The rest of the answer may quote the command.
            Some(code) => format!("it answered {code}"),
            None => error.to_string(),
        };
        let is_of_the_server = matches!(kind, ErrorKind::Server(_) | ErrorKind::Extension);
        if !is_of_the_server || kind == ErrorKind::Server(ServerErrorKind::ReadOnly) {
            self.set_down(Some(generation), &error);
        }
        unavailable(error)
    }

    fn log_full(&self) {
        let mut last = self
            .full_logged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            tracing::error!(
                store = %self.address,
                "the session store is full: raise its maxmemory"
            );
            *last = Some(Instant::now());
        }
    }
}

/// Asks, and returns the answer, and whether something may have been sent.
async fn send(question: Question<'_>, up: &Connection) -> (RedisResult<Value>, bool) {
    let mut answer = pin!(up.ask(question));
    // Nothing takes commands for a connection that is closed already, so it fails without waiting.
    match poll_immediate(answer.as_mut()).await {
        Some(answer) => (answer, false),
        None => (answer.await, true),
    }
}
