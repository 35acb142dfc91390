//! GET /login: shows the form. POST /login: logs in, or shows the form again with an error.

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
    language::{Language, Refused, Text, Words},
    page::page,
    username::{MAX_CHARS, Username},
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

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    username: String,
}

pub(super) async fn show(language: Language, user: CurrentUser) -> Result<Response, AppError> {
    let words = language.words;
    let content = LoginPage {
        words,
        query: &language.query,
        current: user.username(),
        typed: "",
        message: None,
    };
    Ok(page(words, &content)?)
}

pub(super) async fn submit(
    language: Language,
    user: CurrentUser,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, AppError> {
    let typed = match form {
        Ok(Form(form)) => form.username,
        // The form has several usernames, so there is none to show again.
        Err(FormRejection::FailedToDeserializeFormBody(_)) => String::new(),
        // The body is not a form or is too large, which the error pages explain.
        Err(rejection) => return Ok(rejection.into_response()),
    };
    match Username::parse(&typed) {
        Ok(username) => {
            user.log_in(username).await?;
            Ok(Redirect::to("/").into_response())
        }
        Err(error) => {
            // HTML must not contain U+0000. Browsers would show U+FFFD for it, too.
            let typed = typed.replace('\0', "\u{fffd}");
            let words = language.words;
            let content = LoginPage {
                words,
                query: &language.query,
                current: user.username(),
                typed: &typed,
                message: Some((words.username_refused)(error)),
            };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(words, &content)?).into_response())
        }
    }
}
