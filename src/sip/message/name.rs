//! Header names, long and compact, and the few classes of octets that the grammar needs.

/// White space as it stands between words; CR and LF only occur where a line was folded.
#[must_use]
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// `token` of RFC 3261 section 25.1.
#[must_use]
pub const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Cuts white space at both ends.
#[must_use]
pub fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_space(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_space(*last)
    {
        bytes = rest;
    }
    bytes
}

macro_rules! names {
    ($($name:ident $long:literal $short:literal,)*) => {
        /// A header that we know; everything else is `Other` and kept as octets.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Name {
            $($name,)*
            Other,
        }

        impl Name {
            /// By its text, in any case, long or compact.
            #[must_use]
            pub fn of(text: &[u8]) -> Self {
                let text = trim(text);
                if let [letter] = text {
                    let letter = letter.to_ascii_lowercase();
                    $(if $short.first() == Some(&letter) { return Self::$name; })*
                    return Self::Other;
                }
                $(if $long.len() == text.len() && text.eq_ignore_ascii_case($long) { return Self::$name; })*
                Self::Other
            }
        }
    };
}

names! {
    Via b"Via" b"v",
    From b"From" b"f",
    To b"To" b"t",
    CallId b"Call-ID" b"i",
    CSeq b"CSeq" b"",
    Contact b"Contact" b"m",
    ContentLength b"Content-Length" b"l",
    ContentType b"Content-Type" b"c",
    MaxForwards b"Max-Forwards" b"",
    Route b"Route" b"",
    RecordRoute b"Record-Route" b"",
    Require b"Require" b"",
    Supported b"Supported" b"k",
    Allow b"Allow" b"",
    Accept b"Accept" b"",
    UserAgent b"User-Agent" b"",
    Authorization b"Authorization" b"",
    ProxyAuthorization b"Proxy-Authorization" b"",
    WwwAuthenticate b"WWW-Authenticate" b"",
    ProxyAuthenticate b"Proxy-Authenticate" b"",
    SessionExpires b"Session-Expires" b"x",
    MinSe b"Min-SE" b"",
    Expires b"Expires" b"",
    MinExpires b"Min-Expires" b"",
    RSeq b"RSeq" b"",
    RAck b"RAck" b"",
    RetryAfter b"Retry-After" b"",
    ReferTo b"Refer-To" b"r",
    Path b"Path" b"",
    Identity b"P-Asserted-Identity" b"",
    ContentEncoding b"Content-Encoding" b"e",
    ContentDisposition b"Content-Disposition" b"",
    Handover b"X-Dinetone-Handover" b"",
}
