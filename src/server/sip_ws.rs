//! SIP over WebSocket (RFC 7118) at `/sip` of the web listener: for softphones in browsers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::streams::{Streams, WRITE};
use crate::sip::event::{Flow, SipInput, Transport};
use crate::web::Peer;

/// The longest message: more than any phone sends, and little enough to be kept for many.
const LONGEST: usize = 64 * 1024;
/// A page that has said nothing for so long is asked (ping), and closed after three times that.
const ASK_AFTER: Duration = Duration::from_secs(30);

/// What the route needs.
#[derive(Clone)]
struct Sip {
    streams: Arc<Streams>,
    local: SocketAddr,
    /// Pages of other hosts that may use it, as `Origin` names them.
    origins: Arc<[String]>,
}

/// The route. `local` is the web listener's address; the router must be served with the peers' addresses.
pub fn route(streams: Arc<Streams>, local: SocketAddr, origins: Arc<[String]>) -> Router {
    Router::new().route("/sip", get(open)).with_state(Sip { streams, local, origins })
}

async fn open(State(sip): State<Sip>, headers: HeaderMap, upgrade: WebSocketUpgrade, request: Request) -> Response {
    let told = request.extensions();
    let peer = told.get::<ConnectInfo<SocketAddr>>().map(|it| it.0).or_else(|| told.get::<Peer>().map(|it| it.0));
    let peer = peer.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 9)));
    let refused = |reason: &'static str, status: StatusCode, text: &'static str| {
        metrics::counter!("dinetone_refused_total", "reason" => reason).increment(1);
        (status, text).into_response()
    };
    if !is_ours(&headers, &sip.origins) {
        return refused("foreign_origin", StatusCode::FORBIDDEN, "this page is not ours\n");
    }
    let upgrade = upgrade.protocols(["sip"]);
    if upgrade.selected_protocol().is_none() {
        return refused("subprotocol", StatusCode::BAD_REQUEST, "ask for the subprotocol \"sip\" (RFC 7118)\n");
    }
    // A proxy on this machine stands for many phones.
    if !sip.streams.has_room(peer.ip(), peer.ip().is_loopback()) {
        return refused("too_many_connections", StatusCode::SERVICE_UNAVAILABLE, "too many connections\n");
    }
    let is_secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"));
    let transport = if is_secure { Transport::Wss } else { Transport::Ws };
    let flow = Flow { transport, socket: 0, local: sip.local, peer, connection: 0 };
    upgrade.max_message_size(LONGEST).max_frame_size(LONGEST).on_upgrade(move |socket| async move {
        let (flow, queue) = sip.streams.adopt(flow);
        carry(&sip.streams, socket, flow, queue).await;
        sip.streams.let_go(flow).await;
    })
}

/// One frame is one message. Whoever does not read what he is sent is closed: by the deadline of a write, or by his full queue.
async fn carry(streams: &Streams, mut socket: WebSocket, flow: Flow, mut queue: mpsc::Receiver<Vec<u8>>) {
    let mut silent = 0_u32;
    let mut heard = Instant::now();
    loop {
        let out = tokio::select! {
            received = socket.recv() => {
                (silent, heard) = (0, Instant::now());
                let bytes = match received {
                    Some(Ok(Message::Text(text))) => text.as_str().as_bytes().to_vec(),
                    Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                };
                if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                    // Keep-alive (RFC 5626 section 3.5.1).
                    if bytes.len() < 4 { continue }
                    Message::Text("\r\n".into())
                } else if streams.received(SipInput::Received { flow, bytes }).await {
                    continue;
                } else {
                    return;
                }
            }
            bytes = queue.recv() => match bytes {
                Some(bytes) => match String::from_utf8(bytes) {
                    Ok(text) => Message::Text(text.into()),
                    Err(other) => Message::Binary(other.into_bytes().into()),
                },
                // The brain gave up on a peer that does not read.
                None => return,
            },
            () = tokio::time::sleep_until(heard + ASK_AFTER * (silent + 1)) => {
                silent += 1;
                if silent > 3 {
                    return;
                }
                Message::Ping(axum::body::Bytes::new())
            }
        };
        match timeout(WRITE, socket.send(out)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// A page is ours when its host is the one that it asks; programs send no `Origin`.
fn is_ours(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut all = headers.get_all(ORIGIN).iter();
    let Some(origin) = all.next() else { return true };
    let (Ok(origin), None) = (origin.to_str(), all.next()) else { return false };
    if allowed.iter().any(|it| it.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let named = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    !host.is_empty() && named.is_some_and(|named| named.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c10_only_pages_of_this_host_may_open_a_sip_socket() {
        let ours = |origin: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().unwrap());
            headers.insert(HOST, host.parse().unwrap());
            is_ours(&headers, &["https://wall.example".to_owned()])
        };
        assert!(ours("http://127.0.0.1:8080", "127.0.0.1:8080") && ours("https://H.example", "h.example"));
        assert!(ours("https://wall.example", "127.0.0.1:8080"));
        assert!(!ours("http://evil.example", "127.0.0.1:8080") && !ours("null", "127.0.0.1:8080") && !ours("http://", ""));
        assert!(is_ours(&HeaderMap::new(), &[]), "a program");
    }
}
