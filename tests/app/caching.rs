//! Which responses caches may store.

use axum::http::header::CACHE_CONTROL;
use signet_session::{Caching, DataIn, SessionConfig};

use crate::{
    app::{Page, TestApp},
    forger::{DAY, Forger},
    layer::app,
};

fn visitors(configure: impl Fn(SessionConfig) -> SessionConfig) -> [TestApp; 2] {
    [(); 2].map(|()| app(DataIn::Cookie, &configure))
}

#[track_caller]
fn may_not_be_stored(page: &Page, value: &str) {
    let all: Vec<_> = page.headers.get_all(CACHE_CONTROL).iter().collect();
    assert_eq!(all, [value], "{page:?}");
    assert_eq!(page.varies_by(), ["cookie"], "{page:?}");
}

#[tokio::test]
async fn static_files_stay_cacheable_with_and_without_a_session() {
    let [stranger, visitor] = visitors(|it| it);
    visitor.does("/set/user/anna").await;
    for file in ["cache_control", "etag", "last_modified", "304"] {
        for app in [&stranger, &visitor] {
            let page = app.get(&format!("/answer/{file}")).await;
            let kept = page
                .headers
                .get(CACHE_CONTROL)
                .map(|it| it.to_str().unwrap());
            assert_eq!(
                kept,
                (file == "cache_control").then_some("public, max-age=60")
            );
            assert!(page.varies_by().is_empty(), "{page:?}");
        }
    }
    // The layer sees that a session was not used.
    let page = visitor.get("/plain").await;
    assert_eq!(page.headers.get(CACHE_CONTROL), None);
    // It does not see whether a visitor without one was asked for it.
    may_not_be_stored(&stranger.get("/plain").await, "no-store");
}

#[tokio::test]
async fn responses_that_depend_on_the_session_are_not_stored() {
    for (caching, value) in [
        (Caching::NoStore, "no-store"),
        (Caching::PrivateNoCache, "private, no-cache"),
    ] {
        let [stranger, visitor] = visitors(|it| it.caching(caching));
        may_not_be_stored(&visitor.get("/set/user/anna").await, value);
        for path in [
            "/read_and_answer/cache_control",
            "/get/user",
            "/expire/idle/60",
        ] {
            may_not_be_stored(&visitor.get(path).await, value);
        }
        may_not_be_stored(&visitor.get("/answer/set_cookie").await, value);
        may_not_be_stored(&stranger.get("/get/user").await, value);
        may_not_be_stored(&visitor.get("/read_and_answer/no_store").await, "no-store");
        // A renewed cookie alone has this effect.
        visitor.set_cookie(Forger::ago(DAY).session("anna"));
        may_not_be_stored(&visitor.get("/answer/cache_control").await, value);
        visitor.store.set_broken(true);
        may_not_be_stored(&visitor.get("/answer/cache_control").await, value);
    }
}
