//! What browsers say of how a request came about, beside what it asks for.

use axum::http::{HeaderMap, header};

use crate::public_url::Origins;

/// Whether a browser only fetches this in case somebody asks for it.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        headers.get_all(*name).iter().any(|value| {
            let value = value.as_bytes();
            value
                .get(.."prefetch".len())
                .is_some_and(|start| start.eq_ignore_ascii_case(b"prefetch"))
        })
    })
}

/// Whether a link or form on another site led here, as far as the headers tell.
///
/// For GET, which a cookie that is `SameSite=Lax` travels with: the csrf layer lets every GET pass.
pub(super) fn is_from_another_site(headers: &HeaderMap, origins: &Origins) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().peekable();
    if sites.peek().is_some() {
        return !sites.all(|site| site == "same-origin" || site == "none");
    }
    // Browsers from before 2023 do not say so, but may say where they come from.
    [header::ORIGIN, header::REFERER].iter().any(|name| {
        let mut urls = headers.get_all(name).iter();
        urls.any(|url| !url.to_str().is_ok_and(|url| origins.is_our_url(url)))
    })
}
