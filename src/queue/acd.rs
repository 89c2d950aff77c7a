//! The machine over all queues and agents: its state, its inputs by name, and its deadlines.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::caller::{Caller, Key};
use super::estimate::{Handling, USUAL};
use super::io::{AcdInput, AcdOutput};
use super::places::{A, Q};
use super::settings::{QueueSettings, Settings};
use crate::agent::Agent;
use crate::domain::{Language, PhoneNumber, QueueId, QueueNews, Timestamp, UserId};
use crate::event::QueuesView;
use crate::machine::{Ids, Machine, Now};

/// One step of a queue's skill rule, as a caller with this language and need meets it.
pub(super) type Step = (Q, Language, Option<String>, usize);

/// All queues and all agents.
///
/// Callers who wait stand in one order over all queues; a match is looked for only where something changed: for callers to
/// whom more agents have become open, and for agents who have become free.
#[derive(Debug)]
pub struct Acd {
    pub(super) settings: Settings,
    pub(super) ids: Ids,
    pub(super) now: Now,
    base: Instant,
    pub(super) agents: Vec<Slot>,
    pub(super) by_user: HashMap<UserId, A>,
    pub(super) queues: Vec<Queue>,
    pub(super) callers: HashMap<u64, Caller>,
    /// Everybody who waits, in order, with those who wait to be called back.
    pub(super) line: BTreeSet<Key>,
    /// Call-backs by the phone that is called: one for each.
    pub(super) backs: HashMap<PhoneNumber, u64>,
    pub(super) back_ids: HashMap<String, u64>,
    /// It is a time of day at which customers are called back.
    pub(super) calls_back: bool,
    pub(super) arrivals: u64,
    /// Callers to whom more agents may have become open.
    pub(super) dirty: Vec<u64>,
    /// Agents who have become free.
    pub(super) fresh: Vec<A>,
    /// Callers who are rung at several agents.
    pub(super) several: BTreeSet<Key>,
    /// Callers who wait for one agent, and some who did.
    pub(super) held: Vec<u64>,
    /// Callers who have just joined: they are told their place unless somebody rings.
    pub(super) entered: Vec<u64>,
    /// Whether anybody who works meets this step of a queue's skill rule.
    pub(super) met: RefCell<HashMap<Step, bool>>,
    due: BTreeSet<(Instant, Who)>,
    armed: HashMap<Who, Instant>,
    touched: Vec<Who>,
    queues_changed: bool,
    queues_told: Option<Instant>,
    pub(super) out: VecDeque<AcdOutput>,
}

/// Whose deadline it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Who {
    Call(u64),
    Agent(A),
    Queues,
}

/// One agent and what the machine keeps about them.
#[derive(Debug)]
pub(super) struct Slot {
    pub agent: Agent,
    pub queues: Vec<Q>,
    /// Place among all agents by number.
    pub rank: u32,
    /// The consultation for which they are rung.
    pub consult: Option<Consult>,
    /// The queue from which their present call came.
    pub call_queue: Option<Q>,
    pub was_ready: bool,
    pub was_working: bool,
    pub was_on: bool,
}

/// A consultation that rings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consult {
    pub call: u64,
    pub by: A,
    pub until: Instant,
}

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub settings: QueueSettings,
    pub line: BTreeSet<Key>,
    /// Ready agents who serve it.
    pub free: BTreeSet<A>,
    pub signed_on: usize,
    pub working: usize,
    /// Who was rung last.
    pub last: Option<A>,
    pub handling: Handling,
    pub virtuals: usize,
    pub counters: Counters,
    /// It is in the settings no more; its place is kept for those who still talk out of it.
    pub gone: bool,
}

impl Queue {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self {
            settings,
            line: BTreeSet::new(),
            free: BTreeSet::new(),
            signed_on: 0,
            working: 0,
            last: None,
            handling: Handling::default(),
            virtuals: 0,
            counters: Counters::default(),
            gone: false,
        }
    }
}

/// Of today.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub offered: u32,
    pub answered: u32,
    pub in_time: u32,
    pub abandoned: u32,
    pub short: u32,
}

impl Acd {
    /// Empty queues, nobody signed on. Settings without a queue get the usual one.
    #[must_use]
    pub fn new(mut settings: Settings, ids: Ids, now: Now) -> Self {
        if settings.queues.is_empty() {
            settings.queues = Settings::default().queues;
        }
        let queues = settings.queues.iter().cloned().map(Queue::new).collect();
        Self {
            settings,
            ids,
            now,
            base: now.instant,
            agents: Vec::new(),
            by_user: HashMap::new(),
            queues,
            callers: HashMap::new(),
            line: BTreeSet::new(),
            backs: HashMap::new(),
            back_ids: HashMap::new(),
            arrivals: 0,
            calls_back: true,
            dirty: Vec::new(),
            fresh: Vec::new(),
            several: BTreeSet::new(),
            held: Vec::new(),
            entered: Vec::new(),
            met: RefCell::default(),
            due: BTreeSet::new(),
            armed: HashMap::new(),
            touched: Vec::new(),
            queues_changed: false,
            queues_told: None,
            out: VecDeque::new(),
        }
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The waiting lines and today's numbers.
    #[must_use]
    pub fn queues(&self, now: Now) -> QueuesView {
        self.queues_view(now)
    }

    // ── small helpers of all parts ───────────────────────────────────────────────────────────────

    /// The present time in milliseconds of the machine.
    pub(super) fn millis(&self) -> i64 {
        i64::try_from(self.now.instant.saturating_duration_since(self.base).as_millis()).unwrap_or(i64::MAX)
    }

    /// A time of the machine as a point in time.
    pub(super) fn wall_of(&self, millis: i64) -> Timestamp {
        Timestamp::from_millis(Timestamp::from(self.now.wall).as_millis() - (self.millis() - millis))
    }

    /// How long somebody with this place has waited.
    pub(super) fn waited(&self, since: i64) -> Duration {
        Duration::from_millis(u64::try_from(self.millis() - since).unwrap_or(0))
    }

    pub(super) fn put(&mut self, output: AcdOutput) {
        self.out.push_back(output);
    }

    pub(super) fn tell(&mut self, call: u64, news: QueueNews) {
        self.put(AcdOutput::Tell { call, news });
    }

    pub(super) fn explain(&mut self, call: u64, line: impl Into<String>) {
        self.put(AcdOutput::Explain { call, line: line.into() });
    }

    pub(super) fn user(&self, agent: A) -> UserId {
        self.agents[agent].agent.profile.user.clone()
    }

    /// `8003 林静`
    pub(super) fn named(&self, agent: A) -> String {
        let profile = &self.agents[agent].agent.profile;
        format!("{} {}", profile.number, profile.name)
    }

    pub(super) fn queue_id(&self, queue: Q) -> QueueId {
        self.queues[queue].settings.id.clone()
    }

    pub(super) fn queue_named(&self, queue: &QueueId) -> Option<Q> {
        self.queues.iter().position(|known| !known.gone && known.settings.id == *queue)
    }

    /// What a call of this queue usually takes.
    pub(super) fn mean(&self, queue: Q) -> Duration {
        self.queues[queue].handling.mean(self.now.instant).unwrap_or(USUAL)
    }

    /// More agents may be open to this caller.
    pub(super) fn mark(&mut self, call: u64) {
        self.dirty.push(call);
    }

    /// The deadlines of this one may have changed.
    pub(super) fn touch(&mut self, who: Who) {
        self.touched.push(who);
    }

    /// The wallboard's numbers have changed.
    pub(super) fn count(&mut self) {
        self.queues_changed = true;
        self.touch(Who::Queues);
    }

    // ── the machine's inside ─────────────────────────────────────────────────────────────────────

    fn take(&mut self, input: AcdInput) {
        match input {
            AcdInput::SetUp(queues) => self.set_up(queues),
            AcdInput::OnRecord(people) => people.into_iter().for_each(|profile| self.profile_is(profile)),
            AcdInput::SignOn { profile, seat } => self.sign_on(*profile, seat),
            AcdInput::SignOff { agent } => self.sign_off(&agent, false, None),
            AcdInput::ForceSignOut { agent, reason } => self.sign_off(&agent, true, Some(reason)),
            AcdInput::SeatUp { agent } => self.seat_up(&agent),
            AcdInput::SeatDown { agent, why } => self.seat_down(&agent, why),
            AcdInput::Ready { agent } => self.ready(&agent),
            AcdInput::Break { agent, reason } => self.take_break(&agent, reason, crate::agent::Why::Own),
            AcdInput::ForceBreak { agent, reason } => self.take_break(&agent, reason, crate::agent::Why::Forced),
            AcdInput::ExtendWrapUp { agent } => self.extend_wrap_up(&agent),
            AcdInput::WrapUpSaved { agent, call } => self.wrap_up_saved(&agent, call),
            AcdInput::Ordered { agent } => self.ordered(&agent),
            AcdInput::NewDay => self.new_day(),
            AcdInput::Join(joining) => self.join(*joining),
            AcdInput::Leave { call, why } => self.leave(call, why),
            AcdInput::CallGone { call } => self.call_gone(call),
            AcdInput::Known { call, customer, name, level, valued, late_order, sticky } => {
                self.known(call, |facts| {
                    facts.customer = customer.or(facts.customer.take());
                    facts.name = name;
                    facts.level = level;
                    facts.urgency.valued |= valued;
                    facts.urgency.late_order |= late_order;
                    facts.sticky = *sticky;
                });
            }
            AcdInput::Prefer { call } => self.prefer(call),
            AcdInput::Move { call, queue } => self.move_to(call, &queue),
            AcdInput::Answered { call, agent } => self.answered(call, &agent),
            AcdInput::Rejected { call, agent } => self.rejected(call, &agent),
            AcdInput::OfferFailed { call, agent, why } => self.offer_failed(call, &agent, why),
            AcdInput::Held { call, agent } => self.held(call, &agent, true),
            AcdInput::Resumed { call, agent } => self.held(call, &agent, false),
            AcdInput::Consult { call, agent, by } => self.consult(call, &agent, &by),
            AcdInput::AgentLeft { call, agent, wrap_up } => self.agent_left(call, &agent, wrap_up),
            AcdInput::AgentLost { call, agent, why } => self.agent_lost(call, &agent, why),
            AcdInput::InCall { call, agent } => self.in_call(call, &agent),
            AcdInput::DialsOut { call, agent } => self.dials_out(call, &agent),
            AcdInput::LiveLegs(legs) => self.reconcile(&legs),
            AcdInput::CallBackTime { open } => self.calls_back = open,
            AcdInput::CallBackRestored(back) => self.restore(*back),
            AcdInput::CallBackReached { id, joining } => self.reached(&id, *joining),
            AcdInput::CallBackFailed { id, why } => self.callback_failed(&id, &why),
            AcdInput::CallBackDropped { id, why } => self.drop_callback(&id, &why),
        }
    }

    /// Lets everything happen that follows from what has changed.
    fn settle(&mut self) {
        self.run_matcher();
        for call in std::mem::take(&mut self.entered) {
            self.announce_entry(call);
        }
        self.dial_due();
        for who in std::mem::take(&mut self.touched) {
            self.arm(who);
        }
    }

    fn arm(&mut self, who: Who) {
        let deadline = match who {
            Who::Call(call) => self.callers.get(&call).and_then(Caller::deadline),
            Who::Agent(agent) => self.agent_deadline(agent),
            Who::Queues => {
                let second = Duration::from_secs(1);
                self.queues_changed.then(|| self.queues_told.map_or(self.now.instant, |told| self.now.instant.max(told + second)))
            }
        };
        let before = match deadline {
            Some(at) => self.armed.insert(who, at),
            None => self.armed.remove(&who),
        };
        if before != deadline {
            if let Some(before) = before {
                self.due.remove(&(before, who));
            }
            if let Some(at) = deadline {
                self.due.insert((at, who));
            }
        }
    }

    fn agent_deadline(&self, agent: A) -> Option<Instant> {
        let slot = &self.agents[agent];
        [slot.agent.wrap_up_end(), slot.consult.map(|consult| consult.until)].into_iter().flatten().min()
    }

    /// At most one of these a second: the first at once.
    fn tell_queues(&mut self) {
        self.queues_changed = false;
        self.queues_told = Some(self.now.instant);
        self.put(AcdOutput::QueuesChanged);
        self.touch(Who::Queues);
    }
}

impl Machine for Acd {
    type Input = AcdInput;
    type Output = AcdOutput;

    fn handle(&mut self, now: Now, input: AcdInput) {
        self.now = now;
        self.take(input);
        self.settle();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        let Some((_, who)) = self.due.first().copied().filter(|(at, _)| *at <= now.instant) else { return };
        match who {
            Who::Call(call) => self.caller_due(call),
            Who::Agent(agent) => self.agent_due(agent),
            Who::Queues => self.tell_queues(),
        }
        self.touch(who);
        self.settle();
    }

    fn poll(&mut self) -> Option<AcdOutput> {
        self.out.pop_front()
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }
}
