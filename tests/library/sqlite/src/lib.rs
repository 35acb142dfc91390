//! A session store in SQLite, of the kind that an application writes for its own database.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, params};
use signet_session::{Id, Record, Records, StoreError};

/// A table of an SQLite file. Any number of processes may use it.
#[derive(Clone, Debug)]
pub struct SqliteStore(Arc<Mutex<Connection>>);

/// A record counts until it expires. The clock is that of the machine, as in the layer.
const NOW: &str = "CAST(strftime('%s') AS INTEGER)";

impl SqliteStore {
    /// Opens the file, or creates it.
    ///
    /// # Errors
    ///
    /// When SQLite cannot use the file.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        // A commit is on the disk when it returns.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS sessions (
                id TEXT PRIMARY KEY, data BLOB NOT NULL, expires INTEGER NOT NULL
             ) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS sessions_by_expiry ON sessions (expires);",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs a statement on a thread that may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        statement: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            statement(&connection)
        });
        let unavailable = |cause: String| StoreError::Unavailable(cause.into());
        let result = task.await.map_err(|cause| unavailable(cause.to_string()))?;
        result.map_err(|cause| unavailable(cause.to_string()))
    }

    /// Runs a statement that changes one record. Returns whether it did.
    async fn change(&self, sql: String, record: Record) -> Result<bool, StoreError> {
        self.run(move |connection| {
            let (id, data) = (record.id.to_string(), record.data);
            let changed = connection.execute(&sql, params![id, data, record.expires])?;
            Ok(changed == 1)
        })
        .await
    }
}

#[async_trait]
impl Records for SqliteStore {
    async fn get(&self, id: Id) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(move |connection| {
            let sql = format!("SELECT data FROM sessions WHERE id = ?1 AND expires > {NOW}");
            let found = connection.query_row(&sql, [id.to_string()], |row| row.get(0));
            found.optional()
        })
        .await
    }

    async fn add(&self, record: Record) -> Result<bool, StoreError> {
        // Each new record makes room: at most four that have expired go.
        self.run(|connection| {
            let sql = format!(
                "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires < {NOW} - 86400 LIMIT 4)"
            );
            connection.execute(&sql, [])
        })
        .await?;
        let sql = format!(
            "INSERT INTO sessions VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE
             SET data = ?2, expires = ?3 WHERE expires <= {NOW}"
        );
        self.change(sql, record).await
    }

    async fn replace(&self, record: Record) -> Result<bool, StoreError> {
        let sql = format!(
            "UPDATE sessions SET data = ?2, expires = ?3 WHERE id = ?1 AND expires > {NOW}"
        );
        self.change(sql, record).await
    }

    async fn remove(&self, id: Id) -> Result<bool, StoreError> {
        self.run(move |connection| {
            let sql = "DELETE FROM sessions WHERE id = ?1";
            Ok(connection.execute(sql, [id.to_string()])? == 1)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_session::contract;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_connections_to_one_file_fulfil_the_contract() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sessions.sqlite");
        let [one, other] = [(); 2].map(|()| SqliteStore::open(&path).expect("opens"));
        contract::check(one, other).await;
    }
}
