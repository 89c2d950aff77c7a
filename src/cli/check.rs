//! `dinetone check`: all that `serve` checks before the first call, without taking one.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Failure, Settings, output};
use crate::config::{self, Config, Entry, Plant, Written};
use crate::domain::Finding;
use crate::server::files::{Own, Places};
use crate::server::seal;
use crate::server::sockets::Sockets;
use crate::server::start::{places, web_socket};
use crate::server::storage::{look_at_store, open_store, store_file};
use crate::server::uploads::uploaded;
use crate::store::{Found, Store};
use crate::web::page_entries;

/// Check settings, menus.toml, every prompt, the store and the ports, and show all that is wrong.
///
/// It looks and leaves everything as it is: it makes no store, and does not bring an older one up to date.
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
    let mut advice = Vec::new();
    let (mut config, mut findings) = args.settings.look();
    let is_readable = findings.is_empty();
    let mut uploads = Own::default();
    // With faults in the settings it is not known which store and which ports are meant.
    if !args.offline && is_readable {
        match look_at_store(&config).await {
            Ok(Found::Ours) => match open_store(&config).await {
                Ok(store) => uploads = read_store(store, &mut config, &mut findings, &mut advice).await,
                Err(finding) => findings.push(finding),
            },
            // To look must not be to make, or to change what a server of the older program works on.
            Ok(found) => {
                advice.push(not_read(&config, found));
                findings.extend(seal::find(&config, false).err());
            }
            Err(finding) => findings.push(finding),
        }
    }
    match (Places { uploads, ..places(&config, &args.menus) }).read() {
        Ok(files) => {
            findings.extend(files.lacking);
            advice.extend(files.advice);
        }
        Err(faults) => findings.extend(faults),
    }
    for trunk in config.trunks.iter().filter(|trunk| trunk.register.is_some() && trunk.targets.is_empty()) {
        findings.push(Finding::new(format!("trunk {}", trunk.name), "has nowhere to register", "give it targets"));
    }
    if !args.offline && is_readable {
        findings.extend(Sockets::open(&config).await.err().unwrap_or_default());
        findings.extend(web_socket(&config).await.err().unwrap_or_default());
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

/// What stands in the store besides the settings file: entries changed by page, recordings, passwords in plain text.
async fn read_store(store: Store, config: &mut Config, findings: &mut Vec<Finding>, advice: &mut Vec<Finding>) -> Own {
    let away = |error: &dyn std::fmt::Display| Finding::new("store", error.to_string(), "start it, or mend store.url");
    let mut uploads = Own::default();
    let store = store.with_key(seal::find(config, false).map_err(|fault| findings.push(fault)).ok().flatten());
    if !store.has_key() && seal::place(config).is_none() {
        advice.extend(seal::advice(&store).await.ok().flatten());
    }
    let written = config.written();
    match page_entries(&store).await {
        Ok(entries) => {
            let plant = written.with(&entries);
            advice.extend(entries.iter().filter_map(|entry| hides(&written, &plant, entry)));
            findings.extend(plant.misfits);
            (config.queues.queues, config.trunks) = (plant.queues, plant.trunks);
        }
        Err(error) => findings.push(away(&error)),
    }
    match uploaded(&store).await {
        Ok(own) => uploads = own,
        Err(error) => findings.push(away(&error)),
    }
    store.close().await;
    uploads
}

/// A store that is not read, because opening it would make or change it.
fn not_read(config: &Config, found: Found) -> Finding {
    let at = store_file(config).map_or_else(|| "the database".to_owned(), |file| file.display().to_string());
    match found {
        Found::Older(changes) => Finding::new(
            "store.url",
            format!("{at} is of an older version of this program, and was not read"),
            format!("make a backup; the first start of this version makes {changes} change(s) to its form"),
        ),
        Found::Nothing | Found::Ours => {
            Finding::new("store.url", format!("there is no store at {at} yet"), "the first `dinetone serve` makes it")
        }
    }
}

/// An entry of the settings file that a change by page hides, with what the file says differently.
fn hides(written: &Written, plant: &Plant, entry: &Entry) -> Option<Finding> {
    let file = written.words(entry.kind, &entry.name)?;
    let now = plant.words(entry.kind, &entry.name)?;
    let other = file.iter().filter(|(key, value)| now.get(*key) != Some(*value)).map(|(key, value)| format!("{key} = {value}"));
    let other = other.collect::<Vec<_>>().join(", ");
    let found = if other.is_empty() {
        "was changed by page, and says the same as the settings file".to_owned()
    } else {
        format!("was changed by page: the settings file's {other} is not in force")
    };
    Some(Finding::new(format!("{} {}", entry.kind.name(), entry.name), found, "administration, \"back to the file\", undoes that"))
}

#[cfg(test)]
mod tests {
    use super::hides;
    use crate::config::{Config, Entry, Kind};

    #[test]
    fn c105_the_check_says_what_the_file_says_in_vain() {
        let written = Config::read("[[queue]]\nid = \"order\"\nring = \"25s\"\n", []).unwrap().written();
        let entry = |name: &str, table: &str| Entry {
            kind: Kind::Queue,
            name: name.into(),
            table: table.parse().unwrap(),
            password: None,
            unread: None,
        };
        let told = |entry: Entry| hides(&written, &written.with(std::slice::from_ref(&entry)), &entry).map(|finding| finding.to_string());
        let text = told(entry("order", "ring = '9s'\nzh = 'order'\nen = 'order'")).unwrap();
        assert!(text.starts_with("queue order: was changed by page: the settings file's ring = \"25s\" is not in force;"), "{text}");
        assert_eq!(told(entry("vip", "")), None, "the file has none of this name");
    }
}
