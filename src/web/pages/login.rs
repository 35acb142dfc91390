//! GET /login: shows the form, or sends a visitor who has just logged in back to where they came from. POST
//! /login: logs in, or answers with an error, mostly in the form.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, Request, State, rejection::FormRejection},
    response::Response,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    error_page::AppError,
    language::{FormMessage, Language, Text, Words},
    login_refusal::LoginRefusal,
    on_the_way, page,
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
        gate::{cookies, log_lines::AuditLine, notes::Notes, proxies::Client},
        username::{MAX_CHARS, Username},
    },
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    words: &'static Words,
    /// The query of the links to the other languages, up to its last `&`.
    query: &'a str,
    /// The name under which the visitor is already logged in.
    current: Option<Username<'a>>,
    /// The name as the visitor typed it.
    typed: &'a str,
    asks_password: bool,
    /// Where the visitor goes after the login, if not to the home page.
    return_to: Option<&'a ReturnTo>,
    /// Is true if the visitor may not go there as the user who is logged in.
    is_refused: bool,
    /// Why the login was refused, and what to change.
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

/// The fields that a visitor submits. A field that occurs twice counts as missing. The password is
/// overwritten in memory when it is no longer needed.
#[derive(Default)]
pub(in crate::web) struct LoginForm {
    username: String,
    password: Zeroizing<String>,
    /// The address to go back to.
    rd: String,
}

impl LoginForm {
    fn of(fields: &[(String, String)]) -> Self {
        let mut form = Self::default();
        for (field, name) in [
            (&mut form.username, "username"),
            (&mut *form.password, "password"),
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
        let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
        let Form(mut fields) = form?;
        let form = Self::of(&fields);
        for (_, value) in &mut fields {
            value.zeroize();
        }
        Ok(form)
    }
}

/// Shows the form, or sends a visitor who has logged in on to where they came from.
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
    let return_to = return_to.as_ref();
    let way_back = WayBack::of(&request, return_to, &user);
    let is_refused = matches!(way_back, WayBack::SwitchUser);
    match (way_back, return_to) {
        (WayBack::On(response), _) => return Ok(response),
        (WayBack::NoCookie(sent), _) => return on_the_way::no_cookie(words, return_to, sent),
        (WayBack::OnByPage, Some(to)) => return on_the_way::on(words, to),
        (WayBack::InCircles, Some(to)) => return on_the_way::in_circles(words, to),
        _ => {}
    }
    let form = LoginPage {
        words,
        query: &match (return_to, user.username()) {
            (Some(to), Some(user)) if is_refused => {
                format!("{}&", way_back::query_of_refused(to, user.as_str()))
            }
            _ => query_of(&language, return_to),
        },
        current: user.username(),
        typed: "",
        asks_password: accounts.ask_password(),
        return_to,
        is_refused,
        message: None,
    };
    Ok(page(words, &form)?)
}

/// Returns the query of the links to the other languages. It never repeats an address that was ignored.
fn query_of(language: &Language, return_to: Option<&ReturnTo>) -> String {
    let others = language.query.split_inclusive('&');
    match return_to {
        Some(return_to) => format!("{}&", return_to.query()),
        None => others.filter(|it| !return_to::is_parameter(it)).collect(),
    }
}

/// Checks the name and the password. Logs in, or says why not.
pub(in crate::web) async fn submit(
    State(accounts): State<Accounts>,
    State(origins): State<Arc<Origins>>,
    State(destinations): State<Arc<Destinations>>,
    client: Client,
    language: Language,
    user: CurrentUser,
    form: LoginForm,
) -> Result<Response, AppError> {
    let return_to = destinations.check(&form.rd).ok();
    let checked = accounts.check(&form.username, form.password, &client).await;
    let refusal = match checked {
        Ok(login) => {
            user.log_in(&login).await?;
            let response = way_back::after_login(client.shows_pages, return_to.as_ref());
            return Ok(with_notes(response, login, &origins));
        }
        Err(error) => LoginRefusal::new(error, language.words),
    };
    refusal.answer(|message| {
        let form = LoginPage {
            words: language.words,
            query: &query_of(&language, return_to.as_ref()),
            current: user.username(),
            // HTML must not contain U+0000. Browsers would show U+FFFD for it, too.
            typed: &form.username.replace('\0', "\u{fffd}"),
            asks_password: accounts.ask_password(),
            return_to: return_to.as_ref(),
            is_refused: false,
            message: Some(message),
        };
        Ok(page(language.words, &form)?)
    })
}

/// Adds the log line of a login and the cookie of the known browser to its response.
fn with_notes(mut response: Response, login: Login, origins: &Origins) -> Response {
    let known_browser = login
        .browser
        .and_then(|it| cookies::set_known_browser(&it, origins));
    let notes = Notes::of(&mut response);
    notes.known_browser = known_browser;
    notes.audit = Some(AuditLine::LoggedIn { name: login.name });
    response
}
