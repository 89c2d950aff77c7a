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
use crate::centre::{Input, OtherNode};
use crate::domain::{AgentState, Finding, Timestamp, UserId};
use crate::event::{AgentView, NodeView, QueuesView, What};
use crate::store::{LeftBehind, Node, Sign, Store, StoreError};
use crate::wire::floor::{self, Floor};

/// So many signs of life fit into the time after which a silent node counts as dead.
const SIGNS: u32 = 5;
/// A node that has missed so many of them is shown as silent.
const MISSED: u32 = 3;
/// How often the other nodes' floors are looked at.
const LOOK: Duration = Duration::from_millis(400);
/// What happens on the floor within this is told in one.
const TOGETHER: Duration = Duration::from_millis(100);
/// A node that died is shown for so long, unless it is back or stopped in order.
const SHOWN: Duration = Duration::from_secs(86_400);

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

/// Counts who was cut off, for whoever watches restarts (C107).
pub fn count_owed(left: &LeftBehind) {
    for (owed, count) in [("call_back", left.conversations.call_backs), ("person", left.conversations.missed)] {
        metrics::counter!("dinetone_cut_off_total", "owed" => owed).increment(count);
    }
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

/// What the nodes tell each other of their floors.
pub struct Floors {
    pub store: Store,
    pub node: Node,
    /// The nodes to which callers may be sent.
    pub peers: Vec<SocketAddr>,
    /// A node that gives no sign for so long is dead.
    pub lost_after: Duration,
    pub events: broadcast::Receiver<Arc<Published>>,
    pub inbox: mpsc::Sender<Input>,
}

/// This node's floor as it is told.
#[derive(Default)]
struct Ours {
    agents: BTreeMap<UserId, AgentView>,
    queues: Arc<QueuesView>,
}

impl Ours {
    /// Whether the others are to know of this.
    fn note(&mut self, what: &What) -> bool {
        match what {
            What::Agent(view) if view.node.is_none() => {
                if view.state == AgentState::SignedOut {
                    self.agents.remove(&view.user);
                } else {
                    self.agents.insert(view.user.clone(), view.clone());
                }
                true
            }
            What::Queues(queues) => {
                self.queues = Arc::clone(queues);
                true
            }
            _ => false,
        }
    }
}

/// Tells the other nodes who works and who waits here, and the brain how it is with them, until the program ends.
pub async fn floors(mut floors: Floors) {
    let (mut ours, mut told, mut others, mut read) = (Ours::default(), String::new(), Others::default(), HashMap::new());
    let mut were_there = false;
    loop {
        let pause = tokio::time::sleep(LOOK);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => break,
                event = floors.events.recv() => match event {
                    Ok(event) => if ours.note(&event.event.what) { break },
                    // What was missed comes with the next change of whoever it was about.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
        }
        // What happens together is told together.
        tokio::time::sleep(TOGETHER).await;
        while let Ok(event) = floors.events.try_recv() {
            ours.note(&event.event.what);
        }
        let now_told = floor::write(ours.agents.values(), &ours.queues);
        if now_told != told && floors.store.tell_floor(&floors.node.name, &floors.node.run, &now_told).await.is_ok() {
            told = now_told;
        }
        let Ok(there) = floors.store.other_floors(&floors.node.name).await else { continue };
        let now = Timestamp::from(clock::now().wall);
        let known = there.into_iter().filter_map(|(node, told)| floors.other(node, told, &mut others, &mut read, now));
        let there: Vec<OtherNode> = known.collect();
        let agents: usize = there.iter().filter(|node| node.sip.is_some()).map(|node| node.agents.len()).sum();
        metrics::gauge!("dinetone_agents_elsewhere").set(agents as f64);
        let silent = there.iter().filter(|node| node.view.silent_since.is_some()).count();
        metrics::gauge!("dinetone_nodes_silent").set(silent as f64);
        // Also when nothing has changed: whoever could not be sent there may be now.
        let any = !there.is_empty();
        if any || were_there {
            were_there = any;
            if floors.inbox.send(Input::Nodes(there)).await.is_err() {
                return;
            }
        }
    }
}

impl Floors {
    /// Another node as it is shown here. A dead one is shown as silent for a day.
    fn other(
        &self,
        node: Node,
        told: String,
        others: &mut Others,
        read: &mut HashMap<String, (String, Floor)>,
        now: Timestamp,
    ) -> Option<OtherNode> {
        if node.lost_at.is_some_and(|lost| lost.after(SHOWN) < now) {
            return None;
        }
        let silent = others.silent_for(&node, Instant::now());
        let silent_since = match node.lost_at {
            Some(_) => Some(node.seen_at),
            None => (silent >= self.lost_after / SIGNS * MISSED).then(|| now.before(silent)),
        };
        // Its consoles have fallen with it.
        let told = if node.lost_at.is_some() { String::new() } else { told };
        let (text, floor) = read.entry(node.name.clone()).or_default();
        if *text != told {
            *floor = floor::read(&told, &node.name).unwrap_or_default();
            *text = told;
        }
        let sip = node.sip.parse().ok().filter(|sip| self.peers.contains(sip) && silent_since.is_none());
        let queues = Arc::clone(&floor.queues);
        let view = NodeView { node: node.name, silent_since, reachable: sip.is_some(), queues };
        Some(OtherNode { view: Arc::new(view), sip, agents: floor.agents.clone() })
    }
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

    /// Whether this node was seen alive and has been stopped in order since: said once.
    fn has_left(&mut self, node: &Node) -> bool {
        self.0.remove(&node.name).is_some()
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
        let mut gone = false;
        for node in self.store.nodes().await? {
            if !node.is_up() {
                gone |= node.left_at.is_some() && others.has_left(&node);
                continue;
            }
            up += 1;
            if node.name != self.node.name && others.silent_for(&node, Instant::now()) >= self.lost_after {
                self.take_over(&node).await?;
            }
        }
        metrics::gauge!("dinetone_nodes").set(f64::from(up));
        if gone {
            // Whom it had to cut off is called back from here.
            let open = self.store.open_call_backs().await?;
            if !open.is_empty() {
                let _ = self.inbox.send(Input::CallBacks(open)).await;
            }
        }
        Ok(true)
    }

    async fn take_over(&self, node: &Node) -> Result<(), StoreError> {
        let now = Timestamp::from(clock::now().wall);
        let Some(left) = self.store.node_lost(node, now).await? else { return Ok(()) };
        count_owed(&left);
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
