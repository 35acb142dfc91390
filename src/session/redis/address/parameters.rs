//! What comes after `?` in the address of a server.

use ::redis::parse_redis_url;

use super::AddressError;

/// More replicas than any server has.
const MAX_REPLICAS: usize = 100;

const TWICE: &str = "it is there twice";

/// The parameters of an address.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) replicas: usize,
    pub(super) sentinel_password: Option<String>,
}

impl Parameters {
    /// Reads a query without its `?`.
    pub(super) fn read(query: &str) -> Result<Self, AddressError> {
        // An unescaped @ shows that the ? belongs to a password, of which no part may be shown.
        if query.contains('@') {
            return Err(AddressError::Malformed);
        }
        // In a form + would be a space, but in other parts of a URL it is itself.
        let query = query.replace('+', "%2B");
        let url = parse_redis_url(&format!("redis://localhost?{query}"));
        let url = url.ok_or(AddressError::Malformed)?;
        let (mut replicas, mut sentinel_password) = (None, None);
        for (name, value) in url.query_pairs() {
            match &*name {
                "replicas" if replicas.is_none() => replicas = Some(read_replicas(&value)?),
                "replicas" => return Err(AddressError::Parameter("replicas", TWICE)),
                "sentinel_password" if sentinel_password.is_none() => {
                    sentinel_password = Some(value.into_owned());
                }
                "sentinel_password" => {
                    return Err(AddressError::Parameter("sentinel_password", TWICE));
                }
                _ => return Err(AddressError::UnknownParameter(name.into_owned())),
            }
        }
        Ok(Self {
            replicas: replicas.unwrap_or_default(),
            sentinel_password,
        })
    }
}

fn read_replicas(value: &str) -> Result<usize, AddressError> {
    let replicas = value.parse().ok().filter(|it| *it <= MAX_REPLICAS);
    replicas.ok_or(AddressError::Parameter(
        "replicas",
        "give a number from 0 to 100",
    ))
}
