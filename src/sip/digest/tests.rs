//! The vectors of RFC 2617, RFC 7616 and RFC 4231, and the life of a nonce.

use super::*;

const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";

#[test]
fn c1_the_example_of_rfc_2617() {
    let hash = ha1(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life");
    assert_eq!(hash, "939e7578ed9e3c518a452acee763bce9");
    let got =
        response(Algorithm::Md5, &hash, "dcd98b7102dd2f0e8b11d0f600bfb0c093", Some(("00000001", "0a4f113b")), b"GET", b"/dir/index.html");
    assert_eq!(got, "6629fae49393a05397450978507c4ef1");
}

#[test]
fn c1_the_examples_of_rfc_7616() {
    let realm = "http-auth@example.org";
    for (algorithm, expected) in [
        (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let hash = ha1(algorithm, "Mufasa", realm, "Circle of Life");
        let qop = Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"));
        assert_eq!(response(algorithm, &hash, NONCE, qop, b"GET", b"/dir/index.html"), expected);
    }
}

#[test]
fn c1_challenges_are_read_however_they_are_written() {
    let read = |text: &str| Challenge::parse(text.as_bytes());
    let it = read("DIGEST realm=\"a \\\"b\\\", c\",nonce = \"x=,y\" , QOP=\"auth-int, auth\", algorithm=sha-256,stale=TRUE").unwrap();
    assert_eq!((it.realm.as_str(), it.nonce.as_str()), ("a \"b\", c", "x=,y"));
    assert!(it.qop_auth && it.stale && it.algorithm == Algorithm::Sha256);
    for bad in [
        "",
        "Digest",
        "Basic realm=\"a\"",
        "Digest realm=\"a",
        "Digest realm=\"a\"",
        "Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512",
        "Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\"",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
    let values = ["Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256"];
    assert_eq!(Challenge::strongest(values.iter().map(|it| it.as_bytes()), true).unwrap().nonce, "2");
    assert_eq!(Challenge::strongest(values[..1].iter().map(|it| it.as_bytes()), false), None);
}

#[test]
fn c1_what_we_answer_we_accept() {
    let mut ids = Ids::seeded(3);
    let credentials = Credentials { user: "8\"01".into(), password: "pass".into() };
    for value in challenges("our realm", "abc", false, &[Algorithm::Sha256, Algorithm::Md5]) {
        let challenge = Challenge::parse(value.as_bytes()).unwrap();
        let answer = challenge.answer(&credentials, "INVITE", "sip:1000@host", 1, &mut ids);
        let read = Authorization::parse(answer.as_bytes()).unwrap();
        let hash = ha1(challenge.algorithm, "8\"01", "our realm", "pass");
        assert!(read.is_right(&hash, b"INVITE"));
        assert!(!read.is_right(&hash, b"BYE"));
        assert!(!read.is_right(&ha1(challenge.algorithm, "8\"01", "our realm", "Pass"), b"INVITE"));
    }
    assert!(!format!("{credentials:?}").contains("pass\""));
}

#[test]
fn c1_a_nonce_is_young_ours_and_counts_upwards() {
    let mut now = crate::sip::endpoint::test_origin();
    let mut ids = Ids::seeded(3);
    let mut nonces = Nonces::new([1; 32]);
    let nonce = nonces.issue(now, &mut ids);
    assert_eq!(nonces.state(now, &nonce), NonceState::Fresh);
    assert_eq!(Nonces::new([2; 32]).state(now, &nonce), NonceState::Forged);
    assert_eq!(nonces.state(now, &nonce.replace(&nonce[..1], "f")), NonceState::Forged);
    assert_eq!(nonces.state(now, "short"), NonceState::Forged);
    assert!(nonces.count(now, &nonce, "00000001") && !nonces.count(now, &nonce, "00000001"));
    assert!(nonces.count(now, &nonce, "00000003") && !nonces.count(now, &nonce, "00000002"));
    now = now.after(NONCE_LIFE + Duration::from_secs(1));
    assert_eq!(nonces.state(now, &nonce), NonceState::Stale);
    for _ in 0..3 * MOST_NONCES {
        let nonce = nonces.issue(now, &mut ids);
        nonces.count(now, &nonce, "1");
    }
    assert!(nonces.used.len() <= MOST_NONCES);
}
