//! Riders (C84): whom they are out for, what money is due, and what they report of their deliveries (C85).

use serde_json::{Value, json};

use super::db::{Durability, Row, Tx, Val, vals};
use super::people::cooked_by;
use super::{Stepped, Store, StoreError, journal, new_id, orders, secret_hash};
use crate::domain::{BranchNumber, Money, OrderId, OrderStatus, PhoneNumber, Timestamp};
use crate::ivr::question::OrderView;
use crate::order::life::{Actor, ActorKind, Outcome, Report, Step};

/// Reports for orders that left longer ago than this are for people.
const REPORTED_WITHIN: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// One rider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRider {
    pub id: String,
    pub branch: BranchNumber,
    pub name: String,
    pub phone: Option<PhoneNumber>,
    /// On the way with these, or on the way back.
    pub out: bool,
    pub out_with: Vec<OrderId>,
    /// Since when they are out, or in.
    pub since: Timestamp,
    /// Cash that is to be handed in.
    pub due: Money,
    pub retired: bool,
}

impl StoredRider {
    /// As boards show a rider; times in milliseconds. `masked`: for those who ring nobody up (C98).
    #[must_use]
    pub fn card(&self, masked: bool) -> Value {
        let phone = self.phone.as_ref().map(|phone| if masked { phone.to_string() } else { phone.reveal().to_owned() });
        json!({
            "id": self.id,
            "branch": self.branch.get(),
            "name": self.name,
            "phone": phone.unwrap_or_default(),
            "state": if self.out { "out" } else { "in" },
            "out_with": self.out_with.iter().map(OrderId::as_str).collect::<Vec<_>>(),
            "due_fen": self.due.as_fen(),
            "since": self.since.as_millis(),
        })
    }
}

/// What came of cash that a rider handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedIn {
    /// Taken; so much is still owed.
    Taken { left: Money },
    /// More than is owed was counted: nothing was taken. With so many orders the rider is still on the way.
    TooMuch { due: Money, out: i64 },
}

/// A rider's changed or first particulars.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RiderWish {
    pub name: Option<String>,
    /// An empty one takes the number off.
    pub phone: Option<Option<PhoneNumber>>,
    pub retired: Option<bool>,
}

/// Outcomes by which the diner has the food, and has paid for it.
const PAID: &str = "('D00', 'D10', 'D30', 'D60', 'D82')";

impl Store {
    /// The riders of a branch, or of all.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn riders(&self, branch: Option<BranchNumber>) -> Result<Vec<StoredRider>, StoreError> {
        let branch = branch.map_or(0, |branch| i64::from(branch.get()));
        self.riders_where("($1 = 0 or r.branch = $1) and r.retired = 0", vals![branch]).await
    }

    /// One rider, also one who has left.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn rider(&self, id: &str) -> Result<Option<StoredRider>, StoreError> {
        Ok(self.riders_where("r.id = $1", vals![id]).await?.pop())
    }

    async fn riders_where(&self, which: &str, args: &[Val]) -> Result<Vec<StoredRider>, StoreError> {
        let sql = format!(
            "select r.id, r.branch, r.name, r.phone, r.in_at, r.owed_fen, r.retired from riders as r where {which} order by r.branch, r.name, r.id"
        );
        // What they carry since they were in last.
        let carried = format!(
            "select o.id, o.status, o.out_at, case when o.outcome in {PAID} then o.pay_fen else 0 end from orders as o \
             where o.rider = $1 and o.out_at >= $2 order by o.out_at, o.id"
        );
        let mut riders = Vec::new();
        for row in self.pool.rows(sqlx::AssertSqlSafe(sql), args).await? {
            let mut rider = stored(&row)?;
            let orders = self.pool.rows(sqlx::AssertSqlSafe(carried.clone()), vals![&rider.id, rider.since.as_millis()]).await?;
            for order in &orders {
                if order.text(1)? == OrderStatus::Out.name() {
                    rider.out_with.push(OrderId::new(order.text(0)?));
                }
                rider.due = rider.due.plus(Money::fen(order.int(3)?));
            }
            if let Some(first) = orders.first() {
                (rider.out, rider.since) = (true, Timestamp::from_millis(first.int(2)?));
            }
            riders.push(rider);
        }
        Ok(riders)
    }

    /// A new rider of a branch; the id.
    ///
    /// # Errors
    /// `Conflict` when somebody else has this number.
    pub async fn add_rider(
        &self,
        branch: BranchNumber,
        name: &str,
        phone: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        const SQL: &str =
            "insert into riders (id, branch, name, phone, in_at, owed_fen, retired, changed_at) values ($1, $2, $3, $4, $5, 0, 0, $5)";
        let id = new_id(now);
        let mut tx = self.pool.begin(Durability::Full).await?;
        tx.exec(SQL, vals![&id, branch.get(), name, phone.map_or("", PhoneNumber::reveal), now.as_millis()]).await?;
        changed(&mut tx, &id, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Changes a rider; false when there is none of this id.
    ///
    /// # Errors
    /// `Conflict` when somebody else has this number.
    pub async fn change_rider(&self, id: &str, wish: &RiderWish, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update riders set name = coalesce($1, name), phone = coalesce($2, phone), retired = coalesce($3, retired), \
            changed_at = $4 where id = $5";
        let phone = wish.phone.as_ref().map(|phone| phone.as_ref().map_or(String::new(), |phone| phone.reveal().to_owned()));
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![wish.name.clone(), phone, wish.retired.map(i64::from), now.as_millis(), id];
        let done = tx.exec(SQL, args).await? == 1;
        if done {
            changed(&mut tx, id, now).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// A rider is back and hands in cash: at most what is owed, so that nobody's debt falls below zero and the till holds no
    /// money that belongs to no order. None when there is no such rider.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn rider_in(&self, id: &str, cash: Money, by: &str, now: Timestamp) -> Result<Option<HandedIn>, StoreError> {
        const LEDGER: &str = "insert into rider_cash (id, rider, at, due_fen, fen, by_name) values ($1, $2, $3, $4, $5, $6)";
        let mut tx = self.pool.begin(Durability::Full).await?;
        // The write that comes first: two who take the money meet here.
        let Some(row) =
            tx.row("update riders set changed_at = $1 where id = $2 returning in_at, owed_fen", vals![now.as_millis(), id]).await?
        else {
            tx.undo().await?;
            return Ok(None);
        };
        let sum = format!(
            "select cast(coalesce(sum(case when outcome in {PAID} then pay_fen else 0 end), 0) as bigint), \
             cast(count(case when status = 'out' then 1 end) as bigint) from orders where rider = $1 and out_at >= $2"
        );
        let found = tx.row(sqlx::AssertSqlSafe(sum), vals![id, row.int(0)?]).await?;
        let (carried, still_out) = found.map_or(Ok((0, 0)), |found| Ok::<_, StoreError>((found.int(0)?, found.int(1)?)))?;
        let due = Money::fen(row.int(1)?).plus(Money::fen(carried));
        if cash > due {
            tx.undo().await?;
            return Ok(Some(HandedIn::TooMuch { due, out: still_out }));
        }
        let left = due.minus(cash);
        tx.exec(LEDGER, vals![new_id(now), id, now.as_millis(), due.as_fen(), cash.as_fen(), by]).await?;
        if still_out == 0 {
            tx.exec("update riders set in_at = $1, owed_fen = $2 where id = $3", vals![now.as_millis(), left.as_fen(), id]).await?;
        } else {
            // Orders are still on the way with them: the money is taken, they stay out.
            tx.exec("update riders set owed_fen = owed_fen - $1 where id = $2", vals![cash.as_fen(), id]).await?;
        }
        changed(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(Some(HandedIn::Taken { left }))
    }

    /// A secret that opens one order's page for its rider.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn add_rider_link(&self, order: &OrderId, secret: &str, by: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into rider_links (hash, order_id, made_at, made_by) values ($1, $2, $3, $4)";
        self.write(SQL, vals![secret_hash(secret), order.as_str(), now.as_millis(), by]).await
    }

    /// The order that this secret opens.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn rider_link(&self, secret: &str) -> Result<Option<OrderId>, StoreError> {
        let row = self.pool.row("select order_id from rider_links where hash = $1", vals![secret_hash(secret)]).await?;
        row.map(|row| row.text(0).map(OrderId::new)).transpose()
    }

    /// The rider whose number this is.
    async fn rider_of(&self, phone: Option<&PhoneNumber>) -> Result<Option<StoredRider>, StoreError> {
        match phone {
            Some(phone) => Ok(self.riders_where("r.phone = $1 and r.retired = 0", vals![phone.reveal()]).await?.pop()),
            None => Ok(None),
        }
    }

    /// The order with these last four digits that somebody may report on by telephone: one that is on its way, or was until
    /// a short while ago. A rider whose number is known reports on their own orders, and on those of their branch that
    /// nobody was written down for.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn rider_order(&self, last4: &str, caller: Option<&PhoneNumber>, now: Timestamp) -> Result<Option<OrderView>, StoreError> {
        if last4.len() != 4 || !last4.bytes().all(|digit| digit.is_ascii_digit()) {
            return Ok(None);
        }
        let rider = self.rider_of(caller).await?;
        let sql = format!(
            "select {} from orders where placed_at > $1 and number like $2 and fulfilment = 'delivery' \
             and (status = 'out' or (status = 'ready' and (rider is not null or attempts > 0)) or (status = 'done' and outcome_until > $3)) \
             and ($4 = '' or rider = $4 or (rider is null and branch = $5)) \
             order by case status when 'done' then 1 else 0 end, placed_at desc limit 1",
            orders::VIEW
        );
        let (id, branch) = rider.as_ref().map_or(("", 0), |rider| (rider.id.as_str(), i64::from(rider.branch.get())));
        let args = vals![now.before(REPORTED_WITHIN).as_millis(), format!("%{last4}"), now.as_millis(), id, branch];
        self.pool.row(sqlx::AssertSqlSafe(sql), args).await?.as_ref().map(orders::view).transpose()
    }

    /// What became of an order, by telephone: the first word, or a correction while its window is open. False when it is not
    /// theirs to say, or too late.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn rider_report(
        &self,
        order: &OrderId,
        said: impl Into<Report>,
        caller: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let who = caller.map_or_else(|| "telephone".to_owned(), |caller| format!("telephone {caller}"));
        let rider = self.rider_of(caller).await?;
        let known = rider.map(|rider| (rider.id, rider.name));
        self.delivered(order, said, "", known, &who, now).await
    }

    /// The same by whoever has the order's link, or spoke from a number that nobody knows: in the name of the order's rider,
    /// else of its branch. `known`: the rider's id and name.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn delivered(
        &self,
        order: &OrderId,
        said: impl Into<Report>,
        note: &str,
        known: Option<(String, String)>,
        who: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "select status, branch, rider, rider_name from orders where id = $1";
        let Some(row) = self.pool.row(SQL, vals![order.as_str()]).await? else { return Ok(false) };
        let by = match (row.opt_text(2)?, known) {
            (Some(rider), Some((id, name))) if rider == id => Actor::new(ActorKind::Rider, &id, &name),
            (Some(_), Some(_)) => return Ok(false),
            (Some(rider), None) => Actor::new(ActorKind::Rider, rider, &format!("{} ({who})", row.opt_text(3)?.unwrap_or_default())),
            (None, known) => {
                let (id, name) = known.unwrap_or_else(|| (who.to_owned(), who.to_owned()));
                Actor::new(ActorKind::Telephone, &id, &name).of(cooked_by(row.int(1)?)?)
            }
        };
        let Report { code, later } = said.into();
        let step = if let (Outcome::Rescheduled, Some(later)) = (code, later) {
            Step::Reschedule { later, note: note.to_owned() }
        } else if row.text(0)? == OrderStatus::Done.name() {
            Step::Correct { code, note: note.to_owned() }
        } else {
            // "Delivered" alone says nothing about the time: that is worked out.
            let code = Some(code).filter(|code| *code != Outcome::OnTime);
            Step::Deliver { code, note: note.to_owned(), minutes_late: None }
        };
        Ok(matches!(self.order_step(order, None, &step, &by, now).await?, Stepped::Done(_)))
    }
}

/// Boards show riders: they are told.
async fn changed(tx: &mut Tx, id: &str, now: Timestamp) -> Result<(), StoreError> {
    let branch = tx.row("select branch from riders where id = $1", vals![id]).await?.map_or(Ok(0), |row| row.int(0))?;
    journal::append(tx, now, "rider_changed", id, &json!({ "branch": branch })).await
}

fn stored(row: &Row) -> Result<StoredRider, StoreError> {
    Ok(StoredRider {
        id: row.text(0)?.to_owned(),
        branch: cooked_by(row.int(1)?)?,
        name: row.text(2)?.to_owned(),
        phone: PhoneNumber::parse(row.text(3)?),
        out: false,
        out_with: Vec::new(),
        since: Timestamp::from_millis(row.int(4)?),
        due: Money::fen(row.int(5)?),
        retired: row.flag(6)?,
    })
}
