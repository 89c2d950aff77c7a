//! The load generator: many calls on one thread, SIP and RTP both ways, judged by what the caller's side receives.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// Packets of one tick, 20 ms of A-law.
const FRAME: usize = 160;
const PACKET: usize = 12 + FRAME;
/// The wheel: a call sends in one of these phases.
const PHASES: usize = 4;
const PHASE: Duration = Duration::from_millis(5);
/// RTP ports of one generator.
const SOCKETS: usize = 128;
const SIP_SOCKETS: usize = 4;
/// RFC 3261: timer A at first, and the patience of timer B.
const T1: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(8);
/// A longer silence between two packets is a gap that a caller hears.
const GAP: Duration = Duration::from_millis(60);

#[expect(clippy::disallowed_methods, reason = "a load generator measures real time")]
pub fn clock() -> Instant {
    Instant::now()
}

/// What a call does once it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Hangs up at once.
    Short,
    /// Stays, and sends and receives sound.
    Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Inviting,
    Up,
    Ending,
    Done,
    Refused,
    Failed,
}

struct Call {
    state: State,
    begun: Instant,
    /// When INVITE, or BYE, goes out again.
    again: Option<(Instant, Duration)>,
    setup: Option<Duration>,
    status: u16,
    answered_to: Vec<u8>,
    media: Option<SocketAddr>,
    rtp: Rtp,
}

#[derive(Default, Clone)]
struct Rtp {
    sequence: u16,
    first: Option<u32>,
    highest: u32,
    received: u64,
    last: Option<Instant>,
    gaps: u32,
    worst: Duration,
}

/// What the callers of one measurement heard.
#[derive(Debug, Default, Clone)]
pub struct Heard {
    pub calls: usize,
    pub received: u64,
    pub lost: u64,
    /// Gaps over 60 ms, without those in which the generator itself stood still.
    pub gaps: u64,
    pub calls_with_gaps: usize,
    pub silent: usize,
    pub worst: Duration,
    /// How long the generator itself stood still at most.
    pub own_pause: Duration,
}

/// How the set-ups of one measurement went.
#[derive(Debug, Default, Clone)]
pub struct Setups {
    pub tried: usize,
    pub served: usize,
    pub refused: usize,
    pub failed: usize,
    pub p50: Duration,
    pub p99: Duration,
    pub refusal_p99: Duration,
}

/// One generator.
pub struct Load {
    server: SocketAddr,
    line: &'static str,
    plan: Plan,
    sip: Vec<UdpSocket>,
    rtp: Vec<UdpSocket>,
    rtp_ports: Vec<u16>,
    sip_ports: Vec<u16>,
    run: u32,
    calls: Vec<Call>,
    repeats: VecDeque<(Instant, usize)>,
    /// Which call a port of the server belongs to.
    by_port: Vec<u32>,
    /// Calls with sound, by phase.
    phases: [Vec<u32>; PHASES],
    phase: usize,
    tick: Instant,
    swept: Instant,
    paused: Instant,
    own_pause: Duration,
    buffer: Vec<u8>,
}

impl Load {
    pub fn new(server: SocketAddr, line: &'static str, plan: Plan) -> io::Result<Self> {
        let open = || -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_nonblocking(true)?;
            let room = socket2::SockRef::from(&socket);
            let _ = room.set_recv_buffer_size(4 << 20);
            Ok(socket)
        };
        let ports = |sockets: &[UdpSocket]| {
            sockets.iter().map(|socket| socket.local_addr().map(|address| address.port())).collect::<io::Result<Vec<_>>>()
        };
        let sip = (0..SIP_SOCKETS).map(|_| open()).collect::<io::Result<Vec<_>>>()?;
        let rtp = (0..SOCKETS).map(|_| open()).collect::<io::Result<Vec<_>>>()?;
        let now = clock();
        Ok(Self {
            server,
            line,
            plan,
            sip_ports: ports(&sip)?,
            rtp_ports: ports(&rtp)?,
            sip,
            rtp,
            run: uuid::Uuid::new_v4().as_u128() as u32,
            calls: Vec::new(),
            repeats: VecDeque::new(),
            by_port: vec![u32::MAX; 65_536],
            phases: Default::default(),
            phase: 0,
            tick: now,
            swept: now,
            paused: now,
            own_pause: Duration::ZERO,
            buffer: vec![0; 4096],
        })
    }

    /// Calls that are up.
    pub fn up(&self) -> usize {
        self.calls.iter().filter(|call| call.state == State::Up).count()
    }

    /// Places calls at `rate` a second for `span`, then goes on without new ones for `after`.
    pub fn place(&mut self, rate: f64, span: Duration, after: Duration) {
        let start = clock();
        let mut placed = 0_u64;
        loop {
            let now = clock();
            let past = now.duration_since(start);
            if past >= span + after {
                return;
            }
            let due = (past.min(span).as_secs_f64() * rate) as u64;
            // A generator that fell behind does not make up for it in one burst.
            let batch = due.saturating_sub(placed).min(64);
            for _ in 0..batch {
                self.invite(clock());
            }
            placed += batch;
            self.work(now);
        }
    }

    /// Goes on with the calls that are there until `until` is true or the time is over.
    pub fn go_on(&mut self, most: Duration, mut until: impl FnMut(&Self) -> bool) {
        let start = clock();
        loop {
            let now = clock();
            if now.duration_since(start) >= most || until(self) {
                return;
            }
            self.work(now);
        }
    }

    fn work(&mut self, now: Instant) {
        let busy = self.sip_in() | self.repeat(now);
        if now >= self.tick {
            self.tick += PHASE;
            if now > self.tick + PHASE * 10 {
                self.tick = now;
            }
            self.phase = (self.phase + 1) % PHASES;
            self.rtp_in();
            self.rtp_out();
        } else if !busy {
            std::thread::sleep(Duration::from_micros(300).min(self.tick - now));
        }
    }

    fn invite(&mut self, now: Instant) {
        let place = self.calls.len();
        self.calls.push(Call {
            state: State::Inviting,
            begun: now,
            again: Some((now + T1, T1)),
            setup: None,
            status: 0,
            answered_to: Vec::new(),
            media: None,
            rtp: Rtp { sequence: place as u16, ..Rtp::default() },
        });
        self.repeats.push_back((now + T1, place));
        self.send_invite(place);
    }

    fn send_invite(&self, place: usize) {
        let (run, line, server) = (self.run, self.line, self.server);
        let port = self.sip_ports[place % SIP_SOCKETS];
        let media = self.rtp_ports[place % SOCKETS];
        let sdp = format!(
            "v=0\r\no=- {place} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {media} RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
        );
        let message = format!(
            "INVITE sip:{line}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKi{run:x}.{place}\r\nMax-Forwards: 70\r\nFrom: <sip:139{place:08}@127.0.0.1>;tag=t{run:x}{place}\r\nTo: <sip:{line}@{server}>\r\nCall-ID: {run:x}-{place}@load\r\nCSeq: 1 INVITE\r\nContact: <sip:load@127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        );
        self.send(place, message.as_bytes());
    }

    fn send_inside(&self, place: usize, method: &str, number: u8) {
        let (run, line, server) = (self.run, self.line, self.server);
        let port = self.sip_ports[place % SIP_SOCKETS];
        let to = String::from_utf8_lossy(&self.calls[place].answered_to);
        let message = format!(
            "{method} sip:{line}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{method}{run:x}.{place}\r\nMax-Forwards: 70\r\nFrom: <sip:139{place:08}@127.0.0.1>;tag=t{run:x}{place}\r\nTo: {to}\r\nCall-ID: {run:x}-{place}@load\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        );
        self.send(place, message.as_bytes());
    }

    /// ACK to a refusal: the same branch as the INVITE (RFC 3261 section 17.1.1.3).
    fn send_refusal_ack(&self, place: usize, to: &[u8]) {
        let (run, line, server) = (self.run, self.line, self.server);
        let port = self.sip_ports[place % SIP_SOCKETS];
        let to = String::from_utf8_lossy(to);
        let message = format!(
            "ACK sip:{line}@{server} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKi{run:x}.{place}\r\nMax-Forwards: 70\r\nFrom: <sip:139{place:08}@127.0.0.1>;tag=t{run:x}{place}\r\nTo: {to}\r\nCall-ID: {run:x}-{place}@load\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        );
        self.send(place, message.as_bytes());
    }

    fn send(&self, place: usize, message: &[u8]) {
        let _ = self.sip[place % SIP_SOCKETS].send_to(message, self.server);
    }

    fn sip_in(&mut self) -> bool {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut busy = false;
        for socket in 0..SIP_SOCKETS {
            for _ in 0..64 {
                let Ok((length, _)) = self.sip[socket].recv_from(&mut buffer) else { break };
                busy = true;
                if buffer.starts_with(b"SIP/2.0 ") {
                    self.answer(&buffer[..length]);
                } else {
                    self.request(socket, &buffer[..length]);
                }
            }
        }
        self.buffer = buffer;
        busy
    }

    fn place_of(&self, message: &[u8]) -> Option<usize> {
        let id = std::str::from_utf8(header(message, b"Call-ID")?).ok()?;
        let (run, rest) = id.split_once('-')?;
        let place: usize = rest.split_once('@')?.0.parse().ok()?;
        (u32::from_str_radix(run, 16).ok()? == self.run && place < self.calls.len()).then_some(place)
    }

    fn answer(&mut self, message: &[u8]) {
        let now = clock();
        let status = std::str::from_utf8(&message[8..11]).ok().and_then(|text| text.parse::<u16>().ok()).unwrap_or(0);
        let (Some(place), Some(sequence)) = (self.place_of(message), header(message, b"CSeq")) else { return };
        if sequence.ends_with(b"BYE") {
            let call = &mut self.calls[place];
            if call.state == State::Ending && status >= 200 {
                call.state = State::Done;
                call.again = None;
            }
            return;
        }
        if status < 200 {
            // Timer A stops at a provisional answer, timer B goes on.
            if self.calls[place].state == State::Inviting {
                self.calls[place].again = None;
            }
            return;
        }
        let to = header(message, b"To").unwrap_or(b"").to_vec();
        if status >= 300 {
            let call = &mut self.calls[place];
            if call.state == State::Inviting {
                call.state = State::Refused;
                call.status = status;
                call.setup = Some(now - call.begun);
                call.again = None;
            }
            self.send_refusal_ack(place, &to);
            return;
        }
        if self.calls[place].state == State::Inviting {
            let media = media_port(message).map(|port| SocketAddr::new(self.server.ip(), port));
            let call = &mut self.calls[place];
            call.setup = Some(now - call.begun);
            call.status = status;
            call.answered_to = to;
            call.state = State::Up;
            call.again = None;
            call.media = media;
            if let (Plan::Hold, Some(media)) = (self.plan, media) {
                self.by_port[usize::from(media.port())] = place as u32;
                self.phases[place % PHASES].push(place as u32);
            }
        }
        self.send_inside(place, "ACK", 1);
        if self.plan == Plan::Short && self.calls[place].state == State::Up {
            self.hang_up(now, place);
        }
    }

    fn hang_up(&mut self, now: Instant, place: usize) {
        self.calls[place].state = State::Ending;
        self.calls[place].again = Some((now + T1, T1));
        self.repeats.push_back((now + T1, place));
        self.send_inside(place, "BYE", 2);
    }

    /// The server asks something of us: BYE at the end of a line; all else gets 200 as well.
    fn request(&mut self, socket: usize, message: &[u8]) {
        if message.starts_with(b"ACK ") {
            return;
        }
        let mut reply = String::from("SIP/2.0 200 OK\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            if let Some(value) = header(message, name.as_bytes()) {
                reply.push_str(&format!("{name}: {}\r\n", String::from_utf8_lossy(value)));
            }
        }
        reply.push_str("Content-Length: 0\r\n\r\n");
        let _ = self.sip[socket].send_to(reply.as_bytes(), self.server);
        if message.starts_with(b"BYE ")
            && let Some(place) = self.place_of(message)
            && self.calls[place].state == State::Up
        {
            self.calls[place].state = State::Done;
            self.silence(place);
        }
    }

    fn silence(&mut self, place: usize) {
        self.phases[place % PHASES].retain(|call| *call != place as u32);
        if let Some(media) = self.calls[place].media {
            self.by_port[usize::from(media.port())] = u32::MAX;
        }
    }

    /// UDP may lose: INVITE and BYE go out again, and are given up in the end.
    fn repeat(&mut self, now: Instant) -> bool {
        let mut busy = false;
        while let Some((due, place)) = self.repeats.front().copied()
            && due <= now
        {
            busy = true;
            self.repeats.pop_front();
            let call = &mut self.calls[place];
            if !matches!(call.state, State::Inviting | State::Ending) {
                continue;
            }
            if now.duration_since(call.begun) > PATIENCE {
                call.state = State::Failed;
                continue;
            }
            let Some((at, gap)) = call.again else {
                self.repeats.push_back((now + T1, place));
                continue;
            };
            if at <= now {
                call.again = Some((now + gap * 2, gap * 2));
                if call.state == State::Inviting { self.send_invite(place) } else { self.send_inside(place, "BYE", 2) }
            }
            // Looked at again every T1: the queue stays in order.
            self.repeats.push_back((now + T1, place));
        }
        busy
    }

    fn rtp_in(&mut self) {
        let now = clock();
        let pause = now.duration_since(self.swept);
        self.swept = now;
        if pause > Duration::from_millis(25) {
            self.paused = now;
        }
        self.own_pause = self.own_pause.max(pause);
        let mut packet = [0_u8; 256];
        for socket in &self.rtp {
            for _ in 0..512 {
                let Ok((length, from)) = socket.recv_from(&mut packet) else { break };
                let place = self.by_port[usize::from(from.port())];
                if length < 12 || place == u32::MAX {
                    continue;
                }
                let sequence = u16::from_be_bytes([packet[2], packet[3]]);
                self.calls[place as usize].rtp.arrived(now, sequence, self.paused);
            }
        }
    }

    fn rtp_out(&mut self) {
        let mut packet = [0xd5_u8; PACKET];
        packet[0] = 0x80;
        packet[1] = 8;
        for place in &self.phases[self.phase] {
            let place = *place as usize;
            let call = &mut self.calls[place];
            let Some(media) = call.media else { continue };
            call.rtp.sequence = call.rtp.sequence.wrapping_add(1);
            packet[2..4].copy_from_slice(&call.rtp.sequence.to_be_bytes());
            packet[4..8].copy_from_slice(&(u32::from(call.rtp.sequence).wrapping_mul(FRAME as u32)).to_be_bytes());
            packet[8..12].copy_from_slice(&(place as u32 + 1).to_be_bytes());
            let _ = self.rtp[place % SOCKETS].send_to(&packet, media);
        }
    }

    /// Forgets what was heard so far, so that only the steady state is judged.
    pub fn listen_anew(&mut self) {
        for call in &mut self.calls {
            call.rtp = Rtp { sequence: call.rtp.sequence, ..Rtp::default() };
        }
        self.own_pause = Duration::ZERO;
        self.swept = clock();
    }

    pub fn heard(&self) -> Heard {
        let mut heard = Heard { own_pause: self.own_pause, ..Heard::default() };
        for call in self.calls.iter().filter(|call| call.state == State::Up) {
            let rtp = &call.rtp;
            heard.calls += 1;
            heard.received += rtp.received;
            heard.silent += usize::from(rtp.received == 0);
            if let Some(first) = rtp.first {
                heard.lost += u64::from(rtp.highest - first + 1).saturating_sub(rtp.received);
            }
            heard.gaps += u64::from(rtp.gaps);
            heard.calls_with_gaps += usize::from(rtp.gaps > 0);
            heard.worst = heard.worst.max(rtp.worst);
        }
        heard
    }

    /// How the set-ups from the `from`-th call to before the `to`-th went.
    pub fn setups(&self, from: usize, to: usize) -> Setups {
        let calls = &self.calls[from.min(self.calls.len())..to.min(self.calls.len())];
        let times = |wanted: fn(&Call) -> bool| {
            let mut times: Vec<Duration> = calls.iter().filter(|call| wanted(call)).filter_map(|call| call.setup).collect();
            times.sort_unstable();
            times
        };
        let served = times(|call| call.setup.is_some() && call.status == 200 && call.state != State::Failed);
        let refused = times(|call| call.state == State::Refused);
        Setups {
            tried: calls.len(),
            served: served.len(),
            refused: refused.len(),
            failed: calls.len() - served.len() - refused.len(),
            p50: part(&served, 0.5),
            p99: part(&served, 0.99),
            refusal_p99: part(&refused, 0.99),
        }
    }

    /// How many calls were placed so far.
    pub fn placed(&self) -> usize {
        self.calls.len()
    }

    /// When the last call that was refused, failed or set up later than `late` was begun, of those from the `from`-th on.
    pub fn last_trouble(&self, from: usize, late: Duration) -> Option<Instant> {
        let bad = |call: &&Call| call.state == State::Refused || call.setup.is_none_or(|setup| setup > late);
        self.calls[from..].iter().filter(bad).map(|call| call.begun).max()
    }
}

impl Rtp {
    fn arrived(&mut self, now: Instant, sequence: u16, paused: Instant) {
        self.received += 1;
        match self.first {
            None => {
                // Room below, so that an early stray is no underflow.
                self.first = Some(65_536 + u32::from(sequence));
                self.highest = 65_536 + u32::from(sequence);
            }
            Some(_) => {
                let ahead = sequence.wrapping_sub(self.highest as u16) as i16;
                if ahead > 0 {
                    self.highest += ahead as u32;
                }
            }
        }
        if let Some(last) = self.last {
            let gap = now.duration_since(last);
            // While the generator itself stood still, nothing can be said.
            if paused <= last {
                self.worst = self.worst.max(gap);
                self.gaps += u32::from(gap > GAP);
            }
        }
        self.last = Some(now);
    }
}

/// The value below which this part of the sorted values lies.
pub fn part(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The first header of this name, as our server writes it.
pub fn header<'a>(message: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    for line in message.split(|byte| *byte == b'\n') {
        if line.len() < 2 {
            return None;
        }
        if line.len() > name.len() && line[name.len()] == b':' && line[..name.len()].eq_ignore_ascii_case(name) {
            return Some(line[name.len() + 1..].trim_ascii());
        }
    }
    None
}

fn media_port(message: &[u8]) -> Option<u16> {
    let at = message.windows(9).position(|part| part == b"\nm=audio ")? + 9;
    let digits: Vec<u8> = message[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// OPTIONS in a closed loop with this many in flight: how many were answered in `span`, and how many were lost.
pub fn options(server: SocketAddr, in_flight: usize, span: Duration) -> io::Result<(u64, u64)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    let port = socket.local_addr()?.port();
    let (mut sent, mut answered, mut lost, mut open) = (0_u64, 0_u64, 0_u64, 0_usize);
    let mut buffer = [0_u8; 4096];
    let start = clock();
    let mut last = start;
    while start.elapsed() < span {
        while open < in_flight {
            let message = format!(
                "OPTIONS sip:{server} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKo{sent}\r\nMax-Forwards: 70\r\nFrom: <sip:load@127.0.0.1>;tag=o{sent}\r\nTo: <sip:{server}>\r\nCall-ID: o{sent}@load\r\nCSeq: 1 OPTIONS\r\nContact: <sip:load@127.0.0.1:{port}>\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n"
            );
            sent += 1;
            open += 1;
            let _ = socket.send_to(message.as_bytes(), server);
        }
        let mut got = false;
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            got = true;
            open = open.saturating_sub(1);
            answered += u64::from(buffer[..length].starts_with(b"SIP/2.0 200"));
        }
        let now = clock();
        if got {
            last = now;
        } else if now - last > Duration::from_millis(500) {
            lost += open as u64;
            open = 0;
            last = now;
        } else {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
    Ok((answered, lost))
}

/// REGISTER, its challenge and the answer to it, in a closed loop with this many phones: how many registrations were confirmed in
/// `span`, and how many were lost.
pub fn registrations(server: SocketAddr, phones: u64, span: Duration) -> io::Result<(u64, u64)> {
    use dinetone::machine::Ids;
    use dinetone::sip::digest::{Challenge, Credentials};
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
    let port = socket.local_addr()?.port();
    let credentials = Credentials { user: "load".into(), password: "load-and-measure".into() };
    let mut ids = Ids::seeded(1);
    let (mut done, mut lost, mut begun) = (0_u64, 0_u64, 0_u64);
    let text = |number: u64, cseq: u8, authorization: &str| {
        format!(
            "REGISTER sip:dinetone SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bKr{number}-{cseq}\r\nMax-Forwards: 70\r\nFrom: <sip:load@dinetone>;tag=r{number}\r\nTo: <sip:load@dinetone>\r\nCall-ID: {number}@load\r\nCSeq: {cseq} REGISTER\r\nContact: <sip:load@127.0.0.1:{port};phone={}>\r\nExpires: 600\r\n{authorization}Content-Length: 0\r\n\r\n",
            number % 8
        )
    };
    let mut open = std::collections::HashSet::new();
    let mut buffer = [0_u8; 4096];
    let start = clock();
    let mut last = start;
    while start.elapsed() < span {
        while (open.len() as u64) < phones {
            begun += 1;
            open.insert(begun);
            let _ = socket.send_to(text(begun, 1, "").as_bytes(), server);
        }
        let mut got = false;
        while let Ok((length, _)) = socket.recv_from(&mut buffer) {
            got = true;
            let message = &buffer[..length];
            let number = header(message, b"Call-ID").and_then(|id| std::str::from_utf8(id).ok()?.split('@').next()?.trim().parse().ok());
            let Some(number) = number.filter(|number| open.contains(number)) else { continue };
            if message.starts_with(b"SIP/2.0 401") {
                let challenge = message
                    .split(|byte| *byte == b'\n')
                    .filter_map(|line| line.strip_prefix(b"WWW-Authenticate: "))
                    .filter_map(Challenge::parse)
                    .find(|challenge| challenge.algorithm == dinetone::sip::digest::Algorithm::Md5);
                let Some(challenge) = challenge else { continue };
                let value = challenge.answer(&credentials, "REGISTER", "sip:dinetone", 1, &mut ids);
                let _ = socket.send_to(text(number, 2, &format!("Authorization: {value}\r\n")).as_bytes(), server);
            } else {
                open.remove(&number);
                done += u64::from(message.starts_with(b"SIP/2.0 200"));
            }
        }
        let now = clock();
        if got {
            last = now;
        } else if now - last > Duration::from_millis(500) {
            lost += open.len() as u64;
            open.clear();
            last = now;
        } else {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
    Ok((done, lost))
}

/// How long until a call is answered: one INVITE after the other until a 200 comes.
pub fn first_answer(server: SocketAddr, since: Instant, most: Duration) -> io::Result<Option<Duration>> {
    let mut load = Load::new(server, "1000", Plan::Short)?;
    while since.elapsed() < most {
        load.invite(clock());
        load.go_on(Duration::from_millis(4), |load| load.calls.iter().any(|call| call.status == 200));
        if load.calls.iter().any(|call| call.status == 200) {
            let took = since.elapsed();
            load.go_on(Duration::from_millis(200), |_| false);
            return Ok(Some(took));
        }
    }
    Ok(None)
}

/// What sound costs on this machine at the least: the same packets for `calls` calls, with nothing done to them. Runs as its own process.
pub fn floor(calls: usize, to: SocketAddrV4, span: Duration) -> io::Result<()> {
    let sockets = (0..calls)
        .map(|place| {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_nonblocking(true)?;
            socket.connect(SocketAddrV4::new(*to.ip(), to.port() + place as u16))?;
            Ok(socket)
        })
        .collect::<io::Result<Vec<_>>>()?;
    let start = clock();
    let mut tick = start;
    let mut packet = [0xd5_u8; PACKET];
    packet[0] = 0x80;
    while start.elapsed() < span {
        tick += Duration::from_millis(20);
        for socket in &sockets {
            let mut into = [0_u8; 1500];
            let _ = socket.recv_from(&mut into);
            let _ = socket.send(&packet);
        }
        if let Some(early) = tick.checked_duration_since(clock()) {
            std::thread::sleep(early);
        }
    }
    Ok(())
}

/// The other side of `floor`: answers each packet by one of its own.
pub struct Mirror {
    sockets: Vec<UdpSocket>,
}

impl Mirror {
    /// Ports that follow each other, as many as there are calls.
    pub fn new(calls: usize) -> io::Result<(Self, SocketAddrV4)> {
        for first in (20_000_u16..50_000).step_by(1_000) {
            let sockets: Vec<UdpSocket> = (0..calls).map_while(|place| UdpSocket::bind(("127.0.0.1", first + place as u16)).ok()).collect();
            if sockets.len() == calls {
                for socket in &sockets {
                    socket.set_nonblocking(true)?;
                }
                return Ok((Self { sockets }, SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, first)));
            }
        }
        Err(io::Error::other("no free ports in a row"))
    }

    pub fn run(&self, span: Duration) {
        let start = clock();
        let mut packet = [0_u8; 1500];
        while start.elapsed() < span {
            for socket in &self.sockets {
                while let Ok((length, from)) = socket.recv_from(&mut packet) {
                    let _ = socket.send_to(&packet[..length], from);
                }
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
