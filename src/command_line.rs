//! The commands and their flags, as `--help`, the completions and the manual page show them.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use clap_complete::Shell;
use signet::config;

/// What Signet is: its three uses.
const ABOUT: &str = "\
Logs people in, greets them and logs them out, with sessions in signed cookies. It is three things:
  - a tutorial, in one small site to run and to read: start it, and log in with any name
  - a sign-in page before your own sites: nginx, Caddy or Traefik ask it who is logged in (--users)
  - a session layer for axum applications of your own: the crate signet-session";

const NOTES: &str = "\
Secrets, which only the environment or a file can hold:
  SECRET_KEY            Signs and verifies; at least 32 bytes, such as `signet key` prints
  SECRET_KEY_FALLBACKS  Older keys, separated by white space, that only verify

With no key given, one is made once and kept in the state directory. With --store a key must be
given: the same on all machines.

Exit codes: 0, done; 1, it failed while running; 2, the command line or environment is wrong.";

/// Returns all that can be typed.
pub(crate) fn command_line() -> Command {
    let with_flags = |command: Command| command.args(config::flags()).after_help(NOTES);
    with_flags(Command::new("signet"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "A tutorial site, a sign-in page before your own sites, and a session layer for axum",
        )
        .long_about(ABOUT)
        .args_conflicts_with_subcommands(true)
        .subcommand(with_flags(
            Command::new("serve").about("Run the site; this is the default"),
        ))
        .subcommands(printers())
        .subcommand(passwd())
        .subcommand(with_flags(logout()))
        .subcommand(with_flags(
            Command::new("healthcheck")
                .about("Ask the running site whether it serves, for containers and scripts")
                .long_about(
                    "Ask the running site whether it serves, for containers and scripts\n\n\
                     Takes the flags and variables of the site, and asks /healthz where --listen says that \
                     the site listens. Exit code 0: it serves; 1: it does not, and a line says why.",
                ),
        ))
        .subcommand(with_flags(
            Command::new("inspect")
                .about(
                    "Read the value of a session cookie on standard input, and say what it holds, \
                     which key signed it, and whether the site accepts it",
                )
                .long_about(
                    "Read the value of a session cookie on standard input, and say what it holds, \
                     which key signed it, and whether the site accepts it\n\n\
                     Takes the flags and variables of the site, which may be running. Exit code 0: \
                     accepted; 1: refused; 2: cannot tell.",
                ),
        ))
}

/// Returns the commands that only print something.
fn printers() -> [Command; 3] {
    let shell = Arg::new("shell").value_parser(value_parser!(Shell));
    [
        Command::new("key").about("Print a fresh SECRET_KEY"),
        Command::new("man").about("Print the manual page"),
        Command::new("completions")
            .about("Print a script that completes commands and flags in a shell")
            .arg(shell.required(true)),
    ]
}

fn logout() -> Command {
    Command::new("logout")
        .about("End all sessions of a user, on all machines")
        .long_about(
            "End all sessions of a user, on all machines\n\n\
             Takes the flags and variables of the site, which may be running. With --store it writes to \
             the store. Without, it asks the running site, at control.sock in the state directory, or \
             opens the store if none runs.",
        )
        .arg(
            Arg::new("NAME")
                .required(true)
                .help("The name of the user, as at the login; it need not be in the file any more"),
        )
}

fn passwd() -> Command {
    Command::new("passwd")
        .about(
            "Ask for a password, and print a line for the file of --users; with --file put it there, \
             with --delete take it out",
        )
        .args([
            Arg::new("NAME")
                .required(true)
                .help("The name of the user: visible ASCII without colon and comma"),
            Arg::new("file")
                .long("file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help(
                    "Put the line into this file instead of printing it, in the place of the user's old \
                     one; made when missing",
                ),
            Arg::new("delete")
                .long("delete")
                .action(ArgAction::SetTrue)
                .requires("file")
                .help("Take the user out of the file, and ask for no password"),
        ])
}
