//! Unfinished carts, kept for half an hour for whoever calls again (C18).

use std::sync::LazyLock;

use sqlx::AssertSqlSafe;

use super::db::{Durability, vals};
use super::people::CART_KEPT;
use super::{Store, StoreError, lines};
use crate::domain::{Cart, CustomerId, PhoneNumber, Timestamp};

impl Store {
    /// Keeps a cart under the key that it was opened with; it takes the place of an earlier one of the same caller.
    /// A cart that has become an order is not kept.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn save_cart(
        &self,
        key: &str,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        cart: &Cart,
        step: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const PUT: &str = "insert into carts (id, customer, phone, lines, step, saved_at) \
            select $1, $2, $3, $4, $5, $6 where not exists (select 1 from orders where key = $1) \
            on conflict (id) do update set customer = excluded.customer, phone = excluded.phone, lines = excluded.lines, step = excluded.step, saved_at = excluded.saved_at";
        let (customer, phone) = (customer.map(CustomerId::as_str), phone.map(PhoneNumber::reveal));
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        // Old carts leave when a new one comes: the table stays as small as half an hour of callers.
        tx.exec("delete from carts where saved_at <= $1", vals![now.before(CART_KEPT).as_millis()]).await?;
        tx.exec(MINE, vals![customer, phone]).await?;
        if !cart.lines.is_empty() {
            tx.exec(PUT, vals![key, customer, phone, lines::cart_text(cart), step, now.as_millis()]).await?;
        }
        tx.commit().await
    }

    /// The kept cart was taken up, ordered or dropped.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn drop_cart(&self, customer: Option<&CustomerId>, phone: Option<&PhoneNumber>) -> Result<(), StoreError> {
        self.write(MINE, vals![customer.map(CustomerId::as_str), phone.map(PhoneNumber::reveal)]).await
    }

    /// The latest cart of this customer or number that is not older than half an hour, and that nobody is filling now.
    pub(super) async fn kept_cart(
        &self,
        customer: Option<&CustomerId>,
        phone: Option<&PhoneNumber>,
        now: Timestamp,
    ) -> Result<Option<Cart>, StoreError> {
        let args = vals![customer.map(CustomerId::as_str), phone.map(PhoneNumber::reveal), now.before(CART_KEPT).as_millis()];
        let row = self.pool.row(AssertSqlSafe(KEPT.as_str()), args).await?;
        let cart = row.map(|row| row.text(0).map(lines::cart_from_text)).transpose()?;
        Ok(cart.filter(|cart| !cart.lines.is_empty()))
    }
}

/// The call that filled the cart is over: somebody else of the same office is not offered what a colleague is just ordering. A cart's key
/// is its call's id with a number behind it.
pub(super) const LEFT: &str =
    "not exists (select 1 from calls where calls.id = substr(carts.id, 1, length(carts.id) - 2) and calls.ended_at is null)";

static KEPT: LazyLock<String> = LazyLock::new(|| {
    format!("select lines from carts where (customer = $1 or phone = $2) and saved_at > $3 and {LEFT} order by saved_at desc limit 1")
});

const MINE: &str = "delete from carts where customer = $1 or phone = $2";
