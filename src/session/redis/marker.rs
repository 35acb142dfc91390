//! A key that tells whether a server still has its data.

use ::redis::{RedisError, RedisResult, cmd, from_redis_value, pipe};
use tower_sessions_core::session::Id;

use super::connection::{Connection, Question};

/// Covered by the keys that the manual's user may use.
pub(super) const KEY: &str = "signet:marker";

/// The value that a server should have below [`KEY`]: any random one, which never expires. It is gone, or
/// another one, if the server has lost its data, or is another server.
#[derive(Default)]
pub(super) struct Marker {
    known: Option<String>,
    is_unusable: bool,
}

/// Why the marker does not prove that the server has its data.
pub(super) enum Trouble {
    /// The server has lost it.
    Lost,
    /// It cannot be read or written, which was possible before.
    Unusable(RedisError),
}

impl Marker {
    /// Looks for the marker, and makes a new one if there is none. Each loss is returned once.
    pub(super) async fn check(&mut self, server: &Connection) -> Option<Trouble> {
        let found = match read(server).await {
            Ok(found) => found,
            Err(error) => return self.unusable(error),
        };
        let is_lost = self.known.is_some() && self.known != found;
        self.known = found;
        if self.known.is_none() {
            let new = Id::default().to_string();
            match add(server, &new).await {
                Ok(true) => self.known = Some(new),
                Err(error) if !is_lost => return self.unusable(error),
                // Another node was faster, and the next check finds what it wrote, or adds one.
                Ok(false) | Err(_) => {}
            }
        }
        self.is_unusable &= self.known.is_none();
        is_lost.then_some(Trouble::Lost)
    }

    fn unusable(&mut self, error: RedisError) -> Option<Trouble> {
        // Without a code it is no answer of the server, which the next INFO shows too.
        let is_news = error.code().is_some() && !self.is_unusable;
        self.is_unusable |= is_news;
        is_news.then_some(Trouble::Unusable(error))
    }
}

async fn read(server: &Connection) -> RedisResult<Option<String>> {
    let found = server.ask(Question::LookUp(cmd("MGET").arg(KEY))).await?;
    let [found] = from_redis_value(found)?;
    Ok(found)
}

async fn add(server: &Connection, new: &str) -> RedisResult<bool> {
    let mut add = pipe();
    // The answer is that of the command then, and has its code.
    add.ignore_errors();
    add.cmd("SET").arg(KEY).arg(new).arg("NX");
    let [is_added] = from_redis_value(server.ask(Question::Change(&add)).await?)?;
    is_added
}
