//! The pages: which request goes where, and what stands in between.

mod accept;
mod access_log;
mod assets;
mod current_user;
mod error;
mod guard;
mod home;
mod language;
mod login;
mod logout;
mod page;
mod username;

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
};

use crate::{
    public_url::Origins,
    session::{SessionConfig, carry_session},
};

/// The whole site, as it is reached under `origins`: the server runs it, and the tests call it.
pub fn router(sessions: SessionConfig, origins: Origins) -> Router {
    let origins = Arc::new(origins);
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::submit))
        .route(
            "/logout",
            get(logout::click)
                // Without its own handler, HEAD would be answered by the GET handler, and log out.
                .head(logout::redirect)
                .post(logout::log_out),
        )
        .with_state(Arc::clone(&origins))
        .route_layer(from_fn_with_state(Arc::new(sessions), carry_session));
    guarded(pages, origins)
}

/// The same site, with a line in the log for each request.
pub fn with_access_log(site: Router) -> Router {
    site.layer(from_fn(access_log::log))
}

/// Puts around pages what every request passes through, and beside them what they consist of.
fn guarded(pages: Router, origins: Arc<Origins>) -> Router {
    #[expect(
        clippy::expect_used,
        reason = "scheme, host and port, which are a URI: PublicUrl makes sure"
    )]
    let csrf = CsrfLayer::new()
        .add_trusted_origin(origins.public())
        .expect("an origin")
        .with_rejection_response(|reason: ProtectionError| {
            tracing::info!(%reason, "request refused");
            StatusCode::FORBIDDEN.into_response()
        });
    // A request passes through them in this order.
    let pages = pages.fallback(async || StatusCode::NOT_FOUND).layer((
        from_fn_with_state(Arc::clone(&origins), guard::guard_pages),
        CatchPanicLayer::custom(after_panic),
        csrf,
    ));
    let assets = assets::routes().layer(from_fn_with_state(origins, guard::guard_assets));
    pages.merge(assets)
}

/// The panic itself is in the log already: see `main.rs`.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending, time::Duration};

    use axum::{
        body::{Body, to_bytes},
        http::{Request, header},
        routing::post,
    };
    use futures_util::stream;
    use tower::ServiceExt as _;

    use super::*;
    use crate::public_url::PublicUrl;

    /// A site whose pages are no good.
    fn bad_site() -> Router {
        let pages = Router::new()
            .route("/panic", get(async || -> () { panic!("on purpose") }))
            .route("/hang", get(async || pending::<()>().await))
            .route("/form", post(async |body: String| body));
        let public_url: PublicUrl = "http://localhost".parse().expect("a URL");
        let listen = ([192, 0, 2, 1], 80).into();
        guarded(pages, Arc::new(Origins::new(&public_url, listen)))
    }

    async fn ask(site: &Router, method: &str, path: &str, body: Body) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .body(body);
        let answer = site.clone().oneshot(request.expect("a request")).await;
        answer.expect("an answer")
    }

    async fn shows(response: Response, text: &str) {
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
            shows(response, "伺服器出錯了").await;
        }
        let response = ask(&site, "POST", "/form", Body::from("good")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_takes_too_long_is_given_up() {
        let start = tokio::time::Instant::now();
        let response = ask(&bad_site(), "GET", "/hang", Body::empty()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(start.elapsed().as_secs(), 10);
        shows(response, "服務暫時無法使用").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_takes_too_long_is_given_up_and_so_is_its_connection() {
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
        shows(response, "等待提交內容逾時").await;
    }
}
