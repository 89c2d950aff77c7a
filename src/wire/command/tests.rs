//! Every command is read as it is written down, and whatever else comes gets a clear answer.

use proptest::prelude::*;

use super::{Door, Request, Wrong, read};
use crate::command::{Command, DialReason, Supervision, Target, TransferMode};
use crate::domain::{Break, Disposition, PhoneNumber, QueueId, Seat, UserId};

fn asked(rest: &str, door: Door) -> Result<Request, Wrong> {
    let asked = read(&format!("{{\"v\":1,\"id\":\"c1\",{rest}}}"), door);
    assert_eq!(asked.id.as_deref(), Some("c1"), "{rest}");
    asked.request
}

#[test]
fn every_command_is_read() {
    let number = || PhoneNumber::parse("13800138000").unwrap();
    let user = || UserId::new("u1");
    for (text, command) in [
        (r#""type":"shift.start","seat":"browser""#, Command::StartShift { seat: Seat::Browser }),
        (r#""type":"shift.start","seat":"phone","account":"8001""#, Command::StartShift { seat: Seat::Phone { account: "8001".into() } }),
        (
            r#""type":"shift.start","seat":"outside","number":"13800138000""#,
            Command::StartShift { seat: Seat::Outside { number: number() } },
        ),
        (r#""type":"shift.end""#, Command::EndShift),
        (r#""type":"agent.state","to":"available""#, Command::Ready),
        (r#""type":"agent.state","to":"break:lunch""#, Command::TakeBreak { reason: Break("lunch".into()) }),
        (r#""type":"media.offer","sdp":"v=0""#, Command::MediaOffer { sdp: "v=0".into() }),
        (r#""type":"media.ice","candidate":"candidate:1""#, Command::MediaCandidate { candidate: "candidate:1".into() }),
        (
            r#""type":"media.ice","candidate":{"candidate":"candidate:1","sdpMid":"0"}"#,
            Command::MediaCandidate { candidate: "candidate:1".into() },
        ),
        (r#""type":"call.answer","call":7"#, Command::Answer { call: 7 }),
        (r#""type":"call.reject","call":7"#, Command::Reject { call: 7 }),
        (r#""type":"call.hangup","call":7"#, Command::HangUp { call: 7 }),
        (r#""type":"call.hold","call":7"#, Command::Hold { call: 7 }),
        (r#""type":"call.unhold","call":7"#, Command::Resume { call: 7 }),
        (r#""type":"call.complete","call":7"#, Command::CompleteTransfer { call: 7 }),
        (r#""type":"call.cancel_consult","call":7"#, Command::CancelConsult { call: 7 }),
        (r#""type":"call.conference","call":7"#, Command::Conference { call: 7 }),
        (r#""type":"call.mute","call":7,"on":true"#, Command::Mute { call: 7, on: true }),
        (r##""type":"call.dtmf","call":7,"keys":"12#*""##, Command::Keys { call: 7, keys: "12#*".into() }),
        (
            r#""type":"call.transfer","call":7,"mode":"blind","to":{"agent":"u1"}"#,
            Command::Transfer { call: 7, to: Target::Agent(user()), mode: TransferMode::Blind, note: String::new() },
        ),
        (
            r#""type":"call.transfer","call":7,"mode":"consult","to":{"queue":"complaint"},"note":"cold soup""#,
            Command::Transfer {
                call: 7,
                to: Target::Queue(QueueId::new("complaint")),
                mode: TransferMode::Consult,
                note: "cold soup".into(),
            },
        ),
        (
            r#""type":"call.transfer","call":7,"mode":"blind","to":{"number":"13800138000"}"#,
            Command::Transfer { call: 7, to: Target::Number(number()), mode: TransferMode::Blind, note: String::new() },
        ),
        (r#""type":"call.note","call":7,"text":"hi""#, Command::Note { call: 7, text: "hi".into() }),
        (r#""type":"call.identify","call":7,"customer":"k1""#, Command::Identify { call: 7, customer: "k1".into() }),
        (
            r#""type":"call.dial","number":"13800138000","missed":"m1""#,
            Command::Dial { number: number(), because: DialReason::Missed { id: "m1".into() } },
        ),
        (
            r#""type":"call.dial","number":"13800138000","customer":"k1""#,
            Command::Dial { number: number(), because: DialReason::Customer { customer: "k1".into() } },
        ),
        (
            r#""type":"call.dial","number":"13800138000","call":7"#,
            Command::Dial { number: number(), because: DialReason::Call { call: 7 } },
        ),
        (
            r#""type":"wrapup.save","call":7,"code":10,"note":"""#,
            Command::WrapUp { call: 7, disposition: Disposition::new(10).unwrap(), note: String::new() },
        ),
        (
            r#""type":"wrapup.save","call":7,"code":"62","note":"shouts""#,
            Command::WrapUp { call: 7, disposition: Disposition::new(62).unwrap(), note: "shouts".into() },
        ),
        (r#""type":"wrapup.extend""#, Command::ExtendWrapUp),
        (r#""type":"floor.supervise","agent":"u1","how":"whisper""#, Command::Supervise { agent: user(), how: Supervision::Whisper }),
        (r#""type":"floor.stop""#, Command::StopSupervising),
        (r#""type":"floor.break","agent":"u1","reason":"meeting""#, Command::ForceBreak { agent: user(), reason: Break("meeting".into()) }),
        (
            r#""type":"floor.sign_out","agent":"u1","reason":"gone home""#,
            Command::ForceSignOut { agent: user(), reason: "gone home".into() },
        ),
        (r#""type":"queue.prefer","call":7"#, Command::Prefer { call: 7 }),
        (r#""type":"queue.move","call":7,"queue":"order-en""#, Command::MoveToQueue { call: 7, queue: QueueId::new("order-en") }),
    ] {
        assert_eq!(asked(text, Door::Console), Ok(Request::Command(Box::new(command))), "{text}");
        assert!(matches!(asked(text, Door::Phone), Err(Wrong::Unknown(_))), "{text}: not from a diner's phone");
    }
    for (text, command) in [
        (
            r#""type":"phone.dial","number":"1000","caller":"13800138000","sdp":"v=0""#,
            Command::PhoneDial { number: "1000".into(), caller: "13800138000".into(), sdp: "v=0".into() },
        ),
        (r##""type":"phone.key","key":"#""##, Command::PhoneKey { key: '#' }),
        (r#""type":"phone.hangup""#, Command::PhoneHangUp),
    ] {
        assert_eq!(asked(text, Door::Phone), Ok(Request::Command(Box::new(command))), "{text}");
        assert!(matches!(asked(text, Door::Console), Err(Wrong::Unknown(_))), "{text}: not from a console");
    }
    assert_eq!(asked(r#""type":"resync""#, Door::Console), Ok(Request::Resync));
    assert_eq!(asked(r#""type":"ping""#, Door::Phone), Ok(Request::Ping));
}

#[test]
fn what_is_no_command_is_told_so() {
    for bad in [
        r#""type":"call.answer""#,
        r#""type":"call.answer","call":"7""#,
        r#""type":"call.answer","call":-7"#,
        r#""type":"call.answer","call":7.5"#,
        r#""type":"call.mute","call":7,"on":"yes""#,
        r#""type":"call.dtmf","call":7,"keys":"12x""#,
        r#""type":"call.dtmf","call":7,"keys":"""#,
        r#""type":"call.transfer","call":7,"mode":"blind","to":{"agent":"u1","queue":"q"}"#,
        r#""type":"call.transfer","call":7,"mode":"blind","to":"u1""#,
        r#""type":"call.transfer","call":7,"mode":"loud","to":{"agent":"u1"}"#,
        r#""type":"call.dial","number":"13800138000""#,
        r#""type":"call.dial","number":"nobody","missed":"m1""#,
        r#""type":"agent.state","to":"busy""#,
        r#""type":"agent.state","to":"break:""#,
        r#""type":"agent.state","to":"break:DROP TABLE""#,
        r#""type":"shift.start","seat":"throne""#,
        r#""type":"shift.start","seat":"phone""#,
        r#""type":"shift.start","seat":"phone","account":"""#,
        r#""type":"wrapup.save","call":7,"code":5,"note":"""#,
        // Two digits, and in no list.
        r#""type":"wrapup.save","call":7,"code":99,"note":"""#,
        r#""type":"wrapup.save","call":7,"code":"+1","note":"""#,
        r#""type":"floor.supervise","agent":"u1","how":"shout""#,
        r#""type":7"#,
    ] {
        assert!(matches!(asked(bad, Door::Console), Err(Wrong::Malformed(_))), "{bad}");
    }
    assert!(matches!(asked(r#""type":"call.fly","call":7"#, Door::Console), Err(Wrong::Unknown(_))));
    for bad in ["", "{", "[]", "null", "7", "{}", r#"{"id":7,"type":"ping"}"#, r#"{"id":"","type":"ping"}"#, r#"{"type":"ping"}"#] {
        let asked = read(bad, Door::Console);
        assert!(asked.id.is_none() && matches!(asked.request, Err(Wrong::Malformed(_))), "{bad}");
    }
    let other = read(r#"{"v":2,"id":"c1","type":"ping"}"#, Door::Console);
    assert!(other.id.is_some() && matches!(other.request, Err(Wrong::Malformed(_))));
}

proptest! {
    #[test]
    fn nothing_that_is_sent_makes_it_panic(text in "\\PC*", kind in "(call|media|floor|phone|wrapup|shift|agent)\\.[a-z_]{1,12}", value in "[0-9\"{}:,a-z\\[\\]]{0,40}") {
        let _ = read(&text, Door::Console);
        let _ = read(&format!("{{\"id\":\"x\",\"type\":\"{kind}\",\"call\":{value}}}"), Door::Console);
        let _ = read(&format!("{{\"id\":\"x\",\"type\":\"{kind}\",\"to\":{value}}}"), Door::Phone);
    }
}
