//! The headers of every answer, and one shape for every refusal.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Web;
use super::problem::Problem;

/// A request that takes longer is given up. Sockets and the sign-in's delay are not concerned: they answer or upgrade sooner.
const PATIENCE: Duration = Duration::from_secs(30);

/// What our pages may load: from here only, nothing inline, no frames, no plug-ins. Sound comes as `blob:`.
const POLICY: &str = "default-src 'self'; connect-src 'self'; media-src 'self' blob:; script-src 'self'; object-src 'none'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
/// The API's browser draws with inline styles and `data:` pictures.
const POLICY_OF_DOCS: &str = "default-src 'self'; connect-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// Runs the request and dresses its answer.
pub async fn dress(State(web): State<Web>, request: Request, next: Next) -> Response {
    let docs = request.uri().path().starts_with("/api/docs");
    let mut response = match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
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
