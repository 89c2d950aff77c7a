//! A call's path as compact JSON: `[[milliseconds since arrival, kind, …], …]`, one text per call.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

use crate::domain::{End, KeySource, OrderNumber, Party, Reason, Step, StepKind, Timestamp};

/// Steps as text.
pub(super) fn to_text(steps: &[Step], arrived: Timestamp) -> String {
    Value::Array(steps.iter().map(|step| to_value(step, arrived)).collect()).to_string()
}

fn to_value(step: &Step, arrived: Timestamp) -> Value {
    let at = step.at.as_millis() - arrived.as_millis();
    match &step.kind {
        StepKind::Arrived => json!([at, "arrived"]),
        StepKind::Answered { codec, keys_by } => json!([at, "answered", codec, keys_by]),
        StepKind::Node(node) => json!([at, "node", node]),
        StepKind::Outcome { node, outcome } => json!([at, "outcome", node, outcome]),
        StepKind::Said { prompts, text } => json!([at, "said", prompts, text]),
        StepKind::BargeIn { prompt, after_ms } => json!([at, "barge", prompt, after_ms]),
        StepKind::Key { key, source } => json!([at, "key", key.to_string(), source.name()]),
        StepKind::Warning(text) => json!([at, "warning", text]),
        StepKind::Note(text) => json!([at, "note", text]),
        StepKind::Ordered(number) => json!([at, "ordered", number.as_str()]),
        StepKind::Ended(end) => json!([at, "ended", end.by.name(), end.reason.name()]),
    }
}

/// Reads them back; what this program does not know is shown as a note.
pub(super) fn from_text(text: &str, arrived: Timestamp) -> Vec<Step> {
    let Ok(Value::Array(steps)) = serde_json::from_str(text) else { return Vec::new() };
    steps.iter().filter_map(|step| from_value(step.as_array()?, arrived)).collect()
}

fn from_value(step: &[Value], arrived: Timestamp) -> Option<Step> {
    let at = Timestamp::from_millis(arrived.as_millis().saturating_add(step.first()?.as_i64()?));
    let text = |place: usize| step.get(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    let kind = match step.get(1)?.as_str()? {
        "arrived" => StepKind::Arrived,
        "answered" => StepKind::Answered { codec: text(2), keys_by: text(3) },
        "node" => StepKind::Node(text(2)),
        "outcome" => StepKind::Outcome { node: text(2), outcome: text(3) },
        "said" => {
            let prompts = step
                .get(2)
                .and_then(Value::as_array)
                .map_or_else(Vec::new, |prompts| prompts.iter().filter_map(|prompt| prompt.as_str().map(str::to_owned)).collect());
            StepKind::Said { prompts, text: text(3) }
        }
        "barge" => StepKind::BargeIn {
            prompt: text(2),
            after_ms: step.get(3).and_then(Value::as_u64).and_then(|ms| u32::try_from(ms).ok()).unwrap_or(0),
        },
        "key" => StepKind::Key { key: text(2).chars().next()?, source: source(&text(3)) },
        "warning" => StepKind::Warning(text(2)),
        "note" => StepKind::Note(text(2)),
        "ordered" => StepKind::Ordered(OrderNumber::new(text(2))),
        "ended" => StepKind::Ended(End { by: party(&text(2)), reason: reason(&text(3)) }),
        other => StepKind::Note(other.to_owned()),
    };
    Some(Step { at, kind })
}

fn source(name: &str) -> KeySource {
    [KeySource::Event, KeySource::Info, KeySource::Tone].into_iter().find(|source| source.name() == name).unwrap_or(KeySource::Event)
}

pub(super) fn party(name: &str) -> Party {
    [Party::Caller, Party::Agent, Party::Us, Party::Trunk].into_iter().find(|party| party.name() == name).unwrap_or(Party::Unknown)
}

pub(super) fn reason(name: &str) -> Reason {
    const PLAIN: [Reason; 10] = [
        Reason::Finished,
        Reason::Served,
        Reason::Abandoned,
        Reason::NoAgent,
        Reason::TooLong,
        Reason::NoAudio,
        Reason::NoAck,
        Reason::SessionExpired,
        Reason::Blocked,
        Reason::Interrupted,
    ];
    if let Some(reason) = PLAIN.into_iter().find(|reason| reason.name() == name) {
        return reason;
    }
    match name.split_once(':') {
        Some(("rejected", status)) => Reason::Rejected(status.parse().unwrap_or(0)),
        Some(("our_fault", what)) => Reason::OurFault(lasting(what)),
        _ => Reason::OurFault("unknown"),
    }
}

/// The same text for as long as the program runs: the kinds of fault are few, and a store cannot make more than that.
fn lasting(what: &str) -> &'static str {
    static KNOWN: OnceLock<Mutex<BTreeSet<&'static str>>> = OnceLock::new();
    let Ok(mut known) = KNOWN.get_or_init(Mutex::default).lock() else { return "unknown" };
    if let Some(text) = known.get(what) {
        return text;
    }
    if known.len() >= 256 || what.len() > 100 {
        return "unknown";
    }
    let text: &'static str = Box::leak(what.to_owned().into_boxed_str());
    known.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::{from_text, reason, to_text};
    use crate::domain::{End, KeySource, OrderNumber, Party, Reason, Step, StepKind, Timestamp};

    #[test]
    fn every_step_comes_back_as_it_was() {
        let kinds = [
            StepKind::Arrived,
            StepKind::Answered { codec: "PCMA".into(), keys_by: "rfc4733".into() },
            StepKind::Node("main".into()),
            StepKind::Outcome { node: "main".into(), outcome: "order".into() },
            StepKind::Said { prompts: vec!["greet.open".into(), "main.menu".into()], text: "欢迎致电".into() },
            StepKind::BargeIn { prompt: "main.menu".into(), after_ms: 420 },
            StepKind::Key { key: '·', source: KeySource::Tone },
            StepKind::Warning("no digits seen".into()),
            StepKind::Note("\"quoted\"".into()),
            StepKind::Ordered(OrderNumber::new("2611213072")),
            StepKind::Ended(End { by: Party::Us, reason: Reason::RESTARTING }),
        ];
        let arrived = Timestamp::from_millis(1_000_000);
        let steps: Vec<Step> =
            kinds.into_iter().zip(0..).map(|(kind, place)| Step { at: Timestamp::from_millis(1_000_000 + place * 20), kind }).collect();
        assert_eq!(from_text(&to_text(&steps, arrived), arrived), steps);
    }

    #[test]
    fn reasons_are_known_by_their_stable_names() {
        for known in [Reason::Finished, Reason::Rejected(486), Reason::Interrupted, Reason::OurFault("panicked")] {
            assert_eq!(reason(&known.name()), known);
        }
    }
}
