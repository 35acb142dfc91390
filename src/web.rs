//! The pages: which request goes where, and what stands in between.

mod accept;
mod access_log;
mod assets;
mod cross_site;
mod current_user;
mod error;
mod guard;
mod headers;
mod home;
mod language;
mod login;
mod logout;
mod page;
mod username;

use std::sync::Arc;

use axum::{Router, http::StatusCode, routing::get};

pub use self::guard::Guard;
use crate::{
    public_url::Origins,
    session::{SessionConfig, SessionLayer},
};

/// The whole site, as it is reached under `origins`: the server runs it, and the tests call it.
pub fn site(sessions: SessionConfig, origins: Origins) -> Guard {
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
        .route_layer(SessionLayer::new(sessions))
        .merge(assets::routes())
        .fallback(async || StatusCode::NOT_FOUND);
    Guard::new(pages, origins)
}
