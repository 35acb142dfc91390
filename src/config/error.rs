//! What can be wrong with the configuration.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::{
    public_url::{NotAnOrigin, PublicUrl},
    secret::SecretError,
};

/// What is wrong with the command line or the environment, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what their fields are")]
pub enum ConfigError {
    /// The address is none.
    #[error("--listen (LISTEN) is {0:?}: give an IP address and a port, such as 127.0.0.1:5000")]
    Listen(String),
    /// The URL is none.
    #[error("--public-url (PUBLIC_URL) is {url:?}: {source}")]
    PublicUrl { url: String, source: NotAnOrigin },
    /// Others can reach the site, and nobody said under which name.
    #[error(
        "{0} is beyond loopback: say with --public-url (PUBLIC_URL) where visitors reach the site"
    )]
    PublicUrlMissing(SocketAddr),
    /// The session cookie would travel in the clear.
    #[error(
        "--public-url (PUBLIC_URL) is {0}, where anybody on the way reads the cookies: \
         use https, or say --allow-insecure-http (ALLOW_INSECURE_HTTP)"
    )]
    InsecureHttp(PublicUrl),
    /// Two sources of keys: which one is meant?
    #[error("{0} and --secret-key-file (SECRET_KEY_FILE) are both given: choose one")]
    TwoSourcesOfKeys(&'static str),
    /// Old keys without a new one.
    #[error("SECRET_KEY_FALLBACKS is given without SECRET_KEY: give both, or neither")]
    FallbacksAlone,
    /// A variable cannot be read.
    #[error("{0} is not UTF-8: set it to text, or unset it")]
    NotUtf8(&'static str),
    /// A variable that switches something says neither yes nor no.
    #[error("{name} is {value:?}: set it to 1 or 0")]
    Switch { name: &'static str, value: String },
    /// A duration that is none, or makes no sense.
    #[error(
        "{names} is {value:?}: give whole seconds, from 1s to 36500d, in units such as 30m or 7d"
    )]
    Duration { names: &'static str, value: String },
    /// There is no such place for sessions.
    #[error("--sessions (SESSIONS) is {0:?}: choose cookie or store")]
    Sessions(String),
    /// No such number of connections.
    #[error("--max-connections (MAX_CONNECTIONS) is {0:?}: give a number from 1 to 1000000")]
    MaxConnections(String),
    /// There is no such format.
    #[error("--log-format (LOG_FORMAT) is {0:?}: choose text or json")]
    LogFormat(String),
    /// The keys in the environment are no good.
    #[error(transparent)]
    Environment(SecretError),
    /// The keys in the file are no good.
    #[error("--secret-key-file (SECRET_KEY_FILE): {0}")]
    SecretKeyFile(SecretError),
    /// There is no state directory, and none can be made.
    #[error("--state-dir (STATE_DIRECTORY) is {path:?}: {source}; choose another directory")]
    StateDir { path: PathBuf, source: io::Error },
    /// The store in the state directory cannot be trusted.
    #[error("--state-dir (STATE_DIRECTORY): cannot use {path:?}: {source}")]
    StoreFile { path: PathBuf, source: io::Error },
    /// The key in the state directory is no good, or there can be none.
    #[error("--state-dir (STATE_DIRECTORY): {0}")]
    StateDirKey(SecretError),
}
