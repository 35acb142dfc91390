//! A guarded application: it answers with the request that reached it. A path such as
//! `/to/https://signet.example/` redirects there, and one such as `/cookie/a=1` sets that cookie.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The first lines of the requests that reached it.
#[derive(Clone, Default)]
pub struct Reached(Arc<Mutex<Vec<String>>>);

impl Reached {
    /// Returns whether a request with this method and path reached it.
    pub fn has(&self, line: &str) -> bool {
        let lines = self.0.lock().expect("no panic");
        lines.iter().any(|it| it == &format!("{line} HTTP/1.1\r\n"))
    }
}

/// Starts it. It runs until the test ends.
pub fn start() -> SocketAddr {
    start_and_note().0
}

/// Starts it, and notes what reaches it.
pub fn start_and_note() -> (SocketAddr, Reached) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let reached = Reached::default();
    let notes = reached.clone();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let notes = notes.clone();
            thread::spawn(move || serve(&connection, &notes));
        }
    });
    (address, reached)
}

/// Answers requests until the connection is closed. With `Upgrade` it changes to whatever protocol that
/// says first, in which it sends everything back. It sends the lines of a body in chunks back with the
/// request, and so its trailers.
fn serve(connection: &TcpStream, reached: &Reached) -> io::Result<()> {
    let (mut input, mut output) = (BufReader::new(connection), connection);
    loop {
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            if input.read_line(&mut request)? == 0 {
                return Ok(());
            }
        }
        let first = request.split_inclusive('\n').next().unwrap_or_default();
        reached.0.lock().expect("no panic").push(first.to_owned());
        if let Some(rest) = request.strip_prefix("GET /to/") {
            let target = rest.split(' ').next().unwrap_or_default();
            write!(
                output,
                "HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
            )?;
            continue;
        }
        let lowercase = request.to_ascii_lowercase();
        let value = |name| lowercase.split(name).nth(1)?.split("\r\n").next();
        if let Some(protocol) = value("\r\nupgrade: ") {
            let switch = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                 Upgrade: {protocol}\r\n\r\n"
            );
            output.write_all(switch.as_bytes())?;
            io::copy(&mut input, &mut output)?;
            return Ok(());
        }
        let length = value("\r\ncontent-length: ").and_then(|it| it.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        input.read_exact(&mut body)?;
        let mut answer = format!("{request}{}", String::from_utf8_lossy(&body));
        if value("\r\ntransfer-encoding: ").is_some() {
            // The chunks, and then the trailers.
            for end in ["0\r\n", "\r\n"] {
                let mut line = String::new();
                while line != end {
                    line.clear();
                    if input.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                    answer.push_str(&line);
                }
            }
        }
        let cookie = request.strip_prefix("GET /cookie/");
        let cookie = cookie.and_then(|it| it.split(' ').next());
        let cookie = cookie.map(|it| format!("Set-Cookie: {it}\r\n"));
        write!(
            output,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{}Content-Length: {}\r\n\r\n{answer}",
            cookie.unwrap_or_default(),
            answer.len()
        )?;
    }
}
