//! Reads and writes the pages' own cookies, which hold no secret and begin no session.

use std::iter;

use axum::http::{HeaderMap, HeaderValue, header};
use memchr::{memchr, memchr_iter};

use crate::{public_url::Origins, users::KNOWN_BROWSER_MAX_AGE};

/// Returns the values of all cookies with this name. A value keeps white space at its end.
pub(in crate::web) fn values<'a>(
    headers: &'a HeaderMap,
    name: &str,
) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let starts_of_pairs = lines.flat_map(|line| {
        let line = line.as_bytes();
        let starts = iter::once(0).chain(memchr_iter(b';', line).map(|end| end + 1));
        starts.map(move |start| line[start..].trim_ascii_start())
    });
    // The end of a value is looked for only where the name matches: a line may have kilobytes.
    starts_of_pairs.filter_map(move |rest| {
        let value = rest.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        let end = memchr(b';', value).unwrap_or(value.len());
        str::from_utf8(&value[..end]).ok()
    })
}

/// Returns the `Set-Cookie` that keeps a value for `max_age` seconds. With 0 it removes the cookie.
pub(in crate::web) fn set(
    name: &'static str,
    value: &str,
    max_age: u32,
    is_https: bool,
) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Lax; Max-Age={max_age}");
    #[expect(
        clippy::expect_used,
        reason = "fails only for control characters and non-ASCII, and all parts are our literals, \
                  base64url and numbers"
    )]
    HeaderValue::try_from(cookie).expect("a Set-Cookie of visible ASCII")
}

/// The name of the cookie of a browser that has logged in before: strangers cannot make it wait.
const KNOWN_BROWSER: &str = "known_browser";

/// Returns the values of the cookie in a request.
pub(in crate::web) fn known_browsers(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    values(headers, KNOWN_BROWSER)
}

/// Returns the `Set-Cookie` of a login. It has no `Domain`, and stays when the visitor logs out. Only the
/// login form needs it, so `Path` keeps it away from all other requests.
pub(in crate::web) fn set_known_browser(value: &str, origins: &Origins) -> Option<HeaderValue> {
    let secure = if origins.is_https() { "; Secure" } else { "" };
    let cookie = format!(
        "{KNOWN_BROWSER}={value}; Path=/login; HttpOnly{secure}; SameSite=Lax; \
         Max-Age={KNOWN_BROWSER_MAX_AGE}"
    );
    // A value is base64url and digits, so that this does not fail.
    HeaderValue::try_from(cookie).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_exact_name_in_all_headers() {
        let mut headers = HeaderMap::new();
        for line in [
            "a=1; language=en;language=zh-Hans ; xlanguage=x",
            "language=",
            "language",
        ] {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        let binary = HeaderValue::from_bytes(b"language=\xff; language=last").expect("a header");
        headers.append(header::COOKIE, binary);
        let found: Vec<_> = values(&headers, "language").collect();
        assert_eq!(found, ["en", "zh-Hans ", "", "last"]);
    }
}
