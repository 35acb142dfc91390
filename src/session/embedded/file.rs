//! The file behind the records: one redb table.

use std::{fs, path::Path};

use redb::{
    Builder, Database, Error, ReadableDatabase as _, ReadableTableMetadata as _, StorageBackend,
    TableDefinition,
    backends::{FileBackend, InMemoryBackend},
};
use tower_sessions::session::Id;

use super::{Entry, Records, now};

/// `(expiry in unix seconds, ID) -> data`. In the order in which records expire, so that new ones
/// come to stand beside each other, and those to forget at the front.
pub(super) const TABLE: TableDefinition<Key, &[u8]> = TableDefinition::new("sessions");
pub(super) type Key = (i64, i128);

/// Reads are answered from memory; this is for the pages that commits touch.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// How often a copy of a file is tried that somebody writes to.
const ATTEMPTS: u32 = 20;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("another process uses it: stop that one, or choose another directory for this one")]
    InUse,
    /// It cannot be read or made, is damaged, or no redb file at all.
    #[error("{0}; check who may use it, or if it is damaged, replace the secret key and remove it")]
    Broken(Box<Error>),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseAlreadyOpen => Self::InUse,
            error => Self::Broken(Box::new(error)),
        }
    }
}

/// Opens the file, made with the mode 0600 when it is missing, and locks it.
pub(super) fn open(path: &Path) -> Result<Database, Error> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        // A new file is on the disk only once its directory says so.
        fs::File::open(dir)?.sync_all()?;
    }
    open_backend(FileBackend::new(file)?)
}

/// A copy of the file, in memory.
///
/// Whoever has the file open may write to it meanwhile, so that the copy is of no single moment.
/// Its checksums tell, and then another one is made.
pub(super) fn copy(path: &Path) -> Result<Database, Error> {
    let mut attempts = 1..ATTEMPTS;
    loop {
        match copy_once(path) {
            Err(Error::Corrupted(_)) if attempts.next().is_some() => {}
            result => return result,
        }
    }
}

fn copy_once(path: &Path) -> Result<Database, Error> {
    let bytes = fs::read(path)?;
    let backend = InMemoryBackend::new();
    backend.set_len(bytes.len() as u64)?;
    backend.write(0, &bytes)?;
    open_backend(backend)
}

fn open_backend(backend: impl StorageBackend) -> Result<Database, Error> {
    let database = Builder::new()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(backend)?;
    // Makes the table when the file is new.
    let transaction = database.begin_write()?;
    transaction.open_table(TABLE)?;
    transaction.commit()?;
    Ok(database)
}

/// Puts what the file says into memory, less what has expired.
pub(super) fn read(database: &Database, records: &Records) -> Result<(), Error> {
    let table = database.begin_read()?.open_table(TABLE)?;
    let records = records.pin();
    records.reserve(usize::try_from(table.len()?).unwrap_or(0));
    for row in table.range((now() + 1, i128::MIN)..)? {
        let (key, data) = row?;
        let (expires, id) = key.value();
        let data = data.value().into();
        records.insert(Id(id), Entry { expires, data });
    }
    Ok(())
}

/// Takes out of memory what the file does not say.
pub(super) fn forget_others(database: &Database, records: &Records) -> Result<(), Error> {
    let table = database.begin_read()?.open_table(TABLE)?;
    let mut failed = None;
    records
        .pin()
        .retain(|id, entry| match table.get((entry.expires, id.0)) {
            Ok(row) => row.is_some(),
            Err(error) => {
                failed = Some(error);
                true
            }
        });
    failed.map_or(Ok(()), |error| Err(error.into()))
}
