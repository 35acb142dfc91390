//! GET /: greets the visitor by name, or says that they are not logged in.

use std::fmt;

use askama::{Template, filters::HtmlSafe};
use axum::response::Response;
use time::{
    OffsetDateTime, format_description::StaticFormatDescription, macros::format_description,
};

use super::{
    current_user::CurrentUser, error::AppError, language::Words, page::page, username::Username,
};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    words: &'static Words,
    username: Option<&'a Username>,
    logged_in_at: Option<OffsetDateTime>,
}

/// A time in a format, as it is written on the page.
struct Moment {
    at: OffsetDateTime,
    format: StaticFormatDescription,
}

pub(super) async fn show(words: &'static Words, user: CurrentUser) -> Result<Response, AppError> {
    let content = HomePage {
        words,
        username: user.username(),
        logged_in_at: user.logged_in_at(),
    };
    Ok(page(words, &content)?)
}

impl HomePage<'_> {
    /// Returns a time as text for people.
    fn text_of(&self, at: &OffsetDateTime) -> Moment {
        Moment {
            at: at.to_offset(self.words.utc_offset),
            format: self.words.time,
        }
    }

    /// Returns a time in the format of RFC 3339.
    fn datetime_of(at: &OffsetDateTime) -> Moment {
        const RFC_3339: StaticFormatDescription =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        Moment {
            at: *at,
            format: RFC_3339,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough for all formats, and needs no allocation.
        let mut buffer = [0; 64];
        let format_into = self.at.format_into(&mut &mut buffer[..], self.format);
        let length = format_into.map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(&buffer[..length]).map_err(|_| fmt::Error)?)
    }
}

/// The formats have no characters that HTML reserves.
impl HtmlSafe for Moment {}
