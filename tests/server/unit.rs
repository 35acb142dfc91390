//! README's unit for systemd: checked by systemd's own tools, and run by a real systemd.

use std::{
    fs,
    process::{Command, Output},
};

use crate::readme;

/// The most that `systemd-analyze security` may say, times ten.
const EXPOSURE: &str = "15";

#[track_caller]
fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("it is installed");
    let text = [stdout, stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(status.success(), "{command:?}: {status}\n{text}");
    text.into_owned()
}

#[test]
#[ignore = "needs systemd"]
fn the_unit_is_right_and_shuts_the_program_in() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("signet.service");
    // systemd looks for the program.
    let unit = readme::block("ini").replace("/usr/local/bin/signet", env!("CARGO_BIN_EXE_signet"));
    fs::write(&file, unit).unwrap();
    let complaints = run(Command::new("systemd-analyze").arg("verify").arg(&file));
    assert_eq!(complaints, "");
    run(Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold", EXPOSURE])
        .arg(&file));
}

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

const HELPERS: &str = r#"
trap 'journalctl --no-pager -u signet' ERR
address=http://127.0.0.1:5000
ask() { curl -sS -H 'Host: signet.example' -H 'Accept-Language: en' "$@"; }
restart() {
  # systemd refuses more than a few in a row.
  systemctl reset-failed signet
  systemctl restart signet
}
restart_with() {
  mkdir -p /etc/systemd/system/signet.service.d
  printf '[Service]\nEnvironment=%s\n' "$1" >"/etc/systemd/system/signet.service.d/${1%%=*}.conf"
  systemctl daemon-reload
  restart
}
log_in_and_out() {
  cookie=$(ask -D - -o /dev/null -d username=admin $address/login \
    | sed -n 's/^set-cookie: \(__Host-session=[^;]*\);.*/\1/p')
  ask -H "Cookie: $cookie" $address | grep -F '<bdi>admin</bdi>'
  restart
  ask -H "Cookie: $cookie" $address | grep -F '<bdi>admin</bdi>'
  ask -H "Cookie: $cookie" $address/logout
  restart
  ask -H "Cookie: $cookie" $address | grep -F 'You are not logged in'
}
"#;

/// Boots a systemd that runs this script on a copy of this machine with README's unit.
#[track_caller]
fn boot(script: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let release = path("target/release");
    fs::create_dir_all(&release).unwrap();
    fs::hard_link(env!("CARGO_BIN_EXE_signet"), release.join("signet"))
        .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_signet"), release.join("signet")).map(|_| ()))
        .unwrap();
    fs::create_dir(path("machine")).unwrap();
    fs::write(path("signet.service"), readme::block("ini")).unwrap();
    fs::write(path("story.service"), SERVICE).unwrap();
    let install = readme::block_with("sh", "systemctl enable");
    let script = format!("{HELPERS}\ncd /story\n{install}\n{script}\necho the end\n");
    fs::write(path("story"), script).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/boot.sh");
    let booted = if rustix::process::geteuid().is_root() {
        Command::new("bash").arg(script).arg(dir.path()).output()
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "bash", script]).arg(dir.path()).output()
    };
    let output = fs::read_to_string(path("output")).unwrap_or_default();
    assert!(output.ends_with("\nthe end\n"), "{booted:?}\n{output}");
    output
}

#[test]
#[ignore = "needs root, systemd, curl and Redis"]
fn the_unit_keeps_sessions_over_restarts_in_a_file_and_in_redis() {
    let output = boot(
        r#"
log_in_and_out
grep '^Seccomp:.2' /proc/$(pidof signet)/status
STATE_DIRECTORY=/var/lib/signet SECRET_KEY_FILE=/etc/signet/secret_key \
  PUBLIC_URL=https://signet.example signet inspect <<<"${cookie#*=}" | grep -F 'refused: revoked'

restart_with METRICS_LISTEN=127.0.0.1:9100
curl -sS http://127.0.0.1:9100/metrics | grep '^process_start_time_seconds [1-9]'

kill -9 $(pidof signet)
until ask $address | grep -F 'You are not logged in'; do sleep 0.1; done

redis-server --dir /tmp --appendonly yes --appendfsync always --daemonize yes
restart_with STORE_URL=redis://127.0.0.1
log_in_and_out
restart_with SESSIONS=store
log_in_and_out

systemctl stop signet
systemctl show signet -p Result
"#,
    );
    assert!(output.contains("\nResult=success\n"), "{output}");
}
