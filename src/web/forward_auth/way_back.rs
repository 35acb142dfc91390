//! Leads a visitor on after the login: back to the site that sent them to the login page, or to the home
//! page.
//!
//! After a login, the browser first comes to the login page once more. That sends the visitor on if the
//! browser kept the cookie. Otherwise it says so: the other site would only send them here again, and so on,
//! and the home page would greet nobody without a word.
//!
//! After a login it sends them on with a page, and not with a redirect. Chromium applies the policy of the
//! page with the form to all redirects after the form, also to those of the other site, which may lead
//! anywhere. The page begins a new navigation, without a script. That costs the fragment of the address,
//! which browsers keep over redirects only.

use axum::{
    extract::Request,
    http::header::SET_COOKIE,
    response::{IntoResponse as _, Redirect, Response},
};
use url::form_urlencoded;

use super::{circles::count_round, return_to::ReturnTo};
use crate::web::current_user::CurrentUser;

/// The parameter that says that the browser has just been sent a cookie, and why.
const SENT_COOKIE: &str = "cookie";

/// The parameter with the name of the user who may not open the other site.
const REFUSED: &str = "refused";

/// Why the browser was sent a cookie, as the parameter says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Sent {
    /// After a login, to go on to another site.
    Set,
    /// After a login, to go on to the home page.
    Home,
}

impl Sent {
    fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Home => "home",
        }
    }

    fn in_query(query: &str) -> Option<Self> {
        let all = [Self::Set, Self::Home];
        all.into_iter()
            .find(|it| has_pair(query, SENT_COOKIE, it.as_str()))
    }
}

fn has_pair(query: &str, name: &str, value: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|it| it.0 == name && it.1 == value)
}

/// What the login page does for a visitor.
pub(in crate::web) enum WayBack {
    /// The visitor has to log in, or can log in as somebody else.
    LogIn,
    /// This user may not open the other site, so that somebody else has to log in.
    SwitchUser,
    /// This response sends the visitor on.
    On(Response),
    /// A page has to send the visitor on. The address was in the query.
    OnByPage,
    /// The other site always sends the visitor here again.
    InCircles,
    /// The browser did not keep the cookie that it was sent.
    NoCookie(Sent),
}

/// Returns the response to a login. A program that shows no pages is told at once where a browser arrives.
pub(in crate::web) fn after_login(shows_pages: bool, return_to: Option<&ReturnTo>) -> Response {
    match return_to {
        None if !shows_pages => home(),
        None => once_more(None, Sent::Home),
        Some(_) => once_more(return_to, Sent::Set),
    }
}

/// Sends a browser that was sent a cookie to the login page, which sees whether it kept the cookie.
fn once_more(return_to: Option<&ReturnTo>, sent: Sent) -> Response {
    Redirect::to(&format!("/login?{}", query(return_to, sent))).into_response()
}

/// Returns the query of the login page for a browser that was sent a cookie.
pub(in crate::web) fn query(return_to: Option<&ReturnTo>, sent: Sent) -> String {
    let sent = format!("{SENT_COOKIE}={}", sent.as_str());
    match return_to {
        Some(return_to) => format!("{}&{sent}", return_to.query()),
        None => sent,
    }
}

/// Returns the query of the login page for a user who may not open the other site.
pub(in crate::web) fn query_of_refused(return_to: &ReturnTo, user: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(return_to.query());
    query.append_pair(REFUSED, user).finish()
}

impl WayBack {
    /// Decides for a request of the login page.
    pub(in crate::web) fn of(
        request: &Request,
        return_to: Option<&ReturnTo>,
        user: &CurrentUser,
    ) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let sent = Sent::in_query(query);
        // An address that is not ours is ignored, and what was said about it.
        let sent = sent.filter(|sent| return_to.is_some() != (*sent == Sent::Home));
        let Some(username) = user.username() else {
            return sent.map_or(Self::LogIn, Self::NoCookie);
        };
        let Some(return_to) = return_to else {
            return sent.map_or(Self::LogIn, |_| Self::On(home()));
        };
        match sent {
            Some(_) => Self::OnByPage,
            // Whoever has logged in instead is sent on.
            None if has_pair(query, REFUSED, username.as_str()) => Self::SwitchUser,
            None => Self::unless_in_circles(request, return_to),
        }
    }

    /// Sends a visitor on who has been logged in for a while, unless the other site always sends them
    /// back.
    fn unless_in_circles(request: &Request, return_to: &ReturnTo) -> Self {
        if let Some(cookie) = count_round(request.headers(), return_to) {
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

fn home() -> Response {
    Redirect::to("/").into_response()
}
