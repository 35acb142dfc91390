//! Which cookies of a request are ours, and the `Set-Cookie` that we answer with (RFC 6265bis).

use std::iter;

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use memchr::memchr;

/// Name and value together, in bytes: what RFC 6265bis §5.6 lets a browser keep.
pub(super) const MAX_BYTES: usize = 4096;

/// The session cookie: its name, and the attributes it is set and removed with.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionCookie {
    https: bool,
}

impl SessionCookie {
    /// The cookie for a site that visitors reach over `https`, or over plain http.
    ///
    /// Over https it has the `__Host-` prefix: a browser accepts such a cookie only over https and
    /// from this very host, so neither a neighbouring subdomain nor an attacker on the network can
    /// plant one.
    pub(super) fn new(https: bool) -> Self {
        Self { https }
    }

    pub(super) fn name(self) -> &'static str {
        if self.https {
            "__Host-session"
        } else {
            "session"
        }
    }

    /// The values of all cookies with exactly our name, in any number of `Cookie` headers.
    ///
    /// Works on raw bytes: one bad byte in a neighbour's cookie is no reason to forget ours. Names
    /// are compared as they are, because decoding or trimming them would let `__%48ost-session`,
    /// which any subdomain can set, stand in for `__Host-session`.
    pub(super) fn values(self, headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
        headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|header| split(header.as_bytes()))
            .filter_map(move |pair| {
                let pair = pair.strip_prefix(b" ").unwrap_or(pair);
                pair.strip_prefix(self.name().as_bytes())?
                    .strip_prefix(b"=")
            })
    }

    /// The `Set-Cookie` that makes a browser keep `value` for `max_age` seconds.
    pub(super) fn set(self, value: &str, max_age: i64) -> HeaderValue {
        let name = self.name();
        let secure = if self.https { "Secure; " } else { "" };
        let header =
            format!("{name}={value}; Path=/; {secure}HttpOnly; SameSite=Lax; Max-Age={max_age}");
        #[expect(
            clippy::expect_used,
            reason = "our own literals, a number, and a value in base64url: all visible ASCII"
        )]
        HeaderValue::try_from(header).expect("a Set-Cookie of visible ASCII")
    }

    /// The `Set-Cookie` that makes a browser forget the session, with the attributes it was set
    /// with: with others it would be another cookie, and ours would stay.
    pub(super) fn removal(self) -> HeaderValue {
        self.set("", 0)
    }
}

/// What stands between the semicolons. Browsers send the cookies of every application on a host,
/// which may be kilobytes.
fn split(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(header);
    iter::from_fn(move || {
        let header = rest.take()?;
        let Some(end) = memchr(b';', header) else {
            return Some(header);
        };
        rest = Some(&header[end + 1..]);
        Some(&header[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_values(headers: &[&[u8]], expected: &[&str]) {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(COOKIE, HeaderValue::from_bytes(header).unwrap());
        }
        let found: Vec<_> = SessionCookie::new(true).values(&map).collect();
        let expected: Vec<_> = expected.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_cookie_with_our_name_counts_in_any_number_of_headers() {
        assert_values(
            &[
                b"a=1; __Host-session=one; b=2; __Host-session=two",
                b"__Host-session=three",
            ],
            &["one", "two", "three"],
        );
    }

    #[test]
    fn a_neighbour_that_is_not_utf8_changes_nothing() {
        assert_values(&[b"x=\xff\xfe; __Host-session=one"], &["one"]);
    }

    #[test]
    fn a_missing_space_a_stray_semicolon_and_a_version_are_tolerated() {
        assert_values(&[b";; $Version=1;__Host-session=one;; a;"], &["one"]);
    }

    #[test]
    fn lookalike_names_are_not_ours() {
        for lookalike in [
            &b"__%48ost-session=x"[..],
            b"__host-session=x",
            b"__Host-session =x",
            b"a=1;  __Host-session=x",
            b"a=1; \xa0__Host-session=x",
            b"\"__Host-session\"=x",
            b"__Host-session",
            b"__Host-session2=x",
            b"session=x",
            b"=__Host-session=x",
        ] {
            assert_values(&[lookalike], &[]);
        }
    }
}
