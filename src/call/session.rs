//! One call from INVITE to its record: answers, lets the dialogue talk, carries keys and sound between both, and ends with a reason.

mod dialogue;
mod ending;
mod person;
mod wire;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::wire::{Callee, Outgoing, Wire};
use super::handover::Handover;
use super::keys::{Keys, info_key};
use super::plan::{self, Side, Srtp};
use super::request::{Reply, StoreRequest};
use crate::domain::{
    BranchCall, CallId, CallRecord, Catalogue, End, KeySource, Language, Leaving, Party, PhoneNumber, QueueId, QueueNews, QueueWish,
    Reason, RecordingId, ShopClock, Step, StepKind, Timestamp, UserId,
};
use crate::ivr::dialogue::{Dialogue, Snapshot};
use crate::ivr::io::DialogueInput;
use crate::ivr::question::Card;
use crate::ivr::script::Script;
use crate::machine::{Machine, Now, Timers};
use crate::media::clip::Clip;
use crate::media::order::{LegCounts, LegId, LegPlan, MediaOrder, MediaReport, PlayId};
use crate::sip::event::{DialogId, EndCause, Invited, SipCommand};
use crate::sip::sdp;
use crate::voice::Library;

/// What all calls read: replaced whole when a file or the store changes; a call keeps the script it began with.
#[derive(Clone)]
pub struct Env {
    pub script: Arc<Script>,
    pub catalogue: Arc<Catalogue>,
    pub library: Arc<Library>,
    pub clock: ShopClock,
    /// Bind sound to this address instead of the one in the SDP (a server behind an advertised address).
    pub bind: Option<IpAddr>,
    pub no_audio_after: Duration,
    pub longest_call: Duration,
    /// Keys for encrypted sound (SDES).
    pub srtp: Srtp,
}

/// What happens to a call.
#[derive(Debug)]
pub enum SessionInput {
    Media(MediaReport),
    Reply(Reply),
    Acknowledged(Option<sdp::Session>),
    Reoffer(Option<sdp::Session>),
    Info {
        body: String,
    },
    /// The dialog is gone.
    SipEnded(EndCause),
    /// A restart or an operator ends it.
    End(End),
    /// Fresh sold-out lists, prices, branches.
    Catalogue(Arc<Catalogue>),
    /// An outgoing call: a provisional answer.
    Progress,
    /// An outgoing call was answered.
    Picked(Option<sdp::Session>),
    /// News of the queue, for the dialogue.
    Queue(QueueNews),
    /// A person has the caller from now on, or has no more; the dialogue rests meanwhile.
    WithAgent(bool),
    /// Hold music, or none.
    Music(bool),
    /// Back to self service: the main menu, with cart and identity kept.
    ToMenu,
    /// The agent sends keys to the caller.
    SendKeys(String),
    /// A decision or fact for the call's path.
    Note(String),
    /// The same, worth a warning.
    Warn(String),
    /// The agent said who this is.
    Identified(crate::domain::CustomerId),
    /// An agent took an order by keyboard.
    Ordered(String),
    /// Where they waited, who took them, how long this wait was: for the record.
    Served {
        queue: Option<QueueId>,
        agent: Option<UserId>,
        waited_ms: u64,
    },
}

/// What a call wants done.
#[derive(Debug)]
pub enum SessionOutput {
    Sip(SipCommand),
    Media(MediaOrder),
    Store(StoreRequest),
    /// A fact for the log and the counters, as it happens.
    Happened(StepKind),
    /// The first port was taken: lend another.
    PortTaken(u16),
    /// The caller wants a person.
    WantAgent(Box<QueueWish>),
    /// The caller stops waiting for one.
    LeaveQueue(Leaving),
    /// A key while an agent has the caller.
    Key(char),
    /// An outgoing call: its port is open, dial with this offer.
    Place {
        sdp: String,
    },
    /// An outgoing call: it rings there.
    Ringing,
    /// An outgoing call was answered by a person (who pressed 1 when a call-back asked for it).
    Reached,
    /// The answer for the page in which the diner's phone is.
    PageAnswer(String),
    /// That page's sound flows: the dialogue begins.
    PageTalks,
    /// The caller does not want to hear us, or does again.
    CallerHolds(bool),
    /// The last word: nothing more comes from this call.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for the port and for the record to be written.
    Opening,
    /// 200 sent, waiting for the ACK.
    Answered,
    /// The dialogue talks.
    Talking,
    /// BYE or refusal sent, or received; waiting for the last counters.
    Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// The store did not confirm the record in time: answer all the same.
    Record,
    /// The store did not tell who calls in time: begin without.
    Card,
    Longest,
    NoAudio,
    /// The media thread did not send its last counters.
    Counters,
    /// What was still to be written at the end of the call did not come back.
    Settle,
    /// Nobody took up an outgoing call, or nobody pressed 1.
    Reach,
}

/// The record of a call must not delay its answer by more than this.
const RECORD_WAIT: Duration = Duration::from_millis(90);
/// Nor may the question who calls delay the first word.
const CARD_WAIT: Duration = Duration::from_millis(400);
/// The media thread reports missing sound after this time.
pub const NO_AUDIO_NOTE: Duration = crate::media::quality::NO_AUDIO;
const COUNTERS_WAIT: Duration = Duration::from_secs(2);
/// An order that was on its way when the caller hung up is waited for so long.
const SETTLE_WAIT: Duration = Duration::from_secs(70);
/// Steps of one call at most: a call of an hour needs a few hundred.
const MAX_STEPS: usize = 4000;
/// Keys pressed between the answer and the first word.
const MAX_EARLY_KEYS: usize = 32;

/// What the leg is playing for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Playing {
    Words,
    /// The beep before a recording.
    Beep {
        longest: Duration,
        silence: Duration,
    },
    Music,
}

/// One call.
pub struct Session {
    dialog: DialogId,
    leg: LegId,
    local_ip: IpAddr,
    port: u16,
    holds_port: bool,
    ports_tried: u8,
    state: State,
    plan: LegPlan,
    /// Kept until our answer to it is sent.
    offer: Option<sdp::Session>,
    sdp_version: u64,
    opened: bool,
    recorded: bool,
    /// The store has said so; `recorded` is also set when it took too long.
    written: bool,
    acknowledged: bool,
    card: Option<Box<Card>>,
    dialogue: Option<Dialogue>,
    early_keys: Vec<(char, KeySource)>,
    keys: Keys,
    key_source: KeySource,
    play: u64,
    playing: Option<(PlayId, Playing)>,
    said: Option<(Timestamp, String)>,
    language: Language,
    recordings: Vec<(RecordingId, Arc<Clip>)>,
    recordings_made: u32,
    /// Recordings on their way to the disk.
    saving: u32,
    /// The question that places an order, while it is open.
    placing: Option<u32>,
    /// The caller was told that this order did not go through.
    told_failure: bool,
    wanted_recording: Option<RecordingId>,
    wire: Wire,
    /// A browser's leg: the answer that goes with our 200.
    page_answer: Option<String>,
    /// A caller's browser by SIP: what it offered and what we answered, for hold and resume.
    browser: Option<(String, String)>,
    /// A browser's leg: sound can flow.
    connected: bool,
    /// Another node has sent the caller, with this.
    handed: Option<Box<Handover>>,
    /// What the branch that we call is to be told.
    tell: Option<Box<BranchCall>>,
    /// The caller has put us on hold.
    is_held: bool,
    /// An agent has the caller.
    with_agent: bool,
    /// Since when the dialogue rests, for either reason.
    held_since: Option<Instant>,
    held_total: Duration,
    counts: LegCounts,
    end: Option<End>,
    sip_ended: bool,
    leg_closed: bool,
    node: String,
    record: CallRecord,
    steps: Vec<Step>,
    timers: Timers<Timer>,
    outputs: VecDeque<SessionOutput>,
}

impl Session {
    /// Begins a call that SIP let in. `port` is lent; `id` is ours and one per call.
    #[must_use]
    pub fn begin(env: &Env, id: CallId, invited: Invited, port: u16, now: Now) -> Self {
        let caller = PhoneNumber::parse(&invited.caller);
        let side = Side { address: invited.flow.local.ip(), port, session: invited.dialog.0, version: 1 };
        let planned = plan::answer(invited.offer.as_ref(), side, env.srtp.of(invited.dialog));
        let handed = invited.handover.as_deref().and_then(Handover::read).map(Box::new);
        let mut session = Self::empty(id, invited, port, plan::nothing_yet(), caller.clone(), now);
        session.step(now, StepKind::Arrived);
        if let Some(handed) = handed {
            session.step(now, StepKind::Note(format!("sent by node {}, where it is call {}", handed.node, handed.call)));
            session.handed = Some(handed);
        }
        match planned {
            Ok((plan, _)) => {
                session.plan = plan;
                session.leg_closed = false;
                session.open_leg(env);
                session.store(StoreRequest::Started { call: session.dialog.0, record: Box::new(session.record.clone()) });
                session.timers.start(Timer::Record, now.instant + RECORD_WAIT);
                match caller {
                    Some(caller) => session.store(StoreRequest::Who { call: session.dialog.0, caller }),
                    None => session.card = Some(Box::default()),
                }
            }
            Err(status) => session.refuse(now, status, None),
        }
        session
    }

    fn empty(id: CallId, invited: Invited, port: u16, plan: LegPlan, caller: Option<PhoneNumber>, now: Now) -> Self {
        let local_ip = invited.flow.local.ip();
        let record = CallRecord {
            trunk: invited.trunk,
            caller,
            dialled: invited.dialled,
            ..CallRecord::arrived(id, invited.call_id, now.wall.into())
        };
        Self {
            dialog: invited.dialog,
            leg: LegId(invited.dialog.0),
            local_ip,
            port,
            holds_port: true,
            ports_tried: 1,
            state: State::Opening,
            plan,
            offer: invited.offer,
            sdp_version: 1,
            opened: false,
            recorded: false,
            written: false,
            acknowledged: false,
            card: None,
            dialogue: None,
            early_keys: Vec::new(),
            keys: Keys::default(),
            key_source: KeySource::Event,
            play: 0,
            playing: None,
            said: None,
            language: Language::default(),
            recordings: Vec::new(),
            recordings_made: 0,
            saving: 0,
            placing: None,
            told_failure: false,
            wanted_recording: None,
            wire: Wire::Incoming,
            page_answer: None,
            browser: None,
            connected: false,
            handed: None,
            tell: None,
            is_held: false,
            with_agent: false,
            held_since: None,
            held_total: Duration::ZERO,
            counts: LegCounts::default(),
            end: None,
            sip_ended: false,
            leg_closed: true,
            node: String::new(),
            record,
            steps: Vec::new(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
        }
    }

    /// The port that it holds, handed out once: for whoever gives it back.
    pub fn release_port(&mut self) -> Option<u16> {
        std::mem::take(&mut self.holds_port).then_some(self.port)
    }

    /// Its record so far.
    #[must_use]
    pub const fn record(&self) -> &CallRecord {
        &self.record
    }

    /// Its path so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it still waits for its port, or for the word that its record is written.
    #[must_use]
    pub const fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening) || !self.written
    }

    /// Where the caller is.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    /// What the dialogue knows: where the caller is, who they are, what is in the cart.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.dialogue.as_ref().map(Dialogue::snapshot)
    }

    /// The language being spoken.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// What the node that sent the caller has told.
    #[must_use]
    pub fn handed(&self) -> Option<&Handover> {
        self.handed.as_deref()
    }

    /// Its leg.
    #[must_use]
    pub const fn leg(&self) -> LegId {
        self.leg
    }

    /// Whether the caller can be spoken with.
    #[must_use]
    pub const fn is_talking(&self) -> bool {
        matches!(self.state, State::Talking)
    }

    /// How it ended, once it has.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether it has ended and only its last counters are waited for.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending)
    }

    /// Another port is lent instead of one that could not be bound.
    pub fn retry_port(&mut self, env: &Env, now: Now, port: Option<u16>) {
        match port {
            Some(port) if self.state == State::Opening => {
                self.port = port;
                self.holds_port = true;
                self.ports_tried += 1;
                self.open_leg(env);
            }
            _ => {
                self.leg_closed = true;
                self.refuse(now, 503, Some(5));
            }
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, env: &Env, now: Now, input: SessionInput) {
        match input {
            SessionInput::Media(report) => self.media(env, now, report),
            SessionInput::Reply(reply) => self.reply(env, now, reply),
            SessionInput::Acknowledged(answer) => self.acknowledged(env, now, answer),
            SessionInput::Reoffer(offer) => self.reoffer(env, now, offer),
            SessionInput::Info { body } => {
                if let Some(key) = info_key(&body) {
                    self.key(env, now, key, KeySource::Info);
                }
            }
            SessionInput::SipEnded(cause) => self.sip_ended(env, now, &cause),
            SessionInput::End(end) => self.hang_up(env, now, end),
            SessionInput::Catalogue(catalogue) => {
                if let Some(dialogue) = &mut self.dialogue {
                    dialogue.set_catalogue(catalogue);
                }
            }
            SessionInput::Progress => self.outputs.push_back(SessionOutput::Ringing),
            SessionInput::Picked(answer) => self.picked(env, now, answer.as_ref()),
            SessionInput::Queue(news) => self.queue_news(env, now, news),
            SessionInput::WithAgent(with) => self.with_agent(env, now, with),
            SessionInput::Music(on) => self.music(env, on),
            SessionInput::ToMenu => self.back_to_menu(env, now),
            SessionInput::SendKeys(keys) => {
                if self.state == State::Talking {
                    self.media_order(MediaOrder::SendKeys { leg: self.leg, keys });
                }
            }
            SessionInput::Note(text) => self.step(now, StepKind::Note(text)),
            SessionInput::Warn(text) => self.step(now, StepKind::Warning(text)),
            SessionInput::Identified(customer) => self.record.customer = Some(customer),
            SessionInput::Ordered(number) => {
                let number = crate::domain::OrderNumber::new(number);
                self.record.order = Some(number.clone());
                self.step(now, StepKind::Ordered(number));
            }
            SessionInput::Served { queue, agent, waited_ms } => self.served(queue, agent, waited_ms),
        }
    }

    /// Acts on the earliest deadline that is due.
    pub fn handle_timeout(&mut self, env: &Env, now: Now) {
        match self.timers.expire(now.instant) {
            Some(Timer::Record) => {
                self.recorded = true;
                self.try_answer(env, now);
            }
            Some(Timer::Card) => {
                self.card.get_or_insert_with(Box::default);
                self.try_begin(env, now);
            }
            Some(Timer::Longest) => self.hang_up(env, now, End { by: Party::Us, reason: Reason::TooLong }),
            Some(Timer::NoAudio) => self.hang_up(env, now, End { by: Party::Unknown, reason: Reason::NoAudio }),
            Some(Timer::Settle) => {
                self.placing = None;
                self.saving = 0;
                self.try_finish(now);
            }
            Some(Timer::Reach) => self.not_reached(env, now),
            Some(Timer::Counters) => {
                self.leg_closed = true;
                self.try_finish(now);
            }
            None => {
                let inner = self.dialogue_now(now);
                if self.held_since.is_none()
                    && self.state != State::Ending
                    && let Some(dialogue) = &mut self.dialogue
                    && dialogue.next_deadline().is_some_and(|due| due <= inner.instant)
                {
                    dialogue.handle_timeout(inner);
                    self.drain_dialogue(env, now);
                }
            }
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<SessionOutput> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let inner = match (&self.dialogue, self.held_since) {
            (Some(dialogue), None) if self.state != State::Ending => dialogue.next_deadline().map(|due| due + self.held_total),
            _ => None,
        };
        [self.timers.next(), inner].into_iter().flatten().min()
    }

    /// The dialogue's own time stands still while the caller holds us: a caller who comes back is not "silent".
    fn dialogue_now(&self, now: Now) -> Now {
        let held = self.held_total + self.held_since.map_or(Duration::ZERO, |since| now.instant.saturating_duration_since(since));
        Now { instant: now.instant.checked_sub(held).unwrap_or(now.instant), wall: now.wall }
    }

    fn open_leg(&mut self, env: &Env) {
        let ip = env.bind.unwrap_or(self.local_ip);
        self.media_order(MediaOrder::Open { leg: self.leg, ip, port: self.port, plan: self.plan.clone() });
    }

    const fn side(&self) -> Side {
        Side { address: self.local_ip, port: self.port, session: self.dialog.0, version: self.sdp_version }
    }

    fn try_answer(&mut self, env: &Env, now: Now) {
        if self.state != State::Opening || !self.opened || !self.recorded {
            return;
        }
        if !matches!(self.wire, Wire::Incoming | Wire::Browser) {
            return self.opened_otherwise(env, now);
        }
        self.state = State::Answered;
        self.timers.stop(Timer::Record);
        self.timers.start(Timer::Longest, now.instant + env.longest_call);
        self.record.answered_at = Some(now.wall.into());
        self.record.codec = Some(plan::codec_name(&self.plan).to_owned());
        let sdp = match self.page_answer.take() {
            Some(sdp) => Ok((plan::nothing_yet(), sdp)),
            None => plan::answer(self.offer.take().as_ref(), self.side(), env.srtp.of(self.dialog)),
        };
        let sdp = match sdp {
            Ok((_, sdp)) => sdp,
            Err(status) => return self.refuse(now, status, None),
        };
        self.outputs.push_back(SessionOutput::Sip(SipCommand::Answer { dialog: self.dialog, sdp }));
        self.step(
            now,
            StepKind::Answered { codec: plan::codec_name(&self.plan).to_owned(), keys_by: plan::keys_by(&self.plan).to_owned() },
        );
    }

    fn acknowledged(&mut self, env: &Env, now: Now, answer: Option<sdp::Session>) {
        if let Some(answer) = answer {
            match plan::agreed(&answer, env.srtp.of(self.dialog)) {
                Ok(plan) => self.change_plan(now, plan),
                Err(_) if !self.acknowledged => return self.hang_up(env, now, End { by: Party::Trunk, reason: Reason::Rejected(488) }),
                Err(_) => {}
            }
        }
        if self.acknowledged || self.state != State::Answered {
            return;
        }
        self.acknowledged = true;
        if self.card.is_none() {
            self.timers.start(Timer::Card, now.instant + CARD_WAIT);
        }
        self.try_begin(env, now);
    }

    fn try_begin(&mut self, env: &Env, now: Now) {
        if self.state != State::Answered || !self.acknowledged || self.card.is_none() || self.wire == Wire::Browser && !self.connected {
            return;
        }
        self.state = State::Talking;
        self.timers.stop(Timer::Card);
        let card = self.card.take().unwrap_or_default();
        self.record.customer = card.customer.clone();
        let inner = self.dialogue_now(now);
        let mut dialogue = self.new_dialogue(env, now);
        let begin = match &self.handed {
            Some(handed) => {
                self.record.customer = handed.customer.clone().or(self.record.customer.take());
                DialogueInput::Handed {
                    card,
                    language: handed.language,
                    wish: QueueWish {
                        queue: handed.queue.clone(),
                        reason: handed.reason,
                        keyed_phone: handed.keyed.clone(),
                        unfinished_order: false,
                    },
                }
            }
            None => DialogueInput::Begin { card },
        };
        dialogue.handle(inner, begin);
        self.dialogue = Some(dialogue);
        self.drain_dialogue(env, now);
        for (key, source) in std::mem::take(&mut self.early_keys) {
            self.press(env, now, key, source);
        }
    }

    /// A branch has answered: the dialogue tells it of its order.
    fn tell_branch(&mut self, env: &Env, now: Now) {
        let Some(call) = self.tell.take() else { return };
        self.step(now, StepKind::Note(format!("about order {}", call.number)));
        let dialogue = self.new_dialogue(env, now);
        self.dialogue = Some(dialogue);
        self.tell_dialogue(env, now, DialogueInput::BranchCall(call));
    }

    fn new_dialogue(&self, env: &Env, now: Now) -> Dialogue {
        Dialogue::new(
            Arc::clone(&env.script),
            Arc::clone(&env.catalogue),
            env.clock.clone(),
            self.record.caller.clone(),
            &self.record.dialled,
            self.record.id.as_str().to_owned(),
            self.dialogue_now(now),
        )
    }

    /// A change of the session by the peer: hold, resume, another port or codec.
    fn reoffer(&mut self, env: &Env, now: Now, offer: Option<sdp::Session>) {
        if self.state == State::Ending {
            return self.answer_reoffer(Err(481));
        }
        if self.wire == Wire::Browser {
            self.browser_again(now, offer.as_ref());
            return self.drain_dialogue(env, now);
        }
        self.sdp_version += 1;
        match plan::answer(offer.as_ref(), self.side(), env.srtp.of(self.dialog)) {
            Ok((plan, body)) => {
                if offer.is_some() {
                    self.change_plan(now, plan);
                }
                self.answer_reoffer(Ok(body));
                self.drain_dialogue(env, now);
            }
            Err(status) => self.answer_reoffer(Err(status)),
        }
    }

    fn answer_reoffer(&mut self, answer: Result<String, u16>) {
        self.outputs.push_back(SessionOutput::Sip(SipCommand::AnswerReoffer { dialog: self.dialog, answer }));
    }

    fn change_plan(&mut self, now: Now, plan: LegPlan) {
        // Whoever does not want to hear us has put us on hold.
        self.held(now, !plan.send);
        if plan != self.plan {
            self.media_order(MediaOrder::Change { leg: self.leg, plan: plan.clone() });
        }
        self.plan = plan;
    }

    fn held(&mut self, now: Now, held: bool) {
        if held == self.is_held {
            return;
        }
        self.is_held = held;
        if held {
            self.timers.stop(Timer::NoAudio);
        }
        self.step(now, StepKind::Note(if held { "the caller put us on hold" } else { "the caller is back from hold" }.into()));
        self.outputs.push_back(SessionOutput::CallerHolds(held));
        self.rest(now);
    }

    fn media(&mut self, env: &Env, now: Now, report: MediaReport) {
        match report {
            MediaReport::Opened { .. } => {
                self.opened = true;
                self.try_answer(env, now);
            }
            MediaReport::OpenFailed { why, .. } if !self.wire.has_port() => {
                self.leg_closed = true;
                self.step(now, StepKind::Warning(format!("no sound with the browser: {why}")));
                self.refuse(now, 488, None);
            }
            MediaReport::OpenFailed { .. } if self.ports_tried < 3 && self.state == State::Opening => {
                self.holds_port = false;
                self.outputs.push_back(SessionOutput::PortTaken(self.port));
            }
            MediaReport::OpenFailed { why, .. } => {
                self.leg_closed = true;
                self.step(now, StepKind::Warning(format!("no port for the sound: {why}")));
                self.refuse(now, 503, Some(5));
            }
            MediaReport::Key { key, tone, .. } => self.key(env, now, key, if tone { KeySource::Tone } else { KeySource::Event }),
            MediaReport::Played { play, .. } => self.played(env, now, play),
            MediaReport::Recorded { audio, by, .. } => self.recorded(now, audio, by),
            MediaReport::NoAudio { for_ms, .. } => {
                if !self.is_held && self.state != State::Ending {
                    let what = if self.counts.packets_in == 0 { "no sound from the caller" } else { "the caller's sound stopped" };
                    self.step(now, StepKind::Warning(format!("{what} for {} s", for_ms / 1000)));
                    self.timers.start(Timer::NoAudio, now.instant + env.no_audio_after.saturating_sub(NO_AUDIO_NOTE));
                }
            }
            MediaReport::AudioBack { .. } => {
                self.timers.stop(Timer::NoAudio);
                self.step(now, StepKind::Note("the caller's sound is back".into()));
            }
            MediaReport::BrowserAnswer { sdp, .. } => self.page_answered(env, now, sdp),
            MediaReport::BrowserState { connected, .. } => self.page_state(env, now, connected),
            MediaReport::Closed { counts, .. } => {
                self.counts = counts;
                self.leg_closed = true;
                self.try_finish(now);
            }
        }
    }

    fn key(&mut self, env: &Env, now: Now, key: char, source: KeySource) {
        if !self.keys.accept(now.instant, key, source) || !matches!(self.state, State::Answered | State::Talking) {
            return;
        }
        self.record.keys += 1;
        if self.with_agent || self.dialogue.is_none() && self.wire == Wire::Outgoing(Outgoing::CallBack) {
            self.key_source = source;
            self.step(now, StepKind::Key { key, source });
            self.person_key(env, now, key);
        } else if self.dialogue.is_some() {
            self.press(env, now, key, source);
        } else if self.early_keys.len() < MAX_EARLY_KEYS {
            self.early_keys.push((key, source));
        }
    }

    fn press(&mut self, env: &Env, now: Now, key: char, source: KeySource) {
        self.key_source = source;
        self.tell_dialogue(env, now, DialogueInput::Key(key));
    }

    fn step(&mut self, now: Now, kind: StepKind) {
        self.outputs.push_back(SessionOutput::Happened(kind.clone()));
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step { at: now.wall.into(), kind });
        }
    }

    fn store(&mut self, request: StoreRequest) {
        self.outputs.push_back(SessionOutput::Store(request));
    }

    fn media_order(&mut self, order: MediaOrder) {
        self.outputs.push_back(SessionOutput::Media(order));
    }
}
