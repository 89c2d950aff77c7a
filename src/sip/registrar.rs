//! Where the phones of our accounts can be reached (RFC 3261 section 10.3).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::event::Flow;
use super::message::uri::{cut, number};
use super::message::{Address, Message, Name};

/// Contacts of one account at most.
const MOST_CONTACTS: usize = 10;
/// Seconds: the least, the usual and the most that a registration lasts.
const LEAST: u32 = 60;
const USUAL: u32 = 3600;
const MOST: u32 = 7200;

/// One place where an account can be reached.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The Contact URI, octet for octet.
    pub uri: Box<[u8]>,
    /// The q value as written.
    q: Option<Box<[u8]>>,
    call_id: Box<[u8]>,
    cseq: u32,
    pub until: Instant,
    /// The way to the phone.
    pub flow: Flow,
}

/// Why a registration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 400
    Bad,
    /// 423 with this Min-Expires.
    TooBrief(u32),
    /// 500: the CSeq does not rise (RFC 3261 section 10.3, step 7).
    OutOfOrder,
    /// 403: more contacts than an account may have.
    TooMany,
}

/// All bindings, by account.
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: BTreeMap<String, Vec<Binding>>,
}

impl Registrar {
    /// Takes an authenticated REGISTER; says how many contacts there were and are.
    ///
    /// # Errors
    /// Nothing is changed when any part is refused.
    pub fn register(
        &mut self,
        now: Instant,
        account: &str,
        message: &Message<'_>,
        call_id: &[u8],
        cseq: u32,
        flow: Flow,
    ) -> Result<(usize, usize), Refusal> {
        let usual = message.get(Name::Expires).and_then(number).unwrap_or(USUAL);
        let old = self.bindings.get(account).cloned().unwrap_or_default();
        let mut new = old.clone();
        let contacts: Vec<&[u8]> = message.list(Name::Contact).collect();
        if contacts.contains(&b"*".as_slice()) {
            if contacts.len() > 1 || message.get(Name::Expires).and_then(number) != Some(0) {
                return Err(Refusal::Bad);
            }
            if new.iter().any(|it| &*it.call_id == call_id && it.cseq >= cseq) {
                return Err(Refusal::OutOfOrder);
            }
            new.clear();
        } else {
            for value in contacts {
                let contact = Address::parse(value).ok_or(Refusal::Bad)?;
                // A value that is no number counts as the default (RFC 3261 section 20.19).
                let asked = contact.param(b"expires").map_or(usual, |value| number(value).unwrap_or(USUAL));
                if asked > 0 && asked < LEAST {
                    return Err(Refusal::TooBrief(LEAST));
                }
                let known = new.iter().position(|it| *it.uri == *contact.uri.text);
                if known.is_some_and(|place| *new[place].call_id == *call_id && new[place].cseq >= cseq) {
                    return Err(Refusal::OutOfOrder);
                }
                if let Some(place) = known {
                    new.remove(place);
                }
                if asked > 0 {
                    new.push(Binding {
                        uri: contact.uri.text.into(),
                        q: contact.param(b"q").map(Into::into),
                        call_id: call_id.into(),
                        cseq,
                        until: now + Duration::from_secs(u64::from(asked.min(MOST))),
                        flow,
                    });
                }
            }
            if new.len() > MOST_CONTACTS {
                return Err(Refusal::TooMany);
            }
        }
        let counts = (old.len(), new.len());
        if new.is_empty() {
            self.bindings.remove(account);
        } else {
            self.bindings.insert(account.to_owned(), new);
        }
        Ok(counts)
    }

    /// The bindings of one account.
    #[must_use]
    pub fn of(&self, account: &str) -> &[Binding] {
        self.bindings.get(account).map_or(&[], Vec::as_slice)
    }

    /// Contact values for the 200, with what is left of each.
    pub fn contacts(&self, now: Instant, account: &str) -> impl Iterator<Item = Vec<u8>> {
        self.of(account).iter().map(move |binding| {
            let left = binding.until.saturating_duration_since(now).as_secs();
            let mut value = [b"<", &*binding.uri, b">;expires=", left.to_string().as_bytes()].concat();
            if let Some(q) = &binding.q {
                value.extend_from_slice(b";q=");
                value.extend_from_slice(cut(q, b';').0);
            }
            value
        })
    }

    /// When the next binding ends.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.bindings.values().flatten().map(|binding| binding.until).min()
    }

    /// Drops what has ended, and what `lost` says can no longer be reached; gives the accounts that changed.
    pub fn sweep(&mut self, now: Instant, lost: impl Fn(&Binding) -> bool) -> Vec<(String, usize)> {
        let mut changed = Vec::new();
        self.bindings.retain(|account, bindings| {
            let before = bindings.len();
            bindings.retain(|binding| binding.until > now && !lost(binding));
            if bindings.len() != before {
                changed.push((account.clone(), bindings.len()));
            }
            !bindings.is_empty()
        });
        changed
    }
}
