//! Trunks: registration with fail-over, health, and what the operator is told.

use std::time::Duration;

use super::kit::*;
use crate::sip::digest::Credentials;
use crate::sip::event::*;

fn line(targets: &[&str]) -> TrunkSettings {
    TrunkSettings { targets: targets.iter().map(|it| it.parse().unwrap()).collect(), ..trunk("192.0.2.7") }
}

fn registering(targets: &[&str], allow_md5: bool) -> SipSettings {
    let registration = TrunkRegistration {
        aor: "sip:02988001234@carrier.example".into(),
        registrar: "sip:carrier.example".into(),
        credentials: Credentials { user: "acct".into(), password: "secret".into() },
        expires: Duration::from_secs(600),
        allow_md5,
    };
    SipSettings { trunks: vec![TrunkSettings { registration: Some(registration), ..line(targets) }], ..settings() }
}

fn checked(targets: &[&str]) -> SipSettings {
    SipSettings { trunks: vec![TrunkSettings { options_every: Some(Duration::from_secs(60)), ..line(targets) }], ..settings() }
}

fn reply(request: &str, status: &str, extra: &str) -> String {
    let line = |name: &str| format!("{name}: {}\r\n", header(request, name));
    format!(
        "SIP/2.0 {status}\r\n{}{}{};tag=t\r\n{}{}{extra}Content-Length: 0\r\n\r\n",
        line("Via"),
        line("From"),
        line("To").trim_end(),
        line("Call-ID"),
        line("CSeq")
    )
}

fn ups(bench: &mut Bench) -> Vec<(bool, String)> {
    bench
        .take_events()
        .into_iter()
        .map(|event| if let SipEvent::Trunk { up, why, .. } = event { (up, why) } else { panic!("{event:?}") })
        .collect()
}

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"abc\", algorithm=MD5, qop=\"auth\", opaque=\"o\"\r\n";

#[test]
fn c1_a_trunk_registers_with_digest_and_refreshes_before_the_end() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], true));
    bench.millis(1);
    let first = bench.take().remove(0);
    assert!(first.starts_with("REGISTER sip:carrier.example SIP/2.0\r\n"));
    assert_eq!(header(&first, "Contact"), "<sip:02988001234@192.0.2.1:5060>");
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "401 Unauthorized", CHALLENGE));
    let second = bench.take().remove(0);
    assert!(header(&second, "Authorization").contains("opaque=\"o\"") && !second.contains("secret"));
    assert_eq!(header(&second, "Call-ID"), header(&first, "Call-ID"));
    assert_eq!(header(&second, "CSeq"), "2 REGISTER");
    bench.receive(udp("192.0.2.7:5060"), reply(&second, "200 OK", "Contact: <sip:02988001234@192.0.2.1:5060>;expires=100\r\n"));
    assert_eq!(ups(&mut bench), [(true, "registered".into())]);
    assert_eq!(bench.endpoint.trunks_up().collect::<Vec<_>>(), [("main", true)]);
    bench.seconds(60);
    assert_eq!(bench.take(), [""; 0]);
    bench.seconds(30);
    assert!(bench.take()[0].starts_with("REGISTER"), "refreshed while it still holds");
}

#[test]
fn c1_a_weak_challenge_is_not_answered_unless_allowed() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], false));
    bench.millis(1);
    let first = bench.take().remove(0);
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "401 Unauthorized", CHALLENGE));
    assert_eq!(bench.take(), [""; 0]);
}

#[test]
fn c1_a_silent_registrar_is_left_for_the_next_within_four_seconds() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060", "192.0.2.8:5060"], true));
    bench.millis(1);
    bench.take();
    bench.millis(3990);
    let second = bench.sent.iter().find(|(flow, _)| flow.peer == peer("192.0.2.8:5060")).unwrap().1.clone();
    bench.take();
    bench.receive(udp("192.0.2.8:5060"), reply(&second, "200 OK", "Expires: 300\r\n"));
    assert_eq!(ups(&mut bench), [(true, "registered".into())]);
}

#[test]
fn c1_a_longer_registration_is_challenged_anew_and_answered_at_once() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], true));
    bench.millis(1);
    let mut answered = |status: &str, extra: &str| {
        let request = bench.take().remove(0);
        bench.receive(udp("192.0.2.7:5060"), reply(&request, status, extra));
        bench.millis(1);
        request
    };
    answered("401 Unauthorized", CHALLENGE);
    let proven = answered("423 Interval Too Brief", "Min-Expires: 1800\r\n");
    assert!(proven.contains("Authorization: Digest"));
    let longer = answered("401 Unauthorized", &CHALLENGE.replace("abc", "def"));
    assert_eq!(header(&longer, "Expires"), "1800");
    let proven = answered("423 Interval Too Brief", "Min-Expires: 1801\r\n");
    assert!(header(&proven, "Authorization").contains("nonce=\"def\"") && header(&proven, "Expires") == "1800", "{proven}");
    assert_eq!(bench.take(), [""; 0], "a registrar that goes on asking for more waits for the next attempt");
}

#[test]
fn c1_a_registrar_that_neither_registers_nor_answers_is_left_for_the_next_at_once() {
    // Both questions fail at the same moment: one step to the next target, not two back to the dead one.
    let both = |targets: &[&str]| {
        let mut settings = registering(targets, true);
        settings.trunks[0].options_every = Some(Duration::from_secs(60));
        settings
    };
    let mut bench = Bench::new(both(&["192.0.2.7:5060", "192.0.2.8:5060"]));
    bench.millis(1);
    assert_eq!(bench.take().len(), 2);
    bench.millis(3600);
    let asked: Vec<_> = bench.sent.drain(..).filter(|(flow, _)| flow.peer == peer("192.0.2.8:5060")).collect();
    assert!(
        asked.iter().any(|(_, text)| text.starts_with("REGISTER ")) && asked.iter().any(|(_, text)| text.starts_with("OPTIONS ")),
        "{asked:?}"
    );

    let mut bench = Bench::new(both(&["192.0.2.7:5060", "192.0.2.8:5060"]));
    bench.millis(1);
    for request in bench.take() {
        bench.receive(udp("192.0.2.7:5060"), reply(&request, "503 Service Unavailable", "Retry-After: 30\r\n"));
    }
    bench.millis(1);
    let asked: Vec<_> = bench.sent.iter().map(|(flow, text)| (flow.peer, text.split(' ').next().unwrap_or("").to_owned())).collect();
    assert_eq!(asked.iter().filter(|(to, _)| *to == peer("192.0.2.8:5060")).count(), 2, "{asked:?}");
}

#[test]
fn c1_registrations_are_taken_back_when_the_program_ends() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], true));
    bench.millis(1);
    let first = bench.take().remove(0);
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "200 OK", "Expires: 600\r\n"));
    bench.command(SipCommand::SignOff);
    let asked = bench.take().remove(0);
    assert!(asked.starts_with("REGISTER ") && header(&asked, "Expires") == "0" && header(&asked, "Call-ID") == header(&first, "Call-ID"));
    assert_eq!(bench.endpoint.signing_off(), 1);
    bench.receive(udp("192.0.2.7:5060"), reply(&asked, "401 Unauthorized", CHALLENGE));
    let proven = bench.take().remove(0);
    assert!(proven.contains("Authorization: Digest") && header(&proven, "Expires") == "0");
    bench.receive(udp("192.0.2.7:5060"), reply(&proven, "200 OK", ""));
    assert_eq!(bench.endpoint.signing_off(), 0);
    bench.seconds(3600);
    assert_eq!(bench.take(), [""; 0], "nothing is asked any more");
}

#[test]
fn c1_retry_after_and_min_expires_are_respected_and_backing_off_has_bounds() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], true));
    bench.millis(1);
    let first = bench.take().remove(0);
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "423 Interval Too Brief", "Min-Expires: 1800\r\n"));
    let second = bench.take().remove(0);
    assert_eq!(header(&second, "Expires"), "1800");
    bench.receive(udp("192.0.2.7:5060"), reply(&second, "503 Service Unavailable", "Retry-After: 120 (busy)\r\n"));
    bench.seconds(119);
    assert_eq!(bench.take(), [""; 0]);
    bench.seconds(2);
    let mut last = bench.now.instant;
    let mut waits = Vec::new();
    for _ in 0..6000 {
        bench.millis(100);
        let attempts: Vec<String> = bench.take();
        if attempts.iter().any(|text| header(text, "CSeq").starts_with(&(waits.len() + 4).to_string())) {
            waits.push((bench.now.instant - last).as_secs_f32() - 3.5);
            last = bench.now.instant;
        }
    }
    assert!(waits.len() > 8, "{waits:?}");
    assert!(waits[1..].iter().all(|wait| (0.9..=61.0).contains(wait)), "{waits:?}");
    assert!(waits.last().unwrap() > &29.0);
}

#[test]
fn c1_a_dead_trunk_is_shown_within_a_minute_and_a_living_one_within_ten_seconds() {
    let mut bench = Bench::new(checked(&["192.0.2.7:5060"]));
    bench.millis(1);
    let answer_all = |bench: &mut Bench| {
        for text in bench.take() {
            bench.receive(udp("192.0.2.7:5060"), reply(&text, "200 OK", ""));
        }
    };
    answer_all(&mut bench);
    assert_eq!(ups(&mut bench), [(true, "answers".into())]);
    for _ in 0..100 {
        bench.seconds(1);
        answer_all(&mut bench);
    }
    assert!(ups(&mut bench).is_empty());
    bench.seconds(60);
    assert_eq!(ups(&mut bench), [(false, "no answer".into())]);
    bench.take();
    for _ in 0..10 {
        bench.seconds(1);
        answer_all(&mut bench);
    }
    assert_eq!(ups(&mut bench), [(true, "answers".into())]);
}

#[test]
fn c1_health_moves_to_the_next_target() {
    let mut bench = Bench::new(checked(&["192.0.2.7:5060", "192.0.2.8:5060"]));
    bench.seconds(4);
    let (flow, text) = bench.sent.pop().unwrap();
    assert_eq!(flow.peer, peer("192.0.2.8:5060"));
    bench.receive(udp("192.0.2.8:5060"), reply(&text, "404 Not Found", ""));
    assert_eq!(ups(&mut bench), [(true, "answers".into())], "any answer shows that somebody is there");
}

#[test]
fn c1_a_trunk_on_a_stream_registers_anew_when_the_stream_is_lost() {
    let mut settings = registering(&["192.0.2.7:5060"], true);
    settings.trunks[0].transport = Transport::Tcp;
    let mut bench = Bench::new(settings);
    bench.millis(1);
    let (flow, first) = bench.sent.pop().unwrap();
    assert_eq!((flow.connection, flow.transport), (0, Transport::Tcp));
    assert!(first.contains("Via: SIP/2.0/TCP ") && first.contains("transport=tcp"));
    let stream = tcp("192.0.2.7:5060", 4);
    bench.receive(stream, reply(&first, "200 OK", "Expires: 600\r\n"));
    bench.seconds(1);
    bench.take();
    bench.close(stream);
    bench.millis(1);
    let (flow, again) = bench.sent.pop().unwrap();
    assert_eq!(flow.connection, 0);
    assert!(again.starts_with("REGISTER"));
    // The dialling fails: that is a failure like any other, and is tried again later.
    bench.close(flow);
    bench.seconds(5);
    assert!(bench.take().iter().any(|text| text.starts_with("REGISTER")));
}

#[test]
fn c105_a_trunk_that_is_changed_registers_anew_and_an_unchanged_one_is_left_alone() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060"], true));
    bench.millis(1);
    let first = bench.take().remove(0);
    let same = registering(&["192.0.2.7:5060"], true).trunks;
    bench.command(SipCommand::Trunks(same.clone()));
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "200 OK", "Contact: <sip:02988001234@192.0.2.1:5060>;expires=600\r\n"));
    assert_eq!(ups(&mut bench), [(true, "registered".into())], "it was waited for");
    let mut other = registering(&["192.0.2.8:5060"], true).trunks;
    other[0].addresses = vec!["192.0.2.8".parse().unwrap()];
    bench.command(SipCommand::Trunks(other.clone()));
    assert_eq!(ups(&mut bench), [(false, "set up anew".into())]);
    bench.millis(1);
    let again = bench.take().remove(0);
    assert!(again.starts_with("REGISTER") && header(&again, "Call-ID") != header(&first, "Call-ID"), "{again}");
    // The old line's late answer is about nothing any more.
    bench.command(SipCommand::Trunks(same));
    bench.receive(udp("192.0.2.8:5060"), reply(&again, "200 OK", ""));
    assert_eq!(ups(&mut bench), []);
    // Without it nothing is asked any more; made again, it begins anew in its place.
    bench.command(SipCommand::Trunks(Vec::new()));
    bench.seconds(33);
    assert!(bench.take().iter().all(|text| text.contains("\r\nExpires: 0\r\n")), "the registrar is silent, and told for half a minute");
    bench.seconds(1000);
    assert_eq!((bench.take(), bench.endpoint.trunks_up().count()), (vec![], 0));
    bench.command(SipCommand::Trunks(other));
    bench.millis(1);
    assert!(bench.take()[0].starts_with("REGISTER"));
    assert_eq!(bench.endpoint.trunks_up().collect::<Vec<_>>(), [("main", false)]);
}

/// A registered trunk of the account 02988001234 at the first target.
fn registered(settings: SipSettings) -> Bench {
    let mut bench = Bench::new(settings);
    bench.millis(1);
    let (flow, first) = bench.sent.remove(0);
    bench.receive(flow, reply(&first, "200 OK", "Expires: 600\r\n"));
    bench.seconds(1);
    assert_eq!((ups(&mut bench), bench.take()), (vec![(true, "registered".into())], vec![]));
    bench
}

#[test]
fn c105_a_trunk_that_is_taken_away_is_unregistered_with_the_old_password() {
    let mut bench = registered(registering(&["192.0.2.7:5060"], true));
    bench.command(SipCommand::Trunks(Vec::new()));
    let first = bench.take().remove(0);
    assert!(first.starts_with("REGISTER sip:carrier.example SIP/2.0\r\n"), "{first}");
    assert_eq!((header(&first, "Expires").as_str(), header(&first, "CSeq").as_str()), ("0", "2 REGISTER"));
    assert_eq!(header(&first, "Contact"), "<sip:02988001234@192.0.2.1:5060>");
    bench.receive(udp("192.0.2.7:5060"), reply(&first, "401 Unauthorized", CHALLENGE));
    let second = bench.take().remove(0);
    assert!(header(&second, "Authorization").contains("username=\"acct\"") && header(&second, "Expires") == "0", "{second}");
    assert_eq!((header(&second, "Call-ID"), header(&second, "CSeq").as_str()), (header(&first, "Call-ID"), "3 REGISTER"));
    // A password that is wrong by now is not tried for ever.
    bench.receive(udp("192.0.2.7:5060"), reply(&second, "401 Unauthorized", CHALLENGE));
    bench.seconds(100);
    assert_eq!((bench.take(), ups(&mut bench)), (vec![], vec![]), "and nobody is told of a trunk that is no more");
}

#[test]
fn c105_what_the_registrar_keeps_is_taken_back_when_the_account_changes_or_none_registers() {
    type Change = fn(&mut TrunkSettings);
    let registration = |trunk: &TrunkSettings| trunk.registration.clone().unwrap();
    let changes: [(Change, usize); 5] = [
        (|trunk| trunk.registration = None, 1),
        (|trunk| trunk.registration.as_mut().unwrap().aor = "sip:0299@carrier.example".into(), 1),
        (|trunk| trunk.registration.as_mut().unwrap().credentials.password = "another".into(), 0),
        (|trunk| trunk.name = "renamed".into(), 0),
        (|trunk| trunk.max_calls = Some(3), 0),
    ];
    for (place, (change, taken_back)) in changes.into_iter().enumerate() {
        let mut bench = registered(registering(&["192.0.2.7:5060"], true));
        let mut trunks = registering(&["192.0.2.7:5060"], true).trunks;
        let old = registration(&trunks[0]).aor;
        change(&mut trunks[0]);
        bench.command(SipCommand::Trunks(trunks));
        bench.millis(1);
        let asked = bench.take();
        let ended = asked.iter().filter(|text| text.contains("\r\nExpires: 0\r\n") && header(text, "To") == format!("<{old}>"));
        assert_eq!(ended.count(), taken_back, "{place}: {asked:?}");
    }
}

#[test]
fn c105_a_trunk_that_comes_back_at_once_keeps_its_registration() {
    let mut settings = registering(&["192.0.2.7:5060"], true);
    settings.trunks[0].transport = Transport::Tcp;
    let mut bench = registered(settings.clone());
    bench.command(SipCommand::Trunks(Vec::new()));
    let (flow, end) = bench.sent.pop().unwrap();
    assert!(end.contains("\r\nExpires: 0\r\n"));
    bench.command(SipCommand::Trunks(settings.trunks));
    bench.receive(flow, reply(&end, "401 Unauthorized", CHALLENGE));
    bench.millis(1);
    let asked = bench.take();
    assert!(asked.len() == 1 && header(&asked[0], "Expires") == "600", "{asked:?}");
    // Taken away once more; the stream breaks before the registrar answers.
    bench.command(SipCommand::Trunks(Vec::new()));
    let (flow, _) = bench.sent.pop().unwrap();
    bench.close(flow);
    bench.seconds(100);
    assert_eq!(bench.take(), [""; 0]);
}

#[test]
fn c105_calls_come_by_a_new_trunk_at_once_and_stay_when_it_goes() {
    let mut bench = Bench::new(settings());
    let first = request("INVITE", 1, "", "call0", "", OFFER).replace("one@", "zero@");
    bench.receive(udp("192.0.2.7:5060"), &first);
    assert_eq!(bench.lines(), ["SIP/2.0 403 Forbidden"], "a stranger");
    bench.command(SipCommand::Trunks(vec![trunk("192.0.2.7")]));
    let (call, tag) = bench.answered_call("");
    bench.command(SipCommand::Trunks(Vec::new()));
    bench.seconds(60);
    assert!(bench.take_events().is_empty(), "the call goes on");
    bench.receive(udp("192.0.2.7:5060"), first.replace("zero@", "two@").replace("call0", "call2"));
    assert_eq!(bench.lines(), ["SIP/2.0 403 Forbidden"]);
    bench.receive(udp("192.0.2.7:5060"), request("BYE", 2, &tag, "bye", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ended { dialog, cause: EndCause::PeerBye }] if dialog == call));
}

#[test]
fn c1_a_trunk_that_never_came_up_says_why_and_says_it_once() {
    let mut bench = Bench::new(registering(&["192.0.2.7:5060", "192.0.2.8:5060"], true));
    bench.seconds(4);
    assert_eq!(ups(&mut bench), [], "the other target may be better");
    bench.seconds(60);
    assert_eq!(ups(&mut bench), [(false, "no answer".into())], "once, however long it lasts");
    // The registrar is there by now, but the password is wrong: that is for somebody to mend.
    let refuse = |bench: &mut Bench| {
        for _ in 0..200 {
            bench.seconds(1);
            for (flow, text) in std::mem::take(&mut bench.sent) {
                bench.receive(flow, reply(&text, "401 Unauthorized", CHALLENGE));
            }
        }
    };
    refuse(&mut bench);
    assert_eq!(ups(&mut bench), [(false, "user or password is wrong".into())]);
    assert_eq!(bench.endpoint.trunks_up().collect::<Vec<_>>(), [("main", false)]);
}
