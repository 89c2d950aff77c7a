//! We have called a branch about an order that nobody there has taken: it is read out, and a key accepts or refuses it (C82).

use super::dialogue::{Dialogue, Got, Step as Any, Turn};
use super::io::Hangup;
use super::question::{Answer, Question};
use crate::domain::{Arg, BranchCall, ClockTime, Phrase};

/// So many dishes are read out one by one; of the others only how many they are.
const MOST_READ: usize = 6;

/// Steps of telling a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The order, and the keys.
    Tell,
    /// Waits until it is written down.
    Accept,
    Refuse,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tell => "br.tell",
            Self::Accept => "br.accept",
            Self::Refuse => "br.refuse",
        }
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    let Some(call) = d.branch_call.clone() else { return d.hang_up(Hangup::NoAgent) };
    match step {
        Step::Tell => {
            // Nobody to be connected with here, and who never presses a key is called again.
            let turn = Turn::menu(words(d, &call), "12").at_last(Any::Bye(Hangup::NoAgent));
            d.ask(Turn { no_agent: true, tries: Some(3), ..turn });
        }
        Step::Accept | Step::Refuse => {
            let accept = step == Step::Accept;
            d.question(Question::BranchAnswer { id: call.id, order: call.order, branch: call.branch, accept });
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Tell, Got::Key('1')) => d.goto(Any::Branch(Step::Accept)),
        (Step::Tell, Got::Key(_)) => d.goto(Any::Branch(Step::Refuse)),
        (Step::Tell, Got::Back) => d.no_match(None),
        (Step::Accept | Step::Refuse, Got::Answer(Answer::Done(done))) => {
            let (outcome, prompt) = match (done, step) {
                (true, Step::Accept) => ("accepted", "br.accepted"),
                (true, _) => ("refused", "br.refused"),
                (false, _) => ("settled", "br.gone"),
            };
            d.outcome(outcome);
            d.must_tell(Phrase::plain(prompt));
            d.goto(Any::Bye(Hangup::Served));
        }
        // Not written down: the branch is called again.
        _ => {
            d.outcome("system_error");
            d.goto(Any::Bye(Hangup::NoAgent));
        }
    }
}

fn words(d: &Dialogue, call: &BranchCall) -> Vec<Phrase> {
    let promised = Arg::Time(ClockTime::of(d.clock.local(call.promised_at)));
    let mut phrases = vec![
        Phrase::plain("br.hello").with("store", Arg::Branch(call.branch)),
        Phrase::plain("br.order").with("last4", Arg::Digits(call.number.last4().to_owned())),
    ];
    phrases.extend(
        call.lines
            .iter()
            .take(MOST_READ)
            .map(|(dish, portions)| Phrase::plain("br.line").with("dish", Arg::Dish(*dish)).with("qty", Arg::Quantity(*portions))),
    );
    if let Some(more) = call.lines.len().checked_sub(MOST_READ).filter(|more| *more > 0) {
        phrases.push(Phrase::plain("br.more").with("n", Arg::Number(more as u64)));
    }
    phrases.push(Phrase::plain(if call.delivery { "br.delivery" } else { "br.pickup" }).with("time", promised));
    if call.allergies {
        phrases.push(Phrase::plain("br.allergy"));
    }
    if call.remark {
        phrases.push(Phrase::plain("br.remark"));
    }
    phrases.push(Phrase::plain("br.keys"));
    phrases
}
