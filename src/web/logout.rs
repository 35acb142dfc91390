//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout.

use std::{convert::Infallible, sync::Arc};

use askama::Template;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    cookie,
    cross_site::{is_our_link, is_prefetch},
    current_user::CurrentUser,
    error::AppError,
    language::{Language, Words},
    page::page,
    username::Username,
};
use crate::public_url::Origins;

/// Asks the visitor to confirm a logout that another site may have caused.
#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    words: &'static Words,
    query: &'a str,
    username: &'a Username,
}

/// The cookie that carries "you are logged out" to the home page, which removes it.
const NOTE: &str = "logged_out";

/// How long it is kept, in seconds: long enough for the next page, however slow it is.
const NOTE_AGE: u32 = 60;

/// Logs out, if the visitor followed a link on one of our pages. Otherwise, and if they chose a
/// language for the question, asks for confirmation. Refuses a prefetch.
pub(super) async fn log_out_by_link(
    State(origins): State<Arc<Origins>>,
    headers: HeaderMap,
    language: Language,
    user: CurrentUser,
) -> Result<Response, AppError> {
    if is_prefetch(&headers) {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    if language.is_chosen || !is_our_link(&headers, &origins) {
        let Some(username) = user.username() else {
            return Ok(to_home().into_response());
        };
        if !language.is_chosen {
            tracing::info!(
                "logout not performed: the request did not come from a link on our pages"
            );
        }
        let content = LogoutPage {
            words: language.words,
            query: &language.query,
            username,
        };
        let question = page(language.words, &content)?;
        return Ok((StatusCode::FORBIDDEN, question).into_response());
    }
    log_out(State(origins), user).await
}

pub(super) async fn log_out(
    State(origins): State<Arc<Origins>>,
    user: CurrentUser,
) -> Result<Response, AppError> {
    let was_logged_in = user.username().is_some();
    user.log_out().await?;
    let mut response = to_home().into_response();
    if was_logged_in {
        let note = cookie::set(NOTE, "1", NOTE_AGE, origins.is_https());
        response.headers_mut().append(SET_COOKIE, note);
    }
    Ok(response)
}

/// Whether the visitor has just logged out.
pub(super) struct HasLoggedOut(pub(super) bool);

impl<S: Sync> FromRequestParts<S> for HasLoggedOut {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(cookie::values(&parts.headers, NOTE).next().is_some()))
    }
}

/// Returns the `Set-Cookie` with which the home page removes the note.
pub(super) fn note_removal(origins: &Origins) -> HeaderValue {
    cookie::set(NOTE, "", 0, origins.is_https())
}

/// Answers HEAD, which must not log out.
pub(super) async fn head() -> Redirect {
    to_home()
}

fn to_home() -> Redirect {
    Redirect::to("/")
}
