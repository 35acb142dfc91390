//! `SocketFile`: the file of a Unix socket.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, fchmod};
use tokio::net::{UnixListener, UnixSocket};

/// The file of a socket, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct SocketFile(PathBuf);

impl SocketFile {
    /// Binds a path, in the place of a socket that nobody listens on any more. Nobody can connect whom the
    /// mode does not allow it, not even for a moment. `backlog` connections may wait in the kernel to be
    /// accepted.
    pub(super) fn bind(path: &Path, mode: u32, backlog: u32) -> io::Result<(UnixListener, Self)> {
        remove_stale(path)?;
        let socket = UnixSocket::new_stream()?;
        // On Linux the file has this mode at once. Elsewhere, nobody can connect before `listen`.
        let _ = fchmod(&socket, Mode::from_raw_mode(mode));
        socket.bind(path)?;
        let file = Self(path.to_owned());
        // The umask may have taken some of it away.
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        Ok((socket.listen(backlog)?, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Removes a socket that a process has left behind, as after a crash.
fn remove_stale(path: &Path) -> io::Result<()> {
    let taken = |why| Err(io::Error::new(io::ErrorKind::AddrInUse, why));
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(file) if !file.file_type().is_socket() => taken("there is another file"),
        Ok(_) => match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            _ => taken("another process uses the socket"),
        },
    }
}
