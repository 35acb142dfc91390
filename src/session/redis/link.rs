//! The connection to the server, and the task that looks after it.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use ::redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::{
    super::records::StoreError,
    address::RedisAddress,
    connection::Connection,
    info::{Unfit, UnsafePolicy},
};

/// How often the server is asked whether it is fit while the connection is up.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// How long to wait at least between two such questions, so that many errors at once lead to one.
const CHECK_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait between two attempts to connect.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(250);

/// How often to log at most that the server is full.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

const NOT_DURABLE: &str = "its append-only file is off, so it forgets sessions and logouts when it \
                           is restarted: set appendonly yes and appendfsync always";

/// The connection, or the reason why there is none.
pub(super) struct Link {
    client: Client,
    /// The address, without the password.
    address: String,
    state: RwLock<State>,
    /// Wakes the task that looks after the connection.
    error: Notify,
    full_logged: Mutex<Option<Instant>>,
}

enum State {
    Up(Connection),
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
            Err(Unfit::Away(cause)) => State::Down(cause.into()),
        };
        Ok(Self {
            client,
            address: address.to_string(),
            state: RwLock::new(state),
            error: Notify::new(),
            full_logged: Mutex::default(),
        })
    }

    /// Returns what an operator should know about the server at the moment.
    pub(super) fn warning(&self) -> Option<String> {
        let what = match self.up() {
            Ok(up) if up.fit.is_durable => return None,
            Ok(_) => NOT_DURABLE.to_owned(),
            Err(error) => format!("{error}; until it can, visitors with a session get 503"),
        };
        Some(format!("{}: {what}", self.address))
    }

    /// Fails if there is no connection. Does not clone it, because every look-up asks this.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &*self.read() {
            State::Up(_) => Ok(()),
            State::Down(cause) => Err(unavailable(Arc::clone(cause))),
        }
    }

    /// Sends a command and reads the answer. Fails at once if there is no connection.
    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut up = self.up()?;
        let answer = command.query_async(&mut up.inner).await;
        answer.map_err(|error| self.judge(up.generation, &error))
    }

    /// Keeps the connection up, as long as it is polled.
    pub(super) async fn look_after(self: Arc<Self>) {
        for generation in 1.. {
            self.watch().await;
            let up = loop {
                match Connection::open(&self.client, generation).await {
                    Ok(up) => break up,
                    Err(cause) => self.set_down(None, &cause),
                }
                sleep(RECONNECT_INTERVAL).await;
            };
            tracing::info!(store = self.address, "the session store answers again");
            if !up.fit.is_durable {
                tracing::warn!(store = self.address, "{NOT_DURABLE}");
            }
            self.set(State::Up(up));
        }
    }

    /// Asks the server regularly, and after every error, whether it is fit. Returns when the
    /// connection is down.
    async fn watch(&self) {
        let mut was_durable = true;
        while let Ok(mut up) = self.up() {
            match up.check().await {
                Ok(fit) => {
                    // What it was at first has been reported.
                    if was_durable && !fit.is_durable && up.fit.is_durable {
                        tracing::warn!(store = self.address, "{NOT_DURABLE}");
                    }
                    was_durable = fit.is_durable;
                }
                Err(cause) => self.set_down(Some(up.generation), &cause),
            }
            sleep(CHECK_PAUSE).await;
            if self.check().is_ok() {
                // After the interval there is a check in any case.
                let _ = timeout(CHECK_INTERVAL, self.error.notified()).await;
            }
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

    fn up(&self) -> Result<Connection, StoreError> {
        match &*self.read() {
            State::Up(up) => Ok(up.clone()),
            State::Down(cause) => Err(unavailable(Arc::clone(cause))),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Breaks the connection `broken`, unless it has been replaced already, or notes why an attempt
    /// to connect failed. Logs the cause if it is news.
    fn set_down(&self, broken: Option<u64>, cause: &impl Display) {
        let cause: Arc<str> = cause.to_string().into();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let is_news = match (&*state, broken) {
            (State::Up(up), Some(broken)) => up.generation == broken,
            (State::Down(known), None) => *known != cause,
            _ => false,
        };
        if is_news {
            tracing::error!(
                store = self.address,
                %cause,
                "the session store is away, and visitors with a session get 503"
            );
            *state = State::Down(cause);
        }
    }
}
