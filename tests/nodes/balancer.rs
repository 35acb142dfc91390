//! The load balancers in front of the nodes, configured as README says.

use std::{
    fmt::Write as _,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use tempfile::TempDir;

use crate::redis::free_port;

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Haproxy,
    Nginx,
}

/// A load balancer that is stopped at the end of the test.
pub struct Balancer {
    pub address: SocketAddr,
    process: Child,
    _dir: TempDir,
}

impl Balancer {
    pub fn start(kind: Kind, nodes: &[SocketAddr]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("configuration");
        loop {
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            let text = match kind {
                Kind::Haproxy => haproxy(address, nodes),
                Kind::Nginx => nginx(address, nodes, dir.path().to_str().expect("UTF-8")),
            };
            std::fs::write(&path, text).expect("a file");
            let mut command = match kind {
                Kind::Haproxy => Command::new("/usr/sbin/haproxy"),
                Kind::Nginx => Command::new("/usr/sbin/nginx"),
            };
            match kind {
                Kind::Haproxy => command.arg("-db").arg("-f"),
                Kind::Nginx => command.args(["-e", "stderr", "-c"]),
            };
            command
                .arg(&path)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut process = command.spawn().expect("it is installed");
            // Ends if another program took the port first.
            while process.try_wait().expect("a child").is_none() {
                if TcpStream::connect(address).is_ok() {
                    return Self {
                        address,
                        process,
                        _dir: dir,
                    };
                }
                sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // nginx stops its workers on SIGTERM; killed, it would leave them behind.
        let id = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.process.wait();
    }
}

fn haproxy(address: SocketAddr, nodes: &[SocketAddr]) -> String {
    let mut text = format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 30s\n timeout server 30s\n \
         retries 3\n option redispatch\n\
         frontend visitors\n bind {address}\n default_backend signet\n\
         backend signet\n balance roundrobin\n option httpchk GET /healthz\n"
    );
    for node in nodes {
        let _ = writeln!(text, " server {} {node} check inter 500ms", node.port());
    }
    text
}

fn nginx(address: SocketAddr, nodes: &[SocketAddr], dir: &str) -> String {
    let mut servers = String::new();
    for node in nodes {
        let _ = writeln!(servers, "server {node} max_fails=0;");
    }
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {dir}/{name};\n"));
    // As root, nginx would change to a user that cannot write to the directory.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        "daemon off; worker_processes 1; pid {dir}/pid; {user}\n\
         events {{ worker_connections 1024; }}\n\
         http {{ access_log off; {}\n\
         upstream signet {{ {servers} keepalive 16; }}\n\
         server {{ listen {address};\n\
         location / {{ proxy_pass http://signet; proxy_http_version 1.1;\n\
         proxy_set_header Connection \"\"; proxy_set_header Host $http_host; }} }} }}\n",
        paths.concat()
    )
}
