//! The one shape of everything that decides: time is handed in, effects are handed out.

use std::time::{Duration, Instant, SystemTime};

/// The only clock a core ever sees: one reading, taken by the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For timers: only ever moves forward.
    pub instant: Instant,
    /// For records and opening hours.
    pub wall: SystemTime,
}

impl Now {
    /// The reading `later` from this one, on both clocks.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        Self { instant: self.instant + later, wall: self.wall + later }
    }
}

/// Feed it, drain it, ask when to wake it.
///
/// The rules of use: one `handle`, then `poll` until `None`; time never goes backwards.
pub trait Machine {
    /// What it can be told.
    type Input;
    /// What it wants done.
    type Output;

    /// Takes one input. Never blocks and never reads a clock.
    fn handle(&mut self, now: Now, input: Self::Input);

    /// Acts on the earliest deadline at or before `now`: one per call.
    fn handle_timeout(&mut self, now: Now);

    /// The next thing for the shell to do; `None` when drained.
    fn poll(&mut self) -> Option<Self::Output>;

    /// When to call `handle_timeout` next.
    fn next_deadline(&self) -> Option<Instant>;
}

/// A few named timers: the handful a state machine holds, found by scanning.
#[derive(Debug, Clone)]
pub struct Timers<T> {
    running: Vec<(T, Instant)>,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { running: Vec::new() }
    }
}

impl<T: Copy + PartialEq> Timers<T> {
    /// Starts or restarts `timer`.
    pub fn start(&mut self, timer: T, at: Instant) {
        self.stop(timer);
        self.running.push((timer, at));
    }

    /// Stops `timer`; nothing happens when it does not run.
    pub fn stop(&mut self, timer: T) {
        self.running.retain(|(name, _)| *name != timer);
    }

    /// Stops all of them.
    pub fn stop_all(&mut self) {
        self.running.clear();
    }

    /// When `timer` fires, if it runs.
    #[must_use]
    pub fn deadline(&self, timer: T) -> Option<Instant> {
        self.running.iter().find(|(name, _)| *name == timer).map(|(_, at)| *at)
    }

    /// The earliest deadline.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.running.iter().map(|(_, at)| *at).min()
    }

    /// Takes out the earliest timer that is due at `now`.
    pub fn expire(&mut self, now: Instant) -> Option<T> {
        let due =
            self.running.iter().enumerate().filter(|(_, (_, at))| *at <= now).min_by_key(|(_, (_, at))| *at).map(|(place, _)| place)?;
        Some(self.running.swap_remove(due).0)
    }
}

/// Where random parts (tags, branches, ids) come from: seeded in tests, so that a story repeats exactly.
#[derive(Debug, Clone)]
pub struct Ids {
    state: [u64; 2],
}

impl Ids {
    /// A source that gives the same parts for the same seed. The shell seeds it from the system's random source.
    #[must_use]
    pub fn seeded(seed: u128) -> Self {
        let (low, high) = (seed as u64, (seed >> 64) as u64);
        let mut ids = Self { state: [low ^ 0x9e37_79b9_7f4a_7c15, high ^ 0xd1b5_4a32_d192_ed03] };
        for _ in 0..8 {
            ids.next_u64();
        }
        ids
    }

    /// The next 64 bits (xoroshiro128+; not for keys or passwords).
    pub fn next_u64(&mut self) -> u64 {
        let [a, mut b] = self.state;
        let result = a.wrapping_add(b);
        b ^= a;
        self.state = [a.rotate_left(24) ^ b ^ (b << 16), b.rotate_left(37)];
        result
    }

    /// A number below `end` (not zero).
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_u64() % end
    }

    /// Lower-case letters and digits, for tags, branches and Call-IDs.
    pub fn text(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz0123456";
        let mut bits = 0_u64;
        (0..length)
            .map(|place| {
                if place % 12 == 0 {
                    bits = self.next_u64();
                }
                let letter = LETTERS[(bits & 31) as usize];
                bits >>= 5;
                char::from(letter)
            })
            .collect()
    }
}
