//! The reader beside rsip, and against everything that is not a message.

use proptest::prelude::*;

use super::*;

const INVITE: &str = "INVITE sip:1000@192.0.2.1:5060;transport=udp SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bKabc\r\nMax-Forwards: 70\r\nFrom: \"A\" <sip:138@192.0.2.7>;tag=ft\r\nTo: <sip:1000@192.0.2.1>\r\nCall-ID: one@192.0.2.7\r\nCSeq: 7 INVITE\r\nContact: <sip:138@192.0.2.7:5060>\r\nSubject: x\r\nContent-Length: 4\r\n\r\nbody";

fn checked<T>(text: &[u8], look: impl FnOnce(&Message<'_>, Request<'_>) -> T) -> Result<T, Fault> {
    let mut copy = text.to_vec();
    let message = Message::read(&mut copy)?;
    let request = Request::check(&message)?;
    Ok(look(&message, request))
}

#[test]
fn c1_a_request_is_read_whole() {
    checked(INVITE.as_bytes(), |message, request| {
        assert_eq!(request.method, Some(Method::Invite));
        assert_eq!((request.uri.user, request.uri.host, request.uri.port), (&b"1000"[..], &b"192.0.2.1"[..], Some(5060)));
        assert_eq!((request.via.branch(), request.from.tag(), request.to.tag()), (Some(&b"z9hG4bKabc"[..]), &b"ft"[..], &b""[..]));
        assert_eq!((request.call_id, request.cseq, message.body), (&b"one@192.0.2.7"[..], 7, &b"body"[..]));
    })
    .unwrap();
}

#[test]
fn c1_compact_folded_and_odd_forms_mean_the_same() {
    let odd = INVITE
        .replace("Via:", "v :")
        .replace("From: ", "f:\r\n\t")
        .replace("To:", "t:")
        .replace("Call-ID:", "I:")
        .replace("CSeq: 7 INVITE", "cseq: 0007\r\n  INVITE")
        .replace("Content-Length", "l")
        .replace("Subject: x", "Subject: \u{e9}\r\nX-\u{0}: y".replace('\u{0}', "Y").as_str())
        .into_bytes();
    let odd = [b"\r\n\r\n", &odd[..], b"more than the length says"].concat();
    let odd: Vec<u8> = odd.into_iter().map(|byte| if byte == 0xc3 { 0xff } else { byte }).collect();
    checked(&odd, |message, request| {
        assert_eq!((request.call_id, request.cseq, request.from.tag(), message.body), (&b"one@192.0.2.7"[..], 7, &b"ft"[..], &b"body"[..]));
    })
    .unwrap();
}

#[test]
fn c1_uris_of_all_kinds() {
    let read = |text: &str| Uri::parse(text.as_bytes()).map(|it| (it.user_text(), String::from_utf8_lossy(it.host).into_owned(), it.port));
    for (text, user, host, port) in [
        ("sip:+86138@[2001:db8::1]:5070;lr", "+86138", "2001:db8::1", Some(5070)),
        ("sips:a%20b;x=y@host", "a b", "host", None),
        ("sip:user:password@host:1", "user", "host", Some(1)),
        ("sip:host.example.com", "", "host.example.com", None),
        ("tel:+86-138-0000;phone-context=cn", "+86-138-0000", "", None),
        ("SIP:100%25@h", "100%", "h", None),
    ] {
        assert_eq!(read(text), Some((user.into(), host.into(), port)), "{text}");
    }
    for bad in [
        "",
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a@b@c",
        "sip:a@h:99999",
        "sip:a@h:",
        "sip:a b@h",
        "sip:2001:db8::1",
        "sip:[2001:db8::1",
        "sip:[host]",
        "1sip:a@b",
        "tel:",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}

#[test]
fn c1_a_session_in_a_multipart_body_is_found() {
    let body = "--b1\r\nContent-Type: application/isup\r\n\r\nxx\r\n--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b1--\r\n";
    let text = INVITE
        .replace("Content-Length: 4", &format!("Content-Type: multipart/mixed; boundary=\"b1\"\r\nContent-Length: {}", body.len()))
        .replace("\r\n\r\nbody", &format!("\r\n\r\n{body}"));
    checked(text.as_bytes(), |message, _| assert_eq!(session_body(message), Ok(Some(&b"v=0\r\n"[..])))).unwrap();
}

#[test]
fn c1_size_count_and_length_are_bounded() {
    let fault = |text: &str| checked(text.as_bytes(), |_, _| ()).unwrap_err().reason;
    // Such a request is answered: what stands at its top is read.
    assert_eq!(checked(INVITE.replace("Subject: x", &"A: b\r\n".repeat(300)).as_bytes(), |_, _| ()).unwrap_err().status, 513);
    assert_eq!(fault(&INVITE.replace("Subject: x", &"A: b\r\n".repeat(300))), "too_many_or_too_long_headers");
    assert_eq!(fault(&INVITE.replace("Subject: x", &format!("A: {}", "b".repeat(20_000)))), "too_many_or_too_long_headers");
    assert_eq!(fault(&INVITE.replace("Subject: x", &"b".repeat(200_000))), "too_long");
    assert_eq!(fault(&INVITE.replace("Subject: x", &format!("Via: {}SIP/2.0/UDP a", "SIP/2.0/UDP a, ".repeat(100)))), "too_many_vias");
    assert_eq!(fault("\r\n\r\n"), "no_start_line");
    assert_eq!(fault("GET / HTTP/1.1\r\n\r\n"), "not_sip");
}

/// Method, Request-URI, Call-ID, CSeq, both tags.
type Essence = (Method, String, String, u32, Option<String>, Option<String>);

/// What rsip makes of a request, as far as it must agree with us.
fn by_rsip(text: &[u8]) -> Option<Essence> {
    use rsip::prelude::*;
    let request = rsip::Request::try_from(text.to_vec()).ok()?;
    let from = request.from_header().ok()?.typed().ok()?;
    let to = request.to_header().ok()?.typed().ok()?;
    let via = request.via_header().ok()?.typed().ok()?;
    via.branch()?;
    let tag = |params: &[rsip::common::uri::Param]| {
        params.iter().find_map(|param| if let rsip::common::uri::Param::Tag(tag) = param { Some(tag.value().to_owned()) } else { None })
    };
    let cseq = request.cseq_header().ok()?.typed().ok()?;
    (cseq.method == request.method).then_some(())?;
    Some((
        request.method,
        request.uri.to_string(),
        request.call_id_header().ok()?.value().trim().to_owned(),
        cseq.seq,
        tag(&from.params),
        tag(&to.params),
    ))
}

fn by_us(text: &[u8]) -> Result<Essence, Fault> {
    let owned = |tag: &[u8]| Some(String::from_utf8_lossy(tag).into_owned()).filter(|tag| !tag.is_empty());
    checked(text, |_, it| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (it.method.unwrap(), text(it.uri.text), text(it.call_id), it.cseq, owned(it.from.tag()), owned(it.to.tag()))
    })
}

#[test]
fn c1_every_method_of_rsip_has_our_name_for_it() {
    for method in Method::all() {
        assert_eq!(method_name(method), method.to_string());
        assert_eq!(method_of(method_name(method).as_bytes()), Some(method));
    }
    assert_eq!(method_of(b"invite"), None, "case counts");
    for status in [180_u16, 200, 404, 486, 503] {
        assert_eq!(rsip::StatusCode::from(status).code(), status);
    }
}

#[test]
fn c24_a_trace_shows_neither_passwords_nor_keys() {
    let shown = |body: &str| {
        let head = "INFO sip:a@b SIP/2.0\r\nAuthorization: Digest response=\"secret\"\r\nContent-Type: application/dtmf-relay\r\n";
        let mut text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes();
        String::from_utf8(Message::read(&mut text).unwrap().for_trace()).unwrap()
    };
    let relay = shown("Signal= 7\r\nDuration=160\r\n");
    assert!(relay.ends_with("\r\n\r\nSignal= x\r\nDuration=160\r\n") && relay.contains("Authorization: ***\r\n"), "{relay}");
    assert!(shown("11").ends_with("\r\n\r\nxx"), "{}", shown("11"));
    assert!(shown("<media_control>\r\n</media_control>").contains("<media_control>"));
}

proptest! {
    #[test]
    fn c1_what_rsip_reads_we_read_alike(
        method in prop::sample::select(vec!["INVITE", "BYE", "OPTIONS", "REGISTER", "INFO", "UPDATE", "PRACK"]),
        user in "[a-z0-9.+_-]{1,12}",
        host in "[a-z][a-z0-9-]{0,8}[a-z0-9](\\.[a-z]{2,5}){0,2}",
        port in prop::option::of(1..65535_u16),
        from_tag in "[A-Za-z0-9.]{1,16}",
        to_tag in prop::option::of("[A-Za-z0-9]{1,16}"),
        call_id in "[A-Za-z0-9-]{1,20}(@[a-z0-9.]{1,12})?",
        cseq in 0..0x8000_0000_u32,
        display in prop::option::of("\"[A-Za-z ]{0,12}\" "),
    ) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let to_tag = to_tag.map_or(String::new(), |tag| format!(";tag={tag}"));
        let display = display.unwrap_or_default();
        let text = format!(
            "{method} sip:{user}@{host}{port} SIP/2.0\r\nVia: SIP/2.0/UDP {host}{port};branch=z9hG4bK{from_tag}\r\nFrom: {display}<sip:{user}@{host}>;tag={from_tag}\r\nTo: <sip:{user}@{host}{port}>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let reference = by_rsip(text.as_bytes());
        prop_assert!(reference.is_some(), "the reference reads what is plain: {text}");
        prop_assert_eq!(by_us(text.as_bytes()).ok(), reference);
    }

    #[test]
    fn c1_a_changed_message_is_read_like_rsip_or_refused_and_never_breaks(
        changes in prop::collection::vec((0..INVITE.len(), any::<u8>()), 1..6),
        cut in 0..INVITE.len(),
    ) {
        let mut text = INVITE.as_bytes().to_vec();
        for (place, byte) in changes {
            text[place] = byte;
        }
        if let Ok(ours) = by_us(&text)
            && let Some(reference) = by_rsip(&text)
        {
            prop_assert_eq!((ours.0, ours.3), (reference.0, reference.3));
        }
        text.truncate(cut);
        let _ = by_us(&text);
        let mut framer = Framer::new();
        framer.push(&text);
        while framer.poll().is_some() {}
        let mut copy = text;
        if let Ok(message) = Message::read(&mut copy) {
            let _ = Response::check(&message);
            let _ = message.for_trace();
            let _ = writer::Echo::of(&message, "192.0.2.7:5060".parse().unwrap()).response(400, Some("t")).finish(None);
            let _ = session_body(&message);
        }
    }

    #[test]
    fn c1_any_octets_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = by_us(&bytes);
        let _ = Address::parse(&bytes);
        let _ = Via::parse(&bytes);
        let _ = Uri::parse(&bytes);
        prop_assert!(values(&bytes).count() <= bytes.len() + 1);
    }
}
