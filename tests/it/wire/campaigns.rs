//! Campaigns by whole programs (C99): two nodes on one PostgreSQL share the work, one is killed in the middle, and nobody is called twice.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::Duration;

use serde_json::json;

use super::server::{Server, Setup, eventually};
use super::web_kit::Browser;
use crate::store::postgres;

const SOON: Duration = Duration::from_secs(60);

/// Settings by which it is ten in the morning where the restaurant is, whenever the test runs: the hours of the law hold here too.
pub fn at_ten() -> String {
    let utc = dinetone::server::clock::now().wall.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 3600 % 24;
    // The names of these zones count westwards.
    let east = (10 - i64::try_from(utc).unwrap() + 12).rem_euclid(24) - 12;
    let zone = if east > 0 { format!("Etc/GMT-{east}") } else { format!("Etc/GMT+{}", -east) };
    format!("[shop]\ntime_zone = \"{zone}\"\n[outreach]\non = true\nhours = \"08:00-21:00\"\nrest = \"\"\n")
}

/// Reads what the trunk got: each number, and how many different calls to it. Every call is answered busy.
fn rung(trunk: &UdpSocket, calls: &mut BTreeMap<String, std::collections::BTreeSet<String>>) {
    let mut buffer = [0_u8; 8192];
    while let Ok((length, from)) = trunk.recv_from(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        let Some(number) = text.strip_prefix("INVITE sip:").and_then(|rest| rest.split('@').next()) else { continue };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        calls.entry(number.to_owned()).or_default().insert(field("Call-ID: "));
        let vias: Vec<&str> = text.lines().filter(|line| line.starts_with("Via: ")).collect();
        let answer = format!(
            "SIP/2.0 486 Busy Here\r\n{}\r\nFrom: {}\r\nTo: {};tag=busy\r\nCall-ID: {}\r\nCSeq: {}\r\nContent-Length: 0\r\n\r\n",
            vias.join("\r\n"),
            field("From: "),
            field("To: "),
            field("Call-ID: "),
            field("CSeq: ")
        );
        let _ = trunk.send_to(answer.as_bytes(), from);
    }
}

fn chief(server: &Server) -> Browser {
    let mut chief = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(chief.sign_in("manager", "demo").status, 200);
    chief
}

#[test]
fn c99_two_nodes_and_a_kill_in_the_middle_call_nobody_twice() {
    let Some(postgres) = postgres::Server::start() else { return };
    let store = postgres.fresh();
    let trunk = UdpSocket::bind("127.0.0.1:0").unwrap();
    trunk.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let config = format!(
        "{}[outbound]\non = true\ncalls = 50\n[[trunk]]\nname = \"main\"\naddresses = [\"127.0.0.9\"]\ntargets = [\"{}\"]\noptions_every = \"0s\"\n",
        at_ten(),
        trunk.local_addr().unwrap()
    );
    let node = |name: &str| {
        Setup { store: Some(store.clone()), config: config.clone(), ..Setup::demo() }
            .env("DINETONE__CLUSTER__NODE", name)
            .env("DINETONE__CLUSTER__LOST_AFTER", "4s")
            .start()
    };
    let mut first = node("a");
    let second = node("b");
    let boss = chief(&second);
    let day = |days: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
    };
    let plan = json!({ "name": "秋季新品", "kind": "voice_file", "prompt": "q.cb_done", "from": day(-2), "until": day(2), "hours": "08:00-21:00", "listed": true,
        "at_once": 4, "per_minute": 600 });
    let made = boss.send("POST", "/api/campaigns", &plan);
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let numbers: Vec<String> = (0..40).map(|tail| format!("139111100{tail:02}")).collect();
    let list: Vec<_> = numbers.iter().map(|number| json!({ "phone": number, "consent": "登记表" })).collect();
    boss.send("PUT", &format!("/api/campaigns/{id}/numbers"), &json!({ "numbers": list }));
    let mut life = boss.send("POST", &format!("/api/campaigns/{id}/list"), &json!({})).json()["life"].clone();
    for step in ["approve", "start"] {
        let done = boss.send("POST", &format!("/api/campaigns/{id}/steps"), &json!({ "step": step, "life": life }));
        assert_eq!(done.status, 200, "{done:?}");
        life = done.json()["life"].clone();
    }
    let mut calls = BTreeMap::new();
    eventually("some are called", SOON, || {
        rung(&trunk, &mut calls);
        (calls.len() >= 8).then_some(())
    });
    // One dies in the middle, and comes back.
    first.kill();
    eventually("the other goes on", SOON, || {
        rung(&trunk, &mut calls);
        (calls.len() >= 16).then_some(())
    });
    first.run();
    let counts = eventually("everybody's turn has come", Duration::from_secs(120), || {
        rung(&trunk, &mut calls);
        let one = boss.get(&format!("/api/campaigns/{id}")).json();
        (one["status"] == "done").then(|| one["counts"].clone())
    });
    rung(&trunk, &mut calls);
    assert!(calls.values().all(|ids| ids.len() == 1), "one try each: {calls:?}");
    assert!(calls.keys().all(|number| numbers.contains(number)), "{calls:?}");
    let (busy, cut) = (counts["busy"].as_i64().unwrap_or(0), counts["cut_off"].as_i64().unwrap_or(0));
    // A call that was on its way to the trunk when the node died may have rung or not; nobody is rung to find out.
    assert!(busy + cut == 40 && cut <= 4 && i64::try_from(calls.len()).unwrap() >= busy, "{counts} {}", calls.len());
}
