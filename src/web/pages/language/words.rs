//! The texts of the pages, which exist in each language.

use std::{borrow::Cow, fmt};

use askama::filters::HtmlSafe;
use axum::http::StatusCode;
use time::{UtcOffset, format_description::StaticFormatDescription};

use crate::web::username::{MAX_CHARS, UsernameError};

const _: () = assert!(MAX_CHARS == 64, "the words say 64");

/// All texts of the pages, in one language. A language that lacks one does not compile.
#[derive(Clone, Copy)]
pub(in crate::web) struct Words {
    /// The language tag (BCP 47).
    pub(in crate::web) tag: Text,
    /// The name of the language, in that language.
    pub(in crate::web) name: Text,
    /// The name of the site.
    pub(in crate::web) title: Text,
    /// Where somebody who is logged in can go on to.
    pub(in crate::web) home_link: Option<HomeLink>,
    /// What the site is for, as search engines show it.
    pub(in crate::web) description: Text,
    /// The word "language".
    pub(in crate::web) language: Text,
    /// The text directly before the name.
    pub(in crate::web) logged_in_as: Text,
    /// The text directly before the time.
    pub(in crate::web) logged_in_at: Text,
    /// The time zone of most readers of the language, or UTC if they have no common one. The
    /// visitor's own is unknown, because the pages have no script.
    pub(in crate::web) utc_offset: UtcOffset,
    /// The format of a time in that time zone.
    pub(in crate::web) time: StaticFormatDescription,
    pub(in crate::web) click_to_log_out: Text,
    pub(in crate::web) not_logged_in: Text,
    pub(in crate::web) click_to_log_in: Text,
    pub(in crate::web) log_in: Text,
    pub(in crate::web) switch_user: Text,
    pub(in crate::web) username: Text,
    pub(in crate::web) password: Text,
    pub(in crate::web) any_name_will_do: Text,
    pub(in crate::web) greets_by_name: Text,
    /// Says once that all sessions of the user have ended.
    pub(in crate::web) logged_out_everywhere: Text,
    /// Explains why a username was refused, and what to change.
    pub(in crate::web) username_refused: fn(UsernameError) -> FormMessage,
    /// Says that there is no such user, or that it is not their password.
    pub(in crate::web) wrong_password: Text,
    /// The text before the host of the site that the visitor goes back to, which stands on a line of its own.
    pub(in crate::web) to_continue_to: Text,
    /// The text between the name of a user and the host of a site that this user may not open.
    pub(in crate::web) may_not_open: Text,
    pub(in crate::web) now_logged_in: Text,
    /// The text directly before that host in a link.
    pub(in crate::web) go_on_to: Text,
    /// What somebody can do after a login that no other site has sent them to.
    pub(in crate::web) nowhere_to_go: Text,
    /// For a browser that did not keep the cookie of a login.
    pub(in crate::web) no_cookie: Explanation,
    /// For a visitor of a guarded site who sent a form after the session had ended.
    pub(in crate::web) form_not_sent: Explanation,
    /// For a visitor whom the other site always sends back.
    pub(in crate::web) sent_in_circles: Explanation,
    pub(in crate::web) try_again: Text,
    /// Says that there were too many failed attempts, and how many seconds to wait.
    pub(in crate::web) wait: fn(u64) -> FormMessage,
    /// The text directly before the title of a form that is shown again with an error.
    pub(in crate::web) error: Text,
    pub(in crate::web) go_home: Text,
    /// The question to a visitor whose logout another site may have caused.
    pub(in crate::web) really_log_out: Text,
    /// The question to a visitor of a guarded site, before and after the domain of all sites.
    pub(in crate::web) log_out_of_all_sites: [Text; 2],
    pub(in crate::web) another_site_asked: Text,
    pub(in crate::web) log_out: Text,
    /// A link to the question, and its button.
    pub(in crate::web) log_out_everywhere: Text,
    pub(in crate::web) really_log_out_everywhere: Text,
    /// The texts directly before and after the name of the user.
    pub(in crate::web) ends_every_session: [Text; 2],
    pub(in crate::web) errors: Errors,
}

/// A link to another site.
#[derive(Clone, Copy)]
pub(in crate::web) struct HomeLink {
    pub(in crate::web) url: Text,
    pub(in crate::web) host: Text,
}

/// The texts of the error pages.
#[derive(Clone, Copy)]
pub(in crate::web) struct Errors {
    pub(super) bad_request: Explanation,
    pub(super) forbidden: Explanation,
    /// For a visitor whose address of the site has another scheme than the public one.
    pub(in crate::web) other_scheme: Explanation,
    pub(super) not_found: Explanation,
    pub(super) method_not_allowed: Explanation,
    pub(super) request_timeout: Explanation,
    pub(super) content_too_large: Explanation,
    pub(super) unsupported_media_type: Explanation,
    pub(super) unprocessable_content: Explanation,
    /// For a failed login on a site with passwords.
    pub(in crate::web) wrong_password: Explanation,
    pub(super) too_many_requests: Explanation,
    pub(super) internal_server_error: Explanation,
    pub(super) service_unavailable: Explanation,
    /// For a logout that the store could not record.
    pub(in crate::web) logout_failed: Explanation,
    /// For a logout everywhere that ended nothing.
    pub(in crate::web) logout_everywhere_failed: Explanation,
    /// For a logout everywhere that the store did not confirm in time.
    pub(in crate::web) may_be_logged_out: Explanation,
    pub(super) insufficient_storage: Explanation,
}

/// The text of an error page.
#[derive(Clone, Copy)]
pub(in crate::web) struct Explanation {
    pub(in crate::web) what_happened: Text,
    pub(in crate::web) what_to_do: Text,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} — {}", self.what_happened, self.what_to_do)
    }
}

impl Errors {
    /// Returns the explanation of an error status.
    pub(in crate::web) fn of(&self, status: StatusCode) -> &Explanation {
        match status {
            StatusCode::FORBIDDEN => &self.forbidden,
            StatusCode::NOT_FOUND => &self.not_found,
            StatusCode::METHOD_NOT_ALLOWED => &self.method_not_allowed,
            StatusCode::REQUEST_TIMEOUT => &self.request_timeout,
            StatusCode::PAYLOAD_TOO_LARGE => &self.content_too_large,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => &self.unsupported_media_type,
            StatusCode::UNPROCESSABLE_ENTITY => &self.unprocessable_content,
            StatusCode::TOO_MANY_REQUESTS => &self.too_many_requests,
            StatusCode::SERVICE_UNAVAILABLE => &self.service_unavailable,
            StatusCode::INSUFFICIENT_STORAGE => &self.insufficient_storage,
            // The transfer coding of the client is at fault.
            StatusCode::NOT_IMPLEMENTED => &self.bad_request,
            status if status.is_client_error() => &self.bad_request,
            _ => &self.internal_server_error,
        }
    }
}

/// A text of the pages. It needs no escaping in HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Text(&'static str);

/// Makes a text. A character that HTML reserves does not compile.
pub(in crate::web) const fn text(text: &'static str) -> Text {
    let bytes = text.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        assert!(
            !matches!(bytes[index], b'<' | b'>' | b'&' | b'"' | b'\''),
            "needs escaping in HTML"
        );
        index += 1;
    }
    Text(text)
}

impl Text {
    /// Escapes a text, and keeps it until the program ends.
    pub(super) fn escaped(text: &str) -> Self {
        let escaped = text.chars().map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            other => other.to_string(),
        });
        Self(escaped.collect::<String>().leak())
    }

    pub(in crate::web) fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl HtmlSafe for Text {}

/// The explanation why a login was refused.
pub(in crate::web) struct FormMessage {
    /// A sentence.
    pub(in crate::web) what_happened: Cow<'static, str>,
    /// The text directly after it, or nothing.
    pub(in crate::web) what_to_do: Cow<'static, str>,
    /// What the visitor typed is wrong, which marks the fields.
    pub(in crate::web) is_about_the_fields: bool,
}

impl From<Text> for FormMessage {
    fn from(text: Text) -> Self {
        Self::new(text.as_str(), "")
    }
}

impl FormMessage {
    pub(in crate::web) fn new(
        what_happened: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            what_happened: what_happened.into(),
            what_to_do: what_to_do.into(),
            is_about_the_fields: true,
        }
    }

    /// Makes a message about which the visitor can do nothing but wait.
    pub(in crate::web) fn wait(
        what_happened: impl Into<Cow<'static, str>>,
        what_to_do: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            is_about_the_fields: false,
            ..Self::new(what_happened, what_to_do)
        }
    }
}
