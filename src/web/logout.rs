//! GET /logout: a link that one clicks, and is logged out. POST /logout: a button.

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

/// Asks whether the visitor, and not another site, wants to log out.
#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    words: &'static Words,
    username: &'a Username,
}

/// What a click on a link gets, unless the link is on another site, or nobody clicked it.
pub(super) async fn click(
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
            return Ok(redirect().await.into_response());
        };
        tracing::info!("logout not done: the link was not followed on a page of ours");
        let question = page(words, &LogoutPage { words, username })?;
        return Ok((StatusCode::FORBIDDEN, question).into_response());
    }
    Ok(log_out(user).await?.into_response())
}

pub(super) async fn log_out(user: CurrentUser) -> Result<Redirect, AppError> {
    user.log_out().await?;
    Ok(redirect().await)
}

/// What HEAD gets: the same answer, and nobody is logged out.
pub(super) async fn redirect() -> Redirect {
    Redirect::to("/")
}
