//! The URL of sentinels. It has several hosts, so that no parser of URLs accepts it.

use ::redis::{Client, IntoConnectionInfo as _, parse_redis_url};

use super::AddressError;
use crate::redis::sentinels::Sentinels;

/// The port of a sentinel, if the URL gives none.
const PORT: u16 = 26379;

/// The parts of a URL such as `redis+sentinel://USER:PASSWORD@HOST,HOST/NAME/DATABASE?replicas=1`.
pub(super) struct SentinelUrl<'a> {
    scheme: &'a str,
    hosts: &'a str,
    name: &'a str,
    database: &'a str,
    /// What the URL would be if the first sentinel were the server.
    pub(super) server: String,
}

impl<'a> SentinelUrl<'a> {
    /// Splits a text if it begins as such a URL.
    pub(super) fn split(text: &'a str) -> Result<Option<Self>, AddressError> {
        let Some((scheme, rest)) = text.split_once("+sentinel://") else {
            return Ok(None);
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parts = rest.split_once('/').ok_or(AddressError::Malformed)?;
        let (authority, path) = parts;
        let (user, hosts) = match authority.rfind('@') {
            Some(at) => authority.split_at(at + 1),
            None => ("", authority),
        };
        let (name, database) = path.split_once('/').unwrap_or((path, ""));
        // Sentinels allow these characters.
        let is_allowed = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        if name.is_empty() || !name.chars().all(is_allowed) {
            return Err(AddressError::Malformed);
        }
        let first = hosts.split(',').next().unwrap_or_default();
        Ok(Some(Self {
            scheme,
            hosts,
            name,
            database,
            server: format!("{scheme}://{user}{first}/{database}?{query}"),
        }))
    }

    /// Returns the sentinels, which have this password.
    pub(super) fn sentinels(&self, password: Option<&str>) -> Result<Sentinels, AddressError> {
        let clients = self.hosts.split(',').map(|host| {
            let mut url = parse_redis_url(&format!("{}://{host}", self.scheme))?;
            if url.port().is_none() {
                url.set_port(Some(PORT)).ok()?;
            }
            if !url.username().is_empty() || !url.path().is_empty() {
                return None;
            }
            let connection = url.into_connection_info().ok()?;
            let mut redis = connection.redis_settings().clone().set_skip_set_lib_name();
            if let Some(password) = password {
                redis = redis.set_password(password);
            }
            Client::open(connection.set_redis_settings(redis)).ok()
        });
        Ok(Sentinels {
            clients: clients
                .collect::<Option<_>>()
                .ok_or(AddressError::Malformed)?,
            name: self.name.to_owned(),
        })
    }

    /// Returns the URL without users and passwords.
    pub(super) fn show(&self, replicas: usize) -> String {
        let Self {
            scheme,
            hosts,
            name,
            database,
            ..
        } = self;
        let mut shown = format!("{scheme}+sentinel://{hosts}/{name}");
        if !database.is_empty() {
            shown = format!("{shown}/{database}");
        }
        if replicas > 0 {
            shown = format!("{shown}?replicas={replicas}");
        }
        shown
    }
}
