//! Transfers that a phone of ours asks for (RFC 3515, RFC 3891, RFC 5589): REFER in, NOTIFY about how it goes out.

use crate::machine::Now;
use crate::sip::dialog::{Dialog, State};
use crate::sip::event::{DialogId, Flow, SipEvent};
use crate::sip::message::uri::{cut, unescape};
use crate::sip::message::writer::reason_phrase;
use crate::sip::message::{Address, Message, Method, Name, Request, Scheme};
use crate::sip::transaction::Owner;

use super::Endpoint;

/// Octets of a number that a call may be transferred to.
const LONGEST: usize = 128;
/// How long the phone is kept informed, in seconds.
const INFORMED: u32 = 180;

impl Endpoint {
    pub(super) fn refer(&mut self, now: Now, flow: Flow, message: &Message<'_>, request: &Request<'_>, dialog: &mut Dialog, key: u64) {
        let refuse = |endpoint: &mut Self, dialog: &Dialog, status: u16, reason: &'static str| {
            endpoint.refused(reason, Some(status), flow.peer);
            endpoint.respond_inside(now, flow, message, dialog, key, status, |_| {});
        };
        if dialog.account.is_none() {
            // Outside callers send nobody anywhere.
            self.refused("refer_from_outside", Some(405), flow.peer);
            return self.respond_inside(now, flow, message, dialog, key, 405, |out| out.line("Allow", dialog.allow()));
        }
        if dialog.state != State::Confirmed || dialog.refer.is_some() {
            return refuse(self, dialog, 491, "refer_pending");
        }
        let target = match (message.all(Name::ReferTo).next(), message.all(Name::ReferTo).nth(1)) {
            (Some(value), None) => refer_target(value),
            _ => None,
        };
        let Some(target) = target else { return refuse(self, dialog, 400, "bad_refer_to") };
        let replaces = match target.replaces.map(|it| self.replaced(dialog, &it)) {
            Some(None) => return refuse(self, dialog, 481, "refer_replaces"),
            Some(found) => found,
            None => None,
        };
        if target.user.is_empty() && replaces.is_none() {
            return refuse(self, dialog, 400, "bad_refer_to");
        }
        self.respond_inside(now, flow, message, dialog, key, 202, |out| out.format("Contact", format_args!("<{}>", dialog.contact())));
        dialog.refer = Some(request.cseq);
        self.notify(now, dialog, 100);
        self.event(SipEvent::Referred { dialog: dialog.id, to: target.user, replaces });
    }

    /// The other call of the same phone that Replaces names; some phones write the two tags the other way round.
    fn replaced(&self, dialog: &Dialog, replaces: &Replaces) -> Option<DialogId> {
        let find = |ours: &[u8], theirs: &[u8]| {
            let id = self.by_tag.get(&self.keys.dialog(&replaces.call_id, ours))?;
            let other = self.dialogs.get(id)?;
            let fits = *other.call_id == *replaces.call_id
                && *other.remote_tag == *theirs
                && other.account.is_some()
                && other.account == dialog.account
                && other.state == State::Confirmed;
            fits.then_some(*id)
        };
        find(&replaces.to_tag, &replaces.from_tag).or_else(|| find(&replaces.from_tag, &replaces.to_tag))
    }

    pub(super) fn refer_progress(&mut self, now: Now, id: DialogId, status: u16) {
        self.with_dialog(id, |endpoint, dialog| {
            if dialog.state == State::Confirmed && dialog.refer.is_some() {
                endpoint.notify(now, dialog, status.clamp(100, 699));
            }
        });
    }

    fn notify(&mut self, now: Now, dialog: &mut Dialog, status: u16) {
        let Some(subscription) = dialog.refer else { return };
        let branch = self.branch();
        let mut out = dialog.request(Method::Notify, &branch, &self.settings.product);
        out.format("Contact", format_args!("<{}>", dialog.contact()));
        out.format("Event", format_args!("refer;id={subscription}"));
        if status >= 200 {
            out.line("Subscription-State", "terminated;reason=noresource");
            dialog.refer = None;
        } else {
            out.format("Subscription-State", format_args!("active;expires={INFORMED}"));
        }
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let bytes = out.finish(Some(("message/sipfrag;version=2.0", body.as_bytes())));
        let (flow, patience) = (dialog.next_hop(), self.timing.long());
        self.request(now, flow, &branch, Method::Notify, Owner::Nobody, patience, bytes);
    }
}

struct Target {
    user: String,
    replaces: Option<Replaces>,
}

struct Replaces {
    call_id: Vec<u8>,
    to_tag: Vec<u8>,
    from_tag: Vec<u8>,
}

fn refer_target(value: &[u8]) -> Option<Target> {
    let address = Address::parse(value)?;
    if address.uri.scheme == Scheme::Other {
        return None;
    }
    let user: String = address.uri.user_text().chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    let header =
        address.uri.headers.split(|byte| *byte == b'&').map(|it| cut(it, b'=')).find(|(name, _)| name.eq_ignore_ascii_case(b"Replaces"));
    let replaces = match header {
        None => None,
        Some((_, value)) => Some(replaces(&unescape(value))?),
    };
    // Other headers in the URI would let a phone write what it likes into our calls: they are ignored.
    Some(Target { user, replaces })
}

fn replaces(value: &[u8]) -> Option<Replaces> {
    let mut parts = value.split(|byte| *byte == b';');
    let call_id = parts.next().filter(|it| !it.is_empty())?.to_vec();
    let (mut to_tag, mut from_tag) = (None, None);
    for part in parts {
        match cut(part, b'=') {
            (b"to-tag", tag) => to_tag = Some(tag.to_vec()),
            (b"from-tag", tag) => from_tag = Some(tag.to_vec()),
            _ => {}
        }
    }
    Some(Replaces { call_id, to_tag: to_tag?, from_tag: from_tag? })
}
