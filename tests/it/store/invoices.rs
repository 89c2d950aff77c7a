//! Invoices: asked for with the order, given to the provider once and after delivery, and what became of them.

use dinetone::domain::{InvoiceRequest, InvoiceStatus, OrderStatus, PlacedVia};
use dinetone::order::life::{Actor, ActorKind, Outcome, Step};
use dinetone::store::{Anyway, InvoiceFilter, InvoiceResult, Store, StoreError, TakenDown};

use super::kit::{DAY, Database, MINUTE, confirmed, place, request, saturday};

const CODE: &str = "91110000600037341L";

fn company(title: &str) -> InvoiceRequest {
    InvoiceRequest::check("company", title, CODE, "fapiao@example.com", "").unwrap()
}

fn person() -> InvoiceRequest {
    InvoiceRequest::check("person", "", "", "", "13811112222").unwrap()
}

async fn delivered(store: &Store, order: &dinetone::domain::OrderId) {
    use OrderStatus::{Accepted, Cooking, Done, New, Ready};
    for (from, to) in [(New, Accepted), (Accepted, Cooking), (Cooking, Ready), (Ready, Done)] {
        store.move_order(order, from, to, saturday().after(20 * MINUTE)).await.unwrap();
    }
}

async fn numbers(store: &Store, status: InvoiceStatus) -> Vec<String> {
    let filter = InvoiceFilter { status: Some(status), limit: 100, ..InvoiceFilter::default() };
    store.invoices(&filter).await.unwrap().iter().map(|one| one.number.as_str().to_owned()).collect()
}

pub async fn c91_an_invoice_is_kept_with_its_order_and_given_out_once(database: Database) {
    let (store, catalogue) = database.shop().await;
    let taken = TakenDown { agent_name: "李娜".into(), invoice: Some(company("某某科技有限公司")), ..TakenDown::default() };
    let placed = store.place_order_by(&request("k1", "13811112222"), PlacedVia::Agent, &taken, saturday(), &catalogue).await.unwrap();
    let (first, number) = confirmed(placed);
    let kept = store.invoice(&first).await.unwrap().expect("in the same transaction");
    assert_eq!((kept.status, kept.asked_by.as_str(), kept.delivered), (InvoiceStatus::Asked, "李娜", false));
    assert_eq!((kept.request.tax_number.as_ref().unwrap().as_str(), kept.amount.as_fen()), (CODE, 10_250));
    let told = store.journal_after(0, 100).await.unwrap();
    let of_invoice = told.iter().find(|entry| entry.kind == "invoice_asked").expect("followers hear of it");
    assert!(!of_invoice.data.contains("某某") && !of_invoice.data.contains(CODE), "not whose: {}", of_invoice.data);
    // Nothing is delivered yet; a request can be changed, withdrawn, and made again.
    assert_eq!(store.export_invoices(saturday()).await.unwrap(), None);
    let (second, _) = confirmed(place(&store, &catalogue, &request("k2", "13811113333"), saturday()).await);
    store.ask_invoice(&second, &company("甲公司"), "王芳", saturday().after(MINUTE)).await.unwrap();
    assert!(store.withdraw_invoice(&second, saturday()).await.unwrap());
    assert!(!store.withdraw_invoice(&second, saturday()).await.unwrap());
    store.ask_invoice(&second, &person(), "王芳", saturday().after(2 * MINUTE)).await.unwrap();
    let nobody = dinetone::domain::OrderId::new("no-such");
    assert!(matches!(store.ask_invoice(&nobody, &person(), "王芳", saturday()).await, Err(StoreError::Conflict)));
    // A cancelled order's request goes nowhere.
    let (third, _) = confirmed(place(&store, &catalogue, &request("k3", "13811114444"), saturday()).await);
    store.ask_invoice(&third, &person(), "王芳", saturday()).await.unwrap();
    assert!(store.cancel_order(&third, saturday()).await.unwrap());
    delivered(&store, &first).await;
    delivered(&store, &second).await;
    // Two give at once: each request goes out once.
    let other = database.store().await;
    let (one, two) = tokio::join!(store.export_invoices(saturday().after(DAY)), other.export_invoices(saturday().after(DAY)));
    let given: Vec<(String, u64)> = [one.unwrap(), two.unwrap()].into_iter().flatten().collect();
    assert_eq!(given.iter().map(|(_, count)| count).sum::<u64>(), 2, "{given:?}");
    assert_eq!(given.len(), 1);
    let batch = InvoiceFilter { batch: Some(given[0].0.clone()), limit: 100, ..InvoiceFilter::default() };
    let read = store.invoices(&batch).await.unwrap();
    assert_eq!(read.iter().map(|one| (one.number.as_str(), one.amount.as_fen())).next(), Some((number.as_str(), 10_250)));
    assert_eq!((read.len(), store.invoices(&batch).await.unwrap()), (2, read.clone()), "read as often as one likes");
    assert_eq!(numbers(&store, InvoiceStatus::Asked).await.len(), 1, "the cancelled order's");
    // Spilled: it waits until somebody says that it goes out all the same; one that never came does not go out at all.
    let (spilled, _) = confirmed(place(&store, &catalogue, &request("k4", "13811115555"), saturday()).await);
    store.ask_invoice(&spilled, &person(), "王芳", saturday()).await.unwrap();
    assert_eq!(store.export_invoice_anyway(&spilled, saturday()).await.unwrap(), Anyway::NotDelivered);
    delivered(&store, &spilled).await;
    let lead = Actor { lead: true, ..Actor::new(ActorKind::Headquarters, "u1", "王主管") };
    let said = |code| Step::Correct { code, note: String::new() };
    store.order_step(&spilled, None, &said(Outcome::Damaged), &lead, saturday().after(DAY)).await.unwrap();
    assert_eq!(store.export_invoices(saturday().after(DAY)).await.unwrap(), None);
    assert!(store.invoice(&spilled).await.unwrap().unwrap().in_doubt);
    store.order_step(&spilled, None, &said(Outcome::Rejected), &lead, saturday().after(DAY)).await.unwrap();
    assert_eq!(store.export_invoice_anyway(&spilled, saturday().after(DAY)).await.unwrap(), Anyway::NotDelivered);
    store.order_step(&spilled, None, &said(Outcome::Damaged), &lead, saturday().after(DAY)).await.unwrap();
    assert!(
        matches!(store.export_invoice_anyway(&spilled, saturday().after(DAY)).await.unwrap(), Anyway::Given(name) if name != given[0].0)
    );
    assert_eq!(store.export_invoice_anyway(&spilled, saturday().after(DAY)).await.unwrap(), Anyway::NotAsked);
    // What the provider has is not changed behind its back.
    assert!(matches!(store.ask_invoice(&first, &person(), "李娜", saturday()).await, Err(StoreError::Conflict)));
    assert!(!store.withdraw_invoice(&first, saturday()).await.unwrap());
    // What became of them: told twice is told once, by number or id.
    let issued = InvoiceResult::Issued("25312000000012345678".into());
    for _ in 0..2 {
        assert!(store.invoice_told(&number, &issued, saturday().after(DAY)).await.unwrap());
    }
    assert!(!store.invoice_told(&number, &InvoiceResult::Failed("x".into()), saturday()).await.unwrap(), "issued stays issued");
    let failed = InvoiceResult::Failed("抬头不符".into());
    assert!(store.invoice_told(second.as_str(), &failed, saturday().after(DAY)).await.unwrap());
    assert!(!store.invoice_told(third.as_str(), &issued, saturday()).await.unwrap(), "the provider never had it");
    // One that failed is asked for again, and goes out with the next batch.
    store.ask_invoice(&second, &company("乙公司"), "李娜", saturday().after(DAY)).await.unwrap();
    let (again, count) = store.export_invoices(saturday().after(DAY)).await.unwrap().expect("it waits again");
    assert_eq!((count, again == given[0].0), (1, false));
    assert_eq!(numbers(&store, InvoiceStatus::Issued).await, [number]);
}

pub async fn c91_a_customers_titles_are_offered_again(database: Database) {
    let (store, catalogue) = database.shop().await;
    let mut customer = None;
    for (place, title) in ["甲公司", "乙公司", "甲公司"].into_iter().enumerate() {
        let at = saturday().after((place as u32 + 1) * 20 * MINUTE);
        let taken = TakenDown { invoice: Some(company(title)), ..TakenDown::default() };
        let wanted = request(&format!("k{place}"), "13811112222");
        let placed = store.place_order_by(&wanted, PlacedVia::Agent, &taken, at, &catalogue).await.unwrap();
        let (id, _) = confirmed(placed);
        customer = store.order(id.as_str()).await.unwrap().unwrap().customer;
    }
    let titles = store.invoice_titles(&customer.expect("a new customer")).await.unwrap();
    assert_eq!(titles.iter().map(|title| title.title.as_str()).collect::<Vec<_>>(), ["甲公司", "乙公司"]);
    assert_eq!(store.invoice_titles(&dinetone::domain::CustomerId::new("nobody")).await.unwrap(), []);
}
