//! Keys: named events (RFC 4733), tones in the sound, and the rule that one press is one digit however it came.

pub mod digit;
pub mod event;
pub mod tone;

/// The sixteen keys in the order of their event codes (RFC 4733 section 3.2).
pub const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// The key of an event code; none above 15.
#[must_use]
pub fn key_of(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).copied()
}

/// The event code of a key; none when there is no such key.
#[must_use]
pub fn event_of(key: char) -> Option<u8> {
    KEYS.iter().position(|known| *known == key.to_ascii_uppercase()).map(|place| place as u8)
}
