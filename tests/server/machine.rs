//! A machine of its own for a test: a real systemd, which runs on a copy of this machine's files that
//! is forgotten afterwards, with a network of its own.

use std::{fs, path::Path, process::Command};

/// Runs the story, and then ends systemd.
const SERVICE: &str = "\
[Unit]
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash -Eeux /story/story
StandardOutput=append:/story/output
StandardError=inherit
";

/// What scripts may call: a visitor, whose cookie is in `$cookie`.
const HELPERS: &str = r#"
address=http://127.0.0.1:5000
ask() { curl -sS -H 'Host: signet.example' -H 'Accept-Language: en' "$@"; }
log_in() {
  cookie=$(ask -D - -o /dev/null -d username=admin -d password=correct+horse $address/login \
    | sed -n 's/^set-cookie: \(__Host-session=[^;]*\);.*/\1/p')
  is_logged_in
}
log_out() { ask -H "Cookie: $cookie" $address/logout; }
is_logged_in() { ask -H "Cookie: $cookie" $address | grep -F '<bdi>admin</bdi>'; }
is_logged_out() { ask -H "Cookie: $cookie" $address | grep -F 'You are not logged in'; }
cd /story
"#;

/// A directory with files for the machine.
pub struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("machine")).expect("a directory");
        Self { dir }
    }

    /// Makes a file. Units go to where systemd finds them; the others are in `/story`.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    /// Copies a file of this machine.
    pub fn copy(&self, from: impl AsRef<Path>, name: &str) {
        self.file(name, "");
        fs::copy(from, self.dir.path().join(name)).expect("a file");
    }

    /// Boots systemd, which runs this script in `/story`, and returns what the script printed. The
    /// test fails if a command in it does.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        self.file("story.service", SERVICE);
        self.file("story", &format!("{HELPERS}{script}\necho the end\n"));
        let boot = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/boot.sh");
        let mut command = if rustix::process::geteuid().is_root() {
            Command::new("bash")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "bash"]);
            sudo
        };
        let booted = command.arg(boot).arg(self.dir.path()).output();
        let output = fs::read_to_string(self.dir.path().join("output")).unwrap_or_default();
        assert!(output.ends_with("\nthe end\n"), "{booted:?}\n{output}");
        output
    }
}
