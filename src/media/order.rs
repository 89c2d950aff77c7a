//! What goes to a media thread and what comes back: digits, "played" and counters inwards; play, record, close outwards.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::clip::Piece;
pub use super::g711::Codec;
use super::srtp::Crypto;

/// One party's sound. Never reused in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId(pub u64);

/// One `Play` order, so that a late "played" is not taken for a newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlayId(pub u64);

/// What was agreed for one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegPlan {
    pub codec: Codec,
    /// The payload type under which we send it; the peer may use it too, besides the static one.
    pub payload_type: u8,
    /// Payload type of the telephone-events that we send, when they were negotiated; in-band tones are listened for otherwise.
    pub event_type: Option<u8>,
    /// Another payload type under which the peer may send them: ours, when its answer has a number of its own.
    pub event_in: Option<u8>,
    /// Where the peer's SDP says that sound goes; none or port 0 when it told nothing yet.
    pub remote: Option<SocketAddr>,
    /// Whether we send (the peer may hear us): false for `sendonly`/`inactive` offers of the peer.
    pub send: bool,
    /// Whether the peer sends: false while it holds us; the time-out for missing sound rests then.
    pub receive: bool,
    /// Keys when SDP agreed on encryption (SDES): nothing is then sent or taken in clear.
    pub crypto: Option<Box<Crypto>>,
}

impl LegPlan {
    /// This codec under its static payload type, both ways, in clear; keys by tone, and nobody to send to yet.
    #[must_use]
    pub const fn of(codec: Codec) -> Self {
        Self {
            codec,
            payload_type: codec.payload_type(),
            event_type: None,
            event_in: None,
            remote: None,
            send: true,
            receive: true,
            crypto: None,
        }
    }
}

/// What a media thread is told.
#[derive(Debug)]
pub enum MediaOrder {
    /// Binds `port` on `ip` and starts the leg; answered by `Opened` or `OpenFailed`.
    Open { leg: LegId, ip: IpAddr, port: u16, plan: LegPlan },
    /// A new agreement (re-INVITE): sequence, timestamp and SSRC go on; the source is learnt anew when `remote` changed.
    Change { leg: LegId, plan: LegPlan },
    /// Whether a leg sends at all: a browser that puts us on hold hears nothing, and what is playing waits for it.
    Sends { leg: LegId, on: bool },
    /// Plays these pieces from now on instead of what is playing; `repeat` starts over at the end (hold music).
    Play { leg: LegId, play: PlayId, pieces: Arc<[Piece]>, repeat: bool },
    /// What is playing as this ends as soon as somebody whom the leg hears speaks; `Played` tells of it as of any other end.
    GiveWay { leg: LegId, play: PlayId },
    /// Cuts what is playing. Nothing is reported for it.
    Stop { leg: LegId },
    /// Listens for in-band tones only while this is on (talk-off guard, C6).
    Collect { leg: LegId, on: bool },
    /// Records what the party says, as A-law, until `Recorded` reports it. No beep: play that first.
    Record { leg: LegId, longest: Duration, silence: Duration },
    /// Ends a recording; answered by `Recorded`.
    StopRecording { leg: LegId },
    /// Opens a leg towards a browser (WebRTC, ICE-lite) from its SDP offer, or renews one that is open under this id (a
    /// reloaded page): answered by `BrowserAnswer` or `OpenFailed`. Without a packet for `quiet_after` it reports `NoAudio`: pages
    /// send all the time, also when their microphone is shut.
    OpenBrowser { leg: LegId, offer: String, quiet_after: Duration },
    /// Opens a leg towards a browser that is rung: answered by `BrowserOffer` or `OpenFailed`. Nothing flows before `AcceptBrowser`.
    OfferBrowser { leg: LegId },
    /// What the browser answered to our offer; `OpenFailed` when it cannot be used. `quiet_after` as with `OpenBrowser`.
    AcceptBrowser { leg: LegId, answer: String, quiet_after: Duration },
    /// A candidate that the page found later (RFC 8838).
    Candidate { leg: LegId, candidate: String },
    /// From now on this leg hears these legs and nobody else; an empty list: nobody. One and the same codec: their packets are
    /// passed on at once, under this leg's own sequence, timestamps and SSRC; several: mixed. While something plays on the
    /// leg, that is heard instead. A leg that closes leaves all lists by itself.
    Hear { leg: LegId, from: Arc<[LegId]> },
    /// Sends these keys to the party as RFC 4733 events (100 ms each, 100 ms apart), or as tones when none were negotiated.
    SendKeys { leg: LegId, keys: String },
    /// Ends the leg; its port drains, then rests. Answered by `Closed`.
    Close { leg: LegId },
}

/// What a media thread tells.
#[derive(Debug)]
pub enum MediaReport {
    Opened {
        leg: LegId,
    },
    /// The port is taken by somebody else or descriptors ran out.
    OpenFailed {
        leg: LegId,
        why: &'static str,
    },
    /// One key press, once (I1). From RFC 4733 or heard in the sound.
    Key {
        leg: LegId,
        key: char,
        tone: bool,
    },
    /// All pieces of this order were sent.
    Played {
        leg: LegId,
        play: PlayId,
    },
    /// The end of a recording: A-law, 8 kHz.
    Recorded {
        leg: LegId,
        audio: Vec<u8>,
        by: RecordEnd,
    },
    /// No packet for the time-out (5 s, for pages as the order says: a note; the thread reports it once and again with `AudioBack`).
    NoAudio {
        leg: LegId,
        for_ms: u32,
    },
    AudioBack {
        leg: LegId,
    },
    /// Our SDP offer for a browser.
    BrowserOffer {
        leg: LegId,
        sdp: String,
    },
    /// The SDP answer for a browser.
    BrowserAnswer {
        leg: LegId,
        sdp: String,
    },
    /// A browser's leg has come up (ICE and DTLS done, sound may flow), has gone, or says how it is (once in 5 s).
    BrowserState {
        leg: LegId,
        connected: bool,
        loss_percent: u8,
        rtt_ms: u32,
    },
    /// The last word about a leg.
    Closed {
        leg: LegId,
        counts: LegCounts,
    },
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordEnd {
    /// `StopRecording` or `Close`.
    Stopped,
    /// Silence for the set time after speech.
    Silence,
    /// The longest time.
    Full,
}

/// What a leg counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegCounts {
    pub packets_in: u64,
    pub packets_out: u64,
    /// By sequence numbers, RFC 3550 A.3.
    pub lost: u64,
    /// Packets from a source that is not the learnt peer.
    pub foreign: u64,
    /// Interarrival jitter in RTP units (RFC 3550 A.8).
    pub jitter: u32,
    /// Nothing but silence was ever heard.
    pub silent: bool,
    /// Nothing ever arrived although the peer should have sent.
    pub nothing_heard: bool,
    /// Loss that the peer reported by RTCP, in 1/256.
    pub remote_loss: u8,
}
