//! `RedisAddress`: where a server is, and how to log in to it.

mod parameters;

use std::{fmt, str::FromStr};

use ::redis::{Client, IntoConnectionInfo as _, parse_redis_url};

use self::parameters::Parameters;

/// The address of a Redis or Valkey server as a URL:
/// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?replicas=N]`, or `rediss://` for TLS. `valkey` and
/// `valkeys` mean the same. The port is 6379 and the database 0 if they are not given.
///
/// With `replicas`, a change is made when that many replicas of the server have acknowledged it. The
/// default is 0.
///
/// `Display` and `Debug` show neither the user nor the password.
#[derive(Clone)]
pub struct RedisAddress {
    client: Client,
    replicas: usize,
    shown: String,
}

/// The text is not the address of a server. The message does not show it, because it may contain a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It is not a URL of this kind.
    #[error("not a URL such as redis://HOST:PORT, rediss://, valkey:// or valkeys://")]
    Malformed,
    /// The URL has a parameter with an unknown name.
    #[error("the parameter {0} is unknown: it can be replicas")]
    UnknownParameter(String),
    /// A parameter, which is named, has a value that it cannot have.
    #[error("the parameter {0} is wrong: {1}")]
    Parameter(&'static str, &'static str),
}

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut url = parse_redis_url(text)
            .filter(|url| ["redis", "rediss", "valkey", "valkeys"].contains(&url.scheme()))
            .filter(|url| url.fragment().is_none())
            .ok_or(AddressError::Malformed)?;
        let parameters = Parameters::read(url.query().unwrap_or_default())?;
        let shown_query = url.query().map(ToOwned::to_owned);
        // The crate would take them for options, such as TLS without verification.
        url.set_query(None);
        let connection = url.clone().into_connection_info();
        let connection = connection.map_err(|_| AddressError::Malformed)?;
        let redis = connection.redis_settings();
        if redis.db() < 0 || (redis.username().is_some() && redis.password().is_none()) {
            return Err(AddressError::Malformed);
        }
        let redis = redis.clone().set_skip_set_lib_name();
        // A command is sent in one piece, so Nagle's algorithm would only delay it.
        let tcp = connection.tcp_settings().clone().set_nodelay(true);
        let connection = connection.set_redis_settings(redis).set_tcp_settings(tcp);
        let is_hidden = url.set_username("").and_then(|()| url.set_password(None));
        is_hidden.map_err(|()| AddressError::Malformed)?;
        url.set_query(shown_query.as_deref());
        Ok(Self {
            client: Client::open(connection).map_err(|_| AddressError::Malformed)?,
            replicas: parameters.replicas,
            shown: url.into(),
        })
    }
}

impl RedisAddress {
    pub(super) fn client(&self) -> &Client {
        &self.client
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_user_and_password() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost"),
            (
                "rediss://us%65r:s%65cret@[::1]:7000/3",
                "rediss://[::1]:7000/3",
            ),
            ("valkey://:secret@10.0.0.1/", "valkey://10.0.0.1/"),
            (
                "valkeys://store.example:6379",
                "valkeys://store.example:6379",
            ),
            (
                "redis://:secret@localhost/0?replicas=2",
                "redis://localhost/0?replicas=2",
            ),
        ] {
            let address: RedisAddress = text.parse().expect("an address");
            assert_eq!(address.to_string(), shown);
            let debug = format!("{address:?} {:?}", address.client());
            assert!(
                !debug.contains("secret") && !debug.contains("s%65cret"),
                "{debug}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "localhost:6379",
            "http://localhost",
            "redis://",
            "redis://localhost/one",
            "redis://localhost/-1",
            "redis://user@localhost",
            "redis://localhost:65536",
            "redis://0.0.0.0",
            "rediss://localhost#insecure",
            "redis://localhost?replicas=1#insecure",
            "unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
        ] {
            assert_eq!(
                text.parse::<RedisAddress>().err(),
                Some(AddressError::Malformed),
                "{text}"
            );
        }
    }

    #[test]
    fn the_query_says_how_many_replicas_there_must_be_and_nothing_else() {
        for (query, replicas) in [("", 0), ("?", 0), ("?replicas=0", 0), ("?replicas=2", 2)] {
            let address = format!("redis://localhost/0{query}").parse::<RedisAddress>();
            assert_eq!(address.map(|it| it.replicas()), Ok(replicas), "{query}");
        }
        for (query, name) in [
            ("protocol=resp3", "the parameter protocol is unknown"),
            ("replicas=1&Replicas=1", "the parameter Replicas is unknown"),
            ("replica", "the parameter replica is unknown"),
            ("replicas", "the parameter replicas"),
            ("replicas=", "the parameter replicas"),
            ("replicas=two", "the parameter replicas"),
            ("replicas=-1", "the parameter replicas"),
            ("replicas=101", "the parameter replicas"),
            ("replicas=1&replicas=2", "the parameter replicas"),
            // Perhaps the end of a password that is not percent-encoded.
            ("cret@localhost", "not a URL"),
        ] {
            let address = format!("redis://localhost/0?{query}").parse::<RedisAddress>();
            let error = address.expect_err(query).to_string();
            assert!(error.contains(name), "{query}: {error}");
        }
    }
}
