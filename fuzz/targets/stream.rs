//! Any stream in any pieces: the same messages come out however it is cut, and never more than came in.
#![no_main]

use dinetone_fuzz::sip::message::framer::{Framed, Framer};
use libfuzzer_sys::fuzz_target;

fn cut(data: &[u8], size: usize) -> Vec<Framed> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in data.chunks(size.max(1)) {
        framer.push(piece);
        while let Some(framed) = framer.poll() {
            out.push(framed);
        }
    }
    out
}

fuzz_target!(|data: &[u8]| {
    let whole = cut(data, data.len());
    let size: usize = whole.iter().map(|framed| if let Framed::Message(bytes) = framed { bytes.len() } else { 0 }).sum();
    assert!(size <= data.len());
    let messages = |out: &[Framed]| {
        out.iter().filter_map(|framed| if let Framed::Message(bytes) = framed { Some(bytes.clone()) } else { None }).collect::<Vec<_>>()
    };
    for size in [1, 7, 100] {
        assert_eq!(messages(&cut(data, size)), messages(&whole), "pieces of {size}");
    }
});
