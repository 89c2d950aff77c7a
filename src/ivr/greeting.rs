//! The first seconds of a call: blocked numbers, language, greeting, notices, one offer, opening hours.

use super::dialogue::{Dialogue, Got, Segment, Silent, Step as Any, Turn, Wants};
use super::io::Hangup;
use super::script::Kind;
use crate::domain::{Arg, BlockLevel, ClockTime, DayWord, Language, Phrase, QueueReason};

/// Steps of a greeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A blocked number hears so, and no more.
    Blocked(BlockLevel),
    /// Decides whether the language is asked.
    Start,
    Language,
    Greet,
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blocked(_) => "blocked",
            Self::Start => "welcome.start",
            Self::Language => "lang.choose",
            Self::Greet => "greet",
        }
    }
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        // Those who should not even be answered come here only in the moments before that is known.
        Step::Blocked(BlockLevel::Hard | BlockLevel::Decline | BlockLevel::Busy) => d.ask(Turn::say([Phrase::plain("block.hard")]).uncut()),
        Step::Blocked(BlockLevel::Message) => {
            d.outcome("message");
            d.message.begin_voicemail();
            d.goto(Any::Message(super::message::Step::Record));
        }
        Step::Blocked(BlockLevel::Agent | BlockLevel::NoCash) => {
            d.outcome("agent");
            d.tell(Phrase::plain("gen.to_agent"));
            d.seek(QueueReason::Blocked);
        }
        Step::Blocked(BlockLevel::Soft) => {
            let wait = d.script.settings.menu_wait;
            d.ask(Turn::menu([Phrase::plain("block.soft")], "1").or_silence(wait));
        }
        Step::Start => {
            let script = d.script.clone();
            let node = script.node(d.node);
            let known = d.card.language.is_some() || d.line_language().is_some() || !node.ask_language;
            d.goto(Any::Greeting(if known { Step::Greet } else { Step::Language }));
        }
        Step::Language => {
            let choose = vec![Phrase::plain("lang.choose")];
            d.ask(Turn {
                full: choose.clone(),
                both: choose,
                wants: Wants::Keys("12"),
                silent: Silent::Give,
                wait: Some(d.script.settings.language_wait),
                ..Turn::default()
            });
        }
        Step::Greet => greet(d),
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Blocked(BlockLevel::Soft), Got::Key(_)) => {
            d.outcome("message");
            d.message.begin_voicemail();
            d.goto(Any::Message(super::message::Step::Record));
        }
        (Step::Blocked(_), Got::Back) => d.no_match(None),
        // Blocked callers must not hold a line.
        (Step::Blocked(_), _) => {
            d.outcome("blocked");
            d.hang_up(Hangup::Blocked);
        }
        (Step::Language, Got::Key(key)) => {
            let language = if key == '1' { Language::Mandarin } else { Language::English };
            d.outcome(language.tag());
            d.speak_in(language);
            after_language(d);
        }
        (Step::Language, Got::Back) => d.no_match(None),
        (Step::Language, _) => {
            d.outcome("silent");
            after_language(d);
        }
        (Step::Greet, _) => {
            let script = d.script.clone();
            let node = script.node(d.node);
            match node.closed.filter(|_| d.closed()) {
                Some(closed) => {
                    d.outcome("closed");
                    tell_closed(d);
                    d.goto_node(closed);
                }
                None => {
                    d.outcome("open");
                    match node.then {
                        Some(then) => d.goto_node(then),
                        None => d.goto(Any::Bye(Hangup::Served)),
                    }
                }
            }
        }
        (Step::Start, _) => {}
    }
}

fn after_language(d: &mut Dialogue) {
    let script = d.script.clone();
    let node = script.node(d.node);
    match node.then {
        Some(then) if node.kind == Kind::Language => d.goto_node(then),
        _ => d.goto(Any::Greeting(Step::Greet)),
    }
}

/// Greeting, level of the one member on this number, the notice that may not be cut, and an offer not heard lately.
fn greet(d: &mut Dialogue) {
    let script = d.script.clone();
    let node = script.node(d.node);
    let plain = |prompts: &[String]| -> Vec<Phrase> { prompts.iter().map(|prompt| Phrase::plain(prompt.clone())).collect() };
    let mut hello = if node.say.is_empty() { vec![Phrase::plain("greet.open")] } else { plain(&node.say) };
    if let [member] = d.card.members.as_slice() {
        hello.push(Phrase::plain("greet.member").with("level", Arg::Level(member.level.clone())));
    }
    let mut before = vec![Segment { barge: node.barge, ..Segment::of(hello) }];
    if !node.notice.is_empty() {
        before.push(Segment { barge: false, ..Segment::of(plain(&node.notice)) });
    }
    if node.offers
        && !d.closed()
        && let Some(offer) = fresh_offer(d)
    {
        let phrase = Phrase::plain("info.promo_item").with("promo", Arg::Offer(offer.clone()));
        before.push(Segment { offer: Some(offer), ..Segment::of([phrase]) });
    }
    d.ask(Turn { before, ..Turn::default() });
}

/// The first offer of today that this caller has not heard for its number of days (C25).
fn fresh_offer(d: &Dialogue) -> Option<String> {
    d.caller.as_ref()?;
    let today = d.local().date();
    let now = d.timestamp();
    d.catalogue
        .offers
        .iter()
        .filter(|offer| offer.announced_on(today))
        .find(|offer| {
            let pause = std::time::Duration::from_secs(u64::from(offer.repeat_days) * 86_400);
            !d.card.offers_heard.iter().any(|(id, at)| *id == offer.id && now < at.after(pause))
        })
        .map(|offer| offer.id.clone())
}

/// Says that every restaurant is closed: the holiday, or the usual hours.
pub(super) fn tell_closed(d: &mut Dialogue) {
    let today = d.local().date();
    if let Some((from, to)) = d.catalogue.holidays.holiday(today) {
        let (from, to) = (d.day_word(from), d.day_word(to));
        d.must_tell(Phrase::plain("closed.holiday").with("date", Arg::Day(from)).with("date2", Arg::Day(to)));
        return;
    }
    let (from, to) = usual_hours(d);
    d.must_tell(Phrase::plain("closed.head").with("t1", Arg::Time(from)).with("t2", Arg::Time(to)));
}

/// First opening and last closing of the day over all restaurants; of the next day that has hours when today has none.
fn usual_hours(d: &Dialogue) -> (ClockTime, ClockTime) {
    let today = d.local().date();
    (0..14)
        .filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok())
        .find_map(|day| {
            let hours: Vec<_> = d.catalogue.branches.values().filter_map(|branch| branch.hours_on(day, &d.catalogue.holidays)).collect();
            Some((hours.iter().map(|(from, _)| *from).min()?, hours.iter().map(|(_, to)| *to).max()?))
        })
        .unwrap_or_else(|| {
            let midnight = ClockTime::of(today.at(0, 0, 0, 0));
            (midnight, midnight)
        })
}

impl Dialogue {
    /// A date as it is spoken today.
    pub(super) fn day_word(&self, date: jiff::civil::Date) -> DayWord {
        let today = self.local().date();
        match today.until(date).map(|span| span.get_days()) {
            Ok(0) => DayWord::Today,
            Ok(1) => DayWord::Tomorrow,
            Ok(2) => DayWord::DayAfter,
            _ => DayWord::Date { month: u8::try_from(date.month()).unwrap_or(1), day: u8::try_from(date.day()).unwrap_or(1) },
        }
    }
}
