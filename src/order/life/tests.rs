//! Random histories of an order against a reference, and the escalation told step by step (C76, C81, I6).

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::{CartLine, MenuNumber, Quantity};

const START: i64 = 1_795_233_600_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(START).after(Duration::from_secs(seconds))
}

fn branch(number: u16) -> BranchNumber {
    BranchNumber::new(number).unwrap()
}

const TIMES: Times = Times { cook: 15, travel: 20 };

fn life(fulfilment: Fulfilment, spoken: bool, wanted_in: Option<u64>) -> Life {
    let promised = at(wanted_in.unwrap_or(45 * 60));
    let start = Start {
        branch: branch(1),
        why: "zone",
        fulfilment,
        times: TIMES,
        promised_at: promised,
        spoken_address: spoken,
        later: wanted_in.is_some(),
    };
    Life::begin(&start, at(0), &Rules::default())
}

fn kitchen() -> Actor {
    Actor::new(ActorKind::Branch, "tablet", "一号店").of(branch(1))
}

fn dispatcher() -> Actor {
    Actor::new(ActorKind::Headquarters, "u1", "赵强")
}

fn step(life: &mut Life, step: &Step, by: &Actor, seconds: u64) -> Result<Vec<Effect>, Refused> {
    let change = next(life, step, by, at(seconds), &Rules::default())?;
    assert_eq!(change.life.life, life.life + 1, "every step counts once");
    *life = change.life;
    Ok(change.effects)
}

fn overdue(next: Option<u16>, silent: bool) -> Step {
    Step::Overdue { next: next.map(|number| (branch(number), TIMES)), silent }
}

fn due_in(life: &Life) -> Option<i64> {
    life.due_at.map(|due| (due.as_millis() - START) / 1000)
}

#[test]
fn c81_an_order_that_nobody_hears_gets_louder_until_somebody_must() {
    let mut order = life(Fulfilment::Delivery, false, None);
    assert_eq!((order.owner, order.rings(), due_in(&order)), (Owner::Branch, true, Some(60)));
    assert_eq!(step(&mut order, &overdue(None, false), &Actor::system(), 59), Err(Refused::NotDue));
    assert_eq!(step(&mut order, &overdue(None, false), &Actor::system(), 60).unwrap(), []);
    assert_eq!((order.stage, due_in(&order)), (1, Some(120)));
    let effects = step(&mut order, &overdue(None, false), &Actor::system(), 120).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::Unheard, "waiting")]);
    let effects = step(&mut order, &overdue(None, false), &Actor::system(), 180).unwrap();
    assert_eq!(effects, [Effect::Telephone { again: false }]);
    assert_eq!((order.stage, due_in(&order)), (3, Some(300)));
    // No other branch can make it: headquarters owns it, the telephone goes on ringing.
    let effects = step(&mut order, &overdue(None, false), &Actor::system(), 300).unwrap();
    assert!(effects.contains(&Effect::Telephone { again: true }));
    assert_eq!((order.owner, due_in(&order)), (Owner::Headquarters, Some(600)));
    // Another branch can.
    step(&mut order, &overdue(Some(2), false), &Actor::system(), 600).unwrap();
    assert_eq!((order.branch, order.owner, order.stage, due_in(&order)), (branch(2), Owner::Branch, 0, Some(660)));
    assert_eq!((order.refused_by.as_slice(), order.branch_why.as_str()), ([branch(1)].as_slice(), "unheard"));
}

#[test]
fn c82_a_branch_whose_screen_is_silent_is_telephoned_after_a_minute() {
    let mut order = life(Fulfilment::Delivery, false, None);
    let effects = step(&mut order, &overdue(None, true), &Actor::system(), 60).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::Unheard, "silent"), Effect::Telephone { again: false }]);
    assert_eq!(order.stage, 3);
    let telephone = Actor::new(ActorKind::Telephone, "branch:1", "一号店").of(branch(1));
    let effects = step(&mut order, &Step::Accept { minutes: None }, &telephone, 80).unwrap();
    assert!(matches!(effects.as_slice(), [Effect::Close(kinds)] if kinds.contains(&TaskKind::Unheard)));
    assert_eq!((order.status, order.owner), (OrderStatus::Accepted, Owner::Branch));
}

#[test]
fn c80_a_pre_order_waits_for_its_release_and_survives_being_late() {
    let mut order = life(Fulfilment::Delivery, false, Some(3 * 3600));
    let release = 3 * 3600 - 35 * 60;
    assert_eq!((order.owner, order.rings(), due_in(&order)), (Owner::Clock, false, Some(release)));
    assert_eq!(step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 10), Err(Refused::Impossible), "not before its time");
    // The server was down when it was due.
    step(&mut order, &overdue(None, false), &Actor::system(), 3 * 3600).unwrap();
    assert_eq!((order.owner, order.sent_at, order.rings()), (Owner::Branch, Some(at(3 * 3600)), true));
}

#[test]
fn c81_a_refused_order_has_a_task_at_once_and_the_next_branch_soon() {
    let mut order = life(Fulfilment::Delivery, false, None);
    let refuse = Step::Refuse { reason: RefuseReason::SoldOut, dishes: vec![MenuNumber::new(18).unwrap()], note: String::new() };
    let effects = step(&mut order, &refuse, &kitchen(), 20).unwrap();
    assert_eq!(effects[0], Effect::Open(TaskKind::Refused, "sold_out"));
    assert!(effects.contains(&Effect::SoldOut(vec![MenuNumber::new(18).unwrap()])));
    assert_eq!((order.owner, order.sent_at, due_in(&order)), (Owner::Headquarters, None, Some(30)));
    assert_eq!(step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 21), Err(Refused::Impossible));
    let mut kept = order.clone();
    step(&mut kept, &Step::Undo, &kitchen(), 29).unwrap();
    assert_eq!((kept.status, kept.owner, kept.refused_by.len(), due_in(&kept)), (OrderStatus::New, Owner::Branch, 0, Some(60)));
    step(&mut order, &overdue(Some(2), false), &Actor::system(), 30).unwrap();
    assert_eq!((order.branch, order.owner), (branch(2), Owner::Branch));
    assert_eq!(step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 31), Err(Refused::NotYours));
}

#[test]
fn c86_a_change_after_dispatch_needs_the_branch_and_raises_the_version() {
    let mut order = life(Fulfilment::Delivery, false, None);
    let agent = Actor::new(ActorKind::Agent, "8003", "周敏");
    step(&mut order, &Step::Accept { minutes: Some(40) }, &kitchen(), 10).unwrap();
    assert_eq!(order.promised_at, at(10 + 40 * 60));
    step(&mut order, &Step::Cook, &kitchen(), 20).unwrap();
    assert_eq!(step(&mut order, &Step::Cancel { why: String::new() }, &agent, 30), Err(Refused::TooLate), "somebody cooks");
    let line = CartLine { dish: MenuNumber::new(18).unwrap(), quantity: Quantity::new(3).unwrap(), size: None, spice: None };
    let edit = Step::AskEdit { lines: vec![EditLine { line, note: None }], why: "三份".into() };
    step(&mut order, &edit, &agent, 30).unwrap();
    assert_eq!((order.version, due_in(&order)), (1, Some(150)), "two minutes for the branch");
    assert_eq!(step(&mut order, &edit, &agent, 31), Err(Refused::Waiting));
    let effects = step(&mut order, &overdue(None, false), &Actor::system(), 150).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::ChangeDeclined, "unanswered")]);
    let effects = step(&mut order, &Step::Grant, &kitchen(), 160).unwrap();
    assert!(matches!(effects.as_slice(), [Effect::Close(_), Effect::Lines(lines)] if lines.len() == 1));
    assert_eq!((order.version, order.pending.is_none()), (2, true));
    step(&mut order, &Step::AskCancel { why: "不要了".into() }, &agent, 170).unwrap();
    let effects = step(&mut order, &Step::Decline { why: "已出锅".into() }, &kitchen(), 175).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::ChangeDeclined, "declined")]);
    assert_eq!(order.status, OrderStatus::Cooking);
}

#[test]
fn c85_a_late_code_is_never_zero_minutes_late() {
    let mut order = life(Fulfilment::Delivery, false, None);
    step(&mut order, &Step::Ready, &kitchen(), 10).unwrap();
    let said = |order: &Life| order.outcome.as_ref().map(|said| (said.code.name(), said.minutes_late)).unwrap();
    // By the clock it is in time: whoever stood at the door knows better.
    let hour = Step::Deliver { code: Some(Outcome::Late60), note: String::new(), minutes_late: None };
    step(&mut order, &hour, &kitchen(), 60).unwrap();
    assert_eq!(said(&order), ("D60", 60));
    step(&mut order, &Step::Correct { code: Outcome::Late30, note: String::new() }, &kitchen(), 70).unwrap();
    assert_eq!(said(&order), ("D30", 30));
    step(&mut order, &Step::Correct { code: Outcome::OnTime, note: String::new() }, &kitchen(), 80).unwrap();
    assert_eq!(said(&order), ("D00", 0));
}

#[test]
fn c85_the_outcome_is_worked_out_from_the_promise_and_corrected_within_its_window() {
    for (seconds, code, minutes) in
        [(45 * 60 + 600, "D00", 10), (45 * 60 + 601, "D10", 10), (75 * 60, "D30", 30), (105 * 60, "D60", 60), (60, "D00", 0)]
    {
        let mut order = life(Fulfilment::Delivery, false, None);
        step(&mut order, &Step::Ready, &kitchen(), 10).unwrap();
        step(&mut order, &Step::HandOver { rider: Some(Rider { id: "r1".into(), name: "老周".into() }) }, &kitchen(), 20).unwrap();
        assert_eq!(order.owner, Owner::Rider);
        let stranger = Actor::new(ActorKind::Rider, "r2", "小陈").of(branch(1));
        let auto = Step::Deliver { code: None, note: String::new(), minutes_late: None };
        assert_eq!(step(&mut order, &auto, &stranger, seconds), Err(Refused::NotYours));
        step(&mut order, &auto, &Actor::new(ActorKind::Rider, "r1", "老周").of(branch(1)), seconds).unwrap();
        let said = order.outcome.clone().unwrap();
        assert_eq!((said.code.name(), said.minutes_late), (code, minutes), "{seconds}");
        let wrong = Step::Correct { code: Outcome::WrongAddress, note: String::new() };
        assert_eq!(step(&mut order.clone(), &wrong, &kitchen(), seconds + 1801), Err(Refused::TooLate));
        let lead = Actor { lead: true, ..dispatcher() };
        step(&mut order.clone(), &wrong, &lead, seconds + 90_000).unwrap();
        let effects = step(&mut order, &wrong, &kitchen(), seconds + 1800).unwrap();
        assert!(effects.contains(&Effect::FlagAddress) && effects.contains(&Effect::Open(TaskKind::WrongAddress, "D70")));
    }
}

fn on_its_way() -> Life {
    let mut order = life(Fulfilment::Delivery, false, None);
    step(&mut order, &Step::Ready, &kitchen(), 10).unwrap();
    step(&mut order, &Step::HandOver { rider: Some(Rider { id: "r1".into(), name: "老周".into() }) }, &kitchen(), 20).unwrap();
    order
}

/// The diner rings from the stairs: not now, at eight. The order is not over, it has another promise.
#[test]
fn c85_d73_another_time_is_a_new_promise_with_its_own_alarms() {
    let rider = Actor::new(ActorKind::Rider, "r1", "老周").of(branch(1));
    let moved = |seconds: u64, pickup: bool| Step::Reschedule { later: Later { at: at(seconds), pickup }, note: "八点".into() };
    let mut order = on_its_way();
    // The alarm of the old promise has been told.
    step(&mut order, &overdue(None, false), &Actor::system(), 55 * 60).unwrap();
    assert_eq!((order.stage, due_in(&order)), (2, None));
    let bare = Step::Deliver { code: Some(Outcome::Rescheduled), note: String::new(), minutes_late: None };
    assert!(matches!(step(&mut order, &bare, &rider, 3600), Err(Refused::Field(_))), "the code alone promises nothing");
    for seconds in [3600, 3600 + 481 * 60] {
        assert!(matches!(step(&mut order, &moved(seconds, false), &rider, 3600), Err(Refused::Field(_))));
    }
    // A quarter of an hour: the rider waits downstairs.
    let mut waits = order.clone();
    let effects = step(&mut waits, &moved(3600 + 900, false), &rider, 3600).unwrap();
    assert_eq!(effects, [Effect::Close(&[TaskKind::Late, TaskKind::Unreachable, TaskKind::Foreseen])]);
    assert_eq!((waits.status, waits.owner, due_in(&waits)), (OrderStatus::Out, Owner::Rider, Some(3600 + 900 + 600)));
    assert_eq!((waits.version, waits.rescheduled), (2, 1));
    // Two hours: it lies at the branch again, and is late when it is not out by then.
    step(&mut order, &moved(3 * 3600, false), &rider, 3600).unwrap();
    assert_eq!(
        (order.status, order.owner, order.rider.is_none(), due_in(&order)),
        (OrderStatus::Ready, Owner::Branch, true, Some(3 * 3600))
    );
    // The diner comes for it after all.
    step(&mut order, &moved(2 * 3600, true), &kitchen(), 3700).unwrap();
    assert_eq!((order.fulfilment, due_in(&order)), (Fulfilment::Pickup, Some(3 * 3600)), "an hour to come late is theirs");
    step(&mut order, &Step::HandOver { rider: None }, &kitchen(), 2 * 3600).unwrap();
    assert_eq!(order.outcome.as_ref().map(|said| (said.code.name(), said.minutes_late)), Some(("D00", 0)));
}

#[test]
fn c85_d73_corrects_what_was_reported_too_soon() {
    let mut order = on_its_way();
    let done = Step::Deliver { code: None, note: String::new(), minutes_late: None };
    step(&mut order, &done, &kitchen(), 600).unwrap();
    let moved = Step::Reschedule { later: Later { at: at(7200), pickup: false }, note: String::new() };
    assert_eq!(step(&mut order.clone(), &moved, &kitchen(), 600 + 1801), Err(Refused::TooLate));
    let effects = step(&mut order, &moved, &kitchen(), 700).unwrap();
    assert!(effects.contains(&Effect::Points), "what was earned is taken back");
    assert_eq!((order.status, order.owner, order.outcome.is_none(), due_in(&order)), (OrderStatus::Ready, Owner::Branch, true, Some(7200)));
}

#[test]
fn c85_d71_two_attempts_then_the_food_is_kept_then_it_is_over() {
    let rider = Actor::new(ActorKind::Rider, "r1", "老周").of(branch(1));
    let nobody = Step::Deliver { code: Some(Outcome::Unreachable), note: "没人接".into(), minutes_late: None };
    let mut order = on_its_way();
    let effects = step(&mut order, &nobody, &rider, 1200).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::Unreachable, "D71")], "somebody else rings the diner");
    assert_eq!((order.status, order.owner, order.attempts, order.held_until), (OrderStatus::Out, Owner::Rider, 1, None));
    step(&mut order, &nobody, &rider, 1500).unwrap();
    let until = 1500 + 30 * 60_u64;
    assert_eq!((order.status, order.owner, order.attempts, due_in(&order)), (OrderStatus::Ready, Owner::Branch, 2, Some(until as i64)));
    // The diner rings back: another rider, two attempts of their own.
    let mut again = order.clone();
    step(&mut again, &Step::HandOver { rider: None }, &kitchen(), 1600).unwrap();
    assert_eq!((again.status, again.attempts, again.held_until, due_in(&again)), (OrderStatus::Out, 0, None, Some(55 * 60)));
    // A slip of the finger is taken back.
    let mut tapped = on_its_way();
    step(&mut tapped, &nobody, &kitchen(), 1200).unwrap();
    step(&mut tapped, &Step::Undo, &kitchen(), 1205).unwrap();
    assert_eq!((tapped.status, tapped.attempts), (OrderStatus::Out, 0));
    // The branch gives up before its time; the clock does so at its end.
    let mut early = order.clone();
    step(&mut early, &nobody, &kitchen(), 1700).unwrap();
    assert_eq!(early.outcome.as_ref().map(|said| said.code), Some(Outcome::Unreachable));
    assert_eq!(step(&mut order, &overdue(None, false), &Actor::system(), until - 1), Err(Refused::NotDue));
    let effects = step(&mut order, &overdue(None, false), &Actor::system(), until).unwrap();
    assert_eq!(effects, [Effect::Close(&[]), Effect::Points, Effect::Open(TaskKind::Undelivered, "D71")]);
    assert_eq!((order.status, order.owner, order.due_at, order.held_until), (OrderStatus::Done, Owner::Nobody, None, None));
}

#[test]
fn c85_d81_without_a_rider_it_is_headquarters_to_send_and_not_over() {
    let nobody = Step::Deliver { code: Some(Outcome::NoRider), note: "车坏了".into(), minutes_late: None };
    let rider = Actor::new(ActorKind::Rider, "r1", "老周").of(branch(1));
    let mut order = on_its_way();
    let effects = step(&mut order, &nobody, &rider, 1200).unwrap();
    assert_eq!(effects, [Effect::Open(TaskKind::Undelivered, "D81")]);
    assert_eq!((order.status, order.owner, order.rider.is_none()), (OrderStatus::Ready, Owner::Headquarters, true));
    // Another branch cooks it anew, or another rider is found; either settles the task.
    let mut moved = order.clone();
    let effects =
        step(&mut moved, &Step::Reassign { branch: branch(2), why: "没有骑手".into(), times: None }, &dispatcher(), 1300).unwrap();
    assert!(matches!(effects.as_slice(), [Effect::Close(kinds)] if kinds.contains(&TaskKind::Undelivered)));
    assert_eq!((moved.status, moved.owner, moved.branch), (OrderStatus::New, Owner::Branch, branch(2)));
    let mut found = order.clone();
    let effects = step(&mut found, &Step::HandOver { rider: None }, &kitchen(), 1300).unwrap();
    assert!(matches!(effects.as_slice(), [Effect::Close(kinds)] if kinds.contains(&TaskKind::Undelivered)));
    assert_eq!((found.status, found.owner), (OrderStatus::Out, Owner::Branch));
    // Nothing can be done: said again, it is the end.
    step(&mut order, &nobody, &dispatcher(), 1400).unwrap();
    assert_eq!(order.outcome.as_ref().map(|said| said.code), Some(Outcome::NoRider));
}

/// Accepted, and then the pan is empty: the diner takes something else, in the same order, and the branch says yes to it.
#[test]
fn c85_d83_something_else_is_offered_and_the_order_goes_on() {
    let gone = MenuNumber::new(18).unwrap();
    let run_out = Step::RunOut { dishes: vec![gone], note: "鸡丁没了".into() };
    let edit = |dish: u16| {
        let line = CartLine { dish: MenuNumber::new(dish).unwrap(), quantity: Quantity::new(2).unwrap(), size: None, spice: None };
        Step::AskEdit { lines: vec![EditLine { line, note: None }], why: "agreed".into() }
    };
    let mut order = life(Fulfilment::Delivery, false, None);
    step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 10).unwrap();
    let effects = step(&mut order, &run_out, &kitchen(), 60).unwrap();
    assert_eq!(effects, [Effect::SoldOut(vec![gone]), Effect::Open(TaskKind::Undelivered, "D83")]);
    assert_eq!((order.status, order.owner, order.due_at), (OrderStatus::Accepted, Owner::Headquarters, None));
    let mut mistaken = order.clone();
    let effects = step(&mut mistaken, &Step::Undo, &kitchen(), 65).unwrap();
    assert!(effects.contains(&Effect::BackOnMenu), "there was one more in the cold store");
    assert_eq!((mistaken.owner, &mistaken.lacks), (Owner::Branch, &None));
    assert!(matches!(step(&mut order, &edit(18), &dispatcher(), 90), Err(Refused::Field(_))), "that is what is gone");
    step(&mut order, &edit(21), &dispatcher(), 90).unwrap();
    assert_eq!(due_in(&order), Some(210), "the branch has two minutes to say yes");
    let effects = step(&mut order, &Step::Grant, &kitchen(), 100).unwrap();
    assert!(effects.contains(&Effect::Close(&[TaskKind::Undelivered])), "{effects:?}");
    assert_eq!((order.owner, order.version, &order.lacks), (Owner::Branch, 2, &None));
    assert!(due_in(&order).is_some(), "its alarms are set again");
    // The diner wants nothing else: said again, it is the end.
    let mut order = life(Fulfilment::Delivery, false, None);
    step(&mut order, &Step::Cook, &kitchen(), 10).unwrap();
    let said = Step::Deliver { code: Some(Outcome::SoldOut), note: String::new(), minutes_late: None };
    step(&mut order, &said, &kitchen(), 60).unwrap();
    assert_eq!((order.status, &order.lacks), (OrderStatus::Cooking, &Some(Vec::new())));
    step(&mut order, &said, &dispatcher(), 90).unwrap();
    assert_eq!(order.outcome.as_ref().map(|said| said.code), Some(Outcome::SoldOut));
    // It was found after all: headquarters has nothing to do any more.
    let mut order = life(Fulfilment::Delivery, false, None);
    step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 10).unwrap();
    step(&mut order, &said, &kitchen(), 60).unwrap();
    let effects = step(&mut order, &Step::Cook, &kitchen(), 90).unwrap();
    assert!(closes(&effects, TaskKind::Undelivered), "{effects:?}");
    assert_eq!((order.owner, &order.lacks), (Owner::Branch, &None));
}

fn closes(effects: &[Effect], task: TaskKind) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Close(kinds) if kinds.contains(&task)))
}

#[test]
fn c85_d81_is_settled_when_the_branch_goes_on_with_it() {
    let nobody = Step::Deliver { code: Some(Outcome::NoRider), note: String::new(), minutes_late: None };
    let rider = Step::Rider { rider: Rider { id: "r2".into(), name: "小陈".into() } };
    for goes_on in [Step::Cook, Step::Ready, rider] {
        let mut order = life(Fulfilment::Delivery, false, None);
        step(&mut order, &Step::Accept { minutes: None }, &kitchen(), 10).unwrap();
        step(&mut order, &nobody, &kitchen(), 20).unwrap();
        assert_eq!(order.owner, Owner::Headquarters);
        let effects = step(&mut order, &goes_on, &kitchen(), 30).unwrap();
        assert!(closes(&effects, TaskKind::Undelivered), "{}: {effects:?}", goes_on.name());
        assert_eq!(order.owner, Owner::Branch, "{}", goes_on.name());
        assert!(order.due_at.is_some(), "{}: somebody is told when it stays", goes_on.name());
        // The slip of a finger: it is headquarters' again.
        let undone = next(&order, &Step::Undo, &kitchen(), at(35), &Rules::default());
        if let Ok(undone) = undone {
            assert_eq!(undone.life.owner, Owner::Headquarters);
            assert!(undone.effects.contains(&Effect::Open(TaskKind::Undelivered, "D81")), "{:?}", undone.effects);
        }
    }
}

#[test]
fn c85_what_followed_from_a_code_goes_with_the_code() {
    let spilled = Step::Deliver { code: Some(Outcome::Damaged), note: "汤洒了".into(), minutes_late: None };
    let mut order = on_its_way();
    step(&mut order, &spilled, &kitchen(), 1200).unwrap();
    let effects = step(&mut order.clone(), &Step::Correct { code: Outcome::OnTime, note: String::new() }, &kitchen(), 1300).unwrap();
    assert!(effects.contains(&Effect::Withdraw), "{effects:?}");
    let later = Step::Reschedule { later: Later { at: at(7200), pickup: false }, note: String::new() };
    let effects = step(&mut order.clone(), &later, &kitchen(), 1300).unwrap();
    assert!(effects.contains(&Effect::Withdraw), "{effects:?}");
    let effects = step(&mut order, &Step::Undo, &kitchen(), 1205).unwrap();
    assert!(effects.contains(&Effect::Withdraw), "{effects:?}");
}

#[test]
fn c85_d82_opens_a_ticket_by_itself() {
    let mut order = on_its_way();
    let spilled = Step::Deliver { code: Some(Outcome::Damaged), note: "汤洒了".into(), minutes_late: None };
    let effects = step(&mut order, &spilled, &kitchen(), 1200).unwrap();
    assert_eq!(effects, [Effect::Close(&[]), Effect::Points, Effect::Ticket]);
}

#[test]
fn c84_a_pick_up_is_done_when_it_is_handed_over_and_undone_within_ten_seconds() {
    let mut order = life(Fulfilment::Pickup, false, None);
    step(&mut order, &Step::Ready, &kitchen(), 100).unwrap();
    let effects = step(&mut order, &Step::HandOver { rider: None }, &kitchen(), 110).unwrap();
    assert!(effects.contains(&Effect::Points));
    assert_eq!((order.status, order.owner, order.due_at), (OrderStatus::Done, Owner::Nobody, None));
    let mut late = order.clone();
    assert_eq!(step(&mut late, &Step::Undo, &kitchen(), 121), Err(Refused::TooLate));
    let effects = step(&mut order, &Step::Undo, &kitchen(), 120).unwrap();
    assert!(effects.contains(&Effect::Points), "what it earned is taken back");
    assert_eq!((order.status, order.done_at, order.outcome), (OrderStatus::Ready, None, None));
}

#[test]
fn names_come_back_as_they_were_written() {
    for code in Outcome::ALL {
        assert_eq!(Outcome::from_name(code.name()), Some(*code));
    }
    assert_eq!((Owner::ALL.len(), TaskKind::ALL.len(), Outcome::ALL.len()), (5, 20, 14));
    assert_eq!(Owner::from_name("somebody"), None);
}

/// Where a step may lead, written down independently of the code: the table of the manual.
fn reference(order: &Life, taken: &Step, by: &Actor, now: Timestamp) -> Option<OrderStatus> {
    use OrderStatus::{Accepted, AddressCheck, Cancelled, Cooking, Done, New, Out, Ready};
    let (status, sent) = (order.status, order.sent_at.is_some());
    let pickup = order.fulfilment == Fulfilment::Pickup;
    let here = |from: &[OrderStatus], to| (sent && from.contains(&status)).then_some(to);
    match taken {
        Step::Seen => here(&[New], New),
        Step::Accept { .. } => here(&[New], Accepted),
        Step::Refuse { .. } => here(&[New, Accepted], New),
        Step::Cook => here(&[New, Accepted], Cooking),
        Step::Ready => here(&[New, Accepted, Cooking], Ready),
        Step::HandOver { .. } => here(&[Cooking, Ready], if pickup { Done } else { Out }),
        Step::Deliver { code, .. } if code.is_none_or(Outcome::is_delivered) => here(&[Ready, Out], Done),
        Step::Deliver { code: Some(Outcome::Rescheduled), .. } => None,
        Step::Deliver { code: Some(Outcome::Unreachable), .. } => match (order.attempts, status) {
            (0, _) => here(&[Accepted, Cooking, Ready, Out], status),
            (1, Out) => here(&[Out], Ready),
            (1, _) => here(&[Accepted, Cooking, Ready], status),
            _ => here(&[Accepted, Cooking, Ready, Out], Done),
        },
        Step::Deliver { code: Some(Outcome::NoRider), .. } if !pickup && (order.owner != Owner::Headquarters || order.lacks.is_some()) => {
            here(&[Accepted, Cooking, Ready, Out], if status == Out { Ready } else { status })
        }
        Step::Deliver { code: Some(Outcome::SoldOut), .. } | Step::RunOut { .. }
            if order.lacks.is_none() && matches!(status, Accepted | Cooking) =>
        {
            here(&[Accepted, Cooking], status)
        }
        Step::Deliver { .. } | Step::RunOut { .. } => here(&[Accepted, Cooking, Ready, Out], Done),
        Step::Correct { .. } => (status == Done).then_some(Done),
        Step::Reschedule { later: Later { at, pickup }, .. } => match status {
            Done => Some(Ready),
            Out if *pickup || at.as_millis() - now.as_millis() > 2 * 60_000 * i64::from(order.times.travel) => here(&[Out], Ready),
            _ => here(&[Accepted, Cooking, Ready, Out], status),
        },
        Step::Undo => order.undo.as_ref().map(|undo| undo.before.status),
        Step::Send => (status == New && !sent).then_some(New),
        Step::Reassign { .. } if order.owner == Owner::Clock => (status == New).then_some(New),
        Step::Reassign { .. } => matches!(status, New | Accepted | Cooking | Ready).then_some(New),
        Step::Nudge => status.is_open().then_some(status),
        Step::Cancel { .. } if by.kind == ActorKind::Headquarters => status.is_open().then_some(Cancelled),
        Step::Cancel { .. } => matches!(status, New | AddressCheck | Accepted).then_some(Cancelled),
        Step::AskCancel { .. } => status.is_open().then_some(if sent { status } else { Cancelled }),
        // The only dish that it asks for is the one that is gone.
        Step::AskEdit { .. } if order.lacks.as_ref().is_some_and(|gone| !gone.is_empty()) => None,
        Step::AskEdit { .. } => matches!(status, New | AddressCheck | Accepted | Cooking).then_some(status),
        Step::Grant => order.pending.as_ref().map(|asked| if asked.kind == PendingKind::Cancel { Cancelled } else { status }),
        Step::Decline { .. } => order.pending.as_ref().map(|_| status),
        Step::Address { .. } => (status == AddressCheck).then_some(New),
        Step::Rider { .. } if pickup => None,
        Step::Rider { .. } => here(&[Accepted, Cooking, Ready, Out], status),
        Step::Overdue { .. } => order.due_at.filter(|due| *due <= now).map(|_| {
            let asked = order.pending.as_ref().is_some_and(|asked| !asked.alarmed && asked.at.after(Rules::default().task_after) <= now);
            if order.held_until.is_some() && !asked { Done } else { status }
        }),
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let why = || "因为".to_owned();
    let rider = |id: u8| Rider { id: format!("r{id}"), name: "老周".into() };
    let line = CartLine { dish: MenuNumber::new(18).unwrap(), quantity: Quantity::new(1).unwrap(), size: None, spice: None };
    let code = (0..Outcome::ALL.len()).prop_map(|place| Outcome::ALL[place]);
    prop_oneof![
        3 => Just(Step::Seen),
        4 => proptest::option::of(1_u16..120).prop_map(|minutes| Step::Accept { minutes }),
        2 => (0..5_usize).prop_map(|place| Step::Refuse { reason: RefuseReason::ALL[place], dishes: Vec::new(), note: "x".into() }),
        4 => Just(Step::Cook),
        4 => Just(Step::Ready),
        4 => proptest::option::of(1_u8..3).prop_map(move |id| Step::HandOver { rider: id.map(rider) }),
        4 => proptest::option::of(code.clone()).prop_map(|code| Step::Deliver { code, note: String::new(), minutes_late: None }),
        2 => Just(Step::Deliver { code: Some(Outcome::Unreachable), note: String::new(), minutes_late: None }),
        2 => code.prop_map(|code| Step::Correct { code, note: String::new() }),
        2 => (1_u64..60_000, any::<bool>()).prop_map(|(seconds, pickup)| Step::Reschedule { later: Later { at: at(seconds), pickup }, note: String::new() }),
        2 => Just(Step::RunOut { dishes: vec![MenuNumber::new(18).unwrap()], note: String::new() }),
        3 => Just(Step::Undo),
        1 => Just(Step::Send),
        2 => (1_u16..4).prop_map(move |number| Step::Reassign { branch: branch(number), why: why(), times: None }),
        1 => Just(Step::Nudge),
        1 => Just(Step::Cancel { why: why() }),
        1 => Just(Step::AskCancel { why: why() }),
        2 => Just(Step::AskEdit { lines: vec![EditLine { line, note: None }], why: why() }),
        2 => Just(Step::Grant),
        1 => Just(Step::Decline { why: why() }),
        2 => (1_u16..4).prop_map(|number| Step::Address { text: "莘松路".into(), branch: branch(number), times: None }),
        2 => (1_u8..3).prop_map(move |id| Step::Rider { rider: rider(id) }),
        8 => (proptest::option::of(1_u16..4), any::<bool>()).prop_map(|(next, silent)| overdue(next, silent)),
    ]
}

fn any_actor() -> impl Strategy<Value = Actor> {
    (0..ActorKind::ALL.len(), 1_u16..4, 1_u8..3, any::<bool>()).prop_map(|(kind, number, id, lead)| {
        let kind = ActorKind::ALL[kind];
        let id = if kind == ActorKind::Rider { format!("r{id}") } else { "u1".into() };
        Actor { lead, ..Actor::new(kind, &id, "谁").of(branch(number)) }
    })
}

/// The open tasks of an order, as the store would have them.
fn carry_out(tasks: &mut BTreeSet<TaskKind>, effects: &[Effect]) {
    for effect in effects {
        match effect {
            Effect::Open(kind, _) => {
                tasks.insert(*kind);
            }
            Effect::Close([]) => tasks.clear(),
            Effect::Close(kinds) => tasks.retain(|kind| !kinds.contains(kind)),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Any history: steps lead only where the table says, and an open order always has somebody who must answer for it
    /// by some time, or whom a task already calls (I6).
    #[test]
    fn c76_i6_random_histories_hold_to_the_reference(
        pickup in any::<bool>(),
        spoken in any::<bool>(),
        wanted_in in proptest::option::of(2700_u64..20_000),
        history in proptest::collection::vec((any_step(), any_actor(), prop_oneof![3 => 0_u64..8, 2 => 30_u64..400, 1 => 1000_u64..9000], any::<bool>()), 1..60),
    ) {
        let fulfilment = if pickup { Fulfilment::Pickup } else { Fulfilment::Delivery };
        let mut order = life(fulfilment, spoken && !pickup, wanted_in);
        let mut tasks = BTreeSet::new();
        if order.status == OrderStatus::AddressCheck {
            tasks.insert(TaskKind::Address);
        }
        let mut clock = 0;
        for (taken, actor, pause, fitting) in history {
            clock += pause;
            // Half of the steps are done by somebody who may: else most histories would end at the door.
            let actor = match (&taken, fitting) {
                (Step::Overdue { .. }, _) => Actor::system(),
                (_, true) => Actor { lead: actor.lead, ..dispatcher() },
                (_, false) => actor,
            };
            let led_to = reference(&order, &taken, &actor, at(clock));
            match next(&order, &taken, &actor, at(clock), &Rules::default()) {
                Ok(change) => {
                    prop_assert_eq!(Some(change.life.status), led_to, "{:?} by {:?} from {:?}", taken, actor, order);
                    prop_assert_eq!(change.life.life, order.life + 1);
                    prop_assert!(change.life.version >= order.version);
                    if matches!(actor.kind, ActorKind::Branch | ActorKind::Telephone) {
                        prop_assert_eq!(actor.branch, Some(order.branch));
                    }
                    if !order.status.is_open() {
                        prop_assert!(matches!(taken, Step::Correct { .. } | Step::Undo | Step::Reschedule { .. }), "{:?} moved a finished order", taken);
                    }
                    carry_out(&mut tasks, &change.effects);
                    order = change.life;
                }
                Err(refused) => prop_assert!(
                    led_to.is_none() || !matches!(refused, Refused::Impossible | Refused::NothingAsked | Refused::NotDue),
                    "{:?} refused as {:?} from {:?}", taken, refused, order
                ),
            }
            let open = order.status.is_open();
            prop_assert_eq!(open, order.owner != Owner::Nobody, "{:?}", order);
            prop_assert!(!open || order.due_at.is_some() || !tasks.is_empty(), "nobody answers for {:?}", order);
            prop_assert_eq!(order.status == OrderStatus::Done, order.outcome.is_some());
            prop_assert!(open || order.due_at.is_none() && order.pending.is_none());
            prop_assert!(order.owner != Owner::Headquarters || !tasks.is_empty(), "no task for {:?}", order);
            prop_assert!(!order.rings() || order.owner != Owner::Clock);
        }
    }

    /// However late the clock is, an order that nobody touches is telephoned within a few looks, and each look moves its time.
    #[test]
    fn c82_no_order_waits_unheard(silent in any::<bool>(), pauses in proptest::collection::vec(1_u64..200, 40..60)) {
        let mut order = life(Fulfilment::Delivery, false, None);
        let (mut clock, mut rung) = (0, false);
        for pause in pauses {
            clock += pause;
            while order.due_at.is_some_and(|due| due <= at(clock)) {
                let before = order.due_at;
                let effects = step(&mut order, &overdue(None, silent), &Actor::system(), clock).unwrap();
                rung |= effects.iter().any(|effect| matches!(effect, Effect::Telephone { .. }));
                prop_assert!(order.due_at > before || order.stage == 3, "the time of the next alarm moves on");
            }
            let least = if silent { 60 } else { 180 };
            prop_assert_eq!(rung, clock >= least);
        }
    }
}
