//! The whole SIP core behind one door: datagrams and commands in, datagrams and events out.
//!
//! `incoming` reads and sorts what arrives, `invite` lets calls in, `inside` serves requests of a dialog, `answering` does what
//! the layer above wants with incoming calls, `calling` places calls, `ringing` tries several ways at once or
//! one after another, `reinvite` changes sessions, `transfer` serves REFER, `phones` knows passwords, `lines` looks after the trunks,
//! `leaving` takes their registrations back, `asking` writes what those two ask.

mod answering;
mod asking;
mod calling;
mod incoming;
mod inside;
mod invite;
mod leaving;
mod lines;
mod phones;
mod reinvite;
mod ringing;
mod time;
mod transfer;

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::kit::origin as test_origin;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::machine::{Ids, Machine, Now};

use super::dialog::{Dialog, Origin, State, is_local};
use super::digest::Nonces;
use super::event::{Account, DialogId, EndCause, Flow, SipCommand, SipEvent, SipInput, SipOutput, SipSettings, Transport};
use super::guard::Guard;
use super::message::{Message, Method, Name};
use super::registrar::Registrar;
use super::transaction::{Client, InviteClient, Keys, Kind, Owner, Reaction, Server, Timing, Transaction, invite_server, server};
use super::trunk::Trunk;

use leaving::Leaving;
use ringing::Group;

/// The extensions that we speak.
const SUPPORTED: &str = "100rel, timer";
/// Seconds after which a caller may try again when we are full.
const RETRY_AFTER: u32 = 5;
/// Transactions for each allowed dialog at most, those that only absorb repetitions included.
const TRANSACTIONS_PER_DIALOG: usize = 64;

/// The part of all dialogs that one source may have of calls from which nothing was heard after the INVITE; so many at least.
const UNPROVEN_PART: usize = 8;
const UNPROVEN: usize = 64;

/// What an alarm is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alarm {
    Transaction(u64),
    Dialog(DialogId),
    Trunk(u16),
    Registrar,
    Group(DialogId),
}

/// Who sent a message, as far as its address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    Trunk(u16),
    /// Another node of ours.
    Node,
    /// Loopback or private, in a demonstration.
    Demo,
    Stranger,
}

/// The SIP endpoint.
#[derive(Debug)]
pub struct Endpoint {
    settings: SipSettings,
    timing: Timing,
    ids: Ids,
    keys: Keys,
    dialog_count: u64,
    dialogs: HashMap<DialogId, Box<Dialog>>,
    by_tag: HashMap<u64, DialogId>,
    /// Dialogs whose end the layer above has not been told.
    open: usize,
    transactions: HashMap<u64, Transaction>,
    merged: HashMap<u64, u64>,
    alarms: BinaryHeap<Reverse<(Instant, Alarm)>>,
    outputs: VecDeque<SipOutput>,
    guard: Guard,
    nonces: Nonces,
    accounts: HashMap<String, Account>,
    registrar: Registrar,
    registrar_scheduled: Option<Instant>,
    trunks: Vec<Trunk>,
    /// Registrations of trunks that are no more.
    leaving: Vec<Leaving>,
    leaving_count: u64,
    groups: HashMap<DialogId, Group>,
    /// Ways of groups that have ended and must be looked at before anything else.
    ended_ways: VecDeque<(DialogId, DialogId, EndCause)>,
    /// Calls to outside numbers.
    outside: usize,
    /// Retry-After while no call is taken.
    refuse: Option<u32>,
    /// Streams that something depends on.
    streams: HashSet<u64>,
    /// Calls of each source that is no trunk, from which nothing was heard after the INVITE.
    unproven: HashMap<IpAddr, usize>,
}

impl Endpoint {
    /// An endpoint with nothing going on; trunks register and are asked for their health from the first timeout on.
    #[must_use]
    pub fn new(settings: SipSettings, mut ids: Ids, now: Now) -> Self {
        let keys = Keys::new(&mut ids);
        let trunks: Vec<Trunk> = settings.trunks.iter().map(|it| Trunk::new(now.instant, it.clone(), &mut ids)).collect();
        let mut endpoint = Self {
            timing: Timing { t1: settings.t1, t2: settings.t2, t4: settings.t4 },
            keys,
            dialog_count: 0,
            dialogs: HashMap::new(),
            by_tag: HashMap::new(),
            open: 0,
            transactions: HashMap::new(),
            merged: HashMap::new(),
            alarms: BinaryHeap::new(),
            outputs: VecDeque::new(),
            guard: Guard::new(now.instant, settings.source_rate),
            nonces: Nonces::new(settings.nonce_key),
            accounts: settings.accounts.iter().map(|it| (it.user.clone(), it.clone())).collect(),
            registrar: Registrar::default(),
            registrar_scheduled: None,
            trunks,
            leaving: Vec::new(),
            leaving_count: 0,
            groups: HashMap::new(),
            ended_ways: VecDeque::new(),
            outside: 0,
            refuse: None,
            streams: HashSet::new(),
            unproven: HashMap::new(),
            ids,
            settings,
        };
        for place in 0..endpoint.trunks.len() {
            endpoint.schedule_trunk(place);
        }
        endpoint
    }

    /// A name for a call that is about to be placed.
    pub fn new_dialog_id(&mut self) -> DialogId {
        self.dialog_count += 1;
        DialogId(self.dialog_count)
    }

    /// The trunks and whether each is up.
    pub fn trunks_up(&self) -> impl Iterator<Item = (&str, bool)> {
        self.trunks.iter().filter(|trunk| !trunk.gone).map(|trunk| (trunk.settings.name.as_str(), trunk.up))
    }

    /// Dialogs whose end has not been told yet.
    #[must_use]
    pub const fn open_dialogs(&self) -> usize {
        self.open
    }

    /// Registrations that are being taken back.
    #[must_use]
    pub const fn signing_off(&self) -> usize {
        self.leaving.len()
    }

    /// Everything that is still kept, for tests and metrics: (dialogs, transactions, alarms).
    #[must_use]
    pub fn kept(&self) -> (usize, usize, usize) {
        (self.dialogs.len(), self.transactions.len(), self.alarms.len())
    }

    /// Where the phone of an account can be reached: Contact URI and the way to it.
    pub fn contacts_of(&self, account: &str) -> impl Iterator<Item = (&[u8], Flow)> {
        self.registrar.reachable(account).map(|binding| (&*binding.uri, binding.flow))
    }

    fn sender(&self, flow: Flow) -> Sender {
        let address = flow.peer;
        // A WebSocket is a browser's or a softphone's, often behind the same proxy as others: its address says nothing.
        if flow.transport.is_websocket() {
            return if self.settings.demo && is_local(address) { Sender::Demo } else { Sender::Stranger };
        }
        // By address and port: on one machine a trunk or a balancer may have the same address.
        if flow.transport == Transport::Udp && self.settings.nodes.contains(&address) {
            return Sender::Node;
        }
        if let Some(place) = self.trunks.iter().position(|trunk| trunk.is_source(address)) {
            return Sender::Trunk(u16::try_from(place).unwrap_or(u16::MAX));
        }
        if self.settings.demo && is_local(address) { Sender::Demo } else { Sender::Stranger }
    }

    fn event(&mut self, event: SipEvent) {
        self.outputs.push_back(SipOutput::Event(event));
    }

    fn refused(&mut self, reason: &'static str, status: Option<u16>, source: SocketAddr) {
        self.outputs.push_back(SipOutput::Refused { reason, status, source });
    }

    fn transmit(&mut self, flow: Flow, bytes: Vec<u8>) {
        if self.settings.trace {
            self.trace(flow, true, &bytes);
        }
        self.outputs.push_back(SipOutput::Transmit { flow, bytes });
    }

    fn trace(&mut self, flow: Flow, sent: bool, bytes: &[u8]) {
        let mut copy = bytes.to_vec();
        if let Ok(message) = Message::read(&mut copy) {
            let call_id = String::from_utf8_lossy(message.get(Name::CallId).unwrap_or(b"")).into_owned();
            let bytes = message.for_trace();
            self.outputs.push_back(SipOutput::Trace { call_id, flow, sent, bytes });
        }
    }

    // —— transactions ——

    fn add_transaction(&mut self, key: u64, flow: Flow, kind: Kind, owner: Owner) {
        if flow.connection != 0 {
            self.streams.insert(flow.connection);
        }
        self.transactions.insert(key, Transaction { kind, flow, owner, merged: None, scheduled: None });
        self.schedule_transaction(key);
    }

    fn remove_transaction(&mut self, key: u64) {
        if let Some(merged) = self.transactions.remove(&key).and_then(|it| it.merged) {
            self.merged.remove(&merged);
        }
    }

    fn schedule_transaction(&mut self, key: u64) {
        if let Some(transaction) = self.transactions.get_mut(&key)
            && let Some(at) = transaction.deadline()
            && transaction.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            transaction.scheduled = Some(at);
            self.alarms.push(Reverse((at, Alarm::Transaction(key))));
        }
    }

    fn resend(&mut self, key: u64) {
        if let Some(transaction) = self.transactions.get(&key) {
            let (flow, bytes) = (transaction.flow, transaction.bytes().to_vec());
            self.transmit(flow, bytes);
        }
    }

    /// An answer by an INVITE server transaction.
    fn respond_invite(&mut self, now: Now, key: u64, status: u16, bytes: Vec<u8>) {
        let timing = self.timing;
        let Some(Transaction { kind: Kind::InviteServer(it), .. }) = self.transactions.get_mut(&key) else { return };
        if it.handle(now.instant, &timing, invite_server::Input::Respond(status, bytes)) == Reaction::Send {
            self.resend(key);
            // The dialog repeats a 2xx, so one copy is enough.
            if let Some(Transaction { kind: Kind::InviteServer(it), .. }) = self.transactions.get_mut(&key) {
                it.forget();
            }
        }
        self.schedule_transaction(key);
    }

    /// An answer to a request other than INVITE, by a transaction that remembers it; on a stream nothing needs remembering.
    fn respond_once(&mut self, now: Now, key: u64, flow: Flow, status: u16, bytes: Vec<u8>) {
        let is_full = self.transactions.len() >= self.settings.max_dialogs.saturating_mul(TRANSACTIONS_PER_DIALOG);
        if flow.transport != Transport::Udp || is_full {
            self.remove_transaction(key);
            self.transmit(flow, bytes);
            return;
        }
        let timing = self.timing;
        let transaction = self.transactions.entry(key).or_insert_with(|| Transaction {
            kind: Kind::Server(Server::new(false)),
            flow,
            owner: Owner::Nobody,
            merged: None,
            scheduled: None,
        });
        if let Kind::Server(it) = &mut transaction.kind
            && it.handle(now.instant, &timing, server::Input::Respond(status, bytes)) == Reaction::Send
        {
            self.resend(key);
        }
        self.schedule_transaction(key);
    }

    /// Sends a request of ours other than INVITE and waits for its answer.
    #[expect(clippy::too_many_arguments, reason = "everything that a request is made of")]
    fn request(&mut self, now: Now, flow: Flow, branch: &str, method: Method, owner: Owner, patience: Duration, bytes: Vec<u8>) -> u64 {
        let key = self.keys.client(branch.as_bytes(), method);
        let reliable = flow.transport != Transport::Udp;
        self.transmit(flow, bytes.clone());
        let client = Client::new(now.instant, &self.timing, reliable, patience, bytes);
        self.add_transaction(key, flow, Kind::Client(client), owner);
        key
    }

    /// Sends an INVITE of ours.
    fn request_invite(&mut self, now: Now, flow: Flow, branch: &str, owner: Owner, bytes: Vec<u8>) -> u64 {
        let key = self.keys.client(branch.as_bytes(), Method::Invite);
        let reliable = flow.transport != Transport::Udp;
        self.transmit(flow, bytes.clone());
        let client = InviteClient::new(now.instant, &self.timing, reliable, bytes);
        self.add_transaction(key, flow, Kind::InviteClient(client), owner);
        key
    }

    fn branch(&mut self) -> String {
        let mut branch = String::from("z9hG4bK");
        branch.push_str(&self.ids.text(16));
        branch
    }

    // —— dialogs ——

    fn add_dialog(&mut self, dialog: Box<Dialog>) {
        if dialog.flow.connection != 0 {
            self.streams.insert(dialog.flow.connection);
        }
        self.by_tag.insert(self.keys.dialog(&dialog.call_id, dialog.local_tag.as_bytes()), dialog.id);
        self.open += 1;
        self.put_back(dialog);
    }

    /// Does something with a dialog and with the rest of the endpoint at once.
    fn with_dialog<T>(&mut self, id: DialogId, act: impl FnOnce(&mut Self, &mut Dialog) -> T) -> Option<T> {
        let mut dialog = self.dialogs.remove(&id)?;
        let result = act(self, &mut dialog);
        self.put_back(dialog);
        Some(result)
    }

    fn put_back(&mut self, mut dialog: Box<Dialog>) {
        if dialog.state == State::Gone {
            self.by_tag.remove(&self.keys.dialog(&dialog.call_id, dialog.local_tag.as_bytes()));
            return;
        }
        if let Some(at) = dialog.deadline()
            && dialog.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            dialog.scheduled = Some(at);
            self.alarms.push(Reverse((at, Alarm::Dialog(dialog.id))));
        }
        self.dialogs.insert(dialog.id, dialog);
    }

    /// Something was heard of the caller, or the call is over: it does not count as one of a flood any more.
    fn proven(&mut self, dialog: &mut Dialog) {
        if let Some(source) = dialog.unproven.take()
            && let Some(calls) = self.unproven.get_mut(&source)
        {
            *calls = calls.saturating_sub(1);
            if *calls == 0 {
                self.unproven.remove(&source);
            }
        }
    }

    /// Tells the layer above that the dialog is over, once.
    fn end(&mut self, dialog: &mut Dialog, cause: EndCause) {
        if matches!(dialog.state, State::Over | State::Gone) {
            return;
        }
        self.proven(dialog);
        dialog.state = State::Over;
        dialog.timer = None;
        dialog.sdp = None;
        self.open -= 1;
        if let Origin::Trunk(place) = dialog.origin
            && let Some(trunk) = self.trunks.get_mut(usize::from(place))
        {
            trunk.calls = trunk.calls.saturating_sub(1);
        }
        if dialog.is_outside {
            self.outside = self.outside.saturating_sub(1);
        }
        match dialog.group {
            Some(group) => self.ended_ways.push_back((group, dialog.id, cause)),
            None => self.event(SipEvent::Ended { dialog: dialog.id, cause }),
        }
    }

    fn flow_closed(&mut self, now: Now, flow: Flow) {
        let is_same = |it: &Flow| match flow.connection {
            0 => it.connection == 0 && it.transport == flow.transport && it.peer == flow.peer,
            connection => it.connection == connection,
        };
        if flow.transport == Transport::Udp || flow.connection != 0 && !self.streams.remove(&flow.connection) {
            return;
        }
        let mut failed: Vec<u64> = self.transactions.iter().filter(|(_, it)| is_same(&it.flow)).map(|(key, _)| *key).collect();
        failed.sort_unstable();
        for key in failed {
            if let Some(transaction) = self.transactions.get(&key)
                && let Some(is_waiting) = match &transaction.kind {
                    Kind::Client(it) => Some(it.is_waiting()),
                    Kind::InviteClient(it) => Some(it.is_waiting()),
                    _ => None,
                }
            {
                let owner = transaction.owner;
                self.remove_transaction(key);
                // What was answered already loses nothing.
                if is_waiting {
                    self.request_failed(now, owner, EndCause::Transport);
                }
            }
        }
        let mut lost: Vec<DialogId> = self.dialogs.values().filter(|it| is_same(&it.flow)).map(|it| it.id).collect();
        lost.sort_unstable();
        for id in lost {
            self.with_dialog(id, |endpoint, dialog| {
                // An answered call outlives its stream: the next request opens another.
                dialog.flow.connection = 0;
                if dialog.state == State::Early {
                    if let Some(incoming) = dialog.incoming.take() {
                        endpoint.remove_transaction(incoming.key);
                    }
                    endpoint.end(dialog, EndCause::Transport);
                    dialog.state = State::Gone;
                }
            });
        }
        for place in 0..self.trunks.len() {
            let trunk = &mut self.trunks[place];
            if trunk.stream.take_if(|stream| is_same(stream)).is_some() {
                // Calls come in by the stream that registered, so another one is wanted at once.
                if let Some(asking) = trunk.register.as_mut().filter(|it| it.next.is_some()) {
                    asking.next = Some(now.instant);
                }
                self.schedule_trunk(place);
            }
        }
        let changed = self.registrar.stream_ended(now.instant, is_same);
        self.registered(changed);
    }

    fn command(&mut self, now: Now, command: SipCommand) {
        match command {
            SipCommand::Progress { dialog, status, sdp } => self.progress(now, dialog, status, sdp),
            SipCommand::Answer { dialog, sdp } => self.answer(now, dialog, sdp),
            SipCommand::Reject { dialog, status, retry_after } => self.reject(now, dialog, status, retry_after),
            SipCommand::AnswerReoffer { dialog, answer } => self.answer_reoffer(now, dialog, answer),
            SipCommand::HangUp { dialog, reason } => self.hang_up(now, dialog, reason),
            SipCommand::Place(call) => self.place(now, *call),
            SipCommand::Ring(ring) => self.ring(now, *ring),
            SipCommand::Dial(dial) => self.dial(now, *dial),
            SipCommand::Acknowledge { dialog, sdp } => self.acknowledge(dialog, sdp),
            SipCommand::Reinvite { dialog, sdp } => self.reinvite(now, dialog, sdp),
            SipCommand::ReferProgress { dialog, status } => self.refer_progress(now, dialog, status),
            SipCommand::Accounts(accounts) => self.set_accounts(accounts),
            SipCommand::Trunks(trunks) => self.set_trunks(now, trunks),
            SipCommand::SignOff => self.sign_off(now),
            SipCommand::Info { dialog, content_type, body } => self.send_info(now, dialog, content_type, &body),
            SipCommand::Refuse { retry_after } => self.refuse = retry_after,
        }
    }
}

impl Machine for Endpoint {
    type Input = SipInput;
    type Output = SipOutput;

    fn handle(&mut self, now: Now, input: SipInput) {
        match input {
            SipInput::Received { flow, bytes } => self.received(now, flow, bytes),
            SipInput::FlowClosed { flow } => self.flow_closed(now, flow),
            SipInput::Command(command) => self.command(now, command),
        }
        self.settle_groups(now);
    }

    fn handle_timeout(&mut self, now: Now) {
        self.fire(now);
        self.settle_groups(now);
    }

    fn poll(&mut self) -> Option<SipOutput> {
        self.outputs.pop_front()
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }
}
