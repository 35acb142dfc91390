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
use tower_sessions::session::Id;

use super::{Entry, Memory};

/// `(expiry in unix microseconds, ID) -> data`. In the order in which records expire, so that new
/// ones come to stand beside each other, and those to purge at the front.
///
/// With another format it gets another name, so that neither is taken for the other.
pub(super) const TABLE: TableDefinition<Key, &[u8]> = TableDefinition::new("sessions_2");
pub(super) type Key = (i64, i128);

/// Reads are answered from memory; this is for the pages that commits touch.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// How often a copy of a file is tried that somebody writes to, and how long to wait in between.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

/// Why the file cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("another process uses it: stop that one, or choose another directory for this one")]
    InUse,
    /// There is none.
    #[error("there is none: is this the directory of the site, and did the site ever run?")]
    Missing,
    /// It changes so fast that no consistent copy can be had.
    #[error("it is being written to all the time: try again")]
    Busy,
    /// It cannot be read or written.
    #[error("{0}: check the path, who may use it, and whether there is room")]
    Io(io::Error),
    /// It was made by a version of this that kept its records in another way.
    #[error(
        "it has the format of another version: use that one, or remove it and replace the secret \
         key, which ends all sessions"
    )]
    Format,
    /// It was damaged, or is no store at all.
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
            // It has a table of another name: see `TABLE`.
            Error::TableDoesNotExist(_) => Self::Format,
            // What redb runs into that finds a file shorter than it should be, or another's.
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
/// Never makes one: a fresh file would forget every revocation.
pub(super) fn open(path: &Path) -> Result<(Pin, Database), Error> {
    let pin = Pin::new(path)?;
    let database = builder().open(path)?;
    pin.check(path)?;
    Ok((pin, database))
}

/// Holds on to a file, to tell whether it is still the one at its path.
///
/// While it is held, no other file gets its inode.
pub(super) struct Pin(#[cfg_attr(not(unix), expect(dead_code))] File);

impl Pin {
    fn new(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// Makes sure that the file is still there. Where it is not, what is written to it is lost.
    pub(super) fn check(&self, path: &Path) -> io::Result<()> {
        // Elsewhere no file that is open can be deleted or replaced.
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let ours = self.0.metadata()?;
            let there = fs::metadata(path);
            if there.is_ok_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino())) {
                return Ok(());
            }
            Err(io::Error::other(
                "it was deleted or replaced while it was open: put it back, or restart without the \
                 logouts that only it knows of",
            ))
        }
        #[cfg(not(unix))]
        Ok(())
    }
}

/// Makes the file unless there is one, with the mode 0600.
///
/// It appears in one step, so that no start finds what another one left unfinished.
pub(super) fn make(path: &Path) -> Result<(), Error> {
    if path.try_exists()? {
        return Ok(());
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    // On Unix a temporary file has the mode 0600 from its beginning.
    let file = tempfile::NamedTempFile::new_in(dir)
        // Its own error names a file that nobody knows of.
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
    // A new file is on the disk only once its directory says so.
    fs::File::open(dir)?.sync_all()?;
    Ok(())
}

/// A copy of the file, in memory, whoever has it open.
pub(super) fn copy(path: &Path) -> Result<Database, OpenError> {
    for _ in 0..ATTEMPTS {
        let before = fs::metadata(path).and_then(|it| it.modified());
        match copy_once(path) {
            Ok(database) => return Ok(database),
            Err(error) => match OpenError::from(error) {
                OpenError::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(OpenError::Missing);
                }
                // Perhaps only because somebody wrote to it meanwhile, so that the copy is of no
                // single moment.
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
        // redb would make a new one of it.
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
        // Otherwise a file that was closed well is trusted, and what damaged it since may go
        // unnoticed. It costs no more than reading the file, as is done anyway.
        .set_check_integrity_on_open(true);
    builder
}

/// Puts what the file says into memory.
///
/// What has expired too: it is not much, and if it is only our clock that is ahead, it counts again
/// once that is put right.
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

/// Takes out of memory what the file does not say.
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
