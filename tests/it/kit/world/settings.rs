//! The line to the telephone company and the SIP settings, the same for the hotline and for telephones.

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
        product: "Dinetone/test".into(),
        trunks: vec![trunk],
        outbound: outbound(),
        source_rate: 1000,
        ..SipSettings::without_peers([7; 32])
    }
}
