//! The connection to the server, and the task that looks after it.

mod upkeep;

use std::{
    fmt::Display,
    pin::pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use ::redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ServerErrorKind, Value,
    from_redis_value,
};
use futures_util::future::poll_immediate;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout, timeout_at},
};

use super::{
    super::records::StoreError,
    address::RedisAddress,
    connection::{Connection, DEADLINE, Question},
    info::{Fit, Unfit, UnsafePolicy},
};

/// How often to log at most that the server is full.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The connection, or the reason why there is none.
pub(super) struct Link {
    address: RedisAddress,
    state: watch::Sender<State>,
    /// Wakes the task that looks after the connection.
    error: Notify,
    full_logged: Mutex<Option<Instant>>,
    /// Is called when the server has lost its data.
    pub(super) on_data_loss: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

enum State {
    /// The connection, and what the server said about itself last.
    Up(Arc<Connection>, Fit),
    /// The connection was closed, perhaps because it was idle. The next one is being opened, and
    /// requests wait for it.
    Closed,
    Down(Arc<str>),
}

pub(super) fn unavailable(cause: impl Into<Arc<str>>) -> StoreError {
    StoreError::Unavailable(cause.into())
}

impl Link {
    /// Tries once to connect. A server that is away is no error.
    pub(super) async fn open(address: &RedisAddress) -> Result<Self, UnsafePolicy> {
        let state = match Connection::open(address, 0).await {
            Ok((up, fit)) => State::Up(up.into(), fit),
            Err(Unfit::Policy(policy)) => return Err(policy),
            Err(Unfit::Away(cause) | Unfit::Closed(cause)) => State::Down(cause.into()),
        };
        Ok(Self {
            address: address.clone(),
            state: watch::Sender::new(state),
            error: Notify::new(),
            full_logged: Mutex::default(),
            on_data_loss: OnceLock::new(),
        })
    }

    /// Returns what an operator should know about the server at the moment.
    pub(super) fn warning(&self) -> Option<String> {
        let what = match &*self.state.borrow() {
            State::Closed => return None,
            State::Up(_, fit) => {
                let flaws: Vec<_> = fit.flaws().map(|it| it.to_string()).collect();
                (!flaws.is_empty()).then(|| flaws.join("; "))?
            }
            State::Down(cause) => {
                let error = unavailable(Arc::clone(cause));
                format!("{error}; until it can, visitors with a session get 503")
            }
        };
        Some(format!("{}: {what}", self.address))
    }

    /// Fails if the server is away. Does not clone the connection, because every look-up asks this.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &*self.state.borrow() {
            State::Up(..) | State::Closed => Ok(()),
            State::Down(cause) => Err(unavailable(Arc::clone(cause))),
        }
    }

    /// Sends commands that change something, and returns the answer of each. Fails at once if the server
    /// is away, or lacks replicas. If the connection was closed before, they are sent on the next one.
    pub(super) async fn change(
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
    pub(super) async fn look_up<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
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

    /// Returns the connection. While it is being replaced, waits for the next one.
    async fn up(&self) -> Result<Arc<Connection>, StoreError> {
        if let Some(up) = self.present() {
            return Ok(up);
        }
        let mut states = self.state.subscribe();
        let settled = states.wait_for(|state| !matches!(state, State::Closed));
        // The next one is there, or has failed, within one deadline.
        if let Ok(Ok(state)) = timeout(2 * DEADLINE, settled).await {
            match &*state {
                State::Up(up, _) => return Ok(Arc::clone(up)),
                State::Down(cause) => return Err(unavailable(Arc::clone(cause))),
                State::Closed => {}
            }
        }
        Err(unavailable("its connection was closed"))
    }

    fn present(&self) -> Option<Arc<Connection>> {
        match &*self.state.borrow() {
            State::Up(up, _) => Some(Arc::clone(up)),
            _ => None,
        }
    }

    /// Notes that the connection `closed` was closed, unless it has been replaced already.
    fn set_closed(&self, closed: u64) {
        self.error.notify_one();
        self.state.send_if_modified(|state| {
            let is_news = matches!(state, State::Up(up, _) if up.generation == closed);
            if is_news {
                *state = State::Closed;
            }
            is_news
        });
    }

    /// Breaks the connection `broken`, unless it has been replaced already, or notes why an attempt
    /// to connect failed. Logs the cause if it is news.
    fn set_down(&self, broken: Option<u64>, cause: &impl Display) {
        let cause: Arc<str> = cause.to_string().into();
        let is_news = self.state.send_if_modified(|state| {
            let is_news = match (&*state, broken) {
                (State::Up(up, _), Some(broken)) => up.generation == broken,
                (State::Closed, None) => true,
                (State::Down(known), None) => *known != cause,
                _ => false,
            };
            if is_news {
                *state = State::Down(Arc::clone(&cause));
            }
            is_news
        });
        if is_news {
            tracing::error!(
                store = %self.address,
                %cause,
                "the session store is away, and visitors with a session get 503"
            );
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
