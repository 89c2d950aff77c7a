//! A campaign's call (C99): a recording and 9 to hear no more of any campaign; the same end for nodes of the dialogue.

use std::time::Duration;

use super::dialogue::{Dialogue, Got, Step as Any, Turn};
use super::io::Hangup;
use super::question::{Answer, Question};
use super::script::Kind;
use crate::domain::{Phrase, QueueReason};

/// After the recording, for those who want to press 9.
const WAIT: Duration = Duration::from_secs(5);

/// What is played.
#[derive(Debug, Default)]
pub(super) struct State {
    pub prompt: String,
}

/// Steps of a campaign's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The recording.
    Play,
    /// Waits until it is written down that this number wants to hear no more.
    Unsubscribe,
    /// Says that it is.
    Done,
    End,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Play => "camp.play",
            Self::Unsubscribe => "camp.unsubscribe",
            Self::Done => "camp.unsubscribed",
            Self::End => "camp.end",
        }
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Play => {
            let turn = Turn::menu([Phrase::plain(d.campaign.prompt.clone())], "9").or_silence(WAIT).at_last(Any::Campaign(Step::End));
            d.ask(Turn { no_agent: true, tries: Some(3), ..turn });
        }
        Step::Unsubscribe => match d.caller.clone() {
            Some(number) => drop(d.question(Question::Unsubscribe(number))),
            None => {
                d.outcome("no_number");
                leave(d);
            }
        },
        Step::Done => {
            let script = d.script.clone();
            let node = script.node(d.node);
            let own = node.kind == Kind::Unsubscribe && !node.say.is_empty();
            let said: Vec<Phrase> = if own {
                node.say.iter().map(|prompt| Phrase::plain(prompt.clone())).collect()
            } else {
                vec![Phrase::plain("st.cancelled")]
            };
            d.ask(Turn::say(said).uncut());
        }
        Step::End => d.hang_up(Hangup::Served),
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Play, Got::Key(_)) => d.goto(Any::Campaign(Step::Unsubscribe)),
        (Step::Play, Got::Back) => d.goto(Any::Campaign(Step::Play)),
        (Step::Unsubscribe, Got::Answer(Answer::Done(true))) => {
            d.outcome("unsubscribed");
            d.goto(Any::Campaign(Step::Done));
        }
        // Not written down: a person hears of it.
        (Step::Unsubscribe, _) => {
            d.outcome("system_error");
            d.must_tell(Phrase::plain("gen.sys_error"));
            d.seek(QueueReason::SystemError);
        }
        (Step::Done, _) => leave(d),
        _ => d.goto(Any::Campaign(Step::End)),
    }
}

/// Where the node leads that was begun at, else the end.
fn leave(d: &mut Dialogue) {
    let script = d.script.clone();
    match script.node(d.node) {
        node if node.kind == Kind::Unsubscribe && node.then.is_some() => {
            if let Some(then) = node.then {
                d.goto_node(then);
            }
        }
        _ => d.goto(Any::Campaign(Step::End)),
    }
}
