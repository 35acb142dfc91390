//! The state directory, whose files outlive a run and are private, and its lock.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A state directory.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// If true, files of another user are accepted, because they are only read.
    accepts_foreign_files: bool,
}

/// A lock on the directory, released on drop.
#[derive(Debug)]
pub struct Lock {
    _dir: Option<File>,
}

impl StateDir {
    /// Opens the directory at `path` for a site. A missing one is created, with the mode 0700.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created or examined. On Unix also when it belongs to another
    /// user, except root, or everybody may write to it: others could replace its files.
    pub fn open_or_create(path: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let metadata = fs::metadata(path)?;
            if ![rustix::process::geteuid().as_raw(), 0].contains(&metadata.uid()) {
                return Err(io::Error::other("it belongs to another user"));
            }
            if metadata.mode() & 0o002 != 0 {
                return Err(io::Error::other(
                    "everybody may write to it: give it the mode 0700",
                ));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            accepts_foreign_files: false,
        })
    }

    /// Opens the directory at `path` for reading, without a check of its owner and mode. For root,
    /// the files in it may belong to another user.
    ///
    /// # Errors
    ///
    /// When the directory is missing or cannot be read.
    pub fn open_for_reading(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            accepts_foreign_files: rustix::process::geteuid().is_root(),
            #[cfg(not(unix))]
            accepts_foreign_files: false,
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

    /// Returns the contents of the file with this name.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is not [private](Self::check_file).
    pub fn read_file(&self, name: &str) -> io::Result<String> {
        self.check_file(name)?;
        fs::read_to_string(self.path_of(name))
    }

    /// Makes sure that the file with this name is private.
    ///
    /// # Errors
    ///
    /// When the file is missing. On Unix also when it belongs to another user, or everybody may use
    /// it: a stranger may have written it, or may know its contents.
    pub fn check_file(&self, name: &str) -> io::Result<()> {
        let metadata = fs::metadata(self.path_of(name))?;
        if !metadata.is_file() {
            // Opening a FIFO would wait for somebody to write to it.
            return Err(io::Error::other("it is not a regular file"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
            if !is_ours && !self.accepts_foreign_files {
                return Err(io::Error::other("it belongs to another user"));
            }
            if metadata.mode() & 0o007 != 0 {
                return Err(io::Error::other(
                    "everybody may use it: give it the mode 0600",
                ));
            }
        }
        Ok(())
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
        let state = StateDir::open_or_create(&dir.path().join("a").join("b")).expect("made");
        state.create_file("note", "first").expect("made");
        state.create_file("note", "second").expect("content");
        assert_eq!(state.read_file("note").expect("there"), "first");
        assert_eq!(
            fs::read_dir(state.path).expect("there").count(),
            1,
            "no litter"
        );
    }

    #[test]
    fn a_file_that_cannot_be_created_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::open_or_create(dir.path()).expect("there");
        assert!(state.create_file("no/such/place", "").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_may_use_is_not_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::open_or_create(dir.path()).expect("there");
        state.create_file("note", "first").expect("made");
        for (mode, is_read) in [(0o600, true), (0o660, true), (0o604, false), (0o602, false)] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(state.path_of("note"), permissions).expect("ours");
            assert_eq!(state.read_file("note").is_ok(), is_read, "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn new_files_and_directories_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::open_or_create(&dir.path().join("state")).expect("made");
        state.create_file("note", "first").expect("made");
        let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(state.path.clone()), 0o700);
        assert_eq!(mode(state.path_of("note")), 0o600);
    }
}
