//! The connection to the server, and the task that looks after it.

mod questions;
mod upkeep;

use std::{
    fmt::Display,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use super::{
    super::records::StoreError,
    address::RedisAddress,
    connection::{Connection, DEADLINE},
    info::{Fit, Unfit, UnsafePolicy},
};

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
