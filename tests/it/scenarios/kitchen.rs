//! The kitchen by telephone: a branch that nobody hears is called, a rider reports by keys, the diner hears what became of it.

use std::time::Duration;

use dinetone::centre::Input;
use dinetone::domain::{
    BlockLevel, BranchNumber, Cart, CartLine, Language, MenuNumber, Money, Order, OrderId, OrderStatus, PhoneNumber, Place, PlacedVia,
    Quantity, StepKind, When,
};
use dinetone::ivr::question::{OrderRequest, Placed};
use dinetone::machine::Machine;
use dinetone::order::life::{Actor, ActorKind, Outcome, Rider, Step, TaskKind};
use dinetone::store::{BlockWish, Stepped};

use crate::kit::World;
use crate::kit::phone::Line;

const CALLER: &str = "13800138000";

fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

fn branch() -> BranchNumber {
    BranchNumber::new(1).unwrap()
}

/// Two Kung Pao chicken and one fried rice, to the home of the caller, by branch 1.
fn an_order(world: &World) -> OrderId {
    let line = |dish, portions| CartLine {
        dish: MenuNumber::new(dish).unwrap(),
        quantity: Quantity::new(portions).unwrap(),
        size: None,
        spice: None,
    };
    let placed = world.with_store(async |store, now| {
        let card = store.card_by_phone(&phone(CALLER), now).await.unwrap();
        let home = &card.addresses[0];
        let request = OrderRequest {
            key: format!("story-{}", now.as_millis()),
            customer: card.customer.clone(),
            member: None,
            phone: phone(CALLER),
            language: Language::Mandarin,
            cart: Cart { lines: vec![line(18, 2), line(61, 1)] },
            place: Place::Saved { address: home.id.clone(), text: home.text.clone(), branch: branch() },
            when: When::Now,
            points: 0,
            note: None,
            heard: Money::fen(10_250),
            again: true,
        };
        let catalogue = store.catalogue().await.unwrap();
        store.place_order(&request, PlacedVia::Keypad, now, &catalogue).await.unwrap()
    });
    match placed {
        Placed::Confirmed { id, .. } => id,
        other => panic!("not confirmed: {other:?}"),
    }
}

fn order(world: &World, id: &OrderId) -> Order {
    world.with_store(async |store, _| store.order(id.as_str()).await.unwrap().unwrap())
}

fn steps(world: &World, id: &OrderId, steps: &[Step]) {
    world.with_store(async |store, now| {
        for step in steps {
            let by = Actor::new(ActorKind::Branch, "branch1", "店长").of(branch());
            let done = store.order_step(id, None, step, &by, now).await.unwrap();
            assert!(matches!(done, Stepped::Done(_)), "{step:?}: {done:?}");
        }
    });
}

/// What the errands do: they ask for the call once, ring the branch whenever it is due, and let it be when it has answered otherwise.
fn errands(world: &World) -> usize {
    for id in world.with_store(async |store, _| store.settled_branch_calls("t").await.unwrap()) {
        let mut inner = world.inner();
        let now = inner.now;
        inner.centre.handle(now, Input::BranchSettled(id));
        inner.drain();
    }
    let calls = world.with_store(async |store, now| store.claim_branch_calls("t", now).await.unwrap());
    let due = calls.len();
    for call in calls {
        let mut inner = world.inner();
        let now = inner.now;
        inner.centre.handle(now, Input::CallBranch(Box::new(call)));
        inner.drain();
    }
    due
}

fn wanted(world: &World, id: &OrderId) {
    assert!(world.with_store(async |store, now| store.want_branch_call(id, now).await.unwrap()));
    assert!(!world.with_store(async |store, now| store.want_branch_call(id, now).await.unwrap()), "one call at a time");
}

#[test]
fn c82_a_branch_that_hears_nothing_is_called_hears_the_order_and_accepts_by_key() {
    let world = World::open_at("18:00");
    let telephone = world.outside_phone();
    let id = an_order(&world);
    wanted(&world, &id);
    assert_eq!(errands(&world), 1);
    telephone.rings();
    assert_eq!(errands(&world), 0, "claimed");
    telephone.picks_up();
    world.time_passes(Duration::from_secs(5));
    telephone.presses('1');
    world.time_passes(Duration::from_secs(15));
    assert_eq!(telephone.line(), Line::Over("hung up on".into()));
    assert_eq!(order(&world, &id).status, OrderStatus::Accepted);
    let (record, steps) = world.records().pop().expect("the call has a record");
    assert_eq!(record.caller, Some(phone("021-64380001")), "the branch's own number was dialled");
    let said: Vec<(Vec<String>, String)> = steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Said { prompts, text } => Some((prompts.clone(), text.clone())),
            _ => None,
        })
        .collect();
    let (prompts, words) = &said[0];
    assert_eq!(prompts.first().map(String::as_str), Some("br.hello"));
    for part in ["徐家汇店", "宫保鸡丁", "两份", "扬州炒饭", "忌口", "接单请按一"] {
        assert!(words.contains(part) || words.replace('1', "一").contains(part), "{part} is not in {words}");
    }
    assert!(said[1].0.iter().any(|prompt| prompt == "br.accepted"), "{said:?}");
    let calls = world.with_store(async |store, _| store.branch_calls(&id).await.unwrap());
    assert_eq!((calls.len(), calls[0].status.as_str(), calls[0].tries), (1, "accepted", 1));
    let timeline = world.with_store(async |store, _| store.order_timeline(&id).await.unwrap());
    assert!(timeline.iter().any(|event| event.by_kind == "telephone"), "{timeline:?}");
    world.is_quiet();
}

#[test]
fn c82_refused_by_key_the_order_is_headquarters() {
    let world = World::open_at("18:00");
    let telephone = world.outside_phone();
    let id = an_order(&world);
    wanted(&world, &id);
    errands(&world);
    telephone.rings();
    telephone.picks_up();
    telephone.presses('2');
    world.time_passes(Duration::from_secs(15));
    let tasks = world.with_store(async |store, _| store.open_tasks().await.unwrap());
    assert!(tasks.iter().any(|task| task.kind == TaskKind::Refused.name()), "{tasks:?}");
    world.is_quiet();
}

#[test]
fn c82_nobody_answers_three_times_and_headquarters_knows() {
    let world = World::open_at("18:00");
    let telephone = world.outside_phone();
    let id = an_order(&world);
    wanted(&world, &id);
    for round in 0..3 {
        assert_eq!(errands(&world), 1, "try {round}");
        telephone.rings();
        if round == 1 {
            // Somebody picks up and presses nothing.
            telephone.picks_up();
            world.time_passes(Duration::from_secs(120));
        } else {
            telephone.rejects();
        }
        assert_eq!(errands(&world), 0, "not at once again");
        world.time_passes(Duration::from_secs(61));
    }
    assert_eq!(errands(&world), 0, "bounded");
    let calls = world.with_store(async |store, _| store.branch_calls(&id).await.unwrap());
    assert_eq!((calls[0].status.as_str(), calls[0].tries), ("failed", 3));
    let tasks = world.with_store(async |store, _| store.open_tasks().await.unwrap());
    assert!(tasks.iter().any(|task| task.kind == TaskKind::Unheard.name()), "{tasks:?}");
    assert_eq!(order(&world, &id).status, OrderStatus::New, "nothing is accepted by silence");
    // Dispatch asks for another round.
    wanted(&world, &id);
    world.is_quiet();
}

#[test]
fn c82_an_order_that_the_screen_accepted_meanwhile_is_not_called_about() {
    let world = World::open_at("18:00");
    let id = an_order(&world);
    wanted(&world, &id);
    steps(&world, &id, &[Step::Accept { minutes: None }]);
    assert_eq!(errands(&world), 0);
    let calls = world.with_store(async |store, _| store.branch_calls(&id).await.unwrap());
    assert_eq!(calls[0].status, "settled");
    assert_eq!(world.calls_up(), 0);
}

/// The third and last time it rings, and somebody takes the order on the screen: the telephone falls silent, and nobody is told that nobody
/// answers.
#[test]
fn c82_a_telephone_that_rings_falls_silent_when_the_screen_was_faster() {
    let world = World::open_at("18:00");
    let telephone = world.outside_phone();
    let id = an_order(&world);
    wanted(&world, &id);
    for _ in 0..2 {
        assert_eq!(errands(&world), 1);
        telephone.rings();
        telephone.rejects();
        world.time_passes(Duration::from_secs(61));
    }
    assert_eq!(errands(&world), 1);
    telephone.rings();
    assert_eq!(telephone.line(), Line::Ringing);
    steps(&world, &id, &[Step::Accept { minutes: None }]);
    assert_eq!(errands(&world), 0);
    world.time_passes(Duration::from_secs(2));
    assert!(matches!(telephone.line(), Line::Over(_)), "{:?}", telephone.line());
    world.time_passes(Duration::from_secs(61));
    let calls = world.with_store(async |store, _| store.branch_calls(&id).await.unwrap());
    assert_eq!((calls[0].status.as_str(), calls[0].tries), ("settled", 3));
    let tasks = world.with_store(async |store, _| store.open_tasks().await.unwrap());
    assert!(tasks.is_empty(), "{tasks:?}");
    world.is_quiet();
}

/// An order on its way with a rider of this number; its last four digits.
fn on_its_way(world: &World, number: &str) -> (OrderId, String) {
    let id = an_order(world);
    let rider = world.with_store(async |store, now| store.add_rider(branch(), "老周", Some(&phone(number)), now).await.unwrap());
    let rider = Rider { id: rider, name: "老周".into() };
    steps(world, &id, &[Step::Accept { minutes: None }, Step::Ready, Step::HandOver { rider: Some(rider) }]);
    let tail = order(world, &id).number.last4().to_owned();
    (id, tail)
}

#[test]
fn c85_a_rider_reports_by_telephone_and_the_diner_hears_delivered() {
    let world = World::open_at("18:00");
    let (id, tail) = on_its_way(&world, "13500135009");
    world.time_passes(Duration::from_secs(20 * 60));
    let mut rider = world.call_from("13500135009");
    rider.hears("st.ask_no");
    rider.keys(&format!("{tail}#"));
    rider.hears("rd.ask_code");
    rider.keys("00#");
    let read_back = rider.hears("rd.d00");
    assert!(read_back.contains("正常送到"), "{read_back}");
    assert_eq!(order(&world, &id).status, OrderStatus::Out, "not before it is confirmed");
    rider.keys("#");
    rider.hears("rd.done");
    rider.hangs_up();
    assert_eq!(order(&world, &id).status, OrderStatus::Done);
    let timeline = world.with_store(async |store, _| store.order_timeline(&id).await.unwrap());
    assert!(timeline.iter().any(|event| event.by_kind == "rider" && event.by_name == "老周"), "{timeline:?}");
    let riders = world.with_store(async |store, _| store.riders(Some(branch())).await.unwrap());
    let rider = riders.iter().find(|rider| rider.name == "老周" && rider.out).expect("still out");
    assert_eq!((rider.due, rider.out_with.len()), (order(&world, &id).pay, 0), "the cash of what was delivered");
    let mut diner = world.call_from(CALLER);
    diner.hears("main.menu");
    diner.keys("2");
    let told = diner.hears("st.done");
    assert!(told.contains("送到"), "{told}");
    diner.hangs_up();
    world.is_quiet();
}

#[test]
fn c85_a_wrong_address_flags_it_makes_a_task_and_the_diner_hears_the_truth() {
    let world = World::open_at("18:00");
    let (id, tail) = on_its_way(&world, "13500135009");
    let mut rider = world.call_from("13500135009");
    rider.hears("st.ask_no");
    rider.keys(&format!("{tail}#70#"));
    rider.hears("rd.d70");
    rider.keys("#");
    rider.hears("rd.done");
    rider.hangs_up();
    let card = world.with_store(async |store, now| store.card_by_phone(&phone(CALLER), now).await.unwrap());
    assert!(card.addresses.iter().any(|address| address.unchecked), "the address is flagged");
    let tasks = world.with_store(async |store, _| store.open_tasks().await.unwrap());
    assert!(tasks.iter().any(|task| task.kind == TaskKind::WrongAddress.name()), "{tasks:?}");
    let mut diner = world.call_from(CALLER);
    diner.hears("main.menu");
    diner.keys("2");
    diner.hears("st.d70");
    diner.hangs_up();
    // The rider was wrong: within the window it is corrected by the same keys.
    let mut rider = world.call_from("13500135009");
    rider.hears("st.ask_no");
    rider.keys(&format!("{tail}#71##"));
    rider.hears("rd.done");
    rider.hangs_up();
    let kept = world.with_store(async |store, _| store.card(id.as_str()).await.unwrap().unwrap());
    assert_eq!(kept.outcome.map(|said| said.code), Some(Outcome::Unreachable.name()));
    world.is_quiet();
}

#[test]
fn c85_another_riders_order_is_none_of_theirs() {
    let world = World::open_at("18:00");
    let (id, tail) = on_its_way(&world, "13500135009");
    world.with_store(async |store, now| store.add_rider(branch(), "小王", Some(&phone("13500135008")), now).await.unwrap());
    let mut other = world.call_from("13500135008");
    other.hears("st.ask_no");
    other.keys(&tail);
    other.hears("st.not_found");
    other.hangs_up();
    assert_eq!(order(&world, &id).status, OrderStatus::Out);
    world.is_quiet();
}

#[test]
fn c89_a_prank_is_proposed_a_supervisor_confirms_and_the_next_call_hears_the_busy_tone() {
    let world = World::open_at("18:00");
    let (id, tail) = on_its_way(&world, "13500135009");
    let mut rider = world.call_from("13500135009");
    rider.hears("st.ask_no");
    rider.keys(&format!("{tail}#90##"));
    rider.hears("rd.done");
    rider.hangs_up();
    let author = dinetone::store::Author { user: dinetone::domain::UserId::new("u9"), name: "王主管".into() };
    let barred = world.with_store(async |store, now| {
        store.mark_customer(&id, now).await.unwrap();
        store.mark_customer(&id, now).await.unwrap();
        let proposals = store.block_proposals(true, 10).await.unwrap();
        assert_eq!((proposals.len(), proposals[0].why.as_str()), (1, "D90"));
        let level = Some((BlockWish::Block(BlockLevel::Busy), None));
        assert!(store.decide_proposal(&proposals[0].id, level, &author, now).await.unwrap());
        assert!(!store.decide_proposal(&proposals[0].id, None, &author, now).await.unwrap(), "decided once");
        store.barred(now).await.unwrap()
    });
    assert_eq!(barred.len(), 1);
    {
        let mut inner = world.inner();
        let now = inner.now;
        inner.centre.handle(now, Input::Barred(barred));
        inner.drain();
    }
    let diner = world.call_from(CALLER);
    diner.waits_for_answer();
    assert_eq!(diner.line(), Line::Over("refused 486".into()));
    let hits = world.with_store(async |store, now| store.block_entries(now).await.unwrap().into_iter().find(|entry| entry.level == "busy"));
    assert_eq!(hits.map(|entry| entry.hits), Some(1), "the hit is counted");
    // The white list wins.
    let barred = world.with_store(async |store, now| {
        store.allow(&phone(CALLER), "our own office", now).await.unwrap();
        store.barred(now).await.unwrap()
    });
    assert!(barred.is_empty());
    world.is_quiet();
}
