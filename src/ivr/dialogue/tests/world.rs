//! One call in virtual time: the test speaks in keys, the world plays prompts and answers for the store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::house;
use crate::domain::{
    Cart, Catalogue, Language, Leaving, OrderId, OrderNumber, Phrase, QueueNews, QueueWish, RecordingId, ShopClock, Timestamp,
};
use crate::ivr::io::{DialogueInput, DialogueOutput, Hangup};
use crate::ivr::question::{Answer, Card, Notice, PinCheck, Placed, PointsView, Question};
use crate::ivr::{Dialogue, Script};
use crate::machine::{Machine, Now};

/// Half past eleven on a Friday.
const NOON: u64 = 1_795_145_400;
/// What one phrase takes to say.
const PHRASE: Duration = Duration::from_millis(1500);

pub(super) fn script() -> Script {
    script_of(include_str!("../../../../menus.toml"))
}

pub(super) fn script_of(text: &str) -> Script {
    let (script, findings) = Script::read(&text.parse().expect("it is TOML"), &|_| true, &[]);
    assert!(findings.is_empty(), "{findings:#?}");
    script
}

type Store = Box<dyn FnMut(&Question) -> Option<Answer>>;

pub(super) struct Call {
    pub dialogue: Dialogue,
    pub now: Now,
    start: Instant,
    /// Phrases since the last key.
    pub heard: Vec<Phrase>,
    /// What was said last, since the last key.
    last: Vec<String>,
    /// Everything, as a ladder.
    pub log: Vec<String>,
    speaking: Option<Instant>,
    recording: Option<Instant>,
    pub store: Store,
    answers: VecDeque<(u32, Answer)>,
    pub asked: Vec<(u32, Question)>,
    pub notices: Vec<Notice>,
    pub outcomes: Vec<(String, String)>,
    pub warnings: Vec<String>,
    pub keys_shown: String,
    pub ended: Option<Hangup>,
    pub ordered: Vec<OrderNumber>,
    /// Whether somebody answers: the test tells the news then; otherwise nobody is there.
    pub agents: bool,
    pub wishes: Vec<QueueWish>,
    pub left: Vec<Leaving>,
    pub music: bool,
    nobody: bool,
    pub heard_on_record: bool,
    /// The longest time without sound while nothing was awaited.
    pub quiet_since: Instant,
    pub longest_quiet: Duration,
    pub language: Language,
    timeouts_now: (Instant, u32),
}

/// Answers as a store would that has nothing to add.
pub(super) fn easy_store(question: &Question) -> Option<Answer> {
    Some(match question {
        Question::Member(number) if number.as_str() == "102938" => Answer::Known(Box::new(house::regular())),
        Question::Member(_) | Question::Phone(_) => Answer::Known(Box::default()),
        Question::Pin { pin, .. } => Answer::Pin(if pin == "4321" { PinCheck::Right } else { PinCheck::Wrong }),
        Question::Points(_) => Answer::Points(PointsView { balance: 2450, expiring: None, recent: Vec::new() }),
        Question::Place(request) => Answer::Placed(Placed::Confirmed {
            id: OrderId::new("o1"),
            number: OrderNumber::new("2611203072"),
            promised_at: Timestamp::from_millis((NOON as i64 + 2700) * 1000),
            pay: request.heard,
        }),
        Question::Orders { .. } | Question::FindOrder { .. } => Answer::Orders(Vec::new()),
        Question::RiderOrder { .. } => Answer::Orders(Vec::new()),
        Question::Urge(_)
        | Question::Cancel(_)
        | Question::RiderReport { .. }
        | Question::Unsubscribe(_)
        | Question::BranchAnswer { .. }
        | Question::MapLink { .. } => Answer::Done(true),
        Question::Message(_) => Answer::Case("1234".into()),
    })
}

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

pub(super) struct Setting {
    pub script: Script,
    pub catalogue: Catalogue,
    pub caller: Option<&'static str>,
    pub dialled: &'static str,
    pub card: Card,
    /// Seconds after half past eleven.
    pub later: i64,
    /// Whether links to a map can be sent: in Mandarin, in English.
    pub map_links: [bool; 2],
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            script: script(),
            catalogue: house::catalogue(),
            caller: Some("13800138000"),
            dialled: "4001",
            card: house::regular(),
            later: 0,
            map_links: [false; 2],
        }
    }
}

impl Call {
    pub fn begin(mut setting: Setting) -> Self {
        let card = std::mem::take(&mut setting.card);
        let mut call = Self::new(setting);
        call.tell(DialogueInput::Begin { card: Box::new(card) });
        call
    }

    /// A branch that we have called and that has answered.
    pub fn to_branch(about: crate::domain::BranchCall) -> Self {
        let mut call = Self::new(Setting { caller: Some("02164380001"), card: Card::default(), ..Setting::default() });
        call.tell(DialogueInput::BranchCall(Box::new(about)));
        call
    }

    fn new(setting: Setting) -> Self {
        let wall: SystemTime = UNIX_EPOCH + Duration::from_secs(NOON.checked_add_signed(setting.later).unwrap());
        let now = Now { instant: origin(), wall };
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let caller = setting.caller.map(house::phone);
        let dialogue =
            Dialogue::new(Arc::new(setting.script), Arc::new(setting.catalogue), clock, caller, setting.dialled, "call".into(), now)
                .with_map_links(setting.map_links);
        Self {
            dialogue,
            now,
            start: now.instant,
            heard: Vec::new(),
            last: Vec::new(),
            log: Vec::new(),
            speaking: None,
            recording: None,
            store: Box::new(easy_store),
            answers: VecDeque::new(),
            asked: Vec::new(),
            notices: Vec::new(),
            outcomes: Vec::new(),
            warnings: Vec::new(),
            keys_shown: String::new(),
            ended: None,
            ordered: Vec::new(),
            agents: false,
            wishes: Vec::new(),
            left: Vec::new(),
            music: false,
            nobody: false,
            heard_on_record: true,
            quiet_since: now.instant,
            longest_quiet: Duration::ZERO,
            language: Language::Mandarin,
            timeouts_now: (now.instant, 0),
        }
    }

    /// A call from a number nobody knows, in Mandarin.
    pub fn stranger() -> Self {
        let card = Card { language: Some(Language::Mandarin), ..Card::default() };
        Self::begin(Setting { caller: Some("13900139000"), card, ..Setting::default() })
    }

    pub fn known() -> Self {
        Self::begin(Setting::default())
    }

    fn at(&self) -> f64 {
        self.now.instant.duration_since(self.start).as_secs_f64()
    }

    pub fn tell(&mut self, input: DialogueInput) {
        self.dialogue.handle(self.now, input);
        self.drain();
        while let Some((question, answer)) = self.answers.pop_front() {
            self.dialogue.handle(self.now, DialogueInput::Answer { question, answer });
            self.drain();
        }
        self.nobody_there();
    }

    fn nobody_there(&mut self) {
        if std::mem::take(&mut self.nobody) {
            self.tell(DialogueInput::Queue(QueueNews::NobodyThere));
        }
    }

    pub fn is_speaking(&self) -> bool {
        self.speaking.is_some()
    }

    /// News of the line.
    pub fn news(&mut self, news: QueueNews) -> &mut Self {
        self.heard.clear();
        self.last.clear();
        self.tell(DialogueInput::Queue(news));
        self
    }

    fn sound(&mut self) {
        let quiet = if std::mem::take(&mut self.music) { Duration::ZERO } else { self.now.instant.duration_since(self.quiet_since) };
        self.longest_quiet = self.longest_quiet.max(quiet);
        self.quiet_since = self.now.instant;
    }

    fn drain(&mut self) {
        while let Some(output) = self.dialogue.poll() {
            assert!(
                self.ended.is_none() || matches!(output, DialogueOutput::Tell(_) | DialogueOutput::Ordered(_)),
                "after the end: {output:?}"
            );
            self.log.push(format!("{:8.3} {}", self.at(), shown(&output)));
            match output {
                DialogueOutput::Say { phrases, language } => {
                    assert!(!phrases.is_empty(), "an empty Say");
                    for phrase in &phrases {
                        super::prompts::check(phrase);
                    }
                    self.sound();
                    self.language = language;
                    self.speaking = Some(self.now.instant + PHRASE * phrases.len() as u32);
                    self.last = phrases.iter().map(|phrase| phrase.prompt.to_string()).collect();
                    self.heard.extend(phrases);
                }
                DialogueOutput::PlayRecording(_) => {
                    self.sound();
                    self.speaking = Some(self.now.instant + PHRASE * 3);
                    self.heard.push(Phrase::plain("(recording)"));
                }
                DialogueOutput::Hush => {
                    self.speaking = None;
                    self.quiet_since = self.now.instant;
                }
                DialogueOutput::Record { .. } => {
                    self.sound();
                    self.speaking = None;
                    self.recording = Some(self.now.instant + Duration::from_secs(8));
                }
                DialogueOutput::StopRecording => self.recording = self.recording.map(|_| self.now.instant),
                DialogueOutput::Ask { question, what } => {
                    if let Some(answer) = (self.store)(&what) {
                        self.answers.push_back((question, answer));
                    }
                    self.asked.push((question, what));
                }
                DialogueOutput::Tell(notice) => self.notices.push(notice),
                DialogueOutput::Queue(wish) => {
                    self.nobody = !self.agents;
                    self.wishes.push(*wish);
                }
                DialogueOutput::LeaveQueue(why) => self.left.push(why),
                DialogueOutput::Music => {
                    self.sound();
                    self.music = true;
                }
                DialogueOutput::Outcome { node, outcome } => self.outcomes.push((node, outcome)),
                DialogueOutput::KeyTaken { shown } => self.keys_shown.push(shown),
                DialogueOutput::Warn(warning) => self.warnings.push(warning),
                DialogueOutput::Ordered(number) => self.ordered.push(number),
                DialogueOutput::HangUp { outcome } => {
                    self.sound();
                    self.ended = Some(outcome);
                    self.speaking = None;
                    self.recording = None;
                }
                _ => {}
            }
        }
    }

    /// Lets time pass: prompts end, timers fire.
    pub fn wait(&mut self, seconds: f64) {
        let until = self.now.instant + Duration::from_secs_f64(seconds);
        while self.ended.is_none() {
            let next = [self.speaking, self.recording, self.dialogue.next_deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.move_to(next);
            if self.timeouts_now.0 == next {
                self.timeouts_now.1 += 1;
                assert!(self.timeouts_now.1 < 100, "time stands still:\n{}", self.ladder());
            } else {
                self.timeouts_now = (next, 0);
            }
            if self.speaking.is_some_and(|end| end <= next) {
                self.speaking = None;
                self.quiet_since = self.now.instant;
                self.tell(DialogueInput::Said);
            } else if self.recording.is_some_and(|end| end <= next) {
                self.recording = None;
                self.quiet_since = self.now.instant;
                let heard = self.heard_on_record;
                self.tell(DialogueInput::Recorded { recording: RecordingId::new("r1"), heard });
            } else {
                self.dialogue.handle_timeout(self.now);
                self.drain();
                while let Some((question, answer)) = self.answers.pop_front() {
                    self.tell(DialogueInput::Answer { question, answer });
                }
                self.nobody_there();
            }
        }
        if self.ended.is_none() {
            self.move_to(until);
        }
    }

    fn move_to(&mut self, to: Instant) {
        let step = to.saturating_duration_since(self.now.instant);
        self.now = self.now.after(step);
    }

    /// Presses keys, a quarter of a second apart.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.heard.clear();
        self.last.clear();
        for key in keys.chars() {
            self.wait(0.25);
            self.log.push(format!("{:8.3} <- {key}", self.at()));
            self.quiet_since = self.now.instant;
            self.tell(DialogueInput::Key(key));
        }
        self
    }

    /// Presses keys as fast as a speed dial, 100 ms apart.
    pub fn burst(&mut self, keys: &str) -> &mut Self {
        self.heard.clear();
        self.last.clear();
        for key in keys.chars() {
            self.wait(0.1);
            self.log.push(format!("{:8.3} <- {key}", self.at()));
            self.quiet_since = self.now.instant;
            self.tell(DialogueInput::Key(key));
        }
        self
    }

    /// Listens to the end, then presses keys.
    pub fn listens_then(&mut self, keys: &str) -> &mut Self {
        self.listens();
        self.keys(keys)
    }

    /// Lets everything be said that is to be said before the caller has to act.
    pub fn listens(&mut self) -> &mut Self {
        for _ in 0..200 {
            let Some(end) = self.speaking.or(self.recording) else { break };
            let left = end.saturating_duration_since(self.now.instant);
            self.wait(left.as_secs_f64() + 0.001);
        }
        self
    }

    pub fn prompts(&self) -> Vec<&str> {
        self.heard.iter().map(|phrase| phrase.prompt.as_ref()).collect()
    }

    /// The caller has heard these prompts, in this order, since the last key.
    #[track_caller]
    pub fn hears(&mut self, prompts: &[&str]) -> &mut Self {
        let heard = self.prompts();
        let mut rest = heard.iter();
        for prompt in prompts {
            assert!(rest.any(|said| said == prompt), "{prompt} was not heard in order, but {heard:?}\n{}", self.ladder());
        }
        self
    }

    /// This and nothing else was said last.
    #[track_caller]
    pub fn hears_exactly(&mut self, prompts: &[&str]) -> &mut Self {
        assert_eq!(self.last, prompts, "\n{}", self.ladder());
        self
    }

    #[track_caller]
    pub fn never_heard(&self, prompt: &str) {
        assert!(!self.log.iter().any(|line| line.contains(prompt)), "{prompt} was heard\n{}", self.ladder());
    }

    pub fn ladder(&self) -> String {
        self.log.join("\n")
    }

    pub fn hangs_up(&mut self) {
        self.tell(DialogueInput::HungUp);
    }

    pub fn placed(&self) -> Vec<&crate::ivr::question::OrderRequest> {
        self.asked
            .iter()
            .filter_map(|(_, question)| if let Question::Place(request) = question { Some(request.as_ref()) } else { None })
            .collect()
    }

    /// The cart that the next call would be offered.
    pub fn kept_cart(&self) -> Option<&Cart> {
        self.notices.iter().fold(None, |kept, notice| match notice {
            Notice::SaveCart { cart, .. } => Some(cart),
            Notice::DropCart { .. } => None,
            _ => kept,
        })
    }

    pub fn saved_carts(&self) -> usize {
        self.notices.iter().filter(|notice| matches!(notice, Notice::SaveCart { .. })).count()
    }
}

fn shown(output: &DialogueOutput) -> String {
    match output {
        DialogueOutput::Say { phrases, .. } => {
            let prompts: Vec<&str> = phrases.iter().map(|phrase| phrase.prompt.as_ref()).collect();
            format!("-> says {}", prompts.join(" + "))
        }
        other => format!("-> {other:?}").chars().take(160).collect(),
    }
}
