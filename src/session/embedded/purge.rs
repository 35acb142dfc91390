//! Removes records that have expired.

use std::time::Instant;

use redb::{Database, Error, ReadableTable as _, Table};
use tower_sessions_core::session::Id;

use super::{
    Memory,
    file::{Key, TABLE},
    now,
};

/// Tells which records have expired for good.
///
/// The system's clock may be ahead for a while, and a revocation that is purged then is missing once
/// it is right again. So this clock goes no faster than time passes.
pub(super) struct Clock {
    /// The system's time at the start, in unix microseconds.
    start: i64,
    started: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            start: now(),
            started: Instant::now(),
        }
    }

    /// Returns the current time in unix microseconds.
    pub(super) fn now(&self) -> i64 {
        let passed = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        now().min(self.start.saturating_add(passed))
    }
}

/// Purges at most `most` records that have expired at `now` from the file and from memory, the oldest
/// first.
pub(super) fn purge(
    database: &Database,
    records: &Memory,
    most: usize,
    now: i64,
) -> Result<(), Error> {
    let transaction = database.begin_write()?;
    let purged = remove_expired(&mut transaction.open_table(TABLE)?, most, now)?;
    if !purged.is_empty() {
        transaction.commit()?;
        remove_from_memory(records, purged);
    }
    Ok(())
}

/// Removes at most `most` records that have expired at `now` from the file, the oldest first. Returns
/// their keys.
pub(super) fn remove_expired(
    table: &mut Table<'_, Key, &'static [u8]>,
    most: usize,
    now: i64,
) -> Result<Vec<Key>, Error> {
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

/// Removes from memory the records that were purged from the file.
pub(super) fn remove_from_memory(records: &Memory, removed: Vec<Key>) {
    let records = records.pin();
    for (expires, id) in removed {
        let _ = records.remove_if(&Id(id), |_, entry| entry.expires == expires);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_purges_goes_no_faster_than_time_passes() {
        let hour = 3_600_000_000;
        let started = Instant::now();
        // As if the system's clock had been set an hour ahead, or back.
        let ahead = Clock {
            start: now() - hour,
            started,
        };
        assert!(ahead.now() < now() - hour / 2);
        let back = Clock {
            start: now() + hour,
            started,
        };
        assert!(back.now() <= now());
    }
}
