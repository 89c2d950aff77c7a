//! Session timers (RFC 4028): how long a call may last without a sign of life, and who gives it.

use std::time::{Duration, Instant};

use super::message::uri::{cut, number};
use super::message::{Message, Name, name::trim};

/// Who refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    Uac,
    Uas,
}

impl Refresher {
    /// As the parameter says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

/// What a message says about session timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// The peer supports session timers.
    pub supported: bool,
    /// Session-Expires, in seconds.
    pub expires: Option<u32>,
    pub refresher: Option<Refresher>,
    /// Min-SE, in seconds.
    pub min: Option<u32>,
}

impl Wish {
    /// Reads the headers; a value that cannot be read counts as absent.
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        let mut wish = Self { supported: message.lists(Name::Supported, b"timer"), ..Self::default() };
        wish.supported |= message.lists(Name::Require, b"timer");
        if let Some(value) = message.get(Name::SessionExpires) {
            let (seconds, params) = cut(value, b';');
            wish.expires = number(trim(seconds));
            wish.refresher = params.split(|byte| *byte == b';').find_map(|param| {
                let (name, value) = cut(param, b'=');
                match (trim(name).eq_ignore_ascii_case(b"refresher"), trim(value)) {
                    (true, who) if who.eq_ignore_ascii_case(b"uac") => Some(Refresher::Uac),
                    (true, who) if who.eq_ignore_ascii_case(b"uas") => Some(Refresher::Uas),
                    _ => None,
                }
            });
        }
        wish.min = message.get(Name::MinSe).and_then(|value| number(trim(cut(value, b';').0)));
        wish
    }
}

/// The agreement for one dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    pub interval: Duration,
    /// We refresh at half of the interval; else the peer, and we give up shortly before its end.
    pub we_refresh: bool,
    /// When to refresh or to give up.
    pub at: Instant,
    /// A refresh of ours is under way since then; without success the call ends at this moment.
    pub ends: Instant,
}

impl SessionTimer {
    /// Starts (again) at `now`.
    #[must_use]
    pub fn start(now: Instant, interval: Duration, we_refresh: bool) -> Self {
        // RFC 4028 section 10: the side that does not refresh sends BYE slightly before the end.
        let ends = now + interval - (interval / 3).min(Duration::from_secs(32));
        let at = if we_refresh { now + interval / 2 } else { ends };
        Self { interval, we_refresh, at, ends }
    }

    /// Starts it anew from `now`.
    #[must_use]
    pub fn again(self, now: Instant) -> Self {
        Self::start(now, self.interval, self.we_refresh)
    }
}

/// What we as the answering side make of a wish: the interval and who refreshes; none without a session timer.
///
/// # Errors
/// With the Min-SE to send in a 422 when the interval is too small.
pub fn negotiate(wish: Wish, default: Duration, least: Duration) -> Result<Option<(u32, Refresher)>, u32> {
    let seconds = |duration: Duration| u32::try_from(duration.as_secs()).unwrap_or(u32::MAX);
    let least = seconds(least);
    match wish.expires {
        Some(expires) if expires < least => Err(least),
        Some(expires) => {
            let refresher = if wish.supported { wish.refresher.unwrap_or(Refresher::Uac) } else { Refresher::Uas };
            // A longer interval than we like may be cut, but never below the peer's Min-SE.
            let floor = least.max(wish.min.unwrap_or(0));
            Ok(Some((expires.min(seconds(default).max(floor)), refresher)))
        }
        None if wish.supported && !default.is_zero() => Ok(Some((seconds(default).max(least).max(wish.min.unwrap_or(0)), Refresher::Uas))),
        None => Ok(None),
    }
}
