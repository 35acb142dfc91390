//! Changes to records, and how a batch of them is decided.

use std::collections::{HashMap, hash_map};

use tokio::sync::oneshot;
use tower_sessions_core::session::Id;

use super::{Entry, Memory, StoreError, now};

/// A requested change to one record.
pub(super) struct Change {
    pub(super) id: Id,
    pub(super) operation: Operation,
    /// Receives the outcome once the change is on the disk or has failed.
    pub(super) done: oneshot::Sender<Answer>,
}

pub(super) enum Operation {
    /// Adds a record, unless there is one.
    Add(Entry),
    /// Replaces a record, if there is one.
    Replace(Entry),
    /// Removes a record, if there is one.
    Remove,
}

/// The outcome of an operation: whether it changed anything, or why it failed.
pub(super) type Answer = Result<bool, StoreError>;

/// The changes of one commit: the new record of each changed ID, or `None` if it is removed.
pub(super) type Changed = HashMap<Id, Option<Entry>>;

/// Decides in order what each operation changes, where no more than `max_records` may be added.
/// Returns the outcome of each operation, and all changes.
pub(super) fn decide(
    operations: Vec<(Id, Operation)>,
    records: &Memory,
    max_records: usize,
) -> (Vec<Answer>, Changed) {
    let now = now();
    let records = records.pin();
    let mut count = records.len();
    let mut changed = Changed::new();
    let answers = operations
        .into_iter()
        .map(|(id, operation)| {
            let slot = changed.entry(id);
            let before = match &slot {
                hash_map::Entry::Occupied(slot) => slot.get().as_ref(),
                hash_map::Entry::Vacant(_) => records.get(&id),
            };
            let is_there = before.is_some();
            let is_live = before.is_some_and(|entry| entry.is_live_at(now));
            let after = match operation {
                Operation::Add(_) if !is_there && count >= max_records => {
                    return Err(StoreError::Full);
                }
                Operation::Add(entry) if !is_live => Some(entry),
                Operation::Replace(entry) if is_live => Some(entry),
                Operation::Remove if is_there => None,
                _ => return Ok(false),
            };
            count = count - usize::from(is_there) + usize::from(after.is_some());
            slot.insert_entry(after);
            Ok(true)
        })
        .collect();
    (answers, changed)
}
