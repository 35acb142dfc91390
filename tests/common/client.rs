//! HTTP as tests speak it: a `Client`, which is a visitor's browser with whatever cookie the test gives it, and
//! `ask`, which sends any text.

use std::{
    io::{self, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

/// The host of the site's public URL.
pub const HOST: &str = "signet.example";

/// Longer than any answer should take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a text as it is, and returns all that is answered until the connection is closed.
pub fn ask(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut socket = connect(address)?;
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// A visitor's browser, with one connection.
pub struct Client {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    host: String,
    /// The headers of every request, each with the end of its line.
    headers: &'static str,
    connection: Option<BufReader<Box<dyn Stream>>>,
}

/// A connection, with TLS or without.
trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub took: Duration,
}

impl Client {
    /// Returns a client that speaks plain HTTP, as a proxy does to a node.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            tls: None,
            host: HOST.to_owned(),
            headers: "Accept-Language: en\r\n",
            connection: None,
        }
    }

    /// Returns a client that speaks HTTPS, and trusts this certificate alone.
    pub fn over_tls(address: SocketAddr, certificate: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
        roots.add(certificate).expect("a certificate");
        let config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("known versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: Some(config.into()),
            ..Self::new(address)
        }
    }

    /// Returns one that asks for another host.
    pub fn of_host(self, host: &str) -> Self {
        let host = host.to_owned();
        Self { host, ..self }
    }

    /// Returns one that sends these headers, each with the end of its line, instead of `Accept-Language`.
    pub fn with_headers(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }

    #[track_caller]
    pub fn get(&mut self, path: &str, cookie: &str) -> Answer {
        self.send("GET", path, cookie, "").expect("an answer")
    }

    #[track_caller]
    pub fn post(&mut self, path: &str, cookie: &str, form: &str) -> Answer {
        self.send("POST", path, cookie, form).expect("an answer")
    }

    /// Sends a request. After an error the next one goes over a new connection.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        cookie: &str,
        form: &str,
    ) -> io::Result<Answer> {
        let headers =
            format!("Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        self.send_with(&headers, method, path, form)
    }

    /// Sends a request with these headers, each with the end of its line. A body that they say is in
    /// chunks is sent as it is.
    pub fn send_with(
        &mut self,
        headers: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> io::Result<Answer> {
        let start = Instant::now();
        let known = self.connection.take();
        let mut connection = known.map_or_else(|| self.connect(), Ok)?;
        let length = if headers.contains("Transfer-Encoding: chunked\r\n") {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{}{headers}{length}\r\n{body}",
            self.host, self.headers
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let mut answer = read(&mut connection)?;
        answer.took = start.elapsed();
        if !answer.head.contains("connection: close") {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn connect(&self) -> io::Result<BufReader<Box<dyn Stream>>> {
        let stream = connect(self.address)?;
        let Some(config) = self.tls.clone() else {
            return Ok(BufReader::new(Box::new(stream)));
        };
        let host = ServerName::try_from(self.host.clone()).expect("a host");
        let tls = ClientConnection::new(config, host).map_err(io::Error::other)?;
        Ok(BufReader::new(Box::new(StreamOwned::new(tls, stream))))
    }
}

fn read(connection: &mut impl io::BufRead) -> io::Result<Answer> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = with_lowercase_names(&head);
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let mut body = Vec::new();
    if head.contains("\r\ntransfer-encoding: chunked\r\n") {
        while read_chunk(connection, &mut body)? {}
    } else {
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        body.resize(length.unwrap_or(0), 0);
        connection.read_exact(&mut body)?;
    }
    Ok(Answer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
        took: Duration::ZERO,
    })
}

/// Appends a chunk to a body. Returns false after the last one, which is empty.
fn read_chunk(connection: &mut impl io::BufRead, body: &mut Vec<u8>) -> io::Result<bool> {
    let mut line = String::new();
    connection.read_line(&mut line)?;
    let length = usize::from_str_radix(line.trim_end(), 16);
    let length = length.map_err(|_| io::ErrorKind::InvalidData)?;
    let start = body.len();
    // With the end of line after it.
    body.resize(start + length + 2, 0);
    connection.read_exact(&mut body[start..])?;
    body.truncate(start + length);
    Ok(length > 0)
}

/// nginx writes the names of headers with capitals.
fn with_lowercase_names(head: &str) -> String {
    let lines = head.split_inclusive("\r\n");
    let lines = lines.map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
        None => line.to_owned(),
    });
    lines.collect()
}

impl Answer {
    #[track_caller]
    pub fn has_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    pub fn greets(&self, name: &str) -> bool {
        self.status == 200 && self.body.contains(&format!("<bdi>{name}</bdi>"))
    }

    pub fn greets_nobody(&self) -> bool {
        self.status == 200 && self.body.contains("You are not logged in")
    }

    /// Returns the session cookie that it sets, in the form of a `Cookie` header.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let cookie = self.set_cookie().expect("a session cookie");
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Returns what it says in `Set-Cookie` about the session cookie.
    pub fn set_cookie(&self) -> Option<&str> {
        let lines = self.head.lines();
        let mut cookies = lines.filter_map(|it| it.strip_prefix("set-cookie: "));
        let names = ["session=", "__Host-session=", "__Secure-session="];
        cookies.find(|cookie| names.iter().any(|name| cookie.starts_with(name)))
    }

    /// Returns the whole answer.
    pub fn text(self) -> String {
        self.head + &self.body
    }

    /// Returns the value of the header with this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(other, value)| (other == name).then_some(value))
    }

    /// Asserts that the store was away or full: the visitor should try again, and loses no cookie.
    #[track_caller]
    pub fn says_try_again(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        assert_eq!(self.header("retry-after"), Some("5"), "{self:?}");
        assert_eq!(self.header("set-cookie"), None, "{self:?}");
        assert!(self.body.contains("<html lang=\"en\">"), "{self:?}");
    }
}
