//! Whether the file is still the one that we opened, and as we left it.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
};

/// More than redb's header, which numbers the commits and contains their checksums.
const HEADER_BYTES: u64 = 512;

/// An open file, to check whether it is still the one at its path, and as we left it.
///
/// Nothing is checked on other systems than Unix: std cannot identify a file there, and on Windows
/// nobody can replace an open file.
pub(super) struct FileIdentity {
    /// While it is open, no other file gets its inode.
    file: File,
    /// The start of the file, which every commit changes.
    header: Vec<u8>,
}

impl FileIdentity {
    /// Remembers an open file as it is now.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let header = Vec::new();
        let mut identity = Self { file, header };
        identity.update()?;
        Ok(identity)
    }

    /// Remembers the file as it is now, after a change of ours.
    pub(super) fn update(&mut self) -> io::Result<()> {
        self.header = self.read_header()?;
        Ok(())
    }

    /// Checks that the file is at `path`, and as we left it. Otherwise, a commit would be lost, or
    /// damage what somebody has copied over it.
    pub(super) fn check(&self, path: &Path) -> io::Result<()> {
        self.check_path(path)?;
        if self.read_header()? == self.header {
            Ok(())
        } else {
            Err(replaced())
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

    fn read_header(&self) -> io::Result<Vec<u8>> {
        let mut header = Vec::new();
        if cfg!(unix) {
            let mut file = &self.file;
            file.rewind()?;
            file.take(HEADER_BYTES).read_to_end(&mut header)?;
        }
        Ok(header)
    }
}

fn replaced() -> io::Error {
    io::Error::other(
        "it was deleted or replaced while it was open: put it back, or restart, which loses the \
         logouts that are only in it",
    )
}
