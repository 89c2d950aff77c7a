//! A network that can be bad: loses, repeats, delays and reorders datagrams, the same way for the same seed.

use std::time::Duration;

use dinetone::machine::Ids;

/// How bad, in per cent.
#[derive(Debug, Clone, Copy)]
pub struct Weather {
    pub loss: u64,
    pub repeats: u64,
    pub reordering: u64,
    pub delay: Duration,
}

impl Weather {
    /// Nothing is lost, everything takes 5 ms.
    pub const FAIR: Self = Self { loss: 0, repeats: 0, reordering: 0, delay: Duration::from_millis(5) };
    /// `domain.md` section 3: loss 15 %, duplication 5 %, reordering 10 %, both ways.
    pub const BAD: Self = Self { loss: 15, repeats: 5, reordering: 10, delay: Duration::from_millis(20) };
}

/// Decides about each datagram.
pub struct Network {
    pub weather: Weather,
    ids: Ids,
}

impl Network {
    pub fn new(weather: Weather, seed: u128) -> Self {
        Self { weather, ids: Ids::seeded(seed) }
    }

    /// When copies of one datagram arrive: none when it is lost, two when it is repeated.
    pub fn arrivals(&mut self) -> Vec<Duration> {
        let Weather { loss, repeats, reordering, delay } = self.weather;
        let mut arrivals = Vec::new();
        if self.ids.below(100) >= loss {
            arrivals.push(if self.ids.below(100) < reordering { delay + Duration::from_millis(30) } else { delay });
        }
        if self.ids.below(100) < repeats {
            arrivals.push(delay + Duration::from_millis(10));
        }
        arrivals
    }
}
