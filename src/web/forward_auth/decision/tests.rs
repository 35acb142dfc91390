use axum::http::{HeaderMap, HeaderValue, Method};

use super::*;
use crate::{
    cookie_domain::CookieDomain,
    web::forward_auth::{question::Question, return_to::Destinations},
};

const VISITORS: [Visitor; 4] = [
    Visitor::LoggedIn,
    Visitor::NotPermitted,
    Visitor::LoggedOut,
    Visitor::Ambiguous,
];

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
    let way_back = destinations.check(&question.address).ok();
    Some(decide(&question, visitor, way_back.map(|it| it.query())))
}

#[track_caller]
fn ask(method: &str, headers: &[(&'static str, &str)], visitor: Visitor) -> Decision {
    try_ask(method, headers, visitor).unwrap_or_else(|| panic!("not a question: {headers:?}"))
}

fn to_login(status: u16, query: &str) -> Decision {
    let status = StatusCode::from_u16(status).expect("a status");
    Decision::LogIn(status, query.to_owned())
}

/// What a visitor is told who is not logged in. `status` is that with the login page.
fn when_logged_out(kind: Kind, status: u16) -> Decision {
    match kind {
        Page => to_login(status, BACK),
        Form => Decision::RefuseForm,
        Other => Decision::Refuse,
    }
}

/// What a visitor is told who is logged in as somebody who may not enter.
fn when_not_permitted(kind: Kind) -> Decision {
    Decision::SwitchUser((kind == Page).then(|| BACK.to_owned()))
}

type Headers = &'static [(&'static str, &'static str)];

/// What a browser does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Form,
    Other,
}
use Kind::{Form, Other, Page};

/// Requests by their method and headers, and their kinds.
const REQUESTS: [(&str, Headers, Kind); 16] = [
    ("GET", &[NAVIGATE], Page),
    ("HEAD", &[NAVIGATE], Page),
    ("GET", &[HTML], Page),
    ("GET", &[("accept", "TEXT/HTML;q=0.1")], Page),
    ("GET", &[NAVIGATE, ("accept", "*/*")], Page),
    ("POST", &[NAVIGATE], Form),
    ("POST", &[HTML], Form),
    ("get", &[NAVIGATE], Form),
    ("GET", &[], Other),
    ("GET", &[("accept", "*/*")], Other),
    ("GET", &[("accept", "text/html;q=0")], Other),
    ("GET", &[("accept", "text/html-x")], Other),
    ("GET", &[HTML, ("sec-fetch-mode", "cors")], Other),
    ("GET", &[HTML, ("sec-fetch-mode", "no-cors")], Other),
    ("GET", &[HTML, ("sec-fetch-mode", "websocket")], Other),
    ("GET", &[HTML, NAVIGATE, ("sec-fetch-mode", "cors")], Other),
];

#[test]
fn nginx_is_sent_401_with_the_login_page_for_a_page_and_without_for_anything_else() {
    for (method, more, kind) in REQUESTS {
        for others in [
            &[][..],
            // Not the whole of the other kind.
            &[PROTO],
            &[HOST, ("x-forwarded-for", "192.0.2.1")],
            &[METHOD, PROTO, HOST],
            &[PROTO, PROTO],
        ] {
            let original = [URL, ("x-original-method", method)];
            let headers = [&original, more, others].concat();
            // The method of the question itself says nothing then.
            for asked_with in ["GET", "POST"] {
                let answer = |visitor| ask(asked_with, &headers, visitor);
                let logged_out = when_logged_out(kind, 401);
                assert_eq!(answer(Visitor::LoggedIn), Decision::Pass, "{headers:?}");
                assert_eq!(answer(Visitor::LoggedOut), logged_out, "{headers:?}");
                assert_eq!(answer(Visitor::Ambiguous), Decision::Refuse, "{headers:?}");
                let other_user = when_not_permitted(kind);
                assert_eq!(answer(Visitor::NotPermitted), other_user, "{headers:?}");
            }
        }
        let headers = [&[URL], more].concat();
        let logged_out = ask("GET", &headers, Visitor::LoggedOut);
        let posted = ask("POST", &headers, Visitor::LoggedOut);
        assert!(
            [Decision::Refuse, Decision::RefuseForm].contains(&posted),
            "{headers:?}"
        );
        if method == "GET" && kind == Page {
            assert_eq!(logged_out, to_login(401, BACK), "{headers:?}");
        }
    }
}

#[test]
fn caddy_is_sent_302_for_a_page_and_401_for_anything_else() {
    for (method, more, kind) in REQUESTS {
        let headers = [&[("x-forwarded-method", method), PROTO, HOST, URI], more].concat();
        // The method of the question itself says nothing.
        for asked_with in ["GET", "POST"] {
            let answer = |visitor| ask(asked_with, &headers, visitor);
            let logged_out = when_logged_out(kind, 302);
            assert_eq!(answer(Visitor::LoggedIn), Decision::Pass, "{headers:?}");
            assert_eq!(answer(Visitor::LoggedOut), logged_out, "{headers:?}");
            assert_eq!(answer(Visitor::Ambiguous), Decision::Refuse, "{headers:?}");
            let other_user = when_not_permitted(kind);
            assert_eq!(answer(Visitor::NotPermitted), other_user, "{headers:?}");
        }
    }
}

const SITE: fn(&'static str) -> (&'static str, &'static str) = |it| ("sec-fetch-site", it);
const ORIGIN: fn(&'static str) -> (&'static str, &'static str) = |it| ("origin", it);
const SOCKETS: [&[(&str, &str)]; 3] = [
    &[("upgrade", "websocket"), ("connection", "upgrade")],
    &[("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")],
    &[("sec-fetch-mode", "websocket")],
];

#[test]
fn another_site_acts_for_nobody_and_may_link_here() {
    let own = "https://app.example.com";
    for (more, is_forgery) in [
        (&[][..], false),
        (&[SITE("same-origin")], false),
        (&[SITE("none")], false),
        (&[ORIGIN(own)], false),
        // What no page can forge comes first.
        (
            &[SITE("same-origin"), ORIGIN("https://evil.example")],
            false,
        ),
        (&[SITE("same-site"), ORIGIN(own)], true),
        (&[SITE("same-site")], true),
        (&[SITE("cross-site")], true),
        (&[SITE("same-origin"), SITE("same-site")], true),
        (&[SITE("same-origin, same-site")], true),
        (&[SITE("")], true),
        (&[ORIGIN("https://evil.example.com")], true),
        (&[ORIGIN("https://login.example.com")], true),
        (&[ORIGIN("http://app.example.com")], true),
        (&[ORIGIN("https://app.example.com:8443")], true),
        (&[ORIGIN("null")], true),
        (&[ORIGIN(own), ORIGIN("null")], true),
        (&[ORIGIN("null"), ORIGIN(own)], true),
        (&[ORIGIN("https://app.example.com, null")], true),
    ] {
        let original = |method| [&[URL, ("x-original-method", method)], more].concat();
        let forwarded =
            |method| [&[("x-forwarded-method", method), PROTO, HOST, URI], more].concat();
        let expected = if is_forgery {
            Decision::Forbid
        } else {
            Decision::Pass
        };
        for headers in [
            &original as &dyn Fn(&'static str) -> Vec<(&'static str, &'static str)>,
            &forwarded,
        ] {
            for method in [
                "POST", "PUT", "DELETE", "PATCH", "CONNECT", "BREW", "post", "get",
            ] {
                let logged_in = ask("GET", &headers(method), Visitor::LoggedIn);
                assert_eq!(logged_in, expected, "{more:?}");
                let other_user = ask("GET", &headers(method), Visitor::NotPermitted);
                assert_ne!(other_user, Decision::Pass, "{more:?}");
                let logged_out = ask("GET", &headers(method), Visitor::LoggedOut);
                assert_eq!(logged_out, Decision::Refuse, "{more:?}");
            }
            for method in ["GET", "HEAD", "OPTIONS", "TRACE"] {
                let headers = headers(method);
                assert_eq!(
                    ask("GET", &headers, Visitor::LoggedIn),
                    Decision::Pass,
                    "{more:?}"
                );
                for socket in SOCKETS {
                    let headers = [&headers, socket].concat();
                    assert_eq!(
                        ask("GET", &headers, Visitor::LoggedIn),
                        expected,
                        "{headers:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_scheme_of_a_websocket_is_that_of_its_page() {
    for (socket, page) in [
        ("wss", "https"),
        ("WSS", "https"),
        ("ws", "http"),
        ("Ws", "http"),
    ] {
        let original = |scheme| format!("{scheme}://app.example.com/a?b=1&c=2");
        let (socket_url, page_url) = (original(socket), original(page));
        for [one, other] in [
            [
                &[("x-original-url", &*socket_url)][..],
                &[("x-original-url", &*page_url)],
            ],
            [
                &[METHOD, ("x-forwarded-proto", socket), HOST, URI],
                &[METHOD, ("x-forwarded-proto", page), HOST, URI],
            ],
        ] {
            for more in [HTML, SOCKETS[1][0], ORIGIN("https://app.example.com")] {
                for visitor in VISITORS {
                    let [one, other] = [one, other].map(|it| [it, &[more]].concat());
                    assert_eq!(ask("GET", &one, visitor), ask("GET", &other, visitor));
                }
            }
        }
    }
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
        "https://app.example.com/a\\b",
        "https://127.1/",
        "https://[::1]:8443/",
        &format!("https://app.example.com/{}", "a".repeat(4096)),
    ] {
        let headers = [("x-original-url", address), HTML];
        let answer = |visitor| ask("GET", &headers, visitor);
        assert_eq!(answer(Visitor::LoggedIn), Decision::Pass, "{address}");
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
    assert_eq!(ask("GET", &evil, Visitor::LoggedIn), Decision::Pass);
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
        ftp://app.example.com/ xhttps://app.example.com/"
        .split(' ')
        .chain(["", "https://a b/", "https://app.example.com/a b", "x https://app.example.com/"])
        .chain(["https://app.exa\tmple.com/", "https://app.example.com/\t"])
    {
        assert_is_no_question(&[("x-original-url", address)]);
    }
    for proto in [
        "",
        "ftp",
        "wsss",
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
