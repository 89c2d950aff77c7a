//! SIP over TCP and TLS: one reader and one writer per connection, each with bounds and deadlines, so that a slow peer holds up nobody.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::tasks;
use crate::centre::Input;
use crate::config::Plant;
use crate::sip::event::{Flow, SipInput, Transport};
use crate::sip::message::{Framed, Framer};

/// Connections at once, and of one address: what comes beyond is closed at once. Trunks and this machine itself may open as many as
/// there are: some open one for each call.
const MOST: usize = 2000;
const MOST_OF_ONE: usize = 64;
/// Messages that wait for one peer to read; a peer that lets them pile up is closed.
const WRITE_QUEUE: usize = 256;
/// A begun message must be complete within this time; a silent connection ends after the other.
const PARTIAL: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(900);
const DIAL: Duration = Duration::from_secs(4);
pub(super) const WRITE: Duration = Duration::from_secs(5);

/// All stream connections.
pub struct Streams {
    next: AtomicU64,
    writers: DashMap<u64, mpsc::Sender<Vec<u8>>>,
    /// Connections that we dialled, to be used again.
    dialled: DashMap<(Transport, SocketAddr), u64>,
    by_address: DashMap<IpAddr, usize>,
    inbox: mpsc::Sender<Input>,
    connector: Option<TlsConnector>,
    plant: watch::Receiver<Arc<Plant>>,
}

impl Streams {
    /// None yet; what they receive goes into `inbox`. Whose address is a trunk's, says `plant`.
    #[must_use]
    pub fn new(inbox: mpsc::Sender<Input>, connector: Option<TlsConnector>, plant: watch::Receiver<Arc<Plant>>) -> Arc<Self> {
        Arc::new(Self {
            next: AtomicU64::new(1),
            writers: DashMap::new(),
            dialled: DashMap::new(),
            by_address: DashMap::new(),
            inbox,
            connector,
            plant,
        })
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.writers.len()
    }

    /// Accepts connections for ever.
    pub fn listen(self: &Arc<Self>, listener: TcpListener, socket: u16, tls: Option<TlsAcceptor>) {
        let streams = Arc::clone(self);
        tasks::spawn("sip-accept", async move {
            loop {
                let (stream, peer) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of descriptors: wait for some to come back instead of spinning.
                        tracing::warn!("no connection accepted: {error}");
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        continue;
                    }
                };
                if !streams.has_room(peer.ip(), streams.is_trunk(peer.ip())) {
                    metrics::counter!("dinetone_refused_total", "reason" => "too_many_connections").increment(1);
                    continue;
                }
                let streams = Arc::clone(&streams);
                let tls = tls.clone();
                tasks::spawn("sip-stream", async move {
                    let Ok(local) = stream.local_addr() else { return };
                    let _ = stream.set_nodelay(true);
                    match tls {
                        None => streams.run(stream, Flow { transport: Transport::Tcp, socket, local, peer, connection: 0 }).await,
                        Some(acceptor) => match tokio::time::timeout(PARTIAL, acceptor.accept(stream)).await {
                            Ok(Ok(stream)) => {
                                streams.run(stream, Flow { transport: Transport::Tls, socket, local, peer, connection: 0 }).await
                            }
                            _ => metrics::counter!("dinetone_refused_total", "reason" => "tls_handshake").increment(1),
                        },
                    }
                });
            }
        });
    }

    /// Sends on the flow's connection, dialling first when there is none.
    pub fn send(self: &Arc<Self>, flow: Flow, bytes: Vec<u8>) {
        let known = if flow.connection != 0 { Some(flow.connection) } else { self.dialled.get(&(flow.transport, flow.peer)).map(|id| *id) };
        if let Some(id) = known {
            let full = match self.writers.get(&id) {
                Some(writer) => match writer.try_send(bytes) {
                    Ok(()) => return,
                    Err(mpsc::error::TrySendError::Full(_)) => true,
                    Err(mpsc::error::TrySendError::Closed(_)) => false,
                },
                None => false,
            };
            if full {
                self.writers.remove(&id);
            }
            self.closed(flow);
            return;
        }
        if flow.transport.is_websocket() {
            // Only the page can open one.
            return self.closed(flow);
        }
        let streams = Arc::clone(self);
        tasks::spawn("sip-dial", async move {
            let Ok(Ok(stream)) = tokio::time::timeout(DIAL, TcpStream::connect(flow.peer)).await else { return streams.closed(flow) };
            let _ = stream.set_nodelay(true);
            match (flow.transport, &streams.connector) {
                (Transport::Tls, Some(connector)) => {
                    let name = rustls::pki_types::ServerName::IpAddress(flow.peer.ip().into());
                    match tokio::time::timeout(DIAL, connector.connect(name, stream)).await {
                        Ok(Ok(stream)) => streams.dialled(stream, flow, bytes).await,
                        _ => streams.closed(flow),
                    }
                }
                (Transport::Tls, None) => streams.closed(flow),
                _ => streams.dialled(stream, flow, bytes).await,
            }
        });
    }

    async fn dialled(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, flow: Flow, first: Vec<u8>) {
        let (flow, receiver) = self.adopt(flow);
        let id = flow.connection;
        if let Some(writer) = self.writers.get(&id) {
            let _ = writer.try_send(first);
        }
        self.dialled.insert((flow.transport, flow.peer), id);
        self.carry(stream, flow, receiver).await;
        self.dialled.remove_if(&(flow.transport, flow.peer), |_, known| *known == id);
    }

    async fn run(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, flow: Flow) {
        let (flow, receiver) = self.adopt(flow);
        self.carry(stream, flow, receiver).await;
    }

    fn is_trunk(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.plant.borrow().trunks.iter().any(|trunk| trunk.addresses.contains(&address))
    }

    /// Whether one more connection of this address is taken; `stands_for_many`: of a trunk, a balancer or a proxy.
    pub(super) fn has_room(&self, address: IpAddr, stands_for_many: bool) -> bool {
        self.writers.len() < MOST && (stands_for_many || self.by_address.get(&address).is_none_or(|count| *count < MOST_OF_ONE))
    }

    /// Takes in a connection that somebody else reads and writes: gives its flow and what is to be written.
    pub(super) fn adopt(&self, flow: Flow) -> (Flow, mpsc::Receiver<Vec<u8>>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(WRITE_QUEUE);
        self.writers.insert(id, sender);
        *self.by_address.entry(flow.peer.ip()).or_insert(0) += 1;
        (Flow { connection: id, ..flow }, receiver)
    }

    /// Hands a message of an adopted connection to the brain; `false` when there is none any more.
    pub(super) async fn received(&self, input: SipInput) -> bool {
        self.inbox.send(Input::Sip(input)).await.is_ok()
    }

    /// An adopted connection has ended.
    pub(super) async fn let_go(&self, flow: Flow) {
        self.writers.remove(&flow.connection);
        // Waits for its turn: a phone whose end is not told would be rung for ever.
        let _ = self.inbox.send(Input::Sip(SipInput::FlowClosed { flow })).await;
        if let Some(mut count) = self.by_address.get_mut(&flow.peer.ip()) {
            *count -= 1;
        }
        self.by_address.remove_if(&flow.peer.ip(), |_, count| *count == 0);
    }

    async fn carry(
        self: &Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        flow: Flow,
        mut queue: mpsc::Receiver<Vec<u8>>,
    ) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut sending = tasks::spawn("sip-write", async move {
            while let Some(bytes) = queue.recv().await {
                match tokio::time::timeout(WRITE, writer.write_all(&bytes)).await {
                    Ok(Ok(())) => {}
                    _ => break,
                }
            }
            let _ = writer.shutdown().await;
        });
        tokio::select! {
            () = self.read(&mut reader, flow) => {}
            // Whoever takes no answers is not listened to, either.
            _ = &mut sending => {}
        }
        // The writer ends with its queue.
        self.let_go(flow).await;
    }

    async fn read(&self, reader: &mut (impl AsyncRead + Unpin), flow: Flow) {
        let mut framer = Framer::new();
        let mut buffer = vec![0_u8; 8192];
        let mut begun: Option<tokio::time::Instant> = None;
        loop {
            let deadline = begun.map_or_else(|| tokio::time::Instant::now() + IDLE, |begun| begun + PARTIAL);
            let count = match tokio::time::timeout_at(deadline, reader.read(&mut buffer)).await {
                Ok(Ok(count)) if count > 0 => count,
                _ => return,
            };
            framer.push(&buffer[..count]);
            while let Some(framed) = framer.poll() {
                begun = None;
                match framed {
                    Framed::Message(bytes) => {
                        if self.inbox.send(Input::Sip(SipInput::Received { flow, bytes })).await.is_err() {
                            return;
                        }
                    }
                    Framed::Ping => {
                        if let Some(writer) = self.writers.get(&flow.connection) {
                            let _ = writer.try_send(b"\r\n".to_vec());
                        }
                    }
                    Framed::Broken(head) => {
                        if let Some(bytes) = head {
                            let _ = self.inbox.send(Input::Sip(SipInput::Received { flow, bytes })).await;
                            // The refusal goes out before the connection is closed.
                            tokio::time::sleep(Duration::from_millis(100)).await;
                        }
                        return;
                    }
                }
            }
            begun = framer.is_partial().then(|| begun.unwrap_or_else(tokio::time::Instant::now));
        }
    }

    fn closed(&self, flow: Flow) {
        if self.inbox.try_send(Input::Sip(SipInput::FlowClosed { flow })).is_err() {
            metrics::counter!("dinetone_replies_lost_total").increment(1);
        }
    }
}
