//! What people leave behind: wrap-ups, missed callers, call-backs, drafts, changed customers, orders taken down by hand.

use dinetone::domain::{
    BlockLevel, CallBack, CallBackStatus, CallId, CallPart, CallRecord, Disposition, Fact, Identity, Language, MissedCaller, MissedKind,
    Money, OrderStatus, PartKind, Place, PlacedVia, QueueId, QueueOutcome, QueueVisit, Timestamp, UserId, WrapUp,
};
use dinetone::ivr::question::Placed;
use dinetone::store::{Author, BlockWish, CallFilter, CustomerEdit, Store, StoreError, TakenDown, Wished};
use std::time::Duration;

use super::calls::call;
use super::kit::{DAY, Database, MINUTE, branch, clock, confirmed, node, phone, request, saturday};
use super::pop::author;

const SECOND: Duration = Duration::from_secs(1);

fn lina() -> UserId {
    UserId::new("u-lina")
}

fn visit(id: &str, number: &str, entered_at: Timestamp) -> QueueVisit {
    QueueVisit {
        id: id.into(),
        call: CallId::new(format!("call-{id}")),
        queue: QueueId::new("order-zh"),
        phone: Some(phone(number)),
        customer: None,
        language: Language::Mandarin,
        entered_at,
        left: None,
        agent: None,
        is_callback: false,
    }
}

fn left(mut visit: QueueVisit, after: Duration, outcome: QueueOutcome) -> Fact {
    visit.left = Some((visit.entered_at.after(after), outcome));
    Fact::Visit(visit)
}

fn record(id: &str, number: &str, arrived_at: Timestamp) -> CallRecord {
    CallRecord { caller: Some(phone(number)), ..call(id, arrived_at) }
}

fn missed(number: &str, call: &str, at: Timestamp) -> MissedCaller {
    let (call, queue) = (Some(CallId::new(call)), Some(QueueId::new("order-zh")));
    MissedCaller { kind: MissedKind::Abandoned, call, phone: phone(number), customer: None, queue, at }
}

fn wish(id: &str, number: &str) -> CallBack {
    CallBack {
        id: id.into(),
        phone: phone(number),
        customer: None,
        queue: QueueId::new("order-zh"),
        language: Language::Mandarin,
        call: Some(CallId::new("c1")),
        since: saturday(),
        not_before: saturday(),
        not_after: Some(saturday().after(60 * MINUTE)),
        tries: 0,
        status: CallBackStatus::Wanted,
    }
}

pub async fn c64_a_call_tells_who_spoke_with_whom_and_how_it_was_summed_up(database: Database) {
    let (store, _) = database.shop().await;
    let call = CallId::new("call-v1");
    store.record_calls("n1", &[record("call-v1", "13811112222", saturday())], &[]).await.unwrap();
    let part = CallPart {
        id: "p1".into(),
        call: call.clone(),
        kind: PartKind::Agent,
        agent: Some(lina()),
        name: "李娜".into(),
        queue: Some(QueueId::new("order-zh")),
        from: saturday().after(12 * SECOND),
        until: None,
        began: "ring".into(),
        ended: String::new(),
        held_ms: 0,
        note: String::new(),
    };
    let waiting = visit("v1", "13811112222", saturday());
    store.keep("n1", &[Fact::Visit(waiting.clone()), Fact::Part(part.clone())], saturday()).await.unwrap();
    let ended = CallPart { until: Some(saturday().after(90 * SECOND)), ended: "caller_gone".into(), held_ms: 3000, ..part };
    let facts = [left(waiting, 12 * SECOND, QueueOutcome::Answered), Fact::Part(ended.clone())];
    for _ in 0..2 {
        store.keep("n1", &facts, saturday()).await.unwrap();
    }
    let typing = WrapUp {
        call: call.clone(),
        agent: lina(),
        agent_name: "李娜".into(),
        customer: None,
        phone: Some(phone("13811112222")),
        disposition: None,
        note: "要发票".into(),
        order: None,
        follow: String::new(),
    };
    store.record_wrap_up(&typing, saturday()).await.unwrap();
    assert_eq!(store.wrap_up(&call, &lina()).await.unwrap(), Some(typing.clone()), "what was being typed is there after a reload");
    let saved = WrapUp { disposition: Disposition::new(41), note: "要发票,抬头个人".into(), ..typing.clone() };
    store.record_wrap_up(&saved, saturday().after(MINUTE)).await.unwrap();
    store.keep("n1", &[Fact::WrapUp(typing)], saturday().after(2 * MINUTE)).await.unwrap();
    let story = store.call_story("call-v1@trunk").await.unwrap().unwrap();
    assert_eq!(story.parts, [ended]);
    assert_eq!(
        story.visits.iter().map(|visit| visit.left).collect::<Vec<_>>(),
        [Some((saturday().after(12 * SECOND), QueueOutcome::Answered))]
    );
    assert_eq!(story.wrap_ups, [(saved, saturday().after(MINUTE))], "a late draft takes nothing away");
    let listed = store.calls_with_people(&CallFilter { agent: Some(lina()), ..CallFilter::default() }).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].1.waited_ms, listed[0].1.disposition, listed[0].1.abandoned), (12_000, Some(41), false));
    assert_eq!(listed[0].1.agent, Some((lina(), "李娜".into())));
    assert!(store.calls(&CallFilter { agent: Some(UserId::new("other")), ..CallFilter::default() }).await.unwrap().is_empty());
    assert!(store.call_story("nothing").await.unwrap().is_none());
}

pub async fn c69_a_missed_caller_is_returned_by_one_person_and_leaves_when_they_call_again(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.record_missed(&missed("13811112222", "c1", saturday())).await.unwrap();
    store.record_missed(&missed("13811112222", "c1", saturday())).await.unwrap();
    store.record_missed(&missed("13811112222", "c2", saturday().after(MINUTE))).await.unwrap();
    store.record_missed(&missed("13811113333", "c3", saturday())).await.unwrap();
    store.record_missed(&missed("13811114444", "c4", saturday().after(SECOND))).await.unwrap();
    let open = store.missed(None, 100).await.unwrap();
    assert_eq!(
        open.iter().map(|entry| (entry.caller.phone.reveal(), entry.times)).collect::<Vec<_>>(),
        [("13811113333", 1), ("13811114444", 1), ("13811112222", 2)]
    );
    let id = open[2].id.clone();
    let zhao = Author { user: UserId::new("u-zhao"), name: "赵敏".into() };
    store.take_missed(&id, &author(), saturday()).await.unwrap();
    assert!(matches!(store.take_missed(&id, &zhao, saturday()).await, Err(StoreError::Conflict)));
    store.take_missed(&id, &zhao, saturday().after(31 * MINUTE)).await.unwrap();
    store.close_missed(&id, "no answer", &zhao, saturday().after(32 * MINUTE)).await.unwrap();
    assert!(matches!(store.close_missed(&id, "again", &zhao, saturday()).await, Err(StoreError::Conflict)));
    // One calls again, the other orders.
    store.record_calls("n1", &[record("c9", "13811113333", saturday().after(MINUTE))], &[]).await.unwrap();
    confirmed(super::kit::place(&store, &catalogue, &request("k1", "13811114444"), saturday().after(MINUTE)).await);
    assert_eq!(store.missed(None, 100).await.unwrap(), []);
    let how = |done: Option<(Timestamp, String, String)>| done.map(|(_, how, _)| how).unwrap_or_default();
    let mut closed: Vec<String> = store.missed(Some(saturday()), 100).await.unwrap().into_iter().map(|entry| how(entry.done)).collect();
    closed.sort();
    assert_eq!(closed, ["called again", "no answer", "ordered"]);
    // In vain once more: a new entry.
    store.record_missed(&missed("13811113333", "c9", saturday().after(2 * MINUTE))).await.unwrap();
    assert_eq!(store.missed(None, 100).await.unwrap().len(), 1);
}

pub async fn i8_a_call_back_is_dialled_by_one_at_a_time_and_done_once(database: Database) {
    let store = database.store().await;
    assert_eq!(store.keep_call_back(&wish("b1", "13811112222"), "asked", saturday()).await.unwrap(), Wished::Kept);
    let second = store.keep_call_back(&wish("b2", "13811112222"), "asked", saturday()).await.unwrap();
    assert_eq!(second, Wished::Already { id: "b1".into() }, "one number, one open wish");
    // Ten nodes at once: one may dial.
    let mut tries = Vec::new();
    for node in 0..10 {
        let store = store.clone();
        tries.push(tokio::spawn(
            async move { store.claim_call_back("b1", &format!("n{node}"), saturday().after(MINUTE), saturday()).await },
        ));
    }
    let mut granted = 0;
    for attempt in tries {
        granted += u32::from(attempt.await.unwrap().unwrap());
    }
    assert_eq!(granted, 1);
    // The claim of a node that was lost ends; who comes second then has it alone.
    let later = saturday().after(2 * MINUTE);
    assert!(store.claim_call_back("b1", "late", later.after(MINUTE), later).await.unwrap());
    assert!(!store.claim_call_back("b1", "later", later.after(MINUTE), later).await.unwrap());
    assert!(!store.call_back_reached("b1", "n0", later).await.unwrap(), "who lost the claim reaches nobody");
    assert!(store.call_back_reached("b1", "late", later).await.unwrap());
    assert!(store.finish_call_back("b1", "reached", later).await.unwrap());
    assert!(!store.finish_call_back("b1", "reached", later).await.unwrap());
    assert!(!store.claim_call_back("b1", "n1", later.after(MINUTE), later).await.unwrap());
    assert!(matches!(store.keep_call_back(&wish("b1", "13811112222"), "asked", later).await, Err(StoreError::Conflict)), "done is done");
    assert_eq!(store.open_call_backs().await.unwrap(), []);
    // A window that has not begun, and one that is over.
    let mut evening = wish("b3", "13811112222");
    evening.not_before = saturday().after(30 * MINUTE);
    store.keep_call_back(&evening, "asked", saturday()).await.unwrap();
    for (minutes, may) in [(29, false), (60, false), (30, true)] {
        let at = saturday().after(minutes * MINUTE);
        assert_eq!(store.claim_call_back("b3", "n1", at.after(MINUTE), at).await.unwrap(), may, "{minutes}");
    }
    // Nobody answered, the second try neither: a person's task.
    evening.tries = 1;
    evening.not_before = saturday().after(35 * MINUTE);
    assert_eq!(store.keep_call_back(&evening, "asked", saturday().after(31 * MINUTE)).await.unwrap(), Wished::Kept);
    assert!(store.fail_call_back("b3", saturday().after(40 * MINUTE)).await.unwrap());
    assert!(!store.fail_call_back("b3", saturday().after(40 * MINUTE)).await.unwrap());
    let tasks = store.missed(None, 10).await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.caller.kind).collect::<Vec<_>>(), [MissedKind::CallBackFailed]);
}

pub async fn i11_c55_callers_whom_a_crash_threw_out_of_the_queue_are_called_back(database: Database) {
    let store = database.store().await;
    let fresh = visit("v1", "13811112222", saturday());
    let old = visit("v2", "13811113333", saturday().before(120 * MINUTE));
    let twice = visit("v3", "13811112222", saturday().after(MINUTE));
    let mut nameless = visit("v4", "13811115555", saturday());
    nameless.phone = None;
    let done = left(visit("v5", "13811116666", saturday()), SECOND, QueueOutcome::Answered);
    let facts = [Fact::Visit(fresh), Fact::Visit(old), Fact::Visit(twice), Fact::Visit(nameless), done];
    store.keep("n1", &facts, saturday()).await.unwrap();
    store.keep("n2", &[Fact::Visit(visit("v6", "13811117777", saturday()))], saturday()).await.unwrap();
    store.keep_call_back(&wish("b1", "13811118888"), "asked", saturday()).await.unwrap();
    assert!(store.claim_call_back("b1", "n1", saturday().after(MINUTE), saturday()).await.unwrap());
    store.close().await;
    let store = database.store().await;
    let now = saturday().after(10 * SECOND);
    let found = store.node_starts(&node("n1", "second"), now).await.unwrap().conversations;
    assert_eq!((found.call_backs, found.missed), (2, 1));
    assert_eq!(store.node_starts(&node("n1", "third"), now).await.unwrap(), dinetone::store::LeftBehind::default(), "once");
    let open = store.open_call_backs().await.unwrap();
    let mut numbers: Vec<_> = open.iter().map(|wish| (wish.phone.reveal(), wish.since, wish.status)).collect();
    numbers.sort_by_key(|(number, _, _)| *number);
    assert_eq!(numbers, [("13811112222", saturday(), CallBackStatus::Wanted), ("13811118888", saturday(), CallBackStatus::Wanted)]);
    assert_eq!(store.missed(None, 10).await.unwrap()[0].caller.phone, phone("13811113333"));
}

pub async fn c61_an_order_taken_down_by_hand_is_checked_and_priced_like_any_other(database: Database) {
    let (store, catalogue) = database.shop().await;
    let taken = TakenDown {
        agent: Some(lina()),
        agent_name: "李娜".into(),
        call: Some(CallId::new("c1")),
        contact: "赵先生".into(),
        remark: "到了打电话".into(),
        notes: vec![Some("不要葱".into()), None],
        typed: Some(false),
        outside: None,
        invoice: None,
    };
    let mut wanted = request("k1", "13811112222");
    wanted.place = Place::Saved { address: String::new(), text: "科技路十八号".into(), branch: branch(1) };
    let fee = catalogue.branches[&branch(1)].delivery_fee;
    let free = catalogue.branches[&branch(1)].free_delivery_from.is_some_and(|from| Money::fen(10_250) >= from);
    wanted.heard = Money::fen(10_250).plus(if free { Money::ZERO } else { fee });
    let place = |wanted: &dinetone::ivr::question::OrderRequest, taken: &TakenDown| {
        let (store, catalogue, wanted, taken) = (store.clone(), catalogue.clone(), wanted.clone(), taken.clone());
        async move { store.place_order_by(&wanted, PlacedVia::Agent, &taken, saturday(), &catalogue).await.unwrap() }
    };
    let (id, number) = confirmed(place(&wanted, &taken).await);
    assert_eq!(confirmed(place(&wanted, &taken).await).1, number, "the same key is the same order");
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!((order.via, order.status), (PlacedVia::Agent, OrderStatus::AddressCheck), "nobody has said which branch covers it");
    assert_eq!(order.lines[0].note.as_deref(), Some("不要葱"));
    let pop = store.pop(None, Some(&phone("13811112222")), Identity::Caller, saturday()).await.unwrap();
    assert_eq!((pop.name.as_str(), pop.addresses[0].text.as_str(), pop.addresses[0].unchecked), ("赵先生", "科技路十八号", true));
    assert_eq!(pop.orders[0].lines[0].note.as_deref(), Some("不要葱"));
    // The address that is unchecked cannot be used without somebody who lets it through, by name and reason.
    let mut again = wanted.clone();
    (again.key, again.again) = ("k2".into(), true);
    again.place = Place::Saved { address: pop.addresses[0].id.clone(), text: "科技路十八号".into(), branch: branch(1) };
    let plain = TakenDown { typed: None, ..taken.clone() };
    assert_eq!(place(&again, &plain).await, Placed::Outside);
    let named = TakenDown { outside: Some(("王主管".into(), "常客".into())), ..plain };
    confirmed(place(&again, &named).await);
    let story = store.calls(&CallFilter::default()).await.unwrap();
    assert!(story.is_empty());
    // Sold out for the keypad is sold out for people.
    store.set_sold_out(super::kit::dish(18), None, saturday().after(DAY)).await.unwrap();
    (again.key, again.place) = ("k3".into(), Place::Pickup { branch: branch(1) });
    assert_eq!(place(&again, &TakenDown::default()).await, Placed::SoldOut(vec![super::kit::dish(18)]));
}

pub async fn c63_drafts_are_kept_for_a_day_for_their_agent(database: Database) {
    let store = database.store().await;
    store.save_draft(&lina(), "d1", "李先生", "{\"a\":1}", saturday()).await.unwrap();
    store.save_draft(&lina(), "d1", "李先生", "{\"a\":2}", saturday().after(MINUTE)).await.unwrap();
    store.save_draft(&UserId::new("other"), "d1", "x", "{}", saturday()).await.unwrap();
    let drafts = store.drafts(&lina(), saturday().after(DAY)).await.unwrap();
    assert_eq!(drafts.iter().map(|draft| (draft.key.as_str(), draft.body.as_str())).collect::<Vec<_>>(), [("d1", "{\"a\":2}")]);
    assert!(store.drafts(&lina(), saturday().after(DAY).after(MINUTE)).await.unwrap().is_empty());
    for number in 0..60 {
        store.save_draft(&lina(), &format!("n{number}"), "", "{}", saturday().after(SECOND * (100 + number))).await.unwrap();
    }
    assert_eq!(store.drafts(&lina(), saturday().after(DAY)).await.unwrap().len(), 50, "the oldest go first");
    store.drop_draft(&lina(), "n59").await.unwrap();
    assert_eq!(store.drafts(&lina(), saturday().after(DAY)).await.unwrap().len(), 49);
}

pub async fn c58_customers_are_found_and_every_change_leaves_a_trace(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let names = |query: &'static str| {
        let store = store.clone();
        async move { store.search_customers(query).await.unwrap().into_iter().map(|found| found.name).collect::<Vec<_>>() }
    };
    assert_eq!(names("102938").await, ["王晓梅"]);
    assert_eq!(names("+86 139-0013-9000").await, ["李建国"]);
    assert_eq!(names("9000").await, ["李建国"]);
    assert_eq!(names("37000").await.len(), 2);
    assert_eq!(names("陈").await, ["陈浩", "陈静"]);
    assert_eq!(names("晓").await, ["王晓梅"]);
    for nobody in ["", "%", "_", "\\", "000", "'; drop table orders; --", "13899998888"] {
        assert_eq!(names(nobody).await, Vec::<String>::new(), "{nobody}");
    }
    let customer = store.create_customer("周先生", &[phone("13811112222")], &author(), saturday()).await.unwrap();
    let edit =
        CustomerEdit { allergies: Some(vec!["花生".into(), "海鲜".into()]), note: Some("按铃".into()), ..CustomerEdit::default() };
    store.edit_customer(&customer, &edit, "", &author(), saturday().after(MINUTE)).await.unwrap();
    store.edit_customer(&customer, &edit, "", &author(), saturday().after(MINUTE)).await.unwrap();
    store.set_phones(&customer, &[phone("13811112222"), phone("02164380009")], &author(), saturday().after(2 * MINUTE)).await.unwrap();
    let address =
        store.add_address(&customer, "家", "科技路十八号", Some(branch(1)), &author(), saturday().after(3 * MINUTE)).await.unwrap();
    confirmed(super::kit::place(&store, &catalogue, &request("k1", "13811112222"), saturday().after(4 * MINUTE)).await);
    store
        .set_block(&phone("13811112222"), BlockWish::Block(BlockLevel::Soft), None, "骚扰", &author(), saturday().after(5 * MINUTE))
        .await
        .unwrap();
    let pop = store.pop(None, Some(&phone("021-64380009")), Identity::Caller, saturday().after(6 * MINUTE)).await.unwrap();
    assert_eq!((pop.allergies.len(), pop.note.as_str(), pop.phones.len(), pop.addresses.as_slice()), (2, "按铃", 2, [address].as_slice()));
    assert_eq!(pop.block, Some(BlockLevel::Soft), "of another of their numbers");
    let happened = store.timeline(&customer, 50).await.unwrap();
    let kinds: Vec<_> = happened.iter().map(|entry| (entry.kind.as_str(), entry.subject.as_str(), entry.by.as_str())).collect();
    assert_eq!(
        &kinds[..4],
        [("block", "soft", "王主管"), ("order", "2611210003", ""), ("change", "address", "王主管"), ("change", "phones", "王主管")]
    );
    assert_eq!(kinds.len(), 7, "what was not changed leaves no trace: {kinds:?}");
    let nobody = dinetone::domain::CustomerId::new("gone");
    assert!(matches!(store.edit_customer(&nobody, &edit, "", &author(), saturday()).await, Err(StoreError::Conflict)));
}

pub async fn c68_a_block_names_who_did_it_and_is_undone(database: Database) {
    let (store, _) = database.shop().await;
    let caller = phone("13811112222");
    let until = saturday().after(DAY);
    let id = store.set_block(&caller, BlockWish::Block(BlockLevel::Hard), Some(until), "骚扰", &author(), saturday()).await.unwrap();
    let listed = store.block_entries(saturday()).await.unwrap();
    assert_eq!(
        listed.iter().map(|entry| (entry.id.as_str(), entry.level.as_str(), entry.by.as_str(), entry.until)).collect::<Vec<_>>(),
        [(id.as_str(), "hard", "王主管", Some(until))]
    );
    assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().block, Some(BlockLevel::Hard), "on the next call");
    assert_eq!(store.lift_block(&id, "误会", &author(), saturday()).await.unwrap(), Some(caller.clone()));
    assert_eq!(store.lift_block(&id, "误会", &author(), saturday()).await.unwrap(), None);
    assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().block, None);
}

pub async fn c102_the_wall_counts_by_the_formulas_of_the_trade(database: Database) {
    let (store, catalogue) = database.shop().await;
    let wall = |store: Store| async move { store.wall(20 * SECOND, 5 * SECOND, saturday().after(120 * MINUTE)).await.unwrap() };
    assert_eq!(wall(store.clone()).await, dinetone::store::Wall::default());
    let noon = clock().timestamp(jiff::civil::date(2026, 11, 21).at(12, 10, 0, 0));
    let facts = [
        left(visit("v1", "13811110001", noon), 10 * SECOND, QueueOutcome::Answered),
        left(visit("v2", "13811110002", noon), 30 * SECOND, QueueOutcome::Answered),
        left(visit("v3", "13811110003", saturday()), 4 * SECOND, QueueOutcome::Abandoned),
        left(visit("v4", "13811110004", saturday()), 40 * SECOND, QueueOutcome::Abandoned),
        left(visit("v5", "13811110005", saturday()), 50 * SECOND, QueueOutcome::CallBack),
        left(visit("v6", "13811110006", saturday().before(DAY)), 50 * SECOND, QueueOutcome::Abandoned),
        Fact::Visit(visit("v7", "13811110007", saturday())),
    ];
    store.keep("n1", &facts, saturday()).await.unwrap();
    // The same caller in a second queue is one caller.
    let mut moved = visit("v8", "13811110001", noon.after(SECOND));
    moved.call = CallId::new("call-v1");
    store.keep("n1", &[left(moved, SECOND, QueueOutcome::Menu)], saturday()).await.unwrap();
    confirmed(super::kit::place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let wall = wall(store).await;
    let today = wall.today;
    assert_eq!((today.offered, today.answered, today.in_time), (6, 2, 1));
    assert_eq!((today.abandoned, today.abandoned_short, today.call_backs), (1, 1, 1));
    assert_eq!((today.in_time_percent(), today.abandon_percent()), (Some(33), Some(20)), "1 of 3; 1 of 5");
    assert_eq!(today.average_wait(), Some(20 * SECOND));
    assert_eq!((today.orders, today.orders_by_agent, today.sales_fen), (1, 0, 10_250));
    assert_eq!(wall.by_hour.keys().copied().collect::<Vec<_>>(), [12, 18]);
    assert_eq!(wall.by_hour[&12].answered, 2);
}
