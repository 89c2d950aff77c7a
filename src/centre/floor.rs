//! The floor: who is signed on with which seat and which leg, which conversations there are, and what is due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::conversation::{Colleague, Conversation};
use crate::call::line::Line;
use crate::command::Target;
use crate::domain::{PhoneNumber, QueueId, QueueWish, Seat, Timestamp, UserId};
use crate::event::{AgentView, CallView, NodeView};
use crate::machine::Machine;
use crate::media::order::LegId;
use crate::queue::{Acd, CallBack, Profile};

/// Legs of browsers have this bit, so that they never meet the number of a dialog.
pub(super) const BROWSER: u64 = 1 << 63;
/// A page that is gone, or whose sound is gone, may come back within this.
pub(super) const GRACE: Duration = Duration::from_secs(20);
/// The card is waited for so long before the agent is rung without it (I9).
pub(super) const POP_WAIT: Duration = Duration::from_millis(150);

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Alarm {
    Tick,
    Line(u64),
    /// The card of this call did not come in time.
    Pop(u64),
    /// The page or the sound of this agent did not come back.
    Grace(UserId),
    /// The other node that is asked to take this caller has not answered soon.
    Bound(u64),
    /// The other node whose agent is to be rung by this line has not said so soon.
    Across(u64),
    /// The telephone that is to hear a recording was not taken up (`up`: has heard it) by now.
    Listen {
        line: u64,
        up: bool,
    },
    /// The time to sum up this call is over for somebody who is not in the queues' book.
    Wrap(u64, UserId),
}

/// Why a line rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum For {
    /// An agent's desk phone or outside number is rung for this call. `confirmed`: they pressed 1 (an outside number).
    Seat { agent: UserId, call: u64, confirm: bool },
    /// An agent dials out or speaks in a call from a phone seat that nobody offered.
    Own { agent: UserId, call: u64, confirm: bool, then: Then },
    /// An outside number that an agent consults in this call.
    Consult { call: u64 },
    /// An outside number that a caller is passed on to.
    Hand { call: u64 },
    /// Another node that is to take this caller.
    Node { call: u64 },
    /// A recording is to be heard: at this desk phone, or at an outside number.
    Listen { account: Option<String> },
    /// A desk phone's second call, while its agent has a caller: whom it dialled is consulted.
    Second { agent: UserId, call: u64, to: Target },
}

/// What an agent's own leg is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// Calls this number.
    Dial { number: PhoneNumber, missed: Option<String> },
}

/// A browser's leg.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    pub leg: LegId,
    /// Connected.
    pub up: bool,
    /// Nothing has come from it for a moment.
    pub quiet: bool,
    /// It stayed so for the whole grace: nobody is sent there until something comes.
    pub failed: bool,
}

/// A summed-up call that its agent still sees.
#[derive(Debug, Clone)]
pub(super) struct Wrap {
    pub view: CallView,
    pub saved: bool,
}

/// One person at a console.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    pub who: Colleague,
    /// Signed on with this seat.
    pub seat: Option<Seat>,
    /// The console page that speaks for them.
    pub page: Option<u64>,
    pub browser: Option<Browser>,
    /// The page or its sound is gone since then; after the grace it counts as lost.
    pub gone_since: Option<Instant>,
    /// Desk phone or outside number: the line that is up or rings.
    pub line: Option<u64>,
    pub wraps: Vec<Wrap>,
}

impl Desk {
    /// Whether this person speaks by the page's own sound, and not by a telephone.
    pub fn is_in_browser(&self) -> bool {
        match &self.seat {
            Some(seat) => matches!(seat, Seat::Browser),
            None => self.browser.is_some(),
        }
    }
}

/// A caller who asks for a person, while their card is fetched.
pub(super) struct PopWait {
    pub wish: Box<QueueWish>,
    pub asked: Instant,
    pub until: Instant,
    /// The caller waits in the queue already; the card comes late.
    pub joined: bool,
}

/// A caller for whom another node is asked.
pub(super) struct Bound {
    pub line: u64,
    pub node: String,
    pub address: SocketAddr,
    /// Not in the line here yet: this is what they wished.
    pub wish: Option<Box<QueueWish>>,
}

/// An agent at another node to whom callers can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Elsewhere {
    pub agent: UserId,
    pub name: String,
    pub node: String,
    /// Where that node is reached by SIP.
    pub sip: SocketAddr,
    /// Can be rung now.
    pub is_free: bool,
    /// Sums up the last call.
    pub is_soon_free: bool,
    /// In this state since.
    pub since: Timestamp,
    /// The queues they serve.
    pub queues: Vec<QueueId>,
}

/// An agent at another node who is to be rung by a line from here.
#[derive(Debug, Clone)]
pub(super) struct Across {
    pub to: Elsewhere,
    /// Their node has said that it rings them.
    pub rings: bool,
    /// They have taken it.
    pub taken: bool,
}

/// What is known of other nodes.
#[derive(Default)]
pub(super) struct Others {
    /// As consoles see them.
    pub views: BTreeMap<String, Arc<NodeView>>,
    pub shown: BTreeMap<UserId, AgentView>,
    /// To whom callers can be sent.
    pub agents: Vec<Elsewhere>,
    /// Lines to agents there, asked for advice or to take a caller.
    pub across: HashMap<u64, Across>,
    /// Callers for whom a node is asked.
    pub bound: HashMap<u64, Bound>,
    /// Agents there who are on the way to a caller, and until when they are not counted on.
    pub promised: HashMap<UserId, Instant>,
    /// Nodes that did not take a caller, and until when they are not asked.
    pub shut: HashMap<String, Instant>,
}

/// Everything about people.
pub(super) struct Floor {
    pub acd: Acd,
    pub people: HashMap<UserId, Profile>,
    /// Shifts that wait for the person's profile.
    pub starting: HashMap<UserId, (Seat, u64)>,
    pub desks: HashMap<UserId, Desk>,
    pub talks: HashMap<u64, Conversation>,
    pub lines: HashMap<u64, (Line, For)>,
    pub legs: HashMap<LegId, UserId>,
    pub pops: HashMap<u64, PopWait>,
    /// Diners' phones in pages: page and call.
    pub pages: HashMap<u64, u64>,
    /// Contacts of each account.
    pub phones: HashMap<String, usize>,
    /// Call-backs whose first step is on its way to the store.
    pub keeping: HashSet<String>,
    /// Call-backs that are to be dialled once the store has granted it.
    pub claiming: HashMap<String, CallBack>,
    /// Call-backs that are being dialled: call and the call-back's id.
    pub dialled: HashMap<u64, String>,
    /// Missed callers whom an agent calls: call and the task.
    pub missed: HashMap<u64, String>,
    alarms: BinaryHeap<Reverse<(Instant, Alarm)>>,
    /// The last event that was told.
    pub seq: u64,
    next_leg: u64,
    pub ticking: bool,
    /// Year, month and day of the restaurant.
    pub today: Option<(i16, i8, i8)>,
    /// Whether it is a time at which customers are called back, as last told.
    pub calls_back: Option<bool>,
    pub store_away: bool,
    /// The phone whose transfer key is being obeyed: it is told before its call ends.
    pub referring: Option<u64>,
    /// Other nodes, and who is on the way there.
    pub others: Others,
}

impl Floor {
    pub fn new(acd: Acd) -> Self {
        Self {
            acd,
            people: HashMap::new(),
            starting: HashMap::new(),
            desks: HashMap::new(),
            talks: HashMap::new(),
            lines: HashMap::new(),
            legs: HashMap::new(),
            pops: HashMap::new(),
            pages: HashMap::new(),
            phones: HashMap::new(),
            keeping: HashSet::new(),
            claiming: HashMap::new(),
            dialled: HashMap::new(),
            missed: HashMap::new(),
            alarms: BinaryHeap::new(),
            seq: 0,
            next_leg: 0,
            ticking: false,
            today: None,
            calls_back: None,
            store_away: false,
            referring: None,
            others: Others::default(),
        }
    }

    pub fn new_leg(&mut self) -> LegId {
        self.next_leg += 1;
        LegId(BROWSER | self.next_leg)
    }

    pub fn alarm(&mut self, at: Instant, alarm: Alarm) {
        self.alarms.push(Reverse((at, alarm)));
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        let alarm = self.alarms.peek().map(|Reverse((at, _))| *at);
        [alarm, self.acd.next_deadline()].into_iter().flatten().min()
    }

    pub fn due(&mut self, now: Instant) -> Option<Alarm> {
        if self.alarms.peek().is_none_or(|Reverse((at, _))| *at > now) {
            return None;
        }
        self.alarms.pop().map(|Reverse((_, alarm))| alarm)
    }

    /// As colleagues know this person.
    pub fn colleague(&self, user: &UserId) -> Colleague {
        match (self.people.get(user), self.desks.get(user)) {
            (Some(person), _) => Colleague { user: user.clone(), number: person.number.clone(), name: person.name.clone() },
            (None, Some(desk)) => desk.who.clone(),
            (None, None) => Colleague { user: user.clone(), number: String::new(), name: user.to_string() },
        }
    }

    /// The leg by which this person can speak right now.
    pub fn voice(&self, user: &UserId) -> Option<LegId> {
        let desk = self.desks.get(user)?;
        if let Some(line) = desk.line {
            return self.lines.get(&line).filter(|(line, _)| line.is_up()).map(|(line, _)| line.leg());
        }
        desk.browser.as_ref().filter(|browser| browser.up).map(|browser| browser.leg)
    }

    /// The call that this person speaks in.
    pub fn call_of(&self, user: &UserId) -> Option<u64> {
        self.talks.values().find(|talk| talk.is_of(user) || talk.consults(user)).map(|talk| talk.call)
    }
}
