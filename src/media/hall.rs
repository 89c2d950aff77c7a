//! All legs of one thread, and who of them hears whom: what one party says is passed on to its listeners within the same call.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::leg::{Leg, ROOM, Received, Reports, SOURCES, Sound};
use super::order::{LegId, MediaOrder};
use super::rtp;
use crate::machine::Now;

/// Where packets go: the leg's place in the hall, the peer's address, the packet.
pub type Send<'a> = dyn FnMut(u32, SocketAddr, &[u8]) + 'a;

struct Seat {
    leg: Leg,
    /// Whom it shall hear, whether they are here yet or not.
    wanted: Arc<[LegId]>,
    /// Places of those who hear it.
    listeners: Vec<u32>,
}

/// Legs by place; a place is used again once its leg has closed.
pub struct Hall {
    seats: Vec<Option<Box<Seat>>>,
    free: Vec<u32>,
    places: HashMap<LegId, u32>,
    /// Places whose listeners have come or gone since somebody asked.
    changed: Vec<u32>,
    packet: Box<[u8; ROOM]>,
}

impl Default for Hall {
    fn default() -> Self {
        Self { seats: Vec::new(), free: Vec::new(), places: HashMap::new(), changed: Vec::new(), packet: Box::new([0; ROOM]) }
    }
}

impl Hall {
    /// Takes a leg in and gives its place; none when its name is taken.
    pub fn open(&mut self, leg: Leg) -> Option<u32> {
        let id = leg.id();
        if self.places.contains_key(&id) {
            return None;
        }
        let place = self.free.pop().unwrap_or(self.seats.len() as u32);
        if self.seats.len() <= place as usize {
            self.seats.resize_with(place as usize + 1, || None);
        }
        // Somebody may have been told to hear it before it was here.
        let listeners: Vec<u32> = self.places.values().copied().filter(|other| self.wants(*other, id)).collect();
        self.seats[place as usize] = Some(Box::new(Seat { leg, wanted: Arc::default(), listeners }));
        self.places.insert(id, place);
        self.changed.push(place);
        Some(place)
    }

    /// The place of a leg.
    #[must_use]
    pub fn place(&self, leg: LegId) -> Option<u32> {
        self.places.get(&leg).copied()
    }

    /// The leg at a place.
    #[must_use]
    pub fn leg(&self, place: u32) -> Option<&Leg> {
        self.seats.get(place as usize)?.as_ref().map(|seat| &seat.leg)
    }

    /// The same, to be changed.
    pub fn leg_mut(&mut self, place: u32) -> Option<&mut Leg> {
        self.seats.get_mut(place as usize)?.as_mut().map(|seat| &mut seat.leg)
    }

    /// Legs that are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Places of all legs, in no order.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        self.places.values().copied()
    }

    /// Whether somebody hears this leg, so that its packets are wanted at once.
    #[must_use]
    pub fn is_heard(&self, place: u32) -> bool {
        self.seats.get(place as usize).and_then(Option::as_ref).is_some_and(|seat| !seat.listeners.is_empty())
    }

    /// The next place whose listeners have come or gone.
    pub fn changed(&mut self) -> Option<u32> {
        self.changed.pop()
    }

    /// Carries out an order that concerns nothing but legs. Unknown legs are passed over; opening and closing are not done here.
    pub fn obey(&mut self, now: Now, order: MediaOrder, reports: &mut Reports) {
        match order {
            MediaOrder::Change { leg, plan } => self.with(leg, |leg| leg.change(now, plan)),
            MediaOrder::Sends { leg, on } => self.with(leg, |leg| leg.sends(on)),
            MediaOrder::Play { leg, play, pieces, repeat } => self.with(leg, |leg| leg.play(play, pieces, repeat)),
            MediaOrder::GiveWay { leg, play } => self.with(leg, |leg| leg.give_way(play)),
            MediaOrder::Stop { leg } => self.with(leg, Leg::stop),
            MediaOrder::Collect { leg, on } => self.with(leg, |leg| leg.collect(on)),
            MediaOrder::Record { leg, longest, silence } => self.with(leg, |leg| leg.record(now, longest, silence, reports)),
            MediaOrder::StopRecording { leg } => self.with(leg, |leg| leg.stop_recording(reports)),
            MediaOrder::Hear { leg, from } => self.hear(leg, &from),
            MediaOrder::SendKeys { leg, keys } => self.with(leg, |leg| {
                leg.send_keys(&keys);
            }),
            MediaOrder::Open { .. }
            | MediaOrder::OpenBrowser { .. }
            | MediaOrder::OfferBrowser { .. }
            | MediaOrder::AcceptBrowser { .. }
            | MediaOrder::Candidate { .. }
            | MediaOrder::Close { .. } => {}
        }
    }

    /// Takes a leg out; nobody hears it any more, and it hears nobody.
    pub fn close(&mut self, leg: LegId) -> Option<(u32, Leg)> {
        let place = self.places.remove(&leg)?;
        let seat = self.seats.get_mut(place as usize)?.take()?;
        self.free.push(place);
        for source in seat.wanted.iter().filter_map(|source| self.places.get(source).copied()).collect::<Vec<_>>() {
            self.leaves(place, source);
        }
        for listener in seat.listeners {
            if let Some(Some(listener)) = self.seats.get_mut(listener as usize) {
                listener.wanted = listener.wanted.iter().copied().filter(|wanted| *wanted != leg).collect();
                listener.leg.hears(&listener.wanted);
            }
        }
        Some((place, seat.leg))
    }

    /// Takes a datagram for the leg at a place, and passes on what is said in it. False when it was not the peer's.
    pub fn receive(
        &mut self,
        now: Now,
        place: u32,
        from: SocketAddr,
        datagram: &mut [u8],
        reports: &mut Reports,
        send: &mut Send<'_>,
    ) -> bool {
        let Some(leg) = self.leg_mut(place) else { return false };
        let Received { ours, sound } = leg.receive(now, from, datagram, reports);
        if let Some(sound) = sound {
            self.pass_on(place, &sound, send);
        }
        ours
    }

    /// The same for a packet that is known to be the peer's.
    pub fn take(&mut self, now: Now, place: u32, packet: &rtp::Packet<'_>, reports: &mut Reports, send: &mut Send<'_>) {
        let Some(leg) = self.leg_mut(place) else { return };
        if let Some(sound) = leg.take(now, packet, reports) {
            self.pass_on(place, &sound, send);
        }
    }

    /// The 20 ms tick of the leg at a place.
    pub fn tick(&mut self, now: Now, place: u32, reports: &mut Reports, send: &mut Send<'_>) {
        let Self { seats, packet, .. } = self;
        let Some(Some(seat)) = seats.get_mut(place as usize) else { return };
        if let Some((length, to)) = seat.leg.tick(now, packet, reports) {
            send(place, to, &packet[..length]);
        }
    }

    fn pass_on(&mut self, place: u32, sound: &Sound<'_>, send: &mut Send<'_>) {
        let Self { seats, packet, .. } = self;
        // The list is put aside while its members are changed: nothing is copied.
        let Some(Some(seat)) = seats.get_mut(place as usize) else { return };
        let listeners = std::mem::take(&mut seat.listeners);
        for listener in &listeners {
            if let Some(Some(seat)) = seats.get_mut(*listener as usize)
                && let Some((length, to)) = seat.leg.overhear(sound, packet)
            {
                send(*listener, to, &packet[..length]);
            }
        }
        if let Some(Some(seat)) = seats.get_mut(place as usize) {
            seat.listeners = listeners;
        }
    }

    fn hear(&mut self, leg: LegId, from: &[LegId]) {
        let Some(place) = self.place(leg) else { return };
        // Nobody hears himself, and nobody twice.
        let mut wanted: Vec<LegId> = Vec::with_capacity(from.len().min(SOURCES));
        for source in from {
            if *source != leg && !wanted.contains(source) && wanted.len() < SOURCES {
                wanted.push(*source);
            }
        }
        let Some(Some(seat)) = self.seats.get_mut(place as usize) else { return };
        seat.leg.hears(&wanted);
        let before = std::mem::replace(&mut seat.wanted, wanted.as_slice().into());
        for source in before.iter().filter_map(|source| self.places.get(source).copied()).collect::<Vec<_>>() {
            self.leaves(place, source);
        }
        for source in wanted.iter().filter_map(|source| self.places.get(source).copied()).collect::<Vec<_>>() {
            if let Some(Some(seat)) = self.seats.get_mut(source as usize) {
                seat.listeners.push(place);
                self.changed.push(source);
            }
        }
    }

    fn leaves(&mut self, listener: u32, source: u32) {
        if let Some(Some(seat)) = self.seats.get_mut(source as usize) {
            seat.listeners.retain(|known| *known != listener);
            self.changed.push(source);
        }
    }

    fn wants(&self, place: u32, leg: LegId) -> bool {
        self.seats.get(place as usize).and_then(Option::as_ref).is_some_and(|seat| seat.wanted.contains(&leg))
    }

    fn with(&mut self, leg: LegId, act: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.place(leg).and_then(|place| self.leg_mut(place)) {
            act(leg);
        }
    }
}

#[cfg(test)]
mod allocation_tests;
#[cfg(test)]
mod tests;
