//! One call from INVITE to its record: answers, lets the dialogue talk, carries keys and sound between both, and ends with a reason.

mod beginning;
mod dialogue;
mod ending;
mod io;
mod person;
mod reoffer;
mod wire;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::io::{SessionInput, SessionOutput};
pub use self::wire::{Callee, Outgoing, Tell, Wire};
use super::handover::Handover;
use super::keys::{Keys, info_key};
use super::plan::Srtp;
use super::request::StoreRequest;
use crate::domain::{
    CallRecord, Catalogue, End, KeySource, Language, Party, Reason, RecordingId, ShopClock, Step, StepKind, Timestamp, UserId, masked,
};
use crate::ivr::dialogue::{Dialogue, Snapshot};
use crate::ivr::io::DialogueInput;
use crate::ivr::question::Card;
use crate::ivr::script::Script;
use crate::machine::{Machine, Now, Timers};
use crate::media::clip::Clip;
use crate::media::order::{LegCounts, LegId, LegPlan, MediaOrder, MediaReport, PlayId};
use crate::sip::event::DialogId;
use crate::sip::sdp;
use crate::voice::Library;

/// What all calls read: replaced whole when a file or the store changes; a call keeps the script it began with.
#[derive(Clone)]
pub struct Env {
    pub script: Arc<Script>,
    pub catalogue: Arc<Catalogue>,
    pub library: Arc<Library>,
    pub clock: ShopClock,
    /// Our address as others see it, when no socket of ours has it.
    pub advertised: Option<IpAddr>,
    pub no_audio_after: Duration,
    pub longest_call: Duration,
    /// Whether callers can be sent a link to a map, by language.
    pub map_links: [bool; 2],
    /// Keys for encrypted sound (SDES).
    pub srtp: Srtp,
}

impl Env {
    /// Where the port of sound is bound whose address is `told` in the SDP: on all of its family when it is only advertised.
    #[must_use]
    pub fn bind(&self, told: IpAddr) -> IpAddr {
        match told {
            told if self.advertised != Some(told) => told,
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for the port and for the record to be written.
    Opening,
    /// An agent is rung for a caller of another node, who is answered when that agent is there.
    Asking,
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
    /// Our 200 carried an offer: the ACK owes its answer.
    offered: bool,
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
    /// What whoever we call is to be told.
    tell: Option<Tell>,
    /// The caller has put us on hold.
    is_held: bool,
    /// An agent has the caller.
    with_agent: bool,
    /// Since when the dialogue rests, for either reason.
    held_since: Option<Instant>,
    held_total: Duration,
    counts: LegCounts,
    /// When the call came in, on the clock that nobody can set.
    began: Instant,
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

    /// The one agent for whom another node has sent this call.
    #[must_use]
    pub fn only_for(&self) -> Option<&UserId> {
        self.handed.as_ref()?.to.as_ref()
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
                if !self.is_held && !matches!(self.state, State::Asking | State::Ending) {
                    let what = if self.counts.packets_in == 0 { "no sound from the caller" } else { "the caller's sound stopped" };
                    self.step(now, StepKind::Warning(format!("{what} for {} s", for_ms / 1000)));
                    self.timers.start(Timer::NoAudio, now.instant + env.no_audio_after.saturating_sub(NO_AUDIO_NOTE));
                }
            }
            MediaReport::AudioBack { .. } => {
                self.timers.stop(Timer::NoAudio);
                self.step(now, StepKind::Note("the caller's sound is back".into()));
            }
            // Callers are not rung by us in pages.
            MediaReport::BrowserOffer { .. } => {}
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
            // What somebody keys while a person has them may be a card's number: nobody is to read it later.
            let shown = if self.with_agent { masked(key) } else { key };
            self.step(now, StepKind::Key { key: shown, source });
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
            self.steps.push(Step { at: self.at(now), kind });
        }
    }

    /// What the clock would show had nobody set it since the call came in: a path and a duration stay true when it jumps.
    pub(crate) fn at(&self, now: Now) -> Timestamp {
        self.record.arrived_at.after(now.instant.saturating_duration_since(self.began))
    }

    fn store(&mut self, request: StoreRequest) {
        self.outputs.push_back(SessionOutput::Store(request));
    }

    fn media_order(&mut self, order: MediaOrder) {
        self.outputs.push_back(SessionOutput::Media(order));
    }
}
