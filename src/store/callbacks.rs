//! Wishes to be called back, each exactly once (I8): every step is one guarded update, so that whoever comes second is told.

use std::collections::BTreeSet;
use std::time::Duration;

use super::db::{Durability, Row, Tx, broken, vals};
use super::people::phone;
use super::{Store, StoreError, missed, new_id};
use crate::domain::{CallBack, CallBackStatus, CallId, CustomerId, Language, MissedCaller, MissedKind, QueueId, Reason, Timestamp};

/// A caller whom a crash threw out of the queue longer ago than this gets no surprise call, but a person's.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// A call that arrived longer ago is none that was cut off just now.
const LONGEST_CALL: Duration = Duration::from_secs(4 * 60 * 60);
/// From the end of all calls to the end of the program it takes at most so long.
const STOPPING: Duration = Duration::from_secs(60);
/// Tries to reach somebody; after that it is a person's task.
const MOST_TRIES: i64 = 2;

/// How a node came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Nobody told the store: its calls are still open there.
    Killed,
    /// In order: its calls have ended, what was open of them is left as it was.
    Stopped,
}

/// What became of a wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wished {
    /// It is on the list.
    Kept,
    /// This number has an open wish already.
    Already { id: String },
}

/// What was found of conversations that a killed process left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Callers who waited or spoke with somebody and are to be called back.
    pub call_backs: u64,
    /// Callers who are on the list of missed ones instead.
    pub missed: u64,
}

const COLUMNS: &str = "id, phone, customer, queue, language, call_id, since, not_before, not_after, tries, status";

impl Store {
    /// Keeps a wish, or the changed window and count of one that is kept. One number has one open wish.
    ///
    /// # Errors
    /// `Conflict` when this wish was done with before; when the store cannot write.
    pub async fn keep_call_back(&self, wish: &CallBack, why: &str, now: Timestamp) -> Result<Wished, StoreError> {
        const AGAIN: &str = "update call_backs set status = 'wanted', claimed_by = null, claimed_until = null, tries = $1, not_before = $2, \
            not_after = $3, changed_at = $4 where id = $5 and status in ('wanted', 'dialling')";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let after = wish.not_after.map(Timestamp::as_millis);
        let args = vals![wish.tries, wish.not_before.as_millis(), after, now.as_millis(), &wish.id];
        if tx.exec(AGAIN, args).await? == 1 || insert(&mut tx, wish, why, now).await? {
            tx.commit().await?;
            return Ok(Wished::Kept);
        }
        let open = tx
            .row("select id from call_backs where phone = $1 and status in ('wanted', 'dialling', 'talking')", vals![wish.phone.reveal()])
            .await?;
        let open = open.map(|row| row.text(0).map(str::to_owned)).transpose()?;
        tx.undo().await?;
        open.map(|id| Wished::Already { id }).ok_or(StoreError::Conflict)
    }

    /// `node` dials it now, and nobody else does until then. False when somebody else does, or it is done with, or it is
    /// not the time.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn claim_call_back(&self, id: &str, node: &str, until: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update call_backs set status = 'dialling', claimed_by = $1, claimed_until = $2, tries = tries + 1, changed_at = $3 \
            where id = $4 and (status = 'wanted' or (status = 'dialling' and claimed_until <= $3)) and not_before <= $3 \
            and (not_after is null or not_after > $3)";
        self.moved(SQL, vals![node, until.as_millis(), now.as_millis(), id]).await
    }

    /// They answered and want to speak: from now on it is a call. False when this node has no claim.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn call_back_reached(&self, id: &str, node: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str =
            "update call_backs set status = 'talking', changed_at = $1 where id = $2 and status = 'dialling' and claimed_by = $3";
        self.moved(SQL, vals![now.as_millis(), id, node]).await
    }

    /// Nothing more is to be done: `reached`, `declined`, `called_in`, `dropped`. False when it was done with before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn finish_call_back(&self, id: &str, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update call_backs set status = $1, why = $2, claimed_by = null, changed_at = $3 \
            where id = $4 and status in ('wanted', 'dialling', 'talking')";
        let status = if matches!(why, "reached" | "called_in") { CallBackStatus::Done } else { CallBackStatus::Cancelled };
        self.moved(SQL, vals![status.name(), why, now.as_millis(), id]).await
    }

    /// The tries reached nobody: a person's task on the list of missed callers. False when it was done with before.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn fail_call_back(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let failed = fail(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(failed)
    }

    /// All wishes that are open, by place.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn open_call_backs(&self) -> Result<Vec<CallBack>, StoreError> {
        let sql = format!("select {COLUMNS} from call_backs where status in ('wanted', 'dialling', 'talking') order by since, id");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(call_back).collect()
    }

    async fn moved(&self, sql: &'static str, args: &[super::db::Val]) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let moved = tx.exec(sql, args).await? == 1;
        tx.commit().await?;
        Ok(moved)
    }
}

/// Puts right what a node left behind when it was killed (I11): callers who waited in a queue become call-backs
/// that keep their place, dialled call-backs are dialled again, and those who were cut off go to a person.
///
/// Who spoke with an agent is called back like somebody who waited, first in line; who was choosing dishes is on the list of missed
/// callers, and the agent who calls sees the dishes (C107). Nobody who has rung again, or is on the line at another node, is called.
pub(super) async fn recover(tx: &mut Tx, node: &str, cut: Cut, now: Timestamp) -> Result<Recovered, StoreError> {
    const VISITS: &str = "update queue_visits set left_at = $1, outcome = 'interrupted' where node = $2 and left_at is null \
        returning call_id, queue, phone, customer, language, entered_at, is_callback";
    const CLAIMS: &str = "select id, tries, status, phone from call_backs where claimed_by = $1 and status in ('dialling', 'talking')";
    const AGAIN: &str =
        "update call_backs set status = 'wanted', claimed_by = null, claimed_until = null, not_before = $1, changed_at = $1 where id = $2";
    const PARTS: &str = "update call_parts set until_at = $1, ended = 'lost' where until_at is null and exists \
        (select 1 from calls where calls.id = call_parts.call_id and calls.node = $2) returning from_at, call_id, queue, kind";
    let mut recovered = Recovered::default();
    // Each number is owed one thing.
    let mut seen = BTreeSet::new();
    let visits = tx.rows(VISITS, vals![now.as_millis(), node]).await?;
    for claim in tx.rows(CLAIMS, vals![node]).await? {
        seen.insert(claim.text(3)?.to_owned());
        // Who had been reached was cut off; who was dialled twice has had both tries.
        if claim.text(2)? == "talking" || claim.int(1)? >= MOST_TRIES {
            recovered.missed += u64::from(fail(tx, claim.text(0)?, now).await?);
        } else {
            tx.exec(AGAIN, vals![now.as_millis(), claim.text(0)?]).await?;
            recovered.call_backs += 1;
        }
    }
    for visit in &visits {
        let Some(number) = visit.opt_text(2)?.filter(|_| visit.int(6).is_ok_and(|callback| callback == 0)) else { continue };
        if !seen.insert(number.to_owned()) || is_back(tx, number, visit.text(0)?).await? {
            continue;
        }
        let since = Timestamp::from_millis(visit.int(5)?);
        let queue = QueueId::new(visit.text(1)?);
        let caller = MissedCaller {
            kind: MissedKind::Abandoned,
            call: Some(CallId::new(visit.text(0)?)),
            phone: phone(number)?,
            customer: visit.opt_text(3)?.map(CustomerId::new),
            queue: Some(queue.clone()),
            at: now,
        };
        if since.after(FRESH) < now {
            missed::put(tx, &caller).await?;
            recovered.missed += 1;
        } else {
            let wish = wish(caller, queue, visit.text(4)?, since);
            recovered.call_backs += u64::from(insert(tx, &wish, "interrupted", now).await?);
        }
    }
    let parts = tx.rows(PARTS, vals![now.as_millis(), node]).await?;
    for part in parts.iter().filter(|part| part.text(3).is_ok_and(|kind| kind == "agent")) {
        let since = Timestamp::from_millis(part.int(0)?);
        cut_off(tx, part.text(1)?, part.opt_text(2)?, since, now, &mut seen, &mut recovered).await?;
    }
    choosing(tx, node, cut, now, &mut seen, &mut recovered).await?;
    let mut times: Vec<i64> = visits.iter().map(|visit| visit.int(5)).collect::<Result<_, _>>()?;
    for part in &parts {
        times.push(part.int(0)?);
    }
    for at in times {
        super::reports::changed(tx, at, at).await?;
    }
    Ok(recovered)
}

/// Somebody whose talk with an agent was cut off: called back like those who waited, unless an order came of the talk, we had called
/// them, or it is too long ago for a surprise; then a person calls.
async fn cut_off(
    tx: &mut Tx,
    call: &str,
    queue: Option<&str>,
    since: Timestamp,
    now: Timestamp,
    seen: &mut BTreeSet<String>,
    recovered: &mut Recovered,
) -> Result<(), StoreError> {
    const SQL: &str = "select c.caller, c.customer, c.language, (select o.number from orders as o where o.call_id = c.id limit 1) \
        from calls as c where c.id = $1 and c.caller is not null";
    let Some(row) = tx.row(SQL, vals![call]).await? else { return Ok(()) };
    let number = row.text(0)?;
    if !seen.insert(number.to_owned()) || is_back(tx, number, call).await? {
        return Ok(());
    }
    let caller = MissedCaller {
        kind: MissedKind::CutOff,
        call: Some(CallId::new(call)),
        phone: phone(number)?,
        customer: row.opt_text(1)?.map(CustomerId::new),
        queue: queue.map(QueueId::new),
        at: now,
    };
    match caller.queue.clone().filter(|_| row.opt_text(3).is_ok_and(|order| order.is_none()) && since.after(FRESH) >= now) {
        Some(queue) => {
            let wish = wish(caller, queue, row.text(2)?, since);
            recovered.call_backs += u64::from(insert(tx, &wish, "cut_off", now).await?);
        }
        None => {
            missed::put(tx, &caller).await?;
            recovered.missed += 1;
        }
    }
    Ok(())
}

/// This caller is called back, at the place that they have in the queue since then.
fn wish(caller: MissedCaller, queue: QueueId, language: &str, since: Timestamp) -> CallBack {
    CallBack {
        id: new_id(caller.at),
        phone: caller.phone,
        customer: caller.customer,
        queue,
        language: Language::from_tag(language).unwrap_or_default(),
        call: caller.call,
        since,
        not_before: caller.at,
        not_after: None,
        tries: 0,
        status: CallBackStatus::Wanted,
    }
}

/// Those who had chosen dishes and not ordered when their call was cut off just now.
async fn choosing(
    tx: &mut Tx,
    node: &str,
    cut: Cut,
    now: Timestamp,
    seen: &mut BTreeSet<String>,
    recovered: &mut Recovered,
) -> Result<(), StoreError> {
    const SQL: &str = "select c.id, c.caller, c.customer from calls as c join carts as k on k.phone = c.caller where c.node = $1 \
        and c.arrived_at > $2 and c.ended_at >= $3 and c.end_reason = $4 and k.saved_at >= c.arrived_at and k.saved_at > $5 order by c.arrived_at, c.id";
    let (mut arrived, saved) = (now.before(LONGEST_CALL), now.before(FRESH));
    let (reason, ended) = match cut {
        // Closed in this very transaction.
        Cut::Killed => (Reason::Interrupted, now),
        Cut::Stopped => {
            // Whom the stop before this one cut off is on the list already, or was called.
            if let Some(row) = tx.row("select started_at from nodes where name = $1", vals![node]).await? {
                arrived = arrived.max(Timestamp::from_millis(row.int(0)?));
            }
            (Reason::RESTARTING, now.before(STOPPING))
        }
    };
    let args = vals![node, arrived.as_millis(), ended.as_millis(), reason.name(), saved.as_millis()];
    for row in tx.rows(SQL, args).await? {
        let number = row.text(1)?;
        if !seen.insert(number.to_owned()) || is_back(tx, number, row.text(0)?).await? {
            continue;
        }
        let (call, customer) = (Some(CallId::new(row.text(0)?)), row.opt_text(2)?.map(CustomerId::new));
        let caller = MissedCaller { kind: MissedKind::CutOff, call, phone: phone(number)?, customer, queue: None, at: now };
        missed::put(tx, &caller).await?;
        recovered.missed += 1;
    }
    Ok(())
}

/// Whether this number is on the line (at another node), or has called again since that call.
async fn is_back(tx: &mut Tx, number: &str, call: &str) -> Result<bool, StoreError> {
    const SQL: &str = "select other.id from calls as other where other.caller = $1 and other.id <> $2 and (other.ended_at is null \
        or other.arrived_at > coalesce((select c.arrived_at from calls as c where c.id = $2), $3)) limit 1";
    Ok(tx.row(SQL, vals![number, call, i64::MAX]).await?.is_some())
}

/// Who has ordered needs no call about the call that was cut off before.
pub(super) async fn ordered(tx: &mut Tx, number: &str, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "update call_backs set status = 'cancelled', why = 'ordered', changed_at = $1 \
        where phone = $2 and status = 'wanted' and why in ('interrupted', 'cut_off')";
    tx.exec(SQL, vals![now.as_millis(), number]).await.map(|_| ())
}

/// Puts a new wish on the list; false when this number or id is there already.
async fn insert(tx: &mut Tx, wish: &CallBack, why: &str, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "insert into call_backs (id, phone, customer, queue, language, call_id, status, since, not_before, not_after, tries, why, changed_at) \
        values ($1, $2, $3, $4, $5, $6, 'wanted', $7, $8, $9, $10, $11, $12) on conflict do nothing";
    let args = vals![
        &wish.id,
        wish.phone.reveal(),
        wish.customer.as_ref().map(CustomerId::as_str),
        wish.queue.as_str(),
        wish.language.tag(),
        wish.call.as_ref().map(CallId::as_str),
        wish.since.as_millis(),
        wish.not_before.as_millis(),
        wish.not_after.map(Timestamp::as_millis),
        wish.tries,
        why,
        now.as_millis(),
    ];
    Ok(tx.exec(SQL, args).await? == 1)
}

async fn fail(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    const SQL: &str = "update call_backs set status = 'failed', claimed_by = null, changed_at = $1 \
        where id = $2 and status in ('wanted', 'dialling', 'talking') returning phone, customer, queue, call_id";
    let Some(row) = tx.row(SQL, vals![now.as_millis(), id]).await? else { return Ok(false) };
    let caller = MissedCaller {
        kind: MissedKind::CallBackFailed,
        call: row.opt_text(3)?.map(CallId::new),
        phone: phone(row.text(0)?)?,
        customer: row.opt_text(1)?.map(CustomerId::new),
        queue: Some(QueueId::new(row.text(2)?)),
        at: now,
    };
    missed::put(tx, &caller).await?;
    Ok(true)
}

fn call_back(row: &Row) -> Result<CallBack, StoreError> {
    let status = row.text(10)?;
    Ok(CallBack {
        id: row.text(0)?.to_owned(),
        phone: phone(row.text(1)?)?,
        customer: row.opt_text(2)?.map(CustomerId::new),
        queue: QueueId::new(row.text(3)?),
        language: Language::from_tag(row.text(4)?).unwrap_or_default(),
        call: row.opt_text(5)?.map(CallId::new),
        since: Timestamp::from_millis(row.int(6)?),
        not_before: Timestamp::from_millis(row.int(7)?),
        not_after: row.opt_int(8)?.map(Timestamp::from_millis),
        tries: u32::try_from(row.int(9)?).unwrap_or(u32::MAX),
        status: CallBackStatus::ALL.into_iter().find(|known| known.name() == status).ok_or_else(|| broken("call-back", status))?,
    })
}
