//! The state directory, whose files outlive a run and are private, and its lock.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::private_file::{self, Owners};

/// A state directory.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// The owners that its files may have.
    owners: Owners,
}

/// A lock on the directory, released on drop.
#[derive(Debug)]
pub struct Lock {
    _dir: Option<File>,
}

impl StateDir {
    /// Opens the directory at `path` for a site. A missing one is created, with the mode 0700. Returns a
    /// warning too, if its group may write to it.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created or examined. On Unix also when it belongs to another
    /// user, except root, or everybody may write to it: others could replace its files.
    pub fn open_or_create(path: &Path) -> io::Result<(Self, Option<String>)> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(path)?;
        let state_dir = Self {
            path: path.to_owned(),
            owners: Owners::Trusted,
        };
        let warning = state_dir.check()?;
        Ok((state_dir, warning))
    }

    /// Makes sure that others cannot replace the files in the directory. Returns a warning if its group
    /// can.
    #[cfg(unix)]
    fn check(&self) -> io::Result<Option<String>> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(&self.path)?;
        if ![rustix::process::geteuid().as_raw(), 0].contains(&metadata.uid()) {
            return Err(io::Error::other("it belongs to another user"));
        }
        if metadata.mode() & 0o002 != 0 {
            return Err(io::Error::other(
                "everybody may write to it: give it the mode 0700",
            ));
        }
        let warning = "its group may write to it, and so replace the files in it: give it the mode 0700, \
                       or 0750";
        Ok((metadata.mode() & 0o020 != 0).then(|| warning.to_owned()))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "as on Unix")]
    fn check(&self) -> io::Result<Option<String>> {
        Ok(None)
    }

    /// Opens the directory at `path`, which must exist, for a command, without a check of its owner and
    /// mode. For root, the files in it may belong to another user.
    ///
    /// # Errors
    ///
    /// When the directory is missing or cannot be read.
    pub fn open_existing(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self {
            path: path.to_owned(),
            owners: Owners::AnyForRoot,
        })
    }

    /// Locks the directory, so that no second process uses it. The lock is on the directory itself,
    /// because a file in it may be deleted.
    ///
    /// Returns `None` when another process holds the lock. Windows and some network file systems
    /// cannot lock a directory; there, only the store's own lock protects it.
    #[must_use]
    pub fn lock(&self) -> Option<Lock> {
        let Ok(dir) = File::open(&self.path) else {
            return Some(Lock { _dir: None });
        };
        match dir.try_lock() {
            Err(TryLockError::WouldBlock) => None,
            Ok(()) | Err(TryLockError::Error(_)) => Some(Lock { _dir: Some(dir) }),
        }
    }

    /// Returns the path of the file with this name, which need not exist.
    #[must_use]
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Returns the owners that the files in the directory may have.
    #[must_use]
    pub fn owners(&self) -> Owners {
        self.owners
    }

    /// Makes sure that the file with this name is [private](private_file). Returns a warning if everybody
    /// can read it.
    ///
    /// # Errors
    ///
    /// When the file is missing, or is not private.
    pub fn check_file(&self, name: &str) -> io::Result<Option<String>> {
        private_file::check(&self.path_of(name), self.owners)
    }

    /// Creates the file with this name, with the mode 0600. A file that exists is left as it is.
    ///
    /// The file appears in one step, so that nothing ever reads half of it. If two processes create
    /// it at once, the first one wins.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn create_file(&self, name: &str, contents: &str) -> io::Result<()> {
        // On Unix a temporary file has the mode 0600 from the start.
        let mut file = tempfile::NamedTempFile::new_in(&self.path)
            // Its own error names the temporary file, which no operator knows.
            .map_err(|error| io::Error::from(error.kind()))?;
        file.as_file_mut().write_all(contents.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(self.path_of(name)) {
            Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(lost) => Err(lost.error),
            Ok(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let (state, _) = StateDir::open_or_create(&dir.path().join("a").join("b")).expect("made");
        state.create_file("note", "first").expect("made");
        state.create_file("note", "second").expect("content");
        let path = state.path_of("note");
        assert_eq!(fs::read(path).expect("there"), b"first");
        assert_eq!(
            fs::read_dir(state.path).expect("there").count(),
            1,
            "no litter"
        );
    }

    #[test]
    fn a_file_that_cannot_be_created_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let (state, _) = StateDir::open_or_create(dir.path()).expect("there");
        assert!(state.create_file("no/such/place", "").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn new_files_and_directories_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let (state, _) = StateDir::open_or_create(&dir.path().join("state")).expect("made");
        state.create_file("note", "first").expect("made");
        let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(state.path.clone()), 0o700);
        assert_eq!(mode(state.path_of("note")), 0o600);
    }
}
