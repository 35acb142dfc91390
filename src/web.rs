//! The pages: their routes, and the steps around them.
//!
//! - `pages`: what a visitor sees
//! - `forward_auth`: what a proxy asks, for another site
//! - `gate`: what every request passes, and what every response carries
//! - `app`: the whole site as a service
//! - `accounts`: who can log in; `current_user`: who is logged in; `username`: which names are
//!   accepted
//!
//! Imports go one way: `pages` to `forward_auth` to `gate`.

mod accounts;
mod app;
mod current_user;
mod forward_auth;
mod gate;
mod pages;
mod route;
#[cfg(test)]
mod tests;
mod username;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower::Service as _;

pub use self::{
    accounts::Accounts,
    app::App,
    current_user::{is_acceptable, with_subject},
    gate::{notes::Notes, refusal::RequestRefusal},
    route::Route,
};
use self::{
    app::{Parts, Shared},
    gate::{admission::admit, deadline::within_deadline, headers, notes, proxies},
    pages::{
        assets,
        error_page::{self, Preferences},
        home, login, logout,
    },
};

/// Returns the pages, without the steps around them.
fn routes(shared: Shared) -> Router {
    Router::new()
        .route("/", get(home::show))
        .route("/login", get(login::show).post(login::submit))
        .route(
            "/logout",
            get(logout::log_out_by_link)
                // Without this, axum would answer HEAD with the GET handler, which logs out.
                .head(logout::head)
                .post(logout::log_out),
        )
        .fallback(async || StatusCode::NOT_FOUND)
        .with_state(shared)
}

/// Answers a request. The last two steps apply to error responses too.
async fn answer(parts: Arc<Parts>, mut request: Request) -> Response {
    if let Some(answer) = parts.answer_proxy(&mut request).await {
        return answer;
    }
    let preferences = Preferences::of(&request).on_a_site_with(parts.site_words);
    let response = if assets::are_asked_by(&request) {
        let Ok(response) = parts.assets.clone().call(request).await;
        response
    } else if let Err(refusal) = admit(&mut request, &parts.origins, &parts.hosts).await {
        refusal.into_response()
    } else {
        let choice = preferences.language.hand_on(&mut request, &parts.origins);
        let address = proxies::visitor(&request, &parts.trusted_proxies);
        let mut response = within_deadline(parts.pages.clone().call(request)).await;
        notes::act_on(&mut response, parts.has_names_in_log, address);
        response.headers_mut().extend(choice);
        response
    };
    let mut response = error_page::draw(response, &preferences, &parts.origins);
    headers::add(&mut response, parts.origins.is_https());
    response
}
