//! As an operator I let carriers and phones in over TCP and TLS; one peer that is slow, silent or rude disturbs nobody else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{Server, Setup, ask, eventually, now, request};

/// A server with a certificate of its own making, and the certificate.
fn with_tls() -> (Server, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let setup = Setup::demo()
        .env("DINETONE__SIP__TLS_LISTEN", "127.0.0.1:0")
        .env("DINETONE__SIP__TLS_CERT", "certificate.pem")
        .env("DINETONE__SIP__TLS_KEY", "key.pem");
    let mut server = setup.install();
    std::fs::write(server.path("certificate.pem"), made.cert.pem()).unwrap();
    std::fs::write(server.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    server.run();
    (server, CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap())
}

#[test]
fn c1_c2_options_and_a_whole_call_over_tls() {
    let (server, certificate) = with_tls();
    let address = server.tls.expect("an address for TLS is told at the start");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let answers = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let local = stream.local_addr().unwrap().to_string();
        let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        let say = |method: &str, number| request(method, address, number, "TLS").replace("{local}", &local);
        stream.write_all(say("OPTIONS", 1).as_bytes()).await.unwrap();
        let options = hear(&mut stream, "OPTIONS").await;
        // A call whose offer comes from us; the ACK is not needed to see that it was answered.
        stream.write_all(say("INVITE", 2).as_bytes()).await.unwrap();
        let invite = hear(&mut stream, "INVITE").await;
        (options, invite)
    });
    assert!(answers.0.starts_with("SIP/2.0 200"), "{}", answers.0);
    assert!(answers.0.contains("Allow:"), "{}", answers.0);
    assert!(answers.1.starts_with("SIP/2.0 200"), "{}", answers.1);
    assert!(answers.1.contains("m=audio"), "{}", answers.1);
    assert!(answers.1.to_ascii_lowercase().contains("transport=tls"), "the contact leads back over TLS: {}", answers.1);
}

/// The final answer to `method`.
async fn hear(stream: &mut (impl AsyncReadExt + Unpin), method: &str) -> String {
    let mut heard = String::new();
    let mut buffer = [0_u8; 4096];
    let hearing = async {
        loop {
            let count = stream.read(&mut buffer).await.unwrap();
            assert!(count > 0, "closed after {heard}");
            heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
            let complete = heard
                .split("SIP/2.0 ")
                .find(|one| !one.starts_with('1') && one.contains(&format!("1 {method}")) && one.contains("\r\n\r\n"));
            if let Some(one) = complete {
                return format!("SIP/2.0 {one}");
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), hearing).await.expect("an answer within ten seconds")
}

/// Others are answered at once: UDP, TCP, and a whole call over TCP.
#[track_caller]
fn others_are_served(server: &Server, number: u32) {
    let answer = ask(server.sip, &request("OPTIONS", server.sip, number, "UDP"), Duration::from_secs(3));
    assert!(answer.is_some_and(|answer| answer.starts_with("SIP/2.0 200")), "UDP is not answered");
    let mut other = TcpStream::connect(server.sip).unwrap();
    other.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    let local = other.local_addr().unwrap().to_string();
    other.write_all(request("OPTIONS", server.sip, number + 1, "TCP").replace("{local}", &local).as_bytes()).unwrap();
    let mut start = [0_u8; 11];
    other.read_exact(&mut start).expect("TCP is answered");
    assert_eq!(&start, b"SIP/2.0 200");
}

#[test]
fn c1_a_trunk_may_open_a_connection_for_each_call() {
    let server = Setup::bench().start();
    let mut open: Vec<TcpStream> = (0..80).map(|_| TcpStream::connect(server.sip).unwrap()).collect();
    for (number, stream) in (1..).zip(&mut open) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let local = stream.local_addr().unwrap().to_string();
        stream.write_all(request("OPTIONS", server.sip, number, "TCP").replace("{local}", &local).as_bytes()).unwrap();
    }
    for stream in &mut open {
        let mut start = [0_u8; 11];
        stream.read_exact(&mut start).expect("each is answered");
        assert_eq!(&start, b"SIP/2.0 200");
    }
}

#[test]
fn c1_a_slow_and_a_half_silent_peer_disturb_nobody() {
    let server = Setup::demo().start();
    let mut slow = TcpStream::connect(server.sip).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let local = slow.local_addr().unwrap().to_string();
    let message = request("OPTIONS", server.sip, 1, "TCP").replace("{local}", &local);
    let mut partial = TcpStream::connect(server.sip).unwrap();
    partial.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    partial.write_all(b"INVITE sip:1000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP ").unwrap();
    let begun = now();
    // In many pieces, one of them in the middle of a name, the message is still one message.
    for (place, piece) in message.as_bytes().chunks(40).enumerate() {
        slow.write_all(piece).unwrap();
        slow.flush().unwrap();
        if place % 4 == 0 {
            others_are_served(&server, 100 + 2 * u32::try_from(place).unwrap());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut start = [0_u8; 11];
    slow.read_exact(&mut start).expect("the slow one is answered, too");
    assert_eq!(&start, b"SIP/2.0 200");
    // The one that never goes on is closed, after ten seconds.
    let mut rest = Vec::new();
    let closed = partial.read_to_end(&mut rest);
    assert!(closed.is_ok(), "a begun message is not waited for for ever: {closed:?}");
    assert!(begun.elapsed() > Duration::from_secs(5), "a slow peer has some time");
}

#[test]
fn c1_a_peer_that_floods_without_reading_is_bounded_and_disturbs_nobody() {
    // Without a limit for each source, so that the flood is read and answered as fast as it can be.
    let server = Setup::demo().env("DINETONE__SIP__SOURCE_RATE", "1000000").start();
    let flood = TcpStream::connect(server.sip).unwrap();
    let local = flood.local_addr().unwrap().to_string();
    let message = request("OPTIONS", server.sip, 1, "TCP").replace("{local}", &local);
    flood.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let flooding = {
        let stop = Arc::clone(&stop);
        let mut flood = flood.try_clone().unwrap();
        std::thread::spawn(move || {
            let burst = message.repeat(20);
            let mut written = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                match flood.write(burst.as_bytes()) {
                    Ok(count) => written += count as u64,
                    Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                    Err(error) => return (written, Some(error.kind())),
                }
            }
            (written, None)
        })
    };
    let before = memory(server.id());
    for round in 0..10 {
        others_are_served(&server, 1000 + 2 * round);
        std::thread::sleep(Duration::from_millis(200));
    }
    // Whoever lets answers pile up is closed, and what it wrote is not kept.
    let deadline = now() + Duration::from_secs(12);
    while !flooding.is_finished() && now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    stop.store(true, Ordering::Relaxed);
    let (written, ended) = flooding.join().unwrap();
    assert!(ended.is_some(), "still open after {written} octets of flood");
    let after = memory(server.id());
    assert!(after < before + 64 * 1024, "memory grew from {before} to {after} KiB");
    others_are_served(&server, 2000);
    eventually("the server is ready", Duration::from_secs(5), || (server.get("/readyz").0 == 200).then_some(()));
}

/// Resident memory in KiB.
fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap()
}
