//! GET /login: the form. POST /login: what becomes of it.

use askama::Template;
use axum::{
    Form,
    extract::rejection::FormRejection,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    current_user::CurrentUser,
    error::AppError,
    language::Words,
    page::page,
    username::{MAX_CHARS, Username},
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    words: &'static Words,
    /// Who is logged in already.
    current: Option<&'a Username>,
    /// What stands in the field.
    typed: &'a str,
    /// What to change about it.
    message: Option<String>,
}

impl LoginPage<'_> {
    /// The field's `maxlength`. HTML counts UTF-16 code units, of which a character has two at most.
    /// What is too long for a name is the server's to say.
    const MAX_LENGTH: usize = 2 * MAX_CHARS;

    fn heading(&self) -> &str {
        if self.current.is_some() {
            self.words.switch_user
        } else {
            self.words.log_in
        }
    }
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    username: String,
}

pub(super) async fn show(words: &'static Words, user: CurrentUser) -> Result<Response, AppError> {
    let content = LoginPage {
        words,
        current: user.username(),
        typed: "",
        message: None,
    };
    Ok(page(words, &content)?)
}

pub(super) async fn submit(
    words: &'static Words,
    user: CurrentUser,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, AppError> {
    let typed = match form {
        Ok(Form(form)) => form.username,
        // A form that has no single username, and with it nothing to show again.
        Err(FormRejection::FailedToDeserializeFormBody(_)) => String::new(),
        // Not a form, or too large a one: the error pages speak for those.
        Err(rejection) => return Ok(rejection.into_response()),
    };
    match Username::parse(&typed) {
        Ok(username) => {
            user.log_in(username).await?;
            Ok(Redirect::to("/").into_response())
        }
        Err(error) => {
            // U+0000 has no place in HTML. A browser would show U+FFFD for it too.
            let typed = typed.replace('\0', "\u{fffd}");
            let content = LoginPage {
                words,
                current: user.username(),
                typed: &typed,
                message: Some((words.username_refused)(error)),
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(words, &content)?).into_response())
        }
    }
}
