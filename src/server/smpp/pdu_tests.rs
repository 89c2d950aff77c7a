//! What goes over the wire is what the standard says; what comes may be sloppy.

use super::{Address, Pdu, Receipt, parts, receipt, submit};

/// Section 3.2.2 of the standard: a bind_transmitter of 47 octets.
const SAMPLE: &[u8] = b"\0\0\0\x2f\0\0\0\x02\0\0\0\0\0\0\0\x01SMPP3TEST\0secret08\0SUBMIT1\0\x50\x01\x01\0";

#[test]
fn a_pdu_is_taken_when_it_is_whole() {
    let mut read = SAMPLE[..46].to_vec();
    assert_eq!(Pdu::take(&mut read), Ok(None));
    read.push(SAMPLE[46]);
    read.extend(SAMPLE);
    let pdu = Pdu::take(&mut read).unwrap().unwrap();
    assert_eq!((pdu.command, pdu.status, pdu.sequence, pdu.first_text().as_str()), (2, 0, 1, "SMPP3TEST"));
    assert_eq!((pdu.bytes().as_slice(), read.as_slice()), (SAMPLE, SAMPLE));
    assert!(Pdu::take(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec()).is_err());
}

#[test]
fn c87_a_chinese_text_of_seventy_characters_is_one_message_and_of_one_more_two() {
    let seventy: String = "订".repeat(70);
    let one = parts(&seventy, 9);
    assert_eq!((one.len(), one[0].octets.len(), one[0].coding, one[0].joined), (1, 140, 8, false));
    let two = parts(&format!("{seventy}单"), 9);
    assert_eq!(two.iter().map(|part| part.octets.len()).collect::<Vec<_>>(), [140, 14]);
    assert_eq!((&two[0].octets[..6], &two[1].octets[..6]), ([5, 0, 3, 9, 2, 1].as_slice(), [5, 0, 3, 9, 2, 2].as_slice()));
    // A character of two units is never torn.
    let faces = parts(&"😀".repeat(40), 9);
    assert_eq!(faces.iter().map(|part| part.octets.len() - 6).collect::<Vec<_>>(), [132, 28]);
}

#[test]
fn c87_an_english_text_of_a_hundred_and_sixty_letters_is_one_message() {
    assert_eq!(parts(&"a".repeat(160), 1).len(), 1);
    assert_eq!(parts(&"a".repeat(161), 1).len(), 2);
    // What an alphabet may read otherwise goes as UCS-2.
    assert_eq!(parts("a@b", 1)[0].coding, 8);
}

#[test]
fn a_number_goes_as_the_centre_wants_it() {
    let home = Address::receiver("13800138000", "");
    assert_eq!((home.ton, home.text.as_str()), (0, "13800138000"));
    let with_country = Address::receiver("13800138000", "86");
    assert_eq!((with_country.ton, with_country.text.as_str()), (1, "8613800138000"));
    assert_eq!((Address::sender("Dinetone").ton, Address::sender("10690001").ton), (5, 0));
}

/// A `deliver_sm` with these words and options.
fn deliver(class: u8, words: &str, options: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x0113800138000\0\0\x0110690001\0".to_vec();
    body.extend([class, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(words.len()).unwrap()]);
    body.extend(words.bytes());
    body.extend(options);
    body
}

#[test]
fn c87_receipts_are_read_from_their_words_or_their_options() {
    let words = "id:0A1B sub:001 dlvrd:001 submit date:2611221500 done date:2611221501 stat:DELIVRD err:000 text:x";
    let delivered = Receipt { id: "0A1B".into(), delivered: Some(true), state: "DELIVRD".into() };
    assert_eq!(receipt(&deliver(4, words, &[])), Some(delivered));
    let options = b"\0\x1e\0\x05beef\0\x04\x27\0\x01\x05";
    let failed = Receipt { id: "beef".into(), delivered: Some(false), state: "UNDELIV".into() };
    assert_eq!(receipt(&deliver(4, "", options)), Some(failed));
    let under_way = receipt(&deliver(4, "id:7 stat:ENROUTE", &[])).unwrap();
    assert_eq!(under_way.delivered, None);
    assert_eq!(receipt(&deliver(0, words, &[])), None, "a customer's own words");
}

#[test]
fn whatever_comes_nothing_breaks() {
    let whole = deliver(4, "id:7 stat:DELIVRD", b"\0\x1e\0\x05beef\0");
    for end in 0..whole.len() {
        let _ = receipt(&whole[..end]);
    }
    assert_eq!(receipt(&[0xff; 40]), None);
    let from = Address::sender("1069");
    let body = submit(&from, &Address::receiver("13800138000", ""), &parts("好", 1)[0], 7);
    assert!(body.ends_with(&[2, 0x59, 0x7d, 2, 4, 0, 2, 0, 7]), "{body:?}");
}

/// A customer's reply: source 8613800138000, UCS-2 or ASCII.
#[test]
fn c99_a_customers_own_words_are_read_and_receipts_are_none() {
    let body = |class: u8, coding: u8, octets: &[u8]| {
        let mut body = vec![0, 1, 1];
        body.extend(b"8613800138000\0\x01\x0110690001\0");
        body.extend([class, 0, 0, 0, 0, 0, 0, coding, 0, u8::try_from(octets.len()).expect("short")]);
        body.extend(octets);
        body
    };
    let from = |text: &str| Some(("8613800138000".to_owned(), text.to_owned()));
    assert_eq!(super::words(&body(0, 0, b"TD")), from("TD"));
    assert_eq!(super::words(&body(0, 8, &[0x90, 0x00, 0x8b, 0xa2])), from("\u{9000}\u{8ba2}"));
    assert_eq!(super::words(&body(0, 15, &[0xcd, 0xcb, 0xb6, 0xa9])), from("退订"));
    assert_eq!(super::words(&body(0x40, 0, b"\x05\x00\x03\x01\x01\x01TD")), from("TD"), "behind a header");
    assert_eq!(super::words(&body(0x04, 0, b"id:1 stat:DELIVRD")), None);
    assert!(super::words(&[]).is_some_and(|(from, text)| from.is_empty() && text.is_empty()), "nothing breaks");
}
