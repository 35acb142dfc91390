//! What tests of applications and of stores need, with the feature `test-util`.

pub mod contract;
mod memory;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use tower_sessions_core::session::Id;

pub use self::memory::MemoryStore;
use super::{SessionError, data::check, format::Payload, limit::Limit, sessions::Sessions};

impl Sessions {
    /// Begins a session at `now` (unix seconds), and returns its cookie as `name=value`.
    pub(crate) async fn begin_for_test(
        &self,
        data: impl Serialize,
        now: i64,
    ) -> Result<String, SessionError> {
        let data = serde_json::to_value(data).map_err(SessionError::invalid)?;
        let data: HashMap<String, Value> =
            serde_json::from_value(data).map_err(SessionError::invalid)?;
        if data.is_empty() {
            return Err(SessionError::invalid("a session has data"));
        }
        check(&data).map_err(SessionError::invalid)?;
        let session = Payload {
            id: Id::default(),
            began: now,
            epoch: self.present_epoch(&data).await?,
            limit: Limit::default(),
            data,
        };
        let value = self.seal(&session, now)?;
        let end = self.timeouts.session_end(session.times(now));
        self.registry.begin(&session, end).await?;
        Ok(format!("{}={value}", self.cookie.name()))
    }
}
