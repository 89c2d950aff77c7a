//! How long a caller will probably wait: honest, rounded up, silent when unsure (C43, C44).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::domain::Wait;

/// Calls that are remembered, and for how long.
const MOST: usize = 512;
const WINDOW: Duration = Duration::from_secs(1800);
/// With fewer calls than this nothing is known.
const LEAST: usize = 3;
/// What a call takes as long as nothing is known.
pub const USUAL: Duration = Duration::from_secs(180);

/// How long calls took lately: talk, hold and wrap-up.
#[derive(Debug, Clone, Default)]
pub struct Handling {
    calls: VecDeque<(Instant, Duration)>,
}

impl Handling {
    /// One more call.
    pub fn add(&mut self, now: Instant, took: Duration) {
        self.forget(now);
        if self.calls.len() == MOST {
            self.calls.pop_front();
        }
        self.calls.push_back((now, took));
    }

    /// The mean of the last half hour; `None` when too few calls are known.
    #[must_use]
    pub fn mean(&self, now: Instant) -> Option<Duration> {
        let fresh = || self.calls.iter().filter(|(at, _)| now.saturating_duration_since(*at) <= WINDOW);
        let count = u32::try_from(fresh().count()).ok().filter(|count| *count as usize >= LEAST)?;
        Some(fresh().map(|(_, took)| *took).sum::<Duration>() / count)
    }

    fn forget(&mut self, now: Instant) {
        while self.calls.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.calls.pop_front();
        }
    }
}

/// (callers ahead + 1) × mean ÷ agents who work.
#[must_use]
pub fn expected(ahead: u32, mean: Option<Duration>, working: usize) -> Option<Duration> {
    let working = u32::try_from(working).ok().filter(|working| *working > 0)?;
    Some(mean?.saturating_mul(ahead + 1) / working)
}

/// As it is spoken: rounded up to 1, 2, 3, 5, 8 or 10 minutes.
#[must_use]
pub fn spoken(expected: Duration) -> Wait {
    let minute = Duration::from_secs(60);
    if expected < minute {
        return Wait::Short;
    }
    [1_u8, 2, 3, 5, 8, 10].into_iter().find(|minutes| expected <= minute * u32::from(*minutes)).map_or(Wait::Long, Wait::Minutes)
}

/// From this expected wait on a call-back is offered at once.
pub const LONG_WAIT: Duration = Duration::from_secs(120);

/// What this caller has heard so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    pub ahead: Option<u32>,
    pub wait: Option<Wait>,
    /// When anything was said last.
    pub at: Option<Instant>,
}

/// What is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcement {
    Place { ahead: Option<u32>, wait: Option<Wait> },
    Comfort,
}

impl Heard {
    /// Decides what to say now, and remembers it. `latest`: something is said after so long at the latest.
    pub fn decide(&mut self, now: Instant, ahead: u32, expected: Option<Duration>, latest: Duration) -> Option<Announcement> {
        let entry = self.at.is_none();
        let better = self.ahead.is_none_or(|said| ahead < said);
        let long_silent = self.at.is_none_or(|at| now.saturating_duration_since(at) >= latest);
        if !better && !long_silent {
            return None;
        }
        let wait = expected.map(spoken).filter(|wait| self.wait.is_none_or(|said| *wait <= said));
        self.at = Some(now);
        if better {
            self.ahead = Some(ahead);
            self.wait = wait.or(self.wait);
            return Some(Announcement::Place { ahead: Some(ahead), wait });
        }
        // The same place for a long time: a wait that has become shorter is news, the same wait again is none.
        match wait.filter(|wait| entry || self.wait.is_none_or(|said| *wait < said)) {
            Some(wait) => {
                self.wait = Some(wait);
                Some(Announcement::Place { ahead: None, wait: Some(wait) })
            }
            None => Some(Announcement::Comfort),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Handling, Heard, expected, spoken};
    use crate::domain::Wait;
    use std::time::{Duration, Instant};

    const MINUTE: Duration = Duration::from_secs(60);

    #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn c44_waits_are_rounded_up() {
        for (seconds, said) in [
            (59, Wait::Short),
            (60, Wait::Minutes(1)),
            (61, Wait::Minutes(2)),
            (121, Wait::Minutes(3)),
            (181, Wait::Minutes(5)),
            (301, Wait::Minutes(8)),
            (481, Wait::Minutes(10)),
            (601, Wait::Long),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), said, "{seconds}");
        }
    }

    #[test]
    fn c44_nothing_is_said_about_the_wait_while_little_is_known() {
        let now = origin();
        let mut handling = Handling::default();
        handling.add(now, MINUTE);
        handling.add(now, MINUTE * 3);
        assert_eq!(expected(0, handling.mean(now), 2), None);
        handling.add(now, MINUTE * 2);
        assert_eq!(handling.mean(now), Some(MINUTE * 2));
        assert_eq!(expected(3, handling.mean(now), 2), Some(MINUTE * 4));
        assert_eq!(expected(3, handling.mean(now), 0), None, "nobody works");
        assert_eq!(handling.mean(now + MINUTE * 31), None, "of the last half hour only");
    }

    #[test]
    fn c43_the_place_is_said_when_it_is_better_and_the_wait_never_grows() {
        let now = origin();
        let mut heard = Heard::default();
        let latest = Duration::from_secs(90);
        let place = |ahead, wait| Some(Announcement::Place { ahead, wait });
        assert_eq!(heard.decide(now, 3, Some(MINUTE * 4), latest), place(Some(3), Some(Wait::Minutes(5))));
        assert_eq!(heard.decide(now + MINUTE, 3, Some(MINUTE), latest), None, "the same place, said a minute ago");
        assert_eq!(heard.decide(now + MINUTE, 2, Some(MINUTE * 9), latest), place(Some(2), None), "a longer wait is not said");
        let later = now + MINUTE * 3;
        assert_eq!(heard.decide(later, 4, Some(MINUTE * 9), latest), Some(Announcement::Comfort), "a worse place is not said");
        assert_eq!(heard.decide(later + MINUTE * 2, 2, Some(MINUTE * 2), latest), place(None, Some(Wait::Minutes(2))));
    }
}
