//! A load generator: HTTP/1.1 over many connections, on one thread.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use memchr::memmem;
use rustix::{buffer::spare_capacity, event::epoll, io::Errno};

/// The result of a run.
pub struct Load {
    pub answers: usize,
    pub elapsed: Duration,
    /// How long each answer took, sorted.
    pub latencies: Vec<Duration>,
    /// The cookies that were set, in any order.
    pub cookies: Vec<String>,
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "millions of answers")]
    pub fn per_second(&self) -> f64 {
        self.answers as f64 / self.elapsed.as_secs_f64()
    }

    /// Returns a percentile of the latencies, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let latency = self.latencies[(self.latencies.len() - 1) * percent / 100];
        latency.as_secs_f64() * 1e3
    }
}

/// When a run stops sending requests.
#[derive(Clone, Copy)]
pub enum Until {
    Passed(Duration),
    Answered(usize),
}

struct Connection {
    stream: TcpStream,
    asked: Instant,
    received: Vec<u8>,
    filled: usize,
}

/// Sends requests, one at a time on each connection. Every answer must have this status.
pub fn run(
    address: SocketAddr,
    connections: usize,
    status: u16,
    until: Until,
    mut next_request: impl FnMut(&mut Vec<u8>),
) -> Load {
    let status_line = format!("HTTP/1.1 {status} ");
    let epoll = epoll::create(epoll::CreateFlags::empty()).expect("epoll");
    let mut request = Vec::new();
    let mut load = Load {
        answers: 0,
        elapsed: Duration::ZERO,
        latencies: Vec::new(),
        cookies: Vec::new(),
    };
    let mut pool: Vec<_> = (0..connections)
        .map(|index| Some(Connection::open(address, &epoll, index)))
        .collect();
    let start = Instant::now();
    let mut sent = 0;
    for connection in pool.iter_mut().flatten() {
        connection.send(&mut request, &mut next_request);
        sent += 1;
    }
    let mut events = Vec::with_capacity(connections);
    let mut open = connections;
    while open > 0 {
        events.clear();
        match epoll::wait(&epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("{error}"),
        }
        for event in &events {
            let index = usize::try_from(event.data.u64()).expect("an index");
            let Some(connection) = &mut pool[index] else {
                continue;
            };
            let Some(head) = connection.receive(&mut load.cookies) else {
                continue;
            };
            let received = &connection.received[..connection.filled];
            assert!(
                received.starts_with(status_line.as_bytes()),
                "{}",
                String::from_utf8_lossy(received)
            );
            let closes = memmem::find(&received[..head], b"onnection: close").is_some();
            load.answers += 1;
            load.latencies.push(connection.asked.elapsed());
            let is_over = match until {
                Until::Passed(time) => start.elapsed() >= time,
                Until::Answered(count) => sent >= count,
            };
            if is_over {
                // Closed at once, because some servers wait for that before they serve another.
                pool[index] = None;
                open -= 1;
                continue;
            }
            if closes {
                *connection = Connection::open(address, &epoll, index);
            }
            connection.send(&mut request, &mut next_request);
            sent += 1;
        }
    }
    load.elapsed = start.elapsed();
    load.latencies.sort_unstable();
    load
}

impl Connection {
    fn open(address: SocketAddr, epoll: &impl std::os::fd::AsFd, index: usize) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        stream.set_nonblocking(true).expect("an option");
        let data = epoll::EventData::new_u64(index as u64);
        epoll::add(epoll, &stream, data, epoll::EventFlags::IN).expect("epoll");
        Self {
            stream,
            asked: Instant::now(),
            received: vec![0; 16 * 1024],
            filled: 0,
        }
    }

    fn send(&mut self, request: &mut Vec<u8>, next_request: &mut impl FnMut(&mut Vec<u8>)) {
        request.clear();
        next_request(request);
        self.filled = 0;
        self.asked = Instant::now();
        self.stream.write_all(request).expect("room for a request");
    }

    /// Reads on. Returns the length of the answer's head once the answer is complete.
    fn receive(&mut self, cookies: &mut Vec<String>) -> Option<usize> {
        match self.stream.read(&mut self.received[self.filled..]) {
            Ok(0) => panic!("the server hung up"),
            Ok(read) => self.filled += read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
            Err(error) => panic!("{error}"),
        }
        let received = &self.received[..self.filled];
        let head = memmem::find(received, b"\r\n\r\n")? + 4;
        let value = |name: &[u8]| {
            let start = memmem::find(&received[..head], name)? + name.len();
            let value = &received[start..head];
            let end = value.iter().position(|byte| b";\r".contains(byte))?;
            std::str::from_utf8(&value[..end]).ok()
        };
        let length = value(b"ontent-length: ").or_else(|| value(b"ontent-Length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        if self.filled < head + length {
            return None;
        }
        assert_eq!(self.filled, head + length, "more than was asked for");
        let cookie = value(b"et-cookie: ").or_else(|| value(b"et-Cookie: "));
        if let Some(cookie) = cookie {
            cookies.push(cookie.to_owned());
        }
        Some(head)
    }
}
