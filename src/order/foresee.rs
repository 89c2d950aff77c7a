//! Which open orders will be late, by what their kitchen has before them: a queue of portions of time, no more (C88).

use std::time::Duration;

use super::dispatch::MINUTES_AHEAD;
use super::life::Times;
use crate::domain::{BranchNumber, OrderStatus, Timestamp};

/// What the foresight needs of an open order that its branch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub branch: BranchNumber,
    pub status: OrderStatus,
    /// It is brought, not fetched.
    pub delivery: bool,
    pub times: Times,
    pub promised_at: Timestamp,
    pub cooking_at: Option<Timestamp>,
    pub out_at: Option<Timestamp>,
}

/// When each of these orders is expected at the door, or on the counter. A kitchen takes up what it has by the promises; each order
/// before another one costs that one [`MINUTES_AHEAD`]. What is being cooked, or on its way, takes the usual time from its beginning.
#[must_use]
pub fn expected(orders: &[Open], now: Timestamp) -> Vec<Timestamp> {
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    let in_kitchen = |one: &Open| matches!(one.status, OrderStatus::New | OrderStatus::Accepted | OrderStatus::Cooking);
    let before = |one: &Open, other: &Open| match (other.status == OrderStatus::Cooking, one.status == OrderStatus::Cooking) {
        (true, false) => true,
        (false, true) => false,
        _ => other.promised_at < one.promised_at,
    };
    let one = |one: &Open| {
        let travel = if one.delivery { u32::from(one.times.travel) } else { 0 };
        let cook = u32::from(one.times.cook);
        let ready = match one.status {
            OrderStatus::Out => return one.out_at.unwrap_or(now).after(minutes(travel)).max(now),
            OrderStatus::Cooking => one.cooking_at.unwrap_or(now).after(minutes(cook)).max(now),
            OrderStatus::New | OrderStatus::Accepted => {
                let ahead = orders.iter().filter(|other| other.branch == one.branch && in_kitchen(other) && before(one, other)).count();
                now.after(minutes(cook + u32::try_from(ahead).unwrap_or(u32::MAX / 10).saturating_mul(MINUTES_AHEAD)))
            }
            _ => now,
        };
        ready.after(minutes(travel))
    };
    orders.iter().map(one).collect()
}

/// Whether an order is foretold to be late: from the margin on after its promise, until it is expected in half of it, so that what
/// stands on the edge does not come and go.
#[must_use]
pub fn is_late(expected: Timestamp, promised: Timestamp, margin: Duration, was: bool) -> bool {
    expected > promised.after(if was { margin / 2 } else { margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_233_600_000;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(NOON).after(Duration::from_secs(minutes * 60))
    }

    fn order(status: OrderStatus, promised: u64) -> Open {
        let branch = BranchNumber::new(1).unwrap();
        let times = Times { cook: 15, travel: 20 };
        Open { branch, status, delivery: true, times, promised_at: at(promised), cooking_at: None, out_at: None }
    }

    #[test]
    fn c88_each_order_before_another_costs_it_three_minutes() {
        use OrderStatus::{Accepted, Cooking, New, Out, Ready};
        let mut orders = vec![order(New, 45), order(Accepted, 40), order(Cooking, 60), order(Ready, 45), order(Out, 30)];
        orders[2].cooking_at = Some(at(10));
        orders[4].out_at = Some(at(5));
        // Another kitchen's work delays nobody here.
        orders.push(Open { branch: BranchNumber::new(2).unwrap(), ..order(Accepted, 10) });
        let told: Vec<i64> = expected(&orders, at(20)).iter().map(|one| (one.as_millis() - NOON) / 60_000).collect();
        // Two before the new one, one before the accepted; begun at 10; ready now; on the way since 5.
        assert_eq!(told, [20 + 15 + 6 + 20, 20 + 15 + 3 + 20, 10 + 15 + 20, 20 + 20, 25, 20 + 15 + 20]);
        // Fetched ones need no way.
        assert_eq!(expected(&[Open { delivery: false, ..order(Accepted, 45) }], at(0)), [at(15)]);
        // Longer than usual: it can come at any moment, not in the past.
        assert_eq!(expected(&[Open { out_at: Some(at(0)), ..order(Out, 30) }], at(90)), [at(90)]);
    }

    #[test]
    fn c88_an_order_on_the_edge_does_not_come_and_go() {
        let margin = Duration::from_secs(600);
        let late = |expected: u64, was: bool| is_late(at(expected), at(45), margin, was);
        assert!(!late(55, false) && late(56, false) && late(55, true) && late(51, true) && !late(50, true));
    }
}
