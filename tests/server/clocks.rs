//! A store whose clock is wrong: a server that knows the commands that Signet sends.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::signet::Signet;

const WEEK: i64 = 7 * 24 * 3600;

/// The values by their keys, each with the time at which it expires by the clock of the store.
type Values = HashMap<String, (String, i64)>;

/// Starts a server whose clock is ahead by this many seconds, and returns its address. It serves until
/// the end of the tests.
fn start_store(ahead: i64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let values = Arc::new(Mutex::new(Values::new()));
    thread::spawn(move || {
        for client in listener.incoming() {
            let (client, values) = (client.expect("a client"), Arc::clone(&values));
            thread::spawn(move || serve(client, ahead, &values));
        }
    });
    address
}

/// Answers commands until the client is gone.
fn serve(client: TcpStream, ahead: i64, values: &Mutex<Values>) -> io::Result<()> {
    let mut client = BufReader::new(client);
    loop {
        let command = read_command(&mut client)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("later").as_secs()).expect("small") + ahead;
        let mut values = values.lock().expect("no panic");
        values.retain(|_, (_, expires)| *expires > now);
        let answer = answer(&command, now, &mut values);
        client.get_mut().write_all(answer.as_bytes())?;
    }
}

fn read_command(client: &mut BufReader<TcpStream>) -> io::Result<Vec<String>> {
    let count = read_number(client)?;
    let arguments = (0..count).map(|_| {
        let mut argument = vec![0; read_number(client)? + 2];
        client.read_exact(&mut argument)?;
        argument.truncate(argument.len() - 2);
        Ok(String::from_utf8(argument).expect("UTF-8"))
    });
    arguments.collect()
}

/// Reads a line such as `*3` or `$12`.
fn read_number(client: &mut BufReader<TcpStream>) -> io::Result<usize> {
    let mut line = String::new();
    client.read_line(&mut line)?;
    let number = line.get(1..).and_then(|it| it.trim_end().parse().ok());
    number.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn answer(command: &[String], now: i64, values: &mut Values) -> String {
    let words: Vec<_> = command.iter().map(String::as_str).collect();
    match words[..] {
        ["INFO"] => bulk(&format!(
            "server_time_usec:{now}000000\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n\
             loading:0\r\naof_enabled:1\r\nrole:master\r\n"
        )),
        ["SET", key, value, condition, unit, time] => {
            if values.contains_key(key) != (condition == "XX") {
                return "$-1\r\n".to_owned();
            }
            let time: i64 = time.parse().expect("a time");
            let expires = if unit == "EX" { now + time } else { time };
            values.insert(key.to_owned(), (value.to_owned(), expires));
            "+OK\r\n".to_owned()
        }
        ["MGET", ref keys @ ..] => {
            let found = keys.iter().map(|key| match values.get(*key) {
                Some((value, _)) => bulk(value),
                None => "$-1\r\n".to_owned(),
            });
            format!("*{}\r\n{}", keys.len(), found.collect::<String>())
        }
        ["DEL", key] => format!(":{}\r\n", u8::from(values.remove(key).is_some())),
        _ => "-ERR unknown command\r\n".to_owned(),
    }
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

#[test]
fn a_logout_holds_and_the_log_says_so_if_the_clock_of_the_store_is_a_week_off() {
    for (ahead, says) in [(WEEK, "s ahead of"), (-WEEK, "s behind"), (0, "")] {
        for way in ["cookie", "store"] {
            let mut site = Signet::new()
                .env("STORE_URL", format!("redis://{}", start_store(ahead)))
                .env("SECRET_KEY", "q7Zt3mX9vB2kLw8RfYp5NcJd6HsGa4Ue")
                .env("SESSIONS", way)
                .args(&["--session-idle", "1d"])
                .start();
            let cookie = site.log_in("admin");
            for _ in 0..3 {
                assert!(site.get("/", &cookie).contains("<bdi>admin</bdi>"), "{way}");
            }
            let logout = site.get("/logout", &cookie);
            assert!(logout.starts_with("HTTP/1.1 303 "), "{logout}");
            for _ in 0..3 {
                assert!(
                    !site.get("/", &cookie).contains("<bdi>admin</bdi>"),
                    "{way}"
                );
            }
            if says.is_empty() {
                site.next_line();
            } else {
                let warning = site.read_log_until("its clock is");
                assert!(warning.contains(" WARN "), "{warning}");
                assert!(warning.contains(says), "{warning}");
            }
            site.signal(rustix::process::Signal::TERM);
            let (_, log) = site.wait();
            assert!(!log.contains("its clock is"), "only once: {log}");
        }
    }
}
