//! Keys in a session description (SDES, RFC 4568): one `a=crypto` line, read and written.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// Lines of one medium that are read.
pub const MOST: usize = 8;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The two suites that we speak: AES in counter mode with 128 bits, and HMAC-SHA1 cut to 80 or 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    Tag80,
    Tag32,
}

impl Suite {
    const fn name(self) -> &'static str {
        match self {
            Self::Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Tag32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }
}

/// Master key and salt, as they stand behind `inline:`; never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub [u8; 30]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// What keys of ours are made from: chosen at random at each start, and never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// The key of one dialog, whose number is never used again in a run.
    #[must_use]
    pub fn key(&self, dialog: u64) -> Key {
        let hash = Sha256::new().chain_update(b"sdes").chain_update(self.0).chain_update(dialog.to_be_bytes()).finalize();
        let mut key = [0; 30];
        key.copy_from_slice(&hash[..30]);
        Key(key)
    }
}

/// One `a=crypto` line that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crypto {
    pub tag: u32,
    pub suite: Suite,
    pub key: Key,
}

impl Crypto {
    /// Reads what stands behind `a=crypto:`; none when it is not for us (another suite, several keys, a key index, weakened).
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let name = words.next()?;
        let suite = [Suite::Tag80, Suite::Tag32].into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))?;
        let params = words.next()?;
        let (kind, inline) = params.split_once(':')?;
        if !kind.eq_ignore_ascii_case("inline") || params.contains(';') {
            return None;
        }
        let mut parts = inline.split('|');
        let key = decode(parts.next()?)?;
        // A lifetime may follow; a key index (with a colon) would stand in each packet.
        if parts.any(|part| part.contains(':')) || words.any(|word| !word.to_ascii_uppercase().starts_with("WSH=")) {
            return None;
        }
        Some(Self { tag, suite, key: Key(key) })
    }

    /// The line, with its end.
    #[must_use]
    pub fn line(&self) -> String {
        format!("a=crypto:{} {} inline:{}\r\n", self.tag, self.suite.name(), encode(&self.key.0))
    }
}

/// Base64 of exactly 30 octets, which needs no padding.
fn decode(text: &str) -> Option<[u8; 30]> {
    let text = text.as_bytes();
    if text.len() != 40 {
        return None;
    }
    let mut key = [0; 30];
    for (four, three) in text.chunks_exact(4).zip(key.chunks_exact_mut(3)) {
        let bits = four.iter().try_fold(0_u32, |bits, letter| {
            let place = ALPHABET.iter().position(|it| it == letter)?;
            Some(bits << 6 | u32::try_from(place).ok()?)
        })?;
        three.copy_from_slice(&bits.to_be_bytes()[1..]);
    }
    Some(key)
}

fn encode(key: &[u8; 30]) -> String {
    let mut text = String::with_capacity(40);
    for three in key.chunks_exact(3) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for place in (0..4).rev() {
            text.push(char::from(ALPHABET[(bits >> (6 * place) & 63) as usize]));
        }
    }
    text
}

/// A trace that others may read: keys become stars.
pub fn hide_keys(message: &mut [u8]) {
    const MARK: &[u8] = b"inline:";
    let mut place = 0;
    while let Some(found) = message[place..].windows(MARK.len()).position(|it| it.eq_ignore_ascii_case(MARK)) {
        place += found + MARK.len();
        for byte in message[place..].iter_mut().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')) {
            *byte = b'*';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_keys_are_read_and_written_and_what_is_not_for_us_is_left() {
        let line = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20";
        let crypto = Crypto::parse(line).unwrap();
        assert_eq!((crypto.tag, crypto.suite, &crypto.key.0[..8]), (1, Suite::Tag80, &b"YS___sem"[..]));
        assert_eq!(crypto.line(), "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n");
        for bad in [
            "",
            "x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNf",
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGé",
            "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGV?",
        ] {
            assert_eq!(Crypto::parse(bad), None, "{bad}");
        }
        assert!(!format!("{crypto:?}").contains("89"));
        let mut trace = b"a=crypto:1 X inline:abc+/1|2^20\r\nm=".to_vec();
        hide_keys(&mut trace);
        assert_eq!(trace, b"a=crypto:1 X inline:******|2^20\r\nm=");
    }
}
