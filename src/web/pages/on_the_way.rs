//! The pages for a visitor on the way to the site that they came from.

use askama::Template;
use axum::response::Response;

use super::{
    error_page::AppError,
    language::{Explanation, Words},
    page,
};
use crate::web::forward_auth::{
    return_to::ReturnTo,
    way_back::{self, Sent},
};

/// Sends the visitor on, without a script.
#[derive(Template)]
#[template(path = "on_the_way.html")]
struct OnTheWayPage<'a> {
    words: &'static Words,
    query: &'a str,
    heading: &'a str,
    return_to: &'a ReturnTo,
}

/// Explains why the visitor cannot get on.
#[derive(Template)]
#[template(path = "stuck.html")]
struct StuckPage<'a> {
    words: &'static Words,
    query: &'a str,
    explanation: &'static Explanation,
    /// The target of the link with which they can try again.
    again: &'a str,
}

/// Sends the visitor on after the login.
pub(super) fn on(words: &'static Words, return_to: &ReturnTo) -> Result<Response, AppError> {
    let content = OnTheWayPage {
        words,
        query: &format!("{}&", way_back::query(Some(return_to), Sent::Set)),
        heading: words.now_logged_in.as_str(),
        return_to,
    };
    Ok(page(words, &content)?)
}

/// Sends the visitor on after the logout.
pub(super) fn after_logout(
    words: &'static Words,
    return_to: &ReturnTo,
) -> Result<Response, AppError> {
    let content = OnTheWayPage {
        words,
        query: &format!("{}&", return_to.query()),
        // That of the home page ends with a comma that leads to a link.
        heading: words.not_logged_in.as_str().trim_end_matches(','),
        return_to,
    };
    Ok(page(words, &content)?)
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
pub(super) fn no_cookie(
    words: &'static Words,
    return_to: Option<&ReturnTo>,
    sent: Sent,
) -> Result<Response, AppError> {
    let again = return_to.map_or_else(
        || "/login".to_owned(),
        |return_to| format!("/login?{}", return_to.query()),
    );
    Ok(page(
        words,
        &StuckPage {
            words,
            query: &format!("{}&", way_back::query(return_to, sent)),
            explanation: &words.no_cookie,
            again: &again,
        },
    )?)
}
