//! What browsers have sent: read at the door, undone, and given to the hall.

use std::io::ErrorKind;
use std::net::SocketAddr;

use super::socket::DATAGRAM;
use super::wires::Wires;
use crate::machine::Now;
use crate::media::hall::Hall;
use crate::media::leg::Reports;
use crate::media::webrtc::{self, Out};

/// Datagrams read from one socket in 5 ms: ten times what 200 pages send. A flood beyond that is lost in the kernel.
const AT_ONCE: usize = 512;

impl Wires {
    /// Reads what pages have sent.
    pub(super) fn receive_pages(&mut self, now: Now, hall: &mut Hall, reports: &mut Reports) {
        let mut datagram = [0; DATAGRAM];
        for socket in 0..self.door.as_ref().map_or(0, |door| door.sockets()) {
            for _ in 0..AT_ONCE {
                let Some(door) = &self.door else { return };
                match door.read(socket, &mut datagram) {
                    Ok((length, from, ours)) => self.take_page(now, ours, from, &mut datagram[..length], hall, reports),
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                    Err(_) => break,
                }
            }
        }
    }

    fn take_page(&mut self, now: Now, ours: SocketAddr, from: SocketAddr, datagram: &mut [u8], hall: &mut Hall, reports: &mut Reports) {
        let Some((place, mut browser)) = self.door.as_mut().and_then(|door| door.lend(from, datagram)) else {
            self.counts.foreign += 1;
            return;
        };
        let is_stun = webrtc::is_stun(datagram);
        let is_ours = browser.receive(now, ours, from, datagram, &mut |out| match out {
            Out::Packet(packet) => {
                self.counts.packets_in += 1;
                hall.take(now, place, &packet, reports, &mut |place, to, packet| self.send(now, place, to, packet));
            }
            datagram @ Out::Datagram { .. } => {
                if let Some(door) = &self.door {
                    door.transmit(&datagram);
                }
            }
        });
        if !is_ours {
            self.counts.foreign += 1;
        }
        if let Some(door) = &mut self.door {
            door.take_back(place, browser, (is_ours && is_stun).then_some(from));
        }
    }
}
