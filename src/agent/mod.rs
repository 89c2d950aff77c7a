//! The agent's shift: sign-on, what they are doing, wrap-up. One method for each event, one transition for each method.

use std::time::{Duration, Instant};

use crate::domain::{AgentState, Break, PhoneNumber, QueueId, Role, Seat, Skill, Timestamp, UserId};
use crate::event::{AgentView, Today};
use crate::machine::Now;

/// Level of somebody whose skills nobody has written down.
const GENERALIST: u8 = 50;

/// An agent as the store knows them, handed in at sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub user: UserId,
    /// What colleagues and callers know them by: `8003`.
    pub number: String,
    pub name: String,
    pub role: Role,
    pub team: Option<String>,
    /// The queues they serve; the order in the settings counts. Empty: all queues for agents, none for others.
    pub queues: Vec<QueueId>,
    /// Empty: takes every call as somebody of middling skill.
    pub skills: Vec<Skill>,
    /// The day so far, when they were signed on before.
    pub today: Today,
}

/// What comes after the present call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Ready,
    Break(Break, Why),
    Off,
}

/// Who wanted a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Own,
    /// A supervisor.
    Forced,
    /// Too many rings in a row were not answered.
    Missed,
}

/// One agent.
#[derive(Debug, Clone)]
pub struct Agent {
    pub profile: Profile,
    seat: Seat,
    /// Why the seat cannot be rung, when it cannot.
    seat_fault: Option<&'static str>,
    state: AgentState,
    since: Now,
    /// Since when they are idle, for the order in which agents get calls: a ring that the caller ended does not change it.
    idle_since: Instant,
    wrap_up_end: Option<Instant>,
    next: Next,
    /// A code: why not ready, or what they last missed.
    reason: Option<String>,
    missed_in_a_row: u8,
    talking_since: Option<Instant>,
    caller: Option<PhoneNumber>,
    /// Talk of the call that is now wrapped up, for the handling time.
    talked: Duration,
    pub today: Today,
}

impl Agent {
    /// Somebody who has never signed on in this run.
    #[must_use]
    pub fn new(profile: Profile, seat: Seat, now: Now) -> Self {
        Self {
            today: profile.today,
            profile,
            seat,
            seat_fault: None,
            state: AgentState::SignedOut,
            since: now,
            idle_since: now.instant,
            wrap_up_end: None,
            next: Next::Ready,
            reason: None,
            missed_in_a_row: 0,
            talking_since: None,
            caller: None,
            talked: Duration::ZERO,
        }
    }

    // ── what is asked of an agent ────────────────────────────────────────────────────────────────

    /// What they are doing.
    #[must_use]
    pub const fn state(&self) -> &AgentState {
        &self.state
    }

    /// Whether they can be rung now.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.state, AgentState::Ready)
    }

    /// Signed on, whatever they are doing.
    #[must_use]
    pub const fn is_signed_on(&self) -> bool {
        !matches!(self.state, AgentState::SignedOut)
    }

    /// Signed on and not on a break: counts for the expected wait.
    #[must_use]
    pub const fn is_working(&self) -> bool {
        !matches!(self.state, AgentState::SignedOut | AgentState::Break { .. } | AgentState::NotResponding | AgentState::NotReady { .. })
    }

    /// With a caller, or calling out.
    #[must_use]
    pub const fn is_in_call(&self) -> bool {
        matches!(self.state, AgentState::Talking { .. } | AgentState::Hold { .. } | AgentState::Outbound { .. })
    }

    /// About to be free: in wrap-up, or in a call that is shorter than calls usually are, and ready afterwards.
    #[must_use]
    pub fn is_soon_free(&self, now: Instant, mean: Duration) -> bool {
        if self.next != Next::Ready || self.seat_fault.is_some() {
            return false;
        }
        match self.state {
            AgentState::WrapUp { .. } => true,
            AgentState::Talking { .. } | AgentState::Hold { .. } => {
                self.talking_since.is_some_and(|since| now.saturating_duration_since(since) < mean)
            }
            _ => false,
        }
    }

    /// Since when they are idle.
    #[must_use]
    pub const fn idle_since(&self) -> Instant {
        self.idle_since
    }

    /// How well they have a skill.
    #[must_use]
    pub fn level(&self, skill: &str) -> u8 {
        if self.profile.skills.is_empty() {
            return GENERALIST;
        }
        self.profile.skills.iter().find(|have| have.name == skill).map_or(0, |have| have.level)
    }

    /// When the wrap-up ends.
    #[must_use]
    pub const fn wrap_up_end(&self) -> Option<Instant> {
        self.wrap_up_end
    }

    /// What comes after the present call.
    #[must_use]
    pub const fn next(&self) -> &Next {
        &self.next
    }

    /// Where they are rung.
    #[must_use]
    pub const fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Whether sound can reach them.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.is_signed_on() && self.seat_fault.is_none()
    }

    /// As consoles draw them; `queues` are those that they serve.
    #[must_use]
    pub fn view(&self, queues: Vec<QueueId>) -> AgentView {
        AgentView {
            node: None,
            user: self.profile.user.clone(),
            number: self.profile.number.clone(),
            name: self.profile.name.clone(),
            role: self.profile.role,
            state: self.state.clone(),
            since: Timestamp::from(self.since.wall),
            reason: self.shown_reason(),
            next: match &self.next {
                Next::Ready => (self.is_in_call() || matches!(self.state, AgentState::Ringing { .. } | AgentState::WrapUp { .. }))
                    .then(|| "available".to_owned()),
                Next::Break(reason, _) => Some(reason.0.clone()),
                Next::Off => Some("offline".to_owned()),
            },
            seat: self.is_signed_on().then(|| self.seat.clone()),
            connected: self.is_connected(),
            queues,
            caller: self.caller.as_ref().filter(|_| self.state.call().is_some()).map(ToString::to_string),
            today: self.today,
        }
    }

    /// Whoever is not ready has a reason that can be shown.
    fn shown_reason(&self) -> Option<String> {
        match &self.state {
            AgentState::NotReady { why } => Some((*why).to_owned()),
            AgentState::Break { reason } => Some(self.reason.clone().unwrap_or_else(|| reason.0.clone())),
            AgentState::NotResponding => Some("missed".to_owned()),
            AgentState::WrapUp { .. } => Some("wrap_up".to_owned()),
            AgentState::SignedOut => self.reason.clone(),
            AgentState::Ready
            | AgentState::Ringing { .. }
            | AgentState::Talking { .. }
            | AgentState::Hold { .. }
            | AgentState::Outbound { .. } => self.seat_fault.map(str::to_owned).or_else(|| self.reason.clone()),
        }
    }

    // ── the shift ────────────────────────────────────────────────────────────────────────────────

    /// Signs on, or changes the seat in the middle of a shift.
    pub fn sign_on(&mut self, now: Now, profile: Profile, seat: Seat) {
        let outside = matches!(seat, Seat::Outside { .. });
        if seat != self.seat || !self.is_signed_on() {
            self.seat_fault = (!outside).then(|| no_seat(&seat));
        }
        self.profile = profile;
        self.seat = seat;
        if self.is_signed_on() {
            if self.next == Next::Off {
                self.next = Next::Ready;
            }
            if matches!(self.state, AgentState::Ready | AgentState::NotReady { .. }) {
                self.rest(now);
            }
            return;
        }
        self.reason = None;
        self.next = Next::Ready;
        self.missed_in_a_row = 0;
        self.idle_since = now.instant;
        self.rest(now);
    }

    /// Signs off, or does so after the call. `at_once` ends a wrap-up as well.
    pub fn sign_off(&mut self, now: Now, at_once: bool, reason: Option<String>) {
        let wrapping = matches!(self.state, AgentState::WrapUp { .. });
        self.next = Next::Off;
        self.reason = reason;
        if !self.is_in_call() && (!wrapping || at_once) {
            self.end_wrap_up(now);
            self.rest(now);
        }
    }

    /// The seat works.
    pub fn seat_up(&mut self, now: Now) {
        self.seat_fault = None;
        if matches!(self.state, AgentState::NotReady { .. }) {
            self.idle_since = now.instant;
            self.rest(now);
        }
    }

    /// The seat does not work any more. A ring must be taken back by the caller of this.
    pub fn seat_down(&mut self, now: Now, why: &'static str) {
        self.seat_fault = Some(why);
        if matches!(self.state, AgentState::Ready | AgentState::NotReady { .. } | AgentState::Ringing { .. }) {
            self.rest(now);
        }
    }

    /// A ring that did not reach the seat counts like one that nobody took, and what was wrong stays shown; whoever looks after
    /// the seat says when it works.
    pub fn unreached(&mut self, now: Now, why: &'static str, most: u8) {
        self.seat_fault = Some(why);
        self.not_taken(now, why, most);
    }

    /// Wants calls, now or after this one.
    pub fn ready(&mut self, now: Now) {
        self.next = Next::Ready;
        if matches!(self.state, AgentState::Break { .. } | AgentState::NotResponding | AgentState::NotReady { .. }) {
            self.reason = None;
            self.idle_since = now.instant;
            // A fault that only showed at one ring is tried again; a seat that is known to be away is not.
            if matches!(self.seat, Seat::Outside { .. }) || !matches!(self.seat_fault, Some("no_phone" | "no_media" | "reconnecting")) {
                self.seat_fault = None;
            }
            self.rest(now);
        }
    }

    /// Wants a break, now or after this call.
    pub fn take_break(&mut self, now: Now, reason: Break, why: Why) {
        self.next = Next::Break(reason, why);
        if !self.is_in_call() && !matches!(self.state, AgentState::Ringing { .. } | AgentState::WrapUp { .. }) {
            self.rest(now);
        }
    }

    // ── a call ───────────────────────────────────────────────────────────────────────────────────

    /// Is rung.
    pub fn ring(&mut self, now: Now, call: u64, until: Timestamp, caller: Option<PhoneNumber>) {
        self.caller = caller;
        self.enter(now, AgentState::Ringing { call, until });
    }

    /// The ring ended without the agent having done anything wrong: the place among the idle is kept.
    pub fn ring_withdrawn(&mut self, now: Now) {
        self.rest(now);
    }

    /// Did not want this call.
    pub fn rejected(&mut self, now: Now) {
        self.idle_since = now.instant;
        self.missed_in_a_row = 0;
        self.reason = Some("rejected".into());
        self.rest(now);
    }

    /// Let it ring: not responding; after so many in a row, a break with its reason.
    pub fn missed(&mut self, now: Now, most: u8) {
        self.today.missed += 1;
        self.not_taken(now, "missed", most);
    }

    fn not_taken(&mut self, now: Now, why: &str, most: u8) {
        self.missed_in_a_row = self.missed_in_a_row.saturating_add(1);
        self.idle_since = now.instant;
        self.reason = Some(why.to_owned());
        if self.next == Next::Ready && self.missed_in_a_row >= most {
            self.missed_in_a_row = 0;
            self.next = Next::Break(Break("missed".into()), Why::Missed);
            self.rest(now);
        } else if self.next != Next::Ready || self.seat_fault.is_some() {
            self.rest(now);
        } else {
            self.enter(now, AgentState::NotResponding);
        }
    }

    /// Has answered, or is in a call in another way.
    pub fn talks(&mut self, now: Now, call: u64, caller: Option<PhoneNumber>) {
        if !self.is_in_call() || self.state.call() != Some(call) {
            self.count_talk(now);
            self.end_wrap_up(now);
            self.today.calls += 1;
            self.talking_since = Some(now.instant);
            self.caller = caller;
        }
        self.missed_in_a_row = 0;
        self.reason = None;
        self.enter(now, AgentState::Talking { call });
    }

    /// The caller hears music.
    pub fn holds(&mut self, now: Now, call: u64) {
        if self.state == (AgentState::Talking { call }) {
            self.enter(now, AgentState::Hold { call });
        }
    }

    /// Back from hold.
    pub fn resumes(&mut self, now: Now, call: u64) {
        if self.state == (AgentState::Hold { call }) {
            self.enter(now, AgentState::Talking { call });
        }
    }

    /// Calls out.
    pub fn calls_out(&mut self, now: Now, call: u64) {
        self.end_wrap_up(now);
        self.talking_since = Some(now.instant);
        self.caller = None;
        self.today.calls += 1;
        self.enter(now, AgentState::Outbound { call });
    }

    /// The call is over for this agent; a wrap-up of so long follows, when there is one.
    pub fn leaves(&mut self, now: Now, wrap_up: Option<Duration>) {
        let Some(call) = self.state.call().filter(|_| self.is_in_call()) else { return };
        self.count_talk(now);
        self.idle_since = now.instant;
        match wrap_up {
            Some(length) => {
                self.wrap_up_end = Some(now.instant + length);
                let until = Timestamp::from(now.wall).after(length);
                self.enter(now, AgentState::WrapUp { call, until, extended: 0 });
            }
            None => self.rest(now),
        }
    }

    /// More time, a limited number of times; false when there is no more.
    pub fn extends(&mut self, more: Duration, most: u8) -> bool {
        match (&mut self.state, &mut self.wrap_up_end) {
            (AgentState::WrapUp { until, extended, .. }, Some(end)) if *extended < most => {
                *extended += 1;
                *until = until.after(more);
                *end += more;
                true
            }
            _ => false,
        }
    }

    /// The wrap-up is over. Gives how long call and wrap-up took together.
    pub fn wrap_up_over(&mut self, now: Now) -> Option<Duration> {
        if !matches!(self.state, AgentState::WrapUp { .. }) {
            return None;
        }
        let handled = self.talked + now.instant.saturating_duration_since(self.since.instant);
        self.end_wrap_up(now);
        self.idle_since = now.instant;
        self.rest(now);
        Some(handled)
    }

    /// The call was lost with the leg: not ready until the seat works.
    pub fn lost(&mut self, now: Now, why: &'static str) {
        self.count_talk(now);
        self.seat_fault = Some(why);
        self.rest(now);
    }

    // ── inside ───────────────────────────────────────────────────────────────────────────────────

    fn count_talk(&mut self, now: Now) {
        if let Some(since) = self.talking_since.take() {
            self.talked = now.instant.saturating_duration_since(since);
            self.today.talk_ms += u64::try_from(self.talked.as_millis()).unwrap_or(0);
        }
    }

    fn end_wrap_up(&mut self, now: Now) {
        if self.wrap_up_end.take().is_some() {
            let took = now.instant.saturating_duration_since(self.since.instant);
            self.today.wrap_up_ms += u64::try_from(took.as_millis()).unwrap_or(0);
        }
    }

    /// Where an agent is who has no call: what they wanted next, as far as the seat works.
    fn rest(&mut self, now: Now) {
        let state = match (&self.next, self.seat_fault) {
            (Next::Off, _) => AgentState::SignedOut,
            (Next::Break(reason, why), _) => {
                self.reason = match why {
                    Why::Own => None,
                    Why::Forced => Some("forced".into()),
                    Why::Missed => Some("missed".into()),
                };
                AgentState::Break { reason: reason.clone() }
            }
            (Next::Ready, Some(why)) => AgentState::NotReady { why },
            (Next::Ready, None) => AgentState::Ready,
        };
        self.next = Next::Ready;
        self.wrap_up_end = None;
        self.enter(now, state);
    }

    fn enter(&mut self, now: Now, state: AgentState) {
        if self.state != state {
            self.state = state;
            self.since = now;
        }
        if self.state.call().is_none() {
            self.caller = None;
        }
    }
}

/// Why a seat that has not shown itself yet cannot be rung.
const fn no_seat(seat: &Seat) -> &'static str {
    match seat {
        Seat::Browser => "no_media",
        Seat::Phone { .. } | Seat::Outside { .. } => "no_phone",
    }
}
