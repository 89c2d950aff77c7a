//! What the hotline and the telephones want done is done: packets go out, the store is asked, legs are opened, pages take their answers.

use std::net::SocketAddr;

use dinetone::centre::{Input, Output};
use dinetone::domain::{StepKind, UserId};
use dinetone::event::{Event, PhoneState, What};
use dinetone::machine::{Ids, Machine};
use dinetone::media::leg::Leg;
use dinetone::media::order::{Codec, LegPlan, MediaOrder, MediaReport};
use dinetone::sip::event::{EndCause, SipCommand, SipEvent, SipInput, SipOutput};
use dinetone::sip::sdp;

use super::time::{Parcel, TICK};
use super::{HOTLINE, Inner};
use crate::kit::phone::Line;

impl Inner {
    pub fn drain(&mut self) {
        loop {
            self.drain_centre();
            let Some(report) = self.reports.pop_front() else { return };
            if let MediaReport::Key { key, .. } = &report {
                let line = format!("keys      {key}");
                self.note(line);
            }
            self.centre.handle(self.now, Input::Media(report));
        }
    }

    fn drain_centre(&mut self) {
        let now = self.now;
        while let Some(output) = self.centre.poll() {
            match output {
                Output::Transmit { flow, bytes } => {
                    let first = String::from_utf8_lossy(&bytes).lines().next().unwrap_or("").to_owned();
                    self.note(format!("centre  → {first}"));
                    self.post(Parcel::Sip { from: flow.local, to: flow.peer, bytes });
                }
                Output::Media(order) => self.media(order),
                Output::Store(request) => {
                    if let dinetone::call::request::StoreRequest::Started { call, .. } = request {
                        // A store that is away says nothing; what it did not note is written at the end.
                        if !self.store_away {
                            self.centre.handle(now, Input::Reply { call, reply: dinetone::call::request::Reply::Started });
                        }
                    } else if let dinetone::call::request::StoreRequest::Ended { record, steps } = request {
                        self.records.push((*record, steps));
                    } else if self.store_away {
                        self.waiting.push(request);
                    } else {
                        self.perform(request);
                    }
                }
                Output::Call { id, what, .. } => {
                    let known = self.calls_seen.len();
                    let place = *self.calls_seen.entry(id.to_string()).or_insert(known);
                    if !matches!(what, StepKind::Key { .. }) {
                        self.note(format!("call {place}    {what:?}"));
                    }
                    self.facts.push((place, what));
                }
                Output::Fault { what, .. } => panic!("a call ended by our fault: {what}"),
                Output::Publish(event) => {
                    self.hear_event(&event);
                    let line: String = format!("told      {:?}", event.what).chars().take(200).collect();
                    self.note(line);
                    self.events.push((now.instant, *event));
                }
                Output::Floor { who, line } => self.note(format!("floor     {who}: {line}")),
                Output::Listener { how, .. } => self.note(format!("listener  {how:?}")),
                Output::WantPeople | Output::PopTook(_) => {}
                Output::Trace { .. } | Output::Refused { .. } | Output::Trunk { .. } | Output::Registered { .. } => {}
            }
        }
    }

    pub(super) fn perform(&mut self, request: dinetone::call::request::StoreRequest) {
        if let dinetone::call::request::StoreRequest::Keep(fact) = request {
            let store = self.store.clone();
            let kept = self.runtime.block_on(store.keep("t", std::slice::from_ref(&*fact), self.now.wall.into()));
            kept.expect("the store keeps what is told");
            return;
        }
        let effects = self.effects.clone();
        if let Some((call, reply)) = self.runtime.block_on(effects.perform(request, self.now.wall.into())) {
            self.centre.handle(self.now, Input::Reply { call, reply });
        }
    }

    fn media(&mut self, order: MediaOrder) {
        let now = self.now;
        match order {
            MediaOrder::Open { leg, ip, port, plan } => {
                self.open_leg(leg, plan, SocketAddr::new(ip, port));
                self.reports.push_back(MediaReport::Opened { leg });
            }
            // A page here is an address that speaks plain RTP: its offer is that address, the answer is ours.
            MediaOrder::OpenBrowser { leg, offer, quiet_after } => {
                let Ok(page) = offer.trim().parse::<SocketAddr>() else {
                    self.reports.push_back(MediaReport::OpenFailed { leg, why: "the offer cannot be read" });
                    return;
                };
                let plan = LegPlan { event_type: Some(101), remote: Some(page), ..LegPlan::of(Codec::Pcma) };
                let ours = SocketAddr::new(HOTLINE.parse::<SocketAddr>().unwrap().ip(), 30_000 + (leg.0 % 20_000) as u16);
                if self.hall.place(leg).is_some() {
                    self.hall.obey(now, MediaOrder::Change { leg, plan }, &mut self.reports);
                } else {
                    self.open_leg(leg, plan, ours);
                }
                if let Some(leg) = self.hall.place(leg).and_then(|place| self.hall.leg_mut(place)) {
                    leg.quiet_after(now, quiet_after);
                }
                self.reports.push_back(MediaReport::BrowserAnswer { leg, sdp: ours.to_string() });
                self.reports.push_back(MediaReport::BrowserState { leg, connected: true, loss_percent: 0, rtt_ms: 1 });
            }
            // Telephones here are no browsers.
            MediaOrder::OfferBrowser { leg } => self.reports.push_back(MediaReport::OpenFailed { leg, why: "no browsers" }),
            MediaOrder::Close { leg } => {
                if let Some((place, leg)) = self.hall.close(leg) {
                    self.sounds.remove(&place);
                    leg.close(now, &mut self.reports);
                }
            }
            order => self.hall.obey(now, order, &mut self.reports),
        }
    }

    fn open_leg(&mut self, leg: dinetone::media::order::LegId, plan: LegPlan, ours: SocketAddr) {
        let mut ids = Ids::seeded(u128::from(self.ids.next_u64()));
        if self.hall.is_empty() {
            self.next_tick = self.now.instant + TICK;
        }
        let place = self.hall.open(Leg::new(self.now, leg, plan, &mut ids)).expect("names of legs are never used twice");
        self.sounds.insert(place, ours);
    }

    /// What a page does by itself: it takes the answer to its offer.
    fn hear_event(&mut self, event: &Event) {
        match &event.what {
            What::MediaAnswer { to, sdp, .. } => {
                if let (Some(headset), Ok(ours)) = (self.headsets.get_mut(to), sdp.parse()) {
                    headset.connect(self.now, ours);
                }
            }
            What::Phone { state: PhoneState::Answer { sdp }, .. } => {
                if let (Some(headset), Ok(ours)) = (self.headsets.get_mut(&UserId::new("upage")), sdp.parse()) {
                    headset.connect(self.now, ours);
                }
            }
            What::Phone { state: PhoneState::Ended { .. }, .. } => {
                if let Some(headset) = self.headsets.get_mut(&UserId::new("upage")) {
                    headset.disconnect();
                }
            }
            _ => {}
        }
    }

    pub fn drain_phone(&mut self, place: usize) {
        let now = self.now;
        loop {
            let phone = self.phones.get_mut(&place).expect("phones are never taken away");
            let Some(output) = phone.sip.poll() else { return };
            match output {
                SipOutput::Transmit { flow, bytes } => {
                    if !phone.calls {
                        phone.said.push(String::from_utf8_lossy(&bytes).into_owned());
                    }
                    self.post(Parcel::Sip { from: flow.local, to: flow.peer, bytes });
                }
                SipOutput::Event(SipEvent::Answered { sdp, .. }) => {
                    phone.line = Line::Up;
                    let agreed = sdp.and_then(|sdp| sdp::agree(&sdp::Codec::PREFERENCE, &sdp).ok());
                    phone.connected(now, agreed.as_ref().and_then(|agreed| agreed.remote), agreed.and_then(|agreed| agreed.event_type));
                    self.note(format!("diner {place}   is answered"));
                }
                SipOutput::Event(SipEvent::Invited(invited)) => {
                    phone.dialog = invited.dialog;
                    phone.offered = invited.offer;
                    phone.line = Line::Ringing;
                    let ringing = SipCommand::Progress { dialog: phone.dialog, status: 180, sdp: None };
                    phone.sip.handle(now, SipInput::Command(ringing));
                    self.note(format!("phone {place}   rings: {} {}", invited.caller, invited.dialled));
                }
                SipOutput::Event(SipEvent::Ended { cause, .. }) => {
                    let how = match cause {
                        EndCause::PeerBye => "hung up on".to_owned(),
                        EndCause::Local => "hung up".to_owned(),
                        EndCause::Refused(status) => format!("refused {status}"),
                        other => format!("{other:?}"),
                    };
                    phone.line = Line::Over(how.clone());
                    let who = if phone.calls { "diner" } else { "phone" };
                    let line = if phone.calls { how } else { format!("over: {how}") };
                    self.note(format!("{who} {place}   {line}"));
                }
                _ => {}
            }
        }
    }
}
