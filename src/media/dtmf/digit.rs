//! One press is one digit, whether it came as a named event, as a tone in the sound, or as SIP INFO, or as several of them.

use std::time::{Duration, Instant};

/// The way a press came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// RFC 4733.
    Event,
    /// Heard in the sound.
    Tone,
    /// SIP INFO.
    Info,
}

/// How long the same press may take to arrive by another way (INFO comes when the key is let go).
pub const ECHO: Duration = Duration::from_millis(2_000);

const REMEMBERED: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Press {
    key: char,
    at: Instant,
    /// Bit of each way it has come by.
    ways: u8,
}

/// Remembers the last presses and by which ways each came; each way may tell of a press once.
#[derive(Debug, Clone, Default)]
pub struct Arbiter {
    presses: [Option<Press>; REMEMBERED],
    next: usize,
}

impl Arbiter {
    /// Whether this is a press that was not counted yet.
    ///
    /// A press that came by another way within [`ECHO`] and not yet by this one is its echo. Echoes are paired oldest first,
    /// so that two quick presses of one key, each told twice, are two.
    pub fn is_new(&mut self, now: Instant, key: char, via: Via) -> bool {
        let way = 1 << via as u8;
        let echo = self
            .presses
            .iter_mut()
            .flatten()
            .filter(|press| press.key == key && press.ways & way == 0 && now.saturating_duration_since(press.at) <= ECHO)
            .min_by_key(|press| press.at);
        if let Some(press) = echo {
            press.ways |= way;
            return false;
        }
        self.presses[self.next] = Some(Press { key, at: now, ways: way });
        self.next = (self.next + 1) % REMEMBERED;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(told: &[(u64, char, Via)]) -> String {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        let origin = Instant::now();
        let mut arbiter = Arbiter::default();
        told.iter().filter(|(at, key, via)| arbiter.is_new(origin + Duration::from_millis(*at), *key, *via)).map(|told| told.1).collect()
    }

    #[test]
    fn i1_a_press_told_three_ways_is_one() {
        assert_eq!(heard(&[(0, '5', Via::Event), (25, '5', Via::Tone), (180, '5', Via::Info)]), "5");
        assert_eq!(heard(&[(0, '5', Via::Tone), (5, '5', Via::Event)]), "5");
    }

    #[test]
    fn i1_two_quick_presses_each_told_twice_are_two() {
        assert_eq!(heard(&[(0, '1', Via::Event), (100, '1', Via::Event), (110, '1', Via::Info), (150, '1', Via::Info)]), "11");
        assert_eq!(heard(&[(0, '1', Via::Event), (60, '1', Via::Info), (100, '1', Via::Event), (160, '1', Via::Info)]), "11");
    }

    #[test]
    fn i1_presses_by_one_way_are_all_counted() {
        assert_eq!(heard(&[(0, '0', Via::Info), (10, '0', Via::Info), (20, '0', Via::Info)]), "000");
        assert_eq!(heard(&[(0, '1', Via::Event), (3_000, '1', Via::Info)]), "11");
    }
}
