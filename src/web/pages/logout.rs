//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout. See [`logout_everywhere`] for the other sessions of the user.

use std::{convert::Infallible, sync::Arc};

use askama::Template;
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::SET_COOKIE, request::Parts},
    response::{IntoResponse as _, Response},
};

use super::{
    error_page::AppError,
    language::{Language, Text, Words},
    logout_everywhere::{self, Everywhere},
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
use signet_session::SessionEnder;

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
    Everywhere(everywhere): Everywhere,
) -> Result<Response, AppError> {
    if everywhere {
        return match user.username() {
            Some(username) => logout_everywhere::ask(&language, username),
            None => Ok(to_home()),
        };
    }
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
    log_out_here(&origins, user).await
}

/// Logs out, and lets the home page say so once. If the form says so, ends all other sessions of the user
/// too.
pub(in crate::web) async fn log_out(
    State(origins): State<Arc<Origins>>,
    user: CurrentUser,
    ender: SessionEnder,
    Everywhere(everywhere): Everywhere,
) -> Result<Response, AppError> {
    let Some(username) = user.username().filter(|_| everywhere) else {
        return log_out_here(&origins, user).await;
    };
    let name = username.as_str().to_owned();
    if let Err(error) = user.end_all_sessions(&name, &ender).await {
        return Ok(logout_everywhere::explain(error));
    }
    let audit = AuditLine::OutEverywhere { name };
    let response = say_farewell(&origins, audit, Farewell::Everywhere);
    user.log_out().await?;
    Ok(response)
}

async fn log_out_here(origins: &Origins, user: CurrentUser) -> Result<Response, AppError> {
    let response = match user.username() {
        Some(username) => {
            let name = username.as_str().to_owned();
            say_farewell(origins, AuditLine::LoggedOut { name }, Farewell::Here)
        }
        None => to_home(),
    };
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

/// What the next page says about a logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Farewell {
    Here,
    Everywhere,
}

impl Farewell {
    /// Returns the value of the cookie.
    fn as_str(self) -> &'static str {
        match self {
            Self::Here => "1",
            Self::Everywhere => "everywhere",
        }
    }

    pub(super) fn text(self, words: &Words) -> Text {
        match self {
            Self::Here => words.logged_out,
            Self::Everywhere => words.logged_out_everywhere,
        }
    }
}

/// Contains what is to be said if the visitor has just logged out, and this request shows a page.
pub(in crate::web) struct AfterLogout(pub(super) Option<Farewell>);

impl<S: Sync> FromRequestParts<S> for AfterLogout {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // HEAD shows no page.
        if parts.method != Method::GET {
            return Ok(Self(None));
        }
        let all = [Farewell::Here, Farewell::Everywhere];
        let mut values = cookies::values(&parts.headers, LOGGED_OUT);
        let farewell = values.find_map(|value| all.into_iter().find(|it| it.as_str() == value));
        Ok(Self(farewell))
    }
}

/// Returns the response to a logout: a redirect to the home page, which says so.
fn say_farewell(origins: &Origins, audit: AuditLine, farewell: Farewell) -> Response {
    let mut response = to_home();
    Notes::of(&mut response).audit = Some(audit);
    let is_https = origins.is_https();
    let message = cookies::set(LOGGED_OUT, farewell.as_str(), LOGGED_OUT_AGE, is_https);
    response.headers_mut().append(SET_COOKIE, message);
    response
}

/// Returns the `Set-Cookie` with which the page that shows the message removes the cookie.
pub(super) fn remove_message(origins: &Origins) -> HeaderValue {
    cookies::set(LOGGED_OUT, "", 0, origins.is_https())
}
