//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout. See [`logout_everywhere`] for the other sessions of the user.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::SET_COOKIE},
    response::{IntoResponse as _, Response},
};

use super::{
    error_page::AppError,
    language::{Language, Words},
    logout_everywhere::{self, Everywhere},
    page, to_home,
};
use crate::{
    public_url::Origins,
    web::{
        current_user::CurrentUser,
        gate::{
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
    log_out_here(user).await
}

/// Logs out. If the form says so, ends all other sessions of the user too, and lets the home page say so once.
pub(in crate::web) async fn log_out(
    State(origins): State<Arc<Origins>>,
    user: CurrentUser,
    ender: SessionEnder,
    Everywhere(everywhere): Everywhere,
) -> Result<Response, AppError> {
    let Some(username) = user.username().filter(|_| everywhere) else {
        return log_out_here(user).await;
    };
    let name = username.as_str().to_owned();
    if let Err(error) = user.end_all_sessions(&name, &ender).await {
        return Ok(logout_everywhere::explain(error));
    }
    user.log_out().await?;
    let mut response = to_home();
    Notes::of(&mut response).audit = Some(AuditLine::OutEverywhere { name });
    let message = logout_everywhere::set_message(&origins);
    response.headers_mut().append(SET_COOKIE, message);
    Ok(response)
}

async fn log_out_here(user: CurrentUser) -> Result<Response, AppError> {
    let mut response = to_home();
    if let Some(username) = user.username() {
        let name = username.as_str().to_owned();
        Notes::of(&mut response).audit = Some(AuditLine::LoggedOut { name });
    }
    user.log_out().await?;
    Ok(response)
}

/// Answers HEAD, which must not log out.
pub(in crate::web) async fn head() -> Response {
    to_home()
}
