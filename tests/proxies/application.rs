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

/// Answers requests until the connection is closed. With `Upgrade` it becomes a socket that sends
/// everything back.
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
        if lowercase.contains("\r\nupgrade: websocket\r\n") {
            let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                          Upgrade: websocket\r\n\r\n";
            output.write_all(switch.as_bytes())?;
            io::copy(&mut input, &mut output)?;
            return Ok(());
        }
        let length = lowercase.split("\r\ncontent-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        input.read_exact(&mut body)?;
        let answer = format!("{request}{}", String::from_utf8_lossy(&body));
        write!(
            output,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}
