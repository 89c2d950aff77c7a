//! Campaigns: who is left out, that nobody is contacted twice, too often, too late or against their will, and what is proved afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use dinetone::domain::{
    CampaignCall, CampaignPlan, CampaignStatus, CampaignTried, ContactWish, Fact, ListedNumber, NewTicket, OrderStatus, TicketKind,
    Timestamp, TryOutcome,
};
use dinetone::outreach::Rules;
use dinetone::store::{CampaignStep, Claimed, NoticeFilter, Store};
use serde_json::{Value, json};

use super::kit::{DAY, Database, MINUTE, confirmed, node, phone, place, request, saturday};

fn rules() -> Rules {
    Rules { on: true, ..Rules::default() }
}

/// Everybody who ever ordered is played one recording, three a minute, two at once, two tries each.
fn plan(more: Value) -> CampaignPlan {
    let mut plan = json!({ "name": "秋季新品", "kind": "voice_file", "prompt": "promo.autumn", "from": "2026-11-20", "until": "2026-11-30",
        "hours": "10:00-20:00", "at_once": 2, "per_minute": 3, "tries": 2 });
    for (key, value) in more.as_object().unwrap() {
        plan[key] = value.clone();
    }
    CampaignPlan::from_json(&plan).unwrap()
}

fn listed(numbers: &[&str]) -> Vec<ListedNumber> {
    numbers
        .iter()
        .map(|number| ListedNumber { phone: phone(number), name: "赵先生".into(), consent: "门店登记表 2026-10".into() })
        .collect()
}

async fn wish(store: &Store, number: &str, agrees: bool, now: Timestamp) {
    let wish = ContactWish { phone: phone(number), agrees, how: "agent".into(), words: "电话中同意".into(), by: "李娜".into() };
    store.set_contact_wish(&wish, now).await.unwrap();
}

/// A running campaign about these numbers, all of whom agreed.
async fn running(store: &Store, more: Value, numbers: &[&str], now: Timestamp) -> String {
    let mut more = more;
    more["listed"] = json!(true);
    let id = store.add_campaign(&plan(more), "王经理", now).await.unwrap();
    assert!(store.set_campaign_list(&id, &listed(numbers), "王经理", now).await.unwrap());
    let life = store.list_campaign(&id, &rules(), now).await.unwrap().unwrap().life;
    assert!(store.campaign_step(&id, CampaignStep::Approve, life, "王经理", now).await.unwrap());
    assert!(store.campaign_step(&id, CampaignStep::Start, life + 1, "王经理", now).await.unwrap());
    id
}

async fn claim(store: &Store, id: &str, at: &str, now: Timestamp) -> Claimed {
    store.claim_campaign(id, at, &rules(), now).await.unwrap()
}

async fn call(store: &Store, id: &str, at: &str, now: Timestamp) -> CampaignCall {
    match claim(store, id, at, now).await {
        Claimed::Call(call) => call,
        other => panic!("no call: {other:?}"),
    }
}

async fn tried(store: &Store, call: &CampaignCall, outcome: TryOutcome, now: Timestamp) {
    let answered_at = matches!(outcome, TryOutcome::Answered | TryOutcome::Refused).then_some(now);
    let tried =
        CampaignTried { id: call.id.clone(), outcome, why: "finished".into(), keys: "1".into(), call: None, answered_at, ended_at: now };
    store.keep("a", &[Fact::Tried(tried)], now).await.unwrap();
}

pub async fn c99_the_list_says_who_is_left_out_and_why_and_a_yes_holds_for_what_was_seen(database: Database) {
    let (store, catalogue) = database.shop_at_any_hour().await;
    let now = saturday();
    let dined = now.before(40 * DAY);
    // 1 agreed; 2 never said anything; 3 refused; 4 is blocked; 5 complains; 6 waits for an order; 7 wants no messages; 8 spoke today.
    for number in 1..=8 {
        let mut wanted = request(&format!("old-{number}"), &format!("1381111000{number}"));
        wanted.again = true;
        let (order, _) = confirmed(place(&store, &catalogue, &wanted, dined).await);
        use OrderStatus::{Accepted, Cooking, Done, New, Ready};
        for (from, to) in [(New, Accepted), (Accepted, Cooking), (Cooking, Ready), (Ready, Done)] {
            store.move_order(&order, from, to, dined.after(20 * MINUTE)).await.unwrap();
        }
        if number != 2 {
            wish(&store, &format!("1381111000{number}"), number != 3, dined).await;
        }
    }
    store.block(&phone("13811110004"), dinetone::domain::BlockLevel::Soft, None, "恶意订单", dined).await.unwrap();
    let ticket = NewTicket {
        kind: TicketKind::Complaint,
        severity: None,
        customer: None,
        phone: Some(phone("13811110005")),
        order: None,
        call: None,
        recording: None,
        words: "少了一份".into(),
        by: "李娜".into(),
    };
    store.open_ticket(&ticket, dined).await.unwrap();
    let mut again = request("today-6", "13811110006");
    again.again = true;
    confirmed(place(&store, &catalogue, &again, now.before(10 * MINUTE)).await);
    store.refuse_notices(&phone("13811110007"), true, "李娜", dined).await.unwrap();
    let mut record = dinetone::domain::CallRecord::arrived(dinetone::domain::CallId::new("c8"), "s8".into(), now.before(60 * MINUTE));
    record.caller = Some(phone("13811110008"));
    record.answered_at = Some(now.before(60 * MINUTE));
    let mut ours = record.clone();
    (ours.id, ours.trunk) = (dinetone::domain::CallId::new("c9"), "campaign".into());
    store.record_calls("a", &[record, ours], &[]).await.unwrap();
    let wall = store.wall(MINUTE, MINUTE, now).await.unwrap();
    assert_eq!(wall.today.calls, 1, "a campaign's call is no call that reached us");

    let id = store.add_campaign(&plan(json!({})), "王经理", now).await.unwrap();
    assert!(!store.campaign_step(&id, CampaignStep::Approve, 0, "王经理", now).await.unwrap(), "nobody has looked at a list");
    let seen = store.list_campaign(&id, &rules(), now).await.unwrap().unwrap();
    let count = |what: &str| seen.counts.get(what).copied().unwrap_or(0);
    assert_eq!(count("listed"), 8, "{:?}", seen.counts);
    for (what, expected) in [
        ("out:no_consent", 1),
        ("out:refused", 2),
        ("out:blocked", 1),
        ("later:open_ticket", 1),
        ("later:open_order", 1),
        ("later:spoke_lately", 1),
        ("waiting", 4),
    ] {
        assert_eq!(count(what), expected, "{what}: {:?}", seen.counts);
    }
    // Somebody changes the plan while another says yes: the yes was for another list.
    let other = plan(json!({ "segment": { "ordered_days": 30 } }));
    assert!(store.change_campaign(&id, &other, now).await.unwrap());
    assert!(!store.campaign_step(&id, CampaignStep::Approve, seen.life, "王经理", now).await.unwrap());
    let narrow = store.list_campaign(&id, &rules(), now).await.unwrap().unwrap();
    assert_eq!(narrow.counts.get("listed"), Some(&1), "only one ordered within a month: {:?}", narrow.counts);
    for (segment, expected) in [
        (json!({ "silent_days": 30 }), Some(&7)),
        (json!({ "branch": 1 }), Some(&8)),
        (json!({ "branch": 2 }), None),
        (json!({ "level": "gold" }), None),
        (json!({ "birthday_month": 11 }), None),
        (json!({ "zone": "nowhere" }), None),
    ] {
        assert!(store.change_campaign(&id, &plan(json!({ "segment": segment })), now).await.unwrap());
        let listed = store.list_campaign(&id, &rules(), now).await.unwrap().unwrap();
        assert_eq!(listed.counts.get("listed"), expected, "{segment}");
    }
    let last = store.campaign(&id).await.unwrap().unwrap();
    assert!(store.campaign_step(&id, CampaignStep::Approve, last.life, "王经理", now).await.unwrap());
    assert!(!store.change_campaign(&id, &other, now).await.unwrap(), "approved is approved");
    assert_eq!(claim(&store, &id, "a", now).await, Claimed::Nothing, "approved is not begun");
    let life = last.life + 1;
    assert!(store.campaign_step(&id, CampaignStep::Stop, life, "王经理", now).await.unwrap());
    assert!(!store.campaign_step(&id, CampaignStep::Start, life + 1, "王经理", now).await.unwrap(), "stopped for good");
}

pub async fn c99_two_nodes_call_everybody_once_within_pace_and_hours(database: Database) {
    let (store, other) = (database.store().await, database.store().await);
    let morning = saturday().before(Duration::from_secs(9 * 3600));
    let numbers: Vec<String> = (1000..1012).map(|tail| format!("1381111{tail}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let id = running(&store, json!({}), &numbers, morning).await;
    assert_eq!(claim(&store, &id, "a", morning).await, Claimed::Nothing, "nine o'clock: the campaign begins at ten");
    let mut now = morning.after(60 * MINUTE);
    let mut called: Vec<String> = Vec::new();
    let mut rounds = 0;
    while called.len() < numbers.len() {
        rounds += 1;
        assert!(rounds < 60, "{called:?}");
        // Both nodes, several at a time.
        let claims = tokio::join!(
            claim(&store, &id, "a", now),
            claim(&other, &id, "b", now),
            claim(&store, &id, "a", now),
            claim(&other, &id, "b", now)
        );
        let calls: Vec<CampaignCall> = [claims.0, claims.1, claims.2, claims.3]
            .into_iter()
            .filter_map(|claimed| if let Claimed::Call(call) = claimed { Some(call) } else { None })
            .collect();
        assert!(calls.len() <= 2, "two at once: {calls:?}");
        assert_eq!(claim(&other, &id, "b", now).await, Claimed::Nothing, "both lines are taken, or the pace is reached");
        for call in &calls {
            called.push(call.phone.reveal().to_owned());
            tried(&store, call, TryOutcome::Answered, now.after(Duration::from_secs(5))).await;
            // Told twice (the store was away): counted once.
            tried(&store, call, TryOutcome::Answered, now.after(Duration::from_secs(5))).await;
        }
        now = now.after(Duration::from_secs(20));
    }
    assert_eq!(called.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "everybody once");
    assert!(now.as_millis() - morning.after(60 * MINUTE).as_millis() >= 3 * 60_000, "three a minute at most");
    assert_eq!(claim(&other, &id, "b", now.after(MINUTE)).await, Claimed::Done);
    let done = store.campaign(&id).await.unwrap().unwrap();
    assert_eq!((done.status, done.counts.get("answered")), (CampaignStatus::Done, Some(&12)), "{:?}", done.counts);
    let evidence = store.campaign_evidence(&id, "", 100).await.unwrap();
    assert_eq!(evidence.len(), 12);
    assert!(evidence.iter().all(|one| one.consent_how == "import" && one.consent_words == "门店登记表 2026-10" && one.keys == "1"));

    // Nobody is called while people rest, at night, or after the last day: who is left then is left out.
    let id = running(&store, json!({ "until": "2026-11-21" }), &["13822220001"], morning).await;
    for (hours, expected) in [(3, Claimed::Nothing), (4, Claimed::Nothing), (11, Claimed::Done)] {
        let at = morning.after(60 * MINUTE * hours);
        assert_eq!(claim(&store, &id, "a", at).await, expected, "{hours} hours after nine");
    }
    let over = store.campaign(&id).await.unwrap().unwrap();
    assert_eq!((over.status, over.counts.get("out:over")), (CampaignStatus::Done, Some(&1)));
}

pub async fn c99_a_node_that_dies_in_a_call_is_not_made_up_for(database: Database) {
    let store = database.store().await;
    let now = saturday();
    for name in ["a", "b"] {
        store.node_starts(&node(name, "1"), now).await.unwrap();
    }
    let id = running(&store, json!({ "at_once": 5, "per_minute": 60 }), &["13811110001", "13811110002", "13811110003"], now).await;
    let first = call(&store, &id, "a", now).await;
    let second = call(&store, &id, "b", now).await;
    // Node a is killed and started anew; whether its customer heard anything nobody knows.
    let left = store.node_starts(&node("a", "2"), now.after(MINUTE)).await.unwrap();
    assert_eq!(left.campaign_calls, 1);
    tried(&store, &second, TryOutcome::NoAnswer, now.after(MINUTE)).await;
    tried(&store, &first, TryOutcome::NoAnswer, now.after(MINUTE)).await;
    let third = call(&store, &id, "a", now.after(2 * MINUTE)).await;
    assert!(third.phone != first.phone && third.phone != second.phone, "{third:?}");
    tried(&store, &third, TryOutcome::Busy, now.after(2 * MINUTE)).await;
    // Hours later, the next day: those who were surely not reached, once more and no third time.
    let monday = now.before(Duration::from_secs(8 * 3600)).after(2 * DAY);
    let mut again = BTreeSet::new();
    for _ in 0..2 {
        let call = call(&store, &id, "a", monday).await;
        again.insert(call.phone.reveal().to_owned());
        tried(&store, &call, TryOutcome::NoAnswer, monday).await;
    }
    assert_eq!(again, BTreeSet::from([second.phone.reveal().to_owned(), third.phone.reveal().to_owned()]));
    assert_eq!(claim(&store, &id, "b", monday.after(5 * MINUTE)).await, Claimed::Done);
    let counts = store.campaign(&id).await.unwrap().unwrap().counts;
    assert_eq!((counts.get("cut_off"), counts.get("no_answer"), counts.get("busy")), (Some(&1), Some(&3), Some(&1)), "{counts:?}");
}

pub async fn c99_whoever_refuses_meanwhile_is_not_called_and_two_campaigns_share_the_cap(database: Database) {
    let (store, other) = (database.store().await, database.store().await);
    let now = saturday();
    let fast = json!({ "at_once": 5, "per_minute": 60 });
    let id = running(&store, fast.clone(), &["13811110001", "13811110002"], now).await;
    // A list does not overrule what a customer has said.
    store.refuse_contact(&phone("13811110001"), "key", "9", now).await.unwrap();
    store.set_campaign_list(&running(&store, fast.clone(), &[], now).await, &listed(&["13811110001"]), "王经理", now).await.unwrap();
    let call_of = call(&store, &id, "a", now).await;
    assert_eq!(call_of.phone, phone("13811110002"), "who refused is passed over");
    tried(&store, &call_of, TryOutcome::Refused, now).await;
    assert_eq!(claim(&store, &id, "a", now).await, Claimed::Done);
    let counts = store.campaign(&id).await.unwrap().unwrap().counts;
    assert_eq!((counts.get("out:refused"), counts.get("refused")), (Some(&1), Some(&1)), "{counts:?}");
    assert!(!store.contact_wish(&phone("13811110001")).await.unwrap().unwrap().0.agrees);
    // A third campaign within 30 days is one too many, whichever node asks for which.
    let number = ["13833330001"];
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(running(&store, fast.clone(), &number, now).await);
    }
    let claims = tokio::join!(
        claim(&store, &ids[0], "a", now),
        claim(&other, &ids[1], "b", now),
        claim(&store, &ids[2], "a", now),
        claim(&other, &ids[3], "b", now)
    );
    let claims = [claims.0, claims.1, claims.2, claims.3];
    let called = claims.iter().filter(|claimed| matches!(claimed, Claimed::Call(_))).count();
    assert_eq!(called, 2, "{claims:?}");
    // A month later it may be called again.
    let later = now.after(31 * DAY).before(Duration::from_secs(8 * 3600));
    let month = json!({ "at_once": 5, "per_minute": 60, "from": "2026-12-20", "until": "2026-12-31" });
    let id = running(&store, month, &number, later).await;
    assert!(matches!(claim(&store, &id, "a", later).await, Claimed::Call(_)));
    // Paused and stopped campaigns call nobody.
    let life = store.campaign(&id).await.unwrap().unwrap().life;
    assert!(store.campaign_step(&id, CampaignStep::Pause, life, "王经理", later).await.unwrap());
    assert_eq!(claim(&store, &id, "a", later).await, Claimed::Nothing);
}

pub async fn c99_messages_go_the_usual_way_within_the_hours_and_evidence_is_forgotten(database: Database) {
    let store = database.store().await;
    let now = saturday().after(119 * MINUTE);
    let text = json!({ "kind": "message", "text_zh": "{name}，新品八折，拒收请回复TD", "per_minute": 600 });
    let id = running(&store, text, &["13811110001", "13811110002", "02164380001"], now).await;
    let counts = store.campaign(&id).await.unwrap().unwrap().counts;
    assert_eq!((counts.get("listed"), counts.get("out:no_number")), (Some(&3), Some(&1)), "a landline reads no messages: {counts:?}");
    assert_eq!((claim(&store, &id, "a", now).await, claim(&store, &id, "a", now).await), (Claimed::Message, Claimed::Message));
    assert_eq!(claim(&store, &id, "a", now).await, Claimed::Done);
    let told = store.notices_of(&NoticeFilter { limit: 10, ..NoticeFilter::default() }).await.unwrap();
    assert_eq!((told.len(), told[0].0.text.as_str(), told[0].0.event.as_str()), (2, "赵先生，新品八折，拒收请回复TD", "campaign"));
    let first = store.claim_notice("webhook", now).await.unwrap().expect("it leaves like every message");
    store.notice_done(&first, true, "", None, now).await.unwrap();
    // The gateway was away until the hours were over: nobody is written to at night.
    assert!(store.claim_notice("webhook", now.after(2 * MINUTE)).await.unwrap().is_none());
    let evidence = store.campaign_evidence(&id, "", 10).await.unwrap();
    let states: BTreeSet<&str> = evidence.iter().filter_map(|one| one.message.as_ref()).map(|(status, _)| status.as_str()).collect();
    assert_eq!(states, BTreeSet::from(["sent", "failed"]));
    assert!(evidence.iter().all(|one| one.outcome == Some(TryOutcome::HandedOver)));
    // Thirty days it is kept, then it goes; what was counted stays.
    assert_eq!(store.forget_campaigns(&rules(), now.after(30 * DAY)).await.unwrap(), 0);
    assert_eq!(store.forget_campaigns(&rules(), now.after(30 * DAY + MINUTE)).await.unwrap(), 2);
    assert!(store.campaign_evidence(&id, "", 10).await.unwrap().is_empty());
    let counts = store.campaign(&id).await.unwrap().unwrap().counts;
    assert_eq!((counts.get("handed_over"), counts.get("listed"), counts.get("waiting")), (Some(&2), Some(&3), None));
    assert_eq!(store.forget_campaigns(&rules(), now.after(40 * DAY)).await.unwrap(), 0);
}
