//! Whether a media thread has more to carry than it can: then further calls are refused, so that those that are up stay clean and
//! whatever ends them is still heard.

use std::time::{Duration, Instant};

/// A thread that never had a moment to rest for so long is full. It makes up for a stop of the machine in less, also when it carries
/// nine tenths of what it can.
const NO_REST: Duration = Duration::from_secs(2);
/// Between two looks more than this was no work of ours: the machine stood still.
const STEP: Duration = Duration::from_millis(20);

/// Counts how long a thread has not been in time.
#[derive(Debug)]
pub(super) struct Strain {
    last: Instant,
    unrested: Duration,
    full: bool,
}

impl Strain {
    pub(super) const fn new(now: Instant) -> Self {
        Self { last: now, unrested: Duration::ZERO, full: false }
    }

    /// Called once a phase: `rests` when there was time left before it. Whether the thread is full, when that has changed.
    pub(super) fn look(&mut self, now: Instant, rests: bool) -> Option<bool> {
        let passed = now.saturating_duration_since(self.last).min(STEP);
        self.last = now;
        self.unrested = if rests { Duration::ZERO } else { self.unrested + passed };
        let full = self.unrested >= NO_REST;
        let changed = full != self.full;
        self.full = full;
        changed.then_some(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any first moment will do; the others are counted from it")]
    fn who_never_rests_is_full_and_a_stop_of_the_machine_is_made_up_for() {
        let begin = Instant::now();
        let mut strain = Strain::new(begin);
        let at = |ms: u64| begin + Duration::from_millis(ms);
        assert_eq!(strain.look(at(100), true), None);
        // The machine stood still for a second; a second and a half later the thread has made up for it.
        assert!((1_100..2_600).all(|ms| strain.look(at(ms), false).is_none()));
        assert_eq!(strain.look(at(2_600), true), None);
        // More than it can carry.
        let told: Vec<u64> = (2_601..6_000).filter(|ms| strain.look(at(*ms), false) == Some(true)).collect();
        assert_eq!(told, [4_600], "once");
        assert_eq!(strain.look(at(6_000), true), Some(false));
    }
}
