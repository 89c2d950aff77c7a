//! Calls against a small voice, in virtual time: what the system would send is fed in as RTP.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Call, CallPlan, Ended, Line, Order, Verdict, Who, plain};
use crate::diner::{KeysBy, Script};
use crate::machine::Ids;
use crate::media::clip::FRAME;
use crate::media::dtmf::event::Report;
use crate::media::order::Codec;
use crate::media::{g711, rtp, wav};
use crate::voice::say::DigitOne;
use crate::voice::{Library, SoundBook, Sources};

const TICK: Duration = Duration::from_millis(20);
/// Clips of half a second: key, text.
const CLIPS: [(&str, &str); 4] =
    [("main.menu", "点餐请按1。"), ("order.ask_dish", "请输入菜号。"), ("gen.nomatch1", "没有这个选项。"), ("gen.bye", "再见。")];

fn noise(seed: u128) -> Vec<u8> {
    let mut ids = Ids::seeded(seed);
    (0..25 * FRAME / 8).flat_map(|_| ids.next_u64().to_le_bytes()).collect()
}

fn book() -> Arc<SoundBook> {
    let mut files = HashMap::new();
    let mut index = "file\tkind\tkey\ttext\n".to_owned();
    let mut catalogue = "id\tzh\ten\n".to_owned();
    for (place, (key, text)) in CLIPS.iter().enumerate() {
        index += &format!("ui/{key}.wav\tui\t{key}\t{text}\n");
        catalogue += &format!("{key}\t{text}\t\n");
        files.insert(format!("zh-CN/ui/{key}.wav"), wav::write_alaw(&noise(place as u128 + 1)));
    }
    files.insert("zh-CN/index.tsv".into(), index.into_bytes());
    files.insert("catalogue.tsv".into(), catalogue.into_bytes());
    let fetch = move |path: &str| files.get(path).cloned().map(Cow::Owned);
    let sources = Sources { shipped: Arc::new(fetch), own: Vec::new(), decode: |_| Err("no".into()) };
    Arc::new(SoundBook::new(&Library::load(sources, DigitOne::Yao).0))
}

/// A call and the system at its other end: what it plays, and when.
struct Stage {
    call: Call,
    now: Instant,
    /// Frames still to be sent.
    playing: Vec<Vec<u8>>,
    timestamp: u32,
    sequence: u16,
    lines: Vec<Line>,
    keys: Vec<u8>,
    hung_up: bool,
    /// What it last sent in A-law.
    sent: Vec<u8>,
}

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
fn stage(script: &str) -> Stage {
    let now = Instant::now();
    let script = Script::parse("t", script).expect("is a script");
    let plan = CallPlan { script, keys: KeysBy::Events, by_hand: false, book: book(), meter: false, hum: None, seed: 5 };
    let mut call = Call::new(plan, now);
    let now = now + Duration::from_millis(40);
    call.answered(now, Codec::Pcma, Some(101));
    Stage {
        call,
        now,
        playing: Vec::new(),
        timestamp: 77,
        sequence: 9,
        lines: Vec::new(),
        keys: Vec::new(),
        hung_up: false,
        sent: Vec::new(),
    }
}

impl Stage {
    /// From now on this clip, after so many frames of silence.
    fn plays(&mut self, key: &str) {
        let place = CLIPS.iter().position(|(known, _)| *known == key).expect("a clip");
        self.playing = noise(place as u128 + 1).chunks(FRAME).rev().map(<[u8]>::to_vec).collect();
    }

    fn passes(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 20 {
            self.now += TICK;
            let payload = self.playing.pop().unwrap_or_else(|| vec![0xd5; FRAME]);
            let mut header = [0; rtp::HEADER];
            rtp::write_header(&mut header, false, 8, self.sequence, self.timestamp, 1);
            (self.sequence, self.timestamp) = (self.sequence.wrapping_add(1), self.timestamp.wrapping_add(160));
            self.call.packet(self.now, &[&header[..], &payload].concat());
            self.call.tick(self.now);
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(order) = self.call.poll() {
            match order {
                Order::Print(line) => self.lines.push(line),
                Order::HangUp => self.hung_up = true,
                Order::Info(_) => {}
                Order::Sound(bytes) => {
                    let packet = rtp::read(&bytes).expect("is RTP");
                    let report = Report::read(packet.payload).expect("long enough");
                    if packet.payload_type == 101 && packet.marker {
                        self.keys.push(report.event);
                    }
                    if packet.payload_type == 8 {
                        self.sent = packet.payload.to_vec();
                    }
                }
            }
        }
    }

    fn said(&self, who: Who) -> Vec<&str> {
        self.lines.iter().filter(|line| line.who == who).map(|line| line.text.as_str()).collect()
    }

    fn ends(&mut self, how: Ended) -> Verdict {
        self.call.ended(self.now, how);
        self.drain();
        assert!(self.call.is_over());
        self.call.verdict()
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn c35_a_story_with_a_good_end() {
    let mut stage = stage("hears main.menu\npress 1#\nhears order.ask_dish\nsays \"菜号\"\nnever hears gen.nomatch1\nexpects end by us");
    stage.passes(SECOND);
    stage.plays("main.menu");
    stage.passes(SECOND);
    assert_eq!(stage.keys, [1, 11]);
    stage.plays("order.ask_dish");
    stage.passes(2 * SECOND);
    let verdict = stage.ends(Ended::BySystem);
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!((verdict.met, verdict.expected, verdict.digits, verdict.setup), (5, 5, 2, Some(Duration::from_millis(40))));
    assert_eq!(stage.said(Who::System), ["点餐请按1。…", "请输入菜号。"]);
    assert_eq!(stage.said(Who::Diner), ["1#"]);
}

#[test]
fn c35_an_expectation_that_is_not_met_tells_what_was_heard_and_hangs_up() {
    let mut stage = stage("hears order.ask_dish within 2s\nhangs up");
    stage.plays("gen.nomatch1");
    stage.passes(3 * SECOND);
    assert!(stage.hung_up);
    let verdict = stage.ends(Ended::ByDiner);
    assert_eq!((verdict.failures.len(), verdict.failures[0].line), (1, 1));
    let what = &verdict.failures[0].what;
    assert!(what.contains("order.ask_dish") && what.contains("gen.nomatch1 «没有这个选项。»"), "{what}");
}

#[test]
fn c35_a_standing_answer_is_given_whenever_its_prompt_comes() {
    let mut stage = stage("whenever gen.nomatch1 press 7\npress 1\nhears order.ask_dish within 2s\nhangs up");
    stage.passes(SECOND);
    stage.plays("gen.nomatch1");
    stage.passes(2 * SECOND);
    assert_eq!((stage.keys.as_slice(), stage.hung_up), ([1, 7].as_slice(), false));
    stage.plays("order.ask_dish");
    stage.passes(SECOND);
    assert!(stage.hung_up && stage.ends(Ended::ByDiner).is_good());
}

#[test]
fn c35_what_was_said_before_the_last_press_does_not_count() {
    let mut stage = stage("hears main.menu\npress 9\nhears main.menu within 2s");
    stage.plays("main.menu");
    stage.passes(4 * SECOND);
    assert_eq!(stage.ends(Ended::ByDiner).failures.len(), 1);
}

#[test]
fn c35_the_same_prompt_must_be_said_twice_to_be_heard_twice() {
    let script = "hears main.menu\nhears main.menu within 3s\nhangs up";
    let mut once = stage(script);
    once.plays("main.menu");
    once.passes(5 * SECOND);
    assert_eq!(once.ends(Ended::ByDiner).failures.len(), 1);
    let mut twice = stage(script);
    twice.plays("main.menu");
    twice.passes(SECOND);
    twice.plays("main.menu");
    twice.passes(SECOND);
    assert!(twice.hung_up && twice.ends(Ended::ByDiner).is_good());
}

#[test]
fn c35_a_call_that_ends_early_or_is_refused_is_a_failure_unless_expected() {
    let mut early = stage("hears main.menu");
    early.passes(SECOND);
    assert_eq!(early.ends(Ended::BySystem).failures[0].what, "the system hung up before main.menu was heard");
    let refused = |script: &str, status| {
        let mut stage = stage("waits 1s");
        let script = Script::parse("t", script).expect("is a script");
        stage.call =
            Call::new(CallPlan { script, keys: KeysBy::Events, by_hand: false, book: book(), meter: false, hum: None, seed: 1 }, stage.now);
        stage.ends(Ended::Refused(status)).is_good()
    };
    assert!(refused("expects refused 503", 503) && refused("expects refused", 403));
    assert!(!refused("expects refused 503", 403) && !refused("hears main.menu", 503));
    let mut answered = stage("expects refused");
    answered.passes(SECOND);
    assert!(!answered.ends(Ended::ByDiner).is_good());
}

#[test]
fn c35_waiting_and_listening_take_their_time() {
    let mut stage = stage("waits 2s\npress 1\nlistens 1s\npress 2\nhangs up");
    stage.passes(Duration::from_millis(1900));
    assert!(stage.keys.is_empty());
    stage.plays("gen.bye");
    stage.passes(Duration::from_millis(1200));
    assert_eq!(stage.keys, [1]);
    stage.passes(SECOND);
    assert_eq!(stage.keys, [1, 2]);
    stage.passes(SECOND);
    assert!(stage.hung_up);
}

#[test]
fn a_system_may_hang_up_when_nothing_more_is_expected() {
    let mut stage = stage("press 1\nwaits 30s");
    stage.passes(SECOND);
    assert!(stage.ends(Ended::BySystem).is_good());
}

#[test]
fn words_are_compared_without_marks_and_figures_are_words() {
    assert_eq!(plain("点餐，请按 1。"), plain("点餐请按一"));
    assert_eq!(plain("尾号8001"), plain("尾号八零零幺"));
    assert_eq!(plain("To order, press 1."), plain("to order press one"));
}

#[test]
fn a_tone_is_heard_when_it_is_there_and_a_hum_is_sent() {
    let mut stage = stage("hums 700\nhears tone 440 within 5s\nhums nothing\nhears tone 440 within 1s");
    stage.passes(SECOND);
    assert!(stage.sent.iter().any(|byte| *byte != 0xd5), "it hums");
    assert_eq!(stage.call.verdict().met, 0, "silence is no tone");
    let tone = |sample: u32| g711::linear_to_alaw((9000.0 * (std::f32::consts::TAU * 0.055 * sample as f32).sin()) as i16);
    stage.playing = (0..50).rev().map(|frame| (0..160).map(|place| tone(frame * 160 + place)).collect()).collect();
    stage.passes(SECOND);
    assert_eq!(stage.call.verdict().met, 2, "440 Hz was heard, also from the second line on");
}
