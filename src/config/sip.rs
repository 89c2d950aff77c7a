//! `[sip]` and `[[account]]`: where telephones and trunks reach us, and who may register.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::Secret;
use super::read::Section;
use crate::sip::digest::Algorithm;

/// `[sip]`
#[derive(Debug, Clone)]
pub struct Sip {
    /// UDP sockets, and TCP listeners on the same addresses.
    pub listen: Vec<SocketAddr>,
    /// TLS listeners; needs certificate and key.
    pub tls_listen: Vec<SocketAddr>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Authorities that certify trunks reached by TLS.
    pub tls_ca: Option<PathBuf>,
    /// Our address as others see it, when it is not the one of the socket.
    pub advertise: Option<IpAddr>,
    pub realm: String,
    /// What phones may prove their password with, in the order of the challenges.
    pub digests: Vec<Algorithm>,
    pub session_expires: Duration,
    pub min_se: Duration,
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
    pub source_rate: u32,
}

/// One `[[account]]`: a phone that may call with a password.
#[derive(Debug, Clone)]
pub struct PhoneAccount {
    pub user: String,
    pub password: Secret,
}

/// Reads `[sip]`.
pub(super) fn sip(mut s: Section<'_>) -> Sip {
    let listen = s.addresses("listen", &["0.0.0.0:5060"]);
    if s.list("listen").is_some_and(|list| list.is_empty()) {
        s.fault("listen", "names no address", "write at least one, such as [\"0.0.0.0:5060\"]");
    }
    let tls_listen = s.addresses("tls_listen", &[]);
    let tls_cert = s.optional_text("tls_cert").map(PathBuf::from);
    let tls_key = s.optional_text("tls_key").map(PathBuf::from);
    if !tls_listen.is_empty() && (tls_cert.is_none() || tls_key.is_none()) {
        s.fault("tls_listen", "needs a certificate", "set sip.tls_cert and sip.tls_key to PEM files");
    }
    let session_expires = s.duration("session_expires", Duration::from_secs(1800));
    let min_se = s.duration("min_se", Duration::from_secs(90));
    if session_expires < min_se {
        s.fault("session_expires", "is shorter than sip.min_se", "make it at least as long");
    }
    let named = s.list("digest").unwrap_or_else(|| vec!["MD5".into(), "SHA-256".into()]);
    let digests: Vec<Algorithm> = named.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    if digests.is_empty() || digests.len() < named.len() {
        s.fault("digest", format!("{named:?}"), "write one or both of \"MD5\" and \"SHA-256\"");
    }
    let sip = Sip {
        listen,
        tls_listen,
        tls_cert,
        tls_key,
        tls_ca: s.optional_text("tls_ca").map(PathBuf::from),
        advertise: s.parse("advertise", |text| text.parse().ok(), "write the numeric address under which others reach this server"),
        realm: s.text("realm", "dinetone"),
        digests,
        session_expires,
        min_se,
        t1: s.duration("t1", Duration::from_millis(500)),
        t2: s.duration("t2", Duration::from_secs(4)),
        t4: s.duration("t4", Duration::from_secs(5)),
        source_rate: u32::try_from(s.number("source_rate", 200, 1..=1_000_000)).unwrap_or(200),
    };
    s.finish();
    sip
}

/// Reads one `[[account]]`.
pub(super) fn account(mut s: Section<'_>) -> PhoneAccount {
    let user = s.text("user", "");
    let password = s.text("password", "");
    if user.is_empty() {
        s.fault("user", "is missing", "write the name the phone registers with");
    }
    if password.len() < 8 {
        s.fault("password", "is shorter than 8 characters", "write a longer one: phones on the network are guessed at day and night");
    }
    s.finish();
    PhoneAccount { user, password: Secret(password) }
}
