//! How much memory slow clients take.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::{
    metrics::Measured,
    signet::{Signet, Site, wait_for},
};

/// The most bytes of a head.
const HEAD: usize = 16 * 1024;

/// Returns a head of the largest size, with 95 lines besides those about a form.
fn largest_head(site: &Site, about_form: &str) -> String {
    let content_type = "Content-Type: application/x-www-form-urlencoded";
    let host = site.address;
    let begin =
        format!("POST /login HTTP/1.1\r\nHost: {host}\r\n{content_type}\r\n{about_form}\r\n");
    let length = (HEAD - begin.len()) / 95 - "x-00: \r\n".len();
    let lines = (0..95).map(|line| format!("x-{line:02}: {}\r\n", "y".repeat(length)));
    [begin, lines.collect(), "\r\n".to_owned()].concat()
}

/// Returns what clients send who want to take as much memory as they can, in the parts that they send.
fn greedy_requests(site: &Site) -> [(&'static str, Vec<String>); 3] {
    let mut unfinished = largest_head(site, "Content-Length: 8000");
    unfinished.truncate(unfinished.len() - 3);
    let form = largest_head(site, "Content-Length: 8000");
    let chunked = largest_head(site, "Transfer-Encoding: chunked");
    let piece = "y".repeat(700);
    let trailer = format!("1f00\r\n{}\r\n0\r\nx: ", "y".repeat(0x1f00));
    [
        ("an unfinished head", vec![unfinished]),
        ("an unfinished form", [vec![form], vec![piece; 11]].concat()),
        (
            "an unfinished trailer",
            vec![chunked, trailer, "y".repeat(15_000)],
        ),
    ]
}

/// Opens connections, and sends each part on all of them. What the site has refused is passed over.
fn open(site: &Site, count: usize, parts: &[String]) -> Vec<TcpStream> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let mut sockets: Vec<_> = (0..count).map(|_| site.connect()).collect();
    for part in parts {
        for socket in &mut sockets {
            let _ = socket.write_all(part.as_bytes());
        }
    }
    sockets
}

/// Returns how many bytes of memory the site takes: `VmRSS` now, or `VmHWM` at most until now.
fn memory(site: &Site, line: &str) -> usize {
    let status = format!("/proc/{}/status", site.pid().as_raw_nonzero());
    let status = fs::read_to_string(status).unwrap();
    let lines = status.lines().filter_map(|it| it.split_once(':'));
    let value = lines.filter(|(name, _)| *name == line);
    let value = value.map(|(_, value)| value.trim().strip_suffix(" kB"));
    let value = value.flatten().next().expect("a value");
    value.parse::<usize>().unwrap() * 1024
}

/// Waits until the site takes no more memory than half a second before.
fn wait_until_all_is_read(site: &Site) {
    let mut last = 0;
    wait_for("the memory to grow no more", || {
        thread::sleep(Duration::from_millis(500));
        let now = memory(site, "VmRSS");
        (std::mem::replace(&mut last, now) == now).then_some(())
    });
}

#[test]
fn an_unfinished_head_takes_less_than_40_kb() {
    let site = Signet::new().start();
    let (_, parts) = &greedy_requests(&site)[0];
    let [before, after] = [200, 500].map(|count| {
        let sockets = open(&site, count, parts);
        wait_until_all_is_read(&site);
        (memory(&site, "VmRSS"), sockets)
    });
    let each = (after.0 - before.0) / after.1.len();
    assert!(each < 40_000, "{each}");
}

#[test]
fn many_large_unfinished_forms_are_refused_but_a_whole_one_is_not() {
    let measured = Measured::start(Signet::new());
    let site = &measured.site;
    let (_, parts) = &greedy_requests(site)[1];
    let mut sockets = open(site, 800, &parts[..1]);
    let refused = || {
        let count = measured.scrape()[r#"signet_requests_refused_total{reason="too_many_bodies"}"#];
        (count > 0.5).then_some(())
    };
    wait_for("a form to be refused", refused);
    site.log_in("admin");
    let answer = sockets.iter_mut().find_map(|socket| {
        socket
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok().map(|_| answer)
    });
    let answer = answer.expect("that of the form");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    for header in ["\r\nretry-after: 10\r\n", "\r\nconnection: close\r\n"] {
        assert!(answer.contains(header), "{answer}");
    }
    drop(sockets);
    // There is room again.
    wait_for("a slow form to be read", || {
        let mut slow = site.connect();
        let (head, form) = parts[0].split_at(parts[0].len() - 1);
        slow.write_all(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(50));
        let rest = format!("{form}username=admin{}", "&".repeat(7986));
        slow.write_all(rest.as_bytes()).unwrap();
        let mut answer = [0; 12];
        slow.read_exact(&mut answer).unwrap();
        (&answer == b"HTTP/1.1 303").then_some(())
    });
}

#[test]
#[ignore = "needs 10,000 connections and a minute"]
fn ten_thousand_of_the_worst_connections_take_less_than_400_mb() {
    for counts in [
        [9_900, 0, 0],
        [0, 9_900, 0],
        [0, 0, 9_900],
        [8_900, 1_000, 0],
    ] {
        let site = Signet::new().start();
        let requests = greedy_requests(&site);
        // The forms first, because not all of them stay.
        let kinds = requests.iter().zip(counts).rev();
        let _sockets: Vec<_> = kinds
            .map(|((_, parts), count)| open(&site, count, parts))
            .collect();
        wait_until_all_is_read(&site);
        let peak = memory(&site, "VmHWM") / 1_000_000;
        println!("{counts:?} {:?}: {peak} MB", requests.map(|(what, _)| what));
        assert!(peak < 400, "{peak} MB");
    }
}
