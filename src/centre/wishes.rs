//! What people ask for: each command is checked against role and state, then done or refused; a refusal changes nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::supervision::supervises;
use super::{Centre, Output};
use crate::command::{Command, Refusal, Wish};
use crate::domain::{CallId, Role, UserId};
use crate::machine::{Machine, Now};
use crate::queue::AcdInput;

impl Centre {
    /// Does what a person asks for.
    ///
    /// # Errors
    /// Why it was not done; nothing has changed then.
    pub fn wish(&mut self, now: Now, wish: Wish) -> Result<(), Refusal> {
        let what = format!("{:?}", std::mem::discriminant(&wish.what));
        let result = catch_unwind(AssertUnwindSafe(|| self.grant(now, wish))).unwrap_or_else(|_| {
            // Counted as a fault; the calls that are up go on.
            self.out.push_back(Output::Fault { id: CallId::new("-"), what: format!("a wish panicked: {what}") });
            Err(Refusal::Unavailable)
        });
        self.settle(now);
        result
    }

    fn grant(&mut self, now: Now, wish: Wish) -> Result<(), Refusal> {
        let Wish { by, role, page, what } = wish;
        match &what {
            Command::PhoneDial { .. } | Command::PhoneKey { .. } | Command::PhoneHangUp => {}
            Command::PageGone => {
                if self.floor.pages.contains_key(&page) {
                    return self.phone_hang_up(now, page);
                }
            }
            _ => self.page_back(now, &by, page),
        }
        match what {
            Command::StartShift { seat } => self.start_shift(now, &by, page, seat),
            Command::EndShift => self.end_shift(now, &by),
            Command::Ready => self.tell_acd(now, AcdInput::Ready { agent: by }),
            Command::TakeBreak { reason } => {
                if !self.is_break(&reason) {
                    return Err(Refusal::NoTarget);
                }
                self.tell_acd(now, AcdInput::Break { agent: by, reason })
            }
            Command::MediaOffer { sdp } => {
                self.media_offer(now, &by, page, sdp);
                Ok(())
            }
            Command::MediaCandidate { candidate } => self.media_candidate(&by, candidate),
            Command::PageGone => {
                self.page_gone(now, &by, page);
                Ok(())
            }
            Command::Answer { call } => self.answer(now, &by, call),
            Command::Reject { call } => self.reject(now, &by, call),
            Command::HangUp { call } => self.hang_up(now, &by, call),
            Command::Hold { call } => self.hold(now, &by, call),
            Command::Resume { call } => self.resume(now, &by, call),
            Command::Mute { call, on } => self.mute(now, &by, call, on),
            Command::Keys { call, keys } => self.send_keys(now, &by, call, keys),
            Command::Transfer { call, to, mode, note } => self.transfer(now, &by, call, to, mode, note),
            Command::CompleteTransfer { call } => self.complete_transfer(now, &by, call),
            Command::CancelConsult { call } => self.cancel_consult(now, &by, call),
            Command::Conference { call } => self.conference(now, &by, call),
            Command::Note { call, text } => self.put_note(now, &by, call, text),
            Command::Ordered { call, number } => self.ordered(now, &by, call, number),
            Command::Identify { call, customer } => self.identify(now, &by, call, customer),
            Command::WrapUp { call, disposition, note } => self.wrap_up(now, &by, call, disposition, note),
            Command::ExtendWrapUp => self.extend_wrap_up(now, &by),
            Command::Dial { number, because } => self.dial(now, &by, number, &because),
            other => self.grant_floor(now, &by, role, page, other),
        }
    }

    fn grant_floor(&mut self, now: Now, by: &UserId, role: Role, page: u64, what: Command) -> Result<(), Refusal> {
        match what {
            Command::PhoneDial { number, caller, sdp } => return self.phone_dial(now, page, &number, &caller, sdp),
            Command::PhoneKey { key } => return self.phone_key(now, page, key),
            Command::PhoneHangUp => return self.phone_hang_up(now, page),
            Command::StopSupervising => {
                self.stop_watching(now, by);
                return Ok(());
            }
            _ => supervises(role)?,
        }
        match what {
            Command::Supervise { agent, how } => self.supervise(now, by, &agent, how),
            Command::ForceBreak { agent, reason } => self.force_break(now, by, &agent, reason),
            Command::ForceSignOut { agent, reason } => self.force_sign_out(now, by, &agent, reason),
            Command::Prefer { call } => self.prefer(now, by, call),
            Command::MoveToQueue { call, queue } => self.move_to_queue(now, by, call, queue),
            _ => Err(Refusal::WrongState),
        }
    }

    fn tell_acd(&mut self, now: Now, input: AcdInput) -> Result<(), Refusal> {
        self.floor.acd.check(&input)?;
        self.floor.acd.handle(now, input);
        Ok(())
    }
}
