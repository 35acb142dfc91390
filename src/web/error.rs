//! Turns errors into pages for the visitor. Details go to the log only.

use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    accept::prefers_text,
    language::{Explanation, Language, Words},
    page::{in_language, page},
};
use crate::{public_url::Origins, session::SessionError};

/// Why a handler failed. As a response it is a 500 without a body, which [`draw_page`] turns into a
/// page.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// The session could not be read or changed.
    #[error("session: {0}")]
    Session(#[from] tower_sessions::session::Error),
    /// The route is not inside [`SessionLayer`](crate::session::SessionLayer).
    #[error("session: the route is not inside SessionLayer")]
    NoSession,
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

/// What a request says about how an error is to be presented.
pub(super) struct Preferences {
    pub(super) language: Language,
    is_logout: bool,
    /// The `Accept` headers, which are parsed only for an error.
    accept: Vec<HeaderValue>,
}

impl Preferences {
    pub(super) fn of(request: &Request) -> Self {
        let accept = request.headers().get_all(header::ACCEPT);
        Self {
            is_logout: request.uri().path() == "/logout",
            language: Language::of(request.uri(), request.headers()),
            accept: accept.iter().cloned().collect(),
        }
    }

    /// Returns the explanation of an error in the visitor's language.
    fn explain(&self, response: &Response) -> &'static Explanation {
        let errors = &self.language.words.errors;
        match response.extensions().get() {
            Some(SessionError::Store(_)) if self.is_logout => &errors.logout_failed,
            _ => errors.of(response.status()),
        }
    }
}

/// Replaces the body of every error response with a page, unless it is a page already. A client
/// that prefers JSON or plain text gets a single line instead. The status and other headers stay.
pub(super) fn draw_page(
    response: Response,
    preferences: &Preferences,
    origins: &Origins,
) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_for_program = prefers_text(&preferences.accept);
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let has_page = content_type.is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
    if has_page && !is_for_program {
        return response;
    }
    let words = preferences.language.words;
    let explanation = preferences.explain(&response);
    let replacement = if is_for_program {
        Ok(line(words, status, explanation))
    } else {
        let content = ErrorPage {
            words,
            query: &preferences.language.query,
            status,
            explanation,
            home: home_after(status, origins),
        };
        page(words, &content)
    };
    match replacement {
        Ok(replacement) => replace_body(response, replacement),
        Err(cause) => {
            tracing::error!(%cause, "the error page itself failed");
            response
        }
    }
}

/// Returns the target of the link to the home page. The host of a bad request may be wrong, so that a
/// path alone would fail again.
fn home_after(status: StatusCode, origins: &Origins) -> &str {
    match status {
        StatusCode::BAD_REQUEST => origins.public(),
        _ => "/",
    }
}

/// What a program gets instead of a page.
fn line(words: &Words, status: StatusCode, explanation: &Explanation) -> Response {
    let Explanation {
        what_happened,
        what_to_do,
    } = explanation;
    let code = status.as_u16();
    let text = format!("{code} {what_happened} — {what_to_do}\n");
    in_language(
        words,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        text,
    )
}

/// Gives a response the body of another one, and the headers about it.
fn replace_body(response: Response, replacement: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    let (new, body) = replacement.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(new.headers);
    Response::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use axum::{
        Router,
        body::{Body, to_bytes},
        http::Request,
        routing::get,
    };
    use tower::ServiceExt as _;

    use super::*;

    #[track_caller]
    fn assert_is_500_page(status: StatusCode, body: &str) {
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("<h1>伺服器發生錯誤</h1>"), "{body}");
        assert!(!body.contains("cause"), "{body}");
    }

    /// Returns the answer of a site with error pages and this one route.
    async fn answer(route: axum::routing::MethodRouter) -> (StatusCode, String) {
        answer_in("zh-TW", route).await
    }

    async fn answer_in(language: &str, route: axum::routing::MethodRouter) -> (StatusCode, String) {
        let public_url = "https://signet.example".parse().expect("a URL");
        let origins = Origins::new(Some(&public_url), ([192, 0, 2, 1], 80).into());
        let request = Request::builder()
            .header(header::ACCEPT_LANGUAGE, language)
            .body(Body::empty())
            .expect("a request");
        let preferences = Preferences::of(&request);
        let response = Router::new().route("/", route).oneshot(request).await;
        let response = draw_page(response.expect("an answer"), &preferences, &origins);
        let status = response.status();
        let length = response.headers().get(header::CONTENT_LENGTH).cloned();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
        assert!(length.is_none_or(|length| length == body.len().to_string()));
        (status, body)
    }

    #[tokio::test]
    async fn a_failed_handler_becomes_a_page_without_the_cause() {
        let failing = get(async || AppError::from(askama::Error::Custom("cause".into())));
        let (status, body) = answer(failing).await;
        assert_is_500_page(status, &body);
    }

    #[tokio::test]
    async fn each_error_is_explained_in_each_language() {
        let mut pages = HashSet::new();
        for language in ["zh-TW", "zh-CN", "en"] {
            for status in [400, 403, 404, 405, 408, 413, 415, 422, 500, 503, 507] {
                let status = StatusCode::from_u16(status).expect("a status");
                let (got, body) = answer_in(language, get(async move || status)).await;
                assert_eq!(got, status);
                let code = format!("<p class=\"status\">{}</p>", status.as_u16());
                assert!(body.contains(&code), "{body}");
                assert!(body.contains("<a class=\"button\" href=\""), "{body}");
                let explanation = body.split("<h1>").nth(1).expect("a heading").to_owned();
                assert!(pages.insert(explanation), "{language} {status}");
            }
        }
    }

    #[tokio::test]
    async fn the_body_of_an_error_is_replaced_by_a_page() {
        let (status, body) = answer(get(async || {
            let length = [(header::CONTENT_LENGTH, "5")];
            (StatusCode::INTERNAL_SERVER_ERROR, length, "cause")
        }))
        .await;
        assert_is_500_page(status, &body);
    }

    #[tokio::test]
    async fn an_unlisted_client_error_is_explained_as_a_bad_request() {
        let (status, body) = answer(get(async || StatusCode::CONFLICT)).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(body.contains("<h1>無法處理這個請求</h1>"), "{body}");
    }

    #[tokio::test]
    async fn pages_and_successful_responses_stay_as_they_are() {
        let stays = answer(get(async || {
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                axum::response::Html("page"),
            )
        }))
        .await;
        assert_eq!(stays, (StatusCode::UNPROCESSABLE_ENTITY, "page".to_owned()));
        let stays = answer(get(async || "text")).await;
        assert_eq!(stays, (StatusCode::OK, "text".to_owned()));
    }
}
