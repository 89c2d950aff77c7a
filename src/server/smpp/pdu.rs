//! The seven PDUs of SMPP 3.4 that an order's text message needs: written strictly, read leniently.
//!
//! Section numbers are those of "Short Message Peer to Peer Protocol Specification v3.4". Centres in the field differ in what
//! they leave out of an answer; whatever is missing or unknown here is taken for empty.

/// Command ids (5.1.2.1); an answer has the top bit set.
pub const BIND_TRANSCEIVER: u32 = 0x9;
pub const SUBMIT_SM: u32 = 0x4;
pub const DELIVER_SM: u32 = 0x5;
pub const UNBIND: u32 = 0x6;
pub const ENQUIRE_LINK: u32 = 0x15;
pub const GENERIC_NACK: u32 = 0x8000_0000;
pub const ANSWER: u32 = 0x8000_0000;

/// Command states (5.1.3).
pub const OK: u32 = 0;
pub const UNKNOWN_COMMAND: u32 = 0x3;
pub const SYSTEM_ERROR: u32 = 0x8;
pub const QUEUE_FULL: u32 = 0x14;
pub const SUBMIT_FAILED: u32 = 0x45;
pub const THROTTLED: u32 = 0x58;

/// A longer PDU is none: a message has 64 KiB at most.
const LONGEST: usize = 70_000;
const HEAD: usize = 16;

/// One PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

impl Pdu {
    #[must_use]
    pub fn request(command: u32, sequence: u32, body: Vec<u8>) -> Self {
        Self { command, status: OK, sequence, body }
    }

    /// The answer to this request. `deliver_sm_resp` carries an empty message id (4.6.2).
    #[must_use]
    pub fn answer(&self, status: u32) -> Self {
        let body = if self.command == DELIVER_SM { vec![0] } else { Vec::new() };
        Self { command: self.command | ANSWER, status, sequence: self.sequence, body }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let length = u32::try_from(HEAD + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEAD + self.body.len());
        for word in [length, self.command, self.status, self.sequence] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(&self.body);
        bytes
    }

    /// Takes the first PDU out of what was read, when it is complete.
    ///
    /// # Errors
    /// When its length cannot be one.
    pub fn take(read: &mut Vec<u8>) -> Result<Option<Self>, &'static str> {
        let word = |place: usize| read.get(place..place + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
        let Some(length) = word(0) else { return Ok(None) };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !(HEAD..=LONGEST).contains(&length) {
            return Err("what it sends is no SMPP");
        }
        let (Some(command), Some(status), Some(sequence)) = (word(4), word(8), word(12)) else { return Ok(None) };
        if read.len() < length {
            return Ok(None);
        }
        let body = read[HEAD..length].to_vec();
        read.drain(..length);
        Ok(Some(Self { command, status, sequence, body }))
    }

    /// The first text of the body: the message id of `submit_sm_resp`.
    #[must_use]
    pub fn first_text(&self) -> String {
        Reader(&self.body).text()
    }
}

/// Who we are to the centre.
pub struct Bind<'a> {
    pub system_id: &'a str,
    pub password: &'a str,
    pub system_type: &'a str,
}

impl Bind<'_> {
    /// The body of `bind_transceiver` (4.1.5).
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for text in [self.system_id, self.password, self.system_type] {
            put_text(&mut body, text);
        }
        // Version 3.4; no range of addresses: receipts come to whoever sent.
        body.extend([0x34, 0, 0, 0]);
        body
    }
}

/// A telephone number or name as SMPP writes it: type, plan, text (5.2.5, 5.2.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    ton: u8,
    npi: u8,
    text: String,
}

impl Address {
    /// The sender: a name, or a number as the centre gave it out.
    #[must_use]
    pub fn sender(text: &str) -> Self {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        Self { ton: if is_number { 0 } else { 5 }, npi: u8::from(is_number), text: text.to_owned() }
    }

    /// A number at home, with the country's code before it where the centre wants it.
    #[must_use]
    pub fn receiver(number: &str, country: &str) -> Self {
        match number.strip_prefix('+') {
            Some(abroad) => Self { ton: 1, npi: 1, text: abroad.to_owned() },
            None => Self { ton: u8::from(!country.is_empty()), npi: 1, text: format!("{country}{number}") },
        }
    }
}

/// One part of a message, with the head that joins it to the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    coding: u8,
    joined: bool,
    octets: Vec<u8>,
}

/// Cuts a text into parts of at most 140 octets: 160 letters or 70 characters in one, 153 or 67 in each of several, which the
/// telephone joins by `reference` (3GPP TS 23.040, 9.2.3.24.1).
#[must_use]
pub fn parts(text: &str, reference: u8) -> Vec<Part> {
    let plain = text.bytes().all(is_plain);
    let units: Vec<Vec<u8>> = if plain {
        text.bytes().map(|byte| vec![byte]).collect()
    } else {
        // A character outside of the first plane is two units that stay together.
        let unit = |c: char| c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()).collect();
        text.chars().map(unit).collect()
    };
    let coding = if plain { 0 } else { 8 };
    let length: usize = units.iter().map(Vec::len).sum();
    if length <= if plain { 160 } else { 140 } {
        return vec![Part { coding, joined: false, octets: units.concat() }];
    }
    let room = if plain { 153 } else { 134 };
    let mut cut: Vec<Vec<u8>> = vec![Vec::new()];
    for unit in units {
        if cut.last().is_some_and(|last| last.len() + unit.len() > room) {
            cut.push(Vec::new());
        }
        if let Some(last) = cut.last_mut() {
            last.extend(unit);
        }
    }
    cut.truncate(255);
    let total = u8::try_from(cut.len()).unwrap_or(u8::MAX);
    let numbered = cut.into_iter().zip(1_u8..);
    numbered.map(|(rest, place)| Part { coding, joined: true, octets: [vec![5, 0, 3, reference, total, place], rest].concat() }).collect()
}

/// Letters, digits and signs that mean the same in every centre's default alphabet.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'!' | b'"' | b'%' | b'&' | b'\'' | b'('..=b'/' | b':'..=b'?')
}

/// The body of `submit_sm` (4.4.1): asks for a receipt, and gives the part a number by which a centre may know it again.
#[must_use]
pub fn submit(from: &Address, to: &Address, part: &Part, reference: u16) -> Vec<u8> {
    let mut body = vec![0];
    for address in [from, to] {
        body.extend([address.ton, address.npi]);
        put_text(&mut body, &address.text);
    }
    // esm_class with the mark of a joined part; protocol, priority; now, for as long as the centre likes.
    body.extend([if part.joined { 0x40 } else { 0 }, 0, 0, 0, 0]);
    // A receipt in any case (5.2.17), nothing replaced, the alphabet, no stored text.
    body.extend([1, 0, part.coding, 0]);
    body.push(u8::try_from(part.octets.len()).unwrap_or(u8::MAX));
    body.extend(&part.octets);
    body.extend([0x02, 0x04, 0, 2]);
    body.extend(reference.to_be_bytes());
    body
}

/// What a centre reports about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id from `submit_sm_resp`.
    pub id: String,
    /// `None`: still under way.
    pub delivered: Option<bool>,
    /// The state in the centre's words, such as `UNDELIV`.
    pub state: String,
}

/// Reads the body of `deliver_sm`; `None` when it is no receipt (4.6.1, 5.2.12, Appendix B).
#[must_use]
pub fn receipt(body: &[u8]) -> Option<Receipt> {
    let mut reader = Reader(body);
    reader.text();
    for _ in 0..2 {
        reader.skip(2);
        reader.text();
    }
    // Receipts of the centre (0x04) and reports under way (0x20).
    let class = reader.byte();
    if class & 0x24 == 0 {
        return None;
    }
    reader.skip(2);
    reader.text();
    reader.text();
    reader.skip(4);
    let length = usize::from(reader.byte());
    let mut words = reader.take(length).to_vec();
    let (mut id, mut state) = (None, None);
    while let Some((tag, value)) = reader.option() {
        match tag {
            0x001e => id = Some(Reader(value).text()),
            0x0427 => state = value.first().copied(),
            0x0424 => words = value.to_vec(),
            _ => {}
        }
    }
    let words = String::from_utf8_lossy(&words).into_owned();
    let named = |name: &str| {
        let from = words.to_ascii_lowercase().find(name)? + name.len();
        words.get(from..)?.split_whitespace().next().map(str::to_owned)
    };
    let id = id.filter(|id| !id.is_empty()).or_else(|| named("id:"))?;
    // message_state (5.2.28).
    let said = state.and_then(|state| {
        ["ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"]
            .get(usize::from(state).wrapping_sub(1))
            .copied()
    });
    let state = said.map(str::to_owned).or_else(|| named("stat:")).unwrap_or_default().to_ascii_uppercase();
    let delivered = match state.as_str() {
        "DELIVRD" => Some(true),
        "EXPIRED" | "DELETED" | "UNDELIV" | "REJECTD" => Some(false),
        _ => None,
    };
    Some(Receipt { id, delivered, state })
}

/// Reads the body of a `deliver_sm` that a customer wrote: from which number, and the words (4.6.1; UCS-2, Latin-1 or ASCII by
/// `data_coding`, 5.2.19). `None` for receipts.
#[must_use]
pub fn words(body: &[u8]) -> Option<(String, String)> {
    let mut reader = Reader(body);
    reader.text();
    reader.skip(2);
    let from = reader.text();
    reader.skip(2);
    reader.text();
    let class = reader.byte();
    if class & 0x24 != 0 {
        return None;
    }
    reader.skip(2);
    reader.text();
    reader.text();
    reader.skip(2);
    let coding = reader.byte();
    reader.skip(1);
    let length = usize::from(reader.byte());
    let mut octets = reader.take(length).to_vec();
    while let Some((tag, value)) = reader.option() {
        if tag == 0x0424 {
            octets = value.to_vec();
        }
    }
    // A user data header stands before the words (esm_class bit 6).
    if class & 0x40 != 0 {
        let header = octets.first().map_or(0, |length| usize::from(*length) + 1);
        octets.drain(..header.min(octets.len()));
    }
    let text = match coding {
        8 => String::from_utf16_lossy(&octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>()),
        // GBK, as some message centres at home send it.
        15 => encoding_rs::GBK.decode(&octets).0.into_owned(),
        _ => octets.iter().map(|&octet| char::from(octet)).collect(),
    };
    Some((from, text))
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend(text.bytes());
    body.push(0);
}

/// Reads fields one after the other; past the end everything is empty.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn skip(&mut self, length: usize) {
        self.take(length);
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// Up to the zero behind it.
    fn text(&mut self) -> String {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        let text = String::from_utf8_lossy(self.take(end)).into_owned();
        self.skip(1);
        text
    }

    /// An optional parameter: tag, length, value (3.2.4.1).
    fn option(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.take(4);
        let &[a, b, c, d] = head else { return None };
        Some((u16::from_be_bytes([a, b]), self.take(usize::from(u16::from_be_bytes([c, d])))))
    }
}

#[cfg(test)]
#[path = "pdu_tests.rs"]
mod tests;
