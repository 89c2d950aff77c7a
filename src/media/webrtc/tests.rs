//! Our side of a browser's leg against a second str0m, in virtual time and without a socket.

use std::time::SystemTime;

use super::page::{KEYS, Page, Post};
use super::*;
use crate::media::dtmf::event::Report;

const OURS: &str = "192.0.2.10:3478";
const PAGE: &str = "198.51.100.7:50000";

struct World {
    now: Now,
    page: Page,
    browser: Browser,
    packets: Vec<(u8, u32, Vec<u8>)>,
    seen: Vec<Vec<u8>>,
    cut: bool,
    /// Every other packet of sound from us to the page is lost.
    lossy: bool,
    carried: usize,
}

fn origin() -> Now {
    #[expect(clippy::disallowed_methods, reason = "origin of virtual time")]
    let instant = Instant::now();
    Now { instant, wall: SystemTime::UNIX_EPOCH }
}

fn terms() -> Terms {
    Terms::new(vec![OURS.parse().unwrap(), "127.0.0.1:3478".parse().unwrap()]).unwrap()
}

impl World {
    fn new() -> Self {
        let now = origin();
        let (mut page, offer) = Page::new(now, PAGE.parse().unwrap());
        let (browser, answer) = terms().answer(now, &offer).unwrap();
        page.accept(&answer);
        Self::of(now, page, browser)
    }

    /// We ring the page: the offer is ours, and is answered after a while.
    fn rung() -> Self {
        let rang = origin();
        let (mut browser, offer) = terms().offer(rang).unwrap();
        let now = rang.after(Duration::from_secs(15));
        assert_eq!((browser.health(now), browser.plan(PAGE.parse().unwrap())), (None, None), "nothing is missed while it rings");
        let (page, answer) = Page::answering(now, PAGE.parse().unwrap(), &offer);
        browser.accept(now, &answer).unwrap();
        assert_eq!(browser.accept(now, &answer), Err("nothing was offered"));
        Self::of(now, page, browser)
    }

    fn of(now: Now, page: Page, browser: Browser) -> Self {
        Self { now, page, browser, packets: Vec::new(), seen: Vec::new(), cut: false, lossy: false, carried: 0 }
    }

    /// What the page sends arrives, and so does what that brings about, until nobody has anything to say.
    fn carry(&mut self, mut post: Post) {
        let mut back: Vec<Vec<u8>> = Vec::new();
        let (ours, page) = (OURS.parse().unwrap(), PAGE.parse().unwrap());
        if self.cut {
            return;
        }
        while !post.is_empty() || !back.is_empty() {
            for (to, mut bytes) in std::mem::take(&mut post) {
                if to != ours {
                    continue;
                }
                self.seen.push(bytes.clone());
                let Self { browser, packets, now, .. } = self;
                assert!(browser.receive(*now, ours, page, &mut bytes, &mut |out| match out {
                    Out::Datagram { ours: from, to, bytes } => {
                        assert_eq!((from, to), (ours, page));
                        back.push(bytes.to_vec());
                    }
                    Out::Packet(packet) => packets.push((packet.payload_type, packet.timestamp, packet.payload.to_vec())),
                }));
            }
            for bytes in std::mem::take(&mut back) {
                self.page.receive(self.now, ours, &bytes, &mut post);
            }
        }
    }

    fn passes(&mut self, time: Duration) -> Vec<Health> {
        let mut told = Vec::new();
        for _ in 0..time.as_millis() / 20 {
            self.now = self.now.after(Duration::from_millis(20));
            let (mut post, mut back) = (Post::new(), Vec::new());
            self.page.passes(self.now, &mut post);
            self.carry(post);
            self.browser.look_after(self.now, &mut |out| {
                if let Out::Datagram { bytes, .. } = out {
                    back.push(bytes.to_vec());
                }
            });
            self.deliver(back);
            told.extend(self.browser.health(self.now));
        }
        told
    }

    fn deliver(&mut self, back: Vec<Vec<u8>>) {
        let mut post = Post::new();
        if !self.cut {
            for bytes in &back {
                self.carried += usize::from(is_sound(bytes) && !rtp::is_rtcp(bytes));
                if !self.lossy || self.carried.is_multiple_of(2) {
                    self.page.receive(self.now, OURS.parse().unwrap(), bytes, &mut post);
                }
            }
        }
        self.carry(post);
    }

    /// We send one packet.
    fn sends(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) -> bool {
        let mut packet = vec![0; rtp::HEADER];
        rtp::write_header(packet.first_chunk_mut().unwrap(), true, payload_type, 9, timestamp, 77);
        packet.extend_from_slice(payload);
        let mut back = Vec::new();
        let sent = self.browser.send(self.now, &packet, &mut |out| {
            if let Out::Datagram { bytes, .. } = out {
                back.push(bytes.to_vec());
            }
        });
        self.deliver(back);
        sent
    }
}

#[test]
fn c10_a_page_and_we_hear_each_other_and_keys_come_through() {
    hear_each_other(World::new(), KEYS);
}

/// A softphone in a browser that is rung with our offer; keys then have our number.
#[test]
fn c10_a_page_that_is_rung_hears_us_as_well() {
    hear_each_other(World::rung(), EVENTS);
}

fn hear_each_other(mut world: World, events: u8) {
    let plan = world.browser.plan(PAGE.parse().unwrap()).unwrap();
    assert_eq!((plan.codec, plan.event_type, plan.send, plan.receive), (Codec::Pcma, Some(events), true, true));
    assert!(!world.sends(8, 160, &[1; 160]), "nothing goes out before the keys are agreed");
    let told = world.passes(Duration::from_secs(3));
    assert!(world.page.up && told.first().is_some_and(|told| told.connected), "{told:?}");
    for turn in 0..100_u32 {
        world.now = world.now.after(Duration::from_millis(20));
        assert!(world.sends(8, 5_000 + turn * 160, &[turn as u8; 160]));
        let (now, mut post) = (world.now, Post::new());
        world.page.timestamp += 160;
        world.page.says(now, 8, &[turn as u8 ^ 0xFF; 160], &mut post);
        world.carry(post);
    }
    assert_eq!(world.page.heard.len(), 100);
    for (turn, (payload_type, _, timestamp, payload)) in world.page.heard.iter().enumerate() {
        assert_eq!((*payload_type, *timestamp, payload), (8, 5_000 + turn as u32 * 160, &vec![turn as u8; 160]));
    }
    assert!(world.page.heard.windows(2).all(|pair| pair[1].1 == pair[0].1.wrapping_add(1)));
    assert_eq!(world.packets.len(), 100);
    assert!(world.packets.iter().enumerate().all(|(turn, (_, _, payload))| *payload == vec![turn as u8 ^ 0xFF; 160]));
    let key = Report { event: 5, end: true, volume: 10, duration: 800 }.write();
    let (now, mut post) = (world.now, Post::new());
    world.page.says(now, events, &key, &mut post);
    world.carry(post);
    assert_eq!(world.packets.last().map(|(payload_type, _, payload)| (*payload_type, payload.clone())), Some((events, key.to_vec())));
}

#[test]
fn c63_a_page_that_is_gone_is_told_within_seconds_and_so_is_its_return() {
    let mut world = World::new();
    world.passes(Duration::from_secs(3));
    let well = world.passes(Duration::from_secs(60));
    assert!(well.len() >= 10 && well.iter().all(|told| told.connected), "{well:?}");
    world.cut = true;
    let told = world.passes(Duration::from_secs(8));
    assert_eq!(told.iter().filter(|told| !told.connected).count(), 1, "{told:?}");
    world.cut = false;
    assert!(world.passes(Duration::from_secs(10)).first().is_some_and(|told| told.connected));
}

#[test]
fn c63_what_is_lost_on_the_way_to_the_page_is_known_by_its_reports() {
    let mut world = World::new();
    world.passes(Duration::from_secs(3));
    world.lossy = true;
    let mut told = Vec::new();
    for turn in 0..1_500 {
        assert!(world.sends(8, turn * 160, &[5; 160]));
        told.extend(world.passes(Duration::from_millis(20)));
    }
    let loss = told.last().unwrap().loss_percent;
    assert!((40..=60).contains(&loss), "{loss} % in {told:?}");
}

#[test]
fn c9_a_copy_of_the_pages_packet_is_nobodys_wherever_it_comes_from() {
    let mut world = World::new();
    world.passes(Duration::from_secs(3));
    let (now, mut post) = (world.now, Post::new());
    world.page.says(now, 8, &[4; 160], &mut post);
    let (_, packet) = post.iter().find(|(_, bytes)| is_sound(bytes) && !rtp::is_rtcp(bytes)).unwrap().clone();
    world.carry(post);
    assert_eq!(world.packets.len(), 1);
    let (ours, thief) = (OURS.parse().unwrap(), "203.0.113.66:999".parse().unwrap());
    let mut changed = packet.clone();
    changed[20] ^= 1;
    for mut bytes in [packet, changed] {
        assert!(!world.browser.receive(now, ours, thief, &mut bytes, &mut |_| panic!("something came of it")));
    }
    let clear = [vec![0x80, 8, 0, 9], vec![0; 8], vec![4; 160]].concat();
    let mut to = None;
    assert!(world.browser.send(now, &clear, &mut |out| match out {
        Out::Datagram { to: there, .. } => to = Some(there),
        Out::Packet(_) => {}
    }));
    assert_eq!(to, Some(PAGE.parse().unwrap()), "our sound still goes to the page");
}

#[test]
fn a_page_that_never_comes_is_told_once() {
    let now = origin();
    let (_, offer) = Page::new(now, PAGE.parse().unwrap());
    let (mut browser, _) = terms().answer(now, &offer).unwrap();
    let told: Vec<Health> = (0..120).filter_map(|second| browser.health(now.after(Duration::from_secs(second)))).collect();
    assert_eq!(told.iter().map(|told| told.connected).collect::<Vec<_>>(), [false]);
}

#[test]
fn our_answer_is_lite_passive_and_prefers_a_law() {
    let (_, offer) = Page::new(origin(), PAGE.parse().unwrap());
    let (browser, answer) = terms().answer(origin(), &offer).unwrap();
    for line in ["a=ice-lite", "a=setup:passive", "a=rtcp-mux", "a=group:BUNDLE", " 192.0.2.10 3478 typ host", " 127.0.0.1 3478 typ host"] {
        assert!(answer.contains(line), "{line} in {answer}");
    }
    assert!(answer.contains(&format!("a=ice-ufrag:{}", browser.ufrag())));
    assert!(!answer.contains("opus"), "{answer}");
    assert!(answer.contains(&format!("a=rtpmap:{KEYS} telephone-event/8000")), "{answer}");
}

#[test]
fn our_offer_is_lite_and_lets_the_page_choose_who_begins() {
    let (_, offer) = terms().offer(origin()).unwrap();
    for line in
        ["a=ice-lite", "a=setup:actpass", "a=rtcp-mux", "a=group:BUNDLE", "a=sendrecv", "telephone-event/8000", " 192.0.2.10 3478 typ host"]
    {
        assert!(offer.contains(line), "{line} in {offer}");
    }
    assert!(offer.find("PCMA/8000") < offer.find("PCMU/8000") && !offer.contains("opus"), "{offer}");
    let (_, other) = Page::new(origin(), PAGE.parse().unwrap());
    for bad in ["", "v=0", &other, &"x".repeat(50_000)] {
        let (mut browser, _) = terms().offer(origin()).unwrap();
        assert!(browser.accept(origin(), bad).is_err_and(|why| !why.is_empty()), "{bad}");
    }
}

#[test]
fn offers_that_cannot_be_used_are_refused_with_a_reason() {
    let (_, good) = Page::new(origin(), PAGE.parse().unwrap());
    let without = |word: &str| good.lines().filter(|line| !line.contains(word)).map(|line| format!("{line}\r\n")).collect::<String>();
    let deaf = good.replace("PCMA/8000", "speex/8000").replace("PCMU/8000", "speex/8000").replace(" 0 8", " 96 97");
    let long = format!("{good}{}", "a=x\r\n".repeat(10_000));
    for bad in ["", "v=0", "hello", &without("fingerprint"), &without("m=audio"), &without("ice-ufrag"), &deaf, &long] {
        let refused = terms().answer(origin(), bad);
        assert!(refused.as_ref().is_err_and(|why| !why.is_empty()), "{bad}");
        assert!(usable(bad).is_err_and(|why| !why.is_empty()), "{bad}");
    }
    assert_eq!(usable(&good), Ok(()));
}

#[test]
fn candidates_of_every_kind_are_taken_or_passed_over() {
    let mut world = World::new();
    for candidate in ["", "candidate:", "a=candidate:1 1 udp 2122260223 8e2c.local 40000 typ host", &"x".repeat(10_000)] {
        world.browser.candidate(candidate);
    }
    for port in 0..2_000 {
        world.browser.candidate(&format!("candidate:1 1 udp 2122260223 203.0.113.{} {} typ host", port % 250, 1_024 + port));
    }
    assert!(world.passes(Duration::from_secs(3)).iter().any(|told| told.connected));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn no_datagram_makes_it_panic_or_breaks_the_leg(
        strays in proptest::collection::vec((proptest::prelude::any::<u16>(), proptest::prelude::any::<u16>(), proptest::prelude::any::<u8>()), 1..200),
    ) {
        let mut world = World::new();
        world.passes(Duration::from_secs(3));
        let known = world.seen.clone();
        let (ours, page) = (OURS.parse().unwrap(), PAGE.parse().unwrap());
        for (which, place, byte) in strays {
            // Real datagrams, cut or with a byte changed; from the page's own address and from another.
            let mut bytes = known[usize::from(which) % known.len()].clone();
            let at = usize::from(place) % bytes.len();
            bytes[at] ^= byte;
            if place % 3 == 0 {
                bytes.truncate(at);
            }
            let from = if which % 2 == 0 { page } else { "203.0.113.66:999".parse().unwrap() };
            let _ = ufrag_of(&bytes);
            world.browser.receive(world.now, ours, from, &mut bytes, &mut |_| {});
        }
        world.passes(Duration::from_secs(8));
        proptest::prop_assert!(world.sends(8, 160, &[3; 160]));
        proptest::prop_assert!(world.page.heard.iter().any(|(.., payload)| payload == &vec![3; 160]));
    }

    #[test]
    fn no_offer_makes_it_panic(cut in proptest::prelude::any::<u16>(), byte in proptest::prelude::any::<u8>(), place in proptest::prelude::any::<u16>()) {
        let (_, offer) = Page::new(origin(), PAGE.parse().unwrap());
        let mut bytes = offer.into_bytes();
        let place = usize::from(place) % bytes.len();
        bytes[place] = byte & 0x7F;
        bytes.truncate(usize::from(cut) % (2 * bytes.len()) + 1);
        let _ = terms().answer(origin(), &String::from_utf8_lossy(&bytes));
    }
}
