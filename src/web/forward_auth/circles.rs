//! Notices when a site always sends a visitor who is logged in to the login page again.

use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use sha2::{Digest as _, Sha256};

use super::return_to::ReturnTo;
use crate::web::gate::cookies;

/// The name of the cookie that notices circles. The login page sends a visitor who is logged in back to the
/// site that they came from. If that does not see the session, because its proxy passes on no cookie or asks
/// a Signet with other keys, it sends them here again. The cookie counts how often the same address came in
/// a row.
const SENT_BACK: &str = "sent_back";

/// How long the cookie is kept, in seconds. A round takes a browser less than one.
const SENT_BACK_AGE: u32 = 10;

/// How often a visitor is sent to the same address in a row. Browsers give up after 20 redirects, and a
/// round has two.
const MOST_ROUNDS: u8 = 5;

/// Returns the `Set-Cookie` that counts one more time, or `None` if it was often enough.
pub(super) fn count_round(headers: &HeaderMap, return_to: &ReturnTo) -> Option<HeaderValue> {
    let mut digest = BASE64URL.encode(Sha256::digest(return_to.as_str()));
    digest.truncate(16);
    let times = cookies::values(headers, SENT_BACK)
        .filter_map(|value| value.strip_prefix(&digest)?.strip_prefix('.'))
        .find_map(|times| times.parse::<u8>().ok())
        .unwrap_or(0);
    (times < MOST_ROUNDS).then(|| {
        let value = format!("{digest}.{}", times + 1);
        cookies::set(SENT_BACK, &value, SENT_BACK_AGE, return_to.is_https())
    })
}
