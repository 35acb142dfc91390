//! `/auth`: the question of a proxy, whether the visitor who sent a request to it may pass.
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
//! | logged in, but as somebody else, and a browser fetches a page with GET or HEAD | 403 with `Location` | 403 with `Location` |
//! | logged in, but as somebody else, and anything else | 403 | 403 |
//! | cookies of two sessions | 401 | 401 |
//! | not a question, or another path below | 400 | 400 |
//! | the store does not answer | 503 | 503 |
//!
//! `Location` is that of the login page, which sends the visitor back. nginx answers 500 if it gets a
//! 302. A 200 has the renewed cookie in `Set-Cookie` when one is due, which the proxy hands on. With cookies
//! of two sessions there is no `Location`: the login page may get only one of them, and would send the visitor
//! back at once.

mod circles;
mod conditions;
mod decision;
mod no_way_back;
mod question;
mod refusal;
pub(in crate::web) mod return_to;
pub(in crate::web) mod way_back;

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use self::{
    conditions::{CheckedPaths, Conditions},
    decision::{Decision, Visitor, decide},
    no_way_back::Warnings,
    question::Question,
    refusal::{forbid_sender, not_stored, refuse, start_of, unauthorized},
    return_to::Destinations,
};
use super::{current_user, gate::notes::Notes};
use crate::{public_url::Origins, users::Users};
use signet_session::{FoundSession, ReceivedSession, SessionLayer};

/// The path of the question. Requests for it, and for those below it, pass none of the checks of a page.
pub(super) const PATH: &str = "/auth";

const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");

/// Answers the question.
#[derive(Clone, Debug)]
pub(super) struct ForwardAuth {
    sessions: SessionLayer,
    users: Arc<Users>,
    destinations: Arc<Destinations>,
    /// The URL of the login page.
    login: String,
    warnings: Arc<Warnings>,
    checked_paths: Arc<CheckedPaths>,
}

/// Returns whether this path is that of the question, or below it.
pub(super) fn has(path: &str) -> bool {
    let rest = path.strip_prefix(PATH);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// Returns the host of the site that a proxy asks about, for the log.
pub(super) fn site_of(request: &Request) -> Option<String> {
    if !has(request.uri().path()) {
        return None;
    }
    let question = Question::read(request.method(), request.headers())?;
    Some(start_of(&question.host).to_owned())
}

impl ForwardAuth {
    pub(super) fn new(
        sessions: SessionLayer,
        users: Arc<Users>,
        origins: &Origins,
        destinations: Arc<Destinations>,
    ) -> Self {
        Self {
            login: format!("{}/login", origins.public()),
            sessions,
            users,
            destinations,
            warnings: Arc::default(),
            checked_paths: Arc::default(),
        }
    }

    /// Answers a question with this method, this path and these headers.
    pub(super) async fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Response {
        let Some(conditions) = Conditions::of(path) else {
            return refusal::no_such_path(path);
        };
        self.checked_paths
            .check(path, &conditions, &self.users, &self.destinations);
        let Some(mut question) = Question::read(method, headers) else {
            return refusal::malformed();
        };
        question.is_forgery &= !conditions.allow_sender(headers, &self.destinations);
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
            (_, Some(name)) if conditions.permit(name) => Visitor::LoggedIn,
            (_, Some(_)) => Visitor::NotPermitted,
            (_, None) => Visitor::LoggedOut,
        };
        let way_back = self.way_back(&question, visitor, name);
        match (decide(&question, visitor, way_back), session, name) {
            (Decision::Pass, Some(session), Some(name)) => self.pass(session, name).await,
            (Decision::LogIn(status, query), ..) => self.send_to_login(status, &query),
            (Decision::SwitchUser(query), ..) => self.switch_user(&question, query.as_deref()),
            (Decision::Forbid, ..) => forbid_sender(&question),
            (Decision::RefuseForm, ..) => self.refuse_form(&question),
            (Decision::Refuse | Decision::Pass, ..) => refuse(&question, visitor),
        }
    }

    /// Returns the query of the login page that leads back, if the visitor may have to go there.
    fn way_back(
        &self,
        question: &Question,
        visitor: Visitor,
        name: Option<&str>,
    ) -> Option<String> {
        if !question.is_navigation() {
            return None;
        }
        match (visitor, name) {
            (Visitor::LoggedOut, _) => match self.destinations.check(&question.address) {
                Ok(address) => Some(address.query()),
                Err(cause) => {
                    self.warnings.warn(cause, &question.address, &question.host);
                    None
                }
            },
            (Visitor::NotPermitted, Some(name)) => {
                let address = self.destinations.check(&question.address);
                let address = address.or_else(|_| self.destinations.check(question.site()));
                let address = address.ok()?;
                Some(way_back::query_of_refused(&address, name))
            }
            _ => None,
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
        let renewed = self.sessions.renew(session).await;
        headers.extend(renewed.map(|it| (header::SET_COOKIE, it)));
        not_stored(response)
    }

    /// Lets a page say that the form was not sent. Its link leads to the login page, and from there to the
    /// first page of the guarded site: a GET of the address of the form may be an error.
    fn refuse_form(&self, question: &Question) -> Response {
        let link = match self.destinations.check(question.site()) {
            Ok(site) => format!("{}?{}", self.login, site.query()),
            Err(_) => self.login.clone(),
        };
        let mut response = refuse(question, Visitor::LoggedOut);
        Notes::of(&mut response).form_not_sent = Some(link);
        response
    }

    /// Lets somebody else log in, if a browser can show the login page.
    fn switch_user(&self, question: &Question, query: Option<&str>) -> Response {
        let mut response = refusal::forbid_user(question);
        self.add_location(&mut response, query);
        response
    }

    fn send_to_login(&self, status: StatusCode, query: &str) -> Response {
        let mut response = unauthorized();
        *response.status_mut() = status;
        self.add_location(&mut response, Some(query));
        response
    }

    /// Adds the address of the login page with a query, if there is one. It may be empty.
    fn add_location(&self, response: &mut Response, query: Option<&str>) {
        let location = match query {
            None => return,
            Some("") => self.login.clone(),
            Some(query) => format!("{}?{query}", self.login),
        };
        // The query is percent-encoded, so that this does not fail.
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
}
