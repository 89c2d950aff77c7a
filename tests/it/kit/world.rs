//! One world: a hotline, its diners, the network between them, and a clock that stands still until it is moved.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dinetone::call::plan::Srtp;
use dinetone::call::session::Env;
use dinetone::centre::{Centre, Input, Limits, Output};
use dinetone::domain::{Catalogue, MenuNumber, Order, QueueId, ShopClock, StepKind, Timestamp, UserId};
use dinetone::event::{Event, PhoneState, What};
use dinetone::machine::{Ids, Machine, Now};
use dinetone::media::hall::Hall;
use dinetone::media::leg::{Leg, Reports};
use dinetone::media::order::{Codec, LegPlan, MediaOrder, MediaReport};
use dinetone::media::ports::Ports;
use dinetone::media::rtp::PACKET;
use dinetone::queue::{self, Acd, Profile};
use dinetone::server::effects::Effects;
use dinetone::server::files::Places;
use dinetone::sip::endpoint::Endpoint;
use dinetone::sip::event::{EndCause, Flow, PlaceCall, SipCommand, SipEvent, SipInput, SipOutput, SipSettings, Transport, TrunkSettings};
use dinetone::sip::sdp;
use dinetone::store::{OrderFilter, Store};
use dinetone::voice::say::DigitOne;

use super::network::{Network, Weather};
use super::phone::{KeysBy, Line, Phone};
use super::voice::Headset;

pub const HOTLINE: &str = "10.0.0.1:5060";
const TICK: Duration = Duration::from_millis(20);

enum Parcel {
    Sip { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
    Sound { from: SocketAddr, to: SocketAddr, bytes: Vec<u8> },
}

/// Everything in one place.
pub struct Inner {
    pub now: Now,
    start: Instant,
    pub centre: Centre,
    /// What consoles were told, and when.
    pub events: Vec<(Instant, Event)>,
    pub people: Vec<Profile>,
    /// Desk phones that may register.
    pub accounts: Vec<dinetone::sip::event::Account>,
    pub headsets: BTreeMap<UserId, Headset>,
    pub next_page: u64,
    hall: Hall,
    /// Our address of each leg, by its place in the hall.
    sounds: BTreeMap<u32, SocketAddr>,
    pub phones: BTreeMap<usize, Phone>,
    parcels: BinaryHeap<Reverse<(Instant, u64)>>,
    contents: HashMap<u64, Parcel>,
    next_parcel: u64,
    network: Network,
    effects: Effects,
    store: Store,
    store_away: bool,
    /// Requests that the store has not seen yet.
    waiting: Vec<dinetone::call::request::StoreRequest>,
    runtime: tokio::runtime::Runtime,
    ids: Ids,
    next_tick: Instant,
    reports: Reports,
    records: Vec<(dinetone::domain::CallRecord, Vec<dinetone::domain::Step>)>,
    facts: Vec<(usize, StepKind)>,
    calls_seen: HashMap<String, usize>,
    ladder: Vec<String>,
    /// Deadlines acted on at one instant: too many are a spin.
    spins: u32,
}

/// A handle on the world: diners share it, so that a story reads straight down.
#[derive(Clone)]
pub struct World(Rc<RefCell<Inner>>);

/// One diner on the line.
pub struct Diner {
    world: World,
    place: usize,
    /// How far this diner has listened.
    heard: usize,
}

impl World {
    /// Opens at this time of Friday, 20 November 2026, Shanghai, with the demonstration's people, in fair weather.
    pub fn open_at(time: &str) -> Self {
        Self::open(time, Weather::FAIR, 1)
    }

    /// The same with these hours in the branch that is open round the clock.
    pub fn open_at_with_hours(time: &str, hours: &str) -> Self {
        Self::build(time, Weather::FAIR, 1, Some(hours))
    }

    pub fn open(time: &str, weather: Weather, seed: u128) -> Self {
        Self::build(time, weather, seed, None)
    }

    fn build(time: &str, weather: Weather, seed: u128, hours: Option<&str>) -> Self {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let date: dinetone::domain::DateTime = format!("2026-11-20T{time}:00").parse().unwrap();
        let at = clock.timestamp(date);
        #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let instant = Instant::now();
        let now = Now { instant, wall: SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis() as u64) };
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::temp_dir().join(format!("dinetone-it-{}-{seed}", std::process::id()));
        let menus = match hours {
            None => root.join("menus.toml"),
            Some(hours) => {
                let text = std::fs::read_to_string(root.join("menus.toml"))
                    .unwrap()
                    .replace("hours = [\"00:00-24:00\"]", &format!("hours = [\"{hours}\"]"));
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join("menus.toml"), text).unwrap();
                folder.join("menus.toml")
            }
        };
        let places = Places {
            uploads: Default::default(),
            menus,
            prompts: root.join("no-own-prompts"),
            digit_one: DigitOne::Yao,
            queues: vec![QueueId::new("order"), QueueId::new("complaint")],
        };
        let (files, findings) = places.load();
        assert!(findings.is_empty(), "{}", dinetone::config::list("the shipped files", &findings));
        let files = files.expect("no finding, so they were read");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (store, catalogue) = runtime.block_on(async {
            let store = Store::open("sqlite::memory:", clock.clone()).await.unwrap();
            store.import_house(&files.house, at).await.unwrap();
            store.fill_demo(at).await.unwrap();
            let catalogue = Arc::new(store.catalogue().await.unwrap());
            (store, catalogue)
        });
        let mut ids = Ids::seeded(seed);
        let (_, watched) = tokio::sync::watch::channel(Arc::clone(&catalogue));
        let (inbox, _) = tokio::sync::mpsc::channel(1);
        let effects = Effects::new(store.clone(), folder, inbox, "t".into(), watched);
        let env = Env {
            script: files.script,
            catalogue,
            library: files.library,
            clock,
            bind: None,
            no_audio_after: Duration::from_secs(60),
            longest_call: Duration::from_secs(3600),
            srtp: Srtp { policy: sdp::Policy::Off, secret: sdp::crypto::Secret([9; 32]) },
        };
        let sip = Endpoint::new(settings(trunk()), ids.clone(), now);
        let ports = Ports::new(20_000, 20_999, &mut ids);
        let centre = {
            let limits = Limits {
                max_calls: 200,
                node: "t".into(),
                demo: true,
                address: "10.0.0.1".parse().unwrap(),
                sip: "10.0.0.1:5060".parse().unwrap(),
            };
            let acd = Acd::new(queue::Settings::default(), Ids::seeded(seed + 3), now);
            Centre::new(sip, acd, ports, env, limits, Ids::seeded(seed + 1))
        };
        Self(Rc::new(RefCell::new(Inner {
            now,
            start: instant,
            centre,
            events: Vec::new(),
            people: Vec::new(),
            accounts: Vec::new(),
            headsets: BTreeMap::new(),
            next_page: 0,
            hall: Hall::default(),
            sounds: BTreeMap::new(),
            phones: BTreeMap::new(),
            parcels: BinaryHeap::new(),
            contents: HashMap::new(),
            next_parcel: 0,
            network: Network::new(weather, seed + 2),
            effects,
            store,
            store_away: false,
            waiting: Vec::new(),
            runtime,
            ids,
            next_tick: instant,
            reports: Reports::new(),
            records: Vec::new(),
            facts: Vec::new(),
            calls_seen: HashMap::new(),
            ladder: Vec::new(),
            spins: 0,
        })))
    }

    /// The inside, for the other files of the kit.
    pub fn inner(&self) -> std::cell::RefMut<'_, Inner> {
        self.0.borrow_mut()
    }

    /// How long the story has lasted.
    pub fn now(&self) -> Duration {
        let inner = self.0.borrow();
        inner.now.instant - inner.start
    }

    /// When consoles were last told something like this.
    pub fn time_of(&self, what: impl Fn(&What) -> bool) -> Option<Duration> {
        let inner = self.0.borrow();
        inner.events.iter().rev().find(|(_, event)| what(&event.what)).map(|(at, _)| *at - inner.start)
    }

    /// Somebody rings the hotline.
    pub fn call_from(&self, number: &str) -> Diner {
        self.call(number, "1000", KeysBy::Event, Some(()))
    }

    pub fn call(&self, number: &str, dialled: &str, keys_by: KeysBy, events: Option<()>) -> Diner {
        let place = self.0.borrow_mut().dial(number, dialled, keys_by, events.is_some());
        Diner { world: self.clone(), place, heard: 0 }
    }

    pub fn time_passes(&self, time: Duration) {
        self.0.borrow_mut().run(time, |_| false);
    }

    /// From now on the store does not answer, or answers again.
    pub fn store_is_away(&self, away: bool) {
        let mut inner = self.0.borrow_mut();
        inner.store_away = away;
        if !away {
            for request in std::mem::take(&mut inner.waiting) {
                inner.perform(request);
            }
            inner.drain();
        }
    }

    /// The store has been asked how it is, and has not answered in time; or it answers again.
    pub fn store_is_known_to_be_away(&self, away: bool) {
        let mut inner = self.0.borrow_mut();
        let now = inner.now;
        inner.centre.handle(now, Input::Store { away });
        inner.drain();
    }

    pub fn dish_is_sold_out(&self, dish: u16) {
        let mut inner = self.0.borrow_mut();
        let until = Timestamp::from(inner.now.wall).after(Duration::from_secs(3600));
        let store = inner.store.clone();
        let catalogue = inner.runtime.block_on(async {
            store.set_sold_out(MenuNumber::new(dish).unwrap(), None, until).await.unwrap();
            store.catalogue().await.unwrap()
        });
        inner.catalogue(Arc::new(catalogue));
    }

    /// The supervisor has said that these agents never speak with the customer who has this number.
    pub fn never_with(&self, number: &str, agents: &[UserId]) {
        let inner = self.0.borrow_mut();
        let now = Timestamp::from(inner.now.wall);
        let phone = dinetone::domain::PhoneNumber::parse(number).unwrap();
        inner.runtime.block_on(async {
            let author = dinetone::store::Author { user: UserId::new("u9001"), name: "主管".into() };
            let customer = inner.store.card_by_phone(&phone, now).await.unwrap().customer.expect("a known customer");
            inner.store.set_never(&customer, agents, "quarrel", &author, now).await.unwrap();
        });
    }

    /// A telephone sends SIP of its own making.
    pub fn phone_sends(&self, place: usize, text: &str) {
        let mut inner = self.0.borrow_mut();
        let from = inner.phones[&place].address;
        inner.post(Parcel::Sip { from, to: HOTLINE.parse().unwrap(), bytes: text.as_bytes().to_vec() });
    }

    /// Orders from newest to oldest.
    pub fn orders(&self) -> Vec<Order> {
        let inner = self.0.borrow();
        inner.runtime.block_on(inner.store.orders(&OrderFilter::default())).unwrap()
    }

    /// Does something with the store, as of now.
    pub fn with_store<T>(&self, act: impl AsyncFnOnce(Store, Timestamp) -> T) -> T {
        let inner = self.0.borrow();
        inner.runtime.block_on(act(inner.store.clone(), inner.now.wall.into()))
    }

    /// Records of calls that have ended.
    pub fn records(&self) -> Vec<(dinetone::domain::CallRecord, Vec<dinetone::domain::Step>)> {
        self.0.borrow().records.clone()
    }

    /// Complaints and messages that were left.
    pub fn messages(&self) -> usize {
        let inner = self.0.borrow();
        inner.runtime.block_on(inner.store.messages(100)).unwrap().len()
    }

    pub fn calls_up(&self) -> usize {
        self.0.borrow().centre.calls()
    }

    pub fn weather(&self, weather: Weather) {
        self.0.borrow_mut().network.weather = weather;
    }

    pub fn ladder(&self) -> String {
        self.0.borrow().ladder.join("\n")
    }

    /// What a stranger sends, and what comes back to them.
    pub fn stranger_sends(&self, from: &str, bytes: &[u8]) {
        let from = from.parse().unwrap();
        self.0.borrow_mut().post(Parcel::Sip { from, to: HOTLINE.parse().unwrap(), bytes: bytes.to_vec() });
        self.time_passes(Duration::from_millis(500));
    }

    /// Somebody sends sound to the port of this diner's call.
    pub fn attacker_sends_sound(&self, victim: &Diner, bytes: &[u8]) {
        let to = self.0.borrow().phones[&victim.place].peer_sound.expect("the call is up");
        self.0.borrow_mut().post(Parcel::Sound { from: "10.9.9.9:4000".parse().unwrap(), to, bytes: bytes.to_vec() });
    }

    /// After the story: no call, no leg, nothing unread.
    pub fn is_quiet(&self) {
        self.time_passes(Duration::from_secs(40));
        let inner = self.0.borrow();
        assert_eq!(inner.centre.calls(), 0, "a call is left\n{}", inner.ladder.join("\n"));
        // Headsets stay connected for the shift.
        let headsets = inner.headsets.values().filter(|headset| headset.next_packet().is_some()).count();
        assert!(inner.hall.len() <= headsets, "a leg is left: {} for {headsets} headset(s)", inner.hall.len());
    }
}

pub fn trunk() -> TrunkSettings {
    TrunkSettings {
        name: "main".into(),
        addresses: vec!["10.0.0.2".parse().unwrap()],
        targets: vec!["10.0.0.2:5060".parse().unwrap()],
        transport: Transport::Udp,
        socket: 0,
        local: HOTLINE.parse().unwrap(),
        registration: None,
        options_every: None,
        trust_identity: true,
        max_calls: None,
        max_calls_per_second: None,
    }
}

pub fn settings(trunk: TrunkSettings) -> SipSettings {
    SipSettings {
        realm: "dinetone".into(),
        product: "Dinetone/test".into(),
        trunks: vec![trunk],
        nodes: Vec::new(),
        accounts: Vec::new(),
        outbound: dinetone::sip::outbound::Rules { on: true, ..dinetone::sip::outbound::Rules::default() },
        demo: false,
        t1: Duration::from_millis(500),
        t2: Duration::from_secs(4),
        t4: Duration::from_secs(5),
        session_expires: Duration::from_secs(1800),
        min_se: Duration::from_secs(90),
        source_rate: 1000,
        max_dialogs: 1000,
        trace: false,
        nonce_key: [7; 32],
        digests: vec![dinetone::sip::digest::Algorithm::Sha256, dinetone::sip::digest::Algorithm::Md5],
    }
}

impl Inner {
    fn dial(&mut self, number: &str, dialled: &str, keys_by: KeysBy, events: bool) -> usize {
        let place = self.phones.values().filter(|phone| phone.calls).count();
        let address: SocketAddr = format!("10.0.0.2:{}", 5070 + place).parse().unwrap();
        let sound: SocketAddr = format!("10.0.0.2:{}", 40_000 + 2 * place).parse().unwrap();
        let flow = Flow { transport: Transport::Udp, socket: 0, local: address, peer: HOTLINE.parse().unwrap(), connection: 0 };
        let mut ids = Ids::seeded(u128::from(self.ids.next_u64()));
        let hotline = TrunkSettings { addresses: vec!["10.0.0.1".parse().unwrap()], local: address, ..trunk() };
        let mut sip = Endpoint::new(settings(hotline), ids.clone(), self.now);
        let dialog = sip.new_dialog_id();
        let mut offer =
            sdp::offer(&sdp::Local { address: sound.ip(), port: sound.port(), session_id: 1, version: 1, codecs: &sdp::Codec::PREFERENCE });
        if !events {
            offer = offer
                .lines()
                .filter(|line| !line.contains("telephone-event") && !line.starts_with("a=fmtp:101"))
                .map(|line| format!("{}\r\n", line.replace(" 101", "")))
                .collect();
        }
        let call = PlaceCall {
            dialog,
            flow,
            to: format!("sip:{dialled}@10.0.0.1"),
            from_user: number.to_owned(),
            headers: Vec::new(),
            sdp: Some(offer),
            credentials: None,
        };
        sip.handle(self.now, SipInput::Command(SipCommand::Place(Box::new(call))));
        let mut phone = Phone::new(sip, dialog, address, sound, keys_by, &mut ids);
        phone.tone = 400.0 + 70.0 * (place % 6) as f64;
        self.phones.insert(place, phone);
        self.note(format!("diner {place} → INVITE from {number} to {dialled}"));
        self.drain_phone(place);
        place
    }

    /// When a line of the ladder that holds this came last.
    pub fn ladder_time(&self, part: &str) -> Option<Duration> {
        let line = self.ladder.iter().rev().find(|line| line.contains(part))?;
        line.split_whitespace().next()?.parse().ok().map(Duration::from_secs_f64)
    }

    /// How many lines of the ladder hold this.
    pub fn ladder_count(&self, part: &str) -> usize {
        self.ladder.iter().filter(|line| line.contains(part)).count()
    }

    pub fn note(&mut self, line: String) {
        let at = (self.now.instant - self.start).as_secs_f64();
        self.ladder.push(format!("{at:9.3}  {line}"));
    }

    fn post(&mut self, parcel: Parcel) {
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

    fn catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.centre.handle(self.now, Input::Catalogue(catalogue));
        self.drain();
    }

    pub fn drain(&mut self) {
        loop {
            self.drain_centre();
            let Some(report) = self.reports.pop_front() else { return };
            if let MediaReport::Key { key, .. } = &report {
                let line = format!("keys      {key}");
                self.note(line);
            }
            self.centre.handle(self.now, Input::Media(report));
        }
    }

    fn drain_centre(&mut self) {
        let now = self.now;
        while let Some(output) = self.centre.poll() {
            match output {
                Output::Transmit { flow, bytes } => {
                    let first = String::from_utf8_lossy(&bytes).lines().next().unwrap_or("").to_owned();
                    self.note(format!("centre  → {first}"));
                    self.post(Parcel::Sip { from: flow.local, to: flow.peer, bytes });
                }
                Output::Media(order) => self.media(order),
                Output::Store(request) => {
                    if let dinetone::call::request::StoreRequest::Started { call, .. } = request {
                        // A store that is away says nothing; what it did not note is written at the end.
                        if !self.store_away {
                            self.centre.handle(now, Input::Reply { call, reply: dinetone::call::request::Reply::Started });
                        }
                    } else if let dinetone::call::request::StoreRequest::Ended { record, steps } = request {
                        self.records.push((*record, steps));
                    } else if self.store_away {
                        self.waiting.push(request);
                    } else {
                        self.perform(request);
                    }
                }
                Output::Call { id, what, .. } => {
                    let known = self.calls_seen.len();
                    let place = *self.calls_seen.entry(id.to_string()).or_insert(known);
                    if !matches!(what, StepKind::Key { .. }) {
                        self.note(format!("call {place}    {what:?}"));
                    }
                    self.facts.push((place, what));
                }
                Output::Fault { what, .. } => panic!("a call ended by our fault: {what}"),
                Output::Publish(event) => {
                    self.hear_event(&event);
                    let line: String = format!("told      {:?}", event.what).chars().take(200).collect();
                    self.note(line);
                    self.events.push((now.instant, *event));
                }
                Output::Floor { who, line } => self.note(format!("floor     {who}: {line}")),
                Output::Listener { how, .. } => self.note(format!("listener  {how:?}")),
                Output::WantPeople | Output::PopTook(_) => {}
                Output::Trace { .. } | Output::Refused { .. } | Output::Trunk { .. } | Output::Registered { .. } => {}
            }
        }
    }

    fn perform(&mut self, request: dinetone::call::request::StoreRequest) {
        if let dinetone::call::request::StoreRequest::Keep(fact) = request {
            let store = self.store.clone();
            let kept = self.runtime.block_on(store.keep("t", std::slice::from_ref(&*fact), self.now.wall.into()));
            kept.expect("the store keeps what is told");
            return;
        }
        let effects = self.effects.clone();
        if let Some((call, reply)) = self.runtime.block_on(effects.perform(request, self.now.wall.into())) {
            self.centre.handle(self.now, Input::Reply { call, reply });
        }
    }

    fn media(&mut self, order: MediaOrder) {
        let now = self.now;
        match order {
            MediaOrder::Open { leg, ip, port, plan } => {
                self.open_leg(leg, plan, SocketAddr::new(ip, port));
                self.reports.push_back(MediaReport::Opened { leg });
            }
            // A page here is an address that speaks plain RTP: its offer is that address, the answer is ours.
            MediaOrder::OpenBrowser { leg, offer, quiet_after } => {
                let Ok(page) = offer.trim().parse::<SocketAddr>() else {
                    self.reports.push_back(MediaReport::OpenFailed { leg, why: "the offer cannot be read" });
                    return;
                };
                let plan =
                    LegPlan { codec: Codec::Pcma, event_type: Some(101), remote: Some(page), send: true, receive: true, crypto: None };
                let ours = SocketAddr::new(HOTLINE.parse::<SocketAddr>().unwrap().ip(), 30_000 + (leg.0 % 20_000) as u16);
                if self.hall.place(leg).is_some() {
                    self.hall.obey(now, MediaOrder::Change { leg, plan }, &mut self.reports);
                } else {
                    self.open_leg(leg, plan, ours);
                }
                if let Some(leg) = self.hall.place(leg).and_then(|place| self.hall.leg_mut(place)) {
                    leg.quiet_after(now, quiet_after);
                }
                self.reports.push_back(MediaReport::BrowserAnswer { leg, sdp: ours.to_string() });
                self.reports.push_back(MediaReport::BrowserState { leg, connected: true, loss_percent: 0, rtt_ms: 1 });
            }
            MediaOrder::Close { leg } => {
                if let Some((place, leg)) = self.hall.close(leg) {
                    self.sounds.remove(&place);
                    leg.close(now, &mut self.reports);
                }
            }
            order => self.hall.obey(now, order, &mut self.reports),
        }
    }

    fn open_leg(&mut self, leg: dinetone::media::order::LegId, plan: LegPlan, ours: SocketAddr) {
        let mut ids = Ids::seeded(u128::from(self.ids.next_u64()));
        if self.hall.is_empty() {
            self.next_tick = self.now.instant + TICK;
        }
        let place = self.hall.open(Leg::new(self.now, leg, plan, &mut ids)).expect("names of legs are never used twice");
        self.sounds.insert(place, ours);
    }

    /// What a page does by itself: it takes the answer to its offer.
    fn hear_event(&mut self, event: &Event) {
        match &event.what {
            What::MediaAnswer { to, sdp, .. } => {
                if let (Some(headset), Ok(ours)) = (self.headsets.get_mut(to), sdp.parse()) {
                    headset.connect(self.now, ours);
                }
            }
            What::Phone { state: PhoneState::Answer { sdp }, .. } => {
                if let (Some(headset), Ok(ours)) = (self.headsets.get_mut(&UserId::new("upage")), sdp.parse()) {
                    headset.connect(self.now, ours);
                }
            }
            What::Phone { state: PhoneState::Ended { .. }, .. } => {
                if let Some(headset) = self.headsets.get_mut(&UserId::new("upage")) {
                    headset.disconnect();
                }
            }
            _ => {}
        }
    }

    pub fn drain_phone(&mut self, place: usize) {
        let now = self.now;
        loop {
            let phone = self.phones.get_mut(&place).expect("phones are never taken away");
            let Some(output) = phone.sip.poll() else { return };
            match output {
                SipOutput::Transmit { flow, bytes } => {
                    if !phone.calls {
                        phone.said.push(String::from_utf8_lossy(&bytes).into_owned());
                    }
                    self.post(Parcel::Sip { from: flow.local, to: flow.peer, bytes });
                }
                SipOutput::Event(SipEvent::Answered { sdp, .. }) => {
                    phone.line = Line::Up;
                    let agreed = sdp.and_then(|sdp| sdp::agree(&sdp::Codec::PREFERENCE, &sdp).ok());
                    phone.connected(now, agreed.as_ref().and_then(|agreed| agreed.remote), agreed.and_then(|agreed| agreed.event_type));
                    self.note(format!("diner {place}   is answered"));
                }
                SipOutput::Event(SipEvent::Invited(invited)) => {
                    phone.dialog = invited.dialog;
                    phone.offered = invited.offer;
                    phone.line = Line::Ringing;
                    let ringing = SipCommand::Progress { dialog: phone.dialog, status: 180, sdp: None };
                    phone.sip.handle(now, SipInput::Command(ringing));
                    self.note(format!("phone {place}   rings: {} {}", invited.caller, invited.dialled));
                }
                SipOutput::Event(SipEvent::Ended { cause, .. }) => {
                    let how = match cause {
                        EndCause::PeerBye => "hung up on".to_owned(),
                        EndCause::Local => "hung up".to_owned(),
                        EndCause::Refused(status) => format!("refused {status}"),
                        other => format!("{other:?}"),
                    };
                    phone.line = Line::Over(how.clone());
                    let who = if phone.calls { "diner" } else { "phone" };
                    let line = if phone.calls { how } else { format!("over: {how}") };
                    self.note(format!("{who} {place}   {line}"));
                }
                _ => {}
            }
        }
    }
}

impl Diner {
    /// Waits (90 s at most) until the hotline says this prompt.
    #[track_caller]
    pub fn hears(&mut self, prompt: &str) -> String {
        let place = self.place;
        let from = self.heard;
        let found = {
            let mut inner = self.world.0.borrow_mut();
            let wanted = |inner: &Inner| position(inner, place, from, prompt).is_some();
            inner.run(Duration::from_secs(90), wanted);
            position(&inner, place, from, prompt)
        };
        let Some((at, text)) = found else { panic!("diner {place} did not hear {prompt}\n{}", self.world.ladder()) };
        self.heard = at;
        text
    }

    /// Presses keys, one after the other, as a person does.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            let mut inner = self.world.0.borrow_mut();
            let now = inner.now;
            self.heard = inner.facts.len();
            let phone = inner.phones.get_mut(&self.place).expect("phones are never taken away");
            if phone.keys_by == KeysBy::Info {
                let command = SipCommand::Info {
                    dialog: phone.dialog,
                    content_type: "application/dtmf-relay",
                    body: format!("Signal={key}\r\nDuration=160\r\n"),
                };
                phone.sip.handle(now, SipInput::Command(command));
                inner.drain_phone(self.place);
                inner.run(Duration::from_millis(300), |_| false);
            } else {
                phone.press(key);
                let place = self.place;
                inner.run(Duration::from_secs(2), |inner| !inner.phones[&place].pressing());
            }
        }
    }

    /// Waits in the queue until there is a choice, and wants to be rung at the number they ring from.
    #[track_caller]
    pub fn asks_to_be_called_back(&mut self) {
        self.says_nothing_for(31);
        self.hears("q.options");
        self.keys("1");
        self.hears("q.cb_num");
        self.keys("#");
        self.hears("q.cb_done");
    }

    pub fn says_nothing_for(&self, seconds: u64) {
        self.world.time_passes(Duration::from_secs(seconds));
    }

    pub fn hangs_up(&self) {
        {
            let mut inner = self.world.0.borrow_mut();
            let now = inner.now;
            let phone = inner.phones.get_mut(&self.place).expect("phones are never taken away");
            let dialog = phone.dialog;
            phone.sip.handle(now, SipInput::Command(SipCommand::HangUp { dialog, reason: None }));
            inner.drain_phone(self.place);
        }
        self.world.time_passes(Duration::from_secs(2));
    }

    /// The caller speaks from now on (a tone), or is quiet again.
    pub fn speaks(&self, on: bool) {
        let mut inner = self.world.0.borrow_mut();
        inner.phones.get_mut(&self.place).expect("phones are never taken away").speaks = on;
    }

    /// The tone that this telephone says while it speaks.
    pub fn tone(&self) -> f64 {
        self.world.0.borrow().phones[&self.place].tone
    }

    /// Whether a tone is heard, for half a second from now on.
    pub fn hears_tone(&self, tone: f64) -> bool {
        self.listens();
        self.world.0.borrow().phones[&self.place].ear.share(tone) > 0.2
    }

    /// Whether anything is heard.
    pub fn hears_sound(&self) -> bool {
        self.listens();
        self.world.0.borrow().phones[&self.place].ear.loudness() > 30.0
    }

    fn listens(&self) {
        self.world.0.borrow_mut().phones.get_mut(&self.place).expect("phones are never taken away").ear.forget();
        self.world.time_passes(Duration::from_millis(500));
    }

    /// Streams heard since the call began, by SSRC.
    pub fn streams(&self) -> usize {
        self.world.0.borrow().phones[&self.place].ear.streams.len()
    }

    /// Places where the sequence numbers did not go on by one.
    pub fn jumps(&self) -> u32 {
        self.world.0.borrow().phones[&self.place].ear.jumps
    }

    /// The line goes dead: nothing is sent or answered any more.
    pub fn loses_network(&self) {
        let mut inner = self.world.0.borrow_mut();
        let place = self.place;
        let phone = inner.phones.get_mut(&place).expect("phones are never taken away");
        phone.silent = true;
        phone.address = "10.0.0.3:1".parse().unwrap();
    }

    #[track_caller]
    pub fn is_up(&self) {
        assert_eq!(self.line(), Line::Up, "{}", self.world.ladder());
    }

    pub fn line(&self) -> Line {
        self.world.0.borrow().phones[&self.place].line.clone()
    }

    pub fn packets(&self) -> u64 {
        self.world.0.borrow().phones[&self.place].heard_packets
    }

    /// Moves time until the call is up, or over.
    pub fn waits_for_answer(&self) {
        let place = self.place;
        self.world.0.borrow_mut().run(Duration::from_secs(40), |inner| inner.phones[&place].line != Line::Calling);
    }
}

/// The place behind the first utterance from `from` on that holds `prompt`, and its words.
fn position(inner: &Inner, place: usize, from: usize, prompt: &str) -> Option<(usize, String)> {
    inner.facts.iter().enumerate().skip(from).find_map(|(at, (call, what))| match what {
        StepKind::Said { prompts, text } if *call == place && prompts.iter().any(|said| said == prompt) => Some((at, text.clone())),
        _ => None,
    })
}
