//! GET /login: the form. POST /login: what becomes of it.

use askama::Template;
use axum::{
    Form,
    extract::rejection::FormRejection,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    current_user::CurrentUser,
    error::AppError,
    language::{TRADITIONAL_CHINESE, Words},
    username::{Username, UsernameError},
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    words: &'static Words,
    /// What stands in the field.
    typed: &'a str,
    /// What to change about it.
    message: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    username: String,
}

pub(super) async fn show() -> Result<Html<String>, AppError> {
    let page = LoginPage {
        words: &TRADITIONAL_CHINESE,
        typed: "",
        message: None,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn submit(
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
        Err(error) => refuse(&typed, error),
    }
}

fn refuse(typed: &str, error: UsernameError) -> Result<Response, AppError> {
    let words = &TRADITIONAL_CHINESE;
    let page = LoginPage {
        words,
        typed,
        message: Some((words.username_refused)(error)),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}
