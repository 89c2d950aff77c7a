//! From a TOML table to nodes and lines: every fault with its place and its cure, all at once.

use std::time::Duration;

use toml::{Table, Value};

use super::nodes::{Collect, Kind, Node, NodeId, Preset};
use super::{Line, Script, Settings};
use crate::domain::{BranchNumber, Finding, Language, MenuNumber, PhoneNumber, Quantity};

/// Keys at the top of the file that belong to the house, not to the dialogue.
const HOUSE: &[&str] = &["level", "category", "dish", "branch", "offer", "holiday", "make_up", "zone"];
const TOP: &[&str] = &["start", "home", "dialogue", "line", "node"];
const NODE: &[&str] = &[
    "kind",
    "say",
    "more",
    "short",
    "notice",
    "keys",
    "collect",
    "then",
    "closed",
    "otherwise",
    "wait",
    "tries",
    "barge",
    "commit",
    "for",
    "longest",
    "offers",
    "ask_language",
    "campaign",
    "dish",
    "quantity",
    "branch",
    "phone",
    "again",
    "queue",
];
/// More nodes than this are no dialogue that anybody can find their way in.
const MOST_NODES: usize = 500;

/// Reads everything that can be read.
pub(super) fn read(table: &Table) -> (Script, Vec<Finding>) {
    let mut reader = Reader { findings: Vec::new(), names: Vec::new() };
    reader.unknown("", table, &[TOP, HOUSE].concat());
    let settings = reader.settings(table.get("dialogue"));
    let empty = Table::new();
    let written = match table.get("node") {
        None => &empty,
        Some(Value::Table(nodes)) => nodes,
        Some(other) => {
            reader.wrong("node", other, "write [node.NAME] tables");
            &empty
        }
    };
    if written.len() > MOST_NODES {
        reader.say("node", format!("{} nodes", written.len()), format!("keep it to {MOST_NODES}"));
    }
    reader.names = written.keys().take(MOST_NODES).cloned().collect();
    let mut nodes: Vec<Node> = Vec::new();
    for (name, value) in written.iter().take(MOST_NODES) {
        let node = match value {
            Value::Table(node) => reader.node(name, node),
            other => {
                reader.wrong(&format!("node {name}"), other, "write a table [node.NAME]");
                Node::new(name, Kind::Hangup)
            }
        };
        nodes.push(node);
    }
    if nodes.is_empty() {
        reader.say("node", "no node".into(), "write at least one [node.NAME] table".into());
        nodes.push(Node::new("", Kind::Hangup));
    }
    let start = reader.target_of(table, "start", "start");
    if start.is_none() && table.get("start").is_none() {
        reader.say("start", "missing".into(), "write the name of the first node, such as start = \"welcome\"".into());
    }
    let start = start.unwrap_or(NodeId(0));
    let home = reader.target_of(table, "home", "home").unwrap_or_else(|| first_menu(&nodes, start));
    let lines = reader.lines(table.get("line"));
    let agent = match table.get("dialogue").and_then(|dialogue| dialogue.get("agent")) {
        Some(value) => reader.target("dialogue.agent", value),
        None => nodes.iter().zip(0..).find(|(node, _)| node.kind == Kind::Queue).map(|(_, place)| NodeId(place)),
    };
    (Script { settings, lines, nodes, start, home, agent }, reader.findings)
}

/// Where the start leads without a key: the main menu.
fn first_menu(nodes: &[Node], start: NodeId) -> NodeId {
    let mut place = start;
    for _ in 0..nodes.len() {
        let node = &nodes[usize::from(place.0)];
        match node.then {
            Some(then) if matches!(node.kind, Kind::Welcome | Kind::Say | Kind::Language) => place = then,
            _ => break,
        }
    }
    place
}

struct Reader {
    findings: Vec<Finding>,
    /// Names of the nodes, in the order of the file.
    names: Vec<String>,
}

impl Reader {
    fn say(&mut self, place: &str, found: String, cure: String) {
        self.findings.push(Finding::new(place, found, cure));
    }

    fn wrong(&mut self, place: &str, value: &Value, cure: &str) {
        self.say(place, shown(value), cure.to_owned());
    }

    fn unknown(&mut self, place: &str, table: &Table, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let cure = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("take it out; known here: {}", known.join(", ")),
            };
            let place = if place.is_empty() { shorten(key) } else { format!("{place}.{}", shorten(key)) };
            self.say(&place, "unknown key".into(), cure);
        }
    }

    fn settings(&mut self, value: Option<&Value>) -> Settings {
        let mut settings = Settings::default();
        let Some(value) = value else { return settings };
        let Value::Table(table) = value else {
            self.wrong("dialogue", value, "write a table [dialogue]");
            return settings;
        };
        let s = &mut settings;
        let mut known: Vec<&str> = vec!["agent"];
        for (key, place) in [
            ("menu_wait", &mut s.menu_wait),
            ("entry_wait", &mut s.entry_wait),
            ("between_digits", &mut s.between_digits),
            ("between_long", &mut s.between_long),
            ("language_wait", &mut s.language_wait),
            ("swallow", &mut s.swallow),
            ("deaf", &mut s.deaf),
            ("answer_notice", &mut s.answer_notice),
            ("answer_limit", &mut s.answer_limit),
            ("self_service", &mut s.self_service),
            ("record_silence", &mut s.record_silence),
            ("record_address", &mut s.record_address),
            ("record_note", &mut s.record_note),
            ("record_message", &mut s.record_message),
            ("urge_pause", &mut s.urge_pause),
            ("closing_notice", &mut s.closing_notice),
        ] {
            known.push(key);
            if let Some(duration) = table.get(key).and_then(|value| self.duration(&format!("dialogue.{key}"), value)) {
                *place = duration;
            }
        }
        let mut number = |reader: &mut Self, key: &'static str, least: i64, most: i64, default: i64| {
            known.push(key);
            table.get(key).and_then(|value| reader.number(&format!("dialogue.{key}"), value, least, most)).unwrap_or(default)
        };
        s.tries = number(self, "tries", 1, 9, i64::from(s.tries)) as u8;
        s.errors_in_call = number(self, "errors_in_call", 1, 99, i64::from(s.errors_in_call)) as u8;
        s.short_after = number(self, "short_after", 0, 10_000, i64::from(s.short_after)) as u32;
        s.points_from = number(self, "points_from", 1, 1_000_000, s.points_from);
        s.confirm_from = number(self, "confirm_from", 1, 99, i64::from(s.confirm_from)) as u16;
        s.agent_above = number(self, "agent_above", 1, 99, i64::from(s.agent_above)) as u16;
        known.push("kitchen_note");
        if let Some(value) = table.get("kitchen_note") {
            s.kitchen_note = self.flag("dialogue.kitchen_note", value).unwrap_or(false);
        }
        self.unknown("dialogue", table, &known);
        settings
    }

    fn lines(&mut self, value: Option<&Value>) -> Vec<Line> {
        let Some(value) = value else { return Vec::new() };
        let Value::Array(tables) = value else {
            self.wrong("line", value, "write [[line]] tables");
            return Vec::new();
        };
        let mut lines: Vec<Line> = Vec::new();
        for (count, value) in tables.iter().enumerate() {
            let place = format!("line {}", count + 1);
            let Value::Table(table) = value else {
                self.wrong(&place, value, "write a [[line]] table");
                continue;
            };
            self.unknown(&place, table, &["number", "start", "brand", "language"]);
            let number = match table.get("number") {
                Some(Value::String(number)) if !number.is_empty() => number.clone(),
                Some(Value::Integer(number)) if *number > 0 => number.to_string(),
                other => {
                    let found = other.map_or_else(|| "missing".into(), shown);
                    self.say(&format!("{place}.number"), found, "write the dialled number as text, or \"*\" for all others".into());
                    continue;
                }
            };
            if lines.iter().any(|line| line.number == number) {
                self.say(
                    &format!("{place}.number"),
                    format!("\"{}\" a second time", shorten(&number)),
                    "keep one line for each number".into(),
                );
            }
            if table.get("start").is_none() {
                self.say(&format!("{place}.start"), "missing".into(), "write the name of the first node".into());
            }
            let start = self.target_of(table, "start", &format!("{place}.start")).unwrap_or(NodeId(0));
            let brand = table.get("brand").and_then(|value| self.text(&format!("{place}.brand"), value));
            let language = table.get("language").and_then(|value| {
                let tag = self.text(&format!("{place}.language"), value)?;
                let language = Language::from_tag(&tag);
                if language.is_none() {
                    self.wrong(&format!("{place}.language"), value, "write \"zh\" or \"en\"");
                }
                language
            });
            lines.push(Line { number, start, brand, language });
        }
        lines
    }

    fn node(&mut self, name: &str, table: &Table) -> Node {
        let place = format!("node {}", shorten(name));
        self.unknown(&place, table, NODE);
        let at = |key: &str| format!("{place}.{key}");
        let guessed = if table.contains_key("keys") {
            Kind::Menu
        } else if table.contains_key("collect") {
            Kind::Collect
        } else {
            Kind::Say
        };
        let kind = match table.get("kind") {
            None => guessed,
            Some(value) => match value.as_str().and_then(Kind::from_name) {
                Some(kind) => kind,
                None => {
                    let names = Kind::ALL.map(Kind::name);
                    let cure = match value.as_str().and_then(|text| nearest(text, names.into_iter())) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => format!("write one of {}", names.join(", ")),
                    };
                    self.say(&at("kind"), shown(value), cure);
                    guessed
                }
            },
        };
        let mut node = Node::new(name, kind);
        node.say = self.prompts(table, "say", &at("say"));
        node.quiet = kind == Kind::Hangup && table.contains_key("say") && node.say.is_empty();
        node.more = self.prompts(table, "more", &at("more"));
        node.short = self.prompts(table, "short", &at("short"));
        node.notice = self.prompts(table, "notice", &at("notice"));
        node.keys = self.keys(table.get("keys"), &at("keys"));
        node.collect = table.get("collect").and_then(|value| self.collect(&at("collect"), value));
        node.queue = table.get("queue").and_then(|value| self.text(&at("queue"), value)).filter(|queue| !queue.is_empty());
        if node.queue.is_some() && kind != Kind::Queue {
            self.say(&at("queue"), format!("on a {} node", kind.name()), "only nodes with kind = \"queue\" name a queue".into());
        }
        node.then = self.target_of(table, "then", &at("then"));
        node.closed = self.target_of(table, "closed", &at("closed"));
        node.otherwise = self.target_of(table, "otherwise", &at("otherwise"));
        node.wait = table.get("wait").and_then(|value| self.duration(&at("wait"), value));
        node.lasts = table.get("for").and_then(|value| self.duration(&at("for"), value));
        node.longest = table.get("longest").and_then(|value| self.duration(&at("longest"), value));
        node.tries = table.get("tries").and_then(|value| self.number(&at("tries"), value, 1, 9)).map(|tries| tries as u8);
        for (key, flag) in [
            ("barge", &mut node.barge),
            ("commit", &mut node.commit),
            ("offers", &mut node.offers),
            ("ask_language", &mut node.ask_language),
            ("campaign", &mut node.campaign),
        ] {
            if let Some(set) = table.get(key).and_then(|value| self.flag(&format!("{place}.{key}"), value)) {
                *flag = set;
            }
        }
        if ["dish", "quantity", "branch", "phone", "again"].iter().any(|key| table.contains_key(*key)) {
            node.preset = self.preset(&place, table);
        }
        node
    }

    fn preset(&mut self, place: &str, table: &Table) -> Option<Preset> {
        let number = |reader: &mut Self, key: &str, most: i64, default: Option<i64>| match table.get(key) {
            Some(value) => reader.number(&format!("{place}.{key}"), value, 1, most),
            None if default.is_some() => default,
            None => {
                reader.say(&format!("{place}.{key}"), "missing".into(), "an order node with presets needs dish and branch".into());
                None
            }
        };
        let dish = number(self, "dish", 9999, None);
        let branch = number(self, "branch", 9999, None);
        let quantity = number(self, "quantity", 99, Some(1));
        let phone = table.get("phone").and_then(|value| {
            let phone = value.as_str().and_then(PhoneNumber::parse);
            if phone.is_none() {
                self.say(&format!("{place}.phone"), "not a number".into(), "write a telephone number as text".into());
            }
            phone
        });
        let again = table.get("again").and_then(|value| self.flag(&format!("{place}.again"), value)).unwrap_or(false);
        Some(Preset {
            dish: MenuNumber::new(u16::try_from(dish?).ok()?)?,
            quantity: Quantity::new(u16::try_from(quantity?).ok()?)?,
            branch: BranchNumber::new(u16::try_from(branch?).ok()?)?,
            phone,
            again,
        })
    }

    fn keys(&mut self, value: Option<&Value>, place: &str) -> Vec<(char, NodeId)> {
        let Some(value) = value else { return Vec::new() };
        let Value::Table(table) = value else {
            self.wrong(place, value, "write { \"1\" = \"node\", \"2\" = \"other\" }");
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (key, value) in table {
            let place = format!("{place}.{}", shorten(key));
            match key.as_str() {
                "#" => self.say(&place, "# always finishes or confirms".into(), "take it out; numbers go from 1 to 5".into()),
                "0" | "*" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" => {
                    if let Some(target) = self.target(&place, value) {
                        keys.push((key.chars().next().unwrap_or('0'), target));
                    }
                }
                _ => self.say(&place, "not a key".into(), "write one of 1 to 5, 0 or *".into()),
            }
        }
        keys.sort_by_key(|(key, _)| *key);
        keys
    }

    fn collect(&mut self, place: &str, value: &Value) -> Option<Collect> {
        let cure = "write { into = \"name\", digits = \"1-4\", end = \"#\" }";
        let Value::Table(table) = value else {
            self.wrong(place, value, cure);
            return None;
        };
        self.unknown(place, table, &["into", "digits", "end", "secret"]);
        let into = table.get("into").and_then(|value| self.text(&format!("{place}.into"), value)).unwrap_or_else(|| "digits".into());
        let pound = match table.get("end") {
            None => false,
            Some(Value::String(end)) if end == "#" => true,
            Some(other) => {
                self.wrong(&format!("{place}.end"), other, "only \"#\" ends an entry");
                true
            }
        };
        let secret = table.get("secret").and_then(|value| self.flag(&format!("{place}.secret"), value)).unwrap_or(false);
        let digits = match table.get("digits") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Integer(number)) => number.to_string(),
            _ => String::new(),
        };
        let (least, most) = digits.split_once('-').unwrap_or((&digits, &digits));
        match (least.trim().parse::<u8>(), most.trim().parse::<u8>()) {
            (Ok(least), Ok(most)) if (1..=20).contains(&least) && least <= most && most <= 20 => {
                if least != most && !pound {
                    self.say(&format!("{place}.end"), "missing".into(), "digits of several lengths end with end = \"#\"".into());
                }
                Some(Collect { into, least, most, pound, secret })
            }
            _ => {
                self.say(&format!("{place}.digits"), format!("\"{}\"", shorten(&digits)), "write \"4\" or \"1-4\", at most 20".into());
                None
            }
        }
    }

    fn prompts(&mut self, table: &Table, key: &str, place: &str) -> Vec<String> {
        let cure = "write a list of prompt names, such as [\"main.menu\"]";
        match table.get(key) {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(list)) => {
                if list.len() > 20 {
                    self.say(place, format!("{} prompts", list.len()), "keep it to 20".into());
                }
                let mut prompts = Vec::new();
                for value in list.iter().take(20) {
                    match value.as_str() {
                        Some(text) => prompts.push(text.to_owned()),
                        None => self.wrong(place, value, cure),
                    }
                }
                prompts
            }
            Some(other) => {
                self.wrong(place, other, cure);
                Vec::new()
            }
        }
    }

    fn target_of(&mut self, table: &Table, key: &str, place: &str) -> Option<NodeId> {
        table.get(key).and_then(|value| self.target(place, value))
    }

    fn target(&mut self, place: &str, value: &Value) -> Option<NodeId> {
        let Some(name) = value.as_str() else {
            self.wrong(place, value, "write the name of a node as text");
            return None;
        };
        if let Some(found) = self.names.iter().position(|known| known == name) {
            return u16::try_from(found).ok().map(NodeId);
        }
        let cure = match nearest(name, self.names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("write [node.{}] or name another node", shorten(name)),
        };
        self.say(place, format!("no node \"{}\"", shorten(name)), cure);
        None
    }

    fn text(&mut self, place: &str, value: &Value) -> Option<String> {
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(place, value, "write text in quotes");
        }
        text
    }

    fn flag(&mut self, place: &str, value: &Value) -> Option<bool> {
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong(place, value, "write true or false");
        }
        flag
    }

    fn number(&mut self, place: &str, value: &Value, least: i64, most: i64) -> Option<i64> {
        let number = value.as_integer().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.say(place, shown(value), format!("write a number from {least} to {most}"));
        }
        number
    }

    fn duration(&mut self, place: &str, value: &Value) -> Option<Duration> {
        let duration = value.as_str().and_then(duration);
        if duration.is_none() {
            self.wrong(place, value, "write a time such as \"5s\", \"700ms\" or \"2m\", at most a day");
        }
        duration
    }
}

/// `700ms`, `2.5s`, `2m`, `1h`: above zero, at most a day.
fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(end);
    let millis: f64 = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    let millis = number * millis;
    (millis.is_finite() && (1.0..=86_400_000.0).contains(&millis)).then(|| Duration::from_millis(millis as u64))
}

/// What was found, short enough for one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shorten(text)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(_) => "a date".into(),
        Value::Array(_) => "a list".into(),
        Value::Table(_) => "a table".into(),
    }
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The known name that was probably meant.
pub(super) fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text: Vec<char> = text.chars().take(40).collect();
    known
        .map(|name| (distance(&text, name), name))
        .filter(|(far, name)| *far <= 2 && *far < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// How many letters differ (Levenshtein).
fn distance(text: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().take(40).collect();
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in text.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in name.iter().enumerate() {
            let cost = (corner + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::{duration, nearest};
    use std::time::Duration;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(duration("2.5s"), Some(Duration::from_millis(2500)));
        assert_eq!(duration("700ms"), Some(Duration::from_millis(700)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        for bad in ["5", "s", "", "-1s", "0s", "NaNs", "infs", "1e99h", "5 sec"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        assert_eq!(nearest("mian", ["main", "order"].into_iter()), Some("main"));
        assert_eq!(nearest("xyz", ["main", "order"].into_iter()), None);
    }
}
