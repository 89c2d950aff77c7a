//! What the nodes of the script do; those that are more than a few words hand over to their own folder.

use super::{Dialogue, Entry, Got, Segment, Step, Turn, Wants};
use crate::domain::Phrase;
use crate::ivr::io::{DialogueOutput, Hangup};
use crate::ivr::script::{Collect, Kind, Node, NodeId};
use crate::ivr::{campaign, greeting, info, message, ordering, points, queue, rider, status};

fn phrases(prompts: &[String]) -> Vec<Phrase> {
    prompts.iter().map(|prompt| Phrase::plain(prompt.clone())).collect()
}

pub(super) fn enter(d: &mut Dialogue, id: NodeId) {
    let script = d.script.clone();
    let node = script.node(id);
    if d.node != id && !matches!(node.kind, Kind::Queue) {
        d.errors.no_match = 0;
    }
    d.node = id;
    match node.kind {
        Kind::Welcome => d.goto(Step::Greeting(greeting::Step::Start)),
        Kind::Language => d.goto(Step::Greeting(greeting::Step::Language)),
        Kind::Order => d.goto(Step::Order(ordering::Step::Start)),
        Kind::Status => d.goto(Step::Status(status::Step::Start)),
        Kind::Points => d.goto(Step::Points(points::Step::Start)),
        Kind::Info => d.goto(Step::Info(info::Step::Menu)),
        Kind::Complaint => d.goto(Step::Message(message::Step::Menu)),
        Kind::Record => {
            d.message.begin_voicemail();
            d.goto(Step::Message(message::Step::Record));
        }
        Kind::Queue => d.goto(Step::Queue(queue::Step::Start)),
        Kind::Rider => d.goto(Step::Rider(rider::Step::Tail)),
        Kind::Unsubscribe => d.goto(Step::Campaign(campaign::Step::Unsubscribe)),
        Kind::Hangup if node.quiet => d.hang_up(Hangup::Served),
        Kind::Hangup => {
            let turn = Turn::say(if node.say.is_empty() { vec![Phrase::plain("gen.bye")] } else { phrases(&node.say) });
            d.ask(turn);
        }
        Kind::Say => {
            let turn = Turn::say(phrases(&node.say));
            d.ask(if node.barge { turn } else { turn.uncut() });
        }
        Kind::Menu => menu(d, node),
        Kind::Collect => {
            let entry = node.collect.as_ref().map_or(Entry::open(1, 20), entry_of);
            let turn = Turn::entry(phrases(&node.say), entry).shortly(phrases(&node.short));
            d.ask(styled(turn, node));
        }
        Kind::Loop => d.ask(styled(Turn { full: phrases(&node.say), wants: Wants::Loop, ..Turn::default() }, node)),
        Kind::Wait => {
            let before = if node.say.is_empty() { Vec::new() } else { vec![Segment::of(phrases(&node.say))] };
            d.ask(Turn { before, wants: Wants::Hold, ..Turn::default() });
        }
    }
}

fn styled(turn: Turn, node: &Node) -> Turn {
    Turn { wait: node.wait, commit: node.commit, uncut: !node.barge, ..turn }
}

fn entry_of(collect: &Collect) -> Entry {
    Entry { secret: collect.secret, ..if collect.pound { Entry::open(collect.least, collect.most) } else { Entry::fixed(collect.most) } }
}

fn menu(d: &mut Dialogue, node: &Node) {
    let short = phrases(&node.short);
    let mut full = if d.regular() && !short.is_empty() { short.clone() } else { phrases(&node.say) };
    if !d.seen() {
        full.extend(phrases(&node.more));
    }
    let count = node.keys.iter().filter(|(key, _)| ('1'..='8').contains(key)).count();
    let turn = Turn::menu(full, super::turn::first_keys(count)).shortly(short);
    d.ask(styled(turn, node));
}

pub(super) fn got(d: &mut Dialogue, id: NodeId, got: Got) {
    let script = d.script.clone();
    let node = script.node(id);
    match (node.kind, got) {
        (Kind::Hangup, _) => d.hang_up(Hangup::Served),
        (Kind::Menu, Got::Key(key)) => match node.key(key) {
            Some(target) => {
                // Reports count meanings, so that another key for the same thing does not break them (C34).
                d.outcome(&script.node(target).name);
                d.goto_node(target);
            }
            None => d.no_match(None),
        },
        (Kind::Menu, Got::Back) => match node.key('*') {
            Some(target) => d.goto_node(target),
            None if id == d.home() || d.way_is_empty() => d.no_match(None),
            None => {
                d.tell(Phrase::plain("gen.back"));
                d.leave_back();
            }
        },
        (Kind::Collect, Got::Back) => {
            if d.way_is_empty() {
                d.no_match(None);
            } else {
                d.tell(Phrase::plain("gen.back"));
                d.leave_back();
            }
        }
        (Kind::Collect, Got::Digits(digits)) => {
            if let Some(collect) = &node.collect {
                let shown = if collect.secret { "·".repeat(digits.len()) } else { digits };
                d.put(DialogueOutput::Note(format!("{} = {shown}", collect.into)));
            }
            d.outcome("entered");
            onward(d, node);
        }
        _ => onward(d, node),
    }
}

fn onward(d: &mut Dialogue, node: &Node) {
    match node.then {
        Some(then) => d.goto_node(then),
        None => d.goto(Step::Bye(Hangup::Served)),
    }
}

impl Dialogue {
    /// Whether there is no script node to go back to.
    pub(in crate::ivr) fn way_is_empty(&self) -> bool {
        self.way.is_empty()
    }

    /// The name of a step, as the call's path and the reports show it.
    pub(in crate::ivr) fn step_name(&self, step: Step) -> String {
        match step {
            Step::Node(id) => self.script.node(id).name.clone(),
            Step::Greeting(step) => step.name().to_owned(),
            Step::Order(step) => step.name().to_owned(),
            Step::Browse(step) => step.name().to_owned(),
            Step::Info(step) => step.name().to_owned(),
            Step::Status(step) => step.name().to_owned(),
            Step::Points(step) => step.name().to_owned(),
            Step::Message(step) => step.name().to_owned(),
            Step::Queue(step) => step.name().to_owned(),
            Step::Rider(step) => step.name().to_owned(),
            Step::Branch(step) => step.name().to_owned(),
            Step::Campaign(step) => step.name().to_owned(),
            Step::Bye(_) => "bye".to_owned(),
        }
    }
}
