//! The brain: one value that decides everything, one input at a time. No socket, no clock, no task, no lock.

mod across;
mod agents;
mod branches;
mod callbacks;
mod campaigns;
mod elsewhere;
mod floor;
mod handling;
pub mod io;
mod keeping;
mod listening;
mod neighbours;
mod offers;
mod phone_page;
mod rounds;
mod seats;
mod second;
mod supervision;
mod timesheet;
mod transfers;
mod views;
mod wiring;
mod wishes;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::live::LiveCall;
use crate::call::session::{Env, Session};
use crate::domain::{Barred, PhoneNumber};
use crate::machine::{Ids, Machine, Now};
use crate::media::clip::Clip;
use crate::media::ports::Ports;
use crate::queue::Acd;
use crate::sip::endpoint::Endpoint;
use floor::Floor;
pub use io::{Input, OtherNode, Output};
use timesheet::Timesheet;

/// When so many calls wait for their port or for the word that their record is written, and the first of them longer than this,
/// then the store or the media threads have fallen behind: further callers are refused at once, so that those let in are still
/// answered soon. It is longer than a call waits for its record: a disk that stops for a moment refuses nobody.
const MANY_OPENING: usize = 128;
const OPENING_LATE: Duration = Duration::from_millis(150);

/// Limits of the brain.
#[derive(Debug, Clone)]
pub struct Limits {
    pub max_calls: usize,
    /// The node's name, part of each call id.
    pub node: String,
    /// Lines that campaigns leave free for callers.
    pub free_lines: usize,
    /// Demonstration: diners may ring from a page.
    pub demo: bool,
    /// Our address as outside telephones and browsers reach it.
    pub address: IpAddr,
    /// Our first UDP socket, as other nodes reach it.
    pub sip: SocketAddr,
}

/// The whole hotline.
pub struct Centre {
    sip: Endpoint,
    calls: HashMap<u64, Session>,
    /// Calls that are not answered yet.
    opening: usize,
    /// They, in the order of their arrival, and some that have been answered since.
    openings: VecDeque<(Instant, u64)>,
    ports: Ports,
    env: Env,
    limits: Limits,
    ids: Ids,
    draining: bool,
    /// All calls are being cut off: what is open of them stays open in the store, whose part it is to see who is owed a call.
    ending: bool,
    deadlines: BinaryHeap<Reverse<(Instant, u64)>>,
    /// The earliest deadline of each call that is in the heap.
    armed: HashMap<u64, Instant>,
    /// Everything about people.
    floor: Floor,
    timesheet: Timesheet,
    /// Outside numbers whose line is being opened.
    numbers: HashMap<u64, PhoneNumber>,
    /// Branches that are being called: call, and what its tries are kept under.
    branch_calls: HashMap<u64, String>,
    /// Customers whom campaigns call: call, and its try.
    campaign_calls: HashMap<u64, String>,
    /// What telephones that listen to a recording are to hear.
    listeners: HashMap<u64, Arc<Clip>>,
    /// Callers who are not even answered.
    barred: HashMap<PhoneNumber, Barred>,
    /// The highest number of a call so far: whoever asks for a lower one comes too late.
    newest_call: u64,
    out: VecDeque<Output>,
}

impl Centre {
    /// A centre that takes calls from its first input on.
    #[must_use]
    pub fn new(sip: Endpoint, acd: Acd, ports: Ports, env: Env, limits: Limits, ids: Ids) -> Self {
        Self {
            sip,
            calls: HashMap::new(),
            opening: 0,
            openings: VecDeque::new(),
            ports,
            env,
            limits,
            ids,
            draining: false,
            ending: false,
            deadlines: BinaryHeap::new(),
            armed: HashMap::new(),
            floor: Floor::new(acd),
            timesheet: Timesheet::default(),
            numbers: HashMap::new(),
            branch_calls: HashMap::new(),
            campaign_calls: HashMap::new(),
            listeners: HashMap::new(),
            barred: HashMap::new(),
            newest_call: 0,
            out: VecDeque::new(),
        }
    }

    /// How many calls are up.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether new calls are refused because a stop was asked for.
    #[must_use]
    pub const fn draining(&self) -> bool {
        self.draining
    }

    /// Registrations at trunks that are being taken back.
    #[must_use]
    pub const fn signing_off(&self) -> usize {
        self.sip.signing_off()
    }

    /// Trunks and whether they are up.
    #[must_use]
    pub fn trunks(&self) -> Vec<(String, bool)> {
        self.sip.trunks_up().map(|(name, up)| (name.to_owned(), up)).collect()
    }

    /// What is up right now; with the path of the one call whose id (ours or the SIP Call-ID) is asked for.
    #[must_use]
    pub fn live(&self, only: Option<&str>) -> Vec<LiveCall> {
        self.calls
            .values()
            .filter(|call| only.is_none_or(|id| call.record().id.as_str() == id || call.record().sip_call_id == id))
            .map(|call| LiveCall {
                record: call.record().clone(),
                node: call.node().to_owned(),
                steps: if only.is_some() { call.steps().to_vec() } else { Vec::new() },
            })
            .collect()
    }
}

impl Machine for Centre {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, now: Now, input: Input) {
        self.take(now, input);
    }

    fn handle_timeout(&mut self, now: Now) {
        if self.sip.next_deadline().is_some_and(|due| due <= now.instant) {
            self.sip.handle_timeout(now);
            self.settle(now);
            return;
        }
        if self.floor.next_deadline().is_some_and(|due| due <= now.instant) && self.floor_timeout(now) {
            self.settle(now);
            return;
        }
        while let Some(Reverse((due, key))) = self.deadlines.peek().copied() {
            if due > now.instant {
                return;
            }
            self.deadlines.pop();
            if self.armed.get(&key) != Some(&due) {
                continue;
            }
            self.armed.remove(&key);
            self.with_call(now, key, |call, env| call.handle_timeout(env, now));
            self.settle(now);
            return;
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    fn next_deadline(&self) -> Option<Instant> {
        let call = self.deadlines.peek().map(|Reverse((due, _))| *due);
        [self.sip.next_deadline(), self.floor.next_deadline(), call].into_iter().flatten().min()
    }
}
