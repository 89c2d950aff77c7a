//! What leaves the house besides paper: riders with cash, messages to customers, and what is remembered of refusals (C84, C87, C89).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dinetone::domain::{
    BlockLevel, BranchNumber, CallId, Disposition, Language, Money, NoticeTexts, OrderId, Place, Timestamp, UserId, WrapUp,
};
use dinetone::order::life::{Actor, ActorKind, Later, Outcome, Report, Rider, Step};
use dinetone::server::notices::{Gateway, run, signature};
use dinetone::store::{BlockWish, HandedIn, NoticeFilter, Store};

use super::kit::{DAY, Database, MINUTE, branch, confirmed, phone, place, request, saturday};

/// A delivery by branch 1 that is on its way with this rider.
async fn on_its_way(store: &Store, catalogue: &dinetone::domain::Catalogue, key: &str, rider: Option<&Rider>, now: Timestamp) -> OrderId {
    let customer = store.card_by_phone(&phone("13800138000"), now).await.unwrap();
    let home = match customer.addresses.first() {
        Some(home) => home.clone(),
        None => {
            let customer = store.remember_customer(&[phone("13800138000")], now).await.unwrap();
            let home = dinetone::domain::Address {
                id: "home".into(),
                label: "家".into(),
                text: "漕溪北路八十八号".into(),
                clip: None,
                recording: None,
                branch: Some(branch(1)),
                unchecked: false,
            };
            store.remember_address(Some(&customer), &home, now).await.unwrap();
            home
        }
    };
    let mut wanted = request(key, "13800138000");
    wanted.place = Place::Saved { address: home.id, text: home.text, branch: branch(1) };
    wanted.again = true;
    let (order, _) = confirmed(place(store, catalogue, &wanted, now).await);
    let by = Actor::new(ActorKind::Branch, "branch1", "店长").of(branch(1));
    for step in [Step::Accept { minutes: None }, Step::Ready, Step::HandOver { rider: rider.cloned() }] {
        store.order_step(&order, None, &step, &by, now).await.unwrap();
    }
    order
}

pub async fn c84_a_rider_owes_what_was_delivered_and_hands_it_in(database: Database) {
    let (store, catalogue) = database.shop().await;
    let start = saturday();
    let id = store.add_rider(branch(1), "老周", Some(&phone("13500135001")), start).await.unwrap();
    assert!(store.add_rider(branch(2), "别人", Some(&phone("13500135001")), start).await.is_err(), "one number, one rider");
    let rider = Rider { id: id.clone(), name: "老周".into() };
    let later = start.after(MINUTE);
    let first = on_its_way(&store, &catalogue, "k1", Some(&rider), later).await;
    let second = on_its_way(&store, &catalogue, "k2", Some(&rider), later).await;
    let pay = store.order(first.as_str()).await.unwrap().unwrap().pay;
    let out = store.riders(Some(branch(1))).await.unwrap().remove(0);
    assert_eq!((out.out, out.out_with.len(), out.due), (true, 2, Money::ZERO));
    let card = out.card(true);
    assert_eq!((card["state"].as_str(), card["phone"].as_str()), (Some("out"), Some("135****5001")), "{card}");
    let known = Some((id.clone(), "老周".to_owned()));
    assert!(store.delivered(&first, Outcome::OnTime, "", known.clone(), "", later.after(20 * MINUTE)).await.unwrap());
    assert!(store.delivered(&second, Outcome::Rejected, "", known, "", later.after(25 * MINUTE)).await.unwrap());
    let back = store.riders(None).await.unwrap().remove(0);
    assert_eq!((back.out_with.len(), back.due), (0, pay), "what was refused is not paid");
    let handed = async |cash: Money, minutes: u32| store.rider_in(&id, cash, "店长", later.after(minutes * MINUTE)).await.unwrap().unwrap();
    let too_much = HandedIn::TooMuch { due: pay, out: 0 };
    assert_eq!(handed(pay.plus(Money::fen(1)), 29).await, too_much, "more than is owed is not taken");
    assert_eq!(store.rider(&id).await.unwrap().unwrap().due, pay, "and changes nothing");
    let rest = pay.minus(Money::yuan(50));
    assert_eq!(handed(Money::yuan(50), 30).await, HandedIn::Taken { left: rest });
    let home = store.rider(&id).await.unwrap().unwrap();
    assert_eq!((home.out, home.due), (false, pay.minus(Money::yuan(50))), "what is left stays owed");
    assert_eq!(handed(rest, 31).await, HandedIn::Taken { left: Money::ZERO });
    assert_eq!(handed(Money::fen(1), 32).await, HandedIn::TooMuch { due: Money::ZERO, out: 0 });
}

pub async fn c85_a_link_opens_one_order_and_reports_in_its_riders_name(database: Database) {
    let (store, catalogue) = database.shop().await;
    let order = on_its_way(&store, &catalogue, "k1", None, saturday()).await;
    store.add_rider_link(&order, "s3cret", "店长", saturday()).await.unwrap();
    assert_eq!(store.rider_link("s3cret").await.unwrap(), Some(order.clone()));
    assert_eq!(store.rider_link("guess").await.unwrap(), None);
    assert!(store.delivered(&order, Outcome::WrongAddress, "门牌不对", None, "link", saturday().after(MINUTE)).await.unwrap());
    let said = store.card(order.as_str()).await.unwrap().unwrap().outcome.unwrap();
    assert_eq!(said.code, "D70");
    // Corrected within the window, refused long after it.
    assert!(store.delivered(&order, Outcome::OnTime, "", None, "link", saturday().after(2 * MINUTE)).await.unwrap());
    assert!(!store.delivered(&order, Outcome::Prank, "", None, "link", saturday().after(DAY)).await.unwrap());
}

/// The diner rings the rider: at half past seven, and later that they come themselves. Boards, slips, timers and reports follow.
pub async fn c85_d73_another_time_is_promised_by_whoever_reports_it(database: Database) {
    let (store, catalogue) = database.shop().await;
    let order = on_its_way(&store, &catalogue, "k1", None, saturday()).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let card = async || store.card(order.as_str()).await.unwrap().unwrap();
    let before = card().await;
    let moved = |minutes: u32, pickup: bool| Report { code: Outcome::Rescheduled, later: Some(Later { at: at(minutes), pickup }) };
    assert!(!store.delivered(&order, Outcome::Rescheduled, "", None, "link", at(40)).await.unwrap(), "the code alone promises nothing");
    assert!(store.delivered(&order, moved(120, false), "在开会", None, "link", at(40)).await.unwrap());
    let later = card().await;
    assert_eq!((later.status, later.promised_at, later.due_at), ("ready", at(120).as_millis(), Some(at(120).as_millis())));
    assert_eq!((later.version, later.rescheduled, later.rider.is_none()), (before.version + 1, 1, true));
    let ticket = store.ticket(&order).await.unwrap().unwrap();
    assert_eq!(ticket.promised, super::kit::clock().local(at(120)), "slips say the new time");
    assert!(store.delivered(&order, moved(60, true), "自己来取", None, "link", at(45)).await.unwrap());
    let fetched = card().await;
    assert_eq!((fetched.fulfilment, fetched.promised_at, fetched.rescheduled), ("pickup", at(60).as_millis(), 2));
    assert!(!store.ticket(&order).await.unwrap().unwrap().delivery);
    let events = store.order_timeline(&order).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), &last.data["outcome"], &last.data["pickup"]), ("reschedule", &"D73".into(), &true.into()));
    // It is told with the codes, once, besides what becomes of the order.
    let day = super::kit::clock().local(saturday()).date();
    let outcomes = dinetone::report::Report::named("outcomes").unwrap();
    let table = store.report(outcomes, dinetone::report::Grain::Day, day, day, &dinetone::report::Filter::default()).await.unwrap();
    let codes: Vec<_> = table.rows.iter().map(|row| (table.cell(row, "result").cloned(), table.cell(row, "became").cloned())).collect();
    let d73 = (Some(dinetone::report::Cell::Text("D73".into())), Some(dinetone::report::Cell::Whole(1)));
    assert_eq!(codes, [d73]);
}

/// Nobody opens: somebody else rings the diner, the second time the food is kept for its half hour, then it is over; all after a restart.
pub async fn c85_d71_two_attempts_are_kept_the_food_is_held_and_its_end_is_headquarters(database: Database) {
    let (store, catalogue) = database.shop().await;
    let order = on_its_way(&store, &catalogue, "k1", None, saturday()).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let open = async |store: &Store| store.open_tasks().await.unwrap().into_iter().map(|task| (task.kind, task.words)).collect::<Vec<_>>();
    assert!(store.delivered(&order, Outcome::Unreachable, "没人接", None, "link", at(30)).await.unwrap());
    let tasks = open(&store).await;
    assert_eq!((tasks.len(), tasks[0].0, &tasks[0].1["attempt"]), (1, "unreachable", &1.into()), "somebody rings the diner");
    assert!(store.delivered(&order, Outcome::Unreachable, "还是没人", None, "link", at(36)).await.unwrap());
    let card = store.card(order.as_str()).await.unwrap().unwrap();
    assert_eq!(
        (card.status, card.attempts, card.held_until, card.due_at),
        ("ready", 2, Some(at(66).as_millis()), Some(at(66).as_millis()))
    );
    assert!(!store.delivered(&order, Outcome::Unreachable, "", None, "link", at(37)).await.unwrap(), "two are two");
    store.close().await;
    let store = database.store().await;
    dinetone::server::dispatch::look(&store, at(65)).await.unwrap();
    assert_eq!(store.card(order.as_str()).await.unwrap().unwrap().status, "ready");
    dinetone::server::dispatch::look(&store, at(66)).await.unwrap();
    let card = store.card(order.as_str()).await.unwrap().unwrap();
    assert_eq!((card.status, card.outcome.map(|said| said.code), card.held_until), ("done", Some("D71"), None));
    let tasks = open(&store).await;
    assert_eq!((tasks.len(), tasks[0].0, &tasks[0].1["code"]), (1, "undelivered", &"D71".into()));
    let told: Vec<String> = store.order_timeline(&order).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(told[told.len() - 3..], ["deliver", "deliver", "kept_in_vain"], "both attempts, and the end");
}

/// Spilled soup is a ticket with its order and customer, once, and nobody had to write it.
pub async fn c85_d82_is_a_ticket_of_the_order_by_itself(database: Database) {
    let (store, catalogue) = database.shop().await;
    let order = on_its_way(&store, &catalogue, "k1", None, saturday()).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    for (minutes, code) in [(30, Outcome::Damaged), (31, Outcome::OnTime), (32, Outcome::Damaged)] {
        assert!(store.delivered(&order, code, "汤洒了", None, "link", at(minutes)).await.unwrap());
    }
    let tickets = store.tickets(&dinetone::store::TicketFilter::default()).await.unwrap();
    let [ticket] = tickets.as_slice() else { panic!("{tickets:?}") };
    assert_eq!((ticket.kind, ticket.words.as_str()), (dinetone::domain::TicketKind::Delivery, "D82 汤洒了"));
    assert_eq!((ticket.branch, ticket.order.as_ref().map(|(id, _)| id == &order)), (Some(branch(1)), Some(true)));
    assert_eq!((ticket.customer.is_some(), ticket.phone.as_ref()), (true, Some(&phone("13800138000"))));
}

pub async fn c89_three_refusals_at_the_door_propose_and_a_correction_takes_them_back(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut last = None;
    for (times, key) in ["k1", "k2", "k3"].into_iter().enumerate() {
        let at = saturday().after(DAY * u32::try_from(times).unwrap());
        let order = on_its_way(&store, &catalogue, key, None, at).await;
        assert!(store.delivered(&order, Outcome::Rejected, "", None, "test", at.after(MINUTE)).await.unwrap());
        store.mark_customer(&order, at.after(MINUTE)).await.unwrap();
        store.mark_customer(&order, at.after(MINUTE)).await.unwrap();
        let open = store.block_proposals(true, 10).await.unwrap();
        assert_eq!(open.len(), usize::from(times == 2), "after {} refusal(s)", times + 1);
        last = Some((order, at));
    }
    let (order, at) = last.unwrap();
    assert!(store.delivered(&order, Outcome::OnTime, "", None, "test", at.after(2 * MINUTE)).await.unwrap());
    store.mark_customer(&order, at.after(2 * MINUTE)).await.unwrap();
    assert!(store.block_proposals(true, 10).await.unwrap().is_empty(), "it was a mistake");
}

pub async fn c89_a_nuisance_call_proposes_its_number_once(database: Database) {
    let (store, _) = database.shop().await;
    let wrap_up = |call: &str, code: u8| WrapUp {
        call: CallId::new(call),
        agent: UserId::new("u-lina"),
        agent_name: "李娜".into(),
        customer: None,
        phone: Some(phone("13600136000")),
        disposition: Disposition::new(code),
        note: "一直不说话，骂人".into(),
        order: None,
        follow: String::new(),
    };
    store.record_wrap_up(&wrap_up("c0", 61), saturday()).await.unwrap();
    assert!(store.block_proposals(true, 10).await.unwrap().is_empty(), "a wrong number is no nuisance");
    for call in ["c1", "c1", "c2"] {
        store.record_wrap_up(&wrap_up(call, 62), saturday()).await.unwrap();
    }
    let open = store.block_proposals(true, 10).await.unwrap();
    let [proposal] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((proposal.why.as_str(), proposal.by.as_str(), proposal.note.as_str()), ("62", "李娜", "一直不说话，骂人"));
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(tasks.iter().map(|task| (task.kind, task.order.as_deref())).collect::<Vec<_>>(), [("blacklist", None)]);
    let author = dinetone::store::Author { user: UserId::new("u1"), name: "王主管".into() };
    let level = Some((BlockWish::Block(BlockLevel::Hard), None));
    assert!(store.decide_proposal(&proposal.id, level, &author, saturday().after(MINUTE)).await.unwrap());
    store.record_wrap_up(&wrap_up("c3", 62), saturday().after(2 * MINUTE)).await.unwrap();
    assert!(store.block_proposals(true, 10).await.unwrap().is_empty(), "it is on the list already");
}

pub async fn c68_what_an_agent_blocks_holds_until_a_supervisor_says_otherwise(database: Database) {
    let (store, _) = database.shop().await;
    let author = |name: &str| dinetone::store::Author { user: UserId::new(name), name: name.into() };
    let (caller, hard) = (phone("13600136001"), BlockWish::Block(BlockLevel::Hard));
    let levels = async || {
        store.block_entries(saturday()).await.unwrap().into_iter().map(|entry| (entry.level, entry.reason, entry.by)).collect::<Vec<_>>()
    };
    for (confirm, left) in [
        (None, vec![]),
        (Some((BlockWish::Block(BlockLevel::Busy), None)), vec![("busy".to_owned(), "骂人".to_owned(), "王主管".to_owned())]),
    ] {
        store.block_for_review(&caller, hard, None, "骂人", &author("李娜"), saturday()).await.unwrap();
        assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().block, Some(BlockLevel::Hard), "from the next call on");
        let open = store.block_proposals(true, 10).await.unwrap();
        assert_eq!(
            open.iter().map(|one| (one.why.as_str(), one.note.as_str(), one.by.as_str())).collect::<Vec<_>>(),
            [("block", "骂人", "李娜")]
        );
        assert!(store.decide_proposal(&open[0].id, confirm, &author("王主管"), saturday()).await.unwrap());
        assert_eq!(levels().await, left);
    }
}

pub async fn c89_every_degree_is_kept_the_strictest_holds_and_the_white_list_wins(database: Database) {
    let (store, _) = database.shop().await;
    let author = dinetone::store::Author { user: UserId::new("u1"), name: "王主管".into() };
    let caller = phone("13100131000");
    for level in BlockLevel::ALL {
        let until = Some(saturday().after(DAY));
        store.set_block(&caller, BlockWish::Block(level), until, "骚扰", &author, saturday()).await.unwrap();
        assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().block, Some(level));
        let pop = store.pop(None, Some(&caller), dinetone::domain::Identity::Caller, saturday()).await.unwrap();
        assert_eq!(pop.block, Some(level));
        let entries = store.block_entries(saturday()).await.unwrap();
        assert_eq!((entries.len(), entries[0].level.as_str()), (1, level.name()), "a later level takes the place of the earlier");
        assert_eq!(store.barred(saturday()).await.unwrap().len(), usize::from(level.status().is_some()));
        assert!(store.barred(saturday().after(2 * DAY)).await.unwrap().is_empty(), "it ends by itself");
    }
    store.set_block(&caller, BlockWish::Block(BlockLevel::Busy), None, "骚扰", &author, saturday()).await.unwrap();
    store.record_block_hit(&caller, BlockLevel::Busy, "c1", saturday().after(MINUTE)).await.unwrap();
    assert_eq!(store.block_entries(saturday().after(MINUTE)).await.unwrap()[0].hits, 1);
    store.allow(&caller, "our office", saturday()).await.unwrap();
    assert!(store.barred(saturday()).await.unwrap().is_empty());
    assert_eq!(store.card_by_phone(&caller, saturday()).await.unwrap().block, None);
}

/// What a gateway was sent: head and body.
type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// A gateway that answers with these statuses, one after the other, and then with 200.
fn gateway(statuses: &'static [u16]) -> (String, Sent) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let sent: Sent = Arc::default();
    let kept = Arc::clone(&sent);
    std::thread::spawn(move || {
        for (place, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line.to_ascii_lowercase());
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            kept.lock().unwrap().push((head, String::from_utf8(body).unwrap()));
            let status = statuses.get(place).copied().unwrap_or(200);
            let _ = write!(reader.get_mut(), "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    (url, sent)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
}

pub async fn c87_customers_are_told_once_signed_and_again_when_it_failed(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let now = || Timestamp::from(dinetone::server::clock::now().wall);
    let order = on_its_way(&store, &catalogue, "k1", None, now()).await;
    let texts = NoticeTexts { zh: "您尾号{tail}的订单，{branch}已接单，共{money}元。".into(), en: String::new() };
    assert!(store.make_notice(&order, "accepted", &texts, now()).await.unwrap());
    assert!(!store.make_notice(&order, "accepted", &texts, now()).await.unwrap(), "once for each event");
    let (url, sent) = gateway(&[503]);
    let secret = "sixteen letters!".to_owned();
    let task = tokio::spawn(run(store.clone(), Gateway { url: url.clone(), secret: secret.clone() }));
    let log = async || store.notices(Some(&order), 10).await.unwrap().remove(0);
    for _ in 0..400 {
        if log().await.tries == 1 && log().await.status == "waiting" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((log().await.status.as_str(), log().await.why.as_str()), ("waiting", "status 503"));
    // It is due again in ten seconds: its time is brought forward.
    task.abort();
    let claimed = store.claim_notice("webhook", now().after(MINUTE)).await.unwrap().expect("due again");
    store.notice_done(&claimed, false, "test", Some(now()), now()).await.unwrap();
    let task = tokio::spawn(run(store.clone(), Gateway { url, secret: secret.clone() }));
    for _ in 0..400 {
        if log().await.status == "sent" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    task.abort();
    assert_eq!(log().await.status, "sent");
    let kept = sent.lock().unwrap().clone();
    let (head, body) = kept.last().unwrap();
    assert_eq!(header(head, "x-dinetone-signature:"), signature(&secret, header(head, "x-dinetone-timestamp:"), body));
    let value: serde_json::Value = serde_json::from_str(body).unwrap();
    let number = store.order(order.as_str()).await.unwrap().unwrap().number;
    assert_eq!((value["event"].as_str(), value["phone"].as_str()), (Some("accepted"), Some("13800138000")));
    let text = value["text"].as_str().unwrap();
    assert!(text.contains(number.last4()) && text.contains("徐家汇店") && text.contains("102.50"), "{text}");
    // Who wants none gets none, and that is written down.
    store.refuse_notices(&phone("13800138000"), true, "李娜", now()).await.unwrap();
    assert!(!store.make_notice(&order, "out", &texts, now()).await.unwrap());
    assert_eq!(log().await.status, "declined");
    // News that is old is none.
    let old = on_its_way(&store, &catalogue, "k2", None, now()).await;
    store.refuse_notices(&phone("13800138000"), false, "李娜", now()).await.unwrap();
    assert!(store.make_notice(&old, "out", &texts, now().before(120 * MINUTE)).await.unwrap());
    assert!(store.claim_notice("webhook", now()).await.unwrap().is_none());
    assert_eq!(store.notices(Some(&old), 1).await.unwrap()[0].why, "too_late");
}

pub async fn c28_a_link_to_a_map_is_made_once_a_day_and_again_when_it_failed(database: Database) {
    let (store, _) = database.shop_at_any_hour().await;
    let texts = NoticeTexts { zh: "{branch}，{address}：https://map.example/?q={address_url}&n={number}".into(), en: String::new() };
    let (mobile, now) = (phone("13800138000"), saturday());
    let ask = async |number: &str, branch: u16, language: Language, at: Timestamp| {
        store.make_map_link(&phone(number), BranchNumber::new(branch).unwrap(), language, &texts, at).await.unwrap()
    };
    // They want no messages about orders; this one they have asked for.
    store.refuse_notices(&mobile, true, "李娜", now).await.unwrap();
    assert!(ask("13800138000", 1, Language::Mandarin, now).await);
    assert!(ask("13800138000", 1, Language::Mandarin, now.after(MINUTE)).await, "it is on its way");
    let made = store.notices(None, 10).await.unwrap();
    let [link] = &made[..] else { panic!("{made:?}") };
    assert_eq!((link.event.as_str(), link.status.as_str(), link.order.as_str(), link.number.as_str()), ("map", "waiting", "", ""));
    assert!(
        link.text.starts_with("徐家汇店，漕溪北路") && link.text.contains("?q=%E6%BC%95%E6%BA%AA") && link.text.ends_with("&n=1"),
        "{}",
        link.text
    );
    for (number, branch, language) in
        [("13800138000", 1, Language::English), ("02164380001", 1, Language::Mandarin), ("13800138000", 999, Language::Mandarin)]
    {
        assert!(!ask(number, branch, language, now).await, "{number} {branch}: nothing to send, or nowhere");
    }
    let claimed = store.claim_notice("webhook", now.after(MINUTE)).await.unwrap().unwrap();
    store.notice_done(&claimed, false, "status 400", None, now.after(MINUTE)).await.unwrap();
    assert!(ask("13800138000", 1, Language::Mandarin, now.after(2 * MINUTE)).await);
    let again = store.claim_notice("webhook", now.after(2 * MINUTE)).await.unwrap().expect("what failed is tried again");
    store.notice_done(&again, true, "", None, now.after(2 * MINUTE)).await.unwrap();
    assert!(ask("13800138000", 1, Language::Mandarin, now.after(3 * MINUTE)).await);
    assert!(store.claim_notice("webhook", now.after(3 * MINUTE)).await.unwrap().is_none(), "sent once a day");
    let tomorrow = now.after(24 * 60 * MINUTE);
    assert!(ask("13800138000", 1, Language::Mandarin, tomorrow).await && ask("13900139000", 1, Language::Mandarin, tomorrow).await);
    let of = |branch| NoticeFilter { branch: Some(branch), limit: 10, ..NoticeFilter::default() };
    let listed = store.notices_of(&of(1)).await.unwrap();
    assert_eq!((listed.len(), listed[0].1), (3, Some(1)), "the branch reads them among its own");
    assert!(store.notices_of(&of(2)).await.unwrap().is_empty());
}
