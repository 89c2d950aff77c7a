//! The browser's leg: ICE-lite and DTLS by str0m, SRTP by ourselves, with time and datagrams handed in; what remains are our own
//! RTP packets.

mod keys;
mod sound;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::FormatParams;
use str0m::ice::StunMessage;
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use super::order::{Codec, LegPlan};
use super::rtp;
use crate::machine::Now;

use self::sound::Sound;

/// The longest offer that is read: pages write about 3 kB.
pub const LONGEST_OFFER: usize = 32 * 1024;
/// No packet that proves to be the page's for so long, and its sound counts as gone: browsers ask every 2.5 s whether we are there.
const GONE: Duration = Duration::from_secs(6);
/// A page that never came up after so long is reported.
const NEVER: Duration = Duration::from_secs(10);
/// How often a connected page is reported.
const STATE: Duration = Duration::from_secs(5);
/// What one step may bring out of str0m; the rest waits for the next step.
const STEPS: usize = 256;
/// Payload type for keys until the page names its own.
const EVENTS: u8 = 101;

/// What all browsers' legs have in common: one certificate for the whole run (making one takes 33 ms), and our addresses.
pub struct Terms {
    config: RtcConfig,
    addresses: Vec<SocketAddr>,
}

impl Terms {
    /// `addresses` are told to the pages as candidates.
    ///
    /// # Errors
    /// When no certificate can be made.
    pub fn new(addresses: Vec<SocketAddr>) -> Result<Self, &'static str> {
        let provider = Arc::new(keys::provider());
        let certificate = provider.dtls_provider.generate_certificate().ok_or("no certificate could be made")?;
        let mut config = RtcConfig::new()
            .set_crypto_provider(provider)
            .set_dtls_cert(certificate)
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(None)
            .clear_codecs()
            .enable_pcma(true, false)
            .enable_pcmu(true, false)
            .clear_extension_map();
        let keys = FormatParams::parse_line("0-15");
        config.codec_config().add_config(EVENTS.into(), None, str0m::format::Codec::Tele, Frequency::EIGHT_KHZ, None, keys);
        Ok(Self { config, addresses })
    }

    /// Answers a page's offer.
    ///
    /// # Errors
    /// Why it cannot be answered, in words that stay the same.
    pub fn answer(&self, now: Now, offer: &str) -> Result<(Browser, String), &'static str> {
        if offer.len() > LONGEST_OFFER {
            return Err("the offer is too long");
        }
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| "the offer cannot be read")?;
        let mut rtc = self.connection(now)?;
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| "the offer cannot be answered")?.to_sdp_string();
        let mut browser = Browser::new(now, rtc, sound_of(&answer), None);
        browser.agree(now)?;
        Ok((browser, answer))
    }

    /// Makes an offer for a page that is rung; [`Browser::accept`] takes its answer.
    ///
    /// # Errors
    /// Why none can be made, in words that stay the same.
    pub fn offer(&self, now: Now) -> Result<(Browser, String), &'static str> {
        let mut rtc = self.connection(now)?;
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().ok_or("no offer can be made")?;
        Ok((Browser::new(now, rtc, Some(mid), Some(pending)), offer.to_sdp_string()))
    }

    fn connection(&self, now: Now) -> Result<Rtc, &'static str> {
        let mut rtc = self.config.clone().build(now.instant);
        for address in &self.addresses {
            let candidate = Candidate::host(*address, "udp").map_err(|_| "no address for browsers can be used")?;
            rtc.add_local_candidate(candidate);
        }
        Ok(rtc)
    }
}

/// Whether an offer looks like one of a page that we could answer, before anything is opened for it.
///
/// # Errors
/// What it lacks.
pub fn usable(offer: &str) -> Result<(), &'static str> {
    if offer.len() > LONGEST_OFFER {
        return Err("the offer is too long");
    }
    SdpOffer::from_sdp_string(offer).map_err(|_| "the offer cannot be read")?;
    let needed = [
        ("m=audio ", "the offer holds no sound"),
        ("a=ice-ufrag:", "the offer names no ICE (a=ice-ufrag)"),
        ("a=fingerprint:", "the offer names no DTLS certificate (a=fingerprint)"),
    ];
    if let Some((_, lacks)) = needed.iter().find(|(line, _)| !offer.lines().any(|it| it.starts_with(line))) {
        return Err(lacks);
    }
    let speaks = |name: &str| offer.lines().any(|line| line.starts_with("a=rtpmap:") && line.to_ascii_uppercase().contains(name));
    if speaks(" PCMA/8000") || speaks(" PCMU/8000") { Ok(()) } else { Err("the offer holds no telephone sound (PCMA or PCMU)") }
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Terms({:?})", self.addresses)
    }
}

/// What comes out of a browser's leg.
#[derive(Debug)]
pub enum Out<'a> {
    /// To be sent from the socket that has this address of ours.
    Datagram { ours: SocketAddr, to: SocketAddr, bytes: &'a [u8] },
    /// A packet of sound or a key, in clear.
    Packet(rtp::Packet<'a>),
}

/// How a browser's leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    pub connected: bool,
    pub loss_percent: u8,
    pub rtt_ms: u32,
}

/// One page's connection.
pub struct Browser {
    rtc: Rtc,
    mid: Option<Mid>,
    /// Our offer, while its answer is waited for.
    pending: Option<SdpPendingOffer>,
    ufrag: String,
    /// The name that our description gave our stream.
    ssrc: u32,
    /// Since DTLS has agreed on keys.
    sound: Option<Box<Sound>>,
    /// Our address and the page's, between which sound goes: those of DTLS, then those where the page's own sound comes from.
    route: Option<(SocketAddr, SocketAddr)>,
    deadline: Instant,
    /// ICE and DTLS are done.
    up: bool,
    opened: Instant,
    heard: Instant,
    told: Option<bool>,
    tell_at: Instant,
}

impl Browser {
    fn new(now: Now, mut rtc: Rtc, mid: Option<Mid>, pending: Option<SdpPendingOffer>) -> Self {
        let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
        Self {
            rtc,
            mid,
            pending,
            ufrag,
            ssrc: 0,
            sound: None,
            route: None,
            deadline: now.instant,
            up: false,
            opened: now.instant,
            heard: now.instant,
            told: None,
            tell_at: now.instant,
        }
    }

    /// Takes the answer to our offer; from now on the page is waited for.
    ///
    /// # Errors
    /// Why it cannot be used, in words that stay the same.
    pub fn accept(&mut self, now: Now, answer: &str) -> Result<(), &'static str> {
        if answer.len() > LONGEST_OFFER {
            return Err("the answer is too long");
        }
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|_| "the answer cannot be read")?;
        let pending = self.pending.take().ok_or("nothing was offered")?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|_| "the answer does not fit our offer")?;
        (self.opened, self.heard) = (now.instant, now.instant);
        self.agree(now)
    }

    /// Both descriptions are known: there must be sound in them.
    fn agree(&mut self, now: Now) -> Result<(), &'static str> {
        self.poll(now, &mut |_| {});
        if self.agreed().is_none() {
            return Err("there is no telephone sound in it (PCMA or PCMU)");
        }
        let stream = self.mid.and_then(|mid| self.rtc.direct_api().stream_tx_by_mid(mid, None).map(|stream| *stream.ssrc()));
        self.ssrc = stream.unwrap_or(0);
        Ok(())
    }

    /// The name that the page's first packets carry.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// What was agreed; `remote` is only a place to send to, str0m knows the real one.
    #[must_use]
    pub fn plan(&self, remote: SocketAddr) -> Option<LegPlan> {
        let (codec, event_type) = self.agreed()?;
        let direction = self.rtc.media(self.mid?)?.direction();
        let (send, receive) = (direction.is_sending(), direction.is_receiving());
        Some(LegPlan { event_type, remote: Some(remote), send, receive, ..LegPlan::of(codec) })
    }

    /// Takes a candidate that the page found later; one that cannot be read is passed over (names ending in `.local` are such).
    pub fn candidate(&mut self, candidate: &str) {
        let text = candidate.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        if text.len() < 512
            && let Ok(candidate) = Candidate::from_sdp_string(text)
        {
            self.rtc.add_remote_candidate(candidate);
        }
    }

    /// Takes a datagram that came to `ours`, and opens it in place; false when it was not this page's.
    pub fn receive(&mut self, now: Now, ours: SocketAddr, from: SocketAddr, datagram: &mut [u8], out: &mut dyn FnMut(Out<'_>)) -> bool {
        if is_sound(datagram) {
            return self.hear(now, ours, from, datagram, out);
        }
        let Ok(receive) = Receive::new(Protocol::Udp, from, ours, datagram) else { return false };
        let input = Input::Receive(now.instant, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        // A datagram that str0m does not like changes nothing; whether the page is still there is told by what it does like.
        if self.rtc.handle_input(input).is_ok() && is_stun(datagram) {
            self.heard = now.instant;
        }
        self.poll(now, out);
        true
    }

    fn hear(&mut self, now: Now, ours: SocketAddr, from: SocketAddr, datagram: &mut [u8], out: &mut dyn FnMut(Out<'_>)) -> bool {
        // Nothing can be said of it before there are keys.
        let Some(sound) = &mut self.sound else { return true };
        let packet = if rtp::is_rtcp(datagram) {
            if !sound.take_report(now, datagram) {
                return false;
            }
            None
        } else {
            let Some(packet) = sound.take(now, datagram) else { return false };
            Some(packet)
        };
        (self.heard, self.route) = (now.instant, Some((ours, from)));
        if let Some(packet) = packet {
            out(Out::Packet(packet));
        }
        true
    }

    /// Sends one of our RTP packets; its SSRC and number become those of the page's stream.
    pub fn send(&mut self, now: Now, packet: &[u8], out: &mut dyn FnMut(Out<'_>)) -> bool {
        let (Some(sound), Some((ours, to)), true) = (&mut self.sound, self.route, self.up) else { return false };
        rtp::read(packet).is_some_and(|packet| sound.send(now, &packet, |bytes| out(Out::Datagram { ours, to, bytes })))
    }

    /// Lets time pass when str0m waits for it, and sends a report of the sound when it is due.
    pub fn look_after(&mut self, now: Now, out: &mut dyn FnMut(Out<'_>)) {
        if self.deadline <= now.instant && self.rtc.handle_input(Input::Timeout(now.instant)).is_ok() {
            self.poll(now, out);
        }
        if let (Some(sound), Some((ours, to)), true) = (&mut self.sound, self.route, self.up) {
            sound.report(now, |bytes| out(Out::Datagram { ours, to, bytes }));
        }
    }

    /// How the page is, when it is to be told: at every change, and every 5 s while it is connected.
    pub fn health(&mut self, now: Now) -> Option<Health> {
        if self.pending.is_some() {
            return None;
        }
        let age = now.instant.saturating_duration_since(self.opened);
        let connected = self.up && self.rtc.is_alive() && now.instant.saturating_duration_since(self.heard) < GONE;
        let due = match self.told {
            None => connected || age >= NEVER || !self.rtc.is_alive(),
            Some(told) => told != connected || (connected && self.tell_at <= now.instant),
        };
        if !due {
            return None;
        }
        self.told = Some(connected);
        self.tell_at = now.instant + STATE;
        let sound = self.sound.as_deref();
        let round_trip = sound.and_then(Sound::round_trip).unwrap_or_default();
        Some(Health { connected, loss_percent: sound.map_or(0, Sound::loss_percent), rtt_ms: round_trip.as_millis().min(60_000) as u32 })
    }

    /// Empties str0m.
    fn poll(&mut self, now: Now, out: &mut dyn FnMut(Out<'_>)) {
        for _ in 0..STEPS {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    break;
                }
                // It knows nothing of the sound, so its reports of it would not be true.
                Ok(Output::Transmit(send)) if is_sound(&send.contents) => {}
                Ok(Output::Transmit(send)) => {
                    if !is_stun(&send.contents) && self.sound.is_none() {
                        self.route = Some((send.source, send.destination));
                    }
                    out(Out::Datagram { ours: send.source, to: send.destination, bytes: &send.contents });
                }
                Ok(Output::Event(Event::Connected)) => self.up = true,
                Ok(Output::Event(_)) => {}
                Err(_) => {
                    self.rtc.disconnect();
                    break;
                }
            }
        }
        if let Some(agreed) = keys::agreed() {
            // In the lower half: no roll-over that the page would have to have seen comes soon (as RFC 3711 section 3.3.1 wants it).
            let first = (self.ssrc >> 16) as u16 & 0x7FFF;
            self.sound = Sound::new(now, &agreed, self.ssrc, first).ok().map(Box::new);
        }
    }

    /// Code of the sound, A-law before μ-law, and payload type of keys.
    fn agreed(&self) -> Option<(Codec, Option<u8>)> {
        let media = self.rtc.media(self.mid?)?;
        let agreed = |wanted: str0m::format::Codec| {
            let mut known = self.rtc.codec_config().params().iter();
            known.find(|it| it.spec().codec == wanted && media.remote_pts().contains(&it.pt())).map(|it| *it.pt())
        };
        let codec = if agreed(str0m::format::Codec::PCMA).is_some() {
            Codec::Pcma
        } else if agreed(str0m::format::Codec::PCMU).is_some() {
            Codec::Pcmu
        } else {
            return None;
        };
        Some((codec, agreed(str0m::format::Codec::Tele)))
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Browser(up: {})", self.up)
    }
}

/// The name of the first part with sound that our answer takes.
fn sound_of(answer: &str) -> Option<Mid> {
    let part = answer.split("\r\nm=").skip(1).find(|part| part.starts_with("audio ") && !part.starts_with("audio 0 "))?;
    part.lines().find_map(|line| line.strip_prefix("a=mid:")).map(|name| name.trim().into())
}

/// Whether a datagram is of ICE (RFC 7983).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram, [0..=3, ..])
}

/// Whether a datagram is RTP or RTCP (RFC 7983).
fn is_sound(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, ..])
}

/// Whom a datagram of ICE is for: our part of its name.
#[must_use]
pub fn ufrag_of(datagram: &[u8]) -> Option<String> {
    let message = StunMessage::parse(datagram).ok()?;
    Some(message.split_username()?.0.to_owned())
}

#[cfg(test)]
pub(crate) mod page;
#[cfg(test)]
mod tests;
