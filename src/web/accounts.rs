//! `Accounts`: who can log in.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use super::{
    gate::proxies::Client,
    username::{Username, UsernameError},
};
use crate::users::{Attempt, Failure, Login, Users};

/// Is true once Signet has warned that the proxy does not send the visitor's address. It warns once.
static HAS_WARNED: AtomicBool = AtomicBool::new(false);

/// The accounts under which visitors log in. `site` decides once which kind a site has.
#[derive(Clone, Debug)]
pub enum Accounts {
    /// Anybody, with any name and without a password, as in the tutorial.
    AnyName,
    /// The users of a file, with their passwords.
    File(Arc<Users>),
}

/// Why nobody is logged in.
#[derive(Clone, Copy, Debug)]
pub(super) enum LoginError {
    /// The name is not acceptable.
    Name(UsernameError),
    /// The name or the password is wrong, or was not checked.
    Password(Failure),
}

impl Accounts {
    /// Returns whether a login takes a password.
    pub(super) fn ask_password(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Checks a name and a password as they were typed.
    pub(super) async fn check(
        &self,
        name: &str,
        password: Zeroizing<String>,
        client: &Client,
    ) -> Result<Login, LoginError> {
        let users = match self {
            Self::AnyName => {
                let name = Username::parse(name).map_err(LoginError::Name)?;
                return Ok(Login::without_password(name.as_str()));
            }
            Self::File(users) => users,
        };
        let lines = client.forwarded_for.iter().map(HeaderValue::as_bytes);
        let address = users.address(client.peer, lines);
        let attempt = Attempt {
            name,
            password,
            address,
            site: &client.site,
            browsers: client.known_browsers.iter().map(String::as_str),
        };
        let result = users.log_in(attempt).await;
        let is_proxy = client.has_proxy && address == client.peer.to_canonical();
        if is_proxy && result.is_err() && !HAS_WARNED.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a failed login counts for the address of the proxy, so that all visitors wait for the \
                 failures of each other: let the proxy write the visitor's address into \
                 X-Forwarded-For, and name the proxy in --trusted-proxy (TRUSTED_PROXY)"
            );
        }
        result.map_err(LoginError::Password)
    }
}
