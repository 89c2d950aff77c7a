//! How long each agent was in which state on which day: the ground of occupancy and utilisation.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::civil::Date;

use crate::domain::{Fact, ShopClock, Timestamp, UserId};
use crate::machine::Now;

/// A state that lasts is written down so often.
const OFTEN: Duration = Duration::from_secs(60);

/// The running sums. What is told of a sum is always all of it, so that telling it twice changes nothing.
#[derive(Debug, Default)]
pub(super) struct Timesheet {
    /// This run of the program: after a kill another one begins, and both count.
    run: Option<String>,
    /// What each agent is doing, and since when that is not counted yet.
    open: HashMap<UserId, (&'static str, Now)>,
    sums: HashMap<(Date, UserId, &'static str), Duration>,
    /// Who is at work, since when, and since when that is not told.
    here: HashMap<UserId, (Now, Now)>,
}

/// Whether somebody in this state is at work, for what was planned.
fn is_at_work(state: &str) -> bool {
    matches!(state, "available" | "ringing" | "on_call" | "hold" | "outbound" | "wrap_up")
}

impl Timesheet {
    /// An agent is in this state now; what is to be kept.
    pub(super) fn note(&mut self, user: &UserId, state: &'static str, now: Now, node: &str, clock: &ShopClock) -> Vec<Fact> {
        let mut told = self.presence(user, state, now, node);
        let Some((before, since)) = self.open.get(user).copied() else {
            self.open.insert(user.clone(), (state, now));
            return told;
        };
        if before == state && now.instant.saturating_duration_since(since.instant) < OFTEN {
            return told;
        }
        if state == "offline" {
            self.open.remove(user);
        } else {
            self.open.insert(user.clone(), (state, now));
        }
        if before == "offline" {
            return told;
        }
        let run = self.run(now, node);
        let today = clock.local(now.wall.into()).date();
        let times = spells(since, now.instant, clock).into_iter().map(|(day, length)| {
            let sum = self.sums.entry((day, user.clone(), before)).or_default();
            *sum += length;
            let ms = u64::try_from(sum.as_millis()).unwrap_or(u64::MAX);
            Fact::Time { day, agent: user.clone(), run: run.clone(), state: before, ms }
        });
        told.extend(times);
        // Yesterday is still touched by who works over midnight; older days are not.
        self.sums.retain(|(day, ..), _| day.tomorrow().is_ok_and(|next| next >= today));
        told
    }

    fn run(&mut self, now: Now, node: &str) -> String {
        self.run.get_or_insert_with(|| format!("{node}-{}", Timestamp::from(now.wall).as_millis())).clone()
    }

    /// The span for which somebody has been at work: told again while it lasts, and when it is over.
    fn presence(&mut self, user: &UserId, state: &str, now: Now, node: &str) -> Vec<Fact> {
        let works = is_at_work(state);
        let Some((since, told)) = self.here.get(user).copied() else {
            if works {
                self.here.insert(user.clone(), (now, now));
            }
            return Vec::new();
        };
        if works && now.instant.saturating_duration_since(told.instant) < OFTEN {
            return Vec::new();
        }
        if works {
            self.here.insert(user.clone(), (since, now));
        } else {
            self.here.remove(user);
        }
        let from = Timestamp::from(since.wall);
        let until = from.after(now.instant.saturating_duration_since(since.instant));
        vec![Fact::Presence { agent: user.clone(), run: self.run(now, node), from, until }]
    }
}

/// A span cut at midnight.
fn spells(since: Now, until: Instant, clock: &ShopClock) -> Vec<(Date, Duration)> {
    let mut all = Vec::new();
    let mut at = Timestamp::from(since.wall);
    let mut rest = until.saturating_duration_since(since.instant);
    while !rest.is_zero() {
        let day = clock.local(at).date();
        let midnight = day.tomorrow().map_or(Timestamp::from_millis(i64::MAX), |next| clock.timestamp(next.at(0, 0, 0, 0)));
        let left = Duration::from_millis(u64::try_from(midnight.as_millis() - at.as_millis()).unwrap_or(u64::MAX).max(1));
        let here = rest.min(left);
        all.push((day, here));
        at = at.after(here);
        rest -= here;
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, UNIX_EPOCH};

    use super::Timesheet;
    use crate::domain::{Fact, ShopClock, UserId};
    use crate::machine::Now;

    fn told(facts: &[Fact]) -> Vec<(String, &'static str, u64)> {
        let one = |fact: &Fact| match fact {
            Fact::Time { day, state, ms, .. } => Some((day.to_string(), *state, *ms)),
            Fact::Presence { .. } => None,
            other => panic!("{other:?}"),
        };
        facts.iter().filter_map(one).collect()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "virtual time begins somewhere")]
    fn c67_presence_is_a_span_from_the_first_work_to_the_break() {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let begin = Instant::now();
        let at =
            |seconds: u64| Now { instant: begin + Duration::from_secs(seconds), wall: UNIX_EPOCH + Duration::from_secs(1_000 + seconds) };
        let lina = UserId::new("u1");
        let mut sheet = Timesheet::default();
        let mut note = |state, seconds| -> Vec<(i64, i64)> {
            let facts = sheet.note(&lina, state, at(seconds), "n1", &clock);
            let span = |fact: &Fact| match fact {
                Fact::Presence { from, until, .. } => Some((from.as_millis() / 1000 - 1000, until.as_millis() / 1000 - 1000)),
                _ => None,
            };
            facts.iter().filter_map(span).collect()
        };
        assert_eq!(note("not_ready", 0), []);
        for (state, seconds) in [("available", 10), ("ringing", 20), ("on_call", 30)] {
            assert_eq!(note(state, seconds), [], "one span, told once a minute");
        }
        assert_eq!(note("wrap_up", 80), [(10, 80)]);
        assert_eq!(note("available", 90), []);
        assert_eq!(note("break", 100), [(10, 100)]);
        assert_eq!(note("break", 400), []);
        assert_eq!(note("available", 500), []);
        assert_eq!(note("offline", 520), [(500, 520)]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "virtual time begins somewhere")]
    fn c102_time_is_counted_by_state_and_cut_at_midnight() {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let begin = Instant::now();
        // 2026-11-21 23:59:00 in Shanghai.
        let at = |seconds: u64| Now {
            instant: begin + Duration::from_secs(seconds),
            wall: UNIX_EPOCH + Duration::from_millis(1_795_276_740_000) + Duration::from_secs(seconds),
        };
        let lina = UserId::new("u1");
        let mut sheet = Timesheet::default();
        let mut note = |state, seconds| sheet.note(&lina, state, at(seconds), "n1", &clock);
        assert!(note("available", 0).is_empty());
        assert!(note("available", 10).is_empty(), "nothing has changed");
        assert_eq!(told(&note("ringing", 20)), [("2026-11-21".into(), "available", 20_000)]);
        assert_eq!(told(&note("on_call", 25)), [("2026-11-21".into(), "ringing", 5000)]);
        // A long call over midnight: 35 s before, 65 s after.
        assert_eq!(told(&note("wrap_up", 125)), [("2026-11-21".into(), "on_call", 35_000), ("2026-11-22".into(), "on_call", 65_000)]);
        assert_eq!(told(&note("available", 135)), [("2026-11-22".into(), "wrap_up", 10_000)]);
        assert_eq!(told(&note("available", 200)), [("2026-11-22".into(), "available", 65_000)], "written down while it lasts");
        assert_eq!(told(&note("offline", 205)), [("2026-11-22".into(), "available", 70_000)], "the whole sum again");
        assert!(note("available", 4000).is_empty(), "nobody works while signed out");
    }
}
