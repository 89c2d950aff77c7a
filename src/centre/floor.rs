//! The floor: who is signed on with which seat and which leg, which conversations there are, and how all of it is told.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::elsewhere::Others;
use super::{Centre, Output};
use crate::call::conversation::{CallerFacts, Colleague, Conversation};
use crate::call::line::Line;
use crate::call::session::{Session, SessionInput};
use crate::command::Target;
use crate::domain::{AgentState, PhoneNumber, QueueWish, Seat, StepKind, UserId};
use crate::event::{CallView, Event, Snapshot, What};
use crate::machine::{Machine, Now};
use crate::media::order::{LegId, MediaOrder};
use crate::queue::{Acd, AcdInput, CallBack, LegState, LiveLeg, Profile};

/// Legs of browsers have this bit, so that they never meet the number of a dialog.
pub(super) const BROWSER: u64 = 1 << 63;
/// A page that is gone, or whose sound is gone, may come back within this.
pub(super) const GRACE: Duration = Duration::from_secs(20);
/// The card is waited for so long before the agent is rung without it (I9).
pub(super) const POP_WAIT: Duration = Duration::from_millis(150);
/// Calls with agents are compared with the machine's picture so often (I2).
const RECONCILE: Duration = Duration::from_secs(1);
/// Wrapped-up calls that one agent's console may still show.
const MOST_WRAPS: usize = 4;

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
    seq: u64,
    next_leg: u64,
    ticking: bool,
    /// Year, month and day of the restaurant.
    today: Option<(i16, i8, i8)>,
    /// Whether it is a time at which customers are called back, as last told.
    calls_back: Option<bool>,
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

    fn due(&mut self, now: Instant) -> Option<Alarm> {
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

impl Centre {
    /// Acts on one due deadline of the floor; tells whether there was one.
    pub(super) fn floor_timeout(&mut self, now: Now) -> bool {
        if self.floor.acd.next_deadline().is_some_and(|due| due <= now.instant) {
            self.floor.acd.handle_timeout(now);
            return true;
        }
        let Some(alarm) = self.floor.due(now.instant) else { return false };
        match alarm {
            Alarm::Tick => {
                self.floor.ticking = false;
                self.reconcile(now);
                self.keep_ticking(now);
            }
            Alarm::Line(id) => {
                if let Some((line, _)) = self.floor.lines.get_mut(&id)
                    && line.next_deadline().is_some_and(|due| due <= now.instant)
                {
                    line.handle_timeout(now);
                    self.drain_line(now, id);
                }
            }
            Alarm::Listen { line, up } => self.listener_due(now, line, up),
            Alarm::Pop(call) => self.pop_late(now, call),
            Alarm::Bound(call) => self.bound_late(now, call),
            Alarm::Grace(agent) => self.grace_over(now, &agent),
            Alarm::Wrap(call, user) => self.wrap_up_over(now, call, &user),
        }
        true
    }

    /// The clock of the floor runs while somebody is signed on.
    pub(super) fn keep_ticking(&mut self, now: Now) {
        if !self.floor.ticking && !self.floor.desks.is_empty() {
            self.floor.ticking = true;
            self.time_of_day(now);
            self.floor.alarm(now.instant + RECONCILE, Alarm::Tick);
        }
    }

    /// At midnight of the restaurant the day's numbers begin anew; customers are called back at decent hours, and
    /// while a restaurant is open that they could order from.
    fn time_of_day(&mut self, now: Now) {
        let local = self.env.clock.local(now.wall.into());
        let today = (local.year(), local.month(), local.day());
        if self.floor.today.replace(today).is_some_and(|before| before != today) {
            self.floor.acd.handle(now, AcdInput::NewDay);
        }
        let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute())).unwrap_or(0);
        let house = &self.env.catalogue;
        let open = self.floor.acd.settings().may_call_back(minute) && (house.branches.is_empty() || house.any_open(local));
        if self.floor.calls_back.replace(open) != Some(open) {
            self.floor.acd.handle(now, AcdInput::CallBackTime { open });
        }
    }

    /// Which calls really are with agents: what the queue machine believes otherwise is put right (I2).
    fn reconcile(&mut self, now: Now) {
        let mut legs = Vec::new();
        for talk in self.floor.talks.values() {
            for rung in &talk.rung {
                legs.push(LiveLeg { agent: rung.who.user.clone(), call: talk.call, state: LegState::Ringing });
            }
            if let Some(part) = &talk.agent {
                let state = match talk.mode() {
                    _ if talk.outbound => LegState::Outbound,
                    crate::call::bridge::Mode::Hold | crate::call::bridge::Mode::Consult => LegState::Held,
                    _ => LegState::Talking,
                };
                legs.push(LiveLeg { agent: part.who.user.clone(), call: talk.call, state });
            }
            if let Some(who) = talk.consult.as_ref().filter(|consult| consult.leg.is_some()).and_then(|consult| consult.agent.as_ref()) {
                legs.push(LiveLeg { agent: who.user.clone(), call: talk.call, state: LegState::Talking });
            }
        }
        self.floor.acd.handle(now, AcdInput::LiveLegs(legs));
        self.try_seats_again(now);
    }

    /// Whoever is not ready because one ring or one call went wrong is so no longer than the seat itself is at fault (C54).
    fn try_seats_again(&mut self, now: Now) {
        let doubted = |user: &&UserId| match self.floor.acd.on_duty(user).map(|view| view.state) {
            Some(AgentState::NotReady { why }) => !matches!(why, "no_phone" | "no_media" | "reconnecting"),
            _ => false,
        };
        let users: Vec<UserId> = self.floor.desks.keys().filter(doubted).cloned().collect();
        for user in users {
            self.tell_seat(now, &user);
        }
    }

    /// Tells everybody who listens.
    pub(super) fn publish(&mut self, now: Now, what: What) {
        self.floor.seq += 1;
        let event = Event { seq: self.floor.seq, at: now.wall.into(), what };
        self.out.push_back(Output::Publish(Box::new(event)));
    }

    /// What a call's views need of its session.
    pub(super) fn facts(&self, call: u64) -> Option<CallerFacts> {
        self.calls.get(&call).map(facts_of)
    }

    /// This call, as this person sees it.
    pub(super) fn view(&self, call: u64, user: &UserId, now: Now) -> Option<CallView> {
        let (talk, facts) = (self.floor.talks.get(&call)?, self.facts(call)?);
        Some(talk.view(user, &facts, now.wall.into()))
    }

    /// Everybody in this call sees it as it is now.
    pub(super) fn show(&mut self, now: Now, call: u64) {
        let Some(facts) = self.facts(call) else { return };
        let Some(talk) = self.floor.talks.get(&call) else { return };
        let views: Vec<_> = talk
            .people()
            .into_iter()
            .filter(|user| talk.is_of(user) || talk.consults(user) || talk.watchers.iter().any(|watching| watching.who.user == *user))
            .map(|user| {
                let view = Arc::new(talk.view(&user, &facts, now.wall.into()));
                (user, view)
            })
            .collect();
        for (to, call) in views {
            self.publish(now, What::Call { to, call });
        }
    }

    /// Who hears whom in this call, after a change; and its people see it.
    pub(super) fn rebridge(&mut self, now: Now, call: u64) {
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            let change = talk.rebridge();
            let with_person = talk.agent.is_some() || talk.outside.is_some() || talk.handing.is_some();
            for (leg, from) in change.hear {
                self.out.push_back(Output::Media(MediaOrder::Hear { leg, from }));
            }
            if let Some(on) = change.music.filter(|_| with_person) {
                self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Music(on)));
            }
        }
        self.show(now, call);
    }

    /// One line on the call's path.
    pub(super) fn explain(&mut self, now: Now, call: u64, line: impl Into<String>) {
        let line = line.into();
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Note(line)));
    }

    /// Everything that this person's console shows.
    #[must_use]
    pub fn snapshot(&self, of: &UserId, now: Now) -> Snapshot {
        let mut calls: Vec<Arc<CallView>> = self
            .floor
            .talks
            .values()
            .filter(|talk| talk.people().contains(of))
            .filter_map(|talk| self.view(talk.call, of, now))
            .map(Arc::new)
            .collect();
        if let Some(desk) = self.floor.desks.get(of) {
            calls.extend(desk.wraps.iter().filter(|wrap| !wrap.saved).map(|wrap| Arc::new(wrap.view.clone())));
        }
        calls.sort_by_key(|view| view.call);
        Snapshot {
            seq: self.floor.seq,
            at: now.wall.into(),
            me: self.floor.acd.agent(of),
            calls,
            queues: Arc::new(self.floor.acd.queues(now)),
            agents: self.floor.acd.agents().collect(),
            store_away: self.floor.store_away,
        }
    }

    /// The store went away or came back: consoles show it.
    pub(super) fn store_is(&mut self, now: Now, away: bool) {
        if self.floor.store_away != away {
            self.floor.store_away = away;
            self.publish(now, What::Store { away });
        }
    }

    pub(super) fn keep_wrap(&mut self, agent: &UserId, wrap: Wrap) {
        if let Some(desk) = self.floor.desks.get_mut(agent) {
            desk.wraps.retain(|old| !old.saved && old.view.call != wrap.view.call);
            if desk.wraps.len() >= MOST_WRAPS {
                desk.wraps.remove(0);
            }
            desk.wraps.push(wrap);
        }
    }
}

fn facts_of(session: &Session) -> CallerFacts {
    // What they did at another node stands in its record; here it is shown only.
    let mut path: Vec<String> = session.handed().map(|handed| handed.path.clone()).unwrap_or_default();
    for step in session.steps() {
        if let StepKind::Node(node) = &step.kind
            && path.last() != Some(node)
            && path.len() < 100
        {
            path.push(node.clone());
        }
    }
    let mut record = session.record().clone();
    record.language = session.language();
    CallerFacts { record, path }
}
