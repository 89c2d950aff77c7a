//! The keys for SRTP that DTLS agrees on (RFC 5764): str0m tells them to nobody, but takes its DTLS from us, and there they pass.

use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Instant;

use str0m::crypto::dtls::{DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion, SrtpProfile};
use str0m::crypto::{CryptoError, CryptoProvider};

use crate::media::srtp::{Crypto, MasterKey, Suite};

/// str0m's own parts.
static PARTS: LazyLock<CryptoProvider> = LazyLock::new(str0m::crypto::from_feature_flags);
static LENDER: Lender = Lender;

thread_local! {
    /// What the connection that was last polled on this thread has agreed on, until it is asked for.
    static AGREED: Cell<Option<Crypto>> = const { Cell::new(None) };
}

/// str0m's own parts, with a DTLS whose keys can be had by [`agreed`].
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider { dtls_provider: &LENDER, ..PARTS.clone() }
}

/// The keys that came up while the connection was polled; to be asked for right after that.
pub(super) fn agreed() -> Option<Crypto> {
    AGREED.take()
}

#[derive(Debug)]
struct Lender;

impl DtlsProvider for Lender {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        PARTS.dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        Ok(Box::new(Lent(PARTS.dtls_provider.new_dtls(cert, now, version, mtu)?)))
    }
}

/// A DTLS that does all that str0m's own does.
#[derive(Debug)]
struct Lent(Box<dyn DtlsInstance>);

impl DtlsInstance for Lent {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.0.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            AGREED.set(crypto(material, *profile, self.0.is_active()));
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

/// Client's key, server's key, client's salt, server's salt (RFC 5764 section 4.2); the client is who was active.
fn crypto(material: &[u8], profile: SrtpProfile, active: bool) -> Option<Crypto> {
    let (suite, key) = match profile {
        SrtpProfile::AES128_CM_SHA1_80 => (Suite::Aes128Sha1Tag80, 16),
        SrtpProfile::AEAD_AES_128_GCM => (Suite::Aes128Gcm, 16),
        SrtpProfile::AEAD_AES_256_GCM => (Suite::Aes256Gcm, 32),
        _ => return None,
    };
    let (keys, salts) = material.split_at_checked(2 * key)?;
    let of = |server: bool| {
        let (first, second) = (keys.split_at(key), salts.split_at(salts.len() / 2));
        let whole = if server { [first.1, second.1].concat() } else { [first.0, second.0].concat() };
        Some(match suite {
            Suite::Aes128Gcm => MasterKey::Galois128(whole.try_into().ok()?),
            Suite::Aes256Gcm => MasterKey::Galois256(whole.try_into().ok()?),
            Suite::Aes128Sha1Tag80 | Suite::Aes128Sha1Tag32 => MasterKey::Counter(whole.try_into().ok()?),
        })
    };
    Some(Crypto { suite, local: of(!active)?, remote: of(active)? })
}
