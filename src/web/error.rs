//! What goes wrong becomes a page for the visitor; the detail goes to the log only.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    accept::prefers_text,
    language::{Explanation, Words, negotiate},
    page::{in_language, page},
};
use crate::public_url::Origins;

/// Why a handler could not answer. As a response it is a bare 500, which
/// [`explain`] turns into a page.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// The session could not be read or changed.
    #[error("session: {0}")]
    Session(#[from] tower_sessions::session::Error),
    /// The route is not inside [`SessionLayer`](crate::session::SessionLayer).
    #[error("session: none was put into the request")]
    NoSession,
    /// A page could not be put together.
    #[error("template: {0}")]
    Page(#[from] askama::Error),
    /// A time could not be written.
    #[error("time: {0}")]
    Time(#[from] time::error::Format),
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
    status: StatusCode,
    explanation: &'a Explanation,
    /// Where the way home leads.
    home: &'a str,
}

/// What a request says of whoever will read the answer. It is looked into only if that is an error's.
pub(super) struct Reader {
    accept: Vec<HeaderValue>,
    accept_language: Vec<HeaderValue>,
}

impl Reader {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let lines = |name| headers.get_all(name).iter().cloned().collect();
        Self {
            accept: lines(header::ACCEPT),
            accept_language: lines(header::ACCEPT_LANGUAGE),
        }
    }
}

/// Gives every response that reports an error, whoever made it, a page in place of its body, unless
/// it has one. For a program it is a single line instead. Status and headers stay.
pub(super) fn explain(mut response: Response, reader: &Reader, origins: &Origins) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from(header::ACCEPT));
    let is_for_program = prefers_text(&reader.accept);
    let has_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    if has_page && !is_for_program {
        return response;
    }
    let words = negotiate(&reader.accept_language);
    let explanation = words.errors.explain(status);
    let replacement = if is_for_program {
        let Explanation {
            what_happened,
            what_to_do,
        } = explanation;
        let code = status.as_u16();
        in_language(words, format!("{code} {what_happened} — {what_to_do}\n"))
    } else {
        let content = ErrorPage {
            words,
            status,
            explanation,
            home: if status == StatusCode::BAD_REQUEST {
                // Perhaps the site was called by a wrong name, and then a path leads nowhere.
                origins.public()
            } else {
                "/"
            },
        };
        match page(words, &content) {
            Ok(page) => page,
            Err(cause) => {
                tracing::error!(%cause, "the error page itself failed");
                return response;
            }
        }
    };
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
    use crate::web::current_user::CurrentUser;

    #[track_caller]
    fn assert_is_500_page(status: StatusCode, body: &str) {
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("<h1>伺服器出錯了</h1>"), "{body}");
        assert!(!body.contains("cause"), "{body}");
    }

    /// What a site with error pages answers, when its only handler is this.
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
        let reader = Reader::of(request.headers());
        let response = Router::new().route("/", route).oneshot(request).await;
        let response = explain(response.expect("an answer"), &reader, &origins);
        let status = response.status();
        let length = response.headers().get(header::CONTENT_LENGTH).cloned();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
        assert!(length.is_none_or(|length| length == body.len().to_string()));
        (status, body)
    }

    #[tokio::test]
    async fn a_failure_becomes_a_page_that_does_not_say_why() {
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
    async fn a_page_without_a_session_around_it_is_a_failure() {
        let (status, body) = answer(get(async |_: CurrentUser| "cause")).await;
        assert_is_500_page(status, &body);
    }

    #[tokio::test]
    async fn what_others_say_about_an_error_makes_way_for_a_page() {
        let (status, body) = answer(get(async || {
            let length = [(header::CONTENT_LENGTH, "5")];
            (StatusCode::INTERNAL_SERVER_ERROR, length, "cause")
        }))
        .await;
        assert_is_500_page(status, &body);
    }

    #[tokio::test]
    async fn an_error_that_nobody_thought_of_is_still_told_from_a_failure() {
        let (status, body) = answer(get(async || StatusCode::CONFLICT)).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(body.contains("<h1>無法處理這個請求</h1>"), "{body}");
    }

    #[tokio::test]
    async fn what_is_a_page_already_or_no_error_stays() {
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
