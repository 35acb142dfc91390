//! Real proxies with TLS in front of nodes, configured as the manual says.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread::sleep,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{
    certificate,
    client::{Client, HOST},
    manual,
    redis::free_port,
};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Caddy,
    Haproxy,
    Nginx,
}

/// A proxy that is stopped at the end of the test.
pub struct Proxy {
    /// Where it speaks HTTPS.
    pub address: SocketAddr,
    /// Where it speaks HTTP, to send visitors to HTTPS.
    pub plain_address: SocketAddr,
    /// The certificate that it shows, which signs itself.
    pub certificate: PathBuf,
    process: Child,
    _dir: TempDir,
}

impl Proxy {
    /// Starts a proxy with the manual's configuration.
    #[track_caller]
    pub fn start(kind: Kind, nodes: &[SocketAddr]) -> Self {
        Self::start_with(
            kind,
            &manual::block("running", "The proxy", kind.language()),
            nodes,
        )
    }

    /// Starts a proxy with another configuration that is written like the one in the manual.
    #[track_caller]
    pub fn start_with(kind: Kind, configuration: &str, nodes: &[SocketAddr]) -> Self {
        Self::start_whole(kind, &with_nodes(configuration, nodes), HOST, &[HOST])
    }

    /// Starts a proxy with the manual's configuration, in front of a node at a Unix socket.
    #[track_caller]
    pub fn start_over_socket(kind: Kind, socket: &Path) -> Self {
        let configuration = manual::block("running", "The proxy", kind.language());
        let line = manual::block("running", "Over a Unix socket", kind.language());
        let socket = socket.to_str().expect("UTF-8");
        let line = replace(line.trim(), "/run/signet/signet.sock", socket);
        let mut lines = configuration.lines().map(str::trim);
        let old = lines.find(|line| line.contains("127.0.0.1:5000"));
        let configuration = replace(&configuration, old.expect("a line"), &line);
        Self::start_whole(kind, &configuration, HOST, &[HOST])
    }

    /// Starts a proxy with the manual's configuration, in front of a node at `login.example.com`. It guards
    /// the application at this address, as each of these hosts below `example.com`.
    #[track_caller]
    #[allow(dead_code, reason = "only the tests in a browser need no changes")]
    pub fn start_guarding(
        kind: Kind,
        node: SocketAddr,
        application: SocketAddr,
        hosts: &[&str],
    ) -> Self {
        let configuration = Self::guarding(kind, application, hosts);
        let hosts = [&["login.example.com"], hosts].concat();
        Self::start_as(kind, &configuration, node, &hosts)
    }

    /// Returns the manual's configuration for a proxy in front of `login.example.com`, which guards the
    /// application at this address, as each of these hosts.
    #[track_caller]
    pub fn guarding(kind: Kind, application: SocketAddr, hosts: &[&str]) -> String {
        let site = Self::site_block(kind, application);
        let sites = hosts
            .iter()
            .map(|host| replace(&site, "app.example.com", host));
        let sites: String = sites.collect();
        Self::login_block(kind) + &Self::with_common_part(kind, &sites)
    }

    /// Returns the manual's configuration for a proxy in front of `login.example.com`.
    #[track_caller]
    pub fn login_block(kind: Kind) -> String {
        manual::block("running", "The proxy", kind.language()).replace(HOST, "login.example.com")
    }

    /// Returns the manual's configuration for a proxy that guards `app.example.com`, which is there, without
    /// the part for all sites.
    #[track_caller]
    pub fn site_block(kind: Kind, application: SocketAddr) -> String {
        let [_, site] = Self::guard_blocks(kind);
        replace(&site, "127.0.0.1:8080", &application.to_string())
    }

    /// Adds the manual's part for all sites to the configuration of sites.
    #[track_caller]
    pub fn with_common_part(kind: Kind, sites: &str) -> String {
        let [common, _] = Self::guard_blocks(kind);
        match kind {
            Kind::Nginx => replace(sites, "include /etc/nginx/signet.conf;", &common),
            _ => common + sites,
        }
    }

    fn guard_blocks(kind: Kind) -> [String; 2] {
        manual::all("guarding", "Guarding other sites", kind.language())
    }

    /// Starts a proxy with this configuration, in front of a node, for hosts below `example.com`.
    #[track_caller]
    pub fn start_as(kind: Kind, configuration: &str, node: SocketAddr, hosts: &[&str]) -> Self {
        let configuration = replace(configuration, "127.0.0.1:5000", &node.to_string());
        Self::start_whole(kind, &configuration, "example.com", hosts)
    }

    /// Starts a proxy for these hosts, which are `domain` or below it.
    #[track_caller]
    fn start_whole(kind: Kind, configuration: &str, domain: &str, hosts: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (certificate, key) = certificate::make(dir.path(), domain);
        for host in hosts.iter().filter(|host| **host != domain) {
            for (file, end) in [(&certificate, "pem"), (&key, "pem.key")] {
                let copy = dir.path().join(format!("{host}.{end}"));
                fs::copy(file, copy).expect("a copy");
            }
        }
        // Ends at once if another program took a port first.
        for _ in 0..5 {
            let [https, http] = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
            let text =
                kind.whole_configuration(configuration, domain, hosts, dir.path(), https, http);
            let mut process = kind.spawn(dir.path(), &text);
            while process.try_wait().expect("a child").is_none() {
                if TcpStream::connect(https).is_ok() && TcpStream::connect(http).is_ok() {
                    return Self {
                        address: https,
                        plain_address: http,
                        certificate,
                        process,
                        _dir: dir,
                    };
                }
                sleep(Duration::from_millis(10));
            }
        }
        let log = fs::read_to_string(dir.path().join("log")).unwrap_or_default();
        panic!("{kind:?} does not start: {log}");
    }

    /// Returns a visitor's browser, which speaks HTTPS.
    pub fn client(&self) -> Client {
        Client::over_tls(self.address, &self.certificate)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx stops its workers on SIGTERM; killed, it would leave them behind.
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}

impl Kind {
    /// The language of its block in README.
    pub fn language(self) -> &'static str {
        match self {
            Self::Caddy => "caddyfile",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
        }
    }

    /// Adds what else a configuration needs, and replaces the ports and the paths of certificates.
    #[track_caller]
    fn whole_configuration(
        self,
        configuration: &str,
        domain: &str,
        hosts: &[&str],
        dir: &Path,
        https: SocketAddr,
        http: SocketAddr,
    ) -> String {
        let dir = dir.to_str().expect("UTF-8");
        match self {
            // It would ask for a certificate on the Internet.
            Self::Caddy => {
                let mut text = configuration.to_owned();
                for host in hosts {
                    let (site, files) = (format!("{host} {{\n"), format!("{dir}/{domain}.pem"));
                    text = replace(
                        &text,
                        &site,
                        &format!("{site}    tls {files} {files}.key\n"),
                    );
                }
                let ports = format!("http_port {}\nhttps_port {}\n", http.port(), https.port());
                let rest = "admin off\ndefault_bind 127.0.0.1\ngrace_period 1s\n";
                format!("{{\n{ports}{rest}}}\n{text}")
            }
            // The defaults are those of Debian's /etc/haproxy/haproxy.cfg.
            Self::Haproxy => {
                let text = replace(configuration, "/etc/ssl/", &format!("{dir}/"));
                let text = replace(&text, "bind :80\n", &format!("bind {http}\n"));
                let text = replace(&text, "bind :443 ", &format!("bind {https} "));
                format!(
                    "defaults\n mode http\n timeout connect 5000\n timeout client 50000\n \
                     timeout server 50000\n{text}"
                )
            }
            Self::Nginx => {
                let text = replace(configuration, "/etc/ssl/", &format!("{dir}/"));
                let text = replace(&text, "listen 80;", &format!("listen {http};"));
                let text = replace(&text, "listen 443 ", &format!("listen {https} "));
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
                     http {{ access_log off; {}\n{text} }}\n",
                    paths.concat()
                )
            }
        }
    }

    fn spawn(self, dir: &Path, text: &str) -> Child {
        let file = dir.join("configuration");
        fs::write(&file, text).expect("a file");
        let mut command = Command::new(match self {
            Self::Caddy => "/usr/bin/caddy",
            Self::Haproxy => "/usr/sbin/haproxy",
            Self::Nginx => "/usr/sbin/nginx",
        });
        match self {
            Self::Caddy => command.args(["run", "--adapter", "caddyfile", "--config"]),
            Self::Haproxy => command.args(["-db", "-f"]),
            Self::Nginx => command.args(["-e", "stderr", "-c"]),
        };
        let log = File::create(dir.join("log")).expect("a file");
        command
            .arg(file)
            // Where Caddy keeps its own files.
            .env("HOME", dir)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("it is installed")
    }
}

/// Puts these nodes in the place of the one in the manual. nginx and haproxy have a line for each.
#[track_caller]
fn with_nodes(configuration: &str, nodes: &[SocketAddr]) -> String {
    const NODE: &str = "127.0.0.1:5000";
    assert_eq!(configuration.matches(NODE).count(), 1, "{configuration}");
    let all: Vec<_> = nodes.iter().map(SocketAddr::to_string).collect();
    let lines = configuration.split_inclusive('\n').map(|line| {
        if !line.contains(NODE) || !line.trim_start().starts_with("server ") {
            return line.replace(NODE, &all.join(" "));
        }
        let lines = all.iter().enumerate().map(|(index, node)| {
            let line = line.replace(NODE, node);
            line.replace("node1", &format!("node{}", index + 1))
        });
        lines.collect()
    });
    lines.collect()
}

/// Replaces what must be there.
#[track_caller]
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in {text}");
    text.replace(from, to)
}
