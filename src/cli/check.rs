//! `dinetone check`: all that `serve` checks before the first call, without taking one.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Failure, Settings, output};
use crate::config;
use crate::domain::Finding;
use crate::server::sockets::Sockets;
use crate::server::start::{open_store, places};

/// Check settings, menus.toml, every prompt, the store and the ports, and show all that is wrong.
///
/// Each fault has its place, what was found there, and what to write instead. Ends with status 1 when there is any.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dinetone check\n  dinetone check --config new.toml --menus new-menus.toml --offline --json")]
pub struct CheckArgs {
    #[command(flatten)]
    settings: Settings,
    #[arg(long, value_name = "FILE", default_value = "menus.toml")]
    menus: PathBuf,
    /// Only the files: opens no port and no store (a running server has them).
    #[arg(long)]
    offline: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Fault<'a> {
    place: &'a str,
    found: &'a str,
    cure: &'a str,
}

pub(super) async fn run(args: CheckArgs) -> Result<(), Failure> {
    let (mut findings, mut advice) = (Vec::new(), Vec::new());
    match args.settings.read() {
        Err(text) => findings.push(Finding::new("settings", text, "mend the settings")),
        Ok(config) => {
            match places(&config, &args.menus).read() {
                Ok(files) => {
                    findings.extend(files.lacking);
                    advice = files.advice;
                }
                Err(faults) => findings.extend(faults),
            }
            for trunk in config.trunks.iter().filter(|trunk| trunk.register.is_some() && trunk.targets.is_empty()) {
                findings.push(Finding::new(format!("trunk {}", trunk.name), "has nowhere to register", "give it targets"));
            }
            if !args.offline {
                if let Err(faults) = Sockets::open(&config).await {
                    findings.extend(faults);
                }
                match open_store(&config).await {
                    Ok(store) => store.close().await,
                    Err(finding) => findings.push(finding),
                }
            }
        }
    }
    if args.json {
        output::json(&findings.iter().map(|f| Fault { place: &f.place, found: &f.found, cure: &f.cure }).collect::<Vec<_>>())?;
    } else if findings.is_empty() {
        output::line("Everything is in order.");
    }
    if !args.json {
        for finding in &advice {
            output::line(&format!("good to know: {finding}"));
        }
    }
    match (findings.is_empty(), args.json) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure { text: String::new(), status: 1 }),
        (false, false) => Err(config::list("what serve needs", &findings).into()),
    }
}
