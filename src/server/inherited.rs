//! `Inherited`: a socket that systemd opened for this process.

#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::{io, net::TcpListener};

use listenfd::ListenFd;

use crate::listen_address::ListenAddress;

/// A socket that systemd opened for this process, and keeps open while the process is restarted (socket
/// activation, `sd_listen_fds(3)`).
#[derive(Debug)]
pub enum Inherited {
    /// A socket with an IP address.
    Tcp(TcpListener),
    /// A socket that is a file, which systemd makes and removes.
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Why a socket of systemd's cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InheritError {
    /// There are several.
    #[error(
        "systemd gives {0} sockets (LISTEN_FDS), and Signet listens on one: leave one ListenStream= in the \
         .socket unit"
    )]
    Several(usize),
    /// It is none that accepts connections.
    #[error(
        "the socket that systemd gives (LISTEN_FDS) cannot be used: {0}; the .socket unit needs \
         ListenStream= with an address or a path"
    )]
    Unusable(#[from] io::Error),
}

impl Inherited {
    /// Takes the socket that the environment tells of, if there is one, and removes the variables. Must be
    /// called before there are other threads, which might read the environment at that moment.
    ///
    /// # Errors
    ///
    /// When there are several sockets, or it is no socket of a kind that can be used.
    pub fn take() -> Result<Option<Self>, InheritError> {
        let mut given = ListenFd::from_env();
        match given.len() {
            0 => return Ok(None),
            1 => {}
            several => return Err(InheritError::Several(several)),
        }
        #[cfg(unix)]
        if let Ok(Some(listener)) = given.take_unix_listener(0) {
            return Ok(Some(Self::Unix(listener)));
        }
        Ok(given.take_tcp_listener(0)?.map(Self::Tcp))
    }

    /// Returns where clients can connect.
    ///
    /// # Errors
    ///
    /// When the operating system does not say.
    pub fn address(&self) -> io::Result<ListenAddress> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(ListenAddress::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => {
                let address = listener.local_addr()?;
                let path = address.as_pathname().unwrap_or("".as_ref());
                Ok(ListenAddress::Unix(path.to_owned()))
            }
        }
    }
}
