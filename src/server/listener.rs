//! `Listener`: a socket that accepts connections, over TCP or on this machine alone.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::Inherited;
#[cfg(unix)]
use super::socket_file::SocketFile;
use crate::listen_address::ListenAddress;

/// How many connections may wait in the kernel to be accepted. The usual 128 are soon too few: a
/// client that finds no place tries again a second later. The kernel has a limit of its own.
pub(super) const BACKLOG: u32 = 4096;

/// A socket that accepts connections.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: ListenAddress,
    /// The file of the socket, which goes when this process accepts no more connections.
    #[cfg(unix)]
    file: Option<SocketFile>,
    /// Is true if the socket stays open after this process. Connections that wait then are for the next.
    outlives_us: bool,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    /// Binds an address. Must be called inside a runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound: it is taken, for instance, or not of this machine.
    pub fn bind(address: &ListenAddress) -> io::Result<Self> {
        match address {
            ListenAddress::Tcp(address) => {
                let socket = match address {
                    SocketAddr::V4(_) => TcpSocket::new_v4(),
                    SocketAddr::V6(_) => TcpSocket::new_v6(),
                }?;
                // On Unix this lets a restart bind the address while old connections are still closing.
                #[cfg(unix)]
                socket.set_reuseaddr(true)?;
                socket.bind(*address)?;
                let listener = socket.listen(BACKLOG)?;
                // Another one than was asked for, if that has the port 0.
                let address = ListenAddress::Tcp(listener.local_addr()?);
                Ok(Self::new(Socket::Tcp(listener), address))
            }
            #[cfg(unix)]
            ListenAddress::Unix(path) => Self::bind_file(path, 0o660),
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Binds the path of a file, at which only this process' user and root can connect. Must be called inside
    /// a runtime.
    ///
    /// # Errors
    ///
    /// When the path cannot be bound: it is too long for the address of a socket, for instance, or there is
    /// another file.
    pub fn bind_private(path: &Path) -> io::Result<Self> {
        #[cfg(unix)]
        return Self::bind_file(path, 0o600);
        #[cfg(not(unix))]
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            path.display().to_string(),
        ))
    }

    /// Binds the path of a file with this mode.
    #[cfg(unix)]
    fn bind_file(path: &Path, mode: u32) -> io::Result<Self> {
        let (listener, file) = SocketFile::bind(path, mode, BACKLOG)?;
        let address = ListenAddress::Unix(path.to_owned());
        let listener = Self::new(Socket::Unix(listener), address);
        Ok(Self {
            file: Some(file),
            ..listener
        })
    }

    /// Accepts connections on a socket that was given to this process. Must be called inside a runtime.
    ///
    /// # Errors
    ///
    /// When the socket cannot be used.
    pub fn inherit(inherited: Inherited) -> io::Result<Self> {
        let address = inherited.address()?;
        let socket = match inherited {
            Inherited::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                Socket::Tcp(TcpListener::from_std(listener)?)
            }
            #[cfg(unix)]
            Inherited::Unix(listener) => {
                listener.set_nonblocking(true)?;
                Socket::Unix(UnixListener::from_std(listener)?)
            }
        };
        let listener = Self::new(socket, address);
        Ok(Self {
            outlives_us: true,
            ..listener
        })
    }

    fn new(socket: Socket, address: ListenAddress) -> Self {
        Self {
            socket,
            address,
            #[cfg(unix)]
            file: None,
            outlives_us: false,
        }
    }

    /// Returns where clients can connect.
    #[must_use]
    pub fn address(&self) -> &ListenAddress {
        &self.address
    }

    /// Accepts the next connection.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }

    /// Returns the connections that wait in the backlog now, and are not for the next process. After them,
    /// the listener is closed.
    pub(super) fn into_waiting(self) -> io::Result<Box<dyn Iterator<Item = Accepted>>> {
        // Before the socket is closed, because a new process puts its own file there after that.
        #[cfg(unix)]
        drop(self.file);
        if self.outlives_us {
            return Ok(Box::new(std::iter::empty()));
        }
        Ok(match self.socket {
            Socket::Tcp(listener) => {
                let listener = listener.into_std()?;
                let accept = move || {
                    let (stream, peer) = listener.accept().ok()?;
                    stream.set_nonblocking(true).ok()?;
                    Some(Accepted::Tcp(TcpStream::from_std(stream).ok()?, peer))
                };
                Box::new(std::iter::from_fn(accept))
            }
            #[cfg(unix)]
            Socket::Unix(listener) => {
                let listener = listener.into_std()?;
                let accept = move || {
                    let (stream, _) = listener.accept().ok()?;
                    stream.set_nonblocking(true).ok()?;
                    Some(Accepted::Unix(UnixStream::from_std(stream).ok()?))
                };
                Box::new(std::iter::from_fn(accept))
            }
        })
    }
}

impl Accepted {
    /// Returns the address of the client. A client on a Unix socket has none, and is on this machine.
    pub(super) fn peer(&self) -> SocketAddr {
        match self {
            Self::Tcp(_, peer) => *peer,
            #[cfg(unix)]
            Self::Unix(_) => (Ipv4Addr::LOCALHOST, 0).into(),
        }
    }
}
