//! GET /: greets the visitor by name, or says that they are not logged in.

use askama::Template;
use axum::response::Response;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    current_user::CurrentUser, error::AppError, language::Words, page::page, username::Username,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    words: &'static Words,
    username: Option<&'a Username>,
    logged_in_at: Option<Moment>,
}

/// A time, as text for people and in a format for programs.
struct Moment {
    text: String,
    /// In the format of RFC 3339.
    datetime: String,
}

pub(super) async fn show(words: &'static Words, user: CurrentUser) -> Result<Response, AppError> {
    let moment = |at| Moment::new(at, words);
    let content = HomePage {
        words,
        username: user.username(),
        logged_in_at: user.logged_in_at().map(moment).transpose()?,
    };
    Ok(page(words, &content)?)
}

impl Moment {
    fn new(at: OffsetDateTime, words: &Words) -> Result<Self, AppError> {
        Ok(Self {
            text: at.to_offset(words.utc_offset).format(words.time)?,
            datetime: at.format(&Rfc3339)?,
        })
    }
}
