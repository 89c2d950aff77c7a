//! The pure modules of the program, built with the fuzzer's probes in them, and what the targets share.
#![allow(dead_code, reason = "each target uses a part of the modules")]

#[path = "../../src/domain/mod.rs"]
pub mod domain;
#[path = "../../src/ivr/mod.rs"]
pub mod ivr;
#[path = "../../src/machine.rs"]
pub mod machine;
#[path = "../../src/media/mod.rs"]
pub mod media;
#[path = "../../src/order/mod.rs"]
pub mod order;
#[path = "../../src/sip/mod.rs"]
pub mod sip;
/// `house.rs` has a folder of its own, which only a nameless path finds.
#[path = "../../src"]
mod beside {
    pub mod house;
}

pub use beside::house;

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use machine::Now;

/// The same moment for every run, as far as a monotonic clock has one.
pub fn origin() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    Now { instant: *START.get_or_init(Instant::now), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000) }
}
