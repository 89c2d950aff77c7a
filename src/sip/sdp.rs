//! Offer and answer (RFC 3264, RFC 8866): G.711 A-law first, then μ-law, with telephone-event; everything else is declined.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

pub mod crypto;
#[cfg(test)]
mod tests;

use crypto::{Crypto, Key, Suite};

/// Most octets of a session description that are read.
const LONGEST: usize = 16 * 1024;
/// Most m-lines, and most formats of one, that are read.
const MOST_MEDIA: usize = 16;
const MOST_FORMATS: usize = 64;
/// The payload type that we offer for telephone-event.
const EVENT_TYPE: u8 = 101;

/// The two forms of G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// A-law, payload type 8.
    A,
    /// μ-law, payload type 0.
    U,
}

impl Codec {
    /// What we like best, first: A-law, since Chinese trunks speak it.
    pub const PREFERENCE: [Self; 2] = [Self::A, Self::U];

    /// The static payload type of RFC 3551.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::A => 8,
            Self::U => 0,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::A => "PCMA",
            Self::U => "PCMU",
        }
    }
}

/// Who sends, as one side says it of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// The direction that the other side has to say (RFC 3264 section 6.1).
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendRecv => Self::SendRecv,
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            Self::Inactive => Self::Inactive,
        }
    }

    /// Whether the side that says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the side that says it wants to receive.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The attribute's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive].into_iter().find(|it| it.name() == name)
    }
}

/// One `a=rtpmap` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    pub payload_type: u8,
    pub name: String,
    pub clock: u32,
}

/// One m-line with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, …
    pub kind: String,
    /// 0 means declined or removed.
    pub port: u16,
    /// `RTP/AVP`, …
    pub protocol: String,
    /// The formats as written.
    pub formats: Vec<String>,
    pub maps: Vec<RtpMap>,
    /// Its own connection address, else that of the session; none when it is a host name or missing.
    pub address: Option<IpAddr>,
    pub direction: Direction,
    /// Milliseconds.
    pub ptime: Option<u16>,
    /// The keys (SDES) that we can use, as listed.
    pub crypto: Vec<Crypto>,
}

/// Whether the sound of calls of ours is encrypted (SRTP with keys in the description, RFC 4568). An offer that has to be encrypted
/// is answered so in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Our offers say nothing of it.
    #[default]
    Off,
    /// Our offers name keys that the peer may use or leave.
    Offered,
    /// Without encryption there is no call.
    Required,
}

/// What we can do about encryption in one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secure {
    pub policy: Policy,
    /// Ours: one for each dialog, the same in all its descriptions.
    pub key: Key,
}

/// The keys that both sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    pub suite: Suite,
    pub local: Key,
    pub remote: Key,
}

impl Media {
    /// The payload type under which this medium carries `codec`, the first of those listed: `a=rtpmap` says what a number means, the
    /// static number needs none (RFC 3264 section 5.1, RFC 3551).
    #[must_use]
    pub fn number_of(&self, codec: Codec) -> Option<u8> {
        self.numbers().find(|number| self.codec_of(*number) == Some(codec))
    }

    fn numbers(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|format| format.parse().ok())
    }

    /// What the payload type `number` means here.
    fn codec_of(&self, number: u8) -> Option<Codec> {
        let map = self.maps.iter().find(|map| map.payload_type == number);
        Codec::PREFERENCE.into_iter().find(|codec| {
            map.map_or(number == codec.payload_type(), |map| map.name.eq_ignore_ascii_case(codec.name()) && map.clock == 8000)
        })
    }

    /// The payload type of telephone-event at 8000 Hz; other clocks would not fit G.711.
    #[must_use]
    pub fn event_type(&self) -> Option<u8> {
        self.maps
            .iter()
            .find(|map| map.clock == 8000 && map.name.eq_ignore_ascii_case("telephone-event"))
            .filter(|map| self.formats.iter().any(|format| format.parse() == Ok(map.payload_type)))
            .map(|map| map.payload_type)
    }

    /// Audio, not declined, with a codec that we speak, encrypted or not as `secure` allows.
    #[must_use]
    pub fn is_usable(&self, codecs: &[Codec], secure: Option<Secure>) -> bool {
        let must = secure.is_some_and(|it| it.policy == Policy::Required);
        let fits = if is_plain_rtp(&self.protocol) {
            !must || !self.crypto.is_empty()
        } else {
            is_secure_rtp(&self.protocol) && secure.is_some() && !self.crypto.is_empty()
        };
        self.kind == "audio" && self.port != 0 && fits && codecs.iter().any(|codec| self.number_of(*codec).is_some())
    }

    /// The line of the offer whose keys we take, if any.
    fn chosen_crypto(&self, secure: Option<Secure>) -> Option<(Crypto, Secure)> {
        let secure = secure.filter(|it| it.policy != Policy::Off || is_secure_rtp(&self.protocol))?;
        Some((*self.crypto.first()?, secure))
    }

    /// What this side of the medium means for the two directions; `0.0.0.0` is hold as RFC 2543 wrote it.
    fn held(&self) -> bool {
        self.address.is_some_and(|address| address.is_unspecified())
    }

    fn agreed(&self, codec: Codec, payload_type: u8) -> Agreed {
        Agreed {
            codec,
            payload_type,
            event_type: self.event_type(),
            event_in: self.event_type(),
            remote: self.address.filter(|address| !address.is_unspecified()).map(|address| SocketAddr::new(address, self.port)),
            send: self.direction.receives() && !self.held(),
            receive: self.direction.sends(),
            keys: None,
        }
    }
}

fn is_secure_rtp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("RTP/SAVP") || protocol.eq_ignore_ascii_case("RTP/SAVPF")
}

fn is_plain_rtp(protocol: &str) -> bool {
    protocol.eq_ignore_ascii_case("RTP/AVP") || protocol.eq_ignore_ascii_case("RTP/AVPF")
}

/// A session description as read: what we need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// `o=`: session id and version, as written.
    pub origin: String,
    /// `o=`: the version, which rises with each change.
    pub version: u64,
    pub media: Vec<Media>,
    /// The description as it came, for whoever must read more of it (WebRTC).
    pub raw: Box<str>,
}

/// What came out of offer and answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    pub codec: Codec,
    /// The payload type of the sound that we send. In answers of ours, and so from the peer too, it is the one of the offer.
    pub payload_type: u8,
    /// Payload type of the telephone-events that we send; none when they were not negotiated.
    pub event_type: Option<u8>,
    /// The one under which the peer sends them: after an offer of ours it is our number, whatever the answer calls it (RFC 3264
    /// section 6.1).
    pub event_in: Option<u8>,
    /// Where the peer wants its sound; none when it named a host or is on hold by `0.0.0.0`.
    pub remote: Option<SocketAddr>,
    /// Whether we may send.
    pub send: bool,
    /// Whether the peer sends.
    pub receive: bool,
    /// With what the sound is encrypted; none: not at all.
    pub keys: Option<Keys>,
}

/// Our side of a description.
#[derive(Debug, Clone, Copy)]
pub struct Local<'a> {
    pub address: IpAddr,
    pub port: u16,
    /// Stays the same for a dialog.
    pub session_id: u64,
    /// Rises with each changed description of ours in the dialog.
    pub version: u64,
    /// Most wanted first; `Codec::PREFERENCE` as a rule.
    pub codecs: &'a [Codec],
}

/// What is wrong with a text that should be a session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    #[error("the session description is longer than is read")]
    TooLong,
    #[error("the session description does not begin with v=0")]
    NotSdp,
    #[error("a line of the session description cannot be read")]
    BadLine,
}

/// Nothing of the offer fits: 488 (RFC 3261 section 21.4.26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no medium of the offer is audio with a codec that we speak, in clear or encrypted as we want it")]
pub struct NotAcceptable;

impl Session {
    /// Reads a description; tolerant about what it does not need.
    ///
    /// # Errors
    /// When it is not a session description at all, or a line that is needed cannot be read.
    pub fn parse(text: &[u8]) -> Result<Self, SdpError> {
        if text.len() > LONGEST {
            return Err(SdpError::TooLong);
        }
        let text = String::from_utf8_lossy(text);
        let mut lines = text.split('\n').map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty());
        if lines.next().map(str::trim_end) != Some("v=0") {
            return Err(SdpError::NotSdp);
        }
        let mut session = Self { origin: String::new(), version: 0, media: Vec::new(), raw: text.as_ref().into() };
        let mut session_address = None;
        let mut session_direction = Direction::default();
        let mut has_own_address = Vec::new();
        let mut has_own_direction = Vec::new();
        for line in lines {
            let Some((kind, value)) = line.split_once('=') else { return Err(SdpError::BadLine) };
            match kind {
                "o" => {
                    value.clone_into(&mut session.origin);
                    session.version = value.split_whitespace().nth(2).and_then(|version| version.parse().ok()).unwrap_or(0);
                }
                "c" => {
                    let address = connection(value)?;
                    match session.media.last_mut() {
                        Some(media) => {
                            // The first c-line of a medium counts; more are layers of multicast.
                            if let Some(has @ false) = has_own_address.last_mut() {
                                *has = true;
                                media.address = address;
                            }
                        }
                        None => session_address = address,
                    }
                }
                "m" => {
                    if session.media.len() == MOST_MEDIA {
                        return Err(SdpError::TooLong);
                    }
                    session.media.push(media_line(value)?);
                    has_own_address.push(false);
                    has_own_direction.push(false);
                }
                "a" => {
                    if let Some(direction) = Direction::from_name(value.trim()) {
                        match session.media.last_mut() {
                            Some(media) => {
                                media.direction = direction;
                                if let Some(has) = has_own_direction.last_mut() {
                                    *has = true;
                                }
                            }
                            None => session_direction = direction,
                        }
                    } else if let Some(media) = session.media.last_mut() {
                        attribute(media, value);
                    }
                }
                _ => {}
            }
        }
        for ((media, own_address), own_direction) in session.media.iter_mut().zip(has_own_address).zip(has_own_direction) {
            if !own_address {
                media.address = session_address;
            }
            if !own_direction {
                media.direction = session_direction;
            }
        }
        Ok(session)
    }

    /// Whether its sound is for a browser's leg: DTLS-SRTP with ICE, as browsers and SIP clients in them offer it.
    #[must_use]
    pub fn is_webrtc(&self) -> bool {
        self.media.iter().any(|media| {
            media.kind == "audio"
                && media.port != 0
                && ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"].iter().any(|known| media.protocol.eq_ignore_ascii_case(known))
        })
    }

    /// Where the sound of the medium that we would take goes: none when it names no address, or `0.0.0.0` or `::`, or when browsers find
    /// the way by ICE.
    #[must_use]
    pub fn sound_at(&self) -> Option<IpAddr> {
        if self.is_webrtc() {
            return None;
        }
        let secure = Secure { policy: Policy::Off, key: Key([0; 30]) };
        self.media[self.usable(&Codec::PREFERENCE, Some(secure))?].address.filter(|address| !address.is_unspecified())
    }

    /// The first medium that we can take, by its place.
    #[must_use]
    pub fn usable(&self, codecs: &[Codec], secure: Option<Secure>) -> Option<usize> {
        self.media.iter().position(|media| media.is_usable(codecs, secure))
    }

    /// Whether an answer is possible at all.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        let secure = Secure { policy: Policy::Off, key: Key([0; 30]) };
        self.usable(&Codec::PREFERENCE, Some(secure)).is_some() || self.is_webrtc()
    }
}

/// `IN IP4 192.0.2.1/127`: none for a host name, since nothing is resolved here.
fn connection(value: &str) -> Result<Option<IpAddr>, SdpError> {
    let mut words = value.split_whitespace();
    let (Some("IN"), Some("IP4" | "IP6"), Some(address)) = (words.next(), words.next(), words.next()) else {
        return Err(SdpError::BadLine);
    };
    let address = address.split('/').next().unwrap_or(address);
    Ok(address.parse().ok())
}

fn media_line(value: &str) -> Result<Media, SdpError> {
    let mut words = value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (words.next(), words.next(), words.next()) else {
        return Err(SdpError::BadLine);
    };
    let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| SdpError::BadLine)?;
    let formats: Vec<String> = words.take(MOST_FORMATS).map(str::to_owned).collect();
    if formats.is_empty() {
        return Err(SdpError::BadLine);
    }
    Ok(Media {
        kind: kind.to_owned(),
        port,
        protocol: protocol.to_owned(),
        formats,
        maps: Vec::new(),
        address: None,
        direction: Direction::default(),
        ptime: None,
        crypto: Vec::new(),
    })
}

fn attribute(media: &mut Media, value: &str) {
    let Some((name, value)) = value.split_once(':') else { return };
    match name.trim() {
        "rtpmap" if media.maps.len() < MOST_FORMATS => {
            let mut words = value.split_whitespace();
            let (Some(Ok(payload_type)), Some(encoding)) = (words.next().map(str::parse), words.next()) else { return };
            let mut parts = encoding.split('/');
            let (Some(name), Some(Ok(clock))) = (parts.next(), parts.next().map(str::parse)) else { return };
            if payload_type <= 127 {
                media.maps.push(RtpMap { payload_type, name: name.to_owned(), clock });
            }
        }
        "crypto" if media.crypto.len() < crypto::MOST => media.crypto.extend(Crypto::parse(value)),
        "ptime" => media.ptime = value.trim().parse().ok(),
        _ => {}
    }
}

/// Our answer to `offer`: the first usable audio is taken, every other medium is declined with port 0, in the order of the offer.
///
/// # Errors
/// When nothing of the offer fits.
pub fn answer(offer: &Session, local: &Local<'_>) -> Result<(String, Agreed), NotAcceptable> {
    answer_with(offer, local, None)
}

/// The same, with encryption when the offer wants or allows it.
///
/// # Errors
/// When nothing of the offer fits.
pub fn answer_with(offer: &Session, local: &Local<'_>, secure: Option<Secure>) -> Result<(String, Agreed), NotAcceptable> {
    let place = offer.usable(local.codecs, secure).ok_or(NotAcceptable)?;
    let chosen = &offer.media[place];
    let (codec, number) =
        local.codecs.iter().find_map(|codec| chosen.number_of(*codec).map(|number| (*codec, number))).ok_or(NotAcceptable)?;
    let mut agreed = chosen.agreed(codec, number);
    let crypto = chosen.chosen_crypto(secure);
    agreed.keys = crypto.map(|(theirs, ours)| Keys { suite: theirs.suite, local: ours.key, remote: theirs.key });
    let mut text = session_lines(local);
    for (index, media) in offer.media.iter().enumerate() {
        if index == place {
            let direction =
                if chosen.held() && chosen.direction == Direction::SendRecv { Direction::RecvOnly } else { chosen.direction.reversed() };
            audio_lines(&mut text, local.port, &media.protocol, &[(number, codec)], agreed.event_type, direction);
            if let Some((theirs, ours)) = crypto {
                text.push_str(&Crypto { key: ours.key, ..theirs }.line());
            }
        } else {
            let _ = write!(text, "m={} 0 {} {}\r\n", media.kind, media.protocol, media.formats.join(" "));
        }
    }
    Ok((text, agreed))
}

/// Our offer: all codecs, telephone-event, both directions.
#[must_use]
pub fn offer(local: &Local<'_>) -> String {
    offer_with(local, None)
}

/// The same, with keys as `secure` wants. Optional ones stand in a plain offer, as most phones understand it.
#[must_use]
pub fn offer_with(local: &Local<'_>, secure: Option<Secure>) -> String {
    let secure = secure.filter(|it| it.policy != Policy::Off);
    let must = secure.is_some_and(|it| it.policy == Policy::Required);
    let mut text = session_lines(local);
    let protocol = if must { "RTP/SAVP" } else { "RTP/AVP" };
    audio_lines(&mut text, local.port, protocol, &with_numbers(local.codecs), Some(EVENT_TYPE), Direction::SendRecv);
    if let Some(secure) = secure {
        text.push_str(&own_crypto(secure).line());
    }
    text
}

const fn own_crypto(secure: Secure) -> Crypto {
    Crypto { tag: 1, suite: Suite::Tag80, key: secure.key }
}

/// The same without telephone-event, for a phone that sends keys as tones only.
#[must_use]
pub fn offer_without_events(local: &Local<'_>) -> String {
    let mut text = session_lines(local);
    audio_lines(&mut text, local.port, "RTP/AVP", &with_numbers(local.codecs), None, Direction::SendRecv);
    text
}

fn with_numbers(codecs: &[Codec]) -> Vec<(u8, Codec)> {
    codecs.iter().map(|codec| (codec.payload_type(), *codec)).collect()
}

/// What `answer` to our own `offer` means: the first of the peer's formats that we had offered.
///
/// # Errors
/// When the peer declined the audio, or named nothing that we had offered.
pub fn agree(codecs: &[Codec], answer: &Session) -> Result<Agreed, NotAcceptable> {
    agree_with(codecs, answer, None)
}

/// What `answer` to our `offer_with` means.
///
/// # Errors
/// As `agree`; also when keys are required and the peer named none that we offered.
pub fn agree_with(codecs: &[Codec], answer: &Session, secure: Option<Secure>) -> Result<Agreed, NotAcceptable> {
    let media = answer.media.iter().find(|media| media.is_usable(codecs, secure)).ok_or(NotAcceptable)?;
    let (number, codec) = media
        .numbers()
        .find_map(|number| media.codec_of(number).filter(|codec| codecs.contains(codec)).map(|codec| (number, codec)))
        .ok_or(NotAcceptable)?;
    let ours = secure.filter(|it| it.policy != Policy::Off).map(|secure| (secure, own_crypto(secure)));
    let keys = ours.and_then(|(_, ours)| {
        let theirs = media.crypto.iter().find(|theirs| theirs.tag == ours.tag && theirs.suite == ours.suite)?;
        Some(Keys { suite: ours.suite, local: ours.key, remote: theirs.key })
    });
    if keys.is_none() && (is_secure_rtp(&media.protocol) || ours.is_some_and(|(secure, _)| secure.policy == Policy::Required)) {
        return Err(NotAcceptable);
    }
    let agreed = media.agreed(codec, number);
    Ok(Agreed { keys, event_in: agreed.event_type.map(|_| EVENT_TYPE), ..agreed })
}

fn session_lines(local: &Local<'_>) -> String {
    let family = if local.address.is_ipv4() { "IP4" } else { "IP6" };
    let mut text = String::with_capacity(320);
    let _ = write!(
        text,
        "v=0\r\no=dinetone {} {} IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n",
        local.session_id,
        local.version,
        address = local.address,
    );
    text
}

fn audio_lines(text: &mut String, port: u16, protocol: &str, codecs: &[(u8, Codec)], event_type: Option<u8>, direction: Direction) {
    let _ = write!(text, "m=audio {port} {protocol}");
    for (number, _) in codecs {
        let _ = write!(text, " {number}");
    }
    if let Some(event) = event_type {
        let _ = write!(text, " {event}");
    }
    text.push_str("\r\n");
    for (number, codec) in codecs {
        let _ = write!(text, "a=rtpmap:{number} {}/8000\r\n", codec.name());
    }
    if let Some(event) = event_type {
        let _ = write!(text, "a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.name());
}
