//! English, with the words of the original application's English version.

use time::{UtcOffset, macros::format_description};

use super::{Errors, Explanation, Words};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static ENGLISH: Words = Words {
    tag: "en",
    logged_in_as: "Logged in as ",
    logged_in_at: "Logged in on ",
    utc_offset: UtcOffset::UTC,
    time: format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"),
    click_to_log_out: "click here to log out",
    not_logged_in: "You are not logged in",
    click_to_log_in: "click here to log in",
    log_in: "Login",
    switch_user: "Switch user",
    username: "Username",
    any_name_will_do: "Choose any name of up to 64 characters. There is no password.",
    greets_by_name: "Log in, and this page greets you by name.",
    username_refused: |error| {
        match error {
        UsernameError::Empty => "Please enter a username.".to_owned(),
        UsernameError::TooLong(length) => format!(
            "This name has {length} characters; the limit is {MAX_CHARS}. Please shorten it."
        ),
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            format!(
                "This name has a character that is not allowed (U+{code:04X}). It may be invisible, or \
                 part of an emoji. Please clear the field and type the name without it."
            )
        }
        UsernameError::Character(None) => {
            "This name has a character that is not allowed in its place. Please clear the field and \
             type the name again."
                .to_owned()
        }
        UsernameError::NoBase => "This name has nothing but combining marks, which need another \
                                  character. Please type the name again."
            .to_owned(),
    }
    },
    error: "Error: ",
    go_home: "Back to home page",
    really_log_out: "Do you want to log out?",
    another_site_asked: "Another site may have sent you here, so nothing was done: you are still \
                         logged in.",
    log_out: "Log out",
    errors: Errors {
        bad_request: Explanation {
            what_happened: "This request could not be answered",
            what_to_do: "Please check the address, or start again from the home page.",
        },
        forbidden: Explanation {
            what_happened: "This request came from another site",
            what_to_do: "Your login has not changed. Please start again from the home page.",
        },
        not_found: Explanation {
            what_happened: "Page not found",
            what_to_do: "Please check the address.",
        },
        method_not_allowed: Explanation {
            what_happened: "This page does not work that way",
            what_to_do: "Please use the links and buttons on the page.",
        },
        request_timeout: Explanation {
            what_happened: "What you sent did not arrive in time",
            what_to_do: "Please check your connection and try again.",
        },
        content_too_large: Explanation {
            what_happened: "What you sent is too long",
            what_to_do: "Please shorten it and try again.",
        },
        unsupported_media_type: Explanation {
            what_happened: "What you sent could not be read",
            what_to_do: "Please use the form on the login page.",
        },
        unprocessable_content: Explanation {
            what_happened: "This name cannot be used",
            what_to_do: "Please enter 1 to 64 characters, none of them invisible.",
        },
        internal_server_error: Explanation {
            what_happened: "Something went wrong on our side",
            what_to_do: "It is not your fault. Please try again later.",
        },
        service_unavailable: Explanation {
            what_happened: "The site cannot answer right now",
            what_to_do: "Your login has not changed. Please try again later.",
        },
        insufficient_storage: Explanation {
            what_happened: "There is not enough space",
            what_to_do: "Your change was not saved. Everything is as it was before.",
        },
    },
};
