//! `signet healthcheck`: asks the running site whether it serves.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use super::health::HEALTH;
use crate::listen_address::ListenAddress;

/// How long to wait for a connection, and then for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How an answer begins that says that all is well.
const OK: [u8; 12] = *b"HTTP/1.1 200";

/// Why a site is not healthy.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum HealthcheckError {
    /// The site does not answer.
    #[error("no answer at {address} (--listen, LISTEN): {source}")]
    NoAnswer {
        address: ListenAddress,
        source: io::Error,
    },
    /// The answer is another one.
    #[error(
        "the answer at {0} (--listen, LISTEN) is not 200: this is another program, or it stops"
    )]
    NotOk(ListenAddress),
    /// The site listens at a port that only its log tells.
    #[error("--listen (LISTEN) is {0}, which says no port: give one")]
    NoPort(ListenAddress),
}

/// Asks the site that listens at this address on this machine.
///
/// # Errors
///
/// When it does not answer that it serves.
pub fn ask(address: &ListenAddress) -> Result<(), HealthcheckError> {
    let asked = match address {
        ListenAddress::Tcp(it) if it.port() == 0 => {
            return Err(HealthcheckError::NoPort(address.clone()));
        }
        ListenAddress::Tcp(it) => ask_tcp(*it),
        ListenAddress::Unix(path) => ask_unix(path),
    };
    match asked {
        Ok(OK) => Ok(()),
        Ok(_) => Err(HealthcheckError::NotOk(address.clone())),
        Err(source) => Err(HealthcheckError::NoAnswer {
            address: address.clone(),
            source,
        }),
    }
}

fn ask_tcp(mut address: SocketAddr) -> io::Result<[u8; OK.len()]> {
    // All addresses of this machine are those of loopback too. IPv6 may be off there.
    let to_ask = match address.ip() {
        IpAddr::V6(ip) if ip.is_unspecified() => {
            vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]
        }
        IpAddr::V4(ip) if ip.is_unspecified() => vec![Ipv4Addr::LOCALHOST.into()],
        ip => vec![ip],
    };
    let mut connected = Err(io::ErrorKind::AddrNotAvailable.into());
    for ip in to_ask {
        address.set_ip(ip);
        connected = TcpStream::connect_timeout(&address, TIMEOUT);
        if connected.is_ok() {
            break;
        }
    }
    let stream = connected?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    ask_over(stream)
}

#[cfg(unix)]
fn ask_unix(path: &Path) -> io::Result<[u8; OK.len()]> {
    let stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    ask_over(stream)
}

#[cfg(not(unix))]
fn ask_unix(_path: &Path) -> io::Result<[u8; OK.len()]> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns how the answer begins.
fn ask_over(mut stream: impl Read + Write) -> io::Result<[u8; OK.len()]> {
    let request = format!("GET {HEALTH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut start = [0; OK.len()];
    stream.read_exact(&mut start)?;
    Ok(start)
}
