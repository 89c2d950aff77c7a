//! `[web]`: where the pages are served, to whom, and whom webhooks may call.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::read::Section;
use crate::outward::{Network, Outward};

/// `[web]`
#[derive(Debug, Clone)]
pub struct Web {
    pub listen: SocketAddr,
    /// PEM files; with both of them the pages are served over HTTPS.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Pages of other origins that may use cookies and sockets, such as `https://hotline.example` behind a proxy.
    pub origins: Vec<String>,
    /// Proxies whose word on where a visitor comes from (`X-Forwarded-For`) is believed.
    pub proxies: Vec<IpAddr>,
    /// A session ends after this time without any use, and after the other in any case.
    pub session_idle: Duration,
    pub session_longest: Duration,
    /// Connections at once.
    pub max_connections: usize,
    /// Private networks that webhooks may call; the open world they may always.
    pub outward: Outward,
    /// The folder of recordings, for those who may listen.
    pub recordings: PathBuf,
}

/// Reads `[web]`; the folder of recordings is not said there.
pub(super) fn web(mut s: Section<'_>) -> Web {
    let listen = s.addresses("listen", &["127.0.0.1:8080"]).first().copied().unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
    let certificate = s.optional_text("certificate").map(PathBuf::from);
    let key = s.optional_text("key").map(PathBuf::from);
    match (&certificate, &key) {
        (Some(_), None) => s.fault("key", "is missing", "set web.key to the certificate's key, a PEM file"),
        (None, Some(_)) => s.fault("certificate", "is missing", "set web.certificate to a PEM file"),
        _ => {}
    }
    let origins = s.list("origins").unwrap_or_default();
    for origin in &origins {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '*', ' '])) {
            s.fault("origins", format!("{origin:?} is no origin"), "write scheme and host, such as \"https://hotline.example\"");
        }
    }
    let written = s.list("proxies").unwrap_or_default();
    let proxies: Vec<IpAddr> = written.iter().filter_map(|text| text.parse().ok()).collect();
    if proxies.len() < written.len() {
        s.fault("proxies", format!("{written:?}"), "write addresses, such as [\"127.0.0.1\"]");
    }
    let session_idle = s.duration("session_idle", Duration::from_secs(2 * 3600));
    let session_longest = s.duration("session_longest", Duration::from_secs(14 * 3600));
    if session_idle > session_longest {
        s.fault("session_idle", "is longer than web.session_longest", "make it at most as long");
    }
    let max_connections = usize::try_from(s.number("max_connections", 4096, 16..=100_000)).unwrap_or(4096);
    let mut outward = Outward::default();
    for text in s.list("hooks_to").unwrap_or_default() {
        match Network::parse(&text) {
            Some(network) => outward.allowed.push(network),
            None => s.fault("hooks_to", format!("{text:?} is no network"), "write an address, or a network such as \"10.1.0.0/16\""),
        }
    }
    s.finish();
    let recordings = PathBuf::new();
    Web { listen, certificate, key, origins, proxies, session_idle, session_longest, max_connections, outward, recordings }
}
