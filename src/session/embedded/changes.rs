//! Changes to records, and what becomes of each.

use std::collections::{HashMap, hash_map};

use tokio::sync::oneshot;
use tower_sessions::session::Id;

use super::{Entry, Memory, StoreError, now};

/// What is to become of one record.
pub(super) struct Change {
    pub(super) id: Id,
    pub(super) operation: Operation,
    /// Told when the change is on the disk, and whether it changed anything; or why it is not.
    pub(super) done: oneshot::Sender<Outcome>,
}

pub(super) enum Operation {
    /// Makes a record, unless there is one.
    Add(Entry),
    /// Replaces a record, if there is one.
    Replace(Entry),
    /// Removes a record, if there is one.
    Remove,
}

/// Whether an operation changed anything, or why it did not.
pub(super) type Outcome = Result<bool, StoreError>;

/// What stands under each ID after a commit, where that is not what stood there before.
pub(super) type Changed = HashMap<Id, Option<Entry>>;

/// Decides what each operation does, in order, where there is room for so many more records. Returns
/// the outcome of each, and what changes.
pub(super) fn decide(
    operations: Vec<(Id, Operation)>,
    records: &Memory,
    mut room: usize,
) -> (Vec<Outcome>, Changed) {
    let now = now();
    let records = records.pin();
    let mut changed = Changed::new();
    let outcomes = operations
        .into_iter()
        .map(|(id, operation)| {
            let slot = changed.entry(id);
            let before = match &slot {
                hash_map::Entry::Occupied(slot) => slot.get().as_ref(),
                hash_map::Entry::Vacant(_) => records.get(&id),
            };
            let is_there = before.is_some();
            let counts = before.is_some_and(|entry| entry.counts_at(now));
            let after = match operation {
                Operation::Add(_) if !is_there && room == 0 => return Err(StoreError::Full),
                Operation::Add(entry) if !counts => Some(entry),
                Operation::Replace(entry) if counts => Some(entry),
                Operation::Remove if is_there => None,
                _ => return Ok(false),
            };
            room = room + usize::from(is_there) - usize::from(after.is_some());
            slot.insert_entry(after);
            Ok(true)
        })
        .collect();
    (outcomes, changed)
}
