//! The one thread that writes.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use redb::{Database, Error, ReadableTable as _, Table};
use tower_sessions::session::Id;

use super::{
    Memory, StoreError,
    changes::{Change, Changed, Operation, Outcome, decide},
    file::{self, Key, Pin, TABLE},
    now,
};

/// How many changes share a commit at most, so that the first of them is not kept waiting.
const BATCH: usize = 1024;

/// How many expired records a commit purges at most for each change that it makes: more than one,
/// so that they become fewer, and few, so that no commit takes long for it.
const PURGED_PER_CHANGE: usize = 4;

/// How often to log that the store is full, or nearly.
const COMPLAINTS: Duration = Duration::from_secs(60);

/// Owns the file. Nothing else changes it, or the records in memory.
pub(super) struct Writer {
    path: PathBuf,
    /// The file that was opened first.
    pin: Pin,
    /// None after an error, from which redb recovers by opening the file again.
    database: Option<Database>,
    records: Arc<Memory>,
    max_records: usize,
    /// When the log last said that the store is full, and nearly full.
    said_full: Option<Instant>,
    said_nearly_full: Option<Instant>,
}

impl Writer {
    /// Opens the file and reads what is in it.
    pub(super) fn new(
        path: PathBuf,
        max_records: usize,
        records: Arc<Memory>,
    ) -> Result<Self, Error> {
        file::make(&path)?;
        let (pin, database) = file::open(&path)?;
        file::read(&database, &records)?;
        Ok(Self {
            path,
            pin,
            database: Some(database),
            records,
            max_records,
            said_full: None,
            said_nearly_full: None,
        })
    }

    /// Makes changes until no sender is left.
    pub(super) fn run(&mut self, queue: &Receiver<Change>) {
        while let Ok(first) = queue.recv() {
            let mut operations = Vec::new();
            let mut waiting = Vec::new();
            for change in std::iter::once(first).chain(queue.try_iter()).take(BATCH) {
                operations.push((change.id, change.operation));
                waiting.push(change.done);
            }
            match self.commit(operations) {
                Ok(outcomes) => {
                    self.complain_if_full(&outcomes);
                    for (done, outcome) in waiting.into_iter().zip(outcomes) {
                        // The request may have been given up.
                        let _ = done.send(outcome);
                    }
                }
                Err(cause) => {
                    self.database = None;
                    let path = self.path.display();
                    let cause: Arc<str> = format!("cannot write {path}: {cause}").into();
                    for done in waiting {
                        let _ = done.send(Err(StoreError::Unavailable(Arc::clone(&cause))));
                    }
                }
            }
        }
    }

    /// Makes changes durable, then visible. Returns the outcome of each.
    fn commit(&mut self, operations: Vec<(Id, Operation)>) -> Result<Vec<Outcome>, Error> {
        // First, because it may change what is in memory.
        let database = match self.database.take() {
            Some(database) => database,
            None => self.reopen()?,
        };
        let database = self.database.insert(database);
        let records = self.records.pin();
        let adds = operations
            .iter()
            .filter(|(_, operation)| matches!(operation, Operation::Add(_)));
        if records.len() + adds.count() > self.max_records {
            purge(database, &self.records, BATCH)?;
        }
        let room = self.max_records.saturating_sub(records.len());
        let (outcomes, changed) = decide(operations, &self.records, room);
        if changed.is_empty() {
            return Ok(outcomes);
        }

        let purged = write(database, &self.records, &changed)?;
        self.pin.check(&self.path)?;

        for (id, after) in changed {
            match after {
                Some(entry) => records.insert(id, entry),
                None => records.remove(&id),
            };
        }
        forget(&self.records, purged);
        Ok(outcomes)
    }

    /// Opens the file again after an error.
    ///
    /// The failed commit may be partly on the disk, and the disk is the truth: a restart would find
    /// what is there. Inserts first, then removes, so that no record on both sides is ever missing.
    fn reopen(&self) -> Result<Database, Error> {
        self.pin.check(&self.path)?;
        let (_, database) = file::open(&self.path)?;
        file::read(&database, &self.records)?;
        file::retain_stored(&database, &self.records)?;
        Ok(database)
    }

    fn complain_if_full(&mut self, outcomes: &[Outcome]) {
        let (records, max_records) = (self.records.len(), self.max_records);
        if outcomes.iter().any(Result::is_err) {
            if is_due(&mut self.said_full) {
                tracing::error!(
                    records,
                    max_records,
                    "the session store is full, and what needs another record is refused: raise \
                     max_records (signet: --max-records, MAX_RECORDS)"
                );
            }
        } else if records >= max_records - max_records / 10 && is_due(&mut self.said_nearly_full) {
            tracing::warn!(
                records,
                max_records,
                "the session store is nearly full: raise max_records (signet: --max-records, \
                 MAX_RECORDS)"
            );
        }
    }
}

/// Returns whether something should be logged that was last logged then, and notes that it is.
fn is_due(last: &mut Option<Instant>) -> bool {
    let is_due = last.is_none_or(|at| at.elapsed() >= COMPLAINTS);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

/// Writes changes to the file, and removes records from it that have expired: these are returned.
fn write(database: &Database, records: &Memory, changed: &Changed) -> Result<Vec<Key>, Error> {
    let records = records.pin();
    let transaction = database.begin_write()?;
    let mut table = transaction.open_table(TABLE)?;
    for (id, after) in changed {
        if let Some(before) = records.get(id) {
            table.remove((before.expires, id.0))?;
        }
        if let Some(after) = after {
            table.insert((after.expires, id.0), &*after.data)?;
        }
    }
    let purged = remove_expired(&mut table, PURGED_PER_CHANGE * changed.len())?;
    drop(table);
    transaction.commit()?;
    Ok(purged)
}

/// Purges the records that expired first, at most so many of them.
fn purge(database: &Database, records: &Memory, most: usize) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    let purged = remove_expired(&mut transaction.open_table(TABLE)?, most)?;
    if !purged.is_empty() {
        transaction.commit()?;
        forget(records, purged);
    }
    Ok(())
}

/// Removes the records that expired first from the file, at most so many of them.
fn remove_expired(
    table: &mut Table<'_, Key, &'static [u8]>,
    most: usize,
) -> Result<Vec<Key>, Error> {
    let now = now();
    let mut removed = Vec::new();
    while removed.len() < most {
        let first = table.first()?.map(|(key, _)| key.value());
        match first {
            Some(key) if key.0 <= now => {
                table.remove(key)?;
                removed.push(key);
            }
            _ => break,
        }
    }
    Ok(removed)
}

/// Removes records from memory that are not in the file any more.
fn forget(records: &Memory, removed: Vec<Key>) {
    let records = records.pin();
    for (expires, id) in removed {
        let _ = records.remove_if(&Id(id), |_, entry| entry.expires == expires);
    }
}
