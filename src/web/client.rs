//! `Client`: the address and the known browser of a visitor who submits a password.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    extract::{FromRef, OptionalFromRequestParts},
    http::{HeaderValue, request::Parts},
};

use super::known_browser;
use crate::{
    public_url::Origins,
    users::{Attempt, Failure, Login, Users},
};

/// Is true once the log has a warning that the proxy does not send the visitor's address. One warning
/// is enough.
static HAS_WARNED: AtomicBool = AtomicBool::new(false);

/// The address from which a request comes, which may be that of a proxy. In the extensions of a
/// request with a form, if pages ask for a password.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// A client of a site with users. Handlers extract it as an `Option<Client>`, which is `None` on a
/// site without.
pub(super) struct Client {
    users: Arc<Users>,
    address: IpAddr,
    /// Is true if the address is that of the proxy, because the proxy does not send the visitor's.
    is_proxy: bool,
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
        let result = self.users.log_in(attempt).await;
        if self.is_proxy && result.is_err() && !HAS_WARNED.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a failed login counts for the address of the proxy, so that all visitors wait for the \
                 failures of each other: let the proxy write the visitor's address into \
                 X-Forwarded-For, and name the proxy in --trusted-proxy (TRUSTED_PROXY)"
            );
        }
        result
    }
}

impl<S> OptionalFromRequestParts<S> for Client
where
    S: Sync,
    Option<Arc<Users>>: FromRef<S>,
    Arc<Origins>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Infallible> {
        let Some(users) = Option::<Arc<Users>>::from_ref(state) else {
            return Ok(None);
        };
        let peer = parts.extensions.get().map(|Peer(address)| *address);
        let peer = peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into());
        let forwarded_for = parts.headers.get_all("x-forwarded-for").iter();
        let address = users.address(peer, forwarded_for.map(HeaderValue::as_bytes));
        let browsers = known_browser::values(&parts.headers);
        Ok(Some(Self {
            browsers: browsers.map(str::to_owned).collect(),
            // Visitors reach Signet itself over http only.
            is_proxy: Arc::<Origins>::from_ref(state).is_https() && address == peer.to_canonical(),
            users,
            address,
        }))
    }
}
