//! What a shift brings besides plain calls: transfer keys of desk phones, advice from a queue, who never speaks with whom, and what
//! supervisors do with people and with the line.

use std::time::Duration;

use dinetone::command::{Command, Refusal, Target, TransferMode};
use dinetone::domain::{Break, PhoneNumber, QueueId, Seat, StepKind};
use dinetone::event::CallState;

use super::people::{caller, ms};
use crate::kit::World;
use crate::kit::phone::Line;

/// C62, RFC 3515: the transfer key of a desk phone passes the caller on; the phone is told before its call ends.
#[test]
fn c62_a_desk_phones_transfer_key_passes_the_caller_on() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    let phone = world.desk_phone("801");
    first.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    let card = first.sees_pop();
    phone.rings();
    phone.picks_up();
    second.logs_in();
    phone.transfers_to("8002");
    assert_eq!(phone.transfer_went().as_deref(), Some("SIP/2.0 200 OK"), "{}", world.ladder());
    first.is("wrap_up");
    assert!(matches!(phone.line(), Line::Over(_)));
    let view = second.takes_the_call();
    assert_eq!((view.pop.customer.clone(), view.id.clone()), (card.pop.customer.clone(), card.id.clone()));
    diner.says_nothing_for(4);
    second.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C62: nobody there under that number: the phone is told, and the caller stays where they are.
#[test]
fn c62_a_transfer_to_nobody_is_refused_and_the_caller_stays() {
    let world = World::open_at("12:00");
    let (agent, away, phone) = (world.agent("8001"), world.agent("8002"), world.desk_phone("801"));
    agent.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    phone.picks_up();
    phone.transfers_to("8002");
    assert_eq!(phone.transfer_went().as_deref(), Some("SIP/2.0 404 Not Found"), "{}", world.ladder());
    away.is("offline");
    agent.is("on_call");
    diner.says_nothing_for(4);
    assert!(phone.hears_tone(diner.tone()));
    diner.hangs_up();
    world.is_quiet();
}

/// C62, RFC 3891: the phone dials a colleague in a second call, they speak while the caller hears music, and the transfer key
/// brings both together.
#[test]
fn c62_a_desk_phones_attended_transfer_brings_caller_and_colleague_together() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    let phone = world.desk_phone("801");
    first.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    let card = first.sees_pop();
    phone.rings();
    phone.picks_up();
    second.logs_in();
    diner.says_nothing_for(4);
    phone.dials("801", "8002");
    first.sees(CallState::Consulting);
    let asked = second.takes_the_call();
    assert_eq!(asked.pop.customer, card.pop.customer, "the card is there for whoever is asked");
    assert!(second.hears_tone(phone.tone()) && phone.hears_tone(second.tone()), "{}", world.ladder());
    assert!(diner.hears_sound() && !diner.hears_tone(phone.tone()) && !second.hears_tone(diner.tone()), "the caller hears music");
    phone.joins_its_calls();
    assert_eq!(phone.transfer_went().as_deref(), Some("SIP/2.0 200 OK"), "{}", world.ladder());
    first.is("wrap_up");
    second.is("on_call");
    second.hears(&diner);
    assert!(diner.hears_tone(second.tone()));
    assert!(matches!(phone.line(), Line::Over(_)), "both of its calls are over");
    diner.hangs_up();
    world.is_quiet();
}

/// C62: the second call ends, and the caller is back with the agent.
#[test]
fn c62_a_second_call_that_ends_gives_the_caller_back() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    let phone = world.desk_phone("801");
    first.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    phone.picks_up();
    second.logs_in();
    phone.dials("801", "8002");
    second.sees_pop();
    second.rejects();
    world.time_passes(ms(500));
    first.is("hold");
    second.is_ready();
    first.resumes();
    first.sees(CallState::Talking);
    assert!(diner.hears_sound());
    diner.hangs_up();
    world.is_quiet();
}

/// C62: the handset is put down while a colleague is asked: the caller, who is on hold, is theirs.
#[test]
fn c62_a_handset_put_down_in_a_consultation_passes_the_caller_on() {
    for answered in [true, false] {
        let world = World::open_at("12:00");
        let (first, second) = (world.agent("8001"), world.agent("8002"));
        let phone = world.desk_phone("801");
        first.logs_in_at("801");
        let diner = caller(&world, "13800138000");
        phone.rings();
        phone.picks_up();
        second.logs_in();
        diner.says_nothing_for(4);
        first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "soup was cold");
        if answered {
            second.takes_the_call();
        } else {
            second.sees_pop();
        }
        phone.hangs_up();
        world.time_passes(ms(500));
        first.is("wrap_up");
        if !answered {
            second.is("ringing");
            second.picks_up();
        }
        second.is("on_call");
        diner.says_nothing_for(4);
        second.hears(&diner);
        assert!(diner.hears_tone(second.tone()), "{}", world.ladder());
        diner.hangs_up();
        world.is_quiet();
    }
}

/// C62: an outside number that is asked goes on ringing, for the caller.
#[test]
fn c62_a_handset_put_down_while_an_outside_number_rings_passes_the_caller_on() {
    let world = World::open_at("12:00");
    let (first, phone, outside) = (world.agent("8001"), world.desk_phone("801"), world.outside_phone());
    first.logs_in_at("801");
    let diner = caller(&world, "13800138000");
    phone.rings();
    phone.picks_up();
    diner.says_nothing_for(4);
    first.passes_on(Target::Number(PhoneNumber::parse("02161234567").unwrap()), TransferMode::Consult, "");
    outside.rings();
    phone.hangs_up();
    first.is("wrap_up");
    outside.picks_up();
    diner.says_nothing_for(1);
    assert!(outside.hears_tone(diner.tone()) && diner.hears_tone(outside.tone()), "{}", world.ladder());
    outside.hangs_up();
    world.is_quiet();
}

/// C102: a consultation that is taken back ends the hold before it, in the record as well.
#[test]
fn c102_hold_is_counted_until_the_caller_is_taken_back() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    first.logs_in();
    second.logs_in();
    let diner = caller(&world, "13800138000");
    let call = first.takes_the_call().call;
    first.holds();
    world.time_passes(ms(3000));
    first.passes_on(Target::Agent(second.user.clone()), TransferMode::Consult, "");
    second.takes_the_call();
    first.wish(Command::CancelConsult { call }).unwrap();
    world.time_passes(ms(20_000));
    diner.hangs_up();
    world.is_quiet();
    let (record, steps) = world.records().pop().expect("a record");
    let story = world.with_store(async |store, _| {
        store.record_calls("t", &[], &[(record.clone(), steps)]).await.unwrap();
        store.call_story(record.id.as_str()).await.unwrap().expect("a story")
    });
    let held: Vec<u64> = story.parts.iter().map(|part| part.held_ms).filter(|held| *held > 0).collect();
    assert!(held.len() == 1 && (3_000..10_000).contains(&held[0]), "{held:?}");
}

/// C62: advice from a queue: whoever has been free longest there is rung.
#[test]
fn c62_a_queue_is_consulted() {
    let world = World::open_at("12:00");
    let (first, second, third) = (world.agent("8001"), world.agent("8002"), world.agent("8003"));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    first.takes_the_call();
    let complaints = || Target::Queue(QueueId::new("complaint"));
    let call = first.call().call;
    let ask = Command::Transfer { call, to: complaints(), mode: TransferMode::Consult, note: String::new() };
    assert_eq!(first.wish(ask), Err(Refusal::TargetBusy), "nobody is free there");
    first.sees(CallState::Talking);
    third.logs_in();
    world.time_passes(ms(1000));
    second.logs_in();
    diner.says_nothing_for(3);
    first.passes_on(complaints(), TransferMode::Consult, "may I refund this?");
    let asked = third.takes_the_call();
    assert_eq!(asked.from.as_ref().map(|from| from.1.as_str()), Some("may I refund this?"));
    assert!(!second.was_rung());
    assert!(third.hears_tone(first.tone()) && first.hears_tone(third.tone()));
    first.wish(Command::CompleteTransfer { call }).unwrap();
    third.hears(&diner);
    diner.hangs_up();
    world.is_quiet();
}

/// C40: an agent who never speaks with this customer is not rung, even when nobody else is there.
#[test]
fn c40_whoever_never_speaks_with_a_customer_is_not_rung() {
    let world = World::open_at("12:00");
    let (first, second) = (world.agent("8001"), world.agent("8002"));
    world.never_with("13800138000", std::slice::from_ref(&first.user));
    first.logs_in();
    let diner = caller(&world, "13800138000");
    world.time_passes(Duration::from_secs(10));
    assert!(!first.was_rung(), "{}", world.ladder());
    first.is_ready();
    let other = caller(&world, "13600136000");
    first.takes_the_call();
    second.signs_on();
    second.takes_the_call();
    diner.says_nothing_for(4);
    second.hears(&diner);
    let call = second.call().call;
    let ask = Command::Transfer { call, to: Target::Agent(first.user.clone()), mode: TransferMode::Consult, note: String::new() };
    assert_eq!(second.wish(ask), Err(Refusal::TargetBusy));
    diner.hangs_up();
    other.hangs_up();
    world.is_quiet();
}

/// C71: a forced break in a call begins after the wrap-up, and the reason is shown.
#[test]
fn c71_a_forced_break_comes_after_the_call() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    let forced = || Command::ForceBreak { agent: agent.user.clone(), reason: Break("training".into()) };
    let unknown = Command::ForceBreak { agent: agent.user.clone(), reason: Break("mars".into()) };
    assert_eq!(chief.wish(unknown), Err(Refusal::NoTarget));
    assert_eq!(agent.wish(forced()), Err(Refusal::NotAllowed));
    chief.wish(forced()).unwrap();
    agent.is("on_call");
    diner.says_nothing_for(4);
    agent.hears(&diner);
    diner.hangs_up();
    agent.is("wrap_up");
    agent.wraps_up(20);
    agent.is("break");
    assert_eq!(agent.snapshot().me.and_then(|me| me.reason).as_deref(), Some("forced"));
    agent.wish(Command::Ready).unwrap();
    agent.is_ready();
    // While it rings: the ring is taken back, the caller keeps the place, and the break begins.
    let diner = caller(&world, "13800138000");
    agent.sees_pop();
    chief.wish(forced()).unwrap();
    agent.is("break");
    diner.hangs_up();
    world.is_quiet();
}

/// C71: a forced sign-out: now, or after the call; who was signed out may sign on again.
#[test]
fn c71_a_forced_sign_out_leaves_no_caller_alone_and_can_be_undone_by_signing_on() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    let forced = || Command::ForceSignOut { agent: agent.user.clone(), reason: "fire drill".into() };
    let diner = caller(&world, "13800138000");
    agent.takes_the_call();
    chief.wish(forced()).unwrap();
    diner.says_nothing_for(4);
    agent.hears(&diner);
    diner.hangs_up();
    agent.wraps_up(20);
    agent.is("offline");
    assert_eq!(chief.wish(forced()), Err(Refusal::NoTarget), "nobody is signed on");
    agent.logs_in();
    chief.wish(forced()).unwrap();
    agent.is("offline");
    agent.wish(Command::StartShift { seat: Seat::Browser }).unwrap();
    agent.connects_headset();
    agent.is_ready();
    agent.wish(Command::EndShift).unwrap();
    agent.is("offline");
    agent.logs_in();
    world.is_quiet();
}

/// C42, C70: a supervisor puts a caller first, or into another queue; it is on the caller's path.
#[test]
fn c42_a_supervisor_puts_a_caller_first_and_moves_another() {
    let world = World::open_at("12:00");
    let (agent, chief) = (world.agent("8001"), world.supervisor("9001"));
    agent.logs_in();
    chief.opens_page();
    let talking = caller(&world, "13600136000");
    agent.takes_the_call();
    let first = caller(&world, "13700137001");
    world.time_passes(Duration::from_secs(5));
    let second = caller(&world, "13700137002");
    world.time_passes(Duration::from_secs(5));
    let waiting = chief.snapshot().queues.waiting.clone();
    let call_of = |number: &str| {
        let masked = PhoneNumber::parse(number).unwrap().to_string();
        let found = waiting.iter().find(|one| one.caller.as_ref() == Some(&masked));
        found.expect("waits").call
    };
    let (earlier, later) = (call_of("13700137001"), call_of("13700137002"));
    assert_eq!(agent.wish(Command::Prefer { call: later }), Err(Refusal::NotAllowed));
    chief.wish(Command::Prefer { call: later }).unwrap();
    chief.wish(Command::MoveToQueue { call: earlier, queue: QueueId::new("complaint") }).unwrap();
    assert_eq!(
        chief.wish(Command::MoveToQueue { call: earlier, queue: QueueId::new("nonsense") }),
        Err(Refusal::NoTarget),
        "there is no such queue"
    );
    talking.hangs_up();
    agent.wraps_up(20);
    assert_eq!(agent.takes_the_call().call, later, "{}", world.ladder());
    second.hangs_up();
    agent.wraps_up(20);
    let view = agent.takes_the_call();
    assert_eq!((view.call, view.queue.as_ref().map(QueueId::as_str)), (earlier, Some("complaint")));
    first.hangs_up();
    world.is_quiet();
    let notes: Vec<String> = world
        .records()
        .iter()
        .flat_map(|(_, steps)| steps.iter())
        .filter_map(|step| if let StepKind::Note(text) = &step.kind { Some(text.clone()) } else { None })
        .collect();
    assert!(notes.iter().any(|note| note.contains("puts the caller first")) && notes.iter().any(|note| note.contains("moves the caller")));
}

/// The record of a call tells where and how long the caller waited, and who took them; the caller hears the agent's number.
#[test]
fn c56_the_record_tells_queue_wait_and_agent() {
    let world = World::open_at("12:00");
    let (agent, other) = (world.agent("8001"), world.agent("8002"));
    agent.logs_in();
    let mut diner = caller(&world, "13800138000");
    agent.sees_pop();
    world.time_passes(Duration::from_secs(5));
    agent.picks_up();
    diner.hears("q.agent");
    diner.says_nothing_for(4);
    assert!(diner.hears_tone(agent.tone()), "after the number the agent is heard");
    other.logs_in();
    agent.passes_on(Target::Queue(QueueId::new("complaint")), TransferMode::Blind, "");
    other.takes_the_call();
    diner.hangs_up();
    let gave_up = caller(&world, "13600136000");
    world.time_passes(Duration::from_secs(8));
    gave_up.hangs_up();
    world.is_quiet();
    let records = world.records();
    let of = |number: &str| &records.iter().find(|(record, _)| record.caller.as_ref().is_some_and(|it| it.reveal() == number)).unwrap().0;
    let served = of("13800138000");
    assert_eq!((served.queue.as_ref().map(QueueId::as_str), served.agent.as_ref()), (Some("complaint"), Some(&agent.user)));
    assert!((5_000..12_000).contains(&served.waited_ms), "{}", served.waited_ms);
    let lost = of("13600136000");
    assert_eq!((lost.queue.as_ref().map(QueueId::as_str), lost.agent.as_ref()), (Some("order"), None));
    assert!((6_000..10_000).contains(&lost.waited_ms), "{}", lost.waited_ms);
}

/// C102: waits and talks last as long as they lasted, also when somebody sets the clock meanwhile.
#[test]
fn c102_waits_and_talks_are_true_when_the_clock_is_set() {
    let world = World::open_at("12:00");
    let agent = world.agent("8001");
    agent.logs_in();
    let diner = caller(&world, "13800138000");
    agent.sees_pop();
    world.clock_is_set_back(Duration::from_secs(7200));
    world.time_passes(Duration::from_secs(5));
    agent.picks_up();
    world.clock_is_set_back(Duration::from_secs(7200));
    diner.says_nothing_for(20);
    diner.hangs_up();
    world.is_quiet();
    let (record, steps) = world.records().pop().expect("a record");
    assert!((5_000..12_000).contains(&record.waited_ms), "{}", record.waited_ms);
    let story = world.with_store(async |store, _| {
        store.record_calls("t", &[], &[(record.clone(), steps)]).await.unwrap();
        store.call_story(record.id.as_str()).await.unwrap().expect("a story")
    });
    let lasted: Vec<i64> = story.parts.iter().map(|part| part.until.unwrap().as_millis() - part.from.as_millis()).collect();
    assert!(lasted.len() == 1 && (19_000..26_000).contains(&lasted[0]), "{lasted:?}");
}

/// C47: nobody is called back before the morning, though an agent is free; then they are.
#[test]
fn c47_call_backs_keep_decent_hours() {
    let world = World::open_at("07:56");
    let (agent, customer) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let first = caller(&world, "13600136000");
    agent.takes_the_call();
    let mut second = caller(&world, "13800138000");
    second.asks_to_be_called_back();
    first.hangs_up();
    agent.wraps_up(20);
    world.time_passes(Duration::from_secs(60));
    agent.is_ready();
    assert!(!customer.is_ringing(), "{}", world.ladder());
    world.time_passes(Duration::from_secs(150));
    customer.rings();
    customer.rejects();
    world.is_quiet();
}

/// C47: nor when every restaurant has closed meanwhile: what could they order?
#[test]
fn c47_nobody_is_called_back_while_every_restaurant_is_closed() {
    let world = World::open_at_with_hours("21:28", "10:00-21:30");
    let (agent, customer) = (world.agent("8001"), world.outside_phone());
    agent.logs_in();
    let first = caller(&world, "13600136000");
    agent.takes_the_call();
    let mut second = caller(&world, "13800138000");
    second.asks_to_be_called_back();
    world.time_passes(Duration::from_secs(60));
    first.hangs_up();
    agent.wraps_up(20);
    world.time_passes(Duration::from_secs(600));
    agent.is_ready();
    assert!(!customer.is_ringing(), "callback_hours end at ten, but nobody cooks any more\n{}", world.ladder());
}
