//! An order's life in the store: steps with their events and tasks, races for one order, points that follow the outcome.

use dinetone::domain::{CartLine, Money, OrderId, Place, RecordingId, Timestamp};
use dinetone::order::life::{Actor, ActorKind, EditLine, Outcome, Owner, RefuseReason, Refused, Rider, Step, TaskKind};
use dinetone::store::{CardFilter, NewTask, Stepped, Store};

use dinetone::store::Placed;

use super::kit::{Database, MINUTE, branch, cart, confirmed, dish, member, phone, place, request, saturday};

fn tablet() -> Actor {
    Actor::new(ActorKind::Branch, "tablet", "一号店").of(branch(1))
}

fn dispatcher() -> Actor {
    Actor::new(ActorKind::Headquarters, "u1", "赵强")
}

async fn step(store: &Store, id: &OrderId, step: Step, by: &Actor, at: Timestamp) -> Stepped {
    store.order_step(id, None, &step, by, at).await.unwrap()
}

async fn done(store: &Store, id: &OrderId, taken: Step, by: &Actor, at: Timestamp) {
    let name = taken.name();
    let stepped = step(store, id, taken, by, at).await;
    assert!(matches!(stepped, Stepped::Done(_)), "{name}: {stepped:?}");
}

async fn kinds(store: &Store) -> Vec<&'static str> {
    store.open_tasks().await.unwrap().iter().map(|task| task.kind).collect()
}

pub async fn c76_every_step_is_an_event_and_a_card(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (id, number) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.number.as_str(), card.owner, card.ring, card.life, card.version), (number.as_str(), "branch", true, 1, 1));
    assert_eq!((card.sent_at, card.due_at), (Some(saturday().as_millis()), Some(saturday().after(MINUTE).as_millis())));
    assert_eq!((card.lines.len(), card.lines[0].zh.as_str(), card.pay_fen), (2, "宫保鸡丁", 10_250));
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    assert_eq!(store.order_step(&id, Some(7), &Step::Seen, &tablet(), at(1)).await.unwrap(), Stepped::Moved, "not what it was");
    done(&store, &id, Step::Seen, &tablet(), at(1)).await;
    done(&store, &id, Step::Accept { minutes: Some(25) }, &tablet(), at(1)).await;
    let elsewhere = Actor::new(ActorKind::Branch, "t2", "二号店").of(branch(2));
    assert_eq!(step(&store, &id, Step::Cook, &elsewhere, at(2)).await, Stepped::Refused(Refused::NotYours));
    done(&store, &id, Step::Cook, &tablet(), at(2)).await;
    done(&store, &id, Step::Ready, &tablet(), at(12)).await;
    done(&store, &id, Step::HandOver { rider: None }, &tablet(), at(15)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.status, card.owner, card.life, card.due_at), ("done", "nobody", 6, None));
    assert_eq!(card.promised_at, at(26).as_millis());
    assert_eq!(card.outcome.as_ref().map(|said| (said.code, said.by.as_str())), Some(("D00", "一号店")));
    let told: Vec<String> = store.order_timeline(&id).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(told, ["placed", "seen", "accept", "cook", "ready", "hand_over"]);
    let journal = store.journal_after(0, 100).await.unwrap();
    let last = serde_json::from_str::<serde_json::Value>(&journal.last().unwrap().data).unwrap();
    assert_eq!((&last["from"], &last["to"], &last["life"], &last["outcome"]), (&"ready".into(), &"done".into(), &6.into(), &"D00".into()));
    assert_eq!(store.cards(&CardFilter { branch: Some(branch(1)), since: None }).await.unwrap(), [], "it is not open any more");
    assert_eq!(store.cards(&CardFilter { branch: Some(branch(1)), since: Some(saturday()) }).await.unwrap().len(), 1);
    assert_eq!(store.cards(&CardFilter { branch: Some(branch(2)), since: Some(saturday()) }).await.unwrap(), []);
    assert_eq!(step(&store, &OrderId::new("none"), Step::Seen, &tablet(), at(1)).await, Stepped::NoOrder);
}

pub async fn c81_a_refusal_opens_a_task_and_takes_the_dish_off_that_branch(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (id, _) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let refuse = Step::Refuse { reason: RefuseReason::SoldOut, dishes: vec![dish(18)], note: "鸡丁没了".into() };
    done(&store, &id, refuse, &tablet(), saturday().after(MINUTE)).await;
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        (tasks[0].kind, tasks[0].words["code"].as_str(), tasks[0].words["note"].as_str()),
        ("refused", Some("sold_out"), Some("鸡丁没了"))
    );
    let now = store.catalogue().await.unwrap();
    assert!(now.is_sold_out(dish(18), Some(branch(1)), saturday().after(2 * MINUTE)));
    assert!(!now.is_sold_out(dish(18), Some(branch(2)), saturday().after(2 * MINUTE)), "the others have it");
    let move_it = Step::Reassign { branch: branch(2), why: "refused".into(), times: None };
    done(&store, &id, move_it.clone(), &dispatcher(), saturday().after(2 * MINUTE)).await;
    assert!(kinds(&store).await.is_empty(), "it has a home again");
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.branch, card.ring, card.refused_by.as_slice(), card.branch_why.as_str()), (2, true, [1_u16].as_slice(), "refused"));
    assert_eq!(step(&store, &id, move_it, &dispatcher(), saturday().after(3 * MINUTE)).await, Stepped::Refused(Refused::Already));
    let nowhere = Step::Reassign { branch: branch(999), why: String::new(), times: None };
    assert!(matches!(step(&store, &id, nowhere, &dispatcher(), saturday()).await, Stepped::Refused(Refused::Field(_))));
}

pub async fn c86_a_granted_change_is_priced_anew_and_raises_the_version(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (id, _) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    done(&store, &id, Step::Accept { minutes: None }, &tablet(), saturday().after(MINUTE)).await;
    let lines: Vec<EditLine> =
        cart(&[(18, 1)]).lines.into_iter().map(|line: CartLine| EditLine { line, note: Some("不要葱".into()) }).collect();
    let agent = Actor::new(ActorKind::Agent, "8003", "周敏");
    // What is not on the menu, or cannot be had there, is not promised; nor is it granted when it has gone meanwhile.
    store.branch_sold_out(branch(1), dish(21), None, "一号店", saturday()).await.unwrap();
    for number in [9998, 21] {
        let lines = cart(&[(number, 1)]).lines.into_iter().map(|line| EditLine { line, note: None }).collect();
        let refused = step(&store, &id, Step::AskEdit { lines, why: "换".into() }, &agent, saturday().after(2 * MINUTE)).await;
        assert!(matches!(refused, Stepped::Refused(Refused::Field(_))), "{number}: {refused:?}");
    }
    done(&store, &id, Step::AskEdit { lines, why: "少点".into() }, &agent, saturday().after(2 * MINUTE)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.pending.as_ref().map(|pending| (pending.kind, pending.by.as_str())), card.pay_fen), (Some(("edit", "周敏")), 10_250));
    done(&store, &id, Step::Grant, &tablet(), saturday().after(3 * MINUTE)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.version, card.pending.is_none(), card.lines.len(), card.pay_fen), (2, true, 1, 3800));
    assert_eq!(card.lines[0].note.as_deref(), Some("不要葱"));
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!((order.goods, order.pay, order.lines.len()), (Money::yuan(38), Money::yuan(38), 1));
}

pub async fn c85_points_follow_what_became_of_the_order(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let number = member("200001");
    let mut wanted = request("k1", "13900139000");
    (wanted.member, wanted.points, wanted.heard) = (Some(number.clone()), 2400, Money::fen(7850));
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    let balance = || async { store.points_balance(&number, saturday().after(9 * MINUTE)).await.unwrap() };
    assert_eq!(balance().await, 50);
    done(&store, &id, Step::Ready, &tablet(), saturday().after(MINUTE)).await;
    done(&store, &id, Step::HandOver { rider: None }, &tablet(), saturday().after(2 * MINUTE)).await;
    assert_eq!(balance().await, 50 + 78);
    done(&store, &id, Step::Undo, &tablet(), saturday().after(2 * MINUTE)).await;
    assert_eq!(balance().await, 50, "it was not fetched after all");
    done(&store, &id, Step::HandOver { rider: None }, &tablet(), saturday().after(3 * MINUTE)).await;
    let never = Step::Correct { code: Outcome::Rejected, note: "没来取".into() };
    done(&store, &id, never, &tablet(), saturday().after(4 * MINUTE)).await;
    assert_eq!(balance().await, 2450, "nothing earned, and what was spent is back");
    assert_eq!(kinds(&store).await, ["undelivered"]);
    done(&store, &id, Step::Correct { code: Outcome::OnTime, note: String::new() }, &tablet(), saturday().after(5 * MINUTE)).await;
    assert_eq!(balance().await, 50 + 78);
    assert!(kinds(&store).await.is_empty());
    done(&store, &id, Step::Correct { code: Outcome::Prank, note: String::new() }, &tablet(), saturday().after(6 * MINUTE)).await;
    assert_eq!((balance().await, kinds(&store).await), (2450, vec!["blacklist"]));
}

pub async fn c85_a_wrong_address_is_looked_at_before_it_is_used_again(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut wanted = request("k1", "13811112222");
    wanted.place = Place::Recorded { recording: RecordingId::new("r1"), branch: branch(1) };
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    assert_eq!(kinds(&store).await, ["address"], "a person listens to it");
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.status, card.owner, card.recording.as_deref()), ("address_check", "headquarters", Some("r1")));
    let written = Step::Address { text: "莘松路五十八号".into(), branch: branch(3), times: None };
    done(&store, &id, written, &dispatcher(), saturday().after(MINUTE)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.status, card.owner, card.branch, card.address.as_str()), ("new", "branch", 3, "莘松路五十八号"));
    assert!(kinds(&store).await.is_empty());
    let kept = store.card_by_phone(&wanted.phone, saturday()).await.unwrap().addresses;
    assert_eq!((kept[0].branch, kept[0].unchecked, kept[0].text.as_str()), (Some(branch(3)), false, "莘松路五十八号"));
    let third = Actor::new(ActorKind::Branch, "t3", "三号店").of(branch(3));
    done(&store, &id, Step::Ready, &third, saturday().after(2 * MINUTE)).await;
    let rider = Rider { id: "r1".into(), name: "老周".into() };
    done(&store, &id, Step::HandOver { rider: Some(rider) }, &third, saturday().after(3 * MINUTE)).await;
    let by_rider = Actor::new(ActorKind::Rider, "r1", "老周").of(branch(3));
    let wrong = Step::Deliver { code: Some(Outcome::WrongAddress), note: String::new(), minutes_late: None };
    done(&store, &id, wrong, &by_rider, saturday().after(30 * MINUTE)).await;
    assert_eq!(kinds(&store).await, ["wrong_address"]);
    let kept = store.card_by_phone(&wanted.phone, saturday()).await.unwrap().addresses;
    assert_eq!((kept[0].branch, kept[0].unchecked), (None, true));
}

/// Forty hands at once, each with what it saw: every step that was taken is one event, and nobody's step is lost or doubled.
pub async fn c76_of_forty_hands_on_one_order_each_change_has_one_author(database: Database) {
    let (store, catalogue) = database.shop().await;
    for round in 0..3 {
        let (id, _) = confirmed(place(&store, &catalogue, &request(&format!("k{round}"), &format!("1381111222{round}")), saturday()).await);
        let seen = store.card(id.as_str()).await.unwrap().unwrap().life;
        let mut hands = Vec::new();
        for hand in 0..40_u32 {
            let (store, id) = (store.clone(), id.clone());
            hands.push(tokio::spawn(async move {
                let (taken, by) = match hand % 3 {
                    0 => (Step::Accept { minutes: None }, tablet()),
                    1 => (Step::Reassign { branch: branch(2), why: "忙".into(), times: None }, dispatcher()),
                    _ => (Step::Cancel { why: "不要了".into() }, dispatcher()),
                };
                store.order_step(&id, Some(seen), &taken, &by, saturday().after(MINUTE)).await.unwrap()
            }));
        }
        let (mut won, mut late) = (0, 0);
        for hand in hands {
            match hand.await.unwrap() {
                Stepped::Done(_) => won += 1,
                Stepped::Moved => late += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((won, late), (1, 39));
        assert_eq!(store.order_timeline(&id).await.unwrap().len(), 2);
    }
    // Without a guard each hand sees what the one before it did: the chain of events has no gap and no fork.
    let (id, _) = confirmed(place(&store, &catalogue, &request("k9", "13811112229"), saturday()).await);
    let mut hands = Vec::new();
    for hand in 0..40_u32 {
        let (store, id) = (store.clone(), id.clone());
        hands.push(tokio::spawn(async move {
            let (taken, by) = match hand % 4 {
                0 => (Step::Accept { minutes: None }, dispatcher()),
                1 => (Step::Reassign { branch: branch(1 + u16::try_from(hand % 3).unwrap()), why: "忙".into(), times: None }, dispatcher()),
                2 => (Step::Undo, dispatcher()),
                _ => (Step::Cook, dispatcher()),
            };
            matches!(store.order_step(&id, None, &taken, &by, saturday().after(MINUTE)).await.unwrap(), Stepped::Done(_))
        }));
    }
    let mut taken = 0;
    for hand in hands {
        taken += i64::from(hand.await.unwrap());
    }
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    let events = store.order_timeline(&id).await.unwrap();
    assert_eq!((card.life, i64::try_from(events.len()).unwrap()), (taken + 1, taken + 1));
    assert_ne!(card.owner, Owner::Nobody.name());
}

pub async fn c81_a_task_is_taken_by_one_and_done_once(database: Database) {
    let (store, _) = database.shop().await;
    let away = NewTask {
        kind: TaskKind::Printer,
        subject: "printer:1".into(),
        order: None,
        number: None,
        branch: Some(branch(1)),
        due_at: None,
        words: serde_json::json!({ "code": "away" }),
    };
    assert!(store.open_task(&away, saturday()).await.unwrap());
    assert!(!store.open_task(&away, saturday().after(MINUTE)).await.unwrap(), "it is open already");
    let task = store.open_tasks().await.unwrap().remove(0);
    let (one, two) = (dinetone::domain::UserId::new("u1"), dinetone::domain::UserId::new("u2"));
    assert!(store.take_task(&task.id, &one, "赵强", saturday()).await.unwrap());
    assert!(!store.take_task(&task.id, &two, "王强", saturday()).await.unwrap());
    assert!(store.finish_task(&task.id, "王强", "换纸", saturday()).await.unwrap());
    assert!(!store.finish_task(&task.id, "赵强", "换纸", saturday()).await.unwrap());
    assert!(store.open_task(&away, saturday().after(MINUTE)).await.unwrap(), "again, later");
    assert!(store.close_tasks(TaskKind::Printer, "printer:1", "back", saturday()).await.unwrap());
    assert!(store.open_tasks().await.unwrap().is_empty());
}

/// An order that nobody at the branch has yet is changed at once: not beyond what its kitchen can do (I7, C78).
pub async fn i7_c78_a_change_before_dispatch_is_held_against_the_kitchen(database: Database) {
    let (store, _) = database.shop().await;
    let by = dinetone::store::Author { user: dinetone::domain::UserId::new("u1"), name: "陈经理".into() };
    let set = [("capacity_items", dinetone::store::HouseValue::Number(Some(6)))];
    store.edit_house(dinetone::store::HousePart::Branch, "1", &set, &by, saturday()).await.unwrap();
    let catalogue = store.catalogue().await.unwrap();
    let later = dinetone::domain::When::At(super::kit::clock().local(saturday().after(180 * MINUTE)));
    let mut orders = Vec::new();
    for key in ["k1", "k2"] {
        let wanted = dinetone::store::OrderRequest { when: later, again: true, ..request(key, "13811112222") };
        orders.push(confirmed(place(&store, &catalogue, &wanted, saturday()).await).0);
    }
    let edit = async |id: &OrderId, lines: &[(u16, u16)]| {
        let lines = cart(lines).lines.into_iter().map(|line| EditLine { line, note: None }).collect();
        step(&store, id, Step::AskEdit { lines, why: "多来几份".into() }, &dispatcher(), saturday().after(MINUTE)).await
    };
    let full = edit(&orders[0], &[(18, 4)]).await;
    assert!(matches!(full, Stepped::Refused(Refused::Field(why)) if why.contains("kitchen")), "{full:?}");
    assert!(matches!(edit(&orders[0], &[(18, 1), (61, 2)]).await, Stepped::Done(_)), "as many as before");
    assert!(matches!(edit(&orders[1], &[(18, 1)]).await, Stepped::Done(_)), "fewer");
    assert!(matches!(edit(&orders[0], &[(18, 3), (61, 2)]).await, Stepped::Done(_)), "there is room now");
    assert!(matches!(edit(&orders[1], &[(18, 2)]).await, Stepped::Refused(_)));
}

/// Zones and the kitchen's room are checked in the transaction that confirms, by the function that quotes (I7, C77, C78).
pub async fn i7_c78_nobody_can_promise_more_than_a_kitchen_can_do(database: Database) {
    let (store, _) = database.shop().await;
    let by = dinetone::store::Author { user: dinetone::domain::UserId::new("u1"), name: "陈经理".into() };
    let set = [("capacity_items", dinetone::store::HouseValue::Number(Some(9)))];
    store.edit_house(dinetone::store::HousePart::Branch, "1", &set, &by, saturday()).await.unwrap();
    let catalogue = store.catalogue().await.unwrap();
    let mut hands = Vec::new();
    for hand in 0..8 {
        let (store, catalogue) = (store.clone(), catalogue.clone());
        hands.push(tokio::spawn(async move {
            let wanted = request(&format!("k{hand}"), &format!("1381111333{hand}"));
            matches!(place(&store, &catalogue, &wanted, saturday()).await, Placed::Confirmed { .. })
        }));
    }
    let mut confirmed_orders = 0;
    for hand in hands {
        confirmed_orders += u32::from(hand.await.unwrap());
    }
    assert_eq!(confirmed_orders, 3, "three portions each, nine in a quarter of an hour");
    let too_many = request("k8", "13811113338");
    assert_eq!(place(&store, &catalogue, &too_many, saturday()).await, Placed::Full, "told as what it is, not as closed");
    let later = request("k9", "13811113339");
    assert!(
        matches!(place(&store, &catalogue, &later, saturday().after(15 * MINUTE)).await, Placed::Confirmed { .. }),
        "the next quarter is free"
    );
}

pub async fn c81_large_orders_and_the_same_again_are_looked_at(database: Database) {
    let (store, catalogue) = database.shop().await;
    let customer = store.remember_customer(&[phone("13811112222"), phone("13811113333")], saturday()).await.unwrap();
    let mut large = request("k1", "13811112222");
    // 1,026 yuan of goods, a tenth less for so many portions.
    (large.customer, large.cart, large.heard) = (Some(customer), cart(&[(18, 27)]), Money::fen(92_340));
    let (id, number) = confirmed(place(&store, &catalogue, &large, saturday()).await);
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert!(card.ring, "its branch hears it all the same");
    // The same customer, from the other telephone: asked first, and looked at when it is meant.
    let mut again = large.clone();
    (again.key, again.phone) = ("k2".into(), phone("13811113333"));
    assert_eq!(place(&store, &catalogue, &again, saturday().after(MINUTE)).await, Placed::Duplicate);
    again.again = true;
    let (second, _) = confirmed(place(&store, &catalogue, &again, saturday().after(MINUTE)).await);
    let tasks = store.open_tasks().await.unwrap();
    let of = |order: &OrderId| {
        let mut kinds: Vec<_> = tasks.iter().filter(|task| task.order.as_deref() == Some(order.as_str())).map(|task| task.kind).collect();
        kinds.sort_unstable();
        kinds
    };
    assert_eq!((of(&id), of(&second)), (vec!["large"], vec!["duplicate", "large"]), "{tasks:?}");
    let same = tasks.iter().find(|task| task.kind == "duplicate").unwrap();
    assert_eq!(same.words["other"], serde_json::json!(number));
    // Whoever takes an order down has spoken with the diner.
    again.key = "k3".into();
    let taken = dinetone::store::TakenDown::default();
    let via = dinetone::domain::PlacedVia::Agent;
    let by_hand = store.place_order_by(&again, via, &taken, saturday().after(2 * MINUTE), &catalogue).await.unwrap();
    assert!(of(&confirmed(by_hand).0).is_empty());
    assert!(store.cancel_order(&second, saturday().after(2 * MINUTE)).await.unwrap());
    assert_eq!(kinds(&store).await, ["large"], "what is cancelled needs nobody");
}

pub async fn i7_c77_an_address_in_no_zone_needs_a_name_that_lets_it_through(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut wanted = request("k1", "13811112222");
    wanted.place = Place::Saved { address: String::new(), text: "月球路1号".into(), branch: branch(1) };
    let typed = |outside: Option<(&str, &str)>| dinetone::store::TakenDown {
        typed: Some(true),
        outside: outside.map(|(who, why)| (who.to_owned(), why.to_owned())),
        ..dinetone::store::TakenDown::default()
    };
    let via = dinetone::domain::PlacedVia::Agent;
    assert_eq!(store.place_order_by(&wanted, via, &typed(None), saturday(), &catalogue).await.unwrap(), Placed::Outside);
    let named = typed(Some(("王主管", "老客户")));
    let (id, _) = confirmed(store.place_order_by(&wanted, via, &named, saturday(), &catalogue).await.unwrap());
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.outside, card.branch_why.as_str(), kinds(&store).await), (true, "outside", vec!["outside"]));
    let mut inside = request("k2", "13811112223");
    inside.place = Place::Saved { address: String::new(), text: "漕溪北路 88 号".into(), branch: branch(2) };
    inside.cart = cart(&[(18, 2)]);
    inside.heard = Money::yuan(84);
    let (id, _) = confirmed(store.place_order_by(&inside, via, &typed(None), saturday(), &catalogue).await.unwrap());
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!(
        (card.zone.as_deref(), card.fee_fen, card.branch_why.as_str()),
        (Some("漕宝沿线"), 800, "zone:漕宝沿线"),
        "the zone's own fee"
    );
}
