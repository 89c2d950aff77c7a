//! Cuts a byte stream (TCP, TLS) into whole messages by Content-Length, within fixed bounds.

use super::name::{Name, is_space};

/// Most octets of start line and headers on a stream.
pub const LONGEST_HEAD: usize = 64 * 1024;
/// Most octets of a body on a stream.
pub const LONGEST_BODY: usize = 64 * 1024;

/// What came out of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framed {
    /// One whole message, to be handed in as `SipInput::Received`.
    Message(Vec<u8>),
    /// A double CRLF: answer it with a single CRLF (RFC 5626 section 4.4.1).
    Ping,
    /// The framing is lost. The head, if there is one, may still be handed in to be answered with 400; then close.
    Broken(Option<Vec<u8>>),
}

/// Keeps what has arrived of a stream until it makes a message.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Already given out.
    taken: usize,
    /// Searched for the end of the head without finding it, counted from `taken`.
    searched: usize,
    broken: bool,
}

impl Framer {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets from the stream; drain `poll` after each push.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and not ended: a reader should then have a deadline.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        !self.broken && self.buffer.len() > self.taken
    }

    /// The next message, ping or failure; none when more octets are needed.
    pub fn poll(&mut self) -> Option<Framed> {
        if self.broken {
            return None;
        }
        // A single CRLF is a pong, or stands before a message. One that is all we have may become a ping.
        loop {
            let rest = &self.buffer[self.taken..];
            if rest.starts_with(b"\r\n\r\n") {
                self.taken += 4;
                return Some(Framed::Ping);
            }
            if rest.starts_with(b"\r\n") && !matches!(rest, b"\r\n" | b"\r\n\r") {
                self.taken += 2;
            } else if rest.starts_with(b"\n") {
                self.taken += 1;
            } else {
                break;
            }
        }
        let rest = &self.buffer[self.taken..];
        if matches!(rest, b"" | b"\r" | b"\r\n" | b"\r\n\r") {
            return None;
        }
        let Some(head) = end_of_head(rest, self.searched) else {
            self.searched = rest.len().saturating_sub(3);
            return (rest.len() > LONGEST_HEAD).then(|| self.fail(None));
        };
        if head > LONGEST_HEAD {
            return Some(self.fail(None));
        }
        let Ok(length) = content_length(&rest[..head]) else {
            let bytes = rest[..head].to_vec();
            return Some(self.fail(Some(bytes)));
        };
        let end = head + length;
        if rest.len() < end {
            self.searched = 0;
            return None;
        }
        let message = rest[..end].to_vec();
        self.taken += end;
        self.searched = 0;
        Some(Framed::Message(message))
    }

    fn fail(&mut self, message: Option<Vec<u8>>) -> Framed {
        self.broken = true;
        self.buffer = Vec::new();
        self.taken = 0;
        Framed::Broken(message)
    }
}

/// Where the body begins: after the first empty line.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    let mut place = from;
    while let Some(found) = bytes.get(place..)?.iter().position(|byte| *byte == b'\n') {
        let line_end = place + found;
        match (bytes.get(line_end + 1), bytes.get(line_end + 2)) {
            (Some(b'\n'), _) => return Some(line_end + 2),
            (Some(b'\r'), Some(b'\n')) => return Some(line_end + 3),
            _ => place = line_end + 1,
        }
    }
    None
}

/// The one length that all Content-Length lines agree on; 0 without any.
fn content_length(head: &[u8]) -> Result<usize, ()> {
    let mut length = None;
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if line.first().is_none_or(|byte| is_space(*byte)) || Name::of(&line[..colon]) != Name::ContentLength {
            continue;
        }
        let value = std::str::from_utf8(&line[colon + 1..]).map_err(|_| ())?.trim();
        if value.is_empty() || value.len() > 10 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(());
        }
        let value: usize = value.parse().map_err(|_| ())?;
        if value > LONGEST_BODY || length.is_some_and(|length| length != value) {
            return Err(());
        }
        length = Some(value);
    }
    Ok(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc";

    fn all(framer: &mut Framer) -> Vec<Framed> {
        std::iter::from_fn(|| framer.poll()).collect()
    }

    #[test]
    fn messages_are_cut_wherever_the_pieces_end() {
        let stream: Vec<u8> = [ONE, b"\r\n\r\n", ONE, b"\r\n", ONE].concat();
        let whole = Framed::Message(ONE.to_vec());
        let expected = vec![whole.clone(), Framed::Ping, whole.clone(), whole];
        let mut framer = Framer::new();
        for byte in b"\r\n\n" {
            framer.push(&[*byte]);
            assert_eq!(framer.poll(), None, "empty lines are no message");
        }
        for size in 1..stream.len() {
            let mut framer = Framer::new();
            let mut got = Vec::new();
            for piece in stream.chunks(size) {
                framer.push(piece);
                got.extend(all(&mut framer));
            }
            assert_eq!(got, expected, "pieces of {size}");
            assert!(!framer.is_partial());
        }
    }

    #[test]
    fn lost_framing_closes_the_stream() {
        for length in ["-999", "9x", "99999999999999999999", "70000", ""] {
            let text = format!("INVITE sip:a SIP/2.0\r\nl: {length}\r\n\r\n");
            let mut framer = Framer::new();
            framer.push(text.as_bytes());
            assert_eq!(framer.poll(), Some(Framed::Broken(Some(text.clone().into_bytes()))), "{length}");
            framer.push(ONE);
            assert_eq!(framer.poll(), None);
        }
        let mut framer = Framer::new();
        framer.push(b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\nxx");
        assert!(matches!(framer.poll(), Some(Framed::Broken(Some(_)))));
    }

    #[test]
    fn a_head_without_end_is_refused_when_it_grows_too_long() {
        let mut framer = Framer::new();
        let mut broken = false;
        for _ in 0..80 {
            framer.push(&[b'a'; 1024]);
            broken |= all(&mut framer).contains(&Framed::Broken(None));
        }
        assert!(broken);
        assert!(framer.buffer.capacity() == 0);
    }
}
