//! What falls due on the floor, and the look over it once a second.

use std::time::Duration;

use super::Centre;
use super::floor::Alarm;
use crate::call::bridge::Mode;
use crate::domain::{AgentState, UserId};
use crate::machine::{Machine, Now};
use crate::queue::{AcdInput, LegState, LiveLeg};

/// Calls with agents are compared with the machine's picture so often (I2).
const RECONCILE: Duration = Duration::from_secs(1);

impl Centre {
    /// Acts on one due deadline of the floor; tells whether there was one.
    pub(super) fn floor_timeout(&mut self, now: Now) -> bool {
        if self.floor.acd.next_deadline().is_some_and(|due| due <= now.instant) {
            self.floor.acd.handle_timeout(now);
            return true;
        }
        let Some(alarm) = self.floor.due(now.instant) else { return false };
        match alarm {
            Alarm::Tick => {
                self.floor.ticking = false;
                self.reconcile(now);
                self.keep_ticking(now);
            }
            Alarm::Line(id) => {
                if let Some((line, _)) = self.floor.lines.get_mut(&id)
                    && line.next_deadline().is_some_and(|due| due <= now.instant)
                {
                    line.handle_timeout(now);
                    self.drain_line(now, id);
                }
            }
            Alarm::Listen { line, up } => self.listener_due(now, line, up),
            Alarm::Pop(call) => self.pop_late(now, call),
            Alarm::Bound(call) => self.bound_late(now, call),
            Alarm::Across(line) => self.across_late(now, line),
            Alarm::Grace(agent) => self.grace_over(now, &agent),
            Alarm::Wrap(call, user) => self.wrap_up_over(now, call, &user),
        }
        true
    }

    /// The clock of the floor runs while somebody is signed on.
    pub(super) fn keep_ticking(&mut self, now: Now) {
        if !self.floor.ticking && !self.floor.desks.is_empty() {
            self.floor.ticking = true;
            self.time_of_day(now);
            self.floor.alarm(now.instant + RECONCILE, Alarm::Tick);
        }
    }

    /// At midnight of the restaurant the day's numbers begin anew; customers are called back at decent hours, and
    /// while a restaurant is open that they could order from.
    fn time_of_day(&mut self, now: Now) {
        let local = self.env.clock.local(now.wall.into());
        let today = (local.year(), local.month(), local.day());
        if self.floor.today.replace(today).is_some_and(|before| before != today) {
            self.floor.acd.handle(now, AcdInput::NewDay);
        }
        let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute())).unwrap_or(0);
        let house = &self.env.catalogue;
        let open = self.floor.acd.settings().may_call_back(minute) && (house.branches.is_empty() || house.any_open(local));
        if self.floor.calls_back.replace(open) != Some(open) {
            self.floor.acd.handle(now, AcdInput::CallBackTime { open });
        }
    }

    /// Which calls really are with agents: what the queue machine believes otherwise is put right (I2).
    fn reconcile(&mut self, now: Now) {
        let mut legs = Vec::new();
        for talk in self.floor.talks.values() {
            for rung in &talk.rung {
                legs.push(LiveLeg { agent: rung.who.user.clone(), call: talk.call, state: LegState::Ringing });
            }
            if let Some(part) = &talk.agent {
                let state = match talk.mode() {
                    _ if talk.outbound => LegState::Outbound,
                    Mode::Hold | Mode::Consult => LegState::Held,
                    _ => LegState::Talking,
                };
                legs.push(LiveLeg { agent: part.who.user.clone(), call: talk.call, state });
            }
            if let Some(who) = talk.consult.as_ref().filter(|consult| consult.leg.is_some()).and_then(|consult| consult.agent.as_ref()) {
                legs.push(LiveLeg { agent: who.user.clone(), call: talk.call, state: LegState::Talking });
            }
        }
        self.floor.acd.handle(now, AcdInput::LiveLegs(legs));
        self.try_seats_again(now);
    }

    /// Whoever is not ready because one ring or one call went wrong is so no longer than the seat itself is at fault (C54).
    fn try_seats_again(&mut self, now: Now) {
        let doubted = |user: &&UserId| match self.floor.acd.on_duty(user).map(|view| view.state) {
            Some(AgentState::NotReady { why }) => !matches!(why, "no_phone" | "no_media" | "reconnecting"),
            _ => false,
        };
        let users: Vec<UserId> = self.floor.desks.keys().filter(doubted).cloned().collect();
        for user in users {
            self.tell_seat(now, &user);
        }
    }
}
