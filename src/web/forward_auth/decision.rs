//! What a proxy is told about a visitor.

#[cfg(test)]
mod tests;

use axum::http::StatusCode;

use super::question::{HeadersOf, Question};

/// The state of the visitor's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    LoggedIn,
    /// Logged in, but not among the users who may enter.
    NotPermitted,
    LoggedOut,
    /// There are cookies of more than one session.
    Ambiguous,
}

/// What the proxy is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
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
    /// 403: this user may not enter. If there is a query, the login page with it is the `Location`: it says
    /// so, and another user can log in.
    SwitchUser(Option<String>),
}

/// Decides what a proxy is told about a visitor. `way_back` is the query of the login page that leads back.
pub(super) fn decide(question: &Question, visitor: Visitor, way_back: Option<String>) -> Decision {
    match visitor {
        Visitor::LoggedIn | Visitor::NotPermitted if question.is_forgery => Decision::Forbid,
        Visitor::LoggedIn => Decision::Pass,
        Visitor::NotPermitted => {
            Decision::SwitchUser(way_back.filter(|_| question.is_navigation()))
        }
        // Others would be lost on the way, or could not show the login page.
        Visitor::LoggedOut if question.is_navigation() => {
            let status = match question.headers {
                HeadersOf::Nginx => StatusCode::UNAUTHORIZED,
                HeadersOf::Caddy => StatusCode::FOUND,
            };
            Decision::LogIn(status, way_back.unwrap_or_default())
        }
        Visitor::LoggedOut if question.is_form() => Decision::RefuseForm,
        Visitor::LoggedOut | Visitor::Ambiguous => Decision::Refuse,
    }
}
