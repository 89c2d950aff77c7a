//! Calls with several ways: all phones of an account at once (the first that answers wins), or trunks one after another.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::machine::Now;
use crate::sip::dialog::{Dialog, Origin, State};
use crate::sip::event::{Dial, DialogId, EndCause, Flow, Ring, Shown, SipEvent};
use crate::sip::message::writer::host_text;
use crate::sip::message::{Message, Uri};
use crate::sip::outbound::Barred;
use crate::sip::sdp::Session;
use crate::sip::transaction::Owner;
use crate::sip::trunk::Trunk;

use super::calling::{NewCall, clean};
use super::lines::retry_after;
use super::{Alarm, Endpoint};

/// A trunk that has not said anything for this long is given up for the next one.
const TRUNK_PATIENCE: Duration = Duration::from_millis(3500);
/// Ways through trunks that one call tries.
const MOST_TRIES: usize = 6;
/// Letters of a name that a phone is shown.
const LONGEST_NAME: usize = 64;
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// A call that is still looking for somebody to answer it.
#[derive(Debug)]
pub(super) struct Group {
    ways: Vec<DialogId>,
    /// The best refusal so far.
    best: Option<u16>,
    /// The layer above knows that it rings.
    rings: bool,
    outside: Option<Outside>,
}

/// What is needed to try the next trunk.
#[derive(Debug)]
struct Outside {
    number: String,
    from: String,
    sdp: String,
    /// Trunks and their targets that are still to be tried.
    left: VecDeque<(usize, std::net::SocketAddr)>,
    /// The trunk of the way that is being tried.
    place: usize,
    /// When it is given up, unless it says something.
    until: Option<Instant>,
}

/// The lower, the more it tells (RFC 3261 section 16.7, step 6).
const fn rank(status: u16) -> u8 {
    match status {
        600..=699 => 0,
        486 => 1,
        400..=407 | 409..=479 | 481..=499 => 2,
        480 => 3,
        300..=399 | 500..=599 => 4,
        _ => 5,
    }
}

impl Endpoint {
    pub(super) fn ring(&mut self, now: Now, ring: Ring) {
        let ways: Vec<_> = self.registrar.reachable(&ring.account).map(|it| (it.uri.clone(), it.way(), it.path.clone())).collect();
        if ways.is_empty() || self.is_full() {
            let status = if ways.is_empty() { 480 } else { 503 };
            self.event(SipEvent::Ended { dialog: ring.dialog, cause: EndCause::Refused(status) });
            return;
        }
        self.groups.insert(ring.dialog, Group { ways: Vec::new(), best: None, rings: false, outside: None });
        let mut headers: Vec<String> = ring.headers.iter().map(|line| clean(line)).collect();
        if ring.auto_answer {
            headers.push("Call-Info: <sip:dinetone>;answer-after=0".into());
            headers.push("Alert-Info: <http://www.notused.invalid>;info=alert-autoanswer;delay=0".into());
        }
        for (uri, flow, routes) in ways {
            let id = self.new_dialog_id();
            let sdp = if flow.transport.is_websocket() { ring.browser.clone() } else { Some(ring.sdp.clone()) };
            let call = NewCall {
                id,
                flow,
                target: uri.into_vec(),
                from: from_line(&ring.caller, flow),
                to: format!("<sip:{}@{}>", user_part(&ring.account), host_text(flow.local.ip())),
                routes,
                headers: headers.clone(),
                late: sdp.is_none(),
                sdp,
                credentials: None,
                allow_md5: false,
                origin: Origin::Other,
                account: Some(ring.account.as_str().into()),
                group: Some(ring.dialog),
                is_outside: false,
            };
            if let Some(group) = self.groups.get_mut(&ring.dialog) {
                group.ways.push(id);
            }
            self.call(now, call);
        }
    }

    /// Whether the rules let this number be called at all, however many calls are up, and there is a trunk to call it by.
    ///
    /// # Errors
    /// With the rule that forbids it.
    pub fn may_dial(&self, number: &str) -> Result<(), Barred> {
        self.settings.outbound.check(number, 0)?;
        let calls_out = |trunk: &Trunk| !trunk.settings.targets.is_empty();
        if self.trunks.iter().any(calls_out) { Ok(()) } else { Err(Barred::NoTrunk) }
    }

    /// How many more outside numbers could be called: as many as the rules allow, and as the trunks that can take a call have room for.
    #[must_use]
    pub fn spare_outside(&self) -> (usize, usize) {
        let rules = if self.settings.outbound.on { (self.settings.outbound.most as usize).saturating_sub(self.outside) } else { 0 };
        let room = |trunk: &Trunk| trunk.settings.max_calls.map_or(usize::MAX, |most| most.saturating_sub(trunk.calls) as usize);
        let open = self.trunks.iter().filter(|trunk| trunk.up && !trunk.gone && !trunk.settings.targets.is_empty());
        (rules, open.map(room).fold(0, usize::saturating_add))
    }

    pub(super) fn dial(&mut self, now: Now, dial: Dial) {
        let number = match self.settings.outbound.check(&dial.number, self.outside) {
            Ok(number) => number,
            Err(barred) => return self.barred(dial.dialog, barred),
        };
        let mut left = VecDeque::new();
        let mut is_known = false;
        for (place, trunk) in self.trunks.iter().enumerate() {
            if dial.trunk.as_ref().is_some_and(|name| *name != trunk.settings.name) {
                continue;
            }
            is_known |= !trunk.settings.targets.is_empty();
            if trunk.up && trunk.busy_until.is_none_or(|until| until <= now.instant) {
                left.extend(trunk.targets().map(|target| (place, target)));
            }
        }
        if !is_known {
            return self.barred(dial.dialog, Barred::NoTrunk);
        }
        left.truncate(MOST_TRIES);
        let outside = Outside { number, from: clean(&dial.from), sdp: dial.sdp, left, place: usize::MAX, until: None };
        self.groups.insert(dial.dialog, Group { ways: Vec::new(), best: None, rings: false, outside: Some(outside) });
        self.try_next_trunk(now, dial.dialog);
    }

    fn barred(&mut self, dialog: DialogId, barred: Barred) {
        self.event(SipEvent::Ended { dialog, cause: EndCause::Barred(barred) });
    }

    /// The next trunk that has room; when there is none, the call has failed.
    fn try_next_trunk(&mut self, now: Now, group: DialogId) {
        loop {
            let Some(it) = self.groups.get_mut(&group) else { return };
            let Some(outside) = it.outside.as_mut() else { return };
            let Some((place, target)) = outside.left.pop_front() else {
                let status = it.best.unwrap_or(503);
                self.groups.remove(&group);
                self.event(SipEvent::Ended { dialog: group, cause: EndCause::Refused(status) });
                return;
            };
            let (number, from, sdp) = (outside.number.clone(), outside.from.clone(), outside.sdp.clone());
            let Some(trunk) = self.trunks.get_mut(place) else { continue };
            let is_busy = trunk.busy_until.is_some_and(|until| until > now.instant);
            if is_busy || trunk.admit(now.instant).is_err() {
                if let Some(outside) = self.groups.get_mut(&group).and_then(|it| it.outside.as_mut()) {
                    outside.left.retain(|(other, _)| *other != place);
                }
                continue;
            }
            let flow = trunk.flow_to(target);
            let registration = trunk.settings.registration.clone();
            let peer = host_text(target.ip());
            // The provider knows us by the name under which we registered.
            let domain = registration.as_ref().and_then(|it| it.registrar.strip_prefix("sip:")).map_or(peer.clone(), str::to_owned);
            let user = registration.as_ref().and_then(|it| Some(Uri::parse(it.aor.as_bytes())?.user_text())).unwrap_or_default();
            let from = if from.is_empty() { user } else { from };
            let at = if from.is_empty() { "" } else { "@" };
            let tail = if flow.transport == crate::sip::event::Transport::Udp { "" } else { ";transport=tcp" };
            let id = self.new_dialog_id();
            let until = now.instant + TRUNK_PATIENCE;
            if let Some(it) = self.groups.get_mut(&group) {
                it.ways.push(id);
                if let Some(outside) = it.outside.as_mut() {
                    (outside.place, outside.until) = (place, Some(until));
                }
            }
            self.alarms.push(Reverse((until, Alarm::Group(group))));
            let call = NewCall {
                id,
                flow,
                target: format!("sip:{number}@{peer}:{}{tail}", target.port()).into_bytes(),
                from: format!("<sip:{}{at}{domain}>", user_part(&from)),
                to: format!("<sip:{number}@{domain}>"),
                routes: Vec::new(),
                headers: Vec::new(),
                sdp: Some(sdp),
                credentials: registration.as_ref().map(|it| it.credentials.clone()),
                allow_md5: registration.as_ref().is_none_or(|it| it.allow_md5),
                late: false,
                origin: Origin::Trunk(u16::try_from(place).unwrap_or(u16::MAX)),
                account: None,
                group: Some(group),
                is_outside: true,
            };
            self.call(now, call);
            return;
        }
    }

    /// A trunk has kept silent for too long.
    pub(super) fn fire_group(&mut self, now: Now, at: Instant, group: DialogId) -> bool {
        let Some(it) = self.groups.get_mut(&group) else { return false };
        let Some(outside) = it.outside.as_mut().filter(|it| it.until == Some(at)) else { return false };
        outside.until = None;
        it.best = better(it.best, 408);
        let ways = std::mem::take(&mut it.ways);
        self.give_up_ways(now, &ways, None, None);
        self.try_next_trunk(now, group);
        true
    }

    /// A provisional answer of one way: the layer above hears the first ringing, and early sound of a trunk.
    pub(super) fn group_rings(&mut self, group: DialogId, status: u16, sdp: Option<Session>) {
        let Some(it) = self.groups.get_mut(&group) else { return };
        let sdp = sdp.filter(|_| it.outside.is_some());
        if it.rings && sdp.is_none() {
            return;
        }
        it.rings = true;
        self.event(SipEvent::Progress { dialog: group, status, sdp });
    }

    /// Any provisional answer, 100 included, shows that somebody is there.
    pub(super) fn group_heard(&mut self, group: DialogId) {
        if let Some(outside) = self.groups.get_mut(&group).and_then(|it| it.outside.as_mut()) {
            outside.until = None;
        }
    }

    /// What else a refusal says.
    pub(super) fn group_told(&mut self, now: Now, group: DialogId, dialog: &Dialog, message: &Message<'_>) {
        if let (true, Origin::Trunk(place)) = (self.groups.contains_key(&group), dialog.origin)
            && let Some(wait) = retry_after(message)
            && let Some(trunk) = self.trunks.get_mut(usize::from(place))
        {
            trunk.busy_until = Some(now.instant + wait);
        }
    }

    /// One way was answered: it becomes the call, the others end.
    pub(super) fn group_won(&mut self, now: Now, group: DialogId, dialog: &mut Dialog) {
        let Some(it) = self.groups.remove(&group) else { return };
        let won = std::mem::replace(&mut dialog.id, group);
        if let Some(key) = dialog.calling.as_ref().map(|it| it.key)
            && let Some(transaction) = self.transactions.get_mut(&key)
        {
            transaction.owner = Owner::Call(group);
        }
        dialog.scheduled = None;
        self.by_tag.insert(self.keys.dialog(&dialog.call_id, dialog.local_tag.as_bytes()), group);
        self.give_up_ways(now, &it.ways, Some(won), Some(ELSEWHERE));
    }

    /// The layer above no longer wants it: every way stops ringing now (I5).
    pub(super) fn hang_up_group(&mut self, now: Now, group: DialogId, reason: Option<&'static str>) -> bool {
        let Some(it) = self.groups.remove(&group) else { return false };
        self.give_up_ways(now, &it.ways, None, reason);
        self.event(SipEvent::Ended { dialog: group, cause: EndCause::Local });
        true
    }

    fn give_up_ways(&mut self, now: Now, ways: &[DialogId], except: Option<DialogId>, reason: Option<&'static str>) {
        for id in ways.iter().filter(|id| Some(**id) != except) {
            self.with_dialog(*id, |endpoint, dialog| {
                if dialog.state == State::Calling {
                    endpoint.give_up(now, dialog, reason);
                }
            });
        }
    }

    /// Looks at ways that have ended: the last one, or a word that speaks for all, ends the call.
    pub(super) fn settle_groups(&mut self, now: Now) {
        while let Some((group, way, cause)) = self.ended_ways.pop_front() {
            let Some(it) = self.groups.get_mut(&group) else { continue };
            let Some(place) = it.ways.iter().position(|id| *id == way) else { continue };
            it.ways.swap_remove(place);
            let status = match cause {
                EndCause::Refused(status) => status,
                EndCause::Transport => 503,
                _ => 480,
            };
            it.best = better(it.best, status);
            if let Some(outside) = it.outside.as_mut() {
                outside.until = None;
                if matches!(status, 408 | 500..=599) {
                    self.try_next_trunk(now, group);
                } else {
                    self.groups.remove(&group);
                    self.event(SipEvent::Ended { dialog: group, cause: EndCause::Refused(status) });
                }
            } else if it.ways.is_empty() || status >= 600 {
                let (ways, best) = (std::mem::take(&mut it.ways), it.best.unwrap_or(480));
                self.groups.remove(&group);
                self.give_up_ways(now, &ways, None, None);
                self.event(SipEvent::Ended { dialog: group, cause: EndCause::Refused(best) });
            }
        }
    }
}

fn better(best: Option<u16>, status: u16) -> Option<u16> {
    Some(best.filter(|best| rank(*best) <= rank(status)).unwrap_or(status))
}

/// What the phone shows: name and number, each without what would end its quotes or its line.
fn from_line(caller: &Shown, flow: Flow) -> String {
    let name: String =
        caller.name.chars().filter(|letter| !letter.is_control() && !matches!(letter, '"' | '\\')).take(LONGEST_NAME).collect();
    if caller.number.is_empty() {
        let name = if name.is_empty() { "Anonymous" } else { &name };
        return format!("\"{name}\" <sip:anonymous@anonymous.invalid>");
    }
    let quoted = if name.is_empty() { String::new() } else { format!("\"{name}\" ") };
    format!("{quoted}<sip:{}@{}>", user_part(&caller.number), host_text(flow.local.ip()))
}

/// A user part that stays one: everything but plain letters is escaped (RFC 3261 section 25.1).
fn user_part(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' | b'+') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
