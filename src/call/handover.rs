//! What a node tells another one about a caller whom it sends there, in one header line: so that the card there is whole.

use crate::domain::{CallId, CustomerId, Language, PhoneNumber, QueueId, QueueReason, UserId};

/// The header's name.
pub const HEADER: &str = "X-Dinetone-Handover";
/// Said inside such a call ([`crate::sip::event::NODE_NEWS`]): whoever was asked for advice has the caller from now on.
pub const TAKEN: &str = "taken";
/// Said inside such a call: whoever was asked for advice speaks with the caller, too.
pub const TOGETHER: &str = "together";
/// Steps of the caller's path that are told, the last ones.
const MOST_STEPS: usize = 20;
/// Octets that are read, and octets of notes that are told, the newest ones; a line of SIP may have 16 KiB.
const LONGEST: usize = 15_000;
const MOST_NOTES: usize = 12_000;

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
    /// For this agent alone: the call is answered when they take it, and refused when they do not.
    pub to: Option<UserId>,
    /// That agent is only asked for advice; the caller is theirs when [`TAKEN`] follows inside the call.
    pub advice: bool,
    /// Who passed the caller on, and with which words.
    pub from: String,
    pub note: String,
    /// What was noted on the call.
    pub notes: Vec<String>,
}

impl Handover {
    /// The header's value.
    #[must_use]
    pub fn text(&self) -> String {
        let from = self.path.len().saturating_sub(MOST_STEPS);
        let path = self.path[from..].join(",");
        let (note, from) = (escaped(&self.note), escaped(&self.from));
        let notes = self.told_notes();
        let parts = [
            ("node", self.node.as_str()),
            ("call", self.call.as_str()),
            ("language", self.language.tag()),
            ("reason", self.reason.name()),
            ("queue", self.queue.as_ref().map_or("", QueueId::as_str)),
            ("customer", self.customer.as_ref().map_or("", CustomerId::as_str)),
            ("keyed", self.keyed.as_ref().map_or("", PhoneNumber::reveal)),
            ("to", self.to.as_ref().map_or("", UserId::as_str)),
            ("advice", if self.advice { "1" } else { "" }),
            ("from", &from),
            ("note", &note),
            ("path", &path),
            ("notes", &notes),
        ];
        let told = parts.iter().filter(|(_, value)| !value.is_empty() && !value.contains([';', '\r', '\n']));
        told.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
    }

    /// The newest notes, as many as fit into the line; that there were more is said.
    fn told_notes(&self) -> String {
        let mut room = MOST_NOTES.saturating_sub(self.note.len());
        let mut told = Vec::new();
        for note in self.notes.iter().rev() {
            let note = escaped(note);
            if note.len() > room {
                told.push(escaped(&format!("(…: {} / {})", self.node, self.call)));
                break;
            }
            room -= note.len();
            told.push(note);
        }
        told.reverse();
        told.join(",")
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
            to: None,
            advice: false,
            from: String::new(),
            note: String::new(),
            notes: Vec::new(),
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
                "to" => found.to = Some(UserId::new(value)),
                "advice" => found.advice = value == "1",
                "from" => found.from = plain(value),
                "note" => found.note = plain(value),
                "notes" => found.notes = value.split(',').map(plain).collect(),
                // Of a later version.
                _ => {}
            }
        }
        (!found.call.as_str().is_empty()).then_some(found)
    }
}

/// What would end a part, an entry or the line, as two hexadecimal digits after `%`.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut all, letter| {
        match letter {
            ';' | ',' | '%' | '=' => all.push_str(&format!("%{:02x}", letter as u32)),
            letter if letter.is_ascii_control() => all.push_str(&format!("%{:02x}", letter as u32)),
            letter => all.push(letter),
        }
        all
    })
}

fn plain(text: &str) -> String {
    let mut parts = text.split('%');
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let letter = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii);
        match letter {
            Some(letter) => {
                all.push(char::from(letter));
                all.push_str(&part[2..]);
            }
            None => {
                all.push('%');
                all.push_str(part);
            }
        }
    }
    all
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
            to: Some(UserId::new("u8001")),
            advice: true,
            from: "李娜".into(),
            note: "不要葱; 50% 辣,\r\n快".into(),
            notes: vec!["a=b".into(), "100%".into(), "%zz".into()],
        };
        assert_eq!(Handover::read(&told.text()), Some(told.clone()));
        assert!(!told.text().contains(['\r', '\n']));
        let (from, note) = (String::new(), String::new());
        let long = Handover { notes: (0..50).map(|n| format!("{n:02} {}", "长".repeat(600))).collect(), ..told.clone() };
        let read = Handover::read(&long.text()).unwrap();
        assert!(long.text().len() < LONGEST && read.notes.last() == long.notes.last(), "the newest are told");
        assert!(read.notes[0].contains("mh2xq8zta1b2c3"), "where the others are: {}", read.notes[0]);
        let (path, notes) = (Vec::new(), Vec::new());
        let bare = Handover { queue: None, customer: None, keyed: None, path, to: None, advice: false, from, note, notes, ..told };
        assert_eq!(Handover::read(&bare.text()), Some(bare));
        for nonsense in ["", ";;;", "node=b", "=;=;call", "call="] {
            assert_eq!(Handover::read(nonsense), None, "{nonsense}");
        }
    }
}
