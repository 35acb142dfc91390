//! Which addresses there are, and how they are shown.

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
        (
            "rediss+sentinel://signet:secret@10.0.0.1,[::1]:7000/main/3?replicas=1&sentinel_password=s%65cret",
            "rediss+sentinel://10.0.0.1,[::1]:7000/main/3?replicas=1",
        ),
        (
            "redis+sentinel://one.example,two.example/main",
            "redis+sentinel://one.example,two.example/main",
        ),
    ] {
        let address: RedisAddress = text.parse().expect("an address");
        assert_eq!(address.to_string(), shown);
        let debug = format!("{address:?} {:?} {:?}", address.server, address.sentinels);
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
        "redis+sentinel://localhost",
        "redis+sentinel://localhost/",
        "redis+sentinel:///main",
        "redis+sentinel://localhost,/main",
        "redis+sentinel://localhost/main/one",
        "redis+sentinel://localhost/main/0/1",
        "redis+sentinel://localhost/ma in",
        "redis+sentinel://user@localhost/main",
        "redis+sentinel://localhost:one/main",
        "redis+sentinel://localhost/main#insecure",
        "http+sentinel://localhost/main",
        "redis+unix+sentinel://localhost/main",
        "unix:///run/redis.sock",
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

#[test]
fn sentinels_have_a_port_a_password_and_tls_and_the_servers_their_own() {
    for (scheme, is_tls) in [
        ("redis", false),
        ("valkey", false),
        ("rediss", true),
        ("valkeys", true),
    ] {
        let text = "+sentinel://us%65r:p%61ss@10.0.0.1,host.example:7000,[::1]/main/3\
                    ?sentinel_password=1+1%3D2";
        let address: RedisAddress = format!("{scheme}{text}").parse().expect("an address");
        let redis = address.server.redis_settings();
        assert_eq!(redis.username(), Some("user"));
        assert_eq!(redis.password(), Some("pass"));
        assert_eq!(redis.db(), 3);
        let sentinels = address.sentinels.expect("sentinels");
        assert_eq!(sentinels.name, "main");
        let clients = sentinels.clients.iter();
        let shown = clients.map(|client| {
            let info = client.get_connection_info();
            let redis = info.redis_settings();
            assert_eq!((redis.username(), redis.password()), (None, Some("1+1=2")));
            assert_eq!(redis.db(), 0);
            let sentinel_speaks_tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
            assert_eq!(sentinel_speaks_tls, is_tls);
            info.addr().to_string()
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, ["10.0.0.1:26379", "host.example:7000", "::1:26379"]);
        let server_speaks_tls = matches!(address.server.addr(), ConnectionAddr::TcpTls { .. });
        assert_eq!(server_speaks_tls, is_tls);
    }
    "redis://localhost?sentinel_password=secret"
        .parse::<RedisAddress>()
        .expect_err("no sentinels");
}
