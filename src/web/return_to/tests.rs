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
        let found = shared().check(text);
        assert_eq!(
            found.as_ref().map(ReturnTo::as_str),
            Some(expected),
            "{text}"
        );
        // The next page reads the same.
        assert_eq!(shared().in_query(&found.clone().unwrap().query()), found);
    }
}

/// No address of ours.
const REFUSED: &[&str] = &[
    "",
    "/",
    "/app",
    "app",
    "?a",
    "#a",
    "//evil.example",
    "//app.example.com/",
    "///app.example.com/",
    "app.example.com",
    "app.example.com/path",
    // Another host.
    "https://evil.example/",
    "https://evil.example/app.example.com",
    "https://evil.example?app.example.com",
    "https://evil.example#app.example.com",
    "https://evilexample.com/",
    "https://example.com.evil.example/",
    "https://app.example.com.evil.example/",
    "https://app.example.comevil.example/",
    "https://example.org/",
    "https://com/",
    "https://localhost/",
    "https://app.example.com./",
    "https://example.com./",
    "https://.example.com/",
    "https://a..example.com/",
    "https://*.example.com/",
    "https://app,evil.example.com/",
    "https://app.example.com%00.evil.example/",
    "https://app.example.com%2eevil.example/",
    // Another scheme or port.
    "http://app.example.com/",
    "ftp://app.example.com/",
    "wss://app.example.com/",
    "file://app.example.com/",
    "javascript:alert(1)",
    "javascript://app.example.com/%0aalert(1)",
    "data:text/html,app.example.com",
    "blob:https://app.example.com/1",
    "view-source:https://app.example.com/",
    "https://app.example.com:80/",
    "https://app.example.com:8443/",
    "https://app.example.com:4430/",
    "https://app.example.com:0/",
    "https://app.example.com:/",
    "https://app.example.com:0443/",
    "https://app.example.com:x/",
    "https://app.example.com:443:443/",
    // User and password.
    "https://user@app.example.com/",
    "https://user:password@app.example.com/",
    "https://@app.example.com/",
    "https://:@app.example.com/",
    "https://app.example.com@evil.example/",
    "https://app.example.com:443@evil.example/",
    "https://evil.example%40app.example.com/",
    // Backslashes.
    "https:\\\\app.example.com\\",
    "https://app.example.com\\@evil.example/",
    "https://evil.example\\@app.example.com/",
    "https://evil.example\\.app.example.com/",
    "https://app.example.com/\\evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https://app.example.com/?a=\\",
    // Control characters, and what parsers strip.
    "https://app.example.com/\r\nSet-Cookie: a=b",
    "https://app.example.com/\n",
    "https://app.exa\tmple.com/",
    "ht\ntps://app.example.com/",
    "https://app.example.com\0.evil.example/",
    "https://app.example.com/\u{7f}",
    "https://app.example.com/\u{85}",
    "\u{1}https://app.example.com/",
    " https://app.example.com/",
    "https://app.example.com .evil.example/",
    "https:// app.example.com/",
    // A host that is written in another way than it is meant.
    "https:app.example.com/",
    "https:/app.example.com/",
    "https:///app.example.com/",
    "https:////app.example.com/",
    "https://app%2eexample.com/",
    "https://%61pp.example.com/",
    "https://app。example.com/",
    "https://ａｐｐ.example.com/",
    "https://app.example.ⓒom/",
    "https://ſignet.example.com/",
    "https://app.EXAMPLE.\u{212a}om/",
    "https://a\u{ad}pp.example.com/",
    "https://bücher.example.com/",
    "https://app.ехample.com/",
    // Addresses.
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[/",
    // Our own forms.
    "https://login.example.com/login",
    "https://login.example.com/logout",
    "https://LOGIN.example.com:443/login?rd=https://app.example.com/",
    "https://login.example.com/logout#x",
    "https://login.example.com//login",
    "https://login.example.com/login/",
    "https://login.example.com/./login",
    "https://login.example.com/a/../login",
    "https://login.example.com/%6cogin",
    "https://login.example.com/%2flogout",
    "https://login.example.com/LOGIN",
];

#[test]
fn any_other_address_is_refused() {
    for text in REFUSED {
        assert_eq!(shared().check(text), None, "{text:?}");
    }
}

#[test]
fn without_a_cookie_domain_only_the_public_host_is_ours() {
    let own = destinations("https://example.com:8443", None);
    for text in ["https://example.com:8443/app", "https://EXAMPLE.com:8443?a"] {
        assert!(own.check(text).is_some(), "{text}");
    }
    for text in [
        "https://example.com/app",
        "https://example.com:443/app",
        "https://app.example.com:8443/",
        "https://example.com:84430/",
        "http://example.com:8443/",
        "https://example.com:8443/login",
    ] {
        assert_eq!(own.check(text), None, "{text}");
    }
    let local = destinations("http://127.0.0.1:5000", None);
    assert!(local.check("http://127.0.0.1:5000/app").is_some());
    assert_eq!(local.check("http://127.1:5000/app"), None);
    assert_eq!(local.check("http://2130706433:5000/app"), None);
    assert_eq!(local.check("http://localhost:5000/app"), None);
    let six = destinations("http://[::1]:5000", None);
    assert!(six.check("http://[::1]:5000/app").is_some());
    assert_eq!(six.check("http://[0:0:0:0:0:0:0:1]:5000/app"), None);
}

#[test]
fn an_address_has_at_most_two_kibibytes_before_and_after_it_is_serialized() {
    let start = "https://app.example.com/";
    let longest = format!("{start}{}", "a".repeat(2048 - start.len()));
    assert!(shared().check(&longest).is_some());
    assert_eq!(shared().check(&format!("{longest}a")), None);
    let grows = format!("{start}{}", "é".repeat(600));
    assert!(grows.len() < 2048);
    assert_eq!(shared().check(&grows), None);
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
fn an_address_names_its_host_and_its_origin() {
    let own = destinations("https://example.com:8443", Some("example.com"));
    let address = own.check("https://app.example.com:8443/a?b").expect("ours");
    assert_eq!(address.host(), "app.example.com");
    assert_eq!(address.origin(), "https://app.example.com:8443");
    assert_eq!(
        address.query(),
        "rd=https%3A%2F%2Fapp.example.com%3A8443%2Fa%3Fb"
    );
}
