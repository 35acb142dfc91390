//! `ConfigError`: what can be wrong with the configuration.

use std::{io, path::PathBuf};

use crate::{
    cookie_domain::CookieDomainError, listen_address::ListenAddress, public_url::PublicUrl,
    secret::SecretError, users::UsersError,
};
use signet_session::CookieError;

/// An error in the command line, the environment or the state directory.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting has an invalid value.
    #[error("{0}")]
    Value(String),
    /// A variable is not UTF-8.
    #[error("{0} is not UTF-8: set it to text, or unset it")]
    NotUtf8(&'static str),
    /// Other machines can reach the site, but its public URL is not given.
    #[error("{0} is beyond loopback: set --public-url (PUBLIC_URL) to the URL that visitors use")]
    PublicUrlMissing(ListenAddress),
    /// No browser can reach the site's socket, and the URL of its proxy is not given.
    #[error("{0} is a file: set --public-url (PUBLIC_URL) to the URL that visitors use")]
    PublicUrlOfSocketMissing(ListenAddress),
    /// The session cookie would cross a network unencrypted.
    #[error(
        "--public-url (PUBLIC_URL) is {0}, and others on the network could read the cookies: \
         use https, or set --allow-insecure-http (ALLOW_INSECURE_HTTP)"
    )]
    InsecureHttp(PublicUrl),
    /// The domain of the session cookie is refused.
    #[error("--cookie-domain (COOKIE_DOMAIN): {domain:?} {reason}")]
    CookieDomain {
        domain: String,
        reason: CookieDomainError,
    },
    /// There are no other sites that the session would be for.
    #[error(
        "--cookie-domain (COOKIE_DOMAIN) is given without --users (USERS_FILE): without passwords, no \
         other site can rely on the session; set both, or neither"
    )]
    CookieDomainWithoutUsers,
    /// Keys are given both in the environment and in a file.
    #[error("{0} and --secret-key-file (SECRET_KEY_FILE) are both given: choose one")]
    TwoSourcesOfKeys(&'static str),
    /// Fallback keys are given without a key that signs.
    #[error("SECRET_KEY_FALLBACKS is given without SECRET_KEY: give both, or neither")]
    FallbacksAlone,
    /// Several machines would each make a key of their own.
    #[error(
        "--store (STORE_URL) is given without a key, which all machines must share: set SECRET_KEY \
         or --secret-key-file (SECRET_KEY_FILE)"
    )]
    StoreWithoutKey,
    /// The users file is refused, or cannot be read.
    #[error("--users (USERS_FILE): {0}")]
    Users(#[from] UsersError),
    /// Browsers would refuse the session cookie.
    #[error(transparent)]
    Cookie(#[from] CookieError),
    /// The keys in the environment are refused.
    #[error(transparent)]
    Environment(SecretError),
    /// The keys in `--secret-key-file` are refused, or cannot be read.
    #[error("--secret-key-file (SECRET_KEY_FILE): {0}")]
    SecretKeyFile(SecretError),
    /// The state directory cannot be used or created.
    #[error(
        "--state-dir (STATE_DIRECTORY) is {path:?}: {source}; check the path and its permissions"
    )]
    StateDir { path: PathBuf, source: io::Error },
    /// The file of the store is not private, or cannot be examined.
    #[error("--state-dir (STATE_DIRECTORY): cannot use {path:?}: {source}")]
    StoreFile { path: PathBuf, source: io::Error },
    /// The keys in the state directory are refused, or cannot be read or created.
    #[error("--state-dir (STATE_DIRECTORY): {0}")]
    StateDirKey(SecretError),
}
