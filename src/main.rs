//! The command line, and the exit code: 0, success; 1, a failure; 2, a wrong command line or
//! environment. `signet inspect` exits with 1 for a refused cookie, and with 2 for every failure.

mod man_page;

use std::{
    fmt::Display,
    io::{self, Write as _},
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use mimalloc::MiMalloc;
use signet::{
    config::{self, Config, LogOptions},
    inspect,
    log::Log,
    secret,
    server::Hangups,
    site::{self, SiteError},
    users::{self, PasswdError},
};
use tokio::runtime::Runtime;

/// A page allocates often, and takes a third longer with the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long to wait at the end for what runs beside requests. The check of a password cannot be
/// stopped, and may take long.
const LAST_TASKS: Duration = Duration::from_secs(1);

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

fn main() -> ExitCode {
    // Before all else, because SIGHUP would end the process until then. The commands that do not run the
    // site end soon, or with the terminal that they read from.
    let started = Hangups::catch().and_then(|hangups| Ok((Runtime::new()?, hangups)));
    let (runtime, hangups) = match started {
        Ok(started) => started,
        Err(error) => return fail(1, format_args!("cannot start: {error}")),
    };
    let matches = command_line().get_matches();
    match matches.subcommand() {
        Some(("completions", flags)) => print_completions(flags),
        Some(("key", _)) => print_key(),
        Some(("passwd", flags)) => print_user(flags),
        Some(("man", _)) => print_man_page(),
        Some(("inspect", flags)) => inspect_cookie(flags, &runtime),
        Some((_, flags)) => run_site(flags, runtime, hangups),
        None => run_site(&matches, runtime, hangups),
    }
}

fn command_line() -> Command {
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
        .subcommand(
            Command::new("passwd")
                .about("Ask for a password, and print a line for the file of --users")
                .arg(
                    Arg::new("NAME")
                        .required(true)
                        .help("The name of the user: visible ASCII without colon and comma"),
                ),
        )
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

fn run_site(flags: &ArgMatches, runtime: Runtime, hangups: Hangups) -> ExitCode {
    let log = match LogOptions::check(flags) {
        Ok(options) => Log::start(options),
        Err(error) => return fail(2, error),
    };
    let result = Config::check(flags)
        .map_err(SiteError::Config)
        .and_then(|config| runtime.block_on(site::run(config, &log, hangups)));
    runtime.shutdown_timeout(LAST_TASKS);
    if let Err(error) = &result {
        log.fail(error);
    }
    log.finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(SiteError::Config(_)) => ExitCode::from(2),
        Err(_) => ExitCode::from(1),
    }
}

fn print_key() -> ExitCode {
    let key = match secret::generate() {
        Ok(key) => key,
        Err(error) => return fail(1, error),
    };
    print(format!("{key}\n").as_bytes())
}

fn print_user(arguments: &ArgMatches) -> ExitCode {
    let name = arguments.get_one::<String>("NAME");
    match users::make_line(name.map_or("", String::as_str)) {
        Ok((line, advice)) => {
            if let Some(advice) = advice {
                let _ = writeln!(io::stderr(), "signet: {advice}");
            }
            print(format!("{line}\n").as_bytes())
        }
        Err(error @ PasswdError::Name(_)) => fail(2, error),
        Err(error) => fail(1, error),
    }
}

fn print_completions(flags: &ArgMatches) -> ExitCode {
    let mut script = Vec::new();
    if let Some(&shell) = flags.get_one::<Shell>("shell") {
        clap_complete::generate(shell, &mut command_line(), "signet", &mut script);
    }
    print(&script)
}

fn print_man_page() -> ExitCode {
    match man_page::render(command_line()) {
        Ok(page) => print(&page),
        Err(error) => fail(1, error),
    }
}

fn print(output: &[u8]) -> ExitCode {
    match io::stdout().write_all(output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, format_args!("cannot write to standard output: {error}")),
    }
}

fn inspect_cookie(flags: &ArgMatches, runtime: &Runtime) -> ExitCode {
    let config = match Config::check(flags) {
        Ok(config) => config,
        Err(error) => return fail(2, error),
    };
    match runtime.block_on(inspect::run(config)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Not 1, which means that the cookie is refused.
        Err(error) => fail(2, error),
    }
}

fn fail(code: u8, error: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "signet: {error}");
    ExitCode::from(code)
}
