//! Leads a visitor back to the site that sent them to the login page.
//!
//! After a login, and after a cookie was renewed, the visitor first comes to the login page once more.
//! It sends them on if the browser kept the cookie. Otherwise it says so: the other site would only
//! send them here again, and so on.

use axum::{
    extract::Request,
    http::header::SET_COOKIE,
    response::{IntoResponse as _, Redirect, Response},
};
use url::form_urlencoded;

use super::{circles, return_to::ReturnTo};
use crate::web::current_user::CurrentUser;

/// The parameter that says that the browser has just been sent a cookie.
const HAS_COOKIE: &str = "cookie";

/// What the login page does for a visitor who came from another site.
pub(in crate::web) enum WayBack {
    /// The visitor has to log in.
    LogIn,
    /// This response sends the visitor on.
    On(Response),
    /// The other site always sends the visitor here again.
    InCircles,
    /// The browser did not keep the cookie.
    NoCookie,
}

/// Returns the response to a login: to the login page, and from there on.
pub(in crate::web) fn after_login(return_to: &ReturnTo) -> Response {
    Redirect::to(&format!("/login?{}", query_after_login(return_to))).into_response()
}

/// Returns the query of the login page for a browser that has just been sent a cookie.
pub(in crate::web) fn query_after_login(return_to: &ReturnTo) -> String {
    format!("{}&{HAS_COOKIE}=set", return_to.query())
}

impl WayBack {
    /// Decides for a request of the login page.
    pub(in crate::web) fn of(request: &Request, return_to: &ReturnTo, user: &CurrentUser) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let should_have_cookie =
            form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == HAS_COOKIE);
        let is_logged_in = user.username().is_some();
        // The response to this request has the new cookie. The next one shows if the browser kept it.
        let is_being_renewed = user.is_being_renewed();
        match (is_logged_in, should_have_cookie) {
            (true, true) if !is_being_renewed => Self::On(to(return_to)),
            (true, false) if !is_being_renewed => Self::once_more(request, return_to),
            (true, false) => Self::On(after_login(return_to)),
            (_, true) => Self::NoCookie,
            (false, false) => Self::LogIn,
        }
    }

    /// Sends a visitor on who has been logged in for a while, unless the other site always sends them
    /// back.
    fn once_more(request: &Request, return_to: &ReturnTo) -> Self {
        if let Some(cookie) = circles::count(request.headers(), return_to) {
            let mut response = to(return_to);
            response.headers_mut().append(SET_COOKIE, cookie);
            return Self::On(response);
        }
        tracing::warn!(
            host = return_to.host(),
            "a site sends a visitor who is logged in to the login page again and again: does its proxy \
             pass the cookies on to /auth, of a node with the same keys and users?"
        );
        Self::InCircles
    }
}

fn to(return_to: &ReturnTo) -> Response {
    Redirect::to(return_to.as_str()).into_response()
}
