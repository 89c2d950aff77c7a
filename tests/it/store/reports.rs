//! Reports: a small store filled by hand whose figures are known, before and after its days are added up, and after changes.

use std::time::Duration;

use dinetone::domain::{
    CallId, CallPart, CallRecord, ClockTime, Disposition, End, Fact, Language, OrderNumber, OrderStatus, PartKind, Party, QueueId,
    QueueOutcome, QueueVisit, Reason, Step, StepKind, Timestamp, UserId, WrapUp,
};
use dinetone::report::{Cell, Filter, Grain, Report, Table};
use dinetone::store::{PlannedDay, Store};
use jiff::civil::{Date, date};

use super::calls;
use super::kit::{DAY, Database, MINUTE, clock, confirmed, phone, place, request, saturday};

const SECOND: Duration = Duration::from_secs(1);

fn at(day: i8, hour: i8, minute: i8) -> Timestamp {
    clock().timestamp(date(2026, 11, day).at(hour, minute, 0, 0))
}

/// One caller's call and stay in a queue.
struct Caller {
    id: &'static str,
    at: Timestamp,
    queue: &'static str,
    waited: Duration,
    how: QueueOutcome,
}

fn facts(caller: &Caller) -> Vec<Fact> {
    let call = CallId::new(caller.id);
    let entered = caller.at.after(10 * SECOND);
    let mut facts = vec![Fact::Visit(QueueVisit {
        id: format!("{}-1", caller.id),
        call: call.clone(),
        queue: QueueId::new(caller.queue),
        phone: Some(phone("13811110001")),
        customer: None,
        language: Language::Mandarin,
        entered_at: entered,
        left: Some((entered.after(caller.waited), caller.how)),
        agent: None,
        is_callback: false,
    })];
    if caller.how == QueueOutcome::Answered {
        let begun = entered.after(caller.waited);
        facts.push(Fact::Part(CallPart {
            id: format!("{}-part", caller.id),
            call: call.clone(),
            kind: PartKind::Agent,
            agent: Some(UserId::new("u-lina")),
            name: "李娜".into(),
            queue: Some(QueueId::new(caller.queue)),
            from: begun,
            until: Some(begun.after(120 * SECOND)),
            began: "ring".into(),
            ended: "hang_up".into(),
            held_ms: 6000,
            note: String::new(),
        }));
    }
    facts
}

fn call(id: &str, arrived_at: Timestamp, reason: Reason, path: &[(&str, &str)], order: Option<&str>) -> (CallRecord, Vec<Step>) {
    let record = CallRecord {
        caller: Some(phone("13811110001")),
        answered_at: Some(arrived_at),
        ended_at: Some(arrived_at.after(180 * SECOND)),
        end: Some(End { by: Party::Caller, reason }),
        codec: Some("PCMA".into()),
        order: order.map(OrderNumber::new),
        ..calls::call(id, arrived_at)
    };
    let step = |(node, outcome): &(&str, &str)| {
        let kind = if outcome.is_empty() {
            StepKind::Node((*node).to_owned())
        } else {
            StepKind::Outcome { node: (*node).to_owned(), outcome: (*outcome).to_owned() }
        };
        Step { at: arrived_at, kind }
    };
    let mut steps: Vec<Step> = path.iter().map(step).collect();
    if let Some(number) = order {
        steps.push(Step { at: arrived_at, kind: StepKind::Ordered(OrderNumber::new(number)) });
    }
    (record, steps)
}

async fn report(store: &Store, name: &str, grain: Grain, from: Date, to: Date, filter: &Filter) -> Table {
    store.report(Report::named(name).unwrap(), grain, from, to, filter).await.unwrap()
}

fn whole(table: &Table, row: &[Cell], key: &str) -> i64 {
    match table.cell(row, key) {
        Some(Cell::Whole(number) | Cell::Tenths(number)) => *number,
        other => panic!("{key}: {other:?}"),
    }
}

#[track_caller]
fn check(table: &Table, row: &[Cell], wanted: &[(&str, i64)]) {
    let found: Vec<(&str, i64)> = wanted.iter().map(|(key, _)| (*key, whole(table, row, key))).collect();
    assert_eq!(found, wanted);
}

/// Friday 20 and Saturday 21 November 2026. Friday: five callers in the Chinese queue at noon, one in the English one;
/// three calls by keypad. Saturday: one caller.
async fn fill(store: &Store) {
    use QueueOutcome::{Abandoned, Answered, CallBack, Moved};
    let caller = |id, at, queue, seconds, how| Caller { id, at, queue, waited: seconds * SECOND, how };
    let callers = [
        caller("a", at(20, 12, 1), "order-zh", 8, Answered),
        caller("b", at(20, 12, 5), "order-zh", 45, Answered),
        caller("c", at(20, 12, 16), "order-zh", 15, Abandoned),
        caller("d", at(20, 12, 17), "order-zh", 3, Abandoned),
        caller("e", at(20, 13, 0), "order-zh", 60, CallBack),
        caller("f", at(20, 13, 2), "order-zh", 20, Moved),
        caller("g", at(20, 18, 0), "order-en", 20, Answered),
        caller("h", at(21, 12, 0), "order-zh", 10, Answered),
    ];
    let all: Vec<Fact> = callers.iter().flat_map(facts).collect();
    store.keep("n1", &all, at(21, 13, 0)).await.unwrap();
    let wrap_up = WrapUp {
        call: CallId::new("a"),
        agent: UserId::new("u-lina"),
        agent_name: "李娜".into(),
        customer: None,
        phone: None,
        disposition: Disposition::new(10),
        note: String::new(),
        order: None,
        follow: String::new(),
    };
    // 12:01 + 10 s + 8 s + 120 s of talk, and 30 s later it is saved.
    store.record_wrap_up(&wrap_up, at(20, 12, 1).after(168 * SECOND)).await.unwrap();
    let times = [("available", 600), ("ringing", 60), ("on_call", 360), ("wrap_up", 180), ("break", 300)];
    let run = |(state, seconds): (&'static str, u64)| Fact::Time {
        day: date(2026, 11, 20),
        agent: UserId::new("u-lina"),
        run: "n1-1".into(),
        state,
        ms: seconds * 1000,
    };
    let times: Vec<Fact> = times.into_iter().map(run).collect();
    store.keep("n1", &times, at(20, 13, 0)).await.unwrap();
    store.keep("n1", &times, at(20, 13, 0)).await.unwrap();
    let ordered: &[(&str, &str)] =
        &[("order.start", ""), ("order.dish", "dish"), ("order.quantity", "added"), ("order.final", ""), ("order.final", "confirmed")];
    let calls = [
        call("a", at(20, 12, 1), Reason::Finished, &[("main", "agent")], None),
        call("k1", at(20, 12, 3), Reason::Served, ordered, Some("2611200001")),
        call("k2", at(20, 12, 20), Reason::Finished, &[("order.start", ""), ("order.dish", "dish"), ("order.dish", "dish")], None),
        call("k3", at(20, 12, 40), Reason::Finished, &[("main", "points")], None),
        call("k4", at(20, 19, 0), Reason::Rejected(503), &[], None),
        call("h", at(21, 12, 0), Reason::Finished, &[], None),
    ];
    store.record_calls("n1", &[], &calls).await.unwrap();
}

async fn friday_is_right(store: &Store) {
    let (friday, saturday) = (date(2026, 11, 20), date(2026, 11, 21));
    let all = Filter::default();
    let levels = report(store, "service-level", Grain::Day, friday, saturday, &all).await;
    assert_eq!(levels.rows.len(), 2);
    // In time: a (8 s) and g (20 s) of three answered; c gave up late, d early; f went on to another queue.
    check(
        &levels,
        &levels.rows[0],
        &[
            ("offered", 6),
            ("answered", 3),
            ("in_time", 2),
            ("abandoned", 1),
            ("abandoned_short", 1),
            // 2 ÷ (3 + 1); 2 ÷ 3; (2 + 2) ÷ (3 + 2); 1 ÷ (6 − 1); (8 + 45 + 20) ÷ 3.
            ("service_level", 500),
            ("service_level_answered", 667),
            ("service_level_2", 800),
            ("abandon_rate", 200),
            ("asa", 243),
            ("longest", 600),
        ],
    );
    check(&levels, levels.total.as_ref().unwrap(), &[("offered", 7), ("answered", 4), ("service_level", 600)]);
    // The two days before had nobody.
    check(&levels, levels.previous.as_ref().unwrap(), &[("offered", 0)]);
    let after = report(store, "service-level", Grain::Day, saturday, saturday, &all).await;
    check(&after, after.previous.as_ref().unwrap(), &[("offered", 6), ("answered", 3)]);

    let quarters = report(store, "service-level", Grain::Quarter, friday, friday, &all).await;
    let spans: Vec<_> =
        quarters.rows.iter().map(|row| (quarters.cell(row, "time").cloned().unwrap(), whole(&quarters, row, "offered"))).collect();
    let span = |text: &str, offered| (Cell::Text(text.into()), offered);
    assert_eq!(spans, [span("2026-11-20 12:00", 2), span("2026-11-20 12:15", 2), span("2026-11-20 13:00", 1), span("2026-11-20 18:00", 1)]);
    let english = Filter { queue: Some("order-en".into()), ..Filter::default() };
    let english = report(store, "waits", Grain::Day, friday, friday, &english).await;
    check(&english, &english.rows[0], &[("offered", 1), ("within_10", 0), ("within_20", 1000)]);
    let queues = report(store, "queues", Grain::Day, friday, friday, &all).await;
    check(&queues, &queues.rows[1], &[("offered", 5), ("moved", 1), ("call_backs", 1), ("answered", 2)]);

    // Three conversations of 120 s with 6 s of hold; one wrap-up of 30 s: (360 + 30) ÷ 3.
    let agents = report(store, "agents", Grain::Day, friday, friday, &all).await;
    check(&agents, &agents.rows[0], &[("handled", 3), ("aht", 1300), ("att", 1200), ("hold", 60), ("acw", 100)]);
    // (60 + 360 + 180) ÷ (that + 600); ÷ 1500 s of being signed in.
    check(&agents, &agents.rows[0], &[("occupancy", 500), ("utilisation", 400), ("signed_in", 15_000)]);
    let codes = report(store, "dispositions", Grain::Day, friday, friday, &all).await;
    assert_eq!(codes.cell(&codes.rows[0], "code_zh"), Some(&Cell::Text("下单-外送".into())));

    // Five calls were taken, one of them with an agent, one refused; an order without an agent is self-served.
    let lines = report(store, "lines", Grain::Day, friday, friday, &all).await;
    check(&lines, &lines.rows[0], &[("calls", 5), ("taken", 5), ("refused", 1), ("ordered", 1), ("self_served", 1), ("containment", 200)]);
    let funnel = report(store, "ivr-funnel", Grain::Day, friday, friday, &all).await;
    let came: Vec<i64> = funnel.rows.iter().map(|row| whole(&funnel, row, "came")).collect();
    assert_eq!(came, [5, 2, 2, 1, 1]);
    let nodes = report(store, "ivr", Grain::Day, friday, friday, &all).await;
    let dish = nodes.rows.iter().find(|row| nodes.cell(row, "node") == Some(&Cell::Text("order.dish".into()))).unwrap();
    check(&nodes, dish, &[("in_calls", 2), ("times", 3)]);
    let peaks = report(store, "peaks", Grain::Day, friday, saturday, &all).await;
    let noon = peaks.rows.iter().find(|row| peaks.cell(row, "hour") == Some(&Cell::Text("12:00".into()))).unwrap();
    check(&peaks, noon, &[("calls", 3), ("offered", 3), ("service_level", 667), ("abandoned", 0)]);
    let week = report(store, "peaks-by-weekday", Grain::Day, friday, saturday, &all).await;
    let is = |row: &[Cell], key: &str, word: &str| week.cell(row, key) == Some(&Cell::Text(word.into()));
    let noon = |day: &str| week.rows.iter().find(|row| is(row, "weekday_en", day) && is(row, "hour", "12:00")).unwrap();
    check(&week, noon("Friday"), &[("calls", 4), ("offered", 4)]);
    check(&week, noon("Saturday"), &[("calls", 1), ("offered", 1)]);
    assert!(is(noon("Saturday"), "weekday_zh", "星期六"));
    // One number, all day: who orders has not come back about the same; k2, k3 and k4 have, and h on the next day.
    let first = report(store, "first-contact", Grain::Day, friday, saturday, &all).await;
    check(&first, &first.rows[0], &[("contacts", 5), ("returned", 3), ("fcr", 400)]);
    check(&first, &first.rows[1], &[("contacts", 1), ("returned", 1), ("fcr", 0)]);
    let quality = report(store, "quality", Grain::Day, friday, friday, &all).await;
    check(&quality, &quality.rows[0], &[("spoken", 5), ("one_way", 0), ("lossy", 0)]);
}

/// Adds all ended days up, in the two steps that it takes.
async fn roll(store: &Store, now: Timestamp) -> usize {
    store.roll_reports(100, now).await.unwrap() + store.roll_reports(100, now.after(2 * MINUTE)).await.unwrap()
}

pub async fn c102_known_calls_give_known_figures_added_up_or_not(database: Database) {
    let store = database.store().await;
    fill(&store).await;
    friday_is_right(&store).await;
    assert_eq!(roll(&store, at(21, 14, 0)).await, 1, "Friday is over, Saturday is not");
    friday_is_right(&store).await;
    assert_eq!(roll(&store, at(21, 15, 0)).await, 0, "nothing has changed since");
}

pub async fn c102_a_late_change_is_told_at_once(database: Database) {
    let store = database.store().await;
    fill(&store).await;
    assert_eq!(roll(&store, at(22, 14, 0)).await, 2);
    let friday = date(2026, 11, 20);
    let offered = |store: Store| async move {
        let table = report(&store, "service-level", Grain::Day, friday, friday, &Filter::default()).await;
        whole(&table, &table.rows[0], "offered")
    };
    // Written late, as after a store that was away.
    let late = Caller { id: "late", at: at(20, 20, 0), queue: "order-zh", waited: SECOND, how: QueueOutcome::Answered };
    store.keep("n1", &facts(&late), at(22, 14, 5)).await.unwrap();
    store.record_calls("n1", &[], &[call("late", at(20, 20, 0), Reason::Finished, &[], None)]).await.unwrap();
    assert_eq!(offered(store.clone()).await, 7);
    let lines = report(&store, "lines", Grain::Day, friday, friday, &Filter::default()).await;
    check(&lines, &lines.rows[0], &[("calls", 6)]);
    assert_eq!(roll(&store, at(22, 14, 10)).await, 1, "the day is added up again");
    assert_eq!(offered(store).await, 7);
}

pub async fn c102_orders_by_branch_hour_channel_and_dish(database: Database) {
    let (store, catalogue) = database.shop().await;
    let friday = saturday().before(DAY);
    let (first, _) = confirmed(place(&store, &catalogue, &request("k1", "13811110001"), friday).await);
    confirmed(place(&store, &catalogue, &request("k2", "13811110002"), friday.after(20 * MINUTE)).await);
    confirmed(place(&store, &catalogue, &request("k3", "13811110003"), saturday()).await);
    let (from, to) = (date(2026, 11, 20), date(2026, 11, 21));
    let (chain, one, two) =
        (Filter::default(), Filter { branch: Some(1), ..Filter::default() }, Filter { branch: Some(2), ..Filter::default() });
    for added_up in [false, true] {
        if added_up {
            assert_eq!(roll(&store, saturday().after(MINUTE)).await, 1);
        }
        let branches = report(&store, "orders-by-branch", Grain::Day, from, to, &chain).await;
        assert_eq!(branches.rows.len(), 1);
        check(&branches, &branches.rows[0], &[("orders", 3), ("sales", 30_750), ("average_order", 10_250), ("cancelled", 0)]);
        assert!(matches!(branches.cell(&branches.rows[0], "branch_zh"), Some(Cell::Text(name)) if name.len() > 3));
        for (filter, orders) in [(&chain, 3), (&one, 3), (&two, 0)] {
            let days = report(&store, "orders", Grain::Day, from, to, filter).await;
            check(&days, days.total.as_ref().unwrap(), &[("placed", orders)]);
        }
        let hours = report(&store, "orders-by-hour", Grain::Day, from, to, &chain).await;
        assert_eq!((hours.rows.len(), whole(&hours, &hours.rows[0], "placed")), (1, 3));
        let channels = report(&store, "orders-by-channel", Grain::Day, from, to, &chain).await;
        assert_eq!(channels.cell(&channels.rows[0], "via"), Some(&Cell::Text("keypad".into())));
        let guests = report(&store, "customers", Grain::Day, from, to, &chain).await;
        check(&guests, guests.total.as_ref().unwrap(), &[("guest_orders", 3), ("first_orders", 3), ("regulars", 0), ("member_orders", 0)]);
        let taken_off = report(&store, "discounts", Grain::Day, from, to, &chain).await;
        assert!(taken_off.rows.is_empty(), "{taken_off:?}");
        for filter in [&chain, &one] {
            let dishes = report(&store, "dishes", Grain::Day, from, to, filter).await;
            let kungpao = dishes.rows.iter().find(|row| dishes.cell(row, "dish") == Some(&Cell::Text("18".into()))).unwrap();
            check(&dishes, kungpao, &[("portions", 6), ("lines", 3)]);
            assert_eq!(dishes.cell(kungpao, "dish_zh"), Some(&Cell::Text("宫保鸡丁".into())));
        }
    }
    // A number that has ordered before.
    confirmed(place(&store, &catalogue, &request("k4", "13811110002"), saturday().after(2 * MINUTE)).await);
    let guests = report(&store, "customers", Grain::Day, to, to, &chain).await;
    check(&guests, &guests.rows[0], &[("guest_orders", 2), ("first_orders", 1), ("regulars", 500)]);
    // Friday was added up; a cancel of one of its orders is told at once.
    store.move_order(&first, OrderStatus::New, OrderStatus::Cancelled, saturday().after(5 * MINUTE)).await.unwrap();
    let branches = report(&store, "orders-by-branch", Grain::Day, from, to, &chain).await;
    check(&branches, &branches.rows[0], &[("orders", 3), ("sales", 30_750), ("cancelled", 1), ("cancel_rate", 250)]);
    let days = report(&store, "orders", Grain::Day, from, to, &one).await;
    check(&days, days.total.as_ref().unwrap(), &[("placed", 3)]);
}

pub async fn c102_a_second_ticket_about_an_order_is_a_second_contact(database: Database) {
    let (store, catalogue) = database.shop().await;
    let friday = saturday().before(DAY);
    let (order, _) = confirmed(place(&store, &catalogue, &request("k1", "13811110001"), friday).await);
    let ticket = |order: Option<&dinetone::domain::OrderId>, call: Option<&str>| dinetone::domain::NewTicket {
        kind: dinetone::domain::TicketKind::Complaint,
        severity: None,
        customer: None,
        phone: None,
        order: order.cloned(),
        call: call.map(CallId::new),
        recording: None,
        words: "洒了".into(),
        by: "李娜".into(),
    };
    // A complaint by telephone; the wife complains from her own number; then by letter, typed in by somebody.
    let mut calls = vec![
        call("t1", friday.after(60 * MINUTE), Reason::Finished, &[], None),
        call("t2", friday.after(90 * MINUTE), Reason::Finished, &[], None),
    ];
    calls[1].0.caller = Some(phone("13811110002"));
    store.record_calls("n1", &[], &calls).await.unwrap();
    store.open_ticket(&ticket(Some(&order), Some("t1")), friday.after(61 * MINUTE)).await.unwrap();
    let day = date(2026, 11, 20);
    let contacts = async || {
        let table = report(&store, "first-contact", Grain::Day, day, day, &Filter::default()).await;
        (whole(&table, &table.rows[0], "contacts"), whole(&table, &table.rows[0], "returned"))
    };
    assert_eq!(contacts().await, (2, 0));
    store.open_ticket(&ticket(Some(&order), Some("t2")), friday.after(91 * MINUTE)).await.unwrap();
    store.open_ticket(&ticket(None, None), friday.after(92 * MINUTE)).await.unwrap();
    assert_eq!(contacts().await, (2, 1), "the same order, another number");
    roll(&store, saturday().after(MINUTE)).await;
    store.open_ticket(&ticket(Some(&order), None), friday.after(120 * MINUTE)).await.unwrap();
    assert_eq!(contacts().await, (3, 2), "told at once on a day that was added up");
    roll(&store, saturday().after(10 * MINUTE)).await;
    assert_eq!(contacts().await, (3, 2));
}

pub async fn c102_half_of_the_orders_are_accepted_within_the_median(database: Database) {
    use dinetone::order::life::{Actor, Step as Deed};
    let (store, catalogue) = database.shop().await;
    let friday = saturday().before(DAY);
    for (place_of, seconds) in [8_u32, 12, 18, 25, 400].into_iter().enumerate() {
        let wanted = request(&format!("k{place_of}"), &format!("1381111000{place_of}"));
        let (order, _) = confirmed(place(&store, &catalogue, &wanted, friday).await);
        let accept = Deed::Accept { minutes: None };
        store.order_step(&order, None, &accept, &Actor::system(), friday.after(seconds * SECOND)).await.unwrap();
    }
    let day = date(2026, 11, 20);
    for added_up in [false, true] {
        if added_up {
            assert_eq!(roll(&store, saturday().after(MINUTE)).await, 1);
        }
        let table = report(&store, "branch-acceptance", Grain::Day, day, day, &Filter::default()).await;
        // The middle of five lies half-way into 15 to 20 s; the 4.75th three quarters into 300 to 600 s. A mean would say 92.6.
        check(&table, &table.rows[0], &[("accepted", 5), ("accept_time", 926), ("accept_p50", 175), ("accept_p95", 5250)]);
    }
}

pub async fn c103_the_same_weekdays_before_say_how_many_are_needed(database: Database) {
    use dinetone::report::staffing::{Goal, plan};
    let store = database.store().await;
    fill(&store).await;
    let goal = Goal { target: 0.8, within_s: 20.0, shrinkage: 0.3 };
    // Friday 27 November has one Friday before it: three conversations of 130 s, six callers.
    for added_up in [false, true] {
        if added_up {
            roll(&store, at(22, 14, 0)).await;
        }
        let past = store.past_days(date(2026, 11, 27), None, 4).await.unwrap();
        let plan = plan(&past, goal).unwrap();
        assert_eq!((plan.based_on.as_slice(), plan.handling_s), ([date(2026, 11, 20)].as_slice(), 130.0));
        let busy: Vec<_> = plan.spans.iter().filter(|span| span.calls > 0.0).map(|span| (span.minute / 30, span.calls)).collect();
        assert_eq!(busy, [(24, 4.0), (26, 1.0), (36, 1.0)]);
        let english = store.past_days(date(2026, 11, 27), Some("order-en"), 4).await.unwrap();
        assert_eq!((english[0].handled, english[0].offered[36]), (1, 1));
    }
    assert!(store.past_days(date(2026, 11, 25), None, 4).await.unwrap().is_empty(), "no Wednesday yet");
}

pub async fn c67_adherence_is_time_at_work_within_the_plan(database: Database) {
    let store = database.store().await;
    let (friday, saturday) = (date(2026, 11, 20), date(2026, 11, 21));
    let time = |text: &str| ClockTime::parse(text).unwrap();
    let planned = |who: &str, spans: &[(&str, &str)]| PlannedDay {
        agent: UserId::new(who),
        day: friday,
        spans: spans.iter().map(|(from, until)| (time(from), time(until))).collect(),
    };
    // The second plan takes the place of the first.
    store.plan(&[planned("u-lina", &[("08:00", "18:00")])]).await.unwrap();
    let plans = [
        planned("u-lina", &[("09:00", "12:00"), ("13:00", "17:00")]),
        planned("u-zhou", &[("22:00", "02:00")]),
        planned("u-gone", &[("18:00", "24:00")]),
    ];
    store.plan(&plans).await.unwrap();
    assert_eq!(store.planned(friday, saturday, Some(&UserId::new("u-lina"))).await.unwrap(), plans[..1]);
    let here = |who: &str, from: Timestamp, until: Timestamp| Fact::Presence { agent: UserId::new(who), run: "n1-1".into(), from, until };
    let facts = [
        // Ten minutes late, then until after the end; an hour too short in the afternoon.
        here("u-lina", at(20, 9, 10), at(20, 11, 0)),
        here("u-lina", at(20, 9, 10), at(20, 12, 5)),
        here("u-lina", at(20, 12, 50), at(20, 16, 0)),
        here("u-zhou", at(20, 21, 55), at(21, 1, 0)),
    ];
    store.keep("n1", &facts, at(21, 1, 0)).await.unwrap();
    let told = async |from, to, now| {
        let filter = Filter { now: Some(now), ..Filter::default() };
        let table = report(&store, "adherence", Grain::Day, from, to, &filter).await;
        let figures = ["planned", "in_plan", "adherence"];
        let of = |row: &Vec<Cell>| figures.map(|key| if let Some(Cell::Tenths(tenths)) = table.cell(row, key) { *tenths } else { -1 });
        table.rows.iter().map(of).collect::<Vec<_>>()
    };
    // By name of the agent: gone (6 h), lina (7 h, of which 170 + 180 minutes), zhou (2 h before midnight).
    let day = [[216_000, 0, 0], [252_000, 210_000, 833], [72_000, 72_000, 1000]];
    assert_eq!(told(friday, friday, at(22, 0, 0)).await, day);
    assert_eq!(told(saturday, saturday, at(22, 0, 0)).await, [[72_000, 36_000, 500]], "what runs over midnight is cut there");
    // At ten on Friday an hour of lina's shift has been.
    assert_eq!(told(friday, friday, at(20, 10, 0)).await, [[36_000, 30_000, 833]]);
    store.plan(&[PlannedDay { spans: Vec::new(), ..plans[1].clone() }]).await.unwrap();
    assert_eq!(told(saturday, saturday, at(22, 0, 0)).await, [[0; 3]; 0]);
}
