//! Reads a users file that nobody else can have written.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

/// The owners that a users file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::users) enum Owners {
    /// Root, and the user of this process.
    Trusted,
    /// Any user, if root runs this process. It then only explains a cookie of another user's site.
    AnyForRoot,
}

/// Reads a file that no others may write. Returns also whether everybody may read it.
pub(super) fn read(path: &Path, owners: Owners) -> io::Result<(Vec<u8>, bool)> {
    let mut file = open(path)?;
    // That of the open file: another file may be at the path a moment later.
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mode = check(&metadata, owners)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok((text, mode & 0o004 != 0))
}

/// Opens a file. A FIFO does not wait for a writer.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.read(true).open(path)
}

/// Makes sure that others cannot write a file. Returns its mode, or 0 where files have none.
fn check(metadata: &Metadata, owners: Owners) -> io::Result<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (mode, ours) = (metadata.mode(), rustix::process::geteuid());
        let is_trusted = [ours.as_raw(), 0].contains(&metadata.uid())
            || owners == Owners::AnyForRoot && ours.is_root();
        if !is_trusted {
            return Err(io::Error::other(
                "it belongs to another user, who can write it: give it to root or to Signet's user",
            ));
        }
        if mode & 0o022 != 0 {
            return Err(io::Error::other(
                "its group or everybody can write it: give it the mode 0600",
            ));
        }
        Ok(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = (metadata, owners);
        Ok(0)
    }
}
