//! The one thread that writes.

use std::{
    collections::{HashMap, hash_map},
    path::PathBuf,
    sync::{Arc, mpsc::Receiver},
};

use redb::{Database, Error, ReadableTable as _, Table};
use tokio::sync::oneshot;
use tower_sessions::session::Id;

use super::{
    Entry, Records,
    file::{self, Key, TABLE},
    now,
};

/// How many changes share a commit at most, so that the first of them is not kept waiting.
const BATCH: usize = 1024;

/// How many expired records a commit purges at most for each change that it makes: more than one,
/// so that they become fewer, and few, so that nobody waits long for a clean-up.
const PURGED_PER_CHANGE: usize = 4;

/// What is to become of one record.
pub(super) struct Change {
    pub(super) id: Id,
    pub(super) operation: Operation,
    /// Told when the change is on the disk, whether there was something to change; or why it is not.
    pub(super) done: oneshot::Sender<Result<bool, Arc<str>>>,
}

pub(super) enum Operation {
    /// Makes a record, unless there is one.
    Create(Entry),
    /// Replaces a record, if there is one.
    Save(Entry),
    /// Removes a record, if there is one.
    Delete,
}

/// Owns the file. Nobody else changes it, or the records in memory.
pub(super) struct Writer {
    path: PathBuf,
    /// None after an error, from which redb recovers by opening the file again.
    database: Option<Database>,
    records: Arc<Records>,
}

impl Writer {
    /// Opens the file and reads what is in it.
    pub(super) fn new(path: PathBuf, records: Arc<Records>) -> Result<Self, Error> {
        file::make(&path)?;
        let database = file::open(&path)?;
        file::read(&database, &records)?;
        Ok(Self {
            path,
            database: Some(database),
            records,
        })
    }

    /// Makes changes until nobody is left who could ask for one.
    pub(super) fn run(&mut self, queue: &Receiver<Change>) {
        while let Ok(first) = queue.recv() {
            let mut operations = Vec::new();
            let mut waiting = Vec::new();
            for change in std::iter::once(first).chain(queue.try_iter()).take(BATCH) {
                operations.push((change.id, change.operation));
                waiting.push(change.done);
            }
            match self.commit(operations) {
                Ok(had_effect) => {
                    for (done, had_effect) in waiting.into_iter().zip(had_effect) {
                        // Who asked may have gone away.
                        let _ = done.send(Ok(had_effect));
                    }
                }
                Err(cause) => {
                    self.database = None;
                    let path = self.path.display();
                    let cause: Arc<str> = format!("cannot write {path}: {cause}").into();
                    for done in waiting {
                        let _ = done.send(Err(Arc::clone(&cause)));
                    }
                }
            }
        }
    }

    /// Makes changes durable, then visible. Of each, whether there was something to change.
    fn commit(&mut self, operations: Vec<(Id, Operation)>) -> Result<Vec<bool>, Error> {
        // First, because it may change what is in memory.
        let database = match self.database.take() {
            Some(database) => database,
            None => self.reopen()?,
        };
        let database = self.database.insert(database);
        let records = self.records.pin();
        let mut changed: HashMap<Id, Option<Entry>> = HashMap::new();
        let had_effect = operations
            .into_iter()
            .map(|(id, operation)| {
                let slot = changed.entry(id);
                let exists = match &slot {
                    hash_map::Entry::Occupied(slot) => slot.get().is_some(),
                    hash_map::Entry::Vacant(_) => records.contains_key(&id),
                };
                let after = match operation {
                    Operation::Create(entry) if !exists => Some(entry),
                    Operation::Save(entry) if exists => Some(entry),
                    Operation::Delete if exists => None,
                    _ => return false,
                };
                slot.insert_entry(after);
                true
            })
            .collect();
        if changed.is_empty() {
            return Ok(had_effect);
        }

        let transaction = database.begin_write()?;
        let mut table = transaction.open_table(TABLE)?;
        for (id, after) in &changed {
            if let Some(before) = records.get(id) {
                table.remove((before.expires, id.0))?;
            }
            if let Some(after) = after {
                table.insert((after.expires, id.0), &*after.data)?;
            }
        }
        let purged = purge_expired(&mut table, PURGED_PER_CHANGE * changed.len())?;
        drop(table);
        transaction.commit()?;

        for (id, after) in changed {
            match after {
                Some(entry) => records.insert(id, entry),
                None => records.remove(&id),
            };
        }
        for (expires, id) in purged {
            let _ = records.remove_if(&Id(id), |_, entry| entry.expires == expires);
        }
        Ok(had_effect)
    }

    /// Opens the file again after an error.
    ///
    /// Nobody knows how much of the commit that failed is in it. What it says now is what a restart
    /// would find, so it is what counts. First what it says is taken over and then what it does not:
    /// nothing that both say is missing in between, and nobody is told that a session is alive which
    /// is not.
    fn reopen(&self) -> Result<Database, Error> {
        let database = file::open(&self.path)?;
        file::read(&database, &self.records)?;
        file::retain_stored(&database, &self.records)?;
        Ok(database)
    }
}

/// Removes the records that expired first, at most so many of them.
fn purge_expired(
    table: &mut Table<'_, Key, &'static [u8]>,
    most: usize,
) -> Result<Vec<Key>, Error> {
    let now = now();
    let mut purged = Vec::new();
    while purged.len() < most {
        let first = table.first()?.map(|(key, _)| key.value());
        match first {
            Some(key) if key.0 <= now => {
                table.remove(key)?;
                purged.push(key);
            }
            _ => break,
        }
    }
    Ok(purged)
}
