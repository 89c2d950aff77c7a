//! As a carrier I offer sound in any way that RFC 3264 allows, IPv4 or IPv6, under any number, or leave the offer to the other side:
//! the caller hears the restaurant, or is told at once that there is nothing to hear.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use super::server::{Server, Setup, eventually};

const SOON: Duration = Duration::from_secs(15);
const FOUR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SIX: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// One call by hand: a socket for SIP and one for sound.
struct Caller {
    sip: UdpSocket,
    sound: UdpSocket,
    to: String,
    id: String,
}

impl Caller {
    fn new(server: &Server, sip: IpAddr, sound: IpAddr) -> Self {
        let open = |address: IpAddr| {
            let socket = UdpSocket::bind((address, 0)).unwrap();
            socket.set_read_timeout(Some(SOON)).unwrap();
            socket
        };
        let (sip, sound) = (open(sip), open(sound));
        let own = sip.local_addr().unwrap();
        sip.connect(SocketAddr::new(own.ip(), server.sip.port())).unwrap();
        Self { to: format!("<sip:1000@{}>", server.sip), id: format!("offers-{own}"), sip, sound }
    }

    fn sdp(&self, formats: &str) -> String {
        let sound = self.sound.local_addr().unwrap();
        let network = format!("IN {} {}", if sound.is_ipv4() { "IP4" } else { "IP6" }, sound.ip());
        format!("v=0\r\no=- 1 1 {network}\r\ns=-\r\nc={network}\r\nt=0 0\r\nm=audio {} RTP/AVP {formats}\r\n", sound.port())
    }

    fn says(&self, method: &str, body: &str) {
        let (own, number) = (self.sip.local_addr().unwrap(), u8::from(method == "BYE") + 1);
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "{method} sip:1000@{own} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
             From: <sip:13900139000@{own}>;tag=a\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} {method}\r\n\
             Contact: <sip:13900139000@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            self.to,
            self.id,
            body.len()
        );
        self.sip.send(text.as_bytes()).unwrap();
    }

    /// The next message that is not provisional.
    fn hears(&self) -> String {
        let mut buffer = [0; 9000];
        loop {
            let length = self.sip.recv(&mut buffer).expect("an answer");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                return text;
            }
        }
    }

    /// INVITE and its final answer.
    fn calls(&mut self, body: &str) -> String {
        self.says("INVITE", body);
        let answer = self.hears();
        self.to = answer.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().to_owned();
        answer
    }

    /// Payload type and source of the next packet of sound.
    fn sound(&self) -> (u8, SocketAddr) {
        let mut buffer = [0; 2000];
        let (_, from) = self.sound.recv_from(&mut buffer).expect("sound");
        (buffer[1] & 0x7F, from)
    }

    fn hangs_up(&self) {
        self.says("BYE", "");
        assert!(self.hears().starts_with("SIP/2.0 200"));
    }
}

#[test]
fn c3_c9_sound_flows_whatever_family_carries_the_offer() {
    let server = Setup::demo();
    let mut server = server.install();
    let four = server.keep_sip();
    server.set("DINETONE__SIP__LISTEN", &format!("{four}, [::1]:{}", four.split_once(':').unwrap().1));
    server.run();
    for (sip, sound) in [(FOUR, FOUR), (FOUR, SIX), (SIX, FOUR), (SIX, SIX)] {
        let mut caller = Caller::new(&server, sip, sound);
        let answer = caller.calls(&caller.sdp("8"));
        let ours = format!("c=IN {} {sound}\r\n", if sound.is_ipv4() { "IP4" } else { "IP6" });
        assert!(answer.starts_with("SIP/2.0 200") && answer.contains(&ours), "{sip} {sound}: {answer}");
        caller.says("ACK", "");
        assert_eq!(caller.sound().1.ip(), sound, "SIP by {sip}");
        caller.hangs_up();
    }
}

#[test]
fn c3_an_offer_in_a_family_that_we_have_not_is_refused_and_says_why() {
    let server = Setup::demo().start();
    let mut caller = Caller::new(&server, FOUR, SIX);
    let answer = caller.calls(&caller.sdp("8"));
    caller.says("ACK", "");
    assert!(answer.starts_with("SIP/2.0 488") && answer.contains("\r\nWarning: 300 "), "{answer}");
}

#[test]
fn c3_c9_g711_under_a_dynamic_number_is_heard_under_it() {
    let server = Setup::demo().start();
    let mut caller = Caller::new(&server, FOUR, FOUR);
    let answer = caller.calls(&format!("{}a=rtpmap:97 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n", caller.sdp("97 101")));
    assert!(answer.contains(" RTP/AVP 97 101\r\na=rtpmap:97 PCMU/8000\r\n"), "{answer}");
    caller.says("ACK", "");
    assert_eq!(caller.sound().0, 97);
    caller.hangs_up();
}

#[test]
fn c3_a_call_whose_ack_owes_the_answer_to_our_offer_ends_at_once() {
    let server = Setup::demo().start();
    for answer in ["", "nothing that fits"] {
        let mut caller = Caller::new(&server, FOUR, FOUR);
        let ours = caller.calls("");
        assert!(ours.starts_with("SIP/2.0 200") && ours.contains("m=audio "), "{ours}");
        caller.says("ACK", &if answer.is_empty() { String::new() } else { caller.sdp("18") });
        let bye = caller.hears();
        assert!(bye.starts_with("BYE ") && bye.contains("\r\nReason: Q.850;cause=88;"), "{bye}");
        let line = |name: &str| bye.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let names = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(line).join("\r\n");
        caller.sip.send(format!("SIP/2.0 200 OK\r\n{names}\r\nContent-Length: 0\r\n\r\n").as_bytes()).unwrap();
        let shown = eventually("the record of the call", SOON, || {
            let calls = server.json(&["calls", "list", "--json"]);
            let call = calls.as_array()?.iter().find(|call| call["sip_call_id"] == caller.id.as_str() && !call["ended_by"].is_null())?;
            Some(server.json(&["calls", "show", call["id"].as_str()?, "--json"]))
        });
        assert_eq!((shown["ended_by"].as_str(), shown["reason"].as_str()), (Some("trunk"), Some("rejected:488")), "{shown:#}");
        let told = shown["steps"].to_string();
        assert!(told.contains("the answer to our offer"), "{told}");
    }
}
