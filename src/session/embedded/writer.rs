//! The thread that makes all changes.

use std::{
    mem,
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use redb::{Database, Error};
use tower_sessions_core::session::Id;

use super::{
    Memory, StoreError,
    changes::{Answer, Change, Changed, Operation, decide},
    file::{self, Key, TABLE},
    identity::FileIdentity,
    purge::{Clock, purge, remove_expired, remove_from_memory},
};

/// How many changes share a commit at most, so that none of them waits long.
const BATCH: usize = 1024;

/// How many expired records a commit purges at most for each of its changes. More than one, so that
/// their number shrinks; but few, so that no commit takes long.
const PURGED_PER_CHANGE: usize = 4;

/// The minimum interval between two log lines about a full, or nearly full, store.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Owns the file. Nothing else changes the file or the records in memory.
pub(super) struct Writer {
    path: PathBuf,
    /// The file as we last left it: at its opening, or after the last commit.
    identity: FileIdentity,
    /// `None` after an error: redb recovers only by opening the file again.
    database: Option<Database>,
    records: Arc<Memory>,
    max_records: usize,
    /// What an operator raises when the store is full.
    setting: &'static str,
    clock: Clock,
    /// When it was last logged that the store is full, and nearly full.
    full_logged: Option<Instant>,
    nearly_full_logged: Option<Instant>,
}

impl Writer {
    /// Opens the file, or creates it, and reads its records into memory.
    pub(super) fn new(
        path: PathBuf,
        (max_records, setting): (usize, &'static str),
        records: Arc<Memory>,
    ) -> Result<Self, Error> {
        file::make(&path)?;
        let (identity, database) = file::open(&path)?;
        file::read(&database, &records)?;
        Ok(Self {
            path,
            identity,
            database: Some(database),
            records,
            max_records,
            setting,
            clock: Clock::start(),
            full_logged: None,
            nearly_full_logged: None,
        })
    }

    /// Makes changes until all senders are dropped, and closes the file.
    pub(super) fn run(mut self, queue: &Receiver<Change>) {
        while let Ok(first) = queue.recv() {
            let mut operations = Vec::new();
            let mut waiting = Vec::new();
            for change in std::iter::once(first).chain(queue.try_iter()).take(BATCH) {
                operations.push((change.id, change.operation));
                waiting.push(change.done);
            }
            match self.commit_to_our_file(operations) {
                Ok(answers) => {
                    self.log_if_full(&answers);
                    for (done, answer) in waiting.into_iter().zip(answers) {
                        // The request may have been cancelled.
                        let _ = done.send(answer);
                    }
                }
                Err(cause) => {
                    let path = self.path.display();
                    let cause: Arc<str> = format!("cannot write {path}: {cause}").into();
                    for done in waiting {
                        let _ = done.send(Err(StoreError::Unavailable(Arc::clone(&cause))));
                    }
                }
            }
        }
        self.close();
    }

    /// Makes changes, unless the file was deleted or replaced.
    fn commit_to_our_file(
        &mut self,
        operations: Vec<(Id, Operation)>,
    ) -> Result<Vec<Answer>, Error> {
        self.identity.check(&self.path)?;
        let answers = self.commit(operations);
        if answers.is_err() {
            self.database = None;
        }
        // A commit that failed may have changed the file too.
        self.identity.update()?;
        answers
    }

    /// Makes changes durable, then visible. Returns the outcome of each.
    fn commit(&mut self, operations: Vec<(Id, Operation)>) -> Result<Vec<Answer>, Error> {
        // Comes first, because `reopen` may change the records in memory.
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
            purge(database, &self.records, BATCH, self.clock.now())?;
        }
        let (answers, changed) = decide(operations, &self.records, self.max_records);
        if changed.is_empty() {
            return Ok(answers);
        }

        let purged = write(database, &self.records, &changed, self.clock.now())?;
        self.identity.check_path(&self.path)?;

        for (id, after) in changed {
            match after {
                Some(entry) => records.insert(id, entry),
                None => records.remove(&id),
            };
        }
        remove_from_memory(&self.records, purged);
        Ok(answers)
    }

    /// Opens the file again after an error.
    ///
    /// The failed commit may be on the disk, so the records are read again, as after a restart.
    /// Inserts before it removes, so that a record on both sides is never missing.
    fn reopen(&self) -> Result<Database, Error> {
        // The identity stays: `check` has just found the same file.
        let (_, database) = file::open(&self.path)?;
        file::read(&database, &self.records)?;
        file::retain_stored(&database, &self.records)?;
        Ok(database)
    }

    /// Closes the file.
    fn close(mut self) {
        if self.identity.check(&self.path).is_err() {
            // Closing would write to the file that somebody has put in its place. The end of the
            // process frees the lock.
            mem::forget(self.database.take());
        }
    }

    fn log_if_full(&mut self, answers: &[Answer]) {
        let (records, max_records) = (self.records.len(), self.max_records);
        if answers.iter().any(Result::is_err) {
            if is_due(&mut self.full_logged) {
                let setting = self.setting;
                tracing::error!(
                    records,
                    max_records,
                    "the session store is full, and new records are refused: raise {setting}"
                );
            }
        } else if records >= max_records - max_records / 10 && is_due(&mut self.nearly_full_logged)
        {
            let setting = self.setting;
            tracing::warn!(
                records,
                max_records,
                "the session store is nearly full: raise {setting}"
            );
        }
    }
}

/// Returns whether to log something again that was last logged at `last`, and updates `last` if so.
fn is_due(last: &mut Option<Instant>) -> bool {
    let is_due = last.is_none_or(|at| at.elapsed() >= LOG_INTERVAL);
    if is_due {
        *last = Some(Instant::now());
    }
    is_due
}

/// Writes changes to the file, and purges what has expired at `now` (unix microseconds). Returns the
/// keys of the latter.
fn write(
    database: &Database,
    records: &Memory,
    changed: &Changed,
    now: i64,
) -> Result<Vec<Key>, Error> {
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
    let purged = remove_expired(&mut table, PURGED_PER_CHANGE * changed.len(), now)?;
    drop(table);
    transaction.commit()?;
    Ok(purged)
}
