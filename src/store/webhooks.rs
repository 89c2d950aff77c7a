//! Subscriptions of other systems to the journal, and how far each of them has got (C105).

use std::time::Duration;

use super::db::{Durability, Row, vals};
use super::{Author, JournalEntry, Store, StoreError, new_id};
use crate::domain::Timestamp;

/// One subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: String,
    pub name: String,
    pub url: String,
    pub secret: String,
    /// Kinds of events; none: all.
    pub kinds: Vec<String>,
    pub active: bool,
    /// The last entry of the journal that arrived there, or was none of its kinds.
    pub after: i64,
    /// Tries in a row that failed.
    pub failures: u32,
    pub next_at: Timestamp,
    /// How the last try went, and when.
    pub told: String,
    pub told_at: Option<Timestamp>,
    pub made_by: String,
    pub created_at: Timestamp,
}

impl Webhook {
    /// Whether it wants events of this kind.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }
}

/// What is changed in a subscription; what is none stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookChange {
    pub name: Option<String>,
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub active: Option<bool>,
    /// Goes back, or forth, to just after this entry.
    pub after: Option<i64>,
}

const COLUMNS: &str = "id, name, url, secret, kinds, active, after_seq, failures, next_at, told, told_at, made_by, created_at";

impl Store {
    /// A new subscription, from just after the entry `after`, or from now on; its id.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn add_webhook(&self, wish: &WebhookChange, secret: &str, by: &Author, now: Timestamp) -> Result<String, StoreError> {
        const SQL: &str = "insert into webhooks (id, name, url, secret, kinds, active, after_seq, failures, next_at, told, made_by, created_at) \
            values ($1, $2, $3, $4, $5, $6, coalesce($7, (select max(seq) from journal), 0), 0, $8, '', $9, $8)";
        let id = new_id(now);
        let args = vals![
            &id,
            wish.name.as_deref().unwrap_or_default(),
            wish.url.as_deref().unwrap_or_default(),
            secret,
            wish.kinds.as_deref().unwrap_or_default().join(","),
            wish.active.unwrap_or(true),
            wish.after,
            now.as_millis(),
            &by.name,
        ];
        self.write(SQL, args).await?;
        Ok(id)
    }

    /// Changes a subscription; whoever delivers for it begins anew. False: there is none.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn change_webhook(&self, id: &str, change: &WebhookChange, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update webhooks set name = coalesce($2, name), url = coalesce($3, url), kinds = coalesce($4, kinds), \
            active = coalesce($5, active), after_seq = coalesce($6, after_seq), failures = 0, next_at = $7, claimed_by = null, \
            claimed_until = null where id = $1";
        let args = vals![
            id,
            change.name.as_deref(),
            change.url.as_deref(),
            change.kinds.as_ref().map(|kinds| kinds.join(",")),
            change.active.map(i64::from),
            change.after,
            now.as_millis(),
        ];
        let mut tx = self.pool.begin(Durability::Full).await?;
        let changed = tx.exec(SQL, args).await? == 1;
        tx.commit().await?;
        Ok(changed)
    }

    /// Ends a subscription. False: there is none.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn drop_webhook(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let dropped = tx.exec("delete from webhooks where id = $1", vals![id]).await? == 1;
        tx.commit().await?;
        Ok(dropped)
    }

    /// All of them, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let sql = format!("select {COLUMNS} from webhooks order by created_at, id");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(webhook).collect()
    }

    /// The number of the journal's last entry.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn journal_end(&self) -> Result<i64, StoreError> {
        let row = self.pool.row("select coalesce(max(seq), 0) from journal", &[]).await?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Whether this node may deliver for a subscription from now on: of several nodes one does, so that the order is kept.
    /// Gives it as it is now.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_webhook(&self, id: &str, node: &str, length: Duration, now: Timestamp) -> Result<Option<Webhook>, StoreError> {
        let sql = format!(
            "update webhooks set claimed_by = $2, claimed_until = $3 where id = $1 and active = 1 and next_at <= $4 \
             and (claimed_by is null or claimed_by = $2 or claimed_until < $4) returning {COLUMNS}"
        );
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let row = tx.row(sqlx::AssertSqlSafe(sql), vals![id, node, now.after(length).as_millis(), now.as_millis()]).await?;
        tx.commit().await?;
        row.as_ref().map(webhook).transpose()
    }

    /// Everything up to this entry arrived. False: the subscription was changed meanwhile, or another node has it.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn webhook_arrived(&self, hook: &Webhook, node: &str, seq: i64, told: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update webhooks set after_seq = $1, failures = 0, told = $2, told_at = $3 \
            where id = $4 and after_seq < $1 and claimed_by = $5";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let moved = tx.exec(SQL, vals![seq, told, now.as_millis(), &hook.id, node]).await? == 1;
        tx.commit().await?;
        Ok(moved)
    }

    /// A try failed; the next one is not before `next`.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn webhook_failed(&self, hook: &Webhook, node: &str, told: &str, next: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str =
            "update webhooks set failures = failures + 1, next_at = $1, told = $2, told_at = $3 where id = $4 and claimed_by = $5";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        tx.exec(SQL, vals![next.as_millis(), told, now.as_millis(), &hook.id, node]).await?;
        tx.commit().await
    }

    /// The next entries for a subscription, and the last number that was looked at.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn webhook_next(&self, hook: &Webhook, most: u32) -> Result<(Vec<JournalEntry>, i64), StoreError> {
        let entries = self.journal_after(hook.after, most).await?;
        let last = entries.last().map_or(hook.after, |entry| entry.seq);
        Ok((entries.into_iter().filter(|entry| hook.wants(&entry.kind)).collect(), last))
    }
}

fn webhook(row: &Row) -> Result<Webhook, StoreError> {
    let time = |place| row.int(place).map(Timestamp::from_millis);
    Ok(Webhook {
        id: row.text(0)?.to_owned(),
        name: row.text(1)?.to_owned(),
        url: row.text(2)?.to_owned(),
        secret: row.text(3)?.to_owned(),
        kinds: row.text(4)?.split(',').filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        active: row.flag(5)?,
        after: row.int(6)?,
        failures: u32::try_from(row.int(7)?).unwrap_or(u32::MAX),
        next_at: time(8)?,
        told: row.text(9)?.to_owned(),
        told_at: row.opt_int(10)?.map(Timestamp::from_millis),
        made_by: row.text(11)?.to_owned(),
        created_at: time(12)?,
    })
}
