//! Settings: one file, the environment wins, all faults at once; nothing later re-parses a setting.

mod plant;
mod queue;
pub mod read;
mod trunk;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::{Table, Value};

use crate::domain::{Finding, Money, NoticeTexts, ShopClock};
use crate::outward::{Network, Outward};
pub use crate::queue::QueueSettings as Queue;
use crate::sip::digest::Algorithm;
use crate::sip::outbound::Rules;
use crate::sip::sdp::Policy;
pub use plant::{Entry, Kind, Plant, Source, Written};
use read::Section;

/// A secret: prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for the one who needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub sip: Sip,
    pub trunks: Vec<Trunk>,
    pub accounts: Vec<PhoneAccount>,
    pub media: Media,
    pub store: StoreSettings,
    pub web: Web,
    pub shop: Shop,
    pub limits: Limits,
    /// `[outbound]`: which outside numbers may be called.
    pub outbound: Rules,
    pub printing: Printing,
    /// `[messages]`; nobody is told anything without.
    pub messages: Option<Messages>,
    pub log: Log,
    pub cluster: Cluster,
    /// `[dispatch]`: when what becomes whose alarm.
    pub dispatch: crate::order::life::Rules,
    /// `[acd]` and `[[queue]]`
    pub queues: crate::queue::Settings,
    /// The file names no queue: these are the usual ones.
    pub usual_queues: bool,
    /// Recordings, the operator's own prompts, the embedded store.
    pub data_dir: PathBuf,
}

/// `[messages]`: what customers are told, and how it reaches them.
#[derive(Debug, Clone)]
pub struct Messages {
    pub way: Way,
    pub texts: Texts,
}

/// How messages to customers leave.
#[derive(Debug, Clone)]
pub enum Way {
    /// A signed webhook to whoever sends them on.
    Webhook { url: String, secret: Secret },
    /// `[smpp]`: the operator's message centre.
    Smpp(Smpp),
}

/// `[smpp]`: a message centre, and who we are to it.
#[derive(Debug, Clone)]
pub struct Smpp {
    /// Host and port.
    pub address: String,
    pub system_id: String,
    pub password: Secret,
    pub system_type: String,
    /// What customers see as the sender: a number, or a name of at most eleven letters.
    pub source: String,
    /// Written before numbers at home, such as `86`; empty for none.
    pub country: String,
    /// The authorities that certify the centre: spoken by TLS.
    pub tls_ca: Option<PathBuf>,
    /// Parts that may be without an answer at one time.
    pub window: usize,
    /// A silent centre is asked for a sign of life so often.
    pub enquire: Duration,
}

/// What customers are told, by event.
#[derive(Debug, Clone)]
pub struct Texts {
    pub accepted: NoticeTexts,
    pub out: NoticeTexts,
    pub delivered: NoticeTexts,
}

/// `[printing]`
#[derive(Debug, Clone)]
pub struct Printing {
    /// A slip that did not come out within this is not printed without asking.
    pub stale_after: Duration,
}

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

/// One `[[trunk]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub targets: Vec<SocketAddr>,
    pub transport: String,
    pub register: Option<Register>,
    pub options_every: Option<Duration>,
    pub caller_from: CallerFrom,
    pub max_calls: Option<u32>,
    pub max_calls_per_second: Option<u32>,
}

/// Where a trunk puts the caller's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerFrom {
    /// P-Asserted-Identity, and From when that is missing.
    Identity,
    /// From.
    From,
}

/// How we register at a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    pub user: String,
    pub password: Secret,
    pub domain: String,
    pub expires: Duration,
    pub allow_md5: bool,
}

/// One `[[account]]`: a phone that may call with a password.
#[derive(Debug, Clone)]
pub struct PhoneAccount {
    pub user: String,
    pub password: Secret,
}

/// `[media]`
#[derive(Debug, Clone)]
pub struct Media {
    pub rtp_ports: RangeInclusive<u16>,
    /// Where all browsers send their sound; 0: a free port, another one at every start.
    pub browser_port: u16,
    /// A call without any sound from the caller ends after this time (hold exempt).
    pub no_audio_after: Duration,
    /// Whether sound is encrypted with keys in the description (SDES).
    pub srtp: Policy,
}

/// `[store]`
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `sqlite:PATH`, or `postgres://…`; it may hold a password.
    pub url: Secret,
}

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

/// `[shop]`
#[derive(Debug, Clone)]
pub struct Shop {
    pub clock: ShopClock,
    pub time_zone: String,
    /// 1 in phone and order numbers is 幺 (`yao`) or 一 (`yi`).
    pub digit_one_yao: bool,
}

/// `[limits]`
#[derive(Debug, Clone)]
pub struct Limits {
    pub max_calls: usize,
    pub longest_call: Duration,
    /// How long a call may go on after a request to stop.
    pub drain: Duration,
}

/// `[log]`
#[derive(Debug, Clone)]
pub struct Log {
    /// A tracing filter, such as `info` or `info,dinetone::sip=debug`.
    pub level: String,
    pub json: bool,
}

/// `[cluster]`: this program among others on the same store.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// This node's name, in call ids and records.
    pub node: String,
    /// A node that gives no sign of life for so long is dead, and what it left is put right by the others.
    pub lost_after: Duration,
    /// A NATS server by which nodes tell each other at once that something has happened.
    pub nats: Option<Nats>,
    /// SIP addresses of the other nodes: callers are sent to them, and taken from them.
    pub peers: Vec<SocketAddr>,
}

/// A NATS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nats {
    /// Host and port.
    pub address: String,
    /// User and password, or a token alone.
    pub credentials: Option<(Secret, Option<Secret>)>,
}

impl Nats {
    /// `host:port`, or `nats://user:password@host:port`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("nats://").unwrap_or(text);
        let (credentials, address) = rest.rsplit_once('@').map_or((None, rest), |(credentials, address)| (Some(credentials), address));
        let (host, port) = address.rsplit_once(':')?;
        let fits = !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0);
        let credentials = credentials.map(|text| match text.split_once(':') {
            Some((user, password)) => (Secret(user.to_owned()), Some(Secret(password.to_owned()))),
            None => (Secret(text.to_owned()), None),
        });
        fits.then(|| Self { address: address.to_owned(), credentials })
    }
}

/// What was wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list("the settings", .0))]
pub struct ConfigError(pub Vec<Finding>);

/// The findings as a table, with a first line that counts them.
#[must_use]
pub fn list(of: &str, findings: &[Finding]) -> String {
    use std::fmt::Write;
    let place = findings.iter().map(|f| f.place.chars().count()).max().unwrap_or(0);
    let mut text = format!("{} problem(s) in {of}", findings.len());
    for finding in findings {
        let _ = write!(text, "\n  {:place$}  {}; {}", finding.place, finding.found, finding.cure);
    }
    text
}

/// Prefix of environment names: `DINETONE__SIP__LISTEN` is `sip.listen`.
const PREFIX: &str = "DINETONE__";

impl Config {
    /// Reads the text of a settings file and lays the environment over it.
    ///
    /// # Errors
    /// All faults at once, each with key, finding and cure.
    pub fn read(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
            ConfigError(vec![Finding::new(format!("line {line}"), error.message().to_owned(), "mend the TOML")])
        })?;
        let mut findings = Vec::new();
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                overlay(&mut table, path, value, &mut findings);
            }
        }
        let config = Self::check(&table, &mut findings);
        if findings.is_empty() { Ok(config) } else { Err(ConfigError(findings)) }
    }

    /// Settings for tests: loopback, port 0, an embedded store in memory, short times.
    #[must_use]
    pub fn for_testing() -> Self {
        let text = r#"
            [sip]
            listen = ["127.0.0.1:0"]
            t1 = "100ms"
            [store]
            url = "sqlite::memory:"
            [web]
            listen = "127.0.0.1:0"
            [limits]
            drain = "1s"
        "#;
        Self::read(text, []).expect("the settings for tests are right")
    }

    fn check(table: &Table, findings: &mut Vec<Finding>) -> Self {
        const SECTIONS: [&str; 17] = [
            "acd", "queue", "sip", "trunk", "account", "media", "store", "web", "shop", "limits", "dispatch", "outbound", "printing",
            "messages", "smpp", "cluster", "log",
        ];
        for (key, value) in table {
            let is_list = matches!(key.as_str(), "trunk" | "account" | "queue");
            if key == "data" {
            } else if !SECTIONS.contains(&key.as_str()) {
                findings.push(Finding::new(key, "is not a section of these settings", format!("known: {}, data", SECTIONS.join(", "))));
            } else if is_list != value.is_array() {
                let cure = if is_list { format!("write [[{key}]]") } else { format!("write [{key}]") };
                findings.push(Finding::new(key, format!("is {}", value.type_str()), cure));
            }
        }
        let section = |name: &str| table.get(name).and_then(Value::as_table);
        let tables = |name: &str| {
            table.get(name).and_then(Value::as_array).map(|a| a.iter().filter_map(Value::as_table).collect::<Vec<_>>()).unwrap_or_default()
        };

        let mut data = Section::new("data", section("data"), findings);
        let data_dir = PathBuf::from(data.text("dir", "data"));
        data.finish();

        let sip = sip(Section::new("sip", section("sip"), findings));
        let trunks = tables("trunk")
            .into_iter()
            .enumerate()
            .map(|(n, t)| trunk::trunk(n, Section::new(format!("trunk[{n}]"), Some(t), findings)))
            .collect::<Vec<_>>();
        for (place, key, found, cure) in trunk::together(&trunks, sip.tls_ca.is_some()) {
            findings.push(Finding::new(format!("trunk[{place}].{key}"), found, cure));
        }
        let accounts = tables("account")
            .into_iter()
            .enumerate()
            .map(|(n, t)| account(Section::new(format!("account[{n}]"), Some(t), findings)))
            .collect();
        let mut queues = queue::acd(Section::new("acd", section("acd"), findings));
        queues.queues = tables("queue")
            .into_iter()
            .enumerate()
            .map(|(n, t)| queue::queue(n, Section::new(format!("queue[{n}]"), Some(t), findings)))
            .collect();
        for (place, key, found, cure) in queue::together(&queues) {
            findings.push(Finding::new(format!("queue[{place}].{key}"), found, cure));
        }
        let usual_queues = queues.queues.is_empty();
        if usual_queues {
            queues.queues = crate::queue::Settings::default().queues;
        }
        let media = media(Section::new("media", section("media"), findings));

        let mut store = Section::new("store", section("store"), findings);
        let default = format!("sqlite:{}", data_dir.join("dinetone.db").display());
        let url = store
            .parse(
                "url",
                |text| ["sqlite:", "postgres:", "postgresql:"].iter().any(|kind| text.starts_with(kind)).then(|| text.to_owned()),
                "write \"sqlite:PATH\" or \"postgres://user@host/database\"",
            )
            .unwrap_or(default);
        store.finish();

        let mut web = web(Section::new("web", section("web"), findings));
        web.recordings = data_dir.join("recordings");

        let mut shop = Section::new("shop", section("shop"), findings);
        let time_zone = shop.text("time_zone", "Asia/Shanghai");
        let clock = ShopClock::named(&time_zone).unwrap_or_else(|| {
            shop.fault("time_zone", format!("{time_zone:?} is no time zone"), "write an IANA name, such as \"Asia/Shanghai\"");
            ShopClock::named("UTC").expect("UTC is always there")
        });
        let digit_one_yao = shop
            .parse(
                "digit_one",
                |text| match text {
                    "yao" => Some(true),
                    "yi" => Some(false),
                    _ => None,
                },
                "write \"yao\" or \"yi\"",
            )
            .unwrap_or(true);
        shop.finish();

        let mut limits_section = Section::new("limits", section("limits"), findings);
        let limits = Limits {
            max_calls: usize::try_from(limits_section.number("max_calls", 4000, 1..=100_000)).unwrap_or(4000),
            longest_call: limits_section.duration("longest_call", Duration::from_secs(3600)),
            drain: limits_section.duration("drain", Duration::from_secs(30)),
        };
        limits_section.finish();

        let dispatch = dispatch(Section::new("dispatch", section("dispatch"), findings));
        let outbound = outbound(Section::new("outbound", section("outbound"), findings));

        let smpp = smpp(Section::new("smpp", section("smpp"), findings));
        let messages = messages(Section::new("messages", section("messages"), findings), smpp);
        let mut printing_section = Section::new("printing", section("printing"), findings);
        let printing = Printing { stale_after: printing_section.duration("stale_after", Duration::from_secs(600)) };
        printing_section.finish();

        let cluster = cluster(Section::new("cluster", section("cluster"), findings));

        let mut log_section = Section::new("log", section("log"), findings);
        let log = Log {
            level: log_section.text("level", "info"),
            json: log_section
                .parse(
                    "format",
                    |text| match text {
                        "json" => Some(true),
                        "text" => Some(false),
                        _ => None,
                    },
                    "write \"text\" or \"json\"",
                )
                .unwrap_or(false),
        };
        log_section.finish();

        Self {
            sip,
            trunks,
            accounts,
            media,
            store: StoreSettings { url: Secret(url) },
            web,
            shop: Shop { clock, time_zone, digit_one_yao },
            limits,
            dispatch,
            outbound,
            printing,
            messages,
            log,
            cluster,
            queues,
            usual_queues,
            data_dir,
        }
    }
}

fn web(mut s: Section<'_>) -> Web {
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

fn sip(mut s: Section<'_>) -> Sip {
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

fn account(mut s: Section<'_>) -> PhoneAccount {
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

fn dispatch(mut s: Section<'_>) -> crate::order::life::Rules {
    let usual = crate::order::life::Rules::default();
    let rules = crate::order::life::Rules {
        loud_after: s.duration("loud_after", usual.loud_after),
        task_after: s.duration("task_after", usual.task_after),
        telephone_after: s.duration("telephone_after", usual.telephone_after),
        telephone_silent_after: s.duration("telephone_silent_after", usual.telephone_silent_after),
        next_branch_after: s.duration("next_branch_after", usual.next_branch_after),
        address_after: s.duration("address_after", usual.address_after),
        undo: s.duration("undo", usual.undo),
        correct: s.duration("correct", usual.correct),
        nudge_again: s.duration("nudge_again", usual.nudge_again),
        large_portions: u32::try_from(s.number("large_portions", u64::from(usual.large_portions), 1..=100_000)).unwrap_or(u32::MAX),
        large: i64::try_from(s.number("large_yuan", u64::try_from(usual.large.as_fen() / 100).unwrap_or(0), 1..=10_000_000))
            .map_or(usual.large, Money::yuan),
    };
    let steps = [
        ("loud_after", rules.loud_after, "task_after", rules.task_after),
        ("task_after", rules.task_after, "telephone_after", rules.telephone_after),
        ("telephone_after", rules.telephone_after, "next_branch_after", rules.next_branch_after),
        ("telephone_silent_after", rules.telephone_silent_after, "telephone_after", rules.telephone_after),
    ];
    for (key, time, later, until) in steps {
        if time > until {
            s.fault(key, format!("is longer than dispatch.{later}"), "let the alarms grow: loud, task, telephone, next branch");
        }
    }
    if rules.loud_after < Duration::from_secs(5) {
        s.fault("loud_after", "is shorter than five seconds", "give people time to walk to the board, such as \"60s\"");
    }
    if rules.next_branch_after < Duration::from_secs(30) {
        s.fault("next_branch_after", "is shorter than half a minute", "the telephone is rung again as often: write \"5m\"");
    }
    s.finish();
    rules
}

fn outbound(mut s: Section<'_>) -> Rules {
    let usual = Rules::default();
    let digits = |text: &str, plus: bool| {
        let bare = if plus { text.strip_prefix('+').unwrap_or(text) } else { text };
        !bare.is_empty() && bare.len() <= 15 && bare.bytes().all(|byte| byte.is_ascii_digit())
    };
    let prefixes = s.list("prefixes").unwrap_or_default();
    for prefix in prefixes.iter().filter(|prefix| !digits(prefix, true)) {
        s.fault("prefixes", format!("{prefix:?} is no beginning of a number"), "write digits, such as \"1\" or \"+86\"");
    }
    let rules = Rules {
        on: s.flag("on", usual.on),
        prefixes,
        international: s.flag("international", usual.international),
        country: s
            .parse("country", |text| digits(text, false).then(|| text.to_owned()), "write your country's code, such as \"86\"")
            .unwrap_or(usual.country),
        longest: s.duration("longest", usual.longest),
        most: u32::try_from(s.number("calls", u64::from(usual.most), 0..=100_000)).unwrap_or(usual.most),
    };
    s.finish();
    rules
}

fn cluster(mut s: Section<'_>) -> Cluster {
    let named = |text: &str| {
        let fits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        fits.then(|| text.to_owned())
    };
    let cluster = Cluster {
        node: s.parse("node", named, "write 1 to 12 small letters and digits, such as \"b\"").unwrap_or_else(|| "a".into()),
        lost_after: s.duration("lost_after", Duration::from_secs(15)),
        nats: s.parse("nats", Nats::parse, "write host and port of a NATS server, such as \"127.0.0.1:4222\""),
        peers: s.addresses("peers", &[]),
    };
    if !(Duration::from_secs(2)..=Duration::from_secs(60)).contains(&cluster.lost_after) {
        s.fault("lost_after", "is not between 2 and 60 seconds", "write \"15s\": shorter, a pause of the network counts as a death");
    }
    s.finish();
    cluster
}

fn smpp(mut s: Section<'_>) -> Option<Smpp> {
    const ADDRESS: &str = "write host and port of the message centre, such as \"smsc.example:2775\"";
    let place = |text: &str| {
        let (host, port) = text.rsplit_once(':')?;
        let fits = !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok_and(|port| port > 0);
        fits.then(|| text.to_owned())
    };
    let short = |most: usize| move |text: &str| (text.len() <= most && text.is_ascii()).then(|| text.to_owned());
    let digits = |text: &str| (text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned());
    let sender = |text: &str| {
        let most = if text.bytes().all(|byte| byte.is_ascii_digit()) { 20 } else { 11 };
        (!text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' '))
            .then(|| text.to_owned())
    };
    let address = s.parse("address", place, ADDRESS);
    let system_id = s.parse("system_id", short(15), "write the name that the centre gave us, at most 15 letters").unwrap_or_default();
    let password = s.parse("password", short(8), "write the password that the centre gave us, at most 8 letters").unwrap_or_default();
    let smpp = Smpp {
        address: address.clone().unwrap_or_default(),
        system_type: s
            .parse("system_type", short(12), "write what the centre calls us, at most 12 letters, or leave it out")
            .unwrap_or_default(),
        source: s.parse("source", sender, "write the sender: up to 20 digits, or a name of up to 11 letters").unwrap_or_default(),
        country: s.parse("country", digits, "write the country's code without +, such as \"86\", or leave it out").unwrap_or_default(),
        tls_ca: s.optional_text("tls_ca").map(PathBuf::from),
        window: usize::try_from(s.number("window", 10, 1..=1000)).unwrap_or(10),
        enquire: s.duration("enquire", Duration::from_secs(30)),
        system_id,
        password: Secret(password),
    };
    if address.is_some() {
        for (key, value) in [("system_id", &smpp.system_id), ("source", &smpp.source)] {
            if value.is_empty() {
                s.fault(key, "is missing", "write what the centre's contract says");
            }
        }
    }
    if !(Duration::from_secs(1)..=Duration::from_secs(600)).contains(&smpp.enquire) {
        s.fault("enquire", "is not between 1 s and 10 minutes", "write \"30s\"");
    }
    s.finish();
    address.map(|_| smpp)
}

fn messages(mut s: Section<'_>, smpp: Option<Smpp>) -> Option<Messages> {
    let mut texts =
        |zh: &'static str, en: &'static str, usual: [&str; 2]| NoticeTexts { zh: s.text(zh, usual[0]), en: s.text(en, usual[1]) };
    let texts = Texts {
        accepted: texts(
            "accepted_zh",
            "accepted_en",
            ["您尾号{tail}的订单，{branch}已接单，预计{time}送达。", "{branch} has accepted your order {tail}, expected at {time}."],
        ),
        out: texts(
            "out_zh",
            "out_en",
            ["您尾号{tail}的订单已出发，预计{time}送达。", "Your order {tail} is on its way, expected at {time}."],
        ),
        delivered: texts(
            "delivered_zh",
            "delivered_en",
            ["您尾号{tail}的订单已送达，谢谢。", "Your order {tail} was delivered. Thank you."],
        ),
    };
    let url = s.optional_text("url").filter(|url| !url.is_empty());
    let secret = s.optional_text("secret").filter(|secret| !secret.is_empty());
    if let Some(url) = &url
        && !url.starts_with("https://")
        && !url.starts_with("http://")
    {
        s.fault("url", format!("{url:?} is no address"), "write where messages are taken, such as \"https://sms.example/send\"");
    }
    if url.is_some() && secret.as_ref().is_none_or(|secret| secret.len() < 16) {
        s.fault("secret", "is missing or shorter than 16 characters", "write the secret that the taker proves our messages by");
    }
    if url.is_some() && smpp.is_some() {
        s.fault("url", "and smpp.address are both written", "leave one of them out: a customer is told once");
    }
    s.finish();
    let way = match smpp {
        Some(smpp) => Way::Smpp(smpp),
        None => Way::Webhook { url: url?, secret: Secret(secret?) },
    };
    Some(Messages { way, texts })
}

fn media(mut s: Section<'_>) -> Media {
    const PORTS: &str = "write FROM-TO between 1024 and 65535 with room for two ports a call, such as \"20000-29999\"";
    let range = |text: &str| {
        let (from, to) = text.split_once('-')?;
        let (from, to): (u16, u16) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from >= 1024 && to > from).then_some(from..=to)
    };
    let media = Media {
        rtp_ports: s.parse("rtp_ports", range, PORTS).unwrap_or(20_000..=29_999),
        browser_port: s.number("browser_port", 0, 0..=65_535) as u16,
        no_audio_after: s.duration("no_audio_after", Duration::from_secs(60)),
        srtp: s
            .parse(
                "srtp",
                |text| match text {
                    "off" => Some(Policy::Off),
                    "offered" => Some(Policy::Offered),
                    "required" => Some(Policy::Required),
                    _ => None,
                },
                "write \"off\", \"offered\" or \"required\"",
            )
            .unwrap_or_default(),
    };
    // One thread carries all sound, so that any two parties can hear each other.
    s.number("threads", 0, 0..=1);
    if media.rtp_ports.contains(&media.browser_port) {
        s.fault("browser_port", "lies among rtp_ports", "write a port of its own, such as 3478, or 0 for a free one");
    }
    s.finish();
    media
}

/// Puts one environment value at its place: `SIP__LISTEN`, `TRUNK__0__PASSWORD`.
fn overlay(table: &mut Table, path: &str, value: String, findings: &mut Vec<Finding>) {
    let keys: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
    let bad = |findings: &mut Vec<Finding>| {
        findings.push(Finding::new(format!("{PREFIX}{path}"), "does not name a setting", "write DINETONE__SECTION__KEY"))
    };
    let mut keys = keys.iter();
    let (Some(section), Some(second)) = (keys.next(), keys.next()) else { return bad(findings) };
    let target = if let Ok(place) = second.parse::<usize>() {
        let list = table.entry(section.clone()).or_insert_with(|| Value::Array(Vec::new()));
        let Some(list) = list.as_array_mut().filter(|list| place <= list.len()) else { return bad(findings) };
        if place == list.len() {
            list.push(Value::Table(Table::new()));
        }
        (list[place].as_table_mut(), keys.next())
    } else {
        (table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new())).as_table_mut(), Some(second))
    };
    match (target, keys.next()) {
        ((Some(target), Some(key)), None) => {
            target.insert(key.clone(), Value::String(value));
        }
        _ => bad(findings),
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_defaults_are_a_working_server() {
        let config = Config::read("", []).expect("empty settings are right");
        assert_eq!(config.sip.listen[0].port(), 5060);
        assert!(config.store.url.reveal().starts_with("sqlite:"));
    }

    #[test]
    fn the_example_shows_the_defaults() {
        let example = Config::read(include_str!("../../config.example.toml"), []).expect("the example is right");
        let example = Config { usual_queues: true, ..example };
        let defaults = Config::read("", []).expect("empty settings are right");
        assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn c87_every_fault_of_a_message_centre_is_named() {
        let text = "[smpp]\naddress = \"smsc\"\npassword = \"longer than eight\"\nsource = \"a name that is long\"\nenquire = \"1ms\"";
        let faults = Config::read(text, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["smpp.address", "smpp.password", "smpp.source", "smpp.enquire"]);
        let both = "[smpp]\naddress = \"smsc:2775\"\n[messages]\nurl = \"https://x.example\"\nsecret = \"sixteen letters!\"";
        let faults = Config::read(both, []).unwrap_err().0;
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["smpp.system_id", "smpp.source", "messages.url"]);
    }

    #[test]
    fn the_environment_wins_and_knows_only_text() {
        let env = [
            ("DINETONE__SIP__LISTEN", "127.0.0.1:5070,[::1]:5070"),
            ("DINETONE__MEDIA__RTP_PORTS", "30000-30099"),
            ("DINETONE__LIMITS__MAX_CALLS", "7"),
            ("DINETONE__TRUNK__0__ADDRESSES", "203.0.113.5"),
            ("DINETONE__TRUNK__0__MAX_CALLS", "3"),
            ("HOME", "elsewhere"),
        ];
        let config = Config::read("[sip]\nlisten = [\"0.0.0.0:5060\"]", env.map(|(k, v)| (k.to_owned(), v.to_owned()))).expect("right");
        assert_eq!(config.sip.listen.len(), 2);
        assert_eq!(config.media.rtp_ports, 30_000..=30_099);
        assert_eq!(config.limits.max_calls, 7);
        assert_eq!(config.trunks[0].max_calls, Some(3));
    }

    #[test]
    fn all_faults_are_shown_at_once_with_place_finding_and_cure() {
        let text = "[sip]\nlisten = [\"0.0.0.0:506O\"]\nlisen = 3\n[media]\nrtp_ports = \"20000-19000\"\n[store]\nurl = \"mysql://x\"\n[[trunk]]\nname = \"a\"\n[kitchen]\n";
        let error = Config::read(text, []).expect_err("five faults");
        let shown = error.to_string();
        assert_eq!(error.0.len(), 6, "{shown}");
        for part in
            ["sip.listen", "0.0.0.0:506O", "did you mean \"listen\"?", "media.rtp_ports", "store.url", "trunk[0].addresses", "kitchen"]
        {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn calls_out_are_off_and_nonsense_in_their_rules_is_found() {
        let config = Config::read("", []).expect("right");
        assert!(!config.outbound.on && !config.outbound.international);
        let text = "[outbound]\non = true\nprefixes = [\"1\", \"+86\"]\nlongest = \"10m\"\ncalls = 2\n[media]\nsrtp = \"offered\"\n";
        let config = Config::read(text, []).expect("right");
        assert_eq!((config.outbound.prefixes.len(), config.outbound.most, config.outbound.longest.as_secs()), (2, 2, 600));
        assert_eq!(config.media.srtp, crate::sip::sdp::Policy::Offered);
        let error =
            Config::read("[outbound]\nprefixes = [\"x\"]\ncountry = \"China\"\n[media]\nsrtp = \"yes\"\n", []).expect_err("three faults");
        assert_eq!(error.0.len(), 3, "{error}");
    }

    #[test]
    fn a_node_has_a_short_name_and_others_have_patience_with_it() {
        let config =
            Config::read("[cluster]\nnode = \"east1\"\nlost_after = \"5s\"\nnats = \"nats://u:geheim@h:4222\"\n", []).expect("right");
        assert_eq!((config.cluster.node.as_str(), config.cluster.lost_after.as_secs()), ("east1", 5));
        assert!(!format!("{config:?}").contains("geheim"));
        assert_eq!(config.cluster.nats.map(|server| server.address).as_deref(), Some("h:4222"));
        for wrong in [
            "nats = \"h\"",
            "nats = \"tls://h:4222\"",
            "node = \"\"",
            "node = \"B\"",
            "node = \"a-b\"",
            "node = \"averylongname\"",
            "lost_after = \"1s\"",
            "lost_after = \"2m\"",
        ] {
            let error = Config::read(&format!("[cluster]\n{wrong}\n"), []).expect_err(wrong);
            assert_eq!(error.0.len(), 1, "{error}");
        }
    }

    #[test]
    fn the_alarms_of_an_order_grow() {
        let config = Config::read("[dispatch]\nloud_after = \"30s\"\ncorrect = \"1h\"\n", []).expect("right");
        assert_eq!(
            (config.dispatch.loud_after.as_secs(), config.dispatch.correct.as_secs(), config.dispatch.undo.as_secs()),
            (30, 3600, 10)
        );
        let error = Config::read("[dispatch]\nloud_after = \"3m\"\nnext_branch_after = \"20s\"\n", []).expect_err("three faults");
        let shown = error.to_string();
        assert_eq!(error.0.len(), 3, "{shown}");
        assert!(shown.contains("dispatch.loud_after") && shown.contains("is longer than dispatch.task_after"), "{shown}");
    }

    #[test]
    fn secrets_print_as_stars() {
        let config =
            Config::read("[[account]]\nuser = \"8001\"\npassword = \"correct horse\"\n[store]\nurl = \"postgres://u:geheim@h/d\"", [])
                .expect("right");
        let shown = format!("{config:?}");
        assert!(!shown.contains("correct horse") && !shown.contains("geheim"), "{shown}");
    }
}
