//! RTP packets: read by rtp-rs, written by a 12-byte header of our own because nothing may allocate on the tick.

/// Length of the header that we write (RFC 3550 section 5.1, no CSRC, no extension).
pub const HEADER: usize = 12;
/// Length of one packet of 20 ms of G.711.
pub const PACKET: usize = HEADER + super::clip::FRAME;

/// A packet that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// Without padding.
    pub payload: &'a [u8],
}

/// Reads a datagram; none when it is not RTP version 2 or is cut short.
#[must_use]
pub fn read(datagram: &[u8]) -> Option<Packet<'_>> {
    let reader = rtp_rs::RtpReader::new(datagram).ok()?;
    Some(Packet {
        marker: reader.mark(),
        payload_type: reader.payload_type(),
        sequence: reader.sequence_number().into(),
        timestamp: reader.timestamp(),
        ssrc: reader.ssrc(),
        payload: reader.payload(),
    })
}

/// Whether a datagram on an RTP port is RTCP (RFC 5761 section 4: packet types 192 to 223).
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, 192..=223, _, _, ..] if first >> 6 == 2)
}

/// Writes the header in front of a payload.
pub fn write_header(into: &mut [u8; HEADER], marker: bool, payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32) {
    into[0] = 0x80;
    into[1] = u8::from(marker) << 7 | payload_type & 0x7F;
    into[2..4].copy_from_slice(&sequence.to_be_bytes());
    into[4..8].copy_from_slice(&timestamp.to_be_bytes());
    into[8..12].copy_from_slice(&ssrc.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_we_write_is_read_alike() {
        let mut packet = [7; PACKET];
        let (header, _) = packet.split_first_chunk_mut::<HEADER>().unwrap();
        write_header(header, true, 8, 65_535, 0xDEAD_BEEF, 42);
        let read = read(&packet).unwrap();
        assert_eq!((read.marker, read.payload_type, read.sequence), (true, 8, 65_535));
        assert_eq!((read.timestamp, read.ssrc, read.payload), (0xDEAD_BEEF, 42, &[7; 160][..]));
    }

    #[test]
    fn rtcp_on_the_rtp_port_is_told_apart() {
        assert!(is_rtcp(&[0x81, 200, 0, 6]));
        assert!(is_rtcp(&[0x81, 203, 0, 6]));
        assert!(!is_rtcp(&[0x80, 8, 0, 6]));
        assert!(!is_rtcp(&[0x80, 0x88, 0, 6]), "A-law with the marker bit");
        assert!(!is_rtcp(&[]));
    }

    proptest! {
        #[test]
        fn no_datagram_makes_the_reader_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), version in any::<bool>()) {
            if version && !bytes.is_empty() {
                bytes[0] = bytes[0] & 0x3F | 0x80;
            }
            let _ = read(&bytes);
        }
    }
}
