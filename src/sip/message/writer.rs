//! Writes messages: requests of ours, and answers that repeat what the request said.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::name::Name;
use super::{Message, Via, values};
use crate::sip::event::Transport;

/// Octets of a message being written, line by line.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// Begins a request.
    #[must_use]
    pub fn request(method: &str, uri: &[u8]) -> Self {
        let mut out = Vec::with_capacity(768);
        out.extend_from_slice(method.as_bytes());
        out.push(b' ');
        out.extend_from_slice(uri);
        out.extend_from_slice(b" SIP/2.0\r\n");
        Self { out }
    }

    /// Begins a response.
    #[must_use]
    pub fn response(status: u16) -> Self {
        let mut out = Vec::with_capacity(1024);
        // Writing into memory cannot fail.
        let _ = write!(out, "SIP/2.0 {status} {}\r\n", reason_phrase(status));
        Self { out }
    }

    /// A header line.
    pub fn line(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b": ");
        self.out.extend_from_slice(value.as_ref());
        self.out.extend_from_slice(b"\r\n");
    }

    /// A header line with formatted value.
    pub fn format(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        let _ = write!(self.out, "{name}: {value}\r\n");
    }

    /// Lines that are already written out, each with its end.
    pub fn raw(&mut self, lines: &[u8]) {
        self.out.extend_from_slice(lines);
    }

    /// Ends the message with a body, if there is one.
    #[must_use]
    pub fn finish(mut self, body: Option<(&str, &[u8])>) -> Vec<u8> {
        match body {
            Some((kind, body)) => {
                let _ = write!(self.out, "Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
                self.out.extend_from_slice(body);
            }
            None => self.out.extend_from_slice(b"Content-Length: 0\r\n\r\n"),
        }
        self.out
    }
}

/// The lines of a request that each of its responses repeats (RFC 3261 section 8.2.6.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Echo {
    /// Via, From, Call-ID, CSeq and To without its end, so that a tag can be added.
    lines: Box<[u8]>,
    has_tag: bool,
}

impl Echo {
    /// Takes the lines of `message`, which came from `source`; `received` and `rport` are filled in (RFC 3581).
    #[must_use]
    pub fn of(message: &Message<'_>, source: SocketAddr) -> Self {
        let mut out = Vec::with_capacity(512);
        let mut is_first = true;
        for line in message.all(Name::Via) {
            out.extend_from_slice(b"Via: ");
            if is_first {
                let top = values(line).next().unwrap_or(b"");
                match Via::parse(top) {
                    Some(via) => {
                        write_via(&mut out, &via, source);
                        let rest = line.get(top.len()..).unwrap_or(b"");
                        out.extend_from_slice(rest);
                    }
                    None => out.extend_from_slice(line),
                }
                is_first = false;
            } else {
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b"\r\n");
        }
        for (name, label) in [(Name::From, "From"), (Name::CallId, "Call-ID"), (Name::CSeq, "CSeq")] {
            if let Some(value) = message.get(name) {
                out.extend_from_slice(label.as_bytes());
                out.extend_from_slice(b": ");
                out.extend_from_slice(value);
                out.extend_from_slice(b"\r\n");
            }
        }
        let to = message.get(Name::To);
        let has_tag = to.is_none_or(|to| super::Address::parse(to).is_none_or(|to| !to.tag().is_empty()));
        if let Some(to) = to {
            out.extend_from_slice(b"To: ");
            out.extend_from_slice(to);
        }
        Self { lines: out.into_boxed_slice(), has_tag }
    }

    /// Begins a response to that request; the tag is added unless the To had one.
    #[must_use]
    pub fn response(&self, status: u16, tag: Option<&str>) -> Writer {
        let mut writer = Writer::response(status);
        writer.raw(&self.lines);
        if let (Some(tag), false) = (tag, self.has_tag) {
            writer.raw(b";tag=");
            writer.raw(tag.as_bytes());
        }
        writer.raw(b"\r\n");
        writer
    }
}

/// The top Via as it goes back: `rport` is filled when it was asked for, `received` when it tells something new.
fn write_via(out: &mut Vec<u8>, via: &Via<'_>, source: SocketAddr) {
    let head = via.text.len() - via.params.len();
    out.extend_from_slice(&via.text[..head]);
    let mut wants_port = false;
    for param in via.params.split(|byte| *byte == b';').skip(1) {
        let name = super::name::trim(super::uri::cut(param, b'=').0);
        if name.eq_ignore_ascii_case(b"rport") {
            wants_port = true;
        } else if !name.eq_ignore_ascii_case(b"received") {
            out.push(b';');
            out.extend_from_slice(param);
        }
    }
    if wants_port || via.address() != Some(source.ip()) {
        let _ = write!(out, ";received={}", source.ip());
    }
    if wants_port {
        let _ = write!(out, ";rport={}", source.port());
    }
}

/// `sip:` address of ours for Contact and From.
#[must_use]
pub fn own_uri(user: &str, local: SocketAddr, transport: Transport) -> String {
    let at = if user.is_empty() { "" } else { "@" };
    let tail = match transport {
        Transport::Udp => "",
        Transport::Tcp => ";transport=tcp",
        Transport::Tls => ";transport=tls",
        Transport::Ws | Transport::Wss => ";transport=ws",
    };
    format!("sip:{user}{at}{local}{tail}")
}

/// Host part as written into a URI.
#[must_use]
pub fn host_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// What Via calls a transport.
#[must_use]
pub const fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp => "TCP",
        Transport::Tls => "TLS",
        Transport::Ws => "WS",
        Transport::Wss => "WSS",
    }
}

/// The usual words behind a status.
#[must_use]
pub const fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => match status / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}
