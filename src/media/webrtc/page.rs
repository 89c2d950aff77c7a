//! A page for tests: a second str0m that offers what a browser offers, says what it is told to, and keeps what it hears.

use std::net::SocketAddr;

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::machine::Now;

/// Payload type that the page gives its keys, as Chromium does.
pub(crate) const KEYS: u8 = 126;

/// What is to be sent, and where to.
pub(crate) type Post = Vec<(SocketAddr, Vec<u8>)>;

pub(crate) struct Page {
    rtc: Rtc,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    address: SocketAddr,
    sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) up: bool,
    /// Payload type, number, timestamp, sound.
    pub(crate) heard: Vec<(u8, u16, u32, Vec<u8>)>,
}

impl Page {
    /// A page at this address, and its offer.
    pub(crate) fn new(now: Now, address: SocketAddr) -> (Self, String) {
        let mut rtc = Self::connection(now, address);
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().unwrap();
        (Self::of(rtc, mid, Some(pending), address), offer.to_sdp_string())
    }

    /// A page that is rung with this offer, and its answer.
    #[allow(dead_code, reason = "the load generator's pages ring only")]
    pub(crate) fn answering(now: Now, address: SocketAddr, offer: &str) -> (Self, String) {
        let mut rtc = Self::connection(now, address);
        let answer = rtc.sdp_api().accept_offer(SdpOffer::from_sdp_string(offer).unwrap()).unwrap().to_sdp_string();
        let mid = answer.lines().find_map(|line| line.strip_prefix("a=mid:")).unwrap().into();
        (Self::of(rtc, mid, None, address), answer)
    }

    fn of(rtc: Rtc, mid: Mid, pending: Option<SdpPendingOffer>, address: SocketAddr) -> Self {
        Self { rtc, mid, pending, address, sequence: 100, timestamp: 7_000, up: false, heard: Vec::new() }
    }

    fn connection(now: Now, address: SocketAddr) -> Rtc {
        let mut config = RtcConfig::new()
            .set_crypto_provider(std::sync::Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_pcmu(true, false)
            .enable_pcma(true, false);
        let keys = FormatParams::parse_line("0-16");
        config.codec_config().add_config(KEYS.into(), None, Codec::Tele, Frequency::EIGHT_KHZ, None, keys);
        let mut rtc = config.build(now.instant);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        rtc
    }

    pub(crate) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    pub(crate) fn receive(&mut self, now: Now, from: SocketAddr, bytes: &[u8], post: &mut Post) {
        let receive = Receive::new(Protocol::Udp, from, self.address, bytes).unwrap();
        self.rtc.handle_input(Input::Receive(now.instant, receive)).unwrap();
        self.poll(post);
    }

    pub(crate) fn passes(&mut self, now: Now, post: &mut Post) {
        self.rtc.handle_input(Input::Timeout(now.instant)).unwrap();
        self.poll(post);
    }

    pub(crate) fn says(&mut self, now: Now, payload_type: u8, payload: &[u8], post: &mut Post) {
        self.sequence += 1;
        let write = RtpWrite::new(payload_type.into(), self.sequence.into(), self.timestamp, now.instant, payload);
        self.rtc.direct_api().stream_tx_by_mid(self.mid, None).unwrap().write_rtp(write);
        self.passes(now, post);
    }

    fn poll(&mut self, post: &mut Post) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(send) => post.push((send.destination, send.contents.to_vec())),
                Output::Event(Event::Connected) => self.up = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    let header = &packet.header;
                    self.heard.push((*header.payload_type, header.sequence_number, header.timestamp, packet.payload.to_vec()));
                }
                Output::Event(_) => {}
            }
        }
    }
}
