//! Private files: which files are private enough to be read. The rules are the same for all of them.
//!
//! A private file is a regular file, or a link to one, that belongs to root or to the user of this
//! process, and that neither its group nor others can write. A file that everybody can read is used,
//! with a warning: secrets that are mounted into a container often have such a mode.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    path::Path,
};

/// The owners that a file may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Root, and the user of this process.
    Trusted,
    /// Any user, if root runs this process. It then only explains a cookie of another user's site.
    AnyForRoot,
}

/// Reads a private file. Returns its contents, and a warning if everybody can read it.
///
/// # Errors
///
/// When the file cannot be read, or is not private. A FIFO is refused, and does not wait for a writer.
pub fn read(path: &Path, owners: Owners) -> io::Result<(Vec<u8>, Option<String>)> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let mut file: File = options.read(true).open(path)?;
    // Those of the open file: another file may be at the path a moment later.
    let warning = check_metadata(path, &file.metadata()?, owners)?;
    let mut contents = Vec::new();
    file.read_to_end(&mut contents)?;
    Ok((contents, warning))
}

/// Makes sure that the file at `path` is private, without reading it. Returns a warning if everybody
/// can read it.
///
/// # Errors
///
/// When the file is missing, or is not private.
pub fn check(path: &Path, owners: Owners) -> io::Result<Option<String>> {
    check_metadata(path, &fs::metadata(path)?, owners)
}

fn check_metadata(path: &Path, metadata: &Metadata, owners: Owners) -> io::Result<Option<String>> {
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let (user, mode) = (rustix::process::geteuid(), metadata.mode());
        let is_foreign = ![user.as_raw(), 0].contains(&metadata.uid());
        if is_foreign && !(owners == Owners::AnyForRoot && user.is_root()) {
            return Err(io::Error::other(
                "it belongs to another user, who can write it: give it to root or to Signet's user",
            ));
        }
        if mode & 0o022 != 0 {
            return Err(io::Error::other(
                "its group or everybody can write it: give it the mode 0600",
            ));
        }
        let is_ours = metadata.uid() == user.as_raw();
        let group = rustix::process::getegid().as_raw();
        Ok((mode & 0o004 != 0).then(|| warning(path, is_ours, group)))
    }
    #[cfg(not(unix))]
    {
        let _ = (path, owners);
        Ok(None)
    }
}

/// Returns the warning about a file that everybody can read. Its advice must leave the file readable
/// for this process, whose group is `group`.
#[cfg(unix)]
#[expect(
    clippy::unnecessary_debug_formatting,
    reason = "a path may have line ends in it, and a warning is one line"
)]
fn warning(path: &Path, is_ours: bool, group: u32) -> String {
    let advice = if is_ours {
        "give it the mode 0600".to_owned()
    } else {
        format!("it is root's, so give it the group {group}, which is Signet's, and the mode 0640")
    };
    format!("everybody on this machine can read {path:?}; outside of a container, {advice}")
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_private_if_no_others_can_write_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let [path, link] = ["file", "link"].map(|name| dir.path().join(name));
        fs::write(&path, "text").expect("written");
        symlink("file", &link).expect("a link");
        for (mode, is_private, is_warned_about) in [
            (0o600, true, false),
            (0o400, true, false),
            (0o640, true, false),
            (0o644, true, true),
            (0o604, true, true),
            (0o660, false, false),
            (0o602, false, false),
            (0o666, false, false),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
            for path in [&path, &link] {
                let (read, checked) = (read(path, Owners::Trusted), check(path, Owners::Trusted));
                assert_eq!(checked.is_ok(), is_private, "{mode:o}");
                let Ok((contents, warning)) = read else {
                    assert!(!is_private, "{mode:o}");
                    continue;
                };
                assert_eq!(contents, b"text");
                assert_eq!(warning.is_some(), is_warned_about, "{mode:o}");
                assert_eq!(warning, checked.expect("private"));
            }
        }
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_not_waited_for() {
        let dir = tempfile::tempdir().expect("a directory");
        let fifo = dir.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.expect("mkfifo runs").success());
        for path in [&fifo, dir.path()] {
            let error = read(path, Owners::Trusted).expect_err("refused");
            assert_eq!(error.to_string(), "it is not a regular file");
            check(path, Owners::Trusted).expect_err("refused");
        }
    }

    #[test]
    fn the_advice_fits_the_owner() {
        let ends = |is_ours, end| warning(Path::new("/keys"), is_ours, 7).ends_with(end);
        assert!(ends(true, "give it the mode 0600"));
        assert!(ends(
            false,
            "the group 7, which is Signet's, and the mode 0640"
        ));
    }
}
