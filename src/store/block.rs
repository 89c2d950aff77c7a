//! The block list (C68, C89): two levels with an expiry, and a list of numbers that are never blocked; who did it, and the undo.

use super::db::{Durability, Tx, vals};
use super::sticky::Author;
use super::{Store, StoreError, new_id};
use crate::domain::{Barred, BlockLevel, PhoneNumber, Timestamp, UserId};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEntry {
    pub id: String,
    pub phone: PhoneNumber,
    /// `decline`, `busy`, `hard`, `message`, `soft`, `agent`, `no_cash`, `allow`.
    pub level: String,
    pub until: Option<Timestamp>,
    pub reason: String,
    pub at: Timestamp,
    /// Who put it there; empty when nobody signed in did.
    pub by: String,
    /// Calls that met it since.
    pub hits: u64,
}

/// What is to hold for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockWish {
    Block(BlockLevel),
    /// Never blocked, whatever else the list says.
    Allow,
}

impl BlockWish {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block(level) => level.name(),
            Self::Allow => "allow",
        }
    }

    /// By its stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name == "allow" { Some(Self::Allow) } else { BlockLevel::from_name(name).map(Self::Block) }
    }
}

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
        self.set_block(phone, BlockWish::Block(level), until, reason, &nobody(), now).await.map(|_| ())
    }

    /// This number is never blocked, whatever else the list says.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn allow(&self, phone: &PhoneNumber, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        self.set_block(phone, BlockWish::Allow, None, reason, &nobody(), now).await.map(|_| ())
    }

    /// The same by a person; effective on the next call. The id of the entry.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn set_block(
        &self,
        phone: &PhoneNumber,
        wish: BlockWish,
        until: Option<Timestamp>,
        reason: &str,
        by: &Author,
        now: Timestamp,
    ) -> Result<String, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let id = put(&mut tx, phone, wish, until, reason, by, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Takes a number off the list, blocked or allowed.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn unblock(&self, phone: &PhoneNumber) -> Result<(), StoreError> {
        self.write("delete from block_list where phone = $1", vals![phone.reveal()]).await
    }

    /// Takes one entry off the list; whose number it was, or none when it was off already.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn lift_block(&self, id: &str, reason: &str, by: &Author, now: Timestamp) -> Result<Option<PhoneNumber>, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        let Some(row) = tx.row("delete from block_list where id = $1 returning phone", vals![id]).await? else {
            tx.undo().await?;
            return Ok(None);
        };
        note(&mut tx, row.text(0)?, "lifted", None, reason, by, now).await?;
        let phone = super::people::phone(row.text(0)?)?;
        tx.commit().await?;
        Ok(Some(phone))
    }

    /// The numbers on the list that hold at `now`: level name (`hard`, `soft`, `allow`), until when, and why.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn blocked(&self, now: Timestamp) -> Result<Vec<(PhoneNumber, String, Option<Timestamp>, String)>, StoreError> {
        let entries = self.block_entries(now).await?;
        Ok(entries.into_iter().map(|entry| (entry.phone, entry.level, entry.until, entry.reason)).collect())
    }

    /// What holds at `now`, latest first.
    ///
    /// # Errors
    /// When the store cannot answer, or cannot write when it holds entries of an earlier version.
    pub async fn block_entries(&self, now: Timestamp) -> Result<Vec<BlockEntry>, StoreError> {
        const SQL: &str = "select b.id, b.phone, coalesce(b.degree, b.level), b.until_at, b.reason, b.at, b.by_name, \
            (select cast(count(*) as bigint) from block_hits as h where h.phone = b.phone and h.at >= b.at), b.level \
            from block_list as b where b.until_at is null or b.until_at > $1 order by b.at desc, b.phone, b.level limit 10000";
        let mut rows = self.pool.rows(SQL, vals![now.as_millis()]).await?;
        if rows.iter().any(|row| row.opt_text(0).is_ok_and(|id| id.is_none())) {
            let mut tx = self.pool.begin(Durability::Full).await?;
            for row in rows.iter().filter(|row| row.opt_text(0).is_ok_and(|id| id.is_none())) {
                const NAME: &str = "update block_list set id = $1 where phone = $2 and level = $3 and id is null";
                tx.exec(NAME, vals![new_id(now), row.text(1)?, row.text(8)?]).await?;
            }
            tx.commit().await?;
            rows = self.pool.rows(SQL, vals![now.as_millis()]).await?;
        }
        rows.iter()
            .map(|row| {
                Ok(BlockEntry {
                    id: row.text(0)?.to_owned(),
                    phone: super::people::phone(row.text(1)?)?,
                    level: row.text(2)?.to_owned(),
                    until: row.opt_int(3)?.map(Timestamp::from_millis),
                    reason: row.text(4)?.to_owned(),
                    at: Timestamp::from_millis(row.int(5)?),
                    by: row.text(6)?.to_owned(),
                    hits: u64::try_from(row.int(7)?).unwrap_or(0),
                })
            })
            .collect()
    }
}

impl Store {
    /// The numbers whose calls are not even answered, with their status and until when. Who is allowed is not among them.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn barred(&self, now: Timestamp) -> Result<Vec<Barred>, StoreError> {
        const SQL: &str = "select b.phone, b.degree, b.until_at from block_list as b where b.degree in ('decline', 'busy') \
            and (b.until_at is null or b.until_at > $1) and not exists (select 1 from block_list as a where a.phone = b.phone \
            and a.level = 'allow' and (a.until_at is null or a.until_at > $1)) order by b.phone";
        let mut barred = Vec::new();
        for row in self.pool.rows(SQL, vals![now.as_millis()]).await? {
            if let Some(level) = BlockLevel::from_name(row.text(1)?) {
                let until = row.opt_int(2)?.map(Timestamp::from_millis);
                barred.push(Barred { phone: super::people::phone(row.text(0)?)?, level, until });
            }
        }
        Ok(barred)
    }

    /// A call met the block list.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn record_block_hit(&self, phone: &PhoneNumber, level: BlockLevel, call: &str, now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into block_hits (id, phone, level, at, call_id) values ($1, $2, $3, $4, $5)";
        self.write(SQL, vals![new_id(now), phone.reveal(), level.name(), now.as_millis(), call]).await
    }
}

fn nobody() -> Author {
    Author { user: UserId::new(""), name: String::new() }
}

/// Puts a number on the list, where it takes the place of another level; the id of the entry.
pub(super) async fn put(
    tx: &mut Tx,
    phone: &PhoneNumber,
    wish: BlockWish,
    until: Option<Timestamp>,
    reason: &str,
    by: &Author,
    now: Timestamp,
) -> Result<String, StoreError> {
    const PUT: &str = "insert into block_list (phone, level, until_at, reason, at, id, by_name, degree) values ($1, $2, $3, $4, $5, $6, $7, $8) \
        on conflict (phone, level) do update set until_at = excluded.until_at, reason = excluded.reason, at = excluded.at, \
        id = excluded.id, by_name = excluded.by_name, degree = excluded.degree";
    let id = new_id(now);
    let until = until.map(Timestamp::as_millis);
    let class = match wish {
        BlockWish::Block(level) if level.gets_through() => "soft",
        BlockWish::Block(_) => "hard",
        BlockWish::Allow => "allow",
    };
    if class != "allow" {
        let other = if class == "hard" { "soft" } else { "hard" };
        tx.exec("delete from block_list where phone = $1 and level = $2", vals![phone.reveal(), other]).await?;
    }
    tx.exec(PUT, vals![phone.reveal(), class, until, reason, now.as_millis(), &id, &by.name, wish.name()]).await?;
    note(tx, phone.reveal(), wish.name(), until, reason, by, now).await?;
    Ok(id)
}

/// What this person had put on the list for a number is taken off again.
pub(super) async fn undo(tx: &mut Tx, phone: &PhoneNumber, whose: &str, by: &Author, now: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "delete from block_list where phone = $1 and by_name = $2 and level <> 'allow'";
    if tx.exec(SQL, vals![phone.reveal(), whose]).await? > 0 {
        note(tx, phone.reveal(), "lifted", None, "", by, now).await?;
    }
    Ok(())
}

async fn note(
    tx: &mut Tx,
    phone: &str,
    level: &str,
    until: Option<i64>,
    reason: &str,
    by: &Author,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str =
        "insert into block_changes (id, phone, at, by_user, by_name, level, until_at, reason) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.exec(SQL, vals![new_id(now), phone, now.as_millis(), by.user.as_str(), &by.name, level, until, reason]).await.map(|_| ())
}
