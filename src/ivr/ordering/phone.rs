//! The number to be called when something is unclear: the calling number, or one that is keyed and read back.

use super::super::dialogue::{Dialogue, Entry, Got, Turn};
use super::{Step, go, next};
use crate::domain::{Arg, PhoneNumber, Phrase};

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Phone => match &d.caller {
            Some(caller) => {
                let phrase = Phrase::plain("phone.confirm").with("last4", Arg::Digits(caller.last4().to_owned()));
                d.ask(Turn::menu([phrase], "#"));
            }
            None => go(d, Step::PhoneEnter),
        },
        Step::PhoneEnter => d.ask(Turn::entry([Phrase::plain("phone.enter")], Entry::open(10, 12))),
        _ => {
            let digits = d.order.keyed.as_ref().map(|phone| phone.reveal().to_owned()).unwrap_or_default();
            let readback = Phrase::plain("phone.readback").with("digits", Arg::Digits(digits));
            d.ask(Turn::menu([readback, Phrase::plain("gen.confirm_keys")], "#"));
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Phone, Got::Key(_)) => {
            d.outcome("caller");
            d.order.phone = d.caller.clone();
            next(d);
        }
        (Step::Phone, _) => {
            d.outcome("other");
            go(d, Step::PhoneEnter);
        }
        (Step::PhoneEnter, Got::Digits(digits)) => match PhoneNumber::parse(&digits).filter(PhoneNumber::is_complete) {
            Some(phone) => {
                d.order.keyed = Some(phone);
                go(d, Step::PhoneSure);
            }
            None => d.no_match(Some(Phrase::plain("gen.bad_length"))),
        },
        (Step::PhoneEnter, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            if d.caller.is_some() {
                go(d, Step::Phone);
            } else {
                d.order.when = None;
                go(d, Step::Time);
            }
        }
        (Step::PhoneSure, Got::Key(_)) => {
            d.outcome("keyed");
            d.order.phone = d.order.keyed.take();
            next(d);
        }
        (Step::PhoneSure, _) => {
            d.outcome("again");
            go(d, Step::PhoneEnter);
        }
        _ => d.failed(),
    }
}
