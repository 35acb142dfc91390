//! The users of a site with passwords: a file of names and hashes, and what is done with it.
//!
//! - `accounts`: what the file says; `hash`: a hash in it
//! - `password`: how names and passwords are typed, and compared
//! - `passwd`: makes a line of the file
//! - `hashing`: computes hashes, a bounded number at a time

mod accounts;
mod hash;
mod hashing;
mod passwd;
mod password;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;

use self::{accounts::Accounts, hashing::Hashing};
pub use self::{
    accounts::{LineError, NameError, UsersError},
    hash::HashError,
    passwd::{PasswdError, make_line},
};

/// The users of a site, from a file that can be read again while the site runs.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    /// Each page of a visitor with a session reads it, without a lock.
    accounts: ArcSwap<Accounts>,
    hashing: Hashing,
}

/// A user who gave the right password.
#[derive(Debug)]
pub(crate) struct Login {
    /// The name as the file writes it.
    pub(crate) name: String,
    /// What the session holds, besides the name, for [`Users::is_current`].
    pub(crate) digest: String,
}

/// Why an attempt to log in failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such user, or it is not their password.
    Wrong,
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
    pub fn open(path: &Path) -> Result<(Self, Vec<String>), UsersError> {
        let (accounts, warnings) = Accounts::read(path)?;
        let users = Self {
            path: path.to_owned(),
            accounts: ArcSwap::from_pointee(accounts),
            hashing: Hashing::new(),
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

    /// Checks a name and a password as they were typed. Takes as long for a name that is not in the
    /// file as for one that is.
    pub(crate) async fn log_in(&self, name: &str, password: String) -> Result<Login, Failure> {
        let place = self.hashing.queue().map_err(|_| Failure::Busy)?;
        let accounts = self.accounts.load_full();
        let name = password::canonical(name);
        let checking = self.hashing.run(place, move || {
            let account = accounts.find(&name);
            let hash = account.map_or(&accounts.stand_in, |it| &it.hash);
            let is_right = hash.verify(&password::prepare(&password));
            account.filter(|_| is_right).map(|account| Login {
                name: account.name.clone(),
                digest: account.digest.clone(),
            })
        });
        let login = checking.await.map_err(|_| Failure::Busy)?;
        login.ok_or(Failure::Wrong)
    }
}
