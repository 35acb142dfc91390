//! Tests of the error pages.

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
    let origins = Origins::of(&public_url);
    let request = Request::builder()
        .header(header::ACCEPT_LANGUAGE, language)
        .body(Body::empty())
        .expect("a request");
    let preferences = Preferences::of(&request);
    let response = Router::new().route("/", route).oneshot(request).await;
    let response = draw(response.expect("an answer"), &preferences, &origins);
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
        for status in [400, 403, 404, 405, 408, 413, 415, 422, 429, 500, 503, 507] {
            let status = StatusCode::from_u16(status).expect("a status");
            let (got, body) = answer_in(language, get(async move || status)).await;
            assert_eq!(got, status);
            let code = format!("<p class=\"status\">{}</p>", status.as_u16());
            assert!(body.contains(&code), "{body}");
            assert!(body.contains("<a class=\"button plain\" href=\""), "{body}");
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
