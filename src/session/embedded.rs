//! `EmbeddedStore`: records in memory and in a file, without another server.

mod changes;
mod file;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tower_sessions::session::Id;

pub use self::file::OpenError;
use self::{
    changes::{Change, Operation},
    writer::Writer,
};
use super::records::{Record, Records, StoreError};

/// Keeps records in memory, where reading one takes no lock and touches no disk, and in a
/// [redb](https://docs.rs/redb) file, where they survive a crash.
///
/// A change is answered once it is on the disk. One thread writes; changes that arrive while it is
/// busy share the next commit. Of the records themselves the memory holds 16 bytes of ID, 8 of
/// expiry and the data.
///
/// A file that is deleted or replaced while the store is open takes no changes any more, because a
/// restart would not find them. Neither does a file on a full disk, until there is room. Under a
/// limit on the size of files (`RLIMIT_FSIZE`) the process gets `SIGXFSZ` too, which ends it unless
/// it is caught.
pub struct EmbeddedStore {
    records: Arc<Memory>,
    /// None when nothing can be changed.
    changes: Option<mpsc::Sender<Change>>,
    writer: Option<JoinHandle<()>>,
}

/// All records, by their IDs. Readers take no lock, and do not wait for the writer.
type Memory = papaya::HashMap<Id, Entry>;

/// A record without its ID.
struct Entry {
    /// In unix microseconds.
    expires: i64,
    data: Box<[u8]>,
}

impl EmbeddedStore {
    /// Opens the file at `path`, and makes it when it is missing, with the mode 0600. All records
    /// are read into memory, and the file stays locked until the store is dropped.
    ///
    /// What would make more than `max_records` records fails with [`StoreError::Full`], and the log
    /// says so once a minute. From nine tenths on, the log warns. A file with more of them opens.
    ///
    /// # Errors
    ///
    /// When another process has the file open, or it cannot be read, made or repaired.
    pub fn open(path: &Path, max_records: usize) -> Result<Self, OpenError> {
        let records = Arc::new(Memory::new());
        let mut writer = Writer::new(path.to_owned(), max_records, Arc::clone(&records))?;
        let (changes, queue) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("sessions".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(OpenError::Io)?;
        Ok(Self {
            records,
            changes: Some(changes),
            writer: Some(writer),
        })
    }

    /// Reads what the file at `path` holds right now, whoever has it open. Nothing can be changed.
    ///
    /// # Errors
    ///
    /// When the file is missing, cannot be read, is damaged, or is written to so fast that no
    /// consistent copy can be had.
    pub fn snapshot(path: &Path) -> Result<Self, OpenError> {
        let records = Memory::new();
        file::read(&file::copy(path)?, &records)?;
        Ok(Self {
            records: Arc::new(records),
            changes: None,
            writer: None,
        })
    }

    /// Makes a change durable. Returns whether it changed anything.
    async fn change(&self, id: Id, operation: Operation) -> Result<bool, StoreError> {
        let stopped = || StoreError::Unavailable("it takes no changes".into());
        let (done, answer) = oneshot::channel();
        let change = Change {
            id,
            operation,
            done,
        };
        let changes = self.changes.as_ref().ok_or_else(stopped)?;
        changes.send(change).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

#[async_trait]
impl Records for EmbeddedStore {
    async fn get(&self, id: Id) -> Result<Option<Record>, StoreError> {
        let records = self.records.pin();
        let entry = records.get(&id).filter(|entry| entry.counts_at(now()));
        Ok(entry.map(|entry| Record {
            id,
            data: entry.data.to_vec(),
            expires: entry.expires.div_euclid(MICROS),
        }))
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
}

impl Entry {
    /// Records that expire in the same second expire in the order in which they were made. So they
    /// come to stand beside each other in the file, and a commit changes few of its pages.
    fn new(record: Record) -> Self {
        Self {
            expires: record
                .expires
                .saturating_mul(MICROS)
                .saturating_add(now().rem_euclid(MICROS)),
            data: record.data.into(),
        }
    }

    fn counts_at(&self, now: i64) -> bool {
        self.expires > now
    }
}

impl Drop for EmbeddedStore {
    /// Waits for the changes that are under way, and closes the file.
    fn drop(&mut self) {
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            // If it panicked, it has said so itself.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// The present, in unix microseconds.
fn now() -> i64 {
    let now = OffsetDateTime::now_utc();
    now.unix_timestamp() * MICROS + i64::from(now.microsecond())
}
