//! The only place that reads a clock.

use std::time::{Instant, SystemTime};

use crate::machine::{Ids, Now};

/// One reading of both clocks.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the clock")]
pub fn now() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::now() }
}

/// A source of ids seeded by the system's random source.
#[must_use]
pub fn random_ids() -> Ids {
    Ids::seeded(u128::from_le_bytes(random()))
}

/// Random bytes of the system, for keys and seeds.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    // UUIDs are the one random source that every platform of ours already carries; hash two of them per block.
    for chunk in bytes.chunks_mut(16) {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new().chain_update(uuid::Uuid::new_v4().as_bytes()).chain_update(uuid::Uuid::new_v4().as_bytes()).finalize();
        chunk.copy_from_slice(&digest[..chunk.len()]);
    }
    bytes
}
