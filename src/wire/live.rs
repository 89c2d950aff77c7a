//! Events and snapshots as JSON, as `docs/api.md` shows them; a golden file for each in `tests/golden/events`.

use serde::Serialize;

use super::pop::PopOut;
use super::time;
use crate::command::Supervision;
use crate::domain::{AgentState, Seat};
use crate::event::{AgentView, CallView, Event, NodeView, PhoneState, QueuesView, Snapshot, What};

/// How much of an event somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Nothing,
    /// Names and states, without callers and figures of others.
    Brief,
    Full,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum EventOut<'a> {
    #[serde(rename = "agent.state")]
    Agent(AgentOut<'a>),
    #[serde(rename = "call.ring")]
    Ring { call: CallOut<'a> },
    #[serde(rename = "call.state")]
    Call { call: CallOut<'a> },
    #[serde(rename = "call.withdrawn")]
    Withdrawn { call: u64, why: &'a str },
    #[serde(rename = "queues")]
    Queues(QueuesOut<'a>),
    #[serde(rename = "node")]
    Node(NodeOut<'a>),
    #[serde(rename = "node.gone")]
    NodeGone { node: &'a str },
    #[serde(rename = "media.answer")]
    MediaAnswer { sdp: &'a str },
    #[serde(rename = "media.state")]
    MediaState { connected: bool, loss_percent: u8, rtt_ms: u32 },
    #[serde(rename = "taken_over")]
    TakenOver,
    #[serde(rename = "supervised")]
    Supervised { by: &'a str, how: Option<&'static str> },
    #[serde(rename = "store")]
    Store { away: bool },
    #[serde(rename = "phone.answer")]
    PhoneAnswer { sdp: &'a str },
    #[serde(rename = "phone.talking")]
    PhoneTalking,
    #[serde(rename = "phone.ended")]
    PhoneEnded { why: &'a str },
}

/// An event without its number: what follows `{"seq":7,` in the frame. The same for all who see as much of it.
#[must_use]
pub fn event_tail(event: &Event, sight: Sight) -> String {
    let brief = sight != Sight::Full;
    let out = match &event.what {
        What::Agent(agent) => EventOut::Agent(AgentOut::of(agent, brief)),
        What::Ring { call, .. } => EventOut::Ring { call: CallOut::of(call) },
        What::Call { call, .. } => EventOut::Call { call: CallOut::of(call) },
        What::Withdrawn { call, why, .. } => EventOut::Withdrawn { call: *call, why },
        What::Queues(queues) => EventOut::Queues(QueuesOut::of(queues, brief)),
        What::Node(node) => EventOut::Node(NodeOut::of(node, brief)),
        What::NodeGone { node } => EventOut::NodeGone { node },
        What::MediaAnswer { sdp, .. } => EventOut::MediaAnswer { sdp },
        What::MediaState { connected, loss_percent, rtt_ms, .. } => {
            EventOut::MediaState { connected: *connected, loss_percent: *loss_percent, rtt_ms: *rtt_ms }
        }
        What::TakenOver { .. } => EventOut::TakenOver,
        What::Supervised { by, how, .. } => EventOut::Supervised { by, how: how.map(Supervision::name) },
        What::Store { away } => EventOut::Store { away: *away },
        What::Phone { state: PhoneState::Answer { sdp }, .. } => EventOut::PhoneAnswer { sdp },
        What::Phone { state: PhoneState::Talking, .. } => EventOut::PhoneTalking,
        What::Phone { state: PhoneState::Ended { why }, .. } => EventOut::PhoneEnded { why },
    };
    let text = serde_json::to_string(&out).unwrap_or_default();
    format!("\"at\":\"{}\",{}", time(event.at), text.trim_start_matches('{'))
}

/// A whole snapshot frame, with the number that the next events of this socket follow.
#[must_use]
pub fn snapshot(snapshot: &Snapshot, seq: u64, store_away: bool, sight: Sight) -> String {
    #[derive(Serialize)]
    struct Frame<'a> {
        r#type: &'static str,
        seq: u64,
        at: String,
        me: Option<AgentOut<'a>>,
        calls: Vec<CallOut<'a>>,
        queues: QueuesOut<'a>,
        agents: Vec<AgentOut<'a>>,
        node: &'a str,
        nodes: Vec<NodeOut<'a>>,
        store_away: bool,
        version: &'static str,
    }
    let brief = sight != Sight::Full;
    let nothing = QueuesView::default();
    let hidden = sight == Sight::Nothing;
    let frame = Frame {
        r#type: "snapshot",
        seq,
        at: time(snapshot.at),
        me: snapshot.me.as_ref().map(|me| AgentOut::of(me, false)),
        calls: snapshot.calls.iter().map(|call| CallOut::of(call)).collect(),
        queues: QueuesOut::of(if hidden { &nothing } else { &snapshot.queues }, brief),
        agents: if hidden { Vec::new() } else { snapshot.agents.iter().map(|agent| AgentOut::of(agent, brief)).collect() },
        node: &snapshot.node,
        nodes: if hidden { Vec::new() } else { snapshot.nodes.iter().map(|node| NodeOut::of(node, brief)).collect() },
        store_away: store_away || snapshot.store_away,
        version: env!("CARGO_PKG_VERSION"),
    };
    serde_json::to_string(&frame).unwrap_or_default()
}

#[derive(Serialize)]
struct AgentOut<'a> {
    user: &'a str,
    node: Option<&'a str>,
    number: &'a str,
    name: &'a str,
    role: &'static str,
    state: &'static str,
    since: String,
    until: Option<String>,
    extended: u8,
    break_reason: Option<&'a str>,
    reason: Option<&'a str>,
    next: Option<&'a str>,
    seat: Option<&'static str>,
    connected: bool,
    queues: Vec<&'a str>,
    call: Option<u64>,
    caller: Option<&'a str>,
    today: TodayOut,
}

#[derive(Serialize)]
struct TodayOut {
    calls: u32,
    missed: u32,
    orders: u32,
    talk_ms: u64,
    wrap_up_ms: u64,
}

impl<'a> AgentOut<'a> {
    /// Colleagues see names and states; callers and figures are for the agent and for supervisors.
    fn of(agent: &'a AgentView, brief: bool) -> Self {
        let (until, extended) = match &agent.state {
            AgentState::Ringing { until, .. } => (Some(time(*until)), 0),
            AgentState::WrapUp { until, extended, .. } => (Some(time(*until)), *extended),
            _ => (None, 0),
        };
        let why = match &agent.state {
            AgentState::NotReady { why } => Some(*why),
            _ => None,
        };
        let today = if brief { crate::event::Today::default() } else { agent.today };
        Self {
            user: agent.user.as_str(),
            node: agent.node.as_deref(),
            number: &agent.number,
            name: &agent.name,
            role: agent.role.name(),
            state: agent.state.name(),
            since: time(agent.since),
            until,
            extended,
            break_reason: match &agent.state {
                AgentState::Break { reason } => Some(&reason.0),
                _ => None,
            },
            reason: if brief { None } else { agent.reason.as_deref().or(why) },
            next: if brief { None } else { agent.next.as_deref() },
            seat: agent.seat.as_ref().map(Seat::name),
            connected: agent.connected,
            queues: agent.queues.iter().map(|queue| queue.as_str()).collect(),
            call: if brief { None } else { agent.state.call() },
            caller: if brief { None } else { agent.caller.as_deref() },
            today: TodayOut {
                calls: today.calls,
                missed: today.missed,
                orders: today.orders,
                talk_ms: today.talk_ms,
                wrap_up_ms: today.wrap_up_ms,
            },
        }
    }
}

#[derive(Serialize)]
struct CallOut<'a> {
    call: u64,
    id: &'a str,
    state: &'static str,
    since: String,
    arrived_at: String,
    answered_at: Option<String>,
    outbound: bool,
    queue: Option<&'a str>,
    queue_name_zh: &'a str,
    queue_name_en: &'a str,
    language: &'static str,
    caller: Option<&'a str>,
    dialled: &'a str,
    waited_ms: u64,
    ring_until: Option<String>,
    path: &'a [String],
    reason: &'a str,
    routed: &'a str,
    pop: PopOut<'a>,
    parties: Vec<PartyOut<'a>>,
    muted: bool,
    consult: Option<ConsultOut<'a>>,
    from: Option<FromOut<'a>>,
    notes: &'a [String],
    orders: &'a [String],
    wrap_up_until: Option<String>,
    proposed: Option<u8>,
    lost: Option<LostOut>,
    ended: Option<&'a str>,
}

#[derive(Serialize)]
struct PartyOut<'a> {
    kind: &'static str,
    name: &'a str,
    how: Option<&'static str>,
}

#[derive(Serialize)]
struct ConsultOut<'a> {
    with: &'a str,
    state: &'static str,
}

#[derive(Serialize)]
struct FromOut<'a> {
    name: &'a str,
    note: &'a str,
}

#[derive(Serialize)]
struct LostOut {
    what: &'static str,
    until: String,
}

impl<'a> CallOut<'a> {
    /// Goes to the agent whose call it is and to nobody else, and therefore names the caller in full.
    fn of(call: &'a CallView) -> Self {
        Self {
            call: call.call,
            id: call.id.as_str(),
            state: call.state.name(),
            since: time(call.since),
            arrived_at: time(call.arrived_at),
            answered_at: call.answered_at.map(time),
            outbound: call.outbound,
            queue: call.queue.as_ref().map(|queue| queue.as_str()),
            queue_name_zh: &call.queue_name,
            queue_name_en: &call.queue_name,
            language: call.language.tag(),
            caller: call.caller.as_ref().map(|caller| caller.reveal()),
            dialled: &call.dialled,
            waited_ms: call.waited_ms,
            ring_until: call.ring_until.map(time),
            path: &call.path,
            reason: &call.reason,
            routed: &call.routed,
            pop: PopOut::of(&call.pop),
            parties: call
                .parties
                .iter()
                .map(|party| PartyOut { kind: party.kind, name: &party.name, how: party.how.map(Supervision::name) })
                .collect(),
            muted: call.muted,
            consult: call.consult.as_ref().map(|consult| ConsultOut { with: &consult.with, state: consult.state }),
            from: call.from.as_ref().map(|(name, note)| FromOut { name, note }),
            notes: &call.notes,
            orders: &call.orders,
            wrap_up_until: call.wrap_up_until.map(time),
            proposed: call.proposed,
            lost: call.lost.map(|(what, until)| LostOut { what, until: time(until) }),
            ended: call.ended.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct NodeOut<'a> {
    node: &'a str,
    silent_since: Option<String>,
    reachable: bool,
    #[serde(flatten)]
    queues: QueuesOut<'a>,
}

impl<'a> NodeOut<'a> {
    fn of(node: &'a NodeView, brief: bool) -> Self {
        Self {
            node: &node.node,
            silent_since: node.silent_since.map(time),
            reachable: node.reachable,
            queues: QueuesOut::of(&node.queues, brief),
        }
    }
}

#[derive(Serialize)]
struct QueuesOut<'a> {
    queues: Vec<QueueOut<'a>>,
    waiting: Vec<WaitingOut<'a>>,
}

#[derive(Serialize)]
struct QueueOut<'a> {
    queue: &'a str,
    name_zh: &'a str,
    name_en: &'a str,
    waiting: u32,
    longest_since: Option<String>,
    agents: u32,
    ready: u32,
    offered: u32,
    answered: u32,
    answered_in_time: u32,
    abandoned: u32,
    abandoned_short: u32,
}

#[derive(Serialize)]
struct WaitingOut<'a> {
    call: u64,
    queue: &'a str,
    caller: Option<&'a str>,
    name: &'a str,
    level: Option<&'a str>,
    since: String,
    place: u32,
    priority: i32,
    kept_for: Option<&'a str>,
    is_callback: bool,
}

impl<'a> QueuesOut<'a> {
    /// Who does not talk with callers sees that somebody waits, not who.
    fn of(view: &'a QueuesView, brief: bool) -> Self {
        Self {
            queues: view
                .queues
                .iter()
                .map(|queue| QueueOut {
                    queue: queue.queue.as_str(),
                    name_zh: &queue.name_zh,
                    name_en: &queue.name_en,
                    waiting: queue.waiting,
                    longest_since: queue.longest_since.map(time),
                    agents: queue.agents,
                    ready: queue.ready,
                    offered: queue.offered,
                    answered: queue.answered,
                    answered_in_time: queue.answered_in_time,
                    abandoned: queue.abandoned,
                    abandoned_short: queue.abandoned_short,
                })
                .collect(),
            waiting: view
                .waiting
                .iter()
                .map(|waiting| WaitingOut {
                    call: waiting.call,
                    queue: waiting.queue.as_str(),
                    caller: if brief { None } else { waiting.caller.as_deref() },
                    name: if brief { "" } else { &waiting.name },
                    level: waiting.level.as_deref(),
                    since: time(waiting.since),
                    place: waiting.place,
                    priority: waiting.priority,
                    kept_for: waiting.kept_for.as_ref().map(|user| user.as_str()),
                    is_callback: waiting.is_callback,
                })
                .collect(),
        }
    }
}
