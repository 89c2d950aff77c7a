//! The floor of two nodes as one: who works at the other node is seen here, is asked for advice, and takes callers over; and a node
//! that falls silent is shown to be so. Told at the end of the story of `cluster.rs`, where two nodes are up.

use std::sync::mpsc::{Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::baresip::Phone;
use super::cluster::{SOON, signed_in};
use super::server::{Server, eventually};
use super::staff_phones::{at_work, diner};
use super::web_kit::Live;

/// A page that somebody keeps open: what comes is kept, the server's signs of life are answered.
pub struct Page {
    asks: Sender<Value>,
    heard: Arc<Mutex<Vec<Value>>>,
    /// Frames that were looked for and found, or passed over.
    seen: Mutex<usize>,
}

impl Page {
    pub fn keep(mut live: Live, first: Option<Value>) -> Self {
        let (asks, asked) = channel::<Value>();
        let heard = Arc::new(Mutex::new(Vec::from_iter(first)));
        let kept = Arc::clone(&heard);
        live.socket.get_ref().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        std::thread::spawn(move || {
            loop {
                match asked.try_recv() {
                    Ok(frame) => live.say(&frame),
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => return,
                }
                match live.socket.read() {
                    Ok(tungstenite::Message::Text(text)) => kept.lock().unwrap().push(serde_json::from_str(&text).unwrap()),
                    Err(tungstenite::Error::Io(fault))
                        if matches!(fault.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                    Ok(tungstenite::Message::Close(_)) | Err(_) => return,
                    Ok(_) => {}
                }
            }
        });
        Self { asks, heard, seen: Mutex::new(0) }
    }

    fn say(&self, id: &str, mut frame: Value) {
        (frame["v"], frame["id"]) = (json!(1), json!(id));
        self.asks.send(frame).unwrap();
    }

    /// The next frame like this; those before it are passed over.
    #[track_caller]
    fn until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        eventually(what, SOON, || {
            let (heard, mut seen) = (self.heard.lock().unwrap(), self.seen.lock().unwrap());
            let at = (*seen..heard.len()).find(|at| is_it(&heard[*at]))?;
            *seen = at + 1;
            Some(heard[at].clone())
        })
    }

    #[track_caller]
    fn call(&self, state: &str) -> Value {
        self.until(state, |frame| frame["type"] == "call.state" && frame["call"]["state"] == state)["call"].clone()
    }

    #[track_caller]
    fn agent(&self, number: &str, state: &str) -> Value {
        self.until(state, |frame| frame["type"] == "agent.state" && frame["number"] == number && frame["state"] == state)
    }
}

/// Whether this frame shows this agent at this node in this state.
fn shows(frame: &Value, number: &str, node: &str, state: &str) -> bool {
    let is_it = |agent: &Value| agent["number"] == number && agent["node"] == node && agent["state"] == state;
    match frame["type"].as_str() {
        Some("snapshot") => frame["agents"].as_array().is_some_and(|agents| agents.iter().any(is_it)),
        Some("agent.state") => is_it(frame),
        _ => false,
    }
}

#[track_caller]
fn rings(phone: &Phone, calls: usize) {
    eventually("the telephone rings", SOON, || (phone.log().matches("ncoming call").count() >= calls).then_some(()));
}

/// C60, C62, C70 over two nodes. 8001 works at B with a telephone that has rung so often; nobody is free at A.
pub fn one_floor(a: &Server, b: &mut Server, at_a: &str, far: Live, far_phone: &mut Phone) {
    let (watch, snapshot) = signed_in(a, "supervisor").live();
    assert_eq!((&snapshot["node"], &snapshot["nodes"][0]["node"]), (&json!("a"), &json!("b")), "{snapshot}");
    assert_eq!((&snapshot["nodes"][0]["reachable"], &snapshot["nodes"][0]["silent_since"]), (&json!(true), &Value::Null), "{snapshot}");
    let their = snapshot["agents"].as_array().unwrap().iter().find(|agent| agent["number"] == "8001").expect("B's agent").clone();
    assert_eq!(their["node"], "b", "{their}");
    let watch = Page::keep(watch, Some(snapshot));
    watch.until("B's agent is free on A's floor", |frame| shows(frame, "8001", "b", "available"));
    let (over_there, snapshot) = signed_in(b, "supervisor").live();
    let over_there = Page::keep(over_there, Some(snapshot));
    let far = Page::keep(far, None);

    // Somebody at A, with a telephone of another tone.
    let account = format!("<sip:8003@{at_a};transport=udp>;auth_pass=demo;regint=60;audio_codecs=pcma");
    let mut near_phone = Phone::start_with(&account, 550);
    eventually("it is registered", SOON, || near_phone.log().contains("200 OK").then_some(()));
    let near = Page::keep(at_work(a, "8003", json!({ "seat": "phone", "account": "8003" })), None);
    over_there.until("A's agent is on B's floor", |frame| shows(frame, "8003", "a", "available"));

    let mut caller = diner(a, "13700137222", 440);
    let call = near.until("it rings at A", |frame| frame["type"] == "call.ring")["call"]["call"].clone();
    over_there.until("A's line is on B's floor", |frame| frame["type"] == "node" && frame["node"] == "a");
    rings(&near_phone, 1);
    near_phone.say("accept", "");
    near.call("talking");
    over_there.until("the call is on B's floor", |frame| shows(frame, "8003", "a", "on_call"));
    eventually("A's telephone plays the caller", SOON, || (near_phone.hears(700.0) > 0.8).then_some(()));
    near.say("note", json!({ "type": "call.note", "call": call, "text": "不要葱; 100% 辣" }));

    // Passed on at once, and turned down: the caller comes back to who passed them on.
    let to = json!({ "agent": their["user"] });
    near.say("blind", json!({ "type": "call.transfer", "call": call, "mode": "blind", "to": to, "note": "熟客" }));
    let card = far.until("it rings at B", |frame| frame["type"] == "call.ring")["call"].clone();
    assert_eq!((&card["from"]["note"], &card["notes"]), (&json!("熟客"), &json!(["不要葱; 100% 辣", "熟客"])), "{card}");
    assert_eq!((&card["caller"], &card["reason"]), (&json!("13700137222"), &json!("transfer")), "{card}");
    assert!(card["path"].as_array().is_some_and(|path| path.iter().any(|step| step == "main")), "the way they came: {card}");
    far.say("no", json!({ "type": "call.reject", "call": card["call"] }));
    near.agent("8003", "wrap_up");
    near.say("saved", json!({ "type": "wrapup.save", "call": call, "code": 20 }));
    near.until("it is back at A", |frame| frame["type"] == "call.ring");
    rings(&near_phone, 2);
    near_phone.say("accept", "");
    near.call("talking");

    // Asked for advice: nothing to sum up, and the caller stays where they are.
    watch.until("B's agent is free again", |frame| shows(frame, "8001", "b", "available"));
    let so_far = far_phone.log().matches("ncoming call").count();
    near.say("advice", json!({ "type": "call.transfer", "call": call, "mode": "consult", "to": to }));
    let asked = far.until("it rings at B for a word", |frame| frame["type"] == "call.ring")["call"]["call"].clone();
    rings(far_phone, so_far + 1);
    far_phone.say("accept", "");
    far.call("consulting");
    near.until("the advice", |frame| frame["type"] == "call.state" && frame["call"]["consult"]["state"] == "talking");
    near.say("enough", json!({ "type": "call.cancel_consult", "call": call }));
    let left = far.until("it is over", |frame| frame["type"] == "call.withdrawn" && frame["call"] == asked);
    assert_eq!(left["why"], "left", "{left}");
    far.agent("8001", "available");

    // Asked again, and then the caller is theirs.
    watch.until("B's agent is free once more", |frame| shows(frame, "8001", "b", "available"));
    let so_far = far_phone.log().matches("ncoming call").count();
    near.say("consult", json!({ "type": "call.transfer", "call": call, "mode": "consult", "to": to }));
    let card = far.until("it rings at B again", |frame| frame["type"] == "call.ring")["call"].clone();
    rings(far_phone, so_far + 1);
    far_phone.say("accept", "");
    far.call("consulting");
    near.until("the advice", |frame| frame["type"] == "call.state" && frame["call"]["consult"]["state"] == "talking");
    eventually("B's telephone plays A's", SOON, || (far_phone.hears(550.0) > 0.8).then_some(()));
    near.say("complete", json!({ "type": "call.complete", "call": call }));
    near.agent("8003", "wrap_up");
    far.call("talking");
    eventually("B's telephone plays the caller", SOON, || (far_phone.hears(700.0) > 0.8).then_some(()));
    let status = eventually("the caller heard B's telephone", SOON, || caller.0.try_wait().unwrap());
    assert!(status.success(), "the caller did not hear B's telephone");
    far.call("wrap_up");
    far.say("saved-too", json!({ "type": "wrapup.save", "call": card["call"], "code": 20 }));
    far.agent("8001", "available");
    let missed = signed_in(a, "8003").get("/api/missed").body;
    assert!(!missed.contains("13700137222"), "nobody gave up: {missed}");

    // B is gone without a word: A's floor says so, and shows nobody there.
    b.kill();
    watch.until("B is silent", |frame| frame["type"] == "node" && frame["node"] == "b" && frame["silent_since"].is_string());
    watch.agent("8001", "offline");
}
