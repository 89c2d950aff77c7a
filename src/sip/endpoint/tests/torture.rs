//! The messages of RFC 4475 and RFC 5118 get what their index says; the fixtures are copied octet for octet.

use super::kit::*;
use crate::sip::event::*;

const INDEX: &str = include_str!("../../../../tests/fixtures/torture/index.tsv");

/// What comes back when the sender may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// This one response.
    Status(u16),
    /// 100 Trying and a call for the layer above.
    Invited,
    /// Nothing at all.
    Silence,
}

use Expected::*;

macro_rules! messages {
    ($($name:literal => $expected:expr,)*) => {
        const MESSAGES: &[(&str, &[u8], Expected)] =
            &[$(($name, include_bytes!(concat!("../../../../tests/fixtures/torture/", $name, ".dat")), $expected),)*];
    };
}

messages! {
    "wsinv" => Status(481),
    "intmeth" => Status(501),
    "esc01" => Invited,
    "escnull" => Status(401),
    "esc02" => Status(501),
    "lwsdisp" => Status(200),
    "longreq" => Invited,
    "dblreq" => Status(401),
    "semiuri" => Status(200),
    "transports" => Status(200),
    "mpart01" => Status(405),
    "unreason" => Silence,
    "noreason" => Silence,
    "badinv01" => Status(400),
    "clerr" => Status(400),
    "ncl" => Status(400),
    "scalar02" => Status(400),
    "scalarlg" => Silence,
    "quotbal" => Status(400),
    "ltgtruri" => Status(400),
    "lwsruri" => Status(400),
    "lwsstart" => Status(400),
    "trws" => Status(400),
    "escruri" => Status(400),
    "baddate" => Invited,
    "regbadct" => Status(400),
    "badaspec" => Status(400),
    "baddn" => Status(400),
    "badvers" => Status(505),
    "mismatch01" => Status(400),
    "mismatch02" => Status(501),
    "bigcode" => Silence,
    "badbranch" => Status(200),
    "insuf" => Status(400),
    "unkscm" => Status(416),
    "novelsc" => Status(416),
    "unksm2" => Status(400),
    "bext01" => Status(420),
    "invut" => Status(415),
    "regaut01" => Status(401),
    "multi01" => Status(400),
    "mcl01" => Status(400),
    "bcast" => Silence,
    "zeromf" => Status(200),
    "cparam01" => Status(401),
    "cparam02" => Status(401),
    "regescrt" => Status(401),
    "sdp01" => Status(406),
    "inv2543" => Invited,
    "ipv6-good" => Status(401),
    "ipv6-bad" => Status(400),
    "port-ambiguous" => Status(401),
    "port-unambiguous" => Status(401),
    "via-received-param-with-delim" => Status(481),
    "via-received-param-no-delim" => Status(200),
    "ipv6-in-sdp" => Status(488),
    "mult-ip-in-header" => Status(481),
    "mult-ip-in-sdp" => Invited,
    "ipv4-mapped-ipv6" => Status(488),
    "ipv6-bug-abnf-3-colons" => Status(200),
    "ipv6-correct-abnf-2-colons" => Status(200),
}

fn demo() -> SipSettings {
    SipSettings { demo: true, ..settings() }
}

fn outcome(bench: &mut Bench) -> Expected {
    let invited = bench.take_events().iter().any(|event| matches!(event, SipEvent::Invited(_)));
    let sent = bench.take();
    match (&sent[..], invited) {
        ([], false) => Silence,
        ([one], true) if status(one) == 100 => Invited,
        ([one], false) => Status(status(one)),
        _ => panic!("{sent:?}"),
    }
}

#[test]
fn c1_every_torture_message_gets_what_the_index_says() {
    let listed: Vec<&str> = INDEX.lines().skip(1).filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(listed, MESSAGES.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    let mut wrong = Vec::new();
    for (name, bytes, expected) in MESSAGES {
        let mut bench = Bench::new(demo());
        bench.receive(udp("127.0.0.1:40000"), bytes);
        let got = outcome(&mut bench);
        if got != *expected {
            wrong.push(format!("{name}: {got:?}, not {expected:?}; {:?}", bench.refused));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn c1_a_stranger_gets_no_call_by_any_torture_message() {
    let account = Account { user: "801".into(), ha1_md5: "0".repeat(32), ha1_sha256: "0".repeat(64) };
    for accounts in [Vec::new(), vec![account]] {
        let refusal = if accounts.is_empty() { 403 } else { 401 };
        for (name, bytes, expected) in MESSAGES {
            let mut bench = Bench::new(SipSettings { accounts: accounts.clone(), ..settings() });
            bench.receive(udp("203.0.113.9:5060"), bytes);
            let text = String::from_utf8_lossy(bytes);
            let got = outcome(&mut bench);
            let fits = match expected {
                Invited => got == Status(refusal),
                Status(_) if text.starts_with("INVITE") => matches!(got, Status(400..=499)),
                Status(401) => got == Status(refusal),
                _ => got == *expected,
            };
            assert!(fits, "{name}: {got:?}");
        }
    }
}

#[test]
fn c1_all_via_values_come_back_in_order() {
    for name in ["longreq", "mult-ip-in-header", "wsinv", "transports"] {
        let (_, bytes, _) = MESSAGES.iter().find(|(it, ..)| it == &name).unwrap();
        let mut bench = Bench::new(demo());
        bench.receive(udp("127.0.0.1:40000"), bytes);
        let vias = |text: &str| {
            let mut copy = text.as_bytes().to_vec();
            let message = crate::sip::message::Message::read(&mut copy).unwrap();
            message
                .list(crate::sip::message::Name::Via)
                .map(|it| crate::sip::message::Via::parse(it).unwrap().host.to_vec())
                .collect::<Vec<_>>()
        };
        let sent = bench.take();
        assert_eq!(vias(&sent[0]), vias(&String::from_utf8_lossy(bytes)), "{name}");
    }
}

#[test]
fn c1_the_unended_message_means_the_same_when_ended() {
    let (_, bytes, _) = MESSAGES.iter().find(|(name, ..)| *name == "baddn").unwrap();
    let mut bench = Bench::new(demo());
    bench.receive(udp("127.0.0.1:40000"), [*bytes, b"\r\n"].concat());
    assert_eq!(outcome(&mut bench), Status(400));
}

#[test]
fn c1_escaped_names_are_read_once_and_whole() {
    let mut bench = Bench::new(demo());
    let (_, bytes, _) = MESSAGES.iter().find(|(name, ..)| *name == "esc01").unwrap();
    bench.receive(udp("127.0.0.1:40000"), bytes);
    let Some(SipEvent::Invited(invited)) = bench.take_events().pop() else { panic!() };
    assert_eq!(invited.dialled, "sips:user@example.com");
    assert_eq!(invited.trunk, "demo");
}
