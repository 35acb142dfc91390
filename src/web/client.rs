//! Who fills in a login form that asks for a password.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::{FromRef, OptionalFromRequestParts},
    http::{HeaderValue, request::Parts},
};

use super::known_browser;
use crate::users::{Attempt, Failure, Login, Users};

/// The address from which a request comes, which may be that of a proxy. In the extensions of a
/// request with a form, if pages ask for a password.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// A client of a site with users. Handlers extract it as an `Option<Client>`, which is `None` on a
/// site without.
pub(super) struct Client {
    users: Arc<Users>,
    address: IpAddr,
    /// The values of the cookie of known browsers.
    browsers: Vec<String>,
}

impl Client {
    /// Checks a name and a password as they were typed.
    pub(super) async fn log_in(&self, name: &str, password: String) -> Result<Login, Failure> {
        let attempt = Attempt {
            name,
            password,
            address: self.address,
            browsers: self.browsers.iter().map(String::as_str),
        };
        self.users.log_in(attempt).await
    }
}

impl<S> OptionalFromRequestParts<S> for Client
where
    S: Sync,
    Option<Arc<Users>>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Infallible> {
        let Some(users) = Option::<Arc<Users>>::from_ref(state) else {
            return Ok(None);
        };
        let peer = parts.extensions.get().map(|Peer(address)| *address);
        let forwarded_for = parts.headers.get_all("x-forwarded-for").iter();
        let address = users.address(
            peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
            forwarded_for.map(HeaderValue::as_bytes),
        );
        let browsers = known_browser::values(&parts.headers);
        Ok(Some(Self {
            browsers: browsers.map(str::to_owned).collect(),
            users,
            address,
        }))
    }
}
