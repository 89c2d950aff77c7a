//! Keeps floods and guessers out: a token bucket for each source before anything is read, and growing refusal of wrong passwords.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Sources that are remembered at most; all further ones share one bucket.
const MOST_SOURCES: usize = 8192;
/// Guessers that are remembered at most.
const MOST_GUESSERS: usize = 4096;
/// Wrong passwords that are answered as if nothing were wrong.
const FREE_GUESSES: u32 = 3;
/// From this one on the source is refused for `LONG_REFUSAL`.
const LAST_GUESS: u32 = 10;
const LONG_REFUSAL: Duration = Duration::from_secs(300);

/// An address, or the /64 that an IPv6 source can move about in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Source(u128);

impl Source {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(u128::from(address.to_ipv6_mapped())),
            IpAddr::V6(address) => Self(u128::from(address) >> 64 << 64),
        }
    }
}

/// Tokens that fill up with time.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f32,
    seen: Instant,
}

impl Bucket {
    /// Full.
    #[must_use]
    pub fn full(now: Instant, size: u32) -> Self {
        Self { tokens: size as f32, seen: now }
    }

    /// Takes one token of a bucket that fills with `rate` a second and holds one second's worth; `false` when there is none.
    pub fn take(&mut self, now: Instant, rate: u32) -> bool {
        let size = rate.max(1) as f32;
        self.tokens = (self.tokens + now.saturating_duration_since(self.seen).as_secs_f32() * size).min(size);
        self.seen = now;
        let has = self.tokens >= 1.0;
        if has {
            self.tokens -= 1.0;
        }
        has
    }
}

#[derive(Debug, Clone, Copy)]
struct Guesser {
    wrong: u32,
    refused_until: Instant,
    last: Instant,
}

/// The guard.
#[derive(Debug)]
pub struct Guard {
    rate: u32,
    sources: HashMap<Source, Bucket>,
    overflow: Bucket,
    swept: Instant,
    guessers: HashMap<Source, Guesser>,
}

impl Guard {
    /// Lets `rate` messages a second pass from each source.
    #[must_use]
    pub fn new(now: Instant, rate: u32) -> Self {
        Self { rate, sources: HashMap::new(), overflow: Bucket::full(now, rate), swept: now, guessers: HashMap::new() }
    }

    /// Whether a message from `address` may be read.
    pub fn admit(&mut self, now: Instant, address: IpAddr) -> bool {
        let source = Source::of(address);
        if let Some(bucket) = self.sources.get_mut(&source) {
            return bucket.take(now, self.rate);
        }
        let second = Duration::from_secs(1);
        if self.sources.len() >= MOST_SOURCES && now.saturating_duration_since(self.swept) >= second {
            // After a second of silence a bucket is full again, which is the same as not being here.
            self.swept = now;
            self.sources.retain(|_, bucket| now.saturating_duration_since(bucket.seen) < second);
        }
        if self.sources.len() >= MOST_SOURCES {
            return self.overflow.take(now, self.rate);
        }
        let mut bucket = Bucket::full(now, self.rate);
        let admitted = bucket.take(now, self.rate);
        self.sources.insert(source, bucket);
        admitted
    }

    /// Whether a password from `address` may be looked at.
    #[must_use]
    pub fn may_try(&self, now: Instant, address: IpAddr) -> bool {
        self.guessers.get(&Source::of(address)).is_none_or(|guesser| now >= guesser.refused_until)
    }

    /// A password from `address` was wrong.
    pub fn was_wrong(&mut self, now: Instant, address: IpAddr) {
        if self.guessers.len() >= MOST_GUESSERS {
            self.guessers.retain(|_, guesser| now.saturating_duration_since(guesser.last) < LONG_REFUSAL);
            if self.guessers.len() >= MOST_GUESSERS
                && let Some(oldest) = self.guessers.iter().min_by_key(|(_, guesser)| guesser.last).map(|(source, _)| *source)
            {
                self.guessers.remove(&oldest);
            }
        }
        let guesser = self.guessers.entry(Source::of(address)).or_insert(Guesser { wrong: 0, refused_until: now, last: now });
        if now.saturating_duration_since(guesser.last) > 2 * LONG_REFUSAL {
            guesser.wrong = 0;
        }
        guesser.wrong = guesser.wrong.saturating_add(1);
        guesser.last = now;
        guesser.refused_until = match guesser.wrong {
            0..=FREE_GUESSES => now,
            LAST_GUESS.. => now + LONG_REFUSAL,
            wrong => now + Duration::from_millis(250 << (wrong - FREE_GUESSES)),
        };
    }

    /// A password from `address` was right.
    pub fn was_right(&mut self, address: IpAddr) {
        self.guessers.remove(&Source::of(address));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_flood_from_one_source_leaves_the_others_alone() {
        let start = origin();
        let mut guard = Guard::new(start, 100);
        let (bad, good): (IpAddr, IpAddr) = ("192.0.2.66".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let passed = (0..600).filter(|place| guard.admit(start + Duration::from_micros(1666 * place), bad)).count();
        assert!((190..=210).contains(&passed), "{passed}");
        assert!(guard.admit(start + Duration::from_secs(1), good));
    }

    #[test]
    fn the_table_of_sources_is_bounded_and_recovers() {
        let start = origin();
        let mut guard = Guard::new(start, 50);
        for number in 0..100_000_u32 {
            let _ = guard.admit(start, IpAddr::from(number.to_be_bytes()));
        }
        assert_eq!(guard.sources.len(), MOST_SOURCES);
        assert!(guard.admit(start + Duration::from_secs(2), "203.0.113.1".parse().unwrap()));
        assert_eq!(guard.sources.len(), 1);
    }

    #[test]
    fn an_ipv6_source_cannot_move_within_its_network() {
        let start = origin();
        let mut guard = Guard::new(start, 10);
        let passed = (0..100_u32).filter(|host| guard.admit(start, format!("2001:db8::{host:x}").parse().unwrap())).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn guessing_is_slowed_and_refused_by_the_tenth_try() {
        let mut now = origin();
        let mut guard = Guard::new(now, 10);
        let (bad, owner): (IpAddr, IpAddr) = ("192.0.2.66".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let mut tried = 0;
        for _ in 0..600 {
            if guard.may_try(now, bad) {
                guard.was_wrong(now, bad);
                tried += 1;
            }
            now += Duration::from_millis(200);
        }
        assert_eq!(tried, 10);
        assert!(guard.may_try(now, owner));
        guard.was_right(bad);
        assert!(guard.may_try(now, bad));
    }
}
