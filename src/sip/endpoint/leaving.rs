//! Registrations of trunks that are no more: taken back at their registrar, with one try (RFC 3261 section 10.2.2).

use crate::machine::Now;
use crate::sip::event::{Flow, TrunkSettings};
use crate::sip::message::writer::own_uri;
use crate::sip::message::{Message, Method, Response};
use crate::sip::transaction::Owner;
use crate::sip::trunk::{Asking, Trunk};

use super::Endpoint;
use super::asking::{challenge, finish_asking, register, user};

/// One registration that is being taken back.
#[derive(Debug)]
pub(super) struct Leaving {
    number: u64,
    key: u64,
    was: TrunkSettings,
    flow: Flow,
    asking: Asking,
}

/// What a registrar keeps of a trunk: whom, where, and at which address of ours.
pub(super) fn binding(settings: &TrunkSettings) -> Option<(&str, &str, String)> {
    let registration = settings.registration.as_ref()?;
    Some((&registration.aor, &registration.registrar, own_uri(&user(registration), settings.local, settings.transport)))
}

impl Endpoint {
    /// Takes back what the registrar may still keep of a trunk as it was, unless a trunk of `wanted` goes on with it.
    pub(super) fn take_back(&mut self, now: Now, was: Trunk, wanted: &[TrunkSettings]) {
        let flow = was.flow();
        let Trunk { settings, register, .. } = was;
        let (Some(flow), Some(mut asking)) = (flow, register) else { return };
        let may_hold = asking.pending.is_some() || asking.until.is_some_and(|until| until > now.instant);
        if !may_hold || wanted.iter().any(|new| !new.targets.is_empty() && binding(new) == binding(&settings)) {
            return;
        }
        asking.challenges = 0;
        self.leaving_count += 1;
        let leaving = Leaving { number: self.leaving_count, key: 0, was: settings, flow, asking };
        self.send_leaving(now, leaving, None);
    }

    /// A trunk takes this registration over: it is not taken back any more.
    pub(super) fn keep_registration(&mut self, new: &TrunkSettings) {
        let kept: Vec<u64> = self.leaving.extract_if(.., |one| binding(&one.was) == binding(new)).map(|one| one.key).collect();
        for key in kept {
            self.remove_transaction(key);
        }
    }

    fn send_leaving(&mut self, now: Now, mut leaving: Leaving, authorization: Option<(&'static str, String)>) {
        let Some(registration) = leaving.was.registration.as_ref() else { return };
        let branch = self.branch();
        leaving.asking.cseq += 1;
        let mut out = register(leaving.flow, &branch, registration, &leaving.asking, 0);
        finish_asking(&mut out, "REGISTER", leaving.flow, &leaving.asking, authorization, &self.settings.product);
        let patience = self.timing.long();
        let owner = Owner::Leaving(leaving.number);
        leaving.key = self.request(now, leaving.flow, &branch, Method::Register, owner, patience, out.finish(None));
        self.leaving.push(leaving);
    }

    /// The registrar's answer: a challenge is answered once, anything else is the end of it.
    pub(super) fn leaving_answered(&mut self, now: Now, number: u64, message: &Message<'_>, response: &Response<'_>) {
        if response.status < 200 {
            return;
        }
        let Some(mut leaving) = self.left(number) else { return };
        let Some(registration) = leaving.was.registration.as_ref().filter(|_| matches!(response.status, 401 | 407)) else { return };
        let Some((name, challenge)) = challenge(message, response.status, registration.allow_md5) else { return };
        if leaving.asking.challenges > 2 || leaving.asking.challenges > 0 && !challenge.stale {
            return;
        }
        leaving.asking.challenges += 1;
        let value = challenge.answer(&registration.credentials, "REGISTER", &registration.registrar, 1, &mut self.ids);
        self.send_leaving(now, leaving, Some((name, value)));
    }

    /// Ends it: there was an answer, or there is none.
    pub(super) fn left(&mut self, number: u64) -> Option<Leaving> {
        let place = self.leaving.iter().position(|one| one.number == number)?;
        Some(self.leaving.swap_remove(place))
    }
}
