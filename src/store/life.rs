//! An order's way through its life: every step goes through one verb, writes its event and tells the journal, or changes nothing.

mod events;
mod row;

use serde_json::{Value, json};

use super::db::{Durability, Tx, vals};
use super::journal::Entries;
use super::people::branch as branch_number;
use super::tasks::{NewTask, close_in, open_in};
use super::{Store, StoreError, catalogue as shelf, credits, lines, points};
use crate::domain::{
    BranchNumber, Cart, CartLine, Catalogue, CustomerId, Fulfilment, MemberNumber, MenuNumber, Money, NewTicket, Opening, OrderId,
    OrderStatus, PhoneNumber, Place, TicketKind, Timestamp,
};
use crate::order::dispatch::{Room, has_room};
use crate::order::life::{Actor, ActorKind, EditLine, Effect, Life, Outcome, Refused, Step, TaskKind, Times, next};
use crate::order::pricing::quote_owed;
pub use events::OrderEvent;
pub(super) use events::record;
use events::{event_data, event_name, moved};
use row::write;
pub(super) use row::{COLUMNS, Cells, life};

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stepped {
    /// It was taken; the order as it now is.
    Done(Box<Life>),
    /// Somebody was first: the order is not what the one who asked had seen.
    Moved,
    /// It cannot be taken.
    Refused(Refused),
    NoOrder,
}

/// What an order must still be for a step to be taken.
#[derive(Debug, Clone, Copy)]
enum Guard {
    Any,
    Life(i64),
    Status(OrderStatus),
}

impl Store {
    /// Takes a step in an order's life. With `seen_life` only when nobody has done anything since. Ready when it is on disk:
    /// state, event, tasks and journal in one transaction.
    ///
    /// # Errors
    /// When the store cannot write; then nothing has changed.
    pub async fn order_step(
        &self,
        id: &OrderId,
        seen_life: Option<i64>,
        step: &Step,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Stepped, StoreError> {
        self.guarded_step(id, seen_life.map_or(Guard::Any, Guard::Life), step, by, now).await
    }

    /// Moves an order on by the names of its states, but only from the one that the caller saw.
    ///
    /// # Errors
    /// `Conflict` when it is in another status, or cannot go that way.
    pub async fn move_order(&self, id: &OrderId, from: OrderStatus, to: OrderStatus, now: Timestamp) -> Result<(), StoreError> {
        let step = match to {
            OrderStatus::New => self.written_down(id).await?,
            OrderStatus::AddressCheck => return Err(StoreError::Conflict),
            OrderStatus::Accepted => Step::Accept { minutes: None },
            OrderStatus::Cooking => Step::Cook,
            OrderStatus::Ready => Step::Ready,
            OrderStatus::Out => Step::HandOver { rider: None },
            OrderStatus::Done if from == OrderStatus::Out => Step::Deliver { code: None, note: String::new(), minutes_late: None },
            OrderStatus::Done => Step::HandOver { rider: None },
            OrderStatus::Cancelled => Step::Cancel { why: String::new() },
        };
        match self.guarded_step(id, Guard::Status(from), &step, &Actor::system(), now).await? {
            Stepped::Done(life) if life.status == to => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    /// The address of an order, as it is.
    async fn written_down(&self, id: &OrderId) -> Result<Step, StoreError> {
        let row = self.pool.row("select branch from orders where id = $1", vals![id.as_str()]).await?;
        let number = row.map(|row| row.int(0)).transpose()?;
        let branch = branch_number(number).ok_or(StoreError::Conflict)?;
        Ok(Step::Address { text: String::new(), branch, times: None })
    }

    /// Tells the branch to hurry: false when that was done within the last ten minutes, or nothing is left to hurry.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn urge_order(&self, id: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        let stepped = self.guarded_step(id, Guard::Any, &Step::Nudge, &caller(), now).await?;
        Ok(matches!(stepped, Stepped::Done(_)))
    }

    /// Cancels an order that nobody has begun to cook, and gives its points back: false when it is too late.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn cancel_order(&self, id: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        let stepped = self.guarded_step(id, Guard::Any, &Step::Cancel { why: String::new() }, &caller(), now).await?;
        Ok(matches!(stepped, Stepped::Done(_)))
    }

    async fn guarded_step(&self, id: &OrderId, guard: Guard, step: &Step, by: &Actor, now: Timestamp) -> Result<Stepped, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let stepped = self.step_in(&mut tx, id, guard, step, by, now).await?;
        match stepped {
            Stepped::Done(_) => self.told(tx).await?,
            _ => tx.undo().await?,
        }
        Ok(stepped)
    }

    async fn step_in(
        &self,
        tx: &mut Tx,
        id: &OrderId,
        guard: Guard,
        step: &Step,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Stepped, StoreError> {
        // The write that comes first: whoever takes a step with this order at the same moment waits here, and then sees this one.
        let sql = format!(
            "update orders set life = life + 1, changed_at = $2 where id = $1 returning {COLUMNS}, number, member, pay_fen, points"
        );
        let Some(row) = tx.row(sqlx::AssertSqlSafe(sql), vals![id.as_str(), now.as_millis()]).await? else { return Ok(Stepped::NoOrder) };
        let mut cells = Cells::new(&row);
        let mut before = life(&mut cells)?;
        before.life -= 1;
        let order = Sold {
            id: id.as_str(),
            number: cells.text()?.to_owned(),
            member: cells.opt_text()?.and_then(MemberNumber::parse),
            pay: Money::fen(cells.int()?),
            points: cells.int()?,
        };
        match guard {
            Guard::Life(seen) if seen != before.life => return Ok(Stepped::Moved),
            Guard::Status(from) if from != before.status => return Ok(Stepped::Moved),
            _ => {}
        }
        let Some(step) = with_times(tx, step).await? else {
            return Ok(Stepped::Refused(Refused::Field("there is no such branch")));
        };
        let wanted = match (&step, &before.pending) {
            (Step::AskEdit { lines, .. }, _) => lines.as_slice(),
            (Step::Grant, Some(pending)) => pending.lines.as_slice(),
            _ => &[],
        };
        if !wanted.is_empty() {
            let catalogue = shelf::catalogue_in(tx).await?;
            let mut fault = not_to_be_had(tx, order.id, before.branch, wanted, &catalogue, now).await?;
            // The branch is not asked about an order that it does not have yet: its limit holds, as for a new one.
            if fault.is_none() && before.sent_at.is_none() {
                fault = self.does_not_fit(tx, order.id, &before, wanted, &catalogue, now).await?;
            }
            if let Some(fault) = fault {
                return Ok(Stepped::Refused(Refused::Field(fault)));
            }
        }
        let change = match next(&before, &step, by, now, &self.rules) {
            Ok(change) => change,
            Err(refused) => return Ok(Stepped::Refused(refused)),
        };
        let after = change.life;
        write(tx, id.as_str(), &after).await?;
        let kind = event_name(&step, &before, &after);
        let mut data = event_data(&step, &before, &after);
        for effect in &change.effects {
            if let Effect::SoldOut(dishes) = effect {
                data["gone"] = json!(newly_gone(tx, after.branch, dishes, now).await?);
            }
        }
        record(tx, id.as_str(), &after, kind, by, &data, now).await?;
        let mut entries = Entries::default();
        let told = if matches!(step, Step::Nudge) { "order_urged" } else { "order_moved" };
        entries.add(told, id.as_str(), moved(&order.number, kind, by, &before, &after));
        for effect in &change.effects {
            self.carry_out(tx, effect, &order, &after, (kind, &data), now, &mut entries).await?;
        }
        entries.write(tx, now).await?;
        Ok(Stepped::Done(Box::new(after)))
    }

    #[expect(clippy::too_many_arguments, reason = "one effect of one step of one order")]
    async fn carry_out(
        &self,
        tx: &mut Tx,
        effect: &Effect,
        order: &Sold<'_>,
        life: &Life,
        (kind, data): (&str, &Value),
        now: Timestamp,
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        match effect {
            Effect::Open(task, code) => {
                let mut words = data.clone();
                words["code"] = json!(code);
                let task = NewTask {
                    kind: *task,
                    subject: order.id.to_owned(),
                    order: Some(OrderId::new(order.id)),
                    number: Some(order.number.clone()),
                    branch: Some(life.branch),
                    due_at: Some(now.after(self.rules.task_after)),
                    words,
                };
                open_in(tx, &task, now, entries).await?;
            }
            Effect::Close(kinds) => close_in(tx, order.id, kinds, kind, now, entries).await?,
            Effect::Telephone { again } => {
                let silent = data["silent"].as_bool().unwrap_or(false);
                let data =
                    json!({ "branch": life.branch.get(), "number": order.number, "life": life.life, "silent": silent, "again": again });
                entries.add("order_telephone", order.id, data);
            }
            Effect::SoldOut(dishes) => self.sold_out_in(tx, life.branch, dishes, now, entries).await?,
            Effect::BackOnMenu => self.back_on_menu(tx, order.id, life.branch, now, entries).await?,
            Effect::FlagAddress => {
                const SQL: &str = "update addresses set unchecked = 1, doubted_by = $1, doubted_branch = branch, branch = null \
                    where id = (select address_id from orders where id = $1)";
                tx.exec(SQL, vals![order.id]).await?;
            }
            Effect::Withdraw => {
                // Whoever has looked at it since knows better.
                const TRUST: &str = "update addresses set unchecked = case when doubted_branch is null then 1 else 0 end, branch = doubted_branch, \
                    doubted_by = null, doubted_branch = null where doubted_by = $1 and unchecked = 1 and branch is null";
                tx.exec(TRUST, vals![order.id]).await?;
                super::tickets::withdraw_in(tx, order.id, &data_said(data, life), now, entries).await?;
            }
            Effect::Address(text) => {
                const ORDER: &str = "update orders set address_text = $1 where id = $2 returning address_id";
                const KEPT: &str = "update addresses set text = $1, branch = $2, unchecked = 0 where id = $3";
                if let Some(row) = tx.row(ORDER, vals![text, order.id]).await?
                    && let Some(address) = row.opt_text(0)?
                {
                    tx.exec(KEPT, vals![text, life.branch.get(), address]).await?;
                }
            }
            Effect::Ticket => self.ticket_of(tx, order, data, now, entries).await?,
            Effect::Points => self.settle(tx, order, life, order.points, order.pay, now).await?,
            Effect::Lines(lines) => {
                let (points, pay) = self.priced_anew(tx, order, life, lines).await?;
                self.settle(tx, order, life, points, pay, now).await?;
            }
        }
        Ok(())
    }

    /// Something of it was missing, wrong or spilled: a ticket with the order, its customer, and what was said; not a second one while the
    /// first is open.
    async fn ticket_of(
        &self,
        tx: &mut Tx,
        order: &Sold<'_>,
        data: &Value,
        now: Timestamp,
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        const OPEN: &str = "select 1 from tickets where order_id = $1 and kind = 'delivery' and closed_at is null";
        const WHOSE: &str = "select customer, phone from orders where id = $1";
        if tx.row(OPEN, vals![order.id]).await?.is_some() {
            return Ok(());
        }
        let Some(whose) = tx.row(WHOSE, vals![order.id]).await? else { return Ok(()) };
        let note = data["note"].as_str().unwrap_or_default();
        let ticket = NewTicket {
            kind: TicketKind::Delivery,
            severity: None,
            customer: whose.opt_text(0)?.map(CustomerId::new),
            phone: PhoneNumber::parse(whose.text(1)?),
            order: Some(OrderId::new(order.id)),
            call: None,
            recording: None,
            words: format!("{} {note}", Outcome::Damaged.name()).trim().to_owned(),
            by: "rule".into(),
        };
        let number = self.case_number(tx, now).await?;
        super::tickets::put_in(tx, &ticket, &number, now, entries).await.map(|_| ())
    }

    /// Points earned and spent, and what the customer was owed, brought to what the order now is. Nothing was earned, and nothing paid, for food that never came.
    async fn settle(&self, tx: &mut Tx, order: &Sold<'_>, life: &Life, spent: i64, pay: Money, now: Timestamp) -> Result<(), StoreError> {
        let delivered = life.outcome.as_ref().map(|said| said.code.is_delivered());
        let off = life.status == OrderStatus::Cancelled || delivered == Some(false);
        credits::settle(tx, order.id, off).await?;
        let Some(member) = &order.member else { return Ok(()) };
        let earned = if delivered == Some(true) { points::earned(pay) } else { 0 };
        points::settle(tx, member, order.id, (earned, if off { 0 } else { spent }), now, &self.clock).await
    }

    /// Why a kitchen cannot promise these lines for the order's quarter of an hour, besides what it has promised to others (C78).
    async fn does_not_fit(
        &self,
        tx: &mut Tx,
        order: &str,
        life: &Life,
        wanted: &[EditLine],
        catalogue: &Catalogue,
        now: Timestamp,
    ) -> Result<Option<&'static str>, StoreError> {
        const OWN: &str = "select coalesce(cast(sum(l.quantity) as bigint), 0), o.goods_fen from orders as o left join order_lines as l \
            on l.order_id = o.id where o.id = $1 group by o.goods_fen";
        // Whoever promises the same quarter of an hour at this moment waits here.
        let day = self.clock.local(now).date().strftime("%y%m%d").to_string();
        tx.count(&format!("orders:{day}"), 0).await?;
        let promised = super::boards::promised_in(tx, life.branch, super::boards::slot_of(life.promised_at)).await?;
        let Some(own) = tx.row(OWN, vals![order]).await? else { return Ok(None) };
        let own = Room { items: u32::try_from(own.int(0)?).unwrap_or(0), fen: own.int(1)? };
        let items = wanted.iter().map(|wanted| u32::from(wanted.line.quantity.get())).sum();
        let price =
            |line: &CartLine| catalogue.dish(line.dish).map_or(Money::ZERO, |dish| dish.price_of(line.size).times(line.quantity.get()));
        let fen = wanted.iter().map(|wanted| price(&wanted.line)).sum::<Money>().as_fen();
        let others = Room { items: promised.items.saturating_sub(own.items), fen: promised.fen - own.fen };
        let kitchen = catalogue.branches.get(&life.branch).map(|branch| branch.kitchen).unwrap_or_default();
        let limits = (kitchen.capacity_items, kitchen.capacity.map(Money::as_fen));
        // Less than before is always welcome.
        let fits = (items <= own.items && fen <= own.fen) || has_room(others, Room { items, fen }, limits);
        Ok((!fits).then_some("the kitchen has promised all it can for that quarter of an hour"))
    }

    /// Dishes that a branch has run out of: until it closes.
    async fn sold_out_in(
        &self,
        tx: &mut Tx,
        branch: BranchNumber,
        dishes: &[MenuNumber],
        now: Timestamp,
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        shelf::raise_version(tx).await?;
        let until = self.closing(tx, branch, now).await?;
        for dish in dishes {
            shelf::put_sold_out(tx, *dish, Some(branch), until).await?;
        }
        let gone: Vec<u16> = dishes.iter().map(|dish| dish.get()).collect();
        entries.add("branch_changed", &branch.to_string(), json!({ "sold_out": gone, "until": until.as_millis() }));
        Ok(())
    }

    /// What the refusal that was taken back had said to be sold out can be had again; what was sold out before stays so.
    async fn back_on_menu(
        &self,
        tx: &mut Tx,
        order: &str,
        branch: BranchNumber,
        now: Timestamp,
        entries: &mut Entries,
    ) -> Result<(), StoreError> {
        const SQL: &str = "select data from order_events where order_id = $1 and kind in ('refuse', 'run_out') order by place desc limit 1";
        let Some(row) = tx.row(SQL, vals![order]).await? else { return Ok(()) };
        let data: Value = serde_json::from_str(row.text(0)?).unwrap_or_default();
        let gone: Vec<MenuNumber> = data["gone"].as_array().into_iter().flatten().filter_map(dish_of).collect();
        if gone.is_empty() {
            return Ok(());
        }
        shelf::raise_version(tx).await?;
        for dish in &gone {
            shelf::drop_sold_out(tx, *dish, Some(branch)).await?;
        }
        let back: Vec<u16> = gone.iter().map(|dish| dish.get()).collect();
        entries.add("branch_changed", &branch.to_string(), json!({ "has_again": back, "at": now.as_millis() }));
        Ok(())
    }

    /// When the branch closes today; the end of the day when it is closed.
    pub(super) async fn closing(&self, tx: &mut Tx, branch: BranchNumber, now: Timestamp) -> Result<Timestamp, StoreError> {
        let catalogue = shelf::catalogue_in(tx).await?;
        let local = self.clock.local(now);
        let closes = catalogue.branches.get(&branch).and_then(|found| match found.opening(local, &catalogue.holidays) {
            Opening::Open { closes, .. } => Some(closes),
            Opening::Closed { .. } => None,
        });
        let midnight = local.date().tomorrow().unwrap_or(local.date()).at(0, 0, 0, 0);
        // A house that never closes still gets a fresh menu in the morning.
        Ok(self.clock.timestamp(closes.map_or(midnight, |closes| closes.min(midnight.saturating_add(jiff::Span::new().hours(6))))))
    }

    /// Other lines at today's prices, with the level of then; what it now costs, and the points that it now spends.
    async fn priced_anew(&self, tx: &mut Tx, order: &Sold<'_>, life: &Life, wanted: &[EditLine]) -> Result<(i64, Money), StoreError> {
        const LEVEL: &str = "select level from members where number = $1";
        const SQL: &str = "update orders set goods_fen = $2, fee_fen = $3, pay_fen = $4, points = $5, fingerprint = $6 where id = $1";
        let catalogue = shelf::catalogue_in(tx).await?;
        let level = match &order.member {
            Some(member) => tx.row(LEVEL, vals![member.as_str()]).await?.map(|row| row.text(0).map(str::to_owned)).transpose()?,
            None => None,
        };
        let cart = Cart { lines: wanted.iter().map(|wanted| wanted.line.clone()).collect() };
        let place = match life.fulfilment {
            Fulfilment::Pickup => Place::Pickup { branch: life.branch },
            Fulfilment::Delivery => Place::Saved { address: String::new(), text: String::new(), branch: life.branch },
        };
        let placed = tx.row("select placed_at from orders where id = $1", vals![order.id]).await?;
        let placed = placed.map_or(Ok(0), |row| row.int(0))?;
        let at = self.clock.local(Timestamp::from_millis(placed));
        let credit = credits::used_by(tx, order.id).await?;
        let mut quote = quote_owed(&catalogue, &cart, level.as_deref(), at, Some(&place), order.points, credit.as_ref());
        let mut notes = wanted.iter().filter(|wanted| !quote.missing.contains(&wanted.line.dish)).map(|wanted| wanted.note.clone());
        for line in &mut quote.lines {
            line.note = notes.next().flatten();
        }
        for table in ["order_lines", "order_discounts"] {
            tx.exec(sqlx::AssertSqlSafe(format!("delete from {table} where order_id = $1")), vals![order.id]).await?;
        }
        lines::put(tx, order.id, &quote.lines, &quote.discounts).await?;
        let spent = quote.points_spent();
        let args = vals![order.id, quote.goods.as_fen(), quote.fee.as_fen(), quote.pay.as_fen(), spent, lines::fingerprint(&cart)];
        tx.exec(SQL, args).await?;
        Ok((spent, quote.pay))
    }
}

/// What of an order does not change with its life.
struct Sold<'a> {
    id: &'a str,
    number: String,
    member: Option<MemberNumber>,
    pay: Money,
    points: i64,
}

fn dish_of(number: &Value) -> Option<MenuNumber> {
    number.as_u64().and_then(|number| MenuNumber::new(u16::try_from(number).ok()?))
}

/// Why an order cannot be changed to these lines: each dish must be on the menu, and one that was not in it before must be to be had.
async fn not_to_be_had(
    tx: &mut Tx,
    order: &str,
    branch: BranchNumber,
    wanted: &[EditLine],
    catalogue: &Catalogue,
    now: Timestamp,
) -> Result<Option<&'static str>, StoreError> {
    let known = tx.rows("select dish from order_lines where order_id = $1", vals![order]).await?;
    let known = known.iter().map(|row| lines::dish(row.int(0)?)).collect::<Result<Vec<_>, _>>()?;
    let dishes = || wanted.iter().map(|wanted| wanted.line.dish);
    if dishes().any(|dish| catalogue.dish(dish).is_none()) {
        return Ok(Some("a dish is not on the menu"));
    }
    let gone = dishes().any(|dish| !known.contains(&dish) && catalogue.is_sold_out(dish, Some(branch), now));
    Ok(gone.then_some("a dish is sold out at the branch"))
}

/// Those of these dishes that can still be had at the branch.
async fn newly_gone(tx: &mut Tx, branch: BranchNumber, dishes: &[MenuNumber], now: Timestamp) -> Result<Vec<u16>, StoreError> {
    const SQL: &str = "select 1 from sold_out where dish = $1 and branch = $2 and until_at > $3";
    let mut gone = Vec::new();
    for dish in dishes {
        if tx.row(SQL, vals![dish.get(), branch.get(), now.as_millis()]).await?.is_none() {
            gone.push(dish.get());
        }
    }
    Ok(gone)
}

/// What is said of the order now, for a ticket of what was said before.
fn data_said(data: &Value, life: &Life) -> String {
    let code = life.outcome.as_ref().map_or("open", |said| said.code.name());
    format!("{code} {}", data["note"].as_str().unwrap_or_default()).trim().to_owned()
}

fn caller() -> Actor {
    Actor::new(ActorKind::Caller, "", "")
}

/// What a branch needs for an order.
async fn times_of(tx: &mut Tx, branch: BranchNumber) -> Result<Option<Times>, StoreError> {
    const SQL: &str = "select cook_minutes, delivery_minutes from branches where number = $1 and retired = 0";
    let Some(row) = tx.row(SQL, vals![branch.get()]).await? else { return Ok(None) };
    Ok(Some(times(row.int(0)?, row.int(1)?)))
}

/// Cooking, and what is left of the delivery time for the way.
fn times(cook: i64, delivery: i64) -> Times {
    let small = |minutes: i64| u16::try_from(minutes).unwrap_or(0).min(1440);
    Times { cook: small(cook), travel: small(delivery).saturating_sub(small(cook)) }
}

/// The step with the times of the branch that it names; `None` when there is no such branch.
async fn with_times(tx: &mut Tx, step: &Step) -> Result<Option<Step>, StoreError> {
    let mut step = step.clone();
    if let Step::Reassign { branch, times, .. } | Step::Address { branch, times, .. } = &mut step {
        *times = times_of(tx, *branch).await?;
        if times.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(step))
}

/// Writes the life of an order that has just been put in, and opens the tasks that it brings with it.
pub(super) async fn begin(
    tx: &mut Tx,
    (id, number): (&str, &str),
    life: &Life,
    by: &Actor,
    tasks: &[(TaskKind, Value)],
    now: Timestamp,
    entries: &mut Entries,
) -> Result<(), StoreError> {
    write(tx, id, life).await?;
    let data = json!({ "to": life.status.name(), "branch": life.branch.get(), "why": life.branch_why });
    record(tx, id, life, "placed", by, &data, now).await?;
    for (kind, words) in tasks {
        let task = NewTask {
            kind: *kind,
            subject: id.to_owned(),
            order: Some(OrderId::new(id)),
            number: Some(number.to_owned()),
            branch: Some(life.branch),
            due_at: life.due_at,
            words: words.clone(),
        };
        open_in(tx, &task, now, entries).await?;
    }
    Ok(())
}
