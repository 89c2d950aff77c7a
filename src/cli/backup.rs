//! `dinetone backup` and `dinetone restore`, while the server runs.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Settings, kept_store, output};
use crate::domain::Timestamp;
use crate::server::clock;
use crate::server::seal;
use crate::server::storage::open_store;

/// Write everything that is kept into one file, while the server runs.
///
/// The file is the same for SQLite and PostgreSQL and moves a house from one to the other. Recordings lie beside it in the data folder: copy that too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone backup saturday.jsonl\n  DINETONE__STORE__URL=postgres://… dinetone restore saturday.jsonl --yes"
)]
pub struct BackupArgs {
    #[command(flatten)]
    settings: Settings,
    /// The file to write; it must not be there yet.
    file: PathBuf,
}

/// Put a backup back in place of what is kept now. The file is checked whole before anything is changed.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    settings: Settings,
    /// A file that `dinetone backup` wrote.
    file: PathBuf,
    /// Yes, replace what is there.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn backup(args: BackupArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    if args.file.exists() {
        return Err(format!("{} is there already; name another file", args.file.display()).into());
    }
    let store = kept_store(&config).await?;
    let bar = output::progress(0, "rows");
    let summary = store
        .backup(&args.file, |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await
        .map_err(|error| error.to_string())?;
    bar.finish_and_clear();
    output::line(&format!("{} rows of {} tables are in {}", summary.rows, summary.tables.len(), args.file.display()));
    if let Some(key) = seal::place(&config).filter(|key| key.exists()) {
        output::line(&format!(
            "{} is not in it: passwords of trunks can be read with that key file only, so keep a copy of it",
            key.display()
        ));
    }
    Ok(())
}

pub(super) async fn restore(args: RestoreArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    if !args.yes {
        return Err("restore replaces everything that is kept now; say so with --yes (and take a backup first)".into());
    }
    let store = open_store(&config).await.map_err(|finding| finding.to_string())?;
    let store = store.with_key(seal::find(&config, true).map_err(|finding| finding.to_string())?);
    let bar = output::progress(0, "rows");
    let summary = store
        .restore(&args.file, Timestamp::from(clock::now().wall), |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        })
        .await
        .map_err(|error| error.to_string())?;
    bar.finish_and_clear();
    let sealed = seal::seal_restored(&store).await.map_err(|error| error.to_string())?;
    output::line(&format!("{} rows of {} tables were restored from {}", summary.rows, summary.tables.len(), args.file.display()));
    if let Some(said) = sealed {
        output::line(&said);
    }
    Ok(())
}
