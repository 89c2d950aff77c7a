//! One media thread: orders in, sockets emptied, due legs ticked, reports out; once every 5 ms.

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustix::event::epoll;

use super::inbox::Inbox;
use super::{ReportSink, socket};
use crate::machine::{Ids, Now};
use crate::media::leg::{Leg, Reports};
use crate::media::order::{LegId, LegPlan, MediaOrder, MediaReport, RecordEnd};
use crate::media::{record, rtcp, rtp};

/// The wheel: four phases of 5 ms; a leg belongs to one of them.
const PHASES: usize = 4;
const PHASE: Duration = Duration::from_millis(5);
/// Orders may take this much of a phase; the others wait for the next one.
const ORDERS: Duration = Duration::from_millis(2);
/// So far behind, the wheel gives up the lost time instead of sending it as a burst.
const HOPELESS: Duration = Duration::from_millis(200);
/// Packets read from one socket in one tick; a flood at one port is lost in the kernel.
const AT_ONCE: usize = 8;
/// Every so many ticks a socket is read until it is empty, and for so many ticks after it held none or several.
const LOOK_AGAIN: u8 = 8;
const EAGER: u8 = 4;
/// Legs that a phase takes before the next one is used: fewer wake-ups while there are few calls.
const SPREAD: usize = 128;
/// RTCP sockets asked for at once.
const READY: usize = 256;
/// Epoll never waits here.
const NO_WAIT: rustix::event::Timespec = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
/// Reports that wait for the sink; beyond that keys and notes are dropped and counted, never what a call waits for.
const REPORTS: usize = 16_384;
/// The largest datagram that is looked at.
const DATAGRAM: usize = 1_500;

struct Slot {
    leg: Leg,
    socket: UdpSocket,
    ip: IpAddr,
    port: u16,
    /// The peer that the socket is tied to.
    tied: Option<SocketAddr>,
    ticks: u8,
    eager: u8,
    rtcp: Rtcp,
}

/// The RTCP port is opened when the first report is due: short calls never need the descriptor.
enum Rtcp {
    NotYet,
    Open(UdpSocket),
    Failed,
}

#[derive(Default)]
struct Counts {
    packets_in: u64,
    packets_out: u64,
    foreign: u64,
    send_errors: u64,
    reports_lost: u64,
    behind: u64,
}

pub(super) struct Worker {
    inbox: Arc<Inbox>,
    /// Taken out of the inbox, and not yet carried out.
    orders: VecDeque<MediaOrder>,
    sink: ReportSink,
    legs: Arc<AtomicUsize>,
    ids: Ids,
    epoll: OwnedFd,
    slots: Vec<Option<Box<Slot>>>,
    free: Vec<u32>,
    places: HashMap<LegId, u32>,
    phases: [Vec<u32>; PHASES],
    reports: Reports,
    /// Orders were left for the next phase.
    backlog: bool,
    /// Bytes that running recordings may come to.
    recording: usize,
    recordings: usize,
    counts: Counts,
    late: Vec<Duration>,
}

impl Worker {
    pub(super) fn new(inbox: Arc<Inbox>, sink: ReportSink, legs: Arc<AtomicUsize>, ids: Ids, recordings: usize) -> io::Result<Self> {
        Ok(Self {
            inbox,
            orders: VecDeque::new(),
            sink,
            legs,
            ids,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            slots: Vec::new(),
            free: Vec::new(),
            places: HashMap::new(),
            phases: Default::default(),
            reports: VecDeque::new(),
            backlog: false,
            recording: 0,
            recordings,
            counts: Counts::default(),
            late: Vec::with_capacity(256),
        })
    }

    /// Runs until nobody can send orders any more.
    pub(super) fn run(&mut self) {
        let mut ready = Vec::with_capacity(READY);
        let mut due = clock().instant;
        let mut told = due;
        let mut phase = 0;
        loop {
            if self.places.is_empty() && self.reports.is_empty() && self.orders.is_empty() {
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
            }
            // Phases without legs are passed over: with few legs there are few wake-ups, and orders still wait 20 ms at most.
            for _ in 0..PHASES {
                due += PHASE;
                phase = (phase + 1) % PHASES;
                if self.backlog || !self.phases[phase].is_empty() || !self.reports.is_empty() {
                    break;
                }
            }
            let mut now = clock();
            if let Some(early) = due.checked_duration_since(now.instant).filter(|early| !early.is_zero()) {
                std::thread::sleep(early);
                now = clock();
            }
            let late = now.instant.saturating_duration_since(due);
            if self.late.len() < self.late.capacity() {
                self.late.push(late);
            }
            if late > HOPELESS {
                self.counts.behind += 1;
                due = now.instant;
            }
            if !self.take_orders(now) {
                return;
            }
            self.receive_rtcp(now, &mut ready);
            self.tick(now, phase);
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
        for taken in 0_u32.. {
            let Some(order) = self.orders.pop_front() else { break };
            self.obey(now, order);
            if taken % 8 == 7 && clock().instant.saturating_duration_since(now.instant) > ORDERS {
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
            MediaOrder::Change { leg, plan } => self.with(leg, |slot, _| slot.leg.change(now, plan)),
            MediaOrder::Play { leg, play, pieces, repeat } => self.with(leg, |slot, _| slot.leg.play(play, pieces, repeat)),
            MediaOrder::Stop { leg } => self.with(leg, |slot, _| slot.leg.stop()),
            MediaOrder::Collect { leg, on } => self.with(leg, |slot, _| slot.leg.collect(on)),
            MediaOrder::Record { leg, longest, silence } => {
                if self.recording + record::most(longest) > self.recordings {
                    self.reports.push_back(MediaReport::Recorded { leg, audio: Vec::new(), by: RecordEnd::Full });
                    return;
                }
                self.with(leg, |slot, reports| slot.leg.record(now, longest, silence, reports));
            }
            // Browsers' legs and bridges come with the media thread's next change.
            MediaOrder::OpenBrowser { leg, .. } => {
                self.reports.push_back(MediaReport::OpenFailed { leg, why: "browsers' legs are not built yet" });
            }
            MediaOrder::Candidate { .. } | MediaOrder::Hear { .. } | MediaOrder::SendKeys { .. } => {}
            MediaOrder::StopRecording { leg } => self.with(leg, |slot, reports| slot.leg.stop_recording(reports)),
        }
    }

    fn open(&mut self, now: Now, leg: LegId, ip: IpAddr, port: u16, plan: LegPlan) {
        let failed = |why| MediaReport::OpenFailed { leg, why };
        if self.places.contains_key(&leg) {
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
        let place = self.free.pop().unwrap_or(self.slots.len() as u32);
        let leg_state = Leg::new(now, leg, plan, &mut self.ids);
        let slot = Box::new(Slot { leg: leg_state, socket, ip, port, tied: None, ticks: 0, eager: EAGER, rtcp: Rtcp::NotYet });
        if self.slots.len() <= place as usize {
            self.slots.resize_with(place as usize + 1, || None);
        }
        self.slots[place as usize] = Some(slot);
        self.places.insert(leg, place);
        // Few legs share a phase, many are spread evenly.
        if let Some(phase) = self.phases.iter_mut().min_by_key(|phase| phase.len() / SPREAD) {
            phase.push(place);
        }
        self.legs.fetch_add(1, Ordering::Relaxed);
        self.reports.push_back(MediaReport::Opened { leg });
    }

    /// The socket is closed at once, with all that waits in it; the pool rests the port.
    fn close(&mut self, now: Now, leg: LegId) {
        let Some(place) = self.places.remove(&leg) else { return };
        let Some(mut slot) = self.slots[place as usize].take() else { return };
        self.free.push(place);
        for phase in &mut self.phases {
            if let Some(at) = phase.iter().position(|known| *known == place) {
                phase.swap_remove(at);
            }
        }
        self.legs.fetch_sub(1, Ordering::Relaxed);
        let mut packet = [0; rtcp::LARGEST];
        if let Rtcp::Open(socket) = &slot.rtcp
            && let Some((length, to)) = slot.leg.goodbye(now, &mut packet)
        {
            socket::send(socket, false, to, &packet[..length]);
        }
        self.recording -= slot.leg.recording_most();
        let lost = slot.leg.counts(now).lost;
        slot.leg.close(now, &mut self.reports);
        metrics::counter!("dinetone_rtp_lost_total").increment(lost);
    }

    /// Does something with a leg, and keeps account of recordings.
    fn with(&mut self, leg: LegId, act: impl FnOnce(&mut Slot, &mut Reports)) {
        let Some(slot) = self.places.get(&leg).and_then(|place| self.slots[*place as usize].as_mut()) else { return };
        let before = slot.leg.recording_most();
        act(slot, &mut self.reports);
        self.recording = self.recording + slot.leg.recording_most() - before;
    }

    /// RTCP: epoll tells which of the many quiet sockets have something, one packet of each is read.
    fn receive_rtcp(&mut self, now: Now, ready: &mut Vec<epoll::Event>) {
        let mut datagram = [0; DATAGRAM];
        ready.clear();
        if epoll::wait(&self.epoll, rustix::buffer::spare_capacity(ready), Some(&NO_WAIT)).is_err() {
            return;
        }
        for event in &*ready {
            let Some(Some(slot)) = self.slots.get_mut(event.data.u64() as usize) else { continue };
            // An error here is only what an earlier packet of ours met (port unreachable).
            if let Rtcp::Open(socket) = &slot.rtcp
                && let Ok((length, from)) = socket.recv_from(&mut datagram)
            {
                let ours = slot.leg.receive_rtcp(now, from, &datagram[..length]);
                self.counts.foreign += u64::from(!ours);
            }
        }
    }

    /// Each leg of this phase: what has come, then what goes.
    fn tick(&mut self, now: Now, phase: usize) {
        let mut packet = [0; rtp::PACKET];
        let mut datagram = [0; DATAGRAM];
        for place in &self.phases[phase] {
            let Some(slot) = self.slots[*place as usize].as_mut() else { continue };
            let before = slot.leg.recording_most();
            slot.tie(now);
            slot.receive(now, &mut datagram, &mut self.reports, &mut self.counts);
            if let Some(to) = slot.leg.tick(now, &mut packet, &mut self.reports) {
                slot.send(to, &packet, &mut self.counts);
            }
            self.recording = self.recording + slot.leg.recording_most() - before;
            let mut report = [0; rtcp::LARGEST];
            if let Some((length, to)) = slot.leg.report(now, &mut report) {
                slot.open_rtcp(&self.epoll, *place);
                if let Rtcp::Open(socket) = &slot.rtcp {
                    socket::send(socket, false, to, &report[..length]);
                }
            }
        }
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
            self.counts.reports_lost += (before - self.reports.len()) as u64;
        }
    }

    /// Counters and lateness go out once a second.
    fn publish(&mut self) {
        let counts = std::mem::take(&mut self.counts);
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

impl Slot {
    /// Reads what has come. Most peers send one packet for each of ours: asking for a second one every time would cost as much
    /// again, so that is done only now and then, or as long as there were more lately.
    fn receive(&mut self, now: Now, datagram: &mut [u8; DATAGRAM], reports: &mut Reports, counts: &mut Counts) {
        self.ticks = self.ticks.wrapping_add(1);
        let most = if self.eager > 0 || self.ticks.is_multiple_of(LOOK_AGAIN) { AT_ONCE } else { 1 };
        let mut read = 0;
        for _ in 0..most {
            match self.socket.recv_from(datagram) {
                Ok((length, from)) => {
                    read += 1;
                    let ours = self.leg.receive(now, from, &datagram[..length], reports);
                    counts.packets_in += u64::from(ours);
                    counts.foreign += u64::from(!ours);
                }
                // Only what an earlier packet of ours met (port unreachable).
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(_) => break,
            }
        }
        // A tick without a packet is made up for by two at the next one.
        self.eager = if read == 1 { self.eager.saturating_sub(1) } else { EAGER };
    }

    /// Ties the socket to the peer once it is locked, frees it when the peer may come from elsewhere.
    fn tie(&mut self, now: Now) {
        let fixed = self.leg.fixed(now);
        if fixed != self.tied {
            self.tied = if socket::tie(&self.socket, fixed) { fixed } else { None };
        }
    }

    fn send(&self, to: SocketAddr, packet: &[u8], counts: &mut Counts) {
        if socket::send(&self.socket, self.tied.is_some(), to, packet) {
            counts.packets_out += 1;
        } else {
            counts.send_errors += 1;
        }
    }

    fn open_rtcp(&mut self, epoll: &OwnedFd, place: u32) {
        if !matches!(self.rtcp, Rtcp::NotYet) {
            return;
        }
        let told = epoll::EventData::new_u64(u64::from(place));
        self.rtcp = self
            .port
            .checked_add(1)
            .and_then(|port| socket::open(self.ip, port).ok())
            .filter(|socket| epoll::add(epoll, socket, told, epoll::EventFlags::IN).is_ok())
            .map_or(Rtcp::Failed, Rtcp::Open);
    }
}

/// The one reading of the clock for a whole phase.
#[expect(clippy::disallowed_methods, reason = "this thread is a part of the shell with its own tick")]
fn clock() -> Now {
    Now { instant: Instant::now(), wall: SystemTime::now() }
}
