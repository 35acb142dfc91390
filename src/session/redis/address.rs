//! `RedisAddress`: where a server is, and how to log in to it.

use std::{fmt, str::FromStr};

use ::redis::{Client, IntoConnectionInfo as _, parse_redis_url};

/// The address of a Redis or Valkey server as a URL:
/// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS. `valkey` and `valkeys`
/// mean the same. The port is 6379 and the database 0 if they are not given.
///
/// `Display` and `Debug` show neither the user nor the password.
#[derive(Clone)]
pub struct RedisAddress {
    client: Client,
    shown: String,
}

/// The text is not the address of a server. The message does not show it, because it may contain a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a URL such as redis://HOST:PORT, rediss://, valkey:// or valkeys://")]
pub struct AddressError;

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut url = parse_redis_url(text)
            .filter(|url| ["redis", "rediss", "valkey", "valkeys"].contains(&url.scheme()))
            // They would be options of the crate, such as TLS without verification.
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .ok_or(AddressError)?;
        let connection = url.clone().into_connection_info();
        let connection = connection.map_err(|_| AddressError)?;
        let redis = connection.redis_settings();
        if redis.db() < 0 || (redis.username().is_some() && redis.password().is_none()) {
            return Err(AddressError);
        }
        let redis = redis.clone().set_skip_set_lib_name();
        // A command is sent in one piece, so Nagle's algorithm would only delay it.
        let tcp = connection.tcp_settings().clone().set_nodelay(true);
        url.set_username("").map_err(|()| AddressError)?;
        url.set_password(None).map_err(|()| AddressError)?;
        let connection = connection.set_redis_settings(redis).set_tcp_settings(tcp);
        Ok(Self {
            client: Client::open(connection).map_err(|_| AddressError)?,
            shown: url.into(),
        })
    }
}

impl RedisAddress {
    pub(super) fn client(&self) -> &Client {
        &self.client
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
            "redis://localhost?protocol=resp3",
            "rediss://localhost#insecure",
            "unix:///run/redis.sock",
            "redis+unix:///run/redis.sock",
        ] {
            assert_eq!(
                text.parse::<RedisAddress>().err(),
                Some(AddressError),
                "{text}"
            );
        }
    }
}
