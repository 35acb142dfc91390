//! GET /: who you are, or that you are not logged in.

use askama::Template;
use axum::response::Html;

use super::{
    current_user::CurrentUser,
    error::AppError,
    language::{TRADITIONAL_CHINESE, Words},
    username::Username,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    words: &'static Words,
    username: Option<&'a Username>,
}

pub(super) async fn show(user: CurrentUser) -> Result<Html<String>, AppError> {
    let page = HomePage {
        words: &TRADITIONAL_CHINESE,
        username: user.username(),
    };
    Ok(Html(page.render()?))
}
