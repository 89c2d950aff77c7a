//! Call-backs: a virtual caller keeps the place and is dialled before it reaches an agent, exactly once (C47, I8).

use super::acd::{Acd, Who};
use super::caller::{Back, Caller, Phase};
use super::io::{AcdOutput, CallBack, Joining};
use super::places::Q;
use crate::domain::{PhoneNumber, QueueNews, Timestamp};

impl Acd {
    /// A caller does not want to wait any longer: their place waits for them.
    pub(super) fn ask_callback(&mut self, call: u64, phone: PhoneNumber) {
        if let Some(other) = self.backs.get(&phone).copied().filter(|other| *other != call) {
            self.step_out(call, Phase::Away);
            self.explain(call, "there is a call-back for this number already: it keeps its place");
            self.explain(other, "asked for once more");
            self.tell(call, QueueNews::CallBackKept);
            return;
        }
        let id = self.ids.text(20);
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let (queue, placed) = (caller.queue, caller.key.is_some());
        caller.stop_waiting();
        caller.preferred = false;
        caller.facts.to = None;
        caller.is_callback = true;
        caller.back = Some(Back { id: id.clone(), phone: phone.clone(), tries: 0, live: true, dialling: false });
        if self.backs.len() >= self.settings.callback_limit {
            let task = self.callback_of(call);
            self.step_out(call, Phase::Away);
            if let Some(caller) = self.callers.get_mut(&call) {
                caller.back = None;
                caller.is_callback = false;
            }
            self.explain(call, "too many call-backs wait: this one is an agent's task at once");
            if let Some(task) = task {
                self.put(AcdOutput::CallBackTask(Box::new(task)));
            }
            self.tell(call, QueueNews::CallBackKept);
            return;
        }
        caller.phase = Phase::Virtual;
        self.backs.insert(phone, call);
        self.back_ids.insert(id, call);
        self.queues[queue].virtuals += 1;
        if placed {
            // The place is the same, whatever a supervisor did for the call that was up.
            self.known(call, |_| {});
        } else {
            self.enter_line(call);
        }
        if let Some(kept) = self.callback_of(call) {
            self.put(AcdOutput::CallBackKept(Box::new(kept)));
        }
        self.explain(call, "call-back: the place is kept");
        self.tell(call, QueueNews::CallBackKept);
        self.count();
        self.touch(Who::Call(call));
    }

    /// From before a restart.
    pub(super) fn restore(&mut self, back: CallBack) {
        if self.backs.contains_key(&back.phone) || self.callers.contains_key(&back.call) || self.back_ids.contains_key(&back.id) {
            self.put(AcdOutput::CallBackDone { id: back.id, why: "doubled".into() });
            return;
        }
        let queue = self.queue_named(&back.queue).unwrap_or(0);
        let waited = Timestamp::from(self.now.wall).as_millis() - back.since.as_millis();
        self.arrivals += 1;
        let mut facts = Joining::new(back.call);
        facts.queue = Some(back.queue);
        facts.reason = crate::domain::QueueReason::CallBack;
        facts.language = back.language;
        facts.customer = back.customer;
        facts.name = back.name;
        facts.caller = Some(back.phone.clone());
        let mut caller = Caller::new(facts, queue, self.millis() - waited.max(0), self.arrivals, self.now.instant);
        caller.phase = Phase::Virtual;
        caller.back = Some(Back { id: back.id.clone(), phone: back.phone.clone(), tries: back.tries, live: false, dialling: false });
        self.callers.insert(back.call, caller);
        self.backs.insert(back.phone, back.call);
        self.back_ids.insert(back.id, back.call);
        self.queues[queue].virtuals += 1;
        self.enter_line(back.call);
        self.touch(Who::Call(back.call));
    }

    /// Dials those whose turn is near: as many as agents are free, one when none is, and never ahead of who came earlier.
    pub(super) fn dial_due(&mut self) {
        if !self.calls_back {
            return;
        }
        for queue in 0..self.queues.len() {
            if self.queues[queue].virtuals == 0 || self.queues[queue].working == 0 {
                continue;
            }
            for call in self.near(queue) {
                self.dial(call);
            }
        }
    }

    /// Call-backs whose turn is near.
    fn near(&self, queue: Q) -> Vec<u64> {
        let most = self.queues[queue].free.len().max(1);
        let mut ahead = 0;
        let mut found = Vec::new();
        for key in &self.queues[queue].line {
            if ahead >= most {
                break;
            }
            let Some(caller) = self.callers.get(&key.3) else { continue };
            match &caller.back {
                Some(back) if caller.phase == Phase::Virtual => {
                    if back.dialling {
                        ahead += 1;
                    } else if !back.live && caller.due.retry.is_none() {
                        found.push(key.3);
                        ahead += 1;
                    }
                }
                _ => ahead += 1,
            }
        }
        found
    }

    fn dial(&mut self, call: u64) {
        let Some(back) = self.callers.get_mut(&call).and_then(|caller| caller.back.as_mut()) else { return };
        back.dialling = true;
        back.tries = back.tries.saturating_add(1);
        let tries = back.tries;
        let Some(kept) = self.callback_of(call) else { return };
        self.explain(call, format!("call-back: try {tries}"));
        // Counted before it is dialled: a crash in between costs a try and never makes two calls.
        self.put(AcdOutput::CallBackKept(Box::new(kept.clone())));
        self.put(AcdOutput::CallBackDial(Box::new(kept)));
    }

    fn callback_of(&self, call: u64) -> Option<CallBack> {
        let caller = self.callers.get(&call)?;
        let back = caller.back.as_ref()?;
        Some(CallBack {
            id: back.id.clone(),
            call,
            phone: back.phone.clone(),
            queue: self.queue_id(caller.queue),
            language: caller.facts.language,
            customer: caller.facts.customer.clone(),
            name: caller.facts.name.clone(),
            since: self.wall_of(caller.since),
            tries: back.tries,
        })
    }

    /// The customer is on the line: a live caller at the kept place.
    pub(super) fn reached(&mut self, id: &str, joining: Joining) {
        let Some(call) = self.back_ids.get(id).copied() else { return };
        if !self.callers.get(&call).and_then(|caller| caller.back.as_ref()).is_some_and(|back| back.dialling) {
            return;
        }
        let Some(old) = self.remove_callback(call, "reached") else { return };
        let new = joining.call;
        self.callers.remove(&new);
        let mut caller = Caller::new(joining, old.queue, old.since, old.seq, self.now.instant);
        if caller.facts.name.is_empty() {
            caller.facts.name = old.facts.name;
        }
        caller.facts.customer = caller.facts.customer.or(old.facts.customer);
        caller.facts.queue = old.facts.queue;
        caller.is_callback = true;
        caller.phase = Phase::Waiting;
        caller.due.announce = Some(self.now.instant + self.settings.announce_every);
        let queue = caller.queue;
        self.callers.insert(new, caller);
        // The wish was counted when they asked for the call-back.
        if let Some(caller) = self.callers.get_mut(&new) {
            caller.counted = true;
        }
        self.enter_line(new);
        self.duty_changed(&[queue], false);
        self.entered.push(new);
        self.mark(new);
        self.touch(Who::Call(new));
    }

    pub(super) fn callback_failed(&mut self, id: &str, why: &str) {
        let Some(call) = self.back_ids.get(id).copied() else { return };
        let (tries, pause) = (self.settings.callback_tries, self.settings.callback_pause);
        let again = self.now.instant + pause;
        let Some(caller) = self.callers.get_mut(&call) else { return };
        let Some(back) = caller.back.as_mut().filter(|back| back.dialling) else { return };
        back.dialling = false;
        if back.tries < tries {
            caller.due.retry = Some(again);
            self.explain(call, format!("call-back: {why}; once more in {} s", pause.as_secs()));
            self.touch(Who::Call(call));
            return;
        }
        self.explain(call, format!("call-back: {why}; an agent's task from now on"));
        let task = self.callback_of(call);
        self.remove_callback(call, "task");
        if let Some(task) = task {
            self.put(AcdOutput::CallBackTask(Box::new(task)));
        }
    }

    pub(super) fn drop_callback(&mut self, id: &str, why: &str) {
        let Some(call) = self.back_ids.get(id).copied() else { return };
        let dialling = self.callers.get(&call).and_then(|caller| caller.back.as_ref()).is_some_and(|back| back.dialling);
        if dialling && why != "declined" {
            self.put(AcdOutput::CallBackStop { id: id.to_owned() });
        }
        self.remove_callback(call, why);
    }

    /// Ends a call-back; gives the virtual caller.
    fn remove_callback(&mut self, call: u64, why: &str) -> Option<Caller> {
        let mut caller = self.callers.remove(&call)?;
        let back = caller.back.take()?;
        self.backs.remove(&back.phone);
        self.back_ids.remove(&back.id);
        self.queues[caller.queue].virtuals -= 1;
        self.out_of_line(&mut caller);
        self.touch(Who::Call(call));
        self.put(AcdOutput::CallBackDone { id: back.id, why: why.to_owned() });
        if back.live {
            // The call itself is still up: place and facts stay known.
            caller.stop_waiting();
            caller.phase = Phase::Away;
            caller.is_callback = false;
            let kept = Caller {
                facts: caller.facts.clone(),
                ..Caller::new(caller.facts.clone(), caller.queue, caller.since, caller.seq, caller.joined)
            };
            self.callers.insert(call, kept);
        }
        Some(caller)
    }

    /// Somebody with a call-back calls by themselves, or comes back to the line: they take their place, and nobody dials.
    pub(super) fn take_over_callback(&mut self, facts: &Joining) {
        let own = self.callers.get(&facts.call).is_some_and(|caller| caller.phase == Phase::Virtual).then_some(facts.call);
        let phones = [facts.keyed_phone.as_ref(), facts.caller.as_ref()];
        let Some(call) = own.or_else(|| phones.into_iter().flatten().find_map(|phone| self.backs.get(phone).copied())) else { return };
        let Some(back) = self.callers.get(&call).and_then(|caller| caller.back.clone()) else { return };
        if back.dialling {
            self.put(AcdOutput::CallBackStop { id: back.id.clone() });
        }
        let Some(old) = self.remove_callback(call, "called_in") else { return };
        if call != facts.call {
            self.explain(facts.call, "has a call-back and called in: it is taken off the list, its place counts");
        }
        match self.callers.get_mut(&facts.call) {
            Some(known) if !known.is_waiting() => known.since = known.since.min(old.since),
            Some(_) => {}
            None => {
                let mut caller = Caller::new(facts.clone(), old.queue, old.since, old.seq, self.now.instant);
                caller.phase = Phase::Away;
                self.callers.insert(facts.call, caller);
            }
        }
    }
}
