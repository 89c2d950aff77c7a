//! Branches that we call, riders who report, and diners who are told what truly became of their order.

use super::world::{Call, Setting, easy_store};
use crate::domain::{BranchCall, BranchNumber, Fulfilment, Money, OrderId, OrderNumber, OrderStatus, PhoneNumber, Timestamp};
use crate::ivr::io::Hangup;
use crate::ivr::question::{Answer, Card, OrderView, Question};
use crate::order::life::Outcome;

fn about(dishes: usize) -> BranchCall {
    let all = [18, 61, 60, 81, 19, 20, 21, 50];
    BranchCall {
        id: "b1".into(),
        order: OrderId::new("o1"),
        number: OrderNumber::new("2611208003"),
        branch: BranchNumber::new(1).expect("a number"),
        phone: PhoneNumber::parse("02164380001").expect("a number"),
        delivery: true,
        promised_at: Timestamp::from_millis(1_795_146_000_000),
        lines: all.into_iter().take(dishes).map(|dish| (crate::domain::MenuNumber::new(dish).expect("a number"), 2)).collect(),
        allergies: true,
        remark: false,
    }
}

fn view(status: OrderStatus, outcome: Option<Outcome>) -> OrderView {
    OrderView {
        id: OrderId::new("o1"),
        number: OrderNumber::new("2611208003"),
        status,
        fulfilment: Fulfilment::Delivery,
        pay: Money::yuan(60),
        placed_at: Timestamp::from_millis(1_795_143_000_000),
        promised_at: Timestamp::from_millis(1_795_146_000_000),
        out_at: Some(Timestamp::from_millis(1_795_143_000_000)),
        done_at: outcome.map(|_| Timestamp::from_millis(1_795_143_000_000)),
        urged_at: None,
        outcome,
    }
}

#[test]
fn c82_a_branch_hears_the_order_and_accepts_it_by_key() {
    let mut call = Call::to_branch(about(2));
    call.wait(0.5);
    call.hears(&["br.hello", "br.order", "br.line", "br.line", "br.delivery", "br.allergy", "br.keys"]);
    call.wait(12.0);
    call.keys("9").hears(&["br.hello", "br.keys"]);
    call.keys("1");
    let asked = call.asked.last().map(|(_, what)| what.clone());
    assert!(matches!(asked, Some(Question::BranchAnswer { accept: true, .. })), "{asked:?}");
    call.hears(&["br.accepted"]);
    call.wait(20.0);
    assert_eq!(call.ended, Some(Hangup::Served));
}

#[test]
fn c82_a_branch_refuses_by_key_and_nobody_is_ever_passed_to_an_agent() {
    let mut call = Call::to_branch(about(8));
    call.wait(0.5);
    call.hears(&["br.more"]);
    call.keys("0");
    call.wait(0.2);
    call.hears(&["gen.nomatch1"]);
    call.keys("2").hears(&["br.refused"]);
    assert!(call.asked.iter().any(|(_, what)| matches!(what, Question::BranchAnswer { accept: false, .. })));
    assert!(call.wishes.is_empty());
}

#[test]
fn c82_a_branch_that_presses_nothing_is_let_go_and_called_again() {
    let mut call = Call::to_branch(about(1));
    call.wait(200.0);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
    assert!(call.asked.is_empty() && call.wishes.is_empty());
}

#[test]
fn c82_an_order_that_somebody_else_has_settled_is_told_so() {
    let mut call = Call::to_branch(about(1));
    call.store = Box::new(|question| match question {
        Question::BranchAnswer { .. } => Some(Answer::Done(false)),
        other => easy_store(other),
    });
    call.keys("1").hears(&["br.gone"]);
    call.wait(20.0);
    assert_eq!(call.ended, Some(Hangup::Served));
    // Not written down: it must not sound as if it were.
    let mut call = Call::to_branch(about(1));
    call.store = Box::new(|_| None);
    call.keys("1");
    call.wait(30.0);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
    assert!(!call.heard.iter().any(|phrase| phrase.prompt == "br.accepted"));
}

fn a_rider() -> Call {
    let card = Card { rider: Some("r1".into()), language: Some(crate::domain::Language::Mandarin), ..Card::default() };
    let mut call = Call::begin(Setting { caller: Some("13500001111"), card, ..Setting::default() });
    call.store = Box::new(|question| match question {
        Question::RiderOrder { last4, .. } if last4 == "8003" => Some(Answer::Orders(vec![view(OrderStatus::Out, None)])),
        other => easy_store(other),
    });
    call
}

#[test]
fn c85_a_rider_keys_tail_and_code_and_hears_both_before_they_count() {
    let mut call = a_rider();
    call.wait(0.5);
    call.hears(&["st.ask_no"]);
    call.keys("8003#").hears(&["rd.ask_code"]);
    call.keys("70#").hears(&["br.order", "rd.d70", "gen.confirm_keys"]);
    assert!(!call.asked.iter().any(|(_, what)| matches!(what, Question::RiderReport { .. })), "not before it is confirmed");
    call.keys("#").hears(&["rd.done", "rd.next"]);
    let asked = call.asked.last().map(|(_, what)| what.clone());
    assert!(matches!(asked, Some(Question::RiderReport { code: Outcome::WrongAddress, .. })), "{asked:?}");
    // Another one in one go, and goodbye by silence.
    call.keys("1");
    call.burst("8003#00##").hears(&["rd.done"]);
    let asked = call.asked.last().map(|(_, what)| what.clone());
    assert!(matches!(asked, Some(Question::RiderReport { code: Outcome::OnTime, .. })), "{asked:?}");
    call.wait(60.0);
    assert_eq!(call.ended, Some(Hangup::Served));
}

#[test]
fn c85_d73_by_telephone_asks_how_and_when_and_reads_the_time_back() {
    let mut call = a_rider();
    call.keys("8003#");
    call.keys("73#").hears(&["ful.ask"]);
    call.keys("1").hears(&["time.enter"]);
    call.keys("2561#").hears(&["time.bad"]);
    call.keys("2300#").hears(&["time.bad"]);
    let mut call = a_rider();
    call.keys("8003#");
    // It is half past eleven: ten has passed, midnight is too far away.
    call.keys("73#").keys("2");
    call.keys("1000#").hears(&["time.past"]);
    call.keys("1230#").hears(&["br.order", "rd.d73", "time.readback", "gen.confirm_keys"]);
    call.keys("#").hears(&["rd.done"]);
    let asked = call.asked.last().map(|(_, what)| what.clone());
    assert!(
        matches!(&asked, Some(Question::RiderReport { code: Outcome::Rescheduled, later: Some((at, true)), .. })
            if (at.hour(), at.minute()) == (12, 30)),
        "{asked:?}"
    );
    // A second order of the same call is not moved as well.
    call.keys("1");
    call.keys("8003#").keys("72#").keys("#");
    let asked = call.asked.last().map(|(_, what)| what.clone());
    assert!(matches!(asked, Some(Question::RiderReport { later: None, .. })), "{asked:?}");
}

#[test]
fn c85_a_wrong_code_is_refused_a_wrong_confirmation_taken_back_and_guessing_ends() {
    let mut call = a_rider();
    call.keys("8003#");
    call.keys("55#").hears(&["rd.no_code"]);
    call.keys("71#").hears(&["rd.d71"]);
    call.keys("*").hears(&["rd.ask_code"]);
    call.keys("72#").hears(&["rd.d72"]);
    let mut call = a_rider();
    for _ in 0..3 {
        call.keys("1111#").hears(&["st.not_found"]);
        call.wait(3.0);
    }
    call.wait(20.0);
    assert_eq!(call.ended, Some(Hangup::NoAgent));
}

#[test]
fn c85_a_hungry_rider_gets_to_the_menu_by_star() {
    let mut call = a_rider();
    call.keys("*");
    call.wait(8.0);
    call.hears(&["main.menu"]);
}

/// The story of a diner who rings after the rider has been there, or has not.
#[test]
fn c27_a_diner_hears_what_truly_became_of_the_order() {
    let told = |outcome: Outcome| {
        let mut call = Call::known();
        call.store = Box::new(move |question| match question {
            Question::Orders { open: false, .. } => Some(Answer::Orders(vec![view(OrderStatus::Done, Some(outcome))])),
            other => easy_store(other),
        });
        call.listens();
        call.keys("2");
        call.wait(0.3);
        call
    };
    told(Outcome::OnTime).hears(&["st.head", "st.done"]);
    told(Outcome::Late60).hears(&["st.done"]);
    told(Outcome::WrongAddress).hears(&["st.d70"]);
    told(Outcome::Unreachable).hears(&["st.d71"]);
    told(Outcome::NotSent).hears(&["st.failed"]);
    let mut undelivered = told(Outcome::SoldOut);
    undelivered.hears(&["st.failed"]);
    assert!(!undelivered.heard.iter().any(|phrase| phrase.prompt == "st.done"), "not delivered is not delivered");
}
