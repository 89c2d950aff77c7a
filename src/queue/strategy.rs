//! How a queue chooses among the agents who may have a caller: one name for all (domain.md 2.3, C36).

use std::time::Instant;

use crate::machine::Ids;

/// How a queue chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    /// 全部振铃: everybody at once.
    RingAll,
    /// 最长空闲
    #[default]
    LongestIdle,
    /// 最少接听, of today.
    FewestCalls,
    /// 最少通话时长, of today.
    LeastTalkTime,
    /// 轮流振铃: the next one in order after the one who was rung last.
    RoundRobin,
    /// 顺序振铃: always the first in order.
    Linear,
    /// 逐个叠加: the first in order, then one more after each step.
    Progressive,
    /// 随机
    Random,
    /// 加权随机
    Weighted,
    /// 技能优先: who knows the caller's language and need best.
    Skill,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RingAll,
        Self::LongestIdle,
        Self::FewestCalls,
        Self::LeastTalkTime,
        Self::RoundRobin,
        Self::Linear,
        Self::Progressive,
        Self::Random,
        Self::Weighted,
        Self::Skill,
    ];

    /// Its name in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RingAll => "ring-all",
            Self::LongestIdle => "longest-idle",
            Self::FewestCalls => "fewest-calls",
            Self::LeastTalkTime => "least-talk-time",
            Self::RoundRobin => "round-robin",
            Self::Linear => "linear",
            Self::Progressive => "progressive",
            Self::Random => "random",
            Self::Weighted => "weighted",
            Self::Skill => "skill",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// Whether agents may be added to a ring in progress.
    #[must_use]
    pub const fn rings_several(self) -> bool {
        matches!(self, Self::RingAll | Self::Progressive)
    }
}

/// What a strategy knows of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Place in the queue's order; unique.
    pub order: u32,
    pub idle_since: Instant,
    /// Of today.
    pub calls: u32,
    pub talk_ms: u64,
    pub weight: u32,
    /// In what this caller needs.
    pub level: u8,
}

/// The place of the one to be rung first; `None` without candidates. `last` is the order of the one who was rung last.
#[must_use]
pub fn choose(strategy: Strategy, candidates: &[Candidate], last: Option<u32>, ids: &mut Ids) -> Option<usize> {
    let places = || candidates.iter().enumerate();
    let idle = |agent: &Candidate| (agent.idle_since, agent.order);
    let place = |found: Option<(usize, &Candidate)>| found.map(|(place, _)| place);
    match strategy {
        Strategy::RingAll | Strategy::LongestIdle => place(places().min_by_key(|(_, agent)| idle(agent))),
        Strategy::FewestCalls => place(places().min_by_key(|(_, agent)| (agent.calls, idle(agent)))),
        Strategy::LeastTalkTime => place(places().min_by_key(|(_, agent)| (agent.talk_ms, idle(agent)))),
        Strategy::RoundRobin => place(places().min_by_key(|(_, agent)| (last.is_some_and(|last| agent.order <= last), agent.order))),
        Strategy::Linear | Strategy::Progressive => place(places().min_by_key(|(_, agent)| agent.order)),
        Strategy::Random => weighted(candidates, |_| 1, ids),
        Strategy::Weighted => weighted(candidates, |agent| u64::from(agent.weight), ids),
        Strategy::Skill => place(places().min_by_key(|(_, agent)| (100 - agent.level.min(100), idle(agent)))),
    }
}

fn weighted(candidates: &[Candidate], weight: impl Fn(&Candidate) -> u64, ids: &mut Ids) -> Option<usize> {
    let all: u64 = candidates.iter().map(&weight).sum();
    if all == 0 {
        return (!candidates.is_empty()).then_some(0);
    }
    let mut drawn = ids.below(all);
    candidates.iter().position(|agent| match drawn.checked_sub(weight(agent)) {
        Some(rest) => {
            drawn = rest;
            false
        }
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Strategy, choose};
    use crate::machine::Ids;
    use std::time::{Duration, Instant};

    #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
    fn four() -> Vec<Candidate> {
        let start = Instant::now();
        let agent = |order, idle: u64, calls, talk_ms, weight, level| Candidate {
            order,
            idle_since: start + Duration::from_secs(idle),
            calls,
            talk_ms,
            weight,
            level,
        };
        vec![agent(0, 9, 2, 500, 1, 20), agent(1, 3, 5, 100, 0, 90), agent(2, 5, 1, 900, 3, 90), agent(3, 7, 1, 300, 6, 10)]
    }

    fn chosen(strategy: Strategy, last: Option<u32>) -> Option<usize> {
        choose(strategy, &four(), last, &mut Ids::seeded(1))
    }

    #[test]
    fn c36_longest_idle_takes_who_has_waited_longest() {
        assert_eq!(chosen(Strategy::LongestIdle, Some(1)), Some(1));
        assert_eq!(chosen(Strategy::RingAll, None), Some(1));
    }

    #[test]
    fn c36_fewest_calls_takes_the_longer_idle_of_two_with_the_same_count() {
        assert_eq!(chosen(Strategy::FewestCalls, None), Some(2));
    }

    #[test]
    fn c36_least_talk_time_counts_today() {
        assert_eq!(chosen(Strategy::LeastTalkTime, None), Some(1));
    }

    #[test]
    fn c36_round_robin_remembers_and_goes_round() {
        let mut last = None;
        let mut taken = Vec::new();
        for _ in 0..6 {
            let place = chosen(Strategy::RoundRobin, last).unwrap();
            last = Some(u32::try_from(place).unwrap());
            taken.push(place);
        }
        assert_eq!(taken, [0, 1, 2, 3, 0, 1]);
    }

    #[test]
    fn c36_round_robin_goes_on_after_an_agent_who_has_left() {
        let mut agents = four();
        agents.remove(2);
        assert_eq!(choose(Strategy::RoundRobin, &agents, Some(2), &mut Ids::seeded(1)), Some(2), "order 3 is next");
    }

    #[test]
    fn c36_linear_and_progressive_begin_with_the_first_in_order() {
        assert_eq!(chosen(Strategy::Linear, Some(0)), Some(0));
        assert_eq!(chosen(Strategy::Progressive, Some(0)), Some(0));
    }

    #[test]
    fn c36_skill_takes_the_best_and_of_equals_the_longer_idle() {
        assert_eq!(chosen(Strategy::Skill, None), Some(1));
    }

    #[test]
    fn c36_random_is_even_and_the_same_for_the_same_seed() {
        let draw = || {
            let mut ids = Ids::seeded(7);
            let mut count = [0_u32; 4];
            for _ in 0..4000 {
                count[choose(Strategy::Random, &four(), None, &mut ids).unwrap()] += 1;
            }
            count
        };
        assert_eq!(draw(), draw());
        assert!(draw().iter().all(|count| (850..1150).contains(count)), "{:?}", draw());
    }

    #[test]
    fn c36_weighted_follows_the_weights_and_never_takes_weight_zero() {
        let mut ids = Ids::seeded(7);
        let mut count = [0_u32; 4];
        for _ in 0..10_000 {
            count[choose(Strategy::Weighted, &four(), None, &mut ids).unwrap()] += 1;
        }
        assert_eq!(count[1], 0);
        assert!((850..1150).contains(&count[0]) && (2800..3200).contains(&count[2]) && (5800..6200).contains(&count[3]), "{count:?}");
    }

    #[test]
    fn c36_all_names_are_read_back_and_nobody_is_chosen_from_nobody() {
        for strategy in Strategy::ALL {
            assert_eq!(Strategy::parse(strategy.name()), Some(strategy));
            assert_eq!(choose(strategy, &[], None, &mut Ids::seeded(1)), None);
        }
        assert_eq!(Strategy::parse("rrmemory"), None);
    }
}
