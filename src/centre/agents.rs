//! Agents and their seats: shifts, the browser's leg, desk phones and outside numbers, and what happens when one of them is lost.

use std::time::Duration;

use super::floor::{Alarm, Browser, Desk, For, GRACE};
use super::{Centre, Output};
use crate::call::conversation::Advice;
use crate::call::line::{Line, LineInput, LineOutput};
use crate::call::session::SessionInput;
use crate::command::Refusal;
use crate::domain::{QueueReason, QueueWish, Role, Seat, Timestamp, UserId};
use crate::event::What;
use crate::machine::{Machine, Now};
use crate::media::clip::Piece;
use crate::media::order::{LegId, MediaOrder, MediaReport, PlayId};
use crate::queue::{AcdInput, Profile};
use crate::sip::event::{DialogId, EndCause, SipCommand, SipInput};

/// A page that was seen to be there and has not said its name.
const UNNAMED: u64 = 0;
/// A page sends a packet every 20 ms; without one for so long its agent cannot be heard, and the caller gets music.
const QUIET: Duration = Duration::from_millis(700);

impl Centre {
    /// A console asks for everything: somebody sits there again. On a desk phone no other word need follow.
    pub fn snapshot_asked(&mut self, now: Now, of: &UserId) {
        let waits = |desk: &Desk| desk.page.is_none() && !matches!(desk.seat, Some(Seat::Browser) | None);
        if self.floor.desks.get(of).is_some_and(waits) {
            self.page_back(now, of, UNNAMED);
            self.settle(now);
        }
    }

    /// The people of the house, as the store has them: at the start and after each change.
    pub(super) fn people(&mut self, now: Now, people: Vec<Profile>) {
        self.floor.people = people.iter().map(|profile| (profile.user.clone(), profile.clone())).collect();
        self.floor.acd.handle(now, AcdInput::OnRecord(people));
        for (user, (seat, page)) in std::mem::take(&mut self.floor.starting) {
            let _ = self.start_shift(now, &user, page, seat);
        }
    }

    pub(super) fn start_shift(&mut self, now: Now, user: &UserId, page: u64, seat: Seat) -> Result<(), Refusal> {
        if let Seat::Outside { number } = &seat {
            // Said now, not by the first caller who rings nobody.
            self.may_dial(number)?;
        }
        let Some(profile) = self.floor.people.get(user).cloned() else {
            self.floor.starting.insert(user.clone(), (seat, page));
            self.out.push_back(Output::WantPeople);
            return Ok(());
        };
        if profile.role == Role::Branch {
            return Err(Refusal::NotAllowed);
        }
        self.sit_down(now, user, page);
        let before = self.floor.desks.get(user).and_then(|desk| desk.seat.clone());
        if before.as_ref() == Some(&seat) {
            return Ok(());
        }
        let again = before.is_some();
        if again && self.floor.call_of(user).is_some() {
            return Err(Refusal::WrongState);
        }
        if let Some(desk) = self.floor.desks.get_mut(user) {
            desk.seat = Some(seat.clone());
        }
        if again {
            self.floor.acd.handle(now, AcdInput::SignOff { agent: user.clone() });
        }
        self.floor.acd.handle(now, AcdInput::SignOn { profile: Box::new(profile), seat });
        self.tell_seat(now, user);
        self.keep_ticking(now);
        Ok(())
    }

    /// A page speaks for this person from now on; another page of theirs is told so.
    pub(super) fn sit_down(&mut self, now: Now, user: &UserId, page: u64) {
        let who = self.floor.colleague(user);
        let desk = self.floor.desks.entry(user.clone()).or_insert_with(|| Desk {
            who: who.clone(),
            seat: None,
            page: None,
            browser: None,
            gone_since: None,
            line: None,
            wraps: Vec::new(),
        });
        desk.who = who;
        let before = desk.page.replace(page);
        if let Some(before) = before.filter(|before| *before != page) {
            self.publish(now, What::TakenOver { to: user.clone(), page: before });
        }
        self.keep_ticking(now);
    }

    /// Whether the seat works, for the queue machine.
    pub(super) fn tell_seat(&mut self, now: Now, user: &UserId) {
        let Some(desk) = self.floor.desks.get(user) else { return };
        let why = match &desk.seat {
            None => return,
            Some(Seat::Browser) => match &desk.browser {
                Some(browser) if browser.up && !browser.failed => None,
                Some(_) if desk.gone_since.is_some() => Some("reconnecting"),
                _ => Some("no_media"),
            },
            Some(Seat::Phone { account }) => {
                if self.floor.phones.get(account).copied().unwrap_or(0) > 0 {
                    None
                } else {
                    Some("no_phone")
                }
            }
            Some(Seat::Outside { .. }) => None,
        };
        let agent = user.clone();
        let input = match why {
            None => AcdInput::SeatUp { agent },
            Some(why) => AcdInput::SeatDown { agent, why },
        };
        self.floor.acd.handle(now, input);
    }

    pub(super) fn end_shift(&mut self, now: Now, user: &UserId) -> Result<(), Refusal> {
        if self.floor.desks.get(user).is_none_or(|desk| desk.seat.is_none()) {
            return Ok(());
        }
        self.floor.acd.handle(now, AcdInput::SignOff { agent: user.clone() });
        Ok(())
    }

    /// Somebody whose shift has ended, at once or after a last call, leaves the floor; unless they listen to others.
    pub(super) fn signed_out(&mut self, now: Now, user: &UserId) {
        if self.floor.acd.on_duty(user).is_some() || self.floor.call_of(user).is_some() {
            return;
        }
        let watches = self.floor.talks.values().any(|talk| talk.watchers.iter().any(|watching| watching.who.user == *user));
        match self.floor.desks.get_mut(user) {
            Some(desk) if desk.seat.is_some() && watches => desk.seat = None,
            Some(desk) if desk.seat.is_some() => self.leave_desk(now, user),
            _ => {}
        }
    }

    /// Nothing of this person is left on the floor.
    pub(super) fn leave_desk(&mut self, now: Now, user: &UserId) {
        self.stop_watching(now, user);
        // What they have not summed up is summed up by what happened.
        let unsaved = self.floor.desks.get(user).map(|desk| desk.wraps.iter().map(|wrap| wrap.view.call).collect::<Vec<_>>());
        for call in unsaved.unwrap_or_default() {
            self.wrap_up_over(now, call, user);
        }
        let Some(desk) = self.floor.desks.remove(user) else { return };
        if let Some(browser) = desk.browser {
            self.floor.legs.remove(&browser.leg);
            self.out.push_back(Output::Media(MediaOrder::Close { leg: browser.leg }));
        }
        if let Some(line) = desk.line {
            self.hang_up_line(now, line);
        }
    }

    // ── the browser's leg ────────────────────────────────────────────────────────────────────────

    pub(super) fn media_offer(&mut self, now: Now, user: &UserId, page: u64, sdp: String) {
        self.sit_down(now, user, page);
        let known = self.floor.desks.get(user).and_then(|desk| desk.browser.as_ref()).map(|browser| browser.leg);
        let leg = known.unwrap_or_else(|| self.floor.new_leg());
        self.floor.legs.insert(leg, user.clone());
        if let Some(desk) = self.floor.desks.get_mut(user) {
            desk.browser = Some(Browser { leg, up: false, quiet: false, failed: false });
        }
        self.out.push_back(Output::Media(MediaOrder::OpenBrowser { leg, offer: sdp, quiet_after: QUIET }));
        if known.is_some() {
            self.forget_ears(user, leg);
            self.seat_lost(now, user, "media");
        }
    }

    pub(super) fn media_candidate(&mut self, user: &UserId, candidate: String) -> Result<(), Refusal> {
        let browser = self.floor.desks.get(user).and_then(|desk| desk.browser.as_ref()).ok_or(Refusal::NoMedia)?;
        self.out.push_back(Output::Media(MediaOrder::Candidate { leg: browser.leg, candidate }));
        Ok(())
    }

    /// What the media threads say about a browser's leg.
    pub(super) fn browser_report(&mut self, now: Now, leg: LegId, report: MediaReport) {
        let Some(user) = self.floor.legs.get(&leg).cloned() else { return };
        let Some(desk) = self.floor.desks.get_mut(&user) else { return };
        let page = desk.page.unwrap_or(0);
        match report {
            MediaReport::BrowserAnswer { sdp, .. } => self.publish(now, What::MediaAnswer { to: user, page, sdp }),
            MediaReport::BrowserState { connected, loss_percent, rtt_ms, .. } => {
                let was = desk.browser.as_mut().map(|browser| std::mem::replace(&mut browser.up, connected));
                self.publish(now, What::MediaState { to: user.clone(), page, connected, loss_percent, rtt_ms });
                if was == Some(connected) {
                    return;
                }
                if !connected {
                    self.seat_lost(now, &user, "media");
                } else if self.is_lost_and_quiet(&user) {
                    // Connected, but the caller would hear nothing: the first packet brings the agent back.
                    self.tell_seat(now, &user);
                } else {
                    self.seat_back(now, &user);
                }
            }
            // A laptop that vanishes says nothing: what does not come any more tells it first.
            MediaReport::NoAudio { .. } => {
                if let Some(browser) = &mut desk.browser {
                    browser.quiet = true;
                }
                if self.floor.call_of(&user).is_some() {
                    self.seat_lost(now, &user, "media");
                }
            }
            MediaReport::AudioBack { .. } => {
                let here = desk.page.is_some();
                if let Some(browser) = &mut desk.browser {
                    (browser.quiet, browser.failed) = (false, false);
                    if browser.up && here {
                        self.seat_back(now, &user);
                    }
                }
            }
            MediaReport::OpenFailed { .. } => {
                self.publish(now, What::MediaState { to: user, page, connected: false, loss_percent: 0, rtt_ms: 0 });
            }
            MediaReport::Closed { .. } => {
                self.floor.legs.remove(&leg);
            }
            _ => {}
        }
    }

    /// The console's socket closed.
    pub(super) fn page_gone(&mut self, now: Now, user: &UserId, page: u64) {
        let Some(desk) = self.floor.desks.get_mut(user) else { return };
        if desk.page != Some(page) && desk.page != Some(UNNAMED) {
            return;
        }
        desk.page = None;
        self.seat_lost(now, user, "page");
    }

    /// Any word of a page whose desk lost its own: it is the console now.
    pub(super) fn page_back(&mut self, now: Now, user: &UserId, page: u64) {
        let Some(desk) = self.floor.desks.get_mut(user) else { return };
        if desk.page.is_some_and(|known| known != UNNAMED) {
            return;
        }
        desk.page = Some(page);
        let works = !desk.is_in_browser() || desk.browser.as_ref().is_some_and(|browser| browser.up);
        if works {
            self.seat_back(now, user);
        }
    }

    /// The page or its sound is gone: a caller hears music, nobody new is sent, and the grace begins.
    pub(super) fn seat_lost(&mut self, now: Now, user: &UserId, what: &'static str) {
        let Some(desk) = self.floor.desks.get_mut(user) else { return };
        if desk.gone_since.is_none() {
            desk.gone_since = Some(now.instant);
            self.floor.alarm(now.instant + GRACE, Alarm::Grace(user.clone()));
        }
        let Some(desk) = self.floor.desks.get(user) else { return };
        // A desk phone goes on talking without its page.
        if !desk.is_in_browser() {
            return;
        }
        let call = self.floor.talks.values().find(|talk| talk.is_of(user)).map(|talk| talk.call);
        if let Some(call) = call {
            let until = Timestamp::from(now.wall).after(GRACE);
            if let Some(talk) = self.floor.talks.get_mut(&call) {
                let until = talk.lost.map_or(until, |(_, until)| until);
                talk.lost = Some((what, until));
            }
            self.explain(now, call, format!("the agent's {what} is lost: music, {} s to come back", GRACE.as_secs()));
            self.rebridge(now, call);
        }
        let agent = user.clone();
        self.floor.acd.handle(now, AcdInput::SeatDown { agent, why: "reconnecting" });
    }

    /// Whether the agent's caller hears music and nothing comes from the page.
    fn is_lost_and_quiet(&self, user: &UserId) -> bool {
        self.is_quiet(user) && self.floor.talks.values().any(|talk| talk.is_of(user) && talk.lost.is_some())
    }

    /// Whether nothing has come from the page for a moment.
    pub(super) fn is_quiet(&self, user: &UserId) -> bool {
        self.floor.desks.get(user).and_then(|desk| desk.browser.as_ref()).is_some_and(|browser| browser.quiet)
    }

    fn seat_back(&mut self, now: Now, user: &UserId) {
        if let Some(desk) = self.floor.desks.get_mut(user)
            && desk.page.is_some()
        {
            desk.gone_since = None;
        }
        let call = self.floor.talks.values().find(|talk| talk.is_of(user) && talk.lost.is_some()).map(|talk| talk.call);
        if let Some(call) = call {
            if let Some(talk) = self.floor.talks.get_mut(&call) {
                talk.lost = None;
            }
            self.explain(now, call, "the agent is back");
            self.rebridge(now, call);
        }
        let watched = self.floor.talks.values().find(|talk| talk.watchers.iter().any(|watching| watching.who.user == *user));
        if let Some(call) = watched.map(|talk| talk.call) {
            self.rebridge(now, call);
        }
        self.tell_seat(now, user);
    }

    fn forget_ears(&mut self, user: &UserId, leg: LegId) {
        for talk in self.floor.talks.values_mut() {
            if talk.people().contains(user) {
                talk.forget_ears(leg);
            }
        }
    }

    pub(super) fn grace_over(&mut self, now: Now, user: &UserId) {
        let Some(desk) = self.floor.desks.get(user) else { return };
        if desk.gone_since.is_none_or(|since| now.instant.saturating_duration_since(since) < GRACE) {
            return;
        }
        let in_browser = desk.is_in_browser();
        match self.floor.call_of(user) {
            Some(call) if in_browser && self.floor.talks.get(&call).is_some_and(|talk| talk.consults(user)) => {
                self.explain(now, call, "the consulted colleague's page did not come back");
                self.consulted_gone(now, call);
            }
            Some(call) if in_browser => {
                let why = self.floor.talks.get(&call).and_then(|talk| talk.lost).map_or("page", |(what, _)| what);
                self.agent_lost(now, call, user, why);
            }
            // On a desk phone the talk goes on; the page is looked for again after it.
            Some(_) => {
                if let Some(desk) = self.floor.desks.get_mut(user) {
                    desk.gone_since = Some(now.instant);
                }
                return self.floor.alarm(now.instant + GRACE, Alarm::Grace(user.clone()));
            }
            None => {}
        }
        let page_gone = self.floor.desks.get(user).is_none_or(|desk| desk.page.is_none());
        if page_gone {
            self.floor.acd.handle(now, AcdInput::SignOff { agent: user.clone() });
            self.settle(now);
            self.leave_desk(now, user);
        } else {
            if let Some(desk) = self.floor.desks.get_mut(user) {
                desk.gone_since = None;
                if let Some(browser) = &mut desk.browser {
                    browser.failed = browser.quiet;
                }
            }
            self.tell_seat(now, user);
        }
    }

    // ── lines: desk phones and outside numbers ───────────────────────────────────────────────────

    /// Opens a line; `None` when no port is free.
    pub(super) fn open_line(&mut self, now: Now, what: For) -> Option<u64> {
        let ip = match &what {
            For::Seat { agent, .. } | For::Own { agent, .. } => self.seat_address(agent),
            For::Listen { account: Some(account) } => self.phone_address(account),
            For::Listen { account: None } | For::Consult { .. } | For::Hand { .. } | For::Node { .. } | For::Second { .. } => {
                self.outside_address()
            }
        };
        let port = self.ports.lend(now.instant)?;
        let dialog = self.sip.new_dialog_id();
        let mut line = Line::open(dialog, ip, self.env.bind(ip), port, self.env.srtp.of(dialog), now);
        if self.rings_browsers(&what) {
            line.rings_browsers();
        }
        if let For::Seat { agent, .. } | For::Own { agent, .. } = &what
            && let Some(desk) = self.floor.desks.get_mut(agent)
        {
            desk.line = Some(dialog.0);
        }
        self.floor.lines.insert(dialog.0, (line, what));
        self.drain_line(now, dialog.0);
        Some(dialog.0)
    }

    pub(super) fn with_line(&mut self, now: Now, id: u64, input: LineInput) -> bool {
        let Some((line, _)) = self.floor.lines.get_mut(&id) else { return false };
        line.handle(now, input);
        self.drain_line(now, id);
        true
    }

    pub(super) fn hang_up_line(&mut self, now: Now, id: u64) {
        if self.floor.referring == Some(id) {
            // Its transfer has come through; after the BYE there would be no way to say so.
            self.floor.referring = None;
            self.command(now, SipCommand::ReferProgress { dialog: DialogId(id), status: 200 });
        }
        self.with_line(now, id, LineInput::HangUp { reason: None });
    }

    pub(super) fn drain_line(&mut self, now: Now, id: u64) {
        while let Some((line, what)) = self.floor.lines.get_mut(&id) {
            let Some(output) = line.poll() else {
                if let Some(due) = line.next_deadline() {
                    self.floor.alarm(due, Alarm::Line(id));
                }
                return;
            };
            let what = what.clone();
            match output {
                LineOutput::Sip(command) => self.sip.handle(now, SipInput::Command(command)),
                LineOutput::Media(order) => self.out.push_back(Output::Media(order)),
                LineOutput::Place { sdp, browser } => self.ring_line(now, id, &what, sdp, browser),
                LineOutput::PortTaken(port) => {
                    self.ports.give_back(now.instant, port);
                    let port = self.ports.lend(now.instant);
                    self.with_line(now, id, LineInput::Port(port));
                }
                LineOutput::Ringing => {
                    self.rings_across(id);
                    if matches!(what, For::Listen { .. }) {
                        self.tell_listener(id, Ok("ringing"));
                    }
                }
                LineOutput::Up => {
                    self.taken_across(id);
                    self.line_up(now, id, what);
                }
                LineOutput::Key(key) => self.line_key(now, id, &what, key),
                LineOutput::Held(held) => self.line_held(now, &what, held),
                LineOutput::Silent(silent) => {
                    if let (true, For::Seat { agent, .. } | For::Own { agent, .. }) = (silent, &what) {
                        self.look_for_phone(now, agent);
                    }
                }
                LineOutput::Gone { cause, port } => {
                    if let Some(port) = port {
                        self.ports.give_back(now.instant, port);
                    }
                    self.floor.lines.remove(&id);
                    self.across_gone(now, id);
                    self.line_gone(now, id, what, &cause);
                    return;
                }
            }
        }
    }

    fn line_up(&mut self, now: Now, id: u64, what: For) {
        match what {
            For::Seat { agent, call, confirm: false } => self.seat_answers(now, &agent, call),
            For::Own { agent, call, confirm: false, then } => self.own_leg_up(now, &agent, call, then),
            // A mailbox must not "answer": a person presses 1.
            For::Seat { confirm: true, .. } | For::Own { confirm: true, .. } => {
                let pieces = [self.env.library.sound("beep").map_or(Piece::Gap(10), Piece::Clip), Piece::Gap(50)];
                let leg = LegId(id);
                self.out.push_back(Output::Media(MediaOrder::Collect { leg, on: true }));
                self.out.push_back(Output::Media(MediaOrder::Play { leg, play: PlayId(0), pieces: pieces.into(), repeat: true }));
            }
            For::Consult { call } => self.consulted_up(now, call, LegId(id)),
            For::Hand { call } => self.handed_over(now, call, LegId(id)),
            For::Node { call } => self.at_other_node(now, call, LegId(id)),
            For::Second { agent, call, to } => self.second_up(now, id, &agent, call, to),
            For::Listen { .. } => self.listener_up(now, id),
        }
    }

    fn line_key(&mut self, now: Now, id: u64, what: &For, key: char) {
        let confirmed = match what {
            For::Seat { confirm: true, .. } | For::Own { confirm: true, .. } => key == '1',
            _ => return,
        };
        if !confirmed {
            return;
        }
        let leg = LegId(id);
        self.out.push_back(Output::Media(MediaOrder::Stop { leg }));
        self.out.push_back(Output::Media(MediaOrder::Collect { leg, on: false }));
        let Some((_, what)) = self.floor.lines.get_mut(&id) else { return };
        match what {
            For::Seat { agent, call, confirm } => {
                *confirm = false;
                let (agent, call) = (agent.clone(), *call);
                self.seat_answers(now, &agent, call);
            }
            For::Own { agent, call, confirm, then } => {
                *confirm = false;
                let (agent, call, then) = (agent.clone(), *call, then.clone());
                self.own_leg_up(now, &agent, call, then);
            }
            For::Listen { .. } | For::Consult { .. } | For::Hand { .. } | For::Node { .. } | For::Second { .. } => {}
        }
    }

    /// A desk phone's own hold key.
    fn line_held(&mut self, now: Now, what: &For, held: bool) {
        if let For::Seat { agent, call, .. } | For::Own { agent, call, .. } = what {
            let _ = if held { self.hold(now, agent, *call) } else { self.resume(now, agent, *call) };
        }
    }

    /// The agent's phone was answered: the offer is taken, or it is too late.
    fn seat_answers(&mut self, now: Now, agent: &UserId, call: u64) {
        self.floor.acd.handle(now, AcdInput::Answered { call, agent: agent.clone() });
    }

    fn line_gone(&mut self, now: Now, id: u64, what: For, cause: &EndCause) {
        match what {
            For::Seat { agent, call, .. } | For::Own { agent, call, .. } => {
                if let Some(desk) = self.floor.desks.get_mut(&agent)
                    && desk.line == Some(id)
                {
                    desk.line = None;
                }
                self.seat_line_gone(now, &agent, call, cause);
            }
            For::Consult { call } => self.consulted_gone(now, call),
            For::Hand { call } => self.handing_gone(now, call),
            For::Node { call } => self.other_node_gone(now, id, call),
            For::Second { call, .. } => self.second_gone(now, id, call),
            For::Listen { .. } => self.listener_gone(id, cause),
        }
    }

    /// An agent's phone hung up, did not take the call, or was not there.
    fn seat_line_gone(&mut self, now: Now, agent: &UserId, call: u64, cause: &EndCause) {
        let Some(talk) = self.floor.talks.get(&call) else { return };
        let leg_lost = matches!(cause, EndCause::Transport | EndCause::SessionExpired | EndCause::NoAck);
        if talk.is_of(agent) {
            match leg_lost {
                true => self.agent_lost(now, call, agent, "phone"),
                false => {
                    let _ = self.phone_down(now, agent, call);
                }
            }
        } else if talk.consults(agent) && talk.consult.as_ref().is_some_and(|consult| consult.state == Advice::Talking) {
            let _ = self.hang_up(now, agent, call);
        } else if talk.rung.iter().any(|rung| rung.who.user == *agent) {
            let (agent, call) = (agent.clone(), call);
            match cause {
                EndCause::Refused(486 | 600 | 603) => self.floor.acd.handle(now, AcdInput::Rejected { call, agent }),
                EndCause::Local => {}
                _ => self.floor.acd.handle(now, AcdInput::OfferFailed { call, agent, why: "phone" }),
            }
        }
    }

    /// The leg of the agent is lost for good; the caller is not.
    pub(super) fn agent_lost(&mut self, now: Now, call: u64, agent: &UserId, why: &'static str) {
        if self.floor.talks.get(&call).is_some_and(|talk| talk.advice) {
            // The caller is with whom asked them.
            self.explain(now, call, format!("the agent's {why} did not come back"));
            let _ = self.hang_up(now, agent, call);
            return;
        }
        self.end_consult(now, call, false);
        self.part_over(now, call, agent, "lost");
        self.explain(now, call, format!("the agent's {why} did not come back: the caller is first in the queue again"));
        self.with_call(now, call, |session, env| session.handle(env, now, SessionInput::WithAgent(false)));
        if let Some(talk) = self.floor.talks.get_mut(&call) {
            talk.agent = None;
            talk.lost = None;
            talk.reason = "agent_lost".into();
        }
        self.rebridge(now, call);
        if self.floor.acd.on_duty(agent).is_some() {
            return self.floor.acd.handle(now, AcdInput::AgentLost { call, agent: agent.clone(), why });
        }
        // A supervisor who took over without being signed on: the queues do not know them.
        self.wait_again(now, call);
        let queue = self.floor.talks.get(&call).and_then(|talk| talk.queue.clone());
        let joining = self.joining(call, queue, QueueReason::AgentLost, &QueueWish::default());
        self.join_with(now, joining);
        self.floor.acd.handle(now, AcdInput::Prefer { call });
    }

    /// A phone registered or went away.
    pub(super) fn phone_registered(&mut self, now: Now, account: &str, contacts: usize) {
        self.floor.phones.insert(account.to_owned(), contacts);
        let at: Vec<UserId> = self
            .floor
            .desks
            .iter()
            .filter(|(_, desk)| matches!(&desk.seat, Some(Seat::Phone { account: own }) if own == account))
            .map(|(user, _)| user.clone())
            .collect();
        for user in at {
            self.tell_seat(now, &user);
            self.look_for_phone(now, &user);
        }
    }

    /// A desk phone of which nothing is heard and that the registrar cannot reach any more is lost; its caller is not.
    fn look_for_phone(&mut self, now: Now, user: &UserId) {
        let Some(desk) = self.floor.desks.get(user) else { return };
        let Some(Seat::Phone { account }) = &desk.seat else { return };
        let is_here = self.floor.phones.get(account).is_some_and(|contacts| *contacts > 0);
        let Some(line) = desk.line.filter(|_| !is_here) else { return };
        if !self.floor.lines.get(&line).is_some_and(|(line, _)| line.is_silent()) {
            return;
        }
        match self.floor.call_of(user) {
            Some(call) if self.floor.talks.get(&call).is_some_and(|talk| talk.consults(user)) => self.consulted_gone(now, call),
            Some(call) => self.agent_lost(now, call, user, "phone"),
            None => {}
        }
        self.hang_up_line(now, line);
    }

    /// What SIP tells of a dialog that is one of our lines.
    pub(super) fn is_line(&self, dialog: DialogId) -> bool {
        !self.floor.lines.is_empty() && self.floor.lines.contains_key(&dialog.0)
    }

    pub(super) fn command(&mut self, now: Now, command: SipCommand) {
        self.sip.handle(now, SipInput::Command(command));
    }
}
