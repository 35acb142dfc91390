//! English, as the original application's other version has it.

use time::macros::format_description;

use super::{Errors, Explanation, Words};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static ENGLISH: Words = Words {
    tag: "en",
    logged_in_as: "Logged in as ",
    logged_in_at: "Since ",
    time: format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"),
    click_to_log_out: "click here to log out",
    not_logged_in: "You are not logged in",
    click_to_log_in: "click here to log in",
    log_in: "Login",
    switch_user: "Switch user",
    username: "Username",
    any_name_will_do: "Any name will do. There is no password.",
    username_refused: |error| match error {
        UsernameError::Empty => "Please enter a username.".to_owned(),
        UsernameError::TooLong(length) => format!(
            "A username has {MAX_CHARS} characters at most, and this has {length}. Please shorten it."
        ),
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            format!(
                "This has a character that cannot be used, and perhaps not be seen (U+{code:04X}). \
                 Please type the name again."
            )
        }
        UsernameError::Character(None) => {
            "This has an invisible character in the wrong place. Please type the name again."
                .to_owned()
        }
    },
    error: "Error",
    click_to_go_home: "click here to go home",
    really_log_out: "Do you want to log out?",
    another_site_asked: "Another site brought you here, so you are still logged in.",
    log_out: "Log out",
    errors: Errors {
        bad_request: Explanation {
            what_happened: "This request cannot be answered",
            what_to_do: "Please check the address, or go home and try again.",
        },
        forbidden: Explanation {
            what_happened: "This request came from another site",
            what_to_do: "You are logged in or out as before. Please go home and try again.",
        },
        not_found: Explanation {
            what_happened: "There is no such page",
            what_to_do: "Please check the address.",
        },
        method_not_allowed: Explanation {
            what_happened: "This page cannot be used like this",
            what_to_do: "Please use the links and buttons on the pages.",
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
            what_happened: "What you sent is not a form",
            what_to_do: "Please use the form on the login page.",
        },
        unprocessable_content: Explanation {
            what_happened: "This username cannot be used",
            what_to_do: "Please enter 1 to 64 characters, none of them invisible.",
        },
        internal_server_error: Explanation {
            what_happened: "Something went wrong here",
            what_to_do: "It is not your fault. Please try again later.",
        },
        service_unavailable: Explanation {
            what_happened: "The site cannot answer right now",
            what_to_do: "You are logged in or out as before. Please try again later.",
        },
        insufficient_storage: Explanation {
            what_happened: "There is no room for more",
            what_to_do: "This change was not kept. What was there before still is.",
        },
    },
};
