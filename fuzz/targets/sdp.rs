//! Any session description: read within bounds, and our answer to it can be read again.
#![no_main]

use dinetone_fuzz::sip::sdp::{Codec, Local, Session, agree, answer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(session) = Session::parse(data) else { return };
    let local = Local { address: [192, 0, 2, 1].into(), port: 20_000, session_id: 1, version: 1, codecs: &Codec::PREFERENCE };
    let _ = agree(&Codec::PREFERENCE, &session);
    if let Ok((text, _)) = answer(&session, &local) {
        let ours = Session::parse(text.as_bytes()).expect("our own answer can be read");
        assert_eq!(ours.media.len(), session.media.len(), "one m-line for each of the offer (RFC 3264 section 6)");
    }
});
