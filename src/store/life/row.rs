//! An order's life as it lies in its row: written, and read back from left to right.

use serde_json::{Value, json};

use crate::domain::{BranchNumber, CartLine, MenuNumber, OrderStatus, Quantity, Size, Spice, Timestamp};
use crate::order::life::{Delivered, EditLine, Life, Outcome, Owner, Pending, PendingKind, Rider, Times, Undo};
use crate::store::db::{Row, Tx, broken, vals};
use crate::store::{StoreError, lines};

/// Columns of [`life`], in its order.
pub(in crate::store) const COLUMNS: &str = "status, owner, fulfilment, branch, branch_why, refused_by, cook_minutes, travel_minutes, due_at, stage, \
    version, life, promised_at, release_at, sent_at, seen_at, accepted_at, cooking_at, ready_at, out_at, done_at, urged_at, outcome, \
    outcome_minutes, outcome_by, outcome_at, outcome_until, rider, rider_name, pending, undo, change_why, \
    attempts, held_until, rescheduled, lacks";

/// Writes all of a life.
pub(in crate::store) async fn write(tx: &mut Tx, id: &str, life: &Life) -> Result<(), StoreError> {
    const SQL: &str = "update orders set status = $2, owner = $3, branch = $4, branch_why = $5, refused_by = $6, cook_minutes = $7, \
        travel_minutes = $8, due_at = $9, stage = $10, version = $11, life = $12, promised_at = $13, release_at = $14, sent_at = $15, \
        seen_at = $16, accepted_at = $17, cooking_at = $18, ready_at = $19, out_at = $20, done_at = $21, urged_at = $22, outcome = $23, \
        outcome_minutes = $24, outcome_by = $25, outcome_at = $26, outcome_until = $27, rider = $28, rider_name = $29, pending = $30, \
        undo = $31, change_why = $32, attempts = $33, held_until = $34, rescheduled = $35, fulfilment = $36, lacks = $37, \
        expected_at = case when $2 in ('done', 'cancelled') then null else expected_at end where id = $1";
    let time = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    let said = life.outcome.as_ref();
    let args = vals![
        id,
        life.status.name(),
        life.owner.name(),
        life.branch.get(),
        &life.branch_why,
        numbers(&life.refused_by),
        life.times.cook,
        life.times.travel,
        time(life.due_at),
        life.stage,
        life.version,
        life.life,
        life.promised_at.as_millis(),
        time(life.release_at),
        time(life.sent_at),
        time(life.seen_at),
        time(life.accepted_at),
        time(life.cooking_at),
        time(life.ready_at),
        time(life.out_at),
        time(life.done_at),
        time(life.urged_at),
        said.map(|said| said.code.name()),
        said.map(|said| i64::from(said.minutes_late)),
        said.map(|said| said.by.as_str()),
        said.map(|said| said.at.as_millis()),
        said.map(|said| said.until.as_millis()),
        life.rider.as_ref().map(|rider| rider.id.as_str()),
        life.rider.as_ref().map(|rider| rider.name.as_str()),
        life.pending.as_ref().map(|pending| pending_json(pending).to_string()),
        life.undo.as_ref().map(|undo| undo_json(undo).to_string()),
        &life.change_why,
        life.attempts,
        time(life.held_until),
        life.rescheduled,
        lines::fulfilment_name(life.fulfilment),
        life.lacks.as_deref().map(dishes),
    ];
    tx.exec(SQL, args).await.map(|_| ())
}

fn dishes(numbers: &[MenuNumber]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn lacking(text: &str) -> Vec<MenuNumber> {
    text.split(',').filter_map(|number| MenuNumber::new(number.parse().ok()?)).collect()
}

fn numbers(branches: &[BranchNumber]) -> String {
    branches.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// Reads a row from left to right.
pub(in crate::store) struct Cells<'a> {
    row: &'a Row,
    place: usize,
}

impl<'a> Cells<'a> {
    pub(in crate::store) const fn new(row: &'a Row) -> Self {
        Self { row, place: 0 }
    }

    const fn step(&mut self) -> usize {
        self.place += 1;
        self.place - 1
    }

    pub(in crate::store) fn int(&mut self) -> Result<i64, StoreError> {
        self.row.int(self.step())
    }

    pub(in crate::store) fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        self.row.opt_int(self.step())
    }

    pub(in crate::store) fn text(&mut self) -> Result<&'a str, StoreError> {
        self.row.text(self.step())
    }

    pub(in crate::store) fn opt_text(&mut self) -> Result<Option<&'a str>, StoreError> {
        self.row.opt_text(self.step())
    }

    fn time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_int()?.map(Timestamp::from_millis))
    }

    fn small<T: TryFrom<i64> + Default>(&mut self) -> Result<T, StoreError> {
        Ok(T::try_from(self.int()?).unwrap_or_default())
    }
}

/// Reads [`COLUMNS`].
pub(in crate::store) fn life(cells: &mut Cells<'_>) -> Result<Life, StoreError> {
    let status = cells.text()?;
    let owner = cells.text()?;
    let mut life = Life {
        status: OrderStatus::from_name(status).ok_or_else(|| broken("status", status))?,
        owner: Owner::from_name(owner).ok_or_else(|| broken("owner", owner))?,
        fulfilment: lines::fulfilment(cells.text()?)?,
        branch: crate::store::people::cooked_by(cells.int()?)?,
        branch_why: cells.text()?.to_owned(),
        refused_by: cells.text()?.split(',').filter_map(|number| number.parse().ok()).collect(),
        times: Times { cook: cells.small()?, travel: cells.small()? },
        due_at: cells.time()?,
        stage: cells.small()?,
        version: cells.small()?,
        life: cells.int()?,
        promised_at: cells.time()?.ok_or_else(|| broken("promise", "none"))?,
        release_at: cells.time()?,
        sent_at: cells.time()?,
        seen_at: cells.time()?,
        accepted_at: cells.time()?,
        cooking_at: cells.time()?,
        ready_at: cells.time()?,
        out_at: cells.time()?,
        done_at: cells.time()?,
        urged_at: cells.time()?,
        outcome: None,
        attempts: 0,
        held_until: None,
        rescheduled: 0,
        lacks: None,
        rider: None,
        pending: None,
        undo: None,
        change_why: String::new(),
    };
    let code = cells.opt_text()?;
    let (minutes, by, at, until) = (cells.opt_int()?, cells.opt_text()?, cells.time()?, cells.time()?);
    if let Some(code) = code {
        let at = at.or(life.done_at).unwrap_or(life.promised_at);
        life.outcome = Some(Delivered {
            code: Outcome::from_name(code).ok_or_else(|| broken("outcome", code))?,
            minutes_late: minutes.and_then(|minutes| u32::try_from(minutes).ok()).unwrap_or(0),
            by: by.unwrap_or_default().to_owned(),
            at,
            until: until.unwrap_or(at),
        });
    }
    let (rider, name) = (cells.opt_text()?, cells.opt_text()?);
    life.rider = rider.map(|id| Rider { id: id.to_owned(), name: name.unwrap_or_default().to_owned() });
    life.pending = cells.opt_text()?.and_then(|text| pending(&serde_json::from_str(text).ok()?));
    let undo = cells.opt_text()?.map(str::to_owned);
    cells.text()?.clone_into(&mut life.change_why);
    (life.attempts, life.held_until, life.rescheduled) = (cells.small()?, cells.time()?, cells.small()?);
    life.lacks = cells.opt_text()?.map(lacking);
    life.undo = undo.and_then(|text| undone(&serde_json::from_str(&text).ok()?, &life));
    Ok(life)
}

fn pending_json(pending: &Pending) -> Value {
    json!({
        "kind": pending.kind.name(), "why": pending.why, "by": pending.by, "at": pending.at.as_millis(), "alarmed": pending.alarmed,
        "lines": edit_json(&pending.lines),
    })
}

fn pending(json: &Value) -> Option<Pending> {
    Some(Pending {
        kind: PendingKind::from_name(json["kind"].as_str()?)?,
        why: json["why"].as_str()?.to_owned(),
        by: json["by"].as_str()?.to_owned(),
        at: Timestamp::from_millis(json["at"].as_i64()?),
        lines: json["lines"].as_array()?.iter().filter_map(edit_line).collect(),
        alarmed: json["alarmed"].as_bool()?,
    })
}

pub(super) fn edit_json(lines: &[EditLine]) -> Value {
    let line = |EditLine { line, note }: &EditLine| {
        json!([line.dish.get(), line.quantity.get(), line.size.map(Size::key), line.spice.map(Spice::key), note])
    };
    Value::Array(lines.iter().map(line).collect())
}

fn edit_line(json: &Value) -> Option<EditLine> {
    let small = |place: usize| json[place].as_u64().and_then(|number| u16::try_from(number).ok());
    let key = |place: usize| small(place).and_then(|key| u8::try_from(key).ok());
    let line = CartLine {
        dish: MenuNumber::new(small(0)?)?,
        quantity: Quantity::new(small(1)?)?,
        size: key(2).and_then(Size::by_key),
        spice: key(3).and_then(Spice::by_key),
    };
    Some(EditLine { line, note: json[4].as_str().map(str::to_owned) })
}

/// What a step of the branch can change, as it was.
fn undo_json(undo: &Undo) -> Value {
    let Life { status, owner, refused_by, stage, promised_at, rider, pending, change_why, .. } = &*undo.before;
    let before = &undo.before;
    let time = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    json!({
        "until": undo.until.as_millis(), "status": status.name(), "owner": owner.name(), "refused_by": numbers(refused_by), "stage": stage,
        "promised_at": promised_at.as_millis(), "sent_at": time(before.sent_at), "seen_at": time(before.seen_at),
        "accepted_at": time(before.accepted_at), "cooking_at": time(before.cooking_at), "ready_at": time(before.ready_at),
        "out_at": time(before.out_at), "done_at": time(before.done_at), "change_why": change_why,
        "attempts": before.attempts, "held_until": time(before.held_until), "lacks": before.lacks.as_deref().map(dishes),
        "rider": rider.as_ref().map(|rider| [&rider.id, &rider.name]),
        "pending": pending.as_ref().map(pending_json),
    })
}

fn undone(json: &Value, now: &Life) -> Option<Undo> {
    let time = |name: &str| json[name].as_i64().map(Timestamp::from_millis);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let rider = json["rider"].as_array().and_then(|pair| Some(Rider { id: text(pair.first()?)?, name: text(pair.get(1)?)? }));
    let before = Life {
        status: OrderStatus::from_name(json["status"].as_str()?)?,
        owner: Owner::from_name(json["owner"].as_str()?)?,
        refused_by: json["refused_by"].as_str()?.split(',').filter_map(|number| number.parse().ok()).collect(),
        stage: u8::try_from(json["stage"].as_u64()?).ok()?,
        promised_at: time("promised_at")?,
        sent_at: time("sent_at"),
        seen_at: time("seen_at"),
        accepted_at: time("accepted_at"),
        cooking_at: time("cooking_at"),
        ready_at: time("ready_at"),
        out_at: time("out_at"),
        done_at: time("done_at"),
        change_why: json["change_why"].as_str()?.to_owned(),
        attempts: json["attempts"].as_u64().and_then(|count| u8::try_from(count).ok()).unwrap_or(0),
        held_until: time("held_until"),
        lacks: json["lacks"].as_str().map(lacking),
        rider,
        pending: pending(&json["pending"]),
        outcome: None,
        undo: None,
        ..now.clone()
    };
    Some(Undo { until: time("until")?, before: Box::new(before) })
}
