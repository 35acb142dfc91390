//! The recipe that tries guarding on one machine, over http.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::{Child, Command},
    thread::sleep,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    application,
    client::Client,
    common::manual,
    guarded::{CREDENTIALS, PAGE, USERS},
    redis::free_port,
    signet::Signet,
};

#[test]
#[ignore = "needs nginx"]
fn guarding_can_be_tried_over_http_without_certificates() {
    let [http, node] = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
    let public_url = format!("http://localhost:{}", http.port());
    let signet = Signet::new().public_url(&public_url);
    let users = signet.file("users", USERS);
    let mut signet = signet
        .env("LISTEN", node.to_string())
        .env("USERS_FILE", users);
    let _site = signet.start();
    let (application, reached) = application::start_and_note();

    let [common, _site_file] = manual::all("guarding", "Guarding other sites", "nginx");
    let included = signet.file("signet.conf", &common);
    let server = manual::block("recipes", "Trying it without certificates", "nginx")
        .replace("/etc/nginx/signet.conf", included.to_str().expect("UTF-8"))
        .replace("127.0.0.1:8000", &http.to_string())
        .replace("127.0.0.1:8080", &application.to_string());
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {path}/{name};\n"))
        .concat();
    let file = dir.path().join("configuration");
    let text = format!(
        "daemon off; pid {path}/pid; events {{}}\nhttp {{ access_log off; {temporary}\
         upstream signet {{ server {node}; }}\n{server} }}\n"
    );
    fs::write(&file, text).expect("a file");
    let nginx = Command::new("/usr/sbin/nginx")
        .args(["-e", "stderr", "-c"])
        .arg(&file)
        .spawn()
        .expect("nginx");
    let mut nginx = Nginx(nginx);
    while TcpStream::connect(http).is_err() {
        let ended = nginx.0.try_wait().expect("a child");
        assert!(ended.is_none(), "{ended:?}");
        sleep(Duration::from_millis(10));
    }

    let host = format!("localhost:{}", http.port());
    let mut client = Client::new(http).of_host(&host);
    let answer = client.send_with(PAGE, "GET", "/app/a?b=1", "");
    let answer = answer.expect("an answer").has_status(302);
    let location = answer.header("location").expect("a way to the login");
    let back = "%2Fapp%2Fa%3Fb%3D1";
    assert!(
        location.starts_with(&format!("{public_url}/login?rd=")) && location.ends_with(back),
        "{location}"
    );
    let form = format!("{CREDENTIALS}&rd={public_url}/app/a");
    let login = client.post("/login", "", &form).has_status(303);
    let cookie = login.header("set-cookie").expect("a cookie");
    let (cookie, _) = cookie.split_once(';').expect("attributes");
    assert!(cookie.starts_with("session="), "{cookie}");
    assert!(client.get("/", cookie).greets("admin"));
    let headers = format!("Remote-User: root\r\nCookie: a=1; {cookie}; b=2\r\n");
    let answer = client.send_with(&headers, "GET", "/app/a", "");
    let request = answer
        .expect("an answer")
        .has_status(200)
        .body
        .to_lowercase();
    for line in ["\r\nremote-user: admin\r\n", "\r\ncookie: a=1; b=2\r\n"] {
        assert!(request.contains(line), "{request}");
    }
    assert!(reached.has("GET /app/a") && !reached.has("GET /app/a?b=1"));
}

/// Is stopped at the end of the test.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        // It stops its workers on SIGTERM; killed, it would leave them behind.
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
