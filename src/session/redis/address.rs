//! `RedisAddress`: where a server is, and how to log in to it.

mod parameters;
mod sentinel_url;
mod socket_url;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use ::redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, parse_redis_url};

use self::{parameters::Parameters, sentinel_url::SentinelUrl};
use super::{connection::away, info::Unfit, sentinels::Sentinels};

/// The address of a Redis or Valkey server as a URL:
/// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?replicas=N]`, or `rediss://` for TLS. `valkey` and
/// `valkeys` mean the same. The port is 6379 and the database 0 if they are not given.
///
/// Or the addresses of sentinels, which say where the server is:
/// `redis+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/NAME[/DATABASE]`, with the name that they
/// have for the primary. Their port is 26379 if it is not given. The user and the password are those of
/// the servers; `sentinel_password=` is the parameter for that of the sentinels. With
/// `rediss+sentinel` the servers and the sentinels speak TLS.
///
/// Or a Unix socket: `redis+unix:///PATH[?db=DATABASE][&user=USER&pass=PASSWORD]`, or `valkey+unix`.
///
/// With `replicas`, a change is made when that many replicas of the server have acknowledged it. The
/// default is 0.
///
/// `Display` and `Debug` show neither users nor passwords.
#[derive(Clone)]
pub struct RedisAddress {
    /// How to connect to the server, or with sentinels to the one that they name.
    server: ConnectionInfo,
    sentinels: Option<Sentinels>,
    replicas: usize,
    shown: String,
}

/// The text is not the address of a server. The message does not show it, because it may contain a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not a URL of this kind.
    #[error("not a URL such as redis://HOST:PORT, rediss:// or redis+sentinel://HOST:PORT/NAME")]
    Malformed,
    /// The URL has a parameter with an unknown name.
    #[error(
        "the parameter {0} is unknown: there are replicas and, with sentinels, sentinel_password"
    )]
    UnknownParameter(String),
    /// A parameter, which is named, has a value that it cannot have.
    #[error("the parameter {0} is wrong: {1}")]
    Parameter(&'static str, &'static str),
}

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(named) = SentinelUrl::split(text)? {
            let (server, parameters, _) = read(&named.server)?;
            return Ok(Self {
                server,
                sentinels: Some(named.sentinels(parameters.sentinel_password.as_deref())?),
                replicas: parameters.replicas,
                shown: named.show(parameters.replicas),
            });
        }
        let (server, parameters, shown) = match socket_url::read(text)? {
            Some(of_socket) => of_socket,
            None => read(text)?,
        };
        if parameters.sentinel_password.is_some() {
            return Err(AddressError::Parameter(
                "sentinel_password",
                "there are no sentinels",
            ));
        }
        Ok(Self {
            server,
            sentinels: None,
            replicas: parameters.replicas,
            shown,
        })
    }
}

/// Reads the URL of one server. Returns also the URL as it may be shown.
fn read(text: &str) -> Result<(ConnectionInfo, Parameters, String), AddressError> {
    let mut url = parse_redis_url(text)
        .filter(|url| ["redis", "rediss", "valkey", "valkeys"].contains(&url.scheme()))
        .filter(|url| url.fragment().is_none())
        .ok_or(AddressError::Malformed)?;
    let parameters = Parameters::read(url.query().unwrap_or_default())?;
    // The crate would take them for options, such as TLS without verification.
    url.set_query(None);
    let connection = connection_of(url.clone())?;
    // A command is sent in one piece, so Nagle's algorithm would only delay it.
    let tcp = connection.tcp_settings().clone().set_nodelay(true);
    let connection = connection.set_tcp_settings(tcp);
    let is_hidden = url.set_username("").and_then(|()| url.set_password(None));
    is_hidden.map_err(|()| AddressError::Malformed)?;
    if parameters.replicas > 0 {
        url.set_query(Some(&format!("replicas={}", parameters.replicas)));
    }
    Ok((connection, parameters, url.into()))
}

/// Returns how to connect to the server of a URL that has no parameters of ours.
fn connection_of(url: impl IntoConnectionInfo) -> Result<ConnectionInfo, AddressError> {
    let connection = url.into_connection_info();
    let connection = connection.map_err(|_| AddressError::Malformed)?;
    let redis = connection.redis_settings();
    if redis.db() < 0 || (redis.username().is_some() && redis.password().is_none()) {
        return Err(AddressError::Malformed);
    }
    let redis = redis.clone().set_skip_set_lib_name();
    Ok(connection.set_redis_settings(redis))
}

impl RedisAddress {
    /// Returns clients of the server, or of all servers that sentinels name as the primary, the most
    /// likely one first.
    pub(super) async fn servers(&self) -> Result<Vec<Client>, Unfit> {
        let servers = match &self.sentinels {
            None => vec![self.server.clone()],
            Some(sentinels) => {
                let primaries = sentinels.primaries().await?.into_iter();
                let locate = |(host, port)| {
                    let address = match self.server.addr() {
                        ConnectionAddr::TcpTls { .. } => ConnectionAddr::TcpTls {
                            host,
                            port,
                            insecure: false,
                            tls_params: None,
                        },
                        _ => ConnectionAddr::Tcp(host, port),
                    };
                    self.server.clone().set_addr(address)
                };
                primaries.map(locate).collect()
            }
        };
        let clients = servers.into_iter().map(Client::open);
        clients.collect::<Result<_, _>>().map_err(away)
    }

    /// Returns whether sentinels say where the server is.
    pub(super) fn has_sentinels(&self) -> bool {
        self.sentinels.is_some()
    }

    /// Returns how many replicas have to acknowledge a change.
    pub(super) fn replicas(&self) -> usize {
        self.replicas
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisAddress").field(&self.shown).finish()
    }
}
