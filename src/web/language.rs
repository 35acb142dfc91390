//! The words on the pages, and in which language a visitor reads them.

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

/// Every word on the pages, in one language. A language that lacks one does not compile.
///
/// Handlers ask for a `&'static Words`, and get the language that the visitor reads.
pub(super) struct Words {
    /// The language, as BCP 47 writes it.
    pub(super) tag: &'static str,
    /// What stands directly before the name.
    pub(super) logged_in_as: &'static str,
    /// What stands directly before the time.
    pub(super) logged_in_at: &'static str,
    /// The time zone in which most of those who read the language live, or UTC where that is none.
    /// Without a script, that of the visitor is not known.
    pub(super) utc_offset: UtcOffset,
    /// How a time there is written.
    pub(super) time: StaticFormatDescription,
    pub(super) click_to_log_out: &'static str,
    pub(super) not_logged_in: &'static str,
    pub(super) click_to_log_in: &'static str,
    pub(super) log_in: &'static str,
    pub(super) switch_user: &'static str,
    pub(super) username: &'static str,
    pub(super) any_name_will_do: &'static str,
    pub(super) greets_by_name: &'static str,
    /// What to change about a username.
    pub(super) username_refused: fn(UsernameError) -> String,
    /// What stands directly before the title of a form that is shown again.
    pub(super) error: &'static str,
    pub(super) go_home: &'static str,
    /// What to do before who came from another site is logged out.
    pub(super) really_log_out: &'static str,
    pub(super) another_site_asked: &'static str,
    pub(super) log_out: &'static str,
    pub(super) errors: Errors,
}

/// What the error pages say.
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

/// What a visitor wants to know about an error.
pub(super) struct Explanation {
    pub(super) what_happened: &'static str,
    pub(super) what_to_do: &'static str,
}

impl Errors {
    /// What there is to say about a response with this status, which is an error's.
    pub(super) fn explain(&self, status: StatusCode) -> &Explanation {
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

/// The language that the visitor likes best of those that there are, and that of the original
/// application for everybody else: a lookup as in RFC 4647 §3.4, in which `*` asks for nothing in
/// particular.
pub(super) fn negotiate<'a>(
    accept_language: impl IntoIterator<Item = &'a HeaderValue>,
) -> &'static Words {
    weighted(accept_language)
        .filter(|(_, weight)| *weight > 0)
        .filter_map(|(range, weight)| Some((look_up(range)?, weight)))
        // Of two that are liked as much, the one that is named first.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map_or(&TRADITIONAL_CHINESE, |(words, _)| words)
}

/// The language that a language range stands for.
fn look_up(range: &str) -> Option<&'static Words> {
    // After a single character come extensions and private agreements (RFC 5646 §2.2.6).
    let mut subtags = range.split('-').take_while(|subtag| subtag.len() > 1);
    let language = subtags.next()?;
    if language.eq_ignore_ascii_case("en") {
        return Some(&ENGLISH);
    }
    if !language.eq_ignore_ascii_case("zh") {
        return None;
    }
    let says = |names: &[&str]| {
        let mut subtags = subtags.clone();
        subtags.any(|subtag| names.iter().any(|name| subtag.eq_ignore_ascii_case(name)))
    };
    // What is said of the script counts more than what is known of the place.
    if says(&["Hant"]) || !says(&["Hans"]) && says(&["TW", "HK", "MO"]) {
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
    fn each_range_stands_for_a_language_or_for_none() {
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
            // French, because nothing is in French.
            assert_eq!(negotiate(&[range, "fr"]), tag, "{range}");
            assert_eq!(super::look_up(range).unwrap().tag, tag, "{range}");
        }
        for range in ["", "*", "-", "e", "fr", "fr-TW", "x-en", "english", "zho"] {
            assert!(look_up(range).is_none(), "{range}");
        }
    }

    #[test]
    fn the_language_that_is_liked_best_counts_and_then_the_first() {
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
    fn without_a_wish_that_can_be_met_it_is_the_originals() {
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
