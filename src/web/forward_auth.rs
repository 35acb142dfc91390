//! `/auth`: the question of a proxy, whether the visitor who sent a request to it is logged in.
//!
//! The proxy asks before it passes the request on to the site that it guards (nginx: `auth_request`,
//! Caddy: `forward_auth`, Traefik: ForwardAuth). The answers:
//!
//! | | nginx | Caddy, Traefik |
//! |---|---|---|
//! | logged in | 200 | 200 |
//! | not logged in, and a browser fetches a page with GET or HEAD | 401 with `Location` | 302 |
//! | not logged in, and a browser sends a form | 401 with a page | 401 with a page |
//! | not logged in, and anything else | 401 | 401 |
//! | logged in, but a page of another origin sends a form, opens a WebSocket or the like | 403 | 403 |
//! | cookies of two sessions | 401 | 401 |
//! | not a question | 400 | 400 |
//! | the store does not answer | 503 | 503 |
//!
//! `Location` is that of the login page, which sends the visitor back. nginx answers 500 if it gets a
//! 302. A 200 has the renewed cookie in `Set-Cookie` when one is due, which the proxy hands on. With cookies of two sessions there is no `Location`: the login page may get only one of them, and
//! would send the visitor back at once.

mod no_way_back;
mod question;
pub(in crate::web) mod return_to;
#[cfg(test)]
mod tests;
pub(in crate::web) mod way_back;

use std::sync::Arc;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use self::{
    no_way_back::Warnings,
    question::{HeadersOf, Question},
    return_to::Destinations,
};
use super::{
    current_user,
    gate::{notes::Notes, refusal::RequestRefusal},
};
use crate::public_url::Origins;
use signet_session::{FoundSession, ReceivedSession, SessionLayer};

/// The path of the question. Requests for it pass none of the checks of a page.
pub(super) const PATH: &str = "/auth";

/// The most of a host that is logged, in bytes.
const MAX_LOGGED_BYTES: usize = 100;

const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");

/// Answers the question.
#[derive(Clone, Debug)]
pub(super) struct ForwardAuth {
    sessions: SessionLayer,
    destinations: Arc<Destinations>,
    /// The URL of the login page.
    login: String,
    warnings: Arc<Warnings>,
}

/// The state of the visitor's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visitor {
    LoggedIn,
    LoggedOut,
    /// There are cookies of more than one session.
    Ambiguous,
}

/// What the proxy is told.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// 200.
    Pass,
    /// This status, and the login page as the `Location`, with this query.
    LogIn(StatusCode, String),
    /// 401 without a `Location`.
    Refuse,
    /// The same, and the page that says that the form was not sent.
    RefuseForm,
    /// 403: another site acts as the visitor.
    Forbid,
}

impl ForwardAuth {
    pub(super) fn new(
        sessions: SessionLayer,
        origins: &Origins,
        destinations: Arc<Destinations>,
    ) -> Self {
        Self {
            login: format!("{}/login", origins.public()),
            sessions,
            destinations,
            warnings: Arc::default(),
        }
    }

    /// Answers a question with this method and these headers.
    pub(super) async fn answer(&self, method: &Method, headers: &HeaderMap) -> Response {
        let Some(question) = Question::read(method, headers) else {
            tracing::info!(
                "question of a proxy refused: it needs X-Original-URL, or X-Forwarded-Method, -Proto, \
                 -Host and -Uri, each of them once, and not both"
            );
            return text(
                StatusCode::BAD_REQUEST,
                "this is not a question of a proxy\n",
            );
        };
        let found = match self.sessions.find(headers).await {
            Ok(found) => found,
            Err(error) => return not_stored(error.into_response()),
        };
        let session = match &found {
            FoundSession::One(session) => Some(session),
            _ => None,
        };
        let name = session.and_then(current_user::name_in);
        let visitor = match (&found, name) {
            (FoundSession::Several, _) => Visitor::Ambiguous,
            (_, Some(_)) => Visitor::LoggedIn,
            (_, None) => Visitor::LoggedOut,
        };
        let way_back = self.way_back(&question, visitor);
        match (decide(&question, visitor, way_back), session, name) {
            (Decision::Pass, Some(session), Some(name)) => self.pass(session, name).await,
            (Decision::LogIn(status, query), ..) => self.send_to_login(status, &query),
            (Decision::Forbid, ..) => forbid(&question),
            (Decision::RefuseForm, ..) => self.refuse_form(&question),
            (Decision::Refuse | Decision::Pass, ..) => unauthorized(),
        }
    }

    /// Says who the visitor is, and renews the cookie if that is due.
    async fn pass(&self, session: &ReceivedSession, name: &str) -> Response {
        // The users file has names of visible ASCII only.
        let Ok(name) = HeaderValue::from_str(name) else {
            return unauthorized();
        };
        let mut response = StatusCode::OK.into_response();
        let headers = response.headers_mut();
        headers.insert(REMOTE_USER, name);
        headers.extend(
            self.sessions
                .renew(session)
                .await
                .map(|it| (header::SET_COOKIE, it)),
        );
        not_stored(response)
    }

    /// Returns the query of the login page that leads back, if the visitor may have to go there.
    fn way_back(&self, question: &Question, visitor: Visitor) -> Option<String> {
        if visitor != Visitor::LoggedOut || !question.is_navigation() {
            return None;
        }
        match self.destinations.check(&question.address) {
            Ok(address) => Some(address.query()),
            Err(cause) => {
                self.warnings.warn(cause, &question.address, &question.host);
                None
            }
        }
    }

    /// Lets a page say that the form was not sent. Its link leads to the login page, and from there to the
    /// first page of the guarded site: a GET of the address of the form may be an error.
    fn refuse_form(&self, question: &Question) -> Response {
        let start = question.address.split('/').take(3).collect::<Vec<_>>();
        let way_back = self.destinations.check(&start.join("/")).ok();
        let link = match way_back {
            Some(site) => format!("{}?{}", self.login, site.query()),
            None => self.login.clone(),
        };
        let mut response = unauthorized();
        Notes::of(&mut response).form_not_sent = Some(link);
        response
    }

    fn send_to_login(&self, status: StatusCode, query: &str) -> Response {
        let location = match query {
            "" => self.login.clone(),
            query => format!("{}?{query}", self.login),
        };
        let mut response = unauthorized();
        *response.status_mut() = status;
        // The query is percent-encoded, so that this does not fail.
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}

/// Decides what a proxy is told about a visitor. `way_back` is the query of the login page that leads back.
fn decide(question: &Question, visitor: Visitor, way_back: Option<String>) -> Decision {
    let status = match question.headers {
        HeadersOf::Nginx => StatusCode::UNAUTHORIZED,
        HeadersOf::Caddy => StatusCode::FOUND,
    };
    match visitor {
        Visitor::LoggedIn if question.is_forgery => Decision::Forbid,
        Visitor::LoggedIn => Decision::Pass,
        // Others would be lost on the way, or could not show the login page.
        Visitor::LoggedOut if question.is_navigation() => {
            Decision::LogIn(status, way_back.unwrap_or_default())
        }
        Visitor::LoggedOut if question.is_form() => Decision::RefuseForm,
        Visitor::LoggedOut | Visitor::Ambiguous => Decision::Refuse,
    }
}

fn forbid(question: &Question) -> Response {
    let host = &question.host[..question.host.len().min(MAX_LOGGED_BYTES)];
    tracing::info!(
        host,
        "request to a guarded site refused: another site sent it"
    );
    let mut response = text(
        StatusCode::FORBIDDEN,
        "this request came from another site\n",
    );
    Notes::of(&mut response).refusal = Some(RequestRefusal::CrossSite);
    response
}

fn unauthorized() -> Response {
    text(StatusCode::UNAUTHORIZED, "not logged in\n")
}

fn not_stored(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

fn text(status: StatusCode, text: &'static str) -> Response {
    not_stored((status, text).into_response())
}
