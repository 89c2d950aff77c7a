//! One call of a diner as a pure machine: what happens goes in, what to send, to say and to print comes out.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ear::Ear;
use super::meter::Sound;
use super::mouth::{KeysBy, Mouth, Sent};
use super::script::{Script, Step};
use crate::media::order::Codec;
use crate::voice::SoundBook;

/// Silence after which what was heard is printed: longer than a full stop.
const BREATH: Duration = Duration::from_millis(900);
/// How long a diner waits before a standing answer: some nodes ignore keys for their first 700 ms.
const REACTION: Duration = Duration::from_millis(900);
/// How often the sound is judged.
const METER: Duration = Duration::from_millis(200);
/// An ear that has heard nothing counts as quiet from the start of the step.
const SHOWN_BEFORE: i64 = i64::MIN / 2;

/// What a call is to do.
pub struct CallPlan {
    pub script: Script,
    pub keys: KeysBy,
    /// Stays on the line after the script until the call ends: keys are typed by a person.
    pub by_hand: bool,
    pub book: Arc<SoundBook>,
    /// Tells five times a second what the sound is like.
    pub meter: bool,
    /// A tone that is sent from the start whenever there is nothing else to say.
    pub hum: Option<u16>,
    /// For SSRC and first numbers.
    pub seed: u64,
}

/// Who speaks in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    System,
    Diner,
    /// A remark of the program.
    Note,
    /// What the sound is like.
    Meter,
}

/// One line of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Since the call was placed.
    pub at: Duration,
    pub who: Who,
    pub text: String,
    /// Prompts that were recognised in it.
    pub prompts: Vec<String>,
    /// With `Who::Meter`: the sound; none when none arrives.
    pub sound: Option<Sound>,
}

/// What the call wants done.
#[derive(Debug, PartialEq)]
pub enum Order {
    /// Send this RTP packet.
    Sound(Vec<u8>),
    /// Send this INFO (`application/dtmf-relay`).
    Info(String),
    HangUp,
    Print(Line),
}

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Line of the script; 0 when it is about the call itself.
    pub line: usize,
    pub what: String,
}

/// How a call ended, as the diner saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The diner hung up.
    ByDiner,
    /// The system hung up.
    BySystem,
    /// Refused with this status.
    Refused(u16),
    /// The transport failed, or the session was lost.
    Lost(String),
}

/// What became of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// From INVITE to 200.
    pub setup: Option<Duration>,
    /// From 200 to the end.
    pub talked: Duration,
    /// Keys that were pressed.
    pub digits: usize,
    /// Expectations met and in all.
    pub met: usize,
    pub expected: usize,
    pub failures: Vec<Failure>,
    pub ended: Option<Ended>,
    /// RTP packets that arrived.
    pub packets: u64,
}

impl Verdict {
    /// Whether everything was as expected.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failures.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Talking,
    /// We have hung up and wait for the end.
    Closing,
    Over,
}

/// What a look at the current step gave.
enum Look {
    Met,
    Wait,
    Failed(String),
}

/// One call.
pub struct Call {
    plan: CallPlan,
    state: State,
    place: usize,
    /// When the current step began, once it was entered.
    entered: Option<Instant>,
    began: Instant,
    answered: Option<Instant>,
    ear: Option<Ear>,
    mouth: Option<Mouth>,
    /// Expectations look at clips from here on: the last press.
    mark: i64,
    /// A standing answer that is due.
    answer: Option<(Instant, String)>,
    /// What the last tenth of a second was like, and when that was told.
    sound: Option<Sound>,
    metered: Instant,
    /// Prompts that a `hears` has used up: id and start.
    used: HashSet<(String, i64)>,
    /// Start of the last clip that was printed.
    shown: i64,
    orders: VecDeque<Order>,
    verdict: Verdict,
}

impl Call {
    /// A call that was just placed.
    #[must_use]
    pub fn new(plan: CallPlan, now: Instant) -> Self {
        let verdict = Verdict { expected: plan.script.expectations(), ..Verdict::default() };
        Self {
            plan,
            state: State::Ringing,
            place: 0,
            entered: None,
            began: now,
            answered: None,
            ear: None,
            mouth: None,
            mark: SHOWN_BEFORE,
            answer: None,
            sound: None,
            metered: now,
            used: HashSet::new(),
            shown: SHOWN_BEFORE,
            orders: VecDeque::new(),
            verdict,
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// Whether it is over and drained.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over && self.orders.is_empty()
    }

    /// What became of it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let packets = self.ear.as_ref().map_or(0, |ear| ear.packets);
        Verdict { packets, ..self.verdict.clone() }
    }

    /// The call was answered with this agreement.
    pub fn answered(&mut self, now: Instant, codec: Codec, event_type: Option<u8>) {
        if self.state != State::Ringing {
            return;
        }
        self.state = State::Talking;
        self.answered = Some(now);
        self.verdict.setup = Some(now.saturating_duration_since(self.began));
        self.ear = Some(Ear::new(self.plan.book.clone(), codec == Codec::Pcmu));
        let keys = self.plan.script.keys.unwrap_or(self.plan.keys);
        let mut mouth = Mouth::new(codec, event_type, keys, self.plan.seed);
        if mouth.keys_by() != keys {
            self.note(now, "telephone-event was not agreed: keys are sent as tones");
        }
        mouth.hum(self.plan.hum);
        self.mouth = Some(mouth);
        self.metered = now;
        self.advance(now);
    }

    /// The peer changed the session: the sound goes on in this codec.
    pub fn changed(&mut self, codec: Codec) {
        if let Some(ear) = &mut self.ear {
            *ear = Ear::new(self.plan.book.clone(), codec == Codec::Pcmu);
            (self.mark, self.shown) = (SHOWN_BEFORE, SHOWN_BEFORE);
        }
    }

    /// A datagram on the RTP port.
    pub fn packet(&mut self, now: Instant, datagram: &[u8]) {
        if self.ear.as_mut().is_some_and(|ear| ear.packet(now, datagram)) {
            self.advance(now);
        }
    }

    /// Every 20 ms.
    pub fn tick(&mut self, now: Instant) {
        if self.state == State::Talking {
            for sent in self.mouth.as_mut().map(Mouth::tick).unwrap_or_default() {
                self.orders.push_back(match sent {
                    Sent::Packet(bytes) => Order::Sound(bytes),
                    Sent::Info(body) => Order::Info(body),
                });
            }
            if self.ear.as_ref().and_then(|ear| ear.quiet(now)).is_some_and(|quiet| quiet >= BREATH) {
                self.show(now);
            }
            if now.saturating_duration_since(self.metered) >= METER {
                self.meter(now);
            }
            self.advance(now);
        }
    }

    fn meter(&mut self, now: Instant) {
        self.metered = now;
        self.sound = self.ear.as_mut().and_then(Ear::sound);
        if self.plan.meter {
            let text = self.sound.map_or_else(|| "no sound arrives".to_owned(), told);
            let at = now.saturating_duration_since(self.began);
            self.orders.push_back(Order::Print(Line { at, who: Who::Meter, text, prompts: Vec::new(), sound: self.sound }));
        }
    }

    /// Keys typed by a person.
    pub fn typed(&mut self, now: Instant, keys: &str) {
        let keys: String = keys.chars().map(|c| c.to_ascii_uppercase()).filter(|c| "0123456789*#ABCD".contains(*c)).collect();
        if self.state == State::Talking && !keys.is_empty() {
            self.press(now, &keys, None);
        }
    }

    /// Hangs up now, whatever the script says.
    pub fn hang_up(&mut self, now: Instant) {
        if matches!(self.state, State::Talking | State::Ringing) {
            self.show(now);
            self.say(now, Who::Diner, "挂机");
            self.orders.push_back(Order::HangUp);
            self.state = State::Closing;
        }
    }

    /// The call has ended.
    pub fn ended(&mut self, now: Instant, how: Ended) {
        if self.state == State::Over {
            return;
        }
        self.show(now);
        if let Some(answered) = self.answered {
            self.verdict.talked = now.saturating_duration_since(answered);
        }
        let how = if self.state == State::Closing { Ended::ByDiner } else { how };
        self.say(
            now,
            Who::Note,
            &match &how {
                Ended::ByDiner => "the diner hung up".to_owned(),
                Ended::BySystem => "the system hung up".to_owned(),
                Ended::Refused(status) => format!("refused with {status}"),
                Ended::Lost(why) => format!("lost: {why}"),
            },
        );
        if self.state != State::Closing {
            self.judge_end(&how);
        }
        self.verdict.ended = Some(how);
        self.state = State::Over;
    }

    /// Whether this ending is what the script waits for.
    fn judge_end(&mut self, how: &Ended) {
        match (self.plan.script.steps.get(self.place).cloned(), how) {
            (Some((_, Step::Ends { .. })), Ended::BySystem) => {
                self.verdict.met += 1;
                self.place += 1;
                if let Some((line, step)) = self.plan.script.steps.get(self.place) {
                    let what = format!("the call was over before {}", name(step));
                    self.verdict.failures.push(Failure { line: *line, what });
                }
            }
            (Some((line, Step::Refused { status })), Ended::Refused(got)) => match status {
                Some(wanted) if wanted != *got => self
                    .verdict
                    .failures
                    .push(Failure { line, what: format!("expected to be refused with {wanted}, was refused with {got}") }),
                _ => self.verdict.met += 1,
            },
            (_, Ended::Refused(status)) => {
                self.verdict.failures.push(Failure { line: 0, what: format!("the call was refused with {status}") })
            }
            (_, Ended::Lost(why)) => self.verdict.failures.push(Failure { line: 0, what: format!("the call was lost: {why}") }),
            // A person, or a plain wait: the system may hang up.
            (None | Some((_, Step::Waits(_) | Step::Listens(_) | Step::HangsUp)), Ended::BySystem) if self.rest_expects_nothing() => {}
            (Some((line, step)), _) => {
                self.verdict.failures.push(Failure { line, what: format!("the system hung up before {}", name(&step)) })
            }
            (None, _) => {}
        }
    }

    fn rest_expects_nothing(&self) -> bool {
        self.plan.script.steps[self.place.min(self.plan.script.steps.len())..]
            .iter()
            .all(|(_, step)| matches!(step, Step::Waits(_) | Step::Listens(_) | Step::HangsUp))
    }

    /// Goes on in the script as far as it goes now.
    fn advance(&mut self, now: Instant) {
        while self.state == State::Talking {
            if self.answers(now) {
                return;
            }
            let Some((line, step)) = self.plan.script.steps.get(self.place).cloned() else {
                if !self.plan.by_hand {
                    self.hang_up(now);
                }
                return;
            };
            let first = self.entered.is_none();
            let since = *self.entered.get_or_insert(now);
            match self.look(now, &step, first, since) {
                Look::Wait => return,
                Look::Met => {
                    self.place += 1;
                    self.entered = None;
                }
                Look::Failed(what) => {
                    self.show(now);
                    self.say(now, Who::Note, &format!("✗ line {line}: {what}"));
                    self.verdict.failures.push(Failure { line, what });
                    self.hang_up(now);
                    return;
                }
            }
        }
    }

    /// Gives the standing answers. True while one is under way: the step waits, and its time begins anew.
    fn answers(&mut self, now: Instant) -> bool {
        if let Some((due, keys)) = self.answer.take() {
            if now < due {
                self.answer = Some((due, keys));
            } else {
                self.press(now, &keys, None);
            }
            return true;
        }
        if self.plan.script.rules.is_empty() || self.mouth.as_ref().is_some_and(|mouth| !mouth.is_idle()) {
            return false;
        }
        let rules = self.plan.script.rules.clone();
        for (prompt, keys) in rules {
            if self.hears(&prompt) {
                self.answer = Some((now + REACTION, keys));
                self.entered = self.entered.map(|_| now);
                return true;
            }
        }
        false
    }

    fn look(&mut self, now: Instant, step: &Step, first: bool, since: Instant) -> Look {
        let waited = now.saturating_duration_since(since);
        let met = |done: bool| if done { Look::Met } else { Look::Wait };
        match step {
            Step::Press { keys, hold } => {
                if first {
                    self.press(now, keys, *hold);
                }
                met(self.mouth.as_ref().is_none_or(Mouth::is_idle))
            }
            Step::Speaks(long) => {
                if first {
                    self.show(now);
                    self.say(now, Who::Diner, &format!("（speaks for {:.1} s）", long.as_secs_f32()));
                    if let Some(mouth) = &mut self.mouth {
                        mouth.speak(*long);
                    }
                    self.mark = self.clock(now);
                }
                met(self.mouth.as_ref().is_none_or(Mouth::is_idle))
            }
            Step::Waits(long) => met(waited >= *long),
            Step::Listens(long) => {
                let quiet = self.ear.as_ref().and_then(|ear| ear.quiet(now)).unwrap_or(waited);
                met(quiet.min(waited) >= *long)
            }
            Step::HangsUp => {
                self.place += 1;
                self.hang_up(now);
                Look::Wait
            }
            Step::Hears { prompt, within } => {
                if self.hears(prompt) {
                    self.verdict.met += 1;
                    return Look::Met;
                }
                self.or_late(waited, *within, || format!("expected to hear {prompt} within {}", seconds(*within)))
            }
            Step::HearsTone { hz, within } => {
                if self.sound.is_some_and(|sound| sound.is_tone(*hz)) {
                    self.verdict.met += 1;
                    return Look::Met;
                }
                let instead = self.sound.map_or_else(|| "no sound".to_owned(), told);
                self.or_late(waited, *within, || format!("expected a tone of {hz} Hz within {}, heard {instead}", seconds(*within)))
            }
            Step::Hums(hz) => {
                if let Some(mouth) = &mut self.mouth {
                    mouth.hum(*hz);
                }
                Look::Met
            }
            Step::Says { text, within } => {
                if self.words_since_mark().contains(&plain(text)) {
                    self.verdict.met += 1;
                    return Look::Met;
                }
                self.or_late(waited, *within, || format!("expected «{text}» within {}", seconds(*within)))
            }
            Step::Never { prompt } => {
                let heard =
                    self.ear.as_ref().is_some_and(|ear| ear.book().prompts(&ear.since(SHOWN_BEFORE)).iter().any(|(id, _)| id == prompt));
                if heard {
                    return Look::Failed(format!("heard {prompt}, which was never to be said"));
                }
                self.verdict.met += 1;
                Look::Met
            }
            Step::Ends { within } => {
                self.or_late(waited, *within, || format!("expected the system to hang up within {}", seconds(*within)))
            }
            Step::Refused { .. } => Look::Failed("expected to be refused, but the call was answered".into()),
        }
    }

    /// Waiting, or a failure that tells what was heard instead.
    fn or_late(&self, waited: Duration, within: Duration, what: impl FnOnce() -> String) -> Look {
        if waited < within {
            return Look::Wait;
        }
        let heard = self.ear.as_ref().map(|ear| (ear.since(self.mark), ear)).filter(|(heard, _)| !heard.is_empty());
        let instead = heard.map_or_else(
            || {
                if self.ear.as_ref().is_some_and(|ear| ear.packets > 0) {
                    "nothing known was heard".to_owned()
                } else {
                    "no sound arrived at all".to_owned()
                }
            },
            |(heard, ear)| {
                let ids: Vec<String> = ear.book().prompts(&heard).into_iter().map(|(id, _)| id).collect();
                format!("heard {} «{}»", ids.join(", "), ear.book().words(&heard))
            },
        );
        Look::Failed(format!("{}; {instead}", what()))
    }

    /// Whether the prompt has begun since the last press; each time that it is said counts once.
    fn hears(&mut self, prompt: &str) -> bool {
        let Some(ear) = &self.ear else { return false };
        let heard = ear.since(self.mark);
        let found = ear
            .book()
            .prompts(&heard)
            .into_iter()
            .map(|(id, place)| (id, heard[place].start))
            .find(|one| one.0 == prompt && !self.used.contains(one));
        found.is_some_and(|one| self.used.insert(one))
    }

    fn words_since_mark(&self) -> String {
        self.ear.as_ref().map(|ear| plain(&ear.book().words(&ear.since(self.mark)))).unwrap_or_default()
    }

    fn press(&mut self, now: Instant, keys: &str, hold: Option<Duration>) {
        self.show(now);
        self.say(now, Who::Diner, keys);
        self.mark = self.clock(now);
        self.verdict.digits += keys.chars().count();
        if let Some(mouth) = &mut self.mouth {
            mouth.press(keys, hold);
        }
    }

    fn clock(&self, now: Instant) -> i64 {
        self.ear.as_ref().map_or(SHOWN_BEFORE, |ear| ear.clock(now))
    }

    /// Prints what was heard and not yet printed.
    fn show(&mut self, now: Instant) {
        let Some(ear) = &self.ear else { return };
        let heard = ear.since(self.shown.saturating_add(1));
        let Some(last) = heard.last() else { return };
        let prompts = ear.book().prompts(&heard).into_iter().map(|(id, _)| id).collect();
        let text = ear.book().words(&heard);
        self.shown = last.start;
        let at = now.saturating_duration_since(self.began);
        self.orders.push_back(Order::Print(Line { at, who: Who::System, text, prompts, sound: None }));
    }

    fn say(&mut self, now: Instant, who: Who, text: &str) {
        let at = now.saturating_duration_since(self.began);
        self.orders.push_back(Order::Print(Line { at, who, text: text.to_owned(), prompts: Vec::new(), sound: None }));
    }

    fn note(&mut self, now: Instant, text: &str) {
        self.say(now, Who::Note, text);
    }
}

/// `440 Hz, −16.0 dB, 38 dB over the rest`.
fn told(sound: Sound) -> String {
    format!("{} Hz, {:.1} dB, {:.0} dB over the rest", sound.hz, sound.level_db, sound.over_db)
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f32())
}

fn name(step: &Step) -> String {
    match step {
        Step::Press { keys, .. } => format!("«press {keys}»"),
        Step::Hears { prompt, .. } => format!("{prompt} was heard"),
        Step::Says { text, .. } => format!("«{text}» was said"),
        Step::Never { prompt } => format!("«never hears {prompt}»"),
        Step::HearsTone { hz, .. } => format!("a tone of {hz} Hz was heard"),
        Step::Hums(_) => "«hums»".into(),
        Step::Listens(_) => "«listens»".into(),
        Step::Waits(_) => "the wait was over".into(),
        Step::Speaks(_) => "«speaks»".into(),
        Step::HangsUp => "«hangs up»".into(),
        Step::Ends { .. } => "«expects end»".into(),
        Step::Refused { .. } => "«expects refused»".into(),
    }
}

/// Words without marks, spaces and case; figures as words, 幺 as 一, so that `请按1` and `请按一` are the same.
fn plain(text: &str) -> String {
    let mandarin = text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '幺' => plain.push('一'),
            '0'..='9' if mandarin => plain.push(['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'][usize::from(c as u8 - b'0')]),
            '0'..='9' => plain
                .push_str(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][usize::from(c as u8 - b'0')]),
            c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
