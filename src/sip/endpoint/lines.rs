//! Our trunks: registering, asking for health, and telling when a line is down or up.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use crate::machine::Now;
use crate::sip::dialog::via_line;
use crate::sip::event::{Flow, SipEvent, Transport, TrunkSettings};
use crate::sip::message::uri::{cut, number};
use crate::sip::message::writer::{Writer, host_text, own_uri};
use crate::sip::message::{Address, Message, Method, Name, Response, name::trim};
use crate::sip::transaction::Owner;
use crate::sip::trunk::{PATIENCE, Question, Trunk};

use super::asking::{challenge, finish_asking, register};
use super::{Alarm, Endpoint};

impl Endpoint {
    /// Takes other trunks over. A trunk keeps its place for ever, since calls and questions name it by that.
    pub(super) fn set_trunks(&mut self, now: Now, wanted: Vec<TrunkSettings>) {
        for place in 0..self.trunks.len() {
            let trunk = &self.trunks[place];
            let new = wanted.iter().find(|new| new.name == trunk.settings.name);
            if new.is_none_or(|new| trunk.gone || *new != trunk.settings) && !(new.is_none() && trunk.gone) {
                self.change_trunk(now, place, new.cloned(), &wanted);
            }
        }
        for new in wanted {
            if self.trunks.iter().all(|trunk| trunk.settings.name != new.name) {
                self.keep_registration(&new);
                self.trunks.push(Trunk::new(now.instant, new, &mut self.ids));
                self.schedule_trunk(self.trunks.len() - 1);
            }
        }
    }

    /// One trunk is another one, or none, from now on. What it was asked before, nobody waits for any more; what its registrar
    /// keeps of it and none of `wanted` goes on with, is taken back.
    fn change_trunk(&mut self, now: Now, place: usize, new: Option<TrunkSettings>, wanted: &[TrunkSettings]) {
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        let asked: Vec<u64> = [&trunk.register, &trunk.options].into_iter().flatten().filter_map(|asking| asking.pending).collect();
        let (was_up, calls, gone) = (trunk.up, trunk.calls, new.is_none());
        let name = trunk.settings.name.clone();
        let nothing = || TrunkSettings { addresses: Vec::new(), targets: Vec::new(), ..trunk.settings.clone() };
        let settings = new.unwrap_or_else(nothing);
        let was = std::mem::replace(trunk, Trunk::new(now.instant, settings.clone(), &mut self.ids));
        (trunk.calls, trunk.gone) = (calls, gone);
        let up = trunk.up;
        for key in asked {
            self.remove_transaction(key);
        }
        if !gone {
            self.keep_registration(&settings);
        }
        self.take_back(now, was, wanted);
        self.schedule_trunk(place);
        if !gone && was_up != up {
            self.event(SipEvent::Trunk { name, up, why: "set up anew".into() });
        }
    }

    /// The program ends: what registrars keep of our trunks is taken back, and nothing is asked any more. Trunks are still known, so that
    /// their calls are refused as theirs.
    pub(super) fn sign_off(&mut self, now: Now) {
        for place in 0..self.trunks.len() {
            let Some(trunk) = self.trunks.get_mut(place) else { return };
            let settings = TrunkSettings { registration: None, options_every: None, ..trunk.settings.clone() };
            let asked: Vec<u64> = [&trunk.register, &trunk.options].into_iter().flatten().filter_map(|asking| asking.pending).collect();
            let (calls, gone) = (trunk.calls, trunk.gone);
            let was = std::mem::replace(trunk, Trunk::new(now.instant, settings, &mut self.ids));
            (trunk.calls, trunk.gone) = (calls, gone);
            for key in asked {
                self.remove_transaction(key);
            }
            self.take_back(now, was, &[]);
        }
    }

    pub(super) fn schedule_trunk(&mut self, place: usize) {
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        if let Some(at) = trunk.deadline()
            && trunk.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            trunk.scheduled = Some(at);
            self.alarms.push(Reverse((at, Alarm::Trunk(u16::try_from(place).unwrap_or(u16::MAX)))));
        }
    }

    pub(super) fn fire_trunk(&mut self, now: Now, at: Instant, place: usize) -> bool {
        let Some(trunk) = self.trunks.get_mut(place).filter(|it| it.scheduled == Some(at)) else { return false };
        trunk.scheduled = None;
        let due = trunk.due(now.instant);
        if let Some(question) = due {
            if let Some(asking) = trunk.asking(question) {
                asking.challenges = 0;
                asking.lengthened = false;
            }
            self.ask(now, place, question, None);
        }
        self.schedule_trunk(place);
        due.is_some()
    }

    fn ask(&mut self, now: Now, place: usize, question: Question, authorization: Option<(&'static str, String)>) {
        let branch = self.branch();
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        let Some(flow) = trunk.flow() else { return };
        let peer = host_text(flow.peer.ip());
        let own = host_text(flow.local.ip());
        let registration = trunk.settings.registration.clone();
        let target = trunk.target();
        let Some(asking) = trunk.asking(question) else { return };
        asking.asked = target;
        asking.cseq += 1;
        asking.next = None;
        let number = u16::try_from(place).unwrap_or(u16::MAX);
        let (method, name, owner, mut out) = match (question, &registration) {
            (Question::Register, Some(registration)) => {
                let out = register(flow, &branch, registration, asking, asking.expires);
                (Method::Register, "REGISTER", Owner::Registration(number), out)
            }
            _ => {
                let tail = if flow.transport == Transport::Udp { "" } else { ";transport=tcp" };
                let uri = format!("sip:{peer}:{}{tail}", flow.peer.port());
                let mut out = Writer::request("OPTIONS", uri.as_bytes());
                via_line(&mut out, flow, &branch);
                out.line("Max-Forwards", "70");
                out.format("From", format_args!("<sip:dinetone@{own}>;tag={}", asking.tag));
                out.format("To", format_args!("<{uri}>"));
                out.format("Contact", format_args!("<{}>", own_uri("dinetone", flow.local, flow.transport)));
                out.line("Accept", "application/sdp");
                (Method::Options, "OPTIONS", Owner::Health(number), out)
            }
        };
        finish_asking(&mut out, name, flow, asking, authorization, &self.settings.product);
        let key = self.request(now, flow, &branch, method, owner, PATIENCE, out.finish(None));
        if let Some(asking) = self.trunks.get_mut(place).and_then(|trunk| trunk.asking(question)) {
            asking.pending = Some(key);
        }
    }

    pub(super) fn trunk_answered(
        &mut self,
        now: Now,
        flow: Flow,
        place: usize,
        owner: Owner,
        message: &Message<'_>,
        response: &Response<'_>,
    ) {
        if response.status < 200 {
            return;
        }
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        if flow.connection != 0 {
            trunk.stream = Some(flow);
            self.streams.insert(flow.connection);
        }
        let wait = retry_after(message);
        match (owner, response.status) {
            (Owner::Registration(_), 200..=299) => {
                let granted = granted(message, trunk.settings.local);
                trunk.succeeded(now.instant, Question::Register, granted);
                self.settle_trunk(place, "registered");
            }
            (Owner::Registration(_), status @ (401 | 407)) => self.challenged(now, place, message, status),
            (Owner::Registration(_), 423) => {
                let least = message.get(Name::MinExpires).and_then(number).filter(|least| *least <= 86_400);
                let asking = trunk.register.as_mut();
                match (asking, least) {
                    (Some(asking), Some(least)) if asking.expires < least && !asking.lengthened => {
                        asking.expires = least;
                        asking.lengthened = true;
                        // Another request, which may be challenged anew: that says nothing about the password.
                        asking.challenges = 0;
                        self.ask(now, place, Question::Register, None);
                    }
                    _ => self.trunk_failed(now, place, owner, "refused with 423", wait, true),
                }
            }
            (Owner::Registration(_), status @ 300..=499) if status != 408 => {
                self.trunk_failed(now, place, owner, &format!("refused with {status}"), wait, true);
            }
            (Owner::Health(_), 503) | (Owner::Registration(_), _) => {
                self.trunk_failed(now, place, owner, &format!("refused with {}", response.status), wait, false);
            }
            // Any other answer shows that somebody is there.
            _ => {
                trunk.succeeded(now.instant, Question::Options, None);
                self.settle_trunk(place, "answers");
            }
        }
        self.schedule_trunk(place);
    }

    fn challenged(&mut self, now: Now, place: usize, message: &Message<'_>, status: u16) {
        let owner = Owner::Registration(u16::try_from(place).unwrap_or(u16::MAX));
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        let (Some(registration), Some(asking)) = (trunk.settings.registration.as_ref(), trunk.register.as_mut()) else { return };
        let Some((answers, challenge)) = challenge(message, status, registration.allow_md5) else {
            self.trunk_failed(now, place, owner, "no challenge that we may answer", None, true);
            return;
        };
        if asking.challenges > 2 || asking.challenges > 0 && !challenge.stale {
            self.trunk_failed(now, place, owner, "user or password is wrong", None, true);
            return;
        }
        asking.challenges += 1;
        let value = challenge.answer(&registration.credentials, "REGISTER", &registration.registrar, 1, &mut self.ids);
        self.ask(now, place, Question::Register, Some((answers, value)));
    }

    pub(super) fn trunk_failed(&mut self, now: Now, place: usize, owner: Owner, why: &str, wait: Option<Duration>, is_final: bool) {
        let question = if matches!(owner, Owner::Registration(_)) { Question::Register } else { Question::Options };
        if let Some(trunk) = self.trunks.get_mut(place) {
            trunk.failed(now.instant, question, wait, is_final, &mut self.ids);
            if trunk.is_news(question, why) {
                trunk.told = Some(why.into());
                let name = trunk.settings.name.clone();
                self.event(SipEvent::Trunk { name, up: false, why: why.to_owned() });
            }
        }
        self.settle_trunk(place, why);
        self.schedule_trunk(place);
    }

    /// Tells when a trunk has gone down or come up.
    fn settle_trunk(&mut self, place: usize, why: &str) {
        let Some(trunk) = self.trunks.get_mut(place) else { return };
        let up = trunk.is_good();
        if trunk.up != up {
            trunk.up = up;
            trunk.told = (!up).then(|| why.into());
            let name = trunk.settings.name.clone();
            self.event(SipEvent::Trunk { name, up, why: why.to_owned() });
        }
    }
}

/// Seconds of Retry-After, up to an hour.
pub(super) fn retry_after(message: &Message<'_>) -> Option<Duration> {
    let value = message.get(Name::RetryAfter)?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(Duration::from_secs(u64::from(number(&value[..digits])?.min(3600))))
}

/// How long a registration holds: as said at our own Contact, else at any, else in Expires.
fn granted(message: &Message<'_>, local: std::net::SocketAddr) -> Option<u32> {
    let contacts: Vec<Address<'_>> = message.list(Name::Contact).filter_map(Address::parse).collect();
    let ours = contacts.iter().find(|it| it.uri.address() == Some(local.ip()) && it.uri.port.unwrap_or(5060) == local.port());
    ours.or_else(|| contacts.first().filter(|_| contacts.len() == 1))
        .and_then(|contact| contact.param(b"expires"))
        .or_else(|| message.get(Name::Expires).map(|value| trim(cut(value, b';').0)))
        .and_then(number)
}
