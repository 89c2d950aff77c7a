//! As an agent I see what happens when it happens; what I click is done once or refused with a reason.

use std::io::Write as _;
use std::time::Duration;

use dinetone::command::{Command, Refusal};
use dinetone::domain::AgentState;
use dinetone::event::{CallState, PhoneState, What};
use serde_json::{Value, json};
use tungstenite::Message;

use super::server::eventually;
use super::sip_ws::clock;
use super::web_kit::{Answers, Floor, agent, call, queues};
use crate::page::Page;

const SOON: Duration = Duration::from_secs(20);

#[test]
fn snapshot_first_then_events_numbered_without_gaps() {
    let floor = Floor::open("", false);
    floor.tell(What::Store { away: false });
    let (mut live, snapshot) = floor.signed_in("lina").live();
    assert_eq!(snapshot["me"]["state"], "available");
    let mut seq = snapshot["seq"].as_u64().unwrap();
    let lina = floor.id("lina");
    // Among what is not for her.
    floor.tell(What::Ring { to: floor.id("wang"), call: call(6, CallState::Ringing) });
    floor.tell(What::Ring { to: lina.clone(), call: call(7, CallState::Ringing) });
    floor.tell(What::Withdrawn { to: floor.id("wang"), call: 6, why: "caller_gone" });
    floor.tell(What::Call { to: lina.clone(), call: call(7, CallState::Talking) });
    floor.tell(What::Withdrawn { to: lina, call: 8, why: "taken" });
    for (kind, number) in [("call.ring", 7), ("call.state", 7), ("call.withdrawn", 8)] {
        let event = live.next().unwrap();
        seq += 1;
        assert_eq!((event["type"].as_str(), event["seq"].as_u64()), (Some(kind), Some(seq)), "{event}");
        let call = if event["call"].is_object() { &event["call"]["call"] } else { &event["call"] };
        assert_eq!(call, number, "{event}");
    }
    live.is_silent();
}

#[test]
fn i9_the_ring_carries_the_whole_card_and_only_to_its_agent() {
    let floor = Floor::open("", false);
    let (mut lina, _) = floor.signed_in("lina").live();
    let (mut wang, _) = floor.signed_in("wang").live();
    let (mut watcher, _) = floor.signed_in("watcher").live();
    floor.tell(What::Ring { to: floor.id("lina"), call: call(7, CallState::Ringing) });
    let ring = lina.until("call.ring");
    assert_eq!(ring["call"]["caller"], "13800138000", "who is to answer sees the number");
    assert_eq!(ring["call"]["pop"]["name"], "张先生");
    assert_eq!(ring["call"]["pop"]["phones"], json!(["13800138000"]));
    wang.is_silent();
    watcher.is_silent();
}

#[test]
fn c98_each_role_sees_the_floor_as_far_as_it_needs() {
    let floor = Floor::open("", false);
    let all = ["lina", "watcher", "boss", "shop1"].map(|login| floor.signed_in(login).live());
    floor.tell(What::Agent(agent("8009", AgentState::Talking { call: 3 })));
    floor.tell(What::Queues(std::sync::Arc::new(queues())));
    let [(mut lina, hers), (mut watcher, his), (mut boss, _), (mut shop, shops)] = all;
    let colleague = lina.until("agent.state");
    assert_eq!((colleague["name"].as_str(), colleague["state"].as_str()), (Some("周敏"), Some("on_call")));
    assert_eq!((&colleague["caller"], &colleague["today"]["calls"], &colleague["call"]), (&Value::Null, &json!(0), &Value::Null));
    assert_eq!(hers["agents"][0]["caller"], Value::Null);
    let seen = watcher.until("agent.state");
    assert_eq!((&seen["caller"], &seen["today"]["calls"]), (&json!("138****8000"), &json!(7)));
    assert_eq!(his["agents"][0]["caller"], "138****8000");
    let waiting = lina.until("queues");
    assert_eq!(waiting["waiting"][0]["caller"], "137****7000", "masked: nobody has answered yet");
    assert_eq!(boss.until("queues")["waiting"][0]["caller"], Value::Null);
    assert_eq!((&shops["agents"], &shops["queues"]["waiting"]), (&json!([]), &json!([])));
    shop.is_silent();
}

#[test]
fn a_command_is_answered_once_and_the_same_id_is_not_done_twice() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("lina");
    let (mut live, _) = browser.live();
    let answer = json!({ "type": "call.answer", "call": 7 });
    assert_eq!(live.ask("c1", &answer), json!({ "type": "ok", "re": "c1" }));
    assert_eq!(live.ask("c1", &answer), json!({ "type": "ok", "re": "c1" }));
    floor.answer(Answers::No(Refusal::CallerGone));
    let late = live.ask("c2", &answer);
    assert_eq!((late["type"].as_str(), late["problem"].as_str()), (Some("error"), Some("caller-gone")), "{late}");
    assert!(late["detail"].as_str().unwrap().contains("gone"));
    floor.answer(Answers::Yes);
    assert_eq!(live.ask("c2", &answer), late, "a refusal stays one");
    // After a reload, on another socket of the same session.
    drop(live);
    let (mut again, _) = browser.live();
    assert_eq!(again.ask("c1", &answer), json!({ "type": "ok", "re": "c1" }));
    assert_eq!(again.ask("c2", &answer), late);
    assert_eq!(floor.asked(), [Command::Answer { call: 7 }, Command::Answer { call: 7 }], "c1 and c2, once each");
    // Another session has its own ids.
    let (mut other, _) = floor.signed_in("wang").live();
    assert_eq!(other.ask("c1", &answer)["type"], "ok");
    assert_eq!(floor.asked().len(), 3);
}

#[test]
fn what_cannot_be_understood_gets_a_clear_answer_and_changes_nothing() {
    let floor = Floor::open("", false);
    let (mut live, _) = floor.signed_in("lina").live();
    for (text, re, problem) in [
        ("{", Value::Null, "malformed"),
        ("[]", Value::Null, "malformed"),
        ("{\"type\":\"call.answer\",\"call\":7}", Value::Null, "malformed"),
        ("{\"id\":\"m1\",\"type\":\"call.answer\"}", json!("m1"), "malformed"),
        ("{\"id\":\"m2\",\"type\":\"call.fly\"}", json!("m2"), "unknown-command"),
        ("{\"id\":\"m3\",\"type\":\"phone.dial\",\"number\":\"1000\",\"sdp\":\"v=0\"}", json!("m3"), "unknown-command"),
        // An offer that holds nothing is no offer.
        ("{\"id\":\"m4\",\"type\":\"media.offer\",\"sdp\":\"v=0\"}", json!("m4"), "malformed"),
        ("{\"id\":\"m5\",\"type\":\"media.offer\",\"sdp\":\"hello\"}", json!("m5"), "malformed"),
    ] {
        live.say_text(text);
        let answer = live.next().unwrap();
        assert_eq!((&answer["type"], &answer["re"], &answer["problem"]), (&json!("error"), &re, &json!(problem)), "{text}");
    }
    live.socket.send(Message::Binary(vec![0, 159, 146].into())).unwrap();
    assert_eq!(live.next().unwrap()["problem"], "malformed");
    assert_eq!(live.ask("p1", &json!({ "type": "ping" }))["type"], "ok", "and the socket is still there");
    assert!(floor.asked().is_empty());
}

#[test]
fn who_breaks_the_protocol_is_told_how() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("lina");
    // A text frame that is no UTF-8; one without a mask; one of a kind that there is not.
    for (frame, code) in
        [(&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe][..], 1007), (&[0x81, 0x02, b'{', b'}'][..], 1002), (&[0x83, 0x80, 0, 0, 0, 0][..], 1002)]
    {
        let (mut live, _) = browser.live();
        live.socket.get_mut().write_all(frame).unwrap();
        let closed = eventually("it is closed", SOON, || match live.socket.read() {
            Ok(Message::Close(Some(why))) => Some(u16::from(why.code)),
            Ok(_) => None,
            Err(error) => panic!("closed without a word: {error}"),
        });
        assert_eq!(closed, code);
    }
}

#[test]
fn a_frame_that_is_too_long_and_a_flood_end_the_socket_only() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("lina");
    let (mut live, _) = browser.live();
    live.say_text(&format!("{{\"id\":\"{}\"}}", "x".repeat(70_000)));
    live.is_closed();
    let (mut live, _) = browser.live();
    for n in 0..400 {
        live.say(&json!({ "id": format!("f{n}"), "type": "call.answer", "call": 7 }));
    }
    // Nothing was read meanwhile: the answers are there all the same, and why it closed.
    let mut answers = 0;
    let why = eventually("it is closed", SOON, || match live.socket.read() {
        Ok(Message::Close(Some(why))) => Some((u16::from(why.code), why.reason.to_string())),
        Ok(_) => {
            answers += 1;
            None
        }
        Err(error) => panic!("closed without a word after {answers} frames: {error}"),
    });
    assert_eq!(why, (1008, "too many frames".into()));
    assert!(answers > 50, "{answers}");
    assert!(floor.asked().len() <= 200, "{}", floor.asked().len());
    let (mut live, _) = browser.live();
    live.is_silent();
}

#[test]
fn a_brain_that_does_not_answer_is_said_to_be_unavailable() {
    let floor = Floor::open("", false);
    floor.answer(Answers::Never);
    let (mut live, _) = floor.signed_in("lina").live();
    live.say(&json!({ "id": "c1", "type": "call.answer", "call": 7 }));
    // Events go on meanwhile.
    eventually("it was asked", SOON, || (floor.asked().len() == 1).then_some(()));
    floor.tell(What::Withdrawn { to: floor.id("lina"), call: 7, why: "caller_gone" });
    assert_eq!(live.next().unwrap()["type"], "call.withdrawn", "before the answer");
    let answer = live.next().unwrap();
    assert_eq!((&answer["re"], &answer["problem"]), (&json!("c1"), &json!("unavailable")), "{answer}");
}

#[test]
fn a_console_that_falls_behind_loads_again() {
    let floor = Floor::open("", false);
    let (mut live, _) = floor.signed_in("watcher").live();
    // More than the channel keeps and the kernel's buffers hold, while nobody reads.
    let text = "x".repeat(2000);
    for n in 0..12_000_u64 {
        let mut one = agent("8009", AgentState::Talking { call: n });
        one.reason = Some(text.clone());
        floor.tell(What::Agent(one));
    }
    let mut before = None;
    loop {
        let frame = live.next().expect("it is told, not closed");
        if frame["type"] == "resync" {
            break;
        }
        let seq = frame["seq"].as_u64();
        if let (Some(before), Some(seq)) = (before, seq) {
            assert_eq!(seq, before + 1);
        }
        before = seq;
    }
    live.say(&json!({ "v": 1, "id": "r1", "type": "resync" }));
    assert_eq!(live.until("ok")["re"], "r1");
    let snapshot = live.next().unwrap();
    assert_eq!(snapshot["type"], "snapshot");
    assert!(snapshot["seq"].as_u64() > before);
    floor.tell(What::Agent(agent("8001", AgentState::Ready)));
    let event = live.next().unwrap();
    assert_eq!((event["number"].as_str(), event["seq"].as_u64()), (Some("8001"), snapshot["seq"].as_u64().map(|seq| seq + 1)));
}

#[test]
fn a_page_that_is_gone_is_told_to_the_brain() {
    let floor = Floor::open("", false);
    let browser = floor.signed_in("lina");
    let gone = |count: usize| {
        let wishes = floor.wishes.lock().unwrap();
        let pages: Vec<u64> = wishes.iter().filter(|wish| wish.what == Command::PageGone).map(|wish| wish.page).collect();
        (pages.len() == count).then_some(pages)
    };
    let (mut live, _) = browser.live();
    live.ask("c1", &json!({ "type": "agent.state", "to": "available" }));
    drop(live);
    let pages = eventually("the page's end is told", SOON, || gone(1));
    assert_eq!(floor.wishes.lock().unwrap()[0].page, pages[0], "by the number with which it asked");
    // Without a word: a cable that was pulled answers no ping.
    let (silent, _) = browser.live();
    eventually("a silent page is found gone", Duration::from_secs(40), || gone(2));
    drop(silent);
}

#[test]
fn signing_out_closes_the_open_pages_of_that_session_only() {
    let floor = Floor::open("", false);
    let (here, there) = (floor.signed_in("lina"), floor.signed_in("lina"));
    let (mut one, _) = here.live();
    let (mut other, _) = there.live();
    assert_eq!(here.send("DELETE", "/api/session", &json!({})).status, 204);
    assert_eq!(one.until("signed_out")["why"], "elsewhere");
    one.is_closed();
    other.is_silent();
    assert_eq!(here.socket("/api/live").err().unwrap().status, 401);
}

#[test]
fn what_operators_do_is_written_down_with_its_outcome() {
    let floor = Floor::open("", false);
    let (mut live, _) = floor.signed_in("watcher").live();
    live.ask("c1", &json!({ "type": "floor.supervise", "agent": "u8001", "how": "listen" }));
    floor.answer(Answers::No(Refusal::NotAllowed));
    live.ask("c2", &json!({ "type": "call.dtmf", "call": 7, "keys": "6222021234" }));
    let boss = floor.signed_in("boss");
    let entries = eventually("both are written down", SOON, || {
        let entries = boss.get("/api/audit").json();
        let entries = entries.as_array().unwrap().clone();
        (entries.iter().filter(|entry| entry["name"] == "WATCHER" && entry["action"] != "session.opened").count() == 2).then_some(entries)
    });
    let of = |action: &str| entries.iter().find(|entry| entry["action"] == action).unwrap();
    assert_eq!((&of("floor.supervise")["object"], &of("floor.supervise")["detail"]), (&json!("user:u8001"), &json!("listen")));
    assert_eq!(of("call.dtmf")["detail"], "10 key(s) refused: not-allowed");
}

#[test]
fn the_diners_phone_is_there_in_a_demonstration_only() {
    let closed = Floor::open("", false);
    assert_eq!(closed.browser().socket("/api/phone").err().unwrap().status, 404);
    let floor = Floor::open("", true);
    let mut foreign = floor.browser();
    foreign.origin = Some("http://evil.example".into());
    assert_eq!(foreign.socket("/api/phone").err().unwrap().status, 403);
    let mut phone = floor.browser().socket("/api/phone").unwrap();
    let (_, offer) = Page::new(clock(), "127.0.0.1:9".parse().unwrap());
    let dial = |sdp: &str| json!({ "type": "phone.dial", "number": "1000", "caller": "13800138000", "sdp": sdp });
    assert_eq!(phone.ask("p0", &dial("v=0"))["problem"], "malformed");
    assert_eq!(phone.ask("p1", &dial(&offer))["type"], "ok");
    assert_eq!(phone.ask("p2", &json!({ "type": "call.answer", "call": 7 }))["problem"], "unknown-command");
    let page = floor.wishes.lock().unwrap()[0].page;
    floor.tell(What::Phone { page: page + 1, state: PhoneState::Talking });
    floor.tell(What::Queues(std::sync::Arc::new(queues())));
    floor.tell(What::Phone { page, state: PhoneState::Answer { sdp: "v=0".into() } });
    floor.tell(What::Phone { page, state: PhoneState::Ended { why: "finished".into() } });
    assert_eq!(phone.next().unwrap()["type"], "phone.answer");
    assert_eq!(phone.next().unwrap()["why"], "finished");
}
