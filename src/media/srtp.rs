//! Keys of an encrypted leg, as SDP (RFC 4568) or DTLS (RFC 5764) agreed them; never shown.

mod context;

use std::fmt;

pub use self::context::{Context, OVERHEAD, Unusable};

/// How packets are hidden and proved (RFC 4568 section 6.2, RFC 7714).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `AES_CM_128_HMAC_SHA1_80`: AES in counter mode; ten bytes of proof on each packet.
    Aes128Sha1Tag80,
    /// `AES_CM_128_HMAC_SHA1_32`: four bytes on sound, ten on RTCP.
    Aes128Sha1Tag32,
    /// `AEAD_AES_128_GCM`: what browsers like best; sixteen bytes of proof. Agreed by DTLS only.
    Aes128Gcm,
    /// `AEAD_AES_256_GCM`; by DTLS only.
    Aes256Gcm,
}

impl Suite {
    /// Its name in SDP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1Tag80 => "AES_CM_128_HMAC_SHA1_80",
            Self::Aes128Sha1Tag32 => "AES_CM_128_HMAC_SHA1_32",
            Self::Aes128Gcm => "AEAD_AES_128_GCM",
            Self::Aes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite that SDP may agree on by this name (RFC 4568: letters of either case).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Aes128Sha1Tag80, Self::Aes128Sha1Tag32].into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }
}

/// Master key and, behind it, master salt, as in SDP's `inline:`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MasterKey {
    /// 16 and 14 bytes, for AES in counter mode.
    Counter([u8; 30]),
    /// 16 and 12 bytes, for GCM with 128 bits.
    Galois128([u8; 28]),
    /// 32 and 12 bytes, for GCM with 256 bits.
    Galois256([u8; 44]),
}

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
        let key = MasterKey::Counter([77; 30]);
        let shown = format!("{:?}", Crypto { suite: Suite::Aes128Sha1Tag80, local: key, remote: key });
        assert!(!shown.contains("77") && shown.contains("MasterKey(…)"), "{shown}");
    }
}
