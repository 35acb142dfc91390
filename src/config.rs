//! The command line and the environment become a checked [`Config`], or one clear error.

use std::{
    env::{self, VarError},
    net::SocketAddr,
    path::PathBuf,
};

use crate::{
    public_url::{NotAnOrigin, PublicUrl},
    secret::{SecretError, SecretKeys},
};

const LISTEN: &str = "127.0.0.1:5000";
const STATE_DIR: &str = "instance";

/// The flags of `signet serve`, as they were typed. A flag wins over its environment variable.
///
/// The variables are read by [`check`](Self::check) and not by clap, whose complaints would not name
/// them, and who would read them for `signet key` as well.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// Where to listen; port 0 takes any free one [env: LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,

    /// Where visitors reach the site; must be given when ADDR is beyond loopback [env: PUBLIC_URL]
    /// [default: http://ADDR:PORT]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Where Signet keeps the key that it makes when it is given none [env: STATE_DIRECTORY]
    /// [default: instance]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,

    /// A file with secret keys, one a line: the first signs, all verify [env: SECRET_KEY_FILE]
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,

    /// Allow an http public URL beyond loopback, where anybody on the way reads the cookies
    /// [env: ALLOW_INSECURE_HTTP]
    #[arg(long)]
    allow_insecure_http: bool,
}

/// What `signet serve` runs with.
#[derive(Debug)]
pub struct Config {
    /// The address to bind.
    pub listen: SocketAddr,
    /// Whether visitors come over https.
    pub https: bool,
    /// What sessions are signed with.
    pub keys: SecretKeys,
}

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
    /// The keys in the environment are no good.
    #[error(transparent)]
    Environment(SecretError),
    /// The keys in the file are no good.
    #[error("--secret-key-file (SECRET_KEY_FILE): {0}")]
    SecretKeyFile(SecretError),
    /// The key in the state directory is no good, or there can be none.
    #[error("--state-dir (STATE_DIRECTORY): {0}")]
    StateDir(SecretError),
}

impl Flags {
    /// Checks the flags and the environment, and reads the secret keys from wherever they are.
    ///
    /// # Errors
    ///
    /// When something is missing, malformed or unsafe.
    pub fn check(self) -> Result<Config, ConfigError> {
        let listen = match self.listen {
            Some(listen) => listen,
            None => variable("LISTEN")?.unwrap_or_else(|| LISTEN.to_owned()),
        };
        let Ok(listen) = listen.parse() else {
            return Err(ConfigError::Listen(listen));
        };
        let public_url = match self.public_url {
            Some(url) => Some(url),
            None => variable("PUBLIC_URL")?,
        };
        let allow_insecure_http = self.allow_insecure_http || switch("ALLOW_INSECURE_HTTP")?;
        Ok(Config {
            listen,
            https: is_https(public_url, listen, allow_insecure_http)?,
            keys: keys(
                self.secret_key_file.or_else(|| path("SECRET_KEY_FILE")),
                self.state_dir.or_else(|| path("STATE_DIRECTORY")),
            )?,
        })
    }
}

fn is_https(
    public_url: Option<String>,
    listen: SocketAddr,
    allow_insecure_http: bool,
) -> Result<bool, ConfigError> {
    let Some(text) = public_url else {
        return if listen.ip().is_loopback() {
            Ok(false)
        } else {
            Err(ConfigError::PublicUrlMissing(listen))
        };
    };
    let url: PublicUrl = match text.parse() {
        Ok(url) => url,
        Err(source) => return Err(ConfigError::PublicUrl { url: text, source }),
    };
    if url.is_https() || url.is_loopback() || allow_insecure_http {
        Ok(url.is_https())
    } else {
        Err(ConfigError::InsecureHttp(url))
    }
}

fn keys(file: Option<PathBuf>, state_dir: Option<PathBuf>) -> Result<SecretKeys, ConfigError> {
    // An empty SECRET_KEY is a mistake, and not the same as none: a deployment that failed to fill
    // it in must not start with a key that it did not choose.
    let signing_key = text("SECRET_KEY")?;
    let fallback_keys = variable("SECRET_KEY_FALLBACKS")?;
    match (signing_key, fallback_keys, file) {
        (Some(signing_key), fallback_keys, None) => {
            SecretKeys::from_environment(&signing_key, &fallback_keys.unwrap_or_default())
                .map_err(ConfigError::Environment)
        }
        (None, None, Some(file)) => {
            SecretKeys::from_file(&file).map_err(ConfigError::SecretKeyFile)
        }
        (None, None, None) => {
            let state_dir = state_dir.unwrap_or_else(|| PathBuf::from(STATE_DIR));
            SecretKeys::load_or_generate(&state_dir).map_err(ConfigError::StateDir)
        }
        (None, Some(_), None) => Err(ConfigError::FallbacksAlone),
        (Some(_), _, Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY")),
        (None, Some(_), Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY_FALLBACKS")),
    }
}

/// What an environment variable says; an empty one says nothing.
fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    Ok(text(name)?.filter(|text| !text.trim().is_empty()))
}

fn text(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(ConfigError::NotUtf8(name)),
    }
}

/// Like [`variable`], for paths, which need not be UTF-8.
fn path(name: &'static str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Like [`variable`], for flags that take no value.
fn switch(name: &'static str) -> Result<bool, ConfigError> {
    let Some(value) = variable(name)? else {
        return Ok(false);
    };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(ConfigError::Switch { name, value }),
    }
}
