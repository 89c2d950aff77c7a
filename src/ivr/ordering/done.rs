//! The order's number and when it comes; then the caller may hang up.

use super::super::dialogue::{Dialogue, Got, Step as Any, Turn};
use super::super::io::Hangup;
use crate::domain::{Arg, ClockTime, Fulfilment, Phrase};

pub(super) fn enter(d: &mut Dialogue) {
    let Some(done) = d.order.done.clone() else { return d.go_home() };
    let time = Arg::Time(ClockTime::of(d.clock.local(done.promised_at)));
    let eta = match done.fulfilment {
        Fulfilment::Delivery => "final.eta_delivery",
        Fulfilment::Pickup => "final.eta_pickup",
    };
    let phrases = [
        Phrase::plain("final.done").with("last4", Arg::Digits(done.number.last4().to_owned())),
        Phrase::plain(eta).with("time", time),
        Phrase::plain("final.after"),
    ];
    let wait = d.script.settings.menu_wait;
    // A second `#` pressed in haste must not cut the number off.
    d.ask(Turn::menu(phrases, "").or_silence(wait).commit());
}

pub(super) fn got(d: &mut Dialogue, got: Got) {
    if got == Got::Back {
        d.outcome("main_menu");
        d.go_home();
    } else {
        d.outcome("finished");
        d.goto(Any::Bye(Hangup::Served));
    }
}
