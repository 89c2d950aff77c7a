//! The interpreter: keys, answers and the end of speech go in; what to say, ask and save comes out.

mod entry;
mod errors;
mod node;
mod speech;
mod turn;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use turn::{Entry, Got, Segment, Silent, Step, Turn, Wants, first_keys};

use super::io::{DialogueInput, DialogueOutput, Hangup};
use super::question::{Answer, Card, Notice, Question};
use super::script::{NodeId, Script};
use super::{branch_call, browsing, greeting, info, message, ordering, points, queue, rider, status};
use crate::domain::{
    BlockLevel, BranchCall, Cart, Catalogue, CustomerId, DateTime, Language, Member, MemberNumber, PhoneNumber, Phrase, QueueReason,
    QueueWish, ShopClock, Timestamp,
};
use crate::machine::{Machine, Now, Timers};

/// Keys typed ahead that are kept; more than any order needs.
const MOST_KEYS: usize = 64;
/// Steps in one instant after which the dialogue is taken to be going round.
const MOST_HOPS: usize = 500;
/// So long after self service has ended, at the latest, the call does.
const GRACE: Duration = Duration::from_secs(480);
/// A call to a branch lasts no longer.
const BRANCH_CALL: Duration = Duration::from_secs(300);
/// Who comes back from the line has at least this much self service left.
const LEAST_SERVICE: Duration = Duration::from_secs(60);

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
        }
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

    // ── what steps may do ────────────────────────────────────────────────────────────────────────

    /// Goes on to another step.
    pub(super) fn goto(&mut self, step: Step) {
        self.next = Some(step);
    }

    /// Goes to a script node, remembering the way for `*`.
    pub(super) fn goto_node(&mut self, node: NodeId) {
        if self.way.len() < 16 {
            self.way.push(self.node);
        }
        self.goto(Step::Node(node));
    }

    /// Goes one script node back, or to the main menu.
    pub(super) fn leave_back(&mut self) {
        let back = self.way.pop().filter(|node| *node != self.node).unwrap_or_else(|| self.home());
        self.goto(Step::Node(back));
    }

    /// Goes to the main menu.
    pub(super) fn go_home(&mut self) {
        self.way.clear();
        self.goto(Step::Node(self.home()));
    }

    /// The main menu, or the one of closed hours.
    pub(super) fn home(&self) -> NodeId {
        let closed = self.script.nodes().find_map(|(_, node)| node.closed);
        closed.filter(|_| self.closed()).unwrap_or(self.script.home())
    }

    /// Says something before the next question.
    pub(super) fn tell(&mut self, phrase: Phrase) {
        self.lead.push(phrase);
    }

    /// Says something before the next question that must not be skipped: keys typed ahead are dropped.
    pub(super) fn must_tell(&mut self, phrase: Phrase) {
        self.drop_keys();
        self.lead.push(phrase);
    }

    /// Opens a turn: something is said, then something is expected.
    pub(super) fn ask(&mut self, turn: Turn) {
        self.turn = turn;
        self.fresh = true;
    }

    /// Asks the store. The answer comes to the present step as `Got::Answer`, a late one as `Got::Failed`.
    pub(super) fn question(&mut self, what: Question) -> u32 {
        self.questions += 1;
        self.waiting = Some(self.questions);
        self.timers.start(Timer::Notice, self.now.instant + self.script.settings.answer_notice);
        self.timers.start(Timer::Limit, self.now.instant + self.script.settings.answer_limit);
        self.put(DialogueOutput::Ask { question: self.questions, what });
        self.questions
    }

    pub(super) fn put(&mut self, output: DialogueOutput) {
        self.out.push_back(output);
    }

    pub(super) fn notice(&mut self, notice: Notice) {
        self.put(DialogueOutput::Tell(notice));
    }

    /// A named outcome of the present step (C34).
    pub(super) fn outcome(&mut self, outcome: &str) {
        let node = self.step_name(self.step);
        self.put(DialogueOutput::Outcome { node, outcome: outcome.to_owned() });
    }

    /// Ends the call in an orderly way; the cart is kept.
    pub(super) fn hang_up(&mut self, outcome: Hangup) {
        if self.ended {
            return;
        }
        ordering::keep_cart(self);
        self.ended = true;
        self.stop_everything();
        self.put(DialogueOutput::HangUp { outcome });
    }

    /// Whether the present step was entered before in this call.
    pub(super) fn seen(&self) -> bool {
        self.visited.contains(&self.step)
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp::from(self.now.wall)
    }

    /// The restaurant's wall clock.
    pub(super) fn local(&self) -> DateTime {
        self.clock.local(self.timestamp())
    }

    /// Whether no restaurant is open.
    pub(super) fn closed(&self) -> bool {
        !self.catalogue.branches.is_empty() && !self.catalogue.any_open(self.local())
    }

    /// The language that the dialled line sets.
    pub(super) fn line_language(&self) -> Option<Language> {
        self.script.line(&self.line).and_then(|line| line.language)
    }

    /// What is known about the person: nothing when they want to be nobody.
    pub(super) fn personal(&self) -> Option<&Card> {
        if self.me.anonymous { None } else { Some(self.me.card.as_deref().unwrap_or(&self.card)) }
    }

    /// Whether the calling number is on the person's record, so that personal things may be read out (rule 15).
    pub(super) fn trusted(&self) -> bool {
        let Some(caller) = self.caller.as_ref().filter(|caller| !caller.is_virtual()) else { return false };
        match &self.me.member {
            Some(member) => member.phones.contains(caller),
            None => self.me.card.is_none() && self.card.customer.is_some() && !self.me.anonymous,
        }
    }

    /// The customer, as far as known.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        match &self.me.member {
            Some(member) => Some(member.customer.clone()),
            None => self.personal().and_then(|card| card.customer.clone()),
        }
    }

    /// The level that discounts go by.
    pub(super) fn level(&self) -> Option<&str> {
        self.me.member.as_ref().map(|member| member.level.as_str())
    }

    /// A regular caller hears short menus.
    pub(super) fn regular(&self) -> bool {
        self.card.finished_orders >= self.script.settings.short_after
    }

    /// Tells that the store could not answer, and goes to a person.
    pub(super) fn failed(&mut self) {
        self.outcome("system_error");
        self.must_tell(Phrase::plain("gen.sys_error"));
        self.seek(QueueReason::SystemError);
    }

    /// Goes to the queue, for this reason.
    pub(super) fn seek(&mut self, reason: QueueReason) {
        self.queue.reason = reason;
        self.seek_person();
    }

    /// Says nothing and waits for what comes from outside; the news of the last step is kept.
    pub(super) fn rest_with(&mut self, wants: Wants) {
        self.turn = Turn { wants, ..Turn::default() };
        self.fresh = false;
    }

    /// Whether something is to be said before the next question.
    pub(super) fn has_news(&self) -> bool {
        !self.lead.is_empty()
    }

    pub(super) fn notice_after(&mut self, wait: Duration) {
        self.timers.start(Timer::Notice, self.now.instant + wait);
    }

    pub(super) fn limit_after(&mut self, wait: Duration) {
        self.timers.start(Timer::Limit, self.now.instant + wait);
    }

    /// The options are told after so long, unless that time runs already.
    pub(super) fn options_after(&mut self, wait: Duration) {
        if self.timers.deadline(Timer::Options).is_none() {
            self.timers.start(Timer::Options, self.now.instant + wait);
        }
    }

    /// Waiting for a person and speaking with one is no self service: its time stands still.
    pub(super) fn pause_service(&mut self) {
        let left = self.timers.deadline(Timer::SelfService).map(|at| at.saturating_duration_since(self.now.instant));
        self.queue.service_left = left;
        self.timers.stop(Timer::SelfService);
        self.timers.stop(Timer::Hard);
    }

    /// Self service goes on, for a minute at least.
    pub(super) fn resume_service(&mut self) {
        self.timers.stop(Timer::Options);
        if self.timers.deadline(Timer::Hard).is_some() {
            return;
        }
        let left = self.queue.service_left.take().filter(|_| !self.over).map(|left| left.max(LEAST_SERVICE));
        if let Some(left) = left {
            self.timers.start(Timer::SelfService, self.now.instant + left);
        }
        self.timers.start(Timer::Hard, self.now.instant + left.unwrap_or_default() + GRACE);
    }

    /// Goes to the queue; the caller can come back to the present step.
    pub(super) fn seek_person(&mut self) {
        if !self.in_queue() {
            self.resume = Some(self.step);
        }
        self.drop_keys();
        let own = if let Step::Node(id) = self.step { self.script.node(id).key('0') } else { None };
        match own.or(self.script.agent()) {
            Some(agent) => self.goto(Step::Node(agent)),
            None => self.goto(Step::Bye(Hangup::NoAgent)),
        }
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
        }
    }

    /// Hands what came to the present step.
    fn give(&mut self, got: Got) {
        if matches!(got, Got::Failed)
            && !matches!(
                self.step,
                Step::Order(ordering::Step::Submit) | Step::Message(message::Step::Save) | Step::Queue(_) | Step::Branch(_)
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

    /// A caller who wants a person comes from another node.
    fn begin_handed(&mut self, card: Box<Card>, language: Language, wish: QueueWish) {
        self.start(card);
        self.language = language;
        self.me.keyed.clone_from(&wish.keyed_phone);
        self.queue.begin(wish);
        self.goto(Step::Queue(queue::Step::Start));
    }

    fn start(&mut self, card: Box<Card>) {
        if let Some(language) = card.language.or(self.line_language()) {
            self.language = language;
        }
        self.card = card;
        let settings = &self.script.settings;
        self.timers.start(Timer::SelfService, self.now.instant + settings.self_service);
        self.timers.start(Timer::Hard, self.now.instant + settings.self_service + GRACE);
        self.put(DialogueOutput::Collecting(true));
    }

    fn begin(&mut self, card: Box<Card>) {
        self.start(card);
        match self.card.block.filter(|level| *level != BlockLevel::NoCash) {
            Some(level) => self.goto(Step::Greeting(greeting::Step::Blocked(level))),
            // Riders dial the same number as diners; `*` leads them there too.
            None if self.card.rider.is_some() => self.goto(Step::Rider(rider::Step::Tail)),
            None => self.goto(Step::Node(self.script.start(&self.line))),
        }
    }

    /// A branch has answered our call.
    fn begin_branch_call(&mut self, call: Box<BranchCall>) {
        self.branch_call = Some(call);
        self.timers.start(Timer::Hard, self.now.instant + BRANCH_CALL);
        self.put(DialogueOutput::Collecting(true));
        self.goto(Step::Branch(branch_call::Step::Tell));
    }

    /// From a rider's report to where other callers begin.
    pub(super) fn leave_riders(&mut self) {
        let start = self.script.start(&self.line);
        let start = if self.script.node(start).kind == super::script::Kind::Rider { self.home() } else { start };
        self.goto(Step::Node(start));
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

    fn self_service_over(&mut self) {
        self.over = true;
        if self.waiting.is_some() && self.waiting == self.order.placing {
            // An order on its way to the disk is told first.
            self.timers.start(Timer::SelfService, self.now.instant + self.script.settings.answer_limit);
            return;
        }
        if self.in_queue() || matches!(self.step, Step::Bye(_)) {
            return;
        }
        self.outcome("too_long");
        self.cut();
        self.timers.stop(Timer::Wait);
        self.waiting = None;
        match self.script.agent() {
            Some(_) => {
                self.must_tell(Phrase::plain("gen.to_agent"));
                self.seek(QueueReason::TooLong);
            }
            None => self.goto(Step::Bye(Hangup::TooLong)),
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
