//! Tickets: a message becomes one, somebody owns it, its deadline rings, and it is closed with what came of it.

use dinetone::domain::{CallId, NewTicket, RecordingId, TicketKind, UserId};
use dinetone::ivr::question::{Message, MessageKind};
use dinetone::store::{Author, StoreError, TicketFilter, TicketStep};

use super::kit::{Database, MINUTE, branch, confirmed, phone, place, request, saturday};

fn lina() -> Author {
    Author { user: UserId::new("u-lina"), name: "李娜".into() }
}

pub async fn c29_a_message_becomes_a_ticket_with_caller_order_and_branch(database: Database) {
    let (store, catalogue) = database.shop().await;
    let (order, number) = confirmed(place(&store, &catalogue, &request("k1", "13811112222"), saturday()).await);
    let recording = RecordingId::new("rec-1");
    store.record_recording(&recording, &CallId::new("call-1"), "caller", 8000, saturday()).await.unwrap();
    let message = Message {
        kind: MessageKind::Complaint,
        recording: recording.clone(),
        customer: None,
        phone: Some(phone("13811112222")),
        order: Some(order.clone()),
    };
    let case = store.leave_message(&message, saturday().after(MINUTE)).await.unwrap();
    let tickets = store.tickets(&TicketFilter::default()).await.unwrap();
    let [ticket] = tickets.as_slice() else { panic!("{tickets:?}") };
    assert_eq!(
        (ticket.number.as_str(), ticket.kind, ticket.severity, ticket.status.as_str()),
        (case.as_str(), TicketKind::Complaint, 2, "open")
    );
    assert_eq!((ticket.branch, ticket.call.as_ref().map(CallId::as_str)), (Some(branch(1)), Some("call-1")));
    assert_eq!(ticket.order.as_ref().map(|(_, number)| number.as_str()), Some(number.as_str()));
    assert_eq!((ticket.recording.as_ref(), ticket.due_at), (Some(&recording), saturday().after(121 * MINUTE)));
    assert!(store.recording_is_of(&recording, branch(1)).await.is_ok_and(|of| !of), "a message is not the branch's");
    let other = TicketFilter { branch: Some(branch(2)), ..TicketFilter::default() };
    assert!(store.tickets(&other).await.unwrap().is_empty());
    store.ticket_played(&recording, "李娜", saturday().after(2 * MINUTE)).await.unwrap();
    let (_, notes) = store.ticket_story(&case).await.unwrap().unwrap();
    assert_eq!(notes.iter().map(|note| note.kind.as_str()).collect::<Vec<_>>(), ["opened", "played"]);
    let journal = store.journal_after(0, 100).await.unwrap();
    let kinds: Vec<_> = journal.iter().map(|entry| entry.kind.as_str()).filter(|kind| *kind != "house_changed").collect();
    assert_eq!(kinds, ["order_placed", "ticket_opened", "message_left"]);
}

pub async fn c100_a_ticket_is_owned_escalated_and_closed_with_an_outcome(database: Database) {
    let store = database.store().await;
    let ticket = NewTicket {
        kind: TicketKind::FoodSafety,
        severity: None,
        customer: None,
        phone: Some(phone("13811112222")),
        order: None,
        call: None,
        recording: None,
        words: "汤里有异物".into(),
        by: "李娜".into(),
    };
    let (id, number) = store.open_ticket(&ticket, saturday()).await.unwrap();
    assert_eq!(number, "2611210001");
    // Two take it at once: one wins.
    store.ticket_step(&id, 0, &TicketStep::Take, &lina(), saturday()).await.unwrap();
    let late = store.ticket_step(&id, 0, &TicketStep::Take, &Author { user: UserId::new("u2"), name: "B".into() }, saturday()).await;
    assert!(matches!(late, Err(StoreError::Conflict)));
    // Half an hour passes; of two nodes that look one escalates.
    assert_eq!(store.escalate_tickets(saturday().after(29 * MINUTE)).await.unwrap(), 0);
    assert_eq!(store.escalate_tickets(saturday().after(30 * MINUTE)).await.unwrap(), 1);
    assert_eq!(store.escalate_tickets(saturday().after(30 * MINUTE)).await.unwrap(), 0);
    let tasks = store.open_tasks().await.unwrap();
    assert_eq!(tasks.len(), 1, "headquarters must look at it: {tasks:?}");
    let (ticket, _) = store.ticket_story(&id).await.unwrap().unwrap();
    assert_eq!((ticket.escalated, ticket.due_at, ticket.revision), (1, saturday().after(60 * MINUTE), 2));
    assert_eq!(ticket.owner.map(|owner| owner.name), Some("李娜".into()));
    let close = TicketStep::Close { outcome: "退款并致歉".into(), told: "called" };
    let seen_before = store.ticket_step(&id, 1, &close, &lina(), saturday().after(31 * MINUTE)).await;
    assert!(matches!(seen_before, Err(StoreError::Conflict)), "it was escalated since");
    store.ticket_step(&id, 2, &close, &lina(), saturday().after(31 * MINUTE)).await.unwrap();
    let again = store.ticket_step(&id, 3, &TicketStep::Note("x".into()), &lina(), saturday().after(32 * MINUTE)).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "closed is closed");
    assert_eq!(store.escalate_tickets(saturday().after(600 * MINUTE)).await.unwrap(), 0);
    assert!(store.tickets(&TicketFilter::default()).await.unwrap().is_empty());
    assert!(store.open_tasks().await.unwrap().is_empty());
    let all = store.tickets(&TicketFilter { all: true, ..TicketFilter::default() }).await.unwrap();
    let closed = all[0].closed.clone().unwrap();
    assert_eq!((closed.1.as_str(), closed.2.as_str(), closed.3.as_str()), ("李娜", "退款并致歉", "called"));
    let (_, notes) = store.ticket_story(&number).await.unwrap().unwrap();
    assert_eq!(notes.iter().map(|note| note.kind.as_str()).collect::<Vec<_>>(), ["opened", "taken", "escalated", "closed"]);
    let told = store.journal_after(0, 100).await.unwrap();
    assert!(told.iter().any(|entry| entry.kind == "ticket_closed" && entry.data.contains("退款并致歉")));
    assert!(told.iter().any(|entry| entry.kind == "ticket_escalated" && entry.data.contains("food_safety")));
    // C102: one of this kind, overdue once, closed after 31 minutes.
    let (day, all) = (jiff::civil::date(2026, 11, 21), dinetone::report::Filter::default());
    let report = dinetone::report::Report::named("complaints").unwrap();
    let table = store.report(report, dinetone::report::Grain::Day, day, day, &all).await.unwrap();
    let figure = |key: &str| table.cell(&table.rows[0], key).cloned().unwrap();
    use dinetone::report::Cell::{Tenths, Whole};
    assert_eq!((figure("opened"), figure("closed"), figure("overdue")), (Whole(1), Whole(1), Tenths(1000)));
    assert_eq!(figure("time_to_close"), Tenths(31 * 60 * 10));
}
