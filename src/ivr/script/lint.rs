//! Rules a dialogue must keep so that no caller is lost in it: checked before the first call.

use super::Script;
use super::nodes::{Kind, Node, NodeId};
use super::reading::{nearest, shorten};
use crate::domain::Finding;

/// Deeper than this nobody remembers where they are: key presses from the first menu to any leaf.
const MOST_LEVELS: u16 = 3;
/// More choices than this are not remembered.
const MOST_CHOICES: usize = 5;

/// Everything that breaks a rule. `faulty` says of which nodes something could not be read; with `unread` something was not: what
/// would only follow from that is not told.
pub(super) fn check(
    script: &Script,
    prompt_exists: &dyn Fn(&str) -> bool,
    known: &[&str],
    unread: bool,
    faulty: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, node) in script.nodes() {
        prompts(node, prompt_exists, known, &mut findings);
        if !faulty(&node.name) {
            keys(script, node, faulty, &mut findings);
        }
    }
    silence(script, &mut findings);
    if unread {
        return findings;
    }
    let before = findings.len();
    for (_, node) in script.nodes() {
        shape(script, node, &mut findings);
    }
    if let Some(agent) = script.agent()
        && script.node(agent).kind != Kind::Queue
    {
        findings.push(Finding::new(
            "dialogue.agent",
            format!("\"{}\" is no queue", script.node(agent).name),
            "name a node with kind = \"queue\"",
        ));
    }
    if findings.len() == before {
        // Who gets where is only worth telling when each node holds by itself.
        reachable(script, &mut findings);
        levels(script, &mut findings);
    }
    findings
}

fn prompts(node: &Node, exists: &dyn Fn(&str) -> bool, known: &[&str], findings: &mut Vec<Finding>) {
    for (key, list) in [("say", &node.say), ("more", &node.more), ("short", &node.short), ("notice", &node.notice)] {
        for prompt in list.iter().filter(|prompt| !exists(prompt)) {
            let cure = match nearest(prompt, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "name a prompt of the catalogue, or add its sound to the data folder".to_owned(),
            };
            findings.push(Finding::new(format!("node {}.{key}", node.name), format!("no prompt \"{}\"", shorten(prompt)), cure));
        }
    }
}

fn keys(script: &Script, node: &Node, faulty: &dyn Fn(&str) -> bool, findings: &mut Vec<Finding>) {
    let place = format!("node {}.keys", node.name);
    let choices: Vec<char> = node.keys.iter().map(|(key, _)| *key).filter(|key| matches!(key, '1'..='8')).collect();
    if choices.len() > MOST_CHOICES {
        findings.push(Finding::new(&place, format!("{} choices", choices.len()), format!("keep it to {MOST_CHOICES} besides 0")));
    }
    for (key, wanted) in choices.iter().zip('1'..) {
        if *key != wanted {
            findings.push(Finding::new(&place, format!("{key} where {wanted} should be"), "number choices from 1 without gaps"));
            break;
        }
    }
    if let Some(target) = node.key('0')
        && script.node(target).kind != Kind::Queue
        && !faulty(&script.node(target).name)
    {
        findings.push(Finding::new(
            format!("{place}.0"),
            format!("leads to \"{}\"", script.node(target).name),
            "0 is always the agent: name a queue node",
        ));
    }
    if let Some(target) = node.key('9')
        && script.node(target).kind != Kind::Unsubscribe
        && !faulty(&script.node(target).name)
    {
        findings.push(Finding::new(
            format!("{place}.9"),
            format!("leads to \"{}\", and 9 always repeats", script.node(target).name),
            "take it out; numbers go from 1 to 5, and 9 may only lead to an unsubscribe node",
        ));
    }
    if let Some(target) = node.key('*')
        && script.node(target).kind != Kind::Language
        && !faulty(&script.node(target).name)
    {
        findings.push(Finding::new(
            format!("{place}.*"),
            format!("leads to \"{}\"", script.node(target).name),
            "* always goes back by itself; take it out (at the first menu it may lead to a language node)",
        ));
    }
}

fn shape(script: &Script, node: &Node, findings: &mut Vec<Finding>) {
    let place = format!("node {}", node.name);
    let mut need = |holds: bool, key: &str, found: &str, cure: &str| {
        if !holds {
            findings.push(Finding::new(format!("{place}.{key}"), found, cure));
        }
    };
    let speaks = !node.say.is_empty();
    match node.kind {
        Kind::Say => {
            need(speaks, "say", "nothing", "write what is said");
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        Kind::Welcome => {
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        Kind::Language => {
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        Kind::Menu => {
            need(speaks, "say", "nothing", "write what is said");
            need(node.keys.iter().any(|(key, _)| *key != '0' && *key != '*'), "keys", "no choice", "write at least { \"1\" = \"node\" }");
        }
        Kind::Collect => {
            need(speaks, "say", "nothing", "write what is said");
            need(node.collect.is_some(), "collect", "missing", "write { into = \"name\", digits = \"1-4\", end = \"#\" }");
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        Kind::Loop => {
            need(speaks, "say", "nothing", "write what is said");
            need(node.lasts.is_some(), "for", "missing", "write how long, such as for = \"2m\"");
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        Kind::Wait => {
            need(node.lasts.is_some(), "for", "missing", "write how long, such as for = \"10s\"");
            need(node.then.is_some(), "then", "missing", "write where the caller goes next");
        }
        _ => {}
    }
    let asks = !matches!(
        node.kind,
        Kind::Say
            | Kind::Welcome
            | Kind::Language
            | Kind::Loop
            | Kind::Wait
            | Kind::Hangup
            | Kind::Queue
            | Kind::Record
            | Kind::Rider
            | Kind::Unsubscribe
    );
    if asks {
        need(
            node.otherwise.is_some() || script.agent().is_some(),
            "otherwise",
            "missing, and there is no queue node",
            "write where a caller goes who presses nothing or the wrong keys",
        );
    }
    if node.kind != Kind::Menu {
        need(node.keys.is_empty(), "keys", "keys of a node that is no menu", "take them out or write kind = \"menu\"");
    }
    if node.kind != Kind::Collect {
        need(node.collect.is_none(), "collect", "digits of a node that collects none", "take it out or write kind = \"collect\"");
    }
    if node.preset.is_some() {
        need(node.kind == Kind::Order, "dish", "presets of a node that takes no order", "take them out or write kind = \"order\"");
    }
}

/// Where a node leads, by key or by itself.
fn leads_to(script: &Script, node: &Node) -> Vec<NodeId> {
    let mut targets = quietly(script, node);
    targets.extend(node.keys.iter().map(|(_, target)| *target));
    targets.extend(node.then);
    match node.kind {
        Kind::Order | Kind::Status | Kind::Points | Kind::Info | Kind::Complaint | Kind::Rider => targets.push(script.home()),
        _ => {}
    }
    if node.kind == Kind::Info {
        targets.extend(script.order());
    }
    if node.kind != Kind::Hangup {
        targets.extend(script.agent());
    }
    targets
}

/// Where a caller ends up who presses nothing.
fn quietly(script: &Script, node: &Node) -> Vec<NodeId> {
    match node.kind {
        Kind::Say | Kind::Loop | Kind::Wait | Kind::Language | Kind::Unsubscribe => node.then.into_iter().collect(),
        Kind::Welcome => node.then.into_iter().chain(node.closed).collect(),
        Kind::Hangup | Kind::Queue | Kind::Record | Kind::Rider => Vec::new(),
        Kind::Menu | Kind::Collect | Kind::Order | Kind::Status | Kind::Points | Kind::Info | Kind::Complaint => {
            node.otherwise.or(script.agent()).into_iter().collect()
        }
    }
}

fn starts(script: &Script) -> Vec<NodeId> {
    let mut starts: Vec<NodeId> = script.lines().iter().map(|line| line.start).collect();
    starts.extend(script.nodes().filter(|(_, node)| node.campaign).map(|(id, _)| id));
    if !script.lines().iter().any(|line| line.number == "*") {
        starts.push(script.start("*"));
    }
    starts
}

fn reachable(script: &Script, findings: &mut Vec<Finding>) {
    let mut seen = vec![false; script.nodes.len()];
    let mut open = starts(script);
    while let Some(place) = open.pop() {
        if !std::mem::replace(&mut seen[usize::from(place.0)], true) {
            open.extend(leads_to(script, script.node(place)));
        }
    }
    for (id, node) in script.nodes() {
        if !seen[usize::from(id.0)] {
            findings.push(Finding::new(
                format!("node {}", node.name),
                "no caller ever gets here",
                "name it in keys, then, otherwise or a line, or take it out",
            ));
        }
    }
}

/// A caller who presses nothing must come to an end: from each node, following silence only, no way may close into a ring.
fn silence(script: &Script, findings: &mut Vec<Finding>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; script.nodes.len()];
    for (root, _) in script.nodes() {
        if marks[usize::from(root.0)] != Mark::New {
            continue;
        }
        // Depth first with its own stack, so that a long file cannot exhaust the thread's.
        let mut way: Vec<(NodeId, Vec<NodeId>)> = vec![(root, quietly(script, script.node(root)))];
        marks[usize::from(root.0)] = Mark::Open;
        while let Some((place, next)) = way.last_mut() {
            let place = *place;
            match next.pop() {
                None => {
                    marks[usize::from(place.0)] = Mark::Done;
                    way.pop();
                }
                Some(target) => match marks[usize::from(target.0)] {
                    Mark::Done => {}
                    Mark::New => {
                        marks[usize::from(target.0)] = Mark::Open;
                        let onward = quietly(script, script.node(target));
                        way.push((target, onward));
                    }
                    Mark::Open => {
                        let from = way.iter().position(|(open, _)| *open == target).unwrap_or(0);
                        let ring: Vec<&str> = way[from..].iter().map(|(open, _)| script.node(*open).name.as_str()).collect();
                        findings.push(Finding::new(
                            format!("node {}", script.node(target).name),
                            format!("a silent caller goes round for ever: {} → {}", ring.join(" → "), script.node(target).name),
                            "let one of them lead to a queue or hangup node, or repeat with kind = \"loop\" and for = \"2m\"",
                        ));
                    }
                },
            }
        }
    }
}

/// Key presses from the start to each node, counted over menus.
fn levels(script: &Script, findings: &mut Vec<Finding>) {
    let mut depth = vec![u16::MAX; script.nodes.len()];
    let mut open: std::collections::VecDeque<(NodeId, u16)> = starts(script).into_iter().map(|start| (start, 0)).collect();
    while let Some((place, level)) = open.pop_front() {
        let known = &mut depth[usize::from(place.0)];
        if *known <= level {
            continue;
        }
        *known = level;
        let node = script.node(place);
        for target in quietly(script, node) {
            open.push_front((target, level));
        }
        for (key, target) in &node.keys {
            if key.is_ascii_digit() {
                open.push_back((*target, level + 1));
            }
        }
        if node.kind == Kind::Collect {
            open.extend(node.then.map(|then| (then, level)));
        }
    }
    for (id, node) in script.nodes() {
        let depth = depth[usize::from(id.0)];
        if depth != u16::MAX && depth > MOST_LEVELS {
            findings.push(Finding::new(
                format!("node {}", node.name),
                format!("{depth} levels below the first menu"),
                format!("keep it to {MOST_LEVELS}"),
            ));
        }
    }
}
