//! The texts of the pages, and the choice of a language for a visitor.

mod english;
mod simplified_chinese;
mod traditional_chinese;

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use time::{UtcOffset, format_description::StaticFormatDescription};

use self::{
    english::ENGLISH, simplified_chinese::SIMPLIFIED_CHINESE,
    traditional_chinese::TRADITIONAL_CHINESE,
};
use super::{
    accept::weighted,
    username::{MAX_CHARS, UsernameError},
};

const _: () = assert!(MAX_CHARS == 64, "the words say 64");

/// All texts of the pages, in one language. A language that lacks one does not compile.
///
/// Handlers extract a `&'static Words` in the language that the visitor prefers.
pub(super) struct Words {
    /// The language tag (BCP 47).
    pub(super) tag: &'static str,
    /// The text directly before the name.
    pub(super) logged_in_as: &'static str,
    /// The text directly before the time.
    pub(super) logged_in_at: &'static str,
    /// The time zone of most readers of the language, or UTC if they have no common one. The
    /// visitor's own is unknown, because the pages have no script.
    pub(super) utc_offset: UtcOffset,
    /// The format of a time in that time zone.
    pub(super) time: StaticFormatDescription,
    pub(super) click_to_log_out: &'static str,
    pub(super) not_logged_in: &'static str,
    pub(super) click_to_log_in: &'static str,
    pub(super) log_in: &'static str,
    pub(super) switch_user: &'static str,
    pub(super) username: &'static str,
    pub(super) any_name_will_do: &'static str,
    pub(super) greets_by_name: &'static str,
    /// Explains why a username was refused, and what to change.
    pub(super) username_refused: fn(UsernameError) -> String,
    /// The text directly before the title of a form that is shown again with an error.
    pub(super) error: &'static str,
    pub(super) go_home: &'static str,
    /// The question to a visitor whose logout another site may have caused.
    pub(super) really_log_out: &'static str,
    pub(super) another_site_asked: &'static str,
    pub(super) log_out: &'static str,
    pub(super) errors: Errors,
}

/// The texts of the error pages.
pub(super) struct Errors {
    bad_request: Explanation,
    forbidden: Explanation,
    not_found: Explanation,
    method_not_allowed: Explanation,
    request_timeout: Explanation,
    content_too_large: Explanation,
    unsupported_media_type: Explanation,
    unprocessable_content: Explanation,
    internal_server_error: Explanation,
    service_unavailable: Explanation,
    insufficient_storage: Explanation,
}

/// The text of an error page.
pub(super) struct Explanation {
    pub(super) what_happened: &'static str,
    pub(super) what_to_do: &'static str,
}

impl Errors {
    /// Returns the explanation of an error status.
    pub(super) fn of(&self, status: StatusCode) -> &Explanation {
        match status {
            StatusCode::FORBIDDEN => &self.forbidden,
            StatusCode::NOT_FOUND => &self.not_found,
            StatusCode::METHOD_NOT_ALLOWED => &self.method_not_allowed,
            StatusCode::REQUEST_TIMEOUT => &self.request_timeout,
            StatusCode::PAYLOAD_TOO_LARGE => &self.content_too_large,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => &self.unsupported_media_type,
            StatusCode::UNPROCESSABLE_ENTITY => &self.unprocessable_content,
            StatusCode::SERVICE_UNAVAILABLE => &self.service_unavailable,
            StatusCode::INSUFFICIENT_STORAGE => &self.insufficient_storage,
            // The transfer coding of the client is at fault.
            StatusCode::NOT_IMPLEMENTED => &self.bad_request,
            status if status.is_client_error() => &self.bad_request,
            _ => &self.internal_server_error,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for &'static Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(negotiate(parts.headers.get_all(header::ACCEPT_LANGUAGE)))
    }
}

/// Returns the available language that the visitor prefers, or else Traditional Chinese, the
/// language of the original application. This is the lookup of RFC 4647 §3.4, which skips `*`.
pub(super) fn negotiate<'a>(
    accept_language: impl IntoIterator<Item = &'a HeaderValue>,
) -> &'static Words {
    weighted(accept_language)
        .filter(|(_, weight)| *weight > 0)
        .filter_map(|(range, weight)| Some((look_up(range)?, weight)))
        // Of equal weights the first wins.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map_or(&TRADITIONAL_CHINESE, |(words, _)| words)
}

/// Returns the language that a language range asks for, if it is available.
fn look_up(range: &str) -> Option<&'static Words> {
    // A single character begins extensions or private use (RFC 5646 §2.2.6, §2.2.7).
    let mut subtags = range.split('-').take_while(|subtag| subtag.len() > 1);
    let language = subtags.next()?;
    if language.eq_ignore_ascii_case("en") {
        return Some(&ENGLISH);
    }
    if !language.eq_ignore_ascii_case("zh") {
        return None;
    }
    let has_subtag = |names: &[&str]| {
        let mut subtags = subtags.clone();
        subtags.any(|subtag| names.iter().any(|name| subtag.eq_ignore_ascii_case(name)))
    };
    // The script, if given, counts more than the region.
    if has_subtag(&["Hant"]) || (!has_subtag(&["Hans"]) && has_subtag(&["TW", "HK", "MO"])) {
        Some(&TRADITIONAL_CHINESE)
    } else {
        Some(&SIMPLIFIED_CHINESE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(lines: &[&str]) -> &'static str {
        let lines: Vec<_> = lines
            .iter()
            .map(|line| HeaderValue::from_bytes(line.as_bytes()).expect("a header"))
            .collect();
        super::negotiate(&lines).tag
    }

    #[test]
    fn each_range_selects_a_language_or_none() {
        for (range, tag) in [
            ("zh-TW", "zh-Hant"),
            ("zh-HK", "zh-Hant"),
            ("zh-MO", "zh-Hant"),
            ("zh-Hant", "zh-Hant"),
            ("zh-Hant-HK", "zh-Hant"),
            ("zh-Hant-CN", "zh-Hant"),
            ("ZH-hant-tw", "zh-Hant"),
            ("zh-yue-HK", "zh-Hant"),
            ("zh", "zh-Hans"),
            ("zh-CN", "zh-Hans"),
            ("zh-SG", "zh-Hans"),
            ("zh-MY", "zh-Hans"),
            ("zh-Hans", "zh-Hans"),
            ("zh-Hans-TW", "zh-Hans"),
            ("zh-TW-Hans", "zh-Hans"),
            ("zh-cmn-Hans-CN", "zh-Hans"),
            ("zh-x-hant", "zh-Hans"),
            ("en", "en"),
            ("EN-gb", "en"),
            ("en-US-u-hc-h12", "en"),
            ("en-Hant", "en"),
        ] {
            // French is not available, so it must change nothing.
            assert_eq!(negotiate(&[range, "fr"]), tag, "{range}");
            assert_eq!(super::look_up(range).unwrap().tag, tag, "{range}");
        }
        for range in ["", "*", "-", "e", "fr", "fr-TW", "x-en", "english", "zho"] {
            assert!(look_up(range).is_none(), "{range}");
        }
    }

    #[test]
    fn the_highest_weight_wins_and_then_the_first_item() {
        for (line, tag) in [
            ("en, zh-TW", "en"),
            ("zh-TW, en", "zh-Hant"),
            ("zh-TW;q=0.8, en", "en"),
            ("zh-TW;q=0.8, en;q=0.7, zh-CN;q=0.9", "zh-Hans"),
            ("fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "en"),
            ("en;q=0.5, zh;q=0.501", "zh-Hans"),
            ("en ; q=0.5\t,\tzh ; Q=0.6", "zh-Hans"),
            ("en;q=0.001", "en"),
            ("en;q=1.000", "en"),
            ("*;q=1, en;q=0.5", "en"),
            (",, en ,", "en"),
            ("en;", "en"),
            ("en;v=1;q=0.5", "en"),
        ] {
            assert_eq!(negotiate(&[line]), tag, "{line}");
        }
        assert_eq!(negotiate(&["fr, zh;q=0.5", "en;q=0.6"]), "en");
        let late = ",".repeat(31) + "en";
        assert_eq!(negotiate(&[&late]), "en");
    }

    #[test]
    fn traditional_chinese_is_the_default() {
        assert_eq!(negotiate(&[]), "zh-Hant");
        for line in [
            "",
            "*",
            "fr",
            "en;q=0",
            "en;q=0.000",
            "zh;q=0, en;q=0",
            "en;q=2",
            "en;q=1.001",
            "en;q=0.0001",
            "en;q=.5",
            "en;q=+1",
            "en;q=1e-1",
            "en;q=-1",
            "en;q=NaN",
            "en;q=",
            "en;q=0.x",
            "en_US",
            ";q=1",
            "en, zh\u{e9}",
            &(",".repeat(32) + "en"),
        ] {
            assert_eq!(negotiate(&[line]), "zh-Hant", "{line}");
        }
    }
}
