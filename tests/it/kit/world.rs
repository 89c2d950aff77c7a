//! One world: a hotline, its diners, the network between them, and a clock that stands still until it is moved.

mod diner;
mod outputs;
mod settings;
mod time;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use dinetone::call::handover::{HEADER, Handover};
use dinetone::call::plan::Srtp;
use dinetone::call::session::Env;
use dinetone::centre::{Centre, Input, Limits};
use dinetone::domain::{Catalogue, MenuNumber, Order, QueueId, ShopClock, StepKind, Timestamp, UserId};
use dinetone::event::{Event, What};
use dinetone::machine::{Ids, Machine, Now};
use dinetone::media::hall::Hall;
use dinetone::media::leg::Reports;
use dinetone::media::ports::Ports;
use dinetone::queue::{self, Acd, Profile};
use dinetone::server::effects::Effects;
use dinetone::server::files::Places;
use dinetone::sip::endpoint::Endpoint;
use dinetone::sip::event::{Flow, PlaceCall, SipCommand, SipInput, SipSettings, Transport, TrunkSettings};
use dinetone::sip::outbound::Rules;
use dinetone::sip::sdp;
use dinetone::store::{OrderFilter, Store};
use dinetone::voice::say::DigitOne;

use super::network::{Network, Weather};
use super::phone::{KeysBy, Phone};
use super::voice::Headset;
pub use diner::Diner;
pub use settings::{outbound, settings, trunk};
use time::Parcel;

/// Where the hotline is reached.
pub const HOTLINE: &str = "10.0.0.1:5060";
/// The other node of the house.
pub const OTHER_NODE: &str = "10.0.0.8:5060";

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

impl World {
    /// Opens at this time of Friday, 20 November 2026, Shanghai, with the demonstration's people, in fair weather.
    pub fn open_at(time: &str) -> Self {
        Self::open(time, Weather::FAIR, 1)
    }

    /// The same with these hours in the branch that is open round the clock.
    pub fn open_at_with_hours(time: &str, hours: &str) -> Self {
        Self::build(time, Weather::FAIR, 1, Some(hours), outbound())
    }

    /// The same with these rules for calls to outside numbers.
    pub fn open_with_outbound(time: &str, rules: Rules) -> Self {
        Self::build(time, Weather::FAIR, 1, None, rules)
    }

    /// The same with more nodes in the dialogue.
    pub fn open_with_menus(time: &str, more: &str) -> Self {
        Self::build_with(time, Weather::FAIR, 7, |text| format!("{text}\n{more}"), outbound())
    }

    pub fn open(time: &str, weather: Weather, seed: u128) -> Self {
        Self::build(time, weather, seed, None, outbound())
    }

    fn build(time: &str, weather: Weather, seed: u128, hours: Option<&str>, outbound: Rules) -> Self {
        let hours = hours.map(str::to_owned);
        let with_hours = move |text: String| match hours {
            None => text,
            Some(hours) => text.replace("hours = [\"00:00-24:00\"]", &format!("hours = [\"{hours}\"]")),
        };
        Self::build_with(time, weather, seed, with_hours, outbound)
    }

    fn build_with(time: &str, weather: Weather, seed: u128, edit: impl FnOnce(String) -> String, outbound: Rules) -> Self {
        let clock = ShopClock::named("Asia/Shanghai").unwrap();
        let date: dinetone::domain::DateTime = format!("2026-11-20T{time}:00").parse().unwrap();
        let at = clock.timestamp(date);
        #[expect(clippy::disallowed_methods, reason = "the origin of virtual time")]
        let instant = Instant::now();
        let now = Now { instant, wall: SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis() as u64) };
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::temp_dir().join(format!("dinetone-it-{}-{seed}", std::process::id()));
        let shipped = std::fs::read_to_string(root.join("menus.toml")).unwrap();
        let text = edit(shipped.clone());
        let menus = if text == shipped {
            root.join("menus.toml")
        } else {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("menus.toml"), text).unwrap();
            folder.join("menus.toml")
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
        let effects = Effects::new(store.clone(), folder, inbox, "t".into(), watched, dinetone::domain::NoticeTexts::default());
        let env = Env {
            script: files.script,
            catalogue,
            library: files.library,
            clock,
            advertised: None,
            no_audio_after: Duration::from_secs(60),
            longest_call: Duration::from_secs(3600),
            map_links: [false; 2],
            srtp: Srtp { policy: sdp::Policy::Off, secret: sdp::crypto::Secret([9; 32]) },
        };
        let sip = Endpoint::new(SipSettings { outbound, nodes: vec![OTHER_NODE.parse().unwrap()], ..settings(trunk()) }, ids.clone(), now);
        let ports = Ports::new(20_000, 20_999, &mut ids);
        let centre = {
            let limits = Limits {
                max_calls: 200,
                node: "t".into(),
                free_lines: 10,
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
        let place = self.0.borrow_mut().dial(number, dialled, keys_by, events.is_some(), None);
        Diner { world: self.clone(), place, heard: 0 }
    }

    /// Another node calls about a caller of its own, with these words.
    pub fn other_node_calls(&self, number: &str, told: &Handover) -> Diner {
        let place = self.0.borrow_mut().dial(number, "1000", KeysBy::Event, true, Some(told));
        Diner { world: self.clone(), place, heard: 0 }
    }

    pub fn time_passes(&self, time: Duration) {
        self.0.borrow_mut().run(time, |_| false);
    }

    /// Somebody sets the wall clock, this far back; what runs on the other clock does not notice.
    pub fn clock_is_set_back(&self, by: Duration) {
        self.0.borrow_mut().now.wall -= by;
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
        self.tells_the_centre(Input::Store { away });
    }

    /// A stop was asked for: no new calls, those in progress may finish.
    pub fn server_stops_taking_calls(&self) {
        self.tells_the_centre(Input::Drain { retry_after: 30 });
    }

    /// The time for that is over.
    pub fn server_ends_all_calls(&self) {
        self.tells_the_centre(Input::EndAll);
        self.time_passes(Duration::from_secs(1));
    }

    fn tells_the_centre(&self, input: Input) {
        let mut inner = self.0.borrow_mut();
        let now = inner.now;
        inner.centre.handle(now, input);
        inner.drain();
    }

    /// The other nodes of the house, as they have told of themselves.
    pub fn other_nodes(&self, nodes: Vec<dinetone::centre::OtherNode>) {
        self.tells_the_centre(Input::Nodes(nodes));
    }

    /// Every trunk is taken away.
    pub fn trunks_go(&self) {
        let mut inner = self.0.borrow_mut();
        let now = inner.now;
        inner.centre.handle(now, Input::Sip(SipInput::Command(SipCommand::Trunks(Vec::new()))));
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

impl Inner {
    fn dial(&mut self, number: &str, dialled: &str, keys_by: KeysBy, events: bool, told: Option<&Handover>) -> usize {
        let place = self.phones.values().filter(|phone| phone.calls).count();
        let address = if told.is_some() { OTHER_NODE.to_owned() } else { format!("10.0.0.2:{}", 5070 + place) };
        let address: SocketAddr = address.parse().unwrap();
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
            headers: told.map(|told| format!("{HEADER}: {}", told.text())).into_iter().collect(),
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

    fn catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.centre.handle(self.now, Input::Catalogue(catalogue));
        self.drain();
    }
}
