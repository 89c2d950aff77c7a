//! The diner's telephone in a page, for demonstrations: a caller whose way to us is a browser's leg.

use super::Centre;
use crate::call::session::{Session, SessionInput};
use crate::command::Refusal;
use crate::domain::PhoneNumber;
use crate::event::{PhoneState, What};
use crate::machine::Now;
use crate::sip::event::EndCause;

/// Pages with a telephone at once.
const MOST_PAGES: usize = 200;
/// A WebRTC offer is some kilobytes.
const LONGEST_OFFER: usize = 60_000;

impl Centre {
    pub(super) fn phone_dial(&mut self, now: Now, page: u64, number: &str, caller: &str, sdp: String) -> Result<(), Refusal> {
        if !self.limits.demo {
            return Err(Refusal::NotAllowed);
        }
        if self.floor.pages.contains_key(&page) {
            return Err(Refusal::WrongState);
        }
        let digits = |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit() || b == b'+');
        if !digits(number) || sdp.len() > LONGEST_OFFER {
            return Err(Refusal::NoTarget);
        }
        if self.draining || self.calls.len() >= self.limits.max_calls || self.floor.pages.len() >= MOST_PAGES {
            return Err(Refusal::Unavailable);
        }
        let id = self.call_id(now);
        let dialog = self.sip.new_dialog_id();
        self.newest_call = self.newest_call.max(dialog.0);
        let session = Session::from_page(id, dialog, self.limits.address, PhoneNumber::parse(caller), number.to_owned(), sdp, now);
        self.floor.pages.insert(page, dialog.0);
        self.take_in(now, dialog.0, session);
        Ok(())
    }

    pub(super) fn phone_key(&mut self, now: Now, page: u64, key: char) -> Result<(), Refusal> {
        let call = *self.floor.pages.get(&page).ok_or(Refusal::NoCall)?;
        if !key.is_ascii_digit() && !matches!(key, '*' | '#') {
            return Err(Refusal::Limit);
        }
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Info { body }));
        Ok(())
    }

    pub(super) fn phone_hang_up(&mut self, now: Now, page: u64) -> Result<(), Refusal> {
        let call = *self.floor.pages.get(&page).ok_or(Refusal::NoCall)?;
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::SipEnded(EndCause::PeerBye)));
        Ok(())
    }

    pub(super) fn page_says(&mut self, now: Now, call: u64, state: PhoneState) {
        if let Some(page) = self.floor.pages.iter().find(|(_, of)| **of == call).map(|(page, _)| *page) {
            self.publish(now, What::Phone { page, state });
        }
    }

    pub(super) fn page_phone_over(&mut self, now: Now, page: u64, call: u64) {
        let why = self.calls.get(&call).and_then(Session::end).map_or_else(|| "finished".to_owned(), |end| end.reason.name());
        self.floor.pages.remove(&page);
        self.publish(now, What::Phone { page, state: PhoneState::Ended { why } });
    }
}
