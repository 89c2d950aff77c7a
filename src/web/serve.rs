//! The listener: HTTP and HTTPS with bounds on connections, heads, bodies and patience.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::viewer::Peer;

/// A request's head must be there within this time; a connection may rest as long between two requests.
const HEAD: Duration = Duration::from_secs(20);
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A peer that takes nothing for so long is closed.
const STUCK: Duration = Duration::from_secs(20);
/// Longest head, and most lines in it.
const HEAD_BYTES: usize = 32 * 1024;
const HEAD_LINES: usize = 64;

/// Connections that are open, in all and by address.
#[derive(Default)]
struct Open(Mutex<(usize, HashMap<IpAddr, usize>)>);

struct Place(Arc<Open>, IpAddr);

impl Open {
    fn take(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = open.1.get(&address).copied().unwrap_or(0);
        // One address never takes the room of all others.
        if open.0 >= most || of_one >= most.div_ceil(2) {
            return None;
        }
        open.0 += 1;
        *open.1.entry(address).or_default() += 1;
        Some(Place(Arc::clone(self), address))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 = open.0.saturating_sub(1);
        if let Some(of_one) = open.1.get_mut(&self.1) {
            *of_one -= 1;
            if *of_one == 0 {
                open.1.remove(&self.1);
            }
        }
    }
}

/// Serves `router` until it is dropped, with at most so many connections at once.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, most: usize, router: Router) {
    let open = Arc::new(Open::default());
    let mut connections = JoinSet::new();
    loop {
        // What has ended is taken out, so that the set holds open ones only.
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors: wait for some to come back instead of spinning.
                tracing::warn!("no connection accepted: {error}");
                sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Some(place) = open.take(peer.ip().to_canonical(), most) else {
            metrics::counter!("dinetone_refused_total", "reason" => "too_many_pages").increment(1);
            continue;
        };
        let (router, tls) = (router.clone(), tls.clone());
        connections.spawn(async move {
            let _place = place;
            let _ = stream.set_nodelay(true);
            match tls {
                None => connection(Patient::new(stream), router, Peer(peer)).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(Patient::new(stream))).await {
                        connection(stream, router, Peer(peer)).await;
                    }
                }
            }
        });
    }
}

async fn connection<S>(stream: S, router: Router, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        router.call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEAD_LINES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection of {} ended: {error}", peer.0.ip());
    }
}

/// A stream whose writes fail when the other side takes nothing for [`STUCK`].
struct Patient {
    stream: TcpStream,
    stuck: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    const fn new(stream: TcpStream) -> Self {
        Self { stream, stuck: None }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stuck = None;
            return polled;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + STUCK)));
        if stuck.as_mut().poll(context).is_ready() {
            self.stuck = None;
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
