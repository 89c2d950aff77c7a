//! One media thread: orders in, sockets emptied, due legs ticked, reports out; once every 5 ms.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::inbox::Inbox;
use super::strain::Strain;
use super::wires::Wires;
use super::{MediaSettings, ReportSink, socket};
use crate::machine::{Ids, Now};
use crate::media::hall::Hall;
use crate::media::leg::{Leg, Reports};
use crate::media::order::{Codec, LegId, LegPlan, MediaOrder, MediaReport, RecordEnd};
use crate::media::{record, rtcp};

/// The wheel: four phases of 5 ms; a leg belongs to one of them.
const PHASES: usize = 4;
const PHASE: Duration = Duration::from_millis(5);
/// Orders may take this much of a phase, or as long as the sound of the last one took; the others wait for the next one. Were it less,
/// calls that have ended would go on being carried by a thread that has too many of them to close them.
const ORDERS: Duration = Duration::from_millis(2);
/// So far behind, the wheel gives up the lost time instead of sending it as a burst.
const HOPELESS: Duration = Duration::from_millis(200);
/// Legs that a phase takes before the next one is used: fewer wake-ups while there are few calls.
const SPREAD: usize = 128;
/// Reports that wait for the sink; beyond that keys and notes are dropped and counted, never what a call waits for.
const REPORTS: usize = 16_384;

/// Stands for a page's address, which only its connection knows.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

pub(super) struct Worker {
    inbox: Arc<Inbox>,
    /// Taken out of the inbox, and not yet carried out.
    orders: VecDeque<MediaOrder>,
    sink: ReportSink,
    legs: Arc<AtomicUsize>,
    /// More is up than can be carried.
    full: Arc<AtomicBool>,
    ids: Ids,
    hall: Hall,
    wires: Wires,
    phases: [Vec<u32>; PHASES],
    reports: Reports,
    /// Orders were left for the next phase.
    backlog: bool,
    /// How long the sound of the last phase took.
    sounded: Duration,
    /// Bytes that running recordings may come to.
    recording: usize,
    recordings: usize,
    late: Vec<Duration>,
}

impl Worker {
    pub(super) fn new(
        inbox: Arc<Inbox>,
        sink: ReportSink,
        (legs, full): (Arc<AtomicUsize>, Arc<AtomicBool>),
        ids: Ids,
        settings: &MediaSettings,
    ) -> io::Result<Self> {
        Ok(Self {
            inbox,
            orders: VecDeque::new(),
            sink,
            legs,
            full,
            ids,
            hall: Hall::default(),
            wires: Wires::new(&settings.browsers)?,
            phases: Default::default(),
            reports: VecDeque::new(),
            backlog: false,
            sounded: Duration::ZERO,
            recording: 0,
            recordings: settings.recordings,
            late: Vec::with_capacity(256),
        })
    }

    /// Runs until nobody can send orders any more.
    pub(super) fn run(&mut self) {
        let mut ready = Vec::new();
        let mut due = clock().instant;
        let mut told = due;
        let mut phase = 0;
        let mut strain = Strain::new(due);
        loop {
            if self.hall.is_empty() && self.reports.is_empty() && self.orders.is_empty() {
                // Nothing to carry: no wake-ups.
                if !self.inbox.wait(&mut self.orders, Duration::from_secs(1)) {
                    return;
                }
                if self.orders.is_empty() {
                    self.publish();
                } else {
                    self.take_orders(clock());
                    self.tell();
                }
                due = clock().instant;
                strain = Strain::new(due);
                self.full.store(false, Ordering::Relaxed);
            }
            // Phases without legs are passed over: with few legs there are few wake-ups, and orders still wait 20 ms at most.
            for _ in 0..PHASES {
                due += PHASE;
                phase = (phase + 1) % PHASES;
                if self.backlog || !self.phases[phase].is_empty() || !self.reports.is_empty() || self.wires.is_anybody_heard() {
                    break;
                }
            }
            let mut now = clock();
            let early = due.checked_duration_since(now.instant).filter(|early| !early.is_zero());
            if let Some(early) = early {
                std::thread::sleep(early);
                now = clock();
            }
            if let Some(full) = strain.look(now.instant, early.is_some()) {
                self.full.store(full, Ordering::Relaxed);
                if full {
                    metrics::counter!("dinetone_media_full_total").increment(1);
                    tracing::warn!(
                        "{} legs are more than this machine can carry: new calls are refused",
                        self.legs.load(Ordering::Relaxed)
                    );
                }
            }
            let late = now.instant.saturating_duration_since(due);
            if self.late.len() < self.late.capacity() {
                self.late.push(late);
            }
            if late > HOPELESS {
                self.wires.counts.behind += 1;
                due = now.instant;
            }
            if !self.take_orders(now) {
                return;
            }
            let began = clock().instant;
            self.wires.receive_heard(now, &mut self.hall, &mut self.reports, &mut ready);
            self.wires.receive_pages(now, &mut self.hall, &mut self.reports);
            self.wires.receive_rtcp(now, &mut self.hall, &mut ready);
            self.tick(now, phase);
            self.sounded = clock().instant.saturating_duration_since(began);
            self.tell();
            if now.instant.saturating_duration_since(told) >= Duration::from_secs(1) {
                told = now.instant;
                self.publish();
            }
        }
    }

    /// False when nobody can send orders any more.
    fn take_orders(&mut self, now: Now) -> bool {
        if self.orders.is_empty() && !self.inbox.take(&mut self.orders) {
            return false;
        }
        let most = ORDERS.max(self.sounded);
        for taken in 0_u32.. {
            let Some(order) = self.orders.pop_front() else { break };
            self.obey(now, order);
            if taken % 8 == 7 && clock().instant.saturating_duration_since(now.instant) > most {
                break;
            }
        }
        self.backlog = !self.orders.is_empty();
        true
    }

    fn obey(&mut self, now: Now, order: MediaOrder) {
        match order {
            MediaOrder::Open { leg, ip, port, plan } => self.open(now, leg, ip, port, plan),
            MediaOrder::Close { leg } => self.close(now, leg),
            MediaOrder::OpenBrowser { leg, offer, quiet_after } => {
                let report = match self.open_browser(now, leg, &offer, quiet_after) {
                    Ok(sdp) => MediaReport::BrowserAnswer { leg, sdp },
                    Err(why) => MediaReport::OpenFailed { leg, why },
                };
                self.reports.push_back(report);
            }
            MediaOrder::OfferBrowser { leg } => {
                let report = match self.offer_browser(now, leg) {
                    Ok(sdp) => MediaReport::BrowserOffer { leg, sdp },
                    Err(why) => MediaReport::OpenFailed { leg, why },
                };
                self.reports.push_back(report);
            }
            MediaOrder::AcceptBrowser { leg, answer, quiet_after } => {
                if let Err(why) = self.accept_browser(now, leg, &answer, quiet_after) {
                    self.reports.push_back(MediaReport::OpenFailed { leg, why });
                }
            }
            MediaOrder::Candidate { leg, candidate } => {
                if let (Some(place), Some(door)) = (self.hall.place(leg), &mut self.wires.door)
                    && let Some(browser) = door.browser(place)
                {
                    browser.candidate(&candidate);
                }
            }
            MediaOrder::Record { leg, longest, .. } if self.recording + record::most(longest) > self.recordings => {
                self.reports.push_back(MediaReport::Recorded { leg, audio: Vec::new(), by: RecordEnd::Full });
            }
            order => {
                let place = self.hall.place(super::leg_of(&order));
                let before = self.recording_of(place);
                self.hall.obey(now, order, &mut self.reports);
                self.recording = self.recording + self.recording_of(place) - before;
                self.look_who_is_heard();
            }
        }
    }

    fn open(&mut self, now: Now, leg: LegId, ip: IpAddr, port: u16, plan: LegPlan) {
        let failed = |why| MediaReport::OpenFailed { leg, why };
        if self.hall.place(leg).is_some() {
            self.reports.push_back(failed("the leg is open already"));
            return;
        }
        let socket = match socket::open(ip, port) {
            Ok(socket) => socket,
            Err(error) => {
                self.reports.push_back(failed(socket::why(&error)));
                return;
            }
        };
        let Some(place) = self.hall.open(Leg::new(now, leg, plan, &mut self.ids)) else { return };
        self.wires.open(place, socket, ip, port);
        self.reports.push_back(MediaReport::Opened { leg });
        self.opened(place);
    }

    /// Opens a leg for a page, or gives one that is open a new page: whom it hears and what is played on it stays.
    fn open_browser(&mut self, now: Now, leg: LegId, offer: &str, quiet_after: Duration) -> Result<String, &'static str> {
        let door = self.wires.door.as_mut().ok_or("browsers have no port here (media.browser_port)")?;
        let known = self.hall.place(leg);
        if known.is_some_and(|place| !door.has(place)) {
            return Err("the leg is open already");
        }
        let (browser, sdp) = door.terms().answer(now, offer)?;
        let plan = browser.plan(NOWHERE).ok_or("there is no telephone sound in it (PCMA or PCMU)")?;
        let place = match known {
            Some(place) => {
                if let Some(leg) = self.hall.leg_mut(place) {
                    leg.change(now, plan);
                }
                place
            }
            None => self.hall.open(Leg::new(now, leg, plan, &mut self.ids)).ok_or("the leg is open already")?,
        };
        if let Some(leg) = self.hall.leg_mut(place) {
            leg.quiet_after(now, quiet_after);
        }
        door.enter(place, leg, browser);
        if known.is_none() {
            self.opened(place);
        }
        Ok(sdp)
    }

    /// Opens a leg for a page that is rung; until it answers, nothing is sent and nothing expected.
    fn offer_browser(&mut self, now: Now, leg: LegId) -> Result<String, &'static str> {
        let door = self.wires.door.as_mut().ok_or("browsers have no port here (media.browser_port)")?;
        let (browser, sdp) = door.terms().offer(now)?;
        let plan = LegPlan { send: false, receive: false, ..LegPlan::of(Codec::Pcma) };
        let place = self.hall.open(Leg::new(now, leg, plan, &mut self.ids)).ok_or("the leg is open already")?;
        door.enter(place, leg, browser);
        self.opened(place);
        Ok(sdp)
    }

    fn accept_browser(&mut self, now: Now, leg: LegId, answer: &str, quiet_after: Duration) -> Result<(), &'static str> {
        let place = self.hall.place(leg).ok_or("there is no such leg")?;
        let browser = self.wires.door.as_mut().and_then(|door| door.browser(place)).ok_or("that is no browser's leg")?;
        browser.accept(now, answer)?;
        let plan = browser.plan(NOWHERE).ok_or("there is no telephone sound in it (PCMA or PCMU)")?;
        if let Some(leg) = self.hall.leg_mut(place) {
            leg.change(now, plan);
            leg.quiet_after(now, quiet_after);
        }
        Ok(())
    }

    /// A leg has its place: it gets its phase.
    fn opened(&mut self, place: u32) {
        // Few legs share a phase, many are spread evenly.
        if let Some(phase) = self.phases.iter_mut().min_by_key(|phase| phase.len() / SPREAD) {
            phase.push(place);
        }
        self.legs.fetch_add(1, Ordering::Relaxed);
        self.look_who_is_heard();
    }

    fn close(&mut self, now: Now, leg: LegId) {
        self.recording -= self.recording_of(self.hall.place(leg));
        let Some((place, mut leg)) = self.hall.close(leg) else { return };
        for phase in &mut self.phases {
            if let Some(at) = phase.iter().position(|known| *known == place) {
                phase.swap_remove(at);
            }
        }
        self.legs.fetch_sub(1, Ordering::Relaxed);
        let mut packet = [0; rtcp::ROOM];
        let goodbye = leg.goodbye(now, &mut packet);
        self.wires.close(place, goodbye.map(|(length, to)| (&packet[..length], to)));
        metrics::counter!("dinetone_rtp_lost_total").increment(leg.counts(now).lost);
        leg.close(now, &mut self.reports);
        self.look_who_is_heard();
    }

    /// Packets of parties that are heard by others are looked for more often.
    fn look_who_is_heard(&mut self) {
        while let Some(place) = self.hall.changed() {
            self.wires.set_heard(place, self.hall.is_heard(place));
        }
    }

    /// Each leg of this phase: what has come, then what goes.
    fn tick(&mut self, now: Now, phase: usize) {
        for place in 0..self.phases[phase].len() {
            let place = self.phases[phase][place];
            let before = self.recording_of(Some(place));
            self.wires.receive(now, place, &mut self.hall, &mut self.reports);
            let wires = &mut self.wires;
            self.hall.tick(now, place, &mut self.reports, &mut |place, to, packet| wires.send(now, place, to, packet));
            self.recording = self.recording + self.recording_of(Some(place)) - before;
            self.wires.report(now, place, &mut self.hall);
        }
    }

    fn recording_of(&self, place: Option<u32>) -> usize {
        place.and_then(|place| self.hall.leg(place)).map_or(0, Leg::recording_most)
    }

    fn tell(&mut self) {
        while let Some(report) = self.reports.pop_front() {
            if let Err(report) = (self.sink)(report) {
                self.reports.push_front(report);
                break;
            }
        }
        if self.reports.len() > REPORTS {
            let before = self.reports.len();
            self.reports
                .retain(|report| !matches!(report, MediaReport::Key { .. } | MediaReport::NoAudio { .. } | MediaReport::AudioBack { .. }));
            self.wires.counts.reports_lost += (before - self.reports.len()) as u64;
        }
    }

    /// Counters and lateness go out once a second.
    fn publish(&mut self) {
        let counts = std::mem::take(&mut self.wires.counts);
        metrics::counter!("dinetone_rtp_packets_total", "direction" => "in").increment(counts.packets_in);
        metrics::counter!("dinetone_rtp_packets_total", "direction" => "out").increment(counts.packets_out);
        metrics::counter!("dinetone_rtp_foreign_total").increment(counts.foreign);
        metrics::counter!("dinetone_rtp_send_errors_total").increment(counts.send_errors);
        metrics::counter!("dinetone_media_reports_lost_total").increment(counts.reports_lost);
        metrics::counter!("dinetone_media_hopeless_ticks_total").increment(counts.behind);
        metrics::gauge!("dinetone_media_legs").set(self.legs.load(Ordering::Relaxed) as f64);
        let lateness = metrics::histogram!("dinetone_media_tick_lateness_seconds");
        self.late.drain(..).for_each(|late| lateness.record(late.as_secs_f64()));
    }
}

impl Drop for Worker {
    /// However the thread ends, nobody waits for it in vain.
    fn drop(&mut self) {
        self.inbox.close();
    }
}

/// The one reading of the clock for a whole phase.
#[expect(clippy::disallowed_methods, reason = "this thread is a part of the shell with its own tick")]
fn clock() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::now() }
}
