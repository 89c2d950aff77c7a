//! The fuzz targets as they are, run over their seeds: what a change breaks in them is seen here, not with the next `make fuzz`.

#![allow(unused_attributes, reason = "a target says of itself that it has no main function")]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

pub use dinetone::{domain, house, ivr, media, sip};

// To the targets this program is the crate of the pure modules, and the fuzzer.
extern crate self as dinetone_fuzz;
extern crate self as libfuzzer_sys;

pub mod machine {
    pub use dinetone::machine::*;
}

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
pub fn origin() -> machine::Now {
    static START: OnceLock<Instant> = OnceLock::new();
    machine::Now { instant: *START.get_or_init(Instant::now), wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000) }
}

#[path = "../fuzz/targets/menus.rs"]
mod menus;
#[path = "../fuzz/targets/rtp.rs"]
mod rtp;
#[path = "../fuzz/targets/sdp.rs"]
mod sdp;
#[path = "../fuzz/targets/sip.rs"]
mod sip_target;
#[path = "../fuzz/targets/stream.rs"]
mod stream;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

/// The end of a key press (RFC 4733), after flags, length and sender.
const PRESS: [u8; 19] = [0, 16, 0, 0x80, 101, 0, 1, 0, 0, 0, 0xa0, 0, 0, 0, 1, 5, 0x8a, 3, 0x20];

/// Every octet changed in turn, and every length: the fuzzer's first steps.
fn around(seed: &[u8], run: impl Fn(&[u8])) {
    run(seed);
    for at in 0..seed.len() {
        run(&seed[..at]);
        let mut changed = seed.to_vec();
        changed[at] ^= 0x15;
        run(&changed);
    }
}

#[test]
fn the_targets_of_sip_take_all_torture_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/torture");
    let messages: Vec<Vec<u8>> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dat"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    assert!(messages.len() >= 49, "{} messages", messages.len());
    for message in messages {
        sip_target::run(&message);
        stream::run(&message);
    }
}

#[test]
fn the_targets_of_sound_take_an_offer_and_a_key_press() {
    around(OFFER.as_bytes(), sdp::run);
    around(&PRESS, rtp::run);
}

#[test]
fn the_target_of_menus_takes_the_shipped_dialogue() {
    menus::run(include_str!("../menus.toml"));
    menus::run(include_str!("../benches/menus.toml"));
}

// Behind the targets, which take it by its path as they take the fuzzer's.
macro_rules! fuzz_target {
    (|$given:ident: $kind:ty| $body:block) => {
        pub fn run($given: $kind) $body
    };
}
pub(crate) use fuzz_target;
