//! The diner's telephone: one SIP socket for many calls, an RTP socket for each.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, UdpSocket};
use tokio::sync::{mpsc, oneshot, watch};

use super::call::{Call, CallPlan, Ended, Line, Order, Verdict};
use super::mouth::KeysBy;
use crate::machine::{Machine, Now};
use crate::media::order::Codec;
use crate::server::clock;
use crate::server::tasks::spawn;
use crate::sip::digest::Credentials;
use crate::sip::endpoint::Endpoint;
use crate::sip::event::{DialogId, EndCause, Flow, PlaceCall, SipCommand, SipEvent, SipInput, SipOutput, SipSettings, Transport};
use crate::sip::message::framer::{Framed, Framer};
use crate::sip::sdp;

/// Longest time from our hang-up to the end of the dialog.
const CLOSING: Duration = Duration::from_secs(10);
/// A program that ends waits so long for the system to take note of its last hang-up: time for two lost packets.
const SETTLE: Duration = Duration::from_secs(2);
/// Commands and events that may wait.
const QUEUE: usize = 1024;

/// How the telephone calls.
#[derive(Debug, Clone)]
pub struct PhoneSettings {
    /// Where the system listens.
    pub target: SocketAddr,
    pub tcp: bool,
    /// Our own address; chosen by the system when not said.
    pub bind: Option<IpAddr>,
    /// For a system that challenges.
    pub credentials: Option<Credentials>,
    /// Every SIP message is told to `trace`.
    pub trace: bool,
}

/// What a person does at the keyboard during a call.
#[derive(Debug)]
pub enum Typed {
    Keys(String),
    HangUp,
}

/// Whom a call is for and from.
#[derive(Debug, Clone)]
pub struct Whom {
    /// A SIP URI.
    pub to: String,
    /// The caller's number.
    pub from: String,
    /// More header lines, such as `P-Asserted-Identity: …`.
    pub headers: Vec<String>,
}

/// One telephone.
pub struct Phone {
    commands: mpsc::Sender<Command>,
    local: IpAddr,
    credentials: Option<Credentials>,
    /// Turns true when all calls shall hang up.
    stop: watch::Sender<bool>,
}

enum Command {
    Place {
        call: Placing,
        events: mpsc::Sender<SipEvent>,
        dialog: oneshot::Sender<DialogId>,
    },
    Sip(SipCommand),
    /// To be told when the system has taken note of the end of all calls.
    Settle(oneshot::Sender<()>),
}

/// What an INVITE says.
struct Placing {
    to: String,
    from: String,
    headers: Vec<String>,
    sdp: String,
    credentials: Option<Credentials>,
}

/// The socket towards the system.
enum Wire {
    Udp(UdpSocket),
    Tcp { write: OwnedWriteHalf },
}

impl Phone {
    /// Opens the socket. `trace` gets every SIP message when the settings ask for it.
    ///
    /// # Errors
    /// When no socket can be opened, or the system takes no TCP connection.
    pub async fn open(settings: PhoneSettings, trace: Option<mpsc::Sender<String>>) -> io::Result<Self> {
        let local = match settings.bind {
            Some(local) => local,
            None => local_towards(settings.target).await?,
        };
        let (wire, read, bound) = if settings.tcp {
            let socket = if settings.target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind(SocketAddr::new(local, 0))?;
            let stream = socket.connect(settings.target).await?;
            stream.set_nodelay(true)?;
            let bound = stream.local_addr()?;
            let (read, write) = stream.into_split();
            (Wire::Tcp { write }, Some(read), bound)
        } else {
            let socket = UdpSocket::bind(SocketAddr::new(local, 0)).await?;
            // Connected, so that we are told when nobody listens there.
            socket.connect(settings.target).await?;
            let bound = socket.local_addr()?;
            (Wire::Udp(socket), None, bound)
        };
        let flow = Flow {
            transport: if settings.tcp { Transport::Tcp } else { Transport::Udp },
            socket: 0,
            local: bound,
            peer: settings.target,
            connection: u64::from(settings.tcp),
        };
        let (commands, inbox) = mpsc::channel(QUEUE);
        let endpoint = Endpoint::new(sip_settings(settings.trace), clock::random_ids(), clock::now());
        let line = SipLine { endpoint, wire, flow, calls: HashMap::new(), trace, met: false, settling: Vec::new() };
        spawn("diner-sip", line.run(inbox, read));
        let credentials = settings.credentials;
        Ok(Self { commands, local, credentials, stop: watch::Sender::new(false) })
    }

    /// All calls hang up, and new ones end at once.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the system has taken note of the end of all calls, two seconds at most: a verdict is there as soon as somebody has hung
    /// up, and a program that ended then could leave a call behind that nobody is in.
    pub async fn settle(&self) {
        let (settled, told) = oneshot::channel();
        if self.commands.send(Command::Settle(settled)).await.is_ok() {
            let _ = tokio::time::timeout(SETTLE, told).await;
        }
    }

    /// Whether `stop` was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Places a call and stays with it to its end. `lines` gets the conversation while it runs; `typed` brings keys of a person.
    pub async fn call(
        &self,
        whom: Whom,
        plan: CallPlan,
        lines: Option<mpsc::Sender<Line>>,
        typed: Option<mpsc::Receiver<Typed>>,
    ) -> Verdict {
        let Whom { to, from, headers } = whom;
        let now = clock::now();
        let codecs = match plan.script.codec {
            Some(Codec::Pcmu) => &[sdp::Codec::U][..],
            Some(Codec::Pcma) => &[sdp::Codec::A][..],
            None => &sdp::Codec::PREFERENCE[..],
        };
        let seed = plan.seed;
        let by_tones = plan.script.keys.unwrap_or(plan.keys) == KeysBy::Tones;
        let mut call = Call::new(plan, now.instant);
        let socket = match UdpSocket::bind(SocketAddr::new(self.local, 0)).await {
            Ok(socket) => socket,
            Err(error) => {
                call.ended(now.instant, Ended::Lost(format!("no RTP socket: {error}")));
                return call.verdict();
            }
        };
        let port = socket.local_addr().map_or(0, |bound| bound.port());
        let local = sdp::Local { address: self.local, port, session_id: seed >> 2, version: 1, codecs };
        // Tones are listened for only where telephone-event was not negotiated.
        let offer = if by_tones { sdp::offer_without_events(&local) } else { sdp::offer(&local) };
        let (events, inbox) = mpsc::channel(64);
        let (dialog, placed) = oneshot::channel();
        let placing = Placing { to, from, headers, sdp: offer, credentials: self.credentials.clone() };
        let place = Command::Place { call: placing, events, dialog };
        if self.commands.send(place).await.is_err() {
            call.ended(now.instant, Ended::Lost("the telephone is closed".into()));
            return call.verdict();
        }
        let Ok(dialog) = placed.await else {
            call.ended(now.instant, Ended::Lost("the telephone is closed".into()));
            return call.verdict();
        };
        let leg = Leg {
            call,
            socket,
            dialog,
            commands: self.commands.clone(),
            codecs,
            local: self.local,
            port,
            session: seed >> 2,
            version: 1,
            remote: None,
            lines,
        };
        leg.run(inbox, typed, self.stop.subscribe()).await
    }
}

/// The address that the system sees us by.
async fn local_towards(target: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = if target.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(target).await?;
    Ok(socket.local_addr()?.ip())
}

/// A telephone has no trunks and no accounts; a whole load comes from one address.
fn sip_settings(trace: bool) -> SipSettings {
    SipSettings {
        realm: "diner".into(),
        product: concat!("dinetone-diner/", env!("CARGO_PKG_VERSION")).into(),
        source_rate: u32::MAX,
        max_dialogs: 100_000,
        trace,
        ..SipSettings::without_peers(clock::random())
    }
}

/// The task behind the SIP socket.
struct SipLine {
    endpoint: Endpoint,
    wire: Wire,
    flow: Flow,
    calls: HashMap<DialogId, mpsc::Sender<SipEvent>>,
    trace: Option<mpsc::Sender<String>>,
    /// Whether the system has ever sent anything.
    met: bool,
    settling: Vec<oneshot::Sender<()>>,
}

impl SipLine {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>, mut read: Option<OwnedReadHalf>) {
        let mut datagram = vec![0; 65_536];
        let mut framer = Framer::new();
        loop {
            self.drain().await;
            if self.endpoint.kept().0 == 0 || !self.met {
                self.settling.drain(..).for_each(|settled| settled.send(()).unwrap_or_default());
            }
            let wake = self.endpoint.next_deadline();
            let sleep = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                received = receive(&self.wire, read.as_mut(), &mut datagram) => match received {
                    Ok(length) if read.is_some() => {
                        self.met = true;
                        framer.push(&datagram[..length]);
                        while let Some(Framed::Message(bytes)) = framer.poll() {
                            self.endpoint.handle(clock::now(), SipInput::Received { flow: self.flow, bytes });
                        }
                    }
                    Ok(length) => {
                        self.met = true;
                        let bytes = datagram[..length].to_vec();
                        self.endpoint.handle(clock::now(), SipInput::Received { flow: self.flow, bytes });
                    }
                    Err(_) if read.is_some() => {
                        self.endpoint.handle(clock::now(), SipInput::FlowClosed { flow: self.flow });
                        self.drain().await;
                        return;
                    }
                    // Nobody listens there. Once the system was met it may be starting again: the timers decide then.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && !self.met => {
                        for (dialog, call) in self.calls.drain() {
                            let _ = call.try_send(SipEvent::Ended { dialog, cause: EndCause::Transport });
                        }
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                },
                command = inbox.recv() => match command {
                    Some(command) => self.command(clock::now(), command),
                    None => return,
                },
                () = sleep => self.endpoint.handle_timeout(clock::now()),
            }
        }
    }

    fn command(&mut self, now: Now, command: Command) {
        match command {
            Command::Place { call, events, dialog } => {
                let id = self.endpoint.new_dialog_id();
                self.calls.insert(id, events);
                if dialog.send(id).is_err() {
                    self.calls.remove(&id);
                    return;
                }
                let Placing { to, from, headers, sdp, credentials } = call;
                let place = PlaceCall { dialog: id, flow: self.flow, to, from_user: from, headers, sdp: Some(sdp), credentials };
                self.endpoint.handle(now, SipInput::Command(SipCommand::Place(Box::new(place))));
            }
            Command::Sip(command) => self.endpoint.handle(now, SipInput::Command(command)),
            Command::Settle(settled) => self.settling.push(settled),
        }
    }

    async fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                SipOutput::Transmit { bytes, .. } => match &mut self.wire {
                    // A datagram that is not sent is a lost one: the transaction sends it again.
                    Wire::Udp(socket) => drop(socket.send(&bytes).await),
                    Wire::Tcp { write } => {
                        if write.write_all(&bytes).await.is_err() {
                            self.endpoint.handle(clock::now(), SipInput::FlowClosed { flow: self.flow });
                        }
                    }
                },
                SipOutput::Event(event) => self.event(event),
                SipOutput::Trace { sent, bytes, .. } => {
                    if let Some(trace) = &self.trace {
                        let arrow = if sent { "→" } else { "←" };
                        // Tracing never holds up a call.
                        let _ = trace.try_send(format!("{arrow} {}", String::from_utf8_lossy(&bytes)));
                    }
                }
                SipOutput::Refused { .. } => {}
            }
        }
    }

    fn event(&mut self, event: SipEvent) {
        let dialog = match &event {
            SipEvent::Ended { dialog, .. }
            | SipEvent::Progress { dialog, .. }
            | SipEvent::Answered { dialog, .. }
            | SipEvent::Reinvited { dialog, .. }
            | SipEvent::Referred { dialog, .. }
            | SipEvent::Reoffer { dialog, .. }
            | SipEvent::Info { dialog, .. }
            | SipEvent::Acknowledged { dialog, .. } => *dialog,
            SipEvent::Invited(invited) => {
                let reject = SipCommand::Reject { dialog: invited.dialog, status: 486, retry_after: None };
                self.endpoint.handle(clock::now(), SipInput::Command(reject));
                return;
            }
            SipEvent::Trunk { .. } | SipEvent::Registered { .. } => return,
        };
        let over = matches!(event, SipEvent::Ended { .. });
        if let Some(call) = self.calls.get(&dialog) {
            // 64 events wait at most; a call that takes none of them has ended.
            let _ = call.try_send(event);
        }
        if over {
            self.calls.remove(&dialog);
        }
    }
}

async fn receive(wire: &Wire, read: Option<&mut OwnedReadHalf>, into: &mut [u8]) -> io::Result<usize> {
    match (wire, read) {
        (Wire::Udp(socket), _) => socket.recv(into).await,
        (Wire::Tcp { .. }, Some(read)) => match read.read(into).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            length => Ok(length),
        },
        (Wire::Tcp { .. }, None) => std::future::pending().await,
    }
}

/// One call's task.
struct Leg {
    call: Call,
    socket: UdpSocket,
    dialog: DialogId,
    commands: mpsc::Sender<Command>,
    codecs: &'static [sdp::Codec],
    local: IpAddr,
    port: u16,
    session: u64,
    version: u64,
    remote: Option<SocketAddr>,
    lines: Option<mpsc::Sender<Line>>,
}

impl Leg {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<SipEvent>,
        mut typed: Option<mpsc::Receiver<Typed>>,
        mut stop: watch::Receiver<bool>,
    ) -> Verdict {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let mut datagram = [0; 2048];
        let mut closing: Option<tokio::time::Instant> = None;
        let mut stopping = *stop.borrow();
        if stopping {
            self.call.hang_up(clock::now().instant);
        }
        loop {
            if self.drain().await && closing.is_none() {
                closing = Some(tokio::time::Instant::from_std(clock::now().instant) + CLOSING);
            }
            if self.call.is_over() {
                return self.call.verdict();
            }
            tokio::select! {
                event = events.recv() => match event {
                    Some(event) => self.event(event).await,
                    None => self.call.ended(clock::now().instant, Ended::Lost("the telephone is closed".into())),
                },
                Ok((length, _)) = self.socket.recv_from(&mut datagram) => self.call.packet(clock::now().instant, &datagram[..length]),
                at = ticks.tick() => {
                    self.call.tick(at.into_std());
                    if closing.is_some_and(|late| late < at) {
                        self.call.ended(at.into_std(), Ended::Lost("no answer to BYE".into()));
                    }
                }
                keys = next_typed(&mut typed) => match keys {
                    Some(Typed::Keys(keys)) => self.call.typed(clock::now().instant, &keys),
                    Some(Typed::HangUp) | None => {
                        typed = None;
                        self.call.hang_up(clock::now().instant);
                    }
                },
                Ok(()) = stop.changed(), if !stopping => {
                    stopping = true;
                    self.call.hang_up(clock::now().instant);
                }
            }
        }
    }

    /// Does what the call wants. True when it has hung up.
    async fn drain(&mut self) -> bool {
        let mut hung_up = false;
        while let Some(order) = self.call.poll() {
            match order {
                Order::Sound(bytes) => {
                    if let Some(remote) = self.remote {
                        let _ = self.socket.send_to(&bytes, remote).await;
                    }
                }
                Order::Info(body) => self.sip(SipCommand::Info { dialog: self.dialog, content_type: "application/dtmf-relay", body }).await,
                Order::HangUp => {
                    hung_up = true;
                    self.sip(SipCommand::HangUp { dialog: self.dialog, reason: None }).await;
                }
                Order::Print(line) => {
                    if let Some(lines) = &self.lines {
                        let _ = lines.send(line).await;
                    }
                }
            }
        }
        hung_up
    }

    async fn sip(&self, command: SipCommand) {
        let _ = self.commands.send(Command::Sip(command)).await;
    }

    async fn event(&mut self, event: SipEvent) {
        let now = clock::now().instant;
        match event {
            SipEvent::Answered { sdp, .. } => match sdp.map(|sdp| sdp::agree(self.codecs, &sdp)) {
                Some(Ok(agreed)) => {
                    self.remote = agreed.remote;
                    self.call.answered(now, codec_of(agreed.codec), agreed.event_type);
                }
                _ => {
                    self.sip(SipCommand::HangUp { dialog: self.dialog, reason: None }).await;
                    self.call.ended(now, Ended::Lost("the answer agrees on no codec of ours".into()));
                }
            },
            SipEvent::Reoffer { dialog, offer } => {
                self.version += 1;
                let local = sdp::Local {
                    address: self.local,
                    port: self.port,
                    session_id: self.session,
                    version: self.version,
                    codecs: self.codecs,
                };
                let answer = match offer {
                    None => Ok(sdp::offer(&local)),
                    Some(offer) => match sdp::answer(&offer, &local) {
                        Ok((text, agreed)) => {
                            self.remote = agreed.remote.filter(|_| agreed.send);
                            Ok(text)
                        }
                        Err(_) => Err(488),
                    },
                };
                self.sip(SipCommand::AnswerReoffer { dialog, answer }).await;
            }
            SipEvent::Ended { cause, .. } => self.call.ended(
                now,
                match cause {
                    EndCause::PeerBye => Ended::BySystem,
                    EndCause::Local | EndCause::Cancelled => Ended::ByDiner,
                    EndCause::Refused(status) => Ended::Refused(status),
                    EndCause::NoAck => Ended::Lost("no ACK".into()),
                    EndCause::SessionExpired => Ended::Lost("the session timer ran out".into()),
                    EndCause::Barred(why) => Ended::Lost(why.to_string()),
                    EndCause::TooLong => Ended::Lost("it lasted as long as one may".into()),
                    EndCause::Transport => Ended::Lost("nobody listens there, or the connection was closed".into()),
                },
            ),
            _ => {}
        }
    }
}

const fn codec_of(codec: sdp::Codec) -> Codec {
    match codec {
        sdp::Codec::A => Codec::Pcma,
        sdp::Codec::U => Codec::Pcmu,
    }
}

async fn next_typed(typed: &mut Option<mpsc::Receiver<Typed>>) -> Option<Typed> {
    match typed {
        Some(typed) => typed.recv().await,
        None => std::future::pending().await,
    }
}
