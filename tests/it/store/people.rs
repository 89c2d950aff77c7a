//! Callers, members, points, PINs, carts: what the line knows about who rings.

use dinetone::domain::{Address, BlockLevel, DayWord, Identity, Language, OrderStatus, PointsEntry, Timestamp};
use dinetone::ivr::question::PinCheck;

use super::kit::{DAY, Database, MINUTE, a_member, branch, cart, clock, member, phone, saturday};

pub async fn c20_a_known_number_brings_its_customer_and_members(database: Database) {
    let (store, _) = database.shop().await;
    let stranger = store.card_by_phone(&phone("13811112222"), saturday()).await.unwrap();
    assert_eq!(stranger, Default::default());
    let customer = a_member(&store, "102938", "gold", "13800138000").await;
    store.remember_phone(&customer, &phone("021-64380001")).await.unwrap();
    let address = Address {
        id: "a1".into(),
        label: "家".into(),
        text: "漕溪北路八十八号".into(),
        clip: Some("address-caoxi".into()),
        recording: None,
        branch: Some(branch(1)),
        unchecked: false,
    };
    store.remember_address(Some(&customer), &address, saturday()).await.unwrap();
    // Of a group of callers, the known ones are told apart at once.
    let group = [phone("13811112222"), phone("021-64380001"), phone("13800138000"), phone("13811113333"), phone("13811114444")];
    let known = store.known_phones(&group.iter().collect::<Vec<_>>()).await.unwrap();
    assert_eq!(known, [group[1].reveal().to_owned(), group[2].reveal().to_owned()].into());
    assert!(store.known_phones(&[]).await.unwrap().is_empty());
    let card = store.card_by_phone(&phone("+86 21 6438 0001"), saturday()).await.unwrap();
    assert_eq!(card.customer.as_ref(), Some(&customer));
    assert_eq!(card.members.len(), 1);
    assert_eq!((card.members[0].level.as_str(), card.members[0].has_pin, card.members[0].phones.len()), ("gold", false, 2));
    assert_eq!(card.addresses, [address]);
    let by_number = store.card_by_member(&member("102938"), saturday()).await.unwrap();
    assert_eq!((by_number.customer, by_number.addresses.len()), (Some(customer), 1));
    assert!(store.card_by_member(&member("999999"), saturday()).await.unwrap().members.is_empty());
}

pub async fn c20_a_number_of_several_customers_brings_their_members_and_nothing_personal(database: Database) {
    let (store, _) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let card = store.card_by_phone(&phone("13700137000"), saturday()).await.unwrap();
    let numbers: Vec<&str> = card.members.iter().map(|member| member.number.as_str()).collect();
    assert_eq!(numbers, ["300002", "400003"]);
    assert_eq!((card.customer, card.addresses.len(), card.points), (None, 0, 0));
}

pub async fn c24_the_third_wrong_pin_locks_until_the_next_shop_day(database: Database) {
    let (store, _) = database.shop().await;
    a_member(&store, "102938", "gold", "13800138000").await;
    let number = member("102938");
    assert_eq!(store.check_pin(&number, "1234", saturday()).await.unwrap(), PinCheck::None);
    store.set_pin(&number, Some("1234"), saturday()).await.unwrap();
    let check = |pin: &'static str, at: Timestamp| {
        let (store, number) = (store.clone(), number.clone());
        async move { store.check_pin(&number, pin, at).await.unwrap() }
    };
    for _ in 0..2 {
        assert_eq!(check("0000", saturday()).await, PinCheck::Wrong);
        assert_eq!(check("1243", saturday()).await, PinCheck::Wrong);
        assert_eq!(check("1234", saturday()).await, PinCheck::Right, "a right one clears the count");
    }
    assert_eq!(check("0000", saturday()).await, PinCheck::Wrong);
    assert_eq!(check("0001", saturday()).await, PinCheck::Wrong);
    assert_eq!(check("0002", saturday()).await, PinCheck::Locked);
    assert_eq!(check("1234", saturday()).await, PinCheck::Locked, "even the right one");
    let before_midnight = clock().timestamp(jiff::civil::date(2026, 11, 21).at(23, 59, 59, 0));
    assert_eq!(check("1234", before_midnight).await, PinCheck::Locked);
    assert_eq!(check("1234", before_midnight.after(MINUTE)).await, PinCheck::Right);
    let backup = database.folder.path().join("backup.jsonl");
    store.backup(&backup, |_, _| {}).await.unwrap();
    let text = std::fs::read_to_string(backup).unwrap();
    assert!(text.contains("argon2id") && !text.contains("\"1234\""), "never in clear");
}

pub async fn c24_the_points_ledger_spends_what_ends_first(database: Database) {
    let (store, _) = database.shop().await;
    a_member(&store, "200001", "regular", "13900139000").await;
    let number = member("200001");
    let now = saturday();
    let new_year = clock().timestamp(jiff::civil::date(2027, 1, 1).at(0, 0, 0, 0));
    let entries = [(300, Some(now.after(DAY)), 9), (450, Some(new_year), 8), (2000, None, 7), (-100, None, 6)];
    for (points, expires, days) in entries {
        let entry = PointsEntry { at: now.before(DAY * days), points, expires, why: "test".into() };
        store.add_points(&number, &entry).await.unwrap();
    }
    let view = store.points(&number, now).await.unwrap();
    assert_eq!((view.balance, view.expiring), (2650, Some((200, DayWord::Tomorrow))));
    let amounts: Vec<i64> = view.recent.iter().map(|(_, points)| *points).collect();
    assert_eq!(amounts, [-100, 2000, 450, 300]);
    let later = store.points(&number, now.after(2 * DAY)).await.unwrap();
    assert_eq!((later.balance, later.expiring), (2450, Some((450, DayWord::Date { month: 12, day: 31 }))));
    let nobody = PointsEntry { at: now, points: 1, expires: None, why: String::new() };
    assert!(store.add_points(&member("999999"), &nobody).await.is_err());
}

pub async fn c18_a_cart_is_kept_for_half_an_hour(database: Database) {
    let (store, _) = database.shop().await;
    let caller = phone("13800138000");
    let kept = |at: Timestamp| {
        let (store, caller) = (store.clone(), caller.clone());
        async move { store.card_by_phone(&caller, at).await.unwrap().cart }
    };
    store.save_cart("k1", None, Some(&caller), &cart(&[(18, 1)]), "dish", saturday()).await.unwrap();
    store.save_cart("k2", None, Some(&caller), &cart(&[(18, 2), (61, 1)]), "place", saturday()).await.unwrap();
    assert_eq!(kept(saturday().after(29 * MINUTE)).await, Some(cart(&[(18, 2), (61, 1)])), "the later one");
    assert_eq!(kept(saturday().after(30 * MINUTE)).await, None);
    store.drop_cart(None, Some(&caller)).await.unwrap();
    assert_eq!(kept(saturday()).await, None);
}

pub async fn c18_a_cart_that_is_being_filled_is_nobody_elses(database: Database) {
    let (store, _) = database.shop().await;
    let caller = phone("13800138000");
    let begun = super::calls::call("busy", saturday());
    store.record_calls("n1", std::slice::from_ref(&begun), &[]).await.unwrap();
    store.save_cart("busy-0", None, Some(&caller), &cart(&[(18, 1)]), "dish", saturday()).await.unwrap();
    let now = saturday().after(MINUTE);
    assert_eq!(store.card_by_phone(&caller, now).await.unwrap().cart, None, "a colleague rings meanwhile");
    assert_eq!(store.pop(None, Some(&caller), Identity::Unknown, now).await.unwrap().cart, None);
    store.record_calls("n1", &[], &[(super::calls::ended(begun), Vec::new())]).await.unwrap();
    assert_eq!(store.card_by_phone(&caller, now).await.unwrap().cart, Some(cart(&[(18, 1)])));
}

pub async fn c33_language_and_offers_heard_are_remembered(database: Database) {
    let (store, _) = database.shop().await;
    let caller = phone("13800138000");
    store.remember_language(&caller, Language::English, saturday()).await.unwrap();
    store.remember_offer_heard(&caller, "winter-soup", saturday()).await.unwrap();
    store.remember_offer_heard(&caller, "winter-soup", saturday().after(DAY)).await.unwrap();
    let card = store.card_by_phone(&caller, saturday().after(2 * DAY)).await.unwrap();
    assert_eq!(card.language, Some(Language::English));
    assert_eq!(card.offers_heard, [("winter-soup".to_owned(), saturday().after(DAY))]);
}

pub async fn c89_the_block_list_has_levels_an_expiry_and_exceptions(database: Database) {
    let (store, _) = database.shop().await;
    let caller = phone("13100131000");
    let level = |at: Timestamp| {
        let (store, caller) = (store.clone(), caller.clone());
        async move { store.card_by_phone(&caller, at).await.unwrap().block }
    };
    store.block(&caller, BlockLevel::Soft, None, "prank", saturday()).await.unwrap();
    assert_eq!(level(saturday()).await, Some(BlockLevel::Soft));
    store.block(&caller, BlockLevel::Hard, Some(saturday().after(DAY)), "prank", saturday()).await.unwrap();
    assert_eq!(level(saturday()).await, Some(BlockLevel::Hard));
    assert_eq!(level(saturday().after(DAY)).await, None, "over");
    store.allow(&caller, "our own office", saturday()).await.unwrap();
    assert_eq!(level(saturday()).await, None);
    assert_eq!(store.blocked(saturday()).await.unwrap().len(), 2);
    store.unblock(&caller).await.unwrap();
    assert!(store.blocked(saturday()).await.unwrap().is_empty());
}

pub async fn the_demonstration_fills_an_empty_store_once(database: Database) {
    let (store, _) = database.shop().await;
    let filled = store.fill_demo(saturday()).await.unwrap();
    assert_eq!((filled.members, filled.orders), (4, 5));
    assert_eq!(store.fill_demo(saturday()).await.unwrap().members, 0);
    let card = store.card_by_phone(&phone("13800138000"), saturday()).await.unwrap();
    let last = card.last_order.unwrap();
    assert_eq!((last.paid, last.cart.lines.len(), last.cart.lines[0].dish), (dinetone::domain::Money::yuan(126), 3, super::kit::dish(18)));
    assert_eq!((card.points, card.finished_orders), (60, 1));
    let clips: Vec<_> = card.addresses.iter().map(|address| address.clip.as_deref().unwrap_or("")).collect();
    assert_eq!(clips, ["address-caoxi", "address-nanjing"]);
    assert_eq!(store.check_pin(&member("102938"), "1234", saturday()).await.unwrap(), PinCheck::Right);
    assert_eq!(store.points(&member("200001"), saturday()).await.unwrap().balance, 2450);
    let out = store.orders(&dinetone::store::OrderFilter { status: Some(OrderStatus::Out), ..Default::default() }).await.unwrap();
    assert_eq!(out.len(), 1);
    assert_eq!(store.card_by_phone(&phone("13100131999"), saturday()).await.unwrap().block, Some(BlockLevel::Hard));
    assert!(store.catalogue().await.unwrap().is_sold_out(super::kit::dish(212), None, saturday()));
}
