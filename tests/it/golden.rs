//! The events as consoles get them: one file for each kind in `tests/golden/events`, the contract with the pages.
//!
//! `DINETONE_WRITE_GOLDEN=1` writes them anew; the difference then shows in the change.

use std::path::Path;
use std::sync::Arc;

use dinetone::command::Supervision;
use dinetone::domain::{AgentState, Timestamp, UserId};
use dinetone::event::{CallState, ConsultView, Event, NodeView, PartyView, PhoneState, What};
use dinetone::wire::live::{Sight, event_tail};
use serde_json::Value;

use super::wire::web_kit::{agent, call, queues};

fn user() -> UserId {
    UserId::new("u8003")
}

/// Another node that has fallen silent.
fn node() -> Arc<NodeView> {
    let silent_since = Some(Timestamp::from_millis(1_795_000_000_000));
    Arc::new(NodeView { node: "b".into(), silent_since, reachable: false, queues: Arc::new(queues()) })
}

/// A sample of each kind, under the name of its file.
fn samples() -> Vec<(&'static str, What)> {
    let mut talking = (*call(7, CallState::Conference)).clone();
    talking.parties = vec![PartyView { kind: "supervisor", name: "王主管".into(), how: Some(Supervision::Whisper) }];
    talking.consult = Some(ConsultView { with: "8001".into(), state: "talking" });
    talking.from = Some(("李娜".into(), "汤凉了".into()));
    talking.lost = Some(("page", Timestamp::from_millis(20_000)));
    vec![
        ("agent", What::Agent(agent("8003", AgentState::WrapUp { call: 7, until: Timestamp::from_millis(30_000), extended: 1 }))),
        ("ring", What::Ring { to: user(), call: call(7, CallState::Ringing) }),
        ("call", What::Call { to: user(), call: Arc::new(talking) }),
        ("withdrawn", What::Withdrawn { to: user(), call: 7, why: "caller_gone" }),
        ("queues", What::Queues(Arc::new(queues()))),
        ("node", What::Node(node())),
        ("node-gone", What::NodeGone { node: "b".into() }),
        ("media-answer", What::MediaAnswer { to: user(), page: 1, sdp: "v=0\r\n".into() }),
        ("media-state", What::MediaState { to: user(), page: 1, connected: true, loss_percent: 2, rtt_ms: 34 }),
        ("taken-over", What::TakenOver { to: user(), page: 1 }),
        ("supervised", What::Supervised { to: user(), by: "王主管".into(), how: Some(Supervision::Listen) }),
        ("store", What::Store { away: true }),
        ("phone", What::Phone { page: 1, state: PhoneState::Ended { why: "finished".into() } }),
    ]
}

#[test]
fn every_event_has_its_shape_on_file() {
    let source = include_str!("../../src/event.rs");
    let body = source.split("pub enum What {").nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap();
    let kinds: Vec<String> = body
        .lines()
        .filter(|line| line.starts_with("    ") && line[4..].starts_with(char::is_uppercase))
        .map(|line| line.trim().chars().take_while(|c| c.is_alphanumeric()).collect())
        .collect();
    let samples = samples();
    for kind in &kinds {
        let shown = samples.iter().any(|(_, what)| format!("{what:?}").starts_with(kind.as_str()));
        assert!(shown, "{kind} has no sample here and no golden file");
    }
    assert!(kinds.len() >= 13, "the kinds were found: {kinds:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/events");
    let write = std::env::var_os("DINETONE_WRITE_GOLDEN").is_some();
    for (name, what) in samples {
        let event = Event { seq: 7, at: Timestamp::from_millis(1_795_000_000_000), what };
        let frame: Value = serde_json::from_str(&format!("{{\"seq\":7,{}", event_tail(&event, Sight::Full))).unwrap();
        let text = format!("{}\n", serde_json::to_string_pretty(&frame).unwrap());
        let file = folder.join(format!("{name}.json"));
        if write {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(kept, text, "{name}: the console reads another shape");
    }
}
