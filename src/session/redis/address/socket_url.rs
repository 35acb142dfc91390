//! The URL of a server on a Unix socket.

use ::redis::{ConnectionInfo, parse_redis_url};

use super::{AddressError, connection_of, parameters::Parameters};

/// What the query has about the server itself, because the path is that of the socket.
const OF_SERVER: [&str; 3] = ["db=", "user=", "pass="];

/// Reads `redis+unix:///PATH[?db=N][&user=USER][&pass=PASSWORD]` and further parameters. Returns also the
/// URL as it may be shown. `None`: it is another kind of URL.
pub(super) fn read(
    text: &str,
) -> Result<Option<(ConnectionInfo, Parameters, String)>, AddressError> {
    let mut schemes = ["redis+unix:", "valkey+unix:"].into_iter();
    if !schemes.any(|scheme| text.starts_with(scheme)) {
        return Ok(None);
    }
    let url = parse_redis_url(text).filter(|url| url.fragment().is_none());
    let mut url = url.ok_or(AddressError::Malformed)?;
    let query = url.query().unwrap_or_default().to_owned();
    let (of_server, others): (Vec<_>, Vec<_>) = query
        .split('&')
        .filter(|it| !it.is_empty())
        .partition(|it| OF_SERVER.iter().any(|name| it.starts_with(name)));
    let parameters = Parameters::read(&others.join("&"))?;
    url.set_query(Some(&of_server.join("&")));
    let connection = connection_of(url.clone())?;
    let shown: Vec<_> = of_server
        .iter()
        .filter(|it| it.starts_with("db="))
        .collect();
    let replicas = format!("replicas={}", parameters.replicas);
    let replicas = (parameters.replicas > 0).then_some(&*replicas);
    let shown: Vec<_> = shown.into_iter().copied().chain(replicas).collect();
    let shown = shown.join("&");
    url.set_query((!shown.is_empty()).then_some(&*shown));
    Ok(Some((connection, parameters, url.into())))
}

#[cfg(test)]
mod tests {
    use crate::redis::RedisAddress;

    #[test]
    fn a_socket_has_its_database_user_and_password_in_the_query() {
        for (text, shown) in [
            (
                "redis+unix:///run/redis.sock",
                "redis+unix:///run/redis.sock",
            ),
            (
                "valkey+unix:///run/redis.sock?user=us&pass=s%23cret&db=3&replicas=1",
                "valkey+unix:///run/redis.sock?db=3&replicas=1",
            ),
        ] {
            let address: RedisAddress = text.parse().expect("an address");
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("cret"));
        }
        for text in [
            "redis+unix:///run/redis.sock?db=-1",
            "redis+unix:///run/redis.sock?db=one",
            "redis+unix:///run/redis.sock?user=anna",
            "redis+unix:///run/redis.sock?protocol=3",
            "redis+unix:///run/redis.sock#x",
            "redis+unix://host/run/redis.sock",
            "redis+unix:",
        ] {
            assert!(text.parse::<RedisAddress>().is_err(), "{text}");
        }
    }
}
