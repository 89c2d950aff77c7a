//! Phones with a password: challenges, what counts as proof, and registration.

use std::collections::HashMap;

use crate::machine::Now;
use crate::sip::dialog::via_line;
use crate::sip::digest::{Algorithm, Authorization, NonceState, challenges};
use crate::sip::event::{Account, Flow, SipEvent, Transport};
use crate::sip::message::writer::{Writer, host_text, own_uri};
use crate::sip::message::{Message, Method, Name, Request, Scheme, Uri, method_name};
use crate::sip::registrar::{ANSWER_WITHIN, Refusal};
use crate::sip::transaction::Owner;

use super::{Endpoint, Sender};

/// Phones that are asked for a sign of life at one moment.
const MOST_ASKED: usize = 64;
/// Stands in for the hash of an account that does not exist, so that both cases take the same time.
const NOBODY_MD5: &str = "00000000000000000000000000000000";
const NOBODY_SHA256: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What a request with or without a password is worth.
enum Proof {
    Account(String),
    /// Nothing usable: challenge.
    Missing,
    /// Right, but the nonce is used up, or not ours.
    Stale,
    Wrong,
    /// Too many wrong ones from there.
    Refused,
}

impl Endpoint {
    fn proof(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>) -> Proof {
        let credentials = message
            .all(Name::Authorization)
            .chain(message.all(Name::ProxyAuthorization))
            .filter_map(Authorization::parse)
            .find(|it| it.realm == self.settings.realm && self.settings.digests.contains(&it.algorithm));
        let Some(credentials) = credentials else { return Proof::Missing };
        // A phone that is registered by this very way keeps its right to be heard, whoever guesses next to it.
        let is_known = self.registrar.knows(&credentials.user, flow);
        if !is_known && !self.guard.may_try(now.instant, flow.peer.ip()) {
            return Proof::Refused;
        }
        let nonce = self.nonces.state(now, &credentials.nonce);
        let account = self.accounts.get(&credentials.user);
        let ha1 = match credentials.algorithm {
            Algorithm::Md5 => account.map_or(NOBODY_MD5, |it| it.ha1_md5.as_str()),
            Algorithm::Sha256 => account.map_or(NOBODY_SHA256, |it| it.ha1_sha256.as_str()),
        };
        let method = request.method.map_or("", method_name);
        let is_right = credentials.is_right(ha1, method.as_bytes()) && same_resource(credentials.uri.as_bytes(), &request.uri);
        if !is_right || account.is_none() {
            return Proof::Wrong;
        }
        // A nonce that is not ours, with the right password: issued before the last start. A phone that is not told that it is stale
        // may take its password for wrong and give up (RFC 7616 section 3.3).
        if nonce != NonceState::Fresh || !self.nonces.count(now, &credentials.nonce, &credentials.nc) {
            return Proof::Stale;
        }
        Proof::Account(credentials.user)
    }

    /// The account that proved itself; else the answer has been sent (through transaction `key`, if there is one).
    pub(super) fn authenticate(
        &mut self,
        now: Now,
        flow: Flow,
        message: &Message<'_>,
        request: &Request<'_>,
        key: Option<u64>,
    ) -> Option<String> {
        let (status, stale, reason) = match self.proof(now, flow, message, request) {
            Proof::Account(user) => {
                self.guard.was_right(flow.peer.ip());
                return Some(user);
            }
            Proof::Missing => (401, false, "challenged"),
            Proof::Stale => (401, true, "challenged"),
            Proof::Wrong => {
                self.guard.was_wrong(now.instant, flow.peer.ip());
                (401, false, "wrong_password")
            }
            Proof::Refused => (403, false, "guessing"),
        };
        self.refused(reason, Some(status), flow.peer);
        let lines = if status == 401 {
            let nonce = self.nonces.issue(now, &mut self.ids);
            challenges(&self.settings.realm, &nonce, stale, &self.settings.digests)
        } else {
            Vec::new()
        };
        let bytes = self.reply(flow, message, status, None, |out| {
            for value in lines {
                out.line("WWW-Authenticate", value);
            }
        });
        match key.filter(|_| reason == "wrong_password") {
            // Remembered, so that a repetition is not counted as another guess.
            Some(key) => self.respond_once(now, key, flow, status, bytes),
            None => self.transmit(flow, bytes),
        }
        None
    }

    pub(super) fn register(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>, key: u64, sender: Sender) {
        // RFC 3261 section 10.3: the address of record must be one of ours to begin with.
        if !matches!(request.to.uri.scheme, Scheme::Sip | Scheme::Sips) {
            self.refused("bad_to", Some(400), flow.peer);
            self.stateless(flow, message, 400, |_| {});
            return;
        }
        let unknown = super::incoming::unsupported(message);
        if !unknown.is_empty() {
            self.refused("extension", Some(420), flow.peer);
            self.stateless(flow, message, 420, |out| out.line("Unsupported", unknown));
            return;
        }
        if self.accounts.is_empty() && sender == Sender::Stranger {
            self.refused("stranger", Some(403), flow.peer);
            self.stateless(flow, message, 403, |_| {});
            return;
        }
        let Some(account) = self.authenticate(now, flow, message, request, Some(key)) else { return };
        if request.to.uri.user_text() != account {
            self.refused("foreign_address", Some(403), flow.peer);
            let bytes = self.reply(flow, message, 403, None, |_| {});
            self.respond_once(now, key, flow, 403, bytes);
            return;
        }
        let result = self.registrar.register(now.instant, &account, message, request.call_id, request.cseq, flow);
        let (status, contacts) = match result {
            Ok(counts) => (200, Some(counts)),
            Err(Refusal::Bad) => (400, None),
            Err(Refusal::TooBrief(_)) => (423, None),
            Err(Refusal::OutOfOrder) => (500, None),
            Err(Refusal::TooMany) => (403, None),
        };
        let bytes = self.reply(flow, message, status, None, |out| match result {
            Ok(_) => {
                for value in self.registrar.contacts(now.instant, &account) {
                    out.line("Contact", value);
                }
            }
            Err(Refusal::TooBrief(least)) => out.format("Min-Expires", format_args!("{least}")),
            Err(_) => {}
        });
        self.respond_once(now, key, flow, status, bytes);
        if let Some(changed) = contacts {
            if flow.connection != 0 {
                self.streams.insert(flow.connection);
            }
            if changed.moved {
                self.moved(&account, flow);
            }
            self.schedule_registrar(changed.next);
            if changed.before != changed.after {
                self.event(SipEvent::Registered { account, contacts: changed.after });
            }
        }
    }

    /// A phone came back by another way: its calls whose stream had ended go on by that.
    fn moved(&mut self, account: &str, flow: Flow) {
        for dialog in self.dialogs.values_mut().filter(|it| it.account.as_deref() == Some(account)) {
            if dialog.flow.transport == flow.transport && dialog.flow.transport != Transport::Udp && dialog.flow.connection == 0 {
                dialog.flow = flow;
            }
        }
    }

    pub(super) fn registered(&mut self, changed: Vec<(String, usize)>) {
        for (account, contacts) in changed {
            self.event(SipEvent::Registered { account, contacts });
        }
    }

    /// Other accounts than those of the settings, all at once.
    pub(super) fn set_accounts(&mut self, accounts: Vec<Account>) {
        let mut new: HashMap<String, Account> = accounts.into_iter().map(|it| (it.user.clone(), it)).collect();
        new.extend(self.settings.accounts.iter().map(|it| (it.user.clone(), it.clone())));
        let old = std::mem::replace(&mut self.accounts, new);
        let changed = self.registrar.forget(|user| old.get(user) != self.accounts.get(user));
        self.registered(changed);
    }

    /// Asks the phones whose turn it is whether they are still there: one that was unplugged says so to nobody.
    pub(super) fn ask_phones(&mut self, now: Now) {
        for binding in self.registrar.to_ask(now.instant, MOST_ASKED) {
            let branch = self.branch();
            let flow = binding.way();
            let own = host_text(flow.local.ip());
            let mut out = Writer::request("OPTIONS", &binding.uri);
            via_line(&mut out, flow, &branch);
            out.line("Max-Forwards", "70");
            for route in &binding.path {
                out.line("Route", route);
            }
            out.format("From", format_args!("<sip:dinetone@{own}>;tag={}", self.ids.text(10)));
            out.line("To", [b"<", &*binding.uri, b">"].concat());
            out.format("Call-ID", format_args!("{}@{own}", self.ids.text(20)));
            out.line("CSeq", "1 OPTIONS");
            out.format("Contact", format_args!("<{}>", own_uri("dinetone", flow.local, flow.transport)));
            out.line("Accept", "application/sdp");
            out.line("User-Agent", &self.settings.product);
            self.request(now, flow, &branch, Method::Options, Owner::Phone(binding.number), ANSWER_WITHIN, out.finish(None));
        }
    }

    pub(super) fn phone_asked(&mut self, now: Now, number: u64, answered: bool) {
        let changed = self.registrar.asked(now.instant, number, answered);
        self.registered(changed);
        let next = self.registrar.deadline();
        self.schedule_registrar(next);
    }
}

/// Whether the URI of the credentials means the same as the Request-URI: same user and host, however the rest is written.
fn same_resource(text: &[u8], uri: &Uri<'_>) -> bool {
    text == uri.text || Uri::parse(text).is_some_and(|it| it.user == uri.user && it.host.eq_ignore_ascii_case(uri.host))
}
