//! What pages consist of beside HTML: the style sheet.

use std::sync::LazyLock;

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("../../templates/style.css");

/// Where the style sheet is. A hash of its text is in the path: another text has another URL, so
/// that browsers may keep each for ever.
pub(super) fn style_path() -> &'static str {
    static PATH: LazyLock<String> = LazyLock::new(|| {
        let hash = BASE64URL.encode(Sha256::digest(STYLE));
        format!("/style.{}.css", &hash[..16])
    });
    &PATH
}

/// GET the style sheet.
pub(super) async fn style() -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE)
}
