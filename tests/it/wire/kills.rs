//! As a chain I lose power in the middle of the evening: no order that a diner heard confirmed is lost, none is doubled,
//! and the line is open again in seconds. The server is killed with SIGKILL while diners are at every step of an order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dinetone::diner::{CallPlan, KeysBy, Line, Phone, PhoneSettings, Script, Who, Whom};
use dinetone::voice::say::DigitOne;
use dinetone::voice::{Library, SoundBook, Sources};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::calls::orders;
use super::server::{Server, Setup, now};
use crate::store::postgres;

/// Presses # as soon as it is taken (after 0.7 s of the read-back), and 9 when the confirmation has begun.
const ORDER: &str = "\
dials 4000
hears final.pickup within 60s
waits 800ms
press #
hears final.done within 60s
press 9
waits 60s
";

/// What the diners of all rounds went through, by number.
#[derive(Default)]
struct Heard {
    called: BTreeSet<String>,
    submitted: BTreeSet<String>,
    confirmed: BTreeSet<String>,
}

/// When in a round the power goes.
#[derive(Clone, Copy)]
enum Cut {
    /// So long after the first diner called.
    After(Duration),
    /// So long after a diner pressed the submitting key: around the commit.
    Submit(Duration),
}

struct Evening {
    server: Server,
    book: Arc<SoundBook>,
    script: Script,
    heard: Arc<Mutex<Heard>>,
    /// The last four digits of the next diner's number, by which the order lists tell diners apart.
    next: u32,
    restarts: Vec<Duration>,
}

impl Evening {
    fn new(store: Option<String>) -> Self {
        let mut setup = Setup::bench();
        setup.store = store;
        let (library, _) = Library::load(Sources::shipped(Vec::new()), DigitOne::Yao);
        let script = Script::parse("order", ORDER).unwrap();
        Self {
            server: setup.install(),
            book: Arc::new(SoundBook::new(&library)),
            script,
            heard: Arc::default(),
            next: 0,
            restarts: Vec::new(),
        }
    }

    /// Opens, takes orders of `diners` who ring one after another within `spread`, and loses power.
    async fn round(&mut self, diners: u32, spread: Duration, cut: Cut) {
        let begun = now();
        tokio::task::block_in_place(|| self.server.run());
        self.restarts.push(begun.elapsed());
        let settings = PhoneSettings { target: self.server.sip, tcp: false, bind: None, credentials: None, trace: false };
        let phone = Arc::new(Phone::open(settings, None).await.unwrap());
        let (pressed, mut submits) = watch::channel(0_u32);
        let pressed = Arc::new(pressed);
        let mut calls = tokio::task::JoinSet::new();
        for place in 0..diners {
            let from = format!("1370000{:04}", self.next);
            self.next += 1;
            let plan = CallPlan {
                script: self.script.clone(),
                keys: KeysBy::Events,
                by_hand: false,
                meter: false,
                hum: None,
                book: Arc::clone(&self.book),
                seed: u64::from(self.next),
            };
            let whom = Whom { to: format!("sip:4000@{}", self.server.sip), from: from.clone(), headers: Vec::new() };
            let (lines, mut said) = mpsc::channel::<Line>(64);
            let (phone, heard, pressed) = (Arc::clone(&phone), Arc::clone(&self.heard), Arc::clone(&pressed));
            calls.spawn(async move {
                tokio::time::sleep(spread * place / diners).await;
                heard.lock().unwrap().called.insert(from.clone());
                let listening = async {
                    while let Some(line) = said.recv().await {
                        if line.who != Who::Diner {
                            continue;
                        }
                        let mut heard = heard.lock().unwrap();
                        if line.text.contains('#') {
                            heard.submitted.insert(from.clone());
                            pressed.send_modify(|count| *count += 1);
                        } else if line.text.contains('9') {
                            heard.confirmed.insert(from.clone());
                        }
                    }
                };
                tokio::join!(phone.call(whom, plan, Some(lines), None), listening);
            });
        }
        let longest = Duration::from_secs(40);
        match cut {
            Cut::After(after) => tokio::time::sleep(after).await,
            Cut::Submit(after) => {
                let _ = tokio::time::timeout(longest, submits.wait_for(|count| *count > 0)).await;
                tokio::time::sleep(after).await;
            }
        }
        self.server.kill();
        calls.abort_all();
    }

    /// After the last power cut: what is on disk is what the diners were told.
    fn reckoning(mut self) {
        self.server.run();
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        let mut kept: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for order in orders(&self.server) {
            let phone = order["phone"].as_str().unwrap();
            kept.entry(phone[phone.len() - 4..].to_owned()).or_default().push(order);
        }
        let last_four = |from: &String| from[from.len() - 4..].to_owned();
        let lost: Vec<&String> = heard.confirmed.iter().filter(|from| !kept.contains_key(&last_four(from))).collect();
        assert!(lost.is_empty(), "confirmed and lost: {lost:?}");
        let doubled: Vec<&String> = kept.iter().filter(|(_, orders)| orders.len() > 1).map(|(phone, _)| phone).collect();
        assert!(doubled.is_empty(), "ordered once and there twice: {doubled:?}");
        let submitted: BTreeSet<String> = heard.submitted.iter().map(last_four).collect();
        let invented: Vec<&String> = kept.keys().filter(|phone| !submitted.contains(*phone)).collect();
        assert!(invented.is_empty(), "there without the submitting key: {invented:?}");
        let mut numbers = BTreeSet::new();
        for order in kept.values().flatten() {
            assert!(numbers.insert(order["number"].as_str().unwrap().to_owned()), "a number twice: {order}");
            let line = &order["lines"][0];
            assert_eq!(
                (order["lines"].as_array().map(Vec::len), &line["dish"], &line["quantity"]),
                (Some(1), &18.into(), &1.into()),
                "{order}"
            );
            assert_eq!((&order["goods_fen"], &order["pay_fen"]), (&3800.into(), &3800.into()), "{order}");
        }
        // The call records agree with the orders, and no call of an earlier run is still open.
        let calls = self.server.json(&["calls", "list", "--limit", "100000", "--json"]);
        let calls = calls.as_array().unwrap();
        let open: Vec<&Value> = calls.iter().filter(|call| call["ended_at"].is_null()).collect();
        assert!(open.is_empty(), "left open: {open:?}");
        let interrupted = calls.iter().filter(|call| call["reason"] == "interrupted").count();
        assert!(interrupted > 0, "calls that were up at a power cut are closed as interrupted");
        for number in calls.iter().filter_map(|call| call["order"].as_str()) {
            assert!(numbers.contains(number), "a call tells of an order {number} that is not there");
        }
        self.restarts.sort_unstable();
        let (median, slowest) = (self.restarts[self.restarts.len() / 2], self.restarts[self.restarts.len() - 1]);
        eprintln!(
            "{} power cuts, {} calls: {} on record ({interrupted} interrupted), {} submitted, {} confirmed, {} orders kept; ready again in {median:.2?}, at most {slowest:.2?}",
            self.restarts.len(),
            heard.called.len(),
            calls.len(),
            heard.submitted.len(),
            heard.confirmed.len(),
            numbers.len()
        );
        assert!(median < Duration::from_secs(5), "ready again only after {median:?}");
        assert!(!heard.confirmed.is_empty() && heard.confirmed.len() < heard.called.len(), "cuts before and after the confirmation");
    }
}

/// Rounds until `lasting` has passed (at least `least`), with cuts at random moments and around the commit.
fn evening(store: Option<String>, seed: u64, least: u32, lasting: Duration) {
    let mut evening = Evening::new(store);
    // A plain linear congruence (Knuth's MMIX): which moments it is does not matter, that they are spread does.
    let mut state = seed;
    let mut up_to = |milliseconds: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis((state >> 33) % milliseconds)
    };
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
        let end: Instant = now() + lasting;
        let mut round = 0;
        while round < least || now() < end {
            let cut = if round % 3 == 0 { Cut::After(up_to(2500)) } else { Cut::Submit(up_to(if round % 3 == 1 { 60 } else { 900 })) };
            evening.round(8, Duration::from_millis(800), cut).await;
            round += 1;
        }
    });
    evening.reckoning();
}

#[test]
fn i6_i8_no_power_cut_loses_or_doubles_an_order_on_sqlite() {
    // Three restaurants at the same time, for more cuts in the same minute.
    let houses: Vec<_> =
        [1, 2, 3].map(|seed| std::thread::spawn(move || evening(None, seed, 12, Duration::from_secs(60)))).into_iter().collect();
    let failed = houses.into_iter().map(std::thread::JoinHandle::join).filter(Result::is_err).count();
    assert_eq!(failed, 0, "see above");
}

#[test]
fn i6_i8_no_power_cut_loses_or_doubles_an_order_on_postgresql() {
    let Some(server) = postgres::Server::start() else { return };
    evening(Some(server.fresh()), 4, 6, Duration::from_secs(25));
}

/// A trunk that hears INVITE and never answers: the numbers that were dialled, one for each call.
fn dialled(trunk: &std::net::UdpSocket, calls: &mut BTreeMap<String, String>) {
    let mut bytes = [0; 4096];
    while let Ok((length, _)) = trunk.recv_from(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let Some(line) = text.lines().next().filter(|line| line.starts_with("INVITE sip:")) else { continue };
        let number = line.trim_start_matches("INVITE sip:").split('@').next().unwrap_or_default().to_owned();
        let call = text.lines().find_map(|line| line.strip_prefix("Call-ID: ")).unwrap_or_default().to_owned();
        calls.insert(call, number);
    }
}

/// I11, I8: a caller waits when the power goes: they are called back, once, however often it goes before an agent is there.
#[test]
fn i11_callers_in_the_queue_are_called_back_after_a_power_cut() {
    use super::server::eventually;
    use super::staff_phones::starts;
    use serde_json::json;

    let soon = Duration::from_secs(30);
    let trunk = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    trunk.set_nonblocking(true).unwrap();
    let config = format!(
        "[acd]\ncallback_hours = \"00:00-24:00\"\n[outbound]\non = true\n[[trunk]]\nname = \"main\"\naddresses = [\"127.0.0.9\"]\n\
         targets = [\"{}\"]\noptions_every = \"0s\"\n",
        trunk.local_addr().unwrap()
    );
    let mut server = Setup { config, ..Setup::demo() }.start();
    // Somebody is signed on, or nobody could wait; on a break, or the caller would not.
    let outside = || json!({ "seat": "outside", "number": "13900139111" });
    let mut desk = starts(&server, "8001", outside());
    desk.until_state("8001", "available");
    desk.say(&json!({ "v": 1, "id": "break", "type": "agent.state", "to": "break:short" }));
    desk.until_state("8001", "break");
    let script = "hears main.menu within 20s\npress 0\nwaits 60s\n";
    let mut command = server.diner(script, &["--from", "13800138000"]);
    let diner = super::server::Guarded(command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap());
    eventually("the caller waits", soon, || {
        let frame = desk.until("queues");
        (frame["waiting"].as_array().map(Vec::len) == Some(1)).then_some(())
    });
    let mut chief = super::web_kit::Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(chief.sign_in("supervisor", "demo").status, 200);
    eventually("their wait is on record", soon, || (chief.get("/api/calls").json()[0]["queue"] == "order").then_some(()));
    server.kill();
    drop(diner);
    // The power goes twice more before an agent is there; nobody is dialled.
    for _ in 0..2 {
        server.run();
        let mut calls = BTreeMap::new();
        dialled(&trunk, &mut calls);
        assert!(calls.is_empty(), "nobody works: {calls:?}");
        server.kill();
    }
    server.run();
    let mut desk = starts(&server, "8001", outside());
    desk.until_state("8001", "available");
    let mut calls = BTreeMap::new();
    eventually("the customer is called back", soon, || {
        dialled(&trunk, &mut calls);
        (!calls.is_empty()).then_some(())
    });
    // In the middle of dialling it goes again: the second try is the last one.
    server.kill();
    dialled(&trunk, &mut calls);
    assert_eq!(calls.values().collect::<Vec<_>>(), ["13800138000"]);
    server.run();
    let mut desk = starts(&server, "8001", outside());
    desk.until_state("8001", "available");
    eventually("the second try", soon, || {
        dialled(&trunk, &mut calls);
        (calls.len() == 2).then_some(())
    });
    assert!(calls.values().all(|number| number == "13800138000"), "{calls:?}");
}

/// C107: the power goes while a caller chooses dishes: somebody calls them who sees the dishes; who rings again finds them, and is off the
/// list.
#[test]
fn c107_who_was_choosing_when_the_power_went_is_on_the_list_with_the_dishes() {
    use super::server::{Guarded, eventually};
    use super::web_kit::Browser;
    use serde_json::{Value, json};
    use std::process::Stdio;

    let soon = Duration::from_secs(30);
    let mut server = Setup::demo().start();
    let calls = |server: &Server, script: &str| {
        let mut command = server.diner(script, &["--from", "13800138000"]);
        Guarded(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let desk = |server: &Server| {
        let mut desk = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
        assert_eq!(desk.sign_in("8001", "demo").status, 200);
        desk
    };
    let cart = |desk: &Browser| {
        let found = desk.send("POST", "/api/customers/search", &json!({ "q": "13800138000" })).json();
        let page = desk.get(&format!("/api/customers/{}", found[0]["id"].as_str().unwrap())).json();
        Some(page["pop"]["cart"]["lines"].clone()).filter(Value::is_array)
    };
    let script =
        "hears main.menu within 20s\npress 112\nhears order.ask_dish within 20s\npress 18#2#\nhears order.ask_next within 20s\nwaits 60s\n";
    let mut command = server.diner(script, &["--from", "13800138000", "--json"]);
    let mut diner = Guarded(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let told = std::io::BufReader::new(diner.0.stdout.take().unwrap());
    let asked = std::io::BufRead::lines(told).any(|line| line.is_ok_and(|line| line.contains("order.ask_next")));
    assert!(asked, "the caller was asked for the next dish");
    let lina = desk(&server);
    assert_eq!((lina.get("/api/missed").json(), cart(&lina)), (json!([]), None), "they are choosing still");
    server.kill();
    drop(diner);
    server.run();
    let lina = desk(&server);
    let missed = lina.get("/api/missed").json();
    assert_eq!(
        (missed.as_array().unwrap().len(), &missed[0]["kind"], &missed[0]["phone"]),
        (1, &json!("cut_off"), &json!("13800138000")),
        "{missed}"
    );
    let chosen = cart(&lina).expect("whoever calls sees them");
    assert_eq!((&chosen[0]["dish"], &chosen[0]["quantity"]), (&json!(18), &json!(2)), "{chosen}");
    let again = calls(&server, "hears main.menu within 20s\npress 1\nhears order.resume within 20s\nwaits 20s\n");
    eventually("who rings again needs no call", soon, || (lina.get("/api/missed").json() == json!([])).then_some(()));
    drop(again);
}
