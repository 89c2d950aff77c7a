//! Slips come out once, in right Chinese, and say what the order says; what is old or in doubt waits for a person (C83, C86).

use std::sync::Arc;
use std::time::Duration;

use dinetone::domain::{OrderId, Timestamp};
use dinetone::order::life::{Actor, ActorKind, Step};
use dinetone::slip::{Which, Width};
use dinetone::store::{PrintFilter, PrintJob, Printer, Stepped, Store};

use super::kit::{Database, MINUTE, branch, confirmed, place, request, saturday};
use crate::kit::printer::{Mood, Printer as Device};

const FRESH: Duration = Duration::from_secs(600);

/// Prints with the clock of this machine, as the program does.
fn now() -> Timestamp {
    dinetone::server::clock::now().wall.into()
}

fn printer(device: &Device, slips: &[Which]) -> Printer {
    Printer {
        id: String::new(),
        branch: branch(1),
        name: "后厨".into(),
        address: device.address.to_string(),
        width: Width::Narrow,
        slips: slips.to_vec(),
        buzzer: true,
        disabled: false,
        state: String::new(),
        state_at: saturday(),
        waiting: 0,
    }
}

async fn steps(store: &Store, order: &OrderId, steps: &[Step]) {
    for step in steps {
        let by = Actor::new(ActorKind::Branch, "branch1", "店长").of(branch(1));
        let by = if matches!(step, Step::Cancel { .. } | Step::Send | Step::AskEdit { .. }) {
            Actor::new(ActorKind::Headquarters, "d", "赵强")
        } else {
            by
        };
        let done = store.order_step(order, None, step, &by, now()).await.unwrap();
        assert!(matches!(done, Stepped::Done(_)), "{step:?}: {done:?}");
    }
}

/// An order that its branch has accepted.
async fn accepted(store: &Store, catalogue: &dinetone::domain::Catalogue, key: &str) -> (OrderId, String) {
    let placed = place(store, catalogue, &request(key, "13800138000"), now()).await;
    let (id, number) = confirmed(placed);
    steps(store, &id, &[Step::Accept { minutes: None }]).await;
    (id, number)
}

async fn jobs(store: &Store, order: &OrderId) -> Vec<PrintJob> {
    let mut jobs = store.print_jobs(&PrintFilter { order: Some(order.clone()), ..PrintFilter::default() }, 50).await.unwrap();
    jobs.reverse();
    jobs
}

async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within twenty seconds: {what}");
}

fn printing(store: &Store) -> tokio::task::JoinHandle<()> {
    tokio::spawn(dinetone::server::printing::run(store.clone(), Arc::default()))
}

pub async fn c83_an_accepted_order_comes_out_once_in_right_chinese(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let device = Device::start();
    assert!(store.save_printer(&printer(&device, &Which::ALL), now()).await.unwrap());
    let (order, number) = accepted(&store, &catalogue, "k1").await;
    assert_eq!(store.make_slips(&order, FRESH, now()).await.unwrap(), 3);
    assert_eq!(store.make_slips(&order, FRESH, now()).await.unwrap(), 0, "noticed twice, made once");
    let task = printing(&store);
    let papers = eventually("three slips", async || Some(device.papers()).filter(|papers| papers.len() == 3)).await;
    // The paper is cut before the printer says so, and it says so before that is written down.
    let printed = async || jobs(&store, &order).await.iter().all(|job| job.status == "printed").then_some(());
    eventually("all of them written down as printed", printed).await;
    task.abort();
    let kept = store.order(order.as_str()).await.unwrap().unwrap();
    let (kitchen, packing, delivery) = (&papers[0], &papers[1], &papers[2]);
    assert!(kitchen.buzzed);
    for line in &kept.lines {
        let big = format!("{} x{}", line.zh, line.quantity.get());
        assert!(kitchen.lines.iter().any(|printed| printed.big && printed.bold && printed.text == big), "{big}\n{}", kitchen.text());
        assert!(packing.text().contains(&line.zh) && delivery.text().contains(&line.zh));
        let fen = line.amount.as_fen();
        assert!(delivery.text().contains(&format!("{}.{:02}", fen / 100, fen % 100)), "{}", delivery.text());
    }
    assert!(kitchen.lines.iter().any(|line| line.centred && line.big && line.text == format!("#{} 自取", &number[number.len() - 4..])));
    assert!(delivery.text().contains("102.50") && delivery.text().contains("021-64380001"), "{}", delivery.text());
    assert_eq!(delivery.barcode.as_deref(), Some(number.as_str()));
    assert!(jobs(&store, &order).await.iter().all(|job| job.tries == 1));
    assert_eq!(device.papers().len(), 3, "each came out once");
    let shown = store.printers(None).await.unwrap();
    assert_eq!((shown[0].state.as_str(), shown[0].waiting), ("ok", 0));
}

pub async fn c86_changes_reprints_and_cancellations_say_what_they_are(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let device = Device::start();
    store.save_printer(&printer(&device, &[Which::Kitchen]), now()).await.unwrap();
    let (order, _) = accepted(&store, &catalogue, "k1").await;
    store.make_slips(&order, FRESH, now()).await.unwrap();
    let task = printing(&store);
    eventually("the slip", async || (device.papers().len() == 1).then_some(())).await;
    assert_eq!(store.print_again(&order, Which::Kitchen, "店长", FRESH, now()).await.unwrap(), 1);
    eventually("the reprint", async || (device.papers().len() == 2).then_some(())).await;
    assert!(device.papers()[1].text().starts_with("补打 1\n") && !device.papers()[1].buzzed);
    // Another portion of the first dish, agreed by the branch.
    let kept = store.order(order.as_str()).await.unwrap().unwrap();
    let mut lines: Vec<_> = kept
        .lines
        .iter()
        .map(|line| dinetone::order::life::EditLine {
            line: dinetone::domain::CartLine { dish: line.dish, quantity: line.quantity, size: line.size, spice: line.spice },
            note: None,
        })
        .collect();
    lines[0].line.quantity = dinetone::domain::Quantity::new(3).unwrap();
    steps(&store, &order, &[Step::AskEdit { lines, why: "加一份".into() }, Step::Grant]).await;
    assert_eq!(store.make_slips(&order, FRESH, now()).await.unwrap(), 1);
    eventually("the change", async || (device.papers().len() == 3).then_some(())).await;
    let change = device.papers()[2].text();
    assert!(change.starts_with("改单 第2版\n") && change.contains("x2→x3"), "{change}");
    assert!(!change.contains(&kept.lines[1].zh), "only what differs: {change}");
    steps(&store, &order, &[Step::Cancel { why: "客人取消".into() }]).await;
    assert_eq!(store.make_slips(&order, FRESH, now()).await.unwrap(), 1);
    eventually("the cancellation", async || (device.papers().len() == 4).then_some(())).await;
    task.abort();
    assert!(device.papers()[3].text().starts_with("退单 停止制作\n"), "{}", device.papers()[3].text());
    let kinds: Vec<String> = jobs(&store, &order).await.into_iter().map(|job| job.kind).collect();
    assert_eq!(kinds, ["new", "again", "change", "cancel"]);
}

pub async fn c83_without_paper_nothing_is_lost_and_headquarters_is_told(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let device = Device::start();
    store.save_printer(&printer(&device, &[Which::Kitchen]), now()).await.unwrap();
    device.is(Mood::NoPaper);
    let (order, _) = accepted(&store, &catalogue, "k1").await;
    store.make_slips(&order, FRESH, now()).await.unwrap();
    let task = printing(&store);
    let state = async || store.printers(None).await.unwrap()[0].state.clone();
    eventually("the printer says so", async || (state().await == "paper").then_some(())).await;
    assert!(device.papers().is_empty());
    let card = store.branch_cards(now()).await.unwrap().into_iter().find(|card| card.number == 1).unwrap();
    assert_eq!(card.printer, Some(serde_json::json!({ "state": "paper", "waiting": 1 })), "boards show it");
    device.is(Mood::Ready);
    eventually("it is printed after all", async || (device.papers().len() == 1).then_some(())).await;
    eventually("the printer is well", async || (state().await == "ok").then_some(())).await;
    task.abort();
    assert_eq!(jobs(&store, &order).await[0].status, "printed");
}

pub async fn c83_a_stale_slip_is_asked_about_and_printed_only_when_somebody_says_so(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let device = Device::start();
    store.save_printer(&printer(&device, &[Which::Kitchen]), now()).await.unwrap();
    let (order, _) = accepted(&store, &catalogue, "k1").await;
    // Made before a night in which nothing was printed.
    let evening = now().before(12 * 60 * MINUTE);
    store.make_slips(&order, FRESH, evening).await.unwrap();
    let task = printing(&store);
    let job = eventually("it is asked about", async || jobs(&store, &order).await.pop().filter(|job| job.status == "asked")).await;
    assert_eq!(job.why, "stale");
    assert!(device.papers().is_empty(), "never silently");
    assert!(store.decide_print_job(&job.id, true, "店长", FRESH, now()).await.unwrap());
    eventually("it is printed", async || (device.papers().len() == 1).then_some(())).await;
    eventually("and written down", async || jobs(&store, &order).await.pop().filter(|job| job.status == "printed")).await;
    task.abort();
    assert!(!store.decide_print_job(&job.id, false, "店长", FRESH, now()).await.unwrap(), "it is out");
}

pub async fn c83_a_printer_that_does_not_say_that_it_is_done_makes_no_second_dinner(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let device = Device::start();
    store.save_printer(&printer(&device, &[Which::Kitchen]), now()).await.unwrap();
    device.is(Mood::Mute);
    let (mute, _) = accepted(&store, &catalogue, "k1").await;
    store.make_slips(&mute, FRESH, now()).await.unwrap();
    let task = printing(&store);
    // One that never speaks of itself is believed.
    eventually("it is printed", async || jobs(&store, &mute).await.pop().filter(|job| job.status == "printed")).await;
    assert_eq!(device.papers().len(), 1);
    // A node that was killed while it printed: nobody knows, so a person is asked.
    task.abort();
    device.is(Mood::Ready);
    let mut other = request("k2", "13900139000");
    other.cart = super::kit::cart(&[(18, 2), (61, 1), (60, 1)]);
    other.heard = dinetone::domain::Money::fen(10_450);
    let (order, _) = confirmed(place(&store, &catalogue, &other, now()).await);
    steps(&store, &order, &[Step::Accept { minutes: None }]).await;
    store.make_slips(&order, FRESH, now()).await.unwrap();
    let id = store.printers(None).await.unwrap()[0].id.clone();
    let long_ago = now().before(2 * MINUTE);
    store.make_slips(&order, FRESH, long_ago).await.unwrap();
    assert!(store.claim_print_job(&id, now()).await.unwrap().is_some());
    assert!(store.claim_print_job(&id, now()).await.unwrap().is_none(), "one at a time");
    assert_eq!(store.doubt_print_jobs(&id, now().after(2 * MINUTE)).await.unwrap(), 1);
    assert_eq!(jobs(&store, &order).await[0].why, "in_doubt");
}
