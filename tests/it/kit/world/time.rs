//! Time moves: parcels arrive, deadlines come, legs and telephones send their packets.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use dinetone::centre::Input;
use dinetone::machine::Machine;
use dinetone::media::hall::Hall;
use dinetone::media::leg::Reports;
use dinetone::media::rtp::PACKET;
use dinetone::sip::event::{Flow, SipInput, Transport};

use super::{HOTLINE, Inner};

/// The pace of legs.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// What travels on the network.
pub(super) enum Parcel {
    Sip { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Sound { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
}

impl Inner {
    /// Runs until `time` has passed or `until` holds; tells whether it held.
    pub fn run(&mut self, time: Duration, until: impl Fn(&Self) -> bool) -> bool {
        let end = self.now.instant + time;
        loop {
            if until(self) {
                return true;
            }
            let mut next = end;
            let mut consider = |at: Option<Instant>| next = at.map_or(next, |at| next.min(at));
            consider(self.parcels.peek().map(|Reverse((at, _))| *at));
            consider(self.centre.next_deadline());
            consider((!self.hall.is_empty()).then_some(self.next_tick));
            for headset in self.headsets.values() {
                consider(headset.next_packet());
            }
            for phone in self.phones.values() {
                consider(phone.sip.next_deadline());
                consider(phone.next_packet());
            }
            if next > self.now.instant {
                self.now = self.now.after(next - self.now.instant);
                self.spins = 0;
            } else {
                self.spins += 1;
                assert!(self.spins < 10_000, "time does not move on\n{}", self.ladder.join("\n"));
            }
            if self.now.instant >= end && next >= end {
                return until(self);
            }
            self.happen();
        }
    }

    /// Everything that is due now.
    fn happen(&mut self) {
        let now = self.now;
        while let Some(Reverse((at, id))) = self.parcels.peek().copied() {
            if at > now.instant {
                break;
            }
            self.parcels.pop();
            let Some(parcel) = self.contents.remove(&id) else { continue };
            self.deliver(parcel);
        }
        if self.centre.next_deadline().is_some_and(|due| due <= now.instant) {
            self.centre.handle_timeout(now);
            self.drain();
        }
        if !self.hall.is_empty() && self.next_tick <= now.instant {
            self.next_tick = now.instant + TICK;
            self.tick();
        }
        let mut spoken = Vec::new();
        for headset in self.headsets.values_mut() {
            if headset.next_packet().is_some_and(|due| due <= now.instant)
                && let Some((to, bytes)) = headset.packet(now)
            {
                spoken.push((headset.address, to, bytes));
            }
        }
        for (from, to, bytes) in spoken {
            self.post(Parcel::Sound { from, to, bytes });
        }
        for place in self.phones.keys().copied().collect::<Vec<_>>() {
            let phone = self.phones.get_mut(&place).expect("phones are never taken away");
            if phone.sip.next_deadline().is_some_and(|due| due <= now.instant) {
                phone.sip.handle_timeout(now);
                self.drain_phone(place);
            }
            let phone = self.phones.get_mut(&place).expect("phones are never taken away");
            if phone.next_packet().is_some_and(|due| due <= now.instant) {
                let from = phone.sound;
                if let Some((to, bytes)) = phone.packet(now) {
                    self.post(Parcel::Sound { from, to, bytes });
                }
            }
        }
    }

    fn deliver(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Sip { from, to, bytes } if to == HOTLINE.parse().unwrap() => {
                let flow = Flow { transport: Transport::Udp, socket: 0, local: to, peer: from, connection: 0 };
                self.centre.handle(now, Input::Sip(SipInput::Received { flow, bytes }));
                self.drain();
            }
            Parcel::Sip { from, to, bytes } => {
                let Some(place) = self.phones.iter().find(|(_, phone)| phone.address == to).map(|(place, _)| *place) else { return };
                let flow = Flow { transport: Transport::Udp, socket: 0, local: to, peer: from, connection: 0 };
                let phone = self.phones.get_mut(&place).expect("found above");
                if !phone.calls {
                    phone.told.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                phone.sip.handle(now, SipInput::Received { flow, bytes });
                self.drain_phone(place);
            }
            Parcel::Sound { from, to, bytes } => {
                if let Some(phone) = self.phones.values_mut().find(|phone| phone.sound == to) {
                    if bytes.len() == PACKET {
                        phone.heard_packets += 1;
                    }
                    phone.ear.hear(&bytes);
                } else if let Some(headset) = self.headsets.values_mut().find(|headset| headset.address == to) {
                    headset.ear.hear(&bytes);
                } else if let Some(place) = self.sounds.iter().find(|(_, address)| **address == to).map(|(place, _)| *place) {
                    let mut bytes = bytes;
                    self.sound(|hall, reports, send| {
                        hall.receive(now, place, from, &mut bytes, reports, send);
                    });
                }
            }
        }
    }

    fn tick(&mut self) {
        let now = self.now;
        for place in self.sounds.keys().copied().collect::<Vec<_>>() {
            self.sound(|hall, reports, send| hall.tick(now, place, reports, send));
        }
    }

    /// Something happens in the hall; what it sends goes out.
    fn sound(&mut self, act: impl FnOnce(&mut Hall, &mut Reports, &mut dinetone::media::hall::Send<'_>)) {
        let mut sent = Vec::new();
        act(&mut self.hall, &mut self.reports, &mut |place, to, packet| sent.push((place, to, packet.to_vec())));
        for (place, to, bytes) in sent {
            let from = self.sounds[&place];
            self.post(Parcel::Sound { from, to, bytes });
        }
        self.drain();
    }

    pub(super) fn post(&mut self, parcel: Parcel) {
        for delay in self.network.arrivals() {
            let copy = match &parcel {
                Parcel::Sip { from, to, bytes } => Parcel::Sip { from: *from, to: *to, bytes: bytes.clone() },
                Parcel::Sound { from, to, bytes } => Parcel::Sound { from: *from, to: *to, bytes: bytes.clone() },
            };
            self.next_parcel += 1;
            self.contents.insert(self.next_parcel, copy);
            self.parcels.push(Reverse((self.now.instant + delay, self.next_parcel)));
        }
    }
}
