//! `dinetone menu`: the dialogue as a caller hears it.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Failure, Settings, output};
use crate::config;
use crate::domain::Language;
use crate::server::start::places;

/// Print the dialogue tree as a caller hears it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dinetone menu\n  dinetone menu --language en --menus new-menus.toml")]
pub struct MenuArgs {
    #[command(flatten)]
    settings: Settings,
    #[arg(long, value_name = "FILE", default_value = "menus.toml")]
    menus: PathBuf,
    /// zh-CN or en.
    #[arg(long, default_value = "zh-CN", value_parser = |tag: &str| Language::from_tag(tag).ok_or("write zh-CN or en"))]
    language: Language,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Node {
    name: String,
    kind: &'static str,
    prompts: Vec<String>,
    keys: Vec<Key>,
    then: Option<String>,
    closed: Option<String>,
    otherwise: Option<String>,
    /// Dialled numbers that start here.
    lines: Vec<String>,
    /// Their brands, those that have one.
    brands: Vec<String>,
}

#[derive(Serialize)]
struct Key {
    key: char,
    to: String,
}

pub(super) fn run(args: &MenuArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let files = places(&config, &args.menus).read().map_err(|findings| config::list(&args.menus.display().to_string(), &findings))?;
    if !args.json {
        let text = files.script.as_heard(args.language, &|id| files.library.text(id, args.language).map(str::to_owned));
        output::line(text.trim_end());
        return Ok(());
    }
    let nodes: Vec<Node> = files
        .script
        .outline()
        .into_iter()
        .map(|node| Node {
            name: node.name,
            kind: node.kind,
            prompts: node.prompts,
            keys: node.keys.into_iter().map(|key| Key { key: key.key, to: key.leads_to }).collect(),
            then: node.then,
            closed: node.closed,
            otherwise: node.otherwise,
            brands: node.lines.iter().filter_map(|(_, brand)| brand.clone()).collect(),
            lines: node.lines.into_iter().map(|(number, _)| number).collect(),
        })
        .collect();
    Ok(output::json(&nodes)?)
}
