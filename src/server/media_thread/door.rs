//! Where browsers come in: one port for all of them, told apart by their address, and before that by the name in their first packets.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use rustix::net::sockopt;

use super::socket;
use crate::machine::Now;
use crate::media::leg::Reports;
use crate::media::order::{LegId, MediaReport};
use crate::media::webrtc::{self, Browser, Out, Terms};

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

    /// Sockets that may have something.
    pub(super) fn sockets(&self) -> usize {
        if self.is_anybody_here() { self.sockets.len() } else { 0 }
    }

    /// Reads one datagram: its length, who sent it, and to which address of ours. `WouldBlock` when there is none.
    pub(super) fn read(&self, socket: usize, datagram: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        let (socket, ours) = self.sockets.get(socket).ok_or(ErrorKind::WouldBlock)?;
        let (length, from) = socket.recv_from(datagram)?;
        Ok((length, from, *ours))
    }

    /// Lends the page whose datagram this is, while it is being fed.
    pub(super) fn lend(&mut self, from: SocketAddr, datagram: &[u8]) -> Option<(u32, Box<Browser>)> {
        let place = self.whose(from, datagram)?;
        Some((place, self.pages.get_mut(place as usize)?.as_mut()?.browser.take()?))
    }

    /// Takes it back. `proved`: it has spoken from this address, and proved that it is that page.
    pub(super) fn take_back(&mut self, place: u32, browser: Box<Browser>, proved: Option<SocketAddr>) {
        if let Some(Some(page)) = self.pages.get_mut(place as usize) {
            page.browser = Some(browser);
        }
        if let Some(from) = proved {
            self.remember(place, from);
        }
    }

    /// Sends what a page is to get.
    pub(super) fn transmit(&self, out: &Out<'_>) {
        transmit(&self.sockets, out);
    }

    /// Whose a datagram is.
    fn whose(&self, from: SocketAddr, datagram: &[u8]) -> Option<u32> {
        if webrtc::is_stun(datagram) {
            return self.by_ufrag.get(&webrtc::ufrag_of(datagram)?).copied();
        }
        self.by_address.get(&from).copied()
    }

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

/// Sends from the socket that has the address; true when it was a datagram and went out.
fn transmit(sockets: &[(UdpSocket, SocketAddr)], out: &Out<'_>) -> bool {
    let Out::Datagram { ours, to, bytes } = out else { return false };
    sockets.iter().find(|(_, told)| told == ours).is_some_and(|(socket, _)| socket::send(socket, false, *to, bytes))
}
