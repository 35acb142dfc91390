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
//! | logged in, but the cookie should be renewed, and a browser fetches a page with GET | 401 with `Location` | 302 |
//! | logged in, but a page of another origin sends a form, opens a WebSocket or the like | 403 | 403 |
//! | cookies of two sessions | 401 | 401 |
//! | not a question | 400 | 400 |
//! | the store does not answer | 503 | 503 |
//!
//! `Location` is that of the login page, which sends the visitor back. nginx answers 500 if it gets a
//! 302, and Caddy does not pass on the `Set-Cookie` of a 200, so that a cookie cannot be renewed here.
//! With cookies of two sessions there is no `Location`: the login page may get only one of them, and
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
use signet_session::{FoundSession, SessionLayer};

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
#[derive(Clone, Copy, Debug)]
enum Visitor {
    LoggedIn {
        is_renewal_due: bool,
    },
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

    /// Answers a question with this method and these headers. Changes nothing.
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
        let (visitor, name) = match &found {
            FoundSession::Several => (Visitor::Ambiguous, None),
            FoundSession::One(session) => match current_user::name_in(session) {
                // The users file has names of visible ASCII only.
                Some(name) => (
                    Visitor::LoggedIn {
                        is_renewal_due: session.is_renewal_due(),
                    },
                    HeaderValue::from_str(name).ok(),
                ),
                None => (Visitor::LoggedOut, None),
            },
            _ => (Visitor::LoggedOut, None),
        };
        let way_back = self.way_back(&question, visitor);
        match (decide(&question, visitor, way_back), name) {
            (Decision::Pass, Some(name)) => pass(name),
            (Decision::LogIn(status, query), _) => self.send_to_login(status, &query),
            (Decision::Forbid, _) => forbid(&question),
            (Decision::RefuseForm, _) => self.refuse_form(&question),
            (Decision::Refuse | Decision::Pass, _) => unauthorized(),
        }
    }

    /// Returns the query of the login page that leads back, if the visitor may have to go there.
    fn way_back(&self, question: &Question, visitor: Visitor) -> Option<String> {
        let is_needed = match visitor {
            Visitor::LoggedIn { is_renewal_due } => is_renewal_due,
            Visitor::LoggedOut => true,
            Visitor::Ambiguous => false,
        };
        if !is_needed || !question.is_navigation() {
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
        Visitor::LoggedIn { .. } if question.is_forgery => Decision::Forbid,
        // A form that is sent with POST would be lost. Without a way back, so would be the page.
        Visitor::LoggedIn {
            is_renewal_due: true,
        } if question.is_get_navigation() => match way_back {
            Some(query) => Decision::LogIn(status, query),
            None => Decision::Pass,
        },
        Visitor::LoggedIn { .. } => Decision::Pass,
        // Others would be lost on the way, or could not show the login page.
        Visitor::LoggedOut if question.is_navigation() => {
            Decision::LogIn(status, way_back.unwrap_or_default())
        }
        Visitor::LoggedOut if question.is_form() => Decision::RefuseForm,
        Visitor::LoggedOut | Visitor::Ambiguous => Decision::Refuse,
    }
}

fn pass(name: HeaderValue) -> Response {
    let mut response = StatusCode::OK.into_response();
    response.headers_mut().insert(REMOTE_USER, name);
    not_stored(response)
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
