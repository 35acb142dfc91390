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
    http::{HeaderMap, HeaderValue, header::SET_COOKIE},
    response::{IntoResponse as _, Redirect, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::return_to::ReturnTo;
use crate::web::{current_user::CurrentUser, gate::cookies};

/// The parameter that says that the browser has just been sent a cookie, and why.
const SENT_COOKIE: &str = "cookie";

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
        let (_, value) =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == SENT_COOKIE)?;
        let all = [Self::Set, Self::Home];
        all.into_iter().find(|it| it.as_str() == value)
    }
}

/// What the login page does for a visitor.
pub(in crate::web) enum WayBack {
    /// The visitor has to log in, or can log in as somebody else.
    LogIn,
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

impl WayBack {
    /// Decides for a request of the login page.
    pub(in crate::web) fn of(
        request: &Request,
        return_to: Option<&ReturnTo>,
        user: &CurrentUser,
    ) -> Self {
        let sent = Sent::in_query(request.uri().query().unwrap_or_default());
        // An address that is not ours is ignored, and what was said about it.
        let sent = sent.filter(|sent| return_to.is_some() != (*sent == Sent::Home));
        if user.username().is_none() {
            return sent.map_or(Self::LogIn, Self::NoCookie);
        }
        let Some(return_to) = return_to else {
            return sent.map_or(Self::LogIn, |_| Self::On(home()));
        };
        match sent {
            Some(_) => Self::OnByPage,
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

/// The name of the cookie that notices circles. The login page sends a visitor who is logged in back to the
/// site that they came from. If that does not see the session, because its proxy passes on no cookie or asks
/// a Signet with other keys, it sends them here again. The cookie counts how often the same address came in
/// a row.
const SENT_BACK: &str = "sent_back";

/// How long the cookie is kept, in seconds. A round takes a browser less than one.
const SENT_BACK_AGE: u32 = 10;

/// How often a visitor is sent to the same address in a row. Browsers give up after 20 redirects, and a
/// round has two.
const MOST_ROUNDS: u8 = 5;

/// Returns the `Set-Cookie` that counts one more time, or `None` if it was often enough.
fn count_round(headers: &HeaderMap, return_to: &ReturnTo) -> Option<HeaderValue> {
    let mut digest = BASE64URL.encode(Sha256::digest(return_to.as_str()));
    digest.truncate(16);
    let times = cookies::values(headers, SENT_BACK)
        .filter_map(|value| value.strip_prefix(&digest)?.strip_prefix('.'))
        .find_map(|times| times.parse::<u8>().ok())
        .unwrap_or(0);
    (times < MOST_ROUNDS).then(|| {
        let value = format!("{digest}.{}", times + 1);
        cookies::set(SENT_BACK, &value, SENT_BACK_AGE, return_to.is_https())
    })
}
