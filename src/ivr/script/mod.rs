//! The dialogue as an operator wrote it in `menus.toml`, checked before the first call.

mod heard;
mod lint;
mod nodes;
mod reading;
mod settings;

pub use heard::{HeardKey, HeardNode};
pub use nodes::{Collect, Kind, Node, NodeId, Preset};
pub use settings::Settings;

use crate::domain::{Finding, Language};

/// One dialled number and where its callers start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As dialled; `*` stands for every other number.
    pub number: String,
    pub start: NodeId,
    pub brand: Option<String>,
    /// Spoken on this line without asking.
    pub language: Option<Language>,
}

/// A checked dialogue: nodes, lines and timers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    pub settings: Settings,
    lines: Vec<Line>,
    nodes: Vec<Node>,
    start: NodeId,
    home: NodeId,
    agent: Option<NodeId>,
}

impl Script {
    /// Reads the dialogue part of `menus.toml`. `prompt_exists` tells whether a prompt can be played; `prompts` names those that
    /// can, for a slip of the hand.
    ///
    /// With findings the script must not be used; without, every node has a way on for a silent caller.
    #[must_use]
    pub fn read(table: &toml::Table, prompt_exists: &dyn Fn(&str) -> bool, prompts: &[&str]) -> (Self, Vec<Finding>) {
        let (script, mut findings) = reading::read(table);
        let faulty = |name: &str| {
            let place = format!("node {}", reading::shorten(name));
            findings.iter().any(|finding| finding.place.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
        };
        let broken = lint::check(&script, prompt_exists, prompts, !findings.is_empty(), &faulty);
        findings.extend(broken);
        findings.sort();
        (script, findings)
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[usize::from(id.0)]
    }

    /// All nodes with their ids, in the order of the file.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).map(NodeId).zip(&self.nodes)
    }

    /// The lines, in the order of the file.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The line for a dialled number: its own, else the one for `*`.
    #[must_use]
    pub fn line(&self, dialled: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.number == dialled).or_else(|| self.lines.iter().find(|line| line.number == "*"))
    }

    /// Where a caller of `dialled` starts.
    #[must_use]
    pub fn start(&self, dialled: &str) -> NodeId {
        self.line(dialled).map_or(self.start, |line| line.start)
    }

    /// The node of this name, when campaigns may begin there.
    #[must_use]
    pub fn campaign(&self, name: &str) -> Option<NodeId> {
        self.nodes().find(|(_, node)| node.campaign && node.name == name).map(|(id, _)| id)
    }

    /// Whether whoever begins at this node can say by a key, or two, that they want to hear nothing of campaigns any more.
    #[must_use]
    pub fn can_unsubscribe(&self, start: NodeId) -> bool {
        let mut seen = std::collections::HashSet::new();
        let mut open = vec![(start, 0)];
        while let Some((id, keys)) = open.pop() {
            if keys > 2 || !seen.insert((id, keys)) {
                continue;
            }
            let node = self.node(id);
            if node.kind == Kind::Unsubscribe {
                return true;
            }
            open.extend(node.keys.iter().map(|(_, target)| (*target, keys + 1)));
            open.extend(node.then.map(|then| (then, keys)));
        }
        false
    }

    /// The main menu: where `*` leads at the end of an order.
    #[must_use]
    pub const fn home(&self) -> NodeId {
        self.home
    }

    /// Where 0 leads.
    #[must_use]
    pub const fn agent(&self) -> Option<NodeId> {
        self.agent
    }

    /// The node where anybody orders (without presets).
    #[must_use]
    pub fn order(&self) -> Option<NodeId> {
        self.nodes().find(|(_, node)| node.kind == Kind::Order && node.preset.is_none()).map(|(id, _)| id)
    }

    /// The tree as a caller hears it, for people. `text` gives the words of a prompt.
    #[must_use]
    pub fn as_heard(&self, language: Language, text: &dyn Fn(&str) -> Option<String>) -> String {
        heard::as_text(self, language, text)
    }

    /// The tree as values, for programs: the words are left to the reader.
    #[must_use]
    pub fn outline(&self) -> Vec<HeardNode> {
        heard::outline(self)
    }
}

#[cfg(test)]
mod tests;
