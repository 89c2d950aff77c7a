//! What an operator may set about queues, as plain values.

use std::time::Duration;

use super::rule::Rule;
use super::strategy::Strategy;
use crate::domain::QueueId;

/// One queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    pub id: QueueId,
    pub name_zh: String,
    pub name_en: String,
    pub strategy: Strategy,
    /// How long one agent is rung.
    pub ring: Duration,
    pub wrap_up: Duration,
    /// Classes that every caller of this queue is ahead of those of other queues (0 to 9).
    pub priority: u8,
    /// Who may have a caller after which wait.
    pub skills: Rule,
    /// Callers who may wait; further ones go along the chain, then to a message.
    pub max_waiting: usize,
    /// So long a caller waits at most; then a message is taken.
    pub longest_wait: Duration,
    /// Queues whose agents are asked as well, one after another.
    pub overflow: Vec<QueueId>,
    /// After so long the first of them, and again so long after each.
    pub overflow_after: Duration,
    /// Callers waiting from which on the chain is asked at once; 0 for never.
    pub overflow_depth: usize,
    pub join: JoinRule,
    /// When the last agent signs off, those who wait are sent to a message after so long.
    pub leave_after: Duration,
    /// Progressive: one more agent is rung after each of these.
    pub step: Duration,
    /// Agents' numbers in the order for `linear` and `progressive`; others follow by number.
    pub order: Vec<String>,
    /// Agents' numbers and how often each is taken for `weighted`; others count 1.
    pub weights: Vec<(String, u32)>,
    /// Answered within this counts for the service level.
    pub service_level: Duration,
}

impl QueueSettings {
    /// A queue with the usual values.
    #[must_use]
    pub fn named(id: &str, name_zh: &str, name_en: &str) -> Self {
        let seconds = Duration::from_secs;
        Self {
            id: QueueId::new(id),
            name_zh: name_zh.into(),
            name_en: name_en.into(),
            strategy: Strategy::default(),
            ring: seconds(20),
            wrap_up: seconds(30),
            priority: 0,
            skills: Rule::default(),
            max_waiting: 200,
            longest_wait: seconds(900),
            overflow: Vec::new(),
            overflow_after: seconds(60),
            overflow_depth: 0,
            join: JoinRule::default(),
            leave_after: seconds(20),
            step: seconds(5),
            order: Vec::new(),
            weights: Vec::new(),
            service_level: seconds(20),
        }
    }
}

/// Who must be there for a caller to wait at all (C49).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinRule {
    /// Somebody is signed on, even if on a break.
    #[default]
    SignedOn,
    /// Somebody works: on a break does not count.
    Working,
    /// Callers wait even when nobody is there.
    Always,
}

impl JoinRule {
    /// Its name in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedOn => "signed-on",
            Self::Working => "working",
            Self::Always => "always",
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "signed-on" => Some(Self::SignedOn),
            "working" => Some(Self::Working),
            "always" => Some(Self::Always),
            _ => None,
        }
    }
}

/// Who counts as the last agent of a customer after a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastRule {
    /// Who finished the call.
    #[default]
    Finished,
    /// Who first took it.
    First,
}

impl LastRule {
    /// The rule of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "finished" => Some(Self::Finished),
            "first" => Some(Self::First),
            _ => None,
        }
    }
}

/// All about queues and agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// At least one; the first is where callers go when nothing else is said.
    pub queues: Vec<QueueSettings>,
    /// Reasons for a break, in the order of the console's menu, and how long each should last.
    pub breaks: Vec<(String, Duration)>,
    pub wrap_up_extension: Duration,
    pub wrap_up_extensions: u8,
    /// Rings in a row without an answer until a break begins by itself.
    pub missed_until_break: u8,
    /// An agent who rejected a caller, or passed them on, is not offered that caller again for so long.
    pub reject_pause: Duration,
    pub sticky: bool,
    /// So long a caller waits at most for an agent whom they know.
    pub sticky_wait: Duration,
    /// So many days an agent counts as the last one.
    pub sticky_days: u32,
    pub sticky_last: LastRule,
    /// A caller who waits so long longer counts as one class more.
    pub ageing: Duration,
    /// Levels whose members come earlier.
    pub valued_levels: Vec<String>,
    /// Who hangs up within this is a short abandon.
    pub short_abandon: Duration,
    pub announce_every: Duration,
    /// Something is said at the latest after so long.
    pub announce_latest: Duration,
    pub callback_tries: u8,
    pub callback_pause: Duration,
    /// Call-backs that may wait; a further one becomes an agent's task at once.
    pub callback_limit: usize,
    /// Customers are called back from this minute of the restaurant's day until before that one; past midnight when the second is
    /// the smaller.
    pub callback_hours: (u16, u16),
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            queues: vec![QueueSettings::named("order", "点餐", "Orders"), QueueSettings::named("complaint", "投诉", "Complaints")],
            breaks: [("lunch", 30), ("short", 10), ("training", 60), ("meeting", 60)]
                .map(|(name, minutes)| (name.to_owned(), seconds(minutes * 60)))
                .to_vec(),
            wrap_up_extension: seconds(30),
            wrap_up_extensions: 2,
            missed_until_break: 2,
            reject_pause: seconds(15),
            sticky: true,
            sticky_wait: seconds(20),
            sticky_days: 30,
            sticky_last: LastRule::default(),
            ageing: seconds(90),
            valued_levels: vec!["gold".into(), "diamond".into()],
            short_abandon: seconds(5),
            announce_every: seconds(45),
            announce_latest: seconds(90),
            callback_tries: 2,
            callback_pause: seconds(300),
            callback_limit: 200,
            callback_hours: (8 * 60, 22 * 60),
        }
    }
}

impl Settings {
    /// Whether members of this level come earlier.
    #[must_use]
    pub fn is_valued(&self, level: Option<&str>) -> bool {
        level.is_some_and(|level| self.valued_levels.iter().any(|valued| valued == level))
    }

    /// Whether customers may be called back at this minute of the day.
    #[must_use]
    pub const fn may_call_back(&self, minute: u16) -> bool {
        let (from, until) = self.callback_hours;
        if from <= until { minute >= from && minute < until } else { minute >= from || minute < until }
    }

    /// Whether this is one of the reasons for a break.
    #[must_use]
    pub fn is_break(&self, reason: &str) -> bool {
        self.breaks.iter().any(|(name, _)| name == reason)
    }
}
