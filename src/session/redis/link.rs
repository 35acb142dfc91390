//! The connection to the server, and the task that looks after it.

mod upkeep;

use std::{
    fmt::Display,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use ::redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind};
use futures_util::future::poll_immediate;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::{
    super::records::StoreError,
    address::RedisAddress,
    connection::{Connection, DEADLINE},
    info::{Unfit, UnsafePolicy},
};

/// How often to log at most that the server is full.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The connection, or the reason why there is none.
pub(super) struct Link {
    client: Client,
    /// The address, without the password.
    address: String,
    state: watch::Sender<State>,
    /// Wakes the task that looks after the connection.
    error: Notify,
    full_logged: Mutex<Option<Instant>>,
}

enum State {
    Up(Connection),
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
        let client = address.client().clone();
        let state = match Connection::open(&client, 0).await {
            Ok(up) => State::Up(up),
            Err(Unfit::Policy(policy)) => return Err(policy),
            Err(Unfit::Away(cause) | Unfit::Closed(cause)) => State::Down(cause.into()),
        };
        Ok(Self {
            client,
            address: address.to_string(),
            state: watch::Sender::new(state),
            error: Notify::new(),
            full_logged: Mutex::default(),
        })
    }

    /// Returns what an operator should know about the server at the moment.
    pub(super) fn warning(&self) -> Option<String> {
        let what = match &*self.state.borrow() {
            State::Closed => return None,
            State::Up(up) => {
                let flaws: Vec<_> = up.fit.flaws().map(|it| it.to_string()).collect();
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
            State::Up(_) | State::Closed => Ok(()),
            State::Down(cause) => Err(unavailable(Arc::clone(cause))),
        }
    }

    /// Sends a command that changes something, and reads the answer. Fails at once if the server is
    /// away. If the connection was closed before, the command is sent on the next one.
    pub(super) async fn change<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.query(command, |was_sent| !was_sent).await
    }

    /// Likewise for a command that only reads. If the connection is closed meanwhile, it is sent again
    /// on the next one.
    pub(super) async fn look_up<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.query(command, |_| true).await
    }

    /// Sends a command. If the connection is closed, `may_retry` is asked whether to send it once
    /// again, with whether it may have been sent.
    async fn query<T: FromRedisValue>(
        &self,
        command: &Cmd,
        may_retry: impl Fn(bool) -> bool,
    ) -> Result<T, StoreError> {
        let up = self.up().await?;
        let (answer, was_sent) = send(command, &up).await;
        match answer {
            Err(error) if error.is_connection_dropped() && may_retry(was_sent) => {
                self.set_closed(up.generation);
                let up = self.up().await?;
                let (answer, _) = send(command, &up).await;
                answer.map_err(|error| self.judge(up.generation, &error))
            }
            answer => answer.map_err(|error| self.judge(up.generation, &error)),
        }
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
                store = self.address,
                "the session store is full: raise its maxmemory"
            );
            *last = Some(Instant::now());
        }
    }

    /// Returns the connection. While it is being replaced, waits for the next one.
    async fn up(&self) -> Result<Connection, StoreError> {
        if let Some(up) = self.present() {
            return Ok(up);
        }
        let mut states = self.state.subscribe();
        let settled = states.wait_for(|state| !matches!(state, State::Closed));
        // The next one is there, or has failed, within one deadline.
        if let Ok(Ok(state)) = timeout(2 * DEADLINE, settled).await {
            match &*state {
                State::Up(up) => return Ok(up.clone()),
                State::Down(cause) => return Err(unavailable(Arc::clone(cause))),
                State::Closed => {}
            }
        }
        Err(unavailable("its connection was closed"))
    }

    fn present(&self) -> Option<Connection> {
        match &*self.state.borrow() {
            State::Up(up) => Some(up.clone()),
            _ => None,
        }
    }

    /// Notes that the connection `closed` was closed, unless it has been replaced already.
    fn set_closed(&self, closed: u64) {
        self.error.notify_one();
        self.state.send_if_modified(|state| {
            let is_news = matches!(state, State::Up(up) if up.generation == closed);
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
                (State::Up(up), Some(broken)) => up.generation == broken,
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
                store = self.address,
                %cause,
                "the session store is away, and visitors with a session get 503"
            );
        }
    }
}

/// Sends a command, and returns the answer, and whether the command may have been sent.
async fn send<T: FromRedisValue>(command: &Cmd, up: &Connection) -> (RedisResult<T>, bool) {
    let mut connection = up.inner.clone();
    let mut answer = pin!(command.query_async(&mut connection));
    // Nothing takes commands for a connection that is closed already, so it fails without waiting.
    match poll_immediate(answer.as_mut()).await {
        Some(answer) => (answer, false),
        None => (answer.await, true),
    }
}
