//! Two endpoints and a bad network between them, from a seed: every call is set up and ended, and nothing is left over.

use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::kit::*;
use crate::machine::{Ids, Machine as _, Now};
use crate::sip::endpoint::Endpoint;
use crate::sip::event::*;

#[derive(Debug, Clone, Copy)]
struct Weather {
    loss: u64,
    duplication: u64,
    reordering: u64,
}

#[derive(Debug, Default)]
struct Count {
    invited: usize,
    answered: usize,
    acknowledged: usize,
    infos: usize,
    ended: usize,
}

struct World {
    now: Now,
    sides: [Endpoint; 2],
    counts: [Count; 2],
    /// (minus arrival, number, to side, from flow, bytes), earliest first.
    wire: BinaryHeap<(std::cmp::Reverse<Instant>, u64, usize, Vec<u8>)>,
    /// (when, side, dialog): who hangs up.
    plans: Vec<(Instant, usize, DialogId)>,
    dice: Ids,
    weather: Weather,
    sent: u64,
}

const ADDRESSES: [&str; 2] = ["127.0.0.1:6000", "127.0.0.1:5060"];

fn flow(side: usize) -> Flow {
    Flow { local: ADDRESSES[side].parse().unwrap(), ..udp(ADDRESSES[1 - side]) }
}

impl World {
    fn new(seed: u128, weather: Weather) -> Self {
        let now = origin();
        let side = |seed| Endpoint::new(SipSettings { demo: true, ..settings() }, Ids::seeded(seed), now);
        Self {
            now,
            sides: [side(seed), side(seed + 1)],
            counts: Default::default(),
            wire: BinaryHeap::new(),
            plans: Vec::new(),
            dice: Ids::seeded(seed + 2),
            weather,
            sent: 0,
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.sides[side].poll() {
            match output {
                SipOutput::Transmit { bytes, .. } => self.send(1 - side, bytes),
                SipOutput::Event(event) => self.event(side, event),
                _ => {}
            }
        }
    }

    fn send(&mut self, to: usize, bytes: Vec<u8>) {
        let copies = 1 + usize::from(self.dice.below(100) < self.weather.duplication);
        for _ in 0..copies {
            if self.dice.below(100) < self.weather.loss {
                continue;
            }
            let late = if self.dice.below(100) < self.weather.reordering { 80 } else { 0 };
            let at = self.now.instant + Duration::from_millis(10 + late + self.dice.below(10));
            self.sent += 1;
            self.wire.push((std::cmp::Reverse(at), u64::MAX - self.sent, to, bytes.clone()));
        }
    }

    fn event(&mut self, side: usize, event: SipEvent) {
        let count = &mut self.counts[side];
        match event {
            SipEvent::Invited(invited) => {
                count.invited += 1;
                self.command(side, SipCommand::Answer { dialog: invited.dialog, sdp: ANSWER.into() });
            }
            SipEvent::Answered { dialog, .. } => {
                count.answered += 1;
                self.command(side, SipCommand::Info { dialog, content_type: "application/dtmf-relay", body: "Signal=1\r\n".into() });
                if self.dice.below(2) == 0 {
                    self.plans.push((self.now.instant + Duration::from_secs(40), side, dialog));
                }
            }
            SipEvent::Acknowledged { dialog, .. } => {
                count.acknowledged += 1;
                // Both may hang up at once.
                self.plans.push((self.now.instant + Duration::from_secs(40), side, dialog));
            }
            SipEvent::Info { .. } => count.infos += 1,
            SipEvent::Ended { .. } => count.ended += 1,
            _ => {}
        }
    }

    fn command(&mut self, side: usize, command: SipCommand) {
        self.sides[side].handle(self.now, SipInput::Command(command));
        self.drain(side);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        loop {
            let wire = self.wire.peek().map(|it| it.0.0);
            let plan = self.plans.iter().map(|it| it.0).min();
            let next = [wire, plan, self.sides[0].next_deadline(), self.sides[1].next_deadline()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end.instant) else { break };
            self.now = self.now.after(next.saturating_duration_since(self.now.instant));
            if wire == Some(next) {
                let (_, _, side, bytes) = self.wire.pop().unwrap();
                self.sides[side].handle(self.now, SipInput::Received { flow: flow(side), bytes });
                self.drain(side);
            } else if plan == Some(next) {
                let place = self.plans.iter().position(|it| it.0 == next).unwrap();
                let (_, side, dialog) = self.plans.swap_remove(place);
                self.command(side, SipCommand::HangUp { dialog, reason: None });
            } else {
                for side in 0..2 {
                    if self.sides[side].next_deadline() == Some(next) {
                        self.sides[side].handle_timeout(self.now);
                        self.drain(side);
                    }
                }
            }
        }
        self.now = end;
    }
}

fn run(seed: u128, calls: usize, weather: Weather) -> World {
    let mut world = World::new(seed, weather);
    for _ in 0..calls {
        let dialog = world.sides[0].new_dialog_id();
        let call = PlaceCall {
            dialog,
            flow: flow(0),
            to: "sip:1000@127.0.0.1:5060".into(),
            from_user: "13800001234".into(),
            headers: Vec::new(),
            sdp: Some(OFFER.into()),
            credentials: None,
        };
        world.command(0, SipCommand::Place(Box::new(call)));
        world.pass(Duration::from_millis(50));
    }
    world.pass(Duration::from_secs(300));
    for side in &world.sides {
        assert_eq!((side.open_dialogs(), side.kept().0, side.kept().1), (0, 0, 0), "something is left over");
    }
    world
}

#[test]
fn c1_calls_over_a_good_network() {
    let world = run(1, 50, Weather { loss: 0, duplication: 0, reordering: 0 });
    let [caller, called] = &world.counts;
    assert_eq!((caller.answered, caller.ended), (50, 50));
    assert_eq!((called.invited, called.acknowledged, called.infos, called.ended), (50, 50, 50, 50));
}

#[test]
fn c1_every_call_is_set_up_and_ended_at_15_percent_loss() {
    for seed in 0..6 {
        let world = run(100 + 7 * seed, 60, Weather { loss: 15, duplication: 5, reordering: 10 });
        let [caller, called] = &world.counts;
        assert_eq!((caller.answered, caller.ended), (60, 60), "seed {seed}");
        assert_eq!((called.invited, called.acknowledged, called.infos, called.ended), (60, 60, 60, 60), "seed {seed}");
    }
}

#[test]
fn c1_nothing_leaks_at_30_percent_loss() {
    for seed in 0..6 {
        let world = run(200 + 7 * seed, 60, Weather { loss: 30, duplication: 10, reordering: 20 });
        let [caller, called] = &world.counts;
        assert_eq!(caller.ended, 60, "seed {seed}");
        assert_eq!(called.invited, called.ended, "seed {seed}");
        assert!(called.infos <= called.invited, "an INFO counts once");
    }
}
