//! The command line and the environment become a checked [`Config`], or one clear error.

mod environment;
mod error;
mod flags;

use std::{io, net::SocketAddr, path::PathBuf};

use time::Duration;
use tower_sessions::SessionStore;

use self::environment::{given, path, switch, text, variable};
pub use self::{error::ConfigError, flags::Flags};
use crate::{
    public_url::PublicUrl,
    secret::SecretKeys,
    session::{DataIn, Lifetimes, SessionConfig},
    state_dir::StateDir,
};

const LISTEN: &str = "127.0.0.1:5000";
const STATE_DIR: &str = "instance";

/// What the file of the embedded store is called in the state directory.
const STORE_FILE: &str = "sessions.redb";

/// The longest a session may live, idle or not: a hundred years, which no calendar minds.
const MAX_DURATION: Duration = Duration::days(36_500);

/// What is to be done with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Run the site: what is missing is made.
    Serve,
    /// Look at what is there.
    Inspect,
}

/// What Signet runs with.
#[derive(Debug)]
pub struct Config {
    /// The address to bind.
    pub listen: SocketAddr,
    /// Where visitors reach the site, unless that is where it listens, over http.
    pub public_url: Option<PublicUrl>,
    /// What sessions are signed with.
    pub keys: SecretKeys,
    /// How long sessions live.
    pub lifetimes: Lifetimes,
    /// Where their data is kept.
    pub data_in: DataIn,
    /// Where the store is.
    pub state_dir: StateDir,
    /// How many connections are served at once.
    pub max_connections: u32,
    /// Whether each request that is answered is logged.
    pub access_log: bool,
    /// How to log.
    pub log_format: LogFormat,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object.
    Json,
}

impl Config {
    /// The file of the embedded store.
    #[must_use]
    pub fn store_file(&self) -> PathBuf {
        self.state_dir.file(STORE_FILE)
    }

    /// Sessions as they are configured, on this store.
    pub fn session_config(&self, store: impl SessionStore) -> SessionConfig {
        let https = self.public_url.as_ref().is_some_and(PublicUrl::is_https);
        SessionConfig::new(https, &self.keys.signing, &self.keys.fallbacks, store)
            .lifetimes(self.lifetimes)
            .data_in(self.data_in)
    }
}

impl Flags {
    /// Checks the flags and the environment, and reads the secret keys from wherever they are.
    ///
    /// # Errors
    ///
    /// When something is missing, malformed or unsafe.
    pub fn check(self, purpose: Purpose) -> Result<Config, ConfigError> {
        let listen = given(self.listen, "LISTEN")?.unwrap_or_else(|| LISTEN.to_owned());
        let Ok(listen) = listen.parse() else {
            return Err(ConfigError::Listen(listen));
        };
        let public_url = given(self.public_url, "PUBLIC_URL")?;
        let allow_insecure_http = self.allow_insecure_http || switch("ALLOW_INSECURE_HTTP")?;
        let public_url = check_public_url(public_url, listen, allow_insecure_http)?;
        let lifetimes = lifetimes(self.session_idle, self.session_lifetime)?;
        let data_in = data_in(self.sessions)?;
        let max_connections = max_connections(self.max_connections)?;
        let access_log = self.access_log || switch("ACCESS_LOG")?;
        let log_format = log_format(self.log_format)?;
        // Last, because these may make files.
        let state_dir = state_dir(self.state_dir, purpose)?;
        match state_dir.check_file(STORE_FILE) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                let path = state_dir.file(STORE_FILE);
                return Err(ConfigError::StoreFile { path, source });
            }
            _ => {}
        }
        let file = self.secret_key_file.or_else(|| path("SECRET_KEY_FILE"));
        let keys = keys(file, &state_dir, purpose)?;
        Ok(Config {
            listen,
            public_url,
            keys,
            lifetimes,
            data_in,
            state_dir,
            max_connections,
            access_log,
            log_format,
        })
    }
}

fn check_public_url(
    public_url: Option<String>,
    listen: SocketAddr,
    allow_insecure_http: bool,
) -> Result<Option<PublicUrl>, ConfigError> {
    let Some(text) = public_url else {
        return if listen.ip().is_loopback() {
            Ok(None)
        } else {
            Err(ConfigError::PublicUrlMissing(listen))
        };
    };
    let url: PublicUrl = match text.parse() {
        Ok(url) => url,
        Err(source) => return Err(ConfigError::PublicUrl { url: text, source }),
    };
    if url.is_potentially_trustworthy() || allow_insecure_http {
        Ok(Some(url))
    } else {
        Err(ConfigError::InsecureHttp(url))
    }
}

fn lifetimes(idle: Option<String>, lifetime: Option<String>) -> Result<Lifetimes, ConfigError> {
    let parse = |names, value: Option<String>, default| match value {
        Some(value) => duration(&value).ok_or(ConfigError::Duration { names, value }),
        None => Ok(default),
    };
    let default = Lifetimes::default();
    Ok(Lifetimes {
        idle: parse(
            "--session-idle (SESSION_IDLE)",
            given(idle, "SESSION_IDLE")?,
            default.idle,
        )?,
        lifetime: parse(
            "--session-lifetime (SESSION_LIFETIME)",
            given(lifetime, "SESSION_LIFETIME")?,
            default.lifetime,
        )?,
    })
}

fn duration(text: &str) -> Option<Duration> {
    let duration = humantime::parse_duration(text).ok()?;
    Duration::try_from(duration)
        .ok()
        .filter(|it| (Duration::SECOND..=MAX_DURATION).contains(it) && it.subsec_nanoseconds() == 0)
}

fn data_in(sessions: Option<String>) -> Result<DataIn, ConfigError> {
    match given(sessions, "SESSIONS")?.as_deref() {
        None | Some("cookie") => Ok(DataIn::Cookie),
        Some("store") => Ok(DataIn::Store),
        Some(other) => Err(ConfigError::Sessions(other.to_owned())),
    }
}

fn max_connections(number: Option<String>) -> Result<u32, ConfigError> {
    match given(number, "MAX_CONNECTIONS")? {
        None => Ok(10_000),
        Some(number) => match number.parse() {
            Ok(number @ 1..=1_000_000) => Ok(number),
            _ => Err(ConfigError::MaxConnections(number)),
        },
    }
}

fn log_format(format: Option<String>) -> Result<LogFormat, ConfigError> {
    match given(format, "LOG_FORMAT")?.as_deref() {
        None | Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(other) => Err(ConfigError::LogFormat(other.to_owned())),
    }
}

fn state_dir(flag: Option<PathBuf>, purpose: Purpose) -> Result<StateDir, ConfigError> {
    let path = flag
        .or_else(|| path("STATE_DIRECTORY"))
        .unwrap_or_else(|| PathBuf::from(STATE_DIR));
    let opened = match purpose {
        Purpose::Serve => StateDir::make(&path),
        Purpose::Inspect => StateDir::find(&path),
    };
    opened.map_err(|source| ConfigError::StateDir { path, source })
}

fn keys(
    file: Option<PathBuf>,
    state_dir: &StateDir,
    purpose: Purpose,
) -> Result<SecretKeys, ConfigError> {
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
        (None, None, None) => match purpose {
            Purpose::Serve => SecretKeys::load_or_generate(state_dir),
            Purpose::Inspect => SecretKeys::load(state_dir),
        }
        .map_err(ConfigError::StateDirKey),
        (None, Some(_), None) => Err(ConfigError::FallbacksAlone),
        (Some(_), _, Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY")),
        (None, Some(_), Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY_FALLBACKS")),
    }
}
