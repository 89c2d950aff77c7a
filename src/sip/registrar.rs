//! Where the phones of our accounts can be reached (RFC 3261 section 10.3, RFC 5626), and whether they still answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::dialog::is_seen;
use super::event::{Flow, Transport};
use super::message::uri::{cut, number};
use super::message::{Address, Message, Name, Uri};

/// Contacts of one account at most.
const MOST_CONTACTS: usize = 10;
/// Octets of a Contact URI, and of a Path, that are kept.
const LONGEST_URI: usize = 1024;
/// Seconds: the least, the usual and the most that a registration lasts.
const LEAST: u32 = 60;
const USUAL: u32 = 3600;
const MOST: u32 = 7200;
/// A phone is asked so often whether it is there, which also keeps the way to it open in translating routers.
const ASK_EVERY: Duration = Duration::from_secs(25);
/// How soon it is asked again when it did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// A phone has this long to answer.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// Questions without answer after which it counts as gone.
const MOST_SILENT: u8 = 2;
/// A phone whose stream has ended may come back by another for this long.
const COMES_BACK: Duration = Duration::from_secs(120);

/// One place where an account can be reached.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Never given twice.
    pub number: u64,
    /// The Contact URI, octet for octet.
    pub uri: Box<[u8]>,
    /// The q value as written.
    q: Option<Box<[u8]>>,
    /// `+sip.instance` and `reg-id` (RFC 5626): the same phone by another way.
    instance: Option<Box<[u8]>>,
    /// Proxies that want to be passed on the way (RFC 3327).
    pub path: Vec<Box<[u8]>>,
    call_id: Box<[u8]>,
    cseq: u32,
    pub until: Instant,
    /// The way to the phone.
    pub flow: Flow,
    /// Its stream has ended, or it no longer answers: it is not rung.
    pub is_lost: bool,
    silent: u8,
    /// When it is asked next whether it is there; none while an answer is awaited.
    ask_at: Option<Instant>,
}

impl Binding {
    /// Where requests to this phone go: by the stream it registered on; over UDP to the address that it names when that is its own,
    /// else to where its registration came from.
    #[must_use]
    pub fn way(&self) -> Flow {
        if self.flow.transport != Transport::Udp {
            return self.flow;
        }
        let named = Uri::parse(&self.uri).and_then(|uri| Some((uri.address()?, uri.port.unwrap_or(5060)).into()));
        Flow { peer: named.filter(|named| is_seen(*named, self.flow.peer)).unwrap_or(self.flow.peer), ..self.flow }
    }
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

/// What a registration changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Phones that can be reached, before and after.
    pub before: usize,
    pub after: usize,
    /// A phone has come back by another way.
    pub moved: bool,
    /// When to look at the account next.
    pub next: Option<Instant>,
}

/// All bindings, by account.
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: BTreeMap<String, Vec<Binding>>,
    last: u64,
}

impl Registrar {
    /// Takes an authenticated REGISTER.
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
    ) -> Result<Changed, Refusal> {
        let usual = message.get(Name::Expires).and_then(number).unwrap_or(USUAL);
        let mut new = self.bindings.get(account).cloned().unwrap_or_default();
        let before = reachable(&new);
        let mut moved = false;
        let contacts: Vec<&[u8]> = message.list(Name::Contact).collect();
        let path: Vec<Box<[u8]>> = message.list(Name::Path).map(Into::into).collect();
        if path.iter().map(|it| it.len()).sum::<usize>() > LONGEST_URI {
            return Err(Refusal::Bad);
        }
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
                let contact = Address::parse(value).filter(|it| it.uri.text.len() <= LONGEST_URI).ok_or(Refusal::Bad)?;
                // A value that is no number counts as the default (RFC 3261 section 20.19).
                let asked = contact.param(b"expires").map_or(usual, |value| number(value).unwrap_or(USUAL));
                if asked > 0 && asked < LEAST {
                    return Err(Refusal::TooBrief(LEAST));
                }
                let instance = instance_of(&contact);
                let is_same = |it: &Binding| *it.uri == *contact.uri.text || instance.is_some() && it.instance == instance;
                if new.iter().any(|it| is_same(it) && *it.call_id == *call_id && it.cseq >= cseq) {
                    return Err(Refusal::OutOfOrder);
                }
                new.retain(|it| {
                    // A phone on a new stream often names a new port: its old way is then dead.
                    let is_old = is_same(it) || it.is_lost && *it.call_id == *call_id;
                    moved |= is_old && it.flow != flow;
                    !is_old
                });
                if asked > 0 {
                    self.last += 1;
                    new.push(Binding {
                        number: self.last,
                        uri: contact.uri.text.into(),
                        q: contact.param(b"q").map(Into::into),
                        instance,
                        path: path.clone(),
                        call_id: call_id.into(),
                        cseq,
                        until: now + Duration::from_secs(u64::from(asked.min(MOST))),
                        flow,
                        is_lost: false,
                        silent: 0,
                        ask_at: Some(now + ASK_EVERY),
                    });
                }
            }
            if new.len() > MOST_CONTACTS {
                return Err(Refusal::TooMany);
            }
        }
        let changed = Changed { before, after: reachable(&new), moved, next: new.iter().filter_map(Binding::next).min() };
        if new.is_empty() {
            self.bindings.remove(account);
        } else {
            self.bindings.insert(account.to_owned(), new);
        }
        Ok(changed)
    }

    /// The bindings of one account, lost ones included.
    #[must_use]
    pub fn of(&self, account: &str) -> &[Binding] {
        self.bindings.get(account).map_or(&[], Vec::as_slice)
    }

    /// Those that can be rung.
    pub fn reachable(&self, account: &str) -> impl Iterator<Item = &Binding> {
        self.of(account).iter().filter(|it| !it.is_lost)
    }

    /// Whether a phone of this account registered by this very way.
    #[must_use]
    pub fn knows(&self, account: &str, flow: Flow) -> bool {
        self.of(account).iter().any(|it| it.flow.peer == flow.peer && it.flow.connection == flow.connection)
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

    /// When the next binding ends or is to be asked.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.bindings.values().flatten().filter_map(Binding::next).min()
    }

    /// Drops what has ended; gives the accounts that now have another number of phones that can be reached.
    pub fn sweep(&mut self, now: Instant) -> Vec<(String, usize)> {
        self.change(|bindings| bindings.retain(|it| it.until > now))
    }

    /// The phones that are to be asked whether they are there. Their answers are awaited from now on.
    pub fn to_ask(&mut self, now: Instant, most: usize) -> Vec<Binding> {
        let due = self.bindings.values_mut().flatten().filter(|it| it.ask_at.is_some_and(|at| at <= now)).take(most);
        due.map(|it| {
            it.ask_at = None;
            it.clone()
        })
        .collect()
    }

    /// A phone has answered, or not.
    pub fn asked(&mut self, now: Instant, number: u64, answered: bool) -> Vec<(String, usize)> {
        self.each(|it| {
            if it.number != number {
                return;
            }
            it.silent = if answered { 0 } else { it.silent.saturating_add(1) };
            it.is_lost = it.silent >= MOST_SILENT || it.is_lost && !answered;
            it.ask_at = Some(now + if answered || it.is_lost { ASK_EVERY } else { ASK_AGAIN });
        })
    }

    /// The streams for which `is_gone` holds have ended. A phone that we cannot dial may come back for a while, and the place
    /// is kept for it.
    pub fn stream_ended(&mut self, now: Instant, is_gone: impl Fn(&Flow) -> bool) -> Vec<(String, usize)> {
        self.each(|it| {
            if is_gone(&it.flow) {
                it.is_lost = true;
                it.until = it.until.min(now + COMES_BACK);
                it.ask_at = None;
                it.flow.connection = 0;
            }
        })
    }

    /// These accounts have gone or have another password.
    pub fn forget(&mut self, is_gone: impl Fn(&str) -> bool) -> Vec<(String, usize)> {
        let gone: Vec<String> = self.bindings.keys().filter(|account| is_gone(account)).cloned().collect();
        gone.into_iter()
            .filter_map(|account| {
                let had = reachable(&self.bindings.remove(&account)?);
                (had > 0).then_some((account, 0))
            })
            .collect()
    }

    fn each(&mut self, mut act: impl FnMut(&mut Binding)) -> Vec<(String, usize)> {
        self.change(|bindings| bindings.iter_mut().for_each(&mut act))
    }

    /// Changes bindings and says which accounts have another number of reachable phones now.
    fn change(&mut self, mut act: impl FnMut(&mut Vec<Binding>)) -> Vec<(String, usize)> {
        let mut changed = Vec::new();
        self.bindings.retain(|account, bindings| {
            let before = reachable(bindings);
            act(bindings);
            let after = reachable(bindings);
            if before != after {
                changed.push((account.clone(), after));
            }
            !bindings.is_empty()
        });
        changed
    }
}

impl Binding {
    fn next(&self) -> Option<Instant> {
        Some(self.ask_at.map_or(self.until, |at| at.min(self.until)))
    }
}

fn reachable(bindings: &[Binding]) -> usize {
    bindings.iter().filter(|it| !it.is_lost).count()
}

fn instance_of(contact: &Address<'_>) -> Option<Box<[u8]>> {
    let instance = contact.param(b"+sip.instance").filter(|it| it.len() <= LONGEST_URI)?;
    let place = contact.param(b"reg-id").unwrap_or(b"");
    Some([instance, b";", place].concat().into_boxed_slice())
}
