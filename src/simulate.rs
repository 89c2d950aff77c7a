//! A simulated day: callers who come when people are hungry, agents, branches, riders and late deliveries, in virtual time.
//!
//! Everything goes through the verbs of the store, as on a real day, so that boards and reports show it. What was done is
//! counted on the way: these totals are what the reports must say.

mod callers;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;

use crate::domain::{
    BranchNumber, CallId, CallPart, CallRecord, Cart, CartLine, Catalogue, CustomerId, Disposition, End, Fact, Language, MenuNumber,
    OrderId, OrderNumber, PartKind, Party, PhoneNumber, Place, PlacedVia, Quantity, QueueId, QueueOutcome, QueueVisit, Reason,
    Step as PathStep, StepKind, Timestamp, UserId, When, WrapUp,
};
use crate::house::House;
use crate::machine::Ids;
use crate::order::life::{Actor, ActorKind, Outcome, RefuseReason, Rider, Step};
use crate::order::pricing::quote;
use crate::store::{Author, OrderRequest, Placed, Stepped, Store, StoreError, TakenDown};
use callers::{Caller, Ending, callers};

const MINUTE: Duration = Duration::from_secs(60);
/// Records that are handed to the store at a time.
const BATCH: usize = 256;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    pub day: Date,
    pub branches: u16,
    pub calls: u32,
    pub agents: u16,
    /// The same seed gives the same day.
    pub seed: u64,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub calls: i64,
    pub offered: i64,
    pub answered: i64,
    pub answered_in_time: i64,
    pub abandoned: i64,
    pub abandoned_short: i64,
    pub waits_of_answered_ms: i64,
    pub handled: i64,
    pub talk_ms: i64,
    pub orders: i64,
    pub orders_by_keypad: i64,
    pub orders_by_agent: i64,
    pub cancelled: i64,
    pub sales_fen: i64,
    pub refusals: i64,
    pub delivered: i64,
    pub on_time: i64,
    pub late_10: i64,
    pub late_30: i64,
    pub late_60: i64,
    pub undelivered: i64,
    /// Orders that were not cancelled, by the branch that had them last.
    pub orders_by_branch: BTreeMap<u16, i64>,
}

/// Something that is to happen to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Place(usize),
    Seen(usize),
    Answer(usize),
    Reassign(usize),
    Cook(usize),
    Ready(usize),
    HandOver(usize),
    Deliver(usize),
}

/// An order on its way.
#[derive(Debug, Clone)]
struct Order {
    id: OrderId,
    branch: BranchNumber,
    delivery: bool,
    cancelled: bool,
}

/// The chain as a file: the shipped one with more branches, all open around the clock.
#[must_use]
pub fn menus(shipped: &toml::Table, branches: u16) -> toml::Table {
    let mut table = shipped.clone();
    let Some(toml::Value::Array(list)) = table.get_mut("branch") else { return table };
    let Some(first) = list.first().cloned() else { return table };
    while list.len() < usize::from(branches) {
        let mut branch = first.clone();
        let number = i64::try_from(list.len()).unwrap_or(0) + 1;
        if let Some(fields) = branch.as_table_mut() {
            fields.insert("number".into(), toml::Value::Integer(number));
            fields.insert("zh".into(), toml::Value::String(format!("第{number}分店")));
            fields.insert("en".into(), toml::Value::String(format!("Branch {number}")));
            fields.insert("phone".into(), toml::Value::String(format!("021-6438{number:04}")));
            fields.remove("reading");
        }
        list.push(branch);
    }
    for branch in list.iter_mut().filter_map(toml::Value::as_table_mut) {
        branch.insert("hours".into(), toml::Value::Array(vec![toml::Value::String("00:00-24:00".into())]));
    }
    table
}

/// Simulates a day in a store that has no calls yet; `progress` is told calls done and calls in all.
///
/// # Errors
/// When the store cannot write, or the day cannot be simulated there.
pub async fn run(store: &Store, menus: &toml::Table, wish: Wish, mut progress: impl FnMut(u64, u64) + Send) -> Result<Totals, String> {
    let told = |error: StoreError| error.to_string();
    let (house, findings) = House::read(menus);
    if let Some(finding) = findings.first() {
        return Err(format!("menus: {finding}"));
    }
    if !store.calls(&crate::store::CallFilter { limit: 1, ..Default::default() }).await.map_err(told)?.is_empty() {
        return Err("this store has calls already; name another one, or move it away".into());
    }
    let midnight = store.clock().timestamp(wish.day.at(0, 0, 0, 0));
    store.import_house(&house, midnight).await.map_err(told)?;
    let catalogue = store.catalogue().await.map_err(told)?;
    let mut day = Day {
        store,
        catalogue,
        ids: Ids::seeded(u128::from(wish.seed)),
        totals: Totals::default(),
        heap: BinaryHeap::new(),
        callers: Vec::new(),
        guests: Vec::new(),
        orders: BTreeMap::new(),
        numbers: BTreeMap::new(),
        tie: 0,
    };
    day.callers = callers(&wish, midnight, &mut day.ids);
    day.guests(midnight, wish).await.map_err(told)?;
    for place in 0..day.callers.len() {
        if let Some(at) = day.callers[place].orders_at {
            day.push(at, Next::Place(place));
        }
    }
    let all = day.callers.len() as u64;
    let mut placed = 0;
    while let Some(Reverse((at, _, next))) = day.heap.pop().map(|Reverse((at, tie, next))| Reverse((at, tie, next.0))) {
        if let Next::Place(place) = next {
            placed = placed.max(place as u64);
            progress(placed, all);
        }
        day.happen(Timestamp::from_millis(at), next).await?;
    }
    day.records().await.map_err(told)?;
    progress(all, all);
    Ok(day.totals)
}

/// Ordered by time and then by the order in which they were thought of.
#[derive(Debug, PartialEq, Eq)]
struct Sorted(Next);

impl PartialOrd for Sorted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Sorted {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

struct Day<'a> {
    store: &'a Store,
    catalogue: Catalogue,
    ids: Ids,
    totals: Totals,
    heap: BinaryHeap<Reverse<(i64, u64, Sorted)>>,
    callers: Vec<Caller>,
    /// Customer, number, branch, address, and its text.
    guests: Vec<(CustomerId, PhoneNumber, BranchNumber, String, String)>,
    orders: BTreeMap<usize, Order>,
    numbers: BTreeMap<usize, OrderNumber>,
    tie: u64,
}

impl Day<'_> {
    fn push(&mut self, at: Timestamp, next: Next) {
        self.tie += 1;
        self.heap.push(Reverse((at.as_millis(), self.tie, Sorted(next))));
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.ids.below(100) < percent
    }

    /// So many minutes and seconds, by chance.
    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_secs(from + self.ids.below((to - from).max(1)))
    }

    /// A fifth as many guests as calls: some call again.
    async fn guests(&mut self, midnight: Timestamp, wish: Wish) -> Result<(), StoreError> {
        let by = Author { user: UserId::new("simulation"), name: "simulation".into() };
        let branches: Vec<BranchNumber> = self.catalogue.branches.keys().copied().take(usize::from(wish.branches)).collect();
        let before = midnight.before(MINUTE);
        for number in 0..(wish.calls / 5).max(10) {
            let Some(phone) = PhoneNumber::parse(&format!("139{number:08}")) else { continue };
            let branch = branches[self.ids.below(branches.len() as u64) as usize];
            let customer = self.store.create_customer(&format!("客人{number}"), std::slice::from_ref(&phone), &by, before).await?;
            let text = format!("科技路{}号", number + 1);
            let address = self.store.add_address(&customer, "家", &text, Some(branch), &by, before).await?;
            self.guests.push((customer, phone, branch, address.id, text));
        }
        Ok(())
    }

    async fn happen(&mut self, now: Timestamp, next: Next) -> Result<(), String> {
        match next {
            Next::Place(place) => self.place(now, place).await,
            Next::Seen(order) => {
                self.step(now, order, Step::Seen).await?;
                let later = self.between(5, 30);
                self.push(now.after(later), Next::Answer(order));
                Ok(())
            }
            Next::Answer(order) => self.answer(now, order).await,
            Next::Reassign(order) => self.reassign(now, order).await,
            Next::Cook(order) => {
                self.step(now, order, Step::Cook).await?;
                let later = self.between(8 * 60, 16 * 60);
                self.push(now.after(later), Next::Ready(order));
                Ok(())
            }
            Next::Ready(order) => {
                self.step(now, order, Step::Ready).await?;
                let later = self.between(60, 5 * 60);
                self.push(now.after(later), Next::HandOver(order));
                Ok(())
            }
            Next::HandOver(order) => self.hand_over(now, order).await,
            Next::Deliver(order) => self.deliver(now, order).await,
        }
    }

    async fn place(&mut self, now: Timestamp, place: usize) -> Result<(), String> {
        let guest = self.ids.below(self.guests.len() as u64) as usize;
        let (customer, phone, branch, address, text) = self.guests[guest].clone();
        let delivery = self.chance(80);
        let dishes: Vec<MenuNumber> = self
            .catalogue
            .dishes
            .values()
            .filter(|dish| !dish.retired && dish.served.is_none() && dish.price.as_fen() >= 2000)
            .map(|dish| dish.number)
            .collect();
        let mut lines = Vec::new();
        for _ in 0..=self.ids.below(3) {
            let dish = dishes[self.ids.below(dishes.len() as u64) as usize];
            if lines.iter().all(|line: &CartLine| line.dish != dish) {
                let quantity = Quantity::new(2 + u16::try_from(self.ids.below(3)).unwrap_or(0)).ok_or("no quantity")?;
                lines.push(CartLine { dish, quantity, size: None, spice: None });
            }
        }
        let cart = Cart { lines };
        let to = if delivery { Place::Saved { address, text, branch } } else { Place::Pickup { branch } };
        let heard = quote(&self.catalogue, &cart, None, self.store.clock().local(now), Some(&to), 0).pay;
        let by_agent = self.callers[place].agent.clone();
        let request = OrderRequest {
            key: format!("simulated-{place}"),
            customer: Some(customer),
            member: None,
            phone,
            language: Language::Mandarin,
            cart,
            place: to,
            when: When::Now,
            points: 0,
            note: None,
            heard,
            again: true,
        };
        let (via, taken) = match &by_agent {
            Some(agent) => {
                let agent = Some(UserId::new(agent));
                let call = Some(CallId::new(format!("simulated-{place}")));
                (PlacedVia::Agent, TakenDown { agent_name: "simulation".into(), agent, call, ..TakenDown::default() })
            }
            None => (PlacedVia::Keypad, TakenDown::default()),
        };
        let placed = self.store.place_order_by(&request, via, &taken, now, &self.catalogue).await.map_err(|error| error.to_string())?;
        // A dish that is sold out, or a basket below the least amount: this caller gets nothing.
        let Placed::Confirmed { id, number, pay, .. } = placed else { return Ok(()) };
        self.totals.orders += 1;
        self.totals.sales_fen += pay.as_fen();
        if by_agent.is_some() {
            self.totals.orders_by_agent += 1;
        } else {
            self.totals.orders_by_keypad += 1;
            self.numbers.insert(place, number);
        }
        *self.totals.orders_by_branch.entry(branch.get()).or_default() += 1;
        self.orders.insert(place, Order { id: id.clone(), branch, delivery, cancelled: false });
        if self.chance(2) {
            let cancelled = self.store.cancel_order(&id, now.after(Duration::from_secs(2))).await.map_err(|error| error.to_string())?;
            if cancelled {
                self.totals.orders -= 1;
                self.totals.sales_fen -= pay.as_fen();
                self.totals.cancelled += 1;
                *self.totals.orders_by_branch.entry(branch.get()).or_default() -= 1;
                *(if by_agent.is_some() { &mut self.totals.orders_by_agent } else { &mut self.totals.orders_by_keypad }) -= 1;
                if let Some(order) = self.orders.get_mut(&place) {
                    order.cancelled = true;
                }
                return Ok(());
            }
        }
        let later = self.between(5, 45);
        self.push(now.after(later), Next::Seen(place));
        Ok(())
    }

    async fn answer(&mut self, now: Timestamp, order: usize) -> Result<(), String> {
        let refused_before = self.orders[&order].branch != self.first_branch(order);
        if !refused_before && self.chance(4) {
            let step = Step::Refuse { reason: RefuseReason::Busy, dishes: Vec::new(), note: String::new() };
            self.step(now, order, step).await?;
            self.totals.refusals += 1;
            let later = self.between(20, 90);
            self.push(now.after(later), Next::Reassign(order));
            return Ok(());
        }
        self.step(now, order, Step::Accept { minutes: None }).await?;
        let later = self.between(60, 180);
        self.push(now.after(later), Next::Cook(order));
        Ok(())
    }

    /// The branch that an order was placed at; another one means that it was refused there.
    fn first_branch(&self, order: usize) -> BranchNumber {
        self.callers[order].first_branch.unwrap_or(self.orders[&order].branch)
    }

    async fn reassign(&mut self, now: Timestamp, order: usize) -> Result<(), String> {
        let had = self.orders[&order].branch;
        let others: Vec<BranchNumber> = self.catalogue.branches.keys().copied().filter(|branch| *branch != had).collect();
        let branch = others[self.ids.below(others.len() as u64) as usize];
        self.step(now, order, Step::Reassign { branch, why: "refused".into(), times: None }).await?;
        self.callers[order].first_branch = Some(had);
        if let Some(order) = self.orders.get_mut(&order) {
            order.branch = branch;
        }
        *self.totals.orders_by_branch.entry(had.get()).or_default() -= 1;
        *self.totals.orders_by_branch.entry(branch.get()).or_default() += 1;
        let later = self.between(5, 30);
        self.push(now.after(later), Next::Seen(order));
        Ok(())
    }

    async fn hand_over(&mut self, now: Timestamp, order: usize) -> Result<(), String> {
        let (branch, delivery) = (self.orders[&order].branch, self.orders[&order].delivery);
        let number = self.ids.below(3) + 1;
        let rider = delivery.then(|| Rider { id: format!("rider-{branch}-{number}"), name: format!("骑手{branch}-{number}") });
        let promised = self.step(now, order, Step::HandOver { rider }).await?;
        if delivery {
            // Most come in time; some a little, some much too late.
            let late = match self.ids.below(100) {
                0..80 => None,
                80..90 => Some(self.between(13 * 60, 25 * 60)),
                90..96 => Some(self.between(33 * 60, 55 * 60)),
                _ => Some(self.between(63 * 60, 90 * 60)),
            };
            let at = late.map_or_else(|| now.after(5 * MINUTE).min(promised).max(now.after(MINUTE)), |late| promised.after(late).max(now));
            self.push(at, Next::Deliver(order));
        }
        Ok(())
    }

    async fn deliver(&mut self, now: Timestamp, order: usize) -> Result<(), String> {
        let code = match self.ids.below(100) {
            0 => Some(Outcome::WrongAddress),
            1 => Some(Outcome::NotSent),
            _ => None,
        };
        let promised = self.step(now, order, Step::Deliver { code, note: String::new(), minutes_late: None }).await?;
        let minutes = (now.as_millis() - promised.as_millis()) / 60_000;
        let totals = &mut self.totals;
        let sum = match code {
            Some(_) => &mut totals.undelivered,
            None => {
                totals.delivered += 1;
                match minutes {
                    60.. => &mut totals.late_60,
                    30.. => &mut totals.late_30,
                    10.. => &mut totals.late_10,
                    _ => &mut totals.on_time,
                }
            }
        };
        *sum += 1;
        Ok(())
    }

    /// One step of an order, by its branch or by headquarters; what was promised to the guest.
    async fn step(&mut self, now: Timestamp, order: usize, step: Step) -> Result<Timestamp, String> {
        let Order { id, branch, .. } = &self.orders[&order];
        let by = match step {
            Step::Reassign { .. } => Actor::new(ActorKind::Headquarters, "simulation", "simulation"),
            _ => Actor::new(ActorKind::Branch, "simulation", "simulation").of(*branch),
        };
        match self.store.order_step(id, None, &step, &by, now).await.map_err(|error| error.to_string())? {
            Stepped::Done(life) => Ok(life.promised_at),
            other => Err(format!("{} was not taken: {other:?}", step.name())),
        }
    }

    /// What remains of the calls: their records, stays in queues, conversations and wrap-ups.
    async fn records(&mut self) -> Result<(), StoreError> {
        let callers = std::mem::take(&mut self.callers);
        for (chunk, callers) in callers.chunks(BATCH).enumerate() {
            let (mut calls, mut facts, mut saved) = (Vec::new(), Vec::new(), Vec::new());
            for (place, caller) in callers.iter().enumerate() {
                let place = chunk * BATCH + place;
                calls.push(self.record(place, caller));
                self.facts(place, caller, &mut facts, &mut saved);
            }
            let last = callers.last().map_or(Timestamp::from_millis(0), |caller| caller.ends_at);
            self.store.record_calls("simulation", &[], &calls).await?;
            self.store.keep("simulation", &facts, last).await?;
            for (wrap_up, at) in saved {
                self.store.record_wrap_up(&wrap_up, at).await?;
            }
        }
        Ok(())
    }

    fn record(&mut self, place: usize, caller: &Caller) -> (CallRecord, Vec<PathStep>) {
        self.totals.calls += 1;
        let order = self.numbers.get(&place).cloned();
        let step = |kind| PathStep { at: caller.at, kind };
        let mut steps = vec![step(StepKind::Arrived)];
        if caller.ordering {
            steps.push(step(StepKind::Node("order.start".into())));
            steps.push(step(StepKind::Outcome { node: "order.dish".into(), outcome: "dish".into() }));
        }
        if let Some(number) = &order {
            steps.push(step(StepKind::Node("order.final".into())));
            steps.push(step(StepKind::Outcome { node: "order.final".into(), outcome: "confirmed".into() }));
            steps.push(step(StepKind::Ordered(number.clone())));
        }
        let end = End { by: Party::Caller, reason: if order.is_some() { Reason::Served } else { Reason::Finished } };
        steps.push(step(StepKind::Ended(end.clone())));
        let record = CallRecord {
            trunk: "simulation".into(),
            caller: PhoneNumber::parse(&format!("138{place:08}")),
            dialled: "1000".into(),
            answered_at: Some(caller.at.after(Duration::from_millis(20))),
            ended_at: Some(caller.ends_at),
            end: Some(end),
            codec: Some("PCMA".into()),
            order,
            queue: caller.queued.map(|_| QueueId::new("order-zh")),
            agent: caller.agent.as_deref().map(UserId::new),
            waited_ms: caller.queued.map_or(0, |(entered, left, _)| u64::try_from(left.as_millis() - entered.as_millis()).unwrap_or(0)),
            disposition: caller.agent.as_ref().and_then(|_| Disposition::new(if caller.orders_at.is_some() { 10 } else { 20 })),
            ..CallRecord::arrived(CallId::new(format!("simulated-{place}")), format!("simulated-{place}@simulation"), caller.at)
        };
        (record, steps)
    }

    fn facts(&mut self, place: usize, caller: &Caller, facts: &mut Vec<Fact>, saved: &mut Vec<(WrapUp, Timestamp)>) {
        let Some((entered, left, ending)) = caller.queued else { return };
        let call = CallId::new(format!("simulated-{place}"));
        let waited = left.as_millis() - entered.as_millis();
        let totals = &mut self.totals;
        totals.offered += 1;
        match ending {
            Ending::Answered => {
                totals.answered += 1;
                totals.answered_in_time += i64::from(waited <= 20_000);
                totals.waits_of_answered_ms += waited;
            }
            Ending::Abandoned if waited <= 5000 => totals.abandoned_short += 1,
            Ending::Abandoned => totals.abandoned += 1,
        }
        let queue = QueueId::new("order-zh");
        facts.push(Fact::Visit(QueueVisit {
            id: format!("simulated-{place}-1"),
            call: call.clone(),
            queue: queue.clone(),
            phone: None,
            customer: None,
            language: Language::Mandarin,
            entered_at: entered,
            left: Some((left, if ending == Ending::Answered { QueueOutcome::Answered } else { QueueOutcome::Abandoned })),
            agent: caller.agent.as_deref().map(UserId::new),
            is_callback: false,
        }));
        let (Ending::Answered, Some(agent)) = (ending, &caller.agent) else { return };
        totals.handled += 1;
        totals.talk_ms += caller.ends_at.as_millis() - left.as_millis();
        facts.push(Fact::Part(CallPart {
            id: format!("simulated-{place}-part"),
            call: call.clone(),
            kind: PartKind::Agent,
            agent: Some(UserId::new(agent)),
            name: agent.clone(),
            queue: Some(queue),
            from: left,
            until: Some(caller.ends_at),
            began: "ring".into(),
            ended: "hang_up".into(),
            held_ms: 0,
            note: String::new(),
        }));
        let wrap_up = WrapUp {
            call,
            agent: UserId::new(agent),
            agent_name: agent.clone(),
            customer: None,
            phone: None,
            disposition: Disposition::new(if caller.orders_at.is_some() { 10 } else { 20 }),
            note: String::new(),
            order: None,
            follow: String::new(),
        };
        saved.push((wrap_up, caller.ends_at.after(caller.wrap_up)));
    }
}
