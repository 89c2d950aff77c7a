//! Reads what a console sends: one JSON object a frame becomes a command, or a clear answer why not.

use serde_json::{Map, Value};

use crate::command::{Command, DialReason, Supervision, Target, TransferMode};
use crate::domain::{Break, Disposition, PhoneNumber, QueueId, Seat, UserId};

/// What a frame asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Command(Box<Command>),
    /// A new snapshot.
    Resync,
    /// Is anybody there?
    Ping,
}

/// A frame that asks nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Not JSON, or something is missing or of the wrong kind.
    Malformed(String),
    /// No such command here.
    Unknown(String),
}

impl Wrong {
    /// Its name in the answer.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unknown(_) => "unknown-command",
        }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn detail(&self) -> &str {
        match self {
            Self::Malformed(text) | Self::Unknown(text) => text,
        }
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The sender's name for it; answers name it again.
    pub id: Option<String>,
    /// Its type, for the journal.
    pub kind: String,
    pub request: Result<Request, Wrong>,
}

/// Which socket it came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// People who have signed in.
    Console,
    /// The diner's phone in the page.
    Phone,
}

const LONGEST_ID: usize = 64;
const LONGEST_NAME: usize = 64;
const LONGEST_NOTE: usize = 4000;
const LONGEST_SDP: usize = 48 * 1024;

/// Reads one text frame.
#[must_use]
pub fn read(text: &str, door: Door) -> Asked {
    let wrong = |id, kind: &str, wrong| Asked { id, kind: kind.to_owned(), request: Err(wrong) };
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return wrong(None, "", Wrong::Malformed("a frame is one JSON object".into())),
        Err(error) => return wrong(None, "", Wrong::Malformed(format!("this is not JSON: {error}"))),
    };
    let id = match fields.get("id") {
        Some(Value::String(id)) if (1..=LONGEST_ID).contains(&id.len()) => id.clone(),
        _ => return wrong(None, "", Wrong::Malformed(format!("id is missing, or is no text of 1 to {LONGEST_ID} bytes"))),
    };
    if fields.get("v").is_some_and(|version| version != &Value::from(1)) {
        return wrong(Some(id), "", Wrong::Malformed("this program speaks v 1".into()));
    }
    let Some(kind) = fields.get("type").and_then(Value::as_str) else {
        return wrong(Some(id), "", Wrong::Malformed("type is missing".into()));
    };
    let request = match (kind, door) {
        ("resync", Door::Console) => Ok(Request::Resync),
        ("ping", _) => Ok(Request::Ping),
        _ => command(kind, &Fields(&fields), door).map(|command| Request::Command(Box::new(command))),
    };
    Asked { id: Some(id), kind: kind.chars().take(LONGEST_NAME).collect(), request }
}

fn command(kind: &str, f: &Fields<'_>, door: Door) -> Result<Command, Wrong> {
    let phone = kind.starts_with("phone.");
    if phone != (door == Door::Phone) {
        return Err(unknown(kind));
    }
    Ok(match kind {
        "shift.start" => Command::StartShift { seat: f.seat()? },
        "shift.end" => Command::EndShift,
        "agent.state" => f.state()?,
        "media.offer" => Command::MediaOffer { sdp: f.text("sdp", LONGEST_SDP)? },
        "media.ice" => Command::MediaCandidate { candidate: f.candidate()? },
        "call.answer" => Command::Answer { call: f.call()? },
        "call.reject" => Command::Reject { call: f.call()? },
        "call.hangup" => Command::HangUp { call: f.call()? },
        "call.hold" => Command::Hold { call: f.call()? },
        "call.unhold" => Command::Resume { call: f.call()? },
        "call.complete" => Command::CompleteTransfer { call: f.call()? },
        "call.cancel_consult" => Command::CancelConsult { call: f.call()? },
        "call.conference" => Command::Conference { call: f.call()? },
        "call.mute" => Command::Mute { call: f.call()?, on: f.flag("on")? },
        "call.dtmf" => Command::Keys { call: f.call()?, keys: f.keys()? },
        "call.transfer" => Command::Transfer { call: f.call()?, to: f.target()?, mode: f.mode()?, note: f.note("note")? },
        "call.note" => Command::Note { call: f.call()?, text: f.text("text", LONGEST_NOTE)? },
        "call.identify" => Command::Identify { call: f.call()?, customer: f.text("customer", LONGEST_NAME)? },
        "call.dial" => Command::Dial { number: f.phone("number")?, because: f.because()? },
        "wrapup.save" => Command::WrapUp { call: f.call()?, disposition: f.disposition()?, note: f.note("note")? },
        "wrapup.extend" => Command::ExtendWrapUp,
        "floor.supervise" => Command::Supervise { agent: f.user("agent")?, how: f.how()? },
        "floor.stop" => Command::StopSupervising,
        "floor.break" => Command::ForceBreak { agent: f.user("agent")?, reason: Break(f.code("reason")?) },
        "floor.sign_out" => Command::ForceSignOut { agent: f.user("agent")?, reason: f.text("reason", LONGEST_NOTE)? },
        "queue.prefer" => Command::Prefer { call: f.call()? },
        "queue.move" => Command::MoveToQueue { call: f.call()?, queue: QueueId::new(f.text("queue", LONGEST_NAME)?) },
        "phone.dial" => Command::PhoneDial {
            number: f.text("number", LONGEST_NAME)?,
            caller: f.note("caller")?.chars().take(LONGEST_NAME).collect(),
            sdp: f.text("sdp", LONGEST_SDP)?,
        },
        "phone.key" => Command::PhoneKey { key: f.key()? },
        "phone.hangup" => Command::PhoneHangUp,
        _ => return Err(unknown(kind)),
    })
}

fn unknown(kind: &str) -> Wrong {
    Wrong::Unknown(format!("there is no command {:?} here", kind.chars().take(LONGEST_NAME).collect::<String>()))
}

/// The fields of one frame, read strictly.
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    fn bad<T>(name: &str, wanted: &str) -> Result<T, Wrong> {
        Err(Wrong::Malformed(format!("{name} is missing, or is no {wanted}")))
    }

    fn text(&self, name: &str, longest: usize) -> Result<String, Wrong> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.is_empty() && text.len() <= longest => Ok(text.clone()),
            _ => Self::bad(name, &format!("text of 1 to {longest} bytes")),
        }
    }

    /// Text that may be missing or empty.
    fn note(&self, name: &str) -> Result<String, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) if text.len() <= LONGEST_NOTE => Ok(text.clone()),
            Some(_) => Self::bad(name, &format!("text of at most {LONGEST_NOTE} bytes")),
        }
    }

    fn call(&self) -> Result<u64, Wrong> {
        self.0.get("call").and_then(Value::as_u64).map_or_else(|| Self::bad("call", "number of a call"), Ok)
    }

    fn flag(&self, name: &str) -> Result<bool, Wrong> {
        self.0.get(name).and_then(Value::as_bool).map_or_else(|| Self::bad(name, "true or false"), Ok)
    }

    fn phone(&self, name: &str) -> Result<PhoneNumber, Wrong> {
        PhoneNumber::parse(&self.text(name, LONGEST_NAME)?).map_or_else(|| Self::bad(name, "telephone number"), Ok)
    }

    fn user(&self, name: &str) -> Result<UserId, Wrong> {
        self.text(name, LONGEST_NAME).map(UserId::new)
    }

    /// A code of the settings: small letters, digits, `_` and `-`.
    fn code(&self, name: &str) -> Result<String, Wrong> {
        let text = self.text(name, LONGEST_NAME)?;
        if is_code(&text) { Ok(text) } else { Self::bad(name, "code of small letters") }
    }

    fn keys(&self) -> Result<String, Wrong> {
        let keys = self.text("keys", 32)?;
        if keys.chars().all(is_key) { Ok(keys) } else { Self::bad("keys", "telephone keys") }
    }

    fn key(&self) -> Result<char, Wrong> {
        let key = self.text("key", 1)?;
        key.chars().next().filter(|key| is_key(*key)).map_or_else(|| Self::bad("key", "telephone key"), Ok)
    }

    fn seat(&self) -> Result<Seat, Wrong> {
        match self.text("seat", LONGEST_NAME)?.as_str() {
            "browser" => Ok(Seat::Browser),
            "phone" => Ok(Seat::Phone { account: self.text("account", LONGEST_NAME)? }),
            "outside" => Ok(Seat::Outside { number: self.phone("number")? }),
            _ => Self::bad("seat", "browser, phone or outside"),
        }
    }

    fn state(&self) -> Result<Command, Wrong> {
        let to = self.text("to", LONGEST_NAME)?;
        match (to.as_str(), to.strip_prefix("break:")) {
            ("available", _) => Ok(Command::Ready),
            ("offline", _) => Ok(Command::EndShift),
            (_, Some(reason)) if is_code(reason) => Ok(Command::TakeBreak { reason: Break(reason.to_owned()) }),
            _ => Self::bad("to", "available or break:CODE"),
        }
    }

    /// As text, or as the browser's own object.
    fn candidate(&self) -> Result<String, Wrong> {
        let candidate = match self.0.get("candidate") {
            Some(Value::Object(object)) => object.get("candidate"),
            other => other,
        };
        match candidate {
            Some(Value::String(text)) if text.len() <= 2048 => Ok(text.clone()),
            // The browser's sign that there are no more.
            None | Some(Value::Null) => Ok(String::new()),
            Some(_) => Self::bad("candidate", "candidate"),
        }
    }

    fn target(&self) -> Result<Target, Wrong> {
        let Some(Value::Object(to)) = self.0.get("to") else { return Self::bad("to", "agent, queue or number") };
        let to = Fields(to);
        match (to.0.contains_key("agent"), to.0.contains_key("queue"), to.0.contains_key("number")) {
            (true, false, false) => to.user("agent").map(Target::Agent),
            (false, true, false) => to.text("queue", LONGEST_NAME).map(|queue| Target::Queue(QueueId::new(queue))),
            (false, false, true) => to.phone("number").map(Target::Number),
            _ => Self::bad("to", "one of agent, queue and number"),
        }
    }

    fn mode(&self) -> Result<TransferMode, Wrong> {
        match self.text("mode", LONGEST_NAME)?.as_str() {
            "blind" => Ok(TransferMode::Blind),
            "consult" => Ok(TransferMode::Consult),
            _ => Self::bad("mode", "blind or consult"),
        }
    }

    fn how(&self) -> Result<Supervision, Wrong> {
        let how = self.text("how", LONGEST_NAME)?;
        [Supervision::Listen, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver]
            .into_iter()
            .find(|one| one.name() == how)
            .map_or_else(|| Self::bad("how", "listen, whisper, barge or take_over"), Ok)
    }

    fn because(&self) -> Result<DialReason, Wrong> {
        match ["missed", "customer", "call"].map(|name| self.0.contains_key(name)) {
            [true, false, false] => Ok(DialReason::Missed { id: self.text("missed", LONGEST_NAME)? }),
            [false, true, false] => Ok(DialReason::Customer { customer: self.text("customer", LONGEST_NAME)? }),
            [false, false, true] => Ok(DialReason::Call { call: self.call()? }),
            _ => Self::bad("missed, customer or call", "reason to call"),
        }
    }

    /// As a number, or as its two digits.
    fn disposition(&self) -> Result<Disposition, Wrong> {
        let code = match self.0.get("code") {
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) if text.len() == 2 => text.parse().ok(),
            _ => None,
        };
        let code = code.and_then(|code| u8::try_from(code).ok()).and_then(Disposition::new);
        code.map_or_else(|| Self::bad("code", "one of the dispositions"), Ok)
    }
}

fn is_code(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

const fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')
}

/// `{"type":"ok","re":…}`
#[must_use]
pub fn ok(re: &str) -> String {
    serde_json::json!({ "type": "ok", "re": re }).to_string()
}

/// `{"type":"error","re":…,"problem":…,"detail":…}`
#[must_use]
pub fn error(re: Option<&str>, problem: &str, detail: &str) -> String {
    serde_json::json!({ "type": "error", "re": re, "problem": problem, "detail": detail }).to_string()
}

#[cfg(test)]
mod tests;
