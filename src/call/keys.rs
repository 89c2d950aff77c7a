//! One press is one digit, however it arrives (I1): a call listens to one source of keys.

use std::time::{Duration, Instant};

use crate::domain::KeySource;

/// A press that comes by a second way within this time is the same press.
const SAME_PRESS: Duration = Duration::from_millis(400);

/// Chooses the source of a call's keys at the first press and ignores the others (C5).
///
/// A tone heard in the sound is the weakest witness: when telephone-event or INFO speaks up later, that one is believed from then on.
#[derive(Debug, Default)]
pub struct KeyArbiter {
    source: Option<KeySource>,
    last: Option<(char, KeySource, Instant)>,
    ignored: u32,
}

impl KeyArbiter {
    /// Whether this press counts.
    pub fn accept(&mut self, now: Instant, key: char, from: KeySource) -> bool {
        let counts = match self.source {
            None => true,
            Some(source) if source == from => true,
            Some(KeySource::Tone) => {
                let twin = self.last.is_some_and(|(last, _, at)| last == key && now.saturating_duration_since(at) < SAME_PRESS);
                self.source = Some(from);
                !twin
            }
            Some(_) => false,
        };
        if counts {
            self.source.get_or_insert(from);
            self.last = Some((key, from, now));
        } else {
            self.ignored += 1;
        }
        counts
    }

    /// Where this call's keys come from, once one was pressed.
    #[must_use]
    pub const fn source(&self) -> Option<KeySource> {
        self.source
    }

    /// Presses that came by a second way.
    #[must_use]
    pub const fn ignored(&self) -> u32 {
        self.ignored
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
    use super::{KeyArbiter, info_key};
    use crate::domain::KeySource::{Event, Info, Tone};
    use std::time::{Duration, Instant};

    #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn c5_a_phone_that_sends_each_key_twice_is_heard_once() {
        let (mut keys, start) = (KeyArbiter::default(), origin());
        let mut heard = String::new();
        for (place, key) in "18#2##".chars().enumerate() {
            let at = start + Duration::from_millis(300 * place as u64);
            for source in [Event, Info] {
                if keys.accept(at, key, source) {
                    heard.push(key);
                }
            }
        }
        assert_eq!(heard, "18#2##");
        assert_eq!((keys.source(), keys.ignored()), (Some(Event), 6));
    }

    #[test]
    fn c6_a_tone_gives_way_to_a_better_witness_without_doubling_the_press() {
        let (mut keys, start) = (KeyArbiter::default(), origin());
        assert!(keys.accept(start, '1', Tone));
        assert!(!keys.accept(start + Duration::from_millis(100), '1', Event));
        assert!(keys.accept(start + Duration::from_millis(900), '1', Event));
        assert!(!keys.accept(start + Duration::from_millis(950), '1', Tone));
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
