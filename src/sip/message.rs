//! Our own face of SIP messages: a tolerant, bounded reader that copies nothing, and a plain writer.
//!
//! rsip gives the methods their names and is the reference in the tests: what it can read, we read alike.

pub mod address;
pub mod framer;
pub mod name;
pub mod uri;
pub mod writer;

#[cfg(test)]
mod tests;

use std::io::BufRead as _;

pub use rsip::Method;

pub use address::{Address, Via, values};
pub use framer::{Framed, Framer};
pub use name::Name;
pub use uri::{Scheme, Uri};

use name::{is_token, trim};
use uri::number;

/// Most octets of a message that are read.
pub const LONGEST: usize = 128 * 1024;
/// Most header lines of a message.
const MOST_HEADERS: usize = 192;
/// Most octets of one header line, folds included.
const LONGEST_LINE: usize = 16 * 1024;
/// Most Via values.
const MOST_VIAS: usize = 70;

/// The methods that we know, by their text. Unlike rsip's own reader, case counts (RFC 3261 section 7.1).
#[must_use]
pub fn method_of(text: &[u8]) -> Option<Method> {
    Some(match text {
        b"INVITE" => Method::Invite,
        b"ACK" => Method::Ack,
        b"BYE" => Method::Bye,
        b"CANCEL" => Method::Cancel,
        b"OPTIONS" => Method::Options,
        b"REGISTER" => Method::Register,
        b"INFO" => Method::Info,
        b"UPDATE" => Method::Update,
        b"PRACK" => Method::PRack,
        b"REFER" => Method::Refer,
        b"SUBSCRIBE" => Method::Subscribe,
        b"NOTIFY" => Method::Notify,
        b"PUBLISH" => Method::Publish,
        b"MESSAGE" => Method::Message,
        _ => return None,
    })
}

/// The text of a method, without the allocation of its `Display`.
#[must_use]
pub const fn method_name(method: Method) -> &'static str {
    match method {
        Method::Invite => "INVITE",
        Method::Ack => "ACK",
        Method::Bye => "BYE",
        Method::Cancel => "CANCEL",
        Method::Options => "OPTIONS",
        Method::Register => "REGISTER",
        Method::Info => "INFO",
        Method::Update => "UPDATE",
        Method::PRack => "PRACK",
        Method::Refer => "REFER",
        Method::Subscribe => "SUBSCRIBE",
        Method::Notify => "NOTIFY",
        Method::Publish => "PUBLISH",
        Method::Message => "MESSAGE",
    }
}

/// Why octets are not a message that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Fault {
    /// The answer that it deserves, when it is a request.
    pub status: u16,
    /// A stable name for counting, also spoken as the reason phrase.
    pub reason: &'static str,
}

const fn fault(reason: &'static str) -> Fault {
    Fault { status: 400, reason }
}

/// The first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    Request {
        method: &'a [u8],
        uri: &'a [u8],
    },
    Response {
        status: u16,
    },
    /// It looks like a request, but not like a valid one; it can still be answered.
    BadRequest(Fault),
}

#[derive(Debug, Clone, Copy)]
struct Header {
    name: Name,
    start: u32,
    colon: u32,
    end: u32,
}

/// A message cut into its lines. Nothing is checked but what is needed to cut it.
#[derive(Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    pub start: Start<'a>,
    headers: Vec<Header>,
    /// The body, cut to Content-Length.
    pub body: &'a [u8],
    /// Something in the headers that makes a request a bad one.
    fault: Option<Fault>,
}

impl<'a> Message<'a> {
    /// Cuts `bytes` into lines; folded lines are unfolded in place.
    ///
    /// # Errors
    /// When it cannot be a SIP message at all, so that no answer is possible.
    pub fn read(bytes: &'a mut [u8]) -> Result<Self, Fault> {
        if bytes.len() > LONGEST {
            return Err(fault("too_long"));
        }
        let lead = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let bytes = &mut bytes[lead..];
        let first_end = line_end(bytes, 0).ok_or(fault("no_start_line"))?;
        let mut headers = Vec::with_capacity(20);
        let mut bad = None;
        let mut place = first_end + 1;
        let mut body = bytes.len();
        while place < bytes.len() {
            let mut end = line_end(bytes, place).unwrap_or(bytes.len());
            if end - place == 0 || end - place == 1 && bytes[place] == b'\r' {
                body = end + 1;
                break;
            }
            // Unfold: the line break becomes spaces, so that nothing behind it need know.
            while let Some(b' ' | b'\t') = bytes.get(end + 1) {
                bytes[end] = b' ';
                if bytes[end - 1] == b'\r' {
                    bytes[end - 1] = b' ';
                }
                end = line_end(bytes, end + 1).unwrap_or(bytes.len());
            }
            let line = &mut bytes[place..end];
            let length = line.len() - usize::from(line.last() == Some(&b'\r'));
            if line[..length].contains(&b'\r') {
                // A lone CR would end a line for somebody else.
                line[..length].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b' ');
            }
            if length > LONGEST_LINE || headers.len() == MOST_HEADERS {
                // It is left out, and with what else there is the request can be answered.
                bad = bad.or(Some(Fault { status: 513, reason: "too_many_or_too_long_headers" }));
                place = end + 1;
                continue;
            }
            match line[..length].iter().position(|byte| *byte == b':') {
                Some(colon) if !trim(&line[..colon]).is_empty() && trim(&line[..colon]).iter().all(|byte| is_token(*byte)) => {
                    let at = |offset: usize| u32::try_from(place + offset).unwrap_or(u32::MAX);
                    headers.push(Header { name: Name::of(&line[..colon]), start: at(0), colon: at(colon), end: at(length) });
                }
                _ => bad = bad.or(Some(fault("bad_header_line"))),
            }
            place = end + 1;
        }
        let bytes: &'a [u8] = bytes;
        let first = &bytes[..first_end];
        let start = start_line(first.strip_suffix(b"\r").unwrap_or(first))?;
        let mut message = Self { bytes, start, headers, body: bytes.get(body..).unwrap_or(b""), fault: bad };
        message.cut_body();
        Ok(message)
    }

    /// Content-Length rules over the datagram: more octets are ignored, fewer are a fault (RFC 3261 section 18.3).
    fn cut_body(&mut self) {
        let Some(length) = self.get(Name::ContentLength).map(number) else { return };
        let agree = self.all(Name::ContentLength).all(|value| number(value) == length);
        match length.map(|length| self.body.get(..length as usize)) {
            Some(Some(body)) if agree => self.body = body,
            Some(None) if agree => self.fault = self.fault.or(Some(fault("short_body"))),
            _ => self.fault = self.fault.or(Some(fault("bad_content_length"))),
        }
    }

    /// The first value of a header, trimmed.
    #[must_use]
    pub fn get(&self, name: Name) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The values of a header, one for each line.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a, '_> {
        let bytes = self.bytes;
        self.headers
            .iter()
            .filter(move |header| header.name == name)
            .map(move |header| trim(&bytes[header.colon as usize + 1..header.end as usize]))
    }

    /// All comma-separated values of a header.
    pub fn list(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a, '_> {
        self.all(name).flat_map(values).filter(|value| !value.is_empty())
    }

    /// Every header line as (name, value), in order.
    pub fn lines(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a, '_> {
        let bytes = self.bytes;
        self.headers.iter().map(move |header| {
            (trim(&bytes[header.start as usize..header.colon as usize]), trim(&bytes[header.colon as usize + 1..header.end as usize]))
        })
    }

    /// Whether an option tag or a method stands in a comma-separated header.
    #[must_use]
    pub fn lists(&self, name: Name, token: &[u8]) -> bool {
        self.list(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// Headers, start line and body as one text, with credentials and keys replaced: a key may be part of a PIN.
    #[must_use]
    pub fn for_trace(&self) -> Vec<u8> {
        let mut copy = self.bytes.to_vec();
        if matches!(self.start, Start::Request { method: b"INFO", .. }) && !self.body.is_empty() {
            let body = self.body.as_ptr() as usize - self.bytes.as_ptr() as usize;
            hide_key(&mut copy[body..]);
        }
        for header in self.headers.iter().rev() {
            if matches!(header.name, Name::Authorization | Name::ProxyAuthorization) {
                copy.splice(header.colon as usize + 1..header.end as usize, *b" ***");
            }
        }
        super::sdp::crypto::hide_keys(&mut copy);
        copy
    }

    /// A header that may stand only once.
    fn single(&self, name: Name, missing: &'static str) -> Result<&'a [u8], Fault> {
        let mut all = self.all(name);
        match (all.next(), all.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(fault(missing)),
            _ => Err(fault("repeated_header")),
        }
    }
}

/// Takes the key out of the body of an INFO, as `Signal=5` or bare; the form stays.
fn hide_key(body: &mut [u8]) {
    for line in body.split_mut(|byte| *byte == b'\n') {
        let value = match line.iter().position(|byte| *byte == b'=') {
            Some(equals) if trim(&line[..equals]).eq_ignore_ascii_case(b"signal") => &mut line[equals + 1..],
            None if trim(line).len() <= 2 => line,
            _ => continue,
        };
        value.iter_mut().filter(|byte| byte.is_ascii_graphic()).for_each(|byte| *byte = b'x');
    }
}

/// The next line feed; `skip_until` is the word-wise search of the standard library.
fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    let skipped = rest.skip_until(b'\n').ok()?;
    (skipped > 0 && bytes[from + skipped - 1] == b'\n').then(|| from + skipped - 1)
}

fn start_line(line: &[u8]) -> Result<Start<'_>, Fault> {
    if let Some(rest) = line.strip_prefix(b"SIP/2.0 ") {
        let status = rest.get(..3).and_then(number).filter(|_| matches!(rest.get(3), None | Some(b' ')));
        return match status {
            Some(status @ 100..=699) => Ok(Start::Response { status: u16::try_from(status).unwrap_or(0) }),
            _ => Err(fault("bad_status")),
        };
    }
    if line.len() >= 4 && line[..4].eq_ignore_ascii_case(b"SIP/") {
        return Err(fault("bad_status_line"));
    }
    // Something with a version in it can be answered; anything else is noise.
    let version_at = line.windows(4).rposition(|four| four.eq_ignore_ascii_case(b"SIP/")).ok_or(fault("not_sip"))?;
    let version = &line[version_at..];
    let mut words = line[..version_at].split(|byte| *byte == b' ');
    let (method, uri, end) = (words.next().unwrap_or(b""), words.next().unwrap_or(b""), words.next());
    if method.is_empty() || !method.iter().all(|byte| is_token(*byte)) {
        return Err(fault("not_sip"));
    }
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        let is_other = version[4..].iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && version.len() > 4;
        return Ok(Start::BadRequest(if is_other { Fault { status: 505, reason: "bad_version" } } else { fault("bad_request_line") }));
    }
    if uri.is_empty() || end != Some(b"") || words.next().is_some() {
        return Ok(Start::BadRequest(fault("bad_request_line")));
    }
    Ok(Start::Request { method, uri })
}

/// What every valid request has, read.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// None when it is a method that nobody told us of.
    pub method: Option<Method>,
    pub method_text: &'a [u8],
    pub uri: Uri<'a>,
    pub via: Via<'a>,
    pub from: Address<'a>,
    pub to: Address<'a>,
    pub call_id: &'a [u8],
    pub cseq: u32,
}

impl<'a> Request<'a> {
    /// Checks and reads the parts of `message` that every request must have (RFC 3261 section 8.1.1).
    ///
    /// # Errors
    /// With the status that the sender deserves.
    pub fn check(message: &Message<'a>) -> Result<Self, Fault> {
        let (method_text, uri) = match message.start {
            Start::Request { method, uri } => (method, uri),
            Start::BadRequest(fault) => return Err(fault),
            Start::Response { .. } => return Err(fault("not_a_request")),
        };
        if let Some(fault) = message.fault {
            return Err(fault);
        }
        if message.list(Name::Via).count() > MOST_VIAS {
            return Err(fault("too_many_vias"));
        }
        let via = top_via(message)?;
        let from = Address::parse(message.single(Name::From, "no_from")?).ok_or(fault("bad_from"))?;
        let to = Address::parse(message.single(Name::To, "no_to")?).ok_or(fault("bad_to"))?;
        let call_id = call_id(message)?;
        let (cseq, cseq_method) = cseq(message)?;
        let method = method_of(method_text);
        if cseq_method != method_text {
            return Err(if method.is_none() { Fault { status: 501, reason: "unknown_method" } } else { fault("cseq_method") });
        }
        if let Some(hops) = message.all(Name::MaxForwards).next() {
            if message.all(Name::MaxForwards).count() > 1 {
                return Err(fault("repeated_header"));
            }
            // More than 255 is read as if it were 255; what is no number is a fault.
            if hops.is_empty() || !hops.iter().all(u8::is_ascii_digit) {
                return Err(fault("bad_max_forwards"));
            }
        }
        let uri = Uri::parse(uri).ok_or(fault("bad_request_uri"))?;
        if uri.scheme == Scheme::Other {
            return Err(Fault { status: 416, reason: "unknown_scheme" });
        }
        if !uri.headers.is_empty() {
            return Err(fault("headers_in_request_uri"));
        }
        // A dialog is addressed by Contact, so one that cannot be read makes the request useless.
        if matches!(method, Some(Method::Invite | Method::Register | Method::Update))
            && message.list(Name::Contact).any(|contact| contact != b"*" && Address::parse(contact).is_none())
        {
            return Err(fault("bad_contact"));
        }
        Ok(Self { method, method_text, uri, via, from, to, call_id, cseq })
    }
}

/// What every valid response has, read.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    pub status: u16,
    pub via: Via<'a>,
    pub to: Address<'a>,
    pub call_id: &'a [u8],
    pub cseq: u32,
    pub method: Option<Method>,
}

impl<'a> Response<'a> {
    /// Checks and reads a response; one with several Via values is not for us (RFC 3261 section 8.1.3.3).
    ///
    /// # Errors
    /// When it has to be dropped.
    pub fn check(message: &Message<'a>) -> Result<Self, Fault> {
        let Start::Response { status } = message.start else { return Err(fault("not_a_response")) };
        if let Some(fault) = message.fault {
            return Err(fault);
        }
        if message.list(Name::Via).nth(1).is_some() {
            return Err(fault("several_vias"));
        }
        let via = top_via(message)?;
        let to = Address::parse(message.single(Name::To, "no_to")?).ok_or(fault("bad_to"))?;
        let (cseq, method) = cseq(message)?;
        Ok(Self { status, via, to, call_id: call_id(message)?, cseq, method: method_of(method) })
    }
}

fn top_via<'a>(message: &Message<'a>) -> Result<Via<'a>, Fault> {
    let line = message.get(Name::Via).ok_or(fault("no_via"))?;
    let value = values(line).next().unwrap_or(b"");
    Via::parse(value).ok_or(fault("bad_via"))
}

fn call_id<'a>(message: &Message<'a>) -> Result<&'a [u8], Fault> {
    let value = message.single(Name::CallId, "no_call_id")?;
    if value.is_empty() { Err(fault("no_call_id")) } else { Ok(value) }
}

fn cseq<'a>(message: &Message<'a>) -> Result<(u32, &'a [u8]), Fault> {
    let value = message.single(Name::CSeq, "no_cseq")?;
    let space = value.iter().position(|byte| name::is_space(*byte)).ok_or(fault("bad_cseq"))?;
    let number = number(&value[..space]).ok_or(fault("bad_cseq"))?;
    Ok((number, trim(&value[space..])))
}

/// The reason of a body that is packed in a way that we do not unpack (Content-Encoding).
pub const CODED: &str = "content_encoding";

/// The session description of a message: its body, or the part of a multipart body that is one.
///
/// # Errors
/// When there is a body of a kind that we do not read (415).
pub fn session_body<'a>(message: &Message<'a>) -> Result<Option<&'a [u8]>, Fault> {
    const UNKNOWN: Fault = Fault { status: 415, reason: "content_type" };
    if message.body.is_empty() {
        return Ok(None);
    }
    if message.get(Name::ContentEncoding).is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Err(Fault { reason: CODED, ..UNKNOWN });
    }
    let Some(kind) = message.get(Name::ContentType) else { return Err(UNKNOWN) };
    let (media, params) = uri::cut(kind, b';');
    let purpose = message.get(Name::ContentDisposition);
    if trim(media).eq_ignore_ascii_case(b"application/sdp") && describes_session(purpose) {
        return Ok(Some(message.body));
    }
    if trim(media).len() > 10 && trim(media)[..10].eq_ignore_ascii_case(b"multipart/") {
        return part_of(message.body, params).map(Some).ok_or(UNKNOWN);
    }
    let is_optional = purpose.is_some_and(|value| {
        value.split(|byte| *byte == b';').any(|param| {
            let (name, value) = uri::cut(param, b'=');
            trim(name).eq_ignore_ascii_case(b"handling") && trim(value).eq_ignore_ascii_case(b"optional")
        })
    });
    if is_optional { Ok(None) } else { Err(UNKNOWN) }
}

/// Whether a description with this Content-Disposition is one of the session: what it is without the header (RFC 3261 section 20.11).
fn describes_session(purpose: Option<&[u8]>) -> bool {
    purpose.is_none_or(|value| trim(uri::cut(value, b';').0).eq_ignore_ascii_case(b"session"))
}

/// The first part of type application/sdp that describes the session (RFC 5621).
fn part_of<'a>(body: &'a [u8], params: &[u8]) -> Option<&'a [u8]> {
    let boundary = params.split(|byte| *byte == b';').find_map(|param| {
        let (name, value) = uri::cut(param, b'=');
        let value = trim(value);
        trim(name)
            .eq_ignore_ascii_case(b"boundary")
            .then(|| value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(value))
    })?;
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = [b"--", boundary].concat();
    let mut marks =
        body.windows(delimiter.len()).enumerate().filter(|(_, window)| *window == delimiter).map(|(place, _)| place).take(16).peekable();
    while let Some(mark) = marks.next() {
        let end = *marks.peek()?;
        let part = &body[mark + delimiter.len()..end];
        let split = part.windows(4).position(|four| four == b"\r\n\r\n")?;
        let header = |wanted: Name| {
            part[..split].split(|byte| *byte == b'\n').find_map(|line| {
                let (name, value) = uri::cut(line, b':');
                (Name::of(name) == wanted).then(|| trim(value))
            })
        };
        let is_sdp = header(Name::ContentType).is_some_and(|kind| trim(uri::cut(kind, b';').0).eq_ignore_ascii_case(b"application/sdp"))
            && describes_session(header(Name::ContentDisposition));
        if is_sdp {
            return Some(&part[split + 4..]);
        }
    }
    None
}
