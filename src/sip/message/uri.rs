//! SIP and tel URIs, read in place.

use std::borrow::Cow;
use std::net::IpAddr;

use super::name::is_space;

/// A URI in pieces; all of them are slices of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri<'a> {
    /// The whole text.
    pub text: &'a [u8],
    pub scheme: Scheme,
    /// Between scheme and `@`, with parameters of the user part but without a password; for `tel:` the number.
    pub user: &'a [u8],
    /// Without brackets; empty for other schemes than `sip` and `sips`.
    pub host: &'a [u8],
    pub port: Option<u16>,
    /// After the host, without the first `;`.
    pub params: &'a [u8],
    /// After `?`.
    pub headers: &'a [u8],
}

/// What kind of URI it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Sip,
    Sips,
    Tel,
    Other,
}

impl<'a> Uri<'a> {
    /// Reads a URI that is nothing but a URI; none when it cannot be one.
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let colon = text.iter().position(|byte| *byte == b':')?;
        let (name, rest) = (&text[..colon], &text[colon + 1..]);
        if !name.first()?.is_ascii_alphabetic()
            || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        {
            return None;
        }
        if rest.is_empty() || text.iter().any(|byte| is_space(*byte) || matches!(byte, b'<' | b'>' | b'"' | 0)) {
            return None;
        }
        let scheme = match name.len() {
            3 if name.eq_ignore_ascii_case(b"sip") => Scheme::Sip,
            4 if name.eq_ignore_ascii_case(b"sips") => Scheme::Sips,
            3 if name.eq_ignore_ascii_case(b"tel") => Scheme::Tel,
            _ => Scheme::Other,
        };
        let empty = Self { text, scheme, user: b"", host: b"", port: None, params: b"", headers: b"" };
        match scheme {
            Scheme::Other => Some(empty),
            Scheme::Tel => {
                let (number, params) = cut(rest, b';');
                (!number.is_empty()).then_some(Self { user: number, params, ..empty })
            }
            Scheme::Sip | Scheme::Sips => {
                let (user, place) = match rest.iter().position(|byte| *byte == b'@') {
                    Some(at) => (cut(&rest[..at], b':').0, &rest[at + 1..]),
                    None => (&b""[..], rest),
                };
                if user.is_empty() && place.len() != rest.len() {
                    return None;
                }
                let (place, headers) = cut(place, b'?');
                let (host, params) = cut(place, b';');
                let (host, port) = host_port(host)?;
                Some(Self { user, host, port, params, headers, ..empty })
            }
        }
    }

    /// The host when it is an address.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        address(self.host)
    }

    /// The value of a URI parameter; an empty one when it has none.
    #[must_use]
    pub fn param(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.params
            .split(|byte| *byte == b';')
            .map(|param| cut(param, b'='))
            .find(|(it, _)| it.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The user part without its parameters, with `%HH` read once.
    #[must_use]
    pub fn user_text(&self) -> String {
        let user = cut(self.user, b';').0;
        String::from_utf8_lossy(&unescape(user)).into_owned()
    }
}

/// Splits at the first `at`; all and nothing without one.
#[must_use]
pub fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == at) {
        Some(place) => (&text[..place], &text[place + 1..]),
        None => (text, b""),
    }
}

/// Reads `%HH` once.
pub fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let digit = |place: usize| text.get(place).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut place = 0;
    while place < text.len() {
        if text[place] == b'%'
            && let (Some(high), Some(low)) = (digit(place + 1), digit(place + 2))
        {
            out.push(u8::try_from(16 * high + low).unwrap_or(b'?'));
            place += 3;
        } else {
            out.push(text[place]);
            place += 1;
        }
    }
    Cow::Owned(out)
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; the host comes back without brackets.
#[must_use]
pub fn host_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, port) = if let Some(inside) = text.strip_prefix(b"[") {
        let end = inside.iter().position(|byte| *byte == b']')?;
        address(&inside[..end]).filter(IpAddr::is_ipv6)?;
        match &inside[end + 1..] {
            b"" => (&inside[..end], None),
            [b':', port @ ..] => (&inside[..end], Some(port)),
            _ => return None,
        }
    } else {
        match text.iter().position(|byte| *byte == b':') {
            Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
            None => (text, None),
        }
    };
    if host.is_empty() || !(text[0] == b'[' || host.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))) {
        return None;
    }
    let port = match port {
        None => None,
        Some(digits) => Some(number(digits).and_then(|port| u16::try_from(port).ok())?),
    };
    Some((host, port))
}

/// An address as text; also the three colons before a dotted part that the grammar of RFC 3261 allowed (RFC 5118 section 4.10).
#[must_use]
pub fn address(host: &[u8]) -> Option<IpAddr> {
    if !host.first().is_some_and(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':')) || host.len() > 48 {
        return None;
    }
    let text = std::str::from_utf8(host).ok()?;
    text.parse().ok().or_else(|| text.replacen(":::", "::", 1).parse().ok())
}

/// Decimal digits and nothing else, up to 32 bits.
#[must_use]
pub fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0_u32, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}
