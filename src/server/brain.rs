//! The thread on which the brain lives: reads sockets and queues, feeds it, and carries out what it wants, never waiting for anybody.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr, UdpSocket as StdUdpSocket};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::clock;
use super::ladder::Ladders;
use super::media_thread::MediaThreads;
use super::patience::Patience;
use super::streams::Streams;
use crate::bus::{Events, Published, Query};
use crate::call::request::StoreRequest;
use crate::centre::{Centre, Input, Output};
use crate::domain::{StepKind, UserId};
use crate::event::{AgentView, Event, What};
use crate::machine::Machine;
use crate::sip::event::{Flow, SipCommand, SipInput, Transport};

/// Datagrams read before anything else is looked at.
const BURST: usize = 64;
/// New calls that wait for their turn; beyond that they are refused at once.
const MOST_WAITING: usize = 2048;
/// Inputs of one queue, and timers, before the sockets are looked at again.
const ROUND: usize = 256;
/// Registrars may take so long to answer that we go.
const GOODBYE: Duration = Duration::from_millis(1500);
/// Local addresses remembered, by peer.
const MOST_ROUTES: usize = 4096;

/// What the brain's thread owns.
pub struct Brain {
    pub centre: Centre,
    pub sockets: Vec<UdpSocket>,
    pub advertise: Option<IpAddr>,
    pub inbox: mpsc::Receiver<Input>,
    /// What streams receive: apart, so that a flood of it does not hold up replies.
    pub wire: mpsc::Receiver<Input>,
    pub queries: mpsc::Receiver<Query>,
    pub store: mpsc::Sender<StoreRequest>,
    /// Where consoles listen.
    pub events: Events,
    /// Raised when the people who may sign on should be read again.
    pub want_people: Arc<tokio::sync::Notify>,
    pub media: MediaThreads,
    pub streams: Arc<Streams>,
    pub ladders: Option<Ladders>,
    /// Set once nothing is left to do after a stop.
    pub done: Option<oneshot::Sender<()>>,
    pub runtime: tokio::runtime::Handle,
    /// What each agent is doing, for the counters.
    pub states: HashMap<UserId, &'static str>,
    /// Who wants to know how it goes with a telephone that is to hear a recording.
    pub listeners: HashMap<u64, oneshot::Sender<Result<&'static str, String>>>,
    /// Set by `Query::Stop`: how long registrars may take to answer that we go.
    pub stopped: Option<Instant>,
}

/// New calls that were read and wait for their turn.
type Waiting = VecDeque<(Instant, Flow, Vec<u8>)>;

impl Brain {
    /// Runs until the last call has ended after a stop, or the inbox is closed.
    pub async fn run(mut self) {
        let mut routes = Routes { local: HashMap::new(), advertise: self.advertise };
        let bound: Vec<Option<SocketAddr>> = self.sockets.iter().map(|socket| socket.local_addr().ok()).collect();
        let mut buffer = vec![0_u8; 65_536];
        let mut waiting = Waiting::new();
        let mut patience = Patience::default();
        let mut up = 0;
        loop {
            let started = clock::now();
            // Every round looks at everything once, so that a flood on one side starves no other.
            self.timers();
            self.queued();
            self.carry_out();
            self.invites(&mut waiting, &mut patience);
            if self.centre.calls() != up {
                up = self.centre.calls();
                metrics::gauge!("dinetone_calls").set(up as f64);
            }
            if self.centre.draining()
                && up == 0
                && waiting.is_empty()
                && let Some(done) = self.done.take()
            {
                let _ = done.send(());
            }
            metrics::histogram!("dinetone_sip_turn_seconds")
                .record(clock::now().instant.saturating_duration_since(started.instant).as_secs_f64());
            let wake = self.centre.next_deadline().map(tokio::time::Instant::from_std);
            let idle = waiting.is_empty();
            if self.stopped.is_some_and(|until| self.centre.signing_off() == 0 || started.instant >= until) {
                return;
            }
            let wake = wake.into_iter().chain(self.stopped.map(tokio::time::Instant::from_std)).min();
            tokio::select! {
                biased;
                socket = readable(&self.sockets) => self.read(socket, bound[socket], &mut buffer, &mut routes, &mut waiting),
                input = self.inbox.recv() => match input {
                    Some(input) => self.centre.handle(clock::now(), input),
                    None => return,
                },
                Some(input) = self.wire.recv() => self.centre.handle(clock::now(), input),
                Some(query) = self.queries.recv() => self.answer(query),
                () = sleep_until(wake) => {}
                () = std::future::ready(()), if !idle => {}
            }
        }
    }

    fn timers(&mut self) {
        let now = clock::now();
        for _ in 0..ROUND {
            if self.centre.next_deadline().is_none_or(|due| due > now.instant) {
                return;
            }
            self.centre.handle_timeout(now);
        }
    }

    fn queued(&mut self) {
        let now = clock::now();
        for _ in 0..ROUND {
            let Ok(input) = self.inbox.try_recv() else { break };
            self.centre.handle(now, input);
        }
        for _ in 0..ROUND / 4 {
            let Ok(input) = self.wire.try_recv() else { break };
            self.centre.handle(now, input);
        }
        while let Ok(query) = self.queries.try_recv() {
            self.answer(query);
        }
    }

    /// Reads a burst. What belongs to calls in progress goes first; new calls wait for their turn behind it.
    fn read(&mut self, place: usize, bound: Option<SocketAddr>, buffer: &mut [u8], routes: &mut Routes, waiting: &mut Waiting) {
        let now = clock::now();
        for _ in 0..BURST {
            let (length, peer) = match self.sockets[place].try_recv_from(buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                // An ICMP error of an earlier datagram (RFC 1122): nothing was received, the next one may be good.
                Err(_) => continue,
            };
            let Some(bound) = bound else { continue };
            let local = routes.local(bound, peer);
            let flow = Flow { transport: Transport::Udp, socket: u16::try_from(place).unwrap_or(0), local, peer, connection: 0 };
            let bytes = buffer[..length].to_vec();
            // A CANCEL must not overtake the INVITE that it cancels.
            let takes_turn = bytes.starts_with(b"INVITE ") || !waiting.is_empty() && bytes.starts_with(b"CANCEL ");
            if !takes_turn {
                self.centre.handle(now, Input::Sip(SipInput::Received { flow, bytes }));
            } else if waiting.len() < MOST_WAITING {
                waiting.push_back((now.instant, flow, bytes));
            } else {
                self.centre.handle(now, Input::Stale(SipInput::Received { flow, bytes }));
            }
        }
    }

    /// Answers or refuses some of those who wait. No more: while a long row of them was refused, what ends calls would be lost unread.
    fn invites(&mut self, waiting: &mut Waiting, patience: &mut Patience) {
        let now = clock::now();
        let full = self.media.is_full();
        for _ in 0..BURST / 4 {
            let Some((read, flow, bytes)) = waiting.pop_front() else { break };
            let input = SipInput::Received { flow, bytes };
            let late = full || patience.is_over(now.instant, read, waiting.len());
            self.centre.handle(now, if late { Input::Stale(input) } else { Input::Sip(input) });
        }
        self.carry_out();
    }

    fn answer(&mut self, query: Query) {
        match query {
            Query::Stop => {
                let now = clock::now();
                self.centre.handle(now, Input::Sip(SipInput::Command(SipCommand::SignOff)));
                self.stopped = Some(now.instant + GOODBYE);
            }
            Query::Live { only, answer } => drop(answer.send(self.centre.live(only.as_deref()))),
            Query::Wish { wish, answer } => drop(answer.send(self.centre.wish(clock::now(), *wish))),
            Query::Listen { at, sound, answer } => match self.centre.listen(clock::now(), at, sound) {
                Ok(line) => drop(self.listeners.insert(line, answer)),
                Err(refusal) => drop(answer.send(Err(refusal.to_string()))),
            },
            Query::Snapshot { of, role: _, answer } => {
                self.centre.snapshot_asked(clock::now(), &of);
                // What was decided before the snapshot is told before it, so that `seq` holds.
                self.carry_out();
                drop(answer.send(Box::new(self.centre.snapshot(&of, clock::now()))));
            }
            Query::Spare { answer } => drop(answer.send(self.centre.spare_lines(clock::now()))),
            Query::Health { answer } => drop(answer.send((self.centre.calls(), self.centre.trunks()))),
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.centre.poll() {
            match output {
                Output::Transmit { flow, bytes } if flow.transport == Transport::Udp => {
                    if let Some(socket) = self.sockets.get(usize::from(flow.socket))
                        && socket.try_send_to(&bytes, flow.peer).is_err()
                    {
                        // UDP may lose; the transaction sends again.
                        metrics::counter!("dinetone_sip_send_failed_total").increment(1);
                    }
                }
                Output::Transmit { flow, bytes } => {
                    let _guard = self.runtime.enter();
                    self.streams.send(flow, bytes);
                }
                Output::Media(order) => {
                    if self.media.send(order).is_err() {
                        metrics::counter!("dinetone_replies_lost_total").increment(1);
                    }
                }
                Output::Store(request) => self.request(request),
                Output::Trace { call_id, flow, sent, bytes } => {
                    if let Some(ladders) = &mut self.ladders {
                        ladders.note(clock::now(), &call_id, flow, sent, &bytes);
                    }
                }
                Output::Call { id, caller, what } => self.log(&id, caller.as_ref(), &what),
                Output::Refused { reason, .. } => metrics::counter!("dinetone_refused_total", "reason" => reason).increment(1),
                Output::Trunk { name, up, why } => {
                    metrics::gauge!("dinetone_trunk_up", "trunk" => name.clone()).set(if up { 1.0 } else { 0.0 });
                    if up {
                        tracing::info!(trunk = name, "trunk {name} is up: {why}");
                    } else {
                        tracing::warn!(trunk = name, "trunk {name} is down: {why}");
                    }
                }
                Output::Registered { account, contacts } => tracing::info!(account, contacts, "phone {account} has {contacts} contact(s)"),
                Output::Publish(event) => self.publish(*event),
                Output::WantPeople => self.want_people.notify_one(),
                Output::PopTook(took) => metrics::histogram!("dinetone_pop_seconds").record(took.as_secs_f64()),
                Output::Floor { who, line } => tracing::info!(agent = who, "{line}"),
                Output::Listener { line, how } => {
                    if let Some(answer) = self.listeners.remove(&line) {
                        let _ = answer.send(how);
                    }
                }
                Output::Fault { id, what } => {
                    metrics::counter!("dinetone_call_faults_total").increment(1);
                    tracing::error!(call.id = %id, "a call ended by a fault of ours: {what}");
                }
            }
        }
    }

    /// Tells all consoles, and counts what operators watch.
    fn publish(&mut self, event: Event) {
        match &event.what {
            // The other nodes count theirs.
            What::Agent(view) if view.node.is_some() => {}
            What::Agent(view) => self.count_agent(view),
            What::Withdrawn { why: "watch_over", .. } => {}
            What::Withdrawn { why, .. } => metrics::counter!("dinetone_offers_total", "result" => *why).increment(1),
            What::Ring { .. } => metrics::counter!("dinetone_rings_total").increment(1),
            What::Queues(queues) => {
                for queue in &queues.queues {
                    let name = queue.queue.as_str().to_owned();
                    metrics::gauge!("dinetone_queue_waiting", "queue" => name.clone()).set(f64::from(queue.waiting));
                    let waited = queue.longest_since.map_or(0, |since| event.at.as_millis() - since.as_millis());
                    metrics::gauge!("dinetone_queue_longest_wait_seconds", "queue" => name).set(waited.max(0) as f64 / 1000.0);
                }
            }
            _ => {}
        }
        // An error only means that nobody listens.
        let _ = self.events.send(Published::new(event, clock::now().instant));
    }

    fn count_agent(&mut self, view: &AgentView) {
        let state = view.state.name();
        let before = if state == "offline" { self.states.remove(&view.user) } else { self.states.insert(view.user.clone(), state) };
        if before == Some("ringing") && state == "on_call" {
            metrics::counter!("dinetone_offers_total", "result" => "answered").increment(1);
        }
        for name in [before, Some(state)].into_iter().flatten().filter(|name| *name != "offline") {
            let count = self.states.values().filter(|other| **other == name).count();
            metrics::gauge!("dinetone_agents", "state" => name).set(count as f64);
        }
    }

    /// A full queue to the store must not stop the brain: the call gets its answer by its own time-out.
    fn request(&self, request: StoreRequest) {
        if let Err(error) = self.store.try_send(request) {
            metrics::counter!("dinetone_replies_lost_total").increment(1);
            if let mpsc::error::TrySendError::Full(StoreRequest::Ended { record, .. }) = error {
                tracing::error!(call.id = %record.id, "the store's queue is full: a call record was lost");
            }
        }
    }

    fn log(&self, id: &crate::domain::CallId, caller: Option<&crate::domain::PhoneNumber>, what: &StepKind) {
        let caller = caller.map_or_else(|| "unknown".to_owned(), ToString::to_string);
        match what {
            StepKind::Arrived => tracing::debug!(call.id = %id, caller, "call {id} from {caller}"),
            StepKind::Answered { codec, keys_by } => {
                tracing::debug!(call.id = %id, caller, codec, keys_by, "call {id} from {caller} was answered")
            }
            StepKind::Node(node) => tracing::debug!(call.id = %id, node, "call {id} entered {node}"),
            StepKind::Outcome { node, outcome } => {
                metrics::counter!("dinetone_outcomes_total", "node" => node.clone(), "outcome" => outcome.clone()).increment(1);
            }
            StepKind::Said { .. } => metrics::counter!("dinetone_prompts_total").increment(1),
            StepKind::Key { source, .. } => metrics::counter!("dinetone_keys_total", "source" => source.name()).increment(1),
            StepKind::Warning(text) => {
                if text.starts_with("prompt missing") {
                    metrics::counter!("dinetone_prompts_missing_total").increment(1);
                }
                tracing::warn!(call.id = %id, caller, "call {id}: {text}");
            }
            StepKind::Ordered(number) => {
                metrics::counter!("dinetone_orders_total").increment(1);
                tracing::info!(call.id = %id, caller, order.number = %number, "order {number} was placed");
            }
            StepKind::Ended(end) => {
                metrics::counter!("dinetone_calls_total", "by" => end.by.name(), "reason" => end.reason.name()).increment(1);
                tracing::info!(call.id = %id, caller, by = end.by.name(), reason = end.reason.name(), "call {id} from {caller} ended: {end}");
            }
            StepKind::BargeIn { .. } | StepKind::Note(_) => {}
        }
    }
}

/// Which address of ours a peer reaches, for sockets that listen on all of them.
struct Routes {
    local: HashMap<IpAddr, IpAddr>,
    advertise: Option<IpAddr>,
}

impl Routes {
    fn local(&mut self, bound: SocketAddr, peer: SocketAddr) -> SocketAddr {
        if let Some(advertise) = self.advertise.filter(|address| address.is_ipv4() == peer.is_ipv4() && !peer.ip().is_loopback()) {
            return SocketAddr::new(advertise, bound.port());
        }
        if !bound.ip().is_unspecified() {
            return bound;
        }
        if self.local.len() >= MOST_ROUTES {
            self.local.clear();
        }
        let ip = *self.local.entry(peer.ip()).or_insert_with(|| route(bound.ip(), peer).unwrap_or(bound.ip()));
        SocketAddr::new(ip, bound.port())
    }
}

/// Asks the kernel by which address it would reach `peer`. Nothing is sent.
fn route(any: IpAddr, peer: SocketAddr) -> Option<IpAddr> {
    let socket = StdUdpSocket::bind((any, 0)).ok()?;
    socket.connect(peer).ok()?;
    socket.local_addr().ok().map(|local| local.ip())
}

/// Our address towards `peer`, for a socket bound to `bound`.
#[must_use]
pub fn local_towards(bound: SocketAddr, peer: SocketAddr, advertise: Option<IpAddr>) -> SocketAddr {
    Routes { local: HashMap::new(), advertise }.local(bound, peer)
}

async fn readable(sockets: &[UdpSocket]) -> usize {
    poll_fn(|context| {
        for (place, socket) in sockets.iter().enumerate() {
            if socket.poll_recv_ready(context).is_ready() {
                return Poll::Ready(place);
            }
        }
        Poll::Pending
    })
    .await
}

async fn sleep_until(wake: Option<tokio::time::Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}
