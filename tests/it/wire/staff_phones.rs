//! As an agent I answer with the telephone on my desk, encrypted where it can: the page shows the customer while it rings.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::baresip::{Phone, SOON};
use super::server::{Guarded, Server, Setup, eventually};
use super::web_kit::{Browser, Live};

/// baresip gives up at a challenge by SHA-256.
const SETTINGS: &str = "[sip]\ndigest = [\"MD5\"]\n[media]\nsrtp = \"offered\"\n";
/// Agents at telephones that begin with 139 may sign on; where those would ring, nobody answers.
pub const OUTSIDE: &str = "[outbound]\non = true\nprefixes = [\"139\"]\n[[trunk]]\nname = \"main\"\naddresses = [\"127.0.0.9\"]\n\
                           targets = [\"127.0.0.9:5060\"]\noptions_every = \"0s\"\n";
/// A diner asks for a person, and hums.
const ASKS: &str = "hears main.menu within 20s\npress 0\nhears tone {tone} within 60s\nwaits 3s\nhangs up\n";

/// The console of somebody who has started the shift with this seat and is ready.
pub fn at_work(server: &Server, login: &str, seat: Value) -> Live {
    let mut live = starts(server, login, seat);
    live.until_state(login, "available");
    live
}

/// The console of somebody who has started the shift with this seat, which may have to come yet.
pub fn starts(server: &Server, login: &str, seat: Value) -> Live {
    let mut browser = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(browser.sign_in(login, "demo").status, 200);
    let (mut live, _) = browser.live();
    let mut start = seat;
    start["type"] = json!("shift.start");
    // Not `ask`: what follows from it may be told before the answer.
    (start["v"], start["id"]) = (json!(1), json!("start"));
    live.say(&start);
    live
}

/// Somebody rings the hotline, asks for a person, hums 700 Hz, and hangs up when this tone was heard.
pub fn diner(server: &Server, from: &str, tone: u32) -> Guarded {
    let mut command = server.diner(&ASKS.replace("{tone}", &tone.to_string()), &["--from", from, "--hum", "700"]);
    Guarded(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// One call on a desk phone from ring to wrap-up; the customer as the page showed them.
fn one_call(server: &Server, desk: &mut Live, phone: &mut Phone) -> Value {
    let mut diner = diner(server, "13800138000", 440);
    let card = desk.until("call.ring")["call"].clone();
    assert_eq!(card["state"], "ringing", "{card}");
    let rang = phone.log().matches("ncoming call").count();
    eventually("the telephone rings", SOON, || (phone.log().matches("ncoming call").count() >= rang.max(1)).then_some(()));
    phone.say("accept", "");
    desk.until_call("talking");
    eventually("the telephone plays the diner", SOON, || (phone.hears(700.0) > 0.8).then_some(()));
    // The diner has heard the telephone's tone, or the script fails.
    let status = eventually("the diner is done", Duration::from_secs(90), || diner.0.try_wait().unwrap());
    assert!(status.success(), "the diner did not hear the telephone");
    desk.until_call("wrap_up");
    desk.say(&json!({ "v": 1, "id": "save", "type": "wrapup.save", "call": card["call"], "code": 20 }));
    desk.until_state("8001", "available");
    card
}

#[test]
fn c10_c39_baresip_is_an_agents_desk_phone_and_the_next_call_comes_back_to_it() {
    let server = Setup { config: format!("{SETTINGS}{OUTSIDE}"), ..Setup::demo() }.start();
    // With keys in the description (SDES): the sound of this telephone is encrypted, that of the diner is not.
    let account = format!("<sip:8001@{};transport=udp>;auth_pass=demo;regint=60;audio_codecs=pcma;mediaenc=srtp", server.sip);
    let mut phone = Phone::start(&account);
    eventually("it is registered", SOON, || phone.log().contains("200 OK").then_some(()));
    let mut desk = at_work(&server, "8001", json!({ "seat": "phone", "account": "8001" }));
    let first = one_call(&server, &mut desk, &mut phone);
    assert!(first["pop"]["name"].is_string(), "{first}");
    // A colleague who has been idle longer does not get the customer's next call.
    let _colleague = at_work(&server, "8002", json!({ "seat": "outside", "number": "13900139111" }));
    for state in ["break:short", "available"] {
        assert_eq!(desk.ask(state, &json!({ "type": "agent.state", "to": state }))["type"], "ok");
    }
    let second = one_call(&server, &mut desk, &mut phone);
    assert_eq!(second["pop"]["last_agent"]["name"], "李娜", "{second}");
    assert!(phone.log().contains("SRTP is Enabled"), "the sound was encrypted");
    // The command line tells of people, too: queue, agent, and how it was summed up.
    let calls = eventually("both are on record", SOON, || {
        let calls = server.json(&["calls", "list", "--json"]);
        calls.as_array().filter(|all| all.iter().filter(|call| call["code"] == 20).count() == 2).cloned()
    });
    let call = calls.iter().find(|call| call["code"] == 20).unwrap();
    assert_eq!((&call["queue"], &call["agent_name"]), (&json!("order"), &json!("李娜")), "{call:#}");
    assert!(call["waited_ms"].is_u64(), "{call:#}");
    let table = String::from_utf8_lossy(&server.cli(&["calls", "list"]).stdout).into_owned();
    let row = table.lines().find(|line| line.contains(call["id"].as_str().unwrap())).unwrap();
    assert!(table.contains("QUEUE") && ["order", "李娜", "20"].iter().all(|word| row.contains(word)), "{table}");
    let shown = server.cli(&["calls", "show", call["id"].as_str().unwrap()]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("People   queue order, waited"), "{}", super::server::text(&shown));
}

/// C32: the head office hears a new recording on a real telephone, as callers will, before they do.
#[test]
fn c32_baresip_rings_and_plays_a_recording_to_the_head_office() {
    const TONE: f64 = 1000.0;
    let server = Setup { config: SETTINGS.to_owned(), ..Setup::demo() }.start();
    let mut office = Browser { to: server.web, from: None, cookie: None, origin: Some(format!("http://{}", server.web)) };
    assert_eq!(office.sign_in("manager", "demo").status, 200);
    let place = "/api/prompt-sound/zh-CN/greet.open";
    let sound: Vec<u8> = (0..48_000)
        .map(|n| dinetone::media::g711::linear_to_alaw(((f64::from(n) * TONE * std::f64::consts::TAU / 8000.0).sin() * 9000.0) as i16))
        .collect();
    let put = office.raw("PUT", place, "Content-Type: audio/wav\r\n", dinetone::media::wav::write_alaw(&sound));
    assert_eq!(put.status, 200, "{put:?}");
    let listen = || office.send("POST", &format!("{place}/call"), &json!({ "to": "8001" }));
    assert_eq!(listen().problem(), "cannot", "no telephone has registered");
    let account = format!("<sip:8001@{};transport=udp>;auth_pass=demo;regint=60;audio_codecs=pcma", server.sip);
    let mut phone = Phone::start(&account);
    eventually("it is registered", SOON, || phone.log().contains("200 OK").then_some(()));
    assert_eq!(listen().status, 200);
    eventually("the telephone rings", SOON, || phone.log().contains("ncoming call").then_some(()));
    phone.say("accept", "");
    eventually("the recording is heard", SOON, || (phone.hears(TONE) > 0.9).then_some(()));
    eventually("it is hung up on after the sound", SOON, || phone.log().contains("terminated").then_some(()));
    assert_eq!(office.send("POST", &format!("{place}/call"), &json!({ "to": "13900139000" })).problem(), "cannot", "[outbound] is off");
}
