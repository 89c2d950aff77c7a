//! When a new call has waited too long for its turn: a moment's standstill is made up for, overload is refused at once.

use std::time::{Duration, Instant};

/// A new call that waits longer than this for its turn is late.
const LATE: Duration = Duration::from_millis(50);
/// Nobody is answered who has waited so long while others wait behind: he is refused (503) while that is still quick.
const TOO_LATE: Duration = Duration::from_millis(110);
/// When calls have been late for so long without a pause, it is overload: the machine was not just stopped for a moment.
const STANDSTILL: Duration = Duration::from_millis(100);
/// Fewer calls than these behind a late one are answered within some milliseconds: however long the machine stood still, that is no
/// overload of ours.
const FEW: usize = 32;
/// Overload is remembered for so long after the last refusal: it needs no second proof. While it lasts somebody is refused every few
/// milliseconds; a longer memory would refuse callers of the time after it for a stop of the machine.
const REMEMBERED: Duration = Duration::from_millis(250);
/// Under overload a new call that waits longer than this is refused: whoever is still served is served soon, and the row behind him
/// is long enough for the machine never to rest.
const LATE_UNDER_OVERLOAD: Duration = Duration::from_millis(15);

/// Looks at how late new calls come to their turn, one after another (after CoDel, RFC 8289 section 3: what counts is how long
/// the delay stands, not how large it is once).
#[derive(Debug, Default)]
pub struct Patience {
    /// Since when calls came late one after another, and when the latest of them did.
    late: Option<(Instant, Instant)>,
    refused: Option<Instant>,
}

impl Patience {
    /// Whether the call that was read then, and whose turn it is now, is to be refused; so many wait behind it.
    pub fn is_over(&mut self, now: Instant, read: Instant, behind: usize) -> bool {
        let waited = now.saturating_duration_since(read);
        let remembered = self.refused.is_some_and(|refused| now.saturating_duration_since(refused) < REMEMBERED);
        if waited <= if remembered { LATE_UNDER_OVERLOAD } else { LATE } || behind < FEW {
            self.late = None;
            return false;
        }
        // After a pause without calls it is another lateness.
        let going_on = self.late.filter(|(_, latest)| now.saturating_duration_since(*latest) < STANDSTILL);
        let since = going_on.map_or(now, |(since, _)| since);
        self.late = Some((since, now));
        let over = waited > TOO_LATE || now.saturating_duration_since(since) >= STANDSTILL || remembered;
        if over {
            self.refused = Some(now);
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const MANY: usize = 100;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any first moment will do; the others are counted from it")]
    fn a_stop_of_a_tenth_of_a_second_refuses_nobody_and_overload_is_refused_until_it_has_passed() {
        let begin = Instant::now();
        let mut patience = Patience::default();
        // The machine stood still for 100 ms: those who rang meanwhile are answered one after another, less and less late.
        for turn in 0..100 {
            assert!(!patience.is_over(begin + MS * (100 + turn / 4), begin + MS * turn, MANY), "the call read at {turn} ms was refused");
        }
        // Twice as many as can be answered: each comes to its turn later than the one before.
        let overload = begin + MS * 1_000;
        let refused: Vec<u32> = (0..600).filter(|ms| patience.is_over(overload + MS * *ms, overload + MS * (ms / 2), MANY)).collect();
        let first = *refused.first().expect("overload is refused");
        assert_eq!(first, 101 + 100, "proof takes 100 ms after the first came late");
        assert_eq!(refused.len() as u32, 600 - first, "and stays refused");
        // A moment later some come a little late again: that is still the same overload, and who is served is served soon.
        let again = overload + MS * 700;
        assert!(!patience.is_over(again, again - MS * 15, MANY));
        assert!(patience.is_over(again, again - MS * 16, MANY));
        // Half a second later it would have to be proved again: a stop of the machine refuses nobody.
        let later = overload + MS * 1_200;
        assert!(!patience.is_over(later, later - MS * 61, MANY));
        assert!(patience.is_over(later, later - MS * 111, MANY), "nobody hears ringing end after so long");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any first moment will do; the others are counted from it")]
    fn however_long_the_machine_stood_still_a_few_callers_are_answered() {
        let begin = Instant::now();
        let mut patience = Patience::default();
        // At 60 calls a second it stood still for half a second.
        for (turn, behind) in (0..30).zip((0..30).rev()) {
            assert!(!patience.is_over(begin + MS * 500, begin + MS * turn * 16, behind), "the call of {} ms was refused", turn * 16);
        }
    }
}
