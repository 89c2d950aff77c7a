//! A page's sound, past str0m: SRTP both ways, and the reports about it (RTCP). str0m would spend more on a packet's timers than all
//! else costs together.

use std::time::{Duration, Instant};

use crate::machine::Now;
use crate::media::quality::{Arrival, Quality};
use crate::media::rtcp::{self, Clockwork, Sent};
use crate::media::rtp::{self, HEADER};
use crate::media::srtp::{Context, Crypto, Unusable};

/// Room for the longest packet that is sent.
const ROOM: usize = 1_500;

/// The stream to the page and the one from it.
pub(super) struct Sound {
    local: Context,
    remote: Context,
    /// The name that our answer gave our stream.
    ssrc: u32,
    sequence: u16,
    packets: u32,
    octets: u32,
    /// Packets at the last two reports, to tell a sender from a receiver.
    reported: [u32; 2],
    /// Timestamp of the last packet, and when it went.
    last: Option<(u32, Instant)>,
    quality: Quality,
    clockwork: Clockwork,
    /// Share of the page's packets that we missed between the last two reports, in 1/256.
    missed: u8,
}

impl Sound {
    /// `first` is the number of the first packet.
    ///
    /// # Errors
    /// When the keys cannot be used.
    pub(super) fn new(now: Now, crypto: &Crypto, ssrc: u32, first: u16) -> Result<Self, Unusable> {
        Ok(Self {
            local: Context::new(crypto.suite, &crypto.local)?,
            remote: Context::new(crypto.suite, &crypto.remote)?,
            ssrc,
            sequence: first,
            packets: 0,
            octets: 0,
            reported: [0; 2],
            last: None,
            quality: Quality::new(now.instant),
            clockwork: Clockwork::new(now.instant, ssrc),
            missed: 0,
        })
    }

    /// Puts one of our packets into the page's stream, and hands it over sealed.
    pub(super) fn send(&mut self, now: Now, packet: &rtp::Packet<'_>, out: impl FnOnce(&[u8])) -> bool {
        let mut room = [0; ROOM];
        let length = HEADER + packet.payload.len();
        let Some(place) = room.get_mut(HEADER..length) else { return false };
        place.copy_from_slice(packet.payload);
        let Some(header) = room.first_chunk_mut::<HEADER>() else { return false };
        rtp::write_header(header, packet.marker, packet.payload_type, self.sequence, packet.timestamp, self.ssrc);
        let Some(whole) = self.local.seal(&mut room, length) else { return false };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(packet.payload.len() as u32);
        self.last = Some((packet.timestamp, now.instant));
        out(&room[..whole]);
        true
    }

    /// Opens a packet of the page's; none when it does not prove to be one.
    pub(super) fn take<'a>(&mut self, now: Now, datagram: &'a mut [u8]) -> Option<rtp::Packet<'a>> {
        let length = self.remote.open(datagram)?;
        let packet = rtp::read(&datagram[..length])?;
        if self.quality.arrived(packet.ssrc, packet.sequence) != Arrival::Repeated {
            self.quality.timed(now.instant, packet.timestamp);
        }
        Some(packet)
    }

    /// Reads a report of the page's; false when it does not prove to be one.
    pub(super) fn take_report(&mut self, now: Now, datagram: &mut [u8]) -> bool {
        let Some(length) = self.remote.open_rtcp(datagram) else { return false };
        self.clockwork.read(now.instant, &datagram[..length], self.ssrc);
        true
    }

    /// Hands over our report, sealed, when it is due.
    pub(super) fn report(&mut self, now: Now, out: impl FnOnce(&[u8])) {
        if !self.clockwork.is_due(now.instant, self.ssrc.rotate_left(self.packets)) {
            return;
        }
        // Eight to the millisecond (G.711).
        let timestamp = self.last.map_or(0, |(timestamp, at)| {
            let since = now.instant.saturating_duration_since(at).min(Duration::from_secs(3_600));
            timestamp.wrapping_add((since.as_micros() / 125) as u32)
        });
        let sent =
            Sent { ssrc: self.ssrc, packets: self.packets, octets: self.octets, timestamp, lately: self.packets != self.reported[1] };
        self.reported = [self.packets, self.reported[0]];
        let heard = self.quality.heard();
        self.missed = heard.map_or(0, |heard| heard.fraction_lost);
        let mut room = [0; rtcp::ROOM];
        let length = self.clockwork.write(now.instant, now.wall, &sent, heard.as_ref(), false, &mut room);
        if length > 0
            && let Some(whole) = self.local.seal_rtcp(&mut room, length)
        {
            out(&room[..whole]);
        }
    }

    /// What was lost lately on the way that lost more, in percent.
    pub(super) fn loss_percent(&self) -> u8 {
        (u32::from(self.missed.max(self.clockwork.remote_fraction())) * 100 / 256) as u8
    }

    /// To the page and back, by its last report.
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.clockwork.round_trip()
    }
}
