//! Stories of callers and agents in virtual time.

mod callbacks;
mod model;
mod plant;
mod sticky;
mod stories;
mod waiting;

use std::time::{Duration, Instant, UNIX_EPOCH};

use super::settings::{QueueSettings, Settings};
use super::{Acd, AcdInput, AcdOutput, Joining, Profile, Strategy};
use crate::domain::{AgentState, PhoneNumber, QueueId, QueueNews, Role, Seat, UserId};
use crate::event::Today;
use crate::machine::{Ids, Machine, Now};

#[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

/// A floor of agents in virtual time, and everything that came out.
struct Floor {
    acd: Acd,
    now: Now,
    /// What came out since it was last looked at.
    out: Vec<AcdOutput>,
}

fn one_queue(strategy: Strategy) -> Settings {
    let queue = QueueSettings { strategy, ..QueueSettings::named("order", "点餐", "Orders") };
    Settings { queues: vec![queue], ..Settings::default() }
}

fn user(number: &str) -> UserId {
    UserId::new(format!("u{number}"))
}

fn profile(number: &str) -> Profile {
    Profile {
        user: user(number),
        number: number.to_owned(),
        name: format!("N{number}"),
        role: Role::Agent,
        team: None,
        queues: Vec::new(),
        skills: Vec::new(),
        today: Today::default(),
    }
}

impl Floor {
    fn new(settings: Settings) -> Self {
        let now = Now { instant: origin(), wall: UNIX_EPOCH + Duration::from_secs(1_795_145_400) };
        Self { acd: Acd::new(settings, Ids::seeded(1), now), now, out: Vec::new() }
    }

    /// One queue with these agents, all ready, a second apart.
    fn with(strategy: Strategy, numbers: &[&str]) -> Self {
        let mut floor = Self::new(one_queue(strategy));
        for number in numbers {
            floor.on(profile(number));
        }
        floor.out.clear();
        floor
    }

    fn on(&mut self, profile: Profile) {
        let agent = profile.user.clone();
        self.tell(AcdInput::SignOn { profile: Box::new(profile), seat: Seat::Browser });
        self.tell(AcdInput::SeatUp { agent });
        self.wait(1.0);
    }

    fn tell(&mut self, input: AcdInput) {
        self.acd.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.acd.poll() {
            self.out.push(output);
        }
    }

    fn wait(&mut self, seconds: f64) {
        let until = self.now.instant + Duration::from_secs_f64(seconds);
        while let Some(due) = self.acd.next_deadline().filter(|due| *due <= until) {
            let step = due.saturating_duration_since(self.now.instant);
            self.now = self.now.after(step);
            self.acd.handle_timeout(self.now);
            self.drain();
        }
        self.now = self.now.after(until.saturating_duration_since(self.now.instant));
    }

    fn joins(&mut self, call: u64) {
        self.tell(AcdInput::Join(Box::new(Joining::new(call))));
    }

    fn joins_with(&mut self, call: u64, change: impl FnOnce(&mut Joining)) {
        let mut joining = Joining::new(call);
        change(&mut joining);
        self.tell(AcdInput::Join(Box::new(joining)));
    }

    fn answers(&mut self, call: u64, number: &str) {
        self.tell(AcdInput::Answered { call, agent: user(number) });
    }

    fn rejects(&mut self, call: u64, number: &str) {
        self.tell(AcdInput::Rejected { call, agent: user(number) });
    }

    fn leaves(&mut self, call: u64, number: &str) {
        self.tell(AcdInput::AgentLeft { call, agent: user(number), wrap_up: true });
        self.tell(AcdInput::CallGone { call });
    }

    fn saves(&mut self, call: u64, number: &str) {
        self.tell(AcdInput::WrapUpSaved { agent: user(number), call });
    }

    /// A whole call: offered, answered, so many seconds, wrapped up at once.
    fn serves(&mut self, call: u64, number: &str, seconds: f64) {
        self.answers(call, number);
        assert_eq!(self.state(number), AgentState::Talking { call });
        self.wait(seconds);
        self.leaves(call, number);
        self.saves(call, number);
    }

    fn state(&self, number: &str) -> AgentState {
        self.acd.agent(&user(number)).expect("was signed on").state
    }

    fn reason(&self, number: &str) -> Option<String> {
        self.acd.agent(&user(number)).expect("was signed on").reason
    }

    /// Offers since the last look: call and agent's number.
    fn offers(&mut self) -> Vec<(u64, String)> {
        let found = self
            .out
            .iter()
            .filter_map(|output| match output {
                AcdOutput::Offer { call, agent, .. } => Some((*call, agent.as_str()[1..].to_owned())),
                _ => None,
            })
            .collect();
        self.out.clear();
        found
    }

    #[track_caller]
    fn offered(&mut self, call: u64, number: &str) {
        assert_eq!(self.offers(), [(call, number.to_owned())]);
    }

    #[track_caller]
    fn not_offered(&mut self) {
        assert_eq!(self.offers(), []);
    }

    fn withdrawn(&self) -> Vec<(u64, String, &'static str)> {
        self.out
            .iter()
            .filter_map(|output| match output {
                AcdOutput::Withdraw { call, agent, why } => Some((*call, agent.as_str()[1..].to_owned(), *why)),
                _ => None,
            })
            .collect()
    }

    fn news(&self, of: u64) -> Vec<QueueNews> {
        self.out
            .iter()
            .filter_map(|output| match output {
                AcdOutput::Tell { call, news } if *call == of => Some(news.clone()),
                _ => None,
            })
            .collect()
    }

    fn lines(&self, of: u64) -> String {
        let lines: Vec<&str> = self
            .out
            .iter()
            .filter_map(|output| match output {
                AcdOutput::Explain { call, line } if *call == of => Some(line.as_str()),
                _ => None,
            })
            .collect();
        lines.join("\n")
    }
}

fn phone(digits: &str) -> PhoneNumber {
    PhoneNumber::parse(digits).expect("a number")
}

fn queue(id: &str) -> QueueId {
    QueueId::new(id)
}
