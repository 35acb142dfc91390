//! GET /login: shows the form. POST /login: logs in, or shows the form again with an error.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request, State, rejection::FormRejection},
    response::Response,
};

use super::{
    error_page::AppError,
    language::{FormMessage, Language, Text, Words},
    login_refusal::LoginRefusal,
    page::{page, to_home},
    stuck,
};
use crate::{
    public_url::Origins,
    users::Login,
    web::{
        accounts::Accounts,
        current_user::CurrentUser,
        forward_auth::{
            return_to::{self, Destinations, ReturnTo},
            way_back::{self, WayBack},
        },
        gate::{headers, known_browser, log_lines::AuditLine, notes::Notes, proxies::Client},
        username::{MAX_CHARS, Username},
    },
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
    message: Option<FormMessage>,
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
pub(in crate::web) struct LoginForm {
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

pub(in crate::web) async fn show(
    State(accounts): State<Accounts>,
    State(destinations): State<Arc<Destinations>>,
    language: Language,
    user: CurrentUser,
    request: Request,
) -> Result<Response, AppError> {
    let words = language.words;
    let query = request.uri().query().unwrap_or_default();
    let return_to = destinations.in_query(query);
    if let Some(return_to) = &return_to {
        match WayBack::of(&request, return_to, &user) {
            WayBack::LogIn => {}
            WayBack::On(response) => return Ok(response),
            WayBack::InCircles => return stuck::in_circles(words, return_to),
            WayBack::NoCookie => return stuck::no_cookie(words, return_to),
        }
    }
    show_form(&LoginPage {
        words,
        query: &query_of(&language, return_to.as_ref()),
        current: user.username(),
        typed: "",
        asks_password: accounts.ask_password(),
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
        headers::allow_form_to(&mut response, &return_to.origin());
    }
    Ok(response)
}

pub(in crate::web) async fn submit(
    State(accounts): State<Accounts>,
    State(origins): State<Arc<Origins>>,
    State(destinations): State<Arc<Destinations>>,
    client: Client,
    language: Language,
    user: CurrentUser,
    form: LoginForm,
) -> Result<Response, AppError> {
    let return_to = destinations.check(&form.rd);
    let checked = accounts.check(&form.username, form.password, &client).await;
    let refusal = match checked {
        Ok(login) => {
            user.log_in(&login).await?;
            return Ok(welcome(login, return_to.as_ref(), &origins));
        }
        Err(error) => LoginRefusal::new(error, language.words),
    };
    refusal.answer(|message| {
        show_form(&LoginPage {
            words: language.words,
            query: &query_of(&language, return_to.as_ref()),
            current: user.username(),
            // HTML must not contain U+0000. Browsers would show U+FFFD for it, too.
            typed: &form.username.replace('\0', "\u{fffd}"),
            asks_password: accounts.ask_password(),
            return_to: return_to.as_ref(),
            message: Some(message),
        })
    })
}

/// Returns the response to a login.
fn welcome(login: Login, return_to: Option<&ReturnTo>, origins: &Origins) -> Response {
    let mut response = match return_to {
        Some(return_to) => way_back::after_login(return_to),
        None => to_home(),
    };
    let known_browser = login
        .browser
        .and_then(|it| known_browser::set(&it, origins));
    let notes = Notes::of(&mut response);
    notes.known_browser = known_browser;
    notes.audit = Some(AuditLine::LoggedIn { name: login.name });
    response
}
