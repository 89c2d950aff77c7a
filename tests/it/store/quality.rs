//! Early warnings of quality: late deliveries of a branch, callers who give up, words that nobody may overlook (C101).

use dinetone::domain::{
    CallId, Disposition, Fact, Language, NewTicket, QueueId, QueueOutcome, QueueVisit, TicketKind, Timestamp, UserId, WrapUp,
};
use dinetone::order::life::{Actor, Outcome, Step};
use dinetone::order::quality::Rules;
use dinetone::store::{Author, Store, TicketStep};
use std::time::Duration;

use super::kit::{Database, MINUTE, confirmed, phone, place, request, saturday};

fn at(minutes: u32) -> Timestamp {
    saturday().after(minutes * MINUTE)
}

/// The open warnings: subject's code, and its words.
async fn warnings(store: &Store) -> Vec<serde_json::Value> {
    store.open_tasks().await.unwrap().into_iter().filter(|task| task.kind == "quality").map(|task| task.words).collect()
}

pub async fn c101_a_branch_that_brings_late_is_warned_of_once_until_it_has_passed(database: Database) {
    let (store, mut catalogue) = database.shop().await;
    catalogue.offers.clear();
    let rules = Rules::default();
    let system = Actor::system();
    for number in 0..10_u32 {
        let mut wanted = request(&format!("k{number}"), &format!("1381111000{number}"));
        wanted.place = dinetone::domain::Place::Recorded {
            recording: dinetone::domain::RecordingId::new(format!("r{number}")),
            branch: super::kit::branch(1),
        };
        let (id, _) = confirmed(place(&store, &catalogue, &wanted, at(0)).await);
        let written = Step::Address { text: "漕溪北路八十八号".into(), branch: super::kit::branch(1), times: None };
        for step in [written, Step::Ready, Step::HandOver { rider: None }] {
            store.order_step(&id, None, &step, &system, at(1)).await.unwrap();
        }
        let code = Some(if number < 4 { Outcome::Late30 } else { Outcome::OnTime });
        let told = Step::Deliver { code, note: String::new(), minutes_late: None };
        store.order_step(&id, None, &told, &system, at(30)).await.unwrap();
        if number == 6 {
            store.watch_quality(&rules, at(30)).await.unwrap();
            assert!(warnings(&store).await.is_empty(), "seven deliveries say nothing yet");
        }
    }
    for minutes in [31, 32, 90] {
        store.watch_quality(&rules, at(minutes)).await.unwrap();
        let open = warnings(&store).await;
        assert_eq!(open.len(), 1, "after {minutes} minutes: {open:?}");
        assert_eq!(
            (&open[0]["code"], &open[0]["name"], &open[0]["part"], &open[0]["whole"]),
            (&"late".into(), &"1".into(), &4.into(), &10.into())
        );
    }
    store.watch_quality(&rules, at(30 + 121)).await.unwrap();
    assert!(warnings(&store).await.is_empty(), "two hours later it has passed");
}

pub async fn c101_callers_who_give_up_are_a_warning_of_their_queue(database: Database) {
    let store = database.store().await;
    let visit = |number: u32, queue: &str, how| {
        Fact::Visit(QueueVisit {
            id: format!("{queue}-{number}"),
            call: CallId::new(format!("c-{queue}-{number}")),
            queue: QueueId::new(queue),
            phone: Some(phone("13811110001")),
            customer: None,
            language: Language::Mandarin,
            entered_at: at(number % 10),
            left: Some((at(number % 10).after(Duration::from_secs(40)), how)),
            agent: None,
            is_callback: false,
        })
    };
    let mut facts = Vec::new();
    for number in 0..20 {
        let how = if number < 3 { QueueOutcome::Abandoned } else { QueueOutcome::Answered };
        facts.push(visit(number, "order-zh", how));
        facts.push(visit(number, "order-en", QueueOutcome::Answered));
    }
    store.keep("n1", &facts, at(15)).await.unwrap();
    store.watch_quality(&Rules::default(), at(15)).await.unwrap();
    let open = warnings(&store).await;
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!((&open[0]["code"], &open[0]["name"], &open[0]["percent"]), (&"abandoned".into(), &"order-zh".into(), &15.into()));
    store.watch_quality(&Rules::default(), at(60)).await.unwrap();
    assert!(warnings(&store).await.is_empty());
}

pub async fn c101_words_of_food_safety_are_never_overlooked_and_told_once(database: Database) {
    let store = database.store().await;
    let rules = Rules::default();
    let ticket = |words: &str| NewTicket {
        kind: TicketKind::Other,
        severity: None,
        customer: None,
        phone: Some(phone("13811112222")),
        order: None,
        call: None,
        recording: None,
        words: words.into(),
        by: "李娜".into(),
    };
    let (id, number) = store.open_ticket(&ticket("客人说吃完一直拉肚子"), at(0)).await.unwrap();
    store.open_ticket(&ticket("少给了一双筷子"), at(0)).await.unwrap();
    let wrap_up = WrapUp {
        call: CallId::new("a"),
        agent: UserId::new("u-lina"),
        agent_name: "李娜".into(),
        customer: None,
        phone: None,
        disposition: Disposition::new(20),
        note: "Says there was a Cockroach in the rice".into(),
        order: None,
        follow: String::new(),
    };
    store.record_wrap_up(&wrap_up, at(1)).await.unwrap();
    for minutes in [2, 3] {
        store.watch_quality(&rules, at(minutes)).await.unwrap();
    }
    let open = warnings(&store).await;
    let words: Vec<_> = open.iter().map(|words| words["word"].as_str().unwrap()).collect();
    assert_eq!((words.len(), words.contains(&"拉肚子"), words.contains(&"cockroach")), (2, true, true), "{open:?}");
    assert!(open.iter().any(|words| words["number"] == number.as_str()));
    // A word that is added to an old ticket counts, too.
    let author = Author { user: UserId::new("u1"), name: "王主管".into() };
    let (other, _) = store.open_ticket(&ticket("客人还有话说"), at(0)).await.unwrap();
    let later = TicketStep::Note("又打来说孩子呕吐".into());
    store.ticket_step(&other, 0, &later, &author, at(180)).await.unwrap();
    store.watch_quality(&rules, at(181)).await.unwrap();
    let found = store.open_tasks().await.unwrap().into_iter().find(|task| task.words["word"] == "呕吐").unwrap();
    assert!(store.finish_task(&found.id, "王主管", "已回电", at(181)).await.unwrap());
    // Somebody has dealt with the ticket; the other one is settled by a person, and does not come back.
    let by = Author { user: UserId::new("u1"), name: "王主管".into() };
    let revision = store.ticket_story(&id).await.unwrap().unwrap().0.revision;
    let close = TicketStep::Close { outcome: "已送医并上报".into(), told: "called" };
    store.ticket_step(&id, revision, &close, &by, at(4)).await.unwrap();
    store.watch_quality(&rules, at(5)).await.unwrap();
    let task = store.open_tasks().await.unwrap().into_iter().find(|task| task.kind == "quality").unwrap();
    assert_eq!(task.words["word"], serde_json::json!("cockroach"));
    assert!(store.finish_task(&task.id, "王主管", "已查厨房", at(6)).await.unwrap());
    store.watch_quality(&rules, at(7)).await.unwrap();
    assert!(warnings(&store).await.is_empty());
}
