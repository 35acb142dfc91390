//! The users of a site with passwords: a file of names and hashes, and what is done with it.
//!
//! - `accounts`: what the file says; `hash`: a hash in it
//! - `password`: how names and passwords are typed, and compared
//! - `passwd`: makes a line of the file
//! - `hashing`: computes hashes, a bounded number at a time
//! - `throttle`: how long the next attempt has to wait
//! - `address`: where a visitor comes from; `browsers`: which browsers have logged in before

mod accounts;
mod address;
mod browsers;
mod hash;
mod hashing;
mod passwd;
mod password;
mod throttle;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use time::OffsetDateTime;

pub(crate) use self::browsers::MAX_AGE as KNOWN_BROWSER_MAX_AGE;
use self::{
    accounts::Accounts,
    browsers::KnownBrowsers,
    hashing::{Busy, Hashing},
    throttle::{Throttle, Visitor},
};
pub use self::{
    accounts::{LineError, NameError, UsersError},
    address::TrustedProxies,
    hash::HashError,
    passwd::{PasswdError, make_line},
};
use crate::secret::SecretKeys;

/// The users of a site, from a file that can be read again while the site runs.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    /// Each page of a visitor with a session reads it, without a lock.
    accounts: ArcSwap<Accounts>,
    hashing: Hashing,
    throttle: Throttle,
    browsers: KnownBrowsers,
    trusted_proxies: TrustedProxies,
}

/// An attempt to log in.
pub(crate) struct Attempt<'a, B> {
    /// The name as it was typed.
    pub(crate) name: &'a str,
    /// The password as it was typed.
    pub(crate) password: String,
    pub(crate) address: IpAddr,
    /// The values of the cookie of known browsers.
    pub(crate) browsers: B,
}

/// A user who gave the right password.
pub(crate) struct Login {
    /// The name as the file writes it.
    pub(crate) name: String,
    /// What the session holds, besides the name, for [`Users::is_current`].
    pub(crate) digest: String,
    /// The value of the cookie by which the browser is known from now on.
    pub(crate) browser: Option<String>,
}

/// Why an attempt to log in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such user, or it is not their password.
    Wrong,
    /// There were too many failures, so the password was not checked. The next attempt may come after
    /// this time.
    Wait(Duration),
    /// Too many attempts are being checked.
    Busy,
}

impl Users {
    /// Reads the users from a file: `NAME:HASH` a line, and comments that begin with `#`. Returns
    /// warnings too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, everybody can write it, or a line is refused.
    pub fn open(
        path: &Path,
        keys: &SecretKeys,
        trusted_proxies: TrustedProxies,
    ) -> Result<(Self, Vec<String>), UsersError> {
        let (accounts, warnings) = Accounts::read(path)?;
        let users = Self {
            path: path.to_owned(),
            accounts: ArcSwap::from_pointee(accounts),
            hashing: Hashing::new(),
            throttle: Throttle::default(),
            browsers: KnownBrowsers::new(keys),
            trusted_proxies,
        };
        Ok((users, warnings))
    }

    /// Reads the file again. If that fails, the users stay as they are. Logs what happened.
    ///
    /// Sessions of users whose line has changed, or is gone, are not current any more.
    pub async fn reload(&self) {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || Accounts::read(&path)).await;
        match read {
            Ok(Ok((accounts, warnings))) => {
                let users = accounts.len();
                self.accounts.store(Arc::new(accounts));
                tracing::info!(users, "--users (USERS_FILE): read again");
                for warning in warnings {
                    tracing::warn!("--users (USERS_FILE): {warning}");
                }
            }
            Ok(Err(error)) => {
                tracing::error!("--users (USERS_FILE): {error}; the users stay as they were");
            }
            // The panic hook has logged a panic. Otherwise the runtime is stopping.
            Err(_) => {}
        }
    }

    /// Returns whether a session with this name and this digest is one of a user who is still in the
    /// file, with the same password.
    pub(crate) fn is_current(&self, name: &str, digest: &str) -> bool {
        self.accounts.load().is_current(name, digest)
    }

    /// Returns the address of a visitor: see [`TrustedProxies`].
    pub(crate) fn address<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        self.trusted_proxies.visitor(peer, forwarded_for)
    }

    /// Checks a name and a password as they were typed, unless the visitor has to wait. Takes as long
    /// for a name that is not in the file as for one that is.
    pub(crate) async fn log_in<'a>(
        self: &Arc<Self>,
        attempt: Attempt<'a, impl Iterator<Item = &'a str>>,
    ) -> Result<Login, Failure> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let name = password::canonical(attempt.name);
        let browser = self.browsers.find(attempt.browsers, &name, now);
        let checked = Checked {
            browser: browser.map(str::to_owned),
            password: attempt.password,
            address: attempt.address,
            name,
        };
        // Before it takes a place in the queue, so that those who have to wait keep nobody out.
        if let Some(wait) = self.throttle.wait(checked.visitor(), Instant::now()) {
            return Err(Failure::Wait(wait));
        }
        let place = self.hashing.queue()?;
        let users = Arc::clone(self);
        let checking = self.hashing.run(place, move || users.check(&checked));
        checking.await?
    }

    /// Checks a password, which blocks the thread. Counts and logs a failure here, so that it counts
    /// even if the visitor does not wait for the answer.
    fn check(&self, checked: &Checked) -> Result<Login, Failure> {
        // Again, because others may have failed meanwhile.
        let attempt = self
            .throttle
            .begin(checked.visitor(), Instant::now())
            .map_err(Failure::Wait)?;
        let accounts = self.accounts.load_full();
        let account = accounts.find(&checked.name);
        let hash = account.map_or(&accounts.stand_in, |it| &it.hash);
        let is_right = hash.verify(&password::prepare(&checked.password));
        let Some(account) = account.filter(|_| is_right) else {
            attempt.fail(Instant::now());
            // The name is left out, because people type passwords there. The target has no limit of
            // lines: see `log/limits.rs`.
            tracing::warn!(target: "signet::login", address = %checked.address, "login failed:");
            return Err(Failure::Wrong);
        };
        attempt.succeed(Instant::now());
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let browser = checked.browser.as_deref();
        Ok(Login {
            name: account.name.clone(),
            digest: account.digest.clone(),
            browser: self.browsers.sign(browser, &checked.name, now),
        })
    }
}

/// What is checked on a thread that may block.
struct Checked {
    /// The canonical name.
    name: String,
    password: String,
    address: IpAddr,
    /// The ID of a known browser.
    browser: Option<String>,
}

impl Checked {
    fn visitor(&self) -> Visitor<'_> {
        let (name, address) = (&*self.name, self.address);
        match &self.browser {
            Some(browser) => Visitor::Known { name, browser },
            None => Visitor::Stranger { name, address },
        }
    }
}

impl From<Busy> for Failure {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}
