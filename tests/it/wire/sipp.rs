//! As a carrier I send what RFC 3261 and its companions allow, with SIPp as the other side, and get what they promise;
//! as a stranger I get nothing.

use std::fs::File;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::server::{Server, Setup, free_port};

const INSTALL: &str = "SIPp is not installed: `apt-get install sip-tester`";
/// Scenarios at the same time: they mostly wait.
const AT_ONCE: usize = 4;

/// Plays one scenario of `sipp/` against the server; `Err` tells what SIPp saw.
fn play(server: &Server, scenario: &str, transport: &str) -> Result<(), String> {
    let file = format!("{}/tests/it/wire/sipp/{scenario}.xml", super::server::REPO);
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("errors");
    let port = free_port();
    let media = loop {
        // SIPp wants an even port with room for three more behind it.
        let port = free_port();
        if port.is_multiple_of(2) && port < 65_000 {
            break port;
        }
    };
    let screen = File::create(folder.path().join("screen")).unwrap();
    let status = Command::new("sipp")
        .arg(server.sip.to_string())
        .args(["-sf", &file, "-s", "1000", "-m", "1", "-l", "1", "-r", "1", "-t", transport, "-i", "127.0.0.1", "-mi", "127.0.0.1"])
        .args(["-p", &port.to_string(), "-mp", &media.to_string()])
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
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = work.lock().unwrap().pop();
                    let Some((scenario, transport)) = next else { return };
                    if let Err(what) = play(server, scenario, transport) {
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
/// INVITE without a pause, and again until it comes first.
#[test]
fn c1_a_call_is_cancelled_before_it_is_answered() {
    let server = Setup::demo().start();
    let mut told = String::new();
    let won = (0..8).any(|_| play(&server, "cancel", "u1").map_err(|what| told = what).is_ok());
    assert!(won, "{told}");
    super::server::eventually("the cancelled call is on record", Duration::from_secs(5), || {
        let calls = server.json(&["calls", "list", "--json"]);
        calls.as_array().unwrap().iter().any(|call| call["reason"] == "abandoned").then_some(())
    });
}

#[test]
fn c3_what_we_cannot_do_is_refused_by_the_right_number() {
    let server = Setup::demo().start();
    play_all(&server, &["bye-unknown", "unknown-method", "method-not-allowed", "require-unknown", "no-codec", "no-audio", "session-too-small"]);
}

#[test]
fn c8_a_stranger_is_never_let_through() {
    let server = Setup::strict("").start();
    play_all(&server, &["stranger"]);
    assert_eq!(server.json(&["calls", "list", "--json"]).as_array().map(Vec::len), Some(0));
}

#[test]
fn c8_a_phone_with_a_password_registers_and_calls() {
    let server = Setup::strict("[[account]]\nuser = \"desk\"\npassword = \"correct-horse\"\n").start();
    play_all(&server, &["account", "wrong-password"]);
    assert!(!server.log().contains("correct-horse"), "the password is in the log");
}
