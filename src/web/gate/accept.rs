//! Parses `Accept` and `Accept-Language`, by which a client asks for a kind of response, and tells whether
//! it asks for a page.

use std::{cmp::Reverse, iter};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// The most items of a header that are read. Browsers send fewer than ten.
const MAX_ITEMS: usize = 32;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Returns the items of a header, each with its weight in thousandths (RFC 9110 §12.4.2). Skips
/// malformed items, lines that are not ASCII, and all items after the first [`MAX_ITEMS`].
pub(in crate::web) fn weighted<'a>(
    lines: impl IntoIterator<Item = &'a HeaderValue>,
) -> impl Iterator<Item = (&'a str, u16)> {
    lines
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .take(MAX_ITEMS)
        .filter_map(|item| {
            let Some((wanted, parameters)) = item.split_once(';') else {
                return Some((item.trim_ascii(), 1000));
            };
            let weight = parameters.split(';').find_map(|parameter| {
                let (name, value) = parameter.trim_ascii().split_once('=')?;
                name.eq_ignore_ascii_case("q").then_some(value)
            });
            Some((
                wanted.trim_ascii(),
                weight.map_or(Some(1000), parse_weight)?,
            ))
        })
}

/// Returns whether a browser fetches a page: it says so in `Sec-Fetch-Mode`, or without that header
/// accepts HTML. Browsers from before 2023 send no fetch metadata, and none does over plain http.
pub(in crate::web) fn is_for_page(headers: &HeaderMap) -> bool {
    if headers.contains_key(SEC_FETCH_MODE) {
        return is_navigation(headers);
    }
    weighted(headers.get_all(header::ACCEPT))
        .any(|(range, weight)| weight > 0 && range.eq_ignore_ascii_case("text/html"))
}

/// Returns whether a browser says that it will show the response as a page.
pub(in crate::web) fn is_navigation(headers: &HeaderMap) -> bool {
    let mut modes = headers.get_all(SEC_FETCH_MODE).iter().peekable();
    modes.peek().is_some() && modes.all(|mode| mode == "navigate")
}

/// A kind of response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum MediaType {
    /// `text/html`
    Html,
    /// `application/json`
    Json,
    /// `text/plain`
    Text,
}

/// Returns the kind of response that `Accept` prefers (RFC 9110 §12.5.1). HTML wins a tie.
pub(in crate::web) fn preferred(accept: &[HeaderValue]) -> MediaType {
    let rank = |media_type: &str| {
        let ranges = weighted(accept).enumerate();
        ranges
            .filter_map(|(place, (range, weight))| {
                Some((specificity(range, media_type)?, Reverse(place), weight))
            })
            // The most specific range decides.
            .max()
            .filter(|(_, _, weight)| *weight > 0)
            .map(|(specificity, place, weight)| (weight, specificity, place))
    };
    let json = rank("application/json");
    let text = rank("text/plain");
    if rank("text/html") >= json.max(text) {
        MediaType::Html
    } else if json > text {
        MediaType::Json
    } else {
        MediaType::Text
    }
}

/// Returns how specific a media range is, if it matches a media type.
fn specificity(range: &str, media_type: &str) -> Option<u8> {
    if range.eq_ignore_ascii_case(media_type) {
        return Some(2);
    }
    match range.strip_suffix("/*")? {
        "*" => Some(0),
        kind => media_type
            .split('/')
            .next()
            .is_some_and(|ours| ours.eq_ignore_ascii_case(kind))
            .then_some(1),
    }
}

/// Parses a weight from 0 to 1, with three decimals at most, as thousandths.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = decimals.bytes().chain(iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}
