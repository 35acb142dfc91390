//! What can be wrong with the configuration.

use std::{io, net::SocketAddr, path::PathBuf};

use crate::{public_url::PublicUrl, secret::SecretError, session::CookieError};

/// What is wrong with the command line or the environment, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what their fields are")]
pub enum ConfigError {
    /// A setting has a value that it cannot have.
    #[error("{0}")]
    Value(String),
    /// A variable cannot be read.
    #[error("{0} is not UTF-8: set it to text, or unset it")]
    NotUtf8(&'static str),
    /// Others can reach the site, and it is not said under which name.
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
    /// There are two sources of keys.
    #[error("{0} and --secret-key-file (SECRET_KEY_FILE) are both given: choose one")]
    TwoSourcesOfKeys(&'static str),
    /// There are old keys without a new one.
    #[error("SECRET_KEY_FALLBACKS is given without SECRET_KEY: give both, or neither")]
    FallbacksAlone,
    /// Browsers would refuse the session cookie.
    #[error(transparent)]
    Cookie(#[from] CookieError),
    /// The keys in the environment are no good.
    #[error(transparent)]
    Environment(SecretError),
    /// The keys in the file are no good.
    #[error("--secret-key-file (SECRET_KEY_FILE): {0}")]
    SecretKeyFile(SecretError),
    /// The state directory cannot be used, or made.
    #[error("--state-dir (STATE_DIRECTORY) is {path:?}: {source}; choose another directory")]
    StateDir { path: PathBuf, source: io::Error },
    /// The store in the state directory cannot be trusted.
    #[error("--state-dir (STATE_DIRECTORY): cannot use {path:?}: {source}")]
    StoreFile { path: PathBuf, source: io::Error },
    /// The key in the state directory is no good, or cannot be made.
    #[error("--state-dir (STATE_DIRECTORY): {0}")]
    StateDirKey(SecretError),
}
