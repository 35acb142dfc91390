//! `signet man`: the manual page.

use std::io;

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

/// What follows the options: the heading of a section, and its entries, each a term and its text.
const SECTIONS: [(&str, &[(&str, &str)]); 5] = [
    (
        "ENVIRONMENT",
        &[
            (
                "SECRET_KEY",
                "The key that signs: at least 32 bytes, such as signet key prints.",
            ),
            (
                "SECRET_KEY_FALLBACKS",
                "Older keys, separated by white space, that only verify.",
            ),
            ("NO_COLOR", "If it is not empty, the log has no colours."),
        ],
    ),
    (
        "FILES",
        &[
            (
                "instance/secret_key",
                "The key that Signet makes when none is given. The directory is that of --state-dir.",
            ),
            (
                "instance/sessions.redb",
                "The records of sessions, unless --store is given.",
            ),
            (
                "instance/control.sock",
                "Where signet logout asks the running site, unless --store is given.",
            ),
        ],
    ),
    (
        "SIGNALS",
        &[
            (
                "SIGTERM, SIGINT",
                "Stop, after the requests that are under way. A second one stops at once.",
            ),
            (
                "SIGHUP",
                "Read the file of --users again, as after each change of it. Without --users: stop.",
            ),
        ],
    ),
    (
        "EXIT STATUS",
        &[
            ("0", "Done."),
            ("1", "It failed while running."),
            ("2", "The command line or the environment is wrong."),
            ("signet healthcheck", "0: the site serves; 1: it does not."),
            (
                "signet inspect",
                "0: the cookie is accepted; 1: it is refused; 2: cannot tell.",
            ),
        ],
    ),
    (
        "EXAMPLES",
        &[
            (
                "signet",
                "Run the tutorial at http://127.0.0.1:5000, where any name logs in.",
            ),
            (
                "signet passwd --file users anna",
                "Ask for a password, and put the user anna into a file.",
            ),
            (
                "signet logout --users users anna",
                "End all sessions of the user anna.",
            ),
            (
                "signet --public-url https://login.example.com --cookie-domain example.com --users users",
                "Be the sign-in page before the sites below example.com, behind a proxy that speaks TLS.",
            ),
        ],
    ),
];

/// Returns the manual page of the program. It names no pages of the commands, because there are none.
pub(crate) fn render(command: Command) -> io::Result<Vec<u8>> {
    let subcommands: Vec<_> = command.get_subcommands().cloned().collect();
    let page = Man::new(command.disable_help_subcommand(true));
    let mut output = Vec::new();
    page.render_title(&mut output)?;
    page.render_name_section(&mut output)?;
    page.render_synopsis_section(&mut output)?;
    page.render_description_section(&mut output)?;
    page.render_options_section(&mut output)?;
    let mut roff = Roff::default();
    roff.control("SH", ["COMMANDS"]);
    for command in subcommands {
        let about = command.get_about().map(ToString::to_string);
        let mut term = format!("signet {}", command.get_name());
        for argument in command.get_positionals() {
            term = format!("{term} {}", argument.get_id().as_str().to_uppercase());
        }
        entry(&mut roff, &term, &about.unwrap_or_default());
    }
    for (heading, entries) in SECTIONS {
        roff.control("SH", [heading]);
        for (term, text) in entries {
            entry(&mut roff, term, text);
        }
    }
    roff.to_writer(&mut output)?;
    page.render_version_section(&mut output)?;
    Ok(output)
}

fn entry(roff: &mut Roff, term: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(text)]);
}
