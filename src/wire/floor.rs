//! What a node tells the others of its floor, as one line of JSON in the store: its agents, its queues, and who waits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{AgentState, Break, QueueId, Role, Timestamp, UserId};
use crate::event::{AgentView, QueueView, QueuesView, Today, WaitingView};

/// A floor as another node has told it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    pub agents: Vec<AgentView>,
    pub queues: Arc<QueuesView>,
}

/// Why somebody is not ready, as far as it is told by name.
const WHYS: [&str; 4] = ["no_phone", "no_media", "no_leg", "reconnecting"];

#[derive(Serialize, Deserialize)]
struct FloorOut {
    agents: Vec<AgentOut>,
    queues: Vec<QueueOut>,
    waiting: Vec<WaitingOut>,
}

/// Times in milliseconds since 1970. Where the agent's voice is, is nobody's business there.
#[derive(Serialize, Deserialize)]
struct AgentOut {
    user: String,
    number: String,
    name: String,
    role: String,
    state: String,
    call: Option<u64>,
    until: Option<i64>,
    extended: u8,
    /// Kind of the break, or why they are not ready.
    why: Option<String>,
    since: i64,
    reason: Option<String>,
    next: Option<String>,
    connected: bool,
    queues: Vec<String>,
    caller: Option<String>,
    today: (u32, u32, u32, u64, u64),
}

#[derive(Serialize, Deserialize)]
struct QueueOut {
    queue: String,
    zh: String,
    en: String,
    waiting: u32,
    longest: Option<i64>,
    agents: u32,
    ready: u32,
    /// Offered, answered, of these in time, abandoned, abandoned at once.
    counts: [u32; 5],
}

#[derive(Serialize, Deserialize)]
struct WaitingOut {
    call: u64,
    queue: String,
    caller: Option<String>,
    name: String,
    level: Option<String>,
    since: i64,
    place: u32,
    priority: i32,
    kept_for: Option<String>,
    is_callback: bool,
}

/// A floor for the other nodes.
#[must_use]
pub fn write<'a>(agents: impl Iterator<Item = &'a AgentView>, queues: &QueuesView) -> String {
    let out = FloorOut {
        agents: agents.map(agent_out).collect(),
        queues: queues.queues.iter().map(queue_out).collect(),
        waiting: queues.waiting.iter().map(waiting_out).collect(),
    };
    serde_json::to_string(&out).unwrap_or_default()
}

/// What the named node has told; `None` when it has told nothing, or is of a version that tells something else.
#[must_use]
pub fn read(text: &str, node: &str) -> Option<Floor> {
    let out: FloorOut = serde_json::from_str(text).ok()?;
    let queues =
        QueuesView { queues: out.queues.into_iter().map(queue_in).collect(), waiting: out.waiting.into_iter().map(waiting_in).collect() };
    Some(Floor { agents: out.agents.into_iter().filter_map(|agent| agent_in(agent, node)).collect(), queues: Arc::new(queues) })
}

fn agent_out(agent: &AgentView) -> AgentOut {
    let (until, extended, why) = match &agent.state {
        AgentState::Ringing { until, .. } => (Some(*until), 0, None),
        AgentState::WrapUp { until, extended, .. } => (Some(*until), *extended, None),
        AgentState::Break { reason } => (None, 0, Some(reason.0.clone())),
        AgentState::NotReady { why } => (None, 0, Some((*why).to_owned())),
        _ => (None, 0, None),
    };
    let today = agent.today;
    AgentOut {
        user: agent.user.to_string(),
        number: agent.number.clone(),
        name: agent.name.clone(),
        role: agent.role.name().to_owned(),
        state: agent.state.name().to_owned(),
        call: agent.state.call(),
        until: until.map(Timestamp::as_millis),
        extended,
        why,
        since: agent.since.as_millis(),
        reason: agent.reason.clone(),
        next: agent.next.clone(),
        connected: agent.connected,
        queues: agent.queues.iter().map(ToString::to_string).collect(),
        caller: agent.caller.clone(),
        today: (today.calls, today.missed, today.orders, today.talk_ms, today.wrap_up_ms),
    }
}

/// `None` for a state or role of a later version.
fn agent_in(agent: AgentOut, node: &str) -> Option<AgentView> {
    let call = agent.call.unwrap_or_default();
    let until = Timestamp::from_millis(agent.until.unwrap_or_default());
    let state = match agent.state.as_str() {
        "not_ready" => {
            let why = WHYS.into_iter().find(|why| Some(*why) == agent.why.as_deref()).unwrap_or("reconnecting");
            AgentState::NotReady { why }
        }
        "available" => AgentState::Ready,
        "ringing" => AgentState::Ringing { call, until },
        "on_call" => AgentState::Talking { call },
        "hold" => AgentState::Hold { call },
        "wrap_up" => AgentState::WrapUp { call, until, extended: agent.extended },
        "break" => AgentState::Break { reason: Break(agent.why.unwrap_or_default()) },
        "not_responding" => AgentState::NotResponding,
        "outbound" => AgentState::Outbound { call },
        _ => return None,
    };
    let (calls, missed, orders, talk_ms, wrap_up_ms) = agent.today;
    Some(AgentView {
        user: UserId::new(agent.user),
        node: Some(node.to_owned()),
        number: agent.number,
        name: agent.name,
        role: Role::parse(&agent.role)?,
        state,
        since: Timestamp::from_millis(agent.since),
        reason: agent.reason,
        next: agent.next,
        seat: None,
        connected: agent.connected,
        queues: agent.queues.into_iter().map(QueueId::new).collect(),
        caller: agent.caller,
        today: Today { calls, missed, orders, talk_ms, wrap_up_ms },
    })
}

fn queue_out(queue: &QueueView) -> QueueOut {
    QueueOut {
        queue: queue.queue.to_string(),
        zh: queue.name_zh.clone(),
        en: queue.name_en.clone(),
        waiting: queue.waiting,
        longest: queue.longest_since.map(Timestamp::as_millis),
        agents: queue.agents,
        ready: queue.ready,
        counts: [queue.offered, queue.answered, queue.answered_in_time, queue.abandoned, queue.abandoned_short],
    }
}

fn queue_in(queue: QueueOut) -> QueueView {
    let [offered, answered, answered_in_time, abandoned, abandoned_short] = queue.counts;
    QueueView {
        queue: QueueId::new(queue.queue),
        name_zh: queue.zh,
        name_en: queue.en,
        waiting: queue.waiting,
        longest_since: queue.longest.map(Timestamp::from_millis),
        agents: queue.agents,
        ready: queue.ready,
        offered,
        answered,
        answered_in_time,
        abandoned,
        abandoned_short,
    }
}

fn waiting_out(waiting: &WaitingView) -> WaitingOut {
    WaitingOut {
        call: waiting.call,
        queue: waiting.queue.to_string(),
        caller: waiting.caller.clone(),
        name: waiting.name.clone(),
        level: waiting.level.clone(),
        since: waiting.since.as_millis(),
        place: waiting.place,
        priority: waiting.priority,
        kept_for: waiting.kept_for.as_ref().map(ToString::to_string),
        is_callback: waiting.is_callback,
    }
}

fn waiting_in(waiting: WaitingOut) -> WaitingView {
    WaitingView {
        call: waiting.call,
        queue: QueueId::new(waiting.queue),
        caller: waiting.caller,
        name: waiting.name,
        level: waiting.level,
        since: Timestamp::from_millis(waiting.since),
        place: waiting.place,
        priority: waiting.priority,
        kept_for: waiting.kept_for.map(UserId::new),
        is_callback: waiting.is_callback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c70_what_one_node_tells_of_its_floor_the_other_reads() {
        let (call, until) = (7, Timestamp::from_millis(30_000));
        let states = [
            AgentState::NotReady { why: "no_phone" },
            AgentState::Ready,
            AgentState::Ringing { call, until },
            AgentState::Talking { call },
            AgentState::Hold { call },
            AgentState::WrapUp { call, until, extended: 1 },
            AgentState::Break { reason: Break("lunch".into()) },
            AgentState::NotResponding,
            AgentState::Outbound { call },
        ];
        let agents: Vec<AgentView> = states
            .into_iter()
            .enumerate()
            .map(|(at, state)| AgentView {
                user: UserId::new(format!("u{at}")),
                node: Some("a".into()),
                number: format!("800{at}"),
                name: "李娜".into(),
                role: Role::Agent,
                state,
                since: Timestamp::from_millis(12),
                reason: Some("phone".into()),
                next: None,
                seat: None,
                connected: true,
                queues: vec![QueueId::new("order")],
                caller: Some("138****8000".into()),
                today: Today { calls: 1, missed: 2, orders: 3, talk_ms: 4, wrap_up_ms: 5 },
            })
            .collect();
        let queue = QueueView {
            queue: QueueId::new("order"),
            name_zh: "订餐".into(),
            name_en: "Orders".into(),
            waiting: 1,
            longest_since: Some(until),
            agents: 2,
            ready: 3,
            offered: 4,
            answered: 5,
            answered_in_time: 6,
            abandoned: 7,
            abandoned_short: 8,
        };
        let waiting = WaitingView {
            call,
            queue: QueueId::new("order"),
            caller: Some("138****8000".into()),
            name: "王小姐".into(),
            level: Some("gold".into()),
            since: until,
            place: 1,
            priority: -2,
            kept_for: Some(UserId::new("u1")),
            is_callback: false,
        };
        let queues = Arc::new(QueuesView { queues: vec![queue], waiting: vec![waiting] });
        let text = write(agents.iter(), &queues);
        assert_eq!(read(&text, "a"), Some(Floor { agents, queues }));
        for other in ["", "[]", "[[\"u1\",true,false,12,[]]]", "{}"] {
            assert_eq!(read(other, "a"), None, "{other}");
        }
    }
}
