//! The question before a logout that a page of ours did not cause.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header::REFERER},
    response::Response,
};
use url::Url;

use super::{
    error_page::AppError,
    language::{Language, Words},
    page,
};
use crate::{
    cookie_domain::CookieDomain,
    web::{
        forward_auth::return_to::{Destinations, ReturnTo},
        gate::{cross_site::is_from_a_sibling, notes::Notes, refusal::RequestRefusal},
        username::Username,
    },
};

/// Which site's link led to the question.
#[derive(Clone, Copy)]
pub(super) enum Asker<'a> {
    /// One that shares the session with us, below this domain.
    Site(Option<&'a CookieDomain>),
    /// Any other.
    Anybody,
}

/// Asks the visitor to confirm a logout that a page of ours did not cause.
#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    words: &'static Words,
    query: &'a str,
    heading: String,
    username: Username<'a>,
    /// Is true if a site that is none of the operator's may have caused it.
    may_be_a_trick: bool,
    /// Where the visitor goes after the logout, if not to the home page.
    return_to: Option<&'a ReturnTo>,
}

/// Asks the visitor. If the link may be a trick, that is a refusal (403).
pub(super) fn ask(
    language: &Language,
    username: Username<'_>,
    asker: Asker<'_>,
    return_to: Option<&ReturnTo>,
) -> Result<Response, AppError> {
    let words = language.words;
    let may_be_a_trick = matches!(asker, Asker::Anybody);
    let content = LogoutPage {
        words,
        query: &language.query,
        heading: match asker {
            Asker::Site(Some(domain)) => {
                let [before, after] = words.log_out_of_all_sites;
                format!("{before}{domain}{after}")
            }
            Asker::Site(None) | Asker::Anybody => words.really_log_out.to_string(),
        },
        username,
        may_be_a_trick,
        return_to,
    };
    let mut response = page(words, &content)?;
    if may_be_a_trick {
        if !language.is_chosen {
            tracing::info!(
                "logout not performed: the request did not come from a link on our pages"
            );
        }
        *response.status_mut() = StatusCode::FORBIDDEN;
        Notes::of(&mut response).refusal = Some(RequestRefusal::CrossSite);
    }
    Ok(response)
}

/// Returns whether the visitor followed a link on another site below the cookie domain.
pub(super) fn is_link_of_a_site(headers: &HeaderMap, destinations: &Destinations) -> bool {
    let referers: Vec<_> = headers.get_all(REFERER).iter().collect();
    let is_below = |url: &&HeaderValue| {
        let url = url.to_str().ok().and_then(|it| Url::parse(it).ok());
        url.is_some_and(|url| {
            destinations
                .host_of_origin(&url.origin().ascii_serialization())
                .is_some()
        })
    };
    // A page can suppress its `Referer`.
    destinations.cookie_domain().is_some()
        && match is_from_a_sibling(headers) {
            Some(is_sibling) => is_sibling && referers.iter().all(is_below),
            None => !referers.is_empty() && referers.iter().all(is_below),
        }
}
