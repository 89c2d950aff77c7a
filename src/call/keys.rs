//! Keys of one call: a press that comes several ways counts once (I1, C5), and INFO bodies are read.

use std::time::Instant;

use crate::domain::KeySource;
use crate::media::dtmf::digit::{Arbiter, Via};

/// Counts the presses of one call across its sources.
#[derive(Debug, Default)]
pub struct Keys {
    arbiter: Arbiter,
    echoes: u32,
}

impl Keys {
    /// Whether this press counts; an echo by another way does not.
    pub fn accept(&mut self, now: Instant, key: char, from: KeySource) -> bool {
        let via = match from {
            KeySource::Event => Via::Event,
            KeySource::Info => Via::Info,
            KeySource::Tone => Via::Tone,
        };
        let counts = self.arbiter.is_new(now, key, via);
        self.echoes += u32::from(!counts);
        counts
    }

    /// Presses that came a second way.
    #[must_use]
    pub const fn echoes(&self) -> u32 {
        self.echoes
    }
}

/// The key in the body of a SIP INFO: `application/dtmf-relay` (`Signal=5`, `Duration=160`), `application/dtmf` or a bare key.
#[must_use]
pub fn info_key(body: &str) -> Option<char> {
    let relay = body.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then(|| value.trim())
    });
    let text = relay.unwrap_or_else(|| body.trim());
    match text {
        "10" => return Some('*'),
        "11" => return Some('#'),
        _ => {}
    }
    let mut chars = text.chars();
    let key = chars.next()?.to_ascii_uppercase();
    (chars.next().is_none() && matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::{Keys, info_key};
    use crate::domain::KeySource::{Event, Info};
    use std::time::{Duration, Instant};

    #[test]
    fn c5_a_phone_that_sends_each_key_twice_is_heard_once() {
        #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let (mut keys, start) = (Keys::default(), Instant::now());
        let mut heard = String::new();
        for (place, key) in "18#2##".chars().enumerate() {
            let at = start + Duration::from_millis(300 * place as u64);
            for source in [Event, Info] {
                if keys.accept(at, key, source) {
                    heard.push(key);
                }
            }
        }
        assert_eq!((heard.as_str(), keys.echoes()), ("18#2##", 6));
    }

    #[test]
    fn c5_both_bodies_and_the_bare_key_are_read() {
        for (body, key) in [
            ("Signal=5\r\nDuration=160\r\n", Some('5')),
            ("signal= #\r\n", Some('#')),
            ("Signal=11\r\nDuration=250", Some('#')),
            ("10", Some('*')),
            ("5", Some('5')),
            (" 7 \r\n", Some('7')),
            ("d", Some('D')),
            ("", None),
            ("55", None),
            ("Signal=\r\n", None),
            ("hello", None),
        ] {
            assert_eq!(info_key(body), key, "{body:?}");
        }
    }
}
