//! Messages by voice: complaints, suggestions, "please call me back", and what is said while no agent is there.

use super::dialogue::{Dialogue, Got, Segment, Step as Any, Turn};
use super::io::Hangup;
use super::question::{Answer, Message, MessageKind, OrderView, Question};
use crate::domain::{Arg, OrderId, Phrase, RecordingId};

/// Steps of leaving a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Complaint about an order, suggestion, or something urgent.
    Menu,
    /// Which order.
    Pick,
    Record,
    Review,
    /// Waits for the case number.
    Save,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Menu => "cp.menu",
            Self::Pick => "cp.pick",
            Self::Record => "cp.record",
            Self::Review => "cp.review",
            Self::Save => "cp.save",
        }
    }
}

/// The message being made.
#[derive(Debug)]
pub(super) struct State {
    kind: MessageKind,
    order: Option<OrderId>,
    orders: Vec<OrderView>,
    recording: Option<RecordingId>,
    /// Recordings in which nothing was heard.
    unheard: u8,
    /// The caller wanted a person.
    no_agent: bool,
    /// The caller hung up while speaking: what was recorded is the message.
    left: bool,
}

impl Default for State {
    fn default() -> Self {
        Self { kind: MessageKind::Voicemail, order: None, orders: Vec::new(), recording: None, unheard: 0, no_agent: false, left: false }
    }
}

impl State {
    /// A message instead of a person.
    pub fn begin_voicemail(&mut self) {
        *self = Self { no_agent: true, ..Self::default() };
    }

    /// A wish to become a member.
    pub fn begin_join(&mut self) {
        *self = Self { kind: MessageKind::Join, ..Self::default() };
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Menu => d.ask(Turn::menu([Phrase::plain("cp.menu")], "12")),
        Step::Pick => {
            let (customer, phone) = (d.card.customer.clone(), d.caller.clone());
            if customer.is_none() && phone.is_none() {
                d.goto(Any::Message(Step::Record));
            } else {
                d.question(Question::Orders { customer, phone, open: false });
            }
        }
        Step::Record => {
            let prompt = if d.message.kind == MessageKind::Join { "pt.join_rec" } else { "cp.record" };
            let own = d.script.node(d.node).longest;
            let longest = own.unwrap_or(d.script.settings.record_message);
            d.ask(Turn::record([Phrase::plain(prompt)], longest));
        }
        Step::Review => {
            // Who cannot press keys sends by waiting.
            let wait = d.script.settings.menu_wait;
            d.ask(Turn { no_agent: d.message.no_agent, ..Turn::menu([Phrase::plain("cp.review")], "12#").or_silence(wait) });
        }
        Step::Save => {
            let Some(recording) = d.message.recording.clone() else { return d.goto(Any::Message(Step::Record)) };
            let message = Message {
                kind: d.message.kind,
                recording,
                customer: d.customer(),
                phone: d.caller.clone(),
                order: d.message.order.clone(),
            };
            d.question(Question::Message(message));
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Menu, Got::Key(key)) => {
            let complaint = key == '1';
            d.message = State { kind: if complaint { MessageKind::Complaint } else { MessageKind::Suggestion }, ..State::default() };
            d.outcome(if complaint { "complaint" } else { "suggestion" });
            d.goto(Any::Message(if complaint { Step::Pick } else { Step::Record }));
        }
        (Step::Pick, Got::Answer(Answer::Orders(orders))) => pick(d, orders),
        (Step::Pick, Got::Key(key)) => {
            let place = key as usize - '1' as usize;
            d.message.order = d.message.orders.get(place).map(|view| view.id.clone());
            d.outcome(if d.message.order.is_some() { "order" } else { "other" });
            d.goto(Any::Message(Step::Record));
        }
        (Step::Record, Got::Recorded(Some(recording))) => {
            d.message.recording = Some(recording);
            d.outcome("recorded");
            d.goto(Any::Message(Step::Review));
        }
        (Step::Record, Got::Recorded(None)) => {
            d.message.unheard += 1;
            d.outcome("nothing_heard");
            d.tell(Phrase::plain("cp.short"));
            if d.message.unheard < d.script.settings.tries {
                d.goto(Any::Message(Step::Record));
            } else {
                d.goto(Any::Bye(ending(d)));
            }
        }
        (Step::Review, Got::Key('1')) => {
            if let Some(recording) = d.message.recording.clone() {
                let turn = Turn::menu([Phrase::plain("cp.review")], "12#").or_silence(d.script.settings.menu_wait);
                d.ask(Turn { before: vec![Segment::recording(recording)], no_agent: d.message.no_agent, ..turn });
            }
        }
        (Step::Review, Got::Key('2') | Got::Back) => {
            d.outcome("again");
            d.goto(Any::Message(Step::Record));
        }
        (Step::Review, _) => {
            d.outcome("sent");
            d.goto(Any::Message(Step::Save));
        }
        (Step::Save, Got::Answer(Answer::Case(case))) => {
            d.outcome("saved");
            d.must_tell(Phrase::plain("cp.saved").with("digits", Arg::Digits(case)));
            d.goto(Any::Bye(ending(d)));
        }
        (Step::Save, _) => {
            // No use in sending the caller to where messages cannot be kept either.
            d.outcome("not_saved");
            d.must_tell(Phrase::plain("gen.info_sorry"));
            d.goto(Any::Bye(Hangup::NoAgent));
        }
        (Step::Menu | Step::Pick | Step::Record, Got::Back) => back(d),
        _ => d.failed(),
    }
}

/// The caller hangs up in the middle of a message: what was said counts, as on any answering machine.
pub(super) fn left(d: &mut Dialogue) {
    match d.step() {
        Any::Message(Step::Record) => d.message.left = d.is_recording(),
        Any::Message(Step::Review) => {
            if let Some(recording) = d.message.recording.take() {
                send(d, recording);
            }
        }
        _ => {}
    }
}

/// The recording of somebody who hung up while speaking.
pub(super) fn spoken_and_gone(d: &mut Dialogue, recording: RecordingId) {
    if std::mem::take(&mut d.message.left) {
        send(d, recording);
    }
}

fn send(d: &mut Dialogue, recording: RecordingId) {
    d.outcome("sent_by_hanging_up");
    let message =
        Message { kind: d.message.kind, recording, customer: d.customer(), phone: d.caller.clone(), order: d.message.order.clone() };
    d.question(Question::Message(message));
}

/// From a message back to where the caller was, unless self service is over.
pub(super) fn back(d: &mut Dialogue) {
    match d.resume.take().filter(|_| !d.over) {
        Some(step) => d.goto(step),
        None if d.over => d.goto(Any::Bye(ending(d))),
        None => {
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
    }
}

const fn ending(d: &Dialogue) -> Hangup {
    if d.over {
        Hangup::TooLong
    } else if d.message.no_agent {
        Hangup::NoAgent
    } else {
        Hangup::Served
    }
}

fn pick(d: &mut Dialogue, mut orders: Vec<OrderView>) {
    orders.truncate(3);
    if orders.is_empty() {
        d.goto(Any::Message(Step::Record));
        return;
    }
    let mut phrases: Vec<Phrase> = orders
        .iter()
        .zip(1..)
        .map(|(view, key)| {
            let day = d.day_word(d.clock.local(view.placed_at).date());
            Phrase::plain("cp.pick").with("date", Arg::Day(day)).with("money", Arg::Money(view.pay)).with("key", Arg::Key(key))
        })
        .collect();
    let count = phrases.len() + 1;
    phrases.push(Phrase::plain("cp.other").with("key", Arg::Key(u8::try_from(count).unwrap_or(4))));
    d.message.orders = orders;
    d.ask(Turn::menu(phrases, super::dialogue::first_keys(count)));
}
