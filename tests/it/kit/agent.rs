//! People at consoles: agents and supervisors of a story, with what they do in the words of the trade.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use dinetone::centre::Input;
use dinetone::command::{Command, Refusal, Supervision, Target, TransferMode, Wish};
use dinetone::domain::{AgentState, Disposition, Role, Seat, UserId};
use dinetone::event::{CallState, CallView, Snapshot, What};
use dinetone::queue::Profile;

use super::voice::Headset;
use super::world::{Diner, Inner, World};

/// One person at a console.
pub struct Agent {
    world: World,
    pub user: UserId,
    pub number: String,
    role: Role,
    page: Cell<u64>,
    /// How far this person has looked at what happened.
    seen: Cell<usize>,
}

impl World {
    /// Somebody who may sign on; nothing happens yet. `number` is what colleagues and callers know them by.
    pub fn agent(&self, number: &str) -> Agent {
        self.person(number, Role::Agent)
    }

    pub fn supervisor(&self, number: &str) -> Agent {
        self.person(number, Role::Supervisor)
    }

    fn person(&self, number: &str, role: Role) -> Agent {
        let user = UserId::new(format!("u{number}"));
        let profile = Profile {
            user: user.clone(),
            number: number.to_owned(),
            name: format!("同事{number}"),
            role,
            team: None,
            queues: Vec::new(),
            skills: Vec::new(),
            today: dinetone::event::Today::default(),
        };
        let mut inner = self.inner();
        inner.people.push(profile);
        let people = inner.people.clone();
        let now = inner.now;
        dinetone::machine::Machine::handle(&mut inner.centre, now, Input::People(people));
        inner.drain();
        drop(inner);
        Agent { world: self.clone(), user, number: number.to_owned(), role, page: Cell::new(0), seen: Cell::new(0) }
    }

    /// Everything that consoles were told, in order.
    pub fn events(&self) -> Vec<What> {
        self.inner().events.iter().map(|(_, event)| event.what.clone()).collect()
    }
}

impl Agent {
    /// What the console asks for.
    pub fn wish(&self, what: Command) -> Result<(), Refusal> {
        let mut inner = self.world.inner();
        let now = inner.now;
        let wish = Wish { by: self.user.clone(), role: self.role, page: self.page.get(), what };
        let line = format!("{} wishes {:?}", self.number, wish.what);
        inner.note(line.chars().take(160).collect());
        let result = inner.centre.wish(now, wish);
        if let Err(refusal) = result {
            inner.note(format!("{} is refused: {refusal}", self.number));
        }
        inner.drain();
        result
    }

    #[track_caller]
    fn does(&self, what: Command) {
        let asked = format!("{what:?}");
        if let Err(refusal) = self.wish(what) {
            panic!("{} was refused {asked}: {refusal}\n{}", self.number, self.world.ladder());
        }
    }

    /// Opens the console, connects the headset and is ready for calls.
    #[track_caller]
    pub fn logs_in(&self) {
        self.signs_on();
        self.is_ready();
    }

    /// The same while callers wait: the first of them rings at once.
    #[track_caller]
    pub fn signs_on(&self) {
        self.opens_page();
        self.does(Command::StartShift { seat: Seat::Browser });
        self.connects_headset();
    }

    pub fn opens_page(&self) {
        let mut inner = self.world.inner();
        inner.next_page += 1;
        self.page.set(inner.next_page);
    }

    /// The page's WebRTC leg; in these stories plain RTP behind the same orders.
    #[track_caller]
    pub fn connects_headset(&self) {
        let address = self.headset();
        self.does(Command::MediaOffer { sdp: address.to_string() });
        self.world.time_passes(Duration::from_millis(100));
    }

    fn headset(&self) -> std::net::SocketAddr {
        {
            let mut inner = self.world.inner();
            let known = inner.headsets.get(&self.user).map(|headset| headset.address);
            let place = inner.headsets.len();
            known.unwrap_or_else(|| {
                let address = format!("10.0.0.9:{}", 42_000 + 2 * place).parse().unwrap();
                let mut ids = dinetone::machine::Ids::seeded(900 + place as u128);
                let headset = Headset::new(address, 900.0 + 130.0 * place as f64, &mut ids);
                inner.headsets.insert(self.user.clone(), headset);
                address
            })
        }
    }

    /// The diner's phone in a page: dials the hotline from this number.
    #[track_caller]
    pub fn dials_from_page(&self, caller: &str) {
        let address = self.headset();
        let sdp = address.to_string();
        self.does(Command::PhoneDial { number: "1000".into(), caller: caller.into(), sdp });
        self.world.time_passes(Duration::from_millis(100));
    }

    /// The tone that this person says.
    pub fn tone(&self) -> f64 {
        self.world.inner().headsets.get(&self.user).and_then(|headset| headset.tone).expect("has a headset that speaks")
    }

    pub fn snapshot(&self) -> Snapshot {
        let inner = self.world.inner();
        inner.centre.snapshot(&self.user, inner.now)
    }

    pub fn state(&self) -> AgentState {
        self.snapshot().me.map_or(AgentState::SignedOut, |view| view.state)
    }

    #[track_caller]
    pub fn is(&self, name: &str) {
        assert_eq!(self.state().name(), name, "{}\n{}", self.number, self.world.ladder());
    }

    #[track_caller]
    pub fn is_ready(&self) {
        self.is("available");
    }

    /// Waits (60 s at most) until a call is offered, and looks at the card.
    #[track_caller]
    pub fn sees_pop(&self) -> Arc<CallView> {
        let (user, from) = (self.user.clone(), self.seen.get());
        let found = {
            let mut inner = self.world.inner();
            inner.run(Duration::from_secs(60), |inner| ring(inner, &user, from).is_some());
            ring(&inner, &user, from)
        };
        let Some((at, view)) = found else { panic!("{} was not rung\n{}", self.number, self.world.ladder()) };
        self.seen.set(at);
        view
    }

    /// Whether a call has been offered that was not looked at.
    pub fn was_rung(&self) -> bool {
        ring(&self.world.inner(), &self.user, self.seen.get()).is_some()
    }

    /// The last that the console was told about a call of this person.
    pub fn last_view(&self) -> Option<Arc<CallView>> {
        let inner = self.world.inner();
        inner.events.iter().rev().find_map(|(_, event)| match &event.what {
            What::Call { to, call } | What::Ring { to, call } if *to == self.user => Some(Arc::clone(call)),
            _ => None,
        })
    }

    /// The call on the screen, in the state that it is in now.
    #[track_caller]
    pub fn call(&self) -> Arc<CallView> {
        let calls = self.snapshot().calls;
        calls.into_iter().next().unwrap_or_else(|| panic!("{} has no call\n{}", self.number, self.world.ladder()))
    }

    #[track_caller]
    pub fn sees(&self, state: CallState) {
        assert_eq!(self.call().state, state, "{}\n{}", self.number, self.world.ladder());
    }

    /// Answers the call that rings.
    #[track_caller]
    pub fn picks_up(&self) {
        let call = self.call().call;
        self.does(Command::Answer { call });
        self.world.time_passes(Duration::from_millis(200));
    }

    /// Sees the card, then answers.
    #[track_caller]
    pub fn takes_the_call(&self) -> Arc<CallView> {
        let view = self.sees_pop();
        self.picks_up();
        view
    }

    #[track_caller]
    pub fn rejects(&self) {
        let call = self.call().call;
        self.does(Command::Reject { call });
    }

    #[track_caller]
    pub fn hangs_up(&self) {
        let call = self.call().call;
        self.does(Command::HangUp { call });
        self.world.time_passes(Duration::from_secs(1));
    }

    #[track_caller]
    pub fn holds(&self) {
        let call = self.call().call;
        self.does(Command::Hold { call });
    }

    #[track_caller]
    pub fn resumes(&self) {
        let call = self.call().call;
        self.does(Command::Resume { call });
    }

    #[track_caller]
    pub fn notes(&self, text: &str) {
        let call = self.call().call;
        self.does(Command::Note { call, text: text.to_owned() });
    }

    #[track_caller]
    pub fn passes_on(&self, to: Target, mode: TransferMode, note: &str) {
        let call = self.call().call;
        self.does(Command::Transfer { call, to, mode, note: note.to_owned() });
    }

    #[track_caller]
    pub fn supervises(&self, agent: &Self, how: Supervision) {
        self.does(Command::Supervise { agent: agent.user.clone(), how });
    }

    /// Sums the call up and is free again.
    #[track_caller]
    pub fn wraps_up(&self, code: u8) {
        let call = self.call().call;
        self.does(Command::WrapUp { call, disposition: Disposition::new(code).unwrap(), note: String::new() });
    }

    /// The page is reloaded: its socket closes, a new page comes after this time and connects again.
    #[track_caller]
    pub fn reloads_page(&self, after: Duration) {
        self.loses_page();
        self.world.time_passes(after);
        self.opens_page();
        self.connects_headset();
    }

    /// The page is gone: its socket is closed, its sound with it.
    pub fn loses_page(&self) {
        let _ = self.wish(Command::PageGone);
        if let Some(headset) = self.world.inner().headsets.get_mut(&self.user) {
            headset.disconnect();
        }
    }

    /// The laptop vanishes: nothing comes from it any more, and nobody says so.
    pub fn vanishes(&self) {
        if let Some(headset) = self.world.inner().headsets.get_mut(&self.user) {
            headset.disconnect();
        }
    }

    /// It is there again, as it was.
    pub fn reappears(&self) {
        let mut inner = self.world.inner();
        let now = inner.now;
        if let Some(headset) = inner.headsets.get_mut(&self.user)
            && let Some(to) = headset.to
        {
            headset.connect(now, to);
        }
    }

    /// Whether this person hears a tone, for half a second from now on.
    #[track_caller]
    pub fn hears_tone(&self, tone: f64) -> bool {
        if let Some(headset) = self.world.inner().headsets.get_mut(&self.user) {
            headset.ear.forget();
        }
        self.world.time_passes(Duration::from_millis(500));
        self.world.inner().headsets[&self.user].ear.share(tone) > 0.2
    }

    pub fn hears_nothing(&self) -> bool {
        if let Some(headset) = self.world.inner().headsets.get_mut(&self.user) {
            headset.ear.forget();
        }
        self.world.time_passes(Duration::from_millis(500));
        self.world.inner().headsets[&self.user].ear.loudness() < 30.0
    }

    #[track_caller]
    pub fn hears(&self, diner: &Diner) {
        assert!(self.hears_tone(diner.tone()), "{} does not hear the caller\n{}", self.number, self.world.ladder());
    }
}

fn ring(inner: &Inner, user: &UserId, from: usize) -> Option<(usize, Arc<CallView>)> {
    inner.events.iter().enumerate().skip(from).find_map(|(place, (_, event))| match &event.what {
        What::Ring { to, call } if to == user => Some((place + 1, Arc::clone(call))),
        _ => None,
    })
}
