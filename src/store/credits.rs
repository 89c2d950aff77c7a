//! Something off a customer's next order, once: what a diner who was let down is owed (D60), who granted it, and what became of it.

use super::db::{Durability, Row, Tx, vals};
use super::{Store, StoreError, new_id};
use crate::domain::{Credit, CustomerId, Money, OrderId, Timestamp};

/// A credit as those who grant it see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCredit {
    pub credit: Credit,
    pub why: String,
    pub at: Timestamp,
    pub by: String,
    /// The number of the order that it was taken off.
    pub used_by: Option<String>,
    pub withdrawn: bool,
}

/// What came of granting one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    Done(GivenCredit),
    NoOrder,
    /// Nobody is known behind the order: it could not be told whose next order it is.
    NoCustomer,
    /// The order has been made good already.
    Already,
}

impl Store {
    /// What is taken off this customer's next order: of several the one that ends first.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn credit_of(&self, customer: &CustomerId, now: Timestamp) -> Result<Option<Credit>, StoreError> {
        self.pool.row(OPEN, vals![customer.as_str(), now.as_millis()]).await?.as_ref().map(credit).transpose()
    }

    /// Grants an order's customer so much off the next order, until then; once for each order. One that was withdrawn may be granted
    /// again.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn grant_credit(
        &self,
        order: &OrderId,
        amount: Money,
        until: Timestamp,
        why: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Granted, StoreError> {
        const PUT: &str = "insert into credits (id, customer, amount_fen, for_order, why, made_at, made_by, until_at, used_by, withdrawn_at) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, null, null) on conflict (for_order) do update set id = excluded.id, \
            amount_fen = excluded.amount_fen, why = excluded.why, made_at = excluded.made_at, made_by = excluded.made_by, \
            until_at = excluded.until_at, withdrawn_at = null where credits.withdrawn_at is not null and credits.used_by is null";
        let Some(row) = self.pool.row("select customer from orders where id = $1", vals![order.as_str()]).await? else {
            return Ok(Granted::NoOrder);
        };
        let Some(customer) = row.opt_text(0)? else { return Ok(Granted::NoCustomer) };
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![new_id(now), customer, amount.as_fen(), order.as_str(), why, now.as_millis(), by, until.as_millis()];
        if tx.exec(PUT, args).await? == 0 {
            tx.undo().await?;
            return Ok(Granted::Already);
        }
        tx.commit().await?;
        Ok(self.credit_for(order).await?.map_or(Granted::NoOrder, Granted::Done))
    }

    /// What an order was made good with.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn credit_for(&self, order: &OrderId) -> Result<Option<GivenCredit>, StoreError> {
        const SQL: &str = "select c.id, c.amount_fen, c.until_at, c.why, c.made_at, c.made_by, o.number, c.withdrawn_at from credits as c \
            left join orders as o on o.id = c.used_by where c.for_order = $1";
        let Some(row) = self.pool.row(SQL, vals![order.as_str()]).await? else { return Ok(None) };
        Ok(Some(GivenCredit {
            credit: credit(&row)?,
            why: row.text(3)?.to_owned(),
            at: Timestamp::from_millis(row.int(4)?),
            by: row.text(5)?.to_owned(),
            used_by: row.opt_text(6)?.map(str::to_owned),
            withdrawn: row.opt_int(7)?.is_some(),
        }))
    }

    /// Takes it back: false when there is none, or it has been used.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn withdraw_credit(&self, order: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update credits set withdrawn_at = $2 where for_order = $1 and used_by is null and withdrawn_at is null";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let done = tx.exec(SQL, vals![order.as_str(), now.as_millis()]).await? == 1;
        tx.commit().await?;
        Ok(done)
    }
}

const OPEN: &str = "select id, amount_fen, until_at from credits where customer = $1 and until_at > $2 and used_by is null \
    and withdrawn_at is null order by until_at, id limit 1";

/// What is taken off this customer's next order, as the transaction sees it.
pub(super) async fn of(tx: &mut Tx, customer: &CustomerId, now: Timestamp) -> Result<Option<Credit>, StoreError> {
    tx.row(OPEN, vals![customer.as_str(), now.as_millis()]).await?.as_ref().map(credit).transpose()
}

/// What was taken off this order.
pub(super) async fn used_by(tx: &mut Tx, order: &str) -> Result<Option<Credit>, StoreError> {
    const SQL: &str = "select id, amount_fen, until_at from credits where used_by = $1";
    tx.row(SQL, vals![order]).await?.as_ref().map(credit).transpose()
}

/// It is this order's from now on.
///
/// # Errors
/// `Conflict` when another order was first.
pub(super) async fn take(tx: &mut Tx, credit: &str, order: &str) -> Result<(), StoreError> {
    const SQL: &str = "update credits set used_by = $2 where id = $1 and used_by is null and withdrawn_at is null";
    if tx.exec(SQL, vals![credit, order]).await? == 1 { Ok(()) } else { Err(StoreError::Conflict) }
}

/// An order that was called off, or never came, gives it back; one that is delivered after all takes it again, when no other order has.
pub(super) async fn settle(tx: &mut Tx, order: &str, off: bool) -> Result<(), StoreError> {
    const BACK: &str = "update credits set used_by = null where used_by = $1";
    const AGAIN: &str = "update credits set used_by = $1 where used_by is null and withdrawn_at is null \
        and id = (select subject from order_discounts where order_id = $1 and kind = 'credit')";
    tx.exec(if off { BACK } else { AGAIN }, vals![order]).await.map(|_| ())
}

fn credit(row: &Row) -> Result<Credit, StoreError> {
    Ok(Credit { id: row.text(0)?.to_owned(), amount: Money::fen(row.int(1)?), until: Timestamp::from_millis(row.int(2)?) })
}
