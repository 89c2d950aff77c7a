//! The block list (C89): two levels with an expiry, and a list of numbers that are never blocked.

use super::db::vals;
use super::{Store, StoreError};
use crate::domain::{BlockLevel, PhoneNumber, Timestamp};

impl Store {
    /// Blocks a number until a moment, or for good. A later level takes the place of the earlier one.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn block(
        &self,
        phone: &PhoneNumber,
        level: BlockLevel,
        until: Option<Timestamp>,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (level, other) = match level {
            BlockLevel::Hard => ("hard", "soft"),
            BlockLevel::Soft => ("soft", "hard"),
        };
        let mut tx = self.pool.begin(super::db::Durability::Full).await?;
        tx.exec("delete from block_list where phone = $1 and level = $2", vals![phone.reveal(), other]).await?;
        tx.exec(PUT, vals![phone.reveal(), level, until.map(Timestamp::as_millis), reason, now.as_millis()]).await?;
        tx.commit().await
    }

    /// This number is never blocked, whatever else the list says.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn allow(&self, phone: &PhoneNumber, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        self.write(PUT, vals![phone.reveal(), "allow", Option::<i64>::None, reason, now.as_millis()]).await
    }

    /// Takes a number off the list, blocked or allowed.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn unblock(&self, phone: &PhoneNumber) -> Result<(), StoreError> {
        self.write("delete from block_list where phone = $1", vals![phone.reveal()]).await
    }

    /// The numbers on the list that hold at `now`: level name (`hard`, `soft`, `allow`), until when, and why.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn blocked(&self, now: Timestamp) -> Result<Vec<(PhoneNumber, String, Option<Timestamp>, String)>, StoreError> {
        const SQL: &str = "select phone, level, until_at, reason from block_list where until_at is null or until_at > $1 order by at desc, phone limit 10000";
        let rows = self.pool.rows(SQL, vals![now.as_millis()]).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    super::people::phone(row.text(0)?)?,
                    row.text(1)?.to_owned(),
                    row.opt_int(2)?.map(Timestamp::from_millis),
                    row.text(3)?.to_owned(),
                ))
            })
            .collect()
    }
}

const PUT: &str = "insert into block_list (phone, level, until_at, reason, at) values ($1, $2, $3, $4, $5) \
    on conflict (phone, level) do update set until_at = excluded.until_at, reason = excluded.reason, at = excluded.at";
