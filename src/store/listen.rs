//! Hearing of what other processes have appended; only PostgreSQL has other processes.

use super::append::CHANNEL;
use super::{Store, StoreError};
use sqlx::postgres::PgListener;

/// Hears when another process has appended. What it hears carries no data and may be lost: look into the log.
#[derive(Debug)]
pub struct Listener(PgListener);

impl Store {
    /// Starts to listen; `None` on SQLite, where nobody else writes.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let pool = self.write.get_postgres_connection_pool();
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Listener(listener)))
    }
}

impl Listener {
    /// Waits until something was appended, or the connection was lost and made again.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        self.0.try_recv().await?;
        Ok(())
    }
}
