//! `RedisStore`: a store in Redis or Valkey, which several machines share.

mod address;
mod batch;
mod changes;
mod connection;
mod info;
mod link;
mod lookups;
mod marker;
mod sentinels;

use std::{fmt, sync::Arc};

use ::redis::{Cmd, cmd};
use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::task::JoinSet;
use tower_sessions_core::session::Id;

pub use self::{
    address::{AddressError, RedisAddress},
    info::UnsafePolicy,
};
use self::{changes::Changes, link::Link, lookups::Lookups};
use super::{
    records::{Record, Records, StoreError},
    registry::DataIn,
};

/// The longest time to live that is sent, in seconds. The server adds its own time, and counts in
/// milliseconds of 64 bits.
const MAX_TIME_TO_LIVE: i64 = i64::MAX / 2000;

/// Keeps records in a Redis (6.2 or later) or Valkey server. Any number of machines may use it.
///
/// Records of the two settings of [`DataIn`] have keys with different prefixes,
/// `signet:revoked:<id>` and `signet:session:<id>`, and never meet. The server is told how long each
/// lives, so that its clock may be another. A record that has expired is gone, so [`remove`](Records::remove) finds none.
///
/// Nothing is cached: each [`get`](Records::get) asks the server. Those that wait at the same moment
/// share one command.
///
/// There is one connection for look-ups, and one for changes. If the server closes them, which some do
/// when they are idle, the next ones are opened at once, and nobody notices. A look-up that takes more
/// than 500 ms breaks them, and then every method fails at once with [`StoreError::Unavailable`], until
/// they are back: a task tries that four times a second. The task also asks the server each second
/// whether it is a primary, has loaded its data, and never removes records to make room. If not, the
/// store counts as away too.
///
/// If [sentinels](RedisAddress) say where the server is, they are asked whenever a connection is opened,
/// so the store follows a failover by itself.
///
/// The key `signet:marker` tells whether the server still has its data. If not, an error is logged: see
/// [`on_data_loss`](Self::on_data_loss).
///
/// A change is as durable as the server makes it: set `appendonly yes` and `appendfsync always`. With
/// `replicas=N` in the [address](RedisAddress) it is made when N replicas have acknowledged it too
/// (`WAIT`). Otherwise it fails within 500 ms, and may have been made all the same. If fewer replicas are
/// connected and up to date, every change fails. If there is none, so does every look-up, because the
/// server may have been replaced.
pub struct RedisStore {
    link: Arc<Link>,
    lookups: Lookups,
    changes: Changes,
    prefix: &'static str,
    /// The tasks of the store. They end when the set is dropped.
    _tasks: JoinSet<()>,
}

impl RedisStore {
    /// Connects to the server at `address`, for sessions with their data in `data_in`: give
    /// [`SessionConfig`](super::SessionConfig) the same setting. Must be called in a Tokio runtime,
    /// which then runs three tasks until the store is dropped.
    ///
    /// Does not fail when the server is away, and waits at most 500 ms for it, and 250 ms for
    /// sentinels: see [`warning`](Self::warning).
    ///
    /// # Errors
    ///
    /// Fails if the server would remove records to make room for others.
    pub async fn connect(address: &RedisAddress, data_in: DataIn) -> Result<Self, UnsafePolicy> {
        // Fails if the application has chosen another provider of cryptography for rustls, which
        // is then used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let link = Arc::new(Link::open(address).await?);
        let (lookups, answering) = Lookups::new(Arc::clone(&link));
        let (changes, changing) = Changes::new(Arc::clone(&link), address.replicas());
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&link).look_after());
        tasks.spawn(answering);
        tasks.spawn(changing);
        Ok(Self {
            link,
            lookups,
            changes,
            prefix: match data_in {
                DataIn::Cookie => "signet:revoked:",
                DataIn::Store => "signet:session:",
            },
            _tasks: tasks,
        })
    }

    /// Returns what is wrong with the server at the moment, for an operator: that it does not answer,
    /// or that it forgets records when it is restarted.
    ///
    /// Later changes are logged.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.link.warning()
    }

    /// Has `call` called whenever the server has lost its data, so that sessions that were ended may be
    /// accepted again. The loss of the last changes alone is not noticed, nor is one while no store is
    /// connected. Only the first `call` counts.
    pub fn on_data_loss(&self, call: impl Fn() + Send + Sync + 'static) {
        // Fails if there is one already.
        let _ = self.link.on_data_loss.set(Box::new(call));
    }

    fn key(&self, id: Id) -> String {
        format!("{}{id}", self.prefix)
    }

    /// Returns a command that sets the value of a key, and how long it lives, under a condition: `NX` or
    /// `XX`.
    fn set(&self, record: &Record, condition: &str) -> Cmd {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let time_to_live = record.expires.saturating_sub(now);
        let mut set = cmd("SET");
        set.arg(self.key(record.id))
            .arg(&record.data)
            .arg(condition);
        if time_to_live > 0 {
            // Not when it expires, because the server may have another time.
            set.arg("EX").arg(time_to_live.min(MAX_TIME_TO_LIVE));
        } else {
            // It has expired, whatever time the server has.
            set.arg("EXAT").arg(1);
        }
        set
    }
}

#[async_trait]
impl Records for RedisStore {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.lookups.get(self.key(id)).await
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        self.changes.make(self.set(&record, "NX")).await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        self.changes.make(self.set(&record, "XX")).await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        let delete = cmd("DEL").arg(self.key(id)).to_owned();
        self.changes.make(delete).await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
