//! Conversations with people: stays in queues, who spoke with whom, wrap-ups, and the whole story of a call.

use super::calls::StoredCall;
use super::db::{Durability, Row, Tx, broken, vals};
use super::people::phone;
use super::{Store, StoreError, reports, sticky};
use crate::domain::{
    CallId, CallPart, CustomerId, Disposition, Fact, Language, OrderNumber, PartKind, PhoneNumber, QueueId, QueueOutcome, QueueVisit,
    Timestamp, UserId, WrapUp,
};

/// Everything that is known of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallStory {
    pub call: StoredCall,
    pub visits: Vec<QueueVisit>,
    pub parts: Vec<CallPart>,
    /// With the moment of saving.
    pub wrap_ups: Vec<(WrapUp, Timestamp)>,
    /// Orders taken down in it.
    pub orders: Vec<OrderNumber>,
}

const VISIT: &str = "id, call_id, queue, phone, customer, language, entered_at, left_at, outcome, agent, is_callback";
const PART: &str = "id, call_id, kind, agent, name, queue, from_at, until_at, began, ended, held_ms, note";
const WRAP_UP: &str = "call_id, agent, agent_name, customer, phone, disposition, note, order_number, follow, saved_at";

impl Store {
    /// Keeps facts, all or none; the same facts again change nothing.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn keep(&self, node: &str, facts: &[Fact], now: Timestamp) -> Result<(), StoreError> {
        if facts.is_empty() {
            return Ok(());
        }
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let mut times = Vec::new();
        for fact in facts {
            match fact {
                Fact::Visit(visit) => {
                    put_visit(&mut tx, node, visit).await?;
                    times.push(visit.entered_at.as_millis());
                }
                Fact::Part(part) => {
                    put_part(&mut tx, part).await?;
                    times.push(part.from.as_millis());
                }
                Fact::WrapUp(wrap_up) => put_wrap_up(&mut tx, wrap_up, now).await?,
                Fact::Spoke { customer, phone, agent, name, call, at } => {
                    if let Some(who) = sticky::key(customer.as_ref(), phone.as_ref()) {
                        sticky::remember_in(&mut tx, &who, agent, name, Some(call), *at).await?;
                    }
                }
                Fact::Time { day, agent, run, state, ms } => {
                    const SQL: &str = "insert into agent_times (day, agent, run, state, ms) values ($1, $2, $3, $4, $5) \
                        on conflict (day, agent, run, state) do update set ms = excluded.ms";
                    tx.exec(SQL, vals![day.to_string(), agent.as_str(), run, *state, *ms]).await?;
                }
                Fact::Tried(tried) => super::campaign_tries::put(&mut tx, tried).await?,
                Fact::Presence { agent, run, from, until } => super::shifts::put_presence(&mut tx, agent, run, *from, *until).await?,
                Fact::Missed(caller) => super::missed::put(&mut tx, caller).await?,
                Fact::Reached { phone, by } => super::missed::close(&mut tx, phone.reveal(), "spoken with", by, now).await?,
            }
        }
        if let Some((first, last)) = times.iter().min().zip(times.iter().max()) {
            reports::changed(&mut tx, *first, *last).await?;
        }
        tx.commit().await
    }

    /// Keeps how an agent sums a call up; what is still being typed never takes the place of what was saved.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_wrap_up(&self, wrap_up: &WrapUp, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        put_wrap_up(&mut tx, wrap_up, now).await?;
        tx.commit().await
    }

    /// A call with everybody who had a part in it, by our id or by its SIP Call-ID.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn call_story(&self, id: &str) -> Result<Option<CallStory>, StoreError> {
        let Some(call) = self.call(id).await? else { return Ok(None) };
        let id = call.record.id.as_str();
        let rows = |what: &str, table: &str, order: &str| {
            let sql = format!("select {what} from {table} where call_id = $1 order by {order}");
            let id = id.to_owned();
            async move { self.pool.rows(sqlx::AssertSqlSafe(sql), vals![id]).await }
        };
        let visits = rows(VISIT, "queue_visits", "entered_at, id").await?.iter().map(visit).collect::<Result<_, _>>()?;
        let parts = rows(PART, "call_parts", "from_at, id").await?.iter().map(part).collect::<Result<_, _>>()?;
        let wrap_ups = rows(WRAP_UP, "wrap_ups", "saved_at, agent").await?.iter().map(wrap_up).collect::<Result<_, _>>()?;
        let orders = rows("number", "orders", "placed_at, number").await?;
        let mut orders = orders.iter().map(|row| row.text(0).map(OrderNumber::new)).collect::<Result<Vec<_>, _>>()?;
        // What was keyed stands with the call; what a person took down, with the order.
        orders.extend(call.record.order.clone().filter(|keyed| !orders.contains(keyed)));
        Ok(Some(CallStory { call, visits, parts, wrap_ups, orders }))
    }

    /// The wrap-up that this agent has saved or begun for this call.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn wrap_up(&self, call: &CallId, agent: &UserId) -> Result<Option<WrapUp>, StoreError> {
        let sql = format!("select {WRAP_UP} from wrap_ups where call_id = $1 and agent = $2");
        let row = self.pool.row(sqlx::AssertSqlSafe(sql), vals![call.as_str(), agent.as_str()]).await?;
        Ok(row.as_ref().map(wrap_up).transpose()?.map(|(wrap_up, _)| wrap_up))
    }
}

async fn put_visit(tx: &mut Tx, node: &str, visit: &QueueVisit) -> Result<(), StoreError> {
    const SQL: &str = "insert into queue_visits (id, call_id, node, queue, phone, customer, language, entered_at, left_at, outcome, agent, is_callback) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (id) do update set customer = excluded.customer, \
        left_at = excluded.left_at, outcome = excluded.outcome, agent = excluded.agent where queue_visits.left_at is null";
    let args = vals![
        &visit.id,
        visit.call.as_str(),
        node,
        visit.queue.as_str(),
        visit.phone.as_ref().map(PhoneNumber::reveal),
        visit.customer.as_ref().map(CustomerId::as_str),
        visit.language.tag(),
        visit.entered_at.as_millis(),
        visit.left.map(|(at, _)| at.as_millis()),
        visit.left.map(|(_, outcome)| outcome.name()),
        visit.agent.as_ref().map(UserId::as_str),
        visit.is_callback,
    ];
    tx.exec(SQL, args).await.map(|_| ())
}

async fn put_part(tx: &mut Tx, part: &CallPart) -> Result<(), StoreError> {
    const SQL: &str = "insert into call_parts (id, call_id, kind, agent, name, queue, from_at, until_at, began, ended, held_ms, note) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (id) do update set until_at = excluded.until_at, \
        ended = excluded.ended, held_ms = excluded.held_ms, note = excluded.note";
    let args = vals![
        &part.id,
        part.call.as_str(),
        part.kind.name(),
        part.agent.as_ref().map(UserId::as_str),
        &part.name,
        part.queue.as_ref().map(QueueId::as_str),
        part.from.as_millis(),
        part.until.map(Timestamp::as_millis),
        &part.began,
        &part.ended,
        part.held_ms,
        &part.note,
    ];
    tx.exec(SQL, args).await.map(|_| ())
}

async fn put_wrap_up(tx: &mut Tx, wrap_up: &WrapUp, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "insert into wrap_ups (call_id, agent, agent_name, customer, phone, disposition, note, order_number, follow, saved_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (call_id, agent) do update set agent_name = excluded.agent_name, \
        customer = excluded.customer, phone = excluded.phone, disposition = excluded.disposition, note = excluded.note, \
        order_number = excluded.order_number, follow = excluded.follow, saved_at = excluded.saved_at \
        where wrap_ups.disposition is null or excluded.disposition is not null";
    let args = vals![
        wrap_up.call.as_str(),
        wrap_up.agent.as_str(),
        &wrap_up.agent_name,
        wrap_up.customer.as_ref().map(CustomerId::as_str),
        wrap_up.phone.as_ref().map(PhoneNumber::reveal),
        wrap_up.disposition.map(|disposition| i64::from(disposition.code())),
        &wrap_up.note,
        wrap_up.order.as_ref().map(OrderNumber::as_str),
        &wrap_up.follow,
        now.as_millis(),
    ];
    tx.exec(SQL, args).await?;
    if let Some(disposition) = wrap_up.disposition {
        let args = vals![i64::from(disposition.code()), wrap_up.call.as_str()];
        tx.exec("update calls set disposition = $1 where id = $2", args).await?;
    }
    if let (Some(Disposition::NUISANCE), Some(phone)) = (wrap_up.disposition, &wrap_up.phone) {
        super::proposals::by_agent(tx, phone, &wrap_up.note, &wrap_up.agent_name, now).await?;
    }
    reports::changed(tx, now.as_millis(), now.as_millis()).await?;
    // The time after the call counts on the day of the conversation.
    let parts = tx.rows("select from_at from call_parts where call_id = $1", vals![wrap_up.call.as_str()]).await?;
    for part in parts {
        let from = part.int(0)?;
        reports::changed(tx, from, from).await?;
    }
    Ok(())
}

fn time(row: &Row, place: usize) -> Result<Option<Timestamp>, StoreError> {
    Ok(row.opt_int(place)?.map(Timestamp::from_millis))
}

fn visit(row: &Row) -> Result<QueueVisit, StoreError> {
    let outcome = row.opt_text(8)?.map(|name| QueueOutcome::parse(name).ok_or_else(|| broken("end of a wait", name))).transpose()?;
    Ok(QueueVisit {
        id: row.text(0)?.to_owned(),
        call: CallId::new(row.text(1)?),
        queue: QueueId::new(row.text(2)?),
        phone: row.opt_text(3)?.map(phone).transpose()?,
        customer: row.opt_text(4)?.map(CustomerId::new),
        language: Language::from_tag(row.text(5)?).unwrap_or_default(),
        entered_at: Timestamp::from_millis(row.int(6)?),
        left: time(row, 7)?.zip(outcome),
        agent: row.opt_text(9)?.map(UserId::new),
        is_callback: row.flag(10)?,
    })
}

fn part(row: &Row) -> Result<CallPart, StoreError> {
    let kind = row.text(2)?;
    Ok(CallPart {
        id: row.text(0)?.to_owned(),
        call: CallId::new(row.text(1)?),
        kind: PartKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(|| broken("part in a call", kind))?,
        agent: row.opt_text(3)?.map(UserId::new),
        name: row.text(4)?.to_owned(),
        queue: row.opt_text(5)?.map(QueueId::new),
        from: Timestamp::from_millis(row.int(6)?),
        until: time(row, 7)?,
        began: row.text(8)?.to_owned(),
        ended: row.text(9)?.to_owned(),
        held_ms: u64::try_from(row.int(10)?).unwrap_or(0),
        note: row.text(11)?.to_owned(),
    })
}

fn wrap_up(row: &Row) -> Result<(WrapUp, Timestamp), StoreError> {
    let code = row.opt_int(5)?.and_then(|code| u8::try_from(code).ok()).and_then(Disposition::new);
    let wrap_up = WrapUp {
        call: CallId::new(row.text(0)?),
        agent: UserId::new(row.text(1)?),
        agent_name: row.text(2)?.to_owned(),
        customer: row.opt_text(3)?.map(CustomerId::new),
        phone: row.opt_text(4)?.map(phone).transpose()?,
        disposition: code,
        note: row.text(6)?.to_owned(),
        order: row.opt_text(7)?.map(OrderNumber::new),
        follow: row.text(8)?.to_owned(),
    };
    Ok((wrap_up, Timestamp::from_millis(row.int(9)?)))
}
