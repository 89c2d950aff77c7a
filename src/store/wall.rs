//! The day in numbers, by the formulas of the trade: what was offered, answered in time, abandoned, ordered.

use std::collections::BTreeMap;
use std::time::Duration;

use super::db::vals;
use super::{Store, StoreError};
use crate::domain::Timestamp;

/// Counts of a span of time, all queues together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WallCounts {
    /// Calls that reached us, self service included.
    pub calls: u64,
    /// Calls that entered a queue.
    pub offered: u64,
    /// Of these, connected to an agent.
    pub answered: u64,
    /// Of these, within the service level's time.
    pub in_time: u64,
    /// Hung up while they waited, later than the short limit.
    pub abandoned: u64,
    /// Hung up within the short limit.
    pub abandoned_short: u64,
    /// Asked to be called back instead.
    pub call_backs: u64,
    /// Waits of the answered, together.
    pub waited_ms: u64,
    /// Orders, and how many of them a person took down.
    pub orders: u64,
    pub orders_by_agent: u64,
    pub sales_fen: i64,
}

impl WallCounts {
    /// Answered in time ÷ (answered + abandoned after the short limit), in per cent; none when nobody was offered.
    #[must_use]
    pub fn in_time_percent(&self) -> Option<u8> {
        percent(self.in_time, self.answered + self.abandoned)
    }

    /// Abandoned ÷ offered, in per cent; short abandons count in neither.
    #[must_use]
    pub fn abandon_percent(&self) -> Option<u8> {
        percent(self.abandoned, self.offered.saturating_sub(self.abandoned_short))
    }

    /// Average speed of answer.
    #[must_use]
    pub fn average_wait(&self) -> Option<Duration> {
        self.waited_ms.checked_div(self.answered).map(Duration::from_millis)
    }

    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.offered += other.offered;
        self.answered += other.answered;
        self.in_time += other.in_time;
        self.abandoned += other.abandoned;
        self.abandoned_short += other.abandoned_short;
        self.call_backs += other.call_backs;
        self.waited_ms += other.waited_ms;
        self.orders += other.orders;
        self.orders_by_agent += other.orders_by_agent;
        self.sales_fen += other.sales_fen;
    }
}

fn percent(part: u64, whole: u64) -> Option<u8> {
    if whole == 0 {
        return None;
    }
    u8::try_from(((part * 100 + whole / 2) / whole).min(100)).ok()
}

/// A day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wall {
    pub today: WallCounts,
    /// By hour of the restaurant's clock; hours in which nothing happened are left out.
    pub by_hour: BTreeMap<u8, WallCounts>,
}

impl Store {
    /// The restaurant's day of `now`: `in_time` is the service level's time, `short` the limit of short abandons.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub async fn wall(&self, in_time: Duration, short: Duration, now: Timestamp) -> Result<Wall, StoreError> {
        const VISITS: &str = "select (entered_at - $1) / 3600000, cast(count(distinct call_id) as bigint), \
            cast(count(distinct case when outcome = 'answered' then call_id end) as bigint), \
            cast(count(distinct case when outcome = 'answered' and left_at - entered_at <= $2 then call_id end) as bigint), \
            cast(count(distinct case when outcome = 'abandoned' and left_at - entered_at > $3 then call_id end) as bigint), \
            cast(count(distinct case when outcome = 'abandoned' and left_at - entered_at <= $3 then call_id end) as bigint), \
            cast(count(distinct case when outcome = 'callback' then call_id end) as bigint), \
            cast(coalesce(sum(case when outcome = 'answered' then left_at - entered_at end), 0) as bigint) \
            from queue_visits where entered_at >= $1 and is_callback = 0 group by 1";
        const CALLS: &str = "select (arrived_at - $1) / 3600000, cast(count(*) as bigint) from calls where arrived_at >= $1 and trunk <> 'campaign' group by 1";
        const ORDERS: &str = "select (placed_at - $1) / 3600000, cast(count(*) as bigint), \
            cast(coalesce(sum(case when via = 'agent' then 1 else 0 end), 0) as bigint), cast(coalesce(sum(pay_fen), 0) as bigint) \
            from orders where placed_at >= $1 and status <> 'cancelled' group by 1";
        let start = self.clock.timestamp(self.clock.local(now).date().at(0, 0, 0, 0)).as_millis();
        let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let mut wall = Wall::default();
        for row in self.pool.rows(VISITS, vals![start, millis(in_time), millis(short)]).await? {
            let hour = wall.by_hour.entry(hour(row.int(0)?)).or_default();
            (hour.offered, hour.answered, hour.in_time) = (count(row.int(1)?), count(row.int(2)?), count(row.int(3)?));
            (hour.abandoned, hour.abandoned_short) = (count(row.int(4)?), count(row.int(5)?));
            (hour.call_backs, hour.waited_ms) = (count(row.int(6)?), count(row.int(7)?));
        }
        for row in self.pool.rows(CALLS, vals![start]).await? {
            wall.by_hour.entry(hour(row.int(0)?)).or_default().calls = count(row.int(1)?);
        }
        for row in self.pool.rows(ORDERS, vals![start]).await? {
            let hour = wall.by_hour.entry(hour(row.int(0)?)).or_default();
            (hour.orders, hour.orders_by_agent, hour.sales_fen) = (count(row.int(1)?), count(row.int(2)?), row.int(3)?);
        }
        for counts in wall.by_hour.values() {
            wall.today.add(counts);
        }
        Ok(wall)
    }
}

/// Hours after midnight; a day that is longer by daylight saving ends in its last.
fn hour(number: i64) -> u8 {
    u8::try_from(number.clamp(0, 23)).unwrap_or(23)
}
