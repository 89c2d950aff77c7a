//! A diner on the line: what they do, and what they hear.

use std::time::Duration;

use dinetone::domain::StepKind;
use dinetone::machine::Machine;
use dinetone::sip::event::{SipCommand, SipInput};

use super::{Inner, World};
use crate::kit::phone::{KeysBy, Line};

/// One diner on the line.
pub struct Diner {
    pub(super) world: World,
    pub(super) place: usize,
    /// How far this diner has listened.
    pub(super) heard: usize,
}

impl Diner {
    /// Waits (90 s at most) until the hotline says this prompt.
    #[track_caller]
    pub fn hears(&mut self, prompt: &str) -> String {
        let place = self.place;
        let from = self.heard;
        let found = {
            let mut inner = self.world.0.borrow_mut();
            let wanted = |inner: &Inner| position(inner, place, from, prompt).is_some();
            inner.run(Duration::from_secs(90), wanted);
            position(&inner, place, from, prompt)
        };
        let Some((at, text)) = found else { panic!("diner {place} did not hear {prompt}\n{}", self.world.ladder()) };
        self.heard = at;
        text
    }

    /// Presses keys, one after the other, as a person does.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            let mut inner = self.world.0.borrow_mut();
            let now = inner.now;
            self.heard = inner.facts.len();
            let phone = inner.phones.get_mut(&self.place).expect("phones are never taken away");
            if phone.keys_by == KeysBy::Info {
                let command = SipCommand::Info {
                    dialog: phone.dialog,
                    content_type: "application/dtmf-relay",
                    body: format!("Signal={key}\r\nDuration=160\r\n"),
                };
                phone.sip.handle(now, SipInput::Command(command));
                inner.drain_phone(self.place);
                inner.run(Duration::from_millis(300), |_| false);
            } else {
                phone.press(key);
                let place = self.place;
                inner.run(Duration::from_secs(2), |inner| !inner.phones[&place].pressing());
            }
        }
    }

    /// Waits in the queue until there is a choice, and wants to be rung at the number they ring from.
    #[track_caller]
    pub fn asks_to_be_called_back(&mut self) {
        self.says_nothing_for(31);
        self.hears("q.options");
        self.keys("1");
        self.hears("q.cb_num");
        self.keys("#");
        self.hears("q.cb_done");
    }

    /// Says this by INFO.
    pub fn informs(&self, content_type: &'static str, body: &str) {
        {
            let mut inner = self.world.0.borrow_mut();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).expect("phones are never taken away");
            let info = SipCommand::Info { dialog: phone.dialog, content_type, body: body.to_owned() };
            phone.sip.handle(now, SipInput::Command(info));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_millis(300));
    }

    pub fn says_nothing_for(&self, seconds: u64) {
        self.world.time_passes(Duration::from_secs(seconds));
    }

    pub fn hangs_up(&self) {
        {
            let mut inner = self.world.0.borrow_mut();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).expect("phones are never taken away");
            let dialog = phone.dialog;
            phone.sip.handle(now, SipInput::Command(SipCommand::HangUp { dialog, reason: None }));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_secs(2));
    }

    /// The caller speaks from now on (a tone), or is quiet again.
    pub fn speaks(&self, on: bool) {
        let mut inner = self.world.0.borrow_mut();
        inner.phones.get_mut(&self.place).expect("phones are never taken away").speaks = on;
    }

    /// The tone that this telephone says while it speaks.
    pub fn tone(&self) -> f64 {
        self.world.0.borrow().phones[&self.place].tone
    }

    /// Whether a tone is heard, for half a second from now on.
    pub fn hears_tone(&self, tone: f64) -> bool {
        self.listens();
        self.world.0.borrow().phones[&self.place].ear.share(tone) > 0.2
    }

    /// Whether anything is heard.
    pub fn hears_sound(&self) -> bool {
        self.listens();
        self.world.0.borrow().phones[&self.place].ear.loudness() > 30.0
    }

    fn listens(&self) {
        self.world.0.borrow_mut().phones.get_mut(&self.place).expect("phones are never taken away").ear.forget();
        self.world.time_passes(Duration::from_millis(500));
    }

    /// Streams heard since the call began, by SSRC.
    pub fn streams(&self) -> usize {
        self.world.0.borrow().phones[&self.place].ear.streams.len()
    }

    /// Places where the sequence numbers did not go on by one.
    pub fn jumps(&self) -> u32 {
        self.world.0.borrow().phones[&self.place].ear.jumps
    }

    /// The line goes dead: nothing is sent or answered any more.
    pub fn loses_network(&self) {
        let mut inner = self.world.0.borrow_mut();
        let place = self.place;
        let phone = inner.phones.get_mut(&place).expect("phones are never taken away");
        phone.silent = true;
        phone.address = "10.0.0.3:1".parse().unwrap();
    }

    #[track_caller]
    pub fn is_up(&self) {
        assert_eq!(self.line(), Line::Up, "{}", self.world.ladder());
    }

    pub fn line(&self) -> Line {
        self.world.0.borrow().phones[&self.place].line.clone()
    }

    pub fn packets(&self) -> u64 {
        self.world.0.borrow().phones[&self.place].heard_packets
    }

    /// Moves time until the call is up, or over.
    pub fn waits_for_answer(&self) {
        let place = self.place;
        self.world.0.borrow_mut().run(Duration::from_secs(40), |inner| inner.phones[&place].line != Line::Calling);
    }
}

/// The place behind the first utterance from `from` on that holds `prompt`, and its words.
fn position(inner: &Inner, place: usize, from: usize, prompt: &str) -> Option<(usize, String)> {
    inner.facts.iter().enumerate().skip(from).find_map(|(at, (call, what))| match what {
        StepKind::Said { prompts, text } if *call == place && prompts.iter().any(|said| said == prompt) => Some((at, text.clone())),
        _ => None,
    })
}
