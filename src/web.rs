//! The pages: which request goes where, and what stands in between.

mod assets;
mod current_user;
mod error;
mod home;
mod language;
mod login;
mod logout;
mod username;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn_with_state, map_response},
    routing::get,
};

use crate::session::{SessionConfig, carry_session};

/// The largest form that is read, in bytes. A username of 64 characters needs a tenth of it.
const MAX_FORM_BYTES: usize = 8 * 1024;

/// The whole site: the server runs it, and the tests call it.
pub fn router(sessions: SessionConfig) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::submit))
        // Without its own handler, HEAD would be answered by the GET handler, and log out.
        .route("/logout", get(logout::log_out).head(logout::redirect))
        .route_layer(from_fn_with_state(Arc::new(sessions), carry_session))
        .route(assets::style_path(), get(assets::style))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(map_response(error::page_for_errors))
}
