//! Settings: one file, the environment wins, all faults at once; nothing later re-parses a setting.

mod care;
mod cluster;
mod dispatch;
mod environment;
mod media;
mod messages;
mod outbound;
mod outreach;
mod plant;
mod quality;
mod queue;
pub mod read;
mod sip;
mod trunk;
mod wall;
mod web;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use toml::{Table, Value};

use crate::domain::{Finding, ShopClock};
pub use crate::queue::QueueSettings as Queue;
use crate::sip::outbound::Rules;
pub use cluster::{Cluster, Nats};
pub use media::Media;
pub use messages::{Messages, Smpp, Texts, Way};
pub use plant::{Entry, Kind, Plant, Source, Written};
use read::Section;
pub use sip::{PhoneAccount, Sip};
pub use trunk::{CallerFrom, Register, Trunk};
pub use wall::Wall;
pub use web::Web;

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
    /// `[wall]`
    pub wall: Wall,
    /// `[messages]`; nobody is told anything without.
    pub messages: Option<Messages>,
    /// `[[care]]`: whom the house thinks of.
    pub care: Vec<crate::domain::CareRule>,
    /// `[outreach]`: what campaigns may do.
    pub outreach: crate::outreach::Rules,
    pub log: Log,
    pub cluster: Cluster,
    /// `[dispatch]`: when what becomes whose alarm.
    pub dispatch: crate::order::life::Rules,
    /// `[quality]`: what happens too often.
    pub quality: crate::order::quality::Rules,
    /// `[acd]` and `[[queue]]`
    pub queues: crate::queue::Settings,
    /// The file names no queue: these are the usual ones.
    pub usual_queues: bool,
    /// Recordings, the operator's own prompts, the embedded store.
    pub data_dir: PathBuf,
}

/// `[printing]`
#[derive(Debug, Clone)]
pub struct Printing {
    /// A slip that did not come out within this is not printed without asking.
    pub stale_after: Duration,
}

/// `[store]`
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `sqlite:PATH`, or `postgres://…`; it may hold a password.
    pub url: Secret,
    /// Passwords in the store are sealed with the key in it; without a word `store.key` of the data folder for an embedded store.
    pub key_file: Option<PathBuf>,
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

impl Config {
    /// Reads the text of a settings file and lays the environment over it.
    ///
    /// # Errors
    /// All faults at once, each with key, finding and cure.
    pub fn read(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let (config, findings) = Self::look(text, environment);
        if findings.is_empty() { Ok(config) } else { Err(ConfigError(findings)) }
    }

    /// The same, with what can be read of settings that have faults: enough to look for more of them elsewhere, not to serve with.
    #[must_use]
    pub fn look(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut table = text.parse::<Table>().unwrap_or_else(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
            findings.push(Finding::new(format!("line {line}"), error.message().to_owned(), "mend the TOML"));
            Table::new()
        });
        environment::lay_over(&mut table, environment, &mut findings);
        let config = Self::check(&table, &mut findings);
        (config, findings)
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
        const SECTIONS: [&str; 22] = [
            "acd", "queue", "care", "outreach", "sip", "trunk", "account", "media", "store", "web", "shop", "limits", "dispatch",
            "quality", "outbound", "printing", "wall", "messages", "smpp", "cluster", "log", "data",
        ];
        for (key, value) in table {
            let is_list = matches!(key.as_str(), "trunk" | "account" | "queue" | "care");
            if !SECTIONS.contains(&key.as_str()) {
                findings.push(Finding::new(key, "is not a section of these settings", format!("known: {}", SECTIONS.join(", "))));
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

        let sip = sip::sip(Section::new("sip", section("sip"), findings));
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
            .map(|(n, t)| sip::account(Section::new(format!("account[{n}]"), Some(t), findings)))
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
        let media = media::media(Section::new("media", section("media"), findings));

        let mut store = Section::new("store", section("store"), findings);
        let default = format!("sqlite:{}", data_dir.join("dinetone.db").display());
        let url = store
            .parse(
                "url",
                |text| ["sqlite:", "postgres:", "postgresql:"].iter().any(|kind| text.starts_with(kind)).then(|| text.to_owned()),
                "write \"sqlite:PATH\" or \"postgres://user@host/database\"",
            )
            .unwrap_or(default);
        let key_file = store.optional_text("key_file").map(PathBuf::from);
        store.finish();

        let mut web = web::web(Section::new("web", section("web"), findings));
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

        let dispatch = dispatch::dispatch(Section::new("dispatch", section("dispatch"), findings));
        let quality = quality::quality(Section::new("quality", section("quality"), findings));
        let outbound = outbound::outbound(Section::new("outbound", section("outbound"), findings));

        let smpp = messages::smpp(Section::new("smpp", section("smpp"), findings));
        let messages = messages::messages(Section::new("messages", section("messages"), findings), smpp);
        let mut printing_section = Section::new("printing", section("printing"), findings);
        let printing = Printing { stale_after: printing_section.duration("stale_after", Duration::from_secs(600)) };
        printing_section.finish();

        let wall = wall::wall(Section::new("wall", section("wall"), findings));
        let cluster = cluster::cluster(Section::new("cluster", section("cluster"), findings));

        let care: Vec<_> = tables("care")
            .into_iter()
            .enumerate()
            .map(|(n, t)| care::care(Section::new(format!("care[{n}]"), Some(t), findings)))
            .collect();
        for (place, key, found, cure) in care::together(&care, messages.is_some()) {
            findings.push(Finding::new(format!("care[{place}].{key}"), found, cure));
        }
        let outreach = outreach::outreach(Section::new("outreach", section("outreach"), findings));
        let mut log_section = Section::new("log", section("log"), findings);
        let log = Log {
            level: log_section
                .parse(
                    "level",
                    |text| is_filter(text).then(|| text.to_owned()),
                    "write error, warn, info, debug or trace; or by part, such as \"info,dinetone::sip=debug\"",
                )
                .unwrap_or_else(|| "info".into()),
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
            store: StoreSettings { url: Secret(url), key_file },
            web,
            shop: Shop { clock, time_zone, digit_one_yao },
            limits,
            dispatch,
            quality,
            outbound,
            printing,
            wall,
            messages,
            care,
            outreach,
            log,
            cluster,
            queues,
            usual_queues,
            data_dir,
        }
    }
}

/// A level, or levels by part of the program: a misspelt level would be taken for a part, and all else would fall silent.
fn is_filter(text: &str) -> bool {
    let is_level =
        |word: &str| ["off", "error", "warn", "info", "debug", "trace"].iter().any(|level| word.trim().eq_ignore_ascii_case(level));
    text.split(',').all(|part| is_level(part.rsplit_once('=').map_or(part, |(_, level)| level)))
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
    fn secrets_print_as_stars() {
        let config =
            Config::read("[[account]]\nuser = \"8001\"\npassword = \"correct horse\"\n[store]\nurl = \"postgres://u:geheim@h/d\"", [])
                .expect("right");
        let shown = format!("{config:?}");
        assert!(!shown.contains("correct horse") && !shown.contains("geheim"), "{shown}");
    }
}
