//! `LogoutForm`: how a visitor wants to log out, and where to go then.

use std::convert::Infallible;

use axum::{
    Form,
    extract::{FromRef, FromRequest, Request},
};

use crate::web::{accounts::Accounts, forward_auth::return_to};

/// What a request for a logout says: in its query, or in the form of a POST.
///
/// It says nothing on a site without passwords. There anybody can log in as anybody, and so could end the
/// sessions of others.
#[derive(Default)]
pub(in crate::web) struct LogoutForm {
    /// Is true if all sessions of the user are to end.
    pub(super) everywhere: bool,
    /// The address to go to, or nothing.
    pub(super) rd: String,
}

impl<S: Send + Sync> FromRequest<S> for LogoutForm
where
    Accounts: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        if !Accounts::from_ref(state).ask_password() {
            return Ok(Self::default());
        }
        // A POST without a form is an ordinary logout.
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let fields = form.map_or_else(|_| Vec::new(), |Form(fields)| fields);
        // A field that occurs twice counts as missing.
        let value = |name| {
            let mut values = fields.iter().filter(|(it, _)| it == name);
            let (value, another) = (values.next(), values.next());
            let value = value.filter(|_| another.is_none());
            value.map_or("", |(_, it)| it)
        };
        Ok(Self {
            everywhere: value("everywhere") == "1",
            rd: value(return_to::PARAMETER).to_owned(),
        })
    }
}
