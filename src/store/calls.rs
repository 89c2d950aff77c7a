//! Call records: written in batches at the start and at the end of calls, cheap enough for thousands of short calls a second.

use sqlx::AssertSqlSafe;

use super::db::{Durability, Row, Tx, Val, vals};
use super::many::insert_many;
use super::{Store, StoreError, missed, reports, steps};
use crate::domain::{
    CallId, CallRecord, CustomerId, Disposition, End, Language, OrderNumber, PhoneNumber, QueueId, Step, Timestamp, UserId,
};

/// Which calls to list, latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Only arrived at or after.
    pub since: Option<Timestamp>,
    /// Only arrived before.
    pub until: Option<Timestamp>,
    /// Only those that waited in this queue.
    pub queue: Option<QueueId>,
    /// Only those that have no end written down.
    pub open: bool,
    /// Only from this number.
    pub caller: Option<PhoneNumber>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only those in which this person had a part.
    pub agent: Option<UserId>,
    /// Only what comes behind this one in the list.
    pub after: Option<CallId>,
    /// At most so many; 100 when zero.
    pub limit: u32,
}

/// What is known of the people in a call, for lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallPeople {
    pub queue: Option<QueueId>,
    /// In all queues together.
    pub waited_ms: u64,
    /// Who spoke with the caller first.
    pub agent: Option<(UserId, String)>,
    pub disposition: Option<u8>,
    /// Hung up while waiting.
    pub abandoned: bool,
    /// The customer's name.
    pub name: String,
}

/// A call as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCall {
    pub record: CallRecord,
    /// The node that had it.
    pub node: String,
    /// Its path; empty in lists, and until the call has ended.
    pub steps: Vec<Step>,
}

const COLUMNS: [&str; 26] = [
    "id",
    "sip_call_id",
    "node",
    "trunk",
    "caller",
    "dialled",
    "customer",
    "language",
    "arrived_at",
    "answered_at",
    "ended_at",
    "end_by",
    "end_reason",
    "codec",
    "order_number",
    "keys",
    "errors",
    "packets_in",
    "packets_lost",
    "one_way",
    "no_keys",
    "queue",
    "agent",
    "waited_ms",
    "disposition",
    "steps",
];

/// All but the path.
const SHORT: usize = COLUMNS.len() - 1;

/// What a call's end may tell anew.
const CHANGING: [&str; 18] = [
    "customer",
    "language",
    "answered_at",
    "ended_at",
    "end_by",
    "end_reason",
    "codec",
    "order_number",
    "keys",
    "errors",
    "packets_in",
    "packets_lost",
    "one_way",
    "no_keys",
    "queue",
    "agent",
    "waited_ms",
    "steps",
];

/// Rows in one transaction: an order that is being confirmed waits for at most one of them.
const BATCH: usize = 128;

impl Store {
    /// Notes calls that have begun, and calls that have ended with their paths; also ended ones whose start was not noted.
    /// What is known is left as it is, so that a failed group is simply given again. Both go together: a transaction costs
    /// more than the rows of a group.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_calls(&self, node: &str, started: &[CallRecord], ended: &[(CallRecord, Vec<Step>)]) -> Result<(), StoreError> {
        // What never changes is not set again: its indexes stay untouched.
        let set: Vec<String> = CHANGING.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let set = format!("on conflict (id) do update set {}", set.join(", "));
        let (mut started, mut ended) = (started.chunks(BATCH), ended.chunks(BATCH));
        loop {
            let (begun, over) = (started.next().unwrap_or_default(), ended.next().unwrap_or_default());
            if begun.is_empty() && over.is_empty() {
                return Ok(());
            }
            let mut tx = self.pool.begin(Durability::Relaxed).await?;
            let rows = begun.iter().map(|call| values(node, call, None)).collect();
            insert_many(&mut tx, "calls", &COLUMNS, rows, "on conflict (id) do nothing").await?;
            let rows = over.iter().map(|(call, path)| values(node, call, Some(steps::to_text(path, call.arrived_at)))).collect();
            insert_many(&mut tx, "calls", &COLUMNS, rows, &set).await?;
            let calls: Vec<&CallRecord> = begun.iter().chain(over.iter().map(|(call, _)| call)).collect();
            let times = || calls.iter().map(|call| call.arrived_at.as_millis());
            if let Some((first, last)) = times().min().zip(times().max()) {
                reports::changed(&mut tx, first, last).await?;
            }
            missed::called_again(&mut tx, &mut calls.into_iter()).await?;
            tx.commit().await?;
        }
    }

    /// Calls, latest first, without their paths.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn calls(&self, filter: &CallFilter) -> Result<Vec<StoredCall>, StoreError> {
        let sql = format!(
            "select {}, null from calls where arrived_at >= $1 and ($2 = '' or caller = $2) and arrived_at < $6 {} and {} and {} and {} and {} order by arrived_at desc, id desc limit $3",
            COLUMNS[..SHORT].join(", "),
            if filter.open { "and ended_at is null" } else { "" },
            // Written out, so that their indexes are used.
            if filter.customer.is_some() { "customer = $4" } else { "$4 = ''" },
            if filter.agent.is_some() { "id in (select call_id from call_parts where agent = $5)" } else { "$5 = ''" },
            if filter.queue.is_some() {
                "exists (select 1 from queue_visits as v where v.call_id = calls.id and v.queue = $7)"
            } else {
                "$7 = ''"
            },
            if filter.after.is_some() { "(arrived_at, id) < (select arrived_at, id from calls where id = $8)" } else { "$8 = ''" },
        );
        let limit = if filter.limit == 0 { 100 } else { filter.limit };
        let args = vals![
            filter.since.map_or(i64::MIN, Timestamp::as_millis),
            filter.caller.as_ref().map_or("", PhoneNumber::reveal),
            limit,
            filter.customer.as_ref().map_or("", CustomerId::as_str),
            filter.agent.as_ref().map_or("", UserId::as_str),
            filter.until.map_or(i64::MAX, Timestamp::as_millis),
            filter.queue.as_ref().map_or("", QueueId::as_str),
            filter.after.as_ref().map_or("", CallId::as_str),
        ];
        let rows = self.pool.rows(AssertSqlSafe(sql), args).await?;
        rows.iter().map(call).collect()
    }

    /// Calls, latest first, with the people in them.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn calls_with_people(&self, filter: &CallFilter) -> Result<Vec<(StoredCall, CallPeople)>, StoreError> {
        const PEOPLE: &str = "select 'visit', queue, outcome, entered_at, coalesce(left_at, entered_at) from queue_visits where call_id = $1 \
            union all select 'part', coalesce(agent, ''), name, from_at, 0 from call_parts where call_id = $1 and kind = 'agent' \
            union all select 'code', '', '', saved_at, disposition from wrap_ups where call_id = $1 and disposition is not null \
            union all select 'name', name, '', 0, 0 from customers where id = $2";
        let mut all = Vec::new();
        for stored in self.calls(filter).await? {
            let customer = stored.record.customer.as_ref().map_or("", CustomerId::as_str);
            let mut rows = self.pool.rows(PEOPLE, vals![stored.record.id.as_str(), customer]).await?;
            rows.sort_by_key(|row| row.int(3).unwrap_or(0));
            let mut people = CallPeople::default();
            for row in &rows {
                match row.text(0)? {
                    "visit" => {
                        people.queue = Some(QueueId::new(row.text(1)?));
                        people.waited_ms += u64::try_from(row.int(4)? - row.int(3)?).unwrap_or(0);
                        people.abandoned = row.opt_text(2)? == Some("abandoned");
                    }
                    "part" if people.agent.is_none() => people.agent = Some((UserId::new(row.text(1)?), row.text(2)?.to_owned())),
                    "code" => people.disposition = u8::try_from(row.int(4)?).ok(),
                    "name" => people.name = row.text(1)?.to_owned(),
                    _ => {}
                }
            }
            all.push((stored, people));
        }
        Ok(all)
    }

    /// One call with its path, by our id or by its SIP Call-ID (the latest, when a caller used one twice).
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn call(&self, id: &str) -> Result<Option<StoredCall>, StoreError> {
        let sql = format!("select {} from calls where id = $1 or sip_call_id = $1 order by arrived_at desc limit 1", COLUMNS.join(", "));
        self.pool.row(AssertSqlSafe(sql), vals![id]).await?.as_ref().map(call).transpose()
    }
}

/// Closes calls that a node left open when it was killed; how many. Their start stays as it was.
pub(super) async fn interrupt(tx: &mut Tx, node: &str, now: Timestamp) -> Result<u64, StoreError> {
    const SQL: &str = "update calls set ended_at = $1, end_by = 'us', end_reason = 'interrupted' where node = $2 and ended_at is null \
        returning arrived_at";
    let closed = tx.rows(SQL, vals![now.as_millis(), node]).await?;
    for call in &closed {
        let arrived = call.int(0)?;
        reports::changed(tx, arrived, arrived).await?;
    }
    Ok(closed.len() as u64)
}

fn values(node: &str, call: &CallRecord, path: Option<String>) -> Vec<Val> {
    vals![
        call.id.as_str(),
        &call.sip_call_id,
        node,
        &call.trunk,
        call.caller.as_ref().map(PhoneNumber::reveal),
        &call.dialled,
        call.customer.as_ref().map(CustomerId::as_str),
        call.language.tag(),
        call.arrived_at.as_millis(),
        call.answered_at.map(Timestamp::as_millis),
        call.ended_at.map(Timestamp::as_millis),
        call.end.as_ref().map(|end| end.by.name()),
        call.end.as_ref().map(|end| end.reason.name()),
        call.codec.as_deref(),
        call.order.as_ref().map(OrderNumber::as_str),
        call.keys,
        call.errors,
        call.packets_in,
        call.packets_lost,
        call.one_way,
        call.no_keys,
        call.queue.as_ref().map(QueueId::as_str),
        call.agent.as_ref().map(UserId::as_str),
        call.waited_ms,
        call.disposition.map(|disposition| i64::from(disposition.code())),
        path,
    ]
    .to_vec()
}

fn call(row: &Row) -> Result<StoredCall, StoreError> {
    let arrived_at = Timestamp::from_millis(row.int(8)?);
    let time = |place| row.opt_int(place).map(|at| at.map(Timestamp::from_millis));
    let small = |place| row.int(place).map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let large = |place| row.int(place).map(|count| u64::try_from(count).unwrap_or(0));
    let end = match (row.opt_text(11)?, row.opt_text(12)?) {
        (Some(by), Some(reason)) => Some(End { by: steps::party(by), reason: steps::reason(reason) }),
        _ => None,
    };
    let record = CallRecord {
        id: CallId::new(row.text(0)?),
        sip_call_id: row.text(1)?.to_owned(),
        trunk: row.text(3)?.to_owned(),
        caller: row.opt_text(4)?.and_then(PhoneNumber::parse),
        dialled: row.text(5)?.to_owned(),
        customer: row.opt_text(6)?.map(CustomerId::new),
        language: Language::from_tag(row.text(7)?).unwrap_or_default(),
        arrived_at,
        answered_at: time(9)?,
        ended_at: time(10)?,
        end,
        codec: row.opt_text(13)?.map(str::to_owned),
        order: row.opt_text(14)?.map(OrderNumber::new),
        keys: small(15)?,
        errors: small(16)?,
        packets_in: large(17)?,
        packets_lost: large(18)?,
        one_way: row.flag(19)?,
        no_keys: row.flag(20)?,
        queue: row.opt_text(21)?.map(QueueId::new),
        agent: row.opt_text(22)?.map(UserId::new),
        waited_ms: large(23)?,
        disposition: row.opt_int(24)?.and_then(|code| u8::try_from(code).ok()).and_then(Disposition::new),
    };
    let steps = row.opt_text(SHORT)?.map_or_else(Vec::new, |path| steps::from_text(path, arrived_at));
    Ok(StoredCall { record, node: row.text(2)?.to_owned(), steps })
}
