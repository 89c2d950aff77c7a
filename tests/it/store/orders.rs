//! From the submit to the plate: confirmed once, refused for a reason, moved only forward.

use dinetone::domain::{Address, CallId, DiscountReason, Money, OrderStatus, Place, PlacedVia, RecordingId, When};
use dinetone::ivr::question::{Message, MessageKind, Placed};
use dinetone::store::{OrderFilter, StoreError};

use super::kit::{DAY, Database, MINUTE, a_member, branch, cart, clock, confirmed, dish, member, phone, place, request, saturday};

pub async fn i6_a_confirmed_order_is_kept_as_it_was_sold(database: Database) {
    let (store, catalogue) = database.shop().await;
    let customer = a_member(&store, "102938", "gold", "13800138000").await;
    let mut wanted = request("k1", "13800138000");
    (wanted.member, wanted.customer, wanted.heard) = (Some(member("102938")), Some(customer.clone()), Money::fen(9250));
    wanted.when = When::At(jiff::civil::date(2026, 11, 21).at(19, 30, 0, 0));
    let placed = place(&store, &catalogue, &wanted, saturday()).await;
    let Placed::Confirmed { pay, promised_at, .. } = placed else { panic!("{placed:?}") };
    assert_eq!((pay, clock().local(promised_at)), (Money::fen(9250), jiff::civil::date(2026, 11, 21).at(19, 30, 0, 0)));
    let (id, number) = confirmed(placed);
    assert_eq!(number, "2611210001");
    store.close().await;
    let store = database.store().await;
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!(store.order(&number).await.unwrap().as_ref(), Some(&order), "by its number too");
    assert_eq!(
        (order.customer, order.member, order.status, order.via),
        (Some(customer), Some(member("102938")), OrderStatus::New, PlacedVia::Keypad)
    );
    assert_eq!((order.goods, order.fee, order.pay, order.when), (Money::fen(10_250), Money::ZERO, Money::fen(9250), wanted.when));
    let lines: Vec<_> = order.lines.iter().map(|line| (line.dish.get(), line.zh.as_str(), line.quantity.get(), line.amount)).collect();
    assert_eq!(lines, [(18, "宫保鸡丁", 2, Money::yuan(76)), (61, "扬州炒饭", 1, Money::fen(2650))]);
    assert_eq!(order.discounts[0].reason, DiscountReason::Level { level: "gold".into(), percent: 10 });
    let journal = store.journal_after(0, 100).await.unwrap();
    assert_eq!(journal.last().map(|entry| (entry.kind.as_str(), entry.subject.as_str())), Some(("order_placed", id.as_str())));
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=journal.len() as i64).collect::<Vec<_>>());
}

pub async fn i6_the_same_key_gives_the_same_order(database: Database) {
    let (store, catalogue) = database.shop().await;
    let wanted = request("k1", "13811112222");
    let first = place(&store, &catalogue, &wanted, saturday()).await;
    let again = place(&store, &catalogue, &wanted, saturday().after(DAY)).await;
    assert_eq!(first, again, "whatever has changed since");
    assert_eq!(store.orders(&OrderFilter::default()).await.unwrap().len(), 1);
    let other = confirmed(place(&store, &catalogue, &request("k2", "13811113333"), saturday()).await);
    assert_eq!(other.1, "2611210002", "a repeated submit takes no number");
}

pub async fn the_same_lines_within_ten_minutes_are_asked_about(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (id, _) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let mut same = request("k2", "13811112222");
    same.cart = cart(&[(61, 1), (18, 2)]);
    assert_eq!(place(&store, &catalogue, &same, saturday().after(9 * MINUTE)).await, Placed::Duplicate);
    let mut elsewhere = same.clone();
    (elsewhere.key, elsewhere.phone) = ("k3".into(), phone("13811113333"));
    confirmed(place(&store, &catalogue, &elsewhere, saturday().after(MINUTE)).await);
    let mut again = same.clone();
    (again.key, again.again) = ("k4".into(), true);
    let (second, _) = confirmed(place(&store, &catalogue, &again, saturday().after(MINUTE)).await);
    for id in [id, second] {
        assert!(store.cancel_order(&id, saturday().after(2 * MINUTE)).await.unwrap());
    }
    confirmed(place(&store, &catalogue, &same, saturday().after(3 * MINUTE)).await);
    same.key = "k5".into();
    confirmed(place(&store, &catalogue, &same, saturday().after(14 * MINUTE)).await);
}

pub async fn i7_what_does_not_hold_any_more_is_not_confirmed(database: Database) {
    let (store, catalogue) = database.shop().await;
    let wanted = request("k1", "13811112222");
    let night = clock().timestamp(jiff::civil::date(2026, 11, 21).at(22, 0, 0, 0));
    // Branch 2 closes; branch 1 of the sample house is open round the clock.
    let mut late = wanted.clone();
    late.place = Place::Pickup { branch: branch(2) };
    assert_eq!(place(&store, &catalogue, &late, night).await, Placed::Closed);
    // The dialogue's catalogue does not know yet: the transaction looks for itself.
    store.set_sold_out(dish(61), None, saturday().after(DAY)).await.unwrap();
    assert_eq!(place(&store, &catalogue, &wanted, saturday()).await, Placed::SoldOut(vec![dish(61)]));
    store.clear_sold_out(dish(61), None).await.unwrap();
    store.set_paused(branch(1), true).await.unwrap();
    assert_eq!(place(&store, &catalogue, &wanted, saturday()).await, Placed::Closed);
    store.set_paused(branch(1), false).await.unwrap();
    let mut small = request("k2", "13811112222");
    small.place = Place::Recorded { recording: RecordingId::new("r1"), branch: branch(1) };
    (small.cart, small.heard) = (cart(&[(18, 1)]), Money::fen(4300));
    assert_eq!(place(&store, &catalogue, &small, saturday()).await, Placed::TooSmall { least: Money::yuan(50) });
    let mut outside = request("k3", "13811112222");
    outside.place = Place::Saved { address: "gone".into(), text: String::new(), branch: branch(1) };
    assert_eq!(place(&store, &catalogue, &outside, saturday()).await, Placed::Outside);
    let mut greedy = request("k4", "13811112222");
    greedy.points = 100;
    assert_eq!(place(&store, &catalogue, &greedy, saturday()).await, Placed::NoPoints, "a guest has none");
    assert!(store.orders(&OrderFilter::default()).await.unwrap().is_empty());
    assert_eq!(confirmed(place(&store, &catalogue, &wanted, saturday()).await).1, "2611210001", "refusals take no numbers");
}

pub async fn i7_another_sum_than_the_diner_heard_is_told_first(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut wanted = request("k1", "13811112222");
    wanted.heard = Money::fen(10_000);
    let told = place(&store, &catalogue, &wanted, saturday()).await;
    let Placed::PriceChanged { lines, pay, .. } = told else { panic!("{told:?}") };
    assert_eq!((lines.len(), pay), (2, Money::fen(10_250)));
    wanted.heard = pay;
    confirmed(place(&store, &catalogue, &wanted, saturday()).await);
}

pub async fn c24_points_are_spent_with_the_order_and_come_back_with_a_cancel(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let number = member("200001");
    let mut wanted = request("k1", "13900139000");
    (wanted.member, wanted.points, wanted.heard) = (Some(number.clone()), 2450, Money::fen(7850));
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    assert_eq!(store.points_balance(&number, saturday()).await.unwrap(), 50, "whole yuan only");
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!(order.discounts.last().map(|off| off.reason.clone()), Some(DiscountReason::Points { points: 2400 }));
    assert!(store.cancel_order(&id, saturday()).await.unwrap());
    let view = store.points(&number, saturday()).await.unwrap();
    assert_eq!((view.balance, view.expiring.map(|(points, _)| points)), (2450, Some(450)), "with the ends they had");
    assert!(!store.cancel_order(&id, saturday()).await.unwrap());
    assert_eq!(store.points_balance(&number, saturday()).await.unwrap(), 2450, "once");
    wanted.key = "k2".into();
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    for (from, to) in
        [(OrderStatus::New, OrderStatus::Accepted), (OrderStatus::Accepted, OrderStatus::Ready), (OrderStatus::Ready, OrderStatus::Done)]
    {
        store.move_order(&id, from, to, saturday()).await.unwrap();
    }
    assert_eq!(store.points_balance(&number, saturday()).await.unwrap(), 50 + 78, "one for each yuan paid, when it is done");
}

pub async fn a_spoken_address_waits_for_a_person(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut wanted = request("k1", "13811112222");
    wanted.place = Place::Recorded { recording: RecordingId::new("r1"), branch: branch(1) };
    store.record_recording(&RecordingId::new("r1"), &CallId::new("c1"), "address", 4200, saturday()).await.unwrap();
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!((order.status, order.place), (OrderStatus::AddressCheck, wanted.place.clone()));
    assert_eq!(store.recording(&RecordingId::new("r1")).await.unwrap().map(|known| known.length_ms), Some(4200));
    let card = store.card_by_phone(&phone("13811112222"), saturday()).await.unwrap();
    assert_eq!(card.addresses.len(), 1);
    assert!(card.addresses[0].unchecked && card.addresses[0].branch.is_none());
    // A privacy number is somebody else tomorrow: nothing is kept with it.
    let mut hidden = request("k2", "17011112222");
    hidden.place = wanted.place;
    confirmed(place(&store, &catalogue, &hidden, saturday()).await);
    assert_eq!(store.card_by_phone(&phone("17011112222"), saturday()).await.unwrap().customer, None);
    let mut again = request("k3", "13811112222");
    again.place = Place::Saved { address: card.addresses[0].id.clone(), text: String::new(), branch: branch(1) };
    assert_eq!(place(&store, &catalogue, &again, saturday().after(20 * MINUTE)).await, Placed::Outside, "nobody has checked it");
    let checked = Address { text: "莘松路".into(), branch: Some(branch(1)), unchecked: false, ..card.addresses[0].clone() };
    store.remember_address(card.customer.as_ref(), &checked, saturday()).await.unwrap();
    confirmed(place(&store, &catalogue, &again, saturday().after(20 * MINUTE)).await);
}

pub async fn c76_an_order_moves_only_the_way_it_can(database: Database) {
    use OrderStatus::{Accepted, Cooking, Done, New, Out, Ready};
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let mut wanted = request("k1", "13800138000");
    let card = store.card_by_phone(&wanted.phone, saturday()).await.unwrap();
    let home = card.addresses.iter().find(|address| address.branch == Some(branch(1))).unwrap();
    wanted.place = Place::Saved { address: home.id.clone(), text: home.text.clone(), branch: branch(1) };
    wanted.heard = Money::fen(10_250);
    let (id, _) = confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    let step = |from, to| {
        let (store, id) = (store.clone(), id.clone());
        async move { store.move_order(&id, from, to, saturday().after(MINUTE)).await }
    };
    assert!(matches!(step(New, Done).await, Err(StoreError::Conflict)));
    step(New, Accepted).await.unwrap();
    assert!(matches!(step(New, Accepted).await, Err(StoreError::Conflict)), "somebody was first");
    step(Accepted, Cooking).await.unwrap();
    assert!(!store.cancel_order(&id, saturday()).await.unwrap(), "somebody cooks");
    assert!(store.urge_order(&id, saturday()).await.unwrap());
    assert!(!store.urge_order(&id, saturday().after(9 * MINUTE)).await.unwrap());
    assert!(store.urge_order(&id, saturday().after(10 * MINUTE)).await.unwrap());
    step(Cooking, Ready).await.unwrap();
    step(Ready, Out).await.unwrap();
    step(Out, Done).await.unwrap();
    assert!(!store.urge_order(&id, saturday().after(DAY)).await.unwrap());
    let before = store.card_by_phone(&phone("13800138000"), saturday()).await.unwrap().finished_orders;
    let order = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!((order.out_at, order.done_at), (Some(saturday().after(MINUTE)), Some(saturday().after(MINUTE))));
    assert_eq!(before, card.finished_orders + 1);
}

pub async fn c27_a_caller_hears_of_open_orders_and_finds_one_by_its_digits(database: Database) {
    let (store, catalogue) = database.shop().await;
    let caller = phone("13811112222");
    let (first, number) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let mut second = request("k2", "13811112222");
    (second.cart, second.heard) = (cart(&[(18, 3)]), Money::yuan(114));
    confirmed(place(&store, &catalogue, &second, saturday().after(MINUTE)).await);
    assert_eq!(store.orders_of(None, Some(&caller), true).await.unwrap().len(), 2);
    store.cancel_order(&first, saturday().after(2 * MINUTE)).await.unwrap();
    assert_eq!(store.orders_of(None, Some(&caller), true).await.unwrap().len(), 1);
    assert_eq!(store.orders_of(None, Some(&caller), false).await.unwrap().len(), 2);
    let find = |last4: String, phone4: &'static str, at| {
        let store = store.clone();
        async move { store.find_order(&last4, phone4, at).await.unwrap().map(|view| view.number.as_str().to_owned()) }
    };
    let last4 = number[6..].to_owned();
    assert_eq!(find(last4.clone(), "2222", saturday().after(DAY)).await, Some(number), "yesterday's too");
    assert_eq!(find(last4.clone(), "3333", saturday()).await, None);
    assert_eq!(find(last4, "2222", saturday().after(2 * DAY)).await, None);
    assert_eq!(find("%%%%".into(), "2222", saturday()).await, None);
}

pub async fn c21_the_last_order_is_offered_again(database: Database) {
    let (store, catalogue) = database.shop().await;
    let caller = phone("13811112222");
    store.save_cart("k1", None, Some(&caller), &cart(&[(18, 2)]), "dish", saturday()).await.unwrap();
    confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let card = store.card_by_phone(&caller, saturday()).await.unwrap();
    let last = card.last_order.unwrap();
    assert_eq!((last.cart, last.paid), (request("", "13811112222").cart, Money::fen(10_250)));
    assert_eq!(card.cart, None, "an ordered cart is not offered again");
    assert_eq!(card.branches, [branch(1)]);
    store.save_cart("k1", None, Some(&caller), &cart(&[(18, 2)]), "final", saturday()).await.unwrap();
    assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().cart, None, "nor saved late");
}

pub async fn messages_get_case_numbers(database: Database) {
    let (store, _) = database.shop().await;
    let message = Message {
        kind: MessageKind::Complaint,
        recording: RecordingId::new("r1"),
        customer: None,
        phone: Some(phone("13811112222")),
        order: None,
    };
    assert_eq!(store.leave_message(&message, saturday()).await.unwrap(), "2611210001");
    assert_eq!(store.leave_message(&message, saturday()).await.unwrap(), "2611210002");
    let kept = store.messages(10).await.unwrap();
    assert_eq!((kept.len(), kept[0].kind, kept[0].recording.as_str()), (2, MessageKind::Complaint, "r1"));
}
