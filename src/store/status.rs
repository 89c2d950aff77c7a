//! An order's way through its life: each step one guarded update that may lose.

use std::time::Duration;

use serde_json::json;

use super::db::{Durability, Tx, vals};
use super::{Store, StoreError, journal, points};
use crate::domain::{MemberNumber, Money, OrderId, OrderStatus, PointsEntry, Timestamp};

/// An order is hurried at most once in this time.
const URGE_AGAIN: Duration = Duration::from_secs(10 * 60);

impl Store {
    /// Moves an order on, but only from the status that the caller saw. Done: its points are earned.
    ///
    /// # Errors
    /// `Conflict` when it is in another status, or cannot go that way.
    pub async fn move_order(&self, id: &OrderId, from: OrderStatus, to: OrderStatus, now: Timestamp) -> Result<(), StoreError> {
        if !leads_to(from, to) {
            return Err(StoreError::Conflict);
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        if !self.step(&mut tx, id, from, to, now).await? {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }

    /// Tells the branch to hurry: false when that was done within the last ten minutes, or nothing is left to hurry.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn urge_order(&self, id: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update orders set urged_at = $1 where id = $2 and status not in ('done', 'cancelled') and (urged_at is null or urged_at <= $3)";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![now.as_millis(), id.as_str(), now.before(URGE_AGAIN).as_millis()]).await? == 0 {
            tx.undo().await?;
            return Ok(false);
        }
        journal::append(&mut tx, now, "order_urged", id.as_str(), &json!({})).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Cancels an order that nobody has begun to cook, and gives its points back: false when it is too late.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn cancel_order(&self, id: &OrderId, now: Timestamp) -> Result<bool, StoreError> {
        for from in OrderStatus::ALL.into_iter().filter(|status| status.can_cancel()) {
            let mut tx = self.pool.begin(Durability::Full).await?;
            if self.step(&mut tx, id, from, OrderStatus::Cancelled, now).await? {
                tx.commit().await?;
                return Ok(true);
            }
            tx.undo().await?;
        }
        Ok(false)
    }

    async fn step(&self, tx: &mut Tx, id: &OrderId, from: OrderStatus, to: OrderStatus, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "update orders set status = $1, changed_at = $2, \
            out_at = case when $1 = 'out' then $2 else out_at end, done_at = case when $1 = 'done' then $2 else done_at end \
            where id = $3 and status = $4 returning member, pay_fen, points";
        let Some(row) = tx.row(SQL, vals![to.name(), now.as_millis(), id.as_str(), from.name()]).await? else { return Ok(false) };
        if let Some(member) = row.opt_text(0)?.and_then(MemberNumber::parse) {
            let earned = points::earned(Money::fen(row.int(1)?));
            match to {
                OrderStatus::Done if earned > 0 => {
                    let entry = PointsEntry {
                        at: now,
                        points: earned,
                        expires: Some(points::end_of_earning(now, &self.clock)),
                        why: "order done".into(),
                    };
                    points::append(tx, &member, &entry, Some(id.as_str())).await?;
                }
                OrderStatus::Cancelled if row.int(2)? > 0 => {
                    tx.exec("update members set revision = revision + 1 where number = $1", vals![member.as_str()]).await?;
                    points::give_back(tx, &member, id.as_str(), now).await?;
                }
                _ => {}
            }
        }
        journal::append(tx, now, "order_moved", id.as_str(), &json!({ "from": from.name(), "to": to.name() })).await?;
        Ok(true)
    }
}

/// The steps that exist. A branch may skip "accepted" or "cooking" (a cold drink is ready at once), never go back.
const fn leads_to(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{Accepted, AddressCheck, Cancelled, Cooking, Done, New, Out, Ready};
    match from {
        New => matches!(to, Accepted | Cooking | Ready | Cancelled),
        AddressCheck => matches!(to, New | Cancelled),
        Accepted => matches!(to, Cooking | Ready | Cancelled),
        Cooking => matches!(to, Ready | Cancelled),
        Ready => matches!(to, Out | Done | Cancelled),
        Out => matches!(to, Done | Cancelled),
        Done | Cancelled => false,
    }
}
