//! The browser's leg: ICE-lite, DTLS and SRTP by str0m, with time and datagrams handed in; what remains are our own RTP packets.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::change::SdpOffer;
use str0m::format::FormatParams;
use str0m::ice::StunMessage;
use str0m::media::{Frequency, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{Extension, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use super::order::{Codec, LegPlan};
use super::rtp;
use crate::machine::Now;

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
        let provider = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = provider.dtls_provider.generate_certificate().ok_or("no certificate could be made")?;
        let mut config = RtcConfig::new()
            .set_crypto_provider(provider)
            .set_dtls_cert(certificate)
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_stats_interval(Some(STATE))
            .clear_codecs()
            .enable_pcma(true, false)
            .enable_pcmu(true, false)
            .clear_extension_map()
            .set_extension(1, Extension::RtpMid);
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
        let mut rtc = self.config.clone().build(now.instant);
        for address in &self.addresses {
            let candidate = Candidate::host(*address, "udp").map_err(|_| "no address for browsers can be used")?;
            rtc.add_local_candidate(candidate);
        }
        let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| "the offer cannot be answered")?.to_sdp_string();
        let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
        let mut browser = Browser {
            rtc,
            mid: sound_of(&answer),
            ufrag,
            sequence: 0,
            deadline: now.instant,
            up: false,
            opened: now.instant,
            heard: now.instant,
            told: None,
            tell_at: now.instant,
            loss: [0; 2],
            rtt_ms: 0,
        };
        browser.poll(&mut |_| {});
        if browser.agreed().is_none() {
            return Err("the offer holds no telephone sound (PCMA or PCMU)");
        }
        if let Some(mid) = browser.mid
            && let Some(stream) = browser.rtc.direct_api().stream_tx_by_mid(mid, None)
        {
            // Nobody asks for telephone sound again: nothing is kept.
            stream.set_rtx_cache(0, Duration::ZERO, None);
        }
        Ok((browser, answer))
    }
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
    ufrag: String,
    /// With the wraps counted: SRTP needs them.
    sequence: u64,
    deadline: Instant,
    /// ICE and DTLS are done.
    up: bool,
    opened: Instant,
    heard: Instant,
    told: Option<bool>,
    tell_at: Instant,
    /// Of our packets on their way to the page, and of the page's to us, by the last reports.
    loss: [u8; 2],
    rtt_ms: u32,
}

impl Browser {
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
        Some(LegPlan { codec, event_type, remote: Some(remote), send, receive, crypto: None })
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

    /// Takes a datagram that came to `ours`; false when it was not this page's.
    pub fn receive(&mut self, now: Now, ours: SocketAddr, from: SocketAddr, datagram: &[u8], out: &mut dyn FnMut(Out<'_>)) -> bool {
        let Ok(receive) = Receive::new(Protocol::Udp, from, ours, datagram) else { return false };
        let input = Input::Receive(now.instant, receive);
        if !self.rtc.accepts(&input) {
            return false;
        }
        // A datagram that str0m does not like changes nothing; whether the page is still there is told by what it does like.
        if self.rtc.handle_input(input).is_ok() && is_stun(datagram) {
            self.heard = now.instant;
        }
        let heard = self.poll(out);
        if heard {
            self.heard = now.instant;
        }
        true
    }

    /// Sends one of our RTP packets; its SSRC and number become those of the page's stream.
    pub fn send(&mut self, now: Now, packet: &[u8], out: &mut dyn FnMut(Out<'_>)) -> bool {
        let (Some(mid), true) = (self.mid, self.up) else { return false };
        let Some(packet) = rtp::read(packet) else { return false };
        let mut direct = self.rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(mid, None) else { return false };
        self.sequence += 1;
        let write = RtpWrite::new(packet.payload_type.into(), self.sequence.into(), packet.timestamp, now.instant, packet.payload);
        stream.write_rtp(write.marker(packet.marker));
        self.pass(now, out);
        true
    }

    /// Lets time pass when str0m waits for it.
    pub fn look_after(&mut self, now: Now, out: &mut dyn FnMut(Out<'_>)) {
        if self.deadline <= now.instant {
            self.pass(now, out);
        }
    }

    /// How the page is, when it is to be told: at every change, and every 5 s while it is connected.
    pub fn health(&mut self, now: Now) -> Option<Health> {
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
        Some(Health { connected, loss_percent: self.loss[0].max(self.loss[1]), rtt_ms: self.rtt_ms })
    }

    fn pass(&mut self, now: Now, out: &mut dyn FnMut(Out<'_>)) {
        if self.rtc.handle_input(Input::Timeout(now.instant)).is_ok() {
            self.poll(out);
        }
    }

    /// Empties str0m; tells whether a packet of sound was there.
    fn poll(&mut self, out: &mut dyn FnMut(Out<'_>)) -> bool {
        let mut heard = false;
        for _ in 0..STEPS {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    break;
                }
                Ok(Output::Transmit(send)) => out(Out::Datagram { ours: send.source, to: send.destination, bytes: &send.contents }),
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    heard = true;
                    let header = &packet.header;
                    out(Out::Packet(rtp::Packet {
                        marker: header.marker,
                        payload_type: *header.payload_type,
                        sequence: header.sequence_number,
                        timestamp: header.timestamp,
                        ssrc: *header.ssrc,
                        payload: &packet.payload,
                    }));
                }
                Ok(Output::Event(event)) => self.note(event),
                Err(_) => {
                    self.rtc.disconnect();
                    break;
                }
            }
        }
        heard
    }

    fn note(&mut self, event: Event) {
        match event {
            Event::Connected => self.up = true,
            Event::MediaEgressStats(stats) => {
                if let Some(rtt) = stats.rtt {
                    self.rtt_ms = rtt.as_millis().min(60_000) as u32;
                }
                self.loss[0] = percent(stats.loss);
            }
            Event::MediaIngressStats(stats) => self.loss[1] = percent(stats.loss),
            _ => {}
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

fn percent(loss: Option<f32>) -> u8 {
    (loss.unwrap_or(0.0) * 100.0).clamp(0.0, 100.0) as u8
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
