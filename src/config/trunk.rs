//! `[[trunk]]`: our lines to the telephone company.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use toml::{Table, Value};

use super::Secret;
use super::read::{Section, duration_text};

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

/// Letters of a name.
const LONGEST_NAME: usize = 40;

/// Reads one `[[trunk]]`.
pub(super) fn trunk(place: usize, mut s: Section<'_>) -> Trunk {
    let name = s.text("name", &format!("trunk-{}", place + 1));
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(|letter| letter.is_control() || letter == '/') {
        s.fault("name", format!("{name:?}"), "write a short name, such as \"telecom\"");
    }
    let addresses = s.ips("addresses");
    let targets = s.addresses("targets", &[]);
    if addresses.is_empty() && targets.is_empty() {
        s.fault("addresses", "is missing, and so is targets", "write the addresses that calls of this trunk come from");
    }
    let user = s.optional_text("user");
    let password = s.optional_text("password");
    let domain = s.optional_text("domain");
    let expires = s.duration("expires", Duration::from_secs(600));
    let allow_md5 = s.flag("allow_md5", true);
    let register = match (s.flag("register", false), user, password) {
        (false, ..) => None,
        (true, Some(user), Some(password)) => {
            let domain = domain.or_else(|| targets.first().map(|target| target.ip().to_string()));
            if domain.is_none() {
                s.fault("domain", "is missing", "write the provider's SIP domain, or give targets");
            }
            if targets.is_empty() {
                s.fault("targets", "is missing", "write where to register, such as [\"203.0.113.5:5060\"]");
            }
            Some(Register { user, password: Secret(password), domain: domain.unwrap_or_default(), expires, allow_md5 })
        }
        (true, ..) => {
            s.fault("register", "needs user and password", "add both, as the provider gave them");
            None
        }
    };
    let zero_is_none = |number: u64| u32::try_from(number).ok().filter(|number| *number > 0);
    let mut all = addresses;
    for target in &targets {
        if !all.contains(&target.ip()) {
            all.push(target.ip());
        }
    }
    let trunk = Trunk {
        name,
        addresses: all,
        targets,
        transport: s
            .parse("transport", |text| matches!(text, "udp" | "tcp" | "tls").then(|| text.to_owned()), "write \"udp\", \"tcp\" or \"tls\"")
            .unwrap_or_else(|| "udp".into()),
        register,
        options_every: Some(s.duration("options_every", Duration::from_secs(30))).filter(|every| !every.is_zero()),
        caller_from: s
            .parse(
                "caller_from",
                |text| match text {
                    "identity" => Some(CallerFrom::Identity),
                    "from" => Some(CallerFrom::From),
                    _ => None,
                },
                "write \"identity\" (P-Asserted-Identity, else From) or \"from\"",
            )
            .unwrap_or(CallerFrom::Identity),
        max_calls: zero_is_none(s.number("max_calls", 0, 0..=100_000)),
        max_calls_per_second: zero_is_none(s.number("max_calls_per_second", 0, 0..=100_000)),
    };
    s.finish();
    trunk
}

/// What no trunk can see by itself: names that are there twice, and authorities that nobody named.
pub(super) fn together(trunks: &[Trunk], trusts: bool) -> Vec<(usize, &'static str, String, &'static str)> {
    let mut faults = Vec::new();
    for (place, trunk) in trunks.iter().enumerate() {
        if trunks[..place].iter().any(|other| other.name == trunk.name) {
            faults.push((place, "name", format!("{:?} is there twice", trunk.name), "give each trunk its own name"));
        }
        if trunk.transport == "tls" && !trusts {
            let cure = "set sip.tls_ca to the provider's authority, a PEM file";
            faults.push((place, "transport", "is \"tls\", but nothing says whom to trust".to_owned(), cure));
        }
    }
    faults
}

/// The trunk in the words of the file, every key but the name and the password.
pub(super) fn words(trunk: &Trunk) -> Table {
    let texts = |list: Vec<String>| Value::Array(list.into_iter().map(Value::String).collect());
    // The addresses of targets are added by themselves.
    let own = trunk.addresses.iter().filter(|address| !trunk.targets.iter().any(|target| target.ip() == **address));
    let mut table = Table::new();
    let mut put = |key: &str, value: Value| drop(table.insert(key.to_owned(), value));
    put("addresses", texts(own.map(ToString::to_string).collect()));
    put("targets", texts(trunk.targets.iter().map(ToString::to_string).collect()));
    put("transport", Value::String(trunk.transport.clone()));
    put("register", Value::Boolean(trunk.register.is_some()));
    if let Some(register) = &trunk.register {
        put("user", Value::String(register.user.clone()));
        if trunk.targets.first().is_none_or(|target| target.ip().to_string() != register.domain) {
            put("domain", Value::String(register.domain.clone()));
        }
        put("expires", Value::String(duration_text(register.expires)));
        put("allow_md5", Value::Boolean(register.allow_md5));
    }
    put("options_every", Value::String(duration_text(trunk.options_every.unwrap_or_default())));
    put("caller_from", Value::String(if trunk.caller_from == CallerFrom::From { "from" } else { "identity" }.to_owned()));
    put("max_calls", Value::Integer(i64::from(trunk.max_calls.unwrap_or(0))));
    put("max_calls_per_second", Value::Integer(i64::from(trunk.max_calls_per_second.unwrap_or(0))));
    table
}
