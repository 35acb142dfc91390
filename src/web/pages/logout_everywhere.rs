//! GET /logout?everywhere=1: asks whether to end all sessions of the user. POST /logout with the field
//! `everywhere=1`: ends them.

use std::convert::Infallible;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, Method, request::Parts},
    response::{IntoResponse as _, Response},
};

use super::{
    error_page::AppError,
    language::{Language, Words},
    page,
};
use crate::{
    public_url::Origins,
    web::{
        gate::{cookies, notes::Notes},
        username::Username,
    },
};
use signet_session::SessionError;

/// The query of the link, as [`Language`] has it. The form has a field of the same name and value.
const QUERY: &str = "everywhere=1&";

/// Asks the visitor.
#[derive(Template)]
#[template(path = "logout_everywhere.html")]
struct LogoutEverywherePage<'a> {
    words: &'static Words,
    query: &'a str,
    username: Username<'a>,
}

/// Asks the visitor. Whoever sent them here, nothing has ended.
pub(super) fn ask(language: &Language, username: Username<'_>) -> Result<Response, AppError> {
    let content = LogoutEverywherePage {
        words: language.words,
        query: &language.query,
        username,
    };
    Ok(page(language.words, &content)?)
}

/// Says that the sessions of the user have not ended, or that it is not known.
pub(super) fn explain(error: SessionError) -> Response {
    let mut response = error.into_response();
    Notes::of(&mut response).question = Some(QUERY);
    response
}

/// The name of the cookie that carries "you are logged out everywhere" to the next page.
const LOGGED_OUT: &str = "logged_out";

/// The value of that cookie.
const EVERYWHERE: &str = "everywhere";

/// How long the cookie is kept, in seconds: long enough for the next page, however slow it is.
const LOGGED_OUT_AGE: u32 = 60;

/// Contains true if the visitor has just logged out everywhere, and this request shows a page.
pub(in crate::web) struct IsLoggedOutEverywhere(pub(super) bool);

impl<S: Sync> FromRequestParts<S> for IsLoggedOutEverywhere {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // HEAD shows no page.
        let mut values = cookies::values(&parts.headers, LOGGED_OUT);
        Ok(Self(
            parts.method == Method::GET && values.any(|it| it == EVERYWHERE),
        ))
    }
}

/// Returns the `Set-Cookie` of a logout everywhere.
pub(super) fn set_message(origins: &Origins) -> HeaderValue {
    cookies::set(LOGGED_OUT, EVERYWHERE, LOGGED_OUT_AGE, origins.is_https())
}

/// Returns the `Set-Cookie` with which the page that shows the message removes the cookie.
pub(super) fn remove_message(origins: &Origins) -> HeaderValue {
    cookies::set(LOGGED_OUT, "", 0, origins.is_https())
}
