//! The two cookies of the pages themselves. They hold no secret and begin no session: the language
//! that a visitor chose, and that they have just logged out.

use axum::http::{HeaderMap, HeaderValue, header};

/// Returns the values of all cookies with this name.
pub(super) fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| {
            let pair = pair.trim_ascii_start();
            let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            str::from_utf8(value).ok()
        })
}

/// Returns the `Set-Cookie` that keeps a value for `max_age` seconds. With 0 it removes the cookie.
///
/// # Panics
///
/// Panics if the name or the value has characters that a header must not have. They are ours.
pub(super) fn set(name: &str, value: &str, max_age: u32, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/{secure}; SameSite=Lax; Max-Age={max_age}");
    #[expect(clippy::expect_used, reason = "our own names, tags and numbers")]
    HeaderValue::try_from(cookie).expect("a Set-Cookie of visible ASCII")
}
