//! The program that a reader of the tutorial has at its end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    manual,
    signet::{Signet, Site},
};

const STEPS: [(&str, &str); 3] = [
    ("The key, and the greeting", "main.rs"),
    ("The login", "login.rs"),
    ("The logout", "logout.rs"),
];

/// Adds the lines of a diff to a text.
#[track_caller]
fn patch(text: &str, diff: &str) -> String {
    let mut text = text.to_owned();
    // The lines that do not begin with a sign are in the text already, each before or after the new ones.
    for hunk in diff.split("@@\n") {
        let old = hunk.lines().filter_map(|line| line.strip_prefix(' '));
        let new = hunk.lines().map(|line| &line[1..]);
        let [old, new] = [old.collect::<Vec<_>>(), new.collect()].map(|lines| lines.join("\n"));
        assert_eq!(text.matches(&old).count(), 1, "{old:?} in {text}");
        text = text.replace(&old, &new);
    }
    text
}

/// Runs commands in this directory, and returns what they print.
#[track_caller]
fn sh(commands: &str, dir: &Path) -> String {
    let mut shell = Command::new("/bin/sh");
    let output = shell.args(["-ec", commands]).current_dir(dir).output();
    let output = output.expect("sh runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Follows the tutorial in this directory, and returns that of the project.
fn follow(dir: &Path) -> PathBuf {
    let new = manual::block("tutorial", "An empty project", "sh");
    let dir = sh(&format!("{new}pwd"), dir);
    let dir = PathBuf::from(dir.trim_end());
    let source = dir.join("src");
    let packages = manual::block("tutorial", "An empty project", "toml");
    let root = env!("CARGO_MANIFEST_DIR");
    let packages = packages.replace("../signet/", &format!("{root}/"));
    let manifest = dir.join("Cargo.toml");
    let package = fs::read_to_string(&manifest).expect("a file");
    assert!(package.ends_with("\n[dependencies]\n"), "{package}");
    fs::write(manifest, [&*package, &*packages].concat()).expect("written");
    // The versions that are tested with everything else.
    fs::copy(Path::new(root).join("Cargo.lock"), dir.join("Cargo.lock")).expect("copied");
    let mut main = String::new();
    for (heading, file) in STEPS {
        if file == "main.rs" {
            main = manual::block("tutorial", heading, "rust,no_run");
        } else {
            let code = manual::block("tutorial", heading, "rust");
            fs::write(source.join(file), code).expect("written");
            main = patch(&main, &manual::block("tutorial", heading, "diff"));
        }
    }
    let any_port = "\"127.0.0.1:0\").await?;\n    \
        eprintln!(\"listening on http://{}\", listener.local_addr()?);";
    let with_any_port = main.replace("\"127.0.0.1:5000\").await?;", any_port);
    assert_ne!(with_any_port, main);
    fs::write(source.join("main.rs"), with_any_port).expect("written");
    dir
}

#[track_caller]
fn home(site: &Site, cookie: &str) -> String {
    let answer = site.get("/", cookie);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

/// Returns a key that the tutorial's command makes.
fn key(dir: &Path) -> String {
    let start = manual::block("tutorial", "The key, and the greeting", "sh");
    let make_key = start.strip_suffix("cargo run\n").expect("a start");
    sh(&format!("{make_key}printf %s \"$SECRET_KEY\""), dir)
}

#[test]
#[ignore = "needs what cargo downloads for the tutorial's program"]
fn the_program_of_the_tutorial_greets_escapes_and_logs_out() {
    let directory = tempfile::tempdir().expect("a directory");
    let dir = follow(directory.path());
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tutorial");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target-dir"])
        .arg(&target)
        .current_dir(&dir)
        .status();
    assert!(built.expect("cargo runs").success());
    let mut command = Command::new(target.join("debug/greeter"));
    command.current_dir(&dir);
    let mut program = Signet::with_command(command).env("SECRET_KEY", key(&dir));
    let site = program.start();
    assert!(home(&site, "").contains("You are not logged in"));
    let cookie = site.log_in("<b>");
    assert!(home(&site, &cookie).contains("Logged in as &#60;b&#62;"));
    let answer = site.get("/logout", &cookie);
    assert!(answer.contains("\r\nlocation: /\r\n"), "{answer}");
    assert!(home(&site, &cookie).contains("You are not logged in"));
    drop(site);
    let site = program.start();
    assert!(home(&site, &cookie).contains("You are not logged in"));
}

#[test]
fn the_tutorial_has_the_same_code_in_chinese() {
    let code = |chapter| {
        let text = manual::chapter(chapter);
        let blocks = text.split("```").skip(1).step_by(2);
        blocks.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(code("tutorial.zh-Hant"), code("tutorial"));
}
