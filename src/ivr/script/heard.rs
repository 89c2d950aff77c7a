//! The tree as a caller hears it, for `dinetone menu`: every node once, with its words, its keys and what silence does.

use std::fmt::Write;

use super::Script;
use super::nodes::{Kind, Node};
use crate::domain::Language;

/// One node as values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardNode {
    pub name: String,
    /// Name of its kind.
    pub kind: &'static str,
    /// Prompts in the order in which they are said.
    pub prompts: Vec<String>,
    pub keys: Vec<HeardKey>,
    /// Where it leads by itself.
    pub then: Option<String>,
    /// Where a caller goes after too many mistakes or silences.
    pub otherwise: Option<String>,
    /// Where it leads while every restaurant is closed.
    pub closed: Option<String>,
    /// Dialled numbers that start here, each with its brand.
    pub lines: Vec<(String, Option<String>)>,
}

/// One key of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardKey {
    pub key: char,
    pub leads_to: String,
}

/// Nodes in the order in which callers can come to them, then the rest.
pub(super) fn outline(script: &Script) -> Vec<HeardNode> {
    let mut order = Vec::new();
    let mut open: std::collections::VecDeque<_> = script.lines().iter().map(|line| line.start).collect();
    open.push_back(script.start("*"));
    open.extend(script.nodes().map(|(id, _)| id));
    while let Some(id) = open.pop_front() {
        if order.contains(&id) {
            continue;
        }
        order.push(id);
        let node = script.node(id);
        let mut next: Vec<_> = node.then.into_iter().chain(node.closed).chain(node.keys.iter().map(|(_, target)| *target)).collect();
        next.reverse();
        for target in next {
            open.push_front(target);
        }
    }
    let name = |id| script.node(id).name.clone();
    order
        .into_iter()
        .map(|id| {
            let node = script.node(id);
            let starts_here = |number: &&super::Line| number.start == id;
            let mut lines: Vec<_> =
                script.lines().iter().filter(starts_here).map(|line| (line.number.clone(), line.brand.clone())).collect();
            if script.start == id && !script.lines().iter().any(|line| line.number == "*") {
                lines.push(("*".into(), None));
            }
            let mut keys: Vec<HeardKey> = node.keys.iter().map(|(key, target)| HeardKey { key: *key, leads_to: name(*target) }).collect();
            if node.kind == Kind::Menu
                && node.key('0').is_none()
                && let Some(agent) = script.agent()
            {
                keys.push(HeardKey { key: '0', leads_to: name(agent) });
            }
            keys.sort_by_key(|key| (!('1'..='9').contains(&key.key), key.key));
            let asks =
                matches!(node.kind, Kind::Menu | Kind::Collect | Kind::Order | Kind::Status | Kind::Points | Kind::Info | Kind::Complaint);
            HeardNode {
                name: node.name.clone(),
                kind: node.kind.name(),
                prompts: prompts_of(node),
                keys,
                then: node.then.map(name),
                closed: node.closed.map(name),
                otherwise: if asks { node.otherwise.or(script.agent()).map(name) } else { None },
                lines,
            }
        })
        .collect()
}

/// What a node says: its own prompts, else the first ones of what its kind does.
fn prompts_of(node: &Node) -> Vec<String> {
    let own: Vec<String> = node.say.iter().chain(&node.more).chain(&node.notice).cloned().collect();
    if !own.is_empty() {
        return own;
    }
    let built_in: &[&str] = match node.kind {
        Kind::Welcome => &["greet.open"],
        Kind::Language => &["lang.choose"],
        Kind::Order => {
            &["mem.ask_id", "order.ask_dish", "order.dish_qty", "order.ask_next", "order.sum_keys", "ful.ask", "time.ask", "final.confirm"]
        }
        Kind::Status => &["st.ask_no", "st.ask_phone", "st.menu"],
        Kind::Points => &["mem.ask_id", "mem.ask_pin", "pt.balance", "pt.menu"],
        Kind::Info => &["info.menu"],
        Kind::Complaint => &["cp.menu", "cp.record", "cp.review"],
        Kind::Record => &["cp.record", "cp.review"],
        Kind::Queue => &["q.connecting", "q.pos", "q.wait", "q.options", "gen.no_agent", "q.busy_message", "cp.record"],
        Kind::Rider => &["st.ask_no", "rd.ask_code", "ful.ask", "time.enter", "rd.next"],
        Kind::Hangup if !node.quiet => &["gen.bye"],
        _ => &[],
    };
    built_in.iter().map(|prompt| (*prompt).to_owned()).collect()
}

/// The outline in words.
pub(super) fn as_text(script: &Script, language: Language, text: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for node in outline(script) {
        for (line, brand) in &node.lines {
            let line = if line == "*" { "every other number" } else { line };
            let brand = brand.as_ref().map_or_else(String::new, |brand| format!(" {brand}"));
            let _ = writeln!(out, "☎ {line}{brand} ({})", language.tag());
        }
        let _ = writeln!(out, "{} [{}]", node.name, node.kind);
        for prompt in &node.prompts {
            let _ = writeln!(out, "    {}", text(prompt).unwrap_or_else(|| format!("({prompt} is missing)")));
        }
        for key in &node.keys {
            let _ = writeln!(out, "    {} → {}", key.key, key.leads_to);
        }
        if let Some(then) = &node.then {
            let _ = writeln!(out, "    then → {then}");
        }
        if let Some(closed) = &node.closed {
            let _ = writeln!(out, "    closed → {closed}");
        }
        if let Some(otherwise) = &node.otherwise {
            let _ = writeln!(out, "    otherwise → {otherwise}");
        }
        out.push('\n');
    }
    out
}
