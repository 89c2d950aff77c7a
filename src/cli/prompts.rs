//! `dinetone prompts`: which prompts there are, whose recordings, and what is missing.

use clap::Args;
use serde::Serialize;

use super::{Failure, Settings, output};
use crate::server::start::places;
use crate::server::storage::{open_store, store_file};
use crate::server::uploads::uploaded;
use crate::voice::Origin;

/// List every prompt with its text and whose recording it has: own (uploaded by page, or a file of data/prompts) or shipped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dinetone prompts\n  dinetone prompts --missing\n  dinetone prompts order. --json")]
pub struct PromptsArgs {
    #[command(flatten)]
    settings: Settings,
    /// Only ids that begin so.
    begins: Option<String>,
    /// Only those that lack a recording in one of the languages.
    #[arg(long)]
    missing: bool,
    /// For programs.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Prompt {
    id: String,
    zh: String,
    en: String,
    zh_recording: &'static str,
    en_recording: &'static str,
    zh_ms: u32,
    en_ms: u32,
}

pub(super) async fn run(args: &PromptsArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let mut places = places(&config, std::path::Path::new("menus.toml"));
    if store_file(&config).is_none_or(|file| file.exists()) {
        match open_store(&config).await {
            Ok(store) => {
                places.uploads = uploaded(&store).await.map_err(|error| error.to_string())?;
                store.close().await;
            }
            Err(finding) => output::error(&format!("without what was uploaded by page: {finding}")),
        }
    }
    let (library, findings) = places.library();
    for finding in &findings {
        output::error(&finding.to_string());
    }
    let origin = |origin: Option<Origin>| match origin {
        Some(Origin::Own) => "own",
        Some(Origin::Shipped) => "shipped",
        None => "missing",
    };
    let list: Vec<Prompt> = library
        .list()
        .into_iter()
        .filter(|state| args.begins.as_deref().is_none_or(|begins| state.id.starts_with(begins)))
        .filter(|state| !args.missing || state.origins.contains(&None))
        .map(|state| {
            let [zh, en] = state.texts;
            Prompt {
                id: state.id,
                zh,
                en,
                zh_recording: origin(state.origins[0]),
                en_recording: origin(state.origins[1]),
                zh_ms: state.millis[0],
                en_ms: state.millis[1],
            }
        })
        .collect();
    if let Some(begins) = args.begins.as_deref().filter(|_| list.is_empty() && !args.missing) {
        return Err(format!("no prompt begins with {begins:?}; see dinetone prompts").into());
    }
    if args.json {
        return Ok(output::json(&list)?);
    }
    let seconds = |ms: u32| format!("{:.1} s", f64::from(ms) / 1000.0);
    let rows: Vec<Vec<String>> = list
        .into_iter()
        .map(|p| vec![p.id, p.zh_recording.into(), seconds(p.zh_ms), p.en_recording.into(), seconds(p.en_ms), p.zh])
        .collect();
    output::table(&["PROMPT", "ZH", "", "EN", "", "TEXT"], &rows);
    Ok(())
}
