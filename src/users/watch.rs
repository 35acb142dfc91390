//! `Watch`: notices that a file has changed, and is not being written any more.

use std::{fs, path::Path};

/// What a file was like when it was last read, and when it was last looked at.
#[derive(Debug)]
pub(super) struct Watch {
    read: Stamp,
    seen: Stamp,
}

/// What differs between two versions of a file. None: there is no file.
type Stamp = Option<Version>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    /// The device and the inode, which another file in its place does not have. 0 where files have none.
    file: [u64; 2],
    bytes: u64,
    /// The seconds and nanoseconds of the last change of the contents, and, on Unix, of the owner and the
    /// mode too, so that a file that was refused for these is read again.
    times: [i64; 4],
}

impl Watch {
    /// Remembers what the file is like that is about to be read.
    pub(super) fn new(path: &Path) -> Self {
        let read = stamp(path);
        let seen = read.clone();
        Self { read, seen }
    }

    /// Looks at the file. Returns whether it has to be read now: it is another one than was read, and the
    /// same as at the last look.
    pub(super) fn look(&mut self, path: &Path) -> bool {
        let now = stamp(path);
        let is_due = now != self.read && now == self.seen;
        if is_due {
            self.read.clone_from(&now);
        }
        self.seen = now;
        is_due
    }

    /// Returns whether the file is still as at the last look.
    pub(super) fn is_settled(&self, path: &Path) -> bool {
        stamp(path) == self.seen
    }
}

/// Returns the stamp of a file, or of the one that a link leads to.
fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some(Version {
            file: [metadata.dev(), metadata.ino()],
            bytes: metadata.size(),
            times: [
                metadata.mtime(),
                metadata.mtime_nsec(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            ],
        })
    }
    #[cfg(not(unix))]
    {
        let changed = metadata.modified().ok()?;
        let changed = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
        let seconds = changed.as_secs().cast_signed();
        Some(Version {
            file: [0; 2],
            bytes: metadata.len(),
            times: [seconds, changed.subsec_nanos().into(), 0, 0],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_once_it_stays_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("users");
        fs::write(&path, "1").expect("written");
        let mut watch = Watch::new(&path);
        assert!(!watch.look(&path));
        // It grows from one look to the next.
        for text in ["1, 2", "1, 2, 3", "1, 2, 3, 4"] {
            fs::write(&path, text).expect("written");
            assert!(!watch.look(&path));
        }
        assert!(watch.look(&path));
        assert!(watch.is_settled(&path));
        assert!(!watch.look(&path));

        let other = dir.path().join("other");
        fs::write(&other, "1, 2, 3, 5").expect("written");
        fs::rename(&other, &path).expect("renamed");
        assert!(!watch.is_settled(&path));
        assert_eq!([(); 3].map(|()| watch.look(&path)), [false, true, false]);
        fs::remove_file(&path).expect("removed");
        assert_eq!([(); 3].map(|()| watch.look(&path)), [false, true, false]);
        fs::write(&path, "1").expect("written");
        assert_eq!([(); 3].map(|()| watch.look(&path)), [false, true, false]);
    }

    /// As in a volume of Kubernetes.
    #[cfg(unix)]
    #[test]
    fn another_file_behind_a_link_is_noticed() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        for version in ["..1", "..2"] {
            fs::create_dir(path(version)).expect("made");
            fs::write(path(version).join("users"), "1").expect("written");
        }
        symlink("..1", path("..data")).expect("linked");
        symlink("..data/users", path("users")).expect("linked");
        let mut watch = Watch::new(&path("users"));
        assert!(!watch.look(&path("users")));
        symlink("..2", path("..new")).expect("linked");
        fs::rename(path("..new"), path("..data")).expect("renamed");
        assert!(!watch.look(&path("users")));
        assert!(watch.look(&path("users")));
    }
}
