//! What SDP agreed, as the leg needs it: the only place where the words of SIP and of the sound meet.

use std::net::IpAddr;

use crate::media::order::{Codec, LegPlan};
use crate::sip::sdp::{self, Agreed, Local, Session};

/// Our side of a session description.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    pub address: IpAddr,
    pub port: u16,
    /// One per call.
    pub session: u64,
    /// Rises with each description that we send.
    pub version: u64,
}

impl Side {
    const fn local(self) -> Local<'static> {
        Local { address: self.address, port: self.port, session_id: self.session, version: self.version, codecs: &sdp::Codec::PREFERENCE }
    }
}

/// What we send when nothing is agreed yet: A-law to nobody.
#[must_use]
pub const fn nothing_yet() -> LegPlan {
    LegPlan { codec: Codec::Pcma, event_type: None, remote: None, send: true, receive: true, crypto: None }
}

/// Our answer to an offer, or our own offer when there was none.
///
/// # Errors
/// 488 when nothing fits (RFC 3261 section 21.4.26).
pub fn answer(offer: Option<&Session>, side: Side) -> Result<(LegPlan, String), u16> {
    match offer {
        Some(offer) => sdp::answer(offer, &side.local()).map(|(body, agreed)| (leg(&agreed), body)).map_err(|_| 488),
        None => Ok((nothing_yet(), sdp::offer(&side.local()))),
    }
}

/// What the peer's answer to our offer agreed.
///
/// # Errors
/// 488 when it took nothing of what we offered.
pub fn agreed(answer: &Session) -> Result<LegPlan, u16> {
    sdp::agree(&sdp::Codec::PREFERENCE, answer).map(|agreed| leg(&agreed)).map_err(|_| 488)
}

const fn leg(agreed: &Agreed) -> LegPlan {
    LegPlan {
        codec: match agreed.codec {
            sdp::Codec::A => Codec::Pcma,
            sdp::Codec::U => Codec::Pcmu,
        },
        event_type: agreed.event_type,
        remote: agreed.remote,
        send: agreed.send,
        receive: agreed.receive,
        crypto: None,
    }
}

/// Name of the codec for the call record.
#[must_use]
pub const fn codec_name(plan: &LegPlan) -> &'static str {
    match plan.codec {
        Codec::Pcma => "PCMA",
        Codec::Pcmu => "PCMU",
    }
}

/// How key presses are expected, for the call record (C7).
#[must_use]
pub const fn keys_by(plan: &LegPlan) -> &'static str {
    if plan.event_type.is_some() { "telephone-event" } else { "tones in the sound or SIP INFO" }
}
