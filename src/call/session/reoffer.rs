//! The peer changes the session: hold, resume, another port or codec.

use super::{Env, Session, SessionOutput, State, Timer, Wire};
use crate::call::plan::{self, Side};
use crate::domain::StepKind;
use crate::machine::Now;
use crate::media::order::{LegPlan, MediaOrder};
use crate::sip::event::SipCommand;
use crate::sip::sdp;

impl Session {
    pub(super) const fn side(&self) -> Side {
        Side { address: self.local_ip, port: self.port, session: self.dialog.0, version: self.sdp_version }
    }

    /// A change of the session by the peer: hold, resume, another port or codec.
    pub(super) fn reoffer(&mut self, env: &Env, now: Now, offer: Option<sdp::Session>) {
        if self.state == State::Ending {
            return self.answer_reoffer(Err(481));
        }
        if self.wire == Wire::Browser {
            self.browser_again(now, offer.as_ref());
            return self.drain_dialogue(env, now);
        }
        self.sdp_version += 1;
        match plan::answer(offer.as_ref(), self.side(), env.srtp.of(self.dialog)) {
            Ok((plan, body)) => {
                if offer.is_some() {
                    self.change_plan(now, plan);
                }
                self.answer_reoffer(Ok(body));
                self.drain_dialogue(env, now);
            }
            Err(status) => self.answer_reoffer(Err(status)),
        }
    }

    pub(super) fn answer_reoffer(&mut self, answer: Result<String, u16>) {
        self.outputs.push_back(SessionOutput::Sip(SipCommand::AnswerReoffer { dialog: self.dialog, answer }));
    }

    pub(super) fn change_plan(&mut self, now: Now, plan: LegPlan) {
        // Whoever does not want to hear us has put us on hold.
        self.held(now, !plan.send);
        if plan != self.plan {
            self.media_order(MediaOrder::Change { leg: self.leg, plan: plan.clone() });
        }
        self.plan = plan;
    }

    pub(super) fn held(&mut self, now: Now, held: bool) {
        if held == self.is_held {
            return;
        }
        self.is_held = held;
        if held {
            self.timers.stop(Timer::NoAudio);
        }
        self.step(now, StepKind::Note(if held { "the caller put us on hold" } else { "the caller is back from hold" }.into()));
        self.outputs.push_back(SessionOutput::CallerHolds(held));
        self.rest(now);
    }
}
