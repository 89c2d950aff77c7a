//! SRTP and SRTCP (RFC 3711, with GCM RFC 7714): one direction of one leg is sealed or opened in place, by AWS-LC.

use std::fmt;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::{MasterKey, Suite};

/// Bytes that sealing may add: index and proof of RTCP.
pub const OVERHEAD: usize = INDEX + GCM_TAG;
/// The index behind a packet of RTCP.
const INDEX: usize = 4;
/// Proof by SHA-1 on RTCP, whatever the suite (RFC 4568 section 6.2.2).
const RTCP_TAG: usize = 10;
/// Proof by GCM, on sound and on RTCP (RFC 7714 section 12.1).
const GCM_TAG: usize = 16;
/// Streams whose numbers are remembered: a peer that begins anew has a new one. The oldest gives way.
const STREAMS: usize = 4;
/// SRTCP: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// One direction: what seals our packets, or opens the peer's.
pub struct Context {
    rtp: Keys,
    rtcp: Keys,
    streams: Vec<Stream>,
    control: Vec<Control>,
    /// Our next SRTCP index.
    index: u32,
}

/// What hides packets of one kind and proves whose they are.
enum Keys {
    /// AES in counter mode, and a proof by SHA-1.
    Counter(Box<Counter>),
    /// AES in Galois/counter mode does both.
    Galois { key: LessSafeKey, salt: [u8; 12] },
}

struct Counter {
    cipher: EncryptingKey,
    salt: [u8; 14],
    proof: hmac::Key,
    /// As many bytes of the proof go with a packet.
    tag: usize,
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
        let (rtp, rtcp) = match (suite, master) {
            (Suite::Aes128Sha1Tag80, MasterKey::Counter(key)) => (Keys::counter(key, 0, RTCP_TAG)?, Keys::counter(key, 3, RTCP_TAG)?),
            (Suite::Aes128Sha1Tag32, MasterKey::Counter(key)) => (Keys::counter(key, 0, 4)?, Keys::counter(key, 3, RTCP_TAG)?),
            (Suite::Aes128Gcm, MasterKey::Galois128(key)) => (Keys::galois(key, 0)?, Keys::galois(key, 3)?),
            (Suite::Aes256Gcm, MasterKey::Galois256(key)) => (Keys::galois(key, 0)?, Keys::galois(key, 3)?),
            _ => return Err(Unusable),
        };
        Ok(Self { rtp, rtcp, streams: Vec::new(), control: Vec::new(), index: 1 })
    }

    /// Encrypts the RTP packet in the first `length` bytes and puts its proof behind it: the new length. None when there is no room
    /// or it is no packet.
    pub fn seal(&mut self, into: &mut [u8], length: usize) -> Option<usize> {
        let whole = length + self.rtp.tag();
        let packet = into.get_mut(..whole)?;
        let (header, ssrc, sequence) = head(&packet[..length])?;
        let stream = stream_of(&mut self.streams, ssrc, || u64::from(sequence));
        let index = guess(stream.highest, sequence);
        stream.highest = stream.highest.max(index);
        match &self.rtp {
            Keys::Counter(keys) => {
                keys.crypt(ssrc, index, &mut packet[header..length])?;
                let proof = keys.prove(&packet[..length], ((index >> 16) as u32).to_be_bytes());
                packet[length..].copy_from_slice(&proof.as_ref()[..whole - length]);
            }
            Keys::Galois { key, salt } => {
                let (clear, rest) = packet.split_at_mut(header);
                let (hidden, proof) = rest.split_at_mut(length - header);
                let tag = key.seal_in_place_separate_tag(nonce(salt, ssrc, index), Aad::from(&*clear), hidden).ok()?;
                proof.copy_from_slice(tag.as_ref());
            }
        }
        Some(whole)
    }

    /// Opens an RTP packet in place: its length in clear. None when the proof is wrong or it was here before.
    pub fn open(&mut self, packet: &mut [u8]) -> Option<usize> {
        let length = packet.len().checked_sub(self.rtp.tag())?;
        let (header, ssrc, sequence) = head(&packet[..length])?;
        let known = self.streams.iter().find(|stream| stream.ssrc == ssrc).copied();
        let index = known.map_or(u64::from(sequence), |known| guess(known.highest, sequence));
        if known.is_some_and(|known| known.has_seen(index)) {
            return None;
        }
        match &self.rtp {
            Keys::Counter(keys) => {
                let proof = keys.prove(&packet[..length], ((index >> 16) as u32).to_be_bytes());
                verify_slices_are_equal(&proof.as_ref()[..keys.tag], &packet[length..]).ok()?;
                keys.crypt(ssrc, index, &mut packet[header..length])?;
            }
            Keys::Galois { key, salt } => {
                let (clear, hidden) = packet.split_at_mut(header);
                key.open_in_place(nonce(salt, ssrc, index), Aad::from(&*clear), hidden).ok()?;
            }
        }
        stream_of(&mut self.streams, ssrc, || index).see(index);
        Some(length)
    }

    /// Encrypts an RTCP packet: the new length.
    pub fn seal_rtcp(&mut self, into: &mut [u8], length: usize) -> Option<usize> {
        let tag = self.rtcp.tag();
        let packet = into.get_mut(..length + INDEX + tag)?;
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        let index = self.index;
        let told = (index | ENCRYPTED).to_be_bytes();
        self.index = (self.index + 1) & !ENCRYPTED;
        match &self.rtcp {
            Keys::Counter(keys) => {
                keys.crypt(ssrc, u64::from(index), packet.get_mut(8..length)?)?;
                packet[length..length + INDEX].copy_from_slice(&told);
                let proof = keys.prove(&packet[..length + INDEX], []);
                packet[length + INDEX..].copy_from_slice(&proof.as_ref()[..tag]);
            }
            // Here the proof stands before the index (RFC 7714 section 9.1).
            Keys::Galois { key, salt } => {
                let clear = control_clear(packet, told)?;
                let hidden = packet.get_mut(8..length)?;
                let proof = key.seal_in_place_separate_tag(nonce(salt, ssrc, u64::from(index)), Aad::from(clear), hidden).ok()?;
                packet[length..length + tag].copy_from_slice(proof.as_ref());
                packet[length + tag..].copy_from_slice(&told);
            }
        }
        Some(length + INDEX + tag)
    }

    /// Opens an RTCP packet in place: its length in clear. One that is not encrypted is taken only where SHA-1 proves it.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Option<usize> {
        let tag = self.rtcp.tag();
        let length = packet.len().checked_sub(INDEX + tag).filter(|length| *length >= 8)?;
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        let place = if matches!(self.rtcp, Keys::Galois { .. }) { length + tag } else { length };
        let told: [u8; INDEX] = *packet.get(place..)?.first_chunk()?;
        let word = u32::from_be_bytes(told);
        let index = u64::from(word & !ENCRYPTED);
        if self.control.iter().any(|stream| stream.ssrc == ssrc && stream.has_seen(index)) {
            return None;
        }
        match &self.rtcp {
            Keys::Counter(keys) => {
                let proof = keys.prove(&packet[..length + INDEX], []);
                verify_slices_are_equal(&proof.as_ref()[..keys.tag], &packet[length + INDEX..]).ok()?;
                if word & ENCRYPTED != 0 {
                    keys.crypt(ssrc, index, &mut packet[8..length])?;
                }
            }
            Keys::Galois { key, salt } => {
                let clear = control_clear(packet, told).filter(|_| word & ENCRYPTED != 0)?;
                key.open_in_place(nonce(salt, ssrc, index), Aad::from(clear), &mut packet[8..length + tag]).ok()?;
            }
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
    fn counter(master: &[u8; 30], label: u8, tag: usize) -> Result<Self, Unusable> {
        let (mut key, mut proof, mut salt) = ([0; 16], [0; 20], [0; 14]);
        let master = master.split_at(16);
        draw(master, label, &mut key)?;
        draw(master, label + 1, &mut proof)?;
        draw(master, label + 2, &mut salt)?;
        let proof = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &proof);
        Ok(Self::Counter(Box::new(Counter { cipher: cipher(&key)?, salt, proof, tag })))
    }

    /// RFC 7714 section 11: drawn like the others, with the salt's last two bytes naught.
    fn galois<const N: usize>(master: &[u8; N], label: u8) -> Result<Self, Unusable> {
        let master = master.split_at(N - 12);
        let (mut key, mut salt) = ([0; 32], [0; 12]);
        let key = &mut key[..N - 12];
        draw(master, label, key)?;
        draw(master, label + 2, &mut salt)?;
        let algorithm = if key.len() == 32 { &aead::AES_256_GCM } else { &aead::AES_128_GCM };
        Ok(Self::Galois { key: LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(|_| Unusable)?), salt })
    }

    const fn tag(&self) -> usize {
        match self {
            Self::Counter(keys) => keys.tag,
            Self::Galois { .. } => GCM_TAG,
        }
    }
}

/// RFC 3711 section 4.3, without a key derivation rate: label for the cipher, the two after it for proof and salt.
fn draw((key, salt): (&[u8], &[u8]), label: u8, into: &mut [u8]) -> Result<(), Unusable> {
    let mut block = [0; 16];
    block[..salt.len()].copy_from_slice(salt);
    block[7] ^= label;
    into.fill(0);
    stream(&cipher(key)?, block, into).ok_or(Unusable)
}

impl Counter {
    /// RFC 3711 section 4.1.1; the same both ways.
    fn crypt(&self, ssrc: u32, index: u64, bytes: &mut [u8]) -> Option<()> {
        let mut block = [0; 16];
        block[..14].copy_from_slice(&self.salt);
        block[4..8].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        block[8..14].iter_mut().zip(&index.to_be_bytes()[2..]).for_each(|(byte, other)| *byte ^= other);
        stream(&self.cipher, block, bytes)
    }

    fn prove<const N: usize>(&self, packet: &[u8], behind: [u8; N]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.proof);
        context.update(packet);
        context.update(&behind);
        context.sign()
    }
}

/// RFC 7714 sections 8.1 and 9.1: of sound the index has 48 bits, of RTCP 31.
fn nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = *salt;
    nonce[2..6].iter_mut().zip(ssrc.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
    nonce[6..12].iter_mut().zip(&index.to_be_bytes()[2..]).for_each(|(byte, other)| *byte ^= other);
    Nonce::assume_unique_for_key(nonce)
}

/// What GCM proves of a packet of RTCP besides what it hides (RFC 7714 section 9.2).
fn control_clear(packet: &[u8], told: [u8; INDEX]) -> Option<[u8; 8 + INDEX]> {
    let mut clear = [0; 8 + INDEX];
    clear[..8].copy_from_slice(packet.get(..8)?);
    clear[8..].copy_from_slice(&told);
    Some(clear)
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
    UnboundCipherKey::new(if key.len() == 32 { &AES_256 } else { &AES_128 }, key).and_then(EncryptingKey::ctr).map_err(|_| Unusable)
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
