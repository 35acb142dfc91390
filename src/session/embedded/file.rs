//! The file behind the records: one redb table.

use std::{
    fs::{self, File},
    io,
    path::Path,
    thread,
    time::Duration,
};

use redb::{
    Builder, Database, Error, ReadableDatabase as _, ReadableTable as _,
    ReadableTableMetadata as _, StorageBackend as _, TableDefinition,
    backends::{FileBackend, InMemoryBackend},
};
use tower_sessions_core::session::Id;

use super::{Entry, Memory, identity::FileIdentity};

/// `(expiry in unix microseconds, ID) -> data`. Sorted by expiry, so that new records are
/// neighbours, and expired ones come first.
///
/// The name changes with the format, so that no version misreads the file of another.
pub(super) const TABLE: TableDefinition<Key, &[u8]> = TableDefinition::new("sessions_2");
pub(super) type Key = (i64, i128);

/// The size of redb's cache. Small, because only commits use it: reads are answered from memory.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// How often to try to copy a file that is being written to, and how long to wait in between.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// The reason why the file cannot be used. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the file open.
    #[error("another process uses it: stop that one, or choose another directory for this one")]
    InUse,
    /// There is no file.
    #[error(
        "there is no such file: is this the right directory, and did the application ever run?"
    )]
    Missing,
    /// The file is written to so often that no consistent copy can be read.
    #[error("it is being written to constantly: try again")]
    Busy,
    /// The file cannot be read or written.
    #[error("{0}: check the path, its permissions and the free space")]
    Io(io::Error),
    /// The file has the format of another version of this library.
    #[error(
        "it has the format of another version: use that version, or remove it and replace the secret \
         key, which ends all sessions"
    )]
    Format,
    /// The file is damaged, or is not the file of a store.
    #[error(
        "it is damaged ({0}): restore it, or remove it and replace the secret key, which ends all \
         sessions"
    )]
    Damaged(Box<Error>),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error {
            Error::DatabaseAlreadyOpen => Self::InUse,
            // The table has another name (see `TABLE`), or the file is of an older redb.
            Error::TableDoesNotExist(_) | Error::UpgradeRequired(_) => Self::Format,
            // redb returns these for a file that is too short or not its own.
            Error::Io(error)
                if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) =>
            {
                Self::Damaged(Box::new(Error::Io(error)))
            }
            Error::Io(error) => Self::Io(error),
            error => Self::Damaged(Box::new(error)),
        }
    }
}

/// Opens the file and locks it.
///
/// Never creates a file: a fresh one would forget every revocation.
pub(super) fn open(path: &Path) -> Result<(FileIdentity, Database), Error> {
    let file = File::open(path)?;
    let database = builder().open(path)?;
    let identity = FileIdentity::new(file)?;
    identity.check_path(path)?;
    Ok((identity, database))
}

/// Creates the file with the mode 0600, unless there is one.
///
/// The file appears in one step, so that a crash never leaves an unfinished one.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    if path.try_exists()? {
        return Ok(());
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    // On Unix, a temporary file is created with the mode 0600.
    let file = tempfile::NamedTempFile::new_in(dir)
        // Drops the path of the temporary file, which the user does not know.
        .map_err(|error| io::Error::from(error.kind()))?;
    let database = builder().create_with_backend(FileBackend::new(file.reopen()?)?)?;
    let transaction = database.begin_write()?;
    transaction.open_table(TABLE)?;
    transaction.commit()?;
    database.close()?;
    match file.persist_noclobber(path) {
        Err(lost) if lost.error.kind() != io::ErrorKind::AlreadyExists => Err(lost.error)?,
        _ => {}
    }
    #[cfg(unix)]
    // A new file is durable only once its directory is.
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// Copies the file into memory, even if another process has it open.
pub(super) fn copy(path: &Path) -> Result<Database, OpenError> {
    for _ in 0..ATTEMPTS {
        let before = fs::metadata(path).and_then(|it| it.modified());
        match copy_once(path) {
            Ok(database) => return Ok(database),
            Err(error) => match OpenError::from(error) {
                OpenError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(OpenError::Missing);
                }
                // A write during the copy looks like damage, but changes the modification time.
                OpenError::Damaged(cause) => {
                    thread::sleep(PAUSE);
                    let after = fs::metadata(path).and_then(|it| it.modified());
                    if before.ok() == after.ok() {
                        return Err(OpenError::Damaged(cause));
                    }
                }
                error => return Err(error),
            },
        }
    }
    Err(OpenError::Busy)
}

fn copy_once(path: &Path) -> Result<Database, Error> {
    let bytes = fs::read(path)?;
    if bytes.is_empty() {
        // redb would create a new database in an empty file.
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    let backend = InMemoryBackend::new();
    backend.set_len(bytes.len() as u64)?;
    backend.write(0, &bytes)?;
    Ok(builder().create_with_backend(backend)?)
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .set_cache_size(CACHE_BYTES)
        // Otherwise redb trusts a file that was closed cleanly, and may not notice later damage.
        // The check reads the whole file, as `read` does anyway.
        .set_check_integrity_on_open(true);
    builder
}

/// Reads all records of the file into memory.
///
/// This includes expired ones: they are few, and if our clock is ahead, they count again once it is
/// set right.
pub(super) fn read(database: &Database, records: &Memory) -> Result<(), Error> {
    let table = database.begin_read()?.open_table(TABLE)?;
    let records = records.pin();
    records.reserve(usize::try_from(table.len()?).unwrap_or(0));
    for row in table.iter()? {
        let (key, data) = row?;
        let (expires, id) = key.value();
        let data = data.value().into();
        records.insert(Id(id), Entry { expires, data });
    }
    Ok(())
}

/// Removes from memory the records that are not in the file.
pub(super) fn retain_stored(database: &Database, records: &Memory) -> Result<(), Error> {
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
