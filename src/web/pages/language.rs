//! The language of a visitor's pages: which one they chose, or their browser prefers.

mod english;
mod links;
mod simplified_chinese;
#[cfg(test)]
mod tests;
mod traditional_chinese;
mod words;

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts},
};
use url::Url;

use self::words::HomeLink;
use self::{
    english::ENGLISH, simplified_chinese::SIMPLIFIED_CHINESE,
    traditional_chinese::TRADITIONAL_CHINESE,
};
pub(in crate::web) use self::{
    links::Links,
    words::{Explanation, FormMessage, Text, Words},
};
use crate::{
    public_url::Origins,
    web::gate::{
        accept::weighted,
        cookies,
        cross_site::{is_from_another_site, is_prefetch},
    },
};

/// The name of the cookie that remembers the language which a visitor chose.
const COOKIE: &str = "language";

/// How long it is kept, in seconds: a year.
const COOKIE_AGE: u32 = 31_536_000;

/// The longest query that is kept, in bytes. Each link to another language repeats it, so that a longer
/// one would make a small request a large page.
const MAX_QUERY_BYTES: usize = 512;

/// All languages, in the order in which the pages offer them.
pub(in crate::web) static ALL: [&Words; 3] = [&TRADITIONAL_CHINESE, &SIMPLIFIED_CHINESE, &ENGLISH];

/// The words of a site with a title or a link of its own.
#[derive(Clone, Copy, Default)]
pub(in crate::web) struct SiteWords(Option<&'static [Words; ALL.len()]>);

impl SiteWords {
    pub(in crate::web) fn new(title: &str, home_url: Option<&Url>) -> Self {
        let title = Text::escaped(title);
        let home_link = home_url.map(|url| HomeLink {
            url: Text::escaped(url.as_str()),
            host: Text::escaped(url.host_str().unwrap_or_default()),
        });
        let all = ALL.map(|words| Words {
            title,
            home_link,
            ..*words
        });
        // Pages have words that live as long as the program.
        Self(Some(Box::leak(Box::new(all))))
    }

    /// Returns the words of the site in the language of these.
    pub(in crate::web) fn of(self, words: &'static Words) -> &'static Words {
        let mut all = self.0.iter().copied().flatten();
        all.find(|it| it.tag == words.tag).unwrap_or(words)
    }
}

impl fmt::Debug for SiteWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SiteWords").finish()
    }
}

/// The language of a response, and how its page links to the other languages.
///
/// A visitor chooses it with `?lang=`, which a cookie then remembers. Otherwise, `Accept-Language`
/// decides.
#[derive(Clone)]
pub(in crate::web) struct Language {
    pub(in crate::web) words: &'static Words,
    /// Is true if the query of this request chose the language.
    pub(in crate::web) is_chosen: bool,
    /// The query of the address without the language, and with an `&` at its end unless it is empty.
    pub(in crate::web) query: String,
}

impl Language {
    pub(in crate::web) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let (chosen, query) = match uri.query() {
            Some(query) if query.len() <= MAX_QUERY_BYTES => {
                (chosen_in(query), without_language(query))
            }
            Some(query) => (chosen_in(query), String::new()),
            None => (None, String::new()),
        };
        let words = chosen
            .or_else(|| cookies::values(headers, COOKIE).find_map(with_tag))
            .unwrap_or_else(|| negotiate(headers));
        Self {
            words,
            is_chosen: chosen.is_some(),
            query,
        }
    }

    /// Lets the handler of a request find its language, and returns the header that remembers it if the
    /// visitor chose it. A link on another site chooses the language of one page only.
    pub(in crate::web) fn hand_on(
        &self,
        request: &mut Request,
        origins: &Origins,
    ) -> Option<(HeaderName, HeaderValue)> {
        request.extensions_mut().insert(self.clone());
        let headers = request.headers();
        let is_own_choice =
            self.is_chosen && !is_prefetch(headers) && !is_from_another_site(headers, origins);
        is_own_choice.then(|| {
            let tag = self.words.tag.as_str();
            let cookie = cookies::set(COOKIE, tag, COOKIE_AGE, origins.is_https());
            (header::SET_COOKIE, cookie)
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The steps around the pages have read it already.
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::of(&parts.uri, &parts.headers)))
    }
}

/// Returns the language that a query chooses, if it chooses one of ours.
fn chosen_in(query: &str) -> Option<&'static Words> {
    let mut languages = query.split('&').filter_map(|it| it.strip_prefix("lang="));
    languages.find_map(with_tag)
}

/// Returns a query without the parameter for the language, ready for another one to follow.
fn without_language(query: &str) -> String {
    let others = query.split('&').filter(|it| !it.is_empty());
    let others = others.filter(|it| *it != "lang" && !it.starts_with("lang="));
    others.flat_map(|it| [it, "&"]).collect()
}

fn with_tag(tag: &str) -> Option<&'static Words> {
    ALL.into_iter().find(|words| words.tag.as_str() == tag)
}

/// Returns the language that the browser prefers (RFC 4647 §3.4). If it asks only for languages that
/// are not available: English. If it asks for none: Traditional Chinese, the language of the original
/// application.
fn negotiate(headers: &HeaderMap) -> &'static Words {
    let mut lines = headers.get_all(header::ACCEPT_LANGUAGE).iter().peekable();
    if lines.peek().is_none() {
        return &TRADITIONAL_CHINESE;
    }
    let mut asks_for_another = false;
    let preferred = weighted(lines)
        .filter(|(_, weight)| *weight > 0)
        .filter_map(|(range, weight)| {
            let words = look_up(range);
            asks_for_another |= words.is_none() && is_language(range);
            Some((words?, weight))
        })
        // Of equal weights the first wins.
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    match preferred {
        Some((words, _)) => words,
        None if asks_for_another => &ENGLISH,
        None => &TRADITIONAL_CHINESE,
    }
}

/// Returns whether a range names a language, and not any (`*`) or none (`und`). All languages in use
/// have two or three letters.
fn is_language(range: &str) -> bool {
    let mut subtags = range.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_word = |it: &str| it.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (2..=3).contains(&language.len())
        && !language.eq_ignore_ascii_case("und")
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|it| (1..=8).contains(&it.len()) && is_word(it))
}

/// Returns the language that a language range asks for, if it is available.
fn look_up(range: &str) -> Option<&'static Words> {
    // A single character begins extensions or private use (RFC 5646 §2.2.6, §2.2.7).
    let mut subtags = range.split('-').take_while(|subtag| subtag.len() > 1);
    let language = subtags.next()?;
    if language.eq_ignore_ascii_case("en") {
        return Some(&ENGLISH);
    }
    // Mandarin and Cantonese are also languages of their own (RFC 5646 §4.1.2).
    let is_cantonese = language.eq_ignore_ascii_case("yue");
    if !["zh", "cmn", "yue"]
        .iter()
        .any(|it| language.eq_ignore_ascii_case(it))
    {
        return None;
    }
    let has_subtag = |names: &[&str]| {
        let mut subtags = subtags.clone();
        subtags.any(|subtag| names.iter().any(|name| subtag.eq_ignore_ascii_case(name)))
    };
    // The script, if given, counts more than the region.
    let is_traditional = if has_subtag(&["Hant", "Hans"]) {
        has_subtag(&["Hant"])
    } else if is_cantonese {
        !has_subtag(&["CN"])
    } else {
        has_subtag(&["TW", "HK", "MO"])
    };
    Some(if is_traditional {
        &TRADITIONAL_CHINESE
    } else {
        &SIMPLIFIED_CHINESE
    })
}
