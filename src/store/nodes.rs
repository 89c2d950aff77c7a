//! The programs that share this store: their signs of life, and what is done with what a dead one left behind.

use std::sync::atomic::Ordering;

use super::callbacks::{Cut, Recovered, recover};
use super::calls::interrupt;
use super::db::{Durability, Row, vals};
use super::{Store, StoreError};

use crate::domain::Timestamp;

/// One program that takes calls, by its last sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `cluster.node` of its settings.
    pub name: String,
    /// One start of the program.
    pub run: String,
    /// Machine and process, as far as others on the same machine can look for it.
    pub place: String,
    /// Where the other nodes reach it by SIP, and its pages.
    pub sip: String,
    pub web: String,
    pub started_at: Timestamp,
    /// By that node's clock: others look whether it changes, not how old it is.
    pub seen_at: Timestamp,
    /// It was stopped in order.
    pub left_at: Option<Timestamp>,
    /// Others found it dead and put right what it left.
    pub lost_at: Option<Timestamp>,
}

impl Node {
    /// Whether it should be giving signs of life.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.left_at.is_none() && self.lost_at.is_none()
    }
}

/// What a sign of life met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Given,
    /// Others had given this node up, and put right what it seemed to have left.
    WasLost,
    /// Another process runs under this name since.
    Taken,
}

/// What a dead node left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftBehind {
    /// Calls that were up, now closed as interrupted.
    pub calls: u64,
    pub conversations: Recovered,
    /// Calls to branches that it was making.
    pub branch_calls: u64,
    /// Calls of campaigns: whom they reached nobody knows.
    pub campaign_calls: u64,
}

const COLUMNS: &str = "name, run, place, sip, web, started_at, seen_at, left_at, lost_at";

impl Store {
    /// A program begins to serve under this name; whatever ran under it before is over, and put right.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn node_starts(&self, node: &Node, now: Timestamp) -> Result<LeftBehind, StoreError> {
        const SQL: &str = "insert into nodes (name, run, place, sip, web, started_at, seen_at) values ($1, $2, $3, $4, $5, $6, $6) \
            on conflict (name) do update set run = excluded.run, place = excluded.place, sip = excluded.sip, web = excluded.web, \
            started_at = excluded.started_at, seen_at = excluded.seen_at, left_at = null, lost_at = null, agents = ''";
        let mut tx = self.pool.begin(Durability::Full).await?;
        let args = vals![&node.name, &node.run, &node.place, &node.sip, &node.web, now.as_millis()];
        tx.exec(SQL, args).await?;
        let left = left_behind(&mut tx, &node.name, Cut::Killed, now).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// This run lives.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn node_lives(&self, name: &str, run: &str, now: Timestamp) -> Result<Sign, StoreError> {
        let sign = self.write_sign(name, run, now).await;
        match &sign {
            Ok(_) => self.unwritten.store(0, Ordering::Relaxed),
            Err(StoreError::Unavailable(_)) => _ = self.unwritten.fetch_add(1, Ordering::Relaxed),
            Err(_) => {}
        }
        sign
    }

    async fn write_sign(&self, name: &str, run: &str, now: Timestamp) -> Result<Sign, StoreError> {
        const SIGN: &str = "update nodes set seen_at = $3 where name = $1 and run = $2 and lost_at is null";
        const BACK: &str = "update nodes set seen_at = $3, lost_at = null where name = $1 and run = $2";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        let args = vals![name, run, now.as_millis()];
        let sign = if tx.exec(SIGN, args).await? == 1 {
            Sign::Given
        } else if tx.exec(BACK, args).await? == 1 {
            Sign::WasLost
        } else {
            Sign::Taken
        };
        tx.commit().await?;
        Ok(sign)
    }

    /// This run ends in order: nobody need look after it. Whom it had to cut off is owed the same as after a crash.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn node_leaves(&self, name: &str, run: &str, now: Timestamp) -> Result<LeftBehind, StoreError> {
        const SQL: &str = "update nodes set left_at = $3 where name = $1 and run = $2 and left_at is null and lost_at is null";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![name, run, now.as_millis()]).await? == 0 {
            // Another process has its name by now, or others have put right what it left.
            tx.undo().await?;
            return Ok(LeftBehind::default());
        }
        let left = left_behind(&mut tx, name, Cut::Stopped, now).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// All that were ever here, by name.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        let sql = format!("select {COLUMNS} from nodes order by name");
        self.pool.rows(sqlx::AssertSqlSafe(sql), &[]).await?.iter().map(node).collect()
    }

    /// This node's floor, as it wants the others to know it; what it says is nothing to the store.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn tell_floor(&self, name: &str, run: &str, floor: &str) -> Result<(), StoreError> {
        self.write("update nodes set agents = $3 where name = $1 and run = $2", vals![name, run, floor]).await
    }

    /// The other nodes that were not stopped in order, with what each has told last.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn other_floors(&self, name: &str) -> Result<Vec<(Node, String)>, StoreError> {
        let sql = format!("select {COLUMNS}, agents from nodes where name <> $1 and left_at is null order by name");
        let rows = self.pool.rows(sqlx::AssertSqlSafe(sql), vals![name]).await?;
        rows.iter().map(|row| Ok((node(row)?, row.text(9)?.to_owned()))).collect()
    }

    /// A node gave no sign since the one that is told here: what it left is put right, by one of all who notice. `None` when
    /// another one was first, or it has given a sign after all.
    ///
    /// # Errors
    /// When the store cannot write; then nothing was done, and it is still to be done.
    pub async fn node_lost(&self, node: &Node, now: Timestamp) -> Result<Option<LeftBehind>, StoreError> {
        const SQL: &str =
            "update nodes set lost_at = $4 where name = $1 and run = $2 and seen_at = $3 and left_at is null and lost_at is null";
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec(SQL, vals![&node.name, &node.run, node.seen_at.as_millis(), now.as_millis()]).await? == 0 {
            tx.undo().await?;
            return Ok(None);
        }
        let left = left_behind(&mut tx, &node.name, Cut::Killed, now).await?;
        tx.commit().await?;
        Ok(Some(left))
    }
}

/// Puts right what the named node left. Its row has been written in this transaction: nobody else does the same now.
async fn left_behind(tx: &mut super::db::Tx, name: &str, cut: Cut, now: Timestamp) -> Result<LeftBehind, StoreError> {
    // The branch is rung at once, by whoever is there.
    const BRANCH_CALLS: &str = "update branch_calls set status = 'wanted', next_at = $1, claimed_by = null, claimed_until = null, changed_at = $1 \
        where claimed_by = $2 and status = 'dialling'";
    Ok(LeftBehind {
        calls: interrupt(tx, name, now).await?,
        conversations: recover(tx, name, cut, now).await?,
        branch_calls: tx.exec(BRANCH_CALLS, vals![now.as_millis(), name]).await?,
        campaign_calls: super::campaign_tries::cut_off(tx, name, now).await?,
    })
}

fn node(row: &Row) -> Result<Node, StoreError> {
    Ok(Node {
        name: row.text(0)?.to_owned(),
        run: row.text(1)?.to_owned(),
        place: row.text(2)?.to_owned(),
        sip: row.text(3)?.to_owned(),
        web: row.text(4)?.to_owned(),
        started_at: Timestamp::from_millis(row.int(5)?),
        seen_at: Timestamp::from_millis(row.int(6)?),
        left_at: row.opt_int(7)?.map(Timestamp::from_millis),
        lost_at: row.opt_int(8)?.map(Timestamp::from_millis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ShopClock;
    use crate::store::db::Pool;

    /// As on a full disk: everything can be read, nothing written.
    async fn writable(store: &Store, on: bool) {
        let Pool::Sqlite { writer, .. } = &store.pool else { unreachable!() };
        let pragma = if on { "pragma query_only = off" } else { "pragma query_only = on" };
        sqlx::query(pragma).execute(writer).await.unwrap();
    }

    #[tokio::test]
    async fn a_store_that_can_only_be_read_is_known_by_its_signs_of_life() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&url, ShopClock::named("Asia/Shanghai").unwrap()).await.unwrap();
        let clone = store.clone();
        let now = Timestamp::from_millis(1_795_000_000_000);
        let lives = || store.node_lives("a", "run", now);
        assert!(lives().await.is_ok() && clone.can_write());
        writable(&store, false).await;
        assert!(matches!(lives().await, Err(StoreError::Unavailable(_))));
        assert!(clone.can_write(), "one may be chance");
        let told = lives().await.unwrap_err().to_string();
        assert!(!clone.can_write() && told.contains("readonly"), "the cause is said: {told}");
        assert!(store.nodes().await.is_ok(), "it can still be read");
        writable(&store, true).await;
        assert!(lives().await.is_ok() && clone.can_write());
    }
}
