//! One turn: what is said, what is expected, and what came of it.

use std::time::Duration;

use crate::domain::{Language, Phrase, RecordingId};
use crate::ivr::io::Hangup;
use crate::ivr::question::Answer;
use crate::ivr::script::NodeId;
use crate::ivr::{branch_call, browsing, campaign, greeting, info, message, ordering, points, queue, rider, status};

/// Where a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ivr) enum Step {
    /// A node of the script.
    Node(NodeId),
    Greeting(greeting::Step),
    Order(ordering::Step),
    Browse(browsing::Step),
    Info(info::Step),
    Status(status::Step),
    Points(points::Step),
    Message(message::Step),
    Queue(queue::Step),
    /// A rider's report.
    Rider(rider::Step),
    /// A branch that we have called.
    Branch(branch_call::Step),
    /// A campaign's recording, and the end of all campaigns.
    Campaign(campaign::Step),
    /// Goodbye, then the end.
    Bye(Hangup),
}

/// What came of a turn.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ivr) enum Got {
    /// Everything was said and nothing was expected.
    Done,
    /// One of the turn's keys.
    Key(char),
    /// An entry, complete; empty for `#` alone.
    Digits(String),
    /// `*` with nothing keyed.
    Back,
    /// Nothing was pressed, at a turn that takes that for an answer.
    Silent,
    /// The recording, when something was heard.
    Recorded(Option<RecordingId>),
    /// The answer to the question that was asked last.
    Answer(Answer),
    /// No answer.
    Failed,
}

/// Something that is said in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ivr) struct Segment {
    pub what: Spoken,
    /// `None` for the caller's language.
    pub language: Option<Language>,
    /// Whether a key cuts it.
    pub barge: bool,
    /// The offer that is heard with it.
    pub offer: Option<String>,
}

/// What a segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ivr) enum Spoken {
    Phrases(Vec<Phrase>),
    Recording(RecordingId),
}

impl Segment {
    /// Phrases that a key may cut.
    pub fn of(phrases: impl Into<Vec<Phrase>>) -> Self {
        Self { what: Spoken::Phrases(phrases.into()), language: None, barge: true, offer: None }
    }

    /// The caller's own recording.
    pub const fn recording(recording: RecordingId) -> Self {
        Self { what: Spoken::Recording(recording), language: None, barge: true, offer: None }
    }
}

/// How digits are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ivr) struct Entry {
    pub least: u8,
    pub most: u8,
    /// Goes on at the last digit; a `#` soon after is swallowed.
    pub fixed: bool,
    /// `#` alone is an answer.
    pub empty: bool,
    /// Digits are shown as `·`.
    pub secret: bool,
    /// A fixed entry that may also be a telephone number when it begins like one.
    pub phone: bool,
}

impl Entry {
    /// Exactly so many digits.
    pub const fn fixed(digits: u8) -> Self {
        Self { least: digits, most: digits, fixed: true, empty: false, secret: false, phone: false }
    }

    /// Digits ended by `#` or by a pause.
    pub const fn open(least: u8, most: u8) -> Self {
        Self { least, most, fixed: false, empty: false, secret: false, phone: false }
    }

    /// `#` alone is an answer too.
    pub const fn or_empty(mut self) -> Self {
        self.empty = true;
        self
    }

    /// Digits are not shown.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// A telephone number is taken as well.
    pub const fn or_phone(mut self) -> Self {
        self.phone = true;
        self
    }
}

/// What a turn expects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ivr) enum Wants {
    /// Nothing: it goes on when all is said.
    #[default]
    Nothing,
    /// One of these keys; 0, 9 and `*` keep their meaning.
    Keys(&'static str),
    Entry(Entry),
    /// A recording of at most so long.
    Record(Duration),
    /// Says it again and again and takes every key until the time is over.
    Loop,
    /// Silence until the time is over.
    Hold,
    /// Music, for somebody who waits for a person: every key is given to the step.
    Queue,
}

/// What a caller's silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::ivr) enum Silent {
    /// A no-input, counted.
    #[default]
    Ladder,
    /// An answer, given to the step.
    Give,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ivr) struct Turn {
    /// Said before the question in segments of their own, such as a greeting and a notice.
    pub before: Vec<Segment>,
    /// The question.
    pub full: Vec<Phrase>,
    /// Said instead after the first mistake; empty for the same.
    pub short: Vec<Phrase>,
    /// The question again in the other language.
    pub both: Vec<Phrase>,
    pub wants: Wants,
    /// Time for the first key; by kind when not set.
    pub wait: Option<Duration>,
    pub silent: Silent,
    /// Keys typed ahead are dropped, and the first moment is deaf.
    pub commit: bool,
    /// Nothing of it may be cut.
    pub uncut: bool,
    /// Whether 0 leads to a person.
    pub no_agent: bool,
    /// Mistakes before it is left, when not the script's.
    pub tries: Option<u8>,
    /// Where the third mistake leads, when not to a person.
    pub last: Option<Step>,
}

impl Turn {
    /// Says something and goes on.
    pub fn say(phrases: impl Into<Vec<Phrase>>) -> Self {
        Self { full: phrases.into(), ..Self::default() }
    }

    /// Says choices and takes one of `keys`.
    pub fn menu(phrases: impl Into<Vec<Phrase>>, keys: &'static str) -> Self {
        Self { full: phrases.into(), wants: Wants::Keys(keys), ..Self::default() }
    }

    /// Asks for digits.
    pub fn entry(phrases: impl Into<Vec<Phrase>>, entry: Entry) -> Self {
        Self { full: phrases.into(), wants: Wants::Entry(entry), ..Self::default() }
    }

    /// Records after a beep.
    pub fn record(phrases: impl Into<Vec<Phrase>>, longest: Duration) -> Self {
        Self { full: phrases.into(), wants: Wants::Record(longest), ..Self::default() }
    }

    /// Said after the first mistake instead.
    pub fn shortly(mut self, phrases: impl Into<Vec<Phrase>>) -> Self {
        self.short = phrases.into();
        self
    }

    /// A turn that commits: keys typed ahead do not count.
    pub const fn commit(mut self) -> Self {
        self.commit = true;
        self
    }

    /// A turn that no key cuts.
    pub const fn uncut(mut self) -> Self {
        self.uncut = true;
        self
    }

    /// Silence after `wait` is an answer.
    pub const fn or_silence(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self.silent = Silent::Give;
        self
    }

    /// Where the last mistake leads.
    pub const fn at_last(mut self, step: Step) -> Self {
        self.last = Some(step);
        self
    }
}

/// Keys `1` to so many, as a list for [`Turn::menu`].
pub(in crate::ivr) fn first_keys(count: usize) -> &'static str {
    &"12345678"[..count.min(8)]
}
