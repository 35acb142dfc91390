//! What a visitor sees: the pages, and the words on them.

pub(in crate::web) mod assets;
pub(in crate::web) mod error_page;
pub(in crate::web) mod home;
pub(in crate::web) mod language;
pub(in crate::web) mod login;
mod login_refusal;
pub(in crate::web) mod logout;
mod logout_everywhere;
mod logout_form;
mod logout_question;
mod on_the_way;

use self::language::Words;
use crate::web::gate::headers;
use askama::Template;
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// Enough for a typical page. askama's own estimate is lower, so the buffer would be reallocated.
const TYPICAL_BYTES: usize = 2048;

/// Renders a template, whose language is that of `words`.
fn page(words: &Words, template: &impl Template) -> askama::Result<Response> {
    let mut html = String::with_capacity(TYPICAL_BYTES);
    template.render_into(&mut html)?;
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    Ok(in_language(words, content_type, html))
}

/// Returns a redirect to the home page.
fn to_home() -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    *headers = headers::common();
    headers.insert(header::LOCATION, HeaderValue::from_static("/"));
    response
}

/// Makes a response with this text, which declares its language.
fn in_language(words: &Words, content_type: HeaderValue, text: String) -> Response {
    // As a boxed slice, because a `String` with room would need another allocation.
    let body = Bytes::from(text.into_bytes().into_boxed_slice());
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    *headers = headers::common();
    headers.insert(header::CONTENT_TYPE, content_type);
    // Cannot panic: the tags consist of letters and hyphens.
    let tag = HeaderValue::from_static(words.tag.as_str());
    headers.insert(header::CONTENT_LANGUAGE, tag);
    response
}
