//! A desk phone's second call: whom it dials while its agent has a caller is consulted, and its transfer key brings both together.

use super::Centre;
use super::floor::For;
use crate::call::conversation::Advice;
use crate::call::line::Line;
use crate::command::{Refusal, Target, TransferMode};
use crate::domain::{Seat, UserId};
use crate::machine::Now;
use crate::sip::event::{Invited, SipCommand};

impl Centre {
    /// Whose second call this is, in which call, and whom it is for. Only a phone with a password is believed.
    pub(super) fn is_second(&self, invited: &Invited) -> Option<(UserId, u64, Target)> {
        let account = invited.trunk.strip_prefix("account:")?;
        let sits = |seat: &Option<Seat>| matches!(seat, Some(Seat::Phone { account: own }) if own == account);
        let (user, _) = self.floor.desks.iter().find(|(_, desk)| sits(&desk.seat) && desk.line.is_some())?;
        let call = self.floor.talks.values().find(|talk| talk.is_of(user)).map(|talk| talk.call)?;
        Some((user.clone(), call, self.target(&invited.dialled)?))
    }

    pub(super) fn second_call(&mut self, now: Now, invited: Invited, agent: UserId, call: u64, to: Target) {
        let (dialog, ip) = (invited.dialog, invited.sound);
        let reject = |status| SipCommand::Reject { dialog, status, retry_after: None };
        let Some(port) = self.ports.lend(now.instant) else { return self.command(now, reject(503)) };
        let bind = self.env.bind(ip);
        match Line::take(dialog, invited.offer, ip, bind, port, self.env.srtp.of(dialog), now) {
            Ok(line) => {
                self.floor.lines.insert(dialog.0, (line, For::Second { agent, call, to }));
                self.drain_line(now, dialog.0);
            }
            Err(status) => {
                self.ports.give_back(now.instant, port);
                self.command(now, reject(status));
            }
        }
    }

    /// The phone's second call stands: whom it dialled is rung, and hears the agent by this call.
    pub(super) fn second_up(&mut self, now: Now, id: u64, agent: &UserId, call: u64, to: Target) {
        if self.transfer(now, agent, call, to, TransferMode::Consult, String::new()).is_err() {
            return self.hang_up_line(now, id);
        }
        if let Some(consult) = self.floor.talks.get_mut(&call).and_then(|talk| talk.consult.as_mut()) {
            consult.by = Some(id);
        }
        self.rebridge(now, call);
    }

    /// The phone has ended its second call: nobody is consulted any more, and the caller is where they were, mostly on hold.
    pub(super) fn second_gone(&mut self, now: Now, id: u64, call: u64) {
        if self.floor.talks.get(&call).and_then(|talk| talk.consult.as_ref()).is_some_and(|consult| consult.by == Some(id)) {
            self.end_consult(now, call, true);
            self.rebridge(now, call);
        }
    }

    /// The caller and whom the second call is with are brought together; one who still rings is rung for the caller.
    pub(super) fn join_calls(&mut self, now: Now, agent: &UserId, call: u64, second: u64) -> Result<(), Refusal> {
        let to = match self.floor.lines.get(&second) {
            Some((_, For::Second { agent: of, call: in_call, to })) if of == agent && *in_call == call => to.clone(),
            _ => return Err(Refusal::WrongState),
        };
        let state = self.floor.talks.get(&call).and_then(|talk| talk.consult.as_ref()).map(|consult| consult.state);
        match state {
            Some(Advice::Talking) => self.complete_transfer(now, agent, call),
            Some(Advice::Ringing) => {
                let rung = self.floor.talks.get(&call).and_then(|talk| talk.consult.as_ref()?.agent.clone());
                let to = rung.map_or(to, |who| Target::Agent(who.user));
                self.rung_for_the_caller(now, agent, call, to)
            }
            Some(Advice::Failed) | None => Err(Refusal::WrongState),
        }
    }
}
