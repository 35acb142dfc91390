//! The answers that let nobody pass, and their lines in the log.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{decision::Visitor, question::Question};
use crate::web::gate::{notes::Notes, refusal::RequestRefusal};

/// The most of a text of a request that is logged, in characters.
const MAX_LOGGED_CHARS: usize = 100;

/// Refuses a request that another site sent.
pub(super) fn forbid_sender(question: &Question) -> Response {
    let answer = "this request came from another site\n";
    forbid(
        question,
        RequestRefusal::CrossSite,
        "another site sent it",
        answer,
    )
}

/// Refuses a request of a user who may not enter.
pub(super) fn forbid_user(question: &Question) -> Response {
    let why = "the user is not in the list of /auth/only";
    let answer = "this user may not open this site\n";
    forbid(question, RequestRefusal::NotPermitted, why, answer)
}

/// Refuses a request that cannot be sent to the login page.
pub(super) fn refuse(question: &Question, visitor: Visitor) -> Response {
    let reason = match visitor {
        Visitor::Ambiguous => "ambiguous",
        _ => "not_logged_in",
    };
    tracing::info!(
        site = start_of(&question.host),
        reason,
        "request to a guarded site refused: nobody is logged in"
    );
    unauthorized()
}

fn forbid(
    question: &Question,
    refusal: RequestRefusal,
    why: &str,
    answer: &'static str,
) -> Response {
    tracing::info!(
        site = start_of(&question.host),
        reason = refusal.as_str(),
        "request to a guarded site refused: {why}"
    );
    let mut response = text(StatusCode::FORBIDDEN, answer);
    Notes::of(&mut response).refusal = Some(refusal);
    response
}

pub(super) fn unauthorized() -> Response {
    text(StatusCode::UNAUTHORIZED, "not logged in\n")
}

/// Refuses a question of another path below ours.
pub(super) fn no_such_path(path: &str) -> Response {
    tracing::info!(
        path = start_of(path),
        reason = "path",
        "question of a proxy refused: below /auth there are /auth/only/USERS, /auth/from/HOSTS and \
         /auth/from/HOSTS/only/USERS, with commas between users and between hosts"
    );
    not_a_question()
}

/// Refuses what is not the question of a proxy.
pub(super) fn malformed() -> Response {
    tracing::info!(
        reason = "malformed",
        "question of a proxy refused: it needs X-Original-URL, or X-Forwarded-Method, -Proto, -Host and \
         -Uri, each of them once, and not both"
    );
    not_a_question()
}

fn not_a_question() -> Response {
    text(
        StatusCode::BAD_REQUEST,
        "this is not a question of a proxy\n",
    )
}

pub(super) fn not_stored(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

fn text(status: StatusCode, text: &'static str) -> Response {
    not_stored((status, text).into_response())
}

/// Returns as much of a text of a request as is logged.
pub(super) fn start_of(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_LOGGED_CHARS);
    end.map_or(text, |(end, _)| &text[..end])
}
