//! Opens the SIP sockets, and turns the settings into those of the SIP core.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket as StdUdpSocket};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::brain::local_towards;
use super::clock;
use crate::config::{CallerFrom, Config, Smpp, Trunk, Way};
use crate::domain::Finding;
use crate::sip::digest::{self, Credentials};
use crate::sip::event::{Account, SipSettings, Transport, TrunkRegistration, TrunkSettings};

/// Room for bursts that arrive while the brain is busy: about 4,000 INVITEs.
const RECEIVE_BUFFER: usize = 4 << 20;

/// All sockets that take SIP, and what is spoken towards others.
pub struct Sockets {
    pub udp: Vec<StdUdpSocket>,
    /// Each with its index among the sockets and whether it speaks TLS.
    pub tcp: Vec<(TcpListener, u16, bool)>,
    pub acceptor: Option<TlsAcceptor>,
    pub connector: Option<TlsConnector>,
    /// Towards the message centre.
    pub texts: Option<TlsConnector>,
}

impl Sockets {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// All sockets that could not be opened, each with its cure.
    pub async fn open(config: &Config) -> Result<Self, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut sockets = Self { udp: Vec::new(), tcp: Vec::new(), acceptor: None, connector: None, texts: None };
        for (place, address) in config.sip.listen.iter().enumerate() {
            let bound = match udp(*address) {
                Ok(socket) => {
                    let bound = socket.local_addr().unwrap_or(*address);
                    sockets.udp.push(socket);
                    bound
                }
                Err(error) => {
                    findings.push(taken("sip.listen", *address, "UDP", &error));
                    continue;
                }
            };
            match TcpListener::bind(bound).await {
                Ok(listener) => sockets.tcp.push((listener, u16::try_from(place).unwrap_or(0), false)),
                Err(error) => findings.push(taken("sip.listen", bound, "TCP", &error)),
            }
        }
        if let (Some(certificate), Some(key)) = (&config.sip.tls_cert, &config.sip.tls_key) {
            match acceptor("sip.tls_cert", certificate, "sip.tls_key", key) {
                Ok(acceptor) => sockets.acceptor = Some(acceptor),
                Err(finding) => findings.push(finding),
            }
            for address in &config.sip.tls_listen {
                match TcpListener::bind(address).await {
                    Ok(listener) => {
                        let place = u16::try_from(sockets.tcp.len()).unwrap_or(0);
                        sockets.tcp.push((listener, place, true));
                    }
                    Err(error) => findings.push(taken("sip.tls_listen", *address, "TLS", &error)),
                }
            }
        }
        if let Some(authorities) = &config.sip.tls_ca {
            match connector("sip.tls_ca", authorities) {
                Ok(connector) => sockets.connector = Some(connector),
                Err(finding) => findings.push(finding),
            }
        }
        if let Some(Way::Smpp(Smpp { tls_ca: Some(authorities), .. })) = config.messages.as_ref().map(|messages| &messages.way) {
            match connector("smpp.tls_ca", authorities) {
                Ok(connector) => sockets.texts = Some(connector),
                Err(finding) => findings.push(finding),
            }
        }
        if findings.is_empty() { Ok(sockets) } else { Err(findings) }
    }
}

fn udp(address: SocketAddr) -> io::Result<StdUdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // The kernel may grant less; that is said by nobody and costs only burst room.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = socket.set_send_buffer_size(RECEIVE_BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn taken(key: &str, address: SocketAddr, kind: &str, error: &io::Error) -> Finding {
    Finding::new(key, format!("{address} ({kind}) cannot be opened: {error}"), cure_of(error))
}

/// What to do about a listener that cannot be opened.
pub fn cure_of(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => "no network of this machine has this address: write one that it has, or 0.0.0.0 or [::] for all",
        io::ErrorKind::PermissionDenied => "ports below 1024 need the right CAP_NET_BIND_SERVICE: grant it, or write a higher port",
        _ => "stop what uses it, or write another address",
    }
}

fn unreadable(key: &str, path: &Path, what: &str) -> Finding {
    Finding::new(key, format!("{}: {what}", path.display()), "write the path of a readable PEM file")
}

fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Finding> {
    let pem = fs::read(path).map_err(|error| unreadable(key, path, &error.to_string()))?;
    let certificates =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(key, path, &error.to_string()))?;
    if certificates.is_empty() { Err(unreadable(key, path, "holds no certificate")) } else { Ok(certificates) }
}

/// TLS with this certificate and key; findings name the settings `certificate_at` and `key_at`.
///
/// # Errors
/// What is wrong with the files.
pub fn acceptor(certificate_at: &str, certificate: &Path, key_at: &str, key: &Path) -> Result<TlsAcceptor, Finding> {
    let chain = certificates(certificate_at, certificate)?;
    let pem = fs::read(key).map_err(|error| unreadable(key_at, key, &error.to_string()))?;
    let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unreadable(key_at, key, &error.to_string()))?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| unreadable(certificate_at, certificate, &error.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// TLS towards whoever is certified by these authorities; findings name the setting `at`.
fn connector(at: &str, authorities: &Path) -> Result<TlsConnector, Finding> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in certificates(at, authorities)? {
        roots.add(certificate).map_err(|error| unreadable(at, authorities, &error.to_string()))?;
    }
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unreadable(at, authorities, &error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Trunks as the SIP core wants them. `bound` are the UDP sockets as they were opened.
#[must_use]
pub fn trunk_settings(trunks: &[Trunk], bound: &[SocketAddr], advertise: Option<IpAddr>) -> Vec<TrunkSettings> {
    trunks
        .iter()
        .map(|trunk| {
            let target = trunk.targets.first().copied();
            let fits = |address: &SocketAddr| target.is_none_or(|target| target.is_ipv4() == address.is_ipv4());
            let place = bound.iter().position(fits).unwrap_or(0);
            let socket = bound.get(place).copied().unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5060)));
            TrunkSettings {
                name: trunk.name.clone(),
                addresses: trunk.addresses.clone(),
                targets: trunk.targets.clone(),
                transport: match trunk.transport.as_str() {
                    "tcp" => Transport::Tcp,
                    "tls" => Transport::Tls,
                    _ => Transport::Udp,
                },
                socket: u16::try_from(place).unwrap_or(0),
                local: target.map_or(socket, |target| local_towards(socket, target, advertise)),
                registration: trunk.register.as_ref().map(|register| TrunkRegistration {
                    aor: format!("sip:{}@{}", register.user, register.domain),
                    registrar: format!("sip:{}", register.domain),
                    credentials: Credentials { user: register.user.clone(), password: register.password.reveal().to_owned() },
                    expires: register.expires,
                    allow_md5: register.allow_md5,
                }),
                options_every: trunk.options_every,
                trust_identity: trunk.caller_from == CallerFrom::Identity,
                max_calls: trunk.max_calls,
                max_calls_per_second: trunk.max_calls_per_second,
            }
        })
        .collect()
}

/// The settings of the SIP core. `bound` are the UDP sockets as they were opened (port 0 is known by then).
#[must_use]
pub fn sip_settings(config: &Config, bound: &[SocketAddr], demo: bool, trace: bool) -> SipSettings {
    let trunks = trunk_settings(&config.trunks, bound, config.sip.advertise);
    let accounts = config
        .accounts
        .iter()
        .map(|account| Account {
            user: account.user.clone(),
            ha1_md5: digest::ha1(digest::Algorithm::Md5, &account.user, &config.sip.realm, account.password.reveal()),
            ha1_sha256: digest::ha1(digest::Algorithm::Sha256, &account.user, &config.sip.realm, account.password.reveal()),
        })
        .collect();
    SipSettings {
        realm: config.sip.realm.clone(),
        product: format!("Dinetone/{}", env!("CARGO_PKG_VERSION")),
        trunks,
        nodes: config.cluster.peers.clone(),
        accounts,
        sound: sound_addresses(bound, config.sip.advertise),
        outbound: config.outbound.clone(),
        demo,
        t1: config.sip.t1,
        t2: config.sip.t2,
        t4: config.sip.t4,
        session_expires: config.sip.session_expires,
        min_se: config.sip.min_se,
        source_rate: config.sip.source_rate,
        max_dialogs: config.limits.max_calls + config.limits.max_calls / 8 + 64,
        trace,
        nonce_key: clock::random(),
        digests: config.sip.digests.clone(),
    }
}

/// Where sound can be had: what we are reached by from outside on every socket, then from this machine.
fn sound_addresses(bound: &[SocketAddr], advertise: Option<IpAddr>) -> Vec<IpAddr> {
    const OUTSIDE: (Ipv4Addr, Ipv6Addr) = (Ipv4Addr::new(192, 0, 2, 1), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
    const INSIDE: (Ipv4Addr, Ipv6Addr) = (Ipv4Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
    let towards = |(four, six): (Ipv4Addr, Ipv6Addr)| {
        bound.iter().map(move |bound| {
            let peer = if bound.is_ipv4() { IpAddr::V4(four) } else { IpAddr::V6(six) };
            local_towards(*bound, SocketAddr::new(peer, 9), advertise).ip()
        })
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in towards(OUTSIDE).chain(towards(INSIDE)) {
        if !address.is_unspecified() && !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}
