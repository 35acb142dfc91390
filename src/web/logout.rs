//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    cross_site::{is_our_link, is_prefetch},
    current_user::CurrentUser,
    error::AppError,
    language::Words,
    page::page,
    username::Username,
};
use crate::public_url::Origins;

/// Asks the visitor to confirm a logout that another site may have caused.
#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    words: &'static Words,
    username: &'a Username,
}

/// Logs out, if the visitor followed a link on one of our pages. Otherwise asks for confirmation.
/// Refuses a prefetch.
pub(super) async fn log_out_by_link(
    State(origins): State<Arc<Origins>>,
    headers: HeaderMap,
    words: &'static Words,
    user: CurrentUser,
) -> Result<Response, AppError> {
    if is_prefetch(&headers) {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    }
    if !is_our_link(&headers, &origins) {
        let Some(username) = user.username() else {
            return Ok(to_home().into_response());
        };
        tracing::info!("logout not performed: the request did not come from a link on our pages");
        let question = page(words, &LogoutPage { words, username })?;
        return Ok((StatusCode::FORBIDDEN, question).into_response());
    }
    Ok(log_out(user).await?.into_response())
}

pub(super) async fn log_out(user: CurrentUser) -> Result<Redirect, AppError> {
    user.log_out().await?;
    Ok(to_home())
}

/// Answers HEAD, which must not log out.
pub(super) async fn head() -> Redirect {
    to_home()
}

fn to_home() -> Redirect {
    Redirect::to("/")
}
