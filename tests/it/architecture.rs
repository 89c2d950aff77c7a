//! The import rule: who may use whom. Changing this table is allowed; it is then a visible line in a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Module and what it may import. Everything else goes through a value handed in or out.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("machine", &[]),
    ("sip", &["machine"]),
    ("media", &["machine"]),
    ("house", &["domain"]),
    ("exchange", &["domain"]),
    ("order", &["domain", "machine"]),
    ("outreach", &["domain"]),
    ("slip", &["domain"]),
    ("voice", &["domain", "media"]),
    ("ivr", &["domain", "machine", "order"]),
    ("agent", &["domain", "machine", "command", "event"]),
    ("queue", &["domain", "machine", "agent", "command", "event"]),
    ("command", &["domain"]),
    ("event", &["domain", "command"]),
    ("call", &["command", "event", "domain", "machine", "sip", "media", "ivr", "order", "voice"]),
    ("centre", &["domain", "machine", "sip", "media", "ivr", "order", "outreach", "voice", "agent", "queue", "call", "command", "event"]),
    ("config", &["domain", "order", "outreach", "outward", "queue", "sip"]),
    ("outward", &[]),
    ("report", &["domain"]),
    ("sheet", &["domain", "report"]),
    ("telemetry", &[]),
    ("store", &["domain", "order", "outreach", "ivr", "house", "report", "slip", "exchange"]),
    ("wire", &["command", "domain", "event", "exchange", "order"]),
    ("bus", &["call", "command", "domain", "event"]),
    (
        "web",
        &[
            "bus", "call", "command", "config", "domain", "event", "exchange", "machine", "media", "order", "outreach", "report", "sheet",
            "slip", "store", "voice", "wire",
        ],
    ),
];

/// Modules that only decide: they must not wait, read a clock, or differ between two runs.
const PURE: &[&str] = &[
    "domain", "machine", "sip", "media", "house", "order", "outreach", "slip", "voice", "ivr", "agent", "queue", "command", "event",
    "call", "centre", "report", "exchange",
];

const NOT_IN_PURE: &[&str] = &[
    "tokio",
    "sqlx",
    "axum",
    "std::fs",
    "std::env",
    "UdpSocket",
    "TcpStream",
    "Instant::now",
    "SystemTime::now",
    "thread_rng",
    "Uuid::new",
    "tracing::",
    "println!",
];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn modules_import_downwards_only_and_pure_ones_stay_pure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50, "the walk found the source");
    let rules: BTreeMap<_, _> = MAY_IMPORT.iter().copied().collect();
    let mut breaches = Vec::new();
    for (path, text) in &files {
        let short = path.strip_prefix(&root.display().to_string()).unwrap().trim_start_matches('/');
        let module = short.split('/').next().unwrap().trim_end_matches(".rs");
        if !text.starts_with("//! ") {
            breaches.push(format!("src/{short}:1: opens without a sentence on what it is for"));
        }
        let is_test = short.ends_with("tests.rs") || short.contains("/tests/");
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            if line.contains("#[cfg(test)]") || is_test {
                break;
            }
            for part in line.split("crate::").skip(1) {
                let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != module && rules.get(module).is_some_and(|allowed| !allowed.contains(&name.as_str())) {
                    breaches.push(format!("src/{short}:{}: {module} may not import {name}", number + 1));
                }
            }
            if PURE.contains(&module) {
                for word in NOT_IN_PURE.iter().filter(|word| line.contains(*word)) {
                    breaches.push(format!("src/{short}:{}: {module} is pure and may not use {word}", number + 1));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// One place for each library: only that file or folder names it.
#[test]
fn each_outside_library_has_one_home() {
    let homes = [
        ("rsip", "sip/message"),
        ("rtp_rs", "media/rtp"),
        ("hound", "media/wav"),
        ("str0m", "media/webrtc"),
        ("aws_lc_rs", "media/srtp store/seal"),
        ("sqlx", "store/"),
        ("rust_xlsxwriter", "sheet"),
        ("calamine", "sheet"),
        ("zip", "sheet"),
        ("axum", ""),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    for (library, home) in homes.iter().filter(|(_, home)| !home.is_empty()) {
        let mut users = 0;
        for (path, text) in &files {
            let short = path.strip_prefix(&root.display().to_string()).unwrap().trim_start_matches('/');
            let names = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(&format!("{library}::")));
            if names {
                users += 1;
                assert!(home.split(' ').any(|home| short.starts_with(home)), "src/{short} names {library}; only src/{home}… may");
            }
        }
        assert!(users > 0, "{library} is a dependency and nobody uses it");
    }
}
