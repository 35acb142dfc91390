mod refused;

use self::refused::REFUSED;
use super::*;

fn destinations(public_url: &str, cookie_domain: Option<&str>) -> Destinations {
    let public_url = public_url.parse().expect("a URL");
    let domain = cookie_domain.map(|it| CookieDomain::check(it, Some(&public_url)));
    Destinations::new(&public_url, domain.transpose().expect("a domain"))
}

/// The login is at login.example.com, and other sites are below example.com.
fn shared() -> Destinations {
    destinations("https://login.example.com", Some("example.com"))
}

#[test]
fn an_address_of_ours_is_serialized_again() {
    for (text, expected) in [
        ("https://app.example.com/", "https://app.example.com/"),
        ("https://app.example.com", "https://app.example.com/"),
        ("https://app.example.com?a", "https://app.example.com/?a"),
        (
            "https://example.com/a/b?a=1&b=2#x",
            "https://example.com/a/b?a=1&b=2#x",
        ),
        ("https://a.b.c.example.com/", "https://a.b.c.example.com/"),
        ("https://APP.Example.com/A", "https://app.example.com/A"),
        ("HTTPS://app.example.com/", "https://app.example.com/"),
        ("https://app.example.com:443/", "https://app.example.com/"),
        (
            "https://app.example.com/a b",
            "https://app.example.com/a%20b",
        ),
        (
            "https://app.example.com/a/../b",
            "https://app.example.com/b",
        ),
        (
            "https://app.example.com/頁",
            "https://app.example.com/%E9%A0%81",
        ),
        (
            "https://app.example.com//evil.example",
            "https://app.example.com//evil.example",
        ),
        (
            "https://app.example.com/@evil.example",
            "https://app.example.com/@evil.example",
        ),
        (
            "https://app.example.com/%0d%0aX",
            "https://app.example.com/%0d%0aX",
        ),
        (
            "https://app.example.com/?<\"'>",
            "https://app.example.com/?%3C%22%27%3E",
        ),
        (
            "https://app.example.com/login",
            "https://app.example.com/login",
        ),
        (
            "https://xn--bcher-kva.example.com/",
            "https://xn--bcher-kva.example.com/",
        ),
        ("https://my_app.example.com/", "https://my_app.example.com/"),
        // Chromium sends it so, and nothing reads it as a slash there.
        (
            "https://app.example.com/?q=a\\b",
            "https://app.example.com/?q=a\\b",
        ),
        ("https://login.example.com/", "https://login.example.com/"),
        (
            "https://login.example.com/loginx",
            "https://login.example.com/loginx",
        ),
        (
            "https://login.example.com/a/login",
            "https://login.example.com/a/login",
        ),
    ] {
        let found = shared().check(text).ok();
        assert_eq!(
            found.as_ref().map(ReturnTo::as_str),
            Some(expected),
            "{text}"
        );
        // The next page reads the same.
        assert_eq!(shared().in_query(&found.clone().unwrap().query()), found);
    }
}

#[test]
fn any_other_address_is_refused() {
    for text in REFUSED {
        assert_eq!(shared().check(text).ok(), None, "{text:?}");
    }
}

#[test]
fn without_a_cookie_domain_only_the_public_host_is_ours() {
    let own = destinations("https://example.com:8443", None);
    for text in ["https://example.com:8443/app", "https://EXAMPLE.com:8443?a"] {
        assert!(own.check(text).ok().is_some(), "{text}");
    }
    for text in [
        "https://example.com/app",
        "https://example.com:443/app",
        "https://app.example.com:8443/",
        "https://example.com:84430/",
        "http://example.com:8443/",
        "https://example.com:8443/login",
    ] {
        assert_eq!(own.check(text).ok(), None, "{text}");
    }
    let local = destinations("http://127.0.0.1:5000", None);
    assert!(local.check("http://127.0.0.1:5000/app").ok().is_some());
    assert_eq!(local.check("http://127.1:5000/app").ok(), None);
    assert_eq!(local.check("http://2130706433:5000/app").ok(), None);
    assert_eq!(local.check("http://localhost:5000/app").ok(), None);
    let six = destinations("http://[::1]:5000", None);
    assert!(six.check("http://[::1]:5000/app").ok().is_some());
    assert_eq!(six.check("http://[0:0:0:0:0:0:0:1]:5000/app").ok(), None);
}

#[test]
fn an_address_has_at_most_four_kibibytes_before_and_after_it_is_serialized() {
    let start = "https://app.example.com/";
    let longest = format!("{start}{}", "a".repeat(4096 - start.len()));
    assert!(shared().check(&longest).ok().is_some());
    assert_eq!(shared().check(&format!("{longest}a")).ok(), None);
    let grows = format!("{start}{}", "é".repeat(1200));
    assert!(grows.len() < 4096);
    assert_eq!(shared().check(&grows).ok(), None);
}

#[test]
fn the_parameter_counts_only_once() {
    let found = |query: &str| shared().in_query(query).map(|it| it.as_str().to_owned());
    let expected = Some("https://app.example.com/?a=1&b=2#x".to_owned());
    let encoded = "rd=https%3A%2F%2Fapp.example.com%2F%3Fa%3D1%26b%3D2%23x";
    assert_eq!(found(encoded), expected);
    assert_eq!(found(&format!("lang=en&{encoded}&x")), expected);
    assert_eq!(found(&format!("RD=x&{encoded}")), expected);
    for query in [
        "",
        "rd",
        "rd=",
        "x=https://app.example.com/",
        &format!("{encoded}&{encoded}"),
        &format!("{encoded}&rd"),
        &format!("rd=&{encoded}"),
        &format!("{encoded}&r%64=x"),
        "rd=https%3A%2F%2Fevil.example%2F",
    ] {
        assert_eq!(found(query), None, "{query}");
    }
}

#[test]
fn an_address_names_its_host() {
    let own = destinations("https://example.com:8443", Some("example.com"));
    let address = own.check("https://app.example.com:8443/a?b").expect("ours");
    assert_eq!(address.host(), "app.example.com");
    assert_eq!(
        address.query(),
        "rd=https%3A%2F%2Fapp.example.com%3A8443%2Fa%3Fb"
    );
}
