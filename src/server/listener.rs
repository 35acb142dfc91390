//! `Listener`: a socket that accepts connections, over TCP or on this machine alone.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// A socket that accepts connections.
#[derive(Debug)]
pub enum Listener {
    /// A socket with an IP address.
    Tcp(TcpListener),
    /// A socket that is a file.
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A connection that was accepted.
pub(super) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

impl Listener {
    /// Accepts the next connection.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }

    /// Returns the connections that wait in the backlog now. After them, the listener is closed.
    pub(super) fn into_waiting(self) -> io::Result<Box<dyn Iterator<Item = Accepted>>> {
        Ok(match self {
            Self::Tcp(listener) => {
                let listener = listener.into_std()?;
                let accept = move || {
                    let (stream, peer) = listener.accept().ok()?;
                    stream.set_nonblocking(true).ok()?;
                    Some(Accepted::Tcp(TcpStream::from_std(stream).ok()?, peer))
                };
                Box::new(std::iter::from_fn(accept))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
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
