//! Looking orders up: by id, for a caller, for a list.

use super::db::{Row, broken, vals};
use super::people::cooked_by;
use super::people::{member_number, phone};
use super::placing::TakenDown;
use super::{Store, StoreError, lines};
use crate::domain::{
    BranchNumber, CallId, CustomerId, Fulfilment, Money, Order, OrderId, OrderNumber, OrderStatus, PhoneNumber, Place, PlacedVia,
    RecordingId, Timestamp, UserId, When,
};
use crate::ivr::question::OrderView;
use crate::order::life::Outcome;

/// Which orders to list, latest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only placed at or after.
    pub since: Option<Timestamp>,
    /// Only placed before.
    pub until: Option<Timestamp>,
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only not yet done or cancelled.
    pub open: bool,
    /// Only from this contact number.
    pub phone: Option<PhoneNumber>,
    /// Only of this customer.
    pub customer: Option<CustomerId>,
    /// Only of this branch.
    pub branch: Option<BranchNumber>,
    /// Only what comes behind this one in the list, by its id or number.
    pub after: Option<OrderId>,
    /// At most so many; 100 when zero.
    pub limit: u32,
}

const COLUMNS: &str = "id, number, customer, member, phone, via, status, fulfilment, branch, address_id, address_text, recording, \
    wanted_at, goods_fen, fee_fen, pay_fen, note, placed_at, promised_at, out_at, done_at";

/// Columns of [`OrderView`].
pub(super) const VIEW: &str = "id, number, status, fulfilment, pay_fen, placed_at, promised_at, out_at, done_at, urged_at, outcome";

impl Store {
    /// One order, by its id or its number, with lines and discounts as sold.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order(&self, id_or_number: &str) -> Result<Option<Order>, StoreError> {
        let sql = format!("select {COLUMNS} from orders where id = $1 or number = $1");
        match self.pool.row(sqlx::AssertSqlSafe(sql), vals![id_or_number]).await? {
            Some(row) => Ok(Some(self.whole_order(&row).await?)),
            None => Ok(None),
        }
    }

    /// Orders, latest first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<Order>, StoreError> {
        let sql = format!(
            "select {COLUMNS} from orders where placed_at >= $1 and ($2 = '' or status = $2) and ($3 = '' or phone = $3) \
             and ($4 = 0 or status not in ('done', 'cancelled')) and ($7 = 0 or branch = $7) and placed_at < $8 and {} and {} order by placed_at desc, number desc limit $5",
            // Written out, so that its index is used.
            if filter.customer.is_some() { "customer = $6" } else { "$6 = ''" },
            if filter.after.is_some() {
                "(placed_at, number) < (select placed_at, number from orders where id = $9 or number = $9)"
            } else {
                "$9 = ''"
            },
        );
        let limit = if filter.limit == 0 { 100 } else { filter.limit };
        let args = vals![
            filter.since.map_or(i64::MIN, Timestamp::as_millis),
            filter.status.map_or("", OrderStatus::name),
            filter.phone.as_ref().map_or("", PhoneNumber::reveal),
            filter.open,
            limit,
            filter.customer.as_ref().map_or("", CustomerId::as_str),
            filter.branch.map_or(0, BranchNumber::get),
            filter.until.map_or(i64::MAX, Timestamp::as_millis),
            filter.after.as_ref().map_or("", OrderId::as_str),
        ];
        let mut orders = Vec::new();
        for row in self.pool.rows(sqlx::AssertSqlSafe(sql), args).await? {
            orders.push(self.whole_order(&row).await?);
        }
        Ok(orders)
    }

    /// The order that was placed under this key.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order_of_key(&self, key: &str) -> Result<Option<Order>, StoreError> {
        let sql = format!("select {COLUMNS} from orders where key = $1");
        match self.pool.row(sqlx::AssertSqlSafe(sql), vals![key]).await? {
            Some(row) => Ok(Some(self.whole_order(&row).await?)),
            None => Ok(None),
        }
    }

    /// What the person who took an order down added to it, but for its invoice; nothing for an order by keypad.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order_taken(&self, id: &OrderId) -> Result<TakenDown, StoreError> {
        const SQL: &str = "select agent, agent_name, call_id, contact, remark, override_by, override_why from orders where id = $1";
        let Some(row) = self.pool.row(SQL, vals![id.as_str()]).await? else { return Ok(TakenDown::default()) };
        let text = |place| row.opt_text(place).map(|text| text.unwrap_or_default().to_owned());
        Ok(TakenDown {
            agent: row.opt_text(0)?.map(UserId::new),
            agent_name: text(1)?,
            call: row.opt_text(2)?.map(CallId::new),
            contact: text(3)?,
            remark: text(4)?,
            notes: Vec::new(),
            typed: None,
            outside: row.opt_text(5)?.map(str::to_owned).zip(Some(text(6)?)),
            invoice: None,
        })
    }

    /// A caller's orders: by customer, else by number. `open`: those not yet done, soonest first; else the last three.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn orders_of(
        &self,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        open: bool,
    ) -> Result<Vec<OrderView>, StoreError> {
        let (column, who) = match (customer, phone) {
            (Some(customer), _) => ("customer", customer.as_str()),
            (None, Some(phone)) => ("phone", phone.reveal()),
            (None, None) => return Ok(Vec::new()),
        };
        let rest = if open {
            "and status not in ('done', 'cancelled') order by promised_at, number limit 20"
        } else {
            "order by placed_at desc, number desc limit 3"
        };
        let sql = format!("select {VIEW} from orders where {column} = $1 {rest}");
        self.pool.rows(sqlx::AssertSqlSafe(sql), vals![who]).await?.iter().map(view).collect()
    }

    /// The order of today or yesterday with these last four digits, whose contact number ends in those four; the latest
    /// when there are two.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn find_order(&self, last4: &str, phone4: &str, now: Timestamp) -> Result<Option<OrderView>, StoreError> {
        if [last4, phone4].iter().any(|part| part.len() != 4 || !part.bytes().all(|digit| digit.is_ascii_digit())) {
            return Ok(None);
        }
        let today = self.clock.local(now).date();
        let yesterday = today.yesterday().unwrap_or(today);
        let since = self.clock.timestamp(yesterday.at(0, 0, 0, 0));
        let sql = format!(
            "select {VIEW} from orders where number in ($1, $2) and phone like $3 and placed_at >= $4 order by placed_at desc limit 1"
        );
        let number = |day: jiff::civil::Date| format!("{}{last4}", day.strftime("%y%m%d"));
        let args = vals![number(today), number(yesterday), format!("%{phone4}"), since.as_millis()];
        self.pool.row(sqlx::AssertSqlSafe(sql), args).await?.as_ref().map(view).transpose()
    }

    async fn whole_order(&self, row: &Row) -> Result<Order, StoreError> {
        let id = row.text(0)?;
        let lines = self.pool.rows(lines::OF_ORDER, vals![id]).await?.iter().map(lines::line).collect::<Result<_, _>>()?;
        let discounts =
            self.pool.rows(lines::DISCOUNTS_OF_ORDER, vals![id]).await?.iter().map(lines::discount).collect::<Result<_, _>>()?;
        let branch = cooked_by(row.int(8)?)?;
        let place = match (lines::fulfilment(row.text(7)?)?, row.opt_text(11)?) {
            (Fulfilment::Pickup, _) => Place::Pickup { branch },
            // Once somebody has written it down, it is an address like any other.
            (Fulfilment::Delivery, Some(recording)) if row.text(10)?.is_empty() => {
                Place::Recorded { recording: RecordingId::new(recording), branch }
            }
            (Fulfilment::Delivery, _) => {
                Place::Saved { address: row.opt_text(9)?.unwrap_or_default().to_owned(), text: row.text(10)?.to_owned(), branch }
            }
        };
        let when = match row.opt_text(12)? {
            None => When::Now,
            Some(at) => When::At(at.parse().map_err(|_| broken("time", at))?),
        };
        Ok(Order {
            id: OrderId::new(id),
            number: OrderNumber::new(row.text(1)?),
            customer: row.opt_text(2)?.map(CustomerId::new),
            member: row.opt_text(3)?.map(member_number).transpose()?,
            phone: phone(row.text(4)?)?,
            via: via(row.text(5)?)?,
            status: lines::status(row.text(6)?)?,
            place,
            when,
            lines,
            goods: Money::fen(row.int(13)?),
            discounts,
            fee: Money::fen(row.int(14)?),
            pay: Money::fen(row.int(15)?),
            note: row.opt_text(16)?.map(RecordingId::new),
            placed_at: Timestamp::from_millis(row.int(17)?),
            promised_at: Timestamp::from_millis(row.int(18)?),
            out_at: row.opt_int(19)?.map(Timestamp::from_millis),
            done_at: row.opt_int(20)?.map(Timestamp::from_millis),
        })
    }
}

pub(super) fn view(row: &Row) -> Result<OrderView, StoreError> {
    let time = |place| row.opt_int(place).map(|at| at.map(Timestamp::from_millis));
    Ok(OrderView {
        id: OrderId::new(row.text(0)?),
        number: OrderNumber::new(row.text(1)?),
        status: lines::status(row.text(2)?)?,
        fulfilment: lines::fulfilment(row.text(3)?)?,
        pay: Money::fen(row.int(4)?),
        placed_at: Timestamp::from_millis(row.int(5)?),
        promised_at: Timestamp::from_millis(row.int(6)?),
        out_at: time(7)?,
        done_at: time(8)?,
        urged_at: time(9)?,
        outcome: row.opt_text(10)?.and_then(Outcome::from_name),
    })
}

pub(super) fn via(name: &str) -> Result<PlacedVia, StoreError> {
    match name {
        "keypad" => Ok(PlacedVia::Keypad),
        "agent" => Ok(PlacedVia::Agent),
        "api" => Ok(PlacedVia::Api),
        other => Err(broken("way of ordering", other)),
    }
}
