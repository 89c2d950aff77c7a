//! What is written down of each step: the order's timeline, and what the journal tells of it.

use serde_json::{Value, json};

use super::row::edit_json;
use crate::domain::{OrderId, OrderStatus, Timestamp};
use crate::order::life::{Actor, Life, Outcome, Owner, Step};
use crate::store::db::{Tx, vals};
use crate::store::{Store, StoreError};

/// One row of an order's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEvent {
    pub at: Timestamp,
    pub kind: String,
    pub by_kind: String,
    pub by_id: String,
    pub by_name: String,
    pub data: Value,
}

impl Store {
    /// What happened to an order, oldest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order_timeline(&self, id: &OrderId) -> Result<Vec<OrderEvent>, StoreError> {
        const SQL: &str = "select at, kind, by_kind, by_id, by_name, data from order_events where order_id = $1 order by place";
        let rows = self.pool.rows(SQL, vals![id.as_str()]).await?;
        rows.iter()
            .map(|row| {
                Ok(OrderEvent {
                    at: Timestamp::from_millis(row.int(0)?),
                    kind: row.text(1)?.to_owned(),
                    by_kind: row.text(2)?.to_owned(),
                    by_id: row.text(3)?.to_owned(),
                    by_name: row.text(4)?.to_owned(),
                    data: serde_json::from_str(row.text(5)?).unwrap_or_default(),
                })
            })
            .collect()
    }
}

/// What the timeline calls it.
pub(super) fn event_name(step: &Step, before: &Life, after: &Life) -> &'static str {
    if !matches!(step, Step::Overdue { .. }) {
        return step.name();
    }
    match (after.status, after.stage) {
        _ if before.owner == Owner::Clock => "send",
        _ if before.branch != after.branch => "next_branch",
        _ if before.pending != after.pending => "change_unanswered",
        (OrderStatus::Done, _) => "kept_in_vain",
        (OrderStatus::New, 1) => "loud",
        (OrderStatus::New, 2) if before.sent_at.is_some() => "unheard",
        (OrderStatus::New, 3) => "telephone",
        (OrderStatus::New, _) => "no_branch",
        (OrderStatus::AddressCheck, _) => "address_overdue",
        _ => "late",
    }
}

/// What the timeline knows of it besides who and when.
pub(super) fn event_data(step: &Step, before: &Life, after: &Life) -> Value {
    let mut data = match step {
        Step::Accept { minutes } => json!({ "minutes": minutes, "promised_at": after.promised_at.as_millis() }),
        Step::Refuse { reason, dishes, note } => {
            let dishes: Vec<u16> = dishes.iter().map(|dish| dish.get()).collect();
            json!({ "reason": reason.name(), "dishes": dishes, "note": note, "at_branch": before.branch.get() })
        }
        Step::Deliver { code: Some(Outcome::Unreachable), note, .. } if after.outcome.is_none() => {
            let held = after.held_until.map(Timestamp::as_millis);
            json!({ "note": note, "outcome": Outcome::Unreachable.name(), "attempt": after.attempts, "held_until": held })
        }
        Step::Deliver { code: Some(code), note, .. } if after.outcome.is_none() => json!({ "note": note, "outcome": code.name() }),
        Step::RunOut { dishes, note } => {
            let dishes: Vec<u16> = dishes.iter().map(|dish| dish.get()).collect();
            json!({ "note": note, "dishes": dishes, "outcome": Outcome::SoldOut.name() })
        }
        Step::Deliver { note, .. } | Step::Correct { note, .. } => json!({ "note": note }),
        Step::Reschedule { later, note } => json!({
            "note": note, "outcome": Outcome::Rescheduled.name(), "promised_at": later.at.as_millis(), "pickup": later.pickup,
            "promised_before": before.promised_at.as_millis(),
        }),
        Step::HandOver { .. } | Step::Rider { .. } => {
            json!({ "rider": after.rider.as_ref().map(|rider| &rider.id), "rider_name": after.rider.as_ref().map(|rider| &rider.name) })
        }
        Step::Reassign { why, .. } | Step::Cancel { why } | Step::AskCancel { why } | Step::Decline { why } => json!({ "why": why }),
        Step::AskEdit { lines, why } => json!({ "why": why, "lines": edit_json(lines) }),
        Step::Address { text, .. } => json!({ "text": text }),
        Step::Overdue { silent, .. } => json!({ "silent": silent }),
        Step::Seen | Step::Cook | Step::Ready | Step::Undo | Step::Send | Step::Nudge | Step::Grant => json!({}),
    };
    if before.status != after.status {
        data["from"] = json!(before.status.name());
        data["to"] = json!(after.status.name());
    }
    if before.branch != after.branch {
        data["from_branch"] = json!(before.branch.get());
        data["branch"] = json!(after.branch.get());
    }
    if let Some(said) = after.outcome.as_ref().filter(|_| before.outcome != after.outcome) {
        data["outcome"] = json!(said.code.name());
        data["minutes_late"] = json!(said.minutes_late);
    }
    data
}

/// What the journal says, so that a follower need not look for most of it.
pub(super) fn moved(number: &str, kind: &str, by: &Actor, before: &Life, after: &Life) -> Value {
    let mut data = json!({
        "number": number, "from": before.status.name(), "to": after.status.name(), "step": kind, "by": by.kind.name(),
        "by_name": by.name, "branch": after.branch.get(), "life": after.life, "version": after.version, "owner": after.owner.name(),
        "stage": after.stage,
    });
    if before.branch != after.branch {
        data["from_branch"] = json!(before.branch.get());
    }
    if before.rescheduled != after.rescheduled {
        data["rescheduled"] = json!(after.rescheduled);
        data["promised_at"] = json!(after.promised_at.as_millis());
    }
    if let Some(said) = &after.outcome {
        data["outcome"] = json!(said.code.name());
        data["minutes_late"] = json!(said.minutes_late);
    }
    data
}

/// Appends the event that made this life.
pub(in crate::store) async fn record(
    tx: &mut Tx,
    id: &str,
    life: &Life,
    kind: &str,
    by: &Actor,
    data: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into order_events (order_id, place, at, kind, by_kind, by_id, by_name, data) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let args = vals![id, life.life, now.as_millis(), kind, by.kind.name(), &by.id, &by.name, data.to_string()];
    tx.exec(SQL, args).await.map(|_| ())
}
