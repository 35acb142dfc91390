//! GET /login: shows the form. POST /login: logs in, or shows the form again with an error.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request, State, rejection::FormRejection},
    response::Response,
};

use super::{
    audit_log,
    client::Client,
    current_user::CurrentUser,
    error::AppError,
    known_browser,
    language::{Language, Refused, Text, Words},
    login_refusal::LoginRefusal,
    page::{page, to_home},
    return_to::{self, Destinations, ReturnTo},
    username::{MAX_CHARS, Username},
    way_back,
};
use crate::{
    public_url::Origins,
    users::{Login, Users},
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    words: &'static Words,
    query: &'a str,
    /// The name under which the visitor is already logged in.
    current: Option<Username<'a>>,
    /// The value of the field.
    typed: &'a str,
    asks_password: bool,
    /// Where the visitor goes after the login, if not to the home page.
    return_to: Option<&'a ReturnTo>,
    /// Why that was refused, and what to change.
    message: Option<Refused>,
}

impl LoginPage<'_> {
    /// The field's `maxlength`. HTML counts UTF-16 code units, at most two for each character. The
    /// server checks the exact limit.
    const MAX_LENGTH: usize = 2 * MAX_CHARS;

    /// Returns the heading, which is also the text of the button.
    fn heading(&self) -> Text {
        if self.current.is_some() {
            self.words.switch_user
        } else {
            self.words.log_in
        }
    }
}

/// The fields that a visitor submits. A field that occurs twice counts as missing.
#[derive(Default)]
pub(super) struct LoginForm {
    username: String,
    password: String,
    /// The address to go back to.
    rd: String,
}

impl LoginForm {
    fn of(fields: &[(String, String)]) -> Self {
        let mut form = Self::default();
        for (field, name) in [
            (&mut form.username, "username"),
            (&mut form.password, "password"),
            (&mut form.rd, return_to::PARAMETER),
        ] {
            let mut values = fields.iter().filter(|(it, _)| it == name);
            if let (Some((_, value)), None) = (values.next(), values.next()) {
                field.clone_from(value);
            }
        }
        form
    }
}

impl<S: Send + Sync> FromRequest<S> for LoginForm {
    /// The body is not a form or is too large, which the error pages explain.
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, FormRejection> {
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, state).await?;
        Ok(Self::of(&fields))
    }
}

pub(super) async fn show(
    State(users): State<Option<Arc<Users>>>,
    State(destinations): State<Option<Arc<Destinations>>>,
    language: Language,
    user: CurrentUser,
    request: Request,
) -> Result<Response, AppError> {
    let query = request.uri().query().unwrap_or_default();
    let return_to = destinations.and_then(|it| it.in_query(query));
    if let Some(return_to) = &return_to
        && let Some(response) = way_back::instead_of_form(return_to, &request, &language, &user)?
    {
        return Ok(response);
    }
    show_form(&LoginPage {
        words: language.words,
        query: &query_of(&language, return_to.as_ref()),
        current: user.username(),
        typed: "",
        asks_password: users.is_some(),
        return_to: return_to.as_ref(),
        message: None,
    })
}

/// Returns the query of the links to the other languages. It never repeats an address that was ignored.
fn query_of(language: &Language, return_to: Option<&ReturnTo>) -> String {
    let others = language.query.split_inclusive('&');
    match return_to {
        Some(return_to) => format!("{}&", return_to.query()),
        None => others.filter(|it| !return_to::is_parameter(it)).collect(),
    }
}

fn show_form(content: &LoginPage) -> Result<Response, AppError> {
    let mut response = page(content.words, content)?;
    if let Some(return_to) = content.return_to {
        way_back::allow_form_target(&mut response, return_to);
    }
    Ok(response)
}

pub(super) async fn submit(
    State(origins): State<Arc<Origins>>,
    State(destinations): State<Option<Arc<Destinations>>>,
    client: Option<Client>,
    language: Language,
    user: CurrentUser,
    form: LoginForm,
) -> Result<Response, AppError> {
    let return_to = destinations.and_then(|it| it.check(&form.rd));
    let refusal = match &client {
        None => match Username::parse(&form.username) {
            Ok(username) => {
                let response = audit_log::logged_in(to_home(), username.as_str());
                user.log_in(username).await?;
                return Ok(response);
            }
            Err(error) => LoginRefusal::of_name(error, language.words),
        },
        Some(client) => match client.log_in(&form.username, form.password).await {
            Ok(login) => {
                user.log_in_with_password(&login).await?;
                let response = welcome(&login, return_to.as_ref(), &origins);
                return Ok(audit_log::logged_in(response, &login.name));
            }
            Err(failure) => LoginRefusal::of_password(failure, language.words),
        },
    };
    refusal.answer(|message| {
        show_form(&LoginPage {
            words: language.words,
            query: &query_of(&language, return_to.as_ref()),
            current: user.username(),
            // HTML must not contain U+0000. Browsers would show U+FFFD for it, too.
            typed: &form.username.replace('\0', "\u{fffd}"),
            asks_password: client.is_some(),
            return_to: return_to.as_ref(),
            message: Some(message),
        })
    })
}

/// Returns the response to a user whose password was right.
fn welcome(login: &Login, return_to: Option<&ReturnTo>, origins: &Origins) -> Response {
    let mut response = match return_to {
        Some(return_to) => way_back::after_login(return_to),
        None => to_home(),
    };
    if let Some(browser) = &login.browser {
        known_browser::remember(&mut response, browser, origins);
    }
    response
}
