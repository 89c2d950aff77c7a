//! Who orders: member number before keyed phone before calling number; a guess from the number is confirmed (C20).

use super::super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn, first_keys};
use super::super::io::DialogueOutput;
use super::super::points;
use super::super::question::{Answer, Card, Question};
use super::{Step, go, start};
use crate::domain::{Arg, Member, MemberNumber, PhoneNumber, Phrase};

/// Members offered by their last digits.
const MOST: usize = 4;

/// Asks who it is, by what the calling number tells.
pub(in crate::ivr) fn identify(d: &mut Dialogue) {
    let known = !d.caller.as_ref().is_some_and(PhoneNumber::is_virtual);
    go(
        d,
        match d.card.members.len() {
            1 if known => Step::Known,
            2.. if known => Step::Several,
            _ => Step::Member,
        },
    );
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Known => {
            let last4 = d.card.members.first().map(|member| member.number.last4().to_owned()).unwrap_or_default();
            d.ask(Turn::menu([Phrase::plain("mem.caller_known").with("last4", Arg::Digits(last4))], "123"));
        }
        Step::Several => several(d),
        _ => {
            let entry = Entry::fixed(6).or_empty().or_phone();
            // Whoever is not found three times goes on as a guest.
            d.ask(Turn::entry([Phrase::plain("mem.ask_id")], entry));
        }
    }
}

/// One number, several members: the caller chooses by last digits, nothing is assumed.
fn several(d: &mut Dialogue) {
    let members = candidates(d);
    let phrases: Vec<Phrase> = members
        .iter()
        .zip(1..)
        .map(|(member, key)| {
            let last4 = Arg::Digits(member.number.last4().to_owned());
            Phrase::plain("info.cat_item").with("category", last4).with("key", Arg::Key(key))
        })
        .collect();
    let keys = first_keys(phrases.len());
    d.ask(Turn::menu(phrases, keys));
}

fn candidates(d: &Dialogue) -> Vec<Member> {
    let card = d.me.card.as_deref().unwrap_or(&d.card);
    card.members.iter().take(MOST).cloned().collect()
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Known, Got::Key('1')) => match d.card.members.first().cloned() {
            Some(member) => {
                d.outcome("caller");
                use_member(d, member);
                done(d);
            }
            None => guest(d, true),
        },
        (Step::Known, Got::Key('2')) => {
            d.outcome("other");
            go(d, Step::Member);
        }
        (Step::Known, Got::Key(_)) => guest(d, true),
        (Step::Several, Got::Key(key)) => {
            let place = key as usize - '1' as usize;
            match candidates(d).get(place) {
                // Their own card is fetched: addresses and points are one person's.
                Some(member) => {
                    let number = member.number.clone();
                    d.question(Question::Member(number));
                }
                None => d.no_match(None),
            }
        }
        (Step::Several, Got::Back) => go(d, Step::Member),
        (Step::Member, Got::Digits(digits)) => keyed(d, &digits),
        (Step::Several | Step::Member, Got::Answer(Answer::Known(card))) => found(d, card),
        (_, Got::Back) => {
            d.order.active = false;
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
        _ => d.failed(),
    }
}

fn keyed(d: &mut Dialogue, digits: &str) {
    if digits.is_empty() {
        let had_choice = !d.card.members.is_empty();
        guest(d, had_choice);
    } else if let Some(number) = MemberNumber::parse(digits) {
        d.question(Question::Member(number));
    } else if let Some(phone) = PhoneNumber::parse(digits) {
        d.me.keyed = Some(phone.clone());
        d.question(Question::Phone(phone));
    } else {
        d.no_match(Some(Phrase::plain("gen.bad_length")));
    }
}

fn found(d: &mut Dialogue, card: Box<Card>) {
    match card.members.as_slice() {
        [] => {
            d.outcome("not_found");
            if d.last_try() {
                d.tell(Phrase::plain("mem.not_found"));
                guest(d, false);
            } else {
                d.no_match(Some(Phrase::plain("mem.not_found")));
            }
        }
        [member] => {
            d.outcome("member");
            let member = member.clone();
            d.me.card = Some(card);
            use_member(d, member);
            done(d);
        }
        _ => {
            d.outcome("several");
            d.me.card = Some(card);
            go(d, Step::Several);
        }
    }
}

/// Takes the member and greets by level, together with the next question.
fn use_member(d: &mut Dialogue, member: Member) {
    let by_number = d.me.card.is_some();
    if by_number {
        d.tell(Phrase::plain("mem.readback").with("digits", Arg::Digits(member.number.as_str().to_owned())));
        d.tell(Phrase::plain("mem.hello").with("level", Arg::Level(member.level.clone())));
    }
    d.put(DialogueOutput::Identified { customer: Some(member.customer.clone()), member: Some(member.number.clone()) });
    d.me.settled = true;
    d.me.anonymous = false;
    d.me.member = Some(member);
    d.me.pin = false;
}

/// No member this time. `anonymous`: somebody on this number is a member, but the caller does not want to be.
fn guest(d: &mut Dialogue, anonymous: bool) {
    d.outcome("guest");
    d.tell(Phrase::plain("mem.guest"));
    d.me.settled = true;
    d.me.anonymous = anonymous;
    d.me.member = None;
    d.me.card = None;
    let customer = d.customer();
    d.put(DialogueOutput::Identified { customer, member: None });
    done(d);
}

fn done(d: &mut Dialogue) {
    if d.order.active { start::identified(d) } else { d.goto(Any::Points(points::Step::Member)) }
}
