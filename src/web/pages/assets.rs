//! The static files that the pages use: the style sheet and the icon.

use std::sync::LazyLock;

use crate::web::gate::headers::RESOURCE_POLICY;
use axum::{
    Router,
    extract::Request,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    routing::get,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use sha2::{Digest as _, Sha256};

use crate::web::gate::host::only_host;

pub(in crate::web) static STYLE: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: format!("/style.{}.css", hash(STYLE_TEXT)),
    content_type: "text/css; charset=utf-8",
    text: STYLE_TEXT,
});

/// A signet ring, drawn for this site.
pub(in crate::web) static ICON: LazyLock<Asset> = LazyLock::new(|| Asset {
    path: format!("/icon.{}.svg", hash(ICON_TEXT)),
    content_type: "image/svg+xml",
    text: ICON_TEXT,
});

const STYLE_TEXT: &str = include_str!("../../../templates/style.css");
const ICON_TEXT: &str = include_str!("../../../templates/icon.svg");

/// A static file.
pub(in crate::web) struct Asset {
    /// The path of its URL. It contains a hash of the text, so a changed text has a new URL, and
    /// browsers may keep each one for ever. It needs no escaping in HTML.
    pub(in crate::web) path: String,
    content_type: &'static str,
    text: &'static str,
}

fn hash(text: &str) -> String {
    let mut hash = BASE64URL.encode(Sha256::digest(text));
    hash.truncate(16);
    hash
}

/// Returns whether `path` is that of an asset.
pub(in crate::web) fn has(path: &str) -> bool {
    [&STYLE, &ICON].iter().any(|asset| asset.path == path)
}

/// Returns whether a request asks for an asset, of whatever host: the error page for a wrong host loads
/// the assets from that host.
pub(in crate::web) fn are_asked_by(request: &Request) -> bool {
    has(request.uri().path()) && only_host(request).is_some()
}

/// Returns the routes of the assets.
pub(in crate::web) fn routes() -> Router {
    [&STYLE, &ICON]
        .into_iter()
        .fold(Router::new(), |router, asset| {
            let headers = [
                (CONTENT_TYPE, asset.content_type),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                // A guarded site may show a page of ours.
                (RESOURCE_POLICY, "same-site"),
            ];
            router.route(&asset.path, get((headers, asset.text)))
        })
}
