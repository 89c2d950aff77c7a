//! Calls by which branches are told of orders that nobody there has taken (C82): a few tries each, then headquarters knows.

use std::time::Duration;

use serde_json::{Value, json};

use super::db::{Durability, Row, vals};
use super::people::cooked_by;
use super::{NewTask, Stepped, Store, StoreError, journal, lines, new_id};
use crate::domain::{BranchCall, BranchNumber, OrderId, OrderNumber, PhoneNumber, Timestamp};
use crate::order::life::{Actor, ActorKind, RefuseReason, Step, TaskKind};

/// Tries of one round; dispatch asks for another round as long as nobody has answered.
const MOST_TRIES: i64 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(60);
/// A call is over by then; if nothing was heard of it, its node has died.
const CLAIM: Duration = Duration::from_secs(7 * 60);

/// One round of tries, for those who look on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBranchCall {
    pub id: String,
    pub order: OrderId,
    pub number: String,
    pub branch: BranchNumber,
    /// `wanted`, `dialling`, `accepted`, `refused`, `settled`, `failed`.
    pub status: String,
    pub tries: u32,
    pub next_at: Timestamp,
    pub why: String,
}

impl Store {
    /// This order's branch is to be called; false when that is under way already. A round that could not even begin is
    /// begun again in its place: one row, however often it is asked for.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn want_branch_call(&self, order: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        const UNTRIED: &str = "update branch_calls set status = 'wanted', next_at = $1, changed_at = $1 \
            where id = (select id from branch_calls where order_id = $2 order by made_at desc, id desc limit 1) and status = 'failed' and tries = 0 \
            and exists (select 1 from orders where id = $2 and status = 'new' and sent_at is not null and branch = branch_calls.branch)";
        const SQL: &str = "insert into branch_calls (id, order_id, number, branch, status, tries, next_at, why, made_at, changed_at) \
            select $1, id, number, branch, 'wanted', 0, $2, '', $2, $2 from orders where id = $3 and status = 'new' and sent_at is not null \
            on conflict (order_id) where status in ('wanted', 'dialling') do nothing";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let made = tx.exec(UNTRIED, vals![now.as_millis(), order.as_str()]).await? == 1
            || tx.exec(SQL, vals![new_id(now), now.as_millis(), order.as_str()]).await? == 1;
        tx.commit().await?;
        Ok(made)
    }

    /// The calls that are due, each claimed by this node; those that are not needed any more are settled.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_branch_calls(&self, node: &str, now: Timestamp) -> Result<Vec<BranchCall>, StoreError> {
        const DUE: &str = "select id from branch_calls where status in ('wanted', 'dialling') and ((status = 'wanted' and next_at <= $1) or (status = 'dialling' and claimed_until <= $1)) \
            order by next_at, id limit 20";
        let due = self.pool.rows(DUE, vals![now.as_millis()]).await?;
        let mut calls = Vec::new();
        for row in due {
            if let Some(call) = self.claim_branch_call(row.text(0)?, node, now).await? {
                calls.push(call);
            }
        }
        Ok(calls)
    }

    async fn claim_branch_call(&self, id: &str, node: &str, now: Timestamp) -> Result<Option<BranchCall>, StoreError> {
        const CLAIM_IT: &str = "update branch_calls set status = 'dialling', tries = tries + 1, claimed_by = $1, claimed_until = $2, changed_at = $3 \
            where id = $4 and ((status = 'wanted' and next_at <= $3) or (status = 'dialling' and claimed_until <= $3)) \
            returning order_id, branch, number";
        const ORDER: &str = "select o.branch, o.fulfilment, o.promised_at, coalesce(o.remark, ''), o.note, coalesce(c.allergies, ''), coalesce(b.phone, '') \
            from orders as o left join branches as b on b.number = o.branch left join customers as c on c.id = o.customer \
            where o.id = $1 and o.status = 'new' and o.sent_at is not null";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![node, now.after(CLAIM).as_millis(), now.as_millis(), id];
        let Some(claimed) = tx.row(CLAIM_IT, args).await? else {
            tx.undo().await?;
            return Ok(None);
        };
        let order = OrderId::new(claimed.text(0)?);
        let found = tx.row(ORDER, vals![order.as_str()]).await?;
        let Some(row) = found.filter(|row| row.int(0).ok() == claimed.int(1).ok()) else {
            const SETTLED: &str = "update branch_calls set status = 'settled', claimed_by = null, claimed_until = null where id = $1";
            tx.exec(SETTLED, vals![id]).await?;
            tx.commit().await?;
            return Ok(None);
        };
        let Some(phone) = PhoneNumber::parse(row.text(6)?) else {
            tx.undo().await?;
            self.branch_call_barred(id, "no_number", now).await?;
            return Ok(None);
        };
        let dishes = tx.rows(lines::OF_ORDER, vals![order.as_str()]).await?;
        tx.commit().await?;
        let dishes = dishes.iter().map(|row| lines::line(row).map(|line| (line.dish, line.quantity.get()))).collect::<Result<_, _>>()?;
        Ok(Some(BranchCall {
            id: id.to_owned(),
            order,
            number: OrderNumber::new(claimed.text(2)?),
            branch: cooked_by(row.int(0)?)?,
            phone,
            delivery: row.text(1)? == "delivery",
            promised_at: Timestamp::from_millis(row.int(2)?),
            lines: dishes,
            allergies: !row.text(5)?.is_empty(),
            remark: !row.text(3)?.is_empty() || row.opt_text(4)?.is_some(),
        }))
    }

    /// The branch cannot be called at all, and trying would not help: no attempt was made, and headquarters' task says why.
    /// False when that was said before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn branch_call_barred(&self, id: &str, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update branch_calls set status = 'failed', tries = 0, why = $1, claimed_by = null, claimed_until = null, changed_at = $2 \
            where id = $3 and status in ('wanted', 'dialling') returning order_id, number, branch";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let row = tx.row(SQL, vals![why, now.as_millis(), id]).await?;
        tx.commit().await?;
        match row {
            Some(row) => self.nobody_answers(&OrderId::new(row.text(0)?), row.text(1)?, cooked_by(row.int(2)?)?, why, now).await,
            None => Ok(false),
        }
    }

    /// Calls that this node is making about orders that need none any more: the screen was faster, or it is another branch's.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn settled_branch_calls(&self, node: &str) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "select c.id from branch_calls as c where c.status in ('wanted', 'dialling') and c.status = 'dialling' and c.claimed_by = $1 \
            and not exists (select 1 from orders as o where o.id = c.order_id and o.status = 'new' and o.sent_at is not null and o.branch = c.branch)";
        self.pool.rows(SQL, vals![node]).await?.iter().map(|row| row.text(0).map(str::to_owned)).collect()
    }

    /// Nobody took the call, or nobody pressed a key: again after a while, and after the last try it is headquarters' task. About an order
    /// that somebody has answered meanwhile nobody is told or called any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn branch_call_unanswered(&self, id: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        const AGAIN: &str = "update branch_calls set status = case when not exists (select 1 from orders as o where o.id = order_id \
            and o.status = 'new' and o.sent_at is not null and o.branch = branch_calls.branch) then 'settled' when tries < $1 then 'wanted' else 'failed' end, \
            next_at = $2, why = $3, claimed_by = null, claimed_until = null, changed_at = $4 where id = $5 and status = 'dialling' returning status, order_id, number, branch";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let row = tx.row(AGAIN, vals![MOST_TRIES, now.after(PAUSE).as_millis(), why, now.as_millis(), id]).await?;
        tx.commit().await?;
        match row {
            Some(row) if row.text(0)? == "failed" => {
                self.nobody_answers(&OrderId::new(row.text(1)?), row.text(2)?, cooked_by(row.int(3)?)?, why, now).await.map(|_| ())
            }
            _ => Ok(()),
        }
    }

    /// Headquarters' task about this order says that the telephone did not help either; false when it says so already.
    async fn nobody_answers(
        &self,
        order: &OrderId,
        number: &str,
        branch: BranchNumber,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const OPEN: &str = "select id, words from tasks where order_id = $1 and kind in ('unheard', 'no_branch') and done_at is null \
            order by at desc, id desc limit 1";
        const SAY: &str = "update tasks set words = $1 where id = $2 and done_at is null";
        let task = NewTask {
            kind: TaskKind::Unheard,
            subject: order.as_str().to_owned(),
            order: Some(order.clone()),
            number: Some(number.to_owned()),
            branch: Some(branch),
            due_at: Some(now),
            words: json!({ "code": "telephone", "telephone": why }),
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row(OPEN, vals![order.as_str()]).await? else {
            tx.undo().await?;
            return self.open_task(&task, now).await;
        };
        let mut words: Value = serde_json::from_str(row.text(1)?).unwrap_or_default();
        if words["telephone"] == why || !words.is_object() {
            tx.undo().await?;
            return Ok(false);
        }
        words["telephone"] = json!(why);
        tx.exec(SAY, vals![words.to_string(), row.text(0)?]).await?;
        journal::append(
            &mut tx,
            now,
            "task_changed",
            row.text(0)?,
            &json!({ "kind": "telephone", "subject": order.as_str(), "words": words }),
        )
        .await?;
        self.told(tx).await?;
        Ok(true)
    }

    /// A key was pressed at the branch. False when the order is not theirs to answer any more.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn branch_answers(
        &self,
        id: &str,
        order: &OrderId,
        branch: BranchNumber,
        accept: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let step = if accept {
            Step::Accept { minutes: None }
        } else {
            Step::Refuse { reason: RefuseReason::Other, dishes: Vec::new(), note: "by telephone".into() }
        };
        let by = Actor::new(ActorKind::Telephone, &format!("branch:{branch}"), "telephone").of(branch);
        let done = matches!(self.order_step(order, None, &step, &by, now).await?, Stepped::Done(_));
        let status = match (done, accept) {
            (true, true) => "accepted",
            (true, false) => "refused",
            (false, _) => "settled",
        };
        const SQL: &str =
            "update branch_calls set status = $1, why = 'key', claimed_by = null, claimed_until = null, changed_at = $2 where id = $3";
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![status, now.as_millis(), id]).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// The rounds of tries about one order, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn branch_calls(&self, order: &OrderId) -> Result<Vec<StoredBranchCall>, StoreError> {
        const SQL: &str =
            "select id, order_id, number, branch, status, tries, next_at, why from branch_calls where order_id = $1 order by made_at, id";
        self.pool.rows(SQL, vals![order.as_str()]).await?.iter().map(stored).collect()
    }
}

fn stored(row: &Row) -> Result<StoredBranchCall, StoreError> {
    Ok(StoredBranchCall {
        id: row.text(0)?.to_owned(),
        order: OrderId::new(row.text(1)?),
        number: row.text(2)?.to_owned(),
        branch: cooked_by(row.int(3)?)?,
        status: row.text(4)?.to_owned(),
        tries: u32::try_from(row.int(5)?).unwrap_or(u32::MAX),
        next_at: Timestamp::from_millis(row.int(6)?),
        why: row.text(7)?.to_owned(),
    })
}
