//! The line to the telephone company and the SIP settings, the same for the hotline and for telephones.

use std::time::Duration;

use dinetone::sip::event::{SipSettings, Transport, TrunkSettings};
use dinetone::sip::outbound::Rules;

use super::HOTLINE;

pub fn trunk() -> TrunkSettings {
    TrunkSettings {
        name: "main".into(),
        addresses: vec!["10.0.0.2".parse().unwrap()],
        targets: vec!["10.0.0.2:5060".parse().unwrap()],
        transport: Transport::Udp,
        socket: 0,
        local: HOTLINE.parse().unwrap(),
        registration: None,
        options_every: None,
        trust_identity: true,
        max_calls: None,
        max_calls_per_second: None,
    }
}

/// Calls to outside numbers are allowed, none abroad.
pub fn outbound() -> Rules {
    Rules { on: true, ..Rules::default() }
}

pub fn settings(trunk: TrunkSettings) -> SipSettings {
    SipSettings {
        realm: "dinetone".into(),
        product: "Dinetone/test".into(),
        trunks: vec![trunk],
        nodes: Vec::new(),
        accounts: Vec::new(),
        outbound: outbound(),
        sound: Vec::new(),
        demo: false,
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        session_expires: Duration::from_secs(1800),
        min_se: Duration::from_secs(90),
        source_rate: 1000,
        max_dialogs: 1000,
        trace: false,
        nonce_key: [7; 32],
        digests: vec![dinetone::sip::digest::Algorithm::Sha256, dinetone::sip::digest::Algorithm::Md5],
    }
}
