//! The state directory: what Signet keeps between two runs, for nobody else to see, and its lock.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The directory.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Whether the files of another user may be read, and only read.
    is_foreign: bool,
}

/// A lock on the directory, which ends with this.
#[derive(Debug)]
pub struct Lock {
    _dir: Option<File>,
}

impl StateDir {
    /// The directory at `path`, made when it is missing, with the mode 0700.
    ///
    /// # Errors
    ///
    /// When there is none and none can be made; on Unix also when it belongs to another user, other
    /// than root, or everybody may write to it. They could replace what is in it.
    pub fn make(path: &Path) -> io::Result<Self> {
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
            is_foreign: false,
        })
    }

    /// The directory at `path`, as it is. To root it may be that of another user.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn find(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            is_foreign: rustix::process::geteuid().is_root(),
            #[cfg(not(unix))]
            is_foreign: false,
        })
    }

    /// Locks the directory, so that no second process uses it. The lock is on the directory itself:
    /// a file in it may be deleted.
    ///
    /// Returns nothing when another process holds it. Some network file systems and Windows lock no
    /// directories. The store's own lock has to do there.
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

    /// Where the file with this name is, or would be.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What the file with this name says.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not [private](Self::check_file).
    pub fn read_file(&self, name: &str) -> io::Result<String> {
        self.check_file(name)?;
        fs::read_to_string(self.file(name))
    }

    /// Makes sure that the file with this name is private.
    ///
    /// # Errors
    ///
    /// When there is none; on Unix also when it belongs to another user, or everybody may read or
    /// write it. Then it may say what a stranger wants it to, or a stranger knows what it says.
    pub fn check_file(&self, name: &str) -> io::Result<()> {
        let metadata = fs::metadata(self.file(name))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
            if !is_ours && !self.is_foreign {
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

    /// Makes the file with this name unless there is one, with the mode 0600.
    ///
    /// It appears in one step, so that nothing ever reads half of it. Of two processes that make it
    /// at once, the first wins.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn make_file(&self, name: &str, contents: &str) -> io::Result<()> {
        // On Unix a temporary file has the mode 0600 from its beginning.
        let mut file = tempfile::NamedTempFile::new_in(&self.path)
            // Its own error names a file of which nobody has heard.
            .map_err(|error| io::Error::from(error.kind()))?;
        file.as_file_mut().write_all(contents.as_bytes())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(self.file(name)) {
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
    fn a_file_that_is_there_stays_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(&dir.path().join("a").join("b")).expect("made");
        state.make_file("note", "first").expect("made");
        state.make_file("note", "second").expect("content");
        assert_eq!(state.read_file("note").expect("there"), "first");
        assert_eq!(
            fs::read_dir(state.path).expect("there").count(),
            1,
            "no litter"
        );
    }

    #[test]
    fn a_file_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(dir.path()).expect("there");
        assert!(state.make_file("no/such/place", "").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_may_use_is_not_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(dir.path()).expect("there");
        state.make_file("note", "first").expect("made");
        for (mode, is_read) in [(0o600, true), (0o660, true), (0o604, false), (0o602, false)] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(state.file("note"), permissions).expect("ours");
            assert_eq!(state.read_file("note").is_ok(), is_read, "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_made_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a directory");
        let state = StateDir::make(&dir.path().join("state")).expect("made");
        state.make_file("note", "first").expect("made");
        let mode = |path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(state.path.clone()), 0o700);
        assert_eq!(mode(state.file("note")), 0o600);
    }
}
