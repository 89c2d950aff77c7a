//! Care reminders: whom a rule is about, once, and whom it leaves alone.

use std::time::Duration;

use dinetone::domain::{CareRule, CareWhen, ClockTime, CustomerId, MissedKind, NoticeTexts, OrderId, OrderStatus, Timestamp};
use dinetone::store::{Author, Cared, CustomerEdit, NoticeFilter, Store};

use super::kit::{DAY, Database, MINUTE, confirmed, phone, place, request, saturday};

fn rule(name: &str, when: CareWhen, message: bool) -> CareRule {
    let time = |text: &str| ClockTime::parse(text).unwrap();
    let texts = NoticeTexts { zh: "{name}，您好".into(), en: String::new() };
    CareRule { name: name.into(), when, message, texts, hours: (time("10:00"), time("20:00")) }
}

async fn delivered(store: &Store, order: &OrderId, at: Timestamp) {
    use OrderStatus::{Accepted, Cooking, Done, New, Ready};
    for (from, to) in [(New, Accepted), (Accepted, Cooking), (Cooking, Ready), (Ready, Done)] {
        store.move_order(order, from, to, at.after(20 * MINUTE)).await.unwrap();
    }
}

/// An order from this number at that time, which arrived; its customer.
async fn dinner(store: &Store, catalogue: &dinetone::domain::Catalogue, number: &str, at: Timestamp) -> CustomerId {
    let mut wanted = request(&format!("{number}-{}", at.as_millis()), number);
    wanted.again = true;
    let (id, _) = confirmed(place(store, catalogue, &wanted, at).await);
    delivered(store, &id, at).await;
    store.order(id.as_str()).await.unwrap().unwrap().customer.expect("a customer")
}

async fn calls(store: &Store) -> Vec<String> {
    let missed = store.missed(None, 50).await.unwrap();
    assert!(missed.iter().all(|one| one.caller.kind == MissedKind::Care));
    missed.iter().map(|one| one.phone().reveal().to_owned()).collect()
}

pub async fn c97_a_first_order_is_asked_about_once_and_not_when_they_have_ordered_again(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let first = rule("first-order", CareWhen::FirstOrder { days: 3 }, false);
    dinner(&store, &catalogue, "13811110001", saturday()).await;
    dinner(&store, &catalogue, "13811110002", saturday()).await;
    dinner(&store, &catalogue, "13811110002", saturday().after(DAY)).await;
    // Cancelled: nothing to ask about.
    let (id, _) = confirmed(place(&store, &catalogue, &request("k3", "13811110003"), saturday()).await);
    assert!(store.cancel_order(&id, saturday()).await.unwrap());
    assert_eq!(store.care(&first, saturday().after(2 * DAY)).await.unwrap(), Cared::default(), "too early");
    let day = saturday().after(3 * DAY + Duration::from_secs(60));
    // Two nodes look at once.
    let other = database.store().await;
    let (one, two) = tokio::join!(store.care(&first, day), other.care(&first, day));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.tasks + two.tasks, 1, "{one:?} {two:?}");
    assert_eq!(calls(&store).await, ["13811110001"]);
    assert_eq!(store.missed(None, 5).await.unwrap()[0].note, "，您好", "what is to be asked");
    // They order before anybody has called: off the list, and never asked again.
    dinner(&store, &catalogue, "13811110001", day).await;
    assert_eq!((calls(&store).await, store.care(&first, day.after(DAY)).await.unwrap()), (Vec::new(), Cared::default()));
    // Silent for long: once for each silence; what was missed for months is not made up for.
    let silent = rule("silent", CareWhen::Silent { days: 270 }, false);
    let late = day.after(270 * DAY + Duration::from_secs(3600));
    assert_eq!(store.care(&silent, late).await.unwrap(), Cared { tasks: 2, messages: 0, skipped: 0 });
    assert_eq!(store.care(&silent, late.after(DAY)).await.unwrap(), Cared::default());
    let mut called = calls(&store).await;
    called.sort();
    assert_eq!(called, ["13811110001", "13811110002"]);
    assert_eq!(store.care(&rule("other", CareWhen::Silent { days: 100 }, false), late).await.unwrap(), Cared::default());
}

pub async fn c97_nobody_is_disturbed_who_wants_it_not_or_at_night(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let first = rule("first-order", CareWhen::FirstOrder { days: 3 }, false);
    for number in ["13811110001", "13811110002", "13811110004"] {
        dinner(&store, &catalogue, number, saturday()).await;
    }
    // A privacy number makes no customer: nobody is thought of.
    let (id, _) = confirmed(place(&store, &catalogue, &request("k3", "17011110003"), saturday()).await);
    delivered(&store, &id, saturday()).await;
    store.refuse_notices(&phone("13811110001"), true, "李娜", saturday()).await.unwrap();
    store.block(&phone("13811110002"), dinetone::domain::BlockLevel::Soft, None, "恶意订单", saturday()).await.unwrap();
    let evening = saturday().after(3 * DAY);
    for hours in [3, 10, 15] {
        let night = evening.after(Duration::from_secs(hours * 3600));
        assert_eq!(store.care(&first, night).await.unwrap(), Cared::default(), "{hours} h after six in the evening");
    }
    let cared = store.care(&first, evening.after(60 * MINUTE)).await.unwrap();
    assert_eq!(cared, Cared { tasks: 1, messages: 0, skipped: 2 });
    assert_eq!(calls(&store).await, ["13811110004"]);
    assert_eq!(store.care(&first, evening.after(90 * MINUTE)).await.unwrap(), Cared::default(), "who was skipped stays so");
}

pub async fn c97_birthdays_come_once_a_year_and_messages_go_the_usual_way(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let birthday = rule("birthday", CareWhen::Birthday, true);
    let customer = dinner(&store, &catalogue, "13811110001", saturday().before(100 * DAY)).await;
    let author = Author { user: dinetone::domain::UserId::new("u1"), name: "李娜".into() };
    let edit = CustomerEdit { birthday: Some("11-21".into()), name: Some("赵先生".into()), ..CustomerEdit::default() };
    store.edit_customer(&customer, &edit, "", &author, saturday().before(DAY)).await.unwrap();
    assert_eq!(store.birthday(&customer).await.unwrap().as_deref(), Some("11-21"));
    assert_eq!(store.care(&birthday, saturday().before(DAY)).await.unwrap(), Cared::default(), "tomorrow");
    let sent = Cared { tasks: 0, messages: 1, skipped: 0 };
    assert_eq!(store.care(&birthday, saturday()).await.unwrap(), sent);
    assert_eq!(store.care(&birthday, saturday().after(60 * MINUTE)).await.unwrap(), Cared::default());
    let told = store.notices_of(&NoticeFilter { limit: 10, ..NoticeFilter::default() }).await.unwrap();
    assert_eq!((told.len(), told[0].0.text.as_str(), told[0].0.event.as_str()), (1, "赵先生，您好", "care:birthday:2026"));
    assert!(store.claim_notice("webhook", saturday()).await.unwrap().is_some(), "it leaves like every message");
    // A year later again; the 29th of February is thought of in every year.
    assert_eq!(store.care(&birthday, saturday().after(365 * DAY)).await.unwrap(), sent);
    let leap = CustomerEdit { birthday: Some("02-29".into()), ..CustomerEdit::default() };
    store.edit_customer(&customer, &leap, "", &author, saturday()).await.unwrap();
    let february = super::kit::clock().timestamp(jiff::civil::date(2029, 2, 28).at(12, 0, 0, 0));
    assert_eq!(store.care(&birthday, february).await.unwrap(), sent);
}
