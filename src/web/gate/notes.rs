//! `Notes`: what a handler tells the steps around it.

use std::net::IpAddr;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{log_lines::AuditLine, refusal::RequestRefusal};

/// What a handler, or a check before it, tells the steps around it about its response. Beside the error of
/// the session layer, this is all that pages put into the extensions of a response.
///
/// The session is saved after the handler. If that fails, another response replaces this one, and the
/// notes are gone with it: what did not happen is not logged.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Why the request was refused.
    pub refusal: Option<RequestRefusal>,
    /// The login or the logout that the log has to tell of.
    pub(in crate::web) audit: Option<AuditLine>,
    /// The `Set-Cookie` of a known browser. It is added to the headers last, because programs that look
    /// for the cookie of the session often take the first one.
    pub(in crate::web) known_browser: Option<HeaderValue>,
    /// The URL of the login page, for a visitor of a guarded site who sent a form without being logged in.
    pub(in crate::web) form_not_sent: Option<String>,
    /// Is true if there is no such user, or it is not their password. Another 422 has other causes.
    pub(in crate::web) is_wrong_password: bool,
    /// The query of the question that was answered with the form of a logout everywhere, which failed. The
    /// links to the other languages lead there.
    pub(in crate::web) question: Option<&'static str>,
}

impl Notes {
    /// Returns the notes of a response, to write on them.
    pub(in crate::web) fn of(response: &mut Response) -> &mut Self {
        response.extensions_mut().get_or_insert_default()
    }
}

/// Does what the notes on a response ask for: writes the line of the log, with the name of the visitor or
/// without, and the address if it is known, and sets the cookie of a known browser.
pub(in crate::web) fn act_on(
    response: &mut Response,
    has_names_in_log: bool,
    address: Option<IpAddr>,
) {
    let Some(notes) = response.extensions_mut().get_mut::<Notes>() else {
        return;
    };
    let known_browser = notes.known_browser.take();
    if let Some(line) = notes.audit.take() {
        line.write(has_names_in_log, address);
    }
    if let Some(cookie) = known_browser {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

impl IntoResponse for RequestRefusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        if let Self::TooSlow | Self::TooManyBodies = self {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self == Self::TooManyBodies {
            // By then those bodies have arrived, or were too slow.
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        Notes::of(&mut response).refusal = Some(self);
        response
    }
}
