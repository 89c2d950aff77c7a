//! Hundreds of agents at their consoles while callers arrive: how soon the card is on the right page, and how soon a ring stops
//! when its caller has gone.

#![expect(clippy::disallowed_methods, reason = "a load generator measures real time, with tasks of its own")]

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use dinetone::domain::{QueueId, Role, ShopClock};
use dinetone::store::{NewUser, Store};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::mpsc;

use crate::load::{clock, header};
use crate::rows::Row;
use crate::server::Stand;

const PASSWORD: &str = "load-and-measure";
/// Offered calls a second.
const RATE: f64 = 20.0;
/// Every so manieth caller hangs up while it rings.
const IMPATIENT: usize = 4;
/// From the ring to the answer at an agent's telephone.
const PICK_UP: Duration = Duration::from_millis(900);
/// From the ring to the impatient caller's hang-up.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long a call is spoken.
const TALK: Duration = Duration::from_secs(3);

/// One caller.
#[derive(Debug, Clone, Default)]
struct Caller {
    invited: Option<Instant>,
    /// The To of the answer, with its tag.
    to: String,
    gone: Option<Instant>,
    /// From INVITE to the frame with the card.
    pop: Option<Duration>,
    /// From the caller's BYE to the frame that takes the offer back.
    stopped: Option<Duration>,
    answered: bool,
    refused: u16,
}

/// What all tasks know.
#[derive(Default)]
struct Field {
    callers: Vec<Caller>,
    /// Which caller a call of the server is.
    calls: HashMap<u64, usize>,
    ready: usize,
    faults: Vec<String>,
}

/// Kinds of frames (RFC 6455 section 5.2).
const TEXT: u8 = 1;
const PONG: u8 = 10;

type Shared = Arc<Mutex<Field>>;

fn with<T>(field: &Shared, what: impl FnOnce(&mut Field) -> T) -> T {
    what(&mut field.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The rows on pops, at this many consoles.
pub fn agents(stand: &Stand, consoles: usize, span: Duration) -> io::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(stand, consoles, span))
}

async fn measure(stand: &Stand, consoles: usize, span: Duration) -> io::Result<Vec<Row>> {
    let folder = stand.folder.join("agents");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    // The agents' telephones: outside numbers behind a trunk, which is this socket.
    let mobiles = UdpSocket::bind("127.0.0.3:0").await?;
    let stand = Stand { config: settings(stand, &folder, mobiles.local_addr()?)?, ..stand.clone() };
    people(&folder, consoles).await?;
    let web = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = stand.start_with(&folder, &[("DINETONE__WEB__LISTEN", web.to_string())])?;
    let field = Shared::default();
    let mobiles = tokio::spawn(telephones(mobiles));
    let mut tasks = Vec::new();
    for place in 0..consoles {
        let console = Console::open(web, &login(place)).await?;
        tasks.push(tokio::spawn(console.work(place, Arc::clone(&field))));
    }
    let deadline = clock() + Duration::from_secs(30);
    while with(&field, |field| field.ready) < consoles {
        if clock() > deadline {
            let faults = with(&field, |field| field.faults.join("; "));
            return Err(io::Error::other(format!("{} of {consoles} agents are ready: {faults}", with(&field, |field| field.ready))));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Those who sign in keep threads busy that end soon after.
    let before = server.cpu_of_all();
    let start = clock();
    ring(server.address, &field, span).await?;
    let share = (server.cpu_of_all() - before).as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
    for task in tasks {
        task.abort();
    }
    mobiles.abort();
    Ok(with(&field, |field| report(field, consoles, share)))
}

fn report(field: &Field, consoles: usize, share: f64) -> Vec<Row> {
    let sorted = |of: &dyn Fn(&Caller) -> Option<Duration>| {
        let mut all: Vec<Duration> = field.callers.iter().filter_map(of).collect();
        all.sort();
        all
    };
    let (pops, stops) = (sorted(&|caller| caller.pop), sorted(&|caller| caller.stopped));
    let at = |all: &[Duration], share: f64| all.get(((all.len() as f64 * share).ceil() as usize).clamp(1, all.len().max(1)) - 1).copied();
    let said = |all: &[Duration]| match (at(all, 0.5), at(all, 0.99)) {
        (Some(middle), Some(late)) => format!("p50 {:.1} ms, p99 {:.1} ms", middle.as_secs_f64() * 1e3, late.as_secs_f64() * 1e3),
        _ => "nothing measured".into(),
    };
    let left = field.callers.iter().filter(|caller| caller.gone.is_some() && caller.pop.is_some() && !caller.answered).count();
    let without = field.callers.iter().filter(|caller| caller.pop.is_none()).count();
    let refused = field.callers.iter().filter(|caller| caller.refused > 0).count();
    let mut notes = vec![format!(
        "{consoles} consoles, {} calls at {RATE} a second; {} rang, {without} never did ({refused} refused); {share:.0} % of a core",
        field.callers.len(),
        pops.len()
    )];
    notes.extend(field.faults.iter().take(5).cloned());
    let good = |all: &[Duration], most: u64, whole: bool| Some(whole && at(all, 0.99)? <= Duration::from_millis(most));
    vec![
        Row {
            name: "INVITE to the pop on 200 consoles, p99",
            target: "100 ms at 20 calls a second",
            ours: said(&pops),
            reached: good(&pops, 100, without == 0).or(Some(false)),
            notes,
        },
        Row {
            name: "caller gone to ring stopped, p99",
            target: "200 ms",
            ours: said(&stops),
            reached: good(&stops, 200, stops.len() == left).or(Some(false)),
            notes: vec![format!("{left} callers hung up while it rang, {} rings were stopped", stops.len())],
        },
    ]
}

fn login(place: usize) -> String {
    format!("load{place:03}")
}

/// The settings of the other rows, and a trunk for the agents' telephones.
fn settings(stand: &Stand, folder: &std::path::Path, mobiles: SocketAddr) -> io::Result<std::path::PathBuf> {
    let usual = std::fs::read_to_string(&stand.config)?;
    let trunk = format!("[[trunk]]\nname = \"mobiles\"\ntargets = [\"{mobiles}\"]\noptions_every = \"0s\"\n\n[[trunk]]");
    let more = "\n[outbound]\non = true\ncalls = 1000\n";
    let path = folder.join("config.toml");
    std::fs::write(&path, usual.replacen("[[trunk]]", &trunk, 1) + more)?;
    Ok(path)
}

/// The agents, straight into the store that the server will open.
async fn people(folder: &std::path::Path, consoles: usize) -> io::Result<()> {
    let url = format!("sqlite:{}", folder.join("dinetone.db").display());
    let clock = ShopClock::named("Asia/Shanghai").expect("the time zones are inside the program");
    let store = Store::open(&url, clock).await.map_err(io::Error::other)?;
    for place in 0..consoles {
        let user = NewUser {
            login: login(place),
            name: login(place),
            number: format!("9{place:03}"),
            role: Some(Role::Agent),
            queues: vec![QueueId::new("order")],
            ..NewUser::default()
        };
        store.add_user(&user, PASSWORD, SystemTime::now().into()).await.map_err(io::Error::other)?;
    }
    store.close().await;
    Ok(())
}

/// One console: an HTTP sign-in, then the live socket.
struct Console {
    read: BufReader<OwnedReadHalf>,
    /// Whole frames.
    write: mpsc::UnboundedSender<Vec<u8>>,
}

impl Console {
    async fn open(web: SocketAddr, user: &str) -> io::Result<Self> {
        let body = json!({ "user": user, "password": PASSWORD }).to_string();
        let mut stream = TcpStream::connect(web).await?;
        let request = format!(
            "POST /api/session HTTP/1.1\r\nHost: {web}\r\nOrigin: http://{web}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: ").or_else(|| line.strip_prefix("Set-Cookie: ")))
            .and_then(|cookie| cookie.split(';').next())
            .ok_or_else(|| io::Error::other(format!("{user} cannot sign in: {}", answer.lines().next().unwrap_or(""))))?;
        let mut stream = TcpStream::connect(web).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /api/live HTTP/1.1\r\nHost: {web}\r\nOrigin: http://{web}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bG9hZC1hbmQtbWVhc3VyZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let (read, mut out) = stream.into_split();
        let mut read = BufReader::with_capacity(64 << 10, read);
        let mut line = String::new();
        read.read_line(&mut line).await?;
        if !line.contains(" 101 ") {
            return Err(io::Error::other(format!("{user}: no live socket: {line}")));
        }
        while line.trim() != "" {
            line.clear();
            read.read_line(&mut line).await?;
        }
        let (write, mut frames) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            while let Some(frame) = frames.recv().await {
                if out.write_all(&frame).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { read, write })
    }

    /// Takes calls until it is aborted.
    async fn work(mut self, place: usize, field: Shared) {
        let mut counter = 0_u64;
        let mut say = |what: Value| {
            counter += 1;
            let mut frame = json!({ "v": 1, "id": format!("l{counter}") });
            if let (Some(frame), Value::Object(what)) = (frame.as_object_mut(), what) {
                frame.extend(what);
            }
            let _ = self.write.send(masked(TEXT, frame.to_string().as_bytes()));
        };
        say(json!({ "type": "shift.start", "seat": "outside", "number": format!("1370000{place:04}") }));
        say(json!({ "type": "agent.state", "to": "available" }));
        let mut user = String::new();
        let mut ready = false;
        while let Ok(frame) = frame(&mut self.read, &self.write).await {
            let now = clock();
            if frame.is_empty() {
                continue;
            }
            // Hundreds of frames are about colleagues: only ours are read in full.
            let head = String::from_utf8_lossy(&frame[..frame.len().min(160)]);
            if head.contains("\"agent.state\"") && (user.is_empty() || !frame_has(&frame, user.as_bytes())) && ready {
                continue;
            }
            if head.contains("\"queues\"") && !head.contains("\"snapshot\"") {
                continue;
            }
            let Ok(frame) = serde_json::from_slice::<Value>(&frame) else { continue };
            match frame["type"].as_str().unwrap_or("") {
                "agent.state" if frame["number"] == format!("9{place:03}") => {
                    user = frame["user"].as_str().unwrap_or("").to_owned();
                    if !ready && frame["state"] == "available" {
                        ready = true;
                        with(&field, |field| field.ready += 1);
                    }
                    if matches!(frame["state"].as_str(), Some("not_responding" | "break")) {
                        say(json!({ "type": "agent.state", "to": "available" }));
                    }
                }
                "snapshot" if !ready && frame["me"]["state"] == "available" => {
                    ready = true;
                    with(&field, |field| field.ready += 1);
                }
                "call.ring" => with(&field, |field| {
                    let Some(caller) = caller_of(frame["call"]["caller"].as_str().unwrap_or("")) else { return };
                    if let Some(call) = frame["call"]["call"].as_u64() {
                        field.calls.insert(call, caller);
                    }
                    if let Some(caller) = field.callers.get_mut(caller)
                        && caller.pop.is_none()
                    {
                        caller.pop = caller.invited.map(|at| now - at);
                    }
                }),
                "call.withdrawn" => with(&field, |field| {
                    let Some(caller) = frame["call"].as_u64().and_then(|call| field.calls.get(&call)).copied() else { return };
                    if let Some(caller) = field.callers.get_mut(caller)
                        && caller.stopped.is_none()
                    {
                        caller.stopped = caller.gone.filter(|_| !caller.answered).map(|at| now - at);
                    }
                }),
                "call.state" => {
                    let (call, state) = (frame["call"]["call"].as_u64(), frame["call"]["state"].as_str());
                    if state == Some("talking") {
                        with(&field, |field| {
                            if let Some(caller) =
                                call.and_then(|call| field.calls.get(&call)).copied().and_then(|at| field.callers.get_mut(at))
                            {
                                caller.answered = true;
                            }
                        });
                    } else if state == Some("wrap_up") {
                        say(json!({ "type": "wrapup.save", "call": call, "code": 20, "note": "" }));
                    }
                }
                "error" => with(&field, |field| {
                    let problem = format!("console {place}: {} {}", frame["problem"], frame["detail"]);
                    if field.faults.len() < 20 && !field.faults.contains(&problem) {
                        field.faults.push(problem);
                    }
                }),
                _ => {}
            }
        }
        with(&field, |field| field.faults.push(format!("console {place} was closed")));
    }
}

fn frame_has(frame: &[u8], wanted: &[u8]) -> bool {
    frame.windows(wanted.len()).take(400).any(|window| window == wanted)
}

/// The next text frame. Asked for a sign of life, it gives one, as every browser does: silent pages are closed.
async fn frame(read: &mut BufReader<OwnedReadHalf>, write: &mpsc::UnboundedSender<Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let (first, second) = (read.read_u8().await?, read.read_u8().await?);
        let length = match second & 0x7F {
            126 => u64::from(read.read_u16().await?),
            127 => read.read_u64().await?,
            short => u64::from(short),
        };
        if length > 16 << 20 {
            return Err(io::Error::other("a frame too long"));
        }
        let mut payload = vec![0; length as usize];
        read.read_exact(&mut payload).await?;
        match first & 0x0F {
            0 | 1 => whole.extend(payload),
            8 => return Err(io::Error::other("closed")),
            9 => drop(write.send(masked(PONG, &payload))),
            _ => {}
        }
        if first & 0x0F <= 1 && first & 0x80 != 0 {
            return Ok(whole);
        }
    }
}

/// A frame as clients send it. The mask is nothing: what goes over loopback needs none.
fn masked(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend((long as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// The place in the row of a caller's number.
fn caller_of(number: &str) -> Option<usize> {
    number.trim_start_matches("+86").strip_prefix("139")?.parse().ok()
}

/// The agents' telephones: they ring, and are picked up a moment later unless the server takes it back. Whoever picks up an outside
/// number presses 1 (no mailbox does).
async fn telephones(socket: UdpSocket) {
    let socket = Arc::new(socket);
    let mut buffer = vec![0; 8192];
    let taken: Arc<Mutex<HashMap<String, bool>>> = Arc::default();
    let own = socket.local_addr().map(|address| address.to_string()).unwrap_or_default();
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let message = buffer[..length].to_vec();
        let id = header(&message, b"Call-ID").map(|id| String::from_utf8_lossy(id).into_owned()).unwrap_or_default();
        let lock = |taken: &Mutex<HashMap<String, bool>>, id: &str, to: bool| {
            taken.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), to)
        };
        if message.starts_with(b"INVITE ") {
            if lock(&taken, &id, true).is_some() {
                continue;
            }
            let _ = socket.send_to(reply(&message, "180 Ringing", &own, "").as_bytes(), from).await;
            let (socket, taken, own) = (Arc::clone(&socket), Arc::clone(&taken), own.clone());
            tokio::spawn(async move {
                tokio::time::sleep(PICK_UP).await;
                if taken.lock().unwrap_or_else(PoisonError::into_inner).get(&id) == Some(&true) {
                    let sdp =
                        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\na=sendrecv\r\n";
                    let _ = socket.send_to(reply(&message, "200 OK", &own, sdp).as_bytes(), from).await;
                }
            });
        } else if message.starts_with(b"CANCEL ") {
            lock(&taken, &id, false);
            let _ = socket.send_to(reply(&message, "200 OK", &own, "").as_bytes(), from).await;
            let ended = String::from_utf8_lossy(&reply(&message, "487 Request Terminated", &own, "").into_bytes())
                .replace(" CANCEL\r\n", " INVITE\r\n");
            let _ = socket.send_to(ended.as_bytes(), from).await;
        } else if message.starts_with(b"ACK ") {
            if lock(&taken, &id, false) == Some(true) {
                let _ = socket.send_to(key(&message, from, &own).as_bytes(), from).await;
            }
        } else if message.starts_with(b"BYE ") || message.starts_with(b"OPTIONS ") {
            let _ = socket.send_to(reply(&message, "200 OK", &own, "").as_bytes(), from).await;
        }
    }
}

/// The key 1 by INFO, in the dialog of this ACK.
fn key(ack: &[u8], to: SocketAddr, own: &str) -> String {
    let of = |name: &[u8]| String::from_utf8_lossy(header(ack, name).unwrap_or_default()).into_owned();
    let (ours, theirs, id, body) = (of(b"To"), of(b"From"), of(b"Call-ID"), "Signal=1\r\nDuration=160\r\n");
    format!(
        "INFO sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bKi{id}\r\nMax-Forwards: 70\r\nFrom: {ours}\r\nTo: {theirs}\r\nCall-ID: {id}\r\nCSeq: 1 INFO\r\nContent-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn reply(request: &[u8], status: &str, own: &str, sdp: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        if let Some(value) = header(request, name.as_bytes()) {
            let value = String::from_utf8_lossy(value);
            let tag = if name == "To" && !value.contains("tag=") { ";tag=mobile" } else { "" };
            text.push_str(&format!("{name}: {value}{tag}\r\n"));
        }
    }
    let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    text.push_str(&format!("Contact: <sip:mobile@{own}>\r\n{kind}Content-Length: {}\r\n\r\n{sdp}", sdp.len()));
    text
}

/// Callers arrive for `span`, and the last of them are waited for.
async fn ring(server: SocketAddr, field: &Shared, span: Duration) -> io::Result<()> {
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
    let _ = socket2::SockRef::from(&*socket).set_recv_buffer_size(4 << 20);
    let listener = tokio::spawn(answers(Arc::clone(&socket), server, Arc::clone(field)));
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / RATE));
    let start = clock();
    while start.elapsed() < span {
        pace.tick().await;
        let place = with(field, |field| {
            field.callers.push(Caller { invited: Some(clock()), ..Caller::default() });
            field.callers.len() - 1
        });
        let _ = socket.send_to(invite(server, &socket, place)?.as_bytes(), server).await;
        let (socket, field) = (Arc::clone(&socket), Arc::clone(field));
        tokio::spawn(async move {
            let impatient = place % IMPATIENT == 0;
            let limit = clock() + Duration::from_secs(20);
            // Until it rings; or, for those who wait, until it is answered.
            while clock() < limit
                && !with(&field, |field| {
                    field.callers.get(place).is_some_and(|caller| if impatient { caller.pop.is_some() } else { caller.answered })
                })
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(if impatient { PATIENCE } else { TALK }).await;
            let to = with(&field, |field| {
                let caller = field.callers.get_mut(place)?;
                caller.gone = Some(clock());
                Some(caller.to.clone())
            });
            if let (Some(to), Ok(bye)) = (to, inside(server, &socket, place, "BYE", 2)) {
                let _ = socket.send_to(bye.replace("{to}", &to).as_bytes(), server).await;
            }
        });
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    listener.abort();
    Ok(())
}

fn invite(server: SocketAddr, socket: &UdpSocket, place: usize) -> io::Result<String> {
    let own = socket.local_addr()?;
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";
    Ok(format!(
        "INVITE sip:6000@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bKa{place}\r\nMax-Forwards: 70\r\nFrom: <sip:139{place:08}@{own}>;tag=a{place}\r\nTo: <sip:6000@{server}>\r\nCall-ID: a{place}@agents\r\nCSeq: 1 INVITE\r\nContact: <sip:load@{own}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    ))
}

fn inside(server: SocketAddr, socket: &UdpSocket, place: usize, method: &str, number: u8) -> io::Result<String> {
    let own = socket.local_addr()?;
    Ok(format!(
        "{method} sip:6000@{server} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bK{method}{place}\r\nMax-Forwards: 70\r\nFrom: <sip:139{place:08}@{own}>;tag=a{place}\r\nTo: {{to}}\r\nCall-ID: a{place}@agents\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
    ))
}

/// What the server sends to the callers.
async fn answers(socket: Arc<UdpSocket>, server: SocketAddr, field: Shared) {
    let mut buffer = vec![0; 8192];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let message = &buffer[..length];
        if !message.starts_with(b"SIP/2.0 ") {
            if !message.starts_with(b"ACK ") {
                let own = socket.local_addr().map(|own| own.to_string()).unwrap_or_default();
                let _ = socket.send_to(reply(message, "200 OK", &own, "").as_bytes(), from).await;
            }
            continue;
        }
        let status: u16 = std::str::from_utf8(&message[8..11]).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        let place = header(message, b"Call-ID")
            .and_then(|id| std::str::from_utf8(id).ok()?.strip_prefix('a')?.split('@').next()?.parse::<usize>().ok());
        let (Some(place), Some(sequence), Some(to)) = (place, header(message, b"CSeq"), header(message, b"To")) else { continue };
        if status < 200 || !sequence.ends_with(b"INVITE") {
            continue;
        }
        let to = String::from_utf8_lossy(to).into_owned();
        with(&field, |field| {
            if let Some(caller) = field.callers.get_mut(place) {
                if status < 300 { caller.to.clone_from(&to) } else { caller.refused = status }
            }
        });
        if let Ok(ack) = inside(server, &socket, place, "ACK", 1) {
            let ack = ack.replace("{to}", &to);
            // A refusal's ACK belongs to the INVITE's transaction.
            let ack = if status >= 300 { ack.replace("z9hG4bKACK", "z9hG4bKa") } else { ack };
            let _ = socket.send_to(ack.as_bytes(), server).await;
        }
    }
}
