//! Leads a visitor back to the site that sent them to the login page.
//!
//! After a login, and after a cookie was renewed, the visitor first comes to the login page once more.
//! It sends them on if the browser kept the cookie. Otherwise it says so: the other site would only
//! send them here again, and so on.

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_SECURITY_POLICY},
    response::{IntoResponse as _, Redirect, Response},
};
use url::form_urlencoded;

use super::{
    current_user::CurrentUser,
    error::AppError,
    headers,
    language::{Language, Words},
    page::page,
    return_to::ReturnTo,
};

/// The parameter that says that the browser has just been sent a cookie.
const HAS_COOKIE: &str = "cookie";

/// Explains to a visitor that their browser did not keep the cookie.
#[derive(Template)]
#[template(path = "way_back.html")]
struct NoCookiePage<'a> {
    words: &'static Words,
    query: &'a str,
    return_to: &'a ReturnTo,
}

/// Returns the response to a login: to the login page, and from there on.
pub(super) fn after_login(return_to: &ReturnTo) -> Response {
    let location = format!("/login?{}&{HAS_COOKIE}=set", return_to.query());
    Redirect::to(&location).into_response()
}

/// Returns where a visitor of the login page is to go instead. Returns `None` if they have to log in.
///
/// `query` is that of the request.
pub(super) fn instead_of_form(
    return_to: &ReturnTo,
    query: &str,
    language: &Language,
    user: &CurrentUser,
) -> Result<Option<Response>, AppError> {
    let should_have_cookie =
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == HAS_COOKIE);
    let is_logged_in = user.username().is_some();
    // The response to this request has the new cookie. The next one shows if the browser kept it.
    let is_being_renewed = user.is_being_renewed();
    match (is_logged_in, should_have_cookie) {
        (true, _) if !is_being_renewed => {
            Ok(Some(Redirect::to(return_to.as_str()).into_response()))
        }
        (true, false) => Ok(Some(after_login(return_to))),
        (_, true) => {
            let content = NoCookiePage {
                words: language.words,
                query: &format!("{}&{HAS_COOKIE}=set&", return_to.query()),
                return_to,
            };
            Ok(Some(page(language.words, &content)?))
        }
        (false, false) => Ok(None),
    }
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
