//! As an agent I sign a softphone in my browser on over SIP on a WebSocket (RFC 7118), and ring the hotline from it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use dinetone::machine::Ids;
use dinetone::sip::digest::{Challenge, Credentials};

use super::server::{Server, Setup, eventually};

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
        self.say(request);
        let refusal = self.answer();
        assert!(refusal.starts_with("SIP/2.0 401"), "{refusal}");
        let value = refusal.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: ")).unwrap();
        let challenge = Challenge::parse(value.as_bytes()).unwrap();
        let credentials = Credentials { user: "desk".into(), password: "correct-horse".into() };
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
