//! Branches as headquarters sees them: who has a board open, what is on it, what is paused or sold out; and what is due.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::json;

use super::db::{Durability, Tx, vals};
use super::people::branch as branch_number;
use super::{Store, StoreError, catalogue as shelf, journal};
use crate::domain::{BranchNumber, Catalogue, MenuNumber, Money, Opening, OrderId, Timestamp};
use crate::order::board::{BranchCard, BranchToday, Gone, Pause};
use crate::order::dispatch::{Loads, MINUTES_AHEAD, Room};

/// A board that gave no sign for so long is silent.
pub const SILENT: Duration = Duration::from_secs(20);

impl Store {
    /// The number of the last journal entry.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn journal_last(&self) -> Result<i64, StoreError> {
        self.pool.row("select last from counters where name = 'journal'", &[]).await?.map_or(Ok(0), |row| row.int(0))
    }

    /// Boards of these branches are open at this node.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn boards_seen(&self, node: &str, branches: &[u16], now: Timestamp) -> Result<(), StoreError> {
        const SQL: &str = "insert into boards (branch, node, seen_at) values ($1, $2, $3) on conflict (branch, node) do update set seen_at = excluded.seen_at";
        let mut tx = self.pool.begin(Durability::Relaxed).await?;
        for branch in branches {
            tx.exec(SQL, vals![*branch, node, now.as_millis()]).await?;
        }
        tx.commit().await
    }

    /// The last sign of life of each branch's boards, on any node.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn boards(&self) -> Result<BTreeMap<u16, Timestamp>, StoreError> {
        let rows = self.pool.rows("select branch, cast(max(seen_at) as bigint) from boards group by branch", &[]).await?;
        rows.iter().map(|row| Ok((u16::try_from(row.int(0)?).unwrap_or(0), Timestamp::from_millis(row.int(1)?)))).collect()
    }

    /// Orders whose time has come, the longest overdue first, with the life that they had.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn due_orders(&self, now: Timestamp, limit: u32) -> Result<Vec<(OrderId, i64)>, StoreError> {
        const SQL: &str = "select id, life from orders where due_at is not null and due_at <= $1 order by due_at limit $2";
        let rows = self.pool.rows(SQL, vals![now.as_millis(), limit]).await?;
        rows.iter().map(|row| Ok((OrderId::new(row.text(0)?), row.int(1)?))).collect()
    }

    /// When the next order becomes somebody's alarm.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let row = self.pool.row("select cast(min(due_at) as bigint) from orders where due_at is not null", &[]).await?;
        row.map_or(Ok(None), |row| Ok(row.opt_int(0)?.map(Timestamp::from_millis)))
    }

    /// Closes a branch for a while, or until somebody opens it again; `None` opens it.
    ///
    /// # Errors
    /// `Conflict` when there is no such branch.
    pub async fn pause_branch(
        &self,
        branch: BranchNumber,
        pause: Option<(Option<Timestamp>, &str)>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const SQL: &str = "update branches set paused = $2, pause_until = $3, pause_reason = $4, pause_by = $5 where number = $1";
        let mut tx = self.pool.begin(Durability::Full).await?;
        shelf::raise_version(&mut tx).await?;
        let until = pause.and_then(|(until, _)| until).map(Timestamp::as_millis);
        let reason = pause.map_or("", |(_, reason)| reason);
        if tx.exec(SQL, vals![branch.get(), pause.is_some(), until, reason, by]).await? == 0 {
            tx.undo().await?;
            return Err(StoreError::Conflict);
        }
        let data = json!({ "paused": pause.is_some(), "until": until, "reason": reason, "by": by });
        journal::append(&mut tx, now, "branch_changed", &branch.to_string(), &data).await?;
        self.told(tx).await
    }

    /// Opens the branches whose pause is over; which.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn end_pauses(&self, now: Timestamp) -> Result<Vec<u16>, StoreError> {
        const DUE: &str = "select number from branches where paused = 1 and pause_until is not null and pause_until <= $1";
        const END: &str = "update branches set paused = 0, pause_until = null, pause_reason = '', pause_by = '' \
            where paused = 1 and pause_until is not null and pause_until <= $1 returning number";
        if self.pool.row(DUE, vals![now.as_millis()]).await?.is_none() {
            return Ok(Vec::new());
        }
        let mut tx = self.pool.begin(Durability::Full).await?;
        shelf::raise_version(&mut tx).await?;
        let mut ended = Vec::new();
        for row in tx.rows(END, vals![now.as_millis()]).await? {
            ended.push(u16::try_from(row.int(0)?).unwrap_or(0));
        }
        for branch in &ended {
            journal::append(&mut tx, now, "branch_changed", &branch.to_string(), &json!({ "paused": false, "by": "" })).await?;
        }
        self.told(tx).await?;
        Ok(ended)
    }

    /// A branch has run out of a dish, until it closes or until then; or has it again. When it ends.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn branch_sold_out(
        &self,
        branch: BranchNumber,
        dish: MenuNumber,
        until: Option<Timestamp>,
        by: &str,
        now: Timestamp,
    ) -> Result<Timestamp, StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        shelf::raise_version(&mut tx).await?;
        let until = match until {
            Some(until) => until,
            None => self.closing(&mut tx, branch, now).await?,
        };
        shelf::put_sold_out(&mut tx, dish, Some(branch), until).await?;
        let data = json!({ "sold_out": [dish.get()], "until": until.as_millis(), "by": by });
        journal::append(&mut tx, now, "branch_changed", &branch.to_string(), &data).await?;
        self.told(tx).await?;
        Ok(until)
    }

    /// A branch has a dish again.
    ///
    /// # Errors
    /// When the store cannot write.
    pub async fn branch_has_again(&self, branch: BranchNumber, dish: MenuNumber, by: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        shelf::raise_version(&mut tx).await?;
        shelf::drop_sold_out(&mut tx, dish, Some(branch)).await?;
        let data = json!({ "has_again": [dish.get()], "by": by });
        journal::append(&mut tx, now, "branch_changed", &branch.to_string(), &data).await?;
        self.told(tx).await
    }

    /// All branches as headquarters sees them.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn branch_cards(&self, now: Timestamp) -> Result<Vec<BranchCard>, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let cards = self.branch_cards_in(&mut tx, now).await;
        tx.undo().await?;
        cards
    }

    async fn branch_cards_in(&self, tx: &mut Tx, now: Timestamp) -> Result<Vec<BranchCard>, StoreError> {
        const OPEN: &str = "select branch, cast(count(*) as bigint), cast(sum(case when status in ('accepted', 'cooking') or (status = 'new' \
            and sent_at is not null) then 1 else 0 end) as bigint) from orders \
            where status in ('new', 'address_check', 'accepted', 'cooking', 'ready', 'out') group by branch";
        // The sum keeps SQLite from going through the orders of all years by branch, only to have them in groups.
        const TODAY: &str = "select branch + 0, cast(count(*) as bigint), \
            cast(sum(case when status = 'cancelled' then 0 else pay_fen end) as bigint), \
            cast(sum(case when outcome in ('D10', 'D30', 'D60') then 1 else 0 end) as bigint) \
            from orders where placed_at >= $1 group by branch + 0";
        const REFUSED: &str = "select data from order_events where at >= $1 and kind = 'refuse'";
        const SEEN: &str = "select branch, cast(max(seen_at) as bigint) from boards group by branch";
        let catalogue = shelf::catalogue_in(tx).await?;
        let local = self.clock.local(now);
        let midnight = self.clock.timestamp(local.date().at(0, 0, 0, 0)).as_millis();
        let mut open: HashMap<i64, (i64, i64)> = HashMap::new();
        for row in tx.rows(OPEN, &[]).await? {
            open.insert(row.int(0)?, (row.int(1)?, row.int(2)?));
        }
        let count = |number: i64| u32::try_from(number).unwrap_or(0);
        let mut today: HashMap<i64, BranchToday> = HashMap::new();
        for row in tx.rows(TODAY, vals![midnight]).await? {
            let day = BranchToday { orders: count(row.int(1)?), fen: row.int(2)?, late: count(row.int(3)?), refused: 0 };
            today.insert(row.int(0)?, day);
        }
        for row in tx.rows(REFUSED, vals![midnight]).await? {
            let data: serde_json::Value = serde_json::from_str(row.text(0)?).unwrap_or_default();
            if let Some(branch) = data["at_branch"].as_i64() {
                today.entry(branch).or_default().refused += 1;
            }
        }
        let mut seen: HashMap<i64, i64> = HashMap::new();
        for row in tx.rows(SEEN, &[]).await? {
            seen.insert(row.int(0)?, row.int(1)?);
        }
        let mut pauses = pauses(tx).await?;
        let mut printers = super::printing::states(tx).await?;
        let mut cards = Vec::new();
        for branch in catalogue.branches.values() {
            let number = i64::from(branch.number.get());
            let closes = match branch.opening(local, &catalogue.holidays) {
                Opening::Open { closes, .. } => Some(self.clock.timestamp(closes).as_millis()),
                Opening::Closed { .. } => None,
            };
            let last = seen.get(&number).copied();
            let online = last.is_some_and(|last| last > now.before(SILENT).as_millis());
            let (all, waiting) = open.get(&number).copied().unwrap_or((0, 0));
            let slot = slot_of(now.after(Duration::from_secs(u64::from(branch.kitchen.cook_minutes) * 60)));
            let capacity_percent = match (branch.kitchen.capacity_items, branch.kitchen.capacity) {
                (None, None) => None,
                (items, money) => {
                    let promised = promised_in(tx, branch.number, slot).await?;
                    let of_items = percent(i64::from(promised.items), items.map(i64::from));
                    Some(of_items.max(percent(promised.fen, money.map(Money::as_fen))))
                }
            };
            cards.push(BranchCard {
                number: branch.number.get(),
                zh: branch.zh.clone(),
                en: branch.en.clone(),
                phone: branch.phone.clone(),
                open: closes.is_some(),
                closes_at: closes,
                online,
                silent_since: last.filter(|_| !online),
                paused: pauses.remove(&branch.number),
                open_orders: count(all),
                load_minutes: count(waiting) * MINUTES_AHEAD,
                capacity_percent,
                sold_out: sold_out(&catalogue, branch.number, now),
                printer: Some(printers.remove(&number).unwrap_or_else(|| serde_json::json!({ "state": "none", "waiting": null }))),
                today: today.get(&number).copied().unwrap_or_default(),
            });
        }
        Ok(cards)
    }

    /// What a branch has promised for the quarter of an hour of `at`.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn promised(&self, branch: BranchNumber, at: Timestamp) -> Result<Room, StoreError> {
        let mut tx = self.pool.snapshot().await?;
        let room = promised_in(&mut tx, branch, slot_of(at)).await;
        tx.undo().await?;
        room
    }

    /// Commits, and wakes whoever follows the journal here.
    pub(super) async fn told(&self, tx: Tx) -> Result<(), StoreError> {
        tx.commit().await?;
        self.news.send_replace(());
        Ok(())
    }

    /// Changes whenever something has been written by this process; others are found by looking.
    #[must_use]
    pub fn news(&self) -> tokio::sync::watch::Receiver<()> {
        self.news.subscribe()
    }
}

fn sold_out(catalogue: &Catalogue, branch: BranchNumber, now: Timestamp) -> Vec<Gone> {
    let here = catalogue.sold_out.iter().filter(|gone| gone.until > now && gone.branch.is_none_or(|only| only == branch));
    here.map(|gone| Gone { dish: gone.dish.get(), until: gone.until.as_millis() }).collect()
}

fn percent(used: i64, limit: Option<i64>) -> u32 {
    limit.filter(|limit| *limit > 0).map_or(0, |limit| u32::try_from(used.max(0).saturating_mul(100) / limit).unwrap_or(u32::MAX))
}

async fn pauses(tx: &mut Tx) -> Result<HashMap<BranchNumber, Pause>, StoreError> {
    const SQL: &str = "select number, pause_until, pause_reason, pause_by from branches where paused = 1";
    let mut found = HashMap::new();
    for row in tx.rows(SQL, &[]).await? {
        let Some(branch) = branch_number(Some(row.int(0)?)) else { continue };
        found.insert(branch, Pause { until: row.opt_int(1)?, reason: row.text(2)?.to_owned(), by: row.text(3)?.to_owned() });
    }
    Ok(found)
}

/// The quarter of an hour of a promise: from and until, in milliseconds.
pub(super) const fn slot_of(at: Timestamp) -> (i64, i64) {
    const QUARTER: i64 = 15 * 60 * 1000;
    let from = at.as_millis().div_euclid(QUARTER) * QUARTER;
    (from, from + QUARTER)
}

/// Portions and money that a branch has promised for a quarter of an hour.
pub(super) async fn promised_in(tx: &mut Tx, branch: BranchNumber, (from, until): (i64, i64)) -> Result<Room, StoreError> {
    const FEN: &str = "select coalesce(cast(sum(goods_fen) as bigint), 0) from orders \
        where branch = $1 and promised_at >= $2 and promised_at < $3 and status <> 'cancelled'";
    const ITEMS: &str = "select coalesce(cast(sum(l.quantity) as bigint), 0) from orders o join order_lines l on l.order_id = o.id \
        where o.branch = $1 and o.promised_at >= $2 and o.promised_at < $3 and o.status <> 'cancelled'";
    let args = vals![branch.get(), from, until];
    let fen = tx.row(FEN, args).await?.map_or(Ok(0), |row| row.int(0))?;
    let items = tx.row(ITEMS, args).await?.map_or(Ok(0), |row| row.int(0))?;
    Ok(Room { items: u32::try_from(items).unwrap_or(u32::MAX), fen })
}

/// How many orders there are, for the operator's numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderCounts {
    /// Status, owner, how many: all states of open orders, also the empty ones.
    pub orders: Vec<(String, String, i64)>,
    /// The oldest order that nobody at its branch has touched.
    pub ringing_since: Option<Timestamp>,
    pub tasks: i64,
}

impl Store {
    /// The numbers of dispatch.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn order_counts(&self) -> Result<OrderCounts, StoreError> {
        const ORDERS: &str = "select status, owner, cast(count(*) as bigint) from orders \
            where status in ('new', 'address_check', 'accepted', 'cooking', 'ready', 'out') group by status, owner";
        const RINGING: &str =
            "select cast(min(sent_at) as bigint) from orders where status = 'new' and sent_at is not null and seen_at is null";
        let mut counts = OrderCounts::default();
        let mut known: BTreeMap<(String, String), i64> = BTreeMap::new();
        // A state that has emptied is told as empty.
        for (status, owner) in [
            ("new", "clock"),
            ("new", "branch"),
            ("new", "headquarters"),
            ("address_check", "headquarters"),
            ("accepted", "branch"),
            ("cooking", "branch"),
            ("ready", "branch"),
            ("out", "branch"),
            ("out", "rider"),
        ] {
            known.insert((status.into(), owner.into()), 0);
        }
        for row in self.pool.rows(ORDERS, &[]).await? {
            known.insert((row.text(0)?.to_owned(), row.text(1)?.to_owned()), row.int(2)?);
        }
        counts.orders = known.into_iter().map(|((status, owner), count)| (status, owner, count)).collect();
        if let Some(row) = self.pool.row(RINGING, &[]).await? {
            counts.ringing_since = row.opt_int(0)?.map(Timestamp::from_millis);
        }
        if let Some(row) = self.pool.row("select cast(count(*) as bigint) from tasks where done_at is null", &[]).await? {
            counts.tasks = row.int(0)?;
        }
        Ok(counts)
    }

    /// Orders that each kitchen still has to cook.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn loads(&self) -> Result<Loads, StoreError> {
        const SQL: &str = "select branch, cast(count(*) as bigint) from orders \
            where status in ('new', 'accepted', 'cooking') and sent_at is not null group by branch";
        let mut loads = Loads::new();
        for row in self.pool.rows(SQL, &[]).await? {
            if let Some(branch) = branch_number(Some(row.int(0)?)) {
                loads.insert(branch, u32::try_from(row.int(1)?).unwrap_or(0));
            }
        }
        Ok(loads)
    }
}
