//! The commands that README and the manual tell a newcomer to type.

use std::{fs, path::Path, process::Command};

use crate::{
    manual,
    signet::{Ended, Signet},
};

/// Returns a shell that runs a command in this directory, which is its home too, and finds the program.
fn shell(dir: &Path, command: &str) -> Signet {
    let program = Path::new(env!("CARGO_BIN_EXE_signet"));
    let programs = program.parent().expect("a directory");
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut shell = Command::new("/bin/sh");
    shell.args(["-ec", command]).current_dir(dir);
    Signet::with_command(shell)
        .env("PATH", path)
        .env("HOME", dir)
}

#[track_caller]
fn succeeded(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[cfg(unix)]
#[test]
fn the_commands_of_readme_guard_a_site() {
    let dir = tempfile::tempdir().expect("a directory");
    let block = manual::block("README", "Guard a site", "sh");
    let (passwd, serve) = block.split_once('\n').expect("two commands");
    succeeded(&shell(dir.path(), passwd).run_with("correct horse battery\n"));
    let mut site = shell(dir.path(), &format!("exec env {serve}")).start();
    site.read_log_until("public_url=https://login.example.com");
}

#[cfg(unix)]
#[test]
fn the_commands_of_readme_run_the_program_that_the_first_of_them_installs() {
    let dir = tempfile::tempdir().expect("a directory");
    let block = manual::block("README", "Run it", "sh");
    let (install, serve) = block.split_once('\n').expect("two commands");
    // .ci/run runs it.
    assert_eq!(install, "cargo install --locked --path .");
    let mut site = shell(dir.path(), &format!("exec env {serve}")).start();
    site.read_log_until("public_url=https://signet.example");
}

#[cfg(unix)]
#[test]
fn the_commands_of_the_manual_make_a_user_and_guard_sites() {
    let dir = tempfile::tempdir().expect("a directory");
    let here = |block: String| block.replace("/etc/signet/", "");
    let passwd = here(manual::block("passwords", "The users file", "sh"));
    succeeded(&shell(dir.path(), &passwd).run_with("correct horse battery\n"));
    let users = fs::read_to_string(dir.path().join("users")).expect("a file");
    assert!(users.starts_with("admin:$argon2id$"), "{users}");
    let serve = here(manual::block("guarding", "Guarding other sites", "sh"));
    let mut site = shell(dir.path(), &format!("exec env {serve}")).start();
    site.read_log_until("public_url=https://login.example.com");
}

/// The commands for the unit and the container run in their own tests.
#[cfg(unix)]
#[test]
fn the_command_of_the_manual_ends_the_sessions_of_a_user_where_the_site_was_started() {
    let dir = tempfile::tempdir().expect("a directory");
    let block = manual::block("operating", "Ending the sessions of a user", "sh");
    let (comment, command) = block.trim_end().rsplit_once('\n').expect("a last command");
    let state = |shell: Signet| shell.env("STATE_DIRECTORY", "");
    let passwd = shell(dir.path(), "signet passwd anna >users").run_with("correct horse battery\n");
    succeeded(&passwd);
    let serve = comment.split('`').nth(1).expect("a command");
    let site = state(shell(dir.path(), &format!("exec {serve}"))).start();
    let ended = state(shell(dir.path(), command)).run();
    succeeded(&ended);
    assert!(
        ended.stdout.contains("asked at instance/control.sock"),
        "{ended:?}"
    );
    drop(site);
}

#[cfg(unix)]
#[test]
fn the_recipe_for_a_forgotten_password_gives_a_new_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let passwd = manual::block("recipes", "A forgotten password", "sh");
    let passwd = passwd.replace("/etc/signet/", "");
    let mut lines = std::collections::HashSet::new();
    for password in ["correct horse battery", "staple battery horse"] {
        succeeded(&shell(dir.path(), &passwd).run_with(password));
        let users = fs::read_to_string(dir.path().join("users")).expect("a file");
        assert_eq!(users.lines().count(), 1, "{users}");
        lines.insert(users);
    }
    assert_eq!(lines.len(), 2);
}

#[cfg(unix)]
#[test]
fn the_commands_of_getting_started_put_help_where_shells_look_for_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let block = manual::block("getting-started", "Help", "sh");
    succeeded(&shell(dir.path(), &block).run_with(""));
    for (file, begins) in [
        (".cargo/share/man/man1/signet.1", ".ie "),
        (
            ".local/share/bash-completion/completions/signet",
            "_signet()",
        ),
    ] {
        let text = fs::read_to_string(dir.path().join(file)).expect("a file");
        assert!(text.starts_with(begins), "{text}");
    }
}

#[test]
fn the_first_start_is_as_getting_started_shows_it() {
    let shown = manual::block("getting-started", "The first start", "text");
    let site = Signet::new().start();
    let address = site.address.to_string();
    let line = shown.replace("127.0.0.1:5000", &address);
    assert_eq!(line, format!("listening on http://{address}\n"));
    assert_eq!(
        manual::block("getting-started", "The first start", "sh"),
        "signet\n"
    );
}
