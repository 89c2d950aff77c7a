//! SRTP and SRTCP (RFC 3711): one direction of one leg is sealed or opened in place, by AWS-LC's AES and SHA-1.

use std::fmt;

use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::{MasterKey, Suite};

/// Bytes that sealing may add: index and proof of RTCP.
pub const OVERHEAD: usize = 4 + 10;
/// Proof on RTCP, whatever the suite (RFC 4568 section 6.2.2).
const RTCP_TAG: usize = 10;
/// Streams whose numbers are remembered: a peer that begins anew has a new one. The oldest gives way.
const STREAMS: usize = 4;
/// SRTCP: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// One direction: what seals our packets, or opens the peer's.
pub struct Context {
    rtp: Keys,
    rtcp: Keys,
    tag: usize,
    streams: Vec<Stream>,
    control: Vec<Control>,
    /// Our next SRTCP index.
    index: u32,
}

struct Keys {
    cipher: EncryptingKey,
    salt: [u8; 14],
    proof: hmac::Key,
}

/// Numbers of one stream of RTP.
#[derive(Debug, Clone, Copy)]
struct Stream {
    ssrc: u32,
    /// Highest index: roll-over counter and sequence number.
    highest: u64,
    /// Which of the last 64 were seen; bit 0 is `highest`.
    seen: u64,
}

/// The same of RTCP.
type Control = Stream;

impl Context {
    /// Derives the keys.
    ///
    /// # Errors
    /// When the cipher refuses them, which it does not.
    pub fn new(suite: Suite, master: &MasterKey) -> Result<Self, Unusable> {
        let tag = match suite {
            Suite::Aes128Sha1Tag80 => 10,
            Suite::Aes128Sha1Tag32 => 4,
        };
        let (rtp, rtcp) = (Keys::derive(master, 0)?, Keys::derive(master, 3)?);
        Ok(Self { rtp, rtcp, tag, streams: Vec::new(), control: Vec::new(), index: 1 })
    }

    /// Encrypts the RTP packet in the first `length` bytes and puts its proof behind it: the new length. None when there is no room
    /// or it is no packet.
    pub fn seal(&mut self, into: &mut [u8], length: usize) -> Option<usize> {
        let whole = length + self.tag;
        let packet = into.get_mut(..whole)?;
        let (header, ssrc, sequence) = head(&packet[..length])?;
        let stream = stream_of(&mut self.streams, ssrc, || u64::from(sequence));
        let index = guess(stream.highest, sequence);
        stream.highest = stream.highest.max(index);
        self.rtp.crypt(ssrc, index, &mut packet[header..length])?;
        let proof = self.rtp.proof(&packet[..length], ((index >> 16) as u32).to_be_bytes());
        packet[length..].copy_from_slice(&proof.as_ref()[..self.tag]);
        Some(whole)
    }

    /// Opens an RTP packet in place: its length in clear. None when the proof is wrong or it was here before.
    pub fn open(&mut self, packet: &mut [u8]) -> Option<usize> {
        let length = packet.len().checked_sub(self.tag)?;
        let (header, ssrc, sequence) = head(&packet[..length])?;
        let known = self.streams.iter().find(|stream| stream.ssrc == ssrc).copied();
        let index = known.map_or(u64::from(sequence), |known| guess(known.highest, sequence));
        if known.is_some_and(|known| known.has_seen(index)) {
            return None;
        }
        let proof = self.rtp.proof(&packet[..length], ((index >> 16) as u32).to_be_bytes());
        verify_slices_are_equal(&proof.as_ref()[..self.tag], &packet[length..]).ok()?;
        self.rtp.crypt(ssrc, index, &mut packet[header..length])?;
        stream_of(&mut self.streams, ssrc, || index).see(index);
        Some(length)
    }

    /// Encrypts an RTCP packet: the new length.
    pub fn seal_rtcp(&mut self, into: &mut [u8], length: usize) -> Option<usize> {
        let packet = into.get_mut(..length + OVERHEAD)?;
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        let index = self.index;
        self.index = (self.index + 1) & !ENCRYPTED;
        self.rtcp.crypt(ssrc, u64::from(index), packet.get_mut(8..length)?)?;
        packet[length..length + 4].copy_from_slice(&(index | ENCRYPTED).to_be_bytes());
        let proof = self.rtcp.proof(&packet[..length + 4], []);
        packet[length + 4..].copy_from_slice(&proof.as_ref()[..RTCP_TAG]);
        Some(length + OVERHEAD)
    }

    /// Opens an RTCP packet in place: its length in clear.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let length = packet.len().checked_sub(OVERHEAD)?;
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        let told = u32::from_be_bytes(*packet.get(length..)?.first_chunk()?);
        let index = u64::from(told & !ENCRYPTED);
        if length < 8 || self.control.iter().any(|stream| stream.ssrc == ssrc && stream.has_seen(index)) {
            return None;
        }
        let proof = self.rtcp.proof(&packet[..length + 4], []);
        verify_slices_are_equal(&proof.as_ref()[..RTCP_TAG], &packet[length + 4..]).ok()?;
        if told & ENCRYPTED != 0 {
            self.rtcp.crypt(ssrc, index, &mut packet[8..length])?;
        }
        stream_of(&mut self.control, ssrc, || index).see(index);
        Some(length)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({} streams)", self.streams.len())
    }
}

/// The keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable;

impl Keys {
    /// RFC 3711 section 4.3, without a key derivation rate: label for the cipher, the two after it for proof and salt.
    fn derive(master: &MasterKey, label: u8) -> Result<Self, Unusable> {
        let (key, salt) = master.0.split_at(16);
        let cipher = cipher(key)?;
        let draw = |label: u8, into: &mut [u8]| {
            let mut block = [0; 16];
            block[..14].copy_from_slice(salt);
            block[7] ^= label;
            into.fill(0);
            stream(&cipher, block, into).ok_or(Unusable)
        };
        let (mut key, mut proof, mut salt) = ([0; 16], [0; 20], [0; 14]);
        draw(label, &mut key)?;
        draw(label + 1, &mut proof)?;
        draw(label + 2, &mut salt)?;
        Ok(Self { cipher: self::cipher(&key)?, salt, proof: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &proof) })
    }

    /// RFC 3711 section 4.1.1; the same both ways.
    fn crypt(&self, ssrc: u32, index: u64, bytes: &mut [u8]) -> Option<()> {
        let mut block = [0; 16];
        block[..14].copy_from_slice(&self.salt);
        block[4..8].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        block[8..14].iter_mut().zip(&index.to_be_bytes()[2..]).for_each(|(byte, other)| *byte ^= other);
        stream(&self.cipher, block, bytes)
    }

    fn proof<const N: usize>(&self, packet: &[u8], behind: [u8; N]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.proof);
        context.update(packet);
        context.update(&behind);
        context.sign()
    }
}

impl Stream {
    fn has_seen(&self, index: u64) -> bool {
        let behind = self.highest.wrapping_sub(index);
        index <= self.highest && (behind >= 64 || self.seen >> behind & 1 == 1)
    }

    fn see(&mut self, index: u64) {
        if index > self.highest {
            self.seen = self.seen.checked_shl((index - self.highest).min(64) as u32).unwrap_or(0);
            self.highest = index;
        }
        self.seen |= 1 << (self.highest - index).min(63);
    }
}

fn cipher(key: &[u8]) -> Result<EncryptingKey, Unusable> {
    UnboundCipherKey::new(&AES_128, key).and_then(EncryptingKey::ctr).map_err(|_| Unusable)
}

fn stream(cipher: &EncryptingKey, block: [u8; 16], bytes: &mut [u8]) -> Option<()> {
    cipher.less_safe_encrypt(bytes, EncryptionContext::Iv128(FixedLength::from(block))).ok().map(drop)
}

fn stream_of(streams: &mut Vec<Stream>, ssrc: u32, first: impl FnOnce() -> u64) -> &mut Stream {
    let place = streams.iter().position(|stream| stream.ssrc == ssrc).unwrap_or_else(|| {
        if streams.len() == STREAMS {
            streams.remove(0);
        }
        streams.push(Stream { ssrc, highest: first(), seen: 0 });
        streams.len() - 1
    });
    &mut streams[place]
}

/// The index of a sequence number near the highest one (RFC 3711 appendix A).
fn guess(highest: u64, sequence: u16) -> u64 {
    let ahead = sequence.wrapping_sub(highest as u16).cast_signed();
    // Before the very first numbers there is nothing: then it is ahead.
    highest.checked_add_signed(i64::from(ahead)).unwrap_or(highest + u64::from(ahead.cast_unsigned()))
}

/// Length of the header that stays in clear, SSRC, sequence number.
fn head(packet: &[u8]) -> Option<(usize, u32, u16)> {
    let fixed = packet.first_chunk::<12>()?;
    let mut length = 12 + 4 * usize::from(fixed[0] & 15);
    if fixed[0] & 0x10 != 0 {
        let [_, _, high, low] = packet.get(length..)?.first_chunk()?;
        length += 4 + 4 * usize::from(u16::from_be_bytes([*high, *low]));
    }
    let [.., a, b, c, d] = *fixed;
    (fixed[0] >> 6 == 2 && length <= packet.len()).then_some((
        length,
        u32::from_be_bytes([a, b, c, d]),
        u16::from_be_bytes([fixed[2], fixed[3]]),
    ))
}

#[cfg(test)]
mod tests;
