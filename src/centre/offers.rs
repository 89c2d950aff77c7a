//! From a caller who wants a person to two who talk: the card is fetched, the queue machine chooses, the agent's seat is rung.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::floor::{Alarm, For, POP_WAIT, PopWait};
use super::wiring::said;
use super::{Centre, Output};
use crate::call::conversation::{Advice, Conversation, Part, Rung};
use crate::call::request::StoreRequest;
use crate::call::session::SessionInput;
use crate::domain::{Cart, Identity, Leaving, Pop, QueueId, QueueNews, QueueOutcome, QueueReason, QueueWish, Seat, Timestamp, UserId};
use crate::event::What;
use crate::machine::{Machine, Now};
use crate::media::clip::Piece;
use crate::media::order::{LegId, MediaOrder, PlayId};
use crate::queue::{AcdInput, AcdOutput, Joining, OfferKind, Sticky, Urgency};

/// Levels whose callers come earlier.
const VALUED: [&str; 3] = ["gold", "platinum", "diamond"];

impl Centre {
    /// The dialogue's caller wants a person.
    pub(super) fn want_agent(&mut self, now: Now, call: u64, wish: Box<QueueWish>) {
        let Some(session) = self.calls.get(&call) else { return };
        let (leg, caller) = (session.leg(), session.record().caller.clone());
        let snapshot = session.snapshot();
        let handed = session.handed().and_then(|handed| handed.customer.clone());
        let advice = session.handed().is_some_and(|handed| handed.advice);
        let told = session.handed().map(|handed| (handed.from.clone(), handed.note.clone(), handed.notes.clone()));
        let member = snapshot.as_ref().and_then(|snapshot| snapshot.member.clone());
        let customer = snapshot.as_ref().and_then(|snapshot| snapshot.customer.clone()).or_else(|| session.record().customer.clone());
        let identity = match (&member, &wish.keyed_phone, &caller) {
            (Some(_), ..) => Identity::Member,
            (None, Some(_), _) => Identity::KeyedPhone,
            (None, None, Some(_)) => Identity::Caller,
            (None, None, None) => Identity::Unknown,
        };
        let talk = self.floor.talks.entry(call).or_insert_with(|| Conversation::new(call, leg));
        wish.reason.name().clone_into(&mut talk.reason);
        // What people wrote at the node that sent them, once.
        if let Some((from, note, notes)) = told.filter(|_| talk.from.is_none() && talk.notes.is_empty()) {
            talk.from = (!from.is_empty()).then_some((from, note));
            talk.notes = notes;
        }
        talk.advice = advice;
        talk.keyed.clone_from(&wish.keyed_phone);
        let phone = wish.keyed_phone.clone().or(caller);
        // A number that the caller keyed says more than the record of the number that they call from.
        let customer = if identity == Identity::KeyedPhone { None } else { customer };
        // The node that sent them knows best who they are.
        let customer = handed.or(customer);
        let until = now.instant + POP_WAIT;
        self.floor.pops.insert(call, PopWait { wish, asked: now.instant, until, joined: false });
        if customer.is_none() && phone.is_none() {
            return self.pop_is(now, call, None);
        }
        self.floor.alarm(until, Alarm::Pop(call));
        self.out.push_back(Output::Store(StoreRequest::Pop { call, customer, phone, identity }));
    }

    /// The card did not come in time: the caller waits without it.
    pub(super) fn pop_late(&mut self, now: Now, call: u64) {
        if let Some(wait) = self.floor.pops.get_mut(&call)
            && !wait.joined
            && wait.until <= now.instant
        {
            wait.joined = true;
            let wish = wait.wish.clone();
            self.explain(now, call, "the customer's card is late: the call is routed without it");
            self.join(now, call, &wish);
        }
    }

    /// The card, or that the store cannot tell.
    pub(super) fn pop_is(&mut self, now: Now, call: u64, pop: Option<Box<Pop>>) {
        let Some(wait) = self.floor.pops.remove(&call) else { return self.pop_again(now, call, pop) };
        self.out.push_back(Output::PopTook(now.instant.saturating_duration_since(wait.asked)));
        if pop.is_none() && !wait.joined {
            self.explain(now, call, "nothing is known of this caller, or the store is away");
        }
        self.put_pop(call, pop);
        if wait.joined { self.known(now, call) } else { self.join(now, call, &wait.wish) }
    }

    /// A card that was asked for by the way: after an order, or when the agent said who it is.
    fn pop_again(&mut self, now: Now, call: u64, pop: Option<Box<Pop>>) {
        if pop.is_some() {
            self.put_pop(call, pop);
            self.known(now, call);
        }
    }

    fn put_pop(&mut self, call: u64, pop: Option<Box<Pop>>) {
        let cart = self.cart(call);
        let language = self.calls.get(&call).map(crate::call::session::Session::language);
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            let mut pop = pop.map_or_else(Pop::default, |pop| *pop);
            // What they have chosen in this call is fresher than what the store knows.
            if cart.is_some() {
                pop.cart = cart;
            }
            if pop.customer.is_none()
                && let Some(language) = language
            {
                pop.language = language;
            }
            talk.pop = Arc::new(pop);
        }
    }

    fn cart(&self, call: u64) -> Option<Cart> {
        self.calls.get(&call)?.snapshot().map(|snapshot| snapshot.cart).filter(|cart| !cart.lines.is_empty())
    }

    /// Better facts about somebody who waits, rings or talks already.
    fn known(&mut self, now: Now, call: u64) {
        let Some(talk) = self.floor.talks.get(&call) else { return };
        let pop = Arc::clone(&talk.pop);
        let rung: Vec<UserId> = talk.rung.iter().map(|rung| rung.who.user.clone()).collect();
        self.floor.acd.handle(
            now,
            AcdInput::Known {
                call,
                customer: pop.customer.clone(),
                name: pop.name.clone(),
                level: pop.level.clone(),
                valued: valued(&pop),
                late_order: false,
                sticky: Box::new(sticky(&pop)),
            },
        );
        for to in rung {
            if let Some(view) = self.view(call, &to, now) {
                self.publish(now, What::Ring { to, call: Arc::new(view) });
            }
        }
        self.show(now, call);
    }

    fn join(&mut self, now: Now, call: u64, wish: &QueueWish) {
        if self.is_for_one(call) {
            return self.join_for_one(now, call, wish);
        }
        // Who is better served at another node has their place here as soon as that fails.
        if !self.send_elsewhere(now, call, Some(wish)) {
            self.join_here(now, call, wish);
        }
    }

    pub(super) fn join_here(&mut self, now: Now, call: u64, wish: &QueueWish) {
        let joining = self.joining(call, wish.queue.clone(), wish.reason, wish);
        self.join_with(now, joining);
    }

    pub(super) fn join_with(&mut self, now: Now, joining: Joining) {
        if let Some(talk) = self.floor.talks.get_mut(&joining.call) {
            talk.joined_at.get_or_insert(now.wall.into());
        }
        let first = self.floor.acd.settings().queues.first().map(|queue| queue.id.clone());
        if let Some(queue) = joining.queue.clone().or(first) {
            self.visit_begins(now, joining.call, &queue, joining.reason == QueueReason::CallBack);
        }
        self.floor.acd.handle(now, AcdInput::Join(Box::new(joining)));
    }

    /// What the queue machine must know of this caller.
    pub(super) fn joining(&self, call: u64, queue: Option<QueueId>, reason: QueueReason, wish: &QueueWish) -> Joining {
        let mut joining = Joining::new(call);
        joining.queue = queue;
        joining.reason = reason;
        joining.keyed_phone.clone_from(&wish.keyed_phone);
        if let Some(session) = self.calls.get(&call) {
            joining.language = session.language();
            joining.caller.clone_from(&session.record().caller);
            let snapshot = session.snapshot();
            joining.member = snapshot.as_ref().and_then(|snapshot| snapshot.member.clone());
            joining.customer = session.record().customer.clone();
        }
        let complaint = reason == QueueReason::Complaint;
        let mut urgency = Urgency { complaint, unfinished_order: wish.unfinished_order, ..Urgency::default() };
        if let Some(talk) = self.floor.talks.get(&call) {
            let pop = &talk.pop;
            joining.customer = pop.customer.clone().or(joining.customer);
            joining.name.clone_from(&pop.name);
            joining.level.clone_from(&pop.level);
            joining.sticky = sticky(pop);
            urgency.valued = valued(pop);
        }
        joining.urgency = urgency;
        joining
    }

    /// The dialogue says that the caller waits no longer.
    pub(super) fn leave_queue(&mut self, now: Now, call: u64, why: Leaving) {
        self.floor.pops.remove(&call);
        self.not_bound(now, call);
        self.visit_left(now, call, &why);
        self.floor.acd.handle(now, AcdInput::Leave { call, why });
    }

    /// The caller has gone: rings stop at once (I5), agents go to wrap-up, lines that belong to it end.
    pub(super) fn caller_gone(&mut self, now: Now, call: u64) {
        self.floor.pops.remove(&call);
        self.floor.others.bound.remove(&call);
        if let Some(page) = self.floor.pages.iter().find(|(_, at)| **at == call).map(|(page, _)| *page) {
            self.page_phone_over(now, page, call);
        }
        self.call_back_gone(now, call);
        self.branch_call_gone(call);
        self.campaign_call_gone(now, call);
        if !self.floor.talks.contains_key(&call) {
            return;
        }
        self.end_consult(now, call, true);
        self.advice_over(now, call);
        let agent = self.floor.talks.get(&call).and_then(|talk| talk.agent.as_ref()).map(|part| part.who.user.clone());
        if let Some(agent) = &agent {
            self.part_over(now, call, agent, "caller_gone");
            self.floor.acd.handle(now, AcdInput::AgentLeft { call, agent: agent.clone(), wrap_up: true });
        }
        self.leave_for_one(now, call);
        self.floor.acd.handle(now, AcdInput::CallGone { call });
        // The machine's withdrawals go out before the conversation is forgotten.
        self.settle_floor(now);
        self.visit_ends(now, call, QueueOutcome::Abandoned, None);
        self.missed_when_gone(now, call);
        self.call_back_talk_over(call);
        let Some(mut talk) = self.floor.talks.remove(&call) else { return };
        for rung in std::mem::take(&mut talk.rung) {
            self.stop_ringing(now, call, &rung.who.user);
            self.publish(now, What::Withdrawn { to: rung.who.user, call, why: "caller_gone" });
        }
        talk.agent = None;
        talk.outside = None;
        talk.consult = None;
        let watchers = std::mem::take(&mut talk.watchers);
        talk.handing = None;
        for (leg, from) in talk.rebridge().hear {
            if leg != talk.caller_leg {
                self.out.push_back(Output::Media(MediaOrder::Hear { leg, from }));
            }
        }
        for watching in watchers {
            self.watching_over(now, call, &watching);
        }
        let lines: Vec<u64> = self
            .floor
            .lines
            .iter()
            .filter(|(_, (_, what))| match what {
                For::Seat { call: of, .. }
                | For::Own { call: of, .. }
                | For::Consult { call: of }
                | For::Hand { call: of }
                | For::Node { call: of }
                | For::Second { call: of, .. } => *of == call,
                For::Listen { .. } => false,
            })
            .map(|(id, _)| *id)
            .collect();
        for line in lines {
            self.hang_up_line(now, line);
        }
        if let Some(agent) = agent {
            self.after_call(now, &agent);
        }
    }

    // ── what the queue machine wants ─────────────────────────────────────────────────────────────

    pub(super) fn settle_floor(&mut self, now: Now) {
        while let Some(output) = self.floor.acd.poll() {
            self.acd_wants(now, output);
        }
    }

    /// The border of one conversation: a panic in it ends that call alone.
    pub(super) fn acd_wants(&mut self, now: Now, output: AcdOutput) {
        let call = call_of(&output);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.acd_output(now, output))) {
            self.fault(now, call, said(&*panic));
        }
    }

    pub(super) fn acd_output(&mut self, now: Now, output: AcdOutput) {
        match output {
            AcdOutput::Offer { call, agent, kind, queue, ring_for: _, until, routed } => {
                self.offer(now, call, agent, &kind, queue, until, routed)
            }
            AcdOutput::Withdraw { call, agent, why } => self.withdraw(now, call, &agent, why),
            AcdOutput::Connect { call, agent, queue, waited, routed } => self.connect(now, call, &agent, queue, waited, routed),
            AcdOutput::TooLate { call, agent, why } => {
                self.stop_ringing(now, call, &agent);
                self.publish(now, What::Withdrawn { to: agent, call, why });
            }
            AcdOutput::ConsultFailed { call, agent, by: _, why } => self.consult_failed(now, call, Some(&agent), why),
            AcdOutput::TransferFailed { call, to, from: _, why } => {
                let to = self.floor.colleague(&to).name;
                self.explain(now, call, format!("passing the caller on to {to} failed: {why}"));
                if self.is_for_one(call) {
                    self.not_for_one(now, call, why);
                }
            }
            AcdOutput::Agent(view) => {
                let user = view.user.clone();
                self.keep_time(now, &user, view.state.name());
                self.publish(now, What::Agent(*view));
                self.signed_out(now, &user);
            }
            AcdOutput::Tell { call, news } => {
                if matches!(news, QueueNews::NobodyThere | QueueNews::Full | QueueNews::TooLong) {
                    self.visit_ends(now, call, QueueOutcome::NoAgent, None);
                }
                self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::Queue(news)));
            }
            AcdOutput::Spoke { call, agent, at } => self.spoke(call, &agent, at),
            AcdOutput::WrapUpOver { call, agent } => self.wrap_up_over(now, call, &agent),
            AcdOutput::Abandoned { call, queue, waited, short } => self.abandoned(now, call, queue, waited, short),
            AcdOutput::CallBackKept(kept) => self.call_back_kept(now, *kept),
            AcdOutput::CallBackDial(kept) => self.call_back_due(now, *kept),
            AcdOutput::CallBackStop { id } => self.call_back_stop(now, &id),
            AcdOutput::CallBackDone { id, why } => self.call_back_done(&id, &why),
            AcdOutput::CallBackTask(kept) => self.call_back_task(*kept),
            AcdOutput::Explain { call, line } => self.explain(now, call, line),
            AcdOutput::Log { agent, line } => {
                let who = self.floor.colleague(&agent);
                self.out.push_back(Output::Floor { who: who.number, line });
            }
            AcdOutput::QueuesChanged => {
                let queues = Arc::new(self.floor.acd.queues(now));
                self.publish(now, What::Queues(queues));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one output of the queue machine")]
    fn offer(&mut self, now: Now, call: u64, agent: UserId, kind: &OfferKind, queue: QueueId, until: Timestamp, routed: String) {
        let who = self.floor.colleague(&agent);
        let queue_name = self.queue_name(&queue);
        let consult = matches!(kind, OfferKind::Consult { .. });
        let cart = self.cart(call);
        let is_over = self.calls.get(&call).is_some_and(crate::call::session::Session::is_ending);
        let Some(talk) = self.floor.talks.get_mut(&call).filter(|_| !is_over) else {
            return self.floor.acd.handle(now, AcdInput::OfferFailed { call, agent, why: "caller_gone" });
        };
        if !consult {
            talk.queue = Some(queue);
            talk.queue_name = queue_name;
        }
        if cart.is_some() && talk.pop.cart != cart {
            Arc::make_mut(&mut talk.pop).cart = cart;
        }
        talk.rung.retain(|rung| rung.who.user != agent);
        talk.rung.push(Rung { who, since: now.wall.into(), until, routed, consult });
        // The card is on its way before anything rings (I9).
        if let Some(view) = self.view(call, &agent, now) {
            self.publish(now, What::Ring { to: agent.clone(), call: Arc::new(view) });
        }
        let seat = self.floor.desks.get(&agent).and_then(|desk| desk.seat.clone());
        let confirm = matches!(seat, Some(Seat::Outside { .. }));
        let rings = match seat {
            Some(Seat::Browser) => true,
            Some(Seat::Phone { .. } | Seat::Outside { .. }) => {
                self.open_line(now, For::Seat { agent: agent.clone(), call, confirm }).is_some()
            }
            None => false,
        };
        if !rings {
            self.floor.acd.handle(now, AcdInput::OfferFailed { call, agent, why: "no_leg" });
        }
    }

    pub(super) fn withdraw(&mut self, now: Now, call: u64, agent: &UserId, why: &'static str) {
        self.stop_ringing(now, call, agent);
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.rung.retain(|rung| rung.who.user != *agent);
        }
        self.publish(now, What::Withdrawn { to: agent.clone(), call, why });
    }

    /// Their phone is silent: the line that rings for this call ends.
    fn stop_ringing(&mut self, now: Now, call: u64, agent: &UserId) {
        let line = self.floor.desks.get(agent).and_then(|desk| desk.line);
        let Some(line) = line else { return };
        let of_call = self.floor.lines.get(&line).is_some_and(|(_, what)| matches!(what, For::Seat { call: of, .. } if *of == call));
        let talks = self.floor.talks.get(&call).is_some_and(|talk| {
            talk.is_of(agent) || talk.consults(agent) && talk.consult.as_ref().is_some_and(|consult| consult.state == Advice::Talking)
        });
        if of_call && !talks {
            self.hang_up_line(now, line);
        }
    }

    fn connect(&mut self, now: Now, call: u64, agent: &UserId, queue: QueueId, waited: Duration, routed: String) {
        let Some(leg) = self.floor.voice(agent) else {
            // The leg went in the very moment of the answer.
            return self.floor.acd.handle(now, AcdInput::AgentLost { call, agent: agent.clone(), why: "media" });
        };
        let who = self.floor.colleague(agent);
        let consult = self.floor.talks.get(&call).is_some_and(|talk| talk.rung.iter().any(|rung| rung.who.user == *agent && rung.consult));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.rung.retain(|rung| rung.who.user != *agent);
        }
        if consult {
            return self.consulted_up(now, call, leg);
        }
        let (name, at) = (self.queue_name(&queue), self.time_in(now, call));
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        talk.queue = Some(queue.clone());
        talk.queue_name = name;
        talk.routed = routed;
        talk.waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        talk.joined_at = None;
        talk.lost = None;
        let (began, advice) = (if talk.from.is_some() { "transfer" } else { "ring" }, talk.advice);
        let number = who.number.clone();
        talk.agent = Some(Part { who, leg, since: at, began, muted: false, held: false, held_since: None, held_ms: 0 });
        self.visit_ends(now, call, QueueOutcome::Answered, Some(agent));
        if !advice {
            self.keep_part_begun(call);
        }
        self.take_up(now, call, agent, number);
        if self.is_quiet(agent) {
            // Answered by a page from which nothing comes: the caller is not left in silence.
            self.seat_lost(now, agent, "media");
        }
    }

    /// The caller is with this agent from now on: a short tone for the agent, the agent's number for the caller.
    pub(super) fn take_up(&mut self, now: Now, call: u64, agent: &UserId, number: String) {
        let Some(talk) = self.floor.talks.get_mut(&call) else { return };
        if !talk.spoke.contains(agent) {
            talk.spoke.push(agent.clone());
        }
        let Some(leg) = talk.agent.as_ref().map(|part| part.leg) else { return };
        // The dialogue's own music ends with the news.
        talk.forget_music();
        self.explain(now, call, format!("agent {number} has the caller"));
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::WithAgent(true)));
        self.rebridge(now, call);
        self.beep(leg);
    }

    /// A short tone on an agent's leg: somebody is there.
    pub(super) fn beep(&mut self, leg: LegId) {
        if let Some(clip) = self.env.library.sound("beep") {
            let pieces = [Piece::Clip(clip)];
            self.out.push_back(Output::Media(MediaOrder::Play { leg, play: PlayId(0), pieces: pieces.into(), repeat: false }));
        }
    }

    fn queue_name(&self, queue: &QueueId) -> String {
        self.floor
            .acd
            .settings()
            .queues
            .iter()
            .find(|settings| settings.id == *queue)
            .map_or_else(|| queue.to_string(), |settings| settings.name_zh.clone())
    }
}

/// The call that an output of the queue machine is about; 0: none.
const fn call_of(output: &AcdOutput) -> u64 {
    match output {
        AcdOutput::Offer { call, .. }
        | AcdOutput::Withdraw { call, .. }
        | AcdOutput::Connect { call, .. }
        | AcdOutput::TooLate { call, .. }
        | AcdOutput::ConsultFailed { call, .. }
        | AcdOutput::TransferFailed { call, .. }
        | AcdOutput::Tell { call, .. }
        | AcdOutput::Spoke { call, .. }
        | AcdOutput::WrapUpOver { call, .. }
        | AcdOutput::Abandoned { call, .. }
        | AcdOutput::Explain { call, .. } => *call,
        _ => 0,
    }
}

fn sticky(pop: &Pop) -> Sticky {
    Sticky {
        owner: pop.owner.clone(),
        last: pop.last_agent.as_ref().map(|last| (last.agent.clone(), last.at)),
        team: pop.team.clone(),
        never: pop.never.clone(),
    }
}

fn valued(pop: &Pop) -> bool {
    pop.vip || pop.level.as_deref().is_some_and(|level| VALUED.contains(&level))
}
