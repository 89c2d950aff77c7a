//! Where browsers come in: one port for all of them, told apart by their address, and before that by the name in their first packets.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use rustix::net::sockopt;

use super::socket;
use crate::machine::Now;
use crate::media::hall::Hall;
use crate::media::leg::Reports;
use crate::media::order::{LegId, MediaReport};
use crate::media::webrtc::{self, Browser, Out, Terms};

use super::wires::{DATAGRAM, Wires};

/// Datagrams read from one socket in 5 ms: ten times what 200 pages send. A flood beyond that is lost in the kernel.
const AT_ONCE: usize = 512;
/// Room for received packets in the kernel, for all pages together.
const RECEIVE_BUFFER: usize = 1024 * 1024;
/// Addresses that one page may have had; the oldest is forgotten.
const ADDRESSES: usize = 8;

/// One socket, and the address by which pages know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Address to bind.
    pub bind: SocketAddr,
    /// Address to tell (another one when a router translates); its port too is that of `bind` when it is 0.
    pub told: SocketAddr,
}

/// Where pages may come in on this machine: at the addresses by which it reaches others, and at its own. `advertise` is told
/// instead of an address of the same family when a router translates.
#[must_use]
pub fn entries(port: u16, advertise: Option<IpAddr>) -> Vec<Entry> {
    // Nothing is sent: the system only says which address it would use towards networks that are reserved for documents.
    let outward = |from: IpAddr, to: IpAddr| {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect((to, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified() && !ip.is_loopback())
    };
    let mut entries = Vec::new();
    let four = outward(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let six = outward(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xDB8, 0, 0, 0, 0, 0, 1).into());
    for ip in [four, six].into_iter().flatten() {
        let told = advertise.filter(|told| told.is_ipv4() == ip.is_ipv4()).unwrap_or(ip);
        entries.push(Entry { bind: SocketAddr::new(ip, port), told: SocketAddr::new(told, port) });
    }
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    entries.push(Entry { bind: own, told: own });
    entries
}

pub(super) struct Door {
    terms: Terms,
    sockets: Vec<(UdpSocket, SocketAddr)>,
    pages: Vec<Option<Box<Page>>>,
    open: usize,
    by_ufrag: HashMap<String, u32>,
    by_address: HashMap<SocketAddr, u32>,
}

struct Page {
    leg: LegId,
    /// Away only while it is being fed.
    browser: Option<Box<Browser>>,
    addresses: Vec<SocketAddr>,
}

impl Door {
    /// Opens the sockets. An address that the machine does not have (any more) is passed over.
    ///
    /// # Errors
    /// When not one can be opened, or no certificate can be made.
    pub(super) fn open(entries: &[Entry]) -> io::Result<Self> {
        let (mut sockets, mut failed) = (Vec::new(), None);
        for entry in entries {
            match socket::open(entry.bind.ip(), entry.bind.port()) {
                Ok(socket) => {
                    let _ = sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
                    let port = if entry.told.port() == 0 { socket.local_addr()?.port() } else { entry.told.port() };
                    sockets.push((socket, SocketAddr::new(entry.told.ip(), port)));
                }
                Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
                Err(error) => failed = Some(error),
            }
        }
        if sockets.is_empty() {
            return Err(failed.unwrap_or_else(|| ErrorKind::AddrNotAvailable.into()));
        }
        let terms = Terms::new(sockets.iter().map(|(_, told)| *told).collect()).map_err(io::Error::other)?;
        Ok(Self { terms, sockets, pages: Vec::new(), open: 0, by_ufrag: HashMap::new(), by_address: HashMap::new() })
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn is_anybody_here(&self) -> bool {
        self.open > 0
    }

    pub(super) fn has(&self, place: u32) -> bool {
        self.pages.get(place as usize).is_some_and(Option::is_some)
    }

    /// Gives the leg at a place its page, or a new one.
    pub(super) fn enter(&mut self, place: u32, leg: LegId, browser: Browser) {
        self.leave(place);
        if self.pages.len() <= place as usize {
            self.pages.resize_with(place as usize + 1, || None);
        }
        self.by_ufrag.insert(browser.ufrag().to_owned(), place);
        self.pages[place as usize] = Some(Box::new(Page { leg, browser: Some(Box::new(browser)), addresses: Vec::new() }));
        self.open += 1;
    }

    pub(super) fn leave(&mut self, place: u32) {
        let Some(page) = self.pages.get_mut(place as usize).and_then(Option::take) else { return };
        self.open -= 1;
        if let Some(browser) = &page.browser {
            self.by_ufrag.remove(browser.ufrag());
        }
        for address in &page.addresses {
            // Another page may speak from there by now.
            if self.by_address.get(address) == Some(&place) {
                self.by_address.remove(address);
            }
        }
    }

    pub(super) fn browser(&mut self, place: u32) -> Option<&mut Browser> {
        self.pages.get_mut(place as usize)?.as_mut()?.browser.as_deref_mut()
    }

    /// Sends a leg's packet to its page.
    pub(super) fn send(&mut self, now: Now, place: u32, packet: &[u8]) -> bool {
        let Self { pages, sockets, .. } = self;
        let Some(browser) = pages.get_mut(place as usize).and_then(Option::as_mut).and_then(|page| page.browser.as_mut()) else {
            return false;
        };
        let mut sent = false;
        browser.send(now, packet, &mut |out| sent |= transmit(sockets, &out)) && sent
    }

    /// The page's timers, and what is to be told of it.
    pub(super) fn look_after(&mut self, now: Now, place: u32, reports: &mut Reports) {
        let Self { pages, sockets, .. } = self;
        let Some(Some(page)) = pages.get_mut(place as usize) else { return };
        let Some(browser) = &mut page.browser else { return };
        browser.look_after(now, &mut |out| {
            transmit(sockets, &out);
        });
        if let Some(health) = browser.health(now) {
            let webrtc::Health { connected, loss_percent, rtt_ms } = health;
            reports.push_back(MediaReport::BrowserState { leg: page.leg, connected, loss_percent, rtt_ms });
        }
    }

    /// Whose a datagram is.
    fn whose(&self, from: SocketAddr, datagram: &[u8]) -> Option<u32> {
        if webrtc::is_stun(datagram) {
            return self.by_ufrag.get(&webrtc::ufrag_of(datagram)?).copied();
        }
        self.by_address.get(&from).copied()
    }

    /// A page has spoken from this address, and proved that it is that page.
    fn remember(&mut self, place: u32, from: SocketAddr) {
        if self.by_address.get(&from) == Some(&place) {
            return;
        }
        let Some(Some(page)) = self.pages.get_mut(place as usize) else { return };
        if page.addresses.len() >= ADDRESSES {
            let oldest = page.addresses.remove(0);
            if self.by_address.get(&oldest) == Some(&place) {
                self.by_address.remove(&oldest);
            }
        }
        page.addresses.push(from);
        self.by_address.insert(from, place);
    }
}

impl Wires {
    /// Reads what pages have sent.
    pub(super) fn receive_pages(&mut self, now: Now, hall: &mut Hall, reports: &mut Reports) {
        let count = self.door.as_ref().map_or(0, |door| if door.is_anybody_here() { door.sockets.len() } else { 0 });
        let mut datagram = [0; DATAGRAM];
        for socket in 0..count {
            for _ in 0..AT_ONCE {
                let Some((socket, ours)) = self.door.as_ref().and_then(|door| door.sockets.get(socket)) else { return };
                match socket.recv_from(&mut datagram) {
                    Ok((length, from)) => {
                        let ours = *ours;
                        self.take_page(now, ours, from, &mut datagram[..length], hall, reports);
                    }
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(_) => break,
                }
            }
        }
    }

    fn take_page(&mut self, now: Now, ours: SocketAddr, from: SocketAddr, datagram: &mut [u8], hall: &mut Hall, reports: &mut Reports) {
        let Some(door) = &mut self.door else { return };
        let is_stun = webrtc::is_stun(datagram);
        let taken =
            door.whose(from, datagram).and_then(|place| Some((place, door.pages.get_mut(place as usize)?.as_mut()?.browser.take()?)));
        let Some((place, mut browser)) = taken else {
            self.counts.foreign += 1;
            return;
        };
        let is_ours = browser.receive(now, ours, from, datagram, &mut |out| match out {
            Out::Packet(packet) => {
                self.counts.packets_in += 1;
                hall.take(now, place, &packet, reports, &mut |place, to, packet| self.send(now, place, to, packet));
            }
            datagram @ Out::Datagram { .. } => {
                if let Some(door) = &self.door {
                    transmit(&door.sockets, &datagram);
                }
            }
        });
        let Some(door) = &mut self.door else { return };
        if let Some(Some(page)) = door.pages.get_mut(place as usize) {
            page.browser = Some(browser);
        }
        if !is_ours {
            self.counts.foreign += 1;
        } else if is_stun {
            door.remember(place, from);
        }
    }
}

/// Sends from the socket that has the address; true when it was a datagram and went out.
fn transmit(sockets: &[(UdpSocket, SocketAddr)], out: &Out<'_>) -> bool {
    let Out::Datagram { ours, to, bytes } = out else { return false };
    sockets.iter().find(|(_, told)| told == ours).is_some_and(|(socket, _)| socket::send(socket, false, *to, bytes))
}
