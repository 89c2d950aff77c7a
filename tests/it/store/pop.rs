//! What an agent sees of a caller, and who is to speak with them.

use dinetone::domain::{BlockLevel, CustomerId, Identity, Language, Money, UserId};
use dinetone::ivr::question::{Message, MessageKind};
use dinetone::store::{Author, StoreError};

use super::kit::{DAY, Database, MINUTE, branch, cart, confirmed, dish, member, phone, place, request, saturday};

pub fn author() -> Author {
    Author { user: UserId::new("u1"), name: "王主管".into() }
}

pub async fn c56_the_whole_card_of_a_known_caller(database: Database) {
    let (store, catalogue) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let caller = phone("13900139000");
    let mut wanted = request("k1", "13900139000");
    (wanted.member, wanted.heard) = (Some(member("200001")), Money::fen(10_250));
    confirmed(place(&store, &catalogue, &wanted, saturday()).await);
    store.save_cart("k9", None, Some(&caller), &cart(&[(63, 2)]), "dish", saturday()).await.unwrap();
    store.block(&caller, BlockLevel::Soft, Some(saturday().after(DAY)), "test", saturday()).await.unwrap();
    let complaint = Message {
        kind: MessageKind::Complaint,
        recording: dinetone::domain::RecordingId::new("r1"),
        customer: None,
        phone: Some(caller.clone()),
        order: None,
    };
    let case = store.leave_message(&complaint, saturday()).await.unwrap();
    let asked = store.pop(None, Some(&caller), Identity::Caller, saturday().after(MINUTE)).await.unwrap();
    let customer = asked.customer.clone().unwrap();
    assert_eq!((asked.identity, asked.name.as_str(), asked.language), (Identity::Caller, "李建国", Language::Mandarin));
    assert_eq!((asked.member.clone(), asked.level.as_deref(), asked.points), (Some(member("200001")), Some("regular"), Some(2450)));
    assert_eq!(asked.points_entries.iter().map(|entry| entry.points).collect::<Vec<_>>(), [2000, 450]);
    assert_eq!(asked.phones, std::slice::from_ref(&caller));
    assert_eq!(
        asked.addresses.iter().map(|address| (address.label.as_str(), address.branch)).collect::<Vec<_>>(),
        [("家", Some(branch(3)))]
    );
    assert_eq!(asked.orders.len(), 2);
    let lines: Vec<_> = asked.orders[0].lines.iter().map(|line| (line.dish, line.zh.as_str(), line.quantity.get(), line.price)).collect();
    assert_eq!(lines, [(dish(18), "宫保鸡丁", 2, Money::yuan(38)), (dish(61), "扬州炒饭", 1, Money::fen(2650))]);
    assert_eq!((asked.order_count, asked.average), (2, Money::fen(asked.spent.as_fen() / 2)));
    let favourites: Vec<_> = asked.favourites.iter().map(|favourite| (favourite.dish, favourite.portions.get(), favourite.times)).collect();
    assert_eq!(favourites[0], (dish(61), 2, 2), "three portions in two orders");
    assert_eq!((asked.cases.len(), asked.cases[0].number.as_str(), asked.cases[0].kind.as_str()), (1, case.as_str(), "complaint"));
    assert_eq!((asked.block, asked.cart), (Some(BlockLevel::Soft), Some(cart(&[(63, 2)]))));
    assert_eq!((asked.last_agent, asked.owner, asked.never.len(), asked.vip), (None, None, 0, false));
    let by_id = store.pop(Some(&customer), None, Identity::Member, saturday().after(2 * DAY)).await.unwrap();
    assert_eq!(
        (by_id.identity, by_id.name.as_str(), by_id.block, by_id.cart),
        (Identity::Member, "李建国", None, None),
        "the block has ended"
    );
}

pub async fn c56_several_customers_on_one_number_are_chosen_from(database: Database) {
    let (store, _) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let pop = store.pop(None, Some(&phone("13700137000")), Identity::Caller, saturday()).await.unwrap();
    assert_eq!(pop.others.iter().map(|other| other.name.as_str()).collect::<Vec<_>>(), ["陈浩", "陈静"]);
    assert_eq!((pop.identity, pop.customer, pop.name.as_str(), pop.orders.len(), pop.addresses.len()), (Identity::Unknown, None, "", 0, 0));
    let chosen = store.pop(Some(&pop.others[0].id), Some(&phone("13700137000")), Identity::KeyedPhone, saturday()).await.unwrap();
    assert_eq!((chosen.name.as_str(), chosen.vip, chosen.allergies.len(), chosen.others.len()), ("陈浩", true, 1, 0));
    let stranger = store.pop(None, Some(&phone("13811112222")), Identity::Caller, saturday()).await.unwrap();
    assert_eq!(stranger, dinetone::domain::Pop::default());
    let nobody = store.pop(Some(&CustomerId::new("gone")), None, Identity::Member, saturday()).await.unwrap();
    assert_eq!((nobody.customer, nobody.identity), (None, Identity::Unknown));
}

pub async fn c39_the_last_agent_is_remembered_by_customer_and_else_by_number(database: Database) {
    let (store, _) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let (home, office) = (phone("13900139000"), phone("02164380009"));
    let customer = store.pop(None, Some(&home), Identity::Caller, saturday()).await.unwrap().customer.unwrap();
    let (lina, zhao) = (UserId::new("u-lina"), UserId::new("u-zhao"));
    store.remember_last_agent(Some(&customer), Some(&home), &lina, "李娜", None, saturday()).await.unwrap();
    // Known as the same customer from another telephone: the same agent.
    let seen = store.pop(Some(&customer), Some(&office), Identity::Member, saturday()).await.unwrap();
    assert_eq!(seen.last_agent.as_ref().map(|last| (&last.agent, last.name.as_str())), Some((&lina, "李娜")));
    // A conversation of before that is written late changes nothing.
    store.remember_last_agent(Some(&customer), None, &zhao, "赵敏", None, saturday().before(MINUTE)).await.unwrap();
    assert_eq!(store.last_agent(Some(&customer), None).await.unwrap().map(|last| last.agent), Some(lina.clone()));
    // A stranger is known by the number alone, unless it is a privacy number.
    let (stranger, private) = (phone("13811112222"), phone("17011112222"));
    for number in [&stranger, &private] {
        store.remember_last_agent(None, Some(number), &zhao, "赵敏", None, saturday()).await.unwrap();
    }
    store.close().await;
    let store = database.store().await;
    let again = store.pop(None, Some(&stranger), Identity::Caller, saturday()).await.unwrap();
    assert_eq!(again.last_agent.map(|last| last.agent), Some(zhao));
    assert_eq!(store.last_agent(None, Some(&private)).await.unwrap(), None);
    assert_eq!(
        store.last_agent(Some(&customer), Some(&stranger)).await.unwrap().map(|last| last.agent),
        Some(lina),
        "the customer's comes first"
    );
}

pub async fn i12_an_owner_changes_only_with_a_reason_and_from_what_was_seen(database: Database) {
    let (store, _) = database.shop().await;
    store.fill_demo(saturday()).await.unwrap();
    let caller = phone("13900139000");
    let customer = store.pop(None, Some(&caller), Identity::Caller, saturday()).await.unwrap().customer.unwrap();
    let (lina, zhao) = (UserId::new("u-lina"), UserId::new("u-zhao"));
    store.set_owner(&customer, None, Some(&lina), "老客户", &author(), saturday()).await.unwrap();
    let late = store.set_owner(&customer, None, Some(&zhao), "也要", &author(), saturday()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    store.set_never(&customer, std::slice::from_ref(&zhao), "投诉过", &author(), saturday()).await.unwrap();
    let pop = store.pop(None, Some(&caller), Identity::Caller, saturday()).await.unwrap();
    assert_eq!((pop.owner, pop.never), (Some(lina), vec![zhao]));
}
