//! Command line in, exit code out: 0 done, 1 it failed while running, 2 the command line or the
//! environment is wrong.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    panic,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;
use signet::{
    config::{Flags, LogFormat, Purpose},
    inspect::{self, InspectError},
    secret::SecretKey,
    server,
};
use tracing::Level;
use tracing_subscriber::{
    Layer as _, filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// A page asks for memory many times: with the system's allocator it takes a third longer.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const ENVIRONMENT: &str = "\
Secrets, which only the environment or a file can hold:
  SECRET_KEY            Signs and verifies; at least 32 bytes, such as `signet key` prints
  SECRET_KEY_FALLBACKS  Older keys, separated by white space, that only verify

With no key given, one is made once and kept in the state directory.";

/// Log in, be greeted, log out: a web app whose sessions travel in a signed cookie.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = ENVIRONMENT)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Run the site; this is the default
    #[command(after_help = ENVIRONMENT)]
    Serve(Flags),
    /// Print a fresh `SECRET_KEY`
    Key,
    /// Read the value of a session cookie on standard input, and say what it holds, which key signed
    /// it, and whether the site accepts it
    ///
    /// Takes the flags and variables of the site, which may be running. Exit code 0: accepted; 1:
    /// refused; 2: cannot tell.
    #[command(after_help = ENVIRONMENT)]
    Inspect(Flags),
}

fn main() -> ExitCode {
    let CommandLine { command, serve } = CommandLine::parse();
    match command.unwrap_or(Command::Serve(serve)) {
        Command::Serve(flags) => run_site(flags),
        Command::Key => print_key(),
        Command::Inspect(flags) => inspect_cookie(flags),
    }
}

fn run_site(flags: Flags) -> ExitCode {
    let config = match flags.check(Purpose::Serve) {
        Ok(config) => config,
        Err(error) => return fail(2, error),
    };
    start_logging(config.log_format);
    let served = tokio::runtime::Runtime::new()
        .map_err(server::ServerError::Io)
        .and_then(|runtime| runtime.block_on(server::run(config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, error),
    }
}

fn start_logging(format: LogFormat) {
    // tower-sessions opens a span for every look at a session, and warns when a visitor without one
    // logs in or out.
    let levels = Targets::new()
        .with_default(Level::WARN)
        .with_target("signet", Level::INFO)
        .with_target("tower_sessions_core", Level::ERROR);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(lines)
        .with(levels)
        .init();
    // Otherwise a panic is several lines, in no format.
    panic::set_hook(Box::new(|panic| {
        tracing::error!(panic = panic.to_string());
    }));
}

fn print_key() -> ExitCode {
    let key = match SecretKey::generate() {
        Ok(key) => key,
        Err(error) => return fail(1, error),
    };
    match writeln!(io::stdout(), "{}", key.reveal()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, format_args!("cannot write to standard output: {error}")),
    }
}

fn inspect_cookie(flags: Flags) -> ExitCode {
    let config = match flags.check(Purpose::Inspect) {
        Ok(config) => config,
        Err(error) => return fail(2, error),
    };
    let inspected = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(InspectError::Io)
        .and_then(|runtime| runtime.block_on(inspect::run(&config)));
    match inspected {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Not 1, which would say that the cookie is refused.
        Err(error) => fail(2, error),
    }
}

fn fail(code: u8, error: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "signet: {error}");
    ExitCode::from(code)
}
