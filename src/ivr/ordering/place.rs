//! Where to: a saved address, one spoken in this call, or a restaurant to fetch it from (C22, C23).

use super::super::dialogue::{Dialogue, Entry, Got, Segment, Turn, first_keys};
use super::super::info;
use super::{Step, go, next};
use crate::domain::{Address, Arg, BranchNumber, Fulfilment, Opening, Phrase, Place};
use crate::order::cart;

/// Addresses and restaurants in one menu, besides "another one".
const MOST: usize = 3;

/// Addresses of the person, read only when the calling number is on their record (rule 15).
fn addresses(d: &Dialogue) -> Vec<Address> {
    if !d.trusted() {
        return Vec::new();
    }
    d.personal().map(|card| card.addresses.iter().take(MOST).cloned().collect()).unwrap_or_default()
}

/// An address as it is spoken.
pub(super) fn spoken(address: &Address) -> Arg {
    Arg::Address { clip: address.clip.clone(), recording: address.recording.clone(), label: address.label.clone() }
}

/// An address that exists only as this call's recording: "the address you recorded".
pub(super) const fn spoken_recording() -> Arg {
    Arg::Address { clip: None, recording: None, label: String::new() }
}

/// Restaurants to fetch from: last used first, then in the order of their numbers.
fn stores(d: &Dialogue) -> Vec<BranchNumber> {
    let used = if d.trusted() { d.personal().map(|card| card.branches.clone()).unwrap_or_default() } else { Vec::new() };
    let mut stores: Vec<BranchNumber> = used.into_iter().filter(|number| d.catalogue.branches.contains_key(number)).collect();
    for number in d.catalogue.branches.keys() {
        if !stores.contains(number) {
            stores.push(*number);
        }
    }
    stores
}

/// The restaurant proposed for an address that nobody has checked: last used, else the first that is open.
fn proposed(d: &Dialogue) -> Option<BranchNumber> {
    let now = d.local();
    let stores = stores(d);
    let open = |number: &&BranchNumber| {
        d.catalogue.branches.get(number).is_some_and(|branch| matches!(branch.opening(now, &d.catalogue.holidays), Opening::Open { .. }))
    };
    stores.iter().find(open).or(stores.first()).copied()
}

pub(super) fn enter(d: &mut Dialogue, step: Step) {
    match step {
        Step::Address => ask_address(d),
        Step::AddressRecord => {
            let longest = d.script.settings.record_address;
            d.ask(Turn::record([Phrase::plain("addr.record")], longest));
        }
        Step::AddressReview => d.ask(review(d)),
        Step::Outside => d.ask(Turn::menu([Phrase::plain("addr.outside")], "12")),
        Step::Store => ask_store(d),
        _ => d.ask(Turn::entry([Phrase::plain("store.ask_no")], Entry::open(1, 4))),
    }
}

fn review(d: &Dialogue) -> Turn {
    // Who cannot press keys confirms by waiting.
    Turn::menu([Phrase::plain("addr.review")], "12#").or_silence(d.script.settings.menu_wait)
}

fn ask_address(d: &mut Dialogue) {
    let addresses = addresses(d);
    if addresses.is_empty() {
        return go(d, Step::AddressRecord);
    }
    let mut phrases: Vec<Phrase> = addresses
        .iter()
        .zip(1..)
        .map(|(address, key)| Phrase::plain("addr.pick").with("addr", spoken(address)).with("key", Arg::Key(key)))
        .collect();
    let count = phrases.len() + 1;
    phrases.push(Phrase::plain("addr.new").with("key", Arg::Key(u8::try_from(count).unwrap_or(4))));
    d.ask(Turn::menu(phrases, first_keys(count)));
}

fn ask_store(d: &mut Dialogue) {
    let stores = stores(d);
    if stores.is_empty() {
        d.tell(Phrase::plain("gen.info_sorry"));
        return d.seek_person();
    }
    let mut phrases: Vec<Phrase> = stores
        .iter()
        .take(MOST)
        .zip(1..)
        .map(|(number, key)| Phrase::plain("store.pick").with("store", Arg::Branch(*number)).with("key", Arg::Key(key)))
        .collect();
    if stores.len() > MOST {
        let key = u8::try_from(phrases.len() + 1).unwrap_or(4);
        phrases.push(Phrase::plain("store.other").with("key", Arg::Key(key)));
    }
    let keys = first_keys(phrases.len());
    d.order.stores = stores;
    d.order.stores.truncate(MOST);
    d.ask(Turn::menu(phrases, keys));
}

pub(super) fn got(d: &mut Dialogue, step: Step, got: Got) {
    match (step, got) {
        (Step::Address, Got::Key(key)) => match addresses(d).into_iter().nth(key as usize - '1' as usize) {
            Some(address) => saved(d, address),
            None => {
                d.outcome("new");
                go(d, Step::AddressRecord);
            }
        },
        (Step::AddressRecord, Got::Recorded(Some(recording))) => {
            d.outcome("recorded");
            d.order.recording = Some(recording);
            go(d, Step::AddressReview);
        }
        (Step::AddressRecord, Got::Recorded(None)) => d.recording_unheard("cp.short"),
        (Step::AddressReview, Got::Key('1')) => {
            if let Some(recording) = d.order.recording.clone() {
                let turn = review(d);
                d.ask(Turn { before: vec![Segment::recording(recording)], ..turn });
            }
        }
        (Step::AddressReview, Got::Key('#') | Got::Silent) => match (d.order.recording.clone(), proposed(d)) {
            (Some(recording), Some(branch)) => {
                d.outcome("confirmed");
                d.tell(Phrase::plain("addr.check"));
                d.order.address = None;
                set(d, Place::Recorded { recording, branch });
            }
            _ => go(d, Step::AddressRecord),
        },
        (Step::AddressReview, _) => {
            d.outcome("again");
            go(d, Step::AddressRecord);
        }
        (Step::Outside, Got::Key('1')) => {
            d.outcome("pickup");
            d.order.service = Some(Fulfilment::Pickup);
            go(d, Step::Store);
        }
        (Step::Outside, Got::Key(_)) => {
            d.outcome("other");
            go(d, Step::Address);
        }
        (Step::Store, Got::Key(key)) => match d.order.stores.get(key as usize - '1' as usize).copied() {
            Some(branch) => {
                d.outcome("store");
                set(d, Place::Pickup { branch });
            }
            None => {
                d.outcome("other");
                go(d, Step::StoreNumber);
            }
        },
        (Step::StoreNumber, Got::Digits(digits)) => match digits.parse().ok().filter(|number| d.catalogue.branches.contains_key(number)) {
            Some(branch) => {
                d.outcome("store");
                set(d, Place::Pickup { branch });
            }
            None => d.no_match(Some(Phrase::plain("store.none"))),
        },
        (Step::StoreNumber, Got::Back) => {
            d.outcome("list");
            let list: Vec<Phrase> = d.catalogue.branches.values().take(12).flat_map(|branch| info::describe(d, branch)).collect();
            for phrase in list {
                d.tell(phrase);
            }
            go(d, Step::StoreNumber);
        }
        (_, Got::Back) => {
            d.tell(Phrase::plain("gen.back"));
            d.order.service = None;
            go(d, Step::Service);
        }
        _ => d.failed(),
    }
}

fn saved(d: &mut Dialogue, address: Address) {
    let branch = match address.branch.filter(|branch| d.catalogue.branches.contains_key(branch)) {
        Some(branch) => Some(branch),
        None if address.unchecked => proposed(d),
        None => None,
    };
    match branch {
        Some(branch) => {
            d.outcome("saved");
            let place = Place::Saved { address: address.id.clone(), text: address.text.clone(), branch };
            d.order.address = Some(address);
            set(d, place);
        }
        None => {
            d.outcome("outside");
            go(d, Step::Outside);
        }
    }
}

/// The place is known: what is sold out there is named, and closed hours lead to a set time.
fn set(d: &mut Dialogue, place: Place) {
    let branch = place.branch();
    d.order.place = Some(place);
    d.order.quoted = None;
    d.order.when = None;
    let now = d.timestamp();
    let gone = cart::leave_out_gone(&mut d.order.cart, &d.catalogue, Some(branch), now, None);
    if !gone.is_empty() {
        for dish in gone {
            d.must_tell(Phrase::plain("order.gone").with("dish", Arg::Dish(dish)));
        }
        d.order.changed();
    }
    next(d);
}
