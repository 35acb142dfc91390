//! A visitor's browser: one connection, and whatever cookie the test gives it.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// Longer than any answer should take.
const TIMEOUT: Duration = Duration::from_secs(15);

pub struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
    pub took: Duration,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            connection: None,
        }
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
        let start = Instant::now();
        let known = self.connection.take();
        let mut connection = known.map_or_else(|| connect(self.address), Ok)?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\
             Accept-Language: en\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let mut answer = read(&mut connection)?;
        answer.took = start.elapsed();
        if !answer.head.contains("connection: close") {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

fn read(connection: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if connection.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = with_lowercase_names(&head);
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let length = head.split("\r\ncontent-length: ").nth(1);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    connection.read_exact(&mut body)?;
    Ok(Answer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        head,
        body: String::from_utf8_lossy(&body).into_owned(),
        took: Duration::ZERO,
    })
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
        let cookie = self.head.split("\r\nset-cookie: session=").nth(1);
        let value = cookie.and_then(|it| it.split(';').next());
        format!("session={}", value.expect("a session cookie"))
    }

    /// Asserts that the store was away or full: the visitor should try again, and loses no cookie.
    #[track_caller]
    pub fn says_try_again(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        assert!(self.head.contains("\r\nretry-after: 5\r\n"), "{self:?}");
        assert!(!self.head.contains("\r\nset-cookie:"), "{self:?}");
        assert!(self.body.contains("<html lang=\"en\">"), "{self:?}");
    }
}
