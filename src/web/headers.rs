//! The headers of every answer, and one shape for every refusal.

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::problem::Problem;
use super::viewer::Peer;

/// A request that takes longer is given up. Sockets and the sign-in's delay are not concerned: they answer or upgrade sooner.
const PATIENCE: Duration = Duration::from_secs(30);

/// What our pages may load: from here only, nothing inline, no frames, no plug-ins. Sound comes as `blob:`.
const POLICY: &str = "default-src 'self'; connect-src 'self'; media-src 'self' blob:; script-src 'self'; object-src 'none'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/// The API's browser draws with inline styles and `data:` pictures.
const POLICY_OF_DOCS: &str = "default-src 'self'; connect-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Runs the request and dresses its answer.
pub async fn dress(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    if let Some(visitor) = peer.and_then(|peer| behind(&web.settings.proxies, peer.0.ip().to_canonical(), request.headers())) {
        request.extensions_mut().insert(Peer((visitor, 0).into()));
    }
    let docs = request.uri().path().starts_with("/api/docs");
    let address = request.uri().path().to_owned();
    let mut response = match tokio::time::timeout(PATIENCE, unharmed(next.run(request))).await {
        Ok(Some(response)) => response,
        // A fault of ours costs this one answer, not the connection with all that waits on it.
        Ok(None) => {
            tracing::error!("a request to {address} broke a handler");
            Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Err(_) => Problem::new("too-late", "that took too long").into_response(),
    };
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
        if !told {
            let allow = response.headers().get(header::ALLOW).cloned();
            response = Problem::of_status(status).into_response();
            if let Some(allow) = allow {
                response.headers_mut().insert(header::ALLOW, allow);
            }
        }
    }
    dress_headers(response.headers_mut(), docs, web.secure);
    response
}

/// What comes of the work; nothing when it panics.
async fn unharmed<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// Where a visitor comes from, by the word of a proxy that we trust: the last address on its list that is no such proxy, since
/// whatever stands before it the visitor may have written.
fn behind(trusted: &[IpAddr], peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    if !trusted.contains(&peer) {
        return None;
    }
    let told: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(',')).collect();
    let mut told = told.into_iter().rev().map_while(|text| text.trim().parse::<IpAddr>().ok()).map(|ip| ip.to_canonical());
    told.find(|ip| !trusted.contains(ip))
}

fn dress_headers(headers: &mut HeaderMap, docs: bool, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, if docs { POLICY_OF_DOCS } else { POLICY });
    set(
        HeaderName::from_static("permissions-policy"),
        "microphone=(self), camera=(), geolocation=(), payment=(), usb=(), display-capture=()",
    );
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fault_of_a_handler_is_an_answer() {
        assert_eq!(unharmed(async { 1 }).await, Some(1));
        assert_eq!(unharmed(async { Vec::<u8>::new()[0] }).await, None);
    }

    #[test]
    fn only_a_trusted_proxy_tells_where_a_visitor_comes_from() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let trusted = [ip("127.0.0.1"), ip("10.0.0.5")];
        let told = |peer: &str, line: &'static str| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(line))]);
            behind(&trusted, ip(peer), &headers)
        };
        assert_eq!(told("127.0.0.1", "203.0.113.9"), Some(ip("203.0.113.9")));
        assert_eq!(told("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.5"), Some(ip("203.0.113.9")), "what the visitor wrote does not count");
        assert_eq!(told("203.0.113.9", "127.0.0.1"), None, "a stranger is not believed");
        assert_eq!(told("127.0.0.1", "nonsense"), None);
        assert_eq!(behind(&trusted, ip("127.0.0.1"), &HeaderMap::new()), None);
    }
}
