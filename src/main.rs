//! Runs a command, and returns its exit code: 0, success; 1, a failure; 2, a wrong command line or
//! environment. `signet inspect` exits with 1 for a refused cookie, and with 2 for every failure.

mod command_line;
mod man_page;

use std::{
    fmt::Display,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::ArgMatches;
use clap_complete::Shell;
use mimalloc::MiMalloc;
use signet::{
    config::{self, Config, LogOptions},
    inspect,
    log::Log,
    logout::{self, LogoutError},
    operations::healthcheck,
    secret,
    server::{Hangups, InheritError, Inherited},
    site::{self, SiteError},
    users::{self, Edited, PasswdError},
};
use tokio::runtime::Runtime;

use self::command_line::command_line;

/// A page allocates often, and takes a third longer with the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long to wait at the end for what runs beside requests. The check of a password cannot be
/// stopped, and may take long.
const LAST_TASKS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // Before there are threads, because it changes the environment.
    let inherited = Inherited::take();
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
        Some(("passwd", flags)) => change_user(flags),
        Some(("logout", flags)) => log_out_user(flags, runtime),
        Some(("man", _)) => print_man_page(),
        Some(("inspect", flags)) => inspect_cookie(flags, &runtime),
        Some(("healthcheck", flags)) => check_health(flags),
        Some((_, flags)) => run_site(flags, runtime, hangups, inherited),
        None => run_site(&matches, runtime, hangups, inherited),
    }
}

fn run_site(
    flags: &ArgMatches,
    runtime: Runtime,
    hangups: Hangups,
    inherited: Result<Option<Inherited>, InheritError>,
) -> ExitCode {
    let log = match LogOptions::check(flags) {
        Ok(options) => Log::start(options),
        Err(error) => return fail(2, error),
    };
    let result = inherited.map_err(SiteError::Inherit).and_then(|inherited| {
        let address = inherited.as_ref().map(Inherited::address).transpose()?;
        let config = Config::check(flags, address)?;
        runtime.block_on(site::run(config, &log, hangups, inherited))
    });
    runtime.shutdown_timeout(LAST_TASKS);
    if let Err(error) = &result {
        log.fail(error);
    }
    log.finish();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(SiteError::Config(_) | SiteError::Inherit(_)) => ExitCode::from(2),
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

fn change_user(arguments: &ArgMatches) -> ExitCode {
    let name = arguments.get_one::<String>("NAME");
    let name = name.map_or("", String::as_str);
    match (
        arguments.get_one::<PathBuf>("file"),
        arguments.get_flag("delete"),
    ) {
        (Some(file), true) => remove_user(name, file),
        (file, _) => make_user(name, file),
    }
}

fn make_user(name: &str, file: Option<&PathBuf>) -> ExitCode {
    let (hash, advice) = match users::make_hash(name) {
        Ok(made) => made,
        Err(error @ PasswdError::Name(_)) => return fail(2, error),
        Err(error) => return fail(1, error),
    };
    if let Some(advice) = advice {
        say(advice);
    }
    let Some(file) = file else {
        return print(format!("{name}:{hash}\n").as_bytes());
    };
    match users::put_user(file, name, &hash) {
        Ok(edited) if edited.was_there => {
            say_edited(&edited, format_args!("new password of {name} in"), file)
        }
        Ok(edited) => say_edited(&edited, format_args!("added {name} to"), file),
        Err(error) => fail(1, error),
    }
}

fn remove_user(name: &str, file: &Path) -> ExitCode {
    if let Err(error) = users::check_user_name(name) {
        return fail(2, error);
    }
    match users::remove_user(file, name) {
        Ok(edited) => say_edited(&edited, format_args!("removed {name} from"), file),
        Err(error) => fail(1, error),
    }
}

/// Says what was done to a users file, and whether a site refuses it.
fn say_edited(edited: &Edited, what: impl Display, file: &Path) -> ExitCode {
    say(format_args!("{what} {}", file.display()));
    if let Some(error) = &edited.refused {
        say(format_args!("a site refuses the file: {error}"));
    }
    ExitCode::SUCCESS
}

/// Asks the site that runs with these settings. Of them, it needs only where to listen.
fn check_health(flags: &ArgMatches) -> ExitCode {
    let address = match config::listen_address(flags) {
        Ok(address) => address,
        Err(error) => return fail(1, error),
    };
    match healthcheck::ask(&address) {
        Ok(()) => ExitCode::SUCCESS,
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
    let config = match Config::check(flags, None) {
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

fn log_out_user(flags: &ArgMatches, runtime: Runtime) -> ExitCode {
    let log = match LogOptions::check(flags) {
        Ok(options) => Log::start(options),
        Err(error) => return fail(2, error),
    };
    let name = flags.get_one::<String>("NAME");
    let name = name.map_or("", String::as_str);
    let result = Config::check(flags, None)
        .map_err(LogoutError::Config)
        .and_then(|config| runtime.block_on(logout::run(config, name)));
    runtime.shutdown_timeout(LAST_TASKS);
    if let Err(error) = &result {
        log.fail(error);
    }
    log.finish();
    match result {
        Ok(done) => print(done.as_bytes()),
        Err(error) => ExitCode::from(if error.is_wrong_usage() { 2 } else { 1 }),
    }
}

fn fail(code: u8, error: impl Display) -> ExitCode {
    say(error);
    ExitCode::from(code)
}

fn say(what: impl Display) {
    let _ = writeln!(io::stderr(), "signet: {what}");
}
