//! Leads a visitor back to the site that sent them to the login page.
//!
//! After a login, and after a cookie was renewed, the visitor first comes to the login page once more.
//! It sends them on if the browser kept the cookie. Otherwise it says so: the other site would only
//! send them here again, and so on.

use askama::Template;
use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue,
        header::{CONTENT_SECURITY_POLICY, SET_COOKIE},
    },
    response::{IntoResponse as _, Redirect, Response},
};
use url::form_urlencoded;

use super::{
    circles,
    current_user::CurrentUser,
    error::AppError,
    headers,
    language::{Explanation, Language, Words},
    page::page,
    return_to::ReturnTo,
};

/// The parameter that says that the browser has just been sent a cookie.
const HAS_COOKIE: &str = "cookie";

/// Explains to a visitor why they do not get on.
#[derive(Template)]
#[template(path = "way_back.html")]
struct StuckPage<'a> {
    words: &'static Words,
    query: &'a str,
    explanation: &'static Explanation,
    /// The target of the link with which they can try again.
    again: &'a str,
}

/// Returns the response to a login: to the login page, and from there on.
pub(super) fn after_login(return_to: &ReturnTo) -> Response {
    let location = format!("/login?{}&{HAS_COOKIE}=set", return_to.query());
    Redirect::to(&location).into_response()
}

/// Returns where a visitor of the login page is to go instead. Returns `None` if they have to log in.
pub(super) fn instead_of_form(
    return_to: &ReturnTo,
    request: &Request,
    language: &Language,
    user: &CurrentUser,
) -> Result<Option<Response>, AppError> {
    let query = request.uri().query().unwrap_or_default();
    let should_have_cookie =
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == HAS_COOKIE);
    let is_logged_in = user.username().is_some();
    // The response to this request has the new cookie. The next one shows if the browser kept it.
    let is_being_renewed = user.is_being_renewed();
    let response = match (is_logged_in, should_have_cookie) {
        (true, true) if !is_being_renewed => to(return_to),
        (true, false) if !is_being_renewed => to_once_more(return_to, request.headers(), language)?,
        (true, false) => after_login(return_to),
        (_, true) => no_cookie(return_to, language)?,
        (false, false) => return Ok(None),
    };
    Ok(Some(response))
}

fn to(return_to: &ReturnTo) -> Response {
    Redirect::to(return_to.as_str()).into_response()
}

/// Sends a visitor on who has been logged in for a while, unless the other site always sends them back.
fn to_once_more(
    return_to: &ReturnTo,
    headers: &HeaderMap,
    language: &Language,
) -> Result<Response, AppError> {
    if let Some(cookie) = circles::count(headers, return_to) {
        let mut response = to(return_to);
        response.headers_mut().append(SET_COOKIE, cookie);
        return Ok(response);
    }
    tracing::warn!(
        host = return_to.host(),
        "a site sends a visitor who is logged in to the login page again and again: does its proxy pass \
         the cookies on to /auth, of a node with the same keys and users?"
    );
    let content = StuckPage {
        words: language.words,
        query: &format!("{}&", return_to.query()),
        explanation: &language.words.sent_in_circles,
        again: return_to.as_str(),
    };
    Ok(page(language.words, &content)?)
}

/// Explains to a visitor that their browser did not keep the cookie.
fn no_cookie(return_to: &ReturnTo, language: &Language) -> Result<Response, AppError> {
    let query = return_to.query();
    let content = StuckPage {
        words: language.words,
        query: &format!("{query}&{HAS_COOKIE}=set&"),
        explanation: &language.words.no_cookie,
        again: &format!("/login?{query}"),
    };
    Ok(page(language.words, &content)?)
}

/// Allows the form of a page to lead to the site that the visitor came from. Chromium applies the
/// policy to the redirects after a form, too.
pub(super) fn allow_form_target(page: &mut Response, return_to: &ReturnTo) {
    let policy = headers::policy_for_form_to(&return_to.origin());
    // An origin is ASCII, so that this does not fail.
    if let Ok(policy) = HeaderValue::try_from(policy) {
        page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
}
