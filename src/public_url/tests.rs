use super::*;

#[test]
fn an_origin_is_accepted_however_it_is_written() {
    for (text, shown) in [
        ("https://signet.example", "https://signet.example"),
        ("HTTPS://Signet.Example:443/", "https://signet.example"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("https://印.example", "https://xn--wlr.example"),
        ("http://my_app:8080", "http://my_app:8080"),
    ] {
        let url: PublicUrl = text.parse().expect(text);
        assert_eq!(url.to_string(), shown);
    }
}

#[test]
fn anything_that_is_not_an_origin_is_refused() {
    for text in [
        "",
        "signet.example",
        "signet.example:5000",
        "//signet.example",
        "https://a\"b.example",
        "https://{signet}.example",
        "https://`signet`.example",
        "ftp://signet.example",
        "file:///",
        "https://",
        "https://signet.example/app",
        "https://signet.example//",
        "https://signet.example?q",
        "https://signet.example/#f",
        "https://user@signet.example",
        "https://:password@signet.example",
        "https://signet.example:99999",
        "https://[zz]",
        "https://*.example",
        "https://*",
        "https://a,b.example",
    ] {
        assert!(text.parse::<PublicUrl>().is_err(), "{text}");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    for (text, expected) in [
        ("http://localhost:5000", true),
        ("http://signet.LOCALHOST", true),
        ("http://127.8.0.1", true),
        ("http://[::1]:5000", true),
        ("http://0.0.0.0", false),
        ("http://[::]", false),
        ("http://[::ffff:127.0.0.1]", false),
        ("http://localhost.example", false),
        ("http://127.0.0.1.example", false),
        ("http://notlocalhost", false),
        ("http://192.168.0.1", false),
    ] {
        let url: PublicUrl = text.parse().expect(text);
        assert_eq!(url.is_loopback(), expected, "{text}");
    }
}

#[test]
fn every_address_becomes_a_url() {
    for (address, url) in [
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.0.0.1:80", "http://127.0.0.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("[fe80::1%7]:5000", "http://[fe80::1]:5000"),
    ] {
        let address = address.parse().expect("an address");
        assert_eq!(PublicUrl::of(address).to_string(), url);
    }
}

#[test]
fn with_a_public_url_only_its_host_is_ours() {
    let https: PublicUrl = "https://signet.example".parse().expect("a URL");
    let origins = Origins::of(&https);
    for ours in ["signet.example", "Signet.Example", "signet.example:443"] {
        assert!(origins.is_our_host(ours.as_bytes()), "{ours}");
    }
    for other in [
        "",
        "signet.example:80",
        "signet.example:5000",
        "signet.example.",
        "signet.example,signet.example",
        "evil.example",
        "localhost:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
        "signet.example\n",
    ] {
        assert!(!origins.is_our_host(other.as_bytes()), "{other}");
    }
}

#[test]
fn without_a_public_url_the_names_of_this_machine_are_ours() {
    let origins = Origins::local(([127, 0, 0, 7], 5000).into());
    assert_eq!(origins.public(), "http://127.0.0.7:5000");
    for ours in [
        "127.0.0.7:5000",
        "localhost:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
    ] {
        assert!(origins.is_our_host(ours.as_bytes()), "{ours}");
        assert!(
            origins.is_our_url(&format!("http://{ours}/login")),
            "{ours}"
        );
    }
    for other in ["localhost", "127.0.0.1:5001", "127.0.0.7"] {
        assert!(!origins.is_our_host(other.as_bytes()), "{other}");
    }
}

#[test]
fn a_url_is_ours_when_its_scheme_host_and_port_are_ours() {
    let https: PublicUrl = "https://signet.example".parse().expect("a URL");
    let origins = Origins::of(&https);
    for ours in [
        "https://signet.example",
        "https://signet.example/login?x=y",
        "HTTPS://SIGNET.example:443/",
    ] {
        assert!(origins.is_our_url(ours), "{ours}");
    }
    for other in [
        "",
        "null",
        "http://signet.example/",
        "https://signet.example.evil.example/",
        "https://signet.example@evil.example/",
        "https://signet.example:5000/",
        "http://localhost:5000/",
        "/login",
    ] {
        assert!(!origins.is_our_url(other), "{other}");
    }
}
