//! What SDP agreed, as the leg needs it: the only place where the words of SIP and of the sound meet.

use std::net::IpAddr;

use crate::media::order::{Codec, LegPlan};
use crate::media::srtp::{Crypto, MasterKey, Suite};
use crate::sip::event::DialogId;
use crate::sip::sdp::crypto::{self, Secret};
use crate::sip::sdp::{self, Agreed, Keys, Local, Policy, Secure, Session};

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
    LegPlan::of(Codec::Pcma)
}

/// Our answer to an offer, or our own offer when there was none: encrypted (SDES) when the offer wants or allows it; our own offer
/// has keys as the settings say.
///
/// # Errors
/// 488 when nothing fits (RFC 3261 section 21.4.26).
pub fn answer(offer: Option<&Session>, side: Side, secure: Secure) -> Result<(LegPlan, String), u16> {
    match offer {
        Some(offer) => sdp::answer_with(offer, &side.local(), Some(secure)).map(|(body, agreed)| (leg(&agreed), body)).map_err(|_| 488),
        None => Ok((nothing_yet(), sdp::offer_with(&side.local(), Some(secure)))),
    }
}

/// What the peer's answer to our offer as `side` agreed.
///
/// # Errors
/// 488 when it took nothing of what we offered, or no keys where they are required, or wants sound in the other family of addresses.
pub fn agreed(answer: &Session, side: Side, secure: Secure) -> Result<LegPlan, u16> {
    if answer.sound_at().is_some_and(|theirs| theirs.is_ipv4() != side.address.is_ipv4()) {
        return Err(488);
    }
    sdp::agree_with(&sdp::Codec::PREFERENCE, answer, Some(secure)).map(|agreed| leg(&agreed)).map_err(|_| 488)
}

/// The answer to another offer of a browser whose connections stay as they are: the one before, with the direction turned as the
/// page wants it. `(it, whether the page wants to hear us)`. None when the page wants new connections or other media.
#[must_use]
pub fn browser_again(before: &str, offer: &Session, answer: &str, times: u64) -> Option<(String, bool)> {
    const SAME: [&str; 5] = ["m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"];
    let same = |text: &str| -> Vec<Vec<String>> {
        let mut media = vec![Vec::new()];
        for line in text.lines().filter(|line| SAME.iter().any(|name| line.starts_with(name))) {
            let is_medium = line.starts_with("m=");
            if is_medium {
                media.push(Vec::new());
            }
            // Port and formats of a medium may be written anew.
            let line = if is_medium { line.split(' ').next().unwrap_or(line) } else { line };
            media.last_mut().into_iter().for_each(|lines| lines.push(line.to_owned()));
        }
        // JsSIP writes the lines of a medium in another order when it holds.
        media.iter_mut().for_each(|lines| lines.sort_unstable());
        media
    };
    if same(before) != same(&offer.raw) {
        return None;
    }
    let wanted = offer.media.iter().find(|media| media.kind == "audio" && media.port != 0)?.direction;
    let ours = format!("a={}", wanted.reversed().name());
    let mut lines = String::with_capacity(answer.len() + 8);
    for line in answer.lines() {
        if ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"].contains(&line) {
            lines.push_str(&ours);
        } else if let Some(origin) = line.strip_prefix("o=") {
            let mut words: Vec<String> = origin.split(' ').map(str::to_owned).collect();
            if let Some(version) = words.get_mut(2) {
                *version = version.parse::<u64>().unwrap_or(0).saturating_add(times).to_string();
            }
            lines.push_str("o=");
            lines.push_str(&words.join(" "));
        } else {
            lines.push_str(line);
        }
        lines.push_str("\r\n");
    }
    Some((lines, wanted.receives()))
}

/// What our offer would have been as an answer, once a browser has answered it: the ground for later answers of ours.
#[must_use]
pub fn browser_answered(offer: &str, answer: &str) -> String {
    let ours = if answer.contains("a=setup:passive") { "a=setup:active" } else { "a=setup:passive" };
    offer.replace("a=setup:actpass", ours)
}

/// Encryption as the settings want it; each dialog has a key of its own.
#[derive(Debug, Clone, Copy)]
pub struct Srtp {
    pub policy: Policy,
    pub secret: Secret,
}

impl Srtp {
    /// What is done in one dialog.
    #[must_use]
    pub fn of(&self, dialog: DialogId) -> Secure {
        Secure { policy: self.policy, key: self.secret.key(dialog.0) }
    }
}

fn leg(agreed: &Agreed) -> LegPlan {
    LegPlan {
        codec: match agreed.codec {
            sdp::Codec::A => Codec::Pcma,
            sdp::Codec::U => Codec::Pcmu,
        },
        payload_type: agreed.payload_type,
        event_type: agreed.event_type,
        event_in: agreed.event_in,
        remote: agreed.remote,
        send: agreed.send,
        receive: agreed.receive,
        crypto: agreed.keys.map(|Keys { suite, local, remote }| {
            let suite = match suite {
                crypto::Suite::Tag80 => Suite::Aes128Sha1Tag80,
                crypto::Suite::Tag32 => Suite::Aes128Sha1Tag32,
            };
            Box::new(Crypto { suite, local: MasterKey::Counter(local.0), remote: MasterKey::Counter(remote.0) })
        }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_holds_and_resumes_on_the_connections_that_it_has() {
        let offer = "v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA\r\na=sendrecv\r\n";
        let answer = "v=0\r\no=s 9 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=mid:0\r\na=sendrecv\r\na=setup:passive\r\n";
        let again = |text: &str| browser_again(offer, &Session::parse(text.as_bytes()).unwrap(), answer, 3);
        for (theirs, ours, hears) in [
            ("sendonly", "recvonly", false),
            ("inactive", "inactive", false),
            ("recvonly", "sendonly", true),
            ("sendrecv", "sendrecv", true),
        ] {
            let (body, wants) = again(&offer.replace("a=sendrecv", &format!("a={theirs}")).replace("audio 9", "audio 54321")).unwrap();
            assert!(body.contains(&format!("a={ours}\r\n")) && body.contains("o=s 9 5 IN") && body.contains("a=setup:passive"), "{body}");
            assert_eq!(wants, hears, "{theirs}");
        }
        assert_eq!(again(&offer.replace("abcd", "efgh")), None, "new connections");
        assert_eq!(again(&format!("{offer}m=video 9 UDP/TLS/RTP/SAVPF 96\r\n")), None, "another medium");
    }

    #[test]
    fn an_answer_in_the_other_family_of_addresses_agrees_on_nothing() {
        let side = Side { address: [192, 0, 2, 1].into(), port: 20_000, session: 1, version: 1 };
        let off = Srtp { policy: Policy::Off, secret: Secret([3; 32]) }.of(DialogId(1));
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
        let read = |text: &str| agreed(&Session::parse(text.as_bytes()).unwrap(), side, off).map(|plan| plan.remote);
        assert_eq!(read(text), Ok(Some("192.0.2.7:4000".parse().unwrap())));
        assert_eq!(read(&text.replace("IP4 192.0.2.7", "IP6 2001:db8::7")), Err(488));
    }

    #[test]
    fn c10_both_ends_of_an_encrypted_call_have_the_same_keys_the_other_way_round() {
        let side = |port| Side { address: [192, 0, 2, 1].into(), port, session: 1, version: 1 };
        for policy in [Policy::Offered, Policy::Required] {
            let secure = |seed, dialog| Srtp { policy, secret: Secret([seed; 32]) }.of(DialogId(dialog));
            let (_, offer) = answer(None, side(20_000), secure(1, 7)).unwrap();
            let offer = Session::parse(offer.as_bytes()).unwrap();
            let (theirs, text) = answer(Some(&offer), side(30_000), secure(2, 9)).unwrap();
            let ours = agreed(&Session::parse(text.as_bytes()).unwrap(), side(20_000), secure(1, 7)).unwrap();
            let (ours, theirs) = (ours.crypto.unwrap(), theirs.crypto.unwrap());
            assert_eq!((ours.suite, ours.local, ours.remote), (theirs.suite, theirs.remote, theirs.local));
            assert_ne!(ours.local, ours.remote);
        }
        let off = Srtp { policy: Policy::Off, secret: Secret([3; 32]) }.of(DialogId(1));
        let offer = Session::parse(answer(None, side(20_000), off).unwrap().1.as_bytes()).unwrap();
        let (plain, _) = answer(Some(&offer), side(30_000), off).unwrap();
        assert_eq!(plain.crypto, None);
    }
}
