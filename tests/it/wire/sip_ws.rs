//! As an agent I sign a softphone in my browser on over SIP on a WebSocket (RFC 7118), and ring the hotline from it; and it rings
//! for callers. Its sound is WebRTC, a second str0m here.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use dinetone::machine::{Ids, Now};
use dinetone::media::g711;
use dinetone::sip::digest::{Challenge, Credentials};
use serde_json::json;

use super::baresip::{keys, the_call};
use super::server::{Server, Setup, eventually};
use super::staff_phones::{OUTSIDE, at_work, diner, starts};
use crate::page::{KEYS, Page, Post};

const ACCOUNT: &str = "[[account]]\nuser = \"desk\"\npassword = \"correct-horse\"\n";

/// A WebSocket as a browser would open it: just enough of RFC 6455 for text messages below 64 KiB.
struct Socket(TcpStream);

impl Socket {
    /// The status line and headers of the answer to the handshake.
    fn handshake(server: &Server, extra: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(server.web).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            stream,
            "GET /sip HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extra}\r\n",
            server.web
        )
        .unwrap();
        let mut head = Vec::new();
        let mut byte = [0_u8];
        while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            head.push(byte[0]);
        }
        (Self(stream), String::from_utf8_lossy(&head).into_owned())
    }

    fn open(server: &Server) -> Self {
        let (socket, head) = Self::handshake(server, "Sec-WebSocket-Protocol: sip\r\n");
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.to_ascii_lowercase().contains("sec-websocket-protocol: sip"), "{head}");
        socket
    }

    fn say(&mut self, text: &str) {
        let mut frame = vec![0x81, 0xfe];
        frame.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        // A mask of zeros is a mask.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        self.0.write_all(&frame).unwrap();
    }

    /// The next text; pings are passed over.
    fn hear(&mut self) -> Option<String> {
        loop {
            let mut head = [0_u8; 2];
            self.0.read_exact(&mut head).ok()?;
            let length = match head[1] {
                126 => {
                    let mut long = [0_u8; 2];
                    self.0.read_exact(&mut long).ok()?;
                    usize::from(u16::from_be_bytes(long))
                }
                short => usize::from(short),
            };
            let mut body = vec![0_u8; length];
            self.0.read_exact(&mut body).ok()?;
            match head[0] & 15 {
                1 | 2 => return String::from_utf8(body).ok(),
                8 => return None,
                _ => {}
            }
        }
    }

    /// Sends a request, and again with the answer to its challenge: the final answer.
    #[track_caller]
    fn ask(&mut self, request: &str) -> String {
        self.ask_as("desk", "correct-horse", request)
    }

    #[track_caller]
    fn ask_as(&mut self, user: &str, password: &str, request: &str) -> String {
        self.say(request);
        let refusal = self.answer();
        assert!(refusal.starts_with("SIP/2.0 401"), "{refusal}");
        let value = refusal.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: ")).unwrap();
        let challenge = Challenge::parse(value.as_bytes()).unwrap();
        let credentials = Credentials { user: user.into(), password: password.into() };
        let mut words = request.split(' ');
        let (method, uri) = (words.next().unwrap(), words.next().unwrap());
        let authorization = challenge.answer(&credentials, method, uri, 1, &mut Ids::seeded(1));
        let again = request
            .replace("branch=z9hG4bK", "branch=z9hG4bKa")
            .replace("CSeq: 1 ", "CSeq: 2 ")
            .replace("Max-Forwards", &format!("Authorization: {authorization}\r\nMax-Forwards"));
        self.say(&again);
        self.answer()
    }

    #[track_caller]
    fn answer(&mut self) -> String {
        loop {
            let heard = self.hear().expect("an answer");
            if heard.starts_with("SIP/2.0") && !heard.starts_with("SIP/2.0 1") {
                return heard;
            }
        }
    }
}

fn request(method: &str, to: &str, more: &str, body: &str) -> String {
    format!(
        "{method} {to} SIP/2.0\r\nVia: SIP/2.0/WS abc.invalid;branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\nFrom: <sip:desk@dinetone>;tag=ws\r\n\
         To: <sip:desk@dinetone>\r\nCall-ID: ws-{method}\r\nCSeq: 1 {method}\r\nContact: <sip:x@abc.invalid;transport=ws;ob>\r\n{more}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The sound of a softphone in a browser.
struct Sound {
    page: Page,
    socket: UdpSocket,
}

#[expect(clippy::disallowed_methods, reason = "wire tests run in real time")]
pub fn clock() -> Now {
    Now { instant: super::server::now(), wall: SystemTime::now() }
}

impl Sound {
    /// It, and its offer.
    fn new() -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let (page, offer) = Page::new(clock(), socket.local_addr().unwrap());
        (Self { page, socket }, offer)
    }

    /// It is rung with this offer; and its answer.
    fn answering(offer: &str) -> (Self, String) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let (page, answer) = Page::answering(clock(), socket.local_addr().unwrap(), offer);
        (Self { page, socket }, answer)
    }

    /// Carries what is due and says this every 20 ms, until so.
    fn carry(&mut self, mut says: impl FnMut(&mut Page, &mut Post), until: impl Fn(&Page) -> bool) {
        let mut due = clock().instant;
        let (end, mut bytes) = (due + Duration::from_secs(90), [0; 2_000]);
        while !until(&self.page) {
            let mut post = Post::new();
            while let Ok((length, from)) = self.socket.recv_from(&mut bytes) {
                self.page.receive(clock(), from, &bytes[..length], &mut post);
            }
            self.page.passes(clock(), &mut post);
            if due <= clock().instant {
                due += Duration::from_millis(20);
                if self.page.up {
                    says(&mut self.page, &mut post);
                }
            }
            for (to, bytes) in post {
                let _: Result<usize, _> = self.socket.send_to(&bytes, to as SocketAddr);
            }
            assert!(clock().instant < end, "it takes too long");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Says a tone until it is told to stop.
    fn hums(mut self, hertz: f32, stop: Arc<AtomicBool>) -> JoinHandle<Self> {
        std::thread::spawn(move || {
            self.carry(|page, post| say(page, post, &tone(hertz)), |_| stop.load(Ordering::Relaxed));
            self
        })
    }
}

fn say(page: &mut Page, post: &mut Post, sound: &[u8]) {
    page.timestamp += 160;
    page.says(clock(), 8, sound, post);
}

/// A tone of whole periods in a packet.
fn tone(hertz: f32) -> Vec<u8> {
    (0..160).map(|at| g711::linear_to_alaw((8_000.0 * (std::f32::consts::TAU * hertz * at as f32 / 8_000.0).sin()) as i16)).collect()
}

/// How much of a packet is this tone, from 0 to 1.
fn share(sound: &[u8], hertz: f32) -> f32 {
    let samples: Vec<f32> = sound.iter().map(|byte| f32::from(g711::alaw_to_linear(*byte))).collect();
    let turn = 2.0 * (std::f32::consts::TAU * hertz / 8_000.0).cos();
    let (one, two) = samples.iter().fold((0.0, 0.0), |(one, two), sample| (sample + turn * one - two, one));
    let power: f32 = samples.iter().map(|sample| sample * sample).sum();
    2.0 * (one * one + two * two - turn * one * two) / (power * samples.len() as f32).max(1.0)
}

/// Whether there is sound in it and not one byte over and over.
fn is_speech(sound: &[u8]) -> bool {
    sound.iter().collect::<std::collections::HashSet<_>>().len() > 16
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_else(|| panic!("no {name}: {message}"))
}

fn body(message: &str) -> &str {
    message.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// The answer of a softphone that is rung.
fn accepted(invite: &str, answer: &str) -> String {
    let copied: String = invite
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| ["Via:", "From:", "Call-ID:", "CSeq:", "Record-Route:"].iter().any(|name| line.starts_with(name)))
        .fold(String::new(), |all, line| all + line + "\r\n");
    format!(
        "SIP/2.0 200 OK\r\n{copied}To: {};tag=page\r\nContact: <sip:x@abc.invalid;transport=ws;ob>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{answer}",
        header(invite, "To"),
        answer.len()
    )
}

/// C10: SIP from a browser with WebRTC sound: DTLS-SRTP and ICE towards a caller of the menu.
#[test]
fn c10_a_caller_in_a_browser_hears_the_menu_and_presses_keys() {
    let server = Setup::strict(ACCOUNT).start();
    let mut socket = Socket::open(&server);
    let (mut sound, offer) = Sound::new();
    let answer = socket.ask(&request("INVITE", "sip:1000@dinetone", "Content-Type: application/sdp\r\n", &offer));
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("a=fingerprint:sha-256"), "{answer}");
    sound.page.accept(body(&answer));
    let inside = |method: &str, cseq: u32| {
        request(method, "sip:1000@dinetone", "", "")
            .replace("To: <sip:desk@dinetone>", &format!("To: {}", header(&answer, "To")))
            .replace(&format!("Call-ID: ws-{method}"), "Call-ID: ws-INVITE")
            .replace("CSeq: 1", &format!("CSeq: {cseq}"))
    };
    socket.say(&inside("ACK", 2));
    let silence = [0xd5; 160];
    sound.carry(|_, _| {}, |page| page.up);
    sound.carry(|page, post| say(page, post, &silence), |page| page.heard.iter().filter(|packet| is_speech(&packet.3)).count() > 50);
    let heard = sound.page.heard.len();
    sound.carry(|page, post| page.says(clock(), KEYS, &[4, 0x8a, 3, 32], post), move |page| page.heard.len() > heard + 5);
    sound.carry(|page, post| say(page, post, &silence), move |page| page.heard.len() > heard + 30);
    eventually("the key arrives", Duration::from_secs(10), || the_call(&server).filter(|call| keys(call).contains('4')));
    // Hold and resume on the connections that it has; new ones are refused, and the call goes on.
    let mut again = |cseq: u32, offer: &str, wanted: &str, direction: &str| {
        let invite = request("INVITE", "sip:1000@dinetone", "Content-Type: application/sdp\r\n", offer)
            .replace("To: <sip:desk@dinetone>", &format!("To: {}", header(&answer, "To")))
            .replace("CSeq: 1", &format!("CSeq: {cseq}"))
            .replace("branch=z9hG4bK", &format!("branch=z9hG4bK{cseq}"));
        socket.say(&invite);
        let told = socket.answer();
        assert!(told.starts_with(wanted) && body(&told).contains(direction), "{told}");
        socket.say(&inside("ACK", cseq).replace("branch=z9hG4bK", &format!("branch=z9hG4bKb{cseq}")));
    };
    again(3, &offer.replace("a=sendrecv", "a=sendonly"), "SIP/2.0 200", "a=recvonly");
    eventually("the hold is noted", Duration::from_secs(10), || {
        the_call(&server).filter(|call| call.to_string().contains("the caller put us on hold"))
    });
    again(4, &offer, "SIP/2.0 200", "a=sendrecv");
    let ufrag = offer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap();
    again(5, &offer.replace(&format!("a=ice-ufrag:{ufrag}"), "a=ice-ufrag:other"), "SIP/2.0 488", "");
    let heard = sound.page.heard.len();
    sound.carry(
        |page, post| say(page, post, &silence),
        move |page| page.heard[heard..].iter().filter(|packet| is_speech(&packet.3)).count() > 20,
    );
    socket.say(&inside("BYE", 6));
    assert!(socket.answer().starts_with("SIP/2.0 200"));
    let call = eventually("the call is over", Duration::from_secs(20), || the_call(&server).filter(|call| call["ended_at"].is_string()));
    assert_eq!((call["ended_by"].as_str(), call["one_way"].as_bool()), (Some("caller"), Some(false)), "{call:#}");
}

/// C10: an agent whose phone is a softphone in a browser: rung as browsers expect it, with an offer, and put on hold by its own key.
#[test]
fn c10_an_agent_answers_with_a_softphone_in_a_browser() {
    let server = Setup::demo().start();
    let mut socket = Socket::open(&server);
    let mut desk = starts(&server, "8001", json!({ "seat": "phone", "account": "8001" }));
    desk.until_state("8001", "not_ready");
    let register = request("REGISTER", "sip:dinetone", "Expires: 600\r\n", "").replace("sip:desk@", "sip:8001@");
    let answer = socket.ask_as("8001", "demo", &register);
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    desk.until_state("8001", "available");
    let mut diner = diner(&server, "13800138000", 450);
    desk.until("call.ring");
    let invite = eventually("it rings", Duration::from_secs(20), || socket.hear().filter(|text| text.starts_with("INVITE")));
    let offer = body(&invite);
    for line in
        ["UDP/TLS/RTP/SAVPF", "a=fingerprint:sha-256", "a=ice-lite", "a=rtcp-mux", "a=setup:actpass", "PCMA/8000", "telephone-event/8000"]
    {
        assert!(offer.contains(line), "{line} in {invite}");
    }
    let (sound, answer) = Sound::answering(offer);
    socket.say(&accepted(&invite, &answer));
    eventually("it is acknowledged", Duration::from_secs(20), || socket.hear().filter(|text| text.starts_with("ACK")));
    let stop = Arc::new(AtomicBool::new(false));
    let humming = sound.hums(450.0, Arc::clone(&stop));
    desk.until_call("talking");
    let status = eventually("the diner is done", Duration::from_secs(90), || diner.0.try_wait().unwrap());
    assert!(status.success(), "the diner did not hear the softphone");
    stop.store(true, Ordering::Relaxed);
    let heard = humming.join().unwrap().page.heard;
    assert!(heard.iter().filter(|packet| share(&packet.3, 700.0) > 0.8).count() > 50, "the softphone did not hear the diner");
    desk.until_call("wrap_up");
    eventually("the telephone is put down", Duration::from_secs(10), || socket.hear().filter(|text| text.starts_with("BYE")));
}

/// C62: the transfer key of a softphone in a browser: its second call, with an offer of its own, asks a colleague.
#[test]
fn c62_a_softphone_in_a_browser_asks_a_colleague_by_a_call_of_its_own() {
    let server = Setup { config: OUTSIDE.to_owned(), ..Setup::demo() }.start();
    let mut socket = Socket::open(&server);
    let mut desk = starts(&server, "8001", json!({ "seat": "phone", "account": "8001" }));
    let register = request("REGISTER", "sip:dinetone", "Expires: 600\r\n", "").replace("sip:desk@", "sip:8001@");
    assert!(socket.ask_as("8001", "demo", &register).starts_with("SIP/2.0 200"));
    desk.until_state("8001", "available");
    // The diner hums for as long as nothing is heard at 440 Hz.
    let _diner = diner(&server, "13800138000", 440);
    desk.until("call.ring");
    let invite = eventually("it rings", Duration::from_secs(20), || socket.hear().filter(|text| text.starts_with("INVITE")));
    let (sound, answer) = Sound::answering(body(&invite));
    socket.say(&accepted(&invite, &answer));
    eventually("it is acknowledged", Duration::from_secs(20), || socket.hear().filter(|text| text.starts_with("ACK")));
    let stop = Arc::new(AtomicBool::new(false));
    let humming = sound.hums(450.0, Arc::clone(&stop));
    desk.until_call("talking");
    let _colleague = at_work(&server, "8002", json!({ "seat": "outside", "number": "13900139111" }));
    let (mut second, offer) = Sound::new();
    let invite = request("INVITE", "sip:8002@dinetone", "Content-Type: application/sdp\r\n", &offer).replace("sip:desk@", "sip:8001@");
    let answer = socket.ask_as("8001", "demo", &invite);
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("a=fingerprint:sha-256"), "{answer}");
    second.page.accept(body(&answer));
    let ack = request("ACK", "sip:8002@dinetone", "", "")
        .replace("sip:desk@", "sip:8001@")
        .replace("To: <sip:8001@dinetone>", &format!("To: {}", header(&answer, "To")))
        .replace("Call-ID: ws-ACK", "Call-ID: ws-INVITE")
        .replace("CSeq: 1", "CSeq: 2");
    socket.say(&ack);
    second.carry(|page, post| say(page, post, &tone(450.0)), |page| page.up);
    let told = desk.until_call("consulting");
    assert_eq!((&told["call"]["consult"]["with"], &told["call"]["consult"]["state"]), (&json!("王强"), &json!("ringing")), "{told}");
    stop.store(true, Ordering::Relaxed);
    let _ = humming.join().unwrap();
}

#[test]
fn c10_a_softphone_in_a_browser_registers_rings_and_is_missed_when_it_goes() {
    let server = Setup::strict(ACCOUNT).start();
    let mut socket = Socket::open(&server);
    socket.say("\r\n\r\n");
    assert_eq!(socket.hear().as_deref(), Some("\r\n"), "keep-alive is answered");
    let answer = socket.ask(&request("REGISTER", "sip:dinetone", "Expires: 600\r\n", ""));
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("<sip:x@abc.invalid;transport=ws;ob>;expires="), "{answer}");
    eventually("the phone is there", Duration::from_secs(10), || server.log().contains("desk has 1 contact").then_some(()));
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    let answer = socket.ask(&request("INVITE", "sip:1000@dinetone", "Content-Type: application/sdp\r\n", sdp));
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("m=audio"), "{answer}");
    assert!(answer.contains(";transport=ws>"), "the contact leads back by the socket: {answer}");
    drop(socket);
    eventually("the phone is missed", Duration::from_secs(10), || server.log().contains("desk has 0 contact").then_some(()));
    assert_eq!(server.get("/healthz").0, 200);
}

#[test]
fn c10_sockets_that_speak_no_sip_or_come_from_elsewhere_are_refused() {
    let server = Setup::strict(ACCOUNT).start();
    let (_, head) = Socket::handshake(&server, "");
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    let (_, head) = Socket::handshake(&server, "Sec-WebSocket-Protocol: sip\r\nOrigin: http://evil.example\r\n");
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
    assert_eq!(server.get("/sip").0 / 100, 4);
    // Rubbish harms nobody: it is dropped, and the socket still serves.
    let mut socket = Socket::open(&server);
    socket.say("GET / HTTP/1.1\r\n\r\n");
    socket.say(&"x".repeat(60_000));
    socket.say(&request("OPTIONS", "sip:dinetone", "", ""));
    assert!(socket.answer().starts_with("SIP/2.0 200"));
}

#[test]
fn c10_a_softphone_that_does_not_read_is_dropped_and_others_are_served() {
    let server = Setup::strict(ACCOUNT).env("DINETONE__SIP__SOURCE_RATE", "1000000").start();
    let mut deaf = Socket::open(&server);
    assert!(deaf.ask(&request("REGISTER", "sip:dinetone", "Expires: 600\r\n", "")).starts_with("SIP/2.0 200"));
    deaf.0.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // Each question has an answer of several hundred octets that nobody takes: in the end the server cannot write, and reads no more.
    let question = request("OPTIONS", "sip:dinetone", "", "");
    let mut frame = vec![0x81, 0xfe];
    frame.extend_from_slice(&u16::try_from(question.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(question.as_bytes());
    let many = frame.repeat(64);
    let started = super::server::now();
    while deaf.0.write_all(&many).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(120), "it is fed without end");
    }
    eventually("it is dropped", Duration::from_secs(30), || server.log().contains("desk has 0 contact").then_some(()));
    let mut socket = Socket::open(&server);
    socket.say(&question);
    assert!(socket.answer().starts_with("SIP/2.0 200"));
}
