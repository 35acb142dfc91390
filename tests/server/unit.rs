//! The manual's unit for systemd: checked by systemd's own tools, and run by a real systemd.

use std::{
    fs,
    process::{Command, Output},
};

use crate::{machine::Machine, manual};

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
    let unit = manual::block("running", "As a service", "ini")
        .replace("/usr/local/bin/signet", env!("CARGO_BIN_EXE_signet"));
    fs::write(&file, unit).unwrap();
    let complaints = run(Command::new("systemd-analyze").arg("verify").arg(&file));
    assert_eq!(complaints, "");
    run(Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold", EXPOSURE])
        .arg(&file));
}

const HELPERS: &str = r#"
trap 'journalctl --no-pager -u signet' ERR
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
  log_in
  restart
  is_logged_in
  log_out
  restart
  is_logged_out
}
"#;

/// Visitors come while Signet is restarted, with the manual's socket.
const RESTARTS: &str = r#"
systemctl reset-failed signet
use_socket
while [ ! -e over ]; do log_in >>said || echo lost >>lost; echo answer >>answers; done 2>>said &
for round in {1..5}; do
  restart
  until [ "$(wc -l <answers)" -gt $((4 * round)) ]; do sleep 0.1; done
done
touch over
wait
[ ! -e lost ]
"#;

/// Everybody is logged out by a new key, and after a restore.
const NEW_KEYS: &str = r"
log_in
back_up
end_all
is_logged_out
log_in
echo nonsense >/etc/signet/secret_key
restore
is_logged_out
log_in
";

/// What an operator and a visitor do. `upgrade` are the manual's commands.
const STORY: &str = r#"
log_in
upgrade
is_logged_in
log_out
upgrade
is_logged_out
grep '^Seccomp:.2' /proc/$(pidof signet)/status
STATE_DIRECTORY=/var/lib/signet SECRET_KEY_FILE=/etc/signet/secret_key \
  PUBLIC_URL=https://signet.example signet inspect <<<"${cookie#*=}" | grep -F 'refused: revoked'

restart_with METRICS_LISTEN=127.0.0.1:9100
curl -sS http://127.0.0.1:9100/metrics | grep '^process_start_time_seconds [1-9]'

printf '%s\n' 'admin:$2y$04$E.GUhDeLZmCQC9.yr.RiaOHhxQEsIeYB2O83kZpoRWOVEiRCJZy56' >/etc/signet/users
chmod 600 /etc/signet/users
printf '[Service]\nLoadCredential=users:/etc/signet/users\nEnvironment=USERS_FILE=%%d/users\n' \
  >/etc/systemd/system/signet.service.d/users.conf
systemctl daemon-reload
restart
log_in
end_sessions | grep -F 'asked at /var/lib/signet/control.sock'
is_logged_out
log_in
systemctl stop signet
[ ! -e /var/lib/signet/control.sock ]
end_sessions | grep -F 'written to /var/lib/signet/sessions.redb'
# Signet's user can still use all of it.
restart
is_logged_out
log_in

kill -9 $(pidof signet)
until ask $address | grep -F 'You are not logged in'; do sleep 0.1; done

redis-server --dir /tmp --appendonly yes --appendfsync always --daemonize yes
restart_with STORE_URL=redis://127.0.0.1
log_in_and_out
restart_with SESSIONS=store
log_in_and_out

systemctl stop signet
systemctl show signet -p Result
"#;

#[test]
#[ignore = "needs root, systemd, curl and Redis"]
fn the_unit_keeps_sessions_over_restarts_in_a_file_and_in_redis() {
    let machine = Machine::new();
    machine.file(
        "signet.service",
        &manual::block("running", "As a service", "ini"),
    );
    machine.copy(env!("CARGO_BIN_EXE_signet"), "target/release/signet");
    let install = manual::block("running", "As a service", "sh");
    let upgrade = manual::block("operating", "Upgrading", "sh");
    let upgrade = format!("upgrade() {{\n{upgrade}systemctl reset-failed signet\n}}\n");
    let commands = manual::block("operating", "Ending the sessions of a user", "sh");
    let end = commands
        .lines()
        .nth(1)
        .expect("a command")
        .replace("anna", "admin");
    let end = format!("end_sessions() {{\n{end}\n}}\n");
    let output = machine.run(&[HELPERS, &install, &upgrade, &end, STORY].concat());
    assert!(output.contains("\nResult=success\n"), "{output}");
}

#[test]
#[ignore = "needs root, systemd and curl"]
fn with_the_socket_of_the_manual_a_restart_costs_no_answer() {
    let machine = Machine::new();
    let block = |heading, language| manual::block("running", heading, language);
    machine.file("signet.service", &block("As a service", "ini"));
    machine.copy(env!("CARGO_BIN_EXE_signet"), "target/release/signet");
    let install = block("As a service", "sh");
    let heading = "A restart without a lost answer";
    let (unit, commands) = (block(heading, "ini"), block(heading, "sh"));
    let use_socket = format!(
        "cat >/etc/systemd/system/signet.socket <<'END'\n{unit}END\n\
         use_socket() {{\n{commands}}}\n"
    );
    machine.run(&[HELPERS, &install, &use_socket, RESTARTS].concat());
}

#[test]
#[ignore = "needs root, systemd and curl"]
fn the_recipes_for_a_new_key_and_a_restored_backup_end_all_sessions() {
    let machine = Machine::new();
    let block = |heading, language| manual::block("running", heading, language);
    machine.file("signet.service", &block("As a service", "ini"));
    machine.copy(env!("CARGO_BIN_EXE_signet"), "target/release/signet");
    let install = block("As a service", "sh");
    let recipes = [
        ("end_all", "Ending sessions"),
        ("back_up", "Backup"),
        ("restore", "Restore"),
    ];
    let recipes = recipes.map(|(name, heading)| {
        let commands = manual::block("recipes", heading, "sh");
        format!("{name}() {{\n{commands}systemctl reset-failed signet\n}}\n")
    });
    machine.run(&[HELPERS, &install, &recipes.concat(), NEW_KEYS].concat());
}
