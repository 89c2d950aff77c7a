//! How many people a day will need, by half hours, from what the same weekday was like before.

use jiff::civil::Date;

use super::erlang::{self, Service};
use super::source::{Source, Sums};

/// Half hours of a day.
const SPANS: usize = 48;
const SPAN_S: f64 = 1800.0;

/// One earlier day.
#[derive(Debug, Clone, PartialEq)]
pub struct PastDay {
    pub day: Date,
    /// Callers who asked for a person, by half hour.
    pub offered: Vec<i64>,
    pub handled: i64,
    /// Talk and wrap-up of the handled together.
    pub handling_ms: i64,
    /// The most erlangs on the lines in a quarter of an hour.
    pub line_peak: f64,
}

impl PastDay {
    /// From the sums of a day: queues and lines by quarter of an hour, agents all together.
    #[must_use]
    pub fn of(day: Date, queues: &Sums, agents: &Sums, lines: &Sums) -> Self {
        let place = |source: Source, sum: &str| source.sums().iter().position(|name| *name == sum).unwrap_or(0);
        let (offered_at, busy_at) = (place(Source::Queues, "offered"), place(Source::Lines, "busy_ms"));
        let mut offered = vec![0; SPANS];
        for (key, sums) in queues {
            let span = usize::try_from(key.first().map_or(0, super::Key::int) / 2).unwrap_or(0).min(SPANS - 1);
            offered[span] += sums[offered_at];
        }
        let agent = |sum| agents.values().map(|sums| sums[place(Source::Agents, sum)]).sum::<i64>();
        let busiest = lines.values().map(|sums| sums[busy_at]).max().unwrap_or(0);
        Self {
            day,
            offered,
            handled: agent("handled"),
            handling_ms: agent("talk_ms") + agent("after_ms"),
            line_peak: busiest as f64 / 900_000.0,
        }
    }
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// Share of callers answered in time.
    pub target: f64,
    pub within_s: f64,
    /// Share of paid time that is breaks, training and illness.
    pub shrinkage: f64,
}

/// One half hour of the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Minutes after midnight.
    pub minute: u32,
    /// Expected callers.
    pub calls: f64,
    pub erlangs: f64,
    /// What the fewest agents that reach the goal would do; nothing where nobody is expected.
    pub service: Option<Service>,
    /// How many must be on the payroll.
    pub rostered: u32,
}

/// A day's plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub based_on: Vec<Date>,
    pub handling_s: f64,
    pub spans: Vec<Span>,
    /// Erlangs on the lines at the busiest, and the lines with which one attempt in a hundred is refused.
    pub line_erlangs: f64,
    pub lines: u32,
}

/// The plan from earlier days; none without a single one on which somebody was spoken with.
#[must_use]
pub fn plan(past: &[PastDay], goal: Goal) -> Option<Plan> {
    let handled: i64 = past.iter().map(|day| day.handled).sum();
    if handled == 0 {
        return None;
    }
    let handling_s = past.iter().map(|day| day.handling_ms).sum::<i64>() as f64 / 1000.0 / handled as f64;
    let spans = (0..SPANS).map(|span| {
        let calls = past.iter().map(|day| day.offered[span]).sum::<i64>() as f64 / past.len() as f64;
        let erlangs = erlang::traffic(calls, handling_s, SPAN_S);
        let service = if calls > 0.0 { erlang::agents_for(erlangs, handling_s, goal.target, goal.within_s) } else { None };
        let rostered = service.map_or(0, |service| erlang::rostered(service.agents, goal.shrinkage));
        Span { minute: span as u32 * 30, calls, erlangs, service, rostered }
    });
    let line_erlangs = past.iter().map(|day| day.line_peak).fold(0.0, f64::max);
    Some(Plan {
        based_on: past.iter().map(|day| day.day).collect(),
        handling_s,
        spans: spans.collect(),
        line_erlangs,
        lines: erlang::lines_for(line_erlangs, 0.01),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Goal, PastDay, plan};

    fn day(number: i8, at_noon: i64) -> PastDay {
        let mut offered = vec![0; 48];
        offered[24] = at_noon;
        PastDay { day: date(2026, 11, number), offered, handled: at_noon, handling_ms: at_noon * 180_000, line_peak: 10.0 }
    }

    #[test]
    fn c103_four_saturdays_make_the_plan_of_the_fifth() {
        let goal = Goal { target: 0.8, within_s: 20.0, shrinkage: 0.3 };
        // 100 calls of 180 s in half an hour on average: 14 agents, 20 on the payroll.
        let plan = plan(&[day(14, 90), day(7, 110), day(1, 100)], goal).unwrap();
        let noon = plan.spans[24];
        assert_eq!((noon.minute, noon.calls, noon.service.map(|service| service.agents), noon.rostered), (720, 100.0, Some(14), 20));
        assert_eq!((plan.spans[0].service, plan.spans[0].rostered), (None, 0));
        assert_eq!((plan.lines, plan.based_on.len()), (18, 3));
        assert!((plan.handling_s - 180.0).abs() < 1e-9);
    }

    #[test]
    fn c103_without_a_past_there_is_no_plan() {
        let goal = Goal { target: 0.8, within_s: 20.0, shrinkage: 0.3 };
        assert_eq!(plan(&[], goal), None);
        assert_eq!(plan(&[day(14, 0)], goal), None);
    }
}
