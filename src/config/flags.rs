//! The flags and their environment variables, a row for each pair.

use std::path::PathBuf;

use clap::{Arg, ArgAction, value_parser};

use super::setting::Setting;

pub(super) const LISTEN: Setting = Setting {
    flag: "listen",
    variable: "LISTEN",
    value_name: "ADDR:PORT",
    default: "127.0.0.1:5000",
    help: "Where to listen; port 0 takes any free one",
    expected: "give an IP address and a port, such as 127.0.0.1:5000",
};
pub(super) const PUBLIC_URL: Setting = Setting {
    flag: "public-url",
    variable: "PUBLIC_URL",
    value_name: "URL",
    default: "http://ADDR:PORT",
    help: "Where visitors reach the site; must be given when ADDR is beyond loopback",
    expected: "not an origin: give a scheme, a host and perhaps a port, no path, such as \
               https://signet.example",
};
pub(super) const COOKIE_DOMAIN: Setting = Setting {
    flag: "cookie-domain",
    variable: "COOKIE_DOMAIN",
    value_name: "D",
    default: "",
    help: "The domain whose hosts share the session, such as example.com; without it, only the host of \
           the public URL has it",
    expected: "",
};
pub(super) const STATE_DIR: Setting = Setting {
    flag: "state-dir",
    variable: "STATE_DIRECTORY",
    value_name: "DIR",
    default: "instance",
    help: "Where Signet keeps the records of sessions, and the key that it makes when none is given",
    expected: "choose another directory",
};
pub(super) const SECRET_KEY_FILE: Setting = Setting {
    flag: "secret-key-file",
    variable: "SECRET_KEY_FILE",
    value_name: "FILE",
    default: "",
    help: "A file with secret keys, one a line: the first signs, all verify",
    expected: "",
};
pub(super) const STORE: Setting = Setting {
    flag: "store",
    variable: "STORE_URL",
    value_name: "URL",
    default: "",
    help: "The Redis or Valkey server that keeps the records of sessions for several machines, \
           instead of the state directory; better given in the variable, as it may have a password",
    expected: "not an address: give a URL such as redis://HOST:PORT/0, or with TLS rediss://, with \
               USER:PASSWORD@ before the host if the server asks for them",
};
const DURATION: &str = "give whole seconds, from 1s to 36500d, in units such as 30m or 7d";
pub(super) const SESSION_IDLE: Setting = Setting {
    flag: "session-idle",
    variable: "SESSION_IDLE",
    value_name: "D",
    default: "7d",
    help: "How long a session lasts without use, such as 30m or 7d",
    expected: DURATION,
};
pub(super) const SESSION_LIFETIME: Setting = Setting {
    flag: "session-lifetime",
    variable: "SESSION_LIFETIME",
    value_name: "D",
    default: "30d",
    help: "How long a session lasts at most, however busy it is",
    expected: DURATION,
};
pub(super) const SESSIONS: Setting = Setting {
    flag: "sessions",
    variable: "SESSIONS",
    value_name: "cookie|store",
    default: "cookie",
    help: "Where the data of sessions is: in the cookie, or in the store",
    expected: "choose cookie or store",
};
pub(super) const MAX_RECORDS: Setting = Setting {
    flag: "max-records",
    variable: "MAX_RECORDS",
    value_name: "N",
    default: "2000000",
    help: "How many records of sessions the state directory keeps at most: of those that were logged \
           out, or with --sessions store of all",
    expected: "give a number from 1 to 1000000000",
};
pub(super) const MAX_CONNECTIONS: Setting = Setting {
    flag: "max-connections",
    variable: "MAX_CONNECTIONS",
    value_name: "N",
    default: "10000",
    help: "How many connections are served at once; more have to wait",
    expected: "give a number from 1 to 1000000",
};
pub(super) const USERS: Setting = Setting {
    flag: "users",
    variable: "USERS_FILE",
    value_name: "FILE",
    default: "",
    help: "A file with the users who can log in, NAME:HASH a line, as `signet passwd NAME` prints it; \
           without it any name can, and there are no passwords",
    expected: "",
};
pub(super) const METRICS_LISTEN: Setting = Setting {
    flag: "metrics-listen",
    variable: "METRICS_LISTEN",
    value_name: "ADDR:PORT",
    default: "",
    help: "Where to serve /metrics for Prometheus, over http and to anybody who can connect; not where \
           visitors can",
    expected: "give an IP address and a port, such as 127.0.0.1:9100",
};
pub(super) const TRUSTED_PROXY: Setting = Setting {
    flag: "trusted-proxy",
    variable: "TRUSTED_PROXY",
    value_name: "CIDR",
    default: "127.0.0.0/8 ::1",
    help: "Proxies whose X-Forwarded-For is believed when passwords are guessed; may be given several times",
    expected: "give networks or addresses, separated by white space, such as 10.0.0.0/8 ::1",
};
pub(super) const ACCESS_LOG: Setting = Setting {
    flag: "access-log",
    variable: "ACCESS_LOG",
    value_name: "",
    default: "",
    help: "Log a line for each request that is answered",
    expected: SWITCH,
};
pub(super) const LOG_FORMAT: Setting = Setting {
    flag: "log-format",
    variable: "LOG_FORMAT",
    value_name: "text|json",
    default: "text",
    help: "How to log: for people, or a JSON object a line",
    expected: "choose text or json",
};
pub(super) const LOG_LEVEL: Setting = Setting {
    flag: "log-level",
    variable: "LOG_LEVEL",
    value_name: "LEVEL",
    default: "info",
    help: "Which lines to log: error, warn, info or debug, each with those before it",
    expected: "choose error, warn, info or debug",
};
pub(super) const LOG_NAMES: Setting = Setting {
    flag: "log-names",
    variable: "LOG_NAMES",
    value_name: "",
    default: "",
    help: "Log the name of the visitor at a login and a logout",
    expected: SWITCH,
};
pub(super) const ALLOW_INSECURE_HTTP: Setting = Setting {
    flag: "allow-insecure-http",
    variable: "ALLOW_INSECURE_HTTP",
    value_name: "",
    default: "",
    help: "Allow an http public URL beyond loopback, although others on the network can read the cookies",
    expected: SWITCH,
};
const SWITCH: &str = "set it to 1 or 0";

/// All settings, in the order of `--help`.
const ALL: [Setting; 19] = [
    LISTEN,
    PUBLIC_URL,
    COOKIE_DOMAIN,
    STATE_DIR,
    SECRET_KEY_FILE,
    SESSION_IDLE,
    SESSION_LIFETIME,
    SESSIONS,
    STORE,
    MAX_RECORDS,
    MAX_CONNECTIONS,
    USERS,
    TRUSTED_PROXY,
    METRICS_LISTEN,
    ACCESS_LOG,
    LOG_FORMAT,
    LOG_LEVEL,
    LOG_NAMES,
    ALLOW_INSECURE_HTTP,
];

/// Returns the flags of `signet serve` and `signet inspect`.
///
/// clap does not read the variables, because its messages would not name them.
pub fn flags() -> impl Iterator<Item = Arg> {
    ALL.into_iter().map(|setting| {
        let mut help = format!("{} [env: {}]", setting.help, setting.variable);
        if !setting.default.is_empty() {
            help = format!("{help} [default: {}]", setting.default);
        }
        let arg = Arg::new(setting.flag).long(setting.flag).help(help);
        match setting.value_name {
            "" => arg.action(ArgAction::SetTrue),
            name @ ("DIR" | "FILE") => arg.value_name(name).value_parser(value_parser!(PathBuf)),
            name @ "CIDR" => arg.value_name(name).action(ArgAction::Append),
            name => arg.value_name(name),
        }
    })
}
