//! A template becomes a page.

use askama::Template;
use axum::{
    http::{HeaderValue, header::CONTENT_LANGUAGE},
    response::{Html, IntoResponse, Response},
};

use super::language::Words;

/// What a page needs, with room to spare. askama guesses less, and would ask for memory again.
const TYPICAL_BYTES: usize = 2048;

/// The page that a template makes with these words.
pub(super) fn page(words: &Words, template: &impl Template) -> askama::Result<Response> {
    let mut html = String::with_capacity(TYPICAL_BYTES);
    template.render_into(&mut html)?;
    Ok(in_language(words, Html(html)))
}

/// Says in which language this is.
pub(super) fn in_language(words: &Words, body: impl IntoResponse) -> Response {
    // It panics on what no header may hold, and our tags are letters and hyphens.
    let tag = HeaderValue::from_static(words.tag);
    ([(CONTENT_LANGUAGE, tag)], body).into_response()
}
