//! The interpreter: keys, answers and the end of speech go in; what to say, ask and save comes out.

mod beginning;
mod entry;
mod errors;
mod node;
mod service_time;
mod speech;
mod turn;
mod verbs;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

pub(super) use turn::{Entry, Got, Segment, Silent, Step, Turn, Wants, first_keys};

use super::io::{DialogueInput, DialogueOutput, Hangup};
use super::question::{Answer, Card};
use super::script::{NodeId, Script};
use super::{branch_call, browsing, campaign, greeting, info, message, ordering, points, queue, rider, status};
use crate::domain::{BranchCall, Cart, Catalogue, CustomerId, Language, Member, MemberNumber, PhoneNumber, Phrase, ShopClock};
use crate::machine::{Machine, Now, Timers};

/// Keys typed ahead that are kept; more than any order needs.
const MOST_KEYS: usize = 64;
/// Steps in one instant after which the dialogue is taken to be going round.
const MOST_HOPS: usize = 500;

/// Named timers of a dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timer {
    /// First key after the end of what was said.
    Wait,
    /// Next digit of an entry.
    Between,
    /// "One moment" while an answer is late.
    Notice,
    /// No answer, or no end of a recording.
    Limit,
    /// End of a node that lasts a set time.
    Lasts,
    /// What a waiting caller can do instead.
    Options,
    /// End of self service.
    SelfService,
    /// End of the call.
    Hard,
}

/// Who the caller has said to be.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    /// The question was settled in this call.
    pub settled: bool,
    /// The caller wants to order as nobody: nothing personal is read.
    pub anonymous: bool,
    pub member: Option<Member>,
    /// The phone number that was keyed.
    pub keyed: Option<PhoneNumber>,
    /// What is known about a member or number that was keyed; else the card of the calling number counts.
    pub card: Option<Box<Card>>,
    /// The member's PIN was right in this call.
    pub pin: bool,
}

/// Mistakes and silences.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Errors {
    /// At this step.
    pub no_match: u8,
    /// At this step.
    pub no_input: u8,
    /// In the whole call.
    pub total: u32,
    /// Silences in a row.
    pub silent: u8,
    /// A key was received in this call.
    pub any_key: bool,
    /// It was told already that none was.
    pub warned: bool,
}

/// What an agent's screen needs of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where the caller is.
    pub node: String,
    pub language: Language,
    pub customer: Option<CustomerId>,
    pub member: Option<MemberNumber>,
    pub cart: Cart,
}

/// One caller's way through the script.
#[derive(Debug)]
pub struct Dialogue {
    pub(super) script: Arc<Script>,
    pub(super) catalogue: Arc<Catalogue>,
    /// Whether a link to a map can be sent, by language.
    map_links: [bool; 2],
    pub(super) clock: ShopClock,
    pub(super) caller: Option<PhoneNumber>,
    line: String,
    /// First part of the idempotency key of this call's orders.
    pub(super) key: String,
    pub(super) now: Now,
    out: VecDeque<DialogueOutput>,
    pub(super) timers: Timers<Timer>,
    pub(super) language: Language,
    /// What is known about the calling number.
    pub(super) card: Box<Card>,
    pub(super) me: Identity,
    /// The script's node that the caller is in.
    pub(super) node: NodeId,
    pub(super) step: Step,
    next: Option<Step>,
    turn: Turn,
    /// The turn was asked for but not begun.
    fresh: bool,
    /// News of the last step, said before the next question.
    lead: Vec<Phrase>,
    visited: Vec<Step>,
    /// Script nodes on the way here, for `*`.
    way: Vec<NodeId>,
    keys: VecDeque<char>,
    entry: String,
    speech: VecDeque<Segment>,
    /// The segment being said: may it be cut, and which offer does it tell.
    saying: Option<(bool, Option<String>)>,
    recording: bool,
    /// Recordings thrown away whose report is still to come.
    stale_recordings: u8,
    deaf_until: Option<Instant>,
    swallow_until: Option<Instant>,
    errors: Errors,
    questions: u32,
    waiting: Option<u32>,
    /// Where to go back to from the queue.
    pub(super) resume: Option<Step>,
    /// Self service has lasted its time.
    pub(super) over: bool,
    ended: bool,
    gone: bool,
    pub(super) order: ordering::State,
    pub(super) browse: browsing::State,
    pub(super) status: status::State,
    pub(super) message: message::State,
    pub(super) queue: queue::State,
    pub(super) points: points::State,
    pub(super) rider: rider::State,
    /// The order that we have called a branch about.
    pub(super) branch_call: Option<Box<BranchCall>>,
    pub(super) campaign: campaign::State,
}

impl Dialogue {
    /// A dialogue for one call; nothing happens before `Begin`.
    ///
    /// `line` is the dialled number, `key` the first part of the idempotency keys of this call's orders.
    #[must_use]
    pub fn new(
        script: Arc<Script>,
        catalogue: Arc<Catalogue>,
        clock: ShopClock,
        caller: Option<PhoneNumber>,
        line: &str,
        key: String,
        now: Now,
    ) -> Self {
        let start = script.start(line);
        Self {
            script,
            catalogue,
            map_links: [false; 2],
            clock,
            caller,
            line: line.to_owned(),
            key,
            now,
            out: VecDeque::new(),
            timers: Timers::default(),
            language: Language::default(),
            card: Box::default(),
            me: Identity::default(),
            node: start,
            step: Step::Node(start),
            next: None,
            turn: Turn::default(),
            fresh: false,
            lead: Vec::new(),
            visited: Vec::new(),
            way: Vec::new(),
            keys: VecDeque::new(),
            entry: String::new(),
            speech: VecDeque::new(),
            saying: None,
            recording: false,
            stale_recordings: 0,
            deaf_until: None,
            swallow_until: None,
            errors: Errors::default(),
            questions: 0,
            waiting: None,
            resume: None,
            over: false,
            ended: false,
            gone: false,
            order: ordering::State::default(),
            browse: browsing::State::default(),
            status: status::State::default(),
            message: message::State::default(),
            queue: queue::State::default(),
            points: points::State::default(),
            rider: rider::State::default(),
            branch_call: None,
            campaign: campaign::State::default(),
        }
    }

    /// Callers can be sent a link to a map, by language.
    #[must_use]
    pub const fn with_map_links(mut self, map_links: [bool; 2]) -> Self {
        self.map_links = map_links;
        self
    }

    /// The telephone to which a link to a map can be sent: the one that calls, when it is a mobile.
    pub(super) fn map_link_to(&self) -> Option<&PhoneNumber> {
        self.caller.as_ref().filter(|caller| self.map_links[self.language as usize] && caller.is_mobile())
    }

    /// Takes a fresher picture of dishes, branches and what is sold out.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.catalogue = catalogue;
    }

    /// Where the caller is and what they have chosen.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            node: self.step_name(self.step),
            language: self.language,
            customer: self.customer(),
            member: self.me.member.as_ref().map(|member| member.number.clone()),
            cart: self.order.cart.clone(),
        }
    }

    /// The language being spoken.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    // ── the machine's inside ─────────────────────────────────────────────────────────────────────

    fn open(&mut self, step: Step) {
        if step != self.step {
            self.errors.no_match = 0;
            self.errors.no_input = 0;
        }
        self.cut();
        self.speech.clear();
        self.entry.clear();
        self.waiting = None;
        for timer in [Timer::Wait, Timer::Between, Timer::Notice, Timer::Limit, Timer::Lasts] {
            self.timers.stop(timer);
        }
        self.stop_recording();
        self.step = step;
        let node = self.step_name(step);
        self.put(DialogueOutput::Entered { node });
        self.enter(step);
        if self.visited.len() < 128 && !self.visited.contains(&step) {
            self.visited.push(step);
        }
    }

    fn enter(&mut self, step: Step) {
        match step {
            Step::Node(id) => node::enter(self, id),
            Step::Bye(outcome) => {
                let turn = Turn::say([Phrase::plain("gen.bye")]);
                self.ask(if outcome == Hangup::Served { turn } else { turn.uncut() });
            }
            Step::Greeting(step) => greeting::enter(self, step),
            Step::Order(step) => ordering::enter(self, step),
            Step::Browse(step) => browsing::enter(self, step),
            Step::Info(step) => info::enter(self, step),
            Step::Status(step) => status::enter(self, step),
            Step::Points(step) => points::enter(self, step),
            Step::Message(step) => message::enter(self, step),
            Step::Queue(step) => queue::enter(self, step),
            Step::Rider(step) => rider::enter(self, step),
            Step::Branch(step) => branch_call::enter(self, step),
            Step::Campaign(step) => campaign::enter(self, step),
        }
    }

    /// Hands what came to the present step.
    fn give(&mut self, got: Got) {
        if matches!(got, Got::Failed)
            && !matches!(
                self.step,
                Step::Order(ordering::Step::Submit)
                    | Step::Message(message::Step::Save)
                    | Step::Info(info::Step::Link(_))
                    | Step::Queue(_)
                    | Step::Branch(_)
                    | Step::Campaign(_)
            )
        {
            self.failed();
            return;
        }
        match self.step {
            Step::Node(id) => node::got(self, id, got),
            Step::Bye(outcome) => self.hang_up(outcome),
            Step::Greeting(step) => greeting::got(self, step, got),
            Step::Order(step) => ordering::got(self, step, got),
            Step::Browse(step) => browsing::got(self, step, got),
            Step::Info(step) => info::got(self, step, got),
            Step::Status(step) => status::got(self, step, got),
            Step::Points(step) => points::got(self, step, got),
            Step::Message(step) => message::got(self, step, got),
            Step::Queue(step) => queue::got(self, step, got),
            Step::Rider(step) => rider::got(self, step, got),
            Step::Branch(step) => branch_call::got(self, step, got),
            Step::Campaign(step) => campaign::got(self, step, got),
        }
    }

    /// Lets everything happen that can happen now.
    fn settle(&mut self) {
        for _ in 0..MOST_HOPS {
            if self.ended || self.gone {
                return;
            }
            if let Some(step) = self.next.take() {
                self.open(step);
            } else if self.fresh {
                self.fresh = false;
                self.begin_turn();
            } else if !self.take_key() {
                self.keep_waiting();
                return;
            }
        }
        self.put(DialogueOutput::Warn(format!("the dialogue went round at {}", self.step_name(self.step))));
        self.hang_up(Hangup::TooLong);
    }

    /// A turn that expects keys and neither speaks nor waits would be a dead line: it waits.
    fn keep_waiting(&mut self) {
        let expects = matches!(self.turn.wants, Wants::Keys(_) | Wants::Entry(_));
        let running = [Timer::Wait, Timer::Between].into_iter().any(|timer| self.timers.deadline(timer).is_some());
        if expects && self.saying.is_none() && self.waiting.is_none() && !running {
            self.start_wait();
        }
    }

    fn answered(&mut self, question: u32, answer: Answer) {
        if self.waiting == Some(question) && !self.gone && !self.ended {
            self.waiting = None;
            self.timers.stop(Timer::Notice);
            self.timers.stop(Timer::Limit);
            self.cut();
            match answer {
                Answer::Failed => {
                    if self.order.placing == Some(question) {
                        self.order.placing = None;
                    }
                    self.give(Got::Failed);
                }
                answer => self.give(Got::Answer(answer)),
            }
        } else if self.order.placing == Some(question) {
            let listening = !self.gone && !self.ended;
            ordering::late(self, answer, listening);
        }
    }

    fn expired(&mut self, timer: Timer) {
        match timer {
            Timer::Wait => match self.turn.silent {
                Silent::Ladder => self.no_input(),
                Silent::Give => self.give(Got::Silent),
            },
            Timer::Between => self.entry_timed_out(),
            Timer::Options => queue::options(self),
            Timer::Notice => {
                if !queue::news_late(self) && self.saying.is_none() {
                    self.say_aside(Phrase::plain("gen.wait"));
                }
            }
            Timer::Limit if self.recording => {
                self.stop_recording();
                self.give(Got::Recorded(None));
            }
            Timer::Limit => {
                self.waiting = None;
                self.timers.stop(Timer::Notice);
                self.cut();
                self.give(Got::Failed);
            }
            Timer::Lasts => {
                self.cut();
                self.give(Got::Done);
            }
            Timer::SelfService => self.self_service_over(),
            Timer::Hard => {
                self.outcome("too_long");
                self.hang_up(Hangup::TooLong);
            }
        }
    }

    /// Where the caller is.
    pub(super) const fn step(&self) -> Step {
        self.step
    }

    /// Whether the caller is being recorded.
    pub(super) const fn is_recording(&self) -> bool {
        self.recording
    }

    fn hung_up(&mut self) {
        if self.gone {
            return;
        }
        if !self.ended {
            self.drop_keys();
            message::left(self);
            // An order whose `#` was pressed goes on; what became of it decides about the cart.
            if self.order.placing.is_none() {
                ordering::keep_cart(self);
            }
        }
        self.gone = true;
        self.stop_everything();
    }

    fn stop_everything(&mut self) {
        self.timers.stop_all();
        self.next = None;
        self.fresh = false;
        self.speech.clear();
        self.saying = None;
        self.recording = false;
        self.waiting = None;
    }
}

impl Machine for Dialogue {
    type Input = DialogueInput;
    type Output = DialogueOutput;

    fn handle(&mut self, now: Now, input: DialogueInput) {
        self.now = now;
        match input {
            DialogueInput::HungUp => self.hung_up(),
            DialogueInput::Answer { question, answer } => self.answered(question, answer),
            // Who hangs up instead of pressing a key has left the message all the same.
            DialogueInput::Recorded { recording, heard: true } if self.gone => message::spoken_and_gone(self, recording),
            _ if self.ended || self.gone => {}
            DialogueInput::Begin { card } => self.begin(card),
            DialogueInput::Handed { card, language, wish } => self.begin_handed(card, language, wish),
            DialogueInput::BranchCall(call) => self.begin_branch_call(call),
            DialogueInput::Campaign { card, says, language } => self.begin_campaign(card, says, language),
            DialogueInput::Key(key) => self.key(key),
            DialogueInput::Said => self.said(),
            DialogueInput::Queue(news) => queue::news(self, news),
            DialogueInput::ToMenu => queue::to_menu(self),
            DialogueInput::Recorded { .. } if self.stale_recordings > 0 => self.stale_recordings -= 1,
            DialogueInput::Recorded { recording, heard } => {
                if std::mem::take(&mut self.recording) {
                    self.timers.stop(Timer::Limit);
                    self.give(Got::Recorded(heard.then_some(recording)));
                }
            }
        }
        self.settle();
    }

    fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        if let Some(timer) = self.timers.expire(now.instant) {
            self.expired(timer);
            self.settle();
        }
    }

    fn poll(&mut self) -> Option<DialogueOutput> {
        self.out.pop_front()
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }
}

#[cfg(test)]
mod tests;
