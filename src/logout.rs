//! `signet logout`: ends all sessions of a user, on all machines.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{
    config::{Config, ConfigError},
    operations::control::{self, AskError},
    secret::{self, SecretError, SecretKeys},
    site,
    state_dir::StateDir,
    users::{self, NameError},
    web,
};
use signet_session::{
    EmbeddedStore, OpenError, Records, RedisAddress, RedisStore, SessionLayer, UnsafePolicy,
};

/// How long to wait for a process that has the state directory and does not answer: it may be about to
/// start, or to stop, or be this command too.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_millis(100);

/// Why it is not certain that the sessions have ended. The message says whether nothing was ended, or that
/// this is not known.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages explain the fields")]
#[non_exhaustive]
pub enum LogoutError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The name is refused.
    #[error("NAME is refused: {0}")]
    Name(#[from] NameError),
    /// The site asks for no passwords.
    #[error(
        "without --users (USERS_FILE) anybody can log in again under any name: give it the flags and \
         variables of the site"
    )]
    NoUsers,
    /// There is no store in the state directory.
    #[error("--state-dir (STATE_DIRECTORY): {path:?}: {source}")]
    NoStore { path: PathBuf, source: OpenError },
    /// The store in the state directory cannot be opened.
    #[error("--state-dir (STATE_DIRECTORY): cannot open {path:?}: {source}; nothing was ended")]
    Open { path: PathBuf, source: OpenError },
    /// Another process has the state directory, and does not listen at its socket.
    #[error(
        "a process uses the state directory, but does not answer at {path:?} ({source}): restart it, \
         or stop it for this; nothing was ended"
    )]
    Busy { path: PathBuf, source: io::Error },
    /// The running site could not do it.
    #[error("{path:?}: {source}")]
    Site { path: PathBuf, source: AskError },
    /// The server of the store removes records to make room for others.
    #[error("--store (STORE_URL): {0}; nothing was ended")]
    Policy(#[from] UnsafePolicy),
    /// The store could not do it.
    #[error("{0}")]
    Store(String),
    /// The operating system has no random bytes.
    #[error(transparent)]
    Random(#[from] SecretError),
}

impl LogoutError {
    /// Returns whether the command line or the environment is wrong.
    #[must_use]
    pub fn is_wrong_usage(&self) -> bool {
        use LogoutError::{Config, Name, NoStore, NoUsers};
        matches!(self, Config(_) | Name(_) | NoUsers | NoStore { .. })
    }
}

/// Ends all sessions of a user of the site with this configuration, which may be running. Returns how it
/// did it, when that is durable.
///
/// # Errors
///
/// When the name or the configuration is wrong, or the store or the running site cannot do it.
pub async fn run(config: Config, name: &str) -> Result<String, LogoutError> {
    let file = config.users.as_ref().ok_or(LogoutError::NoUsers)?;
    let user = &users::user_name(name)?;
    if !users::has_user(file, user).map_err(ConfigError::Users)? {
        tracing::warn!("there is no user {user} in {}", file.display());
    }
    let how = match &config.store {
        Some(address) => end_in_shared_store(&config, address, user).await?,
        None => end_in_state_dir(&config, user).await?,
    };
    Ok(format!("all sessions of {user} have ended: {how}\n"))
}

/// Writes to the store that several machines share.
async fn end_in_shared_store(
    config: &Config,
    address: &RedisAddress,
    user: &str,
) -> Result<String, LogoutError> {
    let store = RedisStore::connect(address, config.data_in).await?;
    end_in(config, store, user).await?;
    Ok(format!("this was written to {address}"))
}

/// Asks the process that uses the state directory. If there is none, opens the store.
async fn end_in_state_dir(config: &Config, user: &str) -> Result<String, LogoutError> {
    let path = config.state_dir.clone();
    let state_dir = StateDir::open_existing(&path);
    let state_dir = state_dir.map_err(|source| ConfigError::StateDir { path, source })?;
    let socket = state_dir.path_of(control::FILE_NAME);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let source = match control::ask(&socket, user).await {
            Ok(()) => return Ok(format!("the site did it, asked at {}", socket.display())),
            Err(AskError::Away(source)) => source,
            Err(source) => {
                let path = socket;
                return Err(LogoutError::Site { path, source });
            }
        };
        // Not before the question: a site that starts at this moment would not get the lock.
        if let Some(_lock) = state_dir.lock() {
            return end_in_file(config, &state_dir, user).await;
        }
        // A path that is too long stays so.
        if Instant::now() >= deadline || source.kind() == io::ErrorKind::InvalidInput {
            let path = socket;
            return Err(LogoutError::Busy { path, source });
        }
        sleep(PAUSE).await;
    }
}

/// Writes to the file of the embedded store, which no process uses. Makes no file: one that root makes
/// would be of no use to Signet's user.
async fn end_in_file(
    config: &Config,
    state_dir: &StateDir,
    user: &str,
) -> Result<String, LogoutError> {
    let (path, _) = site::check_store_file(state_dir)?;
    if !path.exists() {
        let source = OpenError::Missing;
        return Err(LogoutError::NoStore { path, source });
    }
    let how = format!(
        "no site was running, and this was written to {}",
        path.display()
    );
    let store = open(&path, config.max_records)?;
    end_in(config, store, user).await?;
    Ok(how)
}

fn open(path: &Path, max_records: usize) -> Result<EmbeddedStore, LogoutError> {
    let setting = "--max-records (MAX_RECORDS)";
    EmbeddedStore::open_naming(path, max_records, setting).map_err(|source| LogoutError::Open {
        path: path.to_owned(),
        source,
    })
}

/// Writes to a store, and logs it, because no site does.
async fn end_in(config: &Config, store: impl Records, user: &str) -> Result<(), LogoutError> {
    let keys = match &config.keys {
        Some(keys) => keys.clone(),
        // Any will do, because nothing is signed.
        None => SecretKeys::from_environment(&secret::generate()?, "")?,
    };
    let sessions = web::with_subject(site::session_config(config, keys, store)?, true);
    let sessions = SessionLayer::new(sessions);
    let ended = control::end_sessions(&sessions, user).await;
    ended.map_err(LogoutError::Store)?;
    control::log_end(user, config.log_names);
    Ok(())
}
