//! Who calls on a simulated day: when, what for, how long they wait and who speaks with them.

use std::time::Duration;

use super::Wish;
use crate::domain::{BranchNumber, Timestamp};
use crate::machine::Ids;

/// How often people call, by hour of the day: lunch and dinner.
const HUNGER: [u64; 24] = [0, 0, 0, 0, 0, 0, 0, 1, 1, 3, 8, 18, 16, 6, 3, 3, 6, 14, 18, 12, 6, 3, 1, 0];

/// How a stay in the queue ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Answered,
    Abandoned,
}

/// One caller.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub at: Timestamp,
    pub ends_at: Timestamp,
    /// Began to order by keypad.
    pub ordering: bool,
    /// When an order is placed, by keypad or by the agent.
    pub orders_at: Option<Timestamp>,
    /// Entered the queue, left it, and how.
    pub queued: Option<(Timestamp, Timestamp, Ending)>,
    pub agent: Option<String>,
    pub wrap_up: Duration,
    /// The branch that refused the order.
    pub first_branch: Option<BranchNumber>,
}

/// The callers of a day, by time of arrival. Agents answer in the order in which callers enter the queue.
pub(super) fn callers(wish: &Wish, midnight: Timestamp, ids: &mut Ids) -> Vec<Caller> {
    let mut times: Vec<Timestamp> = (0..wish.calls).map(|_| midnight.after(Duration::from_millis(arrival(ids)))).collect();
    times.sort_unstable();
    let mut free_at = vec![midnight; usize::from(wish.agents.max(1))];
    times.into_iter().map(|at| caller(at, &mut free_at, ids)).collect()
}

/// Milliseconds after midnight.
fn arrival(ids: &mut Ids) -> u64 {
    let all: u64 = HUNGER.iter().sum();
    let mut left = ids.below(all);
    for (hour, weight) in HUNGER.iter().enumerate() {
        if left < *weight {
            return hour as u64 * 3_600_000 + ids.below(3_600_000);
        }
        left -= weight;
    }
    12 * 3_600_000
}

fn caller(at: Timestamp, free_at: &mut [Timestamp], ids: &mut Ids) -> Caller {
    let seconds = |ids: &mut Ids, from: u64, to: u64| Duration::from_secs(from + ids.below(to - from));
    let mut caller = Caller {
        at,
        ends_at: at,
        ordering: false,
        orders_at: None,
        queued: None,
        agent: None,
        wrap_up: Duration::ZERO,
        first_branch: None,
    };
    match ids.below(100) {
        // Orders by keypad; a tenth of them gives up on the way.
        0..35 => {
            caller.ordering = true;
            caller.ends_at = at.after(seconds(ids, 60, 200));
            if ids.below(10) > 0 {
                caller.orders_at = Some(caller.ends_at.before(Duration::from_secs(8)));
            }
        }
        // Asks for opening hours, points, the way.
        35..60 => caller.ends_at = at.after(seconds(ids, 20, 90)),
        // Hangs up in the menu.
        60..68 => caller.ends_at = at.after(seconds(ids, 3, 20)),
        // Wants a person.
        wish => {
            let entered = at.after(seconds(ids, 8, 25));
            // Few have hardly any patience, most some minutes.
            let patience = if ids.below(20) == 0 { seconds(ids, 1, 5) } else { seconds(ids, 30, 300) };
            let Some(agent) = (0..free_at.len()).min_by_key(|place| free_at[*place]) else { return caller };
            let answered = free_at[agent].max(entered.after(Duration::from_secs(3)));
            if answered > entered.after(patience) {
                caller.ends_at = entered.after(patience);
                caller.queued = Some((entered, caller.ends_at, Ending::Abandoned));
                return caller;
            }
            caller.ends_at = answered.after(seconds(ids, 50, 260));
            caller.wrap_up = seconds(ids, 5, 60);
            caller.queued = Some((entered, answered, Ending::Answered));
            caller.agent = Some(format!("agent-{:02}", agent + 1));
            free_at[agent] = caller.ends_at.after(caller.wrap_up);
            if wish < 88 {
                caller.orders_at = Some(caller.ends_at.before(Duration::from_secs(10)));
            }
        }
    }
    caller
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::Wish;
    use super::{Ending, callers};
    use crate::domain::{ShopClock, Timestamp};
    use crate::machine::Ids;

    #[test]
    fn the_same_seed_is_the_same_day_with_its_peaks() {
        let wish = Wish { day: date(2026, 11, 21), branches: 30, calls: 2000, agents: 6, seed: 7 };
        let midnight = ShopClock::named("Asia/Shanghai").unwrap().timestamp(wish.day.at(0, 0, 0, 0));
        let day = || callers(&wish, midnight, &mut Ids::seeded(7));
        let (one, other) = (day(), day());
        assert_eq!(
            one.iter().map(|caller| caller.ends_at).collect::<Vec<_>>(),
            other.iter().map(|caller| caller.ends_at).collect::<Vec<_>>()
        );
        let hour = |from: i64| {
            let start = midnight.as_millis() + from * 3_600_000;
            let end: Timestamp = Timestamp::from_millis(start + 3_600_000);
            one.iter().filter(|caller| caller.at.as_millis() >= start && caller.at < end).count()
        };
        assert!(hour(11) > 3 * hour(14) && hour(18) > 3 * hour(15), "lunch and dinner");
        // Nobody is with two callers at once.
        for agent in 1..=6 {
            let name = format!("agent-{agent:02}");
            let mut spans: Vec<_> = one
                .iter()
                .filter(|caller| caller.agent.as_deref() == Some(name.as_str()))
                .filter_map(|caller| Some((caller.queued?.1, caller.ends_at)))
                .collect();
            spans.sort_unstable();
            assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        }
        assert!(one.iter().any(|caller| caller.queued.is_some_and(|(.., ending)| ending == Ending::Abandoned)));
    }
}
