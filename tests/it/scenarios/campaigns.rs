//! As the head office I let the house call customers who agreed to it, beside those who call us, and whoever presses 9 is left alone (C99).

use std::time::Duration;

use dinetone::centre::Input;
use dinetone::domain::{CampaignPlan, ListedNumber, PhoneNumber, StepKind, TryOutcome};
use dinetone::machine::Machine;
use dinetone::outreach::Rules;
use dinetone::store::{CampaignEvidence, CampaignStep, Claimed};
use serde_json::{Value, json};

use super::people::caller;
use crate::kit::World;
use crate::kit::phone::Line;

const CUSTOMER: &str = "13911112222";

/// A dialogue of its own: 1 orders, 9 hears no more of it.
const FLOW: &str = "[node.promo]\ncampaign = true\nsay = [\"st.menu\"]\nkeys = { \"1\" = \"agent\", \"9\" = \"no_more\" }\n\
    [node.no_more]\nkind = \"unsubscribe\"\n";

fn rules() -> Rules {
    Rules { on: true, ..Rules::default() }
}

/// A campaign that runs, about one customer who agreed.
fn campaign(world: &World, more: Value) -> String {
    let mut plan = json!({ "name": "秋季新品", "kind": "voice_file", "prompt": "q.cb_done", "from": "2026-11-20", "until": "2026-11-30",
        "hours": "10:00-20:00", "listed": true, "tries": 2 });
    for (key, value) in more.as_object().unwrap() {
        plan[key] = value.clone();
    }
    let plan = CampaignPlan::from_json(&plan).unwrap();
    world.with_store(async |store, now| {
        let id = store.add_campaign(&plan, "王经理", now).await.unwrap();
        let one = ListedNumber { phone: PhoneNumber::parse(CUSTOMER).unwrap(), name: String::new(), consent: "会员登记".into() };
        store.set_campaign_list(&id, &[one], "王经理", now).await.unwrap();
        let life = store.list_campaign(&id, &rules(), now).await.unwrap().unwrap().life;
        assert!(store.campaign_step(&id, CampaignStep::Approve, life, "王经理", now).await.unwrap());
        assert!(store.campaign_step(&id, CampaignStep::Start, life + 1, "王经理", now).await.unwrap());
        id
    })
}

/// What the server does once a second: as many calls as there are lines to spare.
fn round(world: &World, id: &str) -> usize {
    let spare = {
        let inner = world.inner();
        let now = inner.now;
        inner.centre.spare_lines(now)
    };
    let mut begun = 0;
    while begun < spare {
        let Claimed::Call(call) = world.with_store(async |store, now| store.claim_campaign(id, "t", &rules(), now).await.unwrap()) else {
            break;
        };
        let mut inner = world.inner();
        let now = inner.now;
        inner.centre.handle(now, Input::CallFor(Box::new(call)));
        inner.drain();
        begun += 1;
    }
    begun
}

fn evidence(world: &World, id: &str) -> Vec<CampaignEvidence> {
    world.with_store(async |store, _| store.campaign_evidence(id, "", 10).await.unwrap())
}

fn agrees(world: &World) -> bool {
    let number = PhoneNumber::parse(CUSTOMER).unwrap();
    world.with_store(async |store, _| store.contact_wish(&number).await.unwrap().unwrap().0.agrees)
}

fn prompts(world: &World) -> Vec<String> {
    let (_, steps) = world.records().pop().expect("the call has a record");
    steps
        .iter()
        .filter_map(|step| if let StepKind::Said { prompts, .. } = &step.kind { Some(prompts.clone()) } else { None })
        .flatten()
        .collect()
}

#[test]
fn c99_a_customer_hears_the_recording_and_the_call_ends_by_itself() {
    let world = World::open_at("10:30");
    let telephone = world.outside_phone();
    let id = campaign(&world, json!({}));
    assert_eq!(round(&world, &id), 1);
    telephone.rings();
    assert_eq!(round(&world, &id), 0, "claimed");
    telephone.picks_up();
    world.time_passes(Duration::from_secs(20));
    assert_eq!(telephone.line(), Line::Over("hung up on".into()));
    assert_eq!(prompts(&world), ["q.cb_done"]);
    let tries = evidence(&world, &id);
    assert_eq!((tries.len(), tries[0].outcome, tries[0].keys.as_str()), (1, Some(TryOutcome::Answered), ""));
    assert!(tries[0].answered_at.is_some() && tries[0].call.is_some() && tries[0].consent_words == "会员登记");
    assert_eq!(world.records().pop().unwrap().0.caller, PhoneNumber::parse(CUSTOMER));
    assert_eq!(world.records().pop().unwrap().0.trunk, "campaign", "figures about callers leave it out");
    assert!(agrees(&world));
    world.is_quiet();
}

#[test]
fn c99_nine_ends_all_campaigns_and_says_so_after_it_is_written_down() {
    let world = World::open_at("10:30");
    let telephone = world.outside_phone();
    let id = campaign(&world, json!({}));
    round(&world, &id);
    telephone.rings();
    telephone.picks_up();
    telephone.presses('9');
    world.time_passes(Duration::from_secs(10));
    assert!(!agrees(&world));
    assert_eq!(prompts(&world), ["q.cb_done", "st.cancelled"]);
    assert_eq!(telephone.line(), Line::Over("hung up on".into()));
    let tries = evidence(&world, &id);
    assert_eq!((tries[0].outcome, tries[0].keys.as_str()), (Some(TryOutcome::Refused), "9"));
    // The next campaign leaves them out.
    let next = campaign(&world, json!({}));
    assert_eq!(round(&world, &next), 0);
    let counts = world.with_store(async |store, _| store.campaign(&next).await.unwrap().unwrap().counts);
    assert_eq!(counts.get("out:refused"), Some(&1), "{counts:?}");
    world.is_quiet();
}

#[test]
fn c99_who_is_busy_is_tried_again_hours_later_and_not_a_third_time() {
    let world = World::open_at("10:30");
    let telephone = world.outside_phone();
    let id = campaign(&world, json!({}));
    round(&world, &id);
    telephone.rings();
    telephone.rejects();
    world.time_passes(Duration::from_secs(60));
    assert_eq!(round(&world, &id), 0, "not at once");
    world.time_passes(Duration::from_secs(5 * 3600));
    assert_eq!(round(&world, &id), 1, "half past three");
    telephone.rings();
    // It rings and rings.
    world.time_passes(Duration::from_secs(60));
    assert_eq!(round(&world, &id), 0);
    let outcomes: Vec<_> = evidence(&world, &id).into_iter().map(|one| one.outcome.unwrap()).collect();
    assert_eq!(outcomes, [TryOutcome::Busy, TryOutcome::NoAnswer]);
    world.is_quiet();
}

#[test]
fn c99_callers_come_first_while_one_waits_for_a_person_nobody_is_called() {
    let world = World::open_at("10:30");
    let agent = world.agent("8001");
    agent.logs_in();
    let id = campaign(&world, json!({}));
    let first = caller(&world, "13800138000");
    agent.takes_the_call();
    let second = caller(&world, "13600136000");
    world.time_passes(Duration::from_secs(3));
    assert_eq!(round(&world, &id), 0, "somebody waits for a person");
    second.hangs_up();
    world.time_passes(Duration::from_secs(3));
    let telephone = world.outside_phone();
    assert_eq!(round(&world, &id), 1);
    telephone.rings();
    telephone.rejects();
    first.hangs_up();
    world.is_quiet();
}

#[test]
fn c99_a_flow_begins_at_its_node_one_leads_on_and_nine_ends_it() {
    let world = World::open_with_menus("10:30", FLOW);
    let telephone = world.outside_phone();
    let id = campaign(&world, json!({ "kind": "voice_flow", "node": "promo" }));
    round(&world, &id);
    telephone.rings();
    telephone.picks_up();
    telephone.presses('9');
    world.time_passes(Duration::from_secs(10));
    assert!(!agrees(&world), "{:?}", prompts(&world));
    assert_eq!(prompts(&world), ["st.menu", "st.cancelled"]);
    assert_eq!(evidence(&world, &id)[0].outcome, Some(TryOutcome::Refused));
    world.is_quiet();
}

#[test]
fn c99_without_a_line_to_spare_nobody_is_called_and_it_is_no_try() {
    let world = World::open_with_outbound("10:30", dinetone::sip::outbound::Rules { most: 0, ..crate::kit::world::outbound() });
    let id = campaign(&world, json!({}));
    assert_eq!(round(&world, &id), 0, "no line to spare");
    // The line went between the look and the call.
    let Claimed::Call(call) = world.with_store(async |store, now| store.claim_campaign(&id, "t", &rules(), now).await.unwrap()) else {
        panic!("it is their turn");
    };
    {
        let mut inner = world.inner();
        let now = inner.now;
        inner.centre.handle(now, Input::CallFor(Box::new(call)));
        inner.drain();
    }
    world.time_passes(Duration::from_secs(5));
    assert!(evidence(&world, &id).is_empty(), "nobody was rung");
    let counts = world.with_store(async |store, _| store.campaign(&id).await.unwrap().unwrap().counts);
    assert_eq!(counts.get("waiting"), Some(&1), "{counts:?}");
    world.is_quiet();
}
