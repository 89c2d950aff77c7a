//! The dialogue's two sides: what it hears from a call and what it wants done.

use std::time::Duration;

use super::question::{Answer, Card, Notice, Question};
use crate::domain::{
    BranchCall, CampaignSays, CustomerId, Language, Leaving, MemberNumber, OrderNumber, Phrase, QueueNews, QueueWish, RecordingId,
};

/// What happens to a dialogue.
#[derive(Debug, Clone, PartialEq)]
pub enum DialogueInput {
    /// The call was answered and sound flows; who calls is known as far as the store told in time (default card otherwise).
    Begin { card: Box<Card> },
    /// The same for a caller whom another node has sent because they want a person: nothing is asked again.
    Handed { card: Box<Card>, language: Language, wish: QueueWish },
    /// A branch that we called has answered: it is told of this order.
    BranchCall(Box<BranchCall>),
    /// Somebody whom a campaign calls has answered.
    Campaign { card: Box<Card>, says: CampaignSays, language: Language },
    /// One key press: `0`–`9`, `*`, `#` (A–D are ignored).
    Key(char),
    /// All that was to be said has been said.
    Said,
    /// The recording that was asked for, stored under this id; `heard` is false when it holds no speech.
    Recorded { recording: RecordingId, heard: bool },
    /// The answer to the question with this number.
    Answer { question: u32, answer: Answer },
    /// News for a caller who waits for a person, or speaks with one.
    Queue(QueueNews),
    /// The agent hands the caller back to self service: the main menu, with cart and identity kept.
    ToMenu,
    /// The caller has gone: what must be saved is put out; nothing else.
    HungUp,
}

/// What a dialogue wants.
#[derive(Debug, Clone, PartialEq)]
pub enum DialogueOutput {
    /// Say this now, instead of what is being said. `Said` comes at its end unless it is cut or replaced.
    /// An empty list is a mistake of the dialogue.
    Say {
        phrases: Vec<Phrase>,
        language: Language,
    },
    /// Stop what is being said.
    Hush,
    /// Play the caller their own recording, then `Said`.
    PlayRecording(RecordingId),
    /// Play hold music until the next order.
    Music,
    /// Beep, then record; `Recorded` comes at the end.
    Record {
        longest: Duration,
        silence: Duration,
    },
    /// The caller pressed a key that ends the recording.
    StopRecording,
    /// Keys are expected (in-band detection may listen) or not.
    Collecting(bool),
    Ask {
        question: u32,
        what: Question,
    },
    Tell(Notice),
    /// For the call's path: a node was entered.
    Entered {
        node: String,
    },
    /// For the call's path and the funnel: a named outcome.
    Outcome {
        node: String,
        outcome: String,
    },
    /// For the call's path: the key as it may be shown (`·` for a PIN key).
    KeyTaken {
        shown: char,
    },
    /// A prompt was cut by a key.
    BargedIn,
    /// A readable remark for the call's path.
    Note(String),
    /// A warning an operator should see, such as "no digits seen".
    Warn(String),
    /// The caller said who they are.
    Identified {
        customer: Option<CustomerId>,
        member: Option<MemberNumber>,
    },
    LanguageChosen(Language),
    /// An order was confirmed.
    Ordered(OrderNumber),
    /// No-match or no-input, for the call record.
    Erred,
    /// The caller wants a person: they wait from now on. Answered by `DialogueInput::Queue`.
    Queue(Box<QueueWish>),
    /// The caller stops waiting (never sent with `Leaving::Gone`: the call itself knows that).
    LeaveQueue(Leaving),
    /// Hang up, in an orderly way: everything has been said.
    HangUp {
        outcome: Hangup,
    },
}

/// Why the dialogue hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hangup {
    /// Goodbye was said.
    Served,
    /// A blocked number.
    Blocked,
    /// Nobody to talk to and a message was declined or left.
    NoAgent,
    /// Longer than self-service may last.
    TooLong,
}
