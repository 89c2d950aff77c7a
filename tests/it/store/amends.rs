//! What is made good again: codes that are corrected, dishes that are gone, diners who were let down (C85, C87).

use dinetone::config::Texts;
use dinetone::domain::{Address, CustomerId, Money, NoticeTexts, OrderId, Place, TicketKind, Timestamp, UserId};
use dinetone::order::life::{Actor, ActorKind, EditLine, Later, Outcome, Report, Step};
use dinetone::server::errands::tell_customer;
use dinetone::store::{Author, Granted, OrderRequest, Placed, Stepped, Store, TicketFilter, TicketStep};

use super::kit::{DAY, Database, MINUTE, a_member, branch, cart, clock, confirmed, dish, member, phone, place, request, saturday};

const DINER: &str = "13800138000";

fn kitchen() -> Actor {
    Actor::new(ActorKind::Branch, "tablet", "一号店").of(branch(1))
}

fn dispatcher() -> Actor {
    Actor::new(ActorKind::Headquarters, "u1", "赵强")
}

async fn step(store: &Store, id: &OrderId, taken: Step, by: &Actor, at: Timestamp) {
    let name = taken.name();
    let stepped = store.order_step(id, None, &taken, by, at).await.unwrap();
    assert!(matches!(stepped, Stepped::Done(_)), "{name}: {stepped:?}");
}

/// A customer with a checked address, which branch 1 covers.
async fn diner(store: &Store) -> (CustomerId, Address) {
    let customer = store.remember_customer(&[phone(DINER)], saturday()).await.unwrap();
    let home = Address {
        id: "home".into(),
        label: "家".into(),
        text: "漕溪北路八十八号".into(),
        clip: None,
        recording: None,
        branch: Some(branch(1)),
        unchecked: false,
    };
    store.remember_address(Some(&customer), &home, saturday()).await.unwrap();
    (customer, home)
}

fn wanted(key: &str, customer: &CustomerId, home: &Address) -> OrderRequest {
    let place = Place::Saved { address: home.id.clone(), text: home.text.clone(), branch: branch(1) };
    OrderRequest { customer: Some(customer.clone()), place, again: true, ..request(key, DINER) }
}

/// An order of this diner that is on its way.
async fn out(store: &Store, key: &str, customer: &CustomerId, home: &Address, now: Timestamp) -> OrderId {
    let catalogue = store.catalogue().await.unwrap();
    let (order, _) = confirmed(place(store, &catalogue, &wanted(key, customer, home), now).await);
    for taken in [Step::Accept { minutes: None }, Step::Ready, Step::HandOver { rider: None }] {
        step(store, &order, taken, &kitchen(), now).await;
    }
    order
}

fn said(code: Outcome) -> Step {
    Step::Deliver { code: Some(code), note: String::new(), minutes_late: None }
}

fn corrected(code: Outcome) -> Step {
    Step::Correct { code, note: "按错了".into() }
}

async fn kinds(store: &Store) -> Vec<&'static str> {
    store.open_tasks().await.unwrap().iter().map(|task| task.kind).collect()
}

pub async fn c85_what_followed_from_a_code_is_taken_back_with_it(database: Database) {
    let (store, _) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let order = out(&store, "k1", &customer, &home, saturday()).await;
    // D82: the ticket that nobody has begun to work on is closed, and says why.
    step(&store, &order, said(Outcome::Damaged), &kitchen(), at(10)).await;
    let ticket = store.tickets(&TicketFilter::default()).await.unwrap().remove(0);
    step(&store, &order, corrected(Outcome::OnTime), &kitchen(), at(11)).await;
    assert_eq!(store.tickets(&TicketFilter::default()).await.unwrap(), []);
    let (closed, notes) = store.ticket_story(&ticket.id).await.unwrap().unwrap();
    let (when, by, outcome, told) = closed.closed.unwrap();
    assert_eq!((when, by.as_str(), outcome.as_str(), told.as_str()), (at(11), "rule", "corrected: D00 按错了", "nobody"));
    assert_eq!(notes.last().map(|note| note.kind.as_str()), Some("closed"));
    // One that somebody works on stays theirs, and they read of it; a complaint that the diner made themselves is left alone.
    step(&store, &order, corrected(Outcome::Damaged), &kitchen(), at(12)).await;
    let ticket = store.tickets(&TicketFilter::default()).await.unwrap().remove(0);
    let lina = Author { user: UserId::new("u-lina"), name: "李娜".into() };
    store.ticket_step(&ticket.id, ticket.revision, &TicketStep::Take, &lina, at(13)).await.unwrap();
    let complaint = dinetone::domain::NewTicket {
        kind: TicketKind::Delivery,
        severity: None,
        customer: Some(customer.clone()),
        phone: None,
        order: Some(order.clone()),
        call: None,
        recording: None,
        words: "少了一份".into(),
        by: "李娜".into(),
    };
    store.open_ticket(&complaint, at(13)).await.unwrap();
    step(&store, &order, corrected(Outcome::WrongAddress), &kitchen(), at(14)).await;
    let open = store.tickets(&TicketFilter::default()).await.unwrap();
    assert_eq!(
        open.iter().map(|ticket| (ticket.status.as_str(), ticket.words.as_str())).collect::<Vec<_>>(),
        [("taken", "D82 按错了"), ("open", "少了一份")]
    );
    let (_, notes) = store.ticket_story(&ticket.id).await.unwrap().unwrap();
    assert_eq!(notes.last().map(|note| (note.kind.as_str(), note.text.as_str())), Some(("note", "corrected: D70 按错了")));
    // D70: the address may be used again, at the branch that covers it.
    let address = async || store.card_by_phone(&phone(DINER), at(14)).await.unwrap().addresses.remove(0);
    assert_eq!((address().await.unchecked, address().await.branch), (true, None));
    assert_eq!(kinds(&store).await, ["wrong_address"]);
    step(&store, &order, corrected(Outcome::NotSent), &kitchen(), at(15)).await;
    assert_eq!((address().await.unchecked, address().await.branch), (false, Some(branch(1))));
    // D80: the alarm about the kitchen, then the care call of D60, each with its code.
    assert_eq!(kinds(&store).await, ["capacity"]);
    step(&store, &order, corrected(Outcome::Late60), &kitchen(), at(16)).await;
    assert_eq!(kinds(&store).await, ["care_call"]);
    step(&store, &order, corrected(Outcome::OnTime), &kitchen(), at(17)).await;
    assert!(kinds(&store).await.is_empty());
    // An address that somebody has looked at since is what they say it is.
    step(&store, &order, corrected(Outcome::WrongAddress), &kitchen(), at(18)).await;
    store.remember_address(Some(&customer), &Address { branch: Some(branch(2)), ..home.clone() }, at(19)).await.unwrap();
    step(&store, &order, corrected(Outcome::OnTime), &kitchen(), at(20)).await;
    assert_eq!((address().await.unchecked, address().await.branch), (false, Some(branch(2))));
}

pub async fn c85_a_slip_of_the_finger_marks_nobody_and_keeps_no_dish_off_the_menu(database: Database) {
    let (store, _) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let at = |seconds: u64| saturday().after(std::time::Duration::from_secs(seconds));
    let order = out(&store, "k1", &customer, &home, saturday()).await;
    step(&store, &order, said(Outcome::Prank), &kitchen(), at(60)).await;
    store.mark_customer(&order, at(61)).await.unwrap();
    assert_eq!((store.block_proposals(true, 10).await.unwrap().len(), kinds(&store).await), (1, vec!["blacklist"]));
    step(&store, &order, Step::Undo, &kitchen(), at(65)).await;
    store.mark_customer(&order, at(66)).await.unwrap();
    assert_eq!((store.block_proposals(true, 10).await.unwrap().len(), kinds(&store).await), (0, vec![]), "nothing is said of them");
    // The same when it turns out that they only want it later.
    step(&store, &order, said(Outcome::Prank), &kitchen(), at(70)).await;
    store.mark_customer(&order, at(71)).await.unwrap();
    let later = Step::Reschedule { later: Later { at: at(7200), pickup: false }, note: String::new() };
    step(&store, &order, later, &kitchen(), at(200)).await;
    store.mark_customer(&order, at(201)).await.unwrap();
    assert!(store.block_proposals(true, 10).await.unwrap().is_empty());
    // Refused for a dish by mistake: it is on the menu again; what was gone before stays gone.
    let catalogue = store.catalogue().await.unwrap();
    let (order, _) = confirmed(place(&store, &catalogue, &wanted("k2", &customer, &home), at(290)).await);
    store.branch_sold_out(branch(1), dish(61), None, "一号店", at(299)).await.unwrap();
    let refuse =
        Step::Refuse { reason: dinetone::order::life::RefuseReason::SoldOut, dishes: vec![dish(18), dish(61)], note: String::new() };
    step(&store, &order, refuse, &kitchen(), at(300)).await;
    let gone = async |number: u16| store.catalogue().await.unwrap().is_sold_out(dish(number), Some(branch(1)), at(310));
    assert!(gone(18).await && gone(61).await);
    step(&store, &order, Step::Undo, &kitchen(), at(305)).await;
    assert!(!gone(18).await && gone(61).await);
}

/// The pan is empty after all. Headquarters rings the diner, who takes another dish; the branch says yes; money, points and slip follow.
pub async fn c85_d83_another_dish_is_taken_in_the_same_order(database: Database) {
    let (store, catalogue) = database.shop().await;
    a_member(&store, "200009", "standard", DINER).await;
    let customer = store.card_by_phone(&phone(DINER), saturday()).await.unwrap().customer.unwrap();
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let order = OrderRequest { customer: Some(customer), member: Some(member("200009")), ..request("k1", DINER) };
    let (id, _) = match place(&store, &catalogue, &order, saturday()).await {
        Placed::PriceChanged { pay, .. } => confirmed(place(&store, &catalogue, &OrderRequest { heard: pay, ..order }, saturday()).await),
        placed => confirmed(placed),
    };
    step(&store, &id, Step::Accept { minutes: None }, &kitchen(), at(1)).await;
    step(&store, &id, Step::RunOut { dishes: vec![dish(18)], note: "鸡丁没了".into() }, &kitchen(), at(2)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.status, card.owner, card.lacks.as_deref()), ("accepted", "headquarters", Some([18_u16].as_slice())));
    assert!(store.catalogue().await.unwrap().is_sold_out(dish(18), Some(branch(1)), at(3)), "nobody else is sold it");
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(
        (tasks[0].kind, &tasks[0].words["code"], &tasks[0].words["dishes"]),
        ("undelivered", &"D83".into(), &[18].into_iter().collect())
    );
    // Kept over a restart.
    store.close().await;
    let store = database.store().await;
    let lines = |wanted: &[(u16, u16)]| cart(wanted).lines.into_iter().map(|line| EditLine { line, note: None }).collect::<Vec<_>>();
    let still =
        store.order_step(&id, None, &Step::AskEdit { lines: lines(&[(18, 1)]), why: String::new() }, &dispatcher(), at(4)).await.unwrap();
    assert!(matches!(still, Stepped::Refused(dinetone::order::life::Refused::Field(_))), "{still:?}");
    step(&store, &id, Step::AskEdit { lines: lines(&[(21, 2), (61, 1)]), why: "agreed".into() }, &dispatcher(), at(4)).await;
    step(&store, &id, Step::Grant, &kitchen(), at(5)).await;
    let changed = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((changed.owner, changed.version, changed.lacks.as_deref()), ("branch", card.version + 1, None));
    assert_eq!(changed.lines.iter().map(|line| (line.dish, line.quantity)).collect::<Vec<_>>(), [(21, 2), (61, 1)]);
    assert_eq!(changed.goods_fen, changed.lines.iter().map(|line| line.amount_fen).sum::<i64>());
    assert_eq!(changed.pay_fen, changed.goods_fen + changed.fee_fen - changed.discounts.iter().map(|off| off.amount_fen).sum::<i64>());
    assert_ne!(changed.pay_fen, card.pay_fen, "it is priced anew");
    assert!(kinds(&store).await.is_empty());
    // Points are earned on what was eaten.
    step(&store, &id, Step::Ready, &kitchen(), at(10)).await;
    step(&store, &id, Step::HandOver { rider: None }, &kitchen(), at(12)).await;
    assert_eq!(store.points_balance(&member("200009"), at(13)).await.unwrap(), changed.pay_fen / 100);
}

pub async fn c85_d60_a_credit_is_taken_off_once_and_comes_back_with_the_order(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let late = out(&store, "k1", &customer, &home, saturday()).await;
    step(&store, &late, said(Outcome::Late60), &kitchen(), at(60)).await;
    let until = at(60).after(30 * DAY);
    let granted = store.grant_credit(&late, Money::yuan(20), until, "晚到一小时", "王主管", at(61)).await.unwrap();
    assert!(matches!(&granted, Granted::Done(given) if given.credit.amount == Money::yuan(20)), "{granted:?}");
    assert_eq!(store.grant_credit(&late, Money::yuan(20), until, "再来", "王主管", at(61)).await.unwrap(), Granted::Already);
    assert_eq!(store.grant_credit(&OrderId::new("none"), Money::yuan(20), until, "", "", at(61)).await.unwrap(), Granted::NoOrder);
    // The telephone knows it, and what was heard without it is told anew.
    let credit = store.card_by_phone(&phone(DINER), at(62)).await.unwrap().credit.expect("on the caller's card");
    assert_eq!((credit.amount, credit.until), (Money::yuan(20), until));
    let next = wanted("k2", &customer, &home);
    let Placed::PriceChanged { pay, discounts, .. } = place(&store, &catalogue, &next, at(62)).await else { panic!("it costs less") };
    assert_eq!(
        (pay, discounts.iter().map(|off| (off.reason.name(), off.amount)).collect::<Vec<_>>()),
        (Money::fen(8250), vec![("credit", Money::yuan(20))])
    );
    let (id, _) = confirmed(place(&store, &catalogue, &OrderRequest { heard: pay, ..next }, at(62)).await);
    let kept = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!((kept.pay, kept.discounts), (Money::fen(8250), discounts), "with its line");
    assert_eq!(store.card_by_phone(&phone(DINER), at(63)).await.unwrap().credit, None, "once");
    assert_eq!(store.credit_for(&late).await.unwrap().unwrap().used_by.as_deref(), Some(kept.number.as_str()));
    assert!(!store.withdraw_credit(&late, at(63)).await.unwrap(), "it has been used");
    // A change keeps it.
    step(&store, &id, Step::Accept { minutes: None }, &kitchen(), at(63)).await;
    let lines = cart(&[(18, 3)]).lines.into_iter().map(|line| EditLine { line, note: None }).collect();
    step(&store, &id, Step::AskEdit { lines, why: "三份".into() }, &dispatcher(), at(64)).await;
    step(&store, &id, Step::Grant, &kitchen(), at(64)).await;
    let changed = store.order(id.as_str()).await.unwrap().unwrap();
    assert_eq!(changed.pay, changed.goods.plus(changed.fee).minus(Money::yuan(20)));
    // Called off, it is there for the next one; delivered after all, it is used again.
    let third = out(&store, "k3", &customer, &home, at(65)).await;
    step(&store, &id, Step::Cancel { why: "客人取消".into() }, &dispatcher(), at(66)).await;
    assert!(store.credit_of(&customer, at(67)).await.unwrap().is_some());
    step(&store, &third, said(Outcome::Rejected), &kitchen(), at(67)).await;
    assert!(store.credit_of(&customer, at(67)).await.unwrap().is_some(), "an order without it changes nothing");
    // It ends, and is taken back.
    assert_eq!(store.credit_of(&customer, until).await.unwrap(), None);
    assert!(store.withdraw_credit(&late, at(68)).await.unwrap());
    assert_eq!(store.credit_of(&customer, at(69)).await.unwrap(), None);
    let again = store.grant_credit(&late, Money::yuan(500), until, "按错了", "王主管", at(70)).await.unwrap();
    assert!(matches!(again, Granted::Done(_)), "{again:?}");
    // More than the food costs pays for no fee, and never turns round.
    let small = OrderRequest { heard: Money::ZERO, ..wanted("k4", &customer, &home) };
    let Placed::PriceChanged { fee, pay, .. } = place(&store, &catalogue, &small, at(71)).await else {
        let kept = store.orders(&dinetone::store::OrderFilter::default()).await.unwrap().remove(0);
        assert_eq!((kept.pay, kept.fee), (Money::ZERO, Money::ZERO), "above the amount that is delivered free");
        return;
    };
    assert_eq!(pay, fee);
}

pub async fn c85_d60_of_forty_orders_at_once_one_has_the_credit(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let late = out(&store, "k0", &customer, &home, saturday()).await;
    let until = saturday().after(DAY);
    store.grant_credit(&late, Money::yuan(20), until, "晚到", "王主管", saturday()).await.unwrap();
    let mut tries = Vec::new();
    for guest in 0..40 {
        let (store, catalogue) = (store.clone(), catalogue.clone());
        let order = OrderRequest { heard: Money::fen(8250), ..wanted(&format!("k{}", guest + 1), &customer, &home) };
        tries.push(tokio::spawn(async move { place(&store, &catalogue, &order, saturday().after(MINUTE)).await }));
    }
    let (mut with, mut told) = (0, 0);
    for done in tries {
        match done.await.unwrap() {
            Placed::Confirmed { .. } => with += 1,
            Placed::PriceChanged { pay, .. } if pay == Money::fen(10_250) => told += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((with, told), (1, 39));
}

pub async fn c85_d81_is_off_headquarters_list_when_the_branch_goes_on(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let (order, _) = confirmed(place(&store, &catalogue, &wanted("k1", &customer, &home), saturday()).await);
    step(&store, &order, Step::Accept { minutes: None }, &kitchen(), at(1)).await;
    step(&store, &order, said(Outcome::NoRider), &kitchen(), at(2)).await;
    assert_eq!(kinds(&store).await, ["undelivered"]);
    step(&store, &order, Step::Cook, &kitchen(), at(3)).await;
    assert!(kinds(&store).await.is_empty());
    assert_eq!(store.card(order.as_str()).await.unwrap().unwrap().owner, "branch");
}

/// Two hours later, and then that they fetch it: each is a message, and the telephone says the new time.
pub async fn c87_d73_the_diner_reads_the_new_time_and_hears_it(database: Database) {
    let (store, _) = database.shop().await;
    let (customer, home) = diner(&store).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let order = out(&store, "k1", &customer, &home, saturday()).await;
    let later = |minutes: u32, pickup: bool| Report { code: Outcome::Rescheduled, later: Some(Later { at: at(minutes), pickup }) };
    let text = |text: &str| NoticeTexts { zh: text.into(), en: text.into() };
    let texts = Texts { accepted: text(""), out: text(""), delivered: text("送达"), map: text(""), later: text("{tail}改到{time}") };
    for (minutes, wanted, pickup) in [(30, 120, false), (40, 90, true)] {
        assert!(store.delivered(&order, later(wanted, pickup), "在开会", None, "link", at(minutes)).await.unwrap());
        let entry = store.journal_after(0, 1000).await.unwrap().pop().unwrap();
        let data = serde_json::from_str(&entry.data).unwrap();
        for _ in 0..2 {
            tell_customer(&store, &texts, &order, &data, at(minutes)).await.unwrap();
        }
    }
    let mut told: Vec<(String, String)> =
        store.notices(Some(&order), 10).await.unwrap().into_iter().map(|notice| (notice.event, notice.text)).collect();
    told.sort();
    let tail = store.order(order.as_str()).await.unwrap().unwrap().number.last4().to_owned();
    assert_eq!(told, [("later:1".to_owned(), format!("{tail}改到20:00")), ("later:2".to_owned(), format!("{tail}改到19:30"))]);
    let heard = store.orders_of(Some(&customer), None, true).await.unwrap();
    assert_eq!(clock().local(heard[0].promised_at), clock().local(at(90)), "what the telephone says");
}
