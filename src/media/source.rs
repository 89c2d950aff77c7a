//! Whose packets are ours: learnt once, strictly, so that nobody else's sound, keys or reports are taken, and nobody else is sent any.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long after the agreement a sender at another address than the SDP's may be learnt.
const WINDOW: Duration = Duration::from_secs(6);
/// So many packets in a row make a stream plausible when the SDP named somebody else, and when it named nobody.
const STRANGER: u8 = 10;
const UNNAMED: u8 = 3;
/// How long the SDP's own address may still claim its place back from a learnt one.
const CLAIM: Duration = Duration::from_secs(5);
/// After so long without a packet the peer's very stream (same SSRC, sequence going on, same host) may come from a new port: a NAT
/// has moved it. Nobody else is ever learnt without a new agreement.
const SILENCE: Duration = Duration::from_secs(2);
/// A stream that goes on is ahead by at most so many packets (five minutes).
const AHEAD: u16 = 15_000;

/// What is to be done with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the peer's.
    Peer,
    /// Drop it unread.
    Foreign,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    in_row: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody was heard yet.
    Learning,
    /// Somebody else than the SDP names; its address may still claim the place.
    Learnt {
        since: Instant,
    },
    Locked,
}

/// The peer's address, as far as it is known.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where the SDP says that the peer is.
    named: Option<SocketAddr>,
    /// Where we send.
    peer: Option<SocketAddr>,
    state: State,
    since: Instant,
    candidate: Option<Candidate>,
    ssrc: u32,
    sequence: u16,
    heard: Instant,
}

impl Source {
    /// For a new agreement; `remote` is the SDP's address (none, port 0 and the unspecified address name nobody).
    #[must_use]
    pub fn new(now: Instant, remote: Option<SocketAddr>) -> Self {
        let named = remote.filter(|named| named.port() != 0 && !named.ip().is_unspecified());
        Self { named, peer: named, state: State::Learning, since: now, candidate: None, ssrc: 0, sequence: 0, heard: now }
    }

    /// Where our packets go.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The only address that matters now, so that the socket can be tied to it.
    #[must_use]
    pub fn fixed(&self, now: Instant) -> Option<SocketAddr> {
        let settled = match self.state {
            State::Learning => false,
            State::Learnt { since } => self.named.is_none() || now.saturating_duration_since(since) >= CLAIM,
            State::Locked => true,
        };
        self.peer.filter(|_| settled && now.saturating_duration_since(self.heard) < SILENCE)
    }

    /// Judges an RTP packet; `plausible` tells whether its payload type was agreed.
    pub fn judge(&mut self, now: Instant, from: SocketAddr, ssrc: u32, sequence: u16, plausible: bool) -> Verdict {
        let from_named = self.named.is_some_and(|named| same(named, from));
        let from_peer = self.peer.is_some_and(|peer| same(peer, from));
        match self.state {
            State::Locked if from_peer => {}
            State::Learning if from_named && plausible => {
                self.state = State::Locked;
                self.candidate = None;
            }
            State::Learnt { since } if from_named && plausible && now.saturating_duration_since(since) < CLAIM => {
                self.peer = Some(from);
                self.state = State::Locked;
            }
            State::Learnt { .. } if from_peer => {}
            _ => return self.judge_stranger(now, from, ssrc, sequence, plausible),
        }
        self.take(now, ssrc, sequence);
        Verdict::Peer
    }

    /// Whether an RTCP packet is the peer's: from its port, or the one above (RFC 3550 section 11).
    #[must_use]
    pub fn is_peer_rtcp(&self, from: SocketAddr) -> bool {
        self.peer.is_some_and(|peer| {
            peer.ip().to_canonical() == from.ip().to_canonical()
                && (peer.port() == from.port() || peer.port().checked_add(1) == Some(from.port()))
        })
    }

    fn judge_stranger(&mut self, now: Instant, from: SocketAddr, ssrc: u32, sequence: u16, plausible: bool) -> Verdict {
        let needed = match self.state {
            State::Learning if now.saturating_duration_since(self.since) > WINDOW && self.named.is_some() => return Verdict::Foreign,
            State::Learning if self.named.is_none() => UNNAMED,
            State::Learning => STRANGER,
            State::Learnt { .. } | State::Locked => {
                let same_host = self.peer.is_some_and(|peer| peer.ip().to_canonical() == from.ip().to_canonical());
                let goes_on = ssrc == self.ssrc && (1..=AHEAD).contains(&sequence.wrapping_sub(self.sequence));
                if !goes_on || !same_host || now.saturating_duration_since(self.heard) < SILENCE {
                    return Verdict::Foreign;
                }
                UNNAMED
            }
        };
        if !plausible {
            return Verdict::Foreign;
        }
        let in_row = match self.candidate {
            Some(last) if last.from == from && last.ssrc == ssrc => match sequence.wrapping_sub(last.sequence) {
                0 => return Verdict::Foreign,
                1..=3 => last.in_row.saturating_add(1),
                _ => 1,
            },
            // Two strangers at once: the first keeps the place until its row breaks.
            Some(last) if last.in_row > 1 && now.saturating_duration_since(self.heard) < SILENCE => return Verdict::Foreign,
            _ => 1,
        };
        self.candidate = Some(Candidate { from, ssrc, sequence, in_row });
        if in_row < needed {
            return Verdict::Foreign;
        }
        self.candidate = None;
        self.peer = Some(from);
        self.state = match self.state {
            State::Learning if self.named.is_some() => State::Learnt { since: now },
            _ => State::Locked,
        };
        self.take(now, ssrc, sequence);
        Verdict::Peer
    }

    fn take(&mut self, now: Instant, ssrc: u32, sequence: u16) {
        self.heard = now;
        // A copy that comes late does not turn the stream back.
        if self.ssrc != ssrc || sequence.wrapping_sub(self.sequence).cast_signed() > 0 {
            self.sequence = sequence;
        }
        self.ssrc = ssrc;
    }
}

/// An IPv4 peer is the same whether it came by an IPv4 or a dual-stack socket.
fn same(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
}

#[cfg(test)]
mod tests;
