//! The console's pages, carried inside the program.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Web;
use super::problem::Problem;

/// What `npm run build` made; empty when the program was built with `DINETONE_SKIP_CONSOLE=1`.
#[derive(RustEmbed)]
#[folder = "console/dist/"]
struct Console;

/// Addresses of pages, and their files.
const PAGES: &[(&str, &str)] = &[
    ("", "index.html"),
    ("agent", "agent.html"),
    ("floor", "floor.html"),
    ("wall", "wall.html"),
    ("phone", "phone.html"),
    ("branch", "branch.html"),
    ("dispatch", "dispatch.html"),
    ("reports", "reports.html"),
    ("tickets", "tickets.html"),
    ("campaigns", "campaigns.html"),
    ("admin", "admin.html"),
];

const FRONT: &str = "Dinetone is running. This program was built without its console (DINETONE_SKIP_CONSOLE=1).\n\n\
    /healthz  the process lives\n/readyz   calls are taken: store, media and SIP are there\n/metrics  numbers for Prometheus\n\
    /api/docs/  the API\n";

/// Whatever no route of the API serves: a page, one of its files, or nothing.
pub async fn serve(State(web): State<Web>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    let page = PAGES.iter().find(|(address, _)| *address == path).map(|(_, file)| *file);
    // The address of a rider's page ends with its secret.
    let page = page.or_else(|| path.strip_prefix("r/").filter(|secret| !secret.contains('/')).map(|_| "rider.html"));
    // Without the demonstration there is no diner's phone, not even its page.
    let closed = !web.demo && matches!(path, "phone" | "phone.html");
    let name = page.unwrap_or(path);
    match Console::get(name).filter(|_| !closed) {
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response()
        }
        Some(file) => deliver(name, &file, request.headers()),
        None if path.is_empty() => FRONT.into_response(),
        None => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
    }
}

fn deliver(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag: String = file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    // Names of assets hold a fingerprint of their content: they never change.
    let kept = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(&tag));
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { content(name, file, asked) };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let zips = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("gzip"));
    let zipped = if zips { Console::get(&format!("{name}.gz")) } else { None };
    let encoding = zipped.is_some();
    let bytes = zipped.map_or_else(|| file.data.clone(), |zipped| zipped.data);
    let mut response = ([(header::CONTENT_TYPE, kind(name))], bytes.into_owned()).into_response();
    if encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

/// Media type by the end of the name.
pub(super) fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
