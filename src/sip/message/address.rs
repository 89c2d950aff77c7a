//! Name-addresses (From, To, Contact, Route, P-Asserted-Identity) and Via values, read in place.

use std::net::IpAddr;

use super::name::{is_space, is_token, trim};
use super::uri::{Uri, address, cut, host_port, number};

/// A name-addr or addr-spec with its header parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    pub uri: Uri<'a>,
    /// After the URI, from the first `;` on.
    pub params: &'a [u8],
}

impl<'a> Address<'a> {
    /// Reads one value; none when it cannot be one.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = trim(value);
        let mut rest = value;
        if rest.first() == Some(&b'"') {
            rest = trim(&rest[quoted(rest)?..]);
            if rest.first() != Some(&b'<') {
                return None;
            }
        }
        match rest.iter().position(|byte| *byte == b'<') {
            Some(open) if open == 0 || is_display_name(&rest[..open]) => {
                let close = open + rest[open..].iter().position(|byte| *byte == b'>')?;
                Self::with(&rest[open + 1..close], &rest[close + 1..])
            }
            Some(_) => None,
            // Without brackets every parameter belongs to the header, and headers of the URI are not allowed (RFC 3261 section 20).
            None => {
                let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
                let uri = trim(&rest[..end]);
                if uri.iter().any(|byte| matches!(byte, b'?' | b',')) {
                    return None;
                }
                Self::with(uri, &rest[end..])
            }
        }
    }

    fn with(uri: &'a [u8], params: &'a [u8]) -> Option<Self> {
        let params = trim(params);
        (params.is_empty() || params[0] == b';' && params_are_well_formed(params))
            .then(|| Some(Self { uri: Uri::parse(uri)?, params }))
            .flatten()
    }

    /// The value of a header parameter.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        param(self.params, name)
    }

    /// The tag; none and an empty one are the same.
    #[must_use]
    pub fn tag(&self) -> &'a [u8] {
        self.param(b"tag").unwrap_or(b"")
    }
}

/// Tokens and spaces; octets above ASCII are tolerated.
fn is_display_name(text: &[u8]) -> bool {
    text.iter().all(|byte| is_token(*byte) || is_space(*byte) || *byte >= 0x80)
}

/// Length of the quoted string at the start of `text`, quotes included.
fn quoted(text: &[u8]) -> Option<usize> {
    let mut place = 1;
    loop {
        match text.get(place)? {
            b'"' => return Some(place + 1),
            b'\\' => place += 2,
            _ => place += 1,
        }
    }
}

/// Goes through `;name=value;name`, quoted values included; an empty name is an item as well.
fn params(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix(b";")?;
        let mut end = 0;
        while end < rest.len() && rest[end] != b';' {
            end += if rest[end] == b'"' { quoted(&rest[end..]).unwrap_or(rest.len() - end) } else { 1 };
        }
        let (item, after) = rest.split_at(end);
        rest = after;
        let (name, value) = cut(item, b'=');
        Some((trim(name), trim(value)))
    })
}

/// Parameters with names; one stray `;` at the very end is tolerated.
fn params_are_well_formed(text: &[u8]) -> bool {
    let mut items = params(text).peekable();
    while let Some((name, _)) = items.next() {
        let is_name = !name.is_empty() && name.iter().all(|byte| is_token(*byte) || matches!(byte, b'[' | b']' | b':'));
        if !is_name && (!name.is_empty() || items.peek().is_some()) {
            return false;
        }
    }
    true
}

fn param<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    params(text).find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Cuts a header value at the commas that are neither in quotes nor in angle brackets.
pub fn values(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut end = 0;
        let mut inside = false;
        while end < text.len() {
            match text[end] {
                b',' if !inside => break,
                b'"' if !inside => end += quoted(&text[end..]).unwrap_or(text.len() - end) - 1,
                b'<' => inside = true,
                b'>' => inside = false,
                _ => {}
            }
            end += 1;
        }
        rest = text.get(end + 1..);
        Some(trim(&text[..end.min(text.len())]))
    })
}

/// One Via value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP`, …
    pub transport: &'a [u8],
    /// Without brackets.
    pub host: &'a [u8],
    pub port: Option<u16>,
    pub params: &'a [u8],
    /// The value as written, for what goes before and after the parameters.
    pub text: &'a [u8],
}

impl<'a> Via<'a> {
    /// Reads one value; white space is allowed around each separator.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let text = trim(text);
        let (protocol, rest) = cut(text, b'/');
        let (version, rest) = cut(rest, b'/');
        let rest = trim(rest);
        if !trim(protocol).eq_ignore_ascii_case(b"SIP") || trim(version) != b"2.0" {
            return None;
        }
        let space = rest.iter().position(|byte| is_space(*byte))?;
        let (transport, rest) = rest.split_at(space);
        let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
        let (place, params) = rest.split_at(end);
        let place = trim(place);
        let (host, port) = match host_port(place) {
            Some(found) => found,
            // Space around the colon, or an IPv6 address without brackets.
            None if address(place).is_some() => (place, None),
            None => {
                let colon = place.iter().rposition(|byte| *byte == b':')?;
                let (host, none) = host_port(trim(&place[..colon]))?;
                let port = number(trim(&place[colon + 1..])).and_then(|port| u16::try_from(port).ok())?;
                (host, none.is_none().then_some(Some(port))?)
            }
        };
        if transport.is_empty() || !transport.iter().all(|byte| is_token(*byte)) || !params_are_well_formed(params) {
            return None;
        }
        Some(Self { transport, host, port, params, text })
    }

    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        param(self.params, name)
    }

    /// The branch when it is one of RFC 3261: the cookie and something behind it.
    #[must_use]
    pub fn branch(&self) -> Option<&'a [u8]> {
        const COOKIE: &[u8] = b"z9hG4bK";
        self.param(b"branch").filter(|branch| branch.len() > COOKIE.len() && branch[..COOKIE.len()].eq_ignore_ascii_case(COOKIE))
    }

    /// The address in sent-by, when it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        address(self.host)
    }
}
