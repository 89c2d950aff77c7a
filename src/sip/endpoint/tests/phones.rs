//! Phones with a password: registration, calls, guessing.

use super::kit::*;
use crate::sip::digest::{Challenge, Credentials};
use crate::sip::event::*;

const PHONE: &str = "198.51.100.4:5060";
/// In this network; in a demonstration it may call as it is.
const LOCAL: &str = "10.0.0.5:41000";

fn register(cseq: u32, extra: &str) -> String {
    request("REGISTER", cseq, "", &format!("r{cseq}"), extra, "")
        .replace("sip:1000@192.0.2.1>", "sip:801@192.0.2.1>")
        .replace("Contact: <sip:13800001234@192.0.2.7:5060>\r\n", "")
}

/// Sends it, and again with the answer to the challenge; gives the last answer.
fn proven(bench: &mut Bench, text: &str, user: &str, password: &str, allow_md5: bool) -> String {
    bench.receive(udp(PHONE), text);
    let refusal = bench.take().pop().unwrap();
    assert_eq!(status(&refusal), 401, "{refusal}");
    let values: Vec<&str> =
        refusal.lines().filter_map(|line| line.strip_prefix("WWW-Authenticate: ")).filter(|it| !allow_md5 || it.contains("MD5")).collect();
    let challenge = Challenge::strongest(values.into_iter().map(str::as_bytes), allow_md5).unwrap();
    let (method, uri) = (text.split(' ').next().unwrap(), text.split(' ').nth(1).unwrap());
    let credentials = Credentials { user: user.into(), password: password.into() };
    let value = challenge.answer(&credentials, method, uri, 1, &mut crate::machine::Ids::seeded(5));
    let again = text.replacen("branch=z9hG4bK", "branch=z9hG4bKauth", 1).replacen(
        "Max-Forwards",
        &format!("Authorization: {value}\r\nMax-Forwards"),
        1,
    );
    bench.receive(udp(PHONE), &again);
    bench.take().pop().unwrap()
}

#[test]
fn c1_a_phone_registers_refreshes_and_leaves() {
    let mut bench = Bench { phones_answer: true, ..Bench::new(office()) };
    let contacts = "Contact: <sip:801@198.51.100.4:5060;x=1>;q=0.5, \"B\" <sip:801@[2001:db8::1]>;expires=120\r\nExpires: 600\r\n";
    for allow_md5 in [false, true] {
        let answer = proven(&mut bench, &register(if allow_md5 { 3 } else { 2 }, contacts), "801", "secret", allow_md5);
        assert_eq!(status(&answer), 200, "{answer}");
        assert!(answer.contains("Contact: <sip:801@198.51.100.4:5060;x=1>;expires=600;q=0.5\r\n"));
        assert!(answer.contains("Contact: <sip:801@[2001:db8::1]>;expires=120\r\n"));
    }
    assert!(matches!(&bench.take_events()[..], [SipEvent::Registered { account, contacts: 2 }] if account == "801"));
    bench.seconds(121);
    assert!(matches!(bench.take_events()[..], [SipEvent::Registered { contacts: 1, .. }]));
    assert_eq!(status(&proven(&mut bench, &register(5, "Contact: <sip:a@b>;expires=30\r\n"), "801", "secret", false)), 423);
    assert_eq!(status(&proven(&mut bench, &register(6, "Contact: *\r\nExpires: 9\r\n"), "801", "secret", false)), 400);
    assert_eq!(status(&proven(&mut bench, &register(2, "Contact: <sip:801@198.51.100.4:5060;x=1>\r\n"), "801", "secret", true)), 500);
    assert_eq!(status(&proven(&mut bench, &register(7, "Contact: *\r\nExpires: 0\r\n"), "801", "secret", false)), 200);
    assert!(matches!(bench.take_events()[..], [SipEvent::Registered { contacts: 0, .. }]));
    assert_eq!(status(&proven(&mut bench, &register(8, ""), "802", "secret", false)), 403, "another's address");
}

#[test]
fn c1_escaped_contacts_are_two_and_parameters_stay_where_they_are() {
    let mut bench = Bench::new(office());
    let answer = proven(
        &mut bench,
        &register(
            2,
            "Contact: <sip:%00@h>\r\nContact: <sip:%00%00@h>\r\nContact: sip:+1972@gw;unknown\r\nContact: <sip:a@b?Route=%3Csip:c%3E>\r\n",
        ),
        "801",
        "secret",
        false,
    );
    assert_eq!(status(&answer), 200);
    for uri in ["<sip:%00@h>", "<sip:%00%00@h>", "<sip:+1972@gw>", "<sip:a@b?Route=%3Csip:c%3E>"] {
        assert!(answer.contains(uri), "{uri}: {answer}");
    }
}

#[test]
fn c1_a_phone_calls_with_its_password_and_nobody_without() {
    let mut bench = Bench::new(office());
    let invite = request("INVITE", 1, "", "c", "", OFFER);
    assert_eq!(status(&proven(&mut bench, &invite, "801", "wrong", false)), 401);
    assert_eq!(status(&proven(&mut bench, &invite, "nobody", "secret", false)), 401);
    assert!(bench.take_events().is_empty());
    assert_eq!(status(&proven(&mut bench, &invite, "801", "secret", false)), 100);
    let events = bench.take_events();
    let [SipEvent::Invited(call)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((call.trunk.as_str(), call.caller.as_str()), ("account:801", "801"));
}

#[test]
fn c62_in_a_demonstration_a_phone_that_has_signed_on_signs_its_calls_too() {
    let mut bench = Bench { phones_answer: true, ..Bench::new(SipSettings { demo: true, ..office() }) };
    let invite = |branch: &str| request("INVITE", 1, "", branch, "", OFFER).replace("sip:13800001234@192.0.2.7", "sip:801@192.0.2.7");
    bench.receive(udp(LOCAL), invite("guest"));
    assert!(matches!(&bench.take_events()[..], [SipEvent::Invited(call)] if call.trunk == "demo"), "nobody has signed on there");
    let mut bench = Bench { phones_answer: true, ..Bench::new(SipSettings { demo: true, ..office() }) };
    registered(&mut bench, udp(LOCAL), "801", 2, "Contact: <sip:801@10.0.0.5:41000>\r\n");
    bench.take_events();
    bench.take();
    bench.receive(udp(LOCAL), invite("second"));
    assert_eq!(bench.take().iter().map(|it| status(it)).collect::<Vec<_>>(), [401]);
    assert!(bench.take_events().is_empty());
}

#[test]
fn c1_a_replayed_answer_is_stale_and_an_old_nonce_too() {
    let mut bench = Bench::new(office());
    bench.receive(udp(PHONE), register(2, ""));
    let refusal = bench.take().pop().unwrap();
    let challenge = Challenge::parse(header(&refusal, "WWW-Authenticate").as_bytes()).unwrap();
    let credentials = Credentials { user: "801".into(), password: "secret".into() };
    let value = challenge.answer(&credentials, "REGISTER", "sip:1000@192.0.2.1", 1, &mut crate::machine::Ids::seeded(5));
    let with = |cseq, value: &str| register(cseq, &format!("Authorization: {value}\r\n"));
    bench.receive(udp(PHONE), with(3, &value));
    bench.receive(udp(PHONE), with(3, &value));
    bench.receive(udp(PHONE), with(4, &value));
    let sent = bench.take();
    assert_eq!(sent.iter().map(|it| status(it)).collect::<Vec<_>>(), [200, 200, 401], "a repetition is no replay");
    assert!(sent[2].contains("stale=true"));
    bench.seconds(400);
    let value = challenge.answer(&credentials, "REGISTER", "sip:1000@192.0.2.1", 2, &mut crate::machine::Ids::seeded(6));
    bench.receive(udp(PHONE), with(9, &value));
    assert!(bench.take()[0].contains("stale=true"));
    bench.receive(udp(PHONE), with(10, &value.replace(&challenge.nonce, &"0".repeat(64))));
    assert!(!bench.take()[0].contains("stale=true"));
}

#[test]
fn c1_a_phone_that_knows_a_nonce_from_before_the_restart_is_told_that_it_is_stale() {
    let credentials = Credentials { user: "801".into(), password: "secret".into() };
    let mut before = Bench::new(SipSettings { nonce_key: [1; 32], ..office() });
    before.receive(udp(PHONE), register(2, ""));
    let challenge = Challenge::parse(header(&before.take().pop().unwrap(), "WWW-Authenticate").as_bytes()).unwrap();
    let mut after = Bench::new(office());
    let mut tries = |credentials: &Credentials, cseq| {
        let value = challenge.answer(credentials, "REGISTER", "sip:1000@192.0.2.1", cseq, &mut crate::machine::Ids::seeded(5));
        after.receive(udp(PHONE), register(cseq, &format!("Authorization: {value}\r\n")));
        let refusal = after.take().pop().unwrap();
        (status(&refusal), refusal.contains("stale=true"))
    };
    assert_eq!(tries(&credentials, 3), (401, true));
    // A guess with a nonce of one's own making is a guess, and counted.
    let wrong = Credentials { password: "wrong".into(), ..credentials };
    let statuses: Vec<(u16, bool)> = (4..20).map(|cseq| tries(&wrong, cseq)).collect();
    assert_eq!((statuses[0], statuses.last()), ((401, false), Some(&(403, false))), "{statuses:?}");
}

#[test]
fn c1_guessing_ends_at_the_tenth_try_and_only_for_the_guesser() {
    let mut bench = Bench::new(office());
    let mut refused = None;
    for place in 0..40 {
        let text = register(100 + place, "");
        bench.receive(udp(PHONE), &text);
        let challenge = Challenge::parse(header(&bench.take()[0], "WWW-Authenticate").as_bytes());
        let Some(challenge) = challenge else { panic!() };
        let user = if place % 2 == 0 { "801" } else { "nobody" };
        let credentials = Credentials { user: user.into(), password: format!("guess{place}") };
        let value = challenge.answer(&credentials, "REGISTER", "sip:1000@192.0.2.1", 1, &mut crate::machine::Ids::seeded(5));
        bench.receive(udp(PHONE), register(200 + place, &format!("Authorization: {value}\r\n")));
        if status(&bench.take()[0]) == 403 && place < 39 {
            refused.get_or_insert(place);
        }
        bench.seconds(1);
    }
    assert!(refused.is_some_and(|place| place <= 10), "{refused:?}");
    assert!(bench.refused.iter().filter(|(reason, _)| *reason == "wrong_password").count() <= 10);
    let owner = "198.51.100.77:5060";
    bench.receive(udp(owner), register(900, ""));
    assert_eq!(status(&bench.take()[0]), 401);
}
