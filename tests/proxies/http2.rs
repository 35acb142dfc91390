//! A client that speaks HTTP/2 as no browser does: it sends any headers, as often as it likes, and
//! trailers (RFC 9113).

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::proxy::Proxy;

/// Longer than any answer should take.
const TIMEOUT: Duration = Duration::from_secs(15);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// A header of `:status: 200`, as every server compresses it.
const OK: u8 = 0x88;

pub type Headers<'a> = [(&'a str, &'a str)];

pub struct Answer {
    /// Is true if the status is 200.
    pub is_ok: bool,
    pub body: String,
}

/// Sends a request over a new connection. Returns `None` if the proxy refuses it without an answer.
pub fn send(
    proxy: &Proxy,
    line: &str,
    host: &str,
    headers: &Headers,
    body: &str,
    trailers: &Headers,
) -> Option<Answer> {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let pseudo = [
        (":method", method),
        (":scheme", "https"),
        (":authority", host),
        (":path", path),
    ];
    let mut connection = connect(proxy, host);
    let mut out = PREFACE.to_vec();
    push(&mut out, SETTINGS, 0, 0, &[]);
    let block = encode(&[&pseudo, headers].concat());
    push(&mut out, HEADERS, END_HEADERS, 1, &block);
    let end = if trailers.is_empty() { END_STREAM } else { 0 };
    push(&mut out, DATA, end, 1, body.as_bytes());
    if !trailers.is_empty() {
        let block = encode(trailers);
        push(&mut out, HEADERS, END_HEADERS | END_STREAM, 1, &block);
    }
    connection.write_all(&out).expect("the proxy listens");
    read(&mut connection).ok().flatten()
}

fn connect(proxy: &Proxy, host: &str) -> impl Read + Write {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(&proxy.certificate).expect("a certificate");
    roots.add(certificate).expect("a certificate");
    let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("known versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let host = ServerName::try_from(host.to_owned()).expect("a host");
    let tls = ClientConnection::new(Arc::new(config), host).expect("a good configuration");
    let stream = TcpStream::connect(proxy.address).expect("the proxy listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    StreamOwned::new(tls, stream)
}

/// Adds a frame (RFC 9113 §4.1).
fn push(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a short frame");
    out.extend_from_slice(&length.to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// Encodes headers without compression (RFC 7541 §6.2.2).
fn encode(headers: &Headers) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            push_length(&mut block, text.len());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// Adds the length of a text that is not compressed (RFC 7541 §5.1).
fn push_length(block: &mut Vec<u8>, length: usize) {
    const MOST: usize = 127;
    if length < MOST {
        block.push(u8::try_from(length).expect("less than 127"));
        return;
    }
    block.push(127);
    let mut rest = length - MOST;
    while rest >= 128 {
        block.push(u8::try_from(rest % 128).expect("seven bits") | 128);
        rest /= 128;
    }
    block.push(u8::try_from(rest).expect("seven bits"));
}

/// Reads frames until the answer is complete.
fn read(connection: &mut (impl Read + Write)) -> io::Result<Option<Answer>> {
    let mut is_ok = false;
    let mut body = Vec::new();
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        connection.read_exact(&mut payload)?;
        let (kind, flags) = (head[3], head[4]);
        match kind {
            // Before the status there may be a change of the table's size (RFC 7541 §6.3).
            HEADERS => is_ok = payload.iter().find(|byte| **byte >> 5 != 1) == Some(&OK),
            DATA => body.extend_from_slice(&payload),
            RST_STREAM | GOAWAY => return Ok(None),
            SETTINGS if flags & ACK == 0 => {
                let mut ack = Vec::new();
                push(&mut ack, SETTINGS, ACK, 0, &[]);
                connection.write_all(&ack)?;
            }
            _ => {}
        }
        if (kind == HEADERS || kind == DATA) && flags & END_STREAM != 0 {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Ok(Some(Answer { is_ok, body }));
        }
    }
}
