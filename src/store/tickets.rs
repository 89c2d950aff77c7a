//! Tickets: complaints and messages with an owner and a deadline, until somebody writes down what came of them (C29, C100).

use serde_json::json;

use super::db::{Durability, Row, Tx, broken, vals};
use super::journal::Entries;
use super::people::phone;
use super::{Author, NewTask, Store, StoreError, journal, new_id};
use crate::domain::{
    BranchNumber, CallId, CustomerId, NewTicket, OrderId, OrderNumber, PhoneNumber, RecordingId, TicketKind, Timestamp, UserId, ticket_time,
};
use crate::order::life::TaskKind;

/// A ticket as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub id: String,
    /// Digits, as spoken to the caller.
    pub number: String,
    pub kind: TicketKind,
    /// 1 is the worst.
    pub severity: u8,
    /// `open`, `taken`, `closed`.
    pub status: String,
    pub customer: Option<CustomerId>,
    /// Of the customer; empty when nobody knows.
    pub name: String,
    pub phone: Option<PhoneNumber>,
    pub order: Option<(OrderId, OrderNumber)>,
    pub branch: Option<BranchNumber>,
    pub call: Option<CallId>,
    pub recording: Option<RecordingId>,
    pub words: String,
    pub owner: Option<Author>,
    pub at: Timestamp,
    pub due_at: Timestamp,
    /// How often its deadline has passed.
    pub escalated: u32,
    /// When, by whom, what came of it, and how the customer heard.
    pub closed: Option<(Timestamp, String, String, String)>,
    pub revision: i64,
}

/// What was done about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketNote {
    pub at: Timestamp,
    pub by: String,
    /// `opened`, `taken`, `given_back`, `note`, `changed`, `escalated`, `closed`, `played`.
    pub kind: String,
    pub text: String,
}

/// What is to be done with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketStep {
    Take,
    GiveBack,
    Note(String),
    /// As bad as this from now on; the deadline begins anew.
    Severity(u8),
    /// What came of it, and how the customer heard: `called`, `message`, `nobody`.
    Close {
        outcome: String,
        told: &'static str,
    },
}

/// Which tickets to list: open ones by deadline, or all, latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketFilter {
    pub all: bool,
    pub branch: Option<BranchNumber>,
    pub customer: Option<CustomerId>,
    pub limit: u32,
}

const COLUMNS: &str = "t.id, t.number, t.kind, t.severity, t.status, t.customer, coalesce(c.name, ''), t.phone, t.order_id, o.number, t.branch, \
    t.call_id, t.recording, t.words, t.owner, t.owner_name, t.at, t.due_at, t.escalated, t.closed_at, t.closed_by, t.outcome, t.told, t.revision \
    from tickets as t left join customers as c on c.id = t.customer left join orders as o on o.id = t.order_id";

impl Store {
    /// Opens a ticket; its number, as it may be told to the customer.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn open_ticket(&self, ticket: &NewTicket, now: Timestamp) -> Result<(String, String), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let number = self.case_number(&mut tx, now).await?;
        let id = put(&mut tx, ticket, &number, now).await?;
        tx.commit().await?;
        Ok((id, number))
    }

    /// The next case number of the day.
    pub(super) async fn case_number(&self, tx: &mut Tx, now: Timestamp) -> Result<String, StoreError> {
        let day = self.clock.local(now).date().strftime("%y%m%d").to_string();
        Ok(format!("{day}{:04}", tx.count(&format!("cases:{day}"), 1).await?))
    }

    /// Tickets: open ones, the most urgent deadline first, or all, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn tickets(&self, filter: &TicketFilter) -> Result<Vec<Ticket>, StoreError> {
        let sql = format!(
            "select {COLUMNS} where {} and ($2 = 0 or t.branch = $2) and ($3 = '' or t.customer = $3) order by {} limit $1",
            if filter.all { "t.at >= 0" } else { "t.closed_at is null" },
            if filter.all { "t.at desc, t.number desc" } else { "t.due_at, t.number" },
        );
        let limit = if filter.limit == 0 { 200 } else { filter.limit };
        let customer = filter.customer.as_ref().map_or("", CustomerId::as_str);
        let args = vals![limit, filter.branch.map_or(0, BranchNumber::get), customer];
        self.pool.rows(sqlx::AssertSqlSafe(sql), args).await?.iter().map(ticket).collect()
    }

    /// One ticket, by id or number, with all that was done about it.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn ticket_story(&self, id: &str) -> Result<Option<(Ticket, Vec<TicketNote>)>, StoreError> {
        let sql = format!("select {COLUMNS} where t.id = $1 or t.number = $1");
        let Some(row) = self.pool.row(sqlx::AssertSqlSafe(sql), vals![id]).await? else { return Ok(None) };
        let ticket = ticket(&row)?;
        let notes = self
            .pool
            .rows("select at, by_name, kind, text from ticket_notes where ticket = $1 order by place", vals![&ticket.id])
            .await?
            .iter()
            .map(|row| {
                Ok(TicketNote {
                    at: Timestamp::from_millis(row.int(0)?),
                    by: row.text(1)?.to_owned(),
                    kind: row.text(2)?.to_owned(),
                    text: row.text(3)?.to_owned(),
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some((ticket, notes)))
    }

    /// One step with a ticket that the person saw in this revision.
    ///
    /// # Errors
    /// `Conflict` when somebody changed it since, or it is closed.
    pub async fn ticket_step(&self, id: &str, revision: i64, step: &TicketStep, by: &Author, now: Timestamp) -> Result<(), StoreError> {
        const GUARD: &str = "where id = $1 and revision = $2 and closed_at is null returning number, severity";
        let set = match step {
            TicketStep::Take => "status = 'taken', owner = $3, owner_name = $4",
            TicketStep::GiveBack => "status = 'open', owner = null, owner_name = null",
            TicketStep::Note(_) => "words = words",
            TicketStep::Severity(_) => "severity = $3, due_at = $4, escalated = 0",
            TicketStep::Close { .. } => "status = 'closed', closed_at = $3, closed_by = $4, outcome = $5, told = $6",
        };
        let mut args = vals![id, revision].to_vec();
        let (kind, text) = match step {
            TicketStep::Take => {
                args.extend(vals![by.user.as_str(), &by.name].to_vec());
                ("taken", String::new())
            }
            TicketStep::GiveBack => ("given_back", String::new()),
            TicketStep::Note(text) => ("note", text.clone()),
            TicketStep::Severity(severity) => {
                args.extend(vals![*severity, now.after(ticket_time(*severity)).as_millis()].to_vec());
                ("changed", format!("severity {severity}"))
            }
            TicketStep::Close { outcome, told } => {
                args.extend(vals![now.as_millis(), &by.name, outcome, *told].to_vec());
                ("closed", outcome.clone())
            }
        };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let sql = format!("update tickets set revision = revision + 1, {set} {GUARD}");
        let Some(row) = tx.row(sqlx::AssertSqlSafe(sql), &args).await? else { return Err(StoreError::Conflict) };
        let number = row.text(0)?.to_owned();
        note(&mut tx, id, now, &by.name, kind, &text).await?;
        // The message it began with is open as long as the ticket is.
        let message = match step {
            TicketStep::Take => Some("open"),
            TicketStep::GiveBack => Some("new"),
            TicketStep::Close { .. } => Some("closed"),
            TicketStep::Note(_) | TicketStep::Severity(_) => None,
        };
        if let Some(status) = message {
            tx.exec("update messages set status = $1 where number = $2", vals![status, &number]).await?;
        }
        let event = if kind == "closed" { "ticket_closed" } else { "ticket_changed" };
        let mut data = json!({ "number": number, "what": kind, "by": by.name });
        if let TicketStep::Close { outcome, told } = step {
            data["outcome"] = json!(outcome);
            data["told"] = json!(told);
        }
        journal::append(&mut tx, now, event, id, &data).await?;
        tx.commit().await?;
        if kind == "closed" {
            self.close_tasks(TaskKind::Complaint, id, "closed", now).await?;
        }
        Ok(())
    }

    /// Somebody listened to the recording of a ticket.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn ticket_played(&self, recording: &RecordingId, by: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let rows = tx.rows("update tickets set words = words where recording = $1 returning id", vals![recording.as_str()]).await?;
        for row in &rows {
            note(&mut tx, row.text(0)?, now, by, "played", "").await?;
        }
        tx.commit().await
    }

    /// Tickets whose deadline has passed become louder: nobody owns them any more but the lead, and the time begins anew.
    /// Each is escalated by one node. How many were.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn escalate_tickets(&self, now: Timestamp) -> Result<usize, StoreError> {
        const DUE: &str = "select id, severity, due_at from tickets where closed_at is null and due_at <= $1 order by due_at limit 100";
        const MOVE: &str = "update tickets set escalated = escalated + 1, due_at = $3, revision = revision + 1 \
            where id = $1 and due_at = $2 and closed_at is null returning number, escalated, owner_name, kind, branch, order_id";
        let mut done = 0;
        for row in self.pool.rows(DUE, vals![now.as_millis()]).await? {
            let (id, severity) = (row.text(0)?, u8::try_from(row.int(1)?).unwrap_or(3));
            let mut tx = self.pool.begin(Durability::Full).await?;
            let moved = tx.row(MOVE, vals![id, row.int(2)?, now.after(ticket_time(severity)).as_millis()]).await?;
            let Some(moved) = moved else {
                tx.undo().await?;
                continue;
            };
            let owner = moved.opt_text(2)?.unwrap_or("nobody").to_owned();
            note(&mut tx, id, now, "rule", "escalated", &format!("not closed in time; {owner} had it")).await?;
            let data = json!({
                "number": moved.text(0)?,
                "times": moved.int(1)?,
                "owner": owner,
                "kind": moved.text(3)?,
                "branch": moved.opt_int(4)?,
                "severity": severity,
            });
            let mut entries = Entries::default();
            let task = NewTask {
                kind: TaskKind::Complaint,
                subject: id.to_owned(),
                order: moved.opt_text(5)?.map(OrderId::new),
                number: None,
                branch: super::people::branch(moved.opt_int(4)?),
                due_at: None,
                words: json!({ "code": "ticket", "number": data["number"], "kind": data["kind"], "severity": severity }),
            };
            super::tasks::open_in(&mut tx, &task, now, &mut entries).await?;
            entries.write(&mut tx, now).await?;
            journal::append(&mut tx, now, "ticket_escalated", id, &data).await?;
            tx.commit().await?;
            done += 1;
        }
        Ok(done)
    }

    /// Whether this recording belongs to an order of this branch.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn recording_is_of(&self, recording: &RecordingId, branch: BranchNumber) -> Result<bool, StoreError> {
        const SQL: &str = "select 1 from orders where branch = $2 and placed_at > $3 and (recording = $1 or note = $1) limit 1";
        // An order's recordings are played while it is worked on.
        let since = self.recording(recording).await?.map_or(i64::MAX, |kept| kept.at.as_millis() - 3_600_000);
        Ok(self.pool.row(SQL, vals![recording.as_str(), branch.get(), since]).await?.is_some())
    }
}

/// Writes a ticket with its number; its id.
pub(super) async fn put(tx: &mut Tx, ticket: &NewTicket, number: &str, now: Timestamp) -> Result<String, StoreError> {
    let mut entries = Entries::default();
    let id = put_in(tx, ticket, number, now, &mut entries).await?;
    entries.write(tx, now).await?;
    Ok(id)
}

/// The same; its journal entry is written with the others.
pub(super) async fn put_in(
    tx: &mut Tx,
    ticket: &NewTicket,
    number: &str,
    now: Timestamp,
    entries: &mut Entries,
) -> Result<String, StoreError> {
    const SQL: &str = "insert into tickets (id, number, kind, severity, status, customer, phone, order_id, branch, call_id, recording, words, \
        at, due_at, escalated, revision) values ($1, $2, $3, $4, 'open', $5, $6, $7, (select branch from orders where id = $7), \
        coalesce($8, (select call_id from recordings where id = $9)), $9, $10, $11, $12, 0, 0)";
    let id = new_id(now);
    let severity = ticket.severity.unwrap_or_else(|| ticket.kind.severity());
    let args = vals![
        &id,
        number,
        ticket.kind.name(),
        severity,
        ticket.customer.as_ref().map(CustomerId::as_str),
        ticket.phone.as_ref().map(PhoneNumber::reveal),
        ticket.order.as_ref().map(OrderId::as_str),
        ticket.call.as_ref().map(CallId::as_str),
        ticket.recording.as_ref().map(RecordingId::as_str),
        &ticket.words,
        now.as_millis(),
        now.after(ticket_time(severity)).as_millis(),
    ];
    tx.exec(SQL, args).await?;
    note(tx, &id, now, &ticket.by, "opened", "").await?;
    let data =
        json!({ "number": number, "kind": ticket.kind.name(), "severity": severity, "order": ticket.order.as_ref().map(OrderId::as_str) });
    // A second ticket about an order is a second contact.
    super::reports::changed(tx, now.as_millis(), now.as_millis()).await?;
    entries.add("ticket_opened", &id, data);
    Ok(id)
}

/// The result that opened a ticket by rule is not said of the order any more: what nobody has begun to work on is closed; what somebody
/// works on stays theirs, with a word about it.
pub(super) async fn withdraw_in(tx: &mut Tx, order: &str, said: &str, now: Timestamp, entries: &mut Entries) -> Result<(), StoreError> {
    const RULED: &str = "select t.id, t.number, t.status from tickets as t where t.order_id = $1 and t.kind = 'delivery' and t.closed_at is null \
        and exists (select 1 from ticket_notes as n where n.ticket = t.id and n.kind = 'opened' and n.by_name = 'rule')";
    const CLOSE: &str = "update tickets set revision = revision + 1, status = 'closed', closed_at = $2, closed_by = 'rule', outcome = $3, \
        told = 'nobody' where id = $1 and status = 'open' and closed_at is null";
    for row in tx.rows(RULED, vals![order]).await? {
        let (id, number) = (row.text(0)?, row.text(1)?);
        let words = format!("corrected: {said}");
        if tx.exec(CLOSE, vals![id, now.as_millis(), &words]).await? == 1 {
            note(tx, id, now, "rule", "closed", &words).await?;
            super::tasks::close_subject(tx, TaskKind::Complaint, id, "corrected", now, entries).await?;
            entries.add(
                "ticket_closed",
                id,
                json!({ "number": number, "what": "closed", "by": "rule", "outcome": words, "told": "nobody" }),
            );
        } else {
            note(tx, id, now, "rule", "note", &words).await?;
            tx.exec("update tickets set revision = revision + 1 where id = $1", vals![id]).await?;
            entries.add("ticket_changed", id, json!({ "number": number, "what": "note", "by": "rule" }));
        }
    }
    Ok(())
}

async fn note(tx: &mut Tx, ticket: &str, now: Timestamp, by: &str, kind: &str, text: &str) -> Result<(), StoreError> {
    const SQL: &str = "insert into ticket_notes (ticket, place, at, by_name, kind, text) \
        values ($1, (select coalesce(max(place), 0) + 1 from ticket_notes where ticket = $1), $2, $3, $4, $5)";
    tx.exec(SQL, vals![ticket, now.as_millis(), by, kind, text]).await.map(|_| ())
}

fn ticket(row: &Row) -> Result<Ticket, StoreError> {
    let text = |place| row.opt_text(place).map(|text| text.unwrap_or_default().to_owned());
    let kind = row.text(2)?;
    Ok(Ticket {
        id: row.text(0)?.to_owned(),
        number: row.text(1)?.to_owned(),
        kind: TicketKind::parse(kind).ok_or_else(|| broken("kind of ticket", kind))?,
        severity: u8::try_from(row.int(3)?).unwrap_or(3),
        status: row.text(4)?.to_owned(),
        customer: row.opt_text(5)?.map(CustomerId::new),
        name: text(6)?,
        phone: row.opt_text(7)?.map(phone).transpose()?,
        order: row.opt_text(8)?.map(OrderId::new).zip(row.opt_text(9)?.map(OrderNumber::new)),
        branch: super::people::branch(row.opt_int(10)?),
        call: row.opt_text(11)?.map(CallId::new),
        recording: row.opt_text(12)?.map(RecordingId::new),
        words: text(13)?,
        owner: row
            .opt_text(14)?
            .map(|user| Author { user: UserId::new(user), name: row.opt_text(15).ok().flatten().unwrap_or_default().to_owned() }),
        at: Timestamp::from_millis(row.int(16)?),
        due_at: Timestamp::from_millis(row.int(17)?),
        escalated: u32::try_from(row.int(18)?).unwrap_or(0),
        closed: match row.opt_int(19)? {
            Some(at) => Some((Timestamp::from_millis(at), text(20)?, text(21)?, text(22)?)),
            None => None,
        },
        revision: row.int(23)?,
    })
}
