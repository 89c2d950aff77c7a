//! Orders that are on their way: heard, hurried, cancelled (C27).

use super::dialogue::{Dialogue, Entry, Got, Step as Any, Turn};
use super::question::{Answer, OrderView, Question};
use crate::domain::{Arg, ClockTime, Fulfilment, OrderStatus, Phrase, Timestamp};
use crate::order::life::Outcome;

/// What became of an order is told without asking for its number for so long.
const RECENT: std::time::Duration = std::time::Duration::from_secs(3 * 3600);

/// Steps of asking about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Looks for open orders of this caller.
    Start,
    /// None is open: for one that is over since a short while.
    Recent,
    /// Last four digits of the order number.
    Number,
    /// Last four digits of the contact number.
    Phone,
    /// One order of the list.
    Order(u8),
    /// Waits until it was hurried.
    Urge(u8),
    CancelSure(u8),
    Cancel(u8),
}

impl Step {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "st.start",
            Self::Recent => "st.recent",
            Self::Number => "st.number",
            Self::Phone => "st.phone",
            Self::Order(_) => "st.order",
            Self::Urge(_) => "st.urge",
            Self::CancelSure(_) => "st.cancel_sure",
            Self::Cancel(_) => "st.cancel",
        }
    }
}

/// Orders found, and digits keyed so far.
#[derive(Debug, Default)]
pub(super) struct State {
    orders: Vec<OrderView>,
    last4: String,
    /// Orders not found in this call.
    misses: u8,
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Start => {
            d.status = State::default();
            let (customer, phone) = (d.card.customer.clone(), d.caller.clone());
            if customer.is_none() && phone.is_none() {
                d.goto(Any::Status(Step::Number));
            } else {
                d.question(Question::Orders { customer, phone, open: true });
            }
        }
        Step::Recent => {
            let (customer, phone) = (d.card.customer.clone(), d.caller.clone());
            d.question(Question::Orders { customer, phone, open: false });
        }
        Step::Number => d.ask(Turn::entry([Phrase::plain("st.ask_no")], Entry::fixed(4))),
        Step::Phone => d.ask(Turn::entry([Phrase::plain("st.ask_phone")], Entry::fixed(4))),
        Step::Order(place) => order(d, place),
        Step::Urge(place) => match d.status.orders.get(usize::from(place)).map(|view| view.id.clone()) {
            Some(id) => {
                d.question(Question::Urge(id));
            }
            None => d.go_home(),
        },
        Step::CancelSure(place) => {
            let Some(view) = d.status.orders.get(usize::from(place)) else { return d.go_home() };
            let phrase = Phrase::plain("st.cancel_sure").with("last4", Arg::Digits(view.number.last4().to_owned()));
            d.ask(Turn::menu([phrase], "12").commit());
        }
        Step::Cancel(place) => match d.status.orders.get(usize::from(place)).map(|view| view.id.clone()) {
            Some(id) => {
                d.question(Question::Cancel(id));
            }
            None => d.go_home(),
        },
    }
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Start, Got::Answer(Answer::Orders(orders))) if !orders.is_empty() => {
            d.outcome("found");
            d.status.orders = orders;
            d.status.orders.truncate(9);
            d.goto(Any::Status(Step::Order(0)));
        }
        (Step::Start, Got::Answer(Answer::Orders(_))) => d.goto(Any::Status(Step::Recent)),
        (Step::Recent, Got::Answer(Answer::Orders(orders))) if orders.iter().any(|view| is_recent(view, d.timestamp())) => {
            d.outcome("found");
            let now = d.timestamp();
            d.status.orders = orders.into_iter().filter(|view| is_recent(view, now)).collect();
            d.goto(Any::Status(Step::Order(0)));
        }
        (Step::Recent, Got::Answer(Answer::Orders(_))) => {
            d.outcome("none");
            d.tell(Phrase::plain("st.none"));
            d.goto(Any::Status(Step::Number));
        }
        (Step::Number, Got::Digits(digits)) => {
            d.status.last4 = digits;
            d.goto(Any::Status(Step::Phone));
        }
        (Step::Phone, Got::Digits(phone4)) => {
            let last4 = d.status.last4.clone();
            d.question(Question::FindOrder { last4, phone4 });
        }
        (Step::Phone, Got::Answer(Answer::Orders(orders))) => {
            if orders.is_empty() {
                // Both numbers are asked again: either may have been wrong.
                d.outcome("not_found");
                d.status.last4.clear();
                d.status.misses += 1;
                d.must_tell(Phrase::plain("st.not_found"));
                d.count_error();
                if d.status.misses < d.script.settings.tries {
                    d.goto(Any::Status(Step::Number));
                } else {
                    d.hand_over();
                }
            } else {
                d.outcome("found");
                d.status.orders = orders;
                d.status.orders.truncate(9);
                d.goto(Any::Status(Step::Order(0)));
            }
        }
        (Step::Order(place), Got::Key(key)) => chosen(d, place, key),
        (Step::Urge(place), Got::Answer(Answer::Done(done))) => {
            d.outcome(if done { "urged" } else { "urged_before" });
            let now = d.timestamp();
            if let Some(view) = d.status.orders.get_mut(usize::from(place)) {
                view.urged_at = Some(now);
            }
            d.tell(Phrase::plain(if done { "st.urged" } else { "st.urge_wait" }));
            d.goto(Any::Status(Step::Order(place)));
        }
        (Step::CancelSure(place), Got::Key('1')) => d.goto(Any::Status(Step::Cancel(place))),
        (Step::CancelSure(place), _) => {
            d.outcome("kept");
            d.goto(Any::Status(Step::Order(place)));
        }
        (Step::Cancel(place), Got::Answer(Answer::Done(done))) => {
            d.outcome(if done { "cancelled" } else { "too_late" });
            if done && let Some(view) = d.status.orders.get_mut(usize::from(place)) {
                view.status = OrderStatus::Cancelled;
            }
            d.must_tell(Phrase::plain(if done { "st.cancel_done" } else { "st.cancel_no" }));
            d.goto(Any::Status(Step::Order(place)));
        }
        (Step::Phone, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.goto(Any::Status(Step::Number));
        }
        (Step::Number | Step::Order(_), Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.leave_back();
        }
        // An answer of another kind is a fault of the store.
        _ => d.failed(),
    }
}

fn chosen(d: &mut Dialogue, place: u8, key: char) {
    let Some(view) = d.status.orders.get(usize::from(place)) else { return d.go_home() };
    let pause = d.script.settings.urge_pause;
    match key {
        '1' if !view.status.is_open() => again(d, place, None),
        '1' if view.urged_at.is_some_and(|at| d.timestamp() < at.after(pause)) => again(d, place, Some("st.urge_wait")),
        '1' => {
            d.outcome("urge");
            d.goto(Any::Status(Step::Urge(place)));
        }
        '2' if view.status == OrderStatus::Cancelled => again(d, place, None),
        '2' if view.status.can_cancel() => {
            d.outcome("cancel");
            d.goto(Any::Status(Step::CancelSure(place)));
        }
        '2' => again(d, place, Some("st.cancel_no")),
        _ if usize::from(place) + 1 < d.status.orders.len() => {
            d.outcome("next");
            d.goto(Any::Status(Step::Order(place + 1)));
        }
        _ => again(d, 0, Some("info.list_end")),
    }
}

fn again(d: &mut Dialogue, place: u8, remark: Option<&'static str>) {
    if let Some(remark) = remark {
        d.tell(Phrase::plain(remark));
    }
    d.goto(Any::Status(Step::Order(place)));
}

fn order(d: &mut Dialogue, place: u8) {
    let Some(view) = d.status.orders.get(usize::from(place)) else { return d.go_home() };
    let time = |at: Timestamp| Arg::Time(ClockTime::of(d.clock.local(at)));
    let mut phrases = vec![Phrase::plain("st.head").with("last4", Arg::Digits(view.number.last4().to_owned()))];
    phrases.push(match view.status {
        OrderStatus::New | OrderStatus::AddressCheck => Phrase::plain("st.new"),
        OrderStatus::Accepted => Phrase::plain("st.accepted"),
        OrderStatus::Cooking => Phrase::plain("st.cooking"),
        OrderStatus::Ready if view.fulfilment == Fulfilment::Pickup => Phrase::plain("st.ready"),
        OrderStatus::Ready => Phrase::plain("st.cooking"),
        OrderStatus::Out => Phrase::plain("st.out").with("time", time(view.out_at.unwrap_or(view.placed_at))),
        OrderStatus::Done => {
            let prompt = result(view);
            let told = Phrase::plain(prompt);
            let at = time(view.done_at.unwrap_or(view.promised_at));
            if matches!(prompt, "st.done" | "st.picked") { told.with("time", at) } else { told }
        }
        OrderStatus::Cancelled => Phrase::plain("st.cancelled"),
    });
    if view.status.is_open() && !(view.status == OrderStatus::Ready && view.fulfilment == Fulfilment::Pickup) {
        let prompt = if view.fulfilment == Fulfilment::Delivery { "st.eta" } else { "final.eta_pickup" };
        phrases.push(Phrase::plain(prompt).with("time", time(view.promised_at)));
    }
    phrases.push(Phrase::plain("st.menu"));
    d.ask(Turn::menu(phrases, "123"));
}

fn is_recent(view: &OrderView, now: Timestamp) -> bool {
    view.done_at.is_some_and(|done| now < done.after(RECENT))
}

/// What truly became of an order that is over: not everything that is done was delivered.
const fn result(view: &OrderView) -> &'static str {
    match view.outcome {
        None | Some(Outcome::OnTime | Outcome::Late10 | Outcome::Late30 | Outcome::Late60 | Outcome::Damaged) => {
            if matches!(view.fulfilment, Fulfilment::Pickup) { "st.picked" } else { "st.done" }
        }
        Some(Outcome::WrongAddress) => "st.d70",
        Some(Outcome::Unreachable) => "st.d71",
        Some(Outcome::Rejected) => "st.d72",
        Some(Outcome::Rescheduled) => "st.d73",
        Some(Outcome::NotSent | Outcome::NoRider | Outcome::SoldOut) => "st.failed",
        Some(Outcome::Prank | Outcome::CalledOff) => "st.cancelled",
    }
}
