//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout.

use std::{convert::Infallible, sync::Arc};

use askama::Template;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse as _, Response},
};

use super::{
    error_page::AppError,
    language::{Language, Words},
    page, to_home,
};
use crate::{
    public_url::Origins,
    web::{
        current_user::CurrentUser,
        gate::{
            cookies,
            cross_site::{is_our_link, is_prefetch},
            log_lines::AuditLine,
            notes::Notes,
            refusal::RequestRefusal,
        },
        username::Username,
    },
};

/// Asks the visitor to confirm a logout that another site may have caused.
#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    words: &'static Words,
    query: &'a str,
    username: Username<'a>,
}

/// Logs out a visitor who followed a link on our pages. Any other GET gets a page that asks for
/// confirmation, and so does a visitor who chooses a language on that page. A visitor who is not
/// logged in is sent to the home page. A prefetch is refused (503).
pub(in crate::web) async fn log_out_by_link(
    State(origins): State<Arc<Origins>>,
    headers: HeaderMap,
    language: Language,
    user: CurrentUser,
) -> Result<Response, AppError> {
    if is_prefetch(&headers) {
        return Ok(RequestRefusal::Prefetch.into_response());
    }
    if language.is_chosen || !is_our_link(&headers, &origins) {
        let Some(username) = user.username() else {
            return Ok(to_home());
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
        let mut response = (StatusCode::FORBIDDEN, question).into_response();
        Notes::of(&mut response).refusal = Some(RequestRefusal::CrossSite);
        return Ok(response);
    }
    log_out(State(origins), user).await
}

/// Logs out, and lets the home page say so once.
pub(in crate::web) async fn log_out(
    State(origins): State<Arc<Origins>>,
    user: CurrentUser,
) -> Result<Response, AppError> {
    let mut response = to_home();
    if let Some(username) = user.username() {
        let name = username.as_str().to_owned();
        Notes::of(&mut response).audit = Some(AuditLine::LoggedOut { name });
        let message = set_message(&origins);
        response.headers_mut().append(SET_COOKIE, message);
    }
    user.log_out().await?;
    Ok(response)
}

/// Answers HEAD, which must not log out.
pub(in crate::web) async fn head() -> Response {
    to_home()
}

/// The name of the cookie that carries "you are logged out" to the next page.
const LOGGED_OUT: &str = "logged_out";

/// How long the cookie is kept, in seconds: long enough for the next page, however slow it is.
const LOGGED_OUT_AGE: u32 = 60;

/// Contains true if the visitor has just logged out, and this request shows a page.
pub(in crate::web) struct HasLoggedOut(pub(super) bool);

impl<S: Sync> FromRequestParts<S> for HasLoggedOut {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // HEAD shows no page.
        let mut values = cookies::values(&parts.headers, LOGGED_OUT);
        Ok(Self(
            parts.method == Method::GET && values.any(|it| it == "1"),
        ))
    }
}

/// Returns the `Set-Cookie` of a logout.
fn set_message(origins: &Origins) -> HeaderValue {
    cookies::set(LOGGED_OUT, "1", LOGGED_OUT_AGE, origins.is_https())
}

/// Returns the `Set-Cookie` with which the page that shows the message removes the cookie.
pub(super) fn remove_message(origins: &Origins) -> HeaderValue {
    cookies::set(LOGGED_OUT, "", 0, origins.is_https())
}
