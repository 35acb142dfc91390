//! GET /: greets the visitor by name, or says that they are not logged in.

use std::{fmt, sync::Arc};

use askama::{FastWritable, Template, Values, filters::HtmlSafe};
use axum::{extract::State, http::header::SET_COOKIE, response::Response};
use time::{
    OffsetDateTime,
    format_description::{StaticFormatDescription, well_known::Rfc3339},
    formatting::Formattable,
};

use super::{
    error_page::AppError,
    language::{Language, Words},
    logout_everywhere::{IsLoggedOutEverywhere, remove_message},
    page,
};
use crate::public_url::Origins;
use crate::web::{accounts::Accounts, current_user::CurrentUser, username::Username};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    words: &'static Words,
    query: &'a str,
    username: Option<Username<'a>>,
    logged_in_at: Option<OffsetDateTime>,
    asks_password: bool,
    /// Is shown to a visitor who is not logged in.
    is_logged_out_everywhere: bool,
}

/// A time in a format, as it is written on the page. As texts, two times would take 2 % more instructions of a
/// page.
struct Moment<F> {
    at: OffsetDateTime,
    format: F,
}

pub(in crate::web) async fn show(
    State(origins): State<Arc<Origins>>,
    State(accounts): State<Accounts>,
    language: Language,
    IsLoggedOutEverywhere(is_logged_out_everywhere): IsLoggedOutEverywhere,
    user: CurrentUser,
) -> Result<Response, AppError> {
    let content = HomePage {
        words: language.words,
        query: &language.query,
        username: user.username(),
        logged_in_at: user.logged_in_at(),
        asks_password: accounts.ask_password(),
        is_logged_out_everywhere,
    };
    let mut response = page(language.words, &content)?;
    if is_logged_out_everywhere {
        let removal = remove_message(&origins);
        response.headers_mut().append(SET_COOKIE, removal);
    }
    Ok(response)
}

impl HomePage<'_> {
    /// Returns a time as text for people.
    fn text_of(&self, at: &OffsetDateTime) -> Moment<StaticFormatDescription> {
        Moment {
            at: at.to_offset(self.words.utc_offset),
            format: self.words.time,
        }
    }

    /// Returns a time for programs.
    fn datetime_of(at: &OffsetDateTime) -> Moment<Rfc3339> {
        Moment {
            at: *at,
            format: Rfc3339,
        }
    }
}

impl<F: Formattable> FastWritable for Moment<F> {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        // Longer than every format, so that no allocation is needed.
        let mut buffer = [0; 64];
        let written = self.at.format_into(&mut &mut buffer[..], &self.format);
        let length = written.map_err(|_| fmt::Error)?;
        dest.write_str(str::from_utf8(&buffer[..length]).map_err(|_| fmt::Error)?)?;
        Ok(())
    }
}

impl<F: Formattable> fmt::Display for Moment<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES)
            .map_err(|_| fmt::Error)
    }
}

/// The formats have no characters that HTML reserves.
impl<F: Formattable> HtmlSafe for Moment<F> {}
