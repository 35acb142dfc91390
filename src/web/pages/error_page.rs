//! Turns errors into pages for the visitor. Details go to the log only.

#[cfg(test)]
mod tests;

use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    in_language,
    language::{Explanation, Language, SiteWords, Words},
    page,
};
use crate::{
    public_url::Origins,
    web::gate::{
        accept::{MediaType, preferred},
        headers,
        notes::Notes,
        refusal::RequestRefusal,
    },
};
use signet_session::SessionError;

/// Why a handler failed. As a response it is a 500 without a body, which [`draw`] turns into a
/// page.
#[derive(Debug, thiserror::Error)]
pub(in crate::web) enum AppError {
    /// The session could not be read or changed.
    #[error("session: {0}")]
    Session(#[from] tower_sessions::session::Error),
    /// A template could not be rendered.
    #[error("template: {0}")]
    Page(#[from] askama::Error),
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        tracing::error!(cause = %self, "a handler failed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    words: &'static Words,
    query: &'a str,
    status: StatusCode,
    explanation: &'a Explanation,
    /// The target of the link to the home page.
    home: &'a str,
}

/// Says that a form was not sent to a guarded site. A proxy shows it under the host of that site, so that
/// all addresses are whole.
#[derive(Template)]
#[template(path = "form_not_sent.html")]
struct FormNotSentPage<'a> {
    words: &'static Words,
    /// The origin of our pages.
    origin: &'a str,
    /// The URL of the login page.
    login: &'a str,
}

/// What a request says about how an error is to be presented.
pub(in crate::web) struct Preferences {
    pub(in crate::web) language: Language,
    is_logout: bool,
    /// The `Accept` headers, which are parsed only for an error.
    accept: Vec<HeaderValue>,
}

impl Preferences {
    pub(in crate::web) fn of(request: &Request) -> Self {
        let accept = request.headers().get_all(header::ACCEPT);
        Self {
            is_logout: request.uri().path() == "/logout",
            language: Language::of(request.uri(), request.headers()),
            accept: accept.iter().cloned().collect(),
        }
    }

    /// Returns them with the words of this site.
    pub(in crate::web) fn on_a_site_with(mut self, words: SiteWords) -> Self {
        self.language.words = words.of(self.language.words);
        self
    }

    /// Returns the explanation of an error in the visitor's language.
    fn explain(&self, response: &Response) -> &'static Explanation {
        let errors = &self.language.words.errors;
        let notes = response.extensions().get::<Notes>();
        match response.extensions().get() {
            Some(SessionError::MayHaveEnded(_)) => &errors.may_be_logged_out,
            Some(SessionError::Store(_)) if question_before(response).is_some() => {
                &errors.logout_everywhere_failed
            }
            Some(SessionError::Store(_)) if self.is_logout => &errors.logout_failed,
            _ if notes.is_some_and(|it| it.is_wrong_password) => &errors.wrong_password,
            _ if has_other_scheme(response) => &errors.other_scheme,
            _ => errors.of(response.status()),
        }
    }
}

/// Replaces the body of every error response with a page, unless it is a page already. A client
/// that prefers JSON or plain text gets that instead. The status and other headers stay.
pub(in crate::web) fn draw(
    response: Response,
    preferences: &Preferences,
    origins: &Origins,
) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let wanted = preferred(&preferences.accept);
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let has_page = content_type.is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
    if has_page && wanted == MediaType::Html {
        return response;
    }
    let words = preferences.language.words;
    let explanation = preferences.explain(&response);
    let replacement = match wanted {
        MediaType::Html => page(
            words,
            &ErrorPage {
                words,
                query: question_before(&response).unwrap_or(&preferences.language.query),
                status,
                explanation,
                home: if status == StatusCode::BAD_REQUEST || has_other_scheme(&response) {
                    // The visitor's address of this site may be wrong, so that a path alone would fail again.
                    origins.public()
                } else {
                    "/"
                },
            },
        ),
        MediaType::Json => Ok(json(words, explanation)),
        MediaType::Text => Ok(line(words, status, explanation)),
    };
    match replacement {
        Ok(replacement) => replace_body(response, replacement),
        Err(cause) => {
            tracing::error!(%cause, "the error page itself failed");
            response
        }
    }
}

/// Gives the answer to a proxy's question a page for the visitor, if it needs one.
pub(in crate::web) fn draw_for_proxy(
    response: Response,
    request: &Request,
    origins: &Origins,
    site_words: SiteWords,
) -> Response {
    let notes = response.extensions().get::<Notes>();
    let Some(login) = notes.and_then(|it| it.form_not_sent.as_deref()) else {
        return response;
    };
    let words = site_words.of(Language::of(request.uri(), request.headers()).words);
    let origin = origins.public();
    let content = FormNotSentPage {
        words,
        origin,
        login,
    };
    match page(words, &content) {
        Ok(mut page) => {
            headers::show_elsewhere(&mut page, origin);
            replace_body(response, page)
        }
        Err(cause) => {
            tracing::error!(%cause, "the page about a form failed");
            response
        }
    }
}

/// Returns the query of the question that the form of a request had answered.
fn question_before(response: &Response) -> Option<&'static str> {
    response.extensions().get::<Notes>()?.question
}

/// Returns whether a request was refused because of the scheme of the visitor's address.
fn has_other_scheme(response: &Response) -> bool {
    let notes = response.extensions().get::<Notes>();
    notes.is_some_and(|it| it.refusal == Some(RequestRefusal::Scheme))
}

/// What a client that prefers plain text gets instead of a page.
fn line(words: &Words, status: StatusCode, explanation: &Explanation) -> Response {
    let text = format!("{} {explanation}\n", status.as_u16());
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    in_language(words, content_type, text)
}

/// What a client that prefers JSON gets instead of a page: an object with the member `error`.
fn json(words: &Words, explanation: &Explanation) -> Response {
    let object = serde_json::json!({ "error": explanation.to_string() });
    let content_type = HeaderValue::from_static("application/json");
    in_language(words, content_type, format!("{object}\n"))
}

/// Gives a response the body of another one, and the headers about it.
fn replace_body(response: Response, replacement: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    let (new, body) = replacement.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(new.headers);
    Response::from_parts(parts, body)
}
