//! A guarded application: it answers with the request that reached it.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Starts it. It runs until the test ends.
pub fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || serve(&connection));
        }
    });
    address
}

/// Answers requests until the connection is closed. With `Upgrade` it changes to whatever protocol that
/// says first, in which it sends everything back. It sends the lines of a body in chunks back with the
/// request, and so its trailers.
fn serve(connection: &TcpStream) -> io::Result<()> {
    let (mut input, mut output) = (BufReader::new(connection), connection);
    loop {
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            if input.read_line(&mut request)? == 0 {
                return Ok(());
            }
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
        write!(
            output,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}
