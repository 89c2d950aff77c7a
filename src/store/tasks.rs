//! Tasks of headquarters: one open task of a kind for each order, branch or printer; taken by one person, done with a word on how.

use serde_json::{Value, json};

use super::db::{Durability, Row, Tx, vals};
use super::journal::Entries;
use super::{Store, StoreError, journal, new_id};
use crate::domain::{BranchNumber, OrderId, Timestamp, UserId};
use crate::order::board::Task;
use crate::order::life::TaskKind;

/// A task to be opened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    pub kind: TaskKind,
    /// The order's id, `branch:1`, `printer:1`.
    pub subject: String,
    pub order: Option<OrderId>,
    pub number: Option<String>,
    pub branch: Option<BranchNumber>,
    pub due_at: Option<Timestamp>,
    /// `{code, …}`: the page words it.
    pub words: Value,
}

const COLUMNS: &str = "id, kind, order_id, number, branch, at, due_at, words, taken_by, taken_name, done_at, done_how";

impl Store {
    /// Opens a task; the open one of this kind and subject is left as it is. True when it is new.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn open_task(&self, task: &NewTask, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let mut entries = Entries::default();
        let opened = open_in(&mut tx, task, now, &mut entries).await?;
        entries.write(&mut tx, now).await?;
        self.told(tx).await?;
        Ok(opened)
    }

    /// Ends the open task of this kind and subject, if there is one: what it was about has settled itself.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn close_tasks(&self, kind: TaskKind, subject: &str, how: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update tasks set done_at = $1, done_how = $2 where kind = $3 and subject = $4 and done_at is null returning id";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(SQL, vals![now.as_millis(), how, kind.name(), subject]).await? else {
            tx.undo().await?;
            return Ok(false);
        };
        journal::append(&mut tx, now, "task_closed", row.text(0)?, &json!({ "kind": kind.name(), "subject": subject, "how": how })).await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// Somebody looks after it: false when another person does already, or it is done.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn take_task(&self, id: &str, who: &UserId, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update tasks set taken_by = $1, taken_name = $2, taken_at = $3 where id = $4 and done_at is null and (taken_by is null or taken_by = $1) returning kind";
        self.change_task("task_taken", id, name, SQL, vals![who.as_str(), name, now.as_millis(), id], now).await
    }

    /// It is settled, in these words: false when it was so already.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn finish_task(&self, id: &str, name: &str, how: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update tasks set done_at = $1, done_by = $2, done_how = $3 where id = $4 and done_at is null returning kind";
        self.change_task("task_closed", id, name, SQL, vals![now.as_millis(), name, how, id], now).await
    }

    async fn change_task(
        &self,
        what: &str,
        id: &str,
        name: &str,
        sql: &'static str,
        args: &[super::db::Val],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(sql, args).await? else {
            tx.undo().await?;
            return Ok(false);
        };
        journal::append(&mut tx, now, what, id, &json!({ "kind": row.text(0)?, "by": name })).await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// One task.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn task(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let sql = format!("select {COLUMNS} from tasks where id = $1");
        self.pool.row(sqlx::AssertSqlSafe(sql), vals![id]).await?.as_ref().map(task).transpose()
    }

    /// The open tasks, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn open_tasks(&self) -> Result<Vec<Task>, StoreError> {
        let sql = format!("select {COLUMNS} from tasks where done_at is null order by at, id limit 2000");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(task).collect()
    }
}

/// Opens a task within a transaction; its journal entry is written with the others.
pub(super) async fn open_in(tx: &mut Tx, task: &NewTask, now: Timestamp, entries: &mut Entries) -> Result<bool, StoreError> {
    const SQL: &str = "insert into tasks (id, kind, subject, order_id, number, branch, at, due_at, words) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (kind, subject) where done_at is null do nothing";
    let id = new_id(now);
    let args = vals![
        &id,
        task.kind.name(),
        &task.subject,
        task.order.as_ref().map(OrderId::as_str),
        task.number.clone(),
        task.branch.map(|branch| i64::from(branch.get())),
        now.as_millis(),
        task.due_at.map(Timestamp::as_millis),
        task.words.to_string(),
    ];
    if tx.exec(SQL, args).await? == 0 {
        return Ok(false);
    }
    entries.add("task_opened", &id, json!({ "kind": task.kind.name(), "subject": task.subject, "words": task.words }));
    Ok(true)
}

/// Ends the open tasks of an order: of these kinds, or all but those of its tickets, which have their own ends.
pub(super) async fn close_in(
    tx: &mut Tx,
    order: &str,
    kinds: &[TaskKind],
    how: &str,
    now: Timestamp,
    entries: &mut Entries,
) -> Result<(), StoreError> {
    let list: Vec<String> = kinds.iter().map(|kind| format!("'{}'", kind.name())).collect();
    let only = if list.is_empty() { "and kind <> 'complaint'".to_owned() } else { format!("and kind in ({})", list.join(", ")) };
    let sql = format!("update tasks set done_at = $1, done_how = $2 where order_id = $3 and done_at is null {only} returning id, kind");
    for row in tx.rows(sqlx::AssertSqlSafe(sql), vals![now.as_millis(), how, order]).await? {
        entries.add("task_closed", row.text(0)?, json!({ "kind": row.text(1)?, "subject": order, "how": how }));
    }
    Ok(())
}

/// Ends the open task of this kind and subject within a transaction.
pub(super) async fn close_subject(
    tx: &mut Tx,
    kind: TaskKind,
    subject: &str,
    how: &str,
    now: Timestamp,
    entries: &mut Entries,
) -> Result<(), StoreError> {
    const SQL: &str = "update tasks set done_at = $1, done_how = $2 where kind = $3 and subject = $4 and done_at is null returning id";
    if let Some(row) = tx.row(SQL, vals![now.as_millis(), how, kind.name(), subject]).await? {
        entries.add("task_closed", row.text(0)?, json!({ "kind": kind.name(), "subject": subject, "how": how }));
    }
    Ok(())
}

fn task(row: &Row) -> Result<Task, StoreError> {
    let text = |place| row.opt_text(place).map(|text| text.map(str::to_owned));
    let kind = row.text(1)?;
    Ok(Task {
        id: row.text(0)?.to_owned(),
        kind: TaskKind::from_name(kind).ok_or_else(|| super::db::broken("task", kind))?.name(),
        order: text(2)?,
        number: text(3)?,
        branch: row.opt_int(4)?.and_then(|branch| u16::try_from(branch).ok()),
        at: row.int(5)?,
        due_at: row.opt_int(6)?,
        words: serde_json::from_str(row.text(7)?).unwrap_or_default(),
        taken_by: text(8)?,
        taken_name: text(9)?,
        done_at: row.opt_int(10)?,
        done_how: text(11)?,
    })
}
