//! Asks the server that runs on this machine: its address and token lie in the data folder.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// What the running server answers to `GET path`; `None` when none runs here, or it does not know the thing.
///
/// # Errors
/// When it runs and refuses, or is another user's.
pub async fn ask(data: &Path, path: &str) -> Result<Option<Value>, String> {
    let place = data.join("running");
    let sign = match std::fs::read_to_string(&place) {
        Ok(sign) => sign,
        // A server may well run there: "none" would be a lie.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return Err(super::not_ours(&place, &error)),
        Err(_) => return Ok(None),
    };
    let mut lines = sign.lines();
    let (Some(address), Some(token)) = (lines.next().and_then(|text| text.parse::<SocketAddr>().ok()), lines.next()) else {
        return Ok(None);
    };
    let address = if address.ip().is_unspecified() { SocketAddr::from(([127, 0, 0, 1], address.port())) } else { address };
    // A sign left behind by a killed server leads nowhere, or to a stranger who does not know the token.
    let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(2), tokio::net::TcpStream::connect(address)).await else {
        return Ok(None);
    };
    let exchange = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        drop(crate::server::tasks::spawn("live-query", connection));
        let request = Request::get(path)
            .header(header::HOST, "localhost")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Empty::<Bytes>::new());
        let Ok(request) = request else { return Ok(None) };
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, hyper::Error>(Some((status, body)))
    };
    match tokio::time::timeout(Duration::from_secs(5), exchange).await {
        Ok(Ok(Some((StatusCode::OK, body)))) => {
            serde_json::from_slice(&body).map(Some).map_err(|error| format!("the running server answered something else: {error}"))
        }
        // Who does not know our token is another server, on the port of one that was killed.
        Ok(Ok(Some((StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED, _)) | None)) => Ok(None),
        Ok(Ok(Some((status, _)))) => Err(format!("the running server at {address} answered {status}")),
        Ok(Err(error)) => Err(format!("the running server at {address} did not answer: {error}")),
        Err(_) => Err(format!("the running server at {address} did not answer within 5 s")),
    }
}
