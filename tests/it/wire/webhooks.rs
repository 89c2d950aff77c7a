//! Other systems are told: signed, in order, at least once; receivers that are away, slow or lie hold up nobody else (C105).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dinetone::domain::{RecordingId, ShopClock};
use dinetone::ivr::question::{Message, MessageKind};
use dinetone::outward::{Network, Outward};
use dinetone::server::webhooks::{Patience, run, sign};
use dinetone::store::{Author, Store, Webhook, WebhookChange};
use serde_json::Value;

use super::server;
use super::web_kit::timestamp;

/// One request as it arrived.
#[derive(Debug, Clone)]
struct Got {
    at: String,
    signature: String,
    seq: i64,
    body: String,
}

/// A receiver that gives these answers, the last of them for ever; an empty one is never given.
fn receiver(answers: &'static [&'static str]) -> (SocketAddr, Arc<Mutex<Vec<Got>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let got: Arc<Mutex<Vec<Got>>> = Arc::default();
    let kept = Arc::clone(&got);
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming().flatten() {
            let Some(request) = read(&stream) else { continue };
            let number = kept.lock().unwrap().len();
            kept.lock().unwrap().push(request);
            let answer = answers[number.min(answers.len() - 1)];
            let _ = (&stream).write_all(answer.as_bytes());
            if answer.is_empty() {
                open.push(stream);
            }
        }
    });
    (address, got)
}

fn read(stream: &TcpStream) -> Option<Got> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut head) = (String::new(), Vec::new());
    while reader.read_line(&mut line).ok()? > 2 {
        head.push(line.trim().to_owned());
        line.clear();
    }
    let value = |name: &str| {
        head.iter().find_map(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")).then(|| line[name.len() + 2..].to_owned()))
    };
    let mut body = vec![0; value("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Got {
        at: value("x-dinetone-timestamp")?,
        signature: value("x-dinetone-signature")?,
        seq: value("x-dinetone-seq")?.parse().ok()?,
        body: String::from_utf8(body).ok()?,
    })
}

const FINE: &str = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const ELSEWHERE: &str = "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// Promises an endless body and sends none of it.
const ENDLESS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n";

struct House {
    store: Store,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("house.db").display());
        let store = runtime.block_on(Store::open(&url, ShopClock::named("Asia/Shanghai").unwrap())).unwrap();
        Self { store, runtime, _folder: folder }
    }

    fn deliver(&self, node: &str, rule: Outward) {
        let patience = Patience {
            look: Duration::from_millis(20),
            answer: Duration::from_millis(400),
            pause: Duration::from_millis(30),
            longest_pause: Duration::from_millis(200),
        };
        drop(self.runtime.handle().spawn(run(self.store.clone(), node.to_owned(), rule, patience)));
    }

    fn hook(&self, to: SocketAddr, kinds: &[&str]) -> String {
        let wish = WebhookChange {
            name: Some("till".into()),
            url: Some(format!("http://{to}/hook")),
            kinds: Some(kinds.iter().map(|kind| (*kind).to_owned()).collect()),
            after: Some(0),
            ..WebhookChange::default()
        };
        let by = Author { user: dinetone::domain::UserId::new("u1"), name: "BOSS".into() };
        self.runtime.block_on(self.store.add_webhook(&wish, "secret", &by, timestamp())).unwrap()
    }

    /// So many messages are left by callers.
    fn happen(&self, number: usize) {
        for place in 0..number {
            let message = Message {
                kind: MessageKind::Complaint,
                recording: RecordingId::new(format!("r{place}")),
                customer: None,
                phone: None,
                order: None,
            };
            self.runtime.block_on(self.store.leave_message(&message, timestamp())).unwrap();
        }
    }

    fn state(&self, id: &str) -> Webhook {
        self.runtime.block_on(self.store.webhooks()).unwrap().into_iter().find(|hook| hook.id == id).unwrap()
    }
}

#[track_caller]
fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    server::eventually(what, Duration::from_secs(60), || so().then_some(()));
}

fn loopback() -> Outward {
    Outward { allowed: vec![Network::parse("127.0.0.1").unwrap()] }
}

/// Numbers as they arrived, without what was sent twice.
fn numbers(got: &Mutex<Vec<Got>>) -> Vec<i64> {
    let mut all: Vec<i64> = got.lock().unwrap().iter().map(|got| got.seq).collect();
    all.dedup();
    all
}

#[test]
fn c105_events_arrive_signed_in_order_and_again_until_they_are_taken() {
    let house = House::open();
    let (address, got) = receiver(&[BROKEN, BROKEN, FINE]);
    let id = house.hook(address, &["message_left"]);
    house.happen(3);
    house.deliver("n1", loopback());
    let end = house.runtime.block_on(house.store.journal_end()).unwrap();
    eventually("all of them arrived", || house.state(&id).after == end);
    let all = got.lock().unwrap().clone();
    assert!(all.len() >= 5 && all[0].seq == all[1].seq && all[1].seq == all[2].seq, "tried again: {all:?}");
    let seen = numbers(&got);
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen.is_sorted(), "{seen:?}");
    for one in &all {
        assert_eq!(one.signature, format!("sha256={}", sign("secret", one.at.parse().unwrap(), &one.body)));
        let body: Value = serde_json::from_str(&one.body).unwrap();
        assert_eq!((body["seq"].as_i64(), body["kind"].as_str()), (Some(one.seq), Some("message_left")));
    }
    // Back to the beginning: everything once more.
    let back = WebhookChange { after: Some(0), ..WebhookChange::default() };
    house.runtime.block_on(house.store.change_webhook(&id, &back, timestamp())).unwrap();
    eventually("all of them arrived again", || numbers(&got).len() >= 6);
    assert_eq!(numbers(&got)[3..], seen[..]);
}

#[test]
fn c105_a_receiver_that_is_away_slow_or_lies_holds_up_nobody_else() {
    let house = House::open();
    let away = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (slow, _) = receiver(&[""]);
    let (liar, _) = receiver(&[ELSEWHERE]);
    let (endless, endless_got) = receiver(&[ENDLESS]);
    let (good, good_got) = receiver(&[FINE]);
    let ids: Vec<String> = [away, slow, liar, endless, good].into_iter().map(|to| house.hook(to, &["message_left"])).collect();
    house.happen(20);
    house.deliver("n1", loopback());
    eventually("the good one has all", || numbers(&good_got).len() == 20);
    eventually("an endless answer is not read", || numbers(&endless_got).len() == 20);
    eventually("failures are told", || ids[..3].iter().all(|id| house.state(id).failures > 1));
    let told: Vec<String> = ids[..3].iter().map(|id| house.state(id).told).collect();
    assert!(told[0].starts_with("no connection"), "{told:?}");
    assert_eq!((told[1].as_str(), told[2].as_str()), ("no answer in time", "answered 302 Found"));
    assert!(ids[..3].iter().all(|id| house.state(id).after == 0), "nothing is left out");
    // Orders and calls go on as before: the store is not held.
    house.happen(1);
}

#[test]
fn c105_a_name_that_leads_inside_is_not_called() {
    let house = House::open();
    let (address, got) = receiver(&[FINE]);
    let id = house.hook(SocketAddr::from(([127, 0, 0, 1], address.port())), &[]);
    let by_name = WebhookChange { url: Some(format!("http://localhost:{}/hook", address.port())), ..WebhookChange::default() };
    house.runtime.block_on(house.store.change_webhook(&id, &by_name, timestamp())).unwrap();
    house.happen(1);
    house.deliver("n1", Outward::default());
    eventually("the refusal is told", || house.state(&id).told.contains("private network"));
    assert!(got.lock().unwrap().is_empty());
}

#[test]
fn c105_of_two_nodes_one_delivers_and_the_order_stays() {
    let house = House::open();
    let (address, got) = receiver(&[FINE]);
    let id = house.hook(address, &["message_left"]);
    house.deliver("n1", loopback());
    house.deliver("n2", loopback());
    house.happen(30);
    let end = house.runtime.block_on(house.store.journal_end()).unwrap();
    eventually("all of them arrived", || house.state(&id).after == end);
    let seen: Vec<i64> = got.lock().unwrap().iter().map(|got| got.seq).collect();
    assert!(seen.is_sorted() && seen.len() >= 30, "{seen:?}");
}
