//! The lines of the log about logins and logouts (ASVS 5.0, 16.3.1). They have no limit.

use axum::response::Response;

/// A login or a logout that a handler did. The extensions of the response hold it until it is logged: the
/// session is saved after the handler, and if that fails, another response replaces this one.
#[derive(Clone)]
enum Entry {
    LoggedIn { name: String },
    LoggedOut { name: String },
}

/// Lets the log say that the visitor has logged in, if this response is sent.
pub(super) fn logged_in(mut response: Response, name: &str) -> Response {
    let name = name.to_owned();
    response.extensions_mut().insert(Entry::LoggedIn { name });
    response
}

/// Lets the log say that the visitor has logged out, if this response is sent.
pub(super) fn logged_out(mut response: Response, name: &str) -> Response {
    let name = name.to_owned();
    response.extensions_mut().insert(Entry::LoggedOut { name });
    response
}

/// Writes the line of a response, if there is one, with the name of the visitor or without.
pub(super) fn log(response: &mut Response, has_names: bool) {
    let name = |name| has_names.then_some(name);
    match response.extensions_mut().remove() {
        Some(Entry::LoggedIn { name: it }) => tracing::info!(name = name(it), "logged in"),
        Some(Entry::LoggedOut { name: it }) => tracing::info!(name = name(it), "logged out"),
        None => {}
    }
}
