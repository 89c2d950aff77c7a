//! What operators did, appended and never changed; and what was answered to commands that carry a key.

use std::time::Duration;

use super::db::{Durability, vals};
use super::{Store, StoreError};
use crate::domain::{Timestamp, UserId};

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub seq: i64,
    pub at: Timestamp,
    /// Whose id; `program:NAME` for a token, `command-line` for this machine's operator.
    pub who: UserId,
    pub name: String,
    /// From where.
    pub address: String,
    /// Dotted, past tense: `user.disabled`.
    pub action: String,
    /// On whom or what.
    pub object: String,
    /// A few words; never a secret, never a full telephone number.
    pub detail: String,
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Fingerprint of the request that it belongs to.
    pub request: String,
    pub status: u16,
    pub body: String,
}

/// A key is remembered for so long.
const ANSWERS_KEPT: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// Appends to the audit journal; `seq` is given by the store.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        const SQL: &str = "insert into audit (seq, at, who, name, address, action, object, detail) values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let seq = tx.count("audit", 1).await?;
        let args =
            vals![seq, entry.at.as_millis(), entry.who.as_str(), &entry.name, &entry.address, &entry.action, &entry.object, &entry.detail];
        tx.exec(SQL, args).await?;
        tx.commit().await
    }

    /// The latest entries first: at most `limit`, those before `before` when it is given.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn audit(&self, limit: u32, before: Option<i64>) -> Result<Vec<AuditEntry>, StoreError> {
        const SQL: &str = "select seq, at, who, name, address, action, object, detail from audit where seq < $1 order by seq desc limit $2";
        let rows = self.pool.rows(SQL, vals![before.unwrap_or(i64::MAX), limit]).await?;
        rows.iter()
            .map(|row| {
                let text = |place| row.text(place).map(str::to_owned);
                Ok(AuditEntry {
                    seq: row.int(0)?,
                    at: Timestamp::from_millis(row.int(1)?),
                    who: UserId::new(row.text(2)?),
                    name: text(3)?,
                    address: text(4)?,
                    action: text(5)?,
                    object: text(6)?,
                    detail: text(7)?,
                })
            })
            .collect()
    }

    /// What was answered under this key within the last day.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn answered(&self, key: &str, now: Timestamp) -> Result<Option<Answered>, StoreError> {
        const SQL: &str = "select request, status, body from answers where id = $1 and at > $2";
        let row = self.pool.row(SQL, vals![key, now.before(ANSWERS_KEPT).as_millis()]).await?;
        row.map(|row| {
            Ok(Answered {
                request: row.text(0)?.to_owned(),
                status: u16::try_from(row.int(1)?).unwrap_or(500),
                body: row.text(2)?.to_owned(),
            })
        })
        .transpose()
    }

    /// Keeps an answer under its key; the first one stays. Old ones are swept out.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_answer(&self, key: &str, answer: &Answered, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into answers (id, request, status, body, at) values ($1, $2, $3, $4, $5) on conflict (id) do nothing";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        tx.exec("delete from answers where at <= $1", vals![now.before(ANSWERS_KEPT).as_millis()]).await?;
        tx.exec(SQL, vals![key, &answer.request, answer.status, &answer.body, now.as_millis()]).await?;
        tx.commit().await
    }
}
