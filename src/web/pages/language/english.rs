//! English, with the words of the original application's English version.

use time::{UtcOffset, macros::format_description};

use super::words::{Errors, Explanation, FormMessage, Words, text};
use crate::web::username::{MAX_CHARS, UsernameError};

pub(super) static ENGLISH: Words = Words {
    tag: text("en"),
    name: text("English"),
    title: text("Signet"),
    home_link: None,
    description: text("Log in, see under which name you are logged in, and log out."),
    language: text("Language"),
    logged_in_as: text("Logged in as "),
    logged_in_at: text("Since "),
    utc_offset: UtcOffset::UTC,
    time: format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"),
    click_to_log_out: text("click here to log out"),
    not_logged_in: text("You are not logged in"),
    click_to_log_in: text("click here to log in"),
    log_in: text("Log in"),
    switch_user: text("Switch user"),
    username: text("Username"),
    password: text("Password"),
    any_name_will_do: text("Choose any name of up to 64 characters. There is no password."),
    greets_by_name: text("Log in, and this page will greet you by name."),
    logged_out_everywhere: text("You are logged out everywhere."),
    username_refused: |error| match error {
        UsernameError::Empty => FormMessage::new("Please enter a username.", ""),
        UsernameError::TooLong(length) => FormMessage::new(
            format!("This name has {length} characters; the limit is {MAX_CHARS}."),
            " Please shorten it.",
        ),
        UsernameError::Invisible(character) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("The name has an invisible character (U+{code:04X})."),
                " Please retype it.",
            )
        }
        UsernameError::Character(Some(character)) => {
            let code = u32::from(character);
            FormMessage::new(
                format!("The name has a character that is not allowed (U+{code:04X})."),
                " Please retype it.",
            )
        }
        UsernameError::Character(None) => FormMessage::new(
            "This name has a character in the wrong place.",
            " Please try again.",
        ),
        UsernameError::NoBase => FormMessage::new(
            "This name has only combining marks.",
            " Please add a letter.",
        ),
    },
    wrong_password: text("The username or the password is wrong. Please try again."),
    to_continue_to: text("to continue to "),
    may_not_open: text(" may not open "),
    now_logged_in: text("You are logged in"),
    go_on_to: text("Continue to "),
    nowhere_to_go: text("You can close this page, or go on to the site that you want to see."),
    form_not_sent: Explanation {
        what_happened: text("Your session has ended, and nothing was sent"),
        what_to_do: text("Please log in again, and then send the form once more."),
    },
    no_cookie: Explanation {
        what_happened: text("Your browser did not keep the cookie"),
        what_to_do: text(
            "This site keeps you logged in with a cookie, and your browser did not send it back. Please allow cookies for this site, and try again. If they are allowed, tell the operator of the site: its login page may be set up for another domain.",
        ),
    },
    sent_in_circles: Explanation {
        what_happened: text("You are being sent in circles"),
        what_to_do: text(
            "You are logged in, but the site that you want to see does not notice, and sends you back here. Please try again in a moment. If that does not help, tell the operator of the site: its proxy may not pass the cookie on.",
        ),
    },
    try_again: text("Try again"),
    wait: |seconds| {
        let unit = if seconds == 1 { "second" } else { "seconds" };
        FormMessage::wait(
            "There were too many failed attempts.",
            format!(" Please try again in {seconds} {unit}."),
        )
    },
    error: text("Error: "),
    go_home: text("Back to the home page"),
    really_log_out: text("Do you want to log out?"),
    log_out_of_all_sites: [text("Log out of all sites of "), text("?")],
    another_site_asked: text(
        "Another site may have sent you here, so you have not been logged out. You can do that now.",
    ),
    log_out: text("Log out"),
    log_out_everywhere: text("Log out everywhere"),
    really_log_out_everywhere: text("Do you want to log out everywhere?"),
    ends_every_session: [
        text("This ends every session of "),
        text(", on every device."),
    ],
    errors: Errors {
        bad_request: Explanation {
            what_happened: text("This request could not be answered"),
            what_to_do: text("Please check the address, or start again from the home page."),
        },
        forbidden: Explanation {
            what_happened: text("This request came from another site"),
            what_to_do: text(
                "You have not been logged in or out. Please start again from the home page.",
            ),
        },
        other_scheme: Explanation {
            what_happened: text("This site has another address"),
            what_to_do: text(
                "You have not been logged in or out. Please start again from the home page, whose address is right.",
            ),
        },
        not_found: Explanation {
            what_happened: text("Page not found"),
            what_to_do: text("Please check the address."),
        },
        method_not_allowed: Explanation {
            what_happened: text("This page cannot be used that way"),
            what_to_do: text("Please use the links and buttons on the page."),
        },
        request_timeout: Explanation {
            what_happened: text("What you sent did not arrive in time"),
            what_to_do: text("Please check your connection and try again."),
        },
        content_too_large: Explanation {
            what_happened: text("What you sent is too long"),
            what_to_do: text("Please shorten it and try again."),
        },
        unsupported_media_type: Explanation {
            what_happened: text("What you sent could not be read"),
            what_to_do: text("Please use the form on the login page."),
        },
        unprocessable_content: Explanation {
            what_happened: text("This name cannot be used"),
            what_to_do: text("Please enter 1 to 64 characters, none of them invisible."),
        },
        wrong_password: Explanation {
            what_happened: text("The username or the password is wrong"),
            what_to_do: text("You have not been logged in. Please try again."),
        },
        too_many_requests: Explanation {
            what_happened: text("There were too many failed attempts"),
            what_to_do: text("Please wait before you try again."),
        },
        internal_server_error: Explanation {
            what_happened: text("Something went wrong on our side"),
            what_to_do: text("It is not your fault. Please try again later."),
        },
        service_unavailable: Explanation {
            what_happened: text("The site cannot answer right now"),
            what_to_do: text(
                "Logging in or out may not have worked. Please try again in a moment.",
            ),
        },
        logout_failed: Explanation {
            what_happened: text("You are still logged in"),
            what_to_do: text("The site cannot log you out right now. Please try again."),
        },
        logout_everywhere_failed: Explanation {
            what_happened: text("No session was ended"),
            what_to_do: text(
                "The site cannot log you out right now, and you are still logged in on every device. Please try again.",
            ),
        },
        may_be_logged_out: Explanation {
            what_happened: text("It is not known whether you are logged out everywhere"),
            what_to_do: text(
                "The site could not find out in time. Please go to the home page. If you are still logged in there, try again.",
            ),
        },
        insufficient_storage: Explanation {
            what_happened: text("There is not enough space"),
            what_to_do: text("Your change was not saved. Everything is as it was before."),
        },
    },
};
