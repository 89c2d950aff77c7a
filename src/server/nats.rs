//! News between nodes by NATS: "the journal has grown". Only a hint, which may be lost: every node also looks by itself.
//!
//! The few verbs of the protocol that this needs are spoken here: INFO, CONNECT, SUB, PUB, MSG, PING, PONG.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, interval, timeout};

use super::tasks;
use crate::config::Nats;

/// What the nodes of one store talk about.
const SUBJECT: &str = "dinetone.journal";
/// To connect, and for the server's first words.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to connect, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The server is asked for a sign of life so often, and must have given one within the other.
const ASK: Duration = Duration::from_secs(10);
const SILENT: Duration = Duration::from_secs(25);

/// The two ends of the news, for whoever follows the journal.
#[derive(Debug, Clone, Default)]
pub struct Wire {
    /// Ring it when something was written here.
    pub tell: Arc<Notify>,
    /// Rings when something was written at another node.
    pub heard: Arc<Notify>,
}

/// Connects, now or as soon as the server is there, and stays so. Without a server nothing is told and nothing heard.
#[must_use]
pub fn start(server: Option<&Nats>, node: &str) -> Wire {
    let wire = Wire::default();
    if let Some(server) = server {
        tasks::spawn("nats", run(server.clone(), node.to_owned(), wire.clone()));
    }
    wire
}

async fn run(server: Nats, node: String, wire: Wire) {
    let (mut pause, mut warned) = (Duration::from_millis(500), false);
    loop {
        metrics::gauge!("dinetone_news_up").set(0.0);
        let begun = Instant::now();
        let error = talk(&server, &node, &wire).await.map_or_else(|error| error, |()| io::Error::other("it hung up"));
        if begun.elapsed() > LONGEST_PAUSE {
            (pause, warned) = (Duration::from_millis(500), false);
        }
        if !std::mem::replace(&mut warned, true) {
            tracing::warn!("news between nodes: NATS at {}: {error}; nodes look into the store by themselves meanwhile", server.address);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// One connection, to its end.
async fn talk(server: &Nats, node: &str, wire: &Wire) -> io::Result<()> {
    let mut stream = timeout(PATIENCE, TcpStream::connect(&server.address)).await??;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    let info = timeout(PATIENCE, lines.next_line()).await??.unwrap_or_default();
    let info: Value = info.strip_prefix("INFO ").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if info.is_null() {
        return Err(io::Error::other("this is no NATS server"));
    }
    if info["tls_required"] == true {
        return Err(io::Error::other("it wants TLS, which is not spoken here"));
    }
    let mut hello = json!({ "verbose": false, "pedantic": false, "echo": false, "name": format!("dinetone {node}"), "lang": "rust",
        "version": env!("CARGO_PKG_VERSION"), "protocol": 1 });
    match &server.credentials {
        Some((user, Some(password))) => {
            hello["user"] = user.reveal().into();
            hello["pass"] = password.reveal().into();
        }
        Some((token, None)) => hello["auth_token"] = token.reveal().into(),
        None => {}
    }
    writer.write_all(format!("CONNECT {hello}\r\nSUB {SUBJECT} 1\r\nPING\r\n").as_bytes()).await?;
    let (mut ask, mut heard_at, mut is_up) = (interval(ASK), Instant::now(), false);
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { return Ok(()) };
                heard_at = Instant::now();
                match line.split(' ').next().unwrap_or_default() {
                    "PING" => writer.write_all(b"PONG\r\n").await?,
                    "PONG" if !std::mem::replace(&mut is_up, true) => {
                        metrics::gauge!("dinetone_news_up").set(1.0);
                        tracing::info!("news between nodes: connected to NATS at {}", server.address);
                        // Whatever was written while nobody could tell of it.
                        wire.heard.notify_one();
                    }
                    "MSG" => {
                        metrics::counter!("dinetone_news_total", "way" => "heard").increment(1);
                        wire.heard.notify_one();
                    }
                    "-ERR" => return Err(io::Error::other(line)),
                    // What a message says, +OK, and news about the server.
                    _ => {}
                }
            }
            () = wire.tell.notified(), if is_up => {
                metrics::counter!("dinetone_news_total", "way" => "told").increment(1);
                writer.write_all(format!("PUB {SUBJECT} {}\r\n{node}\r\n", node.len()).as_bytes()).await?;
            }
            _ = ask.tick() => {
                if heard_at.elapsed() > SILENT {
                    return Err(io::Error::other("it is silent"));
                }
                writer.write_all(b"PING\r\n").await?;
            }
        }
    }
}
