//! The page for a visitor who cannot get on to the site that they came from.

use askama::Template;
use axum::response::Response;

use super::{
    error_page::AppError,
    language::{Explanation, Words},
    page::page,
};
use crate::web::forward_auth::{return_to::ReturnTo, way_back};

#[derive(Template)]
#[template(path = "stuck.html")]
struct StuckPage<'a> {
    words: &'static Words,
    query: &'a str,
    explanation: &'static Explanation,
    /// The target of the link with which they can try again.
    again: &'a str,
}

/// Explains that the other site always sends the visitor here again.
pub(super) fn in_circles(
    words: &'static Words,
    return_to: &ReturnTo,
) -> Result<Response, AppError> {
    Ok(page(
        words,
        &StuckPage {
            words,
            query: &format!("{}&", return_to.query()),
            explanation: &words.sent_in_circles,
            again: return_to.as_str(),
        },
    )?)
}

/// Explains that the browser did not keep the cookie.
pub(super) fn no_cookie(words: &'static Words, return_to: &ReturnTo) -> Result<Response, AppError> {
    Ok(page(
        words,
        &StuckPage {
            words,
            query: &format!("{}&", way_back::query_after_login(return_to)),
            explanation: &words.no_cookie,
            again: &format!("/login?{}", return_to.query()),
        },
    )?)
}
