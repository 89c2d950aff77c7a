//! How a call begins: its record is written and its port bound, then it is answered, and the dialogue takes the first word.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Env, Session, SessionOutput, State, Tell, Timer, Wire};
use crate::call::handover::Handover;
use crate::call::keys::Keys;
use crate::call::plan::{self, Side};
use crate::call::request::StoreRequest;
use crate::domain::{CallId, CallRecord, End, KeySource, Language, Party, PhoneNumber, QueueNews, QueueWish, Reason, StepKind};
use crate::ivr::dialogue::Dialogue;
use crate::ivr::io::DialogueInput;
use crate::machine::{Machine, Now, Timers};
use crate::media::order::{LegCounts, LegId, LegPlan, MediaOrder};
use crate::sip::event::{Invited, SipCommand};
use crate::sip::sdp;

/// The record of a call must not delay its answer by more than this.
pub(super) const RECORD_WAIT: Duration = Duration::from_millis(60);
/// Nor may the question who calls delay the first word.
const CARD_WAIT: Duration = Duration::from_millis(400);

impl Session {
    /// Begins a call that SIP let in. `port` is lent; `id` is ours and one per call.
    #[must_use]
    pub fn begin(env: &Env, id: CallId, invited: Invited, port: u16, now: Now) -> Self {
        let caller = PhoneNumber::parse(&invited.caller);
        let side = Side { address: invited.sound, port, session: invited.dialog.0, version: 1 };
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

    pub(super) fn empty(id: CallId, invited: Invited, port: u16, plan: LegPlan, caller: Option<PhoneNumber>, now: Now) -> Self {
        let local_ip = invited.sound;
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
            offered: false,
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
            began: now.instant,
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

    pub(super) fn open_leg(&mut self, env: &Env) {
        let ip = env.bind(self.local_ip);
        self.media_order(MediaOrder::Open { leg: self.leg, ip, port: self.port, plan: self.plan.clone() });
    }

    pub(super) fn try_answer(&mut self, env: &Env, now: Now) {
        if self.state != State::Opening || !self.opened || !self.recorded {
            return;
        }
        if !matches!(self.wire, Wire::Incoming | Wire::Browser) {
            return self.opened_otherwise(env, now);
        }
        self.timers.stop(Timer::Record);
        if self.only_for().is_some() {
            self.state = State::Asking;
            self.outputs.push_back(SessionOutput::Sip(SipCommand::Progress { dialog: self.dialog, status: 180, sdp: None }));
            let wish = self.handed.as_deref().map(wish_of).unwrap_or_default();
            return self.outputs.push_back(SessionOutput::WantAgent(Box::new(wish)));
        }
        self.answer(env, now);
    }

    /// The call is answered now.
    pub(super) fn answer(&mut self, env: &Env, now: Now) {
        self.state = State::Answered;
        self.timers.start(Timer::Longest, now.instant + env.longest_call);
        self.record.answered_at = Some(self.at(now));
        self.record.codec = Some(plan::codec_name(&self.plan).to_owned());
        let sdp = match self.page_answer.take() {
            Some(sdp) => Ok((plan::nothing_yet(), sdp)),
            None => {
                self.offered = self.offer.is_none();
                plan::answer(self.offer.take().as_ref(), self.side(), env.srtp.of(self.dialog))
            }
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

    pub(super) fn acknowledged(&mut self, env: &Env, now: Now, answer: Option<sdp::Session>) {
        let owed = std::mem::take(&mut self.offered);
        match answer.map(|answer| plan::agreed(&answer, self.side(), env.srtp.of(self.dialog))) {
            Some(Ok(plan)) => self.change_plan(now, plan),
            // Without an answer there is no session that could begin (RFC 3261 section 13.2.1).
            answer if owed => {
                let what = if answer.is_some() { "has nothing that we offered" } else { "is missing or cannot be read" };
                self.step(now, StepKind::Warning(format!("the answer to our offer {what}: the call cannot begin")));
                return self.hang_up(env, now, End { by: Party::Trunk, reason: Reason::Rejected(488) });
            }
            Some(Err(_)) | None => {}
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

    pub(super) fn try_begin(&mut self, env: &Env, now: Now) {
        if self.state != State::Answered || !self.acknowledged || self.card.is_none() || self.wire == Wire::Browser && !self.connected {
            return;
        }
        self.state = State::Talking;
        self.timers.stop(Timer::Card);
        let card = self.card.take().unwrap_or_default();
        self.record.customer = card.customer.clone();
        if let Some(brand) = env.script.line(&self.record.dialled).and_then(|line| line.brand.as_ref()) {
            self.step(now, StepKind::Note(format!("brand: {brand}")));
        }
        let inner = self.dialogue_now(now);
        let mut dialogue = self.new_dialogue(env, now);
        let begin = match &self.handed {
            Some(handed) => {
                self.record.customer = handed.customer.clone().or(self.record.customer.take());
                DialogueInput::Handed { card, language: handed.language, wish: wish_of(handed) }
            }
            None => DialogueInput::Begin { card },
        };
        dialogue.handle(inner, begin);
        if self.only_for().is_some() {
            // An agent has them already: the dialogue is there for when they have nobody any more, and says nothing before.
            while dialogue.poll().is_some() {}
            dialogue.handle(inner, DialogueInput::Queue(QueueNews::Connected { number: String::new() }));
            while dialogue.poll().is_some() {}
        }
        self.dialogue = Some(dialogue);
        self.drain_dialogue(env, now);
        for (key, source) in std::mem::take(&mut self.early_keys) {
            self.press(env, now, key, source);
        }
    }

    /// Whom we called has answered: the dialogue tells a branch of its order, and a customer what the campaign says.
    pub(super) fn tell(&mut self, env: &Env, now: Now) {
        let (note, begin) = match self.tell.take() {
            Some(Tell::Branch(call)) => (format!("about order {}", call.number), DialogueInput::BranchCall(call)),
            Some(Tell::Campaign(call)) => {
                let card = self.card.take().unwrap_or_default();
                self.record.customer.clone_from(&card.customer);
                (format!("campaign {}", call.campaign), DialogueInput::Campaign { card, says: call.says, language: call.language })
            }
            None => return,
        };
        self.step(now, StepKind::Note(note));
        let dialogue = self.new_dialogue(env, now);
        self.dialogue = Some(dialogue);
        self.tell_dialogue(env, now, begin);
    }

    pub(super) fn new_dialogue(&self, env: &Env, now: Now) -> Dialogue {
        Dialogue::new(
            Arc::clone(&env.script),
            Arc::clone(&env.catalogue),
            env.clock.clone(),
            self.record.caller.clone(),
            &self.record.dialled,
            self.record.id.as_str().to_owned(),
            self.dialogue_now(now),
        )
        .with_map_links(env.map_links)
    }
}

fn wish_of(handed: &Handover) -> QueueWish {
    QueueWish { queue: handed.queue.clone(), reason: handed.reason, keyed_phone: handed.keyed.clone(), unfinished_order: false }
}
