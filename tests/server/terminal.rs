//! The program at a terminal.

use std::{
    io::{Read as _, Write as _},
    process::Stdio,
    sync::{Arc, mpsc},
    thread,
};

use pty_process::blocking::{self as pty, Pty};
use rustix::termios::{LocalModes, tcgetattr};
use tempfile::TempDir;

use crate::signet::{KillOnDrop, Signet, TEST_TIMEOUT, wait};

const ESCAPE: char = '\u{1b}';

/// A terminal with a program that runs in it.
struct Terminal {
    pty: Arc<Pty>,
    process: KillOnDrop,
    output: mpsc::Receiver<Vec<u8>>,
    /// What the terminal has shown so far.
    shown: Vec<u8>,
    _dir: Arc<TempDir>,
}

impl Terminal {
    fn start(signet: Signet) -> Self {
        Self::start_with(signet, |command| command)
    }

    /// Starts a program some of whose streams are not the terminal.
    fn start_with(signet: Signet, change: impl FnOnce(pty::Command) -> pty::Command) -> Self {
        let (command, dir) = signet.into_command();
        let (pty, end) = pty::open().expect("a terminal");
        let process = change(command.into()).spawn(end).expect("signet starts");
        let pty = Arc::new(pty);
        let (sender, output) = mpsc::channel();
        let reader = Arc::clone(&pty);
        // Ends with the program, when the terminal has no other end any more.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = (&*reader).read(&mut buffer) {
                let _ = sender.send(buffer[..length].to_vec());
            }
        });
        Self {
            pty,
            process: KillOnDrop(process),
            output,
            shown: Vec::new(),
            _dir: dir,
        }
    }

    /// Waits until the terminal shows this text.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        while !self.text().contains(text) {
            match self.output.recv_timeout(TEST_TIMEOUT) {
                Ok(output) => self.shown.extend(output),
                Err(error) => panic!("{error}: no {text:?} in {:?}", self.text()),
            }
        }
    }

    #[track_caller]
    fn press(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("written");
    }

    /// Waits for the program to exit. Returns its exit code, and all that the terminal has shown.
    #[track_caller]
    fn wait(mut self) -> (Option<i32>, String) {
        let status = wait(&mut self.process.0);
        while let Ok(output) = self.output.recv_timeout(TEST_TIMEOUT) {
            self.shown.extend(output);
        }
        (status.code(), self.text())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }
}

/// Runs the site at a terminal, ends it with Ctrl-C, and returns what the terminal has shown.
#[track_caller]
fn run_site(signet: Signet) -> String {
    let mut terminal = Terminal::start(signet);
    terminal.wait_for("max_connections");
    terminal.press("\x03");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(0), "{shown}");
    for part in ["listening on http://127.0.0.1:", "started", "stopped"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!shown.contains("ansi"), "{shown}");
    shown
}

#[test]
fn the_site_runs_at_a_terminal_in_colour_until_ctrl_c() {
    for signet in [
        Signet::new().env("TERM", "xterm-256color"),
        Signet::new().env("TERM", "xterm").args(&["serve"]),
        Signet::new().env("TERM", "xterm").env("NO_COLOR", ""),
    ] {
        let shown = run_site(signet);
        assert!(shown.contains(ESCAPE), "{shown:?}");
        // What programs look for has no colour.
        assert!(shown.starts_with("listening on http://"), "{shown:?}");
    }
}

#[test]
fn colours_are_off_where_people_expect_none() {
    let signet = || Signet::new().env("TERM", "xterm");
    for signet in [
        signet().env("NO_COLOR", "1"),
        signet().env("TERM", "dumb"),
        signet().env("LOG_FORMAT", "json"),
    ] {
        let shown = run_site(signet);
        assert!(!shown.contains(ESCAPE), "{shown:?}");
    }
}

#[test]
fn any_one_of_the_streams_may_be_a_terminal() {
    type Change = fn(pty::Command) -> pty::Command;
    let changes: [(Change, bool); 3] = [
        (|it| it.stdout(Stdio::null()).stderr(Stdio::piped()), false),
        (|it| it.stdin(Stdio::null()).stderr(Stdio::piped()), false),
        (|it| it.stdin(Stdio::null()).stdout(Stdio::null()), true),
    ];
    for (change, has_colours) in changes {
        let signet = Signet::new().env("TERM", "xterm");
        let mut terminal = Terminal::start_with(signet, change);
        let mut log = String::new();
        if let Some(mut pipe) = terminal.process.0.stderr.take() {
            let mut start = [0; 64];
            pipe.read_exact(&mut start).expect("lines");
            terminal.press("\x03");
            log.push_str(&String::from_utf8_lossy(&start));
            pipe.read_to_string(&mut log).expect("UTF-8");
        } else {
            terminal.wait_for("max_connections");
            terminal.press("\x03");
        }
        let (code, shown) = terminal.wait();
        log.push_str(&shown);
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopped"), "{log}");
        assert_eq!(log.contains(ESCAPE), has_colours, "{log:?}");
    }
}

#[test]
fn commands_that_print_something_do_so_at_a_terminal() {
    for (args, part) in [
        (&["key"][..], "\r\n"),
        (&["man"], ".SH OPTIONS"),
        (&["completions", "bash"], "complete -F"),
        (&["--help"], "--public-url"),
        (&["--version"], "signet 0."),
    ] {
        let signet = Signet::new().env("TERM", "xterm").args(args);
        let (code, shown) = Terminal::start(signet).wait();
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn a_wrong_flag_is_explained_at_a_terminal() {
    for (args, because) in [
        (&["--listne=127.0.0.1:0"][..], "--listen"),
        (&["--sessions=nowhere"], "choose cookie or store"),
    ] {
        let signet = Signet::new().env("TERM", "xterm").args(args);
        let (code, shown) = Terminal::start(signet).wait();
        assert_eq!(code, Some(2), "{shown}");
        assert!(shown.contains(because), "{shown}");
    }
}

#[test]
fn inspect_asks_for_a_value_at_a_terminal() {
    let mut signet = Signet::new().env("TERM", "xterm");
    drop(signet.start());
    let mut terminal = Terminal::start(signet.args(&["inspect"]));
    terminal.wait_for("The value of the cookie session, Enter, Ctrl-D:");
    terminal.press("hunter2\n\x04");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("refused: malformed"), "{shown}");
}

#[test]
fn passwd_asks_twice_for_a_password_that_it_does_not_show() {
    for (again, code) in [("correct horse battery", 0), ("correct horse", 1)] {
        let signet = Signet::new().env("TERM", "xterm");
        let mut terminal = Terminal::start(signet.args(&["passwd", "anna"]));
        terminal.wait_for("Password for anna: ");
        terminal.press("correct horse battery\n");
        terminal.wait_for("The same again: ");
        terminal.press(&format!("{again}\n"));
        let (ended, shown) = terminal.wait();
        assert_eq!(ended, Some(code), "{shown}");
        assert!(!shown.contains("horse"), "{shown}");
        let has_line = shown.contains("anna:$argon2id$");
        assert_eq!(has_line, code == 0, "{shown}");
    }
}

#[test]
fn strangers_cannot_send_commands_to_the_terminal() {
    let mut terminal = Terminal::start(Signet::new().env("TERM", "xterm"));
    terminal.wait_for("max_connections");
    let text = terminal.text();
    let (_, address) = text.split_once("http://").expect("an address");
    let address = address.split_whitespace().next().expect("an address");
    let mut socket = std::net::TcpStream::connect(address).expect("a connection");
    let hostile = "evil\u{9b}2J\u{202e}";
    write!(socket, "GET / HTTP/1.1\r\nHost: {hostile}\r\n\r\n").expect("written");
    terminal.wait_for("unknown host");
    terminal.wait_for("evil");
    terminal.press("\x03");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains(['\u{9b}', '\u{202e}']), "{shown:?}");
}

#[test]
fn ctrl_c_at_a_question_ends_passwd_and_sets_the_terminal_back() {
    let signet = Signet::new().env("TERM", "xterm").args(&["passwd", "anna"]);
    let mut terminal = Terminal::start(signet);
    terminal.wait_for("Password for anna: ");
    terminal.press("correct\x03");
    let pty = Arc::clone(&terminal.pty);
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(1), "{shown}");
    assert!(!shown.contains("correct"), "{shown}");
    let modes = tcgetattr(&*pty).expect("a terminal").local_modes;
    let usual = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    assert!(modes.contains(usual), "{modes:?}");
}
