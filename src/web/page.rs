//! A template becomes a page.

use askama::Template;
use axum::{
    http::header::CONTENT_LANGUAGE,
    response::{Html, IntoResponse, Response},
};

use super::{error::AppError, language::Words};

/// The page that a template makes with these words.
pub(super) fn page(words: &Words, template: &impl Template) -> Result<Response, AppError> {
    Ok(in_language(words, Html(template.render()?)))
}

/// Says in which language this is.
pub(super) fn in_language(words: &Words, body: impl IntoResponse) -> Response {
    ([(CONTENT_LANGUAGE, words.tag)], body).into_response()
}
