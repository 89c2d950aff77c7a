//! One party's sound as a pure machine: every 20 ms a packet out, each packet in taken, judged, listened to and counted.

mod keys;
mod mix;
mod timeline;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clip::{FRAME, Piece};
use super::dtmf::digit::{Arbiter, Via};
use super::dtmf::{event, tone};
use super::g711;
use super::order::{Codec, LegCounts, LegId, LegPlan, MediaReport, PlayId, RecordEnd};
use super::quality::{Arrival, Quality, Watch, linear_of};
use super::record::Recording;
use super::rtcp::{Clockwork, Sent};
use super::rtp::{self, HEADER};
use super::source::{Source, Verdict};
use super::srtp::{self, Crypto};
use crate::machine::{Ids, Now};

use self::mix::Channel;
use self::timeline::Timeline;

/// Where a leg puts what it has to tell.
pub type Reports = VecDeque<MediaReport>;

/// Room for the longest packet that is written.
pub const ROOM: usize = 1_500;
/// The longest payload that is relayed: 80 ms. Nobody asks for more.
const LONGEST: usize = 4 * FRAME;
/// Parties that one leg may hear at once; more are left out.
pub const SOURCES: usize = 16;

/// What a datagram came to.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// Whether it was the peer's.
    pub ours: bool,
    /// The sound in it that others may hear: neither a key nor a copy nor a packet that came too late.
    pub sound: Option<Sound<'a>>,
}

/// One packet of sound on its way from one party to others.
#[derive(Debug, Clone, Copy)]
pub struct Sound<'a> {
    pub from: LegId,
    pub codec: Codec,
    pub payload: &'a [u8],
    pub ssrc: u32,
    pub timestamp: u32,
    pub marker: bool,
    /// Packets that were lost before this one.
    pub missing: u16,
}

/// Who speaks: so loud on the mean (about -32 dBFS; what a headset picks up from a room is far below), for so many packets in a row.
const SPEECH: u64 = 800;
const SPEECH_PACKETS: u8 = 5;
/// A leg younger than this is not accused of hearing nothing.
const TOO_YOUNG: Duration = Duration::from_secs(2);

/// One party's sound.
#[derive(Debug)]
pub struct Leg {
    id: LegId,
    plan: LegPlan,
    opened: Instant,
    source: Source,

    ssrc: u32,
    sequence: u16,
    timeline: Timeline,
    /// What opens the peer's packets and seals ours, when SDP agreed on it.
    sealed: Option<Box<Sealed>>,
    /// The next packet begins a talkspurt.
    marker: bool,
    /// The last packet was silence of our own, not of a clip.
    idle: bool,
    packets_out: u64,
    /// Packets at the last two reports, to tell a sender from a receiver.
    packets_reported: [u64; 2],
    playing: Option<Playing>,
    ear: Ear,
    keys: keys::Sender,

    quality: Quality,
    watch: Watch,
    clockwork: Clockwork,
    packets_in: u64,
    foreign: u64,
    heard_audio: bool,

    events: event::Receiver,
    arbiter: Arbiter,
    /// Made when in-band tones are first listened for; kept, so that a key held down across nodes stays one press.
    tones: Option<Box<tone::Detector>>,
    collecting: bool,
    recording: Option<Box<Recording>>,
}

/// SRTP of both directions.
#[derive(Debug)]
struct Sealed {
    local: srtp::Context,
    remote: srtp::Context,
}

impl Sealed {
    /// None when nothing was agreed. AES takes any key of 16 bytes.
    fn new(crypto: Option<&Crypto>) -> Option<Box<Self>> {
        let Crypto { suite, local, remote } = crypto?;
        let context = |key| srtp::Context::new(*suite, key).expect("the key has the right length");
        Some(Box::new(Self { local: context(local), remote: context(remote) }))
    }
}

/// Whom the party hears.
#[derive(Debug)]
enum Ear {
    Nobody,
    /// Packet by packet.
    One(LegId),
    /// Mixed at the tick.
    Many(Vec<Channel>),
}

#[derive(Debug)]
struct Playing {
    play: PlayId,
    /// Packets of speech in a row, where it ends for whoever speaks.
    gives_way: Option<u8>,
    pieces: Arc<[Piece]>,
    piece: usize,
    frame: usize,
    repeat: bool,
}

impl Leg {
    /// A new leg; SSRC, first sequence number and first timestamp are random.
    #[must_use]
    pub fn new(now: Now, id: LegId, plan: LegPlan, ids: &mut Ids) -> Self {
        let (random, ssrc) = (ids.next_u64(), ids.next_u64() as u32);
        let now = now.instant;
        Self {
            id,
            opened: now,
            source: Source::new(now, plan.remote),
            sealed: Sealed::new(plan.crypto.as_deref()),
            plan,
            ssrc,
            sequence: random as u16,
            timeline: Timeline::new((random >> 32) as u32),
            marker: true,
            idle: true,
            packets_out: 0,
            packets_reported: [0; 2],
            playing: None,
            ear: Ear::Nobody,
            keys: keys::Sender::default(),
            quality: Quality::new(now),
            watch: Watch::new(now),
            clockwork: Clockwork::new(now, ssrc),
            packets_in: 0,
            foreign: 0,
            heard_audio: false,
            events: event::Receiver::default(),
            arbiter: Arbiter::default(),
            tones: None,
            collecting: false,
            recording: None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> LegId {
        self.id
    }

    /// Takes a new agreement. Sequence, timestamp, SSRC and what is playing go on.
    pub fn change(&mut self, now: Now, plan: LegPlan) {
        let now = now.instant;
        if plan.remote != self.plan.remote {
            self.source = Source::new(now, plan.remote);
        }
        if plan.receive != self.plan.receive {
            self.watch.rest(now);
        }
        if plan.crypto != self.plan.crypto {
            self.sealed = Sealed::new(plan.crypto.as_deref());
        }
        self.marker |= plan.send && !self.plan.send;
        self.plan = plan;
    }

    /// Sends, or is silent until it may again.
    pub fn sends(&mut self, on: bool) {
        self.marker |= on && !self.plan.send;
        self.plan.send = on;
    }

    /// From now on no packet for so long is reported; what was missed before is forgotten.
    pub fn quiet_after(&mut self, now: Now, limit: Duration) {
        self.watch = Watch::after(now.instant, limit);
    }

    /// Plays these pieces from the next packet on, instead of what is playing.
    pub fn play(&mut self, play: PlayId, pieces: Arc<[Piece]>, repeat: bool) {
        self.marker |= self.idle;
        self.playing = Some(Playing { play, gives_way: None, pieces, piece: 0, frame: 0, repeat });
    }

    /// What is playing as this ends as soon as somebody who is heard speaks.
    pub fn give_way(&mut self, play: PlayId) {
        if let Some(playing) = self.playing.as_mut().filter(|playing| playing.play == play) {
            playing.gives_way = Some(0);
        }
    }

    /// Cuts what is playing.
    pub fn stop(&mut self) {
        self.playing = None;
    }

    /// From now on these legs are heard; the order of them means nothing.
    pub fn hears(&mut self, from: &[LegId]) {
        let mut known = match std::mem::replace(&mut self.ear, Ear::Nobody) {
            Ear::Many(channels) => channels,
            Ear::One(_) | Ear::Nobody => Vec::new(),
        };
        self.ear = match from {
            [] => Ear::Nobody,
            [one] => Ear::One(*one),
            many => {
                let many = &many[..many.len().min(SOURCES)];
                known.retain(|channel| many.contains(&channel.from));
                for from in many {
                    if known.iter().all(|channel| channel.from != *from) {
                        known.push(Channel::new(*from));
                    }
                }
                Ear::Many(known)
            }
        };
    }

    /// Sends these keys to the party, behind those that wait. Gives how many were left out: no keys, or no room.
    pub fn send_keys(&mut self, keys: &str) -> usize {
        self.keys.add(keys)
    }

    /// Switches the ear for in-band tones. It stays shut when named events were agreed.
    pub fn collect(&mut self, on: bool) {
        self.collecting = on;
    }

    /// Begins a recording; one that is running ends with `Stopped`.
    pub fn record(&mut self, now: Now, longest: Duration, silence: Duration, reports: &mut Reports) {
        self.stop_recording(reports);
        self.recording = Some(Box::new(Recording::new(now.instant, longest, silence)));
    }

    /// Ends a recording.
    pub fn stop_recording(&mut self, reports: &mut Reports) {
        self.end_recording(RecordEnd::Stopped, reports);
    }

    /// Bytes that the recording may come to; 0 when none is running.
    #[must_use]
    pub fn recording_most(&self) -> usize {
        self.recording.as_ref().map_or(0, |recording| recording.most())
    }

    /// Takes a datagram of the RTP port.
    pub fn receive<'a>(&mut self, now: Now, from: SocketAddr, datagram: &'a mut [u8], reports: &mut Reports) -> Received<'a> {
        if rtp::is_rtcp(datagram) {
            return Received { ours: self.receive_rtcp(now, from, datagram), sound: None };
        }
        let length = match &mut self.sealed {
            Some(sealed) => sealed.remote.open(datagram),
            None => Some(datagram.len()),
        };
        // What does not prove to be the peer's is a stranger's, and what was here before is not told apart from it.
        let Some(datagram) = length.map(|length| &datagram[..length]) else {
            self.foreign += 1;
            return Received { ours: false, sound: None };
        };
        let Some(packet) = rtp::read(datagram) else {
            self.foreign += u64::from(self.source.destination().is_none_or(|peer| peer != from));
            return Received { ours: false, sound: None };
        };
        let plausible = self.is_agreed(packet.payload_type);
        if self.source.judge(now.instant, from, packet.ssrc, packet.sequence, plausible) == Verdict::Foreign {
            self.foreign += 1;
            return Received { ours: false, sound: None };
        }
        Received { ours: true, sound: self.take(now, &packet, reports) }
    }

    /// Takes a packet that is the peer's beyond doubt, and gives the sound in it for others.
    pub fn take<'a>(&mut self, now: Now, packet: &rtp::Packet<'a>, reports: &mut Reports) -> Option<Sound<'a>> {
        let now = now.instant;
        self.packets_in += 1;
        if self.watch.heard(now) {
            reports.push_back(MediaReport::AudioBack { leg: self.id });
        }
        let arrival = self.quality.arrived(packet.ssrc, packet.sequence);
        if self.is_event(packet.payload_type) {
            // Copies and late packets too: the only one of a press that arrives may be late.
            if let Some(key) = self.events.receive(now, packet.sequence, packet.timestamp, packet.payload) {
                self.press(now, key, Via::Event, reports);
            }
            return None;
        }
        let codec = self.codec_of(packet.payload_type).filter(|_| arrival != Arrival::Repeated)?;
        self.hear(now, packet, arrival, codec, reports);
        let missing = match arrival {
            Arrival::Next { missing } => missing,
            Arrival::Restart => 0,
            Arrival::Late | Arrival::Repeated => return None,
        };
        let rtp::Packet { marker, timestamp, ssrc, payload, .. } = *packet;
        Some(Sound { from: self.id, codec, payload, ssrc, timestamp, marker, missing })
    }

    /// Another party says something: writes the packet that passes it on at once, and gives its length and where it goes. None when
    /// this leg does not hear that party, hears something else just now, or mixes it with others at its tick.
    pub fn overhear(&mut self, sound: &Sound<'_>, into: &mut [u8; ROOM]) -> Option<(usize, SocketAddr)> {
        match &mut self.ear {
            Ear::One(from) if *from == sound.from => self.playing.iter_mut().for_each(|playing| playing.spoken_over(sound)),
            Ear::Many(channels) => {
                if let Some(channel) = channels.iter_mut().find(|channel| channel.from == sound.from) {
                    channel.push(sound.codec, sound.payload, sound.missing);
                    self.playing.iter_mut().for_each(|playing| playing.spoken_over(sound));
                }
                return None;
            }
            Ear::One(_) | Ear::Nobody => return None,
        }
        let wanted = self.plan.send && self.playing.is_none() && !self.keys.is_busy() && sound.payload.len() <= LONGEST;
        let destination = self.source.destination().filter(|_| wanted)?;
        let (timestamp, begins) = self.timeline.relay(sound.from, sound.ssrc, sound.timestamp)?;
        let payload = into.get_mut(HEADER..HEADER + sound.payload.len())?;
        match (sound.codec, self.plan.codec) {
            (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => payload.copy_from_slice(sound.payload),
            (Codec::Pcma, Codec::Pcmu) => transcode(sound.payload, payload, g711::alaw_to_mulaw),
            (Codec::Pcmu, Codec::Pcma) => transcode(sound.payload, payload, g711::mulaw_to_alaw),
        }
        self.marker |= begins || sound.marker;
        self.idle = false;
        Some((self.finish(into, self.plan.payload_type, timestamp, sound.payload.len())?, destination))
    }

    /// Takes a datagram of the RTCP port. Returns false when it was not the peer's.
    pub fn receive_rtcp(&mut self, now: Now, from: SocketAddr, datagram: &mut [u8]) -> bool {
        if !self.source.is_peer_rtcp(from) {
            self.foreign += 1;
            return false;
        }
        let length = match &mut self.sealed {
            Some(sealed) => sealed.remote.open_rtcp(datagram),
            None => Some(datagram.len()),
        };
        let Some(length) = length else {
            self.foreign += 1;
            return false;
        };
        self.clockwork.read(now.instant, &datagram[..length], self.ssrc);
        true
    }

    /// The 20 ms tick: writes the next packet and says how long it is and where it goes; none while nothing may be sent, or while
    /// the packets of another party are passed on.
    pub fn tick(&mut self, now: Now, into: &mut [u8; ROOM], reports: &mut Reports) -> Option<(usize, SocketAddr)> {
        self.look_after(now.instant, reports);
        self.timeline.tick();
        if !self.plan.send {
            // Held: what is playing waits, so that the caller misses nothing of it.
            return None;
        }
        let destination = self.source.destination()?;
        if self.playing.is_none() && !self.keys.is_busy() && matches!(self.ear, Ear::One(_)) && self.timeline.is_fed() {
            return None;
        }
        let timestamp = self.timeline.at_tick()?;
        let payload: &mut [u8; FRAME] = into.get_mut(HEADER..)?.first_chunk_mut()?;
        match self.keys.next(self.plan.event_type.is_some(), timestamp) {
            Some(keys::Part::Event { payload: event, begins, timestamp }) => {
                payload[..event.len()].copy_from_slice(&event);
                self.marker = begins;
                let payload_type = self.plan.event_type?;
                let length = self.finish(into, payload_type, timestamp, event.len())?;
                // Sound begins anew behind a key.
                self.idle = true;
                self.marker = true;
                return Some((length, destination));
            }
            Some(keys::Part::Tone(key, part)) => {
                mix::write(&keys::sound(key, part), self.plan.codec, payload);
                self.idle = false;
            }
            Some(keys::Part::Rest) => {
                payload.fill(g711::silence(self.plan.codec));
                self.idle = true;
            }
            None => {
                let was_idle = std::mem::replace(&mut self.idle, true);
                self.idle = !self.write_sound(payload, reports);
                self.marker |= was_idle && !self.idle;
            }
        }
        Some((self.finish(into, self.plan.payload_type, timestamp, FRAME)?, destination))
    }

    /// Writes an RTCP report when one is due: its length, and where it goes (the port above, RFC 3550 section 11).
    pub fn report(&mut self, now: Now, into: &mut [u8]) -> Option<(usize, SocketAddr)> {
        if !self.clockwork.is_due(now.instant, self.ssrc.rotate_left(self.packets_out as u32)) {
            return None;
        }
        self.write_report(now, false, into)
    }

    /// Writes the last RTCP report, with BYE.
    pub fn goodbye(&mut self, now: Now, into: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.write_report(now, true, into)
    }

    /// The only address whose packets matter now, so that the socket can be tied to it.
    #[must_use]
    pub fn fixed(&self, now: Now) -> Option<SocketAddr> {
        self.source.fixed(now.instant)
    }

    /// Ends the leg.
    pub fn close(mut self, now: Now, reports: &mut Reports) {
        self.stop_recording(reports);
        reports.push_back(MediaReport::Closed { leg: self.id, counts: self.counts(now) });
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(&self, now: Now) -> LegCounts {
        let age = now.instant.saturating_duration_since(self.opened);
        LegCounts {
            packets_in: self.packets_in,
            packets_out: self.packets_out,
            lost: self.quality.lost(),
            foreign: self.foreign,
            jitter: self.quality.jitter(),
            silent: self.heard_audio && !self.quality.heard_sound(),
            nothing_heard: self.packets_in == 0 && self.plan.receive && age >= TOO_YOUNG,
            remote_loss: self.clockwork.remote_loss(self.packets_out),
        }
    }

    fn hear(&mut self, now: Instant, packet: &rtp::Packet<'_>, arrival: Arrival, codec: Codec, reports: &mut Reports) {
        let linear = linear_of(codec);
        self.heard_audio = true;
        if arrival != Arrival::Late {
            self.quality.timed(now, packet.timestamp);
        }
        if !self.quality.heard_sound() {
            self.quality.listen(packet.payload, linear);
        }
        if self.collecting && self.plan.event_type.is_none() && arrival != Arrival::Late {
            let mut tones = self.tones.take().unwrap_or_default();
            if let Arrival::Next { missing } = arrival {
                tones.skip(missing);
            }
            tones.listen(packet.payload, linear, |key| self.press(now, key, Via::Tone, reports));
            self.tones = Some(tones);
        }
        if let Some(recording) = &mut self.recording {
            recording.take(now, packet.timestamp, packet.payload, codec);
        }
    }

    fn press(&mut self, now: Instant, key: char, via: Via, reports: &mut Reports) {
        if self.arbiter.is_new(now, key, via) {
            reports.push_back(MediaReport::Key { leg: self.id, key, tone: via == Via::Tone });
        }
    }

    fn look_after(&mut self, now: Instant, reports: &mut Reports) {
        if !self.plan.receive {
            self.watch.rest(now);
        } else if let Some(quiet) = self.watch.missing(now) {
            reports.push_back(MediaReport::NoAudio { leg: self.id, for_ms: quiet.as_millis() as u32 });
        }
        if let Some(by) = self.recording.as_ref().and_then(|recording| recording.ended(now)) {
            self.end_recording(by, reports);
        }
    }

    fn end_recording(&mut self, by: RecordEnd, reports: &mut Reports) {
        if let Some(recording) = self.recording.take() {
            reports.push_back(MediaReport::Recorded { leg: self.id, audio: recording.finish(), by });
        }
    }

    /// Writes one frame; false when it is silence because there is nothing to hear.
    fn write_sound(&mut self, payload: &mut [u8; FRAME], reports: &mut Reports) -> bool {
        let codec = self.plan.codec;
        if let Some(playing) = &mut self.playing {
            let sounds = playing.write(codec, payload);
            if playing.is_over() {
                reports.push_back(MediaReport::Played { leg: self.id, play: playing.play });
                self.playing = None;
            }
            // Meanwhile the others talk on; who is heard again afterwards is heard without delay.
            return sounds;
        }
        if let Ear::Many(channels) = &mut self.ear {
            let mut sum = [0; FRAME];
            let speaking = channels.iter_mut().filter_map(|channel| channel.add_to(&mut sum).then_some(())).count();
            if speaking > 0 {
                mix::write(&sum, codec, payload);
                return true;
            }
        }
        payload.fill(g711::silence(codec));
        false
    }

    /// Puts the header in front of a payload and counts the packet; gives the length of the whole.
    fn finish(&mut self, into: &mut [u8; ROOM], payload_type: u8, timestamp: u32, length: usize) -> Option<usize> {
        if let Some(header) = into.first_chunk_mut::<HEADER>() {
            rtp::write_header(header, std::mem::take(&mut self.marker), payload_type, self.sequence, timestamp, self.ssrc);
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.packets_out += 1;
        match &mut self.sealed {
            // There is always room; were there none, nothing would go out.
            Some(sealed) => sealed.local.seal(into, HEADER + length),
            None => Some(HEADER + length),
        }
    }

    /// The codec of a payload type: the one that was agreed, or a static one.
    fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        if payload_type == self.plan.payload_type { Some(self.plan.codec) } else { Codec::of_static(payload_type) }
    }

    fn is_event(&self, payload_type: u8) -> bool {
        [self.plan.event_type, self.plan.event_in].contains(&Some(payload_type))
    }

    fn is_agreed(&self, payload_type: u8) -> bool {
        self.codec_of(payload_type).is_some() || self.is_event(payload_type) || payload_type == 13
    }

    fn write_report(&mut self, now: Now, goodbye: bool, into: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let mut destination = self.source.destination()?;
        destination.set_port(destination.port().checked_add(1)?);
        let sent = Sent {
            ssrc: self.ssrc,
            packets: self.packets_out as u32,
            octets: (self.packets_out as u32).wrapping_mul(FRAME as u32),
            timestamp: self.timeline.clock(),
            lately: self.packets_out > self.packets_reported[1],
        };
        self.packets_reported = [self.packets_out, self.packets_reported[0]];
        let heard = self.quality.heard();
        let length = self.clockwork.write(now.instant, now.wall, &sent, heard.as_ref(), goodbye, into);
        let length = match &mut self.sealed {
            Some(sealed) if length > 0 => sealed.local.seal_rtcp(into, length)?,
            _ => length,
        };
        (length > 0).then_some((length, destination))
    }
}

impl Playing {
    /// Writes the next frame; false when there is none.
    fn write(&mut self, codec: Codec, payload: &mut [u8]) -> bool {
        self.settle();
        let sound = match self.pieces.get(self.piece) {
            Some(Piece::Clip(clip)) => {
                let bytes = match codec {
                    Codec::Pcma => clip.alaw(),
                    Codec::Pcmu => clip.mulaw(),
                };
                bytes.get(self.frame * FRAME..(self.frame + 1) * FRAME)
            }
            Some(Piece::Gap(_)) => None,
            None => {
                payload.fill(g711::silence(codec));
                return false;
            }
        };
        match sound {
            Some(sound) => payload.copy_from_slice(sound),
            None => payload.fill(g711::silence(codec)),
        }
        self.frame += 1;
        self.settle();
        true
    }

    /// Goes to the next piece that has frames left; starts over when it repeats.
    fn settle(&mut self) {
        // Twice around at most: pieces without any frame must not hold the thread.
        for _ in 0..=self.pieces.len() {
            match self.pieces.get(self.piece) {
                Some(piece) if self.frame < piece.frames() => return,
                Some(_) => {
                    self.piece += 1;
                    self.frame = 0;
                }
                None if self.repeat => {
                    self.piece = 0;
                    self.frame = 0;
                }
                None => return,
            }
        }
        if self.repeat && self.pieces.iter().all(|piece| piece.frames() == 0) {
            self.repeat = false;
            self.piece = self.pieces.len();
        }
    }

    /// Somebody says this: after some speech in a row nothing is left to play.
    fn spoken_over(&mut self, sound: &Sound<'_>) {
        let Some(run) = &mut self.gives_way else { return };
        let linear = linear_of(sound.codec);
        let loud: u64 = sound.payload.iter().map(|byte| u64::from(linear(*byte).unsigned_abs())).sum();
        *run = if loud > SPEECH * sound.payload.len() as u64 { *run + 1 } else { 0 };
        if *run >= SPEECH_PACKETS {
            self.gives_way = None;
            self.repeat = false;
            self.piece = self.pieces.len();
            self.frame = 0;
        }
    }

    fn is_over(&self) -> bool {
        self.piece >= self.pieces.len() && !self.repeat
    }
}

fn transcode(from: &[u8], into: &mut [u8], code: fn(u8) -> u8) {
    into.iter_mut().zip(from).for_each(|(into, from)| *into = code(*from));
}

#[cfg(test)]
mod tests;
