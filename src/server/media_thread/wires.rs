//! The sockets of one thread: which leg has which, what has come on them, and what goes out.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;

use rustix::event::epoll;

use super::door::{Door, Entry};
use super::socket::{self, DATAGRAM};
use crate::machine::Now;
use crate::media::hall::Hall;
use crate::media::leg::Reports;
use crate::media::rtcp;

/// Packets read from one socket in one tick; a flood at one port is lost in the kernel.
const AT_ONCE: usize = 8;
/// Every so many ticks a socket is read until it is empty, and for so many ticks after it held none or several.
const LOOK_AGAIN: u8 = 8;
const EAGER: u8 = 4;
/// More packets than the kernel keeps for one socket (`socket::open`).
const UNSIFTED: u8 = 64;
/// RTCP sockets asked for at once.
const READY: usize = 256;
/// Sockets of parties that are heard by others, asked for at once: each gives one packet in 5 ms.
const HEARD: usize = 4_096;
/// Epoll never waits here.
const NO_WAIT: rustix::event::Timespec = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };

/// Room for what epoll tells; it belongs to the thread's own stack.
pub(super) type Ready = Vec<epoll::Event>;

/// What was carried since the last publication.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) packets_in: u64,
    pub(super) packets_out: u64,
    pub(super) foreign: u64,
    pub(super) send_errors: u64,
    pub(super) reports_lost: u64,
    pub(super) behind: u64,
}

struct Slot {
    socket: UdpSocket,
    ip: IpAddr,
    port: u16,
    /// The peer that the socket is tied to.
    tied: Option<SocketAddr>,
    /// Packets that may have waited here since before it was tied: anybody's.
    unsifted: u8,
    ticks: u8,
    eager: u8,
    rtcp: Rtcp,
    /// Somebody hears this party: its socket is looked at every 5 ms instead of at its tick.
    heard: bool,
}

/// The RTCP port is opened when the first report is due: short calls never need the descriptor.
enum Rtcp {
    NotYet,
    Open(UdpSocket),
    Failed,
}

/// Sockets by the place of their leg.
pub(super) struct Wires {
    slots: Vec<Option<Box<Slot>>>,
    rtcp: OwnedFd,
    sound: OwnedFd,
    /// Sockets in `sound`.
    heard: usize,
    /// Where browsers come in; none when they do not.
    pub(super) door: Option<Door>,
    pub(super) counts: Counts,
}

impl Wires {
    pub(super) fn new(browsers: &[Entry]) -> io::Result<Self> {
        let door = if browsers.is_empty() { None } else { Some(Door::open(browsers)?) };
        let epoll = || epoll::create(epoll::CreateFlags::CLOEXEC);
        Ok(Self { slots: Vec::new(), rtcp: epoll()?, sound: epoll()?, heard: 0, door, counts: Counts::default() })
    }

    /// Gives the leg at a place its socket.
    pub(super) fn open(&mut self, place: u32, socket: UdpSocket, ip: IpAddr, port: u16) {
        if self.slots.len() <= place as usize {
            self.slots.resize_with(place as usize + 1, || None);
        }
        let slot = Slot { socket, ip, port, tied: None, unsifted: 0, ticks: 0, eager: EAGER, rtcp: Rtcp::NotYet, heard: false };
        self.slots[place as usize] = Some(Box::new(slot));
    }

    /// Closes the socket at once, with all that waits in it; the pool rests the port.
    pub(super) fn close(&mut self, place: u32, goodbye: Option<(&[u8], SocketAddr)>) {
        if let Some(door) = &mut self.door {
            door.leave(place);
        }
        let Some(slot) = self.slots.get_mut(place as usize).and_then(Option::take) else { return };
        self.heard -= usize::from(slot.heard);
        if let (Rtcp::Open(socket), Some((packet, to))) = (&slot.rtcp, goodbye) {
            socket::send(socket, false, to, packet);
        }
    }

    /// Whether a party is heard by others, so that its packets are looked for in every phase.
    pub(super) fn is_anybody_heard(&self) -> bool {
        self.heard > 0 || self.door.as_ref().is_some_and(Door::is_anybody_here)
    }

    /// From now on this party is heard by others, or is not.
    pub(super) fn set_heard(&mut self, place: u32, heard: bool) {
        let Some(Some(slot)) = self.slots.get_mut(place as usize) else { return };
        if slot.heard == heard {
            return;
        }
        if heard {
            let told = epoll::EventData::new_u64(u64::from(place));
            // Refused only when the system has no memory: the socket is then read at its tick as before.
            slot.heard = epoll::add(&self.sound, &slot.socket, told, epoll::EventFlags::IN).is_ok();
        } else {
            slot.heard = epoll::delete(&self.sound, &slot.socket).is_err();
        }
        if slot.heard == heard {
            self.heard = if heard { self.heard + 1 } else { self.heard - 1 };
        }
    }

    /// Sends a leg's packet to its peer.
    pub(super) fn send(&mut self, now: Now, place: u32, to: SocketAddr, packet: &[u8]) {
        let sent = match (self.slots.get(place as usize), &mut self.door) {
            (Some(Some(slot)), _) => socket::send(&slot.socket, slot.tied.is_some(), to, packet),
            (_, Some(door)) => {
                self.counts.packets_out += u64::from(door.send(now, place, packet));
                return;
            }
            _ => return,
        };
        if sent {
            self.counts.packets_out += 1;
        } else {
            self.counts.send_errors += 1;
        }
    }

    /// One packet of each party that others hear; epoll tells who has one. A flood at one port is held to 200 packets a second.
    pub(super) fn receive_heard(&mut self, now: Now, hall: &mut Hall, reports: &mut Reports, ready: &mut Ready) {
        if self.heard == 0 {
            return;
        }
        self.ask(&self.sound, HEARD, ready);
        for event in ready.drain(..) {
            self.read(now, event.data.u64() as u32, 1, hall, reports);
        }
    }

    /// RTCP: epoll tells which of the many quiet sockets have something, one packet of each is read.
    pub(super) fn receive_rtcp(&mut self, now: Now, hall: &mut Hall, ready: &mut Ready) {
        let mut datagram = [0; DATAGRAM];
        self.ask(&self.rtcp, READY, ready);
        for event in ready.drain(..) {
            let place = event.data.u64() as u32;
            let Some(Some(slot)) = self.slots.get(place as usize) else { continue };
            if let Rtcp::Open(socket) = &slot.rtcp
                && let Ok((length, from)) = socket.recv_from(&mut datagram)
                && let Some(leg) = hall.leg_mut(place)
            {
                let ours = leg.receive_rtcp(now, from, &mut datagram[..length]);
                self.counts.foreign += u64::from(!ours);
            }
        }
    }

    /// Reads what has come for one leg at its tick; nothing where others hear it, since that is read at once.
    pub(super) fn receive(&mut self, now: Now, place: u32, hall: &mut Hall, reports: &mut Reports) {
        self.tie(now, place, hall);
        match (self.slots.get(place as usize), &mut self.door) {
            (Some(Some(slot)), _) if slot.heard => {}
            (Some(Some(_)), _) => self.read(now, place, AT_ONCE, hall, reports),
            (_, Some(door)) => door.look_after(now, place, reports),
            _ => {}
        }
    }

    /// Reads one socket. Most peers send one packet for each of ours: asking for a second one every time would cost as much again, so
    /// that is done only now and then, or as long as there were more lately.
    fn read(&mut self, now: Now, place: u32, at_once: usize, hall: &mut Hall, reports: &mut Reports) {
        let Some(Some(slot)) = self.slots.get_mut(place as usize) else { return };
        slot.ticks = slot.ticks.wrapping_add(1);
        let most = if slot.eager > 0 || slot.ticks.is_multiple_of(LOOK_AGAIN) { at_once } else { 1 };
        let mut datagram = [0; DATAGRAM];
        let mut read = 0;
        for _ in 0..most {
            let Some(Some(slot)) = self.slots.get_mut(place as usize) else { return };
            match slot.receive(&mut datagram) {
                Ok((length, from)) => {
                    read += 1;
                    self.take(now, place, from, &mut datagram[..length], hall, reports);
                }
                // Only what an earlier packet of ours met (port unreachable).
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(_) => break,
            }
        }
        let Some(Some(slot)) = self.slots.get_mut(place as usize) else { return };
        // A tick without a packet is made up for by two at the next one.
        slot.eager = if read == 1 { slot.eager.saturating_sub(1) } else { EAGER };
    }

    /// Sends an RTCP report when one is due.
    pub(super) fn report(&mut self, now: Now, place: u32, hall: &mut Hall) {
        let Some(Some(slot)) = self.slots.get_mut(place as usize) else { return };
        let mut report = [0; rtcp::ROOM];
        let Some((length, to)) = hall.leg_mut(place).and_then(|leg| leg.report(now, &mut report)) else { return };
        slot.open_rtcp(&self.rtcp, place);
        if let Rtcp::Open(socket) = &slot.rtcp {
            socket::send(socket, false, to, &report[..length]);
        }
    }

    fn take(&mut self, now: Now, place: u32, from: SocketAddr, datagram: &mut [u8], hall: &mut Hall, reports: &mut Reports) {
        let ours = hall.receive(now, place, from, datagram, reports, &mut |place, to, packet| self.send(now, place, to, packet));
        self.counts.packets_in += u64::from(ours);
        self.counts.foreign += u64::from(!ours);
    }

    /// Ties the socket to the peer once it is locked, frees it when the peer may come from elsewhere.
    fn tie(&mut self, now: Now, place: u32, hall: &Hall) {
        let (Some(Some(slot)), Some(leg)) = (self.slots.get_mut(place as usize), hall.leg(place)) else { return };
        let fixed = leg.fixed(now);
        if fixed != slot.tied {
            slot.tied = if socket::tie(&slot.socket, fixed) { fixed } else { None };
            slot.unsifted = UNSIFTED;
        }
    }

    fn ask(&self, epoll: &OwnedFd, most: usize, ready: &mut Ready) {
        ready.clear();
        // Grows once to what the legs need, and stays.
        ready.reserve(most.min(self.slots.len()).max(1));
        if epoll::wait(epoll, rustix::buffer::spare_capacity(ready), Some(&NO_WAIT)).is_err() {
            ready.clear();
        }
    }
}

impl Slot {
    /// One packet. Of a tied socket the kernel lets through only the peer's, and need not be asked each time whose it is.
    fn receive(&mut self, datagram: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        if let (Some(peer), 0) = (self.tied, self.unsifted) {
            return Ok((self.socket.recv(datagram)?, peer));
        }
        self.unsifted = self.unsifted.saturating_sub(1);
        self.socket.recv_from(datagram)
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
