//! GET /logout: a link that one clicks, and is logged out.

use axum::response::Redirect;

use super::{current_user::CurrentUser, error::AppError};

pub(super) async fn log_out(user: CurrentUser) -> Result<Redirect, AppError> {
    user.log_out().await?;
    Ok(redirect().await)
}

/// What HEAD gets: the same answer, and nobody is logged out.
pub(super) async fn redirect() -> Redirect {
    Redirect::to("/")
}
