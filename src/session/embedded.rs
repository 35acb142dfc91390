//! `EmbeddedStore`: a `SessionStore` that needs no other server, only a file.

mod file;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};

pub use self::file::OpenError;
use self::writer::{Change, Operation, Writer};

/// Keeps records in memory, where reading one takes no lock and touches no disk, and in a
/// [redb](https://docs.rs/redb) file, where they survive a crash.
///
/// A change is answered once it is on the disk. One thread writes; changes that arrive while it is
/// busy share the next commit. Of the records themselves the memory holds 16 bytes of ID, 8 of
/// expiry and the data as JSON.
pub struct EmbeddedStore {
    records: Arc<Records>,
    /// None when there is nobody to send changes to.
    changes: Option<mpsc::Sender<Change>>,
    writer: Option<JoinHandle<()>>,
}

/// All records, by their IDs. Its readers wait for nobody, not even for a writer.
type Records = papaya::HashMap<Id, Entry>;

/// A record without its ID.
struct Entry {
    /// In unix microseconds.
    expires: i64,
    /// A JSON object, or nothing where the record holds no data.
    data: Box<[u8]>,
}

impl EmbeddedStore {
    /// Opens the file at `path`, made when it is missing, with the mode 0600. What is in it is read
    /// into memory, and it stays locked until the store is dropped.
    ///
    /// # Errors
    ///
    /// When another process has the file open, or it cannot be read, made or repaired.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let records = Arc::new(Records::new());
        let mut writer = Writer::new(path.to_owned(), Arc::clone(&records))?;
        let (changes, queue) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("sessions".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(redb::Error::from)?;
        Ok(Self {
            records,
            changes: Some(changes),
            writer: Some(writer),
        })
    }

    /// What the file at `path` holds right now, whoever has it open. Nothing can be changed.
    ///
    /// # Errors
    ///
    /// When the file is missing, cannot be read, is damaged, or is written to so fast that no
    /// consistent copy can be had.
    pub fn snapshot(path: &Path) -> std::result::Result<Self, OpenError> {
        let records = Records::new();
        file::read(&file::copy(path)?, &records)?;
        Ok(Self {
            records: Arc::new(records),
            changes: None,
            writer: None,
        })
    }

    /// Makes a change durable. Whether there was something to change.
    async fn change(&self, id: Id, operation: Operation) -> Result<bool> {
        let stopped = || Error::Backend("the session store takes no changes".to_owned());
        let (done, answer) = oneshot::channel();
        self.changes
            .as_ref()
            .and_then(|changes| {
                changes
                    .send(Change {
                        id,
                        operation,
                        done,
                    })
                    .ok()
            })
            .ok_or_else(stopped)?;
        answer
            .await
            .map_err(|_| stopped())?
            .map_err(|cause| Error::Backend(cause.to_string()))
    }
}

#[async_trait]
impl SessionStore for EmbeddedStore {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !self
            .change(record.id, Operation::Create(Entry::new(record)?))
            .await?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    /// Changes a record that is there. One that was deleted meanwhile stays deleted.
    async fn save(&self, record: &Record) -> Result<()> {
        let entry = Entry::new(record)?;
        self.change(record.id, Operation::Save(entry))
            .await
            .map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let records = self.records.pin();
        match records.get(id) {
            Some(entry) if entry.expires > now() => entry.record(*id).map(Some),
            _ => Ok(None),
        }
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.change(*id, Operation::Delete).await.map(drop)
    }
}

impl Entry {
    fn new(record: &Record) -> Result<Self> {
        let data = if record.data.is_empty() {
            Vec::new()
        } else {
            serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?
        };
        Ok(Self {
            expires: micros(record.expiry_date),
            data: data.into(),
        })
    }

    fn record(&self, id: Id) -> Result<Record> {
        let decode = |error: &dyn fmt::Display| Error::Decode(error.to_string());
        Ok(Record {
            id,
            data: if self.data.is_empty() {
                HashMap::new()
            } else {
                serde_json::from_slice(&self.data).map_err(|error| decode(&error))?
            },
            expiry_date: OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.expires) * 1000)
                .map_err(|error| decode(&error))?,
        })
    }
}

impl Drop for EmbeddedStore {
    /// Waits for the changes that are under way, and closes the file.
    fn drop(&mut self) {
        self.changes = None;
        if let Some(writer) = self.writer.take() {
            // It panicked, and has said so itself.
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

fn now() -> i64 {
    micros(OffsetDateTime::now_utc())
}

fn micros(time: OffsetDateTime) -> i64 {
    time.unix_timestamp()
        .saturating_mul(1_000_000)
        .saturating_add(time.microsecond().into())
}
