//! Our lines to the telephone company: registration, health, fail-over and limits, as plain decisions without messages.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::machine::Ids;

use super::event::{Flow, TrunkSettings};
use super::guard::Bucket;

/// A target that does not answer for this long is given up for the next one.
pub const PATIENCE: Duration = Duration::from_millis(3500);
/// Health is asked for at least this often, so that a dead trunk is shown within a minute.
const SLOWEST_CHECK: Duration = Duration::from_secs(25);
/// How soon a failed check is repeated.
const RECHECK: Duration = Duration::from_secs(2);
/// How often a trunk that is down is tried.
const DOWN_CHECK: Duration = Duration::from_secs(3);
/// First and longest wait between rounds of registration.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One of the two questions that a trunk is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Register,
    Options,
}

/// The state of one question: when to ask next, and how it went.
#[derive(Debug)]
pub struct Asking {
    /// When to ask next; none while an answer is awaited.
    pub next: Option<Instant>,
    /// The client transaction that is awaited.
    pub pending: Option<u64>,
    /// Which target was asked last.
    pub asked: usize,
    /// Targets that failed since the last success.
    failed: u32,
    /// Rounds over all targets that failed since the last success.
    rounds: u32,
    pub good: bool,
    pub call_id: String,
    pub tag: String,
    pub cseq: u32,
    /// Answers to challenges in this attempt.
    pub challenges: u8,
    /// The registrar asked for a longer time in this attempt (423).
    pub lengthened: bool,
    /// Seconds asked for (REGISTER).
    pub expires: u32,
    /// The registration holds until then.
    pub until: Option<Instant>,
}

impl Asking {
    fn new(now: Instant, ids: &mut Ids, expires: Duration) -> Self {
        Self {
            next: Some(now),
            pending: None,
            asked: 0,
            failed: 0,
            rounds: 0,
            good: false,
            call_id: ids.text(20),
            tag: ids.text(10),
            cseq: 0,
            challenges: 0,
            lengthened: false,
            expires: u32::try_from(expires.as_secs()).unwrap_or(3600).max(1),
            until: None,
        }
    }
}

/// One trunk.
#[derive(Debug)]
pub struct Trunk {
    pub settings: TrunkSettings,
    pub register: Option<Asking>,
    pub options: Option<Asking>,
    target: usize,
    /// The stream to the current target, once it stands.
    pub stream: Option<Flow>,
    pub up: bool,
    /// Why it is down, as was told last; none before anything was told, and while it is up.
    pub told: Option<Box<str>>,
    /// It is in the settings no more; its place is kept for the calls that came by it.
    pub gone: bool,
    /// Calls that are up.
    pub calls: u32,
    rate: Bucket,
    /// It asked us (Retry-After) not to call through it before then.
    pub busy_until: Option<Instant>,
    pub scheduled: Option<Instant>,
}

impl Trunk {
    #[must_use]
    pub fn new(now: Instant, settings: TrunkSettings, ids: &mut Ids) -> Self {
        let has_target = !settings.targets.is_empty();
        let register = settings.registration.as_ref().filter(|_| has_target).map(|it| Asking::new(now, ids, it.expires));
        let options = settings.options_every.filter(|_| has_target).map(|_| Asking::new(now, ids, Duration::ZERO));
        let up = register.is_none() && options.is_none();
        let rate = Bucket::full(now, settings.max_calls_per_second.unwrap_or(1));
        Self {
            settings,
            register,
            options,
            target: 0,
            stream: None,
            up,
            told: None,
            gone: false,
            calls: 0,
            rate,
            busy_until: None,
            scheduled: None,
        }
    }

    /// The place of the target that is asked now.
    #[must_use]
    pub const fn target(&self) -> usize {
        self.target
    }

    /// Where requests go now.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        Some(self.flow_to(*self.settings.targets.get(self.target)?))
    }

    /// The way to one of its targets.
    #[must_use]
    pub fn flow_to(&self, peer: SocketAddr) -> Flow {
        let fresh =
            Flow { transport: self.settings.transport, socket: self.settings.socket, local: self.settings.local, peer, connection: 0 };
        self.stream.filter(|stream| stream.peer == peer).unwrap_or(fresh)
    }

    /// All targets, the one that works now first.
    pub fn targets(&self) -> impl Iterator<Item = SocketAddr> {
        let targets = &self.settings.targets;
        targets.iter().cycle().skip(self.target).take(targets.len()).copied()
    }

    /// Whether a call from `address` is this trunk's.
    #[must_use]
    pub fn is_source(&self, address: SocketAddr) -> bool {
        let address = address.ip().to_canonical();
        self.settings.addresses.iter().any(|it| it.to_canonical() == address)
    }

    /// Counts a new call against the limits.
    ///
    /// # Errors
    /// With the reason when a limit is reached.
    pub fn admit(&mut self, now: Instant) -> Result<(), &'static str> {
        if self.settings.max_calls.is_some_and(|most| self.calls >= most) {
            return Err("trunk_calls");
        }
        if let Some(rate) = self.settings.max_calls_per_second
            && !self.rate.take(now, rate)
        {
            return Err("trunk_rate");
        }
        self.calls += 1;
        Ok(())
    }

    /// The state of one question.
    pub fn asking(&mut self, question: Question) -> Option<&mut Asking> {
        match question {
            Question::Register => self.register.as_mut(),
            Question::Options => self.options.as_mut(),
        }
    }

    /// When something is to be asked.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        [&self.register, &self.options].into_iter().flatten().filter_map(|asking| asking.next).min()
    }

    /// The question that is due.
    #[must_use]
    pub fn due(&self, now: Instant) -> Option<Question> {
        let is_due = |asking: &Option<Asking>| asking.as_ref().and_then(|it| it.next).is_some_and(|next| next <= now);
        if is_due(&self.register) { Some(Question::Register) } else { is_due(&self.options).then_some(Question::Options) }
    }

    /// An answer came that is good enough.
    pub fn succeeded(&mut self, now: Instant, question: Question, granted: Option<u32>) {
        let every = self.settings.options_every.unwrap_or(SLOWEST_CHECK).min(SLOWEST_CHECK);
        let Some(asking) = self.asking(question) else { return };
        asking.pending = None;
        asking.failed = 0;
        asking.rounds = 0;
        asking.good = true;
        asking.next = Some(match question {
            Question::Options => now + every,
            Question::Register => {
                let granted = Duration::from_secs(u64::from(granted.unwrap_or(asking.expires).max(1)));
                asking.until = Some(now + granted);
                // Early enough for some failed rounds, without being a burden when the time is short.
                now + granted - (granted / 4).clamp(Duration::from_millis(250), Duration::from_secs(120)).min(granted / 2)
            }
        });
    }

    /// No answer, or a bad one. `wait` is Retry-After; `final_` means that another target would not help.
    pub fn failed(&mut self, now: Instant, question: Question, wait: Option<Duration>, final_: bool, ids: &mut Ids) {
        let targets = u32::try_from(self.settings.targets.len().max(1)).unwrap_or(1);
        self.stream = None;
        let (was_up, target) = (self.up, self.target);
        let Some(asking) = self.asking(question) else { return };
        asking.pending = None;
        asking.failed += 1;
        // The other question may have left this target already: moving on once more would come back to it.
        let is_current = asking.asked == target;
        let round_over = final_ || asking.failed >= targets;
        if round_over {
            asking.failed = 0;
            asking.rounds += 1;
        }
        let rounds = asking.rounds;
        let pause = match question {
            _ if !round_over => Duration::ZERO,
            Question::Options => {
                // One silent round may be bad luck; two are a dead trunk.
                if rounds >= 2 || !was_up {
                    asking.good = false;
                }
                if asking.good { RECHECK } else { DOWN_CHECK }
            }
            Question::Register => {
                asking.good = asking.good && rounds < 2 && asking.until.is_some_and(|until| until > now) && !final_;
                back_off(rounds, ids)
            }
        };
        asking.next = Some(now + pause.max(wait.filter(|_| round_over).unwrap_or_default()));
        if !final_ && is_current {
            self.target = (self.target + 1) % self.settings.targets.len().max(1);
        }
    }

    /// Whether a failure of a trunk that is down is worth telling: the first, also when it never was up, once all targets were
    /// tried; and any other reason that the registrar gives.
    #[must_use]
    pub fn is_news(&mut self, question: Question, why: &str) -> bool {
        let all_tried = self.asking(question).is_some_and(|asking| asking.rounds > 0);
        let other = question == Question::Register && self.told.as_deref() != Some(why);
        !self.up && all_tried && (self.told.is_none() || other)
    }

    /// Whether the trunk is up by what is known now.
    #[must_use]
    pub fn is_good(&self) -> bool {
        [&self.register, &self.options].into_iter().flatten().all(|asking| asking.good)
    }
}

/// 1, 2, 4 … 60 s, each between half and the whole, so that many servers do not come back at once.
fn back_off(rounds: u32, ids: &mut Ids) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << rounds.min(6)).min(LONGEST_WAIT);
    let half = u64::try_from(whole.as_millis() / 2).unwrap_or(1).max(1);
    (whole / 2 + Duration::from_millis(ids.below(half + 1))).max(FIRST_WAIT)
}
