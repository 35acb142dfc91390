//! The flags and their environment variables, a row for each pair.

use std::path::PathBuf;

use clap::{Arg, ArgAction, value_parser};

use super::setting::Setting;

const DURATION: &str = "give whole seconds, from 1s to 36500d, in units such as 30m or 7d";
const SWITCH: &str = "set it to 1 or 0";

/// Defines a constant for each row, and `ALL`, in the order of `--help`. A row has the flag, the
/// variable, the name of the value, the default, the help and the end of the message about a bad value:
/// see [`Setting`].
macro_rules! settings {
    ($($name:ident: $flag:literal, $variable:literal, $value:literal, $default:literal,
       $help:literal, $expected:expr;)*) => {
        $(pub(super) const $name: Setting = Setting {
            flag: $flag,
            variable: $variable,
            value_name: $value,
            default: $default,
            help: $help,
            expected: $expected,
        };)*
        pub(super) const ALL: &[Setting] = &[$($name),*];
    };
}

settings! {
    LISTEN: "listen", "LISTEN", "ADDR:PORT", "127.0.0.1:5000",
        "Where to listen; port 0 takes any free one. unix:/PATH is a socket for programs on this \
         machine, such as a proxy, and only the user and the group of Signet can connect. A socket of \
         systemd's comes before this",
        "give an IP address and a port, such as 127.0.0.1:5000, or unix: and the absolute path of a \
         socket, such as unix:/run/signet/signet.sock";
    PUBLIC_URL: "public-url", "PUBLIC_URL", "URL", "http://ADDR:PORT",
        "Where visitors reach the site: a scheme, a host and perhaps a port. Must be given when \
         ADDR is beyond loopback, and with unix:/PATH. Requests for other hosts are refused. With https the cookie is \
         Secure and has the name __Host-session",
        "not an origin: give a scheme, a host and perhaps a port, no path, such as \
         https://signet.example";
    COOKIE_DOMAIN: "cookie-domain", "COOKIE_DOMAIN", "D", "",
        "The domain whose hosts share the session, such as example.com. Needs --users, and an \
         https public URL at this domain or below it. Without it, only the host of the public URL \
         has the session",
        "";
    STATE_DIR: "state-dir", "STATE_DIRECTORY", "DIR", "instance",
        "Where Signet keeps the records of sessions (sessions.redb), and the key that it makes \
         when none is given (secret_key). Made when missing",
        "choose another directory";
    SECRET_KEY_FILE: "secret-key-file", "SECRET_KEY_FILE", "FILE", "",
        "A file with secret keys, one a line: the first signs, all verify",
        "";
    SESSION_IDLE: "session-idle", "SESSION_IDLE", "D", "7d",
        "How long a session lasts without use, such as 30m or 7d",
        DURATION;
    SESSION_LIFETIME: "session-lifetime", "SESSION_LIFETIME", "D", "30d",
        "How long a session lasts at most, however busy it is",
        DURATION;
    SESSIONS: "sessions", "SESSIONS", "cookie|store", "cookie",
        "Where the data of sessions is: in the cookie, or in the store",
        "choose cookie or store";
    STORE: "store", "STORE_URL", "URL", "",
        "The Redis or Valkey server that keeps the records of sessions for several machines, \
         instead of the state directory: redis://USER:PASSWORD@HOST:PORT/DATABASE, with TLS \
         rediss://, over a socket redis+unix:///PATH?db=0, with sentinels redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE. \
         With ?replicas=N at the end, N replicas have to acknowledge a change. Write special \
         characters of the password percent-encoded, such as %23 for #. \
         Better given in the variable, because other users of a machine can see the command line",
        "not an address: give a URL such as redis://HOST:PORT/0, or with TLS rediss://, with \
         USER:PASSWORD@ before the host if the server asks for them; percent-encode what is \
         special in a URL: # is %23, / is %2F, ? is %3F, @ is %40, % is %25";
    MAX_RECORDS: "max-records", "MAX_RECORDS", "N", "2000000",
        "How many records of sessions the state directory keeps at most: of those that were logged \
         out, or with --sessions store of all",
        "give a number from 1 to 1000000000";
    MAX_CONNECTIONS: "max-connections", "MAX_CONNECTIONS", "N", "10000",
        "How many connections are served at once; more have to wait",
        "give a number from 1 to 1000000";
    USERS: "users", "USERS_FILE", "FILE", "",
        "A file with the users who can log in, NAME:HASH a line, as `signet passwd` makes it. It is \
         read again when it changes. Without it any name can log in, and there are no passwords",
        "";
    TRUSTED_PROXY: "trusted-proxy", "TRUSTED_PROXY", "CIDR", "127.0.0.0/8 ::1",
        "With --users: the proxies whose X-Forwarded-For says from which address a visitor comes, \
         beside those that use a unix:/PATH. A network or an address; the flag may be given several times, and white space separates \
         them in the variable",
        "give networks or addresses, separated by white space, such as 10.0.0.0/8 ::1";
    TITLE: "title", "TITLE", "TEXT", "Signet",
        "The name of the site, in the head of its pages and in their titles; at most 60 characters",
        "give 1 to 60 characters, none of them a control character";
    HOME_URL: "home-url", "HOME_URL", "URL", "",
        "Where somebody who is logged in can go on to; the home page links to it",
        "give a URL such as https://www.example.com/";
    METRICS_LISTEN: "metrics-listen", "METRICS_LISTEN", "ADDR:PORT", "",
        "Where to serve /metrics for Prometheus, over http and to anybody who can connect; not \
         where visitors can",
        "give an IP address and a port, such as 127.0.0.1:9100";
    ACCESS_LOG: "access-log", "ACCESS_LOG", "", "",
        "Log a line for each request that is answered: method, path, status and duration",
        SWITCH;
    LOG_FORMAT: "log-format", "LOG_FORMAT", "text|json", "text",
        "How to log: for people, or a JSON object a line",
        "choose text or json";
    LOG_LEVEL: "log-level", "LOG_LEVEL", "LEVEL", "info",
        "Which lines to log: error, warn, info or debug, each with those before it. The line that \
         says that Signet listens is written at any level",
        "choose error, warn, info or debug";
    LOG_NAMES: "log-names", "LOG_NAMES", "", "",
        "Log the name of the visitor at a login and a logout, and at a failed login if a user has it",
        SWITCH;
    ALLOW_INSECURE_HTTP: "allow-insecure-http", "ALLOW_INSECURE_HTTP", "", "",
        "Allow an http public URL beyond loopback, although others on the network can read and use \
         the cookies",
        SWITCH;
}

/// Returns the flags of `signet serve` and `signet inspect`.
///
/// clap does not read the variables, because its messages would not name them.
pub fn flags() -> impl Iterator<Item = Arg> {
    ALL.iter().map(|setting| {
        let mut help = format!("{} [env: {}]", setting.help, setting.variable);
        if !setting.default.is_empty() {
            help = format!("{help} [default: {}]", setting.default);
        }
        let arg = Arg::new(setting.flag).long(setting.flag).help(help);
        match setting.value_name {
            // Without a value it is on, and with one as the variable is.
            "" => arg
                .value_name("1|0")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("1"),
            name @ ("DIR" | "FILE") => arg.value_name(name).value_parser(value_parser!(PathBuf)),
            name @ "CIDR" => arg.value_name(name).action(ArgAction::Append),
            name => arg.value_name(name),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the table of the manual.
    fn table() -> String {
        let code = |text: &str| match text {
            "" => String::new(),
            text => format!("`{}`", text.replace('|', "\\|")),
        };
        let row = |setting: &Setting| {
            let flag = format!("--{} {}", setting.flag, setting.value_name);
            let (flag, variable) = (code(flag.trim_end()), code(setting.variable));
            let (default, help) = (code(setting.default), setting.help);
            format!("| {flag} | {variable} | {default} | {help}. |\n").replace("|  |", "| |")
        };
        let head = "| Flag | Variable | Default | |\n|---|---|---|---|\n";
        ALL.iter()
            .map(row)
            .fold(head.to_owned(), |table, row| table + &row)
    }

    #[test]
    fn the_table_of_the_manual_has_the_rows_of_the_flags() {
        let (table, chapter) = (table(), include_str!("../manual/configuration.md"));
        assert!(chapter.contains(&table), "the table is now:\n{table}");
    }
}
