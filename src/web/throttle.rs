//! Slows and then refuses who guesses passwords: per address, and per name and address; the owner elsewhere is not concerned.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tries without a wait.
const FREE: u32 = 3;
/// From this one on, tries are refused for a while.
const REFUSED_FROM: u32 = 9;
const FIRST_BLOCK: Duration = Duration::from_secs(30);
const LONGEST_BLOCK: Duration = Duration::from_secs(900);
/// Nothing is remembered after this time without a wrong try.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Addresses and pairs that are remembered; the oldest go first.
const MOST: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Instant,
    blocked_until: Option<Instant>,
}

/// Who may try now.
#[derive(Debug, Default)]
pub struct Throttle {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    addresses: HashMap<IpAddr, Tries>,
    pairs: HashMap<(IpAddr, String), Tries>,
}

/// An IPv6 customer has a whole /64.
fn place(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl Throttle {
    /// A try begins: it counts as wrong until [`Throttle::right`] says otherwise, so that many at once gain nothing.
    /// Gives how long to wait before the answer.
    ///
    /// # Errors
    /// How long nothing is tried any more.
    pub fn begin(&self, address: IpAddr, login: &str, now: Instant) -> Result<Duration, Duration> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (address, pair) = (place(address), (place(address), login.to_owned()));
        inner.sweep(now);
        for tries in [inner.addresses.get(&address), inner.pairs.get(&pair)].into_iter().flatten() {
            if let Some(until) = tries.blocked_until.filter(|until| *until > now) {
                return Err(until - now);
            }
        }
        let wrong = count(inner.addresses.entry(address).or_insert_with(|| none(now)), now);
        let of_pair = count(inner.pairs.entry(pair).or_insert_with(|| none(now)), now);
        Ok(wait(wrong.max(of_pair)))
    }

    /// The password was right: what was tried for this name from here is forgiven.
    pub fn right(&self, address: IpAddr, login: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let address = place(address);
        let Some(forgiven) = inner.pairs.remove(&(address, login.to_owned())) else { return };
        if let Some(tries) = inner.addresses.get_mut(&address) {
            tries.wrong = tries.wrong.saturating_sub(forgiven.wrong);
            if tries.wrong < REFUSED_FROM {
                tries.blocked_until = None;
            }
            if tries.wrong == 0 {
                inner.addresses.remove(&address);
            }
        }
    }

    /// Nothing was compared (the store was away): the try does not count.
    pub fn undone(&self, address: IpAddr, login: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let address = place(address);
        if let Some(tries) = inner.addresses.get_mut(&address) {
            tries.wrong = tries.wrong.saturating_sub(1);
        }
        if let Some(tries) = inner.pairs.get_mut(&(address, login.to_owned())) {
            tries.wrong = tries.wrong.saturating_sub(1);
        }
    }
}

impl Inner {
    fn sweep(&mut self, now: Instant) {
        if self.addresses.len() + self.pairs.len() < MOST {
            return;
        }
        let fresh = |tries: &Tries| now.saturating_duration_since(tries.last) < FORGOTTEN;
        self.addresses.retain(|_, tries| fresh(tries));
        self.pairs.retain(|_, tries| fresh(tries));
        if self.addresses.len() + self.pairs.len() >= MOST {
            // A flood of names or addresses: those that are refused stay known.
            let blocked = |tries: &Tries| tries.blocked_until.is_some_and(|until| until > now);
            self.addresses.retain(|_, tries| blocked(tries));
            self.pairs.retain(|_, tries| blocked(tries));
        }
        if self.addresses.len() + self.pairs.len() >= MOST {
            self.addresses.clear();
            self.pairs.clear();
        }
    }
}

const fn none(now: Instant) -> Tries {
    Tries { wrong: 0, last: now, blocked_until: None }
}

fn count(tries: &mut Tries, now: Instant) -> u32 {
    if now.saturating_duration_since(tries.last) >= FORGOTTEN {
        *tries = none(now);
    }
    let before = tries.wrong;
    tries.wrong += 1;
    tries.last = now;
    if tries.wrong >= REFUSED_FROM {
        let doubled = FIRST_BLOCK.saturating_mul(1 << (tries.wrong - REFUSED_FROM).min(8));
        tries.blocked_until = Some(now + doubled.min(LONGEST_BLOCK));
    }
    before
}

/// After so many wrong tries.
fn wait(wrong: u32) -> Duration {
    if wrong < FREE { Duration::ZERO } else { Duration::from_millis(200 << (wrong - FREE).min(4)).min(Duration::from_secs(2)) }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    use super::Throttle;

    #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    fn at(text: &str) -> IpAddr {
        text.parse().expect("is an address")
    }

    #[test]
    fn the_guesser_is_slowed_and_by_the_tenth_try_refused() {
        let (throttle, now) = (Throttle::default(), start());
        let mut waits = Vec::new();
        let refused = loop {
            match throttle.begin(at("192.0.2.1"), "8001", now) {
                Ok(wait) => waits.push(wait),
                Err(after) => break after,
            }
        };
        assert!((8..=10).contains(&waits.len()), "{waits:?}");
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[0].is_zero() && !waits[7].is_zero(), "{waits:?}");
        assert!(refused >= Duration::from_secs(10));
        // Another name from there is refused as well; the owner elsewhere is not.
        assert!(throttle.begin(at("192.0.2.1"), "8002", now).is_err());
        assert_eq!(throttle.begin(at("192.0.2.2"), "8001", now), Ok(Duration::ZERO));
    }

    #[test]
    fn every_further_wrong_try_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let (throttle, mut now) = (Throttle::default(), start());
        let mut last = Duration::ZERO;
        let mut tried = 0;
        for _ in 0..60 {
            match throttle.begin(at("192.0.2.1"), "8001", now) {
                Ok(_) => tried += 1,
                Err(wait) => {
                    assert!(wait >= last.min(Duration::from_secs(900)));
                    last = wait;
                    now += wait;
                }
            }
        }
        assert!(tried > 10 && last == Duration::from_secs(900), "{tried} {last:?}");
    }

    #[test]
    fn a_right_password_forgives_what_was_tried_for_that_name_only() {
        let (throttle, now) = (Throttle::default(), start());
        for _ in 0..6 {
            assert!(throttle.begin(at("192.0.2.1"), "8001", now).is_ok());
        }
        assert!(throttle.begin(at("192.0.2.1"), "thief", now).is_ok());
        throttle.right(at("192.0.2.1"), "thief");
        // The thief's own account does not buy more tries for the other.
        let more = (0..20).take_while(|_| throttle.begin(at("192.0.2.1"), "8001", now).is_ok()).count();
        assert!(more <= 3, "{more}");
    }

    #[test]
    fn tries_are_forgotten_after_an_hour() {
        let (throttle, now) = (Throttle::default(), start());
        while throttle.begin(at("192.0.2.1"), "8001", now).is_ok() {}
        assert_eq!(throttle.begin(at("192.0.2.1"), "8001", now + Duration::from_secs(3700)), Ok(Duration::ZERO));
    }

    #[test]
    fn one_ipv6_network_is_one_guesser() {
        let (throttle, now) = (Throttle::default(), start());
        let tried = (0..30).take_while(|n| throttle.begin(at(&format!("2001:db8::{n:x}")), "8001", now).is_ok()).count();
        assert!(tried <= 10, "{tried}");
    }

    #[test]
    fn a_flood_of_names_and_addresses_stays_in_bounds() {
        let (throttle, now) = (Throttle::default(), start());
        for n in 0..50_000_u32 {
            let _ = throttle.begin(IpAddr::from(n.to_be_bytes()), &format!("n{n}"), now);
        }
        let inner = throttle.inner.lock().expect("is free");
        assert!(inner.addresses.len() + inner.pairs.len() <= super::MOST + 2);
    }
}
