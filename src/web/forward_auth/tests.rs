use super::*;
use crate::cookie_domain::CookieDomain;

const LOGGED_IN: Visitor = Visitor::LoggedIn {
    is_renewal_due: false,
};
const DUE: Visitor = Visitor::LoggedIn {
    is_renewal_due: true,
};
const VISITORS: [Visitor; 4] = [LOGGED_IN, DUE, Visitor::LoggedOut, Visitor::Ambiguous];

const URL: (&str, &str) = ("x-original-url", "https://app.example.com/a?b=1&c=2");
const METHOD: (&str, &str) = ("x-forwarded-method", "GET");
const PROTO: (&str, &str) = ("x-forwarded-proto", "https");
const HOST: (&str, &str) = ("x-forwarded-host", "app.example.com");
const URI: (&str, &str) = ("x-forwarded-uri", "/a?b=1&c=2");
const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// The query that leads back.
const BACK: &str = "rd=https%3A%2F%2Fapp.example.com%2Fa%3Fb%3D1%26c%3D2";

/// Returns the answer to a question, or `None` if it is not one.
fn try_ask(method: &str, headers: &[(&'static str, &str)], visitor: Visitor) -> Option<Decision> {
    let public_url = "https://login.example.com".parse().expect("a URL");
    let domain = CookieDomain::check("example.com", Some(&public_url));
    let destinations = Destinations::new(&public_url, Some(domain.expect("a domain")));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).expect("a value"));
    }
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let question = Question::read(&method, &map)?;
    Some(decide(&question, visitor, &destinations))
}

#[track_caller]
fn ask(method: &str, headers: &[(&'static str, &str)], visitor: Visitor) -> Decision {
    try_ask(method, headers, visitor).unwrap_or_else(|| panic!("not a question: {headers:?}"))
}

fn to_login(status: u16, query: &str) -> Decision {
    let status = StatusCode::from_u16(status).expect("a status");
    Decision::LogIn(status, query.to_owned())
}

#[test]
fn nginx_is_sent_401_with_the_login_page_for_whatever_a_visitor_wants() {
    for more in [
        &[][..],
        &[NAVIGATE],
        &[HTML],
        &[("sec-fetch-mode", "cors")],
        &[("accept", "*/*")],
        &[("x-original-method", "POST")],
        // Not the whole of the other kind.
        &[PROTO],
        &[HOST, ("x-forwarded-for", "192.0.2.1")],
        &[METHOD, PROTO, HOST],
        &[PROTO, PROTO],
    ] {
        let headers = [&[URL], more].concat();
        for method in ["GET", "POST", "HEAD", "DELETE", "BREW"] {
            let answer = |visitor| ask(method, &headers, visitor);
            assert_eq!(answer(LOGGED_IN), Decision::Pass, "{headers:?}");
            assert_eq!(
                answer(Visitor::LoggedOut),
                to_login(401, BACK),
                "{headers:?}"
            );
            assert_eq!(answer(Visitor::Ambiguous), Decision::Refuse, "{headers:?}");
        }
    }
}

#[test]
fn caddy_is_sent_302_for_a_page_and_401_for_anything_else() {
    for (method, more, is_page) in [
        ("GET", &[NAVIGATE][..], true),
        ("HEAD", &[NAVIGATE], true),
        ("GET", &[HTML], true),
        ("GET", &[("accept", "TEXT/HTML;q=0.1")], true),
        ("GET", &[NAVIGATE, ("accept", "*/*")], true),
        ("POST", &[NAVIGATE], false),
        ("POST", &[HTML], false),
        ("get", &[NAVIGATE], false),
        ("GET", &[], false),
        ("GET", &[("accept", "*/*")], false),
        ("GET", &[("accept", "text/html;q=0")], false),
        ("GET", &[("accept", "text/html-x")], false),
        ("GET", &[HTML, ("sec-fetch-mode", "cors")], false),
        ("GET", &[HTML, ("sec-fetch-mode", "no-cors")], false),
        ("GET", &[HTML, ("sec-fetch-mode", "websocket")], false),
        ("GET", &[HTML, NAVIGATE, ("sec-fetch-mode", "cors")], false),
    ] {
        let headers = [&[("x-forwarded-method", method), PROTO, HOST, URI], more].concat();
        // The method of the question itself says nothing.
        for asked_with in ["GET", "POST"] {
            let answer = |visitor| ask(asked_with, &headers, visitor);
            let logged_out = if is_page {
                to_login(302, BACK)
            } else {
                Decision::Refuse
            };
            assert_eq!(answer(LOGGED_IN), Decision::Pass, "{headers:?}");
            assert_eq!(answer(Visitor::LoggedOut), logged_out, "{headers:?}");
            assert_eq!(answer(Visitor::Ambiguous), Decision::Refuse, "{headers:?}");
        }
    }
}

#[test]
fn a_cookie_is_renewed_when_a_browser_gets_a_page() {
    let forwarded = |method| [("x-forwarded-method", method), PROTO, HOST, URI, NAVIGATE];
    assert_eq!(ask("GET", &forwarded("GET"), DUE), to_login(302, BACK));
    for method in ["HEAD", "POST", "PUT"] {
        assert_eq!(
            ask("GET", &forwarded(method), DUE),
            Decision::Pass,
            "{method}"
        );
    }
    let asset = [METHOD, PROTO, HOST, URI, ("sec-fetch-mode", "no-cors")];
    assert_eq!(ask("GET", &asset, DUE), Decision::Pass);

    let original = |method| [URL, ("x-original-method", method), HTML];
    assert_eq!(ask("GET", &original("GET"), DUE), to_login(401, BACK));
    assert_eq!(ask("POST", &original("GET"), DUE), to_login(401, BACK));
    for method in ["HEAD", "POST", "PUT"] {
        assert_eq!(
            ask("GET", &original(method), DUE),
            Decision::Pass,
            "{method}"
        );
    }
    assert_eq!(ask("GET", &[URL, HTML], DUE), to_login(401, BACK));
    assert_eq!(ask("POST", &[URL, HTML], DUE), Decision::Pass);
    assert_eq!(ask("GET", &[URL], DUE), Decision::Pass);
}

#[test]
fn an_address_that_is_not_ours_gets_the_same_answers_without_a_way_back() {
    for address in [
        "https://evil.example/",
        "https://example.com.evil.example/",
        "http://app.example.com/",
        "https://app.example.com:8443/",
        "https://app.example.com./",
        "https://login.example.com/login",
        "https://app.example.com/?a=\\",
        "https://127.1/",
        "https://[::1]:8443/",
        &format!("https://app.example.com/{}", "a".repeat(3000)),
    ] {
        let headers = [("x-original-url", address), HTML];
        let answer = |visitor| ask("GET", &headers, visitor);
        assert_eq!(answer(LOGGED_IN), Decision::Pass, "{address}");
        assert_eq!(answer(DUE), Decision::Pass, "{address}");
        assert_eq!(answer(Visitor::LoggedOut), to_login(401, ""), "{address}");
        assert_eq!(answer(Visitor::Ambiguous), Decision::Refuse, "{address}");
    }
    let evil = [
        METHOD,
        PROTO,
        ("x-forwarded-host", "evil.example"),
        URI,
        HTML,
    ];
    assert_eq!(ask("GET", &evil, Visitor::LoggedOut), to_login(302, ""));
    assert_eq!(ask("GET", &evil, LOGGED_IN), Decision::Pass);
}

#[track_caller]
fn assert_is_no_question(headers: &[(&'static str, &str)]) {
    for visitor in VISITORS {
        assert_eq!(try_ask("GET", headers, visitor), None, "{headers:?}");
    }
}

#[test]
fn headers_of_neither_proxy_or_of_both_are_no_question() {
    let forwarded = [METHOD, PROTO, HOST, URI];
    let method = ("x-original-method", "GET");
    assert_is_no_question(&[]);
    assert_is_no_question(&[method]);
    assert_is_no_question(&[URL, URL]);
    assert_is_no_question(&[URL, method, method]);
    assert_is_no_question(&[&[URL][..], &forwarded].concat());
    assert_is_no_question(&[&[URL, method][..], &forwarded].concat());
    assert_is_no_question(&[&[("x-original-url", "")][..], &forwarded].concat());
    for (index, header) in forwarded.iter().enumerate() {
        assert_is_no_question(&[&forwarded[..], &[*header]].concat());
        let mut incomplete = forwarded.to_vec();
        incomplete.remove(index);
        assert_is_no_question(&incomplete);
    }
}

#[test]
fn headers_that_make_no_url_are_no_question() {
    for address in "/a //app.example.com/ app.example.com https:app.example.com https:///a https:// \
        https:/app.example.com https://:443/ https://app.example.com:x/ https://app.example.com:99999/ \
        https://user@app.example.com/ https://a,b.example.com/ https://app.example.com\\@evil.example/ \
        https://app%2eexample.com/ https://*.example.com/ https://[::1/ https://é.com/ javascript:a \
        ftp://app.example.com/ ws://app.example.com/ wss://app.example.com/ xhttps://app.example.com/"
        .split(' ')
        .chain(["", "https://a b/", "https://app.example.com/a b", "x https://app.example.com/"])
        .chain(["https://app.exa\tmple.com/", "https://app.example.com/\t"])
    {
        assert_is_no_question(&[("x-original-url", address)]);
    }
    for proto in [
        "",
        "ftp",
        "wss",
        "https:",
        "https://x",
        "https,http",
        "https, https",
    ] {
        assert_is_no_question(&[METHOD, ("x-forwarded-proto", proto), HOST, URI]);
    }
    for host in "a,b user@app.example.com app.example.com/ app.example.com/x app.example.com? \
        app.example.com# app.example.com\\ app.example.com:x :1 é.example.com a%2eb [::1"
        .split(' ')
        .chain(["", "a b", "a, b", "a\tb"])
    {
        assert_is_no_question(&[METHOD, PROTO, ("x-forwarded-host", host), URI]);
    }
    for uri in "a * ?a @evil.example/ .evil.example/ :443/ https://a/"
        .split(' ')
        .chain(["", "/a b", "/\t"])
    {
        assert_is_no_question(&[METHOD, PROTO, HOST, ("x-forwarded-uri", uri)]);
    }
}
