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
    /// Being compared; each may turn out to be wrong.
    open: u32,
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

/// Why a try does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing is tried from here for so long.
    Refused(Duration),
    /// As many as may be wrong are being compared at this moment: a whole shift that signs in behind one address takes turns.
    Busy,
}

/// A try that is being compared. It was wrong unless [`Try::right`] or [`Try::undone`] says otherwise, also when the asker has gone.
#[derive(Debug)]
pub struct Try<'a> {
    throttle: &'a Throttle,
    address: IpAddr,
    login: String,
    began: Instant,
    settled: Settled,
    /// How long to wait before the answer.
    pub wait: Duration,
}

impl Throttle {
    /// A try begins. Open tries count as if they were wrong, so that many at once gain nothing.
    ///
    /// # Errors
    /// When it may not, or not yet.
    pub fn begin(&self, address: IpAddr, login: &str, now: Instant) -> Result<Try<'_>, Held> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let address = place(address);
        let pair = (address, login.to_owned());
        inner.sweep(now);
        for tries in [inner.addresses.get(&address), inner.pairs.get(&pair)].into_iter().flatten() {
            if let Some(until) = tries.blocked_until.filter(|until| *until > now) {
                return Err(Held::Refused(until - now));
            }
            if tries.open > 0 && tries.wrong + tries.open >= REFUSED_FROM {
                return Err(Held::Busy);
            }
        }
        let wrong = open(inner.addresses.entry(address).or_insert_with(|| none(now)), now);
        let of_pair = open(inner.pairs.entry(pair).or_insert_with(|| none(now)), now);
        drop(inner);
        Ok(Try { throttle: self, address, login: login.to_owned(), began: now, settled: Settled::Wrong, wait: wait(wrong.max(of_pair)) })
    }

    fn settle(&self, one: &Try<'_>) {
        let what = one.settled;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = (one.address, one.login.clone());
        let forgiven = match (what, inner.pairs.get(&pair)) {
            (Settled::Right, Some(tries)) => tries.wrong,
            _ => 0,
        };
        if let Some(tries) = inner.addresses.get_mut(&one.address) {
            tries.close(what, one.began);
            if what == Settled::Right {
                tries.wrong = tries.wrong.saturating_sub(forgiven);
                if tries.wrong < REFUSED_FROM {
                    tries.blocked_until = None;
                }
            }
            if tries.is_clean() {
                inner.addresses.remove(&one.address);
            }
        }
        if let Some(tries) = inner.pairs.get_mut(&pair) {
            tries.close(what, one.began);
            if what == Settled::Right {
                tries.wrong = 0;
                tries.blocked_until = None;
            }
            if tries.is_clean() {
                inner.pairs.remove(&pair);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Right,
    Wrong,
    Undone,
}

impl Try<'_> {
    /// The password was right: what was tried for this name from here is forgiven.
    pub fn right(mut self) {
        self.settled = Settled::Right;
    }

    /// Nothing was compared (the store was away): the try does not count.
    pub fn undone(mut self) {
        self.settled = Settled::Undone;
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        self.throttle.settle(self);
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
    Tries { wrong: 0, open: 0, last: now, blocked_until: None }
}

/// One more is being compared; how many were wrong before.
fn open(tries: &mut Tries, now: Instant) -> u32 {
    if tries.open == 0 && now.saturating_duration_since(tries.last) >= FORGOTTEN {
        *tries = none(now);
    }
    tries.open += 1;
    tries.last = now;
    tries.wrong
}

impl Tries {
    fn close(&mut self, what: Settled, began: Instant) {
        self.open = self.open.saturating_sub(1);
        if what != Settled::Wrong {
            return;
        }
        self.wrong += 1;
        if self.wrong >= REFUSED_FROM {
            let doubled = FIRST_BLOCK.saturating_mul(1 << (self.wrong - REFUSED_FROM).min(8));
            self.blocked_until = Some(began + doubled.min(LONGEST_BLOCK));
        }
    }

    const fn is_clean(&self) -> bool {
        self.wrong == 0 && self.open == 0 && self.blocked_until.is_none()
    }
}

/// After so many wrong tries.
fn wait(wrong: u32) -> Duration {
    if wrong < FREE { Duration::ZERO } else { Duration::from_millis(200 << (wrong - FREE).min(4)).min(Duration::from_secs(2)) }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    use super::{Held, Throttle};

    #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    fn at(text: &str) -> IpAddr {
        text.parse().expect("is an address")
    }

    /// A wrong password.
    fn guess(throttle: &Throttle, address: &str, login: &str, now: Instant) -> Result<Duration, Held> {
        throttle.begin(at(address), login, now).map(|one| one.wait)
    }

    #[test]
    fn the_guesser_is_slowed_and_by_the_tenth_try_refused() {
        let (throttle, now) = (Throttle::default(), start());
        let mut waits = Vec::new();
        let refused = loop {
            match guess(&throttle, "192.0.2.1", "8001", now) {
                Ok(wait) => waits.push(wait),
                Err(Held::Refused(after)) => break after,
                Err(Held::Busy) => panic!("nothing is open"),
            }
        };
        assert!((8..=10).contains(&waits.len()), "{waits:?}");
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits[0].is_zero() && !waits[7].is_zero(), "{waits:?}");
        assert!(refused >= Duration::from_secs(10));
        // Another name from there is refused as well; the owner elsewhere is not.
        assert!(guess(&throttle, "192.0.2.1", "8002", now).is_err());
        assert_eq!(guess(&throttle, "192.0.2.2", "8001", now), Ok(Duration::ZERO));
    }

    #[test]
    fn many_guesses_at_once_gain_nothing() {
        let (throttle, now) = (Throttle::default(), start());
        let mut open = Vec::new();
        let held = loop {
            match throttle.begin(at("192.0.2.1"), &format!("80{:02}", open.len()), now) {
                Ok(one) => open.push(one),
                Err(held) => break held,
            }
        };
        assert_eq!((open.len() <= 10, held), (true, Held::Busy), "they wait for those before them");
        drop(open);
        assert!(matches!(guess(&throttle, "192.0.2.1", "8001", now), Err(Held::Refused(_))), "and then all are refused");
    }

    #[test]
    fn a_whole_shift_signs_in_behind_one_address() {
        let (throttle, now) = (Throttle::default(), start());
        let (mut signed, mut open) = (0, std::collections::VecDeque::new());
        for agent in 0..200 {
            let login = format!("{}", 8000 + agent);
            // Turns are taken: whoever finds them all taken waits until one was right.
            while throttle.begin(at("192.0.2.1"), &login, now).map(|one| open.push_back(one)).is_err() {
                open.pop_front().expect("some are being compared").right();
                signed += 1;
            }
        }
        signed += open.len();
        open.into_iter().for_each(super::Try::right);
        assert_eq!(signed, 200, "nobody was refused");
        assert_eq!(guess(&throttle, "192.0.2.1", "8001", now), Ok(Duration::ZERO), "and nothing is held against them");
    }

    #[test]
    fn what_was_not_compared_does_not_count() {
        let (throttle, now) = (Throttle::default(), start());
        for _ in 0..50 {
            throttle.begin(at("192.0.2.1"), "8001", now).expect("may try").undone();
        }
        assert_eq!(guess(&throttle, "192.0.2.1", "8001", now), Ok(Duration::ZERO));
    }

    #[test]
    fn every_further_wrong_try_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let (throttle, mut now) = (Throttle::default(), start());
        let mut last = Duration::ZERO;
        let mut tried = 0;
        for _ in 0..60 {
            match guess(&throttle, "192.0.2.1", "8001", now) {
                Ok(_) => tried += 1,
                Err(Held::Refused(wait)) => {
                    assert!(wait >= last.min(Duration::from_secs(900)));
                    last = wait;
                    now += wait;
                }
                Err(Held::Busy) => panic!("nothing is open"),
            }
        }
        assert!(tried > 10 && last == Duration::from_secs(900), "{tried} {last:?}");
    }

    #[test]
    fn a_right_password_forgives_what_was_tried_for_that_name_only() {
        let (throttle, now) = (Throttle::default(), start());
        for _ in 0..6 {
            assert!(guess(&throttle, "192.0.2.1", "8001", now).is_ok());
        }
        throttle.begin(at("192.0.2.1"), "thief", now).expect("may try").right();
        // The thief's own account does not buy more tries for the other.
        let more = (0..20).take_while(|_| guess(&throttle, "192.0.2.1", "8001", now).is_ok()).count();
        assert!(more <= 3, "{more}");
    }

    #[test]
    fn tries_are_forgotten_after_an_hour() {
        let (throttle, now) = (Throttle::default(), start());
        while guess(&throttle, "192.0.2.1", "8001", now).is_ok() {}
        assert_eq!(guess(&throttle, "192.0.2.1", "8001", now + Duration::from_secs(3700)), Ok(Duration::ZERO));
    }

    #[test]
    fn one_ipv6_network_is_one_guesser() {
        let (throttle, now) = (Throttle::default(), start());
        let tried = (0..30).take_while(|n| guess(&throttle, &format!("2001:db8::{n:x}"), "8001", now).is_ok()).count();
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
