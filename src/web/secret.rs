//! Secrets that the program makes: for sessions, tokens and first passwords.

use sha2::{Digest, Sha256};

/// 256 random bits as text for cookies and headers.
#[must_use]
pub fn text() -> String {
    bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Eight digits that are keyed in once.
#[must_use]
pub fn digits() -> String {
    let number = bytes().iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    format!("{:08}", number % 100_000_000)
}

/// A password that a person can type: four groups of four letters and digits that look alike to nobody (78 bits).
#[must_use]
pub fn password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789x";
    let letters: Vec<char> = bytes().iter().take(16).map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// UUIDs are the system's random source that the program carries anyway: four of them hold 488 random bits.
fn bytes() -> [u8; 32] {
    let mut hash = Sha256::new();
    for _ in 0..4 {
        hash.update(uuid::Uuid::new_v4().as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (super::text(), super::text());
        assert!(one.len() == 64 && one != other);
        let password = super::password();
        assert_eq!(password.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4], "{password}");
        assert_ne!(password, super::password());
    }
}
