//! The manual's container, built and run by podman.

use std::path::Path;

use crate::{machine::Machine, manual};

/// The program that the manual's command builds.
const PROGRAM: &str = "target/x86_64-unknown-linux-gnu/release/signet";

/// What podman needs on a machine inside another one: its own place for images, and the limits that
/// it may set there.
const PREPARE: &str = r#"
mount -t tmpfs tmpfs /var/lib/containers
mkdir -p /etc/containers
cat >/etc/containers/containers.conf <<END
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=$(ulimit -Hn)", "nproc=$(ulimit -Hu)"]
END
"#;

/// What a visitor does, and an operator who restarts the container, and replaces it.
const STORY: &str = r#"
trap 'podman logs signet' ERR
wait_until_ready() {
  for attempt in {1..100}; do
    if [ "$(ask -o /dev/null -w '%{http_code}' $address/readyz)" = 200 ]; then return; fi
    sleep 0.1
  done
  false
}
run_another() {
  podman stop signet
  [ "$(podman inspect -f '{{.State.ExitCode}}' signet)" = 0 ]
  podman rm signet
  "$@"
  wait_until_ready
}

wait_until_ready
podman exec signet /signet healthcheck
! podman exec -e LISTEN=127.0.0.1:1 signet /signet healthcheck
log_in
status=/proc/$(podman inspect -f '{{.State.Pid}}' signet)/status
grep '^Uid:.65532' $status
grep '^CapEff:.0000000000000000' $status
podman inspect -f 'read-only: {{.HostConfig.ReadonlyRootfs}}' signet | grep true
run_another run
is_logged_in
log_out
run_another run
is_logged_out

# The program finds hosts without the shared libraries of the C library.
redis-server --bind 0.0.0.0 --protected-mode no --dir /tmp --appendonly yes --daemonize yes
run_another podman run -d --name signet --read-only --cap-drop=all -p 127.0.0.1:5000:5000 \
  -e STORE_URL=redis://host.containers.internal -e SECRET_KEY="$(podman run --rm signet key)" \
  -e PUBLIC_URL=https://signet.example signet
log_in
"#;

#[test]
#[ignore = "needs root, systemd, podman, and the program that .ci/run builds for the container"]
fn the_container_keeps_its_state_on_a_volume_and_is_not_root() {
    let machine = Machine::new();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(PROGRAM);
    machine.copy(program, PROGRAM);
    machine.file(
        "image/Containerfile",
        &manual::block("running", "The image", "dockerfile"),
    );
    let install = manual::block("running", "The image", "sh");
    let (_, run) = install.split_once("\npodman run").expect("a command");
    let run = format!("\nrun() {{\npodman run{run}}}\n");
    machine.run(&[PREPARE, &install, &run, STORY].concat());
}
