//! Waiting for a person: the place, music, a call-back or a message instead, and the way back with everything kept.

use std::time::Duration;

use super::dialogue::{Dialogue, Entry, Got, Segment, Step as Any, Turn, Wants};
use super::io::{DialogueOutput, Hangup};
use super::message;
use crate::domain::{Arg, Leaving, PhoneNumber, Phrase, QueueId, QueueNews, QueueReason, QueueWish, Wait};

/// After so long the caller hears what they can do instead of waiting.
const OPTIONS_AFTER: Duration = Duration::from_secs(30);
/// News of the line usually comes at once; when it does not, the caller hears that they are being connected.
const NEWS_LATE: Duration = Duration::from_millis(300);
/// A call-back that nobody has confirmed after this was not kept.
const KEEP_LIMIT: Duration = Duration::from_secs(5);

/// Steps of waiting for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Has asked for a person and waits for the first word about the line.
    Start,
    /// Stands in the line.
    Wait,
    /// Call-back: to the number they are on, or another.
    Number,
    Enter,
    Sure,
    /// The call-back is being kept.
    Kept,
    /// Speaks with an agent.
    Agent,
    /// Nobody is there: says so and offers a message.
    Sorry,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start | Self::Wait | Self::Sorry => "queue",
            Self::Number => "queue.callback",
            Self::Enter => "queue.phone",
            Self::Sure => "queue.phone_sure",
            Self::Kept => "queue.kept",
            Self::Agent => "agent",
        }
    }
}

/// What a waiting caller has heard and chosen.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Why they will ask for a person; taken when they do.
    pub reason: QueueReason,
    /// The queue in which they waited at the node that sent them.
    wanted: Option<QueueId>,
    /// In the line, as far as is known here.
    in_line: bool,
    /// They have heard what they can do instead.
    offered: bool,
    /// They have heard that they are being connected.
    greeted: bool,
    /// To be said at the next turn.
    say: Vec<Phrase>,
    /// The number keyed for a call-back.
    keyed: Option<PhoneNumber>,
    /// Self service had so long left.
    pub service_left: Option<Duration>,
}

impl State {
    /// For a caller who comes from another node with this wish.
    pub(super) fn begin(&mut self, wish: QueueWish) {
        self.reason = wish.reason;
        self.wanted = wish.queue;
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Start if d.queue.in_line => d.goto(Any::Queue(Step::Wait)),
        Step::Start => {
            let blocked = d.card.block.is_some();
            let reason = if blocked { QueueReason::Blocked } else { d.queue.reason };
            let wanted = d.queue.wanted.take();
            d.queue = State { in_line: true, ..State::default() };
            d.pause_service();
            let wish = QueueWish {
                queue: wanted.or_else(|| d.script.node(d.node).queue.as_deref().map(QueueId::new)),
                reason,
                keyed_phone: d.me.keyed.clone(),
                unfinished_order: !d.order.cart.lines.is_empty(),
            };
            d.put(DialogueOutput::Queue(Box::new(wish)));
            d.rest_with(Wants::Queue);
            d.notice_after(NEWS_LATE);
        }
        Step::Wait if !d.queue.in_line => d.goto(Any::Queue(Step::Sorry)),
        Step::Wait => {
            let mut phrases = std::mem::take(&mut d.queue.say);
            if !std::mem::replace(&mut d.queue.greeted, true) && !d.has_news() {
                phrases.insert(0, Phrase::plain("q.connecting"));
            }
            if !d.queue.offered {
                d.options_after(OPTIONS_AFTER);
            }
            d.ask(Turn { full: phrases, wants: Wants::Queue, ..Turn::default() });
        }
        Step::Number => match d.caller.clone() {
            Some(caller) => {
                let phrase = Phrase::plain("q.cb_num").with("last4", Arg::Digits(caller.last4().to_owned()));
                let wait = d.script.settings.menu_wait;
                let turn = Turn::menu([phrase], "#").or_silence(wait).at_last(Any::Queue(Step::Wait));
                d.ask(Turn { no_agent: true, ..turn });
            }
            None => d.goto(Any::Queue(Step::Enter)),
        },
        Step::Enter => {
            let turn = Turn::entry([Phrase::plain("phone.enter")], Entry::open(10, 12)).at_last(Any::Queue(Step::Wait));
            d.ask(Turn { no_agent: true, ..turn });
        }
        Step::Sure => {
            let digits = d.queue.keyed.as_ref().map(|phone| phone.reveal().to_owned()).unwrap_or_default();
            let readback = Phrase::plain("phone.readback").with("digits", Arg::Digits(digits));
            let turn = Turn::menu([readback, Phrase::plain("gen.confirm_keys")], "#").at_last(Any::Queue(Step::Wait));
            d.ask(Turn { no_agent: true, ..turn });
        }
        Step::Kept => {
            d.rest_with(Wants::Queue);
            d.limit_after(KEEP_LIMIT);
        }
        Step::Agent => d.rest_with(Wants::Queue),
        Step::Sorry => {
            d.outcome("no_agent");
            let phrases = [Phrase::plain("gen.no_agent"), Phrase::plain("q.busy_message")];
            let turn = Turn::menu(phrases, "12#").or_silence(Duration::from_secs(2));
            d.ask(Turn { no_agent: true, ..turn });
        }
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Wait, Got::Key(key)) => waiting_key(d, key),
        (Step::Number, Got::Key(_)) => {
            d.outcome("this_number");
            let phone = d.caller.clone();
            call_back(d, phone);
        }
        (Step::Number, Got::Back) => {
            d.outcome("other_number");
            d.goto(Any::Queue(Step::Enter));
        }
        (Step::Enter, Got::Digits(digits)) => match PhoneNumber::parse(&digits).filter(PhoneNumber::is_complete) {
            Some(phone) => {
                d.queue.keyed = Some(phone);
                d.goto(Any::Queue(Step::Sure));
            }
            None => d.no_match(Some(Phrase::plain("gen.bad_length"))),
        },
        (Step::Sure, Got::Key(_)) => {
            d.outcome("keyed_number");
            let phone = d.queue.keyed.take();
            call_back(d, phone);
        }
        (Step::Sure, Got::Back) => d.goto(Any::Queue(Step::Enter)),
        (Step::Number | Step::Enter | Step::Sure, _) => d.goto(Any::Queue(Step::Wait)),
        (Step::Kept, Got::Failed) => {
            d.outcome("not_kept");
            to_message(d, Some("gen.info_sorry"));
        }
        (Step::Sorry, Got::Back) if (d.resume.is_some() || !d.way_is_empty()) && !d.over => {
            d.outcome("self_service");
            message::back(d);
        }
        (Step::Sorry, _) => to_message(d, None),
        (Step::Start | Step::Wait | Step::Kept | Step::Agent, _) => {}
    }
}

/// A key of somebody in the line. `*` and 2 always count; 1 from when the call-back was offered.
fn waiting_key(d: &mut Dialogue, key: char) {
    match key {
        '1' if d.queue.offered => {
            d.barge_in();
            d.outcome("callback");
            d.goto(Any::Queue(Step::Number));
        }
        '2' => {
            d.barge_in();
            d.put(DialogueOutput::LeaveQueue(Leaving::Message));
            to_message(d, None);
        }
        '*' if !d.over => {
            d.barge_in();
            d.outcome("self_service");
            d.put(DialogueOutput::LeaveQueue(Leaving::Menu));
            leave_line(d);
            message::back(d);
        }
        '9' if d.queue.offered => speak(d, vec![Phrase::plain("q.options")]),
        _ => {}
    }
}

fn leave_line(d: &mut Dialogue) {
    d.queue.in_line = false;
    d.resume_service();
}

fn to_message(d: &mut Dialogue, remark: Option<&'static str>) {
    leave_line(d);
    d.outcome("message");
    if let Some(remark) = remark {
        d.must_tell(Phrase::plain(remark));
    }
    d.message.begin_voicemail();
    d.goto(Any::Message(message::Step::Record));
}

fn call_back(d: &mut Dialogue, phone: Option<PhoneNumber>) {
    let Some(phone) = phone else { return d.goto(Any::Queue(Step::Wait)) };
    d.queue.in_line = false;
    d.put(DialogueOutput::LeaveQueue(Leaving::CallBack { phone }));
    d.goto(Any::Queue(Step::Kept));
}

/// Says something to somebody in the line: now, or after what is being said. Music follows.
fn speak(d: &mut Dialogue, phrases: Vec<Phrase>) {
    if !phrases.is_empty() && !d.say_also(Segment::of(phrases.clone())) {
        d.say_again(phrases);
    }
}

/// The time for the options has come.
pub(super) fn options(d: &mut Dialogue) {
    if d.step() == Any::Queue(Step::Wait) && !std::mem::replace(&mut d.queue.offered, true) {
        speak(d, vec![Phrase::plain("q.options")]);
    }
}

/// Nothing was heard about the line in time.
pub(super) fn news_late(d: &mut Dialogue) -> bool {
    let late = d.step() == Any::Queue(Step::Start);
    if late {
        d.goto(Any::Queue(Step::Wait));
    }
    late
}

/// News of the line, or of the agent.
pub(super) fn news(d: &mut Dialogue, news: QueueNews) {
    let Any::Queue(step) = d.step() else { return };
    match news {
        QueueNews::Connected { .. } if matches!(step, Step::Kept | Step::Sorry) => {}
        QueueNews::Connected { number } => {
            // I4: nothing that is being said holds the connection up.
            d.cut();
            d.drop_keys();
            d.queue.in_line = false;
            d.outcome("connected");
            d.put(DialogueOutput::Note(format!("connected to agent {number}")));
            d.goto(Any::Queue(Step::Agent));
        }
        QueueNews::CallBackKept if step == Step::Kept => {
            d.outcome("callback_kept");
            d.must_tell(Phrase::plain("q.cb_done"));
            d.resume_service();
            d.goto(Any::Bye(Hangup::Served));
        }
        QueueNews::CallBackKept => {}
        QueueNews::NobodyThere | QueueNews::Full | QueueNews::TooLong => {
            d.queue.in_line = false;
            match (step, news) {
                // They are about to ask for a call-back: that counts without a place in the line as well.
                (Step::Number | Step::Enter | Step::Sure | Step::Kept | Step::Sorry, _) => {}
                (_, QueueNews::NobodyThere) => {
                    d.resume_service();
                    d.goto(Any::Queue(Step::Sorry));
                }
                _ => to_message(d, Some("gen.info_sorry")),
            }
        }
        QueueNews::WaitingAgain | QueueNews::Ringing { .. } | QueueNews::RingEnded | QueueNews::KeptFor { .. } => {
            in_line(d, step, Vec::new())
        }
        QueueNews::Comfort => {
            let mut phrases = vec![Phrase::plain("q.comfort")];
            if d.queue.offered {
                phrases.push(Phrase::plain("q.options"));
            }
            in_line(d, step, phrases);
        }
        QueueNews::Place { ahead, wait, offer_callback } => {
            let mut phrases = place(ahead, wait);
            if offer_callback && !std::mem::replace(&mut d.queue.offered, true) {
                phrases.push(Phrase::plain("q.options"));
            }
            in_line(d, step, phrases);
        }
    }
}

/// The caller stands in the line, and hears this.
fn in_line(d: &mut Dialogue, step: Step, phrases: Vec<Phrase>) {
    match step {
        Step::Wait => speak(d, phrases),
        Step::Start | Step::Agent => {
            if step == Step::Agent {
                // Passed on, or the agent was lost: the music says enough.
                d.queue = State { in_line: true, greeted: true, service_left: d.queue.service_left, ..State::default() };
            }
            d.queue.say.extend(phrases);
            d.goto(Any::Queue(Step::Wait));
        }
        // The question on the number is not disturbed.
        Step::Number | Step::Enter | Step::Sure | Step::Kept | Step::Sorry => {}
    }
}

fn place(ahead: Option<u32>, wait: Option<Wait>) -> Vec<Phrase> {
    let place = ahead.map(|ahead| match ahead {
        0 => Phrase::plain("q.next"),
        ahead => Phrase::plain("q.pos").with("n", Arg::Number(ahead.into())),
    });
    let wait = wait.map(|wait| match wait {
        Wait::Short => Phrase::plain("q.wait_short"),
        Wait::Minutes(minutes) => Phrase::plain("q.wait").with("minutes", Arg::Minutes(minutes.into())),
        Wait::Long => Phrase::plain("q.wait_long"),
    });
    place.into_iter().chain(wait).collect()
}

/// The agent hands the caller back to self service.
pub(super) fn to_menu(d: &mut Dialogue) {
    if !matches!(d.step(), Any::Queue(_)) {
        return;
    }
    d.cut();
    d.outcome("to_menu");
    leave_line(d);
    d.resume = None;
    d.go_home();
}
