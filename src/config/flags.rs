//! The command line.

use std::path::PathBuf;

/// The flags of `signet serve` and `signet inspect`, as they were typed. A flag wins over its
/// environment variable.
///
/// The variables are read by [`check`](Self::check) and not by clap, whose complaints would not name
/// them, and who would read them for `signet key` as well.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// Where to listen; port 0 takes any free one [env: LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(super) listen: Option<String>,

    /// Where visitors reach the site; must be given when ADDR is beyond loopback [env: PUBLIC_URL]
    /// [default: http://ADDR:PORT]
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,

    /// Where Signet keeps what it knows of sessions, and the key that it makes when it is given none
    /// [env: STATE_DIRECTORY] [default: instance]
    #[arg(long, value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,

    /// A file with secret keys, one a line: the first signs, all verify [env: SECRET_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    pub(super) secret_key_file: Option<PathBuf>,

    /// How long a session lasts that nobody uses, such as 30m or 7d [env: SESSION_IDLE]
    /// [default: 7d]
    #[arg(long, value_name = "D")]
    pub(super) session_idle: Option<String>,

    /// How long a session lasts at most, however busy it is [env: SESSION_LIFETIME] [default: 30d]
    #[arg(long, value_name = "D")]
    pub(super) session_lifetime: Option<String>,

    /// Where the data of sessions is: in the cookie, or in the state directory [env: SESSIONS]
    /// [default: cookie]
    #[arg(long, value_name = "cookie|store")]
    pub(super) sessions: Option<String>,

    /// How many connections are served at once; more have to wait [env: MAX_CONNECTIONS]
    /// [default: 10000]
    #[arg(long, value_name = "N")]
    pub(super) max_connections: Option<String>,

    /// Log a line for each request that is answered [env: ACCESS_LOG]
    #[arg(long)]
    pub(super) access_log: bool,

    /// How to log: for people, or an object a line [env: LOG_FORMAT] [default: text]
    #[arg(long, value_name = "text|json")]
    pub(super) log_format: Option<String>,

    /// Allow an http public URL beyond loopback, where anybody on the way reads the cookies
    /// [env: ALLOW_INSECURE_HTTP]
    #[arg(long)]
    pub(super) allow_insecure_http: bool,
}
