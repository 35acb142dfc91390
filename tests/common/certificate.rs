//! Certificates that sign themselves.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Makes a certificate for `host`, and the hosts directly below it, in this directory. Returns its file, and that of its private key,
/// where haproxy looks for it.
#[track_caller]
pub fn make(dir: &Path, host: &str) -> (PathBuf, PathBuf) {
    let certificate = dir.join(format!("{host}.pem"));
    let key = dir.join(format!("{host}.pem.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
        .args(["-subj", &format!("/CN={host}")])
        .args([
            "-addext",
            &format!("subjectAltName=DNS:{host},DNS:*.{host}"),
        ])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl is installed").success());
    (certificate, key)
}
