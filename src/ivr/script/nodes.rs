//! What a node of the dialogue is and what it may hold.

use std::time::Duration;

use crate::domain::{BranchNumber, MenuNumber, PhoneNumber, Quantity};

/// Place of a node in its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Language, greeting, offers, opening hours.
    Welcome,
    /// Says something and goes on.
    Say,
    /// Says choices and takes one key.
    Menu,
    /// Takes digits.
    Collect,
    /// Says something again and again, taking every key, for a set time.
    Loop,
    /// Stays silent for a set time.
    Wait,
    /// The order, from member number to order number.
    Order,
    /// Existing orders.
    Status,
    /// Points and levels.
    Points,
    /// New dishes, prices, menu, restaurants, offers.
    Info,
    /// Complaints and suggestions.
    Complaint,
    /// A voice message.
    Record,
    /// A person; without one, a polite message.
    Queue,
    /// Riders report deliveries.
    Rider,
    /// Another language.
    Language,
    /// The caller wants to hear nothing of campaigns any more (C99).
    Unsubscribe,
    /// Goodbye.
    Hangup,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Welcome,
        Self::Say,
        Self::Menu,
        Self::Collect,
        Self::Loop,
        Self::Wait,
        Self::Order,
        Self::Status,
        Self::Points,
        Self::Info,
        Self::Complaint,
        Self::Record,
        Self::Queue,
        Self::Rider,
        Self::Language,
        Self::Unsubscribe,
        Self::Hangup,
    ];

    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Say => "say",
            Self::Menu => "menu",
            Self::Collect => "collect",
            Self::Loop => "loop",
            Self::Wait => "wait",
            Self::Order => "order",
            Self::Status => "status",
            Self::Points => "points",
            Self::Info => "info",
            Self::Complaint => "complaint",
            Self::Record => "record",
            Self::Queue => "queue",
            Self::Rider => "rider",
            Self::Language => "language",
            Self::Unsubscribe => "unsubscribe",
            Self::Hangup => "hangup",
        }
    }

    /// By its name in the file.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the node leads the caller to an end by itself: it hangs up, or it ends at a message and hangs up.
    #[must_use]
    pub const fn ends_call(self) -> bool {
        matches!(self, Self::Hangup | Self::Queue | Self::Record | Self::Rider)
    }
}

/// What `collect` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// Name of the value, as shown in the call's path.
    pub into: String,
    pub least: u8,
    pub most: u8,
    /// Ends with `#`; without it the node goes on at the last digit.
    pub pound: bool,
    /// Digits are shown as `·`.
    pub secret: bool,
}

/// What an order node knows from the start, so that fewer keys are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    pub dish: MenuNumber,
    pub quantity: Quantity,
    /// Fetched here, as soon as possible.
    pub branch: BranchNumber,
    /// Contact number of callers without one.
    pub phone: Option<PhoneNumber>,
    /// Does not ask whether the same order is wanted twice.
    pub again: bool,
}

/// One node, as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub kind: Kind,
    /// Prompts, in order.
    pub say: Vec<String>,
    /// Said after `say` the first time only.
    pub more: Vec<String>,
    /// Said instead of `say` to regular callers and after the first mistake.
    pub short: Vec<String>,
    /// `welcome`: said after the greeting, not to be cut.
    pub notice: Vec<String>,
    /// Key and where it leads.
    pub keys: Vec<(char, NodeId)>,
    pub collect: Option<Collect>,
    pub then: Option<NodeId>,
    /// `welcome`: where callers go while every restaurant is closed.
    pub closed: Option<NodeId>,
    /// Where a caller goes after too many mistakes or silences.
    pub otherwise: Option<NodeId>,
    /// First key after the prompt's end.
    pub wait: Option<Duration>,
    pub tries: Option<u8>,
    /// Whether a key cuts what is being said.
    pub barge: bool,
    /// Empties the keys typed ahead and is deaf for a moment.
    pub commit: bool,
    /// How long `loop` and `wait` last.
    pub lasts: Option<Duration>,
    /// `record`: longest message.
    pub longest: Option<Duration>,
    /// `queue`: the queue of the settings; the first one when not named.
    pub queue: Option<String>,
    /// `hangup`: without goodbye.
    pub quiet: bool,
    /// `welcome`: whether an offer may be announced.
    pub offers: bool,
    /// `welcome`: whether the language is asked of callers who never chose one.
    pub ask_language: bool,
    /// Campaigns may begin here; no caller need get here.
    pub campaign: bool,
    pub preset: Option<Preset>,
}

impl Node {
    /// An empty node.
    #[must_use]
    pub fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            say: Vec::new(),
            more: Vec::new(),
            short: Vec::new(),
            notice: Vec::new(),
            keys: Vec::new(),
            collect: None,
            then: None,
            closed: None,
            otherwise: None,
            wait: None,
            tries: None,
            barge: true,
            commit: false,
            lasts: None,
            longest: None,
            queue: None,
            quiet: false,
            offers: false,
            ask_language: true,
            campaign: false,
            preset: None,
        }
    }

    /// Where `key` leads.
    #[must_use]
    pub fn key(&self, key: char) -> Option<NodeId> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, target)| *target)
    }
}
