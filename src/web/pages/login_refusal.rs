//! `LoginRefusal`: why nobody was logged in, and how that is answered.

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::Response,
};

use super::{
    error_page::AppError,
    language::{FormMessage, Words},
};
use crate::{
    users::Failure,
    web::{accounts::LoginError, gate::notes::Notes, username::UsernameError},
};

/// When to try again if too many passwords are being checked, in seconds.
const BUSY_SECONDS: u64 = 5;

/// The reason why nobody was logged in.
pub(super) struct LoginRefusal {
    status: StatusCode,
    /// What the form says. None: an error page explains the status instead.
    message: Option<FormMessage>,
    /// When to try again, in seconds.
    retry_after: Option<u64>,
    is_wrong_password: bool,
}

impl LoginRefusal {
    pub(super) fn new(error: LoginError, words: &Words) -> Self {
        match error {
            LoginError::Name(error) => Self::of_name(error, words),
            LoginError::Password(failure) => Self::of_password(failure, words),
        }
    }

    fn of_name(error: UsernameError, words: &Words) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            message: Some((words.username_refused)(error)),
            retry_after: None,
            is_wrong_password: false,
        }
    }

    fn of_password(failure: Failure, words: &Words) -> Self {
        let (status, message, retry_after) = match failure {
            Failure::Wrong => (
                StatusCode::UNPROCESSABLE_ENTITY,
                Some(words.wrong_password.into()),
                None,
            ),
            Failure::Wait(wait) => {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let message = (words.wait)(seconds);
                (StatusCode::TOO_MANY_REQUESTS, Some(message), Some(seconds))
            }
            Failure::Busy => (StatusCode::SERVICE_UNAVAILABLE, None, Some(BUSY_SECONDS)),
        };
        Self {
            status,
            message,
            retry_after,
            is_wrong_password: failure == Failure::Wrong,
        }
    }

    /// Returns the response, whose body is the form that `form` makes.
    pub(super) fn answer(
        self,
        form: impl FnOnce(FormMessage) -> Result<Response, AppError>,
    ) -> Result<Response, AppError> {
        let mut response = self.message.map(form).transpose()?.unwrap_or_default();
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Notes::of(&mut response).is_wrong_password = self.is_wrong_password;
        Ok(response)
    }
}
