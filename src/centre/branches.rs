//! Branches that we call about an order which nobody there has taken (C82).

use super::{Centre, Output};
use crate::call::request::StoreRequest;
use crate::call::session::{Outgoing, Session, SessionInput, Tell};
use crate::domain::{BranchCall, End, Language, Party, Reason};
use crate::machine::Now;

impl Centre {
    /// Calls the branch; whatever comes of it is written down, so that it is called again if need be.
    pub(super) fn call_branch(&mut self, now: Now, tell: Box<BranchCall>) {
        let dialog = self.sip.new_dialog_id();
        let call = dialog.0;
        self.newest_call = self.newest_call.max(call);
        let (id, phone) = (tell.id.clone(), tell.phone.clone());
        self.branch_calls.insert(call, id);
        if !self.place_session(now, dialog, phone, Outgoing::Branch, Language::Mandarin, Some(Tell::Branch(tell))) {
            self.branch_unanswered(call, "no_line".to_owned());
        }
    }

    /// Somebody has answered the order otherwise: the telephone stops ringing. Whoever has picked it up hears how it stands.
    pub(super) fn branch_settled(&mut self, now: Now, id: &str) {
        let call = self.branch_calls.iter().find(|(_, known)| *known == id).map(|(call, _)| *call);
        let rings = |call: &u64| self.calls.get(call).is_some_and(|session| session.record().answered_at.is_none());
        if let Some(call) = call.filter(rings) {
            let end = End { by: Party::Us, reason: Reason::Finished };
            self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::End(end)));
        }
    }

    /// A call to a branch has ended.
    pub(super) fn branch_call_gone(&mut self, call: u64) {
        if !self.branch_calls.contains_key(&call) {
            return;
        }
        match self.calls.get(&call).and_then(Session::end).map(|end| &end.reason) {
            // A key was pressed, and what it means is on disk.
            Some(Reason::Served) => drop(self.branch_calls.remove(&call)),
            Some(Reason::NoAgent | Reason::TooLong) => self.branch_unanswered(call, "no_key".to_owned()),
            Some(reason) => {
                let why = reason.name();
                self.branch_unanswered(call, why);
            }
            None => self.branch_unanswered(call, "gone".to_owned()),
        }
    }

    fn branch_unanswered(&mut self, call: u64, why: String) {
        if let Some(id) = self.branch_calls.remove(&call) {
            self.out.push_back(Output::Store(StoreRequest::BranchUnanswered { id, why }));
        }
    }
}
