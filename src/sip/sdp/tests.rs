//! Offers as they come, and what is answered.

use super::*;

fn offer_of(lines: &str) -> Session {
    let text = format!("v=0\no=- 1 1 IN IP4 192.0.2.7\ns=-\nc=IN IP4 192.0.2.7\nt=0 0\n{lines}");
    Session::parse(text.as_bytes()).unwrap()
}

fn local() -> Local<'static> {
    Local { address: "192.0.2.1".parse().unwrap(), port: 20000, session_id: 7, version: 3, codecs: &Codec::PREFERENCE }
}

/// m-lines and direction of an answer, and what was agreed.
fn answered(lines: &str) -> Result<(Vec<String>, Agreed), NotAcceptable> {
    let (text, agreed) = answer(&offer_of(lines), &local())?;
    assert_eq!(agree(&Codec::PREFERENCE, &Session::parse(text.as_bytes()).unwrap()).unwrap().codec, agreed.codec);
    let shown = text.lines().filter(|it| it.starts_with("m=") || ["a=send", "a=recv", "a=inac"].iter().any(|start| it.starts_with(start)));
    Ok((shown.map(str::to_owned).collect(), agreed))
}

#[test]
fn c3_a_law_first_whatever_the_order() {
    for (formats, codec) in [("0 8", Codec::A), ("8 0", Codec::A), ("18 0 4", Codec::U), ("9 8", Codec::A)] {
        let (lines, agreed) = answered(&format!("m=audio 4000 RTP/AVP {formats}\n")).unwrap();
        assert_eq!(agreed.codec, codec, "{formats}");
        assert_eq!(lines[0], format!("m=audio 20000 RTP/AVP {}", codec.payload_type()));
        assert_eq!(agreed.remote, Some("192.0.2.7:4000".parse().unwrap()));
        assert_eq!((agreed.send, agreed.receive, agreed.event_type), (true, true, None));
    }
}

#[test]
fn c3_nothing_that_fits_is_not_acceptable() {
    for lines in [
        "",
        "m=audio 4000 RTP/AVP 18 4\n",
        "m=audio 0 RTP/AVP 8\n",
        "m=audio 4000 RTP/SAVP 8\n",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 0 8\n",
        "m=video 4000 RTP/AVP 31\n",
        "m=audio 4000 RTP/AVP 8\na=rtpmap:8 G726-32/8000\n",
        "m=audio 4000 RTP/AVP 96\na=rtpmap:96 PCMA/16000\n",
        "m=audio 4000 RTP/AVP 300\n",
    ] {
        assert_eq!(answered(lines), Err(NotAcceptable), "{lines}");
    }
}

#[test]
fn c3_other_media_are_declined_in_their_place() {
    let (lines, _) = answered(
        "m=video 5000 RTP/AVP 31 32\nm=audio 4000 RTP/SAVP 8\nm=audio 4002 RTP/AVP 8\nm=audio 4004 RTP/AVP 0\nm=application 9 TCP/X chat\n",
    )
    .unwrap();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 31 32",
            "m=audio 0 RTP/SAVP 8",
            "m=audio 20000 RTP/AVP 8",
            "a=sendrecv",
            "m=audio 0 RTP/AVP 0",
            "m=application 0 TCP/X chat"
        ]
    );
}

#[test]
fn c4_telephone_event_only_at_8000_and_with_the_peers_number() {
    for (maps, event) in [
        ("a=rtpmap:101 telephone-event/8000\n", Some(101)),
        ("a=rtpmap:96 TELEPHONE-EVENT/8000\n", None),
        ("a=rtpmap:101 telephone-event/48000\n", None),
        ("a=rtpmap:100 telephone-event/16000\na=rtpmap:101 telephone-event/8000/1\n", Some(101)),
        ("", None),
    ] {
        let (lines, agreed) = answered(&format!("m=audio 4000 RTP/AVP 8 100 101\n{maps}")).unwrap();
        assert_eq!(agreed.event_type, event, "{maps}");
        assert_eq!(lines[0].ends_with("8 101"), event.is_some());
    }
}

#[test]
fn c3_hold_in_all_its_forms() {
    for (attribute, line, send, receive) in [
        ("a=sendonly", "a=recvonly", false, true),
        ("a=recvonly", "a=sendonly", true, false),
        ("a=inactive", "a=inactive", false, false),
        ("a=sendrecv", "a=sendrecv", true, true),
        ("c=IN IP4 0.0.0.0", "a=recvonly", false, true),
    ] {
        let (lines, agreed) = answered(&format!("m=audio 4000 RTP/AVP 8\n{attribute}\n")).unwrap();
        assert_eq!((lines[1].as_str(), agreed.send, agreed.receive), (line, send, receive), "{attribute}");
        assert_eq!(agreed.remote.is_none(), attribute.starts_with('c'));
    }
    let whole = "v=0\no=- 1 1 IN IP4 1.2.3.4\ns=-\nc=IN IP4 1.2.3.4\na=inactive\nt=0 0\nm=audio 4000 RTP/AVP 8\n";
    assert_eq!(Session::parse(whole.as_bytes()).unwrap().media[0].direction, Direction::Inactive);
}

#[test]
fn c3_addresses_of_both_families_and_host_names() {
    for (line, expected) in [
        ("c=IN IP6 2001:db8::9", Some("[2001:db8::9]:4000")),
        ("c=IN IP6 ::ffff:192.0.2.10", Some("[::ffff:192.0.2.10]:4000")),
        ("c=IN IP4 192.0.2.9/127", Some("192.0.2.9:4000")),
        ("c=IN IP4 media.example.com", None),
    ] {
        let session = offer_of(&format!("m=audio 4000/2 RTP/AVP 8\n{line}\n"));
        let agreed = answer(&session, &local()).unwrap().1;
        assert_eq!(agreed.remote.map(|it| it.to_string()).as_deref(), expected, "{line}");
    }
    let six = Local { address: "2001:db8::1".parse().unwrap(), ..local() };
    assert!(offer(&six).contains("c=IN IP6 2001:db8::1\r\n"));
}

#[test]
fn c3_our_own_offer_is_answered_by_ourselves() {
    let ours = offer(&local());
    assert!(ours.contains("m=audio 20000 RTP/AVP 8 0 101\r\n"));
    let (text, agreed) = answer(&Session::parse(ours.as_bytes()).unwrap(), &local()).unwrap();
    assert_eq!((agreed.codec, agreed.event_type), (Codec::A, Some(101)));
    let back = agree(&Codec::PREFERENCE, &Session::parse(text.as_bytes()).unwrap()).unwrap();
    assert_eq!((back.codec, back.event_type, back.send, back.receive), (Codec::A, Some(101), true, true));
    let declined = Session::parse(text.replace("m=audio 20000", "m=audio 0").as_bytes()).unwrap();
    assert_eq!(agree(&Codec::PREFERENCE, &declined), Err(NotAcceptable));
}

#[test]
fn c3_what_is_no_description_is_refused() {
    for (text, error) in [
        ("", SdpError::NotSdp),
        ("hello", SdpError::NotSdp),
        ("v=1\n", SdpError::NotSdp),
        ("v=0\nnonsense\n", SdpError::BadLine),
        ("v=0\nm=audio\n", SdpError::BadLine),
        ("v=0\nm=audio 70000 RTP/AVP 8\n", SdpError::BadLine),
        ("v=0\nc=IN IP5 x\n", SdpError::BadLine),
    ] {
        assert_eq!(Session::parse(text.as_bytes()), Err(error), "{text}");
    }
    assert_eq!(Session::parse(&b"v=0\n".repeat(9000)), Err(SdpError::TooLong));
    assert_eq!(
        Session::parse("v=0\nm=audio 1 RTP/AVP 8\n".replace("m=", &"m=audio 1 RTP/AVP 8\nm=".repeat(20)).as_bytes()),
        Err(SdpError::TooLong)
    );
}

proptest::proptest! {
    #[test]
    fn c3_any_octets_are_read_or_refused(text in proptest::collection::vec(proptest::num::u8::ANY, 0..400), cut in 0..200_usize, byte in proptest::num::u8::ANY) {
        let _ = Session::parse(&text);
        let mut changed = offer(&local()).into_bytes();
        let place = cut % changed.len();
        changed[place] = byte;
        if let Ok(session) = Session::parse(&changed) && let Ok((text, _)) = answer(&session, &local()) {
            proptest::prop_assert!(Session::parse(text.as_bytes()).is_ok());
        }
    }
}

const THEIRS: &str = "a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n";

fn secure(policy: Policy) -> Option<Secure> {
    Some(Secure { policy, key: crypto::Secret([1; 32]).key(7) })
}

#[test]
fn c10_an_encrypted_offer_is_answered_with_our_key_under_its_tag() {
    for policy in [Policy::Off, Policy::Offered, Policy::Required] {
        let offer = offer_of(&format!("m=audio 4000 RTP/SAVP 8 101\na=crypto:1 F8_128_HMAC_SHA1_80 inline:x\n{THEIRS}"));
        assert!(offer.is_acceptable());
        let (text, agreed) = answer_with(&offer, &local(), secure(policy)).unwrap();
        assert!(text.contains("m=audio 20000 RTP/SAVP 8") && text.contains("a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:"), "{text}");
        let keys = agreed.keys.unwrap();
        assert_eq!((keys.suite, keys.remote.0[0], keys.local), (Suite::Tag32, b'Y', secure(policy).unwrap().key));
        assert!(!text.contains("WVNfX19z"), "not theirs");
    }
    let offer = offer_of(&format!("m=audio 4000 RTP/SAVP 8\n{THEIRS}"));
    assert!(answer(&offer, &local()).is_err(), "whoever cannot encrypt declines");
    assert!(answer_with(&offer_of("m=audio 4000 RTP/SAVP 8\n"), &local(), secure(Policy::Off)).is_err(), "no key that we know");
}

#[test]
fn c10_plain_offers_by_policy() {
    let plain = offer_of("m=audio 4000 RTP/AVP 8\n");
    let may = offer_of(&format!("m=audio 4000 RTP/AVP 8\n{THEIRS}"));
    let keys = |offer: &Session, policy| answer_with(offer, &local(), secure(policy)).map(|(_, agreed)| agreed.keys.is_some());
    assert_eq!(keys(&plain, Policy::Off), Ok(false));
    assert_eq!(keys(&plain, Policy::Offered), Ok(false));
    assert_eq!(keys(&plain, Policy::Required), Err(NotAcceptable));
    assert_eq!(keys(&may, Policy::Off), Ok(false));
    assert_eq!(keys(&may, Policy::Offered), Ok(true));
    assert_eq!(keys(&may, Policy::Required), Ok(true));
}

#[test]
fn c10_our_own_offers_by_policy_and_what_an_answer_to_them_means() {
    let offered = |policy| offer_with(&local(), secure(policy));
    assert!(!offered(Policy::Off).contains("crypto"));
    assert!(
        offered(Policy::Offered).contains("RTP/AVP 8 0 101") && offered(Policy::Offered).contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80")
    );
    assert!(offered(Policy::Required).contains("RTP/SAVP 8 0 101"));
    // Both sides come to the same keys, each the other way round.
    for policy in [Policy::Offered, Policy::Required] {
        let offer = Session::parse(offered(policy).as_bytes()).unwrap();
        let peer = Secure { policy, key: crypto::Secret([2; 32]).key(1) };
        let (text, theirs) = answer_with(&offer, &local(), Some(peer)).unwrap();
        let ours = agree_with(&Codec::PREFERENCE, &Session::parse(text.as_bytes()).unwrap(), secure(policy)).unwrap();
        let (ours, theirs) = (ours.keys.unwrap(), theirs.keys.unwrap());
        assert_eq!((ours.local, ours.remote), (theirs.remote, theirs.local));
        // A peer that takes the optional keys not.
        let plain = answer(&offer_of("m=audio 4000 RTP/AVP 8\n"), &local()).unwrap().0;
        let agreed = agree_with(&Codec::PREFERENCE, &Session::parse(plain.as_bytes()).unwrap(), secure(policy));
        assert_eq!(agreed.map(|it| it.keys.is_some()).ok(), (policy == Policy::Offered).then_some(false));
    }
    assert_ne!(crypto::Secret([1; 32]).key(1), crypto::Secret([1; 32]).key(2));
}

#[test]
fn c10_an_offer_of_a_browser_is_known_and_kept_whole() {
    let lines = "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8\na=fingerprint:sha-256 AA\na=ice-ufrag:x\n";
    let offer = offer_of(lines);
    assert!(offer.is_webrtc() && offer.is_acceptable() && offer.raw.ends_with(lines));
    assert!(answer_with(&offer, &local(), secure(Policy::Offered)).is_err(), "not by plain RTP");
    assert!(!offer_of("m=audio 9 RTP/AVP 8\n").is_webrtc() && !offer_of("m=audio 0 UDP/TLS/RTP/SAVPF 0\n").is_webrtc());
}

#[test]
fn c3_g711_under_a_dynamic_number_is_taken_and_answered_under_it() {
    let lines = "m=audio 4000 RTP/AVP 97 101\na=rtpmap:97 PCMA/8000/1\na=rtpmap:101 telephone-event/8000\n";
    let (text, agreed) = answer(&offer_of(lines), &local()).unwrap();
    assert!(text.contains("m=audio 20000 RTP/AVP 97 101\r\na=rtpmap:97 PCMA/8000\r\n"), "{text}");
    assert_eq!((agreed.codec, agreed.payload_type, agreed.event_type, agreed.event_in), (Codec::A, 97, Some(101), Some(101)));
    for (lines, codec, number) in [
        ("m=audio 4000 RTP/AVP 97 98\na=rtpmap:97 pcmu/8000\na=rtpmap:98 pcma/8000\n", Codec::A, 98),
        ("m=audio 4000 RTP/AVP 97 0\na=rtpmap:97 PCMU/8000\n", Codec::U, 97),
        // A number means what the map says, also a static one.
        ("m=audio 4000 RTP/AVP 8 97\na=rtpmap:8 G722/8000\na=rtpmap:97 PCMA/8000\n", Codec::A, 97),
        ("m=audio 4000 RTP/AVP 8\na=rtpmap:8 PCMU/8000\n", Codec::U, 8),
    ] {
        let (text, agreed) = answer(&offer_of(lines), &local()).unwrap();
        assert_eq!((agreed.codec, agreed.payload_type), (codec, number), "{lines}");
        assert!(text.contains(&format!("m=audio 20000 RTP/AVP {number}\r\n")), "{text}");
    }
}

#[test]
fn c3_an_answer_may_have_numbers_of_its_own() {
    let lines = "m=audio 4000 RTP/AVP 97 96\na=rtpmap:97 PCMA/8000\na=rtpmap:96 telephone-event/8000\n";
    let agreed = agree(&Codec::PREFERENCE, &offer_of(lines)).unwrap();
    assert_eq!((agreed.codec, agreed.payload_type, agreed.event_type), (Codec::A, 97, Some(96)));
    assert_eq!(agreed.event_in, Some(EVENT_TYPE), "they send what we can receive: the number of our offer");
}

#[test]
fn c3_where_the_sound_of_an_offer_goes() {
    let at = |lines: &str| offer_of(lines).sound_at().map(|it| it.to_string());
    assert_eq!(at("m=audio 4000 RTP/AVP 8\nc=IN IP6 2001:db8::7\n").as_deref(), Some("2001:db8::7"));
    assert_eq!(at("m=video 4000 RTP/AVP 31\nc=IN IP6 2001:db8::7\nm=audio 4000 RTP/AVP 8\n").as_deref(), Some("192.0.2.7"));
    for lines in [
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 0.0.0.0\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP6 ::\n",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 phone.example\n",
    ] {
        assert_eq!(at(lines), None, "{lines}");
    }
}
