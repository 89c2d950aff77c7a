//! A long random life of callers and agents, held against a simple model after every step (I2–I5, I8).

use std::collections::{HashMap, HashSet};

use super::*;
use crate::domain::{Break, Leaving, QueueReason, Skill, Timestamp};
use crate::queue::rule::Rule;
use crate::queue::{LegState, LiveLeg};

const STEPS: u32 = 20_000;
const SEEDS: u64 = 10;
const AGENTS: u64 = 9;

/// What a switchboard beside the machine would know: which phones ring, who talks with whom, who is on the line.
#[derive(Default)]
struct World {
    /// Calls that are up and have not hung up.
    up: HashSet<u64>,
    next: u64,
    /// Phones that ring: agent and call.
    rings: HashSet<(UserId, u64)>,
    /// Agents with a live leg in a call.
    talks: HashMap<UserId, (u64, bool)>,
    /// Call-backs being dialled: id and virtual caller.
    dialling: HashMap<String, PhoneNumber>,
    /// Callers who wait, and since when their place counts.
    kept: HashSet<String>,
    /// Agents of each caller's never-list.
    never: HashMap<u64, Vec<UserId>>,
    /// Place of each waiting caller when last seen: it may only get earlier.
    since: HashMap<u64, Timestamp>,
    wrapping: HashMap<UserId, u64>,
}

struct Life {
    floor: Floor,
    world: World,
    ids: Ids,
    seed: u64,
    step: u32,
    /// The last inputs, for the one who has to find out.
    trail: Vec<String>,
    offers: u32,
    connects: u32,
    callbacks: u32,
}

fn settings(ids: &mut Ids) -> Settings {
    let strategy = |ids: &mut Ids| Strategy::ALL[ids.below(10) as usize];
    let mut first = QueueSettings { strategy: strategy(ids), ..QueueSettings::named("order", "点餐", "Orders") };
    let mut second = QueueSettings { strategy: strategy(ids), priority: 1, ..QueueSettings::named("complaint", "投诉", "Complaints") };
    first.skills = Rule::parse("WT<20 & language>50; WT<60 & language>0; any").expect("right");
    second.skills = Rule::parse("any").expect("right");
    first.overflow = vec![queue("complaint")];
    first.max_waiting = 12;
    first.longest_wait = Duration::from_secs(400);
    Settings { queues: vec![first, second], ..Settings::default() }
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut ids = Ids::seeded(u128::from(seed));
        let floor = Floor::new(settings(&mut ids));
        let trail = Vec::new();
        Self { floor, world: World::default(), ids, seed, step: 0, trail, offers: 0, connects: 0, callbacks: 0 }
    }

    fn agent(&mut self) -> UserId {
        user(&format!("80{:02}", self.ids.below(AGENTS)))
    }

    fn tell(&mut self, input: AcdInput) {
        if self.trail.len() > 40 {
            self.trail.remove(0);
        }
        self.trail.push(format!("{input:?}"));
        self.floor.tell(input);
        self.follow();
    }

    /// The switchboard does what the machine wants.
    fn follow(&mut self) {
        for output in std::mem::take(&mut self.floor.out) {
            match output {
                AcdOutput::Offer { call, agent, .. } => {
                    self.offers += 1;
                    let never = self.world.never.get(&call).is_some_and(|never| never.contains(&agent));
                    self.hold_true(!never, "C40: an excluded agent was rung");
                    self.hold_true(self.world.up.contains(&call), "a call that is not up was offered");
                    let other = self.world.rings.iter().any(|(user, _)| *user == agent) || self.world.talks.contains_key(&agent);
                    self.hold_true(!other, "an agent was rung for two calls, or in a call");
                    self.world.rings.insert((agent, call));
                }
                AcdOutput::Withdraw { call, agent, .. } => {
                    self.world.rings.remove(&(agent, call));
                }
                AcdOutput::Connect { call, agent, .. } => {
                    self.connects += 1;
                    let rang = self.world.rings.remove(&(agent.clone(), call));
                    self.hold_true(rang, "connected without a ring");
                    self.world.talks.insert(agent, (call, false));
                    self.world.since.remove(&call);
                }
                AcdOutput::CallBackKept(back) => {
                    self.world.kept.insert(back.id.clone());
                }
                AcdOutput::CallBackDial(back) => {
                    self.callbacks += 1;
                    let twice =
                        self.world.dialling.values().any(|phone| *phone == back.phone) || self.world.dialling.contains_key(&back.id);
                    self.hold_true(!twice, "I8: two live call-backs for one wish");
                    self.hold_true(self.world.kept.contains(&back.id), "I8: dialled and not kept");
                    self.world.dialling.insert(back.id.clone(), back.phone.clone());
                }
                AcdOutput::CallBackStop { id } => {
                    self.world.dialling.remove(&id);
                }
                AcdOutput::CallBackDone { id, .. } => {
                    self.world.kept.remove(&id);
                }
                AcdOutput::CallBackTask(back) => {
                    self.world.kept.remove(&back.id);
                }
                AcdOutput::Agent(view) => {
                    if !matches!(view.state, AgentState::Ready | AgentState::Ringing { .. }) {
                        let shown = view.reason.is_some() || view.state.call().is_some() || view.state == AgentState::SignedOut;
                        self.hold_true(shown, "C54: not ready without a reason");
                    }
                    match view.state {
                        AgentState::WrapUp { call, .. } => self.world.wrapping.insert(view.user, call),
                        _ => self.world.wrapping.remove(&view.user),
                    };
                }
                _ => {}
            }
        }
    }

    #[track_caller]
    fn hold_true(&self, held: bool, what: &str) {
        assert!(held, "{what}\nseed {} step {}\n{}", self.seed, self.step, self.trail.join("\n"));
    }

    fn legs(&self) -> Vec<LiveLeg> {
        let rings = self.world.rings.iter().map(|(agent, call)| (agent, *call, LegState::Ringing));
        let talks =
            self.world.talks.iter().map(|(agent, (call, held))| (agent, *call, if *held { LegState::Held } else { LegState::Talking }));
        let mut legs: Vec<LiveLeg> = rings.chain(talks).map(|(agent, call, state)| LiveLeg { agent: agent.clone(), call, state }).collect();
        legs.sort_by(|a, b| (&a.agent, a.call).cmp(&(&b.agent, b.call)));
        legs
    }

    fn call_up(&mut self) -> Option<u64> {
        let mut calls: Vec<u64> = self.world.up.iter().copied().collect();
        calls.sort_unstable();
        (!calls.is_empty()).then(|| calls[self.ids.below(calls.len() as u64) as usize])
    }

    fn ring(&mut self) -> Option<(UserId, u64)> {
        let mut rings: Vec<_> = self.world.rings.iter().cloned().collect();
        rings.sort();
        (!rings.is_empty()).then(|| rings[self.ids.below(rings.len() as u64) as usize].clone())
    }

    fn talk(&mut self) -> Option<(UserId, u64)> {
        let mut talks: Vec<_> = self.world.talks.iter().map(|(agent, (call, _))| (agent.clone(), *call)).collect();
        talks.sort();
        (!talks.is_empty()).then(|| talks[self.ids.below(talks.len() as u64) as usize].clone())
    }

    fn caller(&mut self, call: u64) -> Box<Joining> {
        let mut joining = Joining::new(call);
        joining.queue = Some(queue(if self.ids.below(3) == 0 { "complaint" } else { "order" }));
        joining.language = if self.ids.below(4) == 0 { crate::domain::Language::English } else { crate::domain::Language::Mandarin };
        joining.urgency.complaint = self.ids.below(10) == 0;
        joining.urgency.valued = self.ids.below(5) == 0;
        if self.ids.below(2) == 0 {
            joining.caller = Some(phone(&format!("138001380{:02}", self.ids.below(12))));
        }
        if self.ids.below(3) == 0 {
            joining.sticky.last = Some((self.agent(), Timestamp::from(self.floor.now.wall)));
        }
        if self.ids.below(3) == 0 {
            joining.sticky.owner = Some(self.agent());
        }
        if self.ids.below(4) == 0 {
            joining.sticky.never = vec![self.agent()];
        }
        self.world.never.insert(call, joining.sticky.never.clone());
        Box::new(joining)
    }

    fn hang_up(&mut self, call: u64) {
        self.world.up.remove(&call);
        self.world.since.remove(&call);
        let with: Vec<UserId> = self.world.talks.iter().filter(|(_, (with, _))| *with == call).map(|(agent, _)| agent.clone()).collect();
        for agent in with {
            self.world.talks.remove(&agent);
        }
        self.tell(AcdInput::CallGone { call });
        let zombie = self.world.rings.iter().any(|(_, ringing)| *ringing == call);
        self.hold_true(!zombie, "I5: a phone rings for a caller who has gone");
    }

    fn act(&mut self) {
        match self.ids.below(100) {
            0..=4 => {
                let number = format!("80{:02}", self.ids.below(AGENTS));
                let queues = match self.ids.below(3) {
                    0 => vec![queue("order")],
                    1 => vec![queue("complaint")],
                    _ => Vec::new(),
                };
                let level = self.ids.below(101) as u8;
                let skills = if self.ids.below(2) == 0 { Vec::new() } else { vec![Skill { name: "zh".into(), level }] };
                let team = Some(if self.ids.below(2) == 0 { "red".to_owned() } else { "blue".to_owned() });
                let agent = user(&number);
                if !self.world.talks.contains_key(&agent) {
                    let profile = Profile { queues, skills, team, ..profile(&number) };
                    self.tell(AcdInput::SignOn { profile: Box::new(profile), seat: Seat::Browser });
                    self.tell(AcdInput::SeatUp { agent });
                }
            }
            5..=6 => {
                let agent = self.agent();
                self.tell(AcdInput::SignOff { agent });
            }
            7..=8 => {
                let agent = self.agent();
                self.tell(AcdInput::Break { agent, reason: Break("lunch".into()) });
            }
            9 => {
                let agent = self.agent();
                let reason = Break("meeting".into());
                let sign_out = self.ids.below(3) == 0;
                self.tell(if sign_out {
                    AcdInput::ForceSignOut { agent, reason: "x".into() }
                } else {
                    AcdInput::ForceBreak { agent, reason }
                });
            }
            10..=19 => {
                let agent = self.agent();
                self.tell(AcdInput::Ready { agent });
            }
            20..=21 => {
                let agent = self.agent();
                self.tell(AcdInput::SeatDown { agent: agent.clone(), why: "no_media" });
                if self.ids.below(2) == 0 {
                    self.tell(AcdInput::SeatUp { agent });
                }
            }
            22..=39 if self.world.up.len() > 25 => {
                if let Some(call) = self.call_up() {
                    self.hang_up(call);
                }
            }
            22..=39 => {
                self.world.next += 1;
                let call = self.world.next;
                self.world.up.insert(call);
                let joining = self.caller(call);
                self.tell(AcdInput::Join(joining));
            }
            40..=47 => {
                if let Some(call) = self.call_up() {
                    self.hang_up(call);
                }
            }
            48..=51 => {
                if let Some(call) = self.call_up().filter(|call| self.floor.acd.waits_in(*call).is_some()) {
                    let why = if self.ids.below(2) == 0 { Leaving::Menu } else { Leaving::Message };
                    self.tell(AcdInput::Leave { call, why });
                    self.hold_true(self.floor.acd.waits_in(call).is_none(), "left and still waits");
                    if self.ids.below(2) == 0 {
                        let joining = self.caller(call);
                        self.tell(AcdInput::Join(joining));
                    }
                }
            }
            52..=54 => {
                if let Some(call) = self.call_up().filter(|call| self.floor.acd.waits_in(*call).is_some()) {
                    let phone = phone(&format!("138001380{:02}", self.ids.below(12)));
                    self.world.since.remove(&call);
                    self.tell(AcdInput::Leave { call, why: Leaving::CallBack { phone } });
                    self.hang_up(call);
                }
            }
            55..=68 => {
                if let Some((agent, call)) = self.ring() {
                    self.tell(AcdInput::Answered { call, agent });
                }
            }
            69..=71 => {
                if let Some((agent, call)) = self.ring() {
                    self.tell(AcdInput::Rejected { call, agent });
                }
            }
            72 => {
                if let Some((agent, call)) = self.ring() {
                    self.tell(AcdInput::OfferFailed { call, agent, why: "busy" });
                }
            }
            73..=78 => {
                if let Some((_, call)) = self.talk() {
                    self.hang_up(call);
                }
            }
            79..=80 => {
                if let Some((agent, call)) = self.talk() {
                    let on = self.ids.below(2) == 0;
                    self.world.talks.insert(agent.clone(), (call, on));
                    self.tell(if on { AcdInput::Held { call, agent } } else { AcdInput::Resumed { call, agent } });
                }
            }
            81..=82 => {
                // A transfer: to the queue, or to an agent.
                if let Some((agent, call)) = self.talk().filter(|(_, call)| self.world.up.contains(call)) {
                    self.world.talks.remove(&agent);
                    self.tell(AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: true });
                    let mut joining = self.caller(call);
                    joining.reason = QueueReason::Transfer;
                    joining.from = Some(agent);
                    if self.ids.below(2) == 0 {
                        // A person may pass a caller on to anybody: the never-list is the queue's rule.
                        self.world.never.remove(&call);
                        joining.sticky.never.clear();
                        joining.to = Some(self.agent());
                    }
                    if !self.world.talks.values().any(|(with, _)| *with == call) {
                        self.tell(AcdInput::Join(joining));
                    }
                }
            }
            83 => {
                if let Some((agent, call)) = self.talk().filter(|(_, call)| self.world.up.contains(call)) {
                    self.world.talks.remove(&agent);
                    self.tell(AcdInput::AgentLost { call, agent, why: "reconnecting" });
                }
            }
            84 => {
                // A leg that dies without a word.
                if let Some((agent, _)) = self.talk() {
                    self.world.talks.remove(&agent);
                }
            }
            85 => {
                if let Some((by, call)) = self.talk() {
                    let agent = self.agent();
                    if agent != by {
                        self.tell(AcdInput::Consult { call, agent, by });
                    }
                }
            }
            86..=89 => {
                let mut wrapping: Vec<_> = self.world.wrapping.iter().map(|(agent, call)| (agent.clone(), *call)).collect();
                wrapping.sort();
                if let Some((agent, call)) = wrapping.first().cloned() {
                    let more = self.ids.below(4) == 0;
                    self.tell(if more { AcdInput::ExtendWrapUp { agent } } else { AcdInput::WrapUpSaved { agent, call } });
                }
            }
            90..=92 => {
                let mut dialling: Vec<String> = self.world.dialling.keys().cloned().collect();
                dialling.sort();
                if let Some(id) = dialling.first().cloned() {
                    self.world.dialling.remove(&id);
                    match self.ids.below(4) {
                        0 => self.tell(AcdInput::CallBackFailed { id, why: "busy".into() }),
                        1 => self.tell(AcdInput::CallBackDropped { id, why: "declined".into() }),
                        _ => {
                            self.world.next += 1;
                            let call = self.world.next;
                            self.world.up.insert(call);
                            let mut joining = self.caller(call);
                            joining.caller = None;
                            joining.reason = QueueReason::CallBack;
                            self.tell(AcdInput::CallBackReached { id, joining });
                        }
                    }
                }
            }
            93 => {
                if let Some(call) = self.call_up() {
                    self.tell(AcdInput::Prefer { call });
                    self.tell(AcdInput::Move { call, queue: queue("complaint") });
                }
            }
            94..=96 => {
                let legs = self.legs();
                self.tell(AcdInput::LiveLegs(legs));
                self.no_call_without_a_leg();
            }
            _ => {
                let wait = [0.1, 1.0, 3.0, 12.0, 25.0, 70.0][self.ids.below(6) as usize];
                self.trail.push(format!("wait {wait}"));
                self.floor.wait(wait);
                self.follow();
            }
        }
    }

    /// I2: right after the look, whoever shows a call has a leg in it.
    fn no_call_without_a_leg(&self) {
        for agent in self.floor.acd.agents() {
            if let AgentState::Talking { call } | AgentState::Hold { call } | AgentState::Outbound { call } = agent.state {
                let live = self.world.talks.get(&agent.user).is_some_and(|(with, _)| *with == call);
                self.hold_true(live, "I2: in a call without a leg");
            }
            if let AgentState::Ringing { call, .. } = agent.state {
                self.hold_true(self.world.rings.contains(&(agent.user.clone(), call)), "I2: ringing without a ring");
            }
        }
    }

    fn check(&mut self) {
        let acd = &self.floor.acd;
        // The phones that ring are those of the agents who show it: no zombie, and nobody rings in silence.
        let agents: Vec<_> = acd.agents().collect();
        let shown: HashSet<(UserId, u64)> = agents
            .iter()
            .filter_map(|agent| match agent.state {
                AgentState::Ringing { call, .. } => Some((agent.user.clone(), call)),
                _ => None,
            })
            .collect();
        self.hold_true(shown == self.world.rings, "I5: what rings and what is shown differ");
        let view = acd.queues(self.floor.now);
        let mut seen = HashSet::new();
        for waiting in &view.waiting {
            self.hold_true(seen.insert(waiting.call), "a call stands in two places");
        }
        let free: Vec<_> = agents.iter().filter(|agent| agent.state == AgentState::Ready).collect();
        for waiting in view.waiting.iter().filter(|waiting| acd.waits_in(waiting.call).is_some()) {
            self.hold_true(self.world.up.contains(&waiting.call), "a caller who has gone waits");
            self.hold_true(
                waiting.kept_for.is_none() || free.iter().all(|agent| Some(&agent.user) != waiting.kept_for.as_ref()),
                "kept for a free agent",
            );
            if let Some(before) = self.world.since.get(&waiting.call) {
                self.hold_true(waiting.since <= *before, "I3: a place was lost");
            }
        }
        for waiting in view.waiting.iter().filter(|waiting| acd.waits_in(waiting.call).is_some()) {
            for agent in &free {
                let open = acd.goes_together(waiting.call, &agent.user);
                self.hold_true(!open || waiting.kept_for.is_some(), "a caller waits beside a free agent whom they may have");
            }
        }
        let since: Vec<(u64, Timestamp)> = view
            .waiting
            .iter()
            .filter(|waiting| acd.waits_in(waiting.call).is_some())
            .map(|waiting| (waiting.call, waiting.since))
            .collect();
        self.world.since.extend(since);
        // Everybody in a call is in one.
        let mut talking = HashSet::new();
        for agent in &agents {
            if let AgentState::Talking { .. } | AgentState::Hold { .. } = agent.state {
                self.hold_true(talking.insert(agent.user.clone()), "an agent twice");
            }
            let both = agent.state.call().is_some_and(|call| self.floor.acd.waits_in(call).is_some())
                && matches!(agent.state, AgentState::Talking { .. } | AgentState::Hold { .. });
            self.hold_true(!both, "a call waits and is with an agent");
        }
        if self.step.is_multiple_of(32) {
            self.floor.acd.sound();
        }
    }
}

#[test]
fn i2_i3_i5_i8_a_long_random_life_holds_all_invariants() {
    let (mut offers, mut connects, mut callbacks) = (0, 0, 0);
    for seed in 1..=SEEDS {
        let mut life = Life::new(seed);
        for step in 0..STEPS {
            life.step = step;
            life.act();
            if step.is_multiple_of(4) {
                life.check();
            }
        }
        offers += life.offers;
        connects += life.connects;
        callbacks += life.callbacks;
    }
    assert!(offers > 10_000 && connects > 5_000 && callbacks > 500, "it is a real life: {offers} {connects} {callbacks}");
}

#[test]
fn five_hundred_agents_and_a_thousand_waiting_callers_are_quick() {
    let mut settings = Settings::default();
    settings.queues[0].max_waiting = 2000;
    let mut floor = Floor::new(settings);
    for number in 0..500 {
        floor.on(profile(&format!("{}", 1000 + number)));
    }
    for call in 1..=1500 {
        floor.joins(call);
    }
    let ringing: Vec<(u64, String)> = floor.offers();
    assert_eq!(ringing.len(), 500);
    for (call, number) in &ringing {
        floor.answers(*call, number);
    }
    assert_eq!(floor.acd.queues(floor.now).queues[0].waiting, 1000);
    #[expect(clippy::disallowed_methods, reason = "how long it takes in truth")]
    let began = Instant::now();
    let mut matched = 0_u32;
    for (call, number) in &ringing {
        floor.out.clear();
        floor.leaves(*call, number);
        floor.saves(*call, number);
        matched += u32::try_from(floor.offers().len()).expect("few");
    }
    let each = began.elapsed() / 1500;
    assert_eq!(matched, 500);
    // Unoptimised, on a machine that does much else: a bound that only a wrong order of growth would break.
    assert!(each < Duration::from_millis(20), "{each:?} for each event");
}
