//! The clock of dispatch on the store, in virtual time: release, escalation, the next branch, pauses; after a restart and on two nodes.

use dinetone::domain::{Address, OrderId, Place, Timestamp, When};
use dinetone::order::life::{Actor, ActorKind, Step};
use dinetone::server::dispatch::{look, look_around};
use dinetone::server::errands::due_branch_calls;
use dinetone::sip::outbound::Rules;
use dinetone::store::{Stepped, Store};

use super::kit::{DAY, Database, MINUTE, branch, clock, confirmed, dish, phone, place, request, saturday};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// An order to 漕溪北路 88, which branches 1 and 2 of the sample house deliver to.
async fn to_caoxi(store: &Store, key: &str, when: When) -> OrderId {
    let catalogue = store.catalogue().await.unwrap();
    let mut wanted = request(key, "13811112222");
    let customer = store.remember_customer(&[phone("13811112222")], saturday()).await.unwrap();
    let address = Address {
        id: format!("a-{key}"),
        label: "家".into(),
        text: "漕溪北路八十八号".into(),
        clip: None,
        recording: None,
        branch: Some(branch(1)),
        unchecked: false,
    };
    store.remember_address(Some(&customer), &address, saturday()).await.unwrap();
    wanted.customer = Some(customer);
    wanted.place = Place::Saved { address: address.id, text: address.text, branch: branch(1) };
    wanted.when = when;
    wanted.again = true;
    confirmed(place(store, &catalogue, &wanted, saturday()).await).0
}

async fn told(store: &Store, id: &OrderId) -> Vec<String> {
    store.order_timeline(id).await.unwrap().into_iter().map(|event| event.kind).collect()
}

async fn calls(store: &Store) -> usize {
    store.journal_after(0, 1000).await.unwrap().iter().filter(|entry| entry.kind == "order_telephone").count()
}

fn after(seconds: u32) -> Timestamp {
    saturday().after(seconds * SECOND)
}

pub async fn c81_c82_an_unheard_order_goes_up_step_by_step_to_the_next_branch(database: Database) {
    let (store, _) = database.shop().await;
    let id = to_caoxi(&store, "k1", When::Now).await;
    // A board is open there, and nobody looks at it.
    for seconds in (0..400).step_by(10) {
        store.boards_seen("a", &[1], after(seconds)).await.unwrap();
        look(&store, after(seconds)).await.unwrap();
        let card = store.card(id.as_str()).await.unwrap().unwrap();
        let (stage, owner) = match seconds {
            0..60 => (0, "branch"),
            60..120 => (1, "branch"),
            120..180 => (2, "branch"),
            180..300 => (3, "branch"),
            300..360 => (0, "branch"),
            _ => (3, "branch"),
        };
        assert_eq!((card.stage, card.owner), (stage, owner), "after {seconds} s: {:?}", told(&store, &id).await);
        assert_eq!(card.branch, if seconds < 300 { 1 } else { 2 }, "after {seconds} s");
        assert_eq!(card.loud, stage > 0);
    }
    let events = told(&store, &id).await;
    assert_eq!(events, ["placed", "loud", "unheard", "telephone", "next_branch", "telephone"], "the second has no board open");
    assert_eq!(calls(&store).await, 2);
    let by_phone = Actor::new(ActorKind::Telephone, "branch:2", "二号店").of(branch(2));
    let taken = store.order_step(&id, None, &Step::Accept { minutes: None }, &by_phone, after(400)).await.unwrap();
    assert!(matches!(taken, Stepped::Done(_)));
    assert!(store.open_tasks().await.unwrap().is_empty());
    look(&store, after(500)).await.unwrap();
    assert_eq!(calls(&store).await, 2, "whoever answered is left in peace");
}

pub async fn c82_nobody_can_take_it_headquarters_has_it_and_the_telephone_goes_on(database: Database) {
    let (store, _) = database.shop().await;
    let id = to_caoxi(&store, "k1", When::Now).await;
    // The other branch has run out of a dish.
    store.branch_sold_out(branch(2), dish(61), Some(after(7200)), "二号店", saturday()).await.unwrap();
    look(&store, after(60)).await.unwrap();
    assert_eq!(calls(&store).await, 1, "no board is open: after a minute it is telephoned");
    for seconds in (61..=1300).step_by(20) {
        look(&store, after(seconds)).await.unwrap();
    }
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.branch, card.owner, card.stage), (1, "headquarters", 3));
    assert_eq!(calls(&store).await, 5, "again every five minutes");
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), ["no_branch"], "one task, and it says what is wrong");
    assert_eq!(tasks[0].words["code"], serde_json::json!("unheard"));
    let moved = Step::Reassign { branch: branch(2), why: "老板说的".into(), times: None };
    let by = Actor::new(ActorKind::Headquarters, "u-1", "赵强");
    assert!(matches!(store.order_step(&id, None, &moved, &by, after(1310)).await.unwrap(), Stepped::Done(_)));
    assert!(store.open_tasks().await.unwrap().is_empty(), "it has a branch again");
}

pub async fn c82_a_server_that_may_not_telephone_tries_nothing_and_says_so_once(database: Database) {
    let (store, _) = database.shop().await;
    let id = to_caoxi(&store, "k1", When::Now).await;
    // The other branch has run out of a dish.
    store.branch_sold_out(branch(2), dish(61), Some(after(7200)), "二号店", saturday()).await.unwrap();
    let mut asked = 0;
    let mut round = async |rules: &Rules, seconds: u32| {
        look(&store, after(seconds)).await.unwrap();
        let told = calls(&store).await;
        if told > std::mem::replace(&mut asked, told) {
            store.want_branch_call(&id, after(seconds)).await.unwrap();
        }
        due_branch_calls(&store, "a", rules, after(seconds)).await.unwrap().len()
    };
    let off = Rules::default();
    for seconds in (0..=1300).step_by(20) {
        assert_eq!(round(&off, seconds).await, 0, "after {seconds} s");
        if seconds == 80 {
            let tasks = store.open_tasks().await.unwrap();
            assert_eq!((tasks[0].kind, &tasks[0].words["telephone"]), ("unheard", &serde_json::json!("outbound_off")));
        }
    }
    let rounds = store.branch_calls(&id).await.unwrap();
    assert_eq!(rounds.len(), 1, "{rounds:?}");
    assert_eq!((rounds[0].status.as_str(), rounds[0].tries, rounds[0].why.as_str()), ("failed", 0, "outbound_off"));
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), ["no_branch"], "one task");
    assert_eq!(tasks[0].words["telephone"], serde_json::json!("outbound_off"));
    let said = store.journal_after(0, 1000).await.unwrap().into_iter().filter(|entry| entry.kind == "task_changed").count();
    assert_eq!(said, 2, "once with each task");
    // Somebody allows it: it is rung with the next alarm.
    let on = Rules { on: true, ..Rules::default() };
    let rung: usize = [round(&on, 1400).await, round(&on, 1600).await].into_iter().sum();
    assert_eq!(rung, 1);
}

pub async fn c80_i6_a_pre_order_is_released_on_time_after_a_restart_and_once_by_two_nodes(database: Database) {
    let (store, _) = database.shop().await;
    let at = clock().local(saturday().after(150 * MINUTE));
    let id = to_caoxi(&store, "k1", When::At(at)).await;
    let card = store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.owner, card.ring), ("clock", false));
    let release = Timestamp::from_millis(card.release_at.unwrap());
    assert_eq!(release, saturday().after((150 - 45) * MINUTE), "promise − cooking − way");
    look(&store, release.before(SECOND)).await.unwrap();
    assert_eq!(store.card(id.as_str()).await.unwrap().unwrap().owner, "clock");
    store.close().await;
    // The server was away when it was due; then two of them come back at once.
    let (one, other) = (database.store().await, database.store().await);
    let (first, second) = tokio::join!(look(&one, release.after(3 * MINUTE)), look(&other, release.after(3 * MINUTE)));
    first.unwrap();
    second.unwrap();
    let card = one.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card.owner, card.ring, card.sent_at), ("branch", true, Some(release.after(3 * MINUTE).as_millis())));
    assert_eq!(told(&one, &id).await, ["placed", "send"], "once");
}

pub async fn c80_a_late_order_and_a_silent_branch_are_tasks(database: Database) {
    let (store, _) = database.shop().await;
    let id = to_caoxi(&store, "k1", When::Now).await;
    let tablet = Actor::new(ActorKind::Branch, "t", "一号店").of(branch(1));
    store.order_step(&id, None, &Step::Cook, &tablet, after(30)).await.unwrap();
    store.boards_seen("a", &[1], after(30)).await.unwrap();
    look_around(&store, after(31)).await.unwrap();
    assert!(store.open_tasks().await.unwrap().is_empty());
    look_around(&store, after(120)).await.unwrap();
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!((tasks.len(), tasks[0].kind, tasks[0].branch), (1, "branch_away", Some(1)));
    store.boards_seen("b", &[1], after(125)).await.unwrap();
    look_around(&store, after(126)).await.unwrap();
    assert!(store.open_tasks().await.unwrap().is_empty(), "it is back, on another node");
    look(&store, saturday().after(16 * MINUTE)).await.unwrap();
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!((tasks[0].kind, tasks[0].words["code"].as_str()), ("late", Some("cooking")));
    store.order_step(&id, None, &Step::Ready, &tablet, saturday().after(17 * MINUTE)).await.unwrap();
    assert!(store.open_tasks().await.unwrap().is_empty());
}

/// The kitchen has more before an order than it has time: headquarters rings the diner first, once, and not for nothing (C88).
pub async fn c88_an_order_that_will_be_late_is_foretold_once_and_taken_back(database: Database) {
    let (store, _) = database.shop().await;
    let id = to_caoxi(&store, "k1", When::Now).await;
    let at = |minutes: u32| saturday().after(minutes * MINUTE);
    let tablet = Actor::new(ActorKind::Branch, "t", "一号店").of(branch(1));
    store.boards_seen("a", &[1], at(0)).await.unwrap();
    look_around(&store, at(0)).await.unwrap();
    let card = async || store.card(id.as_str()).await.unwrap().unwrap();
    assert_eq!((card().await.expected_at, store.open_tasks().await.unwrap().len()), (None, 0), "an empty kitchen keeps its promise");
    let promised = card().await.promised_at;
    store.order_step(&id, None, &Step::Accept { minutes: None }, &tablet, at(1)).await.unwrap();
    let others = async |minutes: u32, step: Step| {
        let catalogue = store.catalogue().await.unwrap();
        for number in 0..10 {
            let key = format!("x{number}");
            let placed = place(&store, &catalogue, &request(&key, &format!("1391111222{number}")), at(minutes)).await;
            let (other, _) = match placed {
                dinetone::ivr::question::Placed::Confirmed { .. } => confirmed(placed),
                again => panic!("{again:?}"),
            };
            store.order_step(&other, None, &step, &tablet, at(minutes)).await.unwrap();
        }
    };
    // Ten that are fetched are being cooked before it.
    others(2, Step::Cook).await;
    store.boards_seen("a", &[1], at(3)).await.unwrap();
    let (one, other) = (store.clone(), database.store().await);
    let (first, second) = tokio::join!(look_around(&one, at(3)), look_around(&other, at(3)));
    first.unwrap();
    second.unwrap();
    let foretold = async || store.open_tasks().await.unwrap().into_iter().filter(|task| task.kind == "foreseen").collect::<Vec<_>>();
    let tasks = foretold().await;
    assert_eq!((tasks.len(), tasks[0].order.as_deref()), (1, Some(id.as_str())), "once, whoever looks: {tasks:?}");
    let expected = card().await.expected_at.unwrap();
    assert!(expected > promised + 600_000, "{expected} against {promised}");
    assert!(tasks[0].words["minutes_late"].as_i64().unwrap() > 10, "{tasks:?}");
    // The others are done: it will be in time after all.
    store.order_step(&id, None, &Step::Ready, &tablet, at(4)).await.unwrap();
    look_around(&store, at(4)).await.unwrap();
    assert_eq!((card().await.expected_at, foretold().await.len()), (None, 0));
    let taken_back = Step::Undo;
    store.order_step(&id, None, &taken_back, &tablet, at(4)).await.unwrap();
    look_around(&store, at(5)).await.unwrap();
    assert!(card().await.expected_at.is_some(), "boards show it again");
    assert!(foretold().await.is_empty(), "headquarters had its task");
}

pub async fn c79_a_pause_ends_by_itself(database: Database) {
    let (store, _) = database.shop().await;
    let before = store.catalogue_version().await.unwrap();
    store.pause_branch(branch(1), Some((Some(after(900)), "太忙")), "一号店", saturday()).await.unwrap();
    assert!(store.catalogue().await.unwrap().branches[&branch(1)].paused);
    let card = store.branch_cards(after(1)).await.unwrap().remove(0);
    assert_eq!(card.paused.map(|pause| (pause.until, pause.reason)), Some((Some(after(900).as_millis()), "太忙".into())));
    look(&store, after(899)).await.unwrap();
    assert!(store.catalogue().await.unwrap().branches[&branch(1)].paused);
    look(&store, after(900)).await.unwrap();
    assert!(!store.catalogue().await.unwrap().branches[&branch(1)].paused);
    assert_eq!(store.catalogue_version().await.unwrap(), before + 2);
    store.pause_branch(branch(1), Some((None, "停电")), "总部", after(901)).await.unwrap();
    look(&store, saturday().after(DAY)).await.unwrap();
    assert!(store.catalogue().await.unwrap().branches[&branch(1)].paused, "until somebody opens it");
}
