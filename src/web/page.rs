//! Renders templates as pages.

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_LANGUAGE},
    response::{Html, IntoResponse, Response},
};

use super::language::Words;

/// Enough for a typical page. askama's own estimate is lower, so the buffer would be reallocated.
const TYPICAL_BYTES: usize = 2048;

/// Renders a template, whose language is that of `words`.
pub(super) fn page(words: &Words, template: &impl Template) -> askama::Result<Response> {
    let mut html = String::with_capacity(TYPICAL_BYTES);
    template.render_into(&mut html)?;
    Ok(in_language(words, Html(html)))
}

/// Makes a response that declares its language.
pub(super) fn in_language(words: &Words, body: impl IntoResponse) -> Response {
    // Cannot panic: the tags consist of letters and hyphens.
    let tag = HeaderValue::from_static(words.tag);
    ([(CONTENT_LANGUAGE, tag)], body).into_response()
}
