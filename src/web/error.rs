//! What goes wrong becomes a page for the visitor; the detail goes to the log only.

use askama::Template;
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::language::{TRADITIONAL_CHINESE, Words};

/// Why a handler could not answer. As a response it is a bare 500, which
/// [`page_for_errors`] turns into a page.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppError {
    /// The session could not be read or changed.
    #[error("session: {0}")]
    Session(#[from] tower_sessions::session::Error),
    /// The route is not inside [`carry_session`](crate::session::carry_session).
    #[error("session: none was put into the request")]
    NoSession,
    /// A page could not be put together.
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
struct ErrorPage {
    words: &'static Words,
    status: StatusCode,
    what_happened: &'static str,
    what_to_do: &'static str,
}

/// Gives every response that reports an error, whoever made it, a page in place of its body, unless
/// it has one. Its status and headers stay.
pub(super) async fn page_for_errors(response: Response) -> Response {
    let status = response.status();
    let has_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    if has_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let words = &TRADITIONAL_CHINESE;
    let [what_happened, what_to_do] = (words.explain)(status);
    let page = ErrorPage {
        words,
        status,
        what_happened,
        what_to_do,
    };
    let html = match page.render() {
        Ok(html) => html,
        Err(cause) => {
            tracing::error!(%cause, "the error page itself failed");
            return response;
        }
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    Response::from_parts(parts, Body::from(html))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{
        Router,
        body::to_bytes,
        http::Request,
        middleware::{from_fn_with_state, map_response},
        routing::get,
    };
    use tower::ServiceExt as _;
    use tower_sessions::{MemoryStore, Session};

    use super::*;
    use crate::{
        session::{SessionConfig, carry_session},
        web::current_user::CurrentUser,
    };

    #[track_caller]
    fn assert_is_500_page(status: StatusCode, body: &str) {
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("<h1>服務器出錯了</h1>"), "{body}");
        assert!(!body.contains("cause"), "{body}");
    }

    /// What a site with error pages answers, when its only handler is this.
    async fn answer(route: axum::routing::MethodRouter) -> (StatusCode, String) {
        let router = Router::new()
            .route("/", route)
            .layer(map_response(page_for_errors));
        let response = router
            .oneshot(Request::<Body>::default())
            .await
            .expect("an answer");
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
    async fn a_page_without_a_session_around_it_is_a_failure() {
        let (status, body) = answer(get(async |_: CurrentUser| "cause")).await;
        assert_is_500_page(status, &body);
    }

    #[tokio::test]
    async fn a_session_too_large_for_a_cookie_has_a_page_that_says_so() {
        let config = SessionConfig::new(false, "key", [], MemoryStore::default());
        let too_much = get(async |session: Session| {
            let kept = session.insert("much", "x".repeat(4096)).await;
            kept.map_err(AppError::from)
        });
        let (status, body) =
            answer(too_much.layer(from_fn_with_state(Arc::new(config), carry_session))).await;
        assert_eq!(status, StatusCode::INSUFFICIENT_STORAGE);
        assert!(body.contains("<h1>這裏記不下更多內容了</h1>"), "{body}");
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
