//! The pool of RTP ports: handed out in random order, and rested after use so that nobody hears a stranger's last words.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::machine::Ids;

/// How long a port rests after use.
pub const REST: Duration = Duration::from_secs(5);
/// How long it rests when nothing else is free.
pub const LEAST_REST: Duration = Duration::from_secs(1);

/// Even ports of one range (the odd one above each is its RTCP).
#[derive(Debug)]
pub struct Ports {
    first: u16,
    free: VecDeque<u16>,
    resting: VecDeque<(Instant, u16)>,
    /// By pair, counted from `first`.
    lent: Vec<bool>,
    lent_count: usize,
}

impl Ports {
    /// All even ports from `first` to `last` whose odd neighbour is also in the range, in random order.
    #[must_use]
    pub fn new(first: u16, last: u16, ids: &mut Ids) -> Self {
        let first = first.checked_add(first % 2).unwrap_or(u16::MAX - 1);
        let mut ports: Vec<u16> = (first..last).step_by(2).collect();
        for place in (1..ports.len()).rev() {
            ports.swap(place, ids.below(place as u64 + 1) as usize);
        }
        Self { first, lent: vec![false; ports.len()], free: ports.into(), resting: VecDeque::new(), lent_count: 0 }
    }

    /// A port for a new leg; none when all are lent or still resting.
    pub fn lend(&mut self, now: Instant) -> Option<u16> {
        while let Some((since, port)) = self.resting.front().copied()
            && now.saturating_duration_since(since) >= REST
        {
            self.resting.pop_front();
            self.free.push_back(port);
        }
        let port = match self.free.pop_front() {
            Some(port) => port,
            None => {
                let (since, port) = self.resting.front().copied()?;
                if now.saturating_duration_since(since) < LEAST_REST {
                    return None;
                }
                self.resting.pop_front();
                port
            }
        };
        let place = self.place(port)?;
        self.lent[place] = true;
        self.lent_count += 1;
        Some(port)
    }

    /// Takes a port back to rest. A port that is not lent is ignored.
    pub fn give_back(&mut self, now: Instant, port: u16) {
        if let Some(place) = self.place(port)
            && self.lent[place]
        {
            self.lent[place] = false;
            self.lent_count -= 1;
            self.resting.push_back((now, port));
        }
    }

    /// How many are lent.
    #[must_use]
    pub fn lent(&self) -> usize {
        self.lent_count
    }

    /// How many there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lent.len()
    }

    fn place(&self, port: u16) -> Option<usize> {
        let place = usize::from(port.checked_sub(self.first)?);
        (place % 2 == 0 && place / 2 < self.lent.len()).then_some(place / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn origin() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
        Instant::now()
    }

    #[test]
    fn all_even_ports_once_then_none() {
        let now = origin();
        let mut ports = Ports::new(10_001, 10_021, &mut Ids::seeded(1));
        let lent: HashSet<u16> = std::iter::from_fn(|| ports.lend(now)).collect();
        assert_eq!(lent, (10_002..=10_020).step_by(2).collect());
        assert_eq!((ports.lent(), ports.size(), ports.lend(now)), (10, 10, None));
    }

    #[test]
    fn a_used_port_rests_while_others_are_free() {
        let now = origin();
        let mut ports = Ports::new(10_000, 10_007, &mut Ids::seeded(2));
        let used = ports.lend(now).unwrap();
        ports.give_back(now, used);
        let others: Vec<u16> = (0..3).map(|_| ports.lend(now + Duration::from_secs(2)).unwrap()).collect();
        assert!(!others.contains(&used));
        assert_eq!(ports.lend(now + Duration::from_millis(900)), None, "not even in need before the least rest");
        assert_eq!(ports.lend(now + Duration::from_secs(5)), Some(used));
    }

    #[test]
    fn a_port_given_back_twice_is_lent_once() {
        let now = origin();
        let mut ports = Ports::new(10_000, 10_001, &mut Ids::seeded(3));
        let port = ports.lend(now).unwrap();
        for _ in 0..2 {
            ports.give_back(now, port);
            ports.give_back(now, 9);
            ports.give_back(now, 65_535);
        }
        assert_eq!(ports.lend(now + REST), Some(port));
        assert_eq!(ports.lend(now + REST * 9), None);
    }

    #[test]
    fn the_order_is_random_and_repeats_with_the_seed() {
        let order = |seed| {
            let mut ports = Ports::new(20_000, 20_999, &mut Ids::seeded(seed));
            std::iter::from_fn(|| ports.lend(origin())).collect::<Vec<_>>()
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn odd_ranges_do_not_panic() {
        for (first, last) in [(65_535, 65_535), (65_534, 65_535), (0, 1), (30_000, 20_000), (5_000, 5_000)] {
            let mut ports = Ports::new(first, last, &mut Ids::seeded(4));
            while ports.lend(origin()).is_some() {}
        }
    }
}
