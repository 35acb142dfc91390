//! The users of a site with passwords: a file of names and hashes, and what is done with it.
//!
//! - `accounts`: what the file says; `hash`: a hash in it
//! - `password`: how names and passwords are typed, and compared
//! - `passwd`: makes a line of the file; `edit`: puts it there, or takes one out
//! - `watch`: notices that the file has changed
//! - `hashing`: computes hashes, a bounded number at a time
//! - `login`: an attempt to log in
//! - `throttle`: how long the next attempt has to wait
//! - `address`: where a visitor comes from; `browsers`: which browsers have logged in before

mod accounts;
mod address;
mod browsers;
mod edit;
mod hash;
mod hashing;
mod login;
mod name;
mod passwd;
mod password;
mod throttle;
mod watch;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use self::{
    accounts::Accounts, browsers::KnownBrowsers, hashing::Hashing, login::Listener,
    throttle::Throttle, watch::Watch,
};
pub use self::{
    accounts::{LineError, UsersError},
    address::TrustedProxies,
    edit::{EditError, Edited, put_user, remove_user},
    hash::HashError,
    hashing::HashCount,
    login::LoginOutcome,
    name::{NameError, user_name},
    passwd::{PasswdError, check_user_name, make_hash},
};
pub(crate) use self::{
    browsers::MAX_AGE as KNOWN_BROWSER_MAX_AGE,
    login::{Attempt, Failure, Login},
    password::canonical as canonical_name,
};
use crate::{private_file::Owners, secret::SecretKeys};

/// The users of a site, from a file that can be read again while the site runs.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    watch: Mutex<Watch>,
    /// Locked only for as long as it takes to copy or to replace the pointer.
    accounts: RwLock<Arc<Accounts>>,
    hashing: Hashing,
    throttle: Throttle,
    browsers: KnownBrowsers,
    trusted_proxies: TrustedProxies,
    listener: Listener,
    has_names_in_log: bool,
}

impl Users {
    /// Reads the users from a file: `NAME:HASH` a line, and comments that begin with `#`. Returns
    /// warnings too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, others can write it, or a line is refused.
    pub fn open(
        path: &Path,
        keys: &SecretKeys,
        trusted_proxies: TrustedProxies,
    ) -> Result<(Self, Vec<String>), UsersError> {
        let watch = Watch::new(path);
        let (accounts, warnings) = Accounts::read(path, Owners::Trusted)?;
        let users = Self {
            path: path.to_owned(),
            watch: Mutex::new(watch),
            accounts: RwLock::new(Arc::new(accounts)),
            hashing: Hashing::new(),
            throttle: Throttle::default(),
            browsers: KnownBrowsers::new(keys),
            trusted_proxies,
            listener: Listener::default(),
            has_names_in_log: false,
        };
        Ok((users, warnings))
    }

    /// Reads the file at `path`, and returns a function that says of a name and a digest what
    /// `is_current` says.
    ///
    /// # Errors
    ///
    /// When the file is refused.
    pub fn snapshot(path: &Path) -> Result<impl Fn(&str, &str) -> bool + use<>, UsersError> {
        let (accounts, _) = Accounts::read(path, Owners::AnyForRoot)?;
        Ok(move |name: &str, digest: &str| accounts.is_current(name, digest))
    }

    /// Lets a function know the outcome of each attempt to log in.
    #[must_use]
    pub fn on_login(mut self, function: impl Fn(LoginOutcome) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(function);
        self
    }

    /// Adds the name of a user to the line of a failed login under that name.
    #[must_use]
    pub fn with_names_in_log(mut self) -> Self {
        self.has_names_in_log = true;
        self
    }

    /// Returns how many password hashes are computed now, and how many wait.
    #[must_use]
    pub fn hash_count(&self) -> HashCount {
        self.hashing.count()
    }

    /// Reads the file again. If that fails, the users stay as they are.
    ///
    /// Sessions of users whose line has changed, or is gone, are not current any more.
    pub async fn reload(self: &Arc<Self>) {
        self.reload_with(|path, watch| {
            *watch = Watch::new(path);
            Some(Accounts::read(path, Owners::Trusted))
        })
        .await;
    }

    /// [Reads the file again](Self::reload) if it is another one than was read, and has not changed since
    /// the last call, so that it is not read while it is being written.
    pub async fn reload_if_changed(self: &Arc<Self>) {
        self.reload_with(|path, watch| {
            let read = watch
                .look(path)
                .then(|| Accounts::read(path, Owners::Trusted));
            // It may have changed at this very moment, and is looked at again.
            read.filter(|_| watch.is_settled(path))
        })
        .await;
    }

    /// Calls a function that reads the file, or finds that it need not be read. Logs what happened.
    async fn reload_with<F>(self: &Arc<Self>, read: F)
    where
        F: FnOnce(&Path, &mut Watch) -> Option<Result<(Accounts, Vec<String>), UsersError>>,
        F: Send + 'static,
    {
        let users = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            // Nothing panics while it holds the lock.
            let mut watch = users.watch.lock().unwrap_or_else(PoisonError::into_inner);
            read(&users.path, &mut watch)
        });
        match reading.await {
            Ok(Some(Ok((accounts, warnings)))) => {
                let users = accounts.len();
                *self
                    .accounts
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Arc::new(accounts);
                tracing::info!(users, "--users (USERS_FILE): read again");
                for warning in warnings {
                    tracing::warn!("--users (USERS_FILE): {warning}");
                }
            }
            Ok(Some(Err(error))) => {
                tracing::error!("--users (USERS_FILE): {error}; the users stay as they were");
            }
            // The panic hook has logged a panic. Otherwise the runtime is stopping.
            Ok(None) | Err(_) => {}
        }
    }

    /// Returns whether a session with this name and this digest is one of a user who is still in the
    /// file, with the same password.
    pub(crate) fn is_current(&self, name: &str, digest: &str) -> bool {
        self.accounts().is_current(name, digest)
    }

    /// Returns the users as the file was last read.
    fn accounts(&self) -> Arc<Accounts> {
        // Nothing panics while it holds the lock.
        let accounts = self.accounts.read();
        Arc::clone(&accounts.unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether somebody in the file has this name, in upper or lower case.
    pub(crate) fn has(&self, name: &str) -> bool {
        let accounts = self.accounts();
        accounts.find(&name.to_ascii_lowercase()).is_some()
    }

    /// Returns the address of a visitor: see [`TrustedProxies`].
    pub(crate) fn address<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        self.trusted_proxies.visitor(peer, forwarded_for)
    }
}

/// Returns whether the file at `path` has a user with this canonical name.
///
/// # Errors
///
/// When the file is refused.
pub fn has_user(path: &Path, canonical_name: &str) -> Result<bool, UsersError> {
    let (accounts, _) = Accounts::read(path, Owners::AnyForRoot)?;
    Ok(accounts.find(canonical_name).is_some())
}
