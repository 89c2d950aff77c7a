//! As a carrier I send what RFC 3261 and its companions allow, with SIPp as the other side, and get what they promise;
//! as a stranger I get nothing.

use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use dinetone::sip::digest;

use super::server::{Ports, Server, Setup, ask, request};

const INSTALL: &str = "SIPp is not installed: `apt-get install sip-tester`";
/// Scenarios at the same time: they mostly wait.
const AT_ONCE: usize = 4;

/// Plays one scenario of `sipp/` against the server; `Err` tells what SIPp saw.
fn play(server: &Server, scenario: &str, transport: &str, port: u16) -> Result<(), String> {
    let file = format!("{}/tests/it/wire/sipp/{scenario}.xml", super::server::REPO);
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("errors");
    let screen = File::create(folder.path().join("screen")).unwrap();
    let status = Command::new("sipp")
        .arg(server.sip.to_string())
        .args(["-sf", &file, "-s", "1000", "-m", "1", "-l", "1", "-r", "1", "-t", transport, "-i", "127.0.0.1", "-mi", "127.0.0.1"])
        .args(["-p", &port.to_string(), "-mp", &(port + 2).to_string()])
        .args(["-nostdin", "-timeout", "30s", "-recv_timeout", "15000", "-trace_err", "-error_file"])
        .arg(&errors)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(screen)
        .stderr(Stdio::null())
        .status()
        .expect(INSTALL);
    if status.success() {
        return Ok(());
    }
    let told = std::fs::read_to_string(&errors).unwrap_or_default();
    Err(format!("{scenario} over {transport}: {status}\n{}", told.chars().take(2500).collect::<String>()))
}

/// Plays every scenario over UDP and over TCP, and tells all that failed.
#[track_caller]
fn play_all(server: &Server, scenarios: &[&str]) {
    let work: Vec<(&str, &str)> = scenarios.iter().flat_map(|name| [(*name, "u1"), (*name, "t1")]).collect();
    let work = Arc::new(Mutex::new(work));
    let failed = Mutex::new(Vec::new());
    // Ports that nobody is given by chance: one for SIP, and even ones for sound, which some scenarios move by two.
    let ports = Ports::claim();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let (next, left) = {
                        let mut work = work.lock().unwrap();
                        (work.pop(), work.len())
                    };
                    let Some((scenario, transport)) = next else { return };
                    let port = ports.first + 2 + 10 * u16::try_from(left).unwrap();
                    // A port may be taken by somebody else on this machine: that says nothing about the server, so others are tried.
                    let mut result = play(server, scenario, transport, port);
                    for other in 1..4 {
                        if !result.as_ref().is_err_and(|what| what.contains("Unable to bind")) {
                            break;
                        }
                        result = play(server, scenario, transport, port + 2 * other);
                    }
                    if let Err(what) = result {
                        failed.lock().unwrap().push(what);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), scenarios.len() * 2, failed.join("\n"));
}

#[test]
fn c1_c3_calls_as_the_rfcs_describe_them() {
    let server = Setup::demo().start();
    play_all(&server, &["plain", "offerless", "cancel-late", "hold", "update", "options", "options-inside", "reliable"]);
    super::server::eventually("every call is over", Duration::from_secs(5), || {
        let left = server.json(&["calls", "list", "--live", "--json"]);
        (left.as_array().map(Vec::len) == Some(0)).then_some(())
    });
}

/// Which comes first, our answer or the CANCEL, is a race that either may win, and we are quick: the CANCEL follows the
/// INVITE without a pause (SIPp cannot do that), and again until it comes first.
#[test]
fn c1_a_call_is_cancelled_before_it_is_answered() {
    let server = Setup::demo().start();
    let won = (0..20).any(|number| {
        let both = request("INVITE", server.sip, number, "UDP");
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let invite = both.replace("{local}", &socket.local_addr().unwrap().to_string());
        let cancel = invite.replacen("INVITE", "CANCEL", 1).replace("CSeq: 1 INVITE", "CSeq: 1 CANCEL");
        socket.send_to(invite.as_bytes(), server.sip).unwrap();
        socket.send_to(cancel.as_bytes(), server.sip).unwrap();
        let (mut cancelled, mut last) = (false, None);
        let mut buffer = [0_u8; 4096];
        while !cancelled || last.is_none() {
            let (length, _) = socket.recv_from(&mut buffer).expect("both are answered");
            let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if answer.contains("1 CANCEL") {
                assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
                cancelled = true;
            } else if !answer.starts_with("SIP/2.0 1") {
                last = Some(answer);
            }
        }
        let last = last.unwrap();
        // The ACK ends the repetitions; after a 200 it is not ours to give here, and the caller is gone.
        let to = last.lines().find(|line| line.starts_with("To:")).unwrap();
        let ack = invite
            .replacen("INVITE", "ACK", 1)
            .replace("CSeq: 1 INVITE", "CSeq: 1 ACK")
            .replace(&format!("To: <sip:1000@{}>", server.sip), to);
        socket.send_to(ack.as_bytes(), server.sip).unwrap();
        last.starts_with("SIP/2.0 487")
    });
    assert!(won, "twenty times the answer came first");
    super::server::eventually("the cancelled call is on record", Duration::from_secs(5), || {
        let calls = server.json(&["calls", "list", "--json"]);
        calls.as_array().unwrap().iter().any(|call| call["reason"] == "abandoned").then_some(())
    });
}

#[test]
fn c3_what_we_cannot_do_is_refused_by_the_right_number() {
    let server = Setup::demo().start();
    play_all(
        &server,
        &["bye-unknown", "unknown-method", "method-not-allowed", "require-unknown", "no-codec", "no-audio", "session-too-small"],
    );
}

#[test]
fn c8_a_stranger_is_never_let_through() {
    let server = Setup::strict("").start();
    play_all(&server, &["stranger"]);
    assert_eq!(server.json(&["calls", "list", "--json"]).as_array().map(Vec::len), Some(0));
}

/// Desk phones register again the moment the server is back, and take a 403 for the last word.
#[test]
fn c10_a_phone_that_registers_in_the_first_moment_of_a_start_is_asked_for_its_password() {
    let mut server = Setup::demo().start();
    // Their telephones are in the store now; the next start is an ordinary one, to which strangers are nobody.
    server.kill();
    server.demo = false;
    let to: SocketAddr = server.keep_sip().parse().unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let local = socket.local_addr().unwrap().to_string();
    let register = request("REGISTER", to, 1, "UDP").replace("sip:1000@", "sip:8001@").replace("{local}", &local);
    let first = thread::spawn(move || {
        let mut answer = [0; 2048];
        // Nobody listens yet: the same request again and again, until the first answer of all.
        let found = (0..60_000).find_map(|_| {
            let _ = socket.send_to(register.as_bytes(), to);
            socket.recv(&mut answer).ok()
        });
        String::from_utf8_lossy(&answer[..found.expect("an answer")]).into_owned()
    });
    server.run();
    let answer = first.join().unwrap();
    assert!(answer.starts_with("SIP/2.0 401"), "{answer}");
}

/// SIPp knows MD5 only and reads only the first challenge, which is that of SHA-256 (RFC 8760): the answer that an old
/// phone gives to the second one is put together here.
#[test]
fn c8_a_phone_with_a_password_registers_and_calls() {
    let server = Setup::strict("[[account]]\nuser = \"desk\"\npassword = \"correct-horse\"\n").start();
    for (number, password, wanted) in [(1, "correct-horse", "200"), (2, "battery-horse", "401")] {
        let plain = request("REGISTER", server.sip, number, "UDP")
            .replace("sip:1000@", "sip:desk@")
            .replace("sip:13900139000@{local}>;tag", "sip:desk@phone>;tag");
        let challenge = ask(server.sip, &plain, Duration::from_secs(3)).unwrap();
        assert!(challenge.starts_with("SIP/2.0 401"), "{challenge}");
        let line = challenge.lines().find(|line| line.starts_with("WWW-Authenticate") && line.contains("MD5")).expect("MD5 is offered");
        let nonce = line.split("nonce=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let ha1 = digest::ha1(digest::Algorithm::Md5, "desk", "dinetone", password);
        let uri = format!("sip:desk@{}", server.sip);
        let proof = digest::response(digest::Algorithm::Md5, &ha1, nonce, Some(("00000001", "abcd")), b"REGISTER", uri.as_bytes());
        let header = format!(
            "Authorization: Digest username=\"desk\", realm=\"dinetone\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"abcd\"\r\nContent-Length: 0"
        );
        let again =
            plain.replace("CSeq: 1", "CSeq: 2").replace("branch=z9hG4bK", "branch=z9hG4bKagain").replace("Content-Length: 0", &header);
        let answer = ask(server.sip, &again, Duration::from_secs(3)).unwrap();
        assert!(answer.starts_with(&format!("SIP/2.0 {wanted}")), "{password}: {answer}");
    }
    server.call("waits 500ms\nhangs up\n", &["--user", "desk", "--password", "correct-horse"]);
    server.call("expects refused\n", &["--user", "desk", "--password", "battery-horse"]);
    server.call("expects refused 401\n", &[]);
    assert_eq!(server.json(&["calls", "list", "--json"]).as_array().map(Vec::len), Some(1), "only the right password is a call");
    assert!(!server.log().contains("correct-horse"), "the password is in the log");
}
