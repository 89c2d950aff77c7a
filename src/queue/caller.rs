//! One caller: their place, what they are doing now, and what falls due for them.

use std::time::{Duration, Instant};

use super::estimate::Heard;
use super::io::Joining;
use super::places::{A, Q};
use crate::domain::{PhoneNumber, QueueReason};

/// The order of all who wait: preferred first, then by place (milliseconds, earlier by urgency), then by arrival.
pub(super) type Key = (u8, i64, u64, u64);

/// A caller, from the first wish for a person until the call is over.
#[derive(Debug)]
pub(super) struct Caller {
    pub facts: Joining,
    pub queue: Q,
    /// Queues of the overflow chain that are asked as well.
    pub also: Vec<Q>,
    /// Since when they hold their place, in milliseconds of the machine's time.
    pub since: i64,
    /// How long they had waited when they were answered; they go on from there when they come back.
    pub frozen: Option<i64>,
    /// Number of arrival; keeps the order of equals.
    pub seq: u64,
    /// When this stay in the line began.
    pub joined: Instant,
    /// Their place in the lines, while they are in one.
    pub key: Option<Key>,
    pub preferred: bool,
    pub phase: Phase,
    /// Agents who are not to be asked before then: they rejected this caller or passed them on.
    pub not_now: Vec<(A, Instant)>,
    /// To be asked before all others: who passed the caller on in vain, or lost them.
    pub first: Option<A>,
    /// Waits for this agent.
    pub hold: Option<A>,
    pub hold_until: Option<Instant>,
    pub heard: Heard,
    pub routed: String,
    /// This wish for a person is in the queue's numbers.
    pub counted: bool,
    /// Who spoke with them first has been told.
    pub spoke: bool,
    pub is_callback: bool,
    pub back: Option<Back>,
    pub due: Due,
    /// How often offers came to nothing; for the line that explains.
    pub offers: u32,
}

/// Where a caller is: always in exactly one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// In the menu, or at a message: the place is kept, nobody is rung.
    Away,
    Waiting,
    Ringing(Vec<Ring>),
    /// Hung up and waits to be called back.
    Virtual,
    With(A),
}

/// An agent who is rung for this caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ring {
    pub agent: A,
    pub until: Instant,
}

/// A call-back.
#[derive(Debug, Clone)]
pub(super) struct Back {
    pub id: String,
    pub phone: PhoneNumber,
    pub tries: u8,
    /// The call that asked for it is still up.
    pub live: bool,
    pub dialling: bool,
}

/// What falls due for a caller, each at most once.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Due {
    pub announce: Option<Instant>,
    pub overflow: Option<Instant>,
    pub too_long: Option<Instant>,
    pub empty: Option<Instant>,
    /// Progressive: one more agent.
    pub step: Option<Instant>,
    /// Next step of the skill rule.
    pub widen: Option<Instant>,
    /// The next try of a call-back.
    pub retry: Option<Instant>,
}

impl Caller {
    pub fn new(facts: Joining, queue: Q, since: i64, seq: u64, joined: Instant) -> Self {
        Self {
            is_callback: facts.reason == QueueReason::CallBack,
            // Advice is no wish of a caller for a person.
            counted: facts.advice,
            spoke: facts.met,
            facts,
            queue,
            also: Vec::new(),
            since,
            frozen: None,
            seq,
            joined,
            key: None,
            preferred: false,
            phase: Phase::Away,
            not_now: Vec::new(),
            first: None,
            hold: None,
            hold_until: None,
            heard: Heard::default(),
            routed: String::new(),
            back: None,
            due: Due::default(),
            offers: 0,
        }
    }

    /// Classes ahead of others: urgent complaint, then valued or waiting for a late order, then an unfinished order.
    pub fn class(&self) -> i32 {
        let urgency = self.facts.urgency;
        if urgency.complaint {
            3
        } else if urgency.valued || urgency.late_order {
            2
        } else {
            i32::from(urgency.unfinished_order)
        }
    }

    /// The place in the lines. Ageing by one class in `ageing` makes the order of two callers the same at all times: a class
    /// is worth so much waiting.
    pub fn place(&self, queue_priority: u8, ageing: Duration) -> Key {
        let class = i64::from(self.class()) + i64::from(queue_priority);
        let ageing = i64::try_from(ageing.as_millis()).unwrap_or(i64::MAX / 64);
        (u8::from(!self.preferred), self.since - class * ageing, self.seq, self.facts.call)
    }

    /// In the line with a call that is up.
    pub const fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Ringing(_))
    }

    pub fn rings(&self) -> &[Ring] {
        if let Phase::Ringing(rings) = &self.phase { rings } else { &[] }
    }

    /// The queues whose agents may have them.
    pub fn queues(&self) -> impl Iterator<Item = Q> + '_ {
        std::iter::once(self.queue).chain(self.also.iter().copied())
    }

    /// The earliest of what falls due.
    pub fn deadline(&self) -> Option<Instant> {
        let due = &self.due;
        let ring = self.rings().iter().map(|ring| ring.until).min();
        let pause = if self.is_waiting() { self.not_now.iter().map(|(_, until)| *until).min() } else { None };
        let hold = self.hold.and(self.hold_until);
        [due.announce, due.overflow, due.too_long, due.empty, due.step, due.widen, due.retry, ring, pause, hold].into_iter().flatten().min()
    }

    /// Nothing that belongs to standing in the line falls due any more.
    pub fn stop_waiting(&mut self) {
        self.due = Due::default();
        self.hold = None;
        self.hold_until = None;
        self.also.clear();
    }
}
