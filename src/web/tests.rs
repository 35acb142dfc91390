use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
    response::Response,
    routing::{get, post},
};
use futures_util::stream;
use tower::ServiceExt as _;

use super::*;
use crate::public_url::{Origins, PublicUrl};
use signet_session::{MemoryStore, SecretKey, SessionConfig, SessionLayer};

/// Returns a site whose pages panic, hang or wait for a body.
fn bad_site() -> App {
    let pages = Router::new()
        .route("/panic", get(async || -> () { panic!("on purpose") }))
        .route("/hang", get(async || pending::<()>().await))
        .route("/form", post(async |body: String| body));
    let public_url: PublicUrl = "http://localhost".parse().expect("a URL");
    let origins = Arc::new(Origins::of(&public_url));
    let config = SessionConfig::in_cookie(SecretKey::for_tests(), MemoryStore::new());
    let sessions = SessionLayer::new(config);
    App::with_parts(sessions, pages, None, origins)
}

async fn ask(site: &App, method: &str, path: &str, body: Body) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .body(body);
    let answer = site.clone().oneshot(request.expect("a request")).await;
    answer.expect("an answer")
}

async fn assert_shows(response: Response, text: &str) {
    assert!(response.headers().contains_key("content-security-policy"));
    let body = to_bytes(response.into_body(), usize::MAX).await;
    let body = String::from_utf8(body.expect("a body").to_vec()).expect("UTF-8");
    assert!(body.contains(text), "{body}");
    assert!(!body.contains("on purpose"), "{body}");
}

#[tokio::test]
async fn a_panic_is_an_error_page_and_the_next_request_is_answered() {
    let site = bad_site();
    for _ in 0..2 {
        let response = ask(&site, "GET", "/panic", Body::empty()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_shows(response, "伺服器發生錯誤").await;
    }
    let response = ask(&site, "POST", "/form", Body::from("good")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_takes_too_long_is_answered_with_503() {
    let start = tokio::time::Instant::now();
    let response = ask(&bad_site(), "GET", "/hang", Body::empty()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_shows(response, "服務暫時無法使用").await;
}

#[tokio::test(start_paused = true)]
async fn a_form_that_takes_too_long_is_answered_with_408_and_closes_the_connection() {
    let endless = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, Infallible>("x"), ()))
    });
    let start = tokio::time::Instant::now();
    let body = Body::from_stream(Box::pin(endless));
    let response = ask(&bad_site(), "POST", "/form", body).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(response.headers()[header::CONNECTION], "close");
    assert_shows(response, "傳送逾時").await;
}
