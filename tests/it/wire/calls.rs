//! As a diner I order dinner by keypad over real SIP and RTP, whatever way my phone sends keys; as staff I see the call's
//! whole path and the order. As a chain we take many orders at the same time.

use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::server::{PROGRAM, Server, Setup, text};

/// The worked call of the design, with one way of sending keys, to the order on disk.
fn worked_call(keys: &str, source: &str) {
    let server = Setup::demo().start();
    let output = server.diner("--story worked-call", &["--keys", keys]).output().unwrap();
    assert!(output.status.success(), "keys by {keys}: {}", text(&output));

    let orders = server.json(&["orders", "list", "--json"]);
    let ours: Vec<&Value> = orders.as_array().unwrap().iter().filter(|order| order["pay_fen"] == 9250).collect();
    assert_eq!(ours.len(), 1, "keys by {keys}: {orders:#}");
    let order = ours[0];
    assert_eq!(order["goods_fen"], 10_250);
    assert_eq!(order["member"], "102938");
    let lines: Vec<(i64, i64)> = order["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["dish"].as_i64().unwrap(), line["quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(lines, [(18, 2), (61, 1)]);

    let calls = server.json(&["calls", "list", "--json"]);
    let listed = calls.as_array().unwrap().iter().find(|call| call["order"] == order["number"]).expect("the call of the order");
    let shown = server.json(&["calls", "show", listed["id"].as_str().unwrap(), "--json"]);
    let again = server.json(&["calls", "show", listed["sip_call_id"].as_str().unwrap(), "--json"]);
    assert_eq!(shown, again, "our id and the SIP Call-ID name the same call");
    let steps = shown["steps"].as_array().unwrap();
    let pressed: String = steps.iter().filter(|step| step["type"] == "key").map(|step| step["key"].as_str().unwrap()).collect();
    assert_eq!(pressed, "11218#2#61####111##", "keys by {keys}");
    for step in steps.iter().filter(|step| step["type"] == "key") {
        assert_eq!(step["source"], source, "keys by {keys}: {step}");
        assert!(step["after"].as_f64().unwrap() > 0.0);
    }
    assert!(steps.iter().any(|step| step["type"] == "ordered" && step["number"] == order["number"]));
    assert!(steps.iter().any(|step| step["type"] == "said" && step["text"].as_str().unwrap().contains("宫保鸡丁")));
    assert_eq!(shown["ended_by"], "caller");
    assert_eq!(shown["caller"], "138****8000", "numbers are masked");
    assert!(!server.log().contains("13800138000"), "a full caller number is in the log");
}

/// The three ways take a minute and a half each, nearly all of it waiting: they wait together.
#[test]
fn c4_c5_c6_c17_the_worked_call_by_events_by_info_and_by_tones() {
    let ways: Vec<_> = [("rfc4733", "rfc4733"), ("info", "info"), ("tones", "in-band")]
        .map(|(keys, source)| thread::spawn(move || worked_call(keys, source)))
        .into_iter()
        .collect();
    let failed: Vec<_> = ways.into_iter().map(thread::JoinHandle::join).filter(Result::is_err).collect();
    assert!(failed.is_empty(), "{} way(s) failed, see above", failed.len());
}

/// A guest without membership who knows the way, at a menu that needs few keys.
pub const QUICK_ORDER: &str = "\
dials 4000
hears final.pickup within 30s
waits 1s
press #
hears final.done within 30s
waits 500ms
hangs up
";

#[test]
fn c17_i6_twenty_calls_ten_at_a_time_order_each_exactly_once() {
    let server = Setup::bench().start();
    let output = server
        .diner(QUICK_ORDER, &["--calls", "20", "--concurrency", "10", "--next-from", "--from", "13600136000", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let summary = summary(&output.stdout);
    assert_eq!(
        (summary["calls"].as_u64(), summary["answered"].as_u64(), summary["failed"].as_u64()),
        (Some(20), Some(20), Some(0)),
        "{summary}"
    );
    let orders = orders(&server);
    assert_eq!(orders.len(), 20);
    assert!(
        orders.iter().all(|order| order["lines"].as_array().unwrap().len() == 1 && order["pay_fen"] == orders[0]["pay_fen"]),
        "{orders:?}"
    );
    let calls = server.json(&["calls", "list", "--json"]);
    let mut of_calls: Vec<&str> =
        calls.as_array().unwrap().iter().map(|call| call["order"].as_str().expect("each call has its order")).collect();
    of_calls.sort_unstable();
    of_calls.dedup();
    assert_eq!(of_calls.len(), 20, "no order belongs to two calls");
}

/// As a hurried diner, every story that comes with the program also works over TCP.
#[test]
fn c1_c13_the_stories_that_come_with_the_program_over_tcp() {
    let server = Setup::demo().start();
    let calls: Vec<_> = ["type-ahead", "english-menu", "guest-pickup", "silent-caller"]
        .map(|story| {
            let number = format!("1370013{:04}", story.len());
            let call = server
                .diner(&format!("--story {story}"), &["--tcp", "--from", &number])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            (story, call)
        })
        .into_iter()
        .collect();
    let mut failed = String::new();
    for (story, call) in calls {
        let output = call.wait_with_output().unwrap();
        if !output.status.success() {
            failed.push_str(&format!("{story}: {}\n", text(&output)));
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

/// The last line of `--json`.
pub fn summary(stdout: &[u8]) -> Value {
    let text = String::from_utf8_lossy(stdout);
    let line = text.lines().rfind(|line| line.contains("\"summary\"")).unwrap_or_else(|| panic!("no summary in {text}"));
    serde_json::from_str(line).unwrap()
}

/// All orders.
pub fn orders(server: &Server) -> Vec<Value> {
    server.json(&["orders", "list", "--limit", "100000", "--json"]).as_array().unwrap().clone()
}

/// C35: a hang-up whose packet is lost is said again before the program ends: no call is left in which nobody is.
#[test]
fn c35_a_lost_hang_up_is_said_again_before_the_program_ends() {
    let system = UdpSocket::bind("127.0.0.1:0").unwrap();
    system.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let to = format!("sip:1000@{}", system.local_addr().unwrap());
    let mut diner = Command::new(PROGRAM).args(["call", "--to", &to, "--press", "", "--stay", "0.1", "--quiet"]).spawn().unwrap();
    let mut byes = 0;
    while byes < 2 {
        let mut bytes = [0; 4096];
        let (length, from) = system.recv_from(&mut bytes).expect("a second BYE");
        let message = String::from_utf8_lossy(&bytes[..length]);
        let copied = |name: &str| message.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let (via, caller, id, count) = (copied("Via:"), copied("From:"), copied("Call-ID:"), copied("CSeq:"));
        let answer = |to: &str, sdp: &str| {
            let contact = system.local_addr().unwrap();
            let head = format!("SIP/2.0 200 OK\r\n{via}\r\n{caller}\r\n{to}\r\n{id}\r\n{count}\r\nContact: <sip:{contact}>\r\n");
            let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
            system.send_to(format!("{head}{kind}Content-Length: {}\r\n\r\n{sdp}", sdp.len()).as_bytes(), from).unwrap();
        };
        if message.starts_with("INVITE ") {
            let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n";
            answer(&format!("{};tag=system", copied("To:")), sdp);
        } else if message.starts_with("BYE ") {
            byes += 1;
            // The first one is lost.
            if byes == 2 {
                answer(&copied("To:"), "");
            }
        }
    }
    assert!(diner.wait().unwrap().success());
}
