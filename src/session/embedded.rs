//! `EmbeddedStore`: a store in memory and in a file, without a database server.

mod changes;
mod file;
mod identity;
mod purge;
mod session_store;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        mpsc::{self, TrySendError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tower_sessions_core::session::Id;

use self::{
    changes::{Change, Operation},
    writer::Writer,
};
pub use self::{file::OpenError, session_store::EmbeddedSessionStore};
use super::records::{Record, Records, StoreError};

/// How many changes may wait for the disk. A request that is cancelled leaves its change in the queue.
const MAX_WAITING: usize = 16 * 1024;

/// How long to wait for the disk when the store is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// Keeps records in memory, where a read takes no lock and does not touch the disk, and in a
/// [redb](https://docs.rs/redb) file, where they survive a crash.
///
/// A change returns once it is on the disk. One thread writes; changes that arrive while it is busy
/// share the next commit. In memory, a record has 16 bytes of ID, 8 bytes of expiry and its data,
/// plus the overhead of the map and the allocator.
///
/// While the file is deleted, replaced or overwritten, all changes fail, because a restart would not
/// find them. They also fail while the disk is full. When the file reaches the limit on its size
/// (`RLIMIT_FSIZE`), the process also gets `SIGXFSZ`, which ends it unless it is caught or ignored.
///
/// Clones share the file and the records.
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Shared>);

/// What the clones of a store share.
struct Shared {
    records: Arc<Memory>,
    /// `None` in a snapshot, and while the store is dropped.
    changes: Option<mpsc::SyncSender<Change>>,
    /// The thread that writes, and closes the file at its end.
    writer: Option<JoinHandle<()>>,
}

/// All records by their IDs. Readers do not wait for the writer: a map of the standard library, behind a lock,
/// would stop all of them for 150 ms when it grows beyond 917,504 records.
type Memory = papaya::HashMap<Id, Entry>;

/// A record without its ID.
struct Entry {
    /// When the record expires, in unix microseconds.
    expires: i64,
    data: Box<[u8]>,
}

impl EmbeddedStore {
    /// Opens the file at `path`, or creates it with the mode 0600. Reads all records into memory,
    /// and locks the file until the store and its clones are dropped.
    ///
    /// Adding more than `max_records` records fails with [`StoreError::Full`]. At most once a
    /// minute, this is logged as an error, and nine tenths of `max_records` as a warning. A file
    /// that already has more records can be opened.
    ///
    /// # Errors
    ///
    /// Fails if another process has the file open, or if it cannot be read, created or repaired.
    pub fn open(path: impl AsRef<Path>, max_records: usize) -> Result<Self, OpenError> {
        Self::open_naming(path, max_records, "max_records")
    }

    /// Does the same as [`open`](Self::open), and names in the log which setting an operator raises
    /// when the store is full.
    ///
    /// # Errors
    ///
    /// As with [`open`](Self::open).
    pub fn open_naming(
        path: impl AsRef<Path>,
        max_records: usize,
        setting: &'static str,
    ) -> Result<Self, OpenError> {
        let records = Arc::new(Memory::new());
        let writer = Writer::new(
            path.as_ref().to_owned(),
            (max_records, setting),
            Arc::clone(&records),
        )?;
        let (changes, queue) = mpsc::sync_channel(MAX_WAITING);
        let writer = thread::Builder::new()
            .name("sessions".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(OpenError::Io)?;
        Ok(Self(Arc::new(Shared {
            records,
            changes: Some(changes),
            writer: Some(writer),
        })))
    }

    /// Reads the current records of the file at `path`, even if another process has it open. The
    /// snapshot takes no changes.
    ///
    /// # Errors
    ///
    /// Fails if the file is missing, cannot be read, is damaged, has the format of another version,
    /// or is written to so often that no consistent copy can be read.
    pub fn snapshot(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let records = Memory::new();
        file::read(&file::copy(path.as_ref())?, &records)?;
        Ok(Self(Arc::new(Shared {
            records: Arc::new(records),
            changes: None,
            writer: None,
        })))
    }

    /// Makes a change and waits until it is durable. Returns whether it changed anything.
    async fn change(&self, id: Id, operation: Operation) -> Result<bool, StoreError> {
        let unavailable = |cause: &str| StoreError::Unavailable(cause.into());
        let (done, answer) = oneshot::channel();
        let change = Change {
            id,
            operation,
            done,
        };
        let changes = self.0.changes.as_ref();
        let changes = changes.ok_or_else(|| unavailable("it is a snapshot"))?;
        changes.try_send(change).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("too many changes wait for the disk"),
            TrySendError::Disconnected(_) => unavailable("its writer has stopped"),
        })?;
        answer
            .await
            .map_err(|_| unavailable("its writer has stopped"))?
    }
}

#[async_trait]
impl Records for EmbeddedStore {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        let records = self.0.records.pin();
        let entry = records.get(&id).filter(|entry| entry.is_live_at(now()));
        Ok(entry.map(|entry| entry.data.to_vec()))
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        self.change(record.id, Operation::Add(Entry::new(record)))
            .await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        self.change(record.id, Operation::Replace(Entry::new(record)))
            .await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.change(id, Operation::Remove).await
    }

    fn count(&self) -> Option<usize> {
        Some(self.0.records.len())
    }
}

impl Entry {
    /// Adds the present fraction of a second to the expiry. In the file, which is sorted by expiry,
    /// records that are added together are then neighbours, so a commit changes few pages.
    fn new(record: Record) -> Self {
        Self {
            expires: record
                .expires
                .saturating_mul(MICROS)
                .saturating_add(now().rem_euclid(MICROS)),
            data: record.data.into(),
        }
    }

    fn is_live_at(&self, now: i64) -> bool {
        self.expires > now
    }
}

impl Drop for Shared {
    /// Waits for pending changes, and closes the file. A disk that does not answer is waited for at
    /// most two seconds.
    fn drop(&mut self) {
        self.changes = None;
        let start = Instant::now();
        while let Some(writer) = &self.writer
            && !writer.is_finished()
            && start.elapsed() < CLOSE_TIMEOUT
        {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("records", &self.0.records.len())
            .finish_non_exhaustive()
    }
}

/// Returns the current time in unix microseconds.
fn now() -> i64 {
    let now = OffsetDateTime::now_utc();
    now.unix_timestamp() * MICROS + i64::from(now.microsecond())
}
