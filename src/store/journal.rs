//! What has happened, in order, written with the change itself.

use serde_json::Value;

use super::db::{Tx, vals};
use super::{Store, StoreError};
use crate::domain::Timestamp;

/// What is told of the journal within this process.
pub type News = tokio::sync::broadcast::Sender<std::sync::Arc<JournalEntry>>;

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// Without gaps.
    pub seq: i64,
    pub at: Timestamp,
    /// `order_placed`, `order_moved`, `order_urged`, `order_foreseen`, `order_telephone`, `task_opened`, `task_taken`, `task_changed`, `task_closed`,
    /// `branch_changed`, `message_left`, `ticket_opened`, `ticket_changed`, `ticket_escalated`, `ticket_closed`, `house_changed`,
    /// `restored`, `invoice_asked`, `invoice_changed`.
    pub kind: String,
    /// Id of the order (also of an invoice), task or case; number of the branch.
    pub subject: String,
    /// JSON.
    pub data: String,
}

impl Store {
    /// The entries after `seq`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn journal_after(&self, seq: i64, limit: u32) -> Result<Vec<JournalEntry>, StoreError> {
        let rows = self
            .pool
            .rows("select seq, at, kind, subject, data from journal where seq > $1 order by seq limit $2", vals![seq, limit])
            .await?;
        rows.iter()
            .map(|row| {
                Ok(JournalEntry {
                    seq: row.int(0)?,
                    at: Timestamp::from_millis(row.int(1)?),
                    kind: row.text(2)?.to_owned(),
                    subject: row.text(3)?.to_owned(),
                    data: row.text(4)?.to_owned(),
                })
            })
            .collect()
    }
}

/// Journal entries that are written last, because their counter is what all transactions meet at.
#[derive(Default)]
pub(super) struct Entries(Vec<(&'static str, String, Value)>);

impl Entries {
    pub(super) fn add(&mut self, kind: &'static str, subject: &str, data: Value) {
        self.0.push((kind, subject.to_owned(), data));
    }

    pub(super) async fn write(self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        for (kind, subject, data) in self.0 {
            append(tx, now, kind, &subject, &data).await?;
        }
        Ok(())
    }
}

/// Appends an entry; always the last thing in a transaction, because its counter is what all of them meet at.
pub(super) async fn append(tx: &mut Tx, now: Timestamp, kind: &str, subject: &str, data: &Value) -> Result<(), StoreError> {
    if kind.starts_with("order_") && kind != "order_placed" {
        super::reports::order_changed(tx, subject).await?;
    }
    let seq = tx.count("journal", 1).await?;
    tx.exec(
        "insert into journal (seq, at, kind, subject, data) values ($1, $2, $3, $4, $5)",
        vals![seq, now.as_millis(), kind, subject, data.to_string()],
    )
    .await?;
    Ok(())
}
