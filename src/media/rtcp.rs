//! RTCP that is true: sender and receiver reports of what was really sent and heard, and the peer's view of our packets.

use std::time::{Duration, Instant, SystemTime};

use rtcp_types::{Bye, Compound, Packet, ReceiverReport, ReportBlock, RtcpPacketWriterExt, Sdes, SdesChunk, SdesItem, SenderReport};

/// The longest report that we write: SR with one block, SDES, BYE.
pub const LARGEST: usize = 160;
/// Room for it when it is encrypted too.
pub const ROOM: usize = LARGEST + 32;
/// Time between reports: with what [`Clockwork`] adds it never exceeds 5 s.
const INTERVAL: Duration = Duration::from_millis(3_600);
/// Seconds from 1900 to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// What a report says of our own stream.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub ssrc: u32,
    pub packets: u32,
    pub octets: u32,
    /// RTP timestamp at the time of the report.
    pub timestamp: u32,
    /// Whether anything was sent since the report before last; a receiver report is written otherwise.
    pub lately: bool,
}

/// What a report says of the peer's stream.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub lost: u32,
    pub highest: u32,
    pub jitter: u32,
}

/// When reports are due and what the peer's told us.
#[derive(Debug, Clone)]
pub struct Clockwork {
    due: Instant,
    /// Middle 32 bits of the peer's last sender report, and when it came.
    last_sr: Option<(u32, Instant)>,
    /// Packets of ours that the peer missed, and its share by the last report.
    remote_lost: u32,
    remote_fraction: u8,
    /// Middle 32 bits of our own last sender report, and when it went.
    our_sr: Option<(u32, Instant)>,
    round_trip: Option<Duration>,
}

impl Clockwork {
    /// The first report is due after about half the time of the others (RFC 3550 section 6.2); `spread` keeps legs apart.
    #[must_use]
    pub fn new(now: Instant, spread: u32) -> Self {
        Self { due: now + INTERVAL / 2 + tail(spread), last_sr: None, remote_lost: 0, remote_fraction: 0, our_sr: None, round_trip: None }
    }

    /// Whether a report is due; the next one is then planned.
    pub fn is_due(&mut self, now: Instant, spread: u32) -> bool {
        if now < self.due {
            return false;
        }
        self.due = now + INTERVAL + tail(spread);
        true
    }

    /// Reads a compound packet of the peer; blocks about other streams than ours are none of our business. BYE changes nothing:
    /// only SIP ends a call.
    pub fn read(&mut self, now: Instant, datagram: &[u8], our_ssrc: u32) {
        let Ok(compound) = Compound::parse(datagram) else { return };
        for packet in compound.take(16) {
            match packet {
                Ok(Packet::Sr(report)) => {
                    self.last_sr = Some(((report.ntp_timestamp() >> 16) as u32, now));
                    report.report_blocks().filter(|block| block.ssrc() == our_ssrc).for_each(|block| self.note(now, &block));
                }
                Ok(Packet::Rr(report)) => {
                    report.report_blocks().filter(|block| block.ssrc() == our_ssrc).for_each(|block| self.note(now, &block));
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Share of our packets that the peer missed, in 1/256, over the whole leg.
    #[must_use]
    pub fn remote_loss(&self, sent: u64) -> u8 {
        if self.remote_lost == 0 || sent == 0 {
            return self.remote_fraction;
        }
        (u64::from(self.remote_lost) * 256 / sent).min(255) as u8
    }

    /// Share of our packets that the peer missed between its last two reports, in 1/256.
    #[must_use]
    pub fn remote_fraction(&self) -> u8 {
        self.remote_fraction
    }

    /// To the peer and back, by its last report (RFC 3550 section 6.4.1).
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// Writes a report; gives its length.
    pub fn write(&mut self, now: Instant, wall: SystemTime, sent: &Sent, heard: Option<&Heard>, goodbye: bool, into: &mut [u8]) -> usize {
        let block = heard.map(|heard| {
            let (last, delay) = self.last_sr.map_or((0, 0), |(last, at)| {
                let delay = now.saturating_duration_since(at);
                (last, (delay.as_micros() * 65_536 / 1_000_000).min(u128::from(u32::MAX)) as u32)
            });
            ReportBlock::builder(heard.ssrc)
                .fraction_lost(heard.fraction_lost)
                .cumulative_lost(heard.lost.min(0x7F_FFFF))
                .extended_sequence_number(heard.highest)
                .interarrival_jitter(heard.jitter)
                .last_sender_report_timestamp(last)
                .delay_since_last_sender_report_timestamp(delay)
        });
        let mut name = [0; 8];
        let name = canonical_name(sent.ssrc, &mut name);
        let sdes = Sdes::builder().add_chunk(SdesChunk::builder(sent.ssrc).add_item(SdesItem::builder(SdesItem::CNAME, name)));
        let compound = Compound::builder();
        if sent.lately {
            self.our_sr = Some(((ntp(wall) >> 16) as u32, now));
        }
        let compound = if sent.lately {
            let report = SenderReport::builder(sent.ssrc)
                .ntp_timestamp(ntp(wall))
                .rtp_timestamp(sent.timestamp)
                .packet_count(sent.packets)
                .octet_count(sent.octets);
            compound.add_packet(match block {
                Some(block) => report.add_report_block(block),
                None => report,
            })
        } else {
            let report = ReceiverReport::builder(sent.ssrc);
            compound.add_packet(match block {
                Some(block) => report.add_report_block(block),
                None => report,
            })
        };
        let compound = compound.add_packet(sdes);
        if goodbye { compound.add_packet(Bye::builder().add_source(sent.ssrc)).write_into(into) } else { compound.write_into(into) }
            .unwrap_or(0)
    }

    fn note(&mut self, now: Instant, block: &ReportBlock<'_>) {
        if let Some((ours, at)) = self.our_sr
            && ours == block.last_sender_report_timestamp()
        {
            let kept = Duration::from_micros(u64::from(block.delay_since_last_sender_report_timestamp()) * 1_000_000 / 65_536);
            self.round_trip = Some(now.saturating_duration_since(at).saturating_sub(kept));
        }
        self.remote_fraction = block.fraction_lost();
        let lost = block.cumulative_lost();
        // 24 bits with a sign: copies can make it negative.
        self.remote_lost = if lost >= 0x80_0000 { 0 } else { lost };
    }
}

/// 0 to 1 s by some bits that differ between legs.
fn tail(spread: u32) -> Duration {
    Duration::from_millis(u64::from(spread % 1_000))
}

fn ntp(wall: SystemTime) -> u64 {
    let since = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (since.as_secs().wrapping_add(NTP_EPOCH) << 32) | ((u64::from(since.subsec_nanos()) << 32) / 1_000_000_000)
}

/// A name that tells nothing of this machine (RFC 7022): the SSRC, which is random, in letters.
fn canonical_name(ssrc: u32, into: &mut [u8; 8]) -> &str {
    for (place, letter) in into.iter_mut().enumerate() {
        *letter = b'a' + (ssrc >> (place * 4) & 15) as u8;
    }
    std::str::from_utf8(into).expect("letters only")
}

#[cfg(test)]
mod tests;
