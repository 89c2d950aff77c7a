//! What people are told of the floor: calls as each of them sees them, who hears whom, and all that a console shows.

use std::sync::Arc;

use super::floor::Wrap;
use super::{Centre, Output};
use crate::call::conversation::CallerFacts;
use crate::call::session::{Session, SessionInput};
use crate::domain::{StepKind, UserId};
use crate::event::{CallView, Event, Snapshot, What};
use crate::machine::Now;
use crate::media::order::MediaOrder;

/// Wrapped-up calls that one agent's console may still show.
const MOST_WRAPS: usize = 4;

impl Centre {
    /// Tells everybody who listens.
    pub(super) fn publish(&mut self, now: Now, what: What) {
        self.floor.seq += 1;
        let event = Event { seq: self.floor.seq, at: now.wall.into(), what };
        self.out.push_back(Output::Publish(Box::new(event)));
    }

    /// What a call's views need of its session.
    pub(super) fn facts(&self, call: u64) -> Option<CallerFacts> {
        self.calls.get(&call).map(facts_of)
    }

    /// This call, as this person sees it.
    pub(super) fn view(&self, call: u64, user: &UserId, now: Now) -> Option<CallView> {
        let (talk, facts) = (self.floor.talks.get(&call)?, self.facts(call)?);
        Some(talk.view(user, &facts, now.wall.into()))
    }

    /// Everybody in this call sees it as it is now.
    pub(super) fn show(&mut self, now: Now, call: u64) {
        let Some(facts) = self.facts(call) else { return };
        let Some(talk) = self.floor.talks.get(&call) else { return };
        let views: Vec<_> = talk
            .people()
            .into_iter()
            .filter(|user| talk.is_of(user) || talk.consults(user) || talk.watchers.iter().any(|watching| watching.who.user == *user))
            .map(|user| {
                let view = Arc::new(talk.view(&user, &facts, now.wall.into()));
                (user, view)
            })
            .collect();
        for (to, call) in views {
            self.publish(now, What::Call { to, call });
        }
    }

    /// Who hears whom in this call, after a change; and its people see it.
    pub(super) fn rebridge(&mut self, now: Now, call: u64) {
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            let change = talk.rebridge();
            let with_person = talk.agent.is_some() || talk.outside.is_some() || talk.handing.is_some();
            for (leg, from) in change.hear {
                self.out.push_back(Output::Media(MediaOrder::Hear { leg, from }));
            }
            if let Some(on) = change.music.filter(|_| with_person) {
                self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Music(on)));
            }
        }
        self.show(now, call);
    }

    /// One line on the call's path.
    pub(super) fn explain(&mut self, now: Now, call: u64, line: impl Into<String>) {
        let line = line.into();
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Note(line)));
    }

    /// Everything that this person's console shows.
    #[must_use]
    pub fn snapshot(&self, of: &UserId, now: Now) -> Snapshot {
        let mut calls: Vec<Arc<CallView>> = self
            .floor
            .talks
            .values()
            .filter(|talk| talk.people().contains(of))
            .filter_map(|talk| self.view(talk.call, of, now))
            .map(Arc::new)
            .collect();
        if let Some(desk) = self.floor.desks.get(of) {
            calls.extend(desk.wraps.iter().filter(|wrap| !wrap.saved).map(|wrap| Arc::new(wrap.view.clone())));
        }
        calls.sort_by_key(|view| view.call);
        Snapshot {
            seq: self.floor.seq,
            at: now.wall.into(),
            me: self.floor.acd.agent(of),
            calls,
            queues: Arc::new(self.floor.acd.queues(now)),
            agents: self.floor.acd.agents().chain(self.others_signed_on().cloned()).collect(),
            node: self.limits.node.clone(),
            nodes: self.floor.others.views.values().cloned().collect(),
            store_away: self.floor.store_away,
        }
    }

    /// The store went away or came back: consoles show it.
    pub(super) fn store_is(&mut self, now: Now, away: bool) {
        if self.floor.store_away != away {
            self.floor.store_away = away;
            self.publish(now, What::Store { away });
        }
    }

    pub(super) fn keep_wrap(&mut self, agent: &UserId, wrap: Wrap) {
        if let Some(desk) = self.floor.desks.get_mut(agent) {
            desk.wraps.retain(|old| !old.saved && old.view.call != wrap.view.call);
            if desk.wraps.len() >= MOST_WRAPS {
                desk.wraps.remove(0);
            }
            desk.wraps.push(wrap);
        }
    }
}

fn facts_of(session: &Session) -> CallerFacts {
    // What they did at another node stands in its record; here it is shown only.
    let mut path: Vec<String> = session.handed().map(|handed| handed.path.clone()).unwrap_or_default();
    for step in session.steps() {
        if let StepKind::Node(node) = &step.kind
            && path.last() != Some(node)
            && path.len() < 100
        {
            path.push(node.clone());
        }
    }
    let mut record = session.record().clone();
    record.language = session.language();
    CallerFacts { record, path }
}
