//! One telephone that we ring, or that rings us a second time in a call: a desk phone, an agent's mobile, a number that somebody
//! consults; with its port and its sound.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::keys::{Keys, info_key};
use super::plan::{self, Side};
use crate::domain::KeySource;
use crate::machine::{Now, Timers};
use crate::media::order::{LegId, LegPlan, MediaOrder, MediaReport};
use crate::media::quality::NO_AUDIO;
use crate::sip::event::{DialogId, EndCause, SipCommand};
use crate::sip::sdp::{self, Secure};

/// The media thread answers at once; without a word the line counts as not to be had.
const PORT_WAIT: Duration = Duration::from_secs(2);
/// Other ports that are tried when one is taken.
const PORTS: u8 = 3;

/// Set in the name of a line's leg when the other side turned out to be a browser's.
pub const PAGE: u64 = 1 << 62;

/// What happens to a line.
#[derive(Debug)]
pub enum LineInput {
    Media(MediaReport),
    /// A provisional answer.
    Progress {
        status: u16,
    },
    Answered(Option<sdp::Session>),
    /// Answered with an offer of their own (a softphone in a browser): our answer goes with the ACK.
    Offered(Option<sdp::Session>),
    Acknowledged(Option<sdp::Session>),
    Reoffer(Option<sdp::Session>),
    Info {
        body: String,
    },
    Ended(EndCause),
    /// We want it to end: CANCEL while it rings, BYE after that.
    HangUp {
        reason: Option<&'static str>,
    },
    /// Another port instead of the one that was taken; none when there is none.
    Port(Option<u16>),
}

/// What a line wants, and what it tells.
#[derive(Debug)]
pub enum LineOutput {
    Sip(SipCommand),
    Media(MediaOrder),
    /// The port is open: ring it, with this offer; softphones in browsers with the other one.
    Place {
        sdp: String,
        browser: Option<String>,
    },
    /// The first port was taken: lend another.
    PortTaken(u16),
    Ringing,
    /// Answered: sound flows.
    Up,
    Key(char),
    /// The telephone put us on hold, or is back.
    Held(bool),
    /// No sound has come for five seconds, or it is back.
    Silent(bool),
    /// The last word; the port rests from now on.
    Gone {
        cause: EndCause,
        port: Option<u16>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Placed,
    Up,
    Ending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Port,
    Closed,
}

/// Some of the telephones that are rung may be softphones in browsers: they want an offer of their own kind, from a second leg.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Page {
    /// There are none, or something is answered.
    #[default]
    None,
    Wanted,
    /// The second leg is being opened.
    Asked,
    /// Its offer.
    Offered(String),
}

/// One telephone that we ring.
pub struct Line {
    dialog: DialogId,
    leg: LegId,
    ip: IpAddr,
    bind: IpAddr,
    port: u16,
    holds_port: bool,
    ports_tried: u8,
    state: State,
    plan: LegPlan,
    /// Encryption, and our key for it.
    secure: Secure,
    version: u64,
    page: Page,
    /// A browser's: its description and ours, for hold and resume.
    browser: Option<(String, String)>,
    held: bool,
    /// Nothing has come from it for a while.
    silent: bool,
    keys: Keys,
    /// It rings us: its offer, until it is answered.
    asks: Option<Option<sdp::Session>>,
    /// Our 200 carried an offer: the ACK owes its answer.
    offered: bool,
    /// The dialog has gone; its cause.
    ended: Option<EndCause>,
    /// It was placed, so that an `Ended` will come.
    placed: bool,
    leg_closed: bool,
    timers: Timers<Timer>,
    outputs: VecDeque<LineOutput>,
}

impl Line {
    /// Opens a port for it: `ip` is what we write into the offer, `bind` where the port is.
    #[must_use]
    pub fn open(dialog: DialogId, ip: IpAddr, bind: IpAddr, port: u16, secure: Secure, now: Now) -> Self {
        let mut line = Self {
            dialog,
            leg: LegId(dialog.0),
            ip,
            bind,
            port,
            holds_port: true,
            ports_tried: 1,
            state: State::Opening,
            plan: plan::nothing_yet(),
            secure,
            version: 1,
            page: Page::None,
            browser: None,
            held: false,
            silent: false,
            keys: Keys::default(),
            asks: None,
            offered: false,
            ended: None,
            placed: false,
            leg_closed: false,
            timers: Timers::default(),
            outputs: VecDeque::new(),
        };
        line.timers.start(Timer::Port, now.instant + PORT_WAIT);
        line.bind_port();
        line
    }

    /// Takes the call of a telephone that rings us: it is answered once its port is open, or its browser's leg.
    ///
    /// # Errors
    /// 488 when its offer holds nothing that we speak.
    pub fn take(
        dialog: DialogId,
        offer: Option<sdp::Session>,
        ip: IpAddr,
        bind: IpAddr,
        port: u16,
        secure: Secure,
        now: Now,
    ) -> Result<Self, u16> {
        let mut line = Self::open(dialog, ip, bind, port, secure, now);
        if let Some(theirs) = offer.as_ref().filter(|offer| offer.is_webrtc()).map(|offer| offer.raw.to_string()) {
            line.outputs.clear();
            line.leg = line.page_leg();
            line.browser = Some((theirs.clone(), String::new()));
            line.asks = Some(offer);
            line.out(LineOutput::Media(MediaOrder::OpenBrowser { leg: line.leg, offer: theirs, quiet_after: NO_AUDIO }));
            return Ok(line);
        }
        (line.plan, _) = plan::answer(offer.as_ref(), line.side(), secure)?;
        line.asks = Some(offer);
        line.outputs.clear();
        line.bind_port();
        Ok(line)
    }

    /// Some of the telephones that it rings are softphones in browsers. To be said before it is asked for anything.
    pub fn rings_browsers(&mut self) {
        self.page = Page::Wanted;
    }

    /// Its leg.
    #[must_use]
    pub const fn leg(&self) -> LegId {
        self.leg
    }

    /// Whether it was answered and still is.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.state, State::Up)
    }

    /// Whether it is up, and no sound has come for five seconds.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.is_up() && self.silent
    }

    /// The port that it holds, handed out once.
    pub fn release_port(&mut self) -> Option<u16> {
        std::mem::take(&mut self.holds_port).then_some(self.port)
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Now, input: LineInput) {
        match input {
            LineInput::Media(report) => self.media(now, report),
            LineInput::Progress { status } => {
                if self.state == State::Placed && status >= 180 {
                    self.out(LineOutput::Ringing);
                }
            }
            LineInput::Answered(answer) => self.answered(now, answer.as_ref()),
            LineInput::Offered(offer) => self.offered(now, offer.as_ref()),
            LineInput::Acknowledged(answer) => {
                let owed = std::mem::take(&mut self.offered);
                match answer.as_ref().and_then(|answer| plan::agreed(answer, self.side(), self.secure).ok()) {
                    Some(plan) => self.change(plan),
                    None if owed => self.hang_up(now, Some("Q.850;cause=88;text=\"no common codec\"")),
                    None => {}
                }
            }
            LineInput::Reoffer(offer) => self.reoffer(offer.as_ref()),
            LineInput::Info { body } => {
                if let Some(key) = info_key(&body) {
                    self.key(now, key, KeySource::Info);
                }
            }
            LineInput::Ended(cause) => {
                self.ended.get_or_insert(cause);
                self.close(now);
                self.try_finish();
            }
            LineInput::HangUp { reason } => self.hang_up(now, reason),
            LineInput::Port(Some(port)) if self.state == State::Opening => {
                self.port = port;
                self.holds_port = true;
                self.ports_tried += 1;
                self.bind_port();
            }
            LineInput::Port(_) => self.fail(now),
        }
    }

    /// Acts on the earliest deadline that is due.
    pub fn handle_timeout(&mut self, now: Now) {
        match self.timers.expire(now.instant) {
            Some(Timer::Port) => self.hang_up(now, None),
            Some(Timer::Closed) => {
                self.leg_closed = true;
                self.try_finish();
            }
            None => {}
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<LineOutput> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.next()
    }

    fn out(&mut self, output: LineOutput) {
        self.outputs.push_back(output);
    }

    fn bind_port(&mut self) {
        self.out(LineOutput::Media(MediaOrder::Open { leg: self.leg, ip: self.bind, port: self.port, plan: self.plan.clone() }));
    }

    const fn side(&self) -> Side {
        Side { address: self.ip, port: self.port, session: self.dialog.0, version: self.version }
    }

    fn media(&mut self, now: Now, report: MediaReport) {
        match report {
            MediaReport::Opened { .. } if self.state == State::Opening && self.asks.is_some() => {
                self.timers.stop(Timer::Port);
                self.placed = true;
                let offer = self.asks.take().flatten();
                self.offered = offer.is_none();
                match plan::answer(offer.as_ref(), self.side(), self.secure) {
                    Ok((_, sdp)) => {
                        self.out(LineOutput::Sip(SipCommand::Answer { dialog: self.dialog, sdp }));
                        self.state = State::Up;
                        self.out(LineOutput::Up);
                    }
                    Err(_) => self.hang_up(now, None),
                }
            }
            MediaReport::Opened { .. } if self.state == State::Opening && self.page == Page::Wanted => {
                self.page = Page::Asked;
                self.out(LineOutput::Media(MediaOrder::OfferBrowser { leg: self.page_leg() }));
            }
            MediaReport::Opened { .. } if self.state == State::Opening => self.place(),
            MediaReport::BrowserOffer { sdp, .. } if self.state == State::Opening => {
                self.page = Page::Offered(sdp);
                self.place();
            }
            // It rings us from a browser.
            MediaReport::BrowserAnswer { sdp, .. } if self.state == State::Opening && self.asks.is_some() => {
                self.timers.stop(Timer::Port);
                self.asks = None;
                self.placed = true;
                self.state = State::Placed;
                if let Some((_, answer)) = &mut self.browser {
                    answer.clone_from(&sdp);
                }
                self.out(LineOutput::Sip(SipCommand::Answer { dialog: self.dialog, sdp }));
            }
            MediaReport::OpenFailed { .. } if self.state == State::Opening && self.browser.is_some() => {
                self.leg_closed = true;
                self.refuse(488, None);
                self.hang_up(now, None);
            }
            // Browsers have no port here.
            MediaReport::OpenFailed { leg, .. } if self.state == State::Opening && leg == self.page_leg() => {
                self.page = Page::None;
                self.place();
            }
            MediaReport::OpenFailed { .. } if self.state == State::Opening && self.ports_tried < PORTS => {
                self.holds_port = false;
                self.out(LineOutput::PortTaken(self.port));
            }
            MediaReport::BrowserAnswer { sdp, .. } if self.state == State::Placed => {
                if let Some((_, answer)) = &mut self.browser {
                    answer.clone_from(&sdp);
                }
                self.out(LineOutput::Sip(SipCommand::Acknowledge { dialog: self.dialog, sdp }));
            }
            MediaReport::BrowserState { connected: true, .. } if self.state == State::Placed => {
                self.state = State::Up;
                self.out(LineOutput::Up);
            }
            // Its browser has gone, or never came: the line with it, by no word of its own.
            MediaReport::BrowserState { connected: false, .. } if self.browser.is_some() && self.state != State::Ending => {
                self.ended.get_or_insert(EndCause::Transport);
                self.hang_up(now, Some("Q.850;cause=41;text=\"no sound\""));
            }
            MediaReport::OpenFailed { leg, .. } if leg.0 & PAGE != 0 => self.hang_up(now, Some("Q.850;cause=88;text=\"no common codec\"")),
            MediaReport::OpenFailed { .. } => self.fail(now),
            MediaReport::Key { key, tone, .. } => self.key(now, key, if tone { KeySource::Tone } else { KeySource::Event }),
            MediaReport::NoAudio { .. } if self.state == State::Up && !self.held => {
                self.silent = true;
                self.out(LineOutput::Silent(true));
            }
            MediaReport::AudioBack { .. } if self.state == State::Up => {
                self.silent = false;
                self.out(LineOutput::Silent(false));
            }
            // The plain leg that a browser's took the place of.
            MediaReport::Closed { leg, .. } if leg != self.leg => {}
            MediaReport::Closed { .. } => {
                self.leg_closed = true;
                self.try_finish();
            }
            _ => {}
        }
    }

    const fn page_leg(&self) -> LegId {
        LegId(self.dialog.0 | PAGE)
    }

    fn place(&mut self) {
        self.timers.stop(Timer::Port);
        self.state = State::Placed;
        self.placed = true;
        if let Ok((_, sdp)) = plan::answer(None, self.side(), self.secure) {
            let browser = if let Page::Offered(offer) = &self.page { Some(offer.clone()) } else { None };
            self.out(LineOutput::Place { sdp, browser });
        }
    }

    /// The browser's leg takes the place of the plain one.
    fn becomes_page(&mut self) {
        self.page = Page::None;
        self.out(LineOutput::Media(MediaOrder::Close { leg: self.leg }));
        self.leg = self.page_leg();
    }

    /// No browser has answered, or will.
    fn drop_page(&mut self) {
        if matches!(std::mem::take(&mut self.page), Page::Asked | Page::Offered(_)) {
            self.out(LineOutput::Media(MediaOrder::Close { leg: self.page_leg() }));
        }
    }

    fn key(&mut self, now: Now, key: char, source: KeySource) {
        if self.state == State::Up && self.keys.accept(now.instant, key, source) {
            self.out(LineOutput::Key(key));
        }
    }

    fn answered(&mut self, now: Now, answer: Option<&sdp::Session>) {
        if self.state != State::Placed {
            return;
        }
        if let (Some(answer), Page::Offered(offer)) = (answer.filter(|answer| answer.is_webrtc()), &self.page) {
            self.browser = Some((answer.raw.to_string(), plan::browser_answered(offer, &answer.raw)));
            self.becomes_page();
            let answer = answer.raw.to_string();
            return self.out(LineOutput::Media(MediaOrder::AcceptBrowser { leg: self.leg, answer, quiet_after: NO_AUDIO }));
        }
        match answer.map(|answer| plan::agreed(answer, self.side(), self.secure)) {
            Some(Ok(plan)) => {
                self.drop_page();
                self.state = State::Up;
                self.change(plan);
                self.out(LineOutput::Up);
            }
            // Answered with nothing that we can speak.
            Some(Err(_)) | None => self.hang_up(now, Some("Q.850;cause=88;text=\"no common codec\"")),
        }
    }

    /// The phone is a browser's: its own kind of leg takes the place of the plain one.
    fn offered(&mut self, now: Now, offer: Option<&sdp::Session>) {
        if self.state != State::Placed {
            return;
        }
        match offer {
            Some(offer) if offer.is_webrtc() => {
                self.becomes_page();
                self.browser = Some((offer.raw.to_string(), String::new()));
                self.out(LineOutput::Media(MediaOrder::OpenBrowser { leg: self.leg, offer: offer.raw.to_string(), quiet_after: NO_AUDIO }));
            }
            Some(offer) => match plan::answer(Some(offer), self.side(), self.secure) {
                Ok((plan, sdp)) => {
                    self.out(LineOutput::Sip(SipCommand::Acknowledge { dialog: self.dialog, sdp }));
                    self.state = State::Up;
                    self.change(plan);
                    self.out(LineOutput::Up);
                }
                Err(_) => self.hang_up(now, Some("Q.850;cause=88;text=\"no common codec\"")),
            },
            None => self.hang_up(now, None),
        }
    }

    fn reoffer(&mut self, offer: Option<&sdp::Session>) {
        if self.browser.is_some() {
            let answer = self.browser_again(offer);
            return self.out(LineOutput::Sip(SipCommand::AnswerReoffer { dialog: self.dialog, answer }));
        }
        self.version += 1;
        let answer = match plan::answer(offer, self.side(), self.secure) {
            Ok((plan, body)) => {
                if offer.is_some() {
                    self.change(plan);
                }
                Ok(body)
            }
            Err(status) => Err(status),
        };
        self.out(LineOutput::Sip(SipCommand::AnswerReoffer { dialog: self.dialog, answer }));
    }

    /// A browser keeps its connections: hold and resume turn the direction only, what wants more is refused.
    fn browser_again(&mut self, offer: Option<&sdp::Session>) -> Result<String, u16> {
        let (before, answer) = self.browser.as_ref().ok_or(488_u16)?;
        let (body, hears) = offer.and_then(|offer| plan::browser_again(before, offer, answer, self.version)).ok_or(488_u16)?;
        self.version += 1;
        if hears == self.held {
            self.out(LineOutput::Media(MediaOrder::Sends { leg: self.leg, on: hears }));
        }
        self.hold(!hears);
        Ok(body)
    }

    fn change(&mut self, plan: LegPlan) {
        let held = !plan.send;
        if plan != self.plan {
            self.out(LineOutput::Media(MediaOrder::Change { leg: self.leg, plan: plan.clone() }));
        }
        self.plan = plan;
        self.hold(held);
    }

    fn hold(&mut self, held: bool) {
        if held != self.held {
            self.held = held;
            self.out(LineOutput::Held(held));
        }
    }

    fn hang_up(&mut self, now: Now, reason: Option<&'static str>) {
        if self.state == State::Ending {
            return;
        }
        if self.placed {
            self.out(LineOutput::Sip(SipCommand::HangUp { dialog: self.dialog, reason }));
        } else {
            self.refuse(503, Some(5));
            self.ended.get_or_insert(EndCause::Local);
        }
        self.close(now);
        self.try_finish();
    }

    /// A telephone that rings us and was not answered is told so.
    fn refuse(&mut self, status: u16, retry_after: Option<u32>) {
        if self.asks.take().is_some() {
            self.out(LineOutput::Sip(SipCommand::Reject { dialog: self.dialog, status, retry_after }));
        }
    }

    /// No port: nothing was rung, nothing is open.
    fn fail(&mut self, now: Now) {
        self.refuse(503, Some(5));
        self.holds_port = false;
        self.leg_closed = true;
        self.ended.get_or_insert(EndCause::Transport);
        self.close(now);
        self.try_finish();
    }

    fn close(&mut self, now: Now) {
        if self.state == State::Ending {
            return;
        }
        self.state = State::Ending;
        self.timers.stop_all();
        self.timers.start(Timer::Closed, now.instant + PORT_WAIT);
        self.drop_page();
        if !self.leg_closed {
            self.out(LineOutput::Media(MediaOrder::Close { leg: self.leg }));
        }
    }

    fn try_finish(&mut self) {
        if !self.leg_closed {
            return;
        }
        if let Some(cause) = self.ended.clone() {
            self.timers.stop_all();
            let port = self.release_port();
            self.ended = None;
            self.placed = false;
            self.out(LineOutput::Gone { cause, port });
        }
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
