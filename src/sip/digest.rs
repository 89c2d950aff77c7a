//! Digest authentication (RFC 8760, RFC 7616, RFC 3261 section 22): challenges that we make and challenges that we answer.

use std::fmt;
use std::time::{Duration, SystemTime};

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::machine::{Ids, Now};

#[cfg(test)]
mod tests;

/// How long a nonce of ours is good.
const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Nonces in use at most; beyond that the oldest half must be asked anew.
const MOST_NONCES: usize = 16_384;

/// A user and a password of ours, towards somebody who challenges us.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).field("password", &"***").finish()
    }
}

/// The hash of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// By its name of RFC 7616.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// Hash of the parts joined by colons, in lower-case hex.
    fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => hash_parts(Md5::new(), parts),
            Self::Sha256 => hash_parts(Sha256::new(), parts),
        }
    }
}

fn hash_parts<D: sha2::Digest>(mut hasher: D, parts: &[&[u8]]) -> String {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            hasher.update(b":");
        }
        hasher.update(part);
    }
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
}

/// `H(user:realm:password)`, as kept instead of a password.
#[must_use]
pub fn ha1(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> String {
    algorithm.hash(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// The response of RFC 7616 section 3.4.1, with `qop=auth` when `qop` is given as (nc, cnonce), else as RFC 2069 had it.
#[must_use]
pub fn response(algorithm: Algorithm, ha1: &str, nonce: &str, qop: Option<(&str, &str)>, method: &[u8], uri: &[u8]) -> String {
    let ha2 = algorithm.hash(&[method, uri]);
    match qop {
        Some((nc, cnonce)) => {
            algorithm.hash(&[ha1.as_bytes(), nonce.as_bytes(), nc.as_bytes(), cnonce.as_bytes(), b"auth", ha2.as_bytes()])
        }
        None => algorithm.hash(&[ha1.as_bytes(), nonce.as_bytes(), ha2.as_bytes()]),
    }
}

/// A challenge from somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    pub algorithm: Algorithm,
    pub qop_auth: bool,
    pub opaque: Option<String>,
    pub stale: bool,
}

impl Challenge {
    /// Reads one WWW-Authenticate or Proxy-Authenticate value; none when it is not Digest or uses what we do not know.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let params = Params::of_digest(value)?;
        let algorithm = match params.get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::from_name(name)?,
        };
        let qop = params.get("qop");
        let qop_auth = qop.is_some_and(|qop| qop.split(',').any(|it| it.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some_and(|qop| !qop.trim().is_empty()) && !qop_auth {
            return None;
        }
        Some(Self {
            realm: params.get("realm")?.to_owned(),
            nonce: params.get("nonce")?.to_owned(),
            algorithm,
            qop_auth,
            opaque: params.get("opaque").map(str::to_owned),
            stale: params.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The strongest of several challenges; MD5 only if allowed.
    #[must_use]
    pub fn strongest<'a>(values: impl Iterator<Item = &'a [u8]>, allow_md5: bool) -> Option<Self> {
        let mut best: Option<Self> = None;
        for challenge in values.filter_map(Self::parse) {
            let allowed = allow_md5 || challenge.algorithm != Algorithm::Md5;
            if allowed && best.as_ref().is_none_or(|best| challenge.algorithm > best.algorithm) {
                best = Some(challenge);
            }
        }
        best
    }

    /// The value of Authorization that answers this challenge for the `count`-th time.
    #[must_use]
    pub fn answer(&self, credentials: &Credentials, method: &str, uri: &str, count: u32, ids: &mut Ids) -> String {
        let Credentials { user, password } = credentials;
        let ha1 = ha1(self.algorithm, user, &self.realm, password);
        let nc = format!("{count:08x}");
        let cnonce = ids.text(16);
        let qop = self.qop_auth.then_some((nc.as_str(), cnonce.as_str()));
        let answer = response(self.algorithm, &ha1, &self.nonce, qop, method.as_bytes(), uri.as_bytes());
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{answer}\", algorithm={}",
            escaped(user),
            escaped(&self.realm),
            escaped(&self.nonce),
            self.algorithm.name(),
        );
        if self.qop_auth {
            value.push_str(&format!(", qop=auth, nc={nc}, cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{}\"", escaped(opaque)));
        }
        value
    }
}

/// Keeps a text from ending a quoted string or a line.
fn escaped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] }).collect()
}

/// Parameters of an auth header, as (name, value).
struct Params(Vec<(String, String)>);

impl Params {
    /// None when the scheme is not Digest or the text is longer or stranger than it may be.
    fn of_digest(value: &[u8]) -> Option<Self> {
        if value.len() > 4096 {
            return None;
        }
        let text = String::from_utf8_lossy(value);
        let text = text.trim();
        let (scheme, rest) = text.split_once(char::is_whitespace)?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let mut params = Vec::new();
        let mut rest = rest.trim_start();
        while !rest.is_empty() && params.len() < 32 {
            let (name, after) = rest.split_once('=')?;
            let after = after.trim_start();
            let (value, tail) = match after.strip_prefix('"') {
                Some(quoted) => quoted_text(quoted)?,
                None => {
                    let end = after.find(',').unwrap_or(after.len());
                    (after[..end].trim().to_owned(), &after[end..])
                }
            };
            params.push((name.trim().to_ascii_lowercase(), value));
            rest = tail.trim_start().trim_start_matches(',').trim_start();
        }
        Some(Self(params))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// The text of a quoted string whose opening quote is gone, and what follows its closing quote.
fn quoted_text(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => value.push(letters.next()?.1),
            _ => value.push(letter),
        }
    }
    None
}

/// What a phone says to prove itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    pub user: String,
    pub realm: String,
    pub nonce: String,
    pub uri: String,
    pub response: String,
    pub algorithm: Algorithm,
    pub cnonce: String,
    pub nc: String,
}

impl Authorization {
    /// Reads the value of Authorization or Proxy-Authorization; none unless it is Digest with `qop=auth`.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let params = Params::of_digest(value)?;
        let algorithm = match params.get("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::from_name(name)?,
        };
        if !params.get("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        let get = |name| params.get(name).map(str::to_owned);
        Some(Self {
            user: get("username")?,
            realm: get("realm")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            response: get("response")?,
            algorithm,
            cnonce: get("cnonce")?,
            nc: get("nc")?,
        })
    }

    /// Whether the response fits `ha1`; takes the same time whether it does or not.
    #[must_use]
    pub fn is_right(&self, ha1: &str, method: &[u8]) -> bool {
        let expected = response(self.algorithm, ha1, &self.nonce, Some((&self.nc, &self.cnonce)), method, self.uri.as_bytes());
        same(expected.as_bytes(), self.response.to_ascii_lowercase().as_bytes())
    }
}

/// Compares without stopping at the first difference.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// What a nonce that came back is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceState {
    /// Ours and young.
    Fresh,
    /// Ours, but too old or used with this count before: challenge again with `stale=true`.
    Stale,
    /// Not ours.
    Forged,
}

/// Nonces made from the time and a key, so that only those in use take memory.
#[derive(Debug)]
pub struct Nonces {
    key: [u8; 32],
    /// Highest count seen for each nonce in use, with the moment of issue.
    used: std::collections::HashMap<[u8; 16], (u32, u64)>,
    /// What was issued before this is used up, since its counts are forgotten.
    oldest: u64,
}

impl Nonces {
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, used: std::collections::HashMap::new(), oldest: 0 }
    }

    /// A new nonce: the milliseconds of issue, something random, and a keyed hash over both.
    pub fn issue(&self, now: Now, ids: &mut Ids) -> String {
        let mut plain = [0; 16];
        plain[..8].copy_from_slice(&millis(now).to_be_bytes());
        plain[8..].copy_from_slice(&ids.next_u64().to_be_bytes());
        hex(&plain) + &hex(&self.mark(&plain)[..16])
    }

    /// Looks at a nonce that came back, without counting its use.
    #[must_use]
    pub fn state(&self, now: Now, nonce: &str) -> NonceState {
        let Some((plain, mark)) = unhex(nonce) else { return NonceState::Forged };
        if !same(&self.mark(&plain)[..16], &mark) {
            return NonceState::Forged;
        }
        let age = millis(now).saturating_sub(issued(&plain));
        let is_old = u128::from(age) > NONCE_LIFE.as_millis() || issued(&plain) < self.oldest;
        if is_old { NonceState::Stale } else { NonceState::Fresh }
    }

    /// Counts a use that was proven right; `false` when this count was used before (a replay).
    pub fn count(&mut self, now: Now, nonce: &str, nc: &str) -> bool {
        let Some((plain, _)) = unhex(nonce) else { return false };
        let Ok(count) = u32::from_str_radix(nc, 16) else { return false };
        if self.used.len() >= MOST_NONCES && !self.used.contains_key(&plain) {
            self.forget(now);
        }
        let last = self.used.entry(plain).or_insert((0, issued(&plain)));
        let rises = count > last.0;
        last.0 = last.0.max(count);
        rises
    }

    /// Drops what has expired, then, if need be, the older half, whose owners are asked again.
    fn forget(&mut self, now: Now) {
        let oldest = millis(now).saturating_sub(u64::try_from(NONCE_LIFE.as_millis()).unwrap_or(u64::MAX));
        self.used.retain(|_, (_, issued)| *issued >= oldest);
        if self.used.len() >= MOST_NONCES {
            // A forgotten count would allow a replay, so what is as old counts as used up: those phones are asked once more.
            let mut ages: Vec<u64> = self.used.values().map(|(_, issued)| *issued).collect();
            let (_, middle, _) = ages.select_nth_unstable(MOST_NONCES / 2);
            self.oldest = self.oldest.max(*middle + 1);
            let oldest = self.oldest;
            self.used.retain(|_, (_, issued)| *issued >= oldest);
        }
    }

    /// HMAC-SHA-256 (RFC 2104) with a 32-byte key.
    fn mark(&self, plain: &[u8]) -> [u8; 32] {
        let pad = |with: u8| -> [u8; 64] { std::array::from_fn(|place| self.key.get(place).copied().unwrap_or(0) ^ with) };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(plain).finalize();
        Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
    }
}

fn millis(now: Now) -> u64 {
    now.wall.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn issued(plain: &[u8; 16]) -> u64 {
    plain[..8].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}

fn unhex(nonce: &str) -> Option<([u8; 16], [u8; 16])> {
    if nonce.len() != 64 || !nonce.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&nonce[2 * place..2 * place + 2], 16).ok()?;
    }
    let mut halves = ([0; 16], [0; 16]);
    halves.0.copy_from_slice(&bytes[..16]);
    halves.1.copy_from_slice(&bytes[16..]);
    Some(halves)
}

/// Our challenges, one for each algorithm, in this order (RFC 8760 section 2.4: the first that a phone knows is answered).
#[must_use]
pub fn challenges(realm: &str, nonce: &str, stale: bool, algorithms: &[Algorithm]) -> Vec<String> {
    let stale = if stale { ", stale=true" } else { "" };
    let realm = escaped(realm);
    algorithms
        .iter()
        .map(|algorithm| format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}", algorithm.name()))
        .collect()
}
