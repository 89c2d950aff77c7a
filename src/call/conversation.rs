//! One caller's conversation with people: who is in it, who is rung, what was noted, and what each of them sees and hears.

use std::sync::Arc;
use std::time::Instant;

use super::bridge::{self, Mode, Room, Watcher};
use crate::command::Supervision;
use crate::domain::{PhoneNumber, Pop, QueueId, QueueVisit, Timestamp, UserId};
use crate::event::{CallState, CallView, ConsultView, PartyView};
use crate::media::order::LegId;

/// Notes, orders and parties of one conversation at most; more are not kept.
pub const MOST_NOTES: usize = 50;

/// A person of ours as others see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub user: UserId,
    pub number: String,
    pub name: String,
}

/// Somebody who is rung for this caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    pub who: Colleague,
    pub since: Timestamp,
    pub until: Timestamp,
    pub routed: String,
    /// They are asked for advice, the caller is not theirs yet.
    pub consult: bool,
}

/// The agent who has the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub who: Colleague,
    pub leg: LegId,
    pub since: Timestamp,
    /// How it began: `ring`, `transfer`, `consult`, `take_over`, `outbound`.
    pub began: &'static str,
    pub muted: bool,
    pub held: bool,
    pub held_since: Option<Instant>,
    pub held_ms: u64,
}

impl Part {
    /// The caller is taken off hold; whether they were on hold at all. The time is counted.
    pub fn takes_back(&mut self, now: Instant) -> bool {
        if let Some(since) = self.held_since.take() {
            self.held_ms += u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX);
        }
        std::mem::replace(&mut self.held, false)
    }
}

/// Whom an agent consults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consult {
    /// A colleague; none for an outside number.
    pub agent: Option<Colleague>,
    /// What is shown.
    pub name: String,
    /// Their leg, once they have answered.
    pub leg: Option<LegId>,
    /// The line that we rang, for an outside number.
    pub line: Option<u64>,
    /// The second call of the agent's desk phone, by which they speak with the consulted side.
    pub by: Option<u64>,
    pub state: Advice,
    /// All three hear each other.
    pub conference: bool,
    /// The colleague's microphone is shut.
    pub muted: bool,
    pub since: Timestamp,
}

/// Where a consultation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    Ringing,
    Talking,
    Failed,
}

impl Advice {
    const fn name(self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Failed => "failed",
        }
    }
}

/// A supervisor who takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    pub who: Colleague,
    pub leg: LegId,
    pub how: Supervision,
    pub muted: bool,
    pub since: Timestamp,
}

/// What the caller's leg knows, for a view.
#[derive(Debug, Clone)]
pub struct CallerFacts {
    pub record: crate::domain::CallRecord,
    pub path: Vec<String>,
}

/// A blind transfer to an outside number that rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handing {
    pub line: u64,
    pub name: String,
    /// Who passed the caller on: they are asked first when it fails.
    pub by: Colleague,
}

/// One conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub call: u64,
    pub caller_leg: LegId,
    /// The caller can be spoken with (an outgoing call: has answered).
    pub reached: bool,
    pub outbound: bool,
    pub queue: Option<QueueId>,
    pub queue_name: String,
    pub reason: String,
    pub routed: String,
    pub joined_at: Option<Timestamp>,
    pub waited_ms: u64,
    pub pop: Arc<Pop>,
    pub rung: Vec<Rung>,
    pub agent: Option<Part>,
    pub consult: Option<Consult>,
    pub watchers: Vec<Watching>,
    /// The agent is only asked for advice by one of another node, who has the caller.
    pub advice: bool,
    /// And hears the caller, too: all three talk.
    pub together: bool,
    /// An outside number has the caller, or is rung for them.
    pub handing: Option<Handing>,
    pub outside: Option<(LegId, String)>,
    pub from: Option<(String, String)>,
    pub notes: Vec<String>,
    pub orders: Vec<String>,
    /// The agent's page or media is lost until then.
    pub lost: Option<(&'static str, Timestamp)>,
    /// A number that the caller keyed.
    pub keyed: Option<PhoneNumber>,
    /// The present stay in a queue, as it is kept.
    pub visit: Option<QueueVisit>,
    pub visits: u32,
    /// Nobody was there when they asked for a person.
    pub unserved: bool,
    /// The call-back that this call answers.
    pub call_back: Option<String>,
    /// Agents who have spoken with the caller in this call.
    pub spoke: Vec<UserId>,
    heard: Vec<(LegId, Arc<[LegId]>)>,
    music: bool,
}

/// What changes for ears: who hears whom from now on, and whether the caller's hold music begins or ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub hear: Vec<(LegId, Arc<[LegId]>)>,
    pub music: Option<bool>,
}

impl Conversation {
    /// A caller with nobody yet.
    #[must_use]
    pub fn new(call: u64, caller_leg: LegId) -> Self {
        Self {
            call,
            caller_leg,
            reached: true,
            outbound: false,
            queue: None,
            queue_name: String::new(),
            reason: String::new(),
            routed: String::new(),
            joined_at: None,
            waited_ms: 0,
            pop: Arc::default(),
            rung: Vec::new(),
            agent: None,
            consult: None,
            watchers: Vec::new(),
            advice: false,
            together: false,
            handing: None,
            outside: None,
            from: None,
            notes: Vec::new(),
            orders: Vec::new(),
            lost: None,
            keyed: None,
            visit: None,
            visits: 0,
            unserved: false,
            call_back: None,
            spoke: Vec::new(),
            heard: Vec::new(),
            music: false,
        }
    }

    /// Whether this person has the caller.
    #[must_use]
    pub fn is_of(&self, user: &UserId) -> bool {
        self.agent.as_ref().is_some_and(|part| part.who.user == *user)
    }

    /// Whether this person is consulted.
    #[must_use]
    pub fn consults(&self, user: &UserId) -> bool {
        self.consult.as_ref().and_then(|consult| consult.agent.as_ref()).is_some_and(|who| who.user == *user)
    }

    /// Everybody of ours who sees this call.
    #[must_use]
    pub fn people(&self) -> Vec<UserId> {
        let mut people: Vec<UserId> = self.rung.iter().map(|rung| rung.who.user.clone()).collect();
        people.extend(self.agent.as_ref().map(|part| part.who.user.clone()));
        people.extend(self.consult.as_ref().and_then(|consult| consult.agent.as_ref()).map(|who| who.user.clone()));
        people.extend(self.watchers.iter().map(|watching| watching.who.user.clone()));
        people.sort_unstable();
        people.dedup();
        people
    }

    /// What the parties are doing.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let Some(part) = &self.agent else {
            return if self.outside.is_some() {
                Mode::Talk
            } else if self.handing.is_some() {
                Mode::Hold
            } else {
                Mode::Apart
            };
        };
        if !self.reached {
            return Mode::Apart;
        }
        if self.lost.is_some() {
            return Mode::Hold;
        }
        match &self.consult {
            Some(consult) if consult.conference && consult.state == Advice::Talking => Mode::Conference,
            Some(consult) if consult.state != Advice::Failed => Mode::Consult,
            Some(_) => Mode::Hold,
            None if part.held => Mode::Hold,
            None => Mode::Talk,
        }
    }

    fn room(&self) -> Room {
        let lost = self.lost.is_some();
        let mode = self.mode();
        let by = self.consult.as_ref().and_then(|consult| consult.by).filter(|_| mode == Mode::Consult).map(LegId);
        let agent = by.or(self.agent.as_ref().map(|part| part.leg)).or(self.outside.as_ref().map(|(leg, _)| *leg));
        Room {
            caller: Some(self.caller_leg),
            agent: agent.filter(|_| !lost),
            muted: self.agent.as_ref().is_some_and(|part| part.muted),
            consulted: self.consult.as_ref().and_then(|consult| consult.leg),
            consulted_muted: self.consult.as_ref().is_some_and(|consult| consult.muted),
            watchers: self
                .watchers
                .iter()
                .map(|watching| Watcher { leg: watching.leg, how: watching.how, muted: watching.muted })
                .collect(),
            mode,
        }
    }

    /// What has changed for everybody's ears since the last time. Call it after each change.
    pub fn rebridge(&mut self) -> Change {
        let ears = bridge::ears(&self.room());
        let mut change = Change::default();
        // Whoever has left hears nothing of it any more; first, so that a leg that comes from here may hear others.
        for (leg, from) in &self.heard {
            if !from.is_empty() && !ears.iter().any(|ear| ear.leg == *leg) {
                change.hear.push((*leg, Arc::from([])));
            }
        }
        let mut heard = Vec::with_capacity(ears.len());
        for ear in ears {
            let from: Arc<[LegId]> = ear.from.into();
            let before = self.heard.iter().find(|(leg, _)| *leg == ear.leg).map(|(_, from)| from);
            if before.map_or(!from.is_empty(), |before| *before != from) {
                change.hear.push((ear.leg, Arc::clone(&from)));
            }
            if ear.leg == self.caller_leg && ear.music != self.music {
                self.music = ear.music;
                change.music = Some(ear.music);
            }
            heard.push((ear.leg, from));
        }
        self.heard = heard;
        change
    }

    /// A renewed leg (a reloaded page) has forgotten whom it hears: everything is said again next time.
    pub fn forget_ears(&mut self, leg: LegId) {
        self.heard.retain(|(known, _)| *known != leg);
    }

    /// The dialogue has the caller again: it decides itself what is played.
    pub fn forget_music(&mut self) {
        self.music = false;
    }

    /// Puts a note on the call.
    pub fn note(&mut self, text: String) -> bool {
        let room = self.notes.len() < MOST_NOTES;
        if room {
            self.notes.push(text);
        }
        room
    }

    fn state(&self, user: &UserId) -> CallState {
        if self.is_of(user) && self.advice {
            return if self.together { CallState::Conference } else { CallState::Consulting };
        }
        if self.is_of(user) {
            return match self.mode() {
                Mode::Apart => CallState::Dialling,
                Mode::Talk => CallState::Talking,
                Mode::Hold if self.lost.is_some() && !self.agent.as_ref().is_some_and(|part| part.held) => CallState::Talking,
                Mode::Hold => CallState::Held,
                Mode::Consult => CallState::Consulting,
                Mode::Conference => CallState::Conference,
            };
        }
        if self.consults(user) && self.consult.as_ref().is_some_and(|consult| consult.state == Advice::Talking) {
            return if self.mode() == Mode::Conference { CallState::Conference } else { CallState::Consulting };
        }
        if self.rung.iter().any(|rung| rung.who.user == *user) {
            return CallState::Ringing;
        }
        CallState::Talking
    }

    /// What this person sees of it.
    #[must_use]
    pub fn view(&self, user: &UserId, facts: &CallerFacts, now: Timestamp) -> CallView {
        let rung = self.rung.iter().find(|rung| rung.who.user == *user);
        let part = self.agent.as_ref();
        let record = &facts.record;
        let since = match (rung, part) {
            (Some(rung), _) if !self.is_of(user) => rung.since,
            (_, Some(part)) if self.is_of(user) => part.since,
            _ => self.consult.as_ref().map_or(now, |consult| consult.since),
        };
        let mut parties =
            vec![PartyView { kind: "caller", name: record.caller.as_ref().map(ToString::to_string).unwrap_or_default(), how: None }];
        if !self.pop.name.is_empty() {
            parties[0].name.clone_from(&self.pop.name);
        }
        parties.extend(part.map(|part| PartyView { kind: "agent", name: part.who.name.clone(), how: None }));
        parties.extend(self.outside.as_ref().map(|(_, name)| PartyView { kind: "consulted", name: name.clone(), how: None }));
        parties.extend(self.consult.as_ref().filter(|consult| consult.state == Advice::Talking).map(|consult| PartyView {
            kind: "consulted",
            name: consult.name.clone(),
            how: None,
        }));
        parties.extend(self.watchers.iter().map(|watching| PartyView {
            kind: "supervisor",
            name: watching.who.name.clone(),
            how: Some(watching.how),
        }));
        let muted = match self.watchers.iter().find(|watching| watching.who.user == *user) {
            Some(watching) => watching.muted || watching.how == Supervision::Listen,
            None if self.consults(user) => self.consult.as_ref().is_some_and(|consult| consult.muted),
            None => part.is_some_and(|part| part.muted),
        };
        CallView {
            call: self.call,
            id: record.id.clone(),
            state: self.state(user),
            since,
            arrived_at: record.arrived_at,
            answered_at: if self.is_of(user) && self.reached { part.map(|part| part.since) } else { None },
            outbound: self.outbound,
            queue: self.queue.clone(),
            queue_name: self.queue_name.clone(),
            language: record.language,
            caller: record.caller.clone(),
            dialled: record.dialled.clone(),
            waited_ms: if self.agent.is_some() {
                self.waited_ms
            } else {
                self.joined_at.map_or(self.waited_ms, |at| u64::try_from(now.as_millis() - at.as_millis()).unwrap_or(0))
            },
            ring_until: rung.map(|rung| rung.until),
            path: facts.path.clone(),
            reason: self.reason.clone(),
            routed: rung.map_or_else(|| self.routed.clone(), |rung| rung.routed.clone()),
            pop: Arc::clone(&self.pop),
            parties,
            muted,
            consult: self
                .consult
                .as_ref()
                .filter(|_| !self.consults(user))
                .map(|consult| ConsultView { with: consult.name.clone(), state: consult.state.name() }),
            from: self.from.clone(),
            notes: self.notes.clone(),
            orders: self.orders.clone(),
            wrap_up_until: None,
            proposed: None,
            lost: self.lost.filter(|_| self.is_of(user)),
            ended: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: LegId = LegId(1);
    const AGENT: LegId = LegId(1 << 63);

    fn colleague(name: &str) -> Colleague {
        Colleague { user: UserId::new(name), number: "8001".into(), name: name.into() }
    }

    fn part(name: &str, leg: LegId) -> Part {
        let since = Timestamp::from_millis(0);
        Part { who: colleague(name), leg, since, began: "ring", muted: false, held: false, held_since: None, held_ms: 0 }
    }

    #[test]
    fn only_what_changes_is_told() {
        let mut talk = Conversation::new(1, CALLER);
        assert_eq!(talk.rebridge(), Change::default());
        talk.agent = Some(part("li", AGENT));
        let change = talk.rebridge();
        assert_eq!(change.hear, vec![(CALLER, Arc::from([AGENT])), (AGENT, Arc::from([CALLER]))]);
        assert_eq!(talk.rebridge(), Change::default());
        talk.agent.as_mut().expect("is there").held = true;
        let change = talk.rebridge();
        assert_eq!((change.hear.len(), change.music), (2, Some(true)));
        assert!(change.hear.iter().all(|(_, from)| from.is_empty()));
        talk.agent = None;
        let change = talk.rebridge();
        assert_eq!((change.hear, change.music), (vec![], Some(false)));
    }

    #[test]
    fn c60_a_second_agent_takes_the_place_of_the_first() {
        let mut talk = Conversation::new(1, CALLER);
        talk.agent = Some(part("li", AGENT));
        talk.rebridge();
        let other = LegId((1 << 63) + 1);
        talk.agent = Some(part("wang", other));
        let change = talk.rebridge();
        assert_eq!(change.hear[0], (AGENT, Arc::from([])), "the first hears nothing any more, before anything else");
        assert!(change.hear.contains(&(CALLER, Arc::from([other]))) && change.hear.contains(&(other, Arc::from([CALLER]))));
    }

    #[test]
    fn c63_a_lost_page_gives_the_caller_music_and_the_page_everything_again() {
        let mut talk = Conversation::new(1, CALLER);
        talk.agent = Some(part("li", AGENT));
        talk.rebridge();
        talk.lost = Some(("page", Timestamp::from_millis(20_000)));
        assert_eq!(talk.rebridge().music, Some(true));
        talk.forget_ears(AGENT);
        talk.lost = None;
        let change = talk.rebridge();
        assert!(change.hear.contains(&(AGENT, Arc::from([CALLER]))) && change.music == Some(false), "{change:?}");
    }
}
