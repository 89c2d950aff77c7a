//! Keys of an encrypted leg, as SDP agreed them (RFC 4568); never shown.

mod context;

use std::fmt;

pub use self::context::{Context, OVERHEAD, Unusable};

/// How packets are authenticated; AES in counter mode with 128 bits hides all of them (RFC 4568 section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: ten bytes of proof on each packet.
    Aes128Sha1Tag80,
    /// `AES_CM_128_HMAC_SHA1_32`: four bytes on sound, ten on RTCP.
    Aes128Sha1Tag32,
}

impl Suite {
    /// Its name in SDP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128Sha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    /// The suite of a name (RFC 4568: letters of either case).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Aes128Sha1Tag80, Self::Aes128Sha1Tag32].into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }
}

/// Master key (16 bytes) and master salt (14 bytes), in the order of SDP's `inline:`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey(pub [u8; 30]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// What both sides agreed for one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    pub suite: Suite,
    /// Ours: for what we send.
    pub local: MasterKey,
    /// The peer's: for what it sends.
    pub remote: MasterKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_have_their_names_and_keys_are_not_shown() {
        assert_eq!(Suite::named("aes_cm_128_hmac_sha1_32"), Some(Suite::Aes128Sha1Tag32));
        assert_eq!(Suite::named("F8_128_HMAC_SHA1_80"), None);
        let key = MasterKey([77; 30]);
        let shown = format!("{:?}", Crypto { suite: Suite::Aes128Sha1Tag80, local: key, remote: key });
        assert!(!shown.contains("77") && shown.contains("MasterKey(…)"), "{shown}");
    }
}
