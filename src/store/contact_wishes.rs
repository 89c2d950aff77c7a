//! What customers have said about being contacted by campaigns (C99): they agree, or want to hear nothing; the last word counts.

use super::db::{Durability, Tx, vals};
use super::{Store, StoreError};
use crate::domain::{ContactWish, PhoneNumber, Timestamp};

impl Store {
    /// A customer agrees, or refuses, from this moment on.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn set_contact_wish(&self, wish: &ContactWish, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        put(&mut tx, wish, now).await?;
        tx.commit().await
    }

    /// The last word of this number, and when it was said.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn contact_wish(&self, phone: &PhoneNumber) -> Result<Option<(ContactWish, Timestamp)>, StoreError> {
        const SQL: &str = "select wish, how, words, by_name, at from contact_wishes where phone = $1";
        let row = self.pool.row(SQL, vals![phone.reveal()]).await?;
        row.map(|row| {
            let text = |place| row.text(place).map(str::to_owned);
            let wish = ContactWish { phone: phone.clone(), agrees: row.text(0)? == "yes", how: text(1)?, words: text(2)?, by: text(3)? };
            Ok((wish, Timestamp::from_millis(row.int(4)?)))
        })
        .transpose()
    }
}

pub(super) async fn put(tx: &mut Tx, wish: &ContactWish, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "insert into contact_wishes (phone, wish, at, how, words, by_name) values ($1, $2, $3, $4, $5, $6) \
        on conflict (phone) do update set wish = excluded.wish, at = excluded.at, how = excluded.how, words = excluded.words, by_name = excluded.by_name";
    let yes = if wish.agrees { "yes" } else { "no" };
    tx.exec(SQL, vals![wish.phone.reveal(), yes, now.as_millis(), &wish.how, &wish.words, &wish.by]).await.map(|_| ())
}
