//! A link of the network that can be cut.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering::Relaxed},
    },
    thread::{sleep, spawn},
    time::Duration,
};

/// Nodes come from this address, and are never cut off.
const NODES: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Hands connections on to a server. While it is cut, those from other addresses than that of the nodes
/// stay open, but nothing comes through, as if a cable were pulled out.
pub struct Link {
    pub port: u16,
    ends: Arc<Ends>,
}

#[derive(Default)]
struct Ends {
    server: AtomicU16,
    is_cut: AtomicBool,
}

impl Link {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let ends = Arc::new(Ends::default());
        let of_thread = Arc::clone(&ends);
        spawn(move || {
            for client in listener.incoming().flatten() {
                let ends = Arc::clone(&of_thread);
                spawn(move || connect(client, &ends));
            }
        });
        Self { port, ends }
    }

    /// Sets the port of the server.
    pub fn lead_to(&self, server: u16) {
        self.ends.server.store(server, Relaxed);
    }

    pub fn cut(&self) {
        self.ends.is_cut.store(true, Relaxed);
    }

    pub fn mend(&self) {
        self.ends.is_cut.store(false, Relaxed);
    }
}

fn connect(client: TcpStream, ends: &Arc<Ends>) {
    let Ok(peer) = client.peer_addr() else { return };
    let can_be_cut = peer.ip() != NODES;
    let wait = move |ends: &Ends| {
        while can_be_cut && ends.is_cut.load(Relaxed) {
            sleep(Duration::from_millis(10));
        }
    };
    wait(ends);
    // A server that is down refuses connections.
    let Ok(server) = TcpStream::connect(("127.0.0.1", ends.server.load(Relaxed))) else {
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (Ok(from_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let other = Arc::clone(ends);
    spawn(move || pump(from_server, client, || wait(&other)));
    pump(from_client, server, || wait(ends));
}

fn pump(mut from: TcpStream, mut to: TcpStream, wait: impl Fn()) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut bytes)
        && count > 0
    {
        wait();
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    wait();
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
