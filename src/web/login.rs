//! GET /login: shows the form. POST /login: logs in, or shows the form again with an error.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
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
use crate::users::{Failure, Users};

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

#[derive(Default, Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn show(
    State(users): State<Option<Arc<Users>>>,
    language: Language,
    user: CurrentUser,
) -> Result<Response, AppError> {
    let words = language.words;
    let content = LoginPage {
        words,
        query: &language.query,
        current: user.username(),
        typed: "",
        asks_password: users.is_some(),
        message: None,
    };
    Ok(page(words, &content)?)
}

pub(super) async fn submit(
    State(users): State<Option<Arc<Users>>>,
    language: Language,
    user: CurrentUser,
    form: Result<Form<LoginForm>, FormRejection>,
) -> Result<Response, AppError> {
    let form = match form {
        Ok(Form(form)) => form,
        // The form has several usernames, so there is none to show again.
        Err(FormRejection::FailedToDeserializeFormBody(_)) => LoginForm::default(),
        // The body is not a form or is too large, which the error pages explain.
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let words = language.words;
    let (status, message) = match users.as_deref() {
        None => match Username::parse(&form.username) {
            Ok(username) => {
                user.log_in(username).await?;
                return Ok(Redirect::to("/").into_response());
            }
            Err(error) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                (words.username_refused)(error),
            ),
        },
        Some(users) => match users.log_in(&form.username, form.password).await {
            Ok(login) => {
                user.log_in_with_password(&login).await?;
                return Ok(Redirect::to("/").into_response());
            }
            Err(Failure::Busy) => return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response()),
            Err(Failure::Wrong) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                words.wrong_password.into(),
            ),
        },
    };
    // HTML must not contain U+0000. Browsers would show U+FFFD for it, too.
    let typed = form.username.replace('\0', "\u{fffd}");
    let content = LoginPage {
        words,
        query: &language.query,
        current: user.username(),
        typed: &typed,
        asks_password: users.is_some(),
        message: Some(message),
    };
    Ok((status, page(words, &content)?).into_response())
}
