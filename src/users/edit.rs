//! `signet passwd --file FILE NAME`: puts a user into a users file, or takes one out.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File, Metadata},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{
    UsersError,
    accounts::{Accounts, BOM, LineError, is_joined},
    password::canonical,
};
use crate::private_file::Owners;

/// How many links are followed, as Linux does.
const MAX_LINKS: usize = 40;

/// The reason why a file was not changed.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum EditError {
    /// The file cannot be read or replaced.
    #[error("cannot change {path:?}: {source}")]
    File { path: PathBuf, source: io::Error },
    /// The line of the user cannot be told from the next one.
    #[error(transparent)]
    Line(UsersError),
    /// There is no such user.
    #[error("there is no user {name} in {path:?}")]
    Unknown { path: PathBuf, name: String },
}

/// What was done.
#[derive(Debug)]
#[non_exhaustive]
pub struct Edited {
    /// Is true if there was such a user before.
    pub was_there: bool,
    /// Why a site refuses the file all the same: because of another line, for instance.
    pub refused: Option<UsersError>,
}

/// Puts a user into a file: in the place of their line, or at the end. The name of a line that is there
/// stays as it is written. A missing file is made, which only its owner may read.
///
/// # Errors
///
/// When the file cannot be read or replaced.
pub fn put_user(path: &Path, name: &str, hash: &str) -> Result<Edited, EditError> {
    change(path, |text| with_user(text, name, Some(hash)))
}

/// Takes a user out of a file.
///
/// # Errors
///
/// When there is no such user, or the file cannot be read or replaced.
pub fn remove_user(path: &Path, name: &str) -> Result<Edited, EditError> {
    let edited = change(path, |text| with_user(text, name, None))?;
    if edited.was_there {
        Ok(edited)
    } else {
        Err(EditError::Unknown {
            path: path.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// The text of a file after a change, and whether the user was in it before; or the number of a line that
/// cannot be changed.
type NewText = Result<(Vec<u8>, bool), (usize, LineError)>;

/// Returns a text with this hash for a user, or without the user. All other lines stay byte for byte.
fn with_user(text: &[u8], name: &str, hash: Option<&str>) -> NewText {
    let (bom, lines) = match text.strip_prefix(BOM) {
        Some(lines) => (BOM, lines),
        None => (&[][..], text),
    };
    let wanted = canonical(name);
    let (mut new, mut was_there) = (bom.to_vec(), false);
    for (line, number) in lines.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        match user_of(line) {
            Some((name, old)) if canonical(name) == wanted => {
                if is_joined(old) {
                    return Err((number, LineError::Joined));
                }
                // A second line of the same user goes.
                if let (Some(hash), false) = (hash, was_there) {
                    new.extend_from_slice(format!("{name}:{hash}").as_bytes());
                    new.extend_from_slice(line_end(line));
                }
                was_there = true;
            }
            _ => new.extend_from_slice(line),
        }
    }
    if let (Some(hash), false) = (hash, was_there) {
        let first = lines.split_inclusive(|byte| *byte == b'\n').next();
        let end = match first.map(line_end) {
            Some(b"\r\n") => "\r\n",
            _ => "\n",
        };
        if new.len() > bom.len() && !new.ends_with(b"\n") {
            new.extend_from_slice(end.as_bytes());
        }
        new.extend_from_slice(format!("{name}:{hash}{end}").as_bytes());
    }
    Ok((new, was_there))
}

/// Returns the name and the hash in a line, if it has a user.
fn user_of(line: &[u8]) -> Option<(&str, &str)> {
    let (name, hash) = str::from_utf8(line).ok()?.trim().split_once(':')?;
    (!name.starts_with('#')).then_some((name, hash))
}

fn line_end(line: &[u8]) -> &[u8] {
    let mut ends = [&b"\r\n"[..], b"\n"].into_iter();
    ends.find(|end| line.ends_with(end)).unwrap_or_default()
}

/// Replaces the text of a file in one step, so that nobody reads a part of it: another file takes its
/// place, with the same owner and mode.
fn change(path: &Path, edit: impl FnOnce(&[u8]) -> NewText) -> Result<Edited, EditError> {
    let file_error = |source| EditError::File {
        path: path.to_owned(),
        source,
    };
    let target = target(path).map_err(file_error)?;
    let dir = match target.parent() {
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    };
    let locked = lock(dir).map_err(file_error)?;
    let old = read(&target).map_err(file_error)?;
    let (text, metadata) = old.map_or((Vec::new(), None), |(text, it)| (text, Some(it)));
    let (new, was_there) = edit(&text).map_err(|(line, source)| {
        EditError::Line(UsersError::Line {
            path: path.to_owned(),
            line,
            source,
        })
    })?;
    if new != text {
        replace(dir, &target, &new, metadata.as_ref()).map_err(file_error)?;
    }
    drop(locked);
    let refused = Accounts::read(path, Owners::AnyForRoot).err();
    Ok(Edited { was_there, refused })
}

/// Returns where the links lead that the path may be, also if there is no file.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Keeps other commands out that change a file of the directory, until the result is dropped.
fn lock(dir: &Path) -> io::Result<Option<File>> {
    #[cfg(unix)]
    {
        let dir = File::open(dir)?;
        // Some network file systems have no locks.
        let _ = dir.lock();
        Ok(Some(dir))
    }
    #[cfg(not(unix))]
    {
        let _ = dir;
        Ok(None)
    }
}

/// Reads a file, if there is one.
fn read(path: &Path) -> io::Result<Option<(Vec<u8>, Metadata)>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some((fs::read(path)?, metadata))),
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a file with this text into the place of another one. A new file gets the mode 0600.
fn replace(dir: &Path, target: &Path, text: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let mut file = tempfile::Builder::new()
        .prefix(".users-")
        .tempfile_in(dir)?;
    file.write_all(text)?;
    if let Some(old) = old {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt as _, fchown};
            let new = file.as_file().metadata()?;
            if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
                fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
            }
        }
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(target)?;
    // Without this, a crash may bring the old file back.
    #[cfg(unix)]
    File::open(dir)?.sync_all()?;
    Ok(())
}
