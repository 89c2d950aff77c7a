//! What an agent was typing (C64): kept for a day, so that a reload, a closed laptop or the next caller loses nothing.

use std::time::Duration;

use super::db::{Durability, vals};
use super::{Store, StoreError};
use crate::domain::{Timestamp, UserId};

/// A draft without an order stays so long.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Drafts of one agent; the oldest go first.
const MOST: u32 = 50;

/// One draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Chosen by the console.
    pub key: String,
    pub title: String,
    /// JSON of the console.
    pub body: String,
    pub saved_at: Timestamp,
}

impl Store {
    /// Keeps a draft in the place of an earlier one of the same key.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn save_draft(&self, agent: &UserId, key: &str, title: &str, body: &str, now: Timestamp) -> Result<(), StoreError> {
        const PUT: &str = "insert into drafts (agent, key, title, body, saved_at) values ($1, $2, $3, $4, $5) \
            on conflict (agent, key) do update set title = excluded.title, body = excluded.body, saved_at = excluded.saved_at";
        const TOO_MANY: &str = "delete from drafts where agent = $1 and key not in \
            (select key from drafts where agent = $1 order by saved_at desc, key limit $2)";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        tx.exec("delete from drafts where saved_at <= $1", vals![now.before(KEPT).as_millis()]).await?;
        tx.exec(PUT, vals![agent.as_str(), key, title, body, now.as_millis()]).await?;
        tx.exec(TOO_MANY, vals![agent.as_str(), MOST]).await?;
        tx.commit().await
    }

    /// An agent's drafts, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn drafts(&self, agent: &UserId, now: Timestamp) -> Result<Vec<Draft>, StoreError> {
        const SQL: &str = "select key, title, body, saved_at from drafts where agent = $1 and saved_at > $2 order by saved_at desc, key";
        let rows = self.pool.rows(SQL, vals![agent.as_str(), now.before(KEPT).as_millis()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Draft {
                    key: row.text(0)?.to_owned(),
                    title: row.text(1)?.to_owned(),
                    body: row.text(2)?.to_owned(),
                    saved_at: Timestamp::from_millis(row.int(3)?),
                })
            })
            .collect()
    }

    /// Ordered, or not needed any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn drop_draft(&self, agent: &UserId, key: &str) -> Result<(), StoreError> {
        self.write("delete from drafts where agent = $1 and key = $2", vals![agent.as_str(), key]).await
    }
}
