//! One node among others: a sign of life for them to see, and what is done when one of them gives none any more.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, mpsc};
use tokio::time::Instant;

use super::clock;
use crate::bus::Published;
use crate::centre::Input;
use crate::domain::{AgentState, Elsewhere, Finding, Timestamp};
use crate::event::{AgentView, What};
use crate::store::{LeftBehind, Node, Sign, Store, StoreError};

/// So many signs of life fit into the time after which a silent node counts as dead.
const SIGNS: u32 = 5;
/// How often the other nodes' agents are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// This program as a node.
pub struct Member {
    pub store: Store,
    pub node: Node,
    /// A node that gives no sign for so long is dead.
    pub lost_after: Duration,
    pub inbox: mpsc::Sender<Input>,
    /// Rung when another process has taken this node's name: this one must end.
    pub taken: Arc<Notify>,
}

/// This run of the program under its name, not yet written down.
#[must_use]
pub fn this_run(name: &str, sip: String, web: String, now: Timestamp) -> Node {
    let run: String = clock::random::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    Node { name: name.to_owned(), run, place: place(), sip, web, started_at: now, seen_at: now, left_at: None, lost_at: None }
}

/// Machine, space of processes, and process: the same words, with a process that is gone, tell of a dead run.
fn place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    format!("{} {space} {}", boot.trim(), std::process::id())
}

/// Whether the run at this place is dead for certain: it was on this machine, and its process is gone.
fn is_gone(there: &str) -> bool {
    let here = place();
    match (there.rsplit_once(' '), here.rsplit_once(' ')) {
        (Some((machine, process)), Some((ours, us))) => {
            machine == ours && (process == us || fs::exists(Path::new("/proc").join(process)).is_ok_and(|there| !there))
        }
        _ => false,
    }
}

/// Whether the run at this place was before this machine was started again.
fn is_before_a_restart(there: &str) -> bool {
    let here = place();
    match (there.split_once(' '), here.split_once(' ')) {
        (Some((then, _)), Some((now, _))) => !then.is_empty() && !now.is_empty() && then != now,
        _ => false,
    }
}

/// Takes the name, unless another process lives under it; what an earlier run left is put right.
///
/// # Errors
/// One finding: the name is in use, or the store cannot answer.
pub async fn begin(store: &Store, node: &Node, lost_after: Duration) -> Result<LeftBehind, Finding> {
    let of_store =
        |error: StoreError| Finding::new("store", error.to_string(), "see docs/operations.md, section \"the store does not open\"");
    let known = |nodes: Vec<Node>| nodes.into_iter().find(|known| known.name == node.name && known.is_up());
    if let Some(before) = known(store.nodes().await.map_err(of_store)?)
        && !is_gone(&before.place)
        // A file is served on one machine: after a power cut nobody waits.
        && !(store.is_a_file() && is_before_a_restart(&before.place))
    {
        // It may be on another machine: a living one gives a sign within this time.
        tokio::time::sleep(lost_after / SIGNS * 2).await;
        let after = known(store.nodes().await.map_err(of_store)?);
        if after.is_some_and(|after| after.run != before.run || after.seen_at != before.seen_at) {
            let found = format!("another process serves this store as node {:?}", node.name);
            return Err(Finding::new("cluster.node", found, "give each node a name of its own, such as \"b\""));
        }
    }
    store.node_starts(node, Timestamp::from(clock::now().wall)).await.map_err(of_store)
}

/// Gives signs of life and looks for those of the others, until the program ends.
pub async fn run(member: Member) {
    let mut others = Others::default();
    loop {
        match member.round(&mut others).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!("another process has begun to serve as node {}: this one ends", member.node.name);
                member.taken.notify_one();
                return;
            }
            Err(error) => {
                metrics::counter!("dinetone_store_errors_total", "verb" => "node_lives").increment(1);
                tracing::debug!("the sign of life waits for the store: {error}");
            }
        }
        tokio::time::sleep(member.lost_after / SIGNS).await;
    }
}

/// What the nodes tell each other of their agents.
pub struct Agents {
    pub store: Store,
    pub node: Node,
    /// The nodes to which callers may be sent.
    pub peers: Vec<SocketAddr>,
    pub events: broadcast::Receiver<Arc<Published>>,
    pub inbox: mpsc::Sender<Input>,
}

/// Tells the other nodes who is signed on here, and the brain who is there, until the program ends.
pub async fn agents(mut floor: Agents) {
    let (mut ours, mut told): (BTreeMap<String, Elsewhere>, Vec<Elsewhere>) = (BTreeMap::new(), Vec::new());
    let mut were_there = false;
    loop {
        let pause = tokio::time::sleep(LOOK);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                event = floor.events.recv() => match event {
                    Ok(event) => {
                        if let What::Agent(view) = &event.event.what {
                            note(&mut ours, view);
                            break;
                        }
                    }
                    // What was missed comes with the next change of whoever it was about.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
        }
        let now_told: Vec<Elsewhere> = ours.values().cloned().collect();
        if now_told != told && floor.store.tell_agents(&floor.node.name, &floor.node.run, &now_told).await.is_ok() {
            told = now_told;
        }
        let Ok(mut there) = floor.store.elsewhere(&floor.node.name).await else { continue };
        there.retain(|agent| floor.peers.contains(&agent.sip));
        metrics::gauge!("dinetone_agents_elsewhere").set(there.len() as f64);
        // Also when nothing has changed: whoever could not be sent there may be now.
        let any = !there.is_empty();
        if any || were_there {
            were_there = any;
            if floor.inbox.send(Input::Elsewhere(there)).await.is_err() {
                return;
            }
        }
    }
}

fn note(ours: &mut BTreeMap<String, Elsewhere>, view: &AgentView) {
    let key = view.user.as_str().to_owned();
    if view.state == AgentState::SignedOut {
        ours.remove(&key);
        return;
    }
    let agent = Elsewhere {
        agent: view.user.clone(),
        node: String::new(),
        sip: SocketAddr::from(([0, 0, 0, 0], 0)),
        is_free: view.state == AgentState::Ready,
        is_soon_free: matches!(view.state, AgentState::WrapUp { .. }) && view.connected,
        since: view.since,
        queues: view.queues.clone(),
    };
    ours.insert(key, agent);
}

/// When each other node's last sign was first seen: by our own clock, so that clocks need not agree.
#[derive(Default)]
struct Others(HashMap<String, (String, Timestamp, Instant)>);

impl Others {
    /// For how long the node has given no new sign.
    fn silent_for(&mut self, node: &Node, now: Instant) -> Duration {
        let seen = self.0.entry(node.name.clone()).or_insert_with(|| (node.run.clone(), node.seen_at, now));
        if seen.0 != node.run || seen.1 != node.seen_at {
            *seen = (node.run.clone(), node.seen_at, now);
        }
        now.duration_since(seen.2)
    }
}

impl Member {
    /// One sign, one look. False when this node's name is another process's.
    async fn round(&self, others: &mut Others) -> Result<bool, StoreError> {
        let now = Timestamp::from(clock::now().wall);
        match self.store.node_lives(&self.node.name, &self.node.run, now).await? {
            Sign::Given => {}
            Sign::WasLost => tracing::warn!(
                "this node gave no sign for longer than cluster.lost_after, and the others took its open calls for dead: their records are mended when they end"
            ),
            Sign::Taken => return Ok(false),
        }
        let mut up = 0_u32;
        for node in self.store.nodes().await? {
            if !node.is_up() {
                continue;
            }
            up += 1;
            if node.name != self.node.name && others.silent_for(&node, Instant::now()) >= self.lost_after {
                self.take_over(&node).await?;
            }
        }
        metrics::gauge!("dinetone_nodes").set(f64::from(up));
        Ok(true)
    }

    async fn take_over(&self, node: &Node) -> Result<(), StoreError> {
        let now = Timestamp::from(clock::now().wall);
        let Some(left) = self.store.node_lost(node, now).await? else { return Ok(()) };
        metrics::counter!("dinetone_nodes_lost_total", "node" => node.name.clone()).increment(1);
        tracing::error!(
            lost = node.name,
            "node {} gives no sign of life: {} call(s) closed as interrupted, {} caller(s) to be called back, {} for a person's call, {} call(s) to branches made again",
            node.name,
            left.calls,
            left.conversations.call_backs,
            left.conversations.missed,
            left.branch_calls
        );
        if left.conversations.call_backs > 0 {
            let _ = self.inbox.send(Input::CallBacks(self.store.open_call_backs().await?)).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{is_before_a_restart, is_gone, place};

    #[test]
    fn a_process_of_this_machine_that_is_gone_needs_no_waiting_for() {
        let here = place();
        let machine = here.rsplit_once(' ').unwrap().0;
        assert!(is_gone(&here), "this process is not an earlier run");
        assert!(!is_gone(&format!("{machine} 1")), "it lives");
        assert!(is_gone(&format!("{machine} 4194999")), "no process has so high a number");
        assert!(!is_gone("another-machine pid:[1] 4194999"), "nobody can tell from here");
        assert!(!is_gone(""));
    }

    #[test]
    fn a_machine_that_was_started_again_is_told_by_its_boot() {
        assert!(!is_before_a_restart(&place()), "this boot");
        assert!(is_before_a_restart("0b5a7f0e-another-boot pid:[1] 77"));
        assert!(!is_before_a_restart(""), "nothing is known");
        assert!(!is_before_a_restart(" pid:[1] 77"), "nothing is known");
    }
}
