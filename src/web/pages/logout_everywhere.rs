//! GET /logout?everywhere=1: asks whether to end all sessions of the user. POST /logout with the field
//! `everywhere=1`: ends them.

use std::convert::Infallible;

use askama::Template;
use axum::{
    Form,
    extract::{FromRef, FromRequest, Request},
    response::{IntoResponse as _, Response},
};

use super::{
    error_page::AppError,
    language::{Language, Words},
    page,
};
use crate::web::{accounts::Accounts, gate::notes::Notes, username::Username};
use signet_session::SessionError;

/// The query of the link, as [`Language`] has it. The form has a field of the same name and value.
const QUERY: &str = "everywhere=1&";

/// Contains true if a request asks for a logout everywhere: in its query, or in the form of a POST.
///
/// It contains false on a site without passwords, where anybody can log in as anybody, and so could end
/// the sessions of others.
pub(in crate::web) struct Everywhere(pub(super) bool);

impl<S: Send + Sync> FromRequest<S> for Everywhere
where
    Accounts: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        if !Accounts::from_ref(state).ask_password() {
            return Ok(Self(false));
        }
        // A POST without a form is an ordinary logout.
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let fields = form.map_or_else(|_| Vec::new(), |Form(fields)| fields);
        let mut values = fields.iter().filter(|(name, _)| name == "everywhere");
        // A field that occurs twice counts as missing.
        let (value, another) = (values.next(), values.next());
        Ok(Self(
            another.is_none() && value.is_some_and(|(_, it)| it == "1"),
        ))
    }
}

/// Asks the visitor.
#[derive(Template)]
#[template(path = "logout_everywhere.html")]
struct LogoutEverywherePage<'a> {
    words: &'static Words,
    query: &'a str,
    username: Username<'a>,
}

/// Asks the visitor. Whoever sent them here, nothing has ended.
pub(super) fn ask(language: &Language, username: Username<'_>) -> Result<Response, AppError> {
    let content = LogoutEverywherePage {
        words: language.words,
        query: &language.query,
        username,
    };
    Ok(page(language.words, &content)?)
}

/// Says that the sessions of the user have not ended, or that it is not known.
pub(super) fn explain(error: SessionError) -> Response {
    let mut response = error.into_response();
    Notes::of(&mut response).question = Some(QUERY);
    response
}
