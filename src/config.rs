//! Turns the command line and the environment into a checked [`Config`], or one error.

mod duration;
mod effect;
mod environment;
mod error;
mod flags;
mod log_options;
mod setting;

use std::{net::SocketAddr, path::PathBuf};

use clap::ArgMatches;
use url::Url;

pub(crate) use self::duration::show as show_duration;
use self::environment::{non_empty, raw};
pub use self::{
    error::ConfigError,
    flags::flags,
    log_options::{LogFormat, LogOptions},
};
use crate::{
    cookie_domain::CookieDomain, listen_address::ListenAddress, private_file::Owners,
    public_url::PublicUrl, secret::SecretKeys, users::TrustedProxies,
};
use signet_session::{AddressError, DataIn, RedisAddress, Timeouts};

/// The longest title of the site.
const MAX_TITLE_CHARS: usize = 60;

/// What Signet runs with.
#[derive(Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: ListenAddress,
    /// Where visitors reach the site. None: at the address it listens on, over http.
    pub public_url: Option<PublicUrl>,
    /// The domain whose hosts share the session. None: only the host of the public URL has it.
    pub cookie_domain: Option<CookieDomain>,
    /// The secret keys. None: those in the state directory.
    pub keys: Option<SecretKeys>,
    /// How long sessions last.
    pub timeouts: Timeouts,
    /// Where the data of sessions is kept.
    pub data_in: DataIn,
    /// The server that keeps the records of sessions. None: the embedded store does.
    pub store: Option<RedisAddress>,
    /// The path of the state directory, which is not used with a `store`.
    pub state_dir: PathBuf,
    /// How many records the embedded store may have.
    pub max_records: usize,
    /// How many connections are served at once.
    pub max_connections: u32,
    /// The file with the users who can log in. None: any name can.
    pub users: Option<PathBuf>,
    /// The proxies that may say for whom they ask. Without `users`, those on this machine.
    pub trusted_proxies: TrustedProxies,
    /// The name of the site.
    pub title: String,
    /// Where somebody who is logged in can go on to.
    pub home_url: Option<Url>,
    /// The address to serve metrics at. None: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// If true, each answered request is logged.
    pub access_log: bool,
    /// If true, the lines about logins and logouts have the name of the visitor.
    pub log_names: bool,
    /// Warnings to log: what is allowed, but probably a mistake.
    pub warnings: Vec<String>,
}

impl Config {
    /// Checks the [`flags()`] and the environment, and reads the secret keys that they name. Writes
    /// nothing. A socket that is open already comes before the address that they say.
    ///
    /// # Errors
    ///
    /// When a setting is missing, malformed or unsafe.
    pub fn check(
        flags: &ArgMatches,
        open_socket: Option<ListenAddress>,
    ) -> Result<Self, ConfigError> {
        let said = listen_address(flags)?;
        let listen = open_socket.unwrap_or(said);
        let idle = flags::SESSION_IDLE.value_or_default(flags, duration::parse)?;
        let absolute = flags::SESSION_LIFETIME.value_or_default(flags, duration::parse)?;
        let timeouts =
            Timeouts::new(idle, absolute).map_err(|error| ConfigError::Value(error.to_string()))?;
        let public_url = public_url(flags, &listen)?;
        let (keys, warning) = keys(flags)?;
        let mut config = Self {
            trusted_proxies: trusted_proxies(flags, &listen)?,
            listen,
            cookie_domain: cookie_domain(flags, public_url.as_ref())?,
            public_url,
            keys,
            timeouts,
            data_in: flags::SESSIONS.choice(
                flags,
                &[("cookie", DataIn::Cookie), ("store", DataIn::Store)],
            )?,
            store: store(flags)?,
            state_dir: flags::STATE_DIR.path_or_default(flags),
            max_records: flags::MAX_RECORDS
                .value_or_default(flags, |text| number(text, 1_000_000_000))?,
            max_connections: flags::MAX_CONNECTIONS
                .value_or_default(flags, |text| number(text, 1_000_000))?,
            users: flags::USERS.path(flags),
            title: flags::TITLE.value_or_default(flags, title)?,
            home_url: flags::HOME_URL.value(flags, home_url)?,
            metrics_listen: flags::METRICS_LISTEN.value(flags, |text| text.parse().ok())?,
            access_log: flags::ACCESS_LOG.is_on(flags)?,
            log_names: flags::LOG_NAMES.is_on(flags)?,
            warnings: warning.into_iter().collect(),
        };
        config
            .warnings
            .extend(effect::without_effect(flags, &config)?);
        Ok(config)
    }
}

fn title(text: &str) -> Option<String> {
    let title = text.trim();
    let is_title = (1..=MAX_TITLE_CHARS).contains(&title.chars().count());
    (is_title && !title.contains(char::is_control)).then(|| title.to_owned())
}

fn home_url(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_page = matches!(url.scheme(), "http" | "https");
    (is_page && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Returns where the flag or its variable says to listen.
///
/// # Errors
///
/// When that is no address.
pub fn listen_address(flags: &ArgMatches) -> Result<ListenAddress, ConfigError> {
    flags::LISTEN.value_or_default(flags, ListenAddress::parse)
}

fn number<T: TryFrom<u32>>(text: &str, most: u32) -> Option<T> {
    let number = text.parse().ok().filter(|it| (1..=most).contains(it))?;
    T::try_from(number).ok()
}

fn public_url(
    flags: &ArgMatches,
    listen: &ListenAddress,
) -> Result<Option<PublicUrl>, ConfigError> {
    let allow_insecure_http = flags::ALLOW_INSECURE_HTTP.is_on(flags)?;
    let given = flags::PUBLIC_URL.value(flags, |text| text.parse::<PublicUrl>().ok())?;
    match (given, listen) {
        (None, ListenAddress::Tcp(address)) if address.ip().is_loopback() => Ok(None),
        (None, ListenAddress::Tcp(_)) => Err(ConfigError::PublicUrlMissing(listen.clone())),
        (None, ListenAddress::Unix(_)) => {
            Err(ConfigError::PublicUrlOfSocketMissing(listen.clone()))
        }
        (Some(url), _) if !url.is_potentially_trustworthy() && !allow_insecure_http => {
            Err(ConfigError::InsecureHttp(url))
        }
        (Some(url), _) => Ok(Some(url)),
    }
}

/// Returns the address of the store. An error may name a parameter, but shows nothing else of it.
fn store(flags: &ArgMatches) -> Result<Option<RedisAddress>, ConfigError> {
    let mut found = None;
    let address = flags::STORE.secret_value(flags, |text| {
        let address = text.parse();
        address.map_err(|error| found = Some(error)).ok()
    });
    match found {
        None | Some(AddressError::Malformed) => address,
        Some(error) => Err(ConfigError::Value(format!("--store (STORE_URL): {error}"))),
    }
}

fn trusted_proxies(
    flags: &ArgMatches,
    listen: &ListenAddress,
) -> Result<TrustedProxies, ConfigError> {
    let trusted = flags::TRUSTED_PROXY.value_or_default(flags, TrustedProxies::parse)?;
    Ok(match listen {
        // The address is only told in the log then.
        _ if flags::USERS.path(flags).is_none() => TrustedProxies::loopback(),
        ListenAddress::Tcp(_) => trusted,
        // Only a proxy is let in there. It counts as at 127.0.0.1.
        ListenAddress::Unix(_) => trusted.and(TrustedProxies::loopback()),
    })
}

fn cookie_domain(
    flags: &ArgMatches,
    public_url: Option<&PublicUrl>,
) -> Result<Option<CookieDomain>, ConfigError> {
    let Some(domain) = flags::COOKIE_DOMAIN.value(flags, |text| Some(text.to_owned()))? else {
        return Ok(None);
    };
    match CookieDomain::check(&domain, public_url) {
        Err(reason) => Err(ConfigError::CookieDomain { domain, reason }),
        Ok(_) if flags::USERS.path(flags).is_none() => Err(ConfigError::CookieDomainWithoutUsers),
        Ok(domain) => Ok(Some(domain)),
    }
}

/// Returns the keys that are given, and perhaps a warning.
fn keys(flags: &ArgMatches) -> Result<(Option<SecretKeys>, Option<String>), ConfigError> {
    // An empty SECRET_KEY is an error, unlike a missing one: a deployment that failed to fill it in
    // must not start with a generated key.
    let signing_key = raw("SECRET_KEY")?;
    let fallback_keys = non_empty("SECRET_KEY_FALLBACKS")?;
    let file = flags::SECRET_KEY_FILE.path(flags);
    match (signing_key, fallback_keys, file) {
        (None, None, None) => Ok((None, None)),
        (Some(signing_key), fallback_keys, None) => {
            SecretKeys::from_environment(&signing_key, &fallback_keys.unwrap_or_default())
                .map_err(ConfigError::Environment)
                .map(|keys| (Some(keys), None))
        }
        (None, None, Some(file)) => {
            let (keys, warning) = SecretKeys::from_file(&file, Owners::Trusted)
                .map_err(ConfigError::SecretKeyFile)?;
            let place = |warning| format!("--secret-key-file (SECRET_KEY_FILE): {warning}");
            Ok((Some(keys), warning.map(place)))
        }
        (None, Some(_), None) => Err(ConfigError::FallbacksAlone),
        (Some(_), _, Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY")),
        (None, Some(_), Some(_)) => Err(ConfigError::TwoSourcesOfKeys("SECRET_KEY_FALLBACKS")),
    }
}
