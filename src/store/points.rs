//! Points: a ledger that is only appended to; what can be spent is worked out from its entries.
//!
//! An earning may end on a day. A spending takes from the earnings that end first, of those that had not ended when it
//! was made. The balance is what is left of the earnings that have not ended.
//!
//! Points are earned when an order is done, one for each whole yuan paid, and end with the next calendar year; they are
//! spent in the transaction that confirms an order, and come back, with the ends they had, when it is cancelled.

use jiff::civil::date;

use super::db::{Durability, Tx, vals};
use super::{Store, StoreError, new_id};
use crate::domain::{DayWord, MemberNumber, Money, PointsEntry, ShopClock, Timestamp};
use crate::ivr::question::PointsView;

/// What is left of one earning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) left: i64,
    pub(super) expires: Option<Timestamp>,
}

/// Plays the ledger through, oldest entry first; `spent` is told what each spending took from which end.
fn batches(entries: &[PointsEntry], mut spent: impl FnMut(usize, i64, Option<Timestamp>)) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if entry.points >= 0 {
            // Kept in the order of their ends; never-ending ones last; equal ends oldest first.
            let end = |expires: Option<Timestamp>| expires.map_or(i64::MAX, Timestamp::as_millis);
            let at = batches.partition_point(|batch| end(batch.expires) <= end(entry.expires));
            batches.insert(at, Batch { left: entry.points, expires: entry.expires });
            continue;
        }
        let mut owed = entry.points.saturating_neg();
        for batch in batches.iter_mut().filter(|batch| batch.expires.is_none_or(|end| end > entry.at)) {
            let taken = owed.min(batch.left);
            batch.left -= taken;
            owed -= taken;
            if taken > 0 {
                spent(place, taken, batch.expires);
            }
        }
    }
    batches
}

/// What can be spent at `now`.
pub(super) fn balance(entries: &[PointsEntry], now: Timestamp) -> i64 {
    batches(entries, |_, _, _| {}).iter().filter(|batch| batch.expires.is_none_or(|end| end > now)).map(|batch| batch.left).sum()
}

/// The points that end next, and when: all that end at that same moment.
fn expiring(entries: &[PointsEntry], now: Timestamp) -> Option<(i64, Timestamp)> {
    let batches = batches(entries, |_, _, _| {});
    let end = batches.iter().filter(|batch| batch.left > 0).filter_map(|batch| batch.expires).filter(|end| *end > now).min()?;
    Some((batches.iter().filter(|batch| batch.expires == Some(end)).map(|batch| batch.left).sum(), end))
}

/// The end of points earned at `at`: the last moment of the next calendar year.
pub(super) fn end_of_earning(at: Timestamp, clock: &ShopClock) -> Timestamp {
    clock.timestamp(date(clock.local(at).year().saturating_add(2), 1, 1).at(0, 0, 0, 0))
}

/// What an order of that sum earns.
pub(super) const fn earned(pay: Money) -> i64 {
    pay.as_fen() / 100
}

/// How `day` is spoken on the day of `now`; the end of a period is spoken as its last day.
fn spoken(at: Timestamp, now: Timestamp, clock: &ShopClock) -> DayWord {
    let (day, today) = (clock.local(at).date(), clock.local(now).date());
    let ahead = |days: i64| today.checked_add(jiff::Span::new().days(days)).ok();
    match Some(day) {
        day if day == ahead(0) => DayWord::Today,
        day if day == ahead(1) => DayWord::Tomorrow,
        day if day == ahead(2) => DayWord::DayAfter,
        _ => DayWord::Date { month: day.month().unsigned_abs(), day: day.day().unsigned_abs() },
    }
}

impl Store {
    /// Balance, what ends next, and the last five entries.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn points(&self, member: &MemberNumber, now: Timestamp) -> Result<PointsView, StoreError> {
        let entries = self.ledger(member).await?;
        let just_before = |end: Timestamp| Timestamp::from_millis(end.as_millis() - 1);
        Ok(PointsView {
            balance: balance(&entries, now),
            expiring: expiring(&entries, now).map(|(points, end)| (points, spoken(just_before(end), now, &self.clock))),
            recent: entries.iter().rev().take(5).map(|entry| (spoken(entry.at, now, &self.clock), entry.points)).collect(),
        })
    }

    /// What can be spent.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn points_balance(&self, member: &MemberNumber, now: Timestamp) -> Result<i64, StoreError> {
        Ok(balance(&self.ledger(member).await?, now))
    }

    /// Appends an entry to a member's ledger.
    ///
    /// # Errors
    /// When the store cannot write, or there is no such member.
    pub async fn add_points(&self, member: &MemberNumber, entry: &PointsEntry) -> Result<(), StoreError> {
        let mut tx = self.pool.begin(Durability::Full).await?;
        if tx.exec("update members set revision = revision + 1 where number = $1", vals![member.as_str()]).await? == 0 {
            return Err(StoreError::Conflict);
        }
        append(&mut tx, member, entry, None).await?;
        tx.commit().await
    }

    pub(super) async fn ledger(&self, member: &MemberNumber) -> Result<Vec<PointsEntry>, StoreError> {
        self.pool.rows(LEDGER, vals![member.as_str()]).await?.iter().map(entry).collect()
    }
}

const LEDGER: &str = "select at, points, expires, why from points where member = $1 order by at, seq";

pub(super) async fn ledger_in(tx: &mut Tx, member: &str) -> Result<Vec<PointsEntry>, StoreError> {
    tx.rows(LEDGER, vals![member]).await?.iter().map(entry).collect()
}

fn entry(row: &super::db::Row) -> Result<PointsEntry, StoreError> {
    Ok(PointsEntry {
        at: Timestamp::from_millis(row.int(0)?),
        points: row.int(1)?,
        expires: row.opt_int(2)?.map(Timestamp::from_millis),
        why: row.text(3)?.to_owned(),
    })
}

pub(super) async fn append(tx: &mut Tx, member: &MemberNumber, entry: &PointsEntry, order: Option<&str>) -> Result<(), StoreError> {
    const SQL: &str = "insert into points (id, member, at, seq, points, expires, why, order_id) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let seq = tx.count("points", 1).await?;
    let expires = entry.expires.map(Timestamp::as_millis);
    tx.exec(SQL, vals![new_id(entry.at), member.as_str(), entry.at.as_millis(), seq, entry.points, expires, &entry.why, order])
        .await
        .map(|_| ())
}

/// Gives back what an order spent, with the ends that the points had.
pub(super) async fn give_back(tx: &mut Tx, member: &MemberNumber, order: &str, now: Timestamp) -> Result<i64, StoreError> {
    const SQL: &str = "select at, points, expires, why, case when order_id = $2 and why = 'order' then 1 else 0 end from points where member = $1 order by at, seq";
    let rows = tx.rows(SQL, vals![member.as_str(), order]).await?;
    let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let mine = rows.iter().map(|row| row.flag(4)).collect::<Result<Vec<_>, _>>()?;
    let mut back: Vec<(i64, Option<Timestamp>)> = Vec::new();
    batches(&entries, |place, points, expires| {
        if mine[place] {
            back.push((points, expires));
        }
    });
    let mut sum = 0;
    for (points, expires) in back {
        sum += points;
        append(tx, member, &PointsEntry { at: now, points, expires, why: "order cancelled".into() }, Some(order)).await?;
    }
    Ok(sum)
}

/// Brings what an order earned and spent to what the order now is: `earned` points for it, `spent` points on it. An outcome may
/// be corrected and a step taken back, so this runs more than once.
pub(super) async fn settle(
    tx: &mut Tx,
    member: &MemberNumber,
    order: &str,
    (earned, spent): (i64, i64),
    now: Timestamp,
    clock: &ShopClock,
) -> Result<(), StoreError> {
    const SQL: &str = "select why, cast(sum(points) as bigint) from points where order_id = $1 group by why";
    // Whoever spends points of this member waits here.
    tx.exec("update members set revision = revision + 1 where number = $1", vals![member.as_str()]).await?;
    let (mut has_earned, mut bought, mut changed) = (0, 0, 0);
    for row in tx.rows(SQL, vals![order]).await? {
        match row.text(0)? {
            "order done" | "order undone" => has_earned += row.int(1)?,
            "order" => bought += row.int(1)?,
            _ => changed += row.int(1)?,
        }
    }
    let entry = |points: i64, why: &str| PointsEntry {
        at: now,
        points,
        expires: (points > 0).then(|| end_of_earning(now, clock)),
        why: why.into(),
    };
    if earned != has_earned {
        let why = if earned > has_earned { "order done" } else { "order undone" };
        append(tx, member, &entry(earned - has_earned, why), Some(order)).await?;
    }
    let owed = -spent - (bought + changed);
    match owed {
        0 => {}
        // As they were: with the ends that they had.
        _ if spent == 0 && changed == 0 => {
            give_back(tx, member, order, now).await?;
        }
        _ => append(tx, member, &entry(owed, if owed > 0 { "order cancelled" } else { "order again" }), Some(order)).await?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{balance, end_of_earning, expiring};
    use crate::domain::{PointsEntry, ShopClock, Timestamp};

    fn entry(at: i64, points: i64, expires: Option<i64>) -> PointsEntry {
        PointsEntry { at: Timestamp::from_millis(at), points, expires: expires.map(Timestamp::from_millis), why: String::new() }
    }

    fn at(at: i64) -> Timestamp {
        Timestamp::from_millis(at)
    }

    #[test]
    fn c24_points_that_end_first_are_spent_first() {
        let ledger = [entry(0, 100, Some(1000)), entry(1, 100, Some(500)), entry(2, -120, None)];
        assert_eq!(balance(&ledger, at(3)), 80);
        assert_eq!(expiring(&ledger, at(3)), Some((80, at(1000))));
        assert_eq!(balance(&ledger, at(600)), 80, "what ended at 500 had been spent before");
        assert_eq!(balance(&ledger, at(1000)), 0);
        assert_eq!(expiring(&ledger, at(1000)), None);
    }

    #[test]
    fn c24_a_spending_takes_nothing_from_what_had_ended_before() {
        let ledger = [entry(0, 100, Some(10)), entry(5, 50, None), entry(20, -50, None)];
        assert_eq!(balance(&ledger, at(21)), 0);
        assert_eq!(balance(&ledger, at(9)), 100, "asked about the past, the ledger still plays through to its end");
    }

    #[test]
    fn c24_all_that_ends_at_one_moment_is_told_together() {
        let ledger = [entry(0, 30, Some(90)), entry(1, 40, Some(90)), entry(2, 5, None)];
        assert_eq!(expiring(&ledger, at(3)), Some((70, at(90))));
    }

    #[test]
    fn points_end_with_the_next_year_of_the_restaurant() {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let new_years_eve = clock.timestamp(jiff::civil::date(2026, 12, 31).at(23, 59, 0, 0));
        assert_eq!(clock.local(end_of_earning(new_years_eve, &clock)), jiff::civil::date(2028, 1, 1).at(0, 0, 0, 0));
    }
}
