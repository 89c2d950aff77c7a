//! What an operator may set about queues, as plain values.

use std::time::Duration;

use crate::domain::QueueId;

/// How a queue chooses among the agents who may have a caller (domain.md 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Strategy {
    RingAll,
    #[default]
    LongestIdle,
    FewestCalls,
    LeastTalkTime,
    RoundRobin,
    Linear,
    Progressive,
    Random,
    Weighted,
    Skill,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::RingAll,
        Self::LongestIdle,
        Self::FewestCalls,
        Self::LeastTalkTime,
        Self::RoundRobin,
        Self::Linear,
        Self::Progressive,
        Self::Random,
        Self::Weighted,
        Self::Skill,
    ];

    /// Its name in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RingAll => "ring-all",
            Self::LongestIdle => "longest-idle",
            Self::FewestCalls => "fewest-calls",
            Self::LeastTalkTime => "least-talk-time",
            Self::RoundRobin => "round-robin",
            Self::Linear => "linear",
            Self::Progressive => "progressive",
            Self::Random => "random",
            Self::Weighted => "weighted",
            Self::Skill => "skill",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// One queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    pub id: QueueId,
    pub name_zh: String,
    pub name_en: String,
    pub strategy: Strategy,
}

/// All about queues and agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// At least one; the first is where callers go when nothing else is said.
    pub queues: Vec<QueueSettings>,
    /// Reasons for a break, in the order of the console's menu, and how long each should last.
    pub breaks: Vec<(String, Duration)>,
    pub ring: Duration,
    pub wrap_up: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let queue = |id: &str, zh: &str, en: &str| QueueSettings {
            id: QueueId::new(id),
            name_zh: zh.into(),
            name_en: en.into(),
            strategy: Strategy::LongestIdle,
        };
        Self {
            queues: vec![queue("order", "点餐", "Orders"), queue("complaint", "投诉", "Complaints")],
            breaks: [("lunch", 30), ("short", 10), ("training", 60), ("meeting", 60)]
                .map(|(name, minutes)| (name.to_owned(), seconds(minutes * 60)))
                .to_vec(),
            ring: seconds(20),
            wrap_up: seconds(30),
        }
    }
}
