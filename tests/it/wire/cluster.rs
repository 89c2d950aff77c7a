//! As a chain I run the hotline on two machines: an order that is keyed at one rings on the boards of the other, two
//! dispatchers on two nodes cannot both move it, what the administrator changes by page holds at both, and when a node is killed no
//! order is lost and its alarms come from the other.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use dinetone::domain::{
    BranchNumber, Cart, CartLine, Language, MenuNumber, Money, PhoneNumber, Place, PlacedVia, Quantity, ShopClock, Timestamp, When,
};
use dinetone::store::{OrderRequest, Placed, Store};
use serde_json::{Value, json};

use super::baresip::Phone;
use super::server::{Guarded, Server, Setup, eventually, free_port, text};
use super::staff_phones::{OUTSIDE, at_work, diner as asks};
use super::web_kit::{Browser, Live, timestamp};
use crate::store::postgres;

pub const SOON: Duration = Duration::from_secs(60);

/// One dish, fetched at branch 1, by somebody who knows the way.
const FETCHED: &str = "\
dials 1000
whenever lang.choose press 1
whenever order.resume press 2
whenever final.dup press 1
hears main.menu within 40s
press 1#61#1##
hears order.sum_keys within 40s
press #
hears ful.ask within 40s
press 2
hears store.pick within 40s
press 1
hears time.ask within 40s
press 1
hears phone.confirm within 40s
press #
hears final.confirm within 40s
waits 1s
press #
hears final.done within 40s
hangs up
";

/// Debian's nats-server on a port of its own; none where it is not installed: nodes then look for news by themselves.
fn nats() -> Option<(Guarded, String)> {
    for _ in 0..5 {
        let address = format!("127.0.0.1:{}", free_port());
        let port = address.rsplit_once(':').expect("a port").1;
        let server: Option<Child> =
            Command::new("nats-server").args(["-a", "127.0.0.1", "-p", port]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok();
        let Some(server) = server else {
            eprintln!("nats-server is not installed: the nodes have no news of each other and look by themselves");
            return None;
        };
        let mut server = Guarded(server);
        let up = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            std::net::TcpStream::connect(&address).is_ok()
        });
        // A port that another test was quicker to take ends it.
        if up && server.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            return Some((server, address));
        }
    }
    panic!("nats-server does not start");
}

/// A demonstration on this store whose branches must answer within seconds.
fn node(name: &str, store: &str, nats: Option<&str>) -> Setup {
    let alarms = "[dispatch]\nloud_after = \"5s\"\ntask_after = \"6s\"\ntelephone_silent_after = \"20s\"\ntelephone_after = \"40s\"\n";
    let setup = Setup { store: Some(store.to_owned()), config: alarms.to_owned(), ..Setup::demo() };
    let setup = setup.env("DINETONE__CLUSTER__NODE", name).env("DINETONE__CLUSTER__LOST_AFTER", "4s");
    match nats {
        Some(address) => setup.env("DINETONE__CLUSTER__NATS", address),
        None => setup,
    }
}

pub fn signed_in(server: &Server, login: &str) -> Browser {
    let mut browser = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(browser.sign_in(login, "demo").status, 200);
    browser
}

fn board(server: &Server, login: &str) -> (Live, Value) {
    let mut live = signed_in(server, login).socket("/api/board").unwrap_or_else(|refused| panic!("{refused:?}"));
    let snapshot = live.next().unwrap();
    assert_eq!(snapshot["type"], "snapshot", "{snapshot}");
    (live, snapshot)
}

/// The frame that shows an order like this.
#[track_caller]
fn order(live: &mut Live, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
    live.until_such(what, |frame| frame["type"] == "order" && is_it(&frame["order"]))["order"].clone()
}

fn diner(server: &Server, from: &str) -> Guarded {
    let mut command = server.diner(FETCHED, &["--from", from]);
    Guarded(command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap())
}

fn count(server: &Server, number: &str) -> u64 {
    let (_, numbers) = server.get("/metrics");
    numbers.lines().find_map(|line| line.strip_prefix(number)?.trim().parse().ok()).unwrap_or(0)
}

/// A provider's registrar that asks for the password, and for how many seconds each node is signed on there.
struct Provider {
    socket: UdpSocket,
    on: BTreeMap<SocketAddr, u32>,
}

impl Provider {
    /// At an address of its own, since everything that comes from it belongs to the trunk.
    fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.2:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, on: BTreeMap::new() }
    }

    /// Answers what has come by now.
    fn answer(&mut self) {
        let mut bytes = [0; 4096];
        while let Ok((length, from)) = self.socket.recv_from(&mut bytes) {
            let asked = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let line = |name: &str| asked.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            let expires = line("Expires: ").trim_start_matches("Expires: ");
            let (status, more) = match (asked.starts_with("REGISTER "), line("Authorization: ").is_empty()) {
                (true, true) => (
                    "401 Unauthorized",
                    "WWW-Authenticate: Digest realm=\"p\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n".to_owned(),
                ),
                (true, false) => {
                    self.on.insert(from, expires.parse().unwrap());
                    ("200 OK", format!("Expires: {expires}\r\n"))
                }
                _ => ("200 OK", String::new()),
            };
            let same = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
            let said = format!("SIP/2.0 {status}\r\n{same}\r\n{more}Content-Length: 0\r\n\r\n");
            self.socket.send_to(said.as_bytes(), from).unwrap();
        }
    }
}

/// An order at branch 1, placed by another program at this time.
async fn placed(store: &Store, key: &str, when: When, now: Timestamp) -> String {
    let line = CartLine { dish: MenuNumber::new(18).unwrap(), quantity: Quantity::new(1).unwrap(), size: None, spice: None };
    let request = OrderRequest {
        key: key.into(),
        customer: None,
        member: None,
        phone: PhoneNumber::parse("13611112222").unwrap(),
        language: Language::Mandarin,
        cart: Cart { lines: vec![line] },
        place: Place::Pickup { branch: BranchNumber::new(1).unwrap() },
        when,
        points: 0,
        note: None,
        heard: Money::yuan(38),
        again: true,
    };
    match store.place_order(&request, PlacedVia::Keypad, now, &store.catalogue().await.unwrap()).await.unwrap() {
        Placed::Confirmed { id, .. } => id.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn c76_c80_c81_i6_two_nodes_are_one_house_and_one_of_them_is_enough() {
    let Some(database) = postgres::Server::start() else { return };
    let url = database.fresh();
    let broker = nats();
    let address = broker.as_ref().map(|(_, address)| address.as_str());
    let keys = tempfile::tempdir().unwrap();
    let key = keys.path().join("house.key").display().to_string();
    std::fs::write(&key, "7".repeat(64)).unwrap();
    let node = |name: &str, store: &str, nats: Option<&str>| node(name, store, nats).env("DINETONE__STORE__KEY_FILE", &key);
    let mut a = node("a", &url, address).start();
    let b = node("b", &url, address).start();
    let clock = ShopClock::named("Asia/Shanghai").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let store = runtime.block_on(Store::open(&url, clock.clone())).unwrap();
    let ready = |server: &Server| serde_json::from_str::<Value>(&server.get("/readyz").1).unwrap();
    assert_eq!((&ready(&a)["node"], &ready(&b)["node"]), (&json!("a"), &json!("b")));
    assert_eq!(ready(&a)["nodes"], json!([{ "name": "a", "up": true }, { "name": "b", "up": true }]));
    assert_eq!(signed_in(&b, "dispatcher").get("/healthz").headers["x-dinetone-node"], "b");

    // Two programs under one name would take each other for dead: the second is refused.
    let twin = node("b", &url, None).install();
    let refused = twin.cli(&["serve", "--config", "config.toml", "--menus", "menus.toml", "--demo"]);
    assert!(!refused.status.success() && text(&refused).contains("another process serves this store as node \"b\""), "{}", text(&refused));

    // Keyed at A, it rings at B.
    let (mut kitchen, _) = board(&b, "branch1");
    let mut first = diner(&a, "13600136001");
    let card = order(&mut kitchen, "the order at the other node", |order| order["phone"] == "13600136001" && order["ring"] == true);
    assert_eq!(card["lines"][0]["dish"], 61, "{card}");
    assert!(eventually("the diner is done", SOON, || first.0.try_wait().unwrap()).success());
    if address.is_some() {
        eventually("the node is told of it", SOON, || (count(&b, "dinetone_news_total{way=\"heard\"}") > 0).then_some(()));
    }

    // Two dispatchers at two nodes move the same order at the same moment.
    let (east, west) = (signed_in(&a, "dispatcher"), signed_in(&b, "dispatcher"));
    for round in 0..5 {
        let id = runtime.block_on(placed(&store, &format!("race-{round}"), When::Now, timestamp()));
        let life = runtime.block_on(store.card(&id)).unwrap().expect("it is there").life;
        let start = Barrier::new(2);
        let move_to = |browser: &Browser, branch: u16| {
            start.wait();
            browser.send(
                "POST",
                &format!("/api/orders/{id}/steps"),
                &json!({ "step": "reassign", "branch": branch, "why": "太忙", "life": life }),
            )
        };
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| move_to(&east, 2));
            let other = scope.spawn(|| move_to(&west, 3));
            (one.join().unwrap(), other.join().unwrap())
        });
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
        let (winner, loser) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!((loser.problem().as_str(), &loser.json()["card"]["branch"]), ("order-moved", &winner.json()["branch"]));
        let told = runtime.block_on(store.order_timeline(&dinetone::domain::OrderId::new(&id))).unwrap();
        assert_eq!(told.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["placed", "reassign"]);
    }

    // A table that was looked at on one node is stored by the other, and both sell by it.
    let bosses = [signed_in(&a, "manager"), signed_in(&b, "manager")];
    let import = |browser: &Browser, how: &str| {
        browser.raw("POST", &format!("/api/import/dishes?{how}"), "Content-Type: text/csv\r\n", "number,price_fen\n19,31.50\n")
    };
    let shown = import(&bosses[0], "preview=1").json();
    let stored = import(&bosses[1], &format!("token={}", shown["token"].as_str().unwrap_or_else(|| panic!("{shown}"))));
    assert_eq!(stored.json()["changed"], 1, "{stored:?}");
    for boss in &bosses {
        eventually("the node has the new price", SOON, || {
            let catalogue = boss.get("/api/catalogue").json();
            catalogue["dishes"].as_array().unwrap().iter().any(|dish| dish["number"] == 19 && dish["price_fen"] == 3150).then_some(())
        });
    }

    // A queue and a trunk that are made at A are used by B; taken away at A, both sign off at the provider.
    let admins = [signed_in(&a, "admin"), signed_in(&b, "admin")];
    let mut provider = Provider::open();
    let settings = json!({
        "targets": [provider.socket.local_addr().unwrap().to_string()], "register": true, "user": "029880", "password": "provided",
    });
    assert_eq!(admins[0].send("PUT", "/api/trunks/provider", &settings).status, 200);
    assert_eq!(admins[0].send("PUT", "/api/queues/vip", &json!({ "zh": "贵宾", "en": "VIP" })).status, 200);
    let shows = |browser: &Browser, path: &str, key: &str, name: &str| {
        browser.get(path).json().as_array().unwrap().iter().find(|one| one[key] == name).cloned().unwrap_or_default()
    };
    eventually("both nodes are signed on, and B knows it", SOON, || {
        provider.answer();
        (provider.on.len() == 2 && shows(&admins[1], "/api/trunks", "name", "provider")["up"] == true).then_some(())
    });
    assert_eq!(runtime.block_on(store.plain_passwords()).unwrap(), 0, "B has read what A has sealed");
    eventually("B's floor has the queue", SOON, || (shows(&admins[1], "/api/queues", "id", "vip")["waiting"] == 0).then_some(()));
    assert_eq!(admins[0].raw("DELETE", "/api/trunks/provider", "", "").status, 204);
    eventually("both nodes are signed off", SOON, || {
        provider.answer();
        provider.on.values().all(|seconds| *seconds == 0).then_some(())
    });

    // One diner orders at A, another one is in the menu: then A is gone.
    let mut staying = a.diner("hears main.menu within 40s\nwaits 300s\n", &["--from", "13600136009"]);
    let _staying = Guarded(staying.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let mut last = diner(&a, "13600136002");
    assert!(eventually("the diner has heard the number", Duration::from_secs(120), || last.0.try_wait().unwrap()).success());
    let wanted = clock.local(timestamp().after(Duration::from_secs(15 * 60 + 10)));
    let early = timestamp().before(Duration::from_secs(2 * 3600));
    let later = runtime.block_on(placed(&store, "for-later", When::At(wanted), early));
    let before = ["released", "task"].map(|what| count(&b, &format!("dinetone_escalations_total{{what=\"{what}\"}}")));
    a.kill();
    let (mut headquarters, snapshot) = board(&b, "dispatcher");
    let card = snapshot["orders"].as_array().unwrap().iter().filter(|order| order["phone"] == "13600136002").collect::<Vec<_>>();
    assert_eq!(card.len(), 1, "confirmed at A, kept once: {card:?}");
    let id = card[0]["id"].clone();
    let task = headquarters.until_such("its alarm", |frame| frame["type"] == "task" && frame["task"]["order"] == id);
    assert_eq!(task["task"]["kind"], "unheard", "{task}");
    order(&mut headquarters, "the order for later is sent", |order| order["id"] == later.as_str() && order["owner"] == "branch");
    let after = ["released", "task"].map(|what| count(&b, &format!("dinetone_escalations_total{{what=\"{what}\"}}")));
    assert!(after[0] > before[0] && after[1] > before[1], "B's clock did it: {before:?}, {after:?}");
    let events = signed_in(&b, "dispatcher").get(&format!("/api/orders/{later}/timeline")).json();
    let sent = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "send").count();
    assert_eq!(sent, 1, "released once: {events}");

    // What A left is put right by B: nothing is shown as live that is not.
    eventually("A is given up", SOON, || (ready(&b)["nodes"][0]["up"] == false).then_some(()));
    let calls = b.json(&["calls", "list", "--json"]);
    let cut = calls.as_array().unwrap().iter().find(|call| call["caller"] == "136****6009").expect("on record");
    assert_eq!((&cut["reason"], cut["ended_at"].is_string()), (&json!("interrupted"), true), "{cut}");

    // And A comes back as if nothing had been.
    a.run();
    assert_eq!(ready(&b)["nodes"], json!([{ "name": "a", "up": true }, { "name": "b", "up": true }]));
    assert!(!a.log().contains("of an earlier run were closed"), "that was done");
    let (_, snapshot) = board(&a, "dispatcher");
    assert!(snapshot["orders"].as_array().unwrap().iter().any(|order| order["id"] == id));
    runtime.block_on(store.close());
}

/// The caller rings A; the agent whom they know works at B, and takes the call there with a desk phone. Then somebody for whom
/// nobody is free at A. And both floors are one.
#[test]
fn c39_c45_c60_c62_c70_the_agent_whom_a_customer_knows_is_found_at_the_other_node() {
    let Some(database) = postgres::Server::start() else { return };
    let url = database.fresh();
    let settings = format!("[sip]\ndigest = [\"MD5\"]\n{OUTSIDE}");
    let setup = |name: &str| Setup { config: settings.clone(), ..node(name, &url, None) };
    let (mut a, mut b) = (setup("a").install(), setup("b").install());
    let (at_a, at_b) = (a.keep_sip(), b.keep_sip());
    a.set("DINETONE__CLUSTER__PEERS", &at_b);
    b.set("DINETONE__CLUSTER__PEERS", &at_a);
    a.run();
    b.run();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url, ShopClock::named("Asia/Shanghai").unwrap()).await.unwrap();
        let agent = store.user_by_login("8001").await.unwrap().unwrap();
        let phone = PhoneNumber::parse("13800138000").unwrap();
        let customer = store.card_by_phone(&phone, timestamp()).await.unwrap().customer.expect("the demonstration's member");
        store.remember_last_agent(Some(&customer), Some(&phone), &agent.id, &agent.name, None, timestamp()).await.unwrap();
        store.close().await;
    });
    let account = format!("<sip:8001@{at_b};transport=udp>;auth_pass=demo;regint=60;audio_codecs=pcma");
    let mut phone = Phone::start(&account);
    eventually("it is registered", SOON, || phone.log().contains("200 OK").then_some(()));
    let mut desk = at_work(&b, "8001", json!({ "seat": "phone", "account": "8001" }));
    // Somebody is free at A, too, and has been idle longer; the customer knows the other one.
    let mut near = at_work(&a, "8002", json!({ "seat": "outside", "number": "13900139111" }));
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let near = std::thread::spawn(move || {
        // The page lives, and answers the server's pings, until its agent takes a break.
        while gone.try_recv().is_err() {
            near.socket.read().unwrap();
        }
        near.say(&json!({ "v": 1, "id": "break", "type": "agent.state", "to": "break:short" }));
        near.until_state("8002", "break");
        near
    });
    eventually("A has heard of B's agent", SOON, || (count(&a, "dinetone_agents_elsewhere") == 1).then_some(()));
    let one_call = |desk: &mut Live, phone: &mut Phone, from: &str| {
        let mut diner = asks(&a, from, 440);
        let card = desk.until_such("it rings at the other node", |frame| frame["type"] == "call.ring")["call"].clone();
        let rang = phone.log().matches("ncoming call").count();
        eventually("the telephone rings", SOON, || (phone.log().matches("ncoming call").count() >= rang.max(1)).then_some(()));
        phone.say("accept", "");
        desk.until_call("talking");
        eventually("the telephone plays the diner", SOON, || (phone.hears(700.0) > 0.8).then_some(()));
        let status = eventually("the diner heard the telephone", Duration::from_secs(90), || diner.0.try_wait().unwrap());
        assert!(status.success(), "the diner did not hear the telephone");
        desk.until_call("wrap_up");
        desk.say(&json!({ "v": 1, "id": format!("save-{from}"), "type": "wrapup.save", "call": card["call"], "code": 20 }));
        desk.until_state("8001", "available");
        card
    };
    let card = one_call(&mut desk, &mut phone, "13800138000");
    assert_eq!(card["pop"]["last_agent"]["name"], "李娜", "{card}");
    assert!(card["path"].as_array().is_some_and(|path| path.iter().any(|step| step.as_str() == Some("main"))), "the way they came: {card}");
    go.send(()).unwrap();
    let _near = near.join().unwrap();
    // Somebody whom nobody knows.
    let card = one_call(&mut desk, &mut phone, "13700137111");
    assert!(card["pop"]["last_agent"].is_null(), "{card}");
    let calls = a.json(&["calls", "list", "--json"]);
    let here = calls.as_array().unwrap().iter().filter(|call| call["caller"] == "137****7111").collect::<Vec<_>>();
    assert_eq!(here.len(), 2, "a record at each node: {here:?}");
    super::cluster_floor::one_floor(&a, &mut b, &at_a, desk, &mut phone);
}
