//! How a line rings: which phone or number, what it shows, and from which address of ours.

use std::net::IpAddr;

use super::Centre;
use super::floor::For;
use crate::call::conversation::Watching;
use crate::call::line::LineInput;
use crate::command::Refusal;
use crate::domain::{PhoneNumber, Seat, UserId};
use crate::machine::Now;
use crate::sip::event::{Dial, DialogId, EndCause, Ring, Shown, SipCommand};
use crate::sip::outbound::Barred;

impl Centre {
    /// Our address towards this agent's phone.
    pub(super) fn seat_address(&self, agent: &UserId) -> IpAddr {
        let Some(Seat::Phone { account }) = self.floor.desks.get(agent).and_then(|desk| desk.seat.as_ref()) else {
            return self.outside_address();
        };
        self.phone_address(account)
    }

    /// Our address towards the phone of this account.
    pub(super) fn phone_address(&self, account: &str) -> IpAddr {
        let address = self.sip.contacts_of(account).next().map(|(_, flow)| flow.local.ip());
        address.unwrap_or(self.limits.address)
    }

    /// Whether a phone of the account that this line rings is a softphone in a browser.
    pub(super) fn rings_browsers(&self, what: &For) -> bool {
        let account = match what {
            For::Seat { agent, .. } | For::Own { agent, .. } => match self.floor.desks.get(agent).and_then(|desk| desk.seat.as_ref()) {
                Some(Seat::Phone { account }) => account,
                _ => return false,
            },
            For::Listen { account: Some(account) } => account,
            _ => return false,
        };
        self.sip.contacts_of(account).any(|(_, flow)| flow.transport.is_websocket())
    }

    /// Our address towards the telephone company.
    pub(super) fn outside_address(&self) -> IpAddr {
        self.limits.address
    }

    /// Whether this outside number may be called, and could be.
    pub(super) fn may_dial(&self, number: &PhoneNumber) -> Result<(), Refusal> {
        self.sip.may_dial(number.reveal()).map_err(|barred| match barred {
            Barred::Off => Refusal::OutboundOff,
            Barred::International => Refusal::Abroad,
            Barred::NoTrunk => Refusal::NoTrunk,
            Barred::BadNumber => Refusal::NoTarget,
            Barred::TooMany => Refusal::Limit,
            Barred::Prefix => Refusal::Barred,
        })
    }

    /// The port of a line is open: ring it.
    pub(super) fn ring_line(&mut self, now: Now, id: u64, what: &For, sdp: String, browser: Option<String>) {
        let dialog = DialogId(id);
        let number = self.numbers.remove(&id);
        let command = match what {
            For::Seat { agent, call, .. } | For::Own { agent, call, .. } => {
                let seat = self.floor.desks.get(agent).and_then(|desk| desk.seat.clone());
                let own = matches!(what, For::Own { .. });
                match seat {
                    Some(Seat::Phone { account }) => {
                        let caller = self.shown(*call);
                        let ring = Ring { dialog, account, caller, headers: Vec::new(), sdp, browser, auto_answer: own };
                        Some(SipCommand::Ring(Box::new(ring)))
                    }
                    Some(Seat::Outside { number }) => Some(dial(dialog, &number, sdp)),
                    Some(Seat::Browser) | None => None,
                }
            }
            For::Node { call } => self.ring_node(id, *call, sdp),
            For::Listen { account: Some(account) } => Some(Self::ring_listener(id, account.clone(), sdp, browser)),
            For::Consult { call } | For::Hand { call } if number.is_none() => self.ring_across(id, *call, &sdp),
            For::Listen { account: None } | For::Consult { .. } | For::Hand { .. } | For::Second { .. } => {
                number.map(|number| dial(dialog, &number, sdp))
            }
        };
        match command {
            Some(command) => self.command(now, command),
            None => {
                self.with_line(now, id, LineInput::Ended(EndCause::Local));
            }
        }
    }

    /// What the display of a rung phone shows.
    fn shown(&self, call: u64) -> Shown {
        let number = self.calls.get(&call).and_then(|session| session.record().caller.as_ref());
        Shown {
            number: number.map(|number| number.reveal().to_owned()).unwrap_or_default(),
            name: self.floor.talks.get(&call).map(|talk| talk.pop.name.clone()).unwrap_or_default(),
        }
    }

    /// A supervisor's part is over.
    pub(super) fn watching_over(&mut self, now: Now, call: u64, watching: &Watching) {
        self.keep_watching(now, call, watching);
        self.publish(now, crate::event::What::Withdrawn { to: watching.who.user.clone(), call, why: "watch_over" });
    }
}

fn dial(dialog: DialogId, number: &PhoneNumber, sdp: String) -> SipCommand {
    SipCommand::Dial(Box::new(Dial { dialog, trunk: None, number: number.reveal().to_owned(), from: String::new(), sdp }))
}
