//! Checks that the file is still the one that we opened, and as we left it.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
};

/// More than redb's header, which numbers the commits and contains their checksums.
const START_BYTES: u64 = 512;

/// An open file, to check whether it is still the one at its path, and as we left it.
///
/// Nothing is checked on other systems than Unix: std cannot identify a file there, and on Windows
/// nobody can replace an open file.
pub(super) struct FileIdentity {
    /// While it is open, no other file gets its inode.
    file: File,
    known: Contents,
    /// Is true once another program has written to the file, and stays true even if the start and the
    /// length are right again: the rest of the file may be wrong, or may still be changing.
    is_foreign: bool,
}

/// The parts of the file by which we recognize it. Every commit changes the start.
#[derive(Default, PartialEq)]
struct Contents {
    start: Vec<u8>,
    length: u64,
}

impl FileIdentity {
    /// Remembers an open file as it is now.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut identity = Self {
            file,
            known: Contents::default(),
            is_foreign: false,
        };
        identity.update()?;
        Ok(identity)
    }

    /// Remembers the file as it is now, after a change of ours.
    pub(super) fn update(&mut self) -> io::Result<()> {
        self.known = self.read()?;
        Ok(())
    }

    /// Checks that the file is at `path`, and as we left it. Otherwise, a commit would be lost, or
    /// damage what somebody has copied over it.
    pub(super) fn check(&mut self, path: &Path) -> io::Result<()> {
        self.check_path(path)?;
        self.is_foreign |= self.read()? != self.known;
        if self.is_foreign {
            Err(replaced())
        } else {
            Ok(())
        }
    }

    /// Checks that the file is still at `path`. Otherwise, what was written to it is lost.
    pub(super) fn check_path(&self, path: &Path) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let ours = self.file.metadata()?;
            let there = std::fs::metadata(path);
            if !there.is_ok_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino())) {
                return Err(replaced());
            }
        }
        let _ = path;
        Ok(())
    }

    fn read(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        if cfg!(unix) {
            let mut file = &self.file;
            file.rewind()?;
            file.take(START_BYTES).read_to_end(&mut contents.start)?;
            contents.length = file.metadata()?.len();
        }
        Ok(contents)
    }
}

fn replaced() -> io::Error {
    io::Error::other(
        "it was deleted or replaced while it was open: restart, which loses the logouts that are only in \
         the old file",
    )
}
