//! What a node tells another one about a caller whom it sends there, in one header line: so that the card there is whole.

use crate::domain::{CallId, CustomerId, Language, PhoneNumber, QueueId, QueueReason};

/// The header's name.
pub const HEADER: &str = "X-Dinetone-Handover";
/// Steps of the caller's path that are told, the last ones.
const MOST_STEPS: usize = 20;
/// Octets that are read.
const LONGEST: usize = 2000;

/// A caller on the way from one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The node that sends them, and its record of the call.
    pub node: String,
    pub call: CallId,
    pub language: Language,
    pub reason: QueueReason,
    pub queue: Option<QueueId>,
    pub customer: Option<CustomerId>,
    /// A number that the caller keyed.
    pub keyed: Option<PhoneNumber>,
    /// The steps of the dialogue that they went through.
    pub path: Vec<String>,
}

impl Handover {
    /// The header's value.
    #[must_use]
    pub fn text(&self) -> String {
        let from = self.path.len().saturating_sub(MOST_STEPS);
        let path = self.path[from..].join(",");
        let parts = [
            ("node", self.node.as_str()),
            ("call", self.call.as_str()),
            ("language", self.language.tag()),
            ("reason", self.reason.name()),
            ("queue", self.queue.as_ref().map_or("", QueueId::as_str)),
            ("customer", self.customer.as_ref().map_or("", CustomerId::as_str)),
            ("keyed", self.keyed.as_ref().map_or("", PhoneNumber::reveal)),
            ("path", &path),
        ];
        let told = parts.iter().filter(|(_, value)| !value.is_empty() && !value.contains([';', '\r', '\n']));
        told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
    }

    /// Reads a header's value; `None` when it does not name a call.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut found = Self {
            node: String::new(),
            call: CallId::new(""),
            language: Language::default(),
            reason: QueueReason::default(),
            queue: None,
            customer: None,
            keyed: None,
            path: Vec::new(),
        };
        let text = text.get(..text.len().min(LONGEST))?;
        for (name, value) in text.split(';').filter_map(|part| part.trim().split_once('=')) {
            match name {
                "node" => value.clone_into(&mut found.node),
                "call" => found.call = CallId::new(value),
                "language" => found.language = Language::from_tag(value).unwrap_or_default(),
                "reason" => found.reason = QueueReason::from_name(value).unwrap_or_default(),
                "queue" => found.queue = Some(QueueId::new(value)),
                "customer" => found.customer = Some(CustomerId::new(value)),
                "keyed" => found.keyed = PhoneNumber::parse(value),
                "path" => found.path = value.split(',').take(MOST_STEPS).map(str::to_owned).collect(),
                // Of a later version.
                _ => {}
            }
        }
        (!found.call.as_str().is_empty()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c39_what_one_node_tells_the_other_reads() {
        let told = Handover {
            node: "a".into(),
            call: CallId::new("mh2xq8zta1b2c3"),
            language: Language::English,
            reason: QueueReason::Complaint,
            queue: Some(QueueId::new("complaint")),
            customer: Some(CustomerId::new("c-1")),
            keyed: PhoneNumber::parse("13800138000"),
            path: vec!["main".into(), "order.dish".into()],
        };
        assert_eq!(Handover::read(&told.text()), Some(told.clone()));
        let bare = Handover { queue: None, customer: None, keyed: None, path: Vec::new(), ..told };
        assert_eq!(Handover::read(&bare.text()), Some(bare));
        for nonsense in ["", ";;;", "node=b", "=;=;call", "call="] {
            assert_eq!(Handover::read(nonsense), None, "{nonsense}");
        }
    }
}
