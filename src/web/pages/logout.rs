//! GET /logout: logs out a visitor who clicked a link on our pages. POST /logout: the button that
//! confirms a logout. See [`logout_everywhere`] for the other sessions of the user.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, header::SET_COOKIE},
    response::{IntoResponse as _, Redirect, Response},
};

use super::{
    error_page::AppError,
    language::Language,
    logout_everywhere,
    logout_form::LogoutForm,
    logout_question::{self, Asker, is_link_of_a_site},
    on_the_way, to_home,
};
use crate::{
    public_url::Origins,
    web::{
        current_user::CurrentUser,
        forward_auth::return_to::{Destinations, ReturnTo},
        gate::{
            accept::is_navigation,
            cross_site::{is_our_link, is_prefetch},
            log_lines::AuditLine,
            notes::Notes,
            refusal::RequestRefusal,
        },
    },
};
use signet_session::SessionEnder;

/// Logs out a visitor who followed a link on our pages. Any other GET gets a page that asks for
/// confirmation, and so does a visitor who chooses a language on that page. A visitor who is not
/// logged in is sent to the home page, or back. A prefetch is refused (503).
pub(in crate::web) async fn log_out_by_link(
    State(origins): State<Arc<Origins>>,
    State(destinations): State<Arc<Destinations>>,
    headers: HeaderMap,
    language: Language,
    user: CurrentUser,
    form: LogoutForm,
) -> Result<Response, AppError> {
    if form.everywhere {
        return match user.username() {
            Some(username) => logout_everywhere::ask(&language, username),
            None => Ok(to_home()),
        };
    }
    if is_prefetch(&headers) {
        return Ok(RequestRefusal::Prefetch.into_response());
    }
    let return_to = destinations.check(&form.rd).ok();
    let (is_own, is_of_a_site) = (
        is_our_link(&headers, &origins),
        is_link_of_a_site(&headers, &destinations),
    );
    let chooses_language = language.is_chosen && user.username().is_some();
    if is_own && !chooses_language {
        return leave(user, &language, return_to.as_ref()).await;
    }
    let Some(username) = user.username() else {
        return match return_to {
            Some(to) if is_of_a_site => on_the_way::after_logout(language.words, &to),
            _ => Ok(to_home()),
        };
    };
    // On the page that asks about all sites, the visitor may have chosen a language.
    let asker = if is_of_a_site || is_own && return_to.is_some() {
        Asker::Site(destinations.cookie_domain())
    } else {
        Asker::Anybody
    };
    logout_question::ask(&language, username, asker, return_to.as_ref())
}

/// Logs out a visitor who followed a link. A browser that a form has sent here, and that is logged out
/// already, needs a page to go on: see [`log_out`].
async fn leave(
    user: CurrentUser,
    language: &Language,
    return_to: Option<&ReturnTo>,
) -> Result<Response, AppError> {
    match return_to {
        Some(to) if user.username().is_none() => {
            user.log_out().await?;
            on_the_way::after_logout(language.words, to)
        }
        _ => log_out_here(user, return_to.map(ReturnTo::as_str)).await,
    }
}

/// Logs out. If the form says so, ends all other sessions of the user too, and lets the home page say so once.
pub(in crate::web) async fn log_out(
    State(origins): State<Arc<Origins>>,
    State(destinations): State<Arc<Destinations>>,
    headers: HeaderMap,
    user: CurrentUser,
    ender: SessionEnder,
    form: LogoutForm,
) -> Result<Response, AppError> {
    let Some(username) = user.username().filter(|_| form.everywhere) else {
        let next = destinations.check(&form.rd).ok();
        // Chromium applies the policy of the page with the form to redirects, also to those of the other
        // site. So for a browser, a page of ours begins a new navigation.
        let next = next.map(|to| {
            if is_navigation(&headers) {
                format!("/logout?{}", to.query())
            } else {
                to.as_str().to_owned()
            }
        });
        return log_out_here(user, next.as_deref()).await;
    };
    let name = username.as_str().to_owned();
    if let Err(error) = user.end_all_sessions(&name, &ender).await {
        return Ok(logout_everywhere::explain(error));
    }
    user.log_out().await?;
    let mut response = to_home();
    Notes::of(&mut response).audit = Some(AuditLine::OutEverywhere { name });
    let message = logout_everywhere::set_message(&origins);
    response.headers_mut().append(SET_COOKIE, message);
    Ok(response)
}

/// Ends the session of the visitor, who goes to `next` or else to the home page.
async fn log_out_here(user: CurrentUser, next: Option<&str>) -> Result<Response, AppError> {
    let mut response = next.map_or_else(to_home, |next| Redirect::to(next).into_response());
    if let Some(username) = user.username() {
        let name = username.as_str().to_owned();
        Notes::of(&mut response).audit = Some(AuditLine::LoggedOut { name });
    }
    user.log_out().await?;
    Ok(response)
}

/// Answers HEAD, which must not log out.
pub(in crate::web) async fn head() -> Response {
    to_home()
}
