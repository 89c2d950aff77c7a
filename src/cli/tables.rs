//! `dinetone export` and `dinetone import`: dishes, branches and members as tables, beside a running server or without one.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Failure, Settings, audit, kept_store, output};
use crate::domain::{Language, Timestamp, UserId};
use crate::exchange::What;
use crate::server::clock;
use crate::server::storage::open_store;
use crate::sheet;
use crate::store::{Author, StoreError, TablePlan};
use crate::wire::table;

/// A longer file is none of ours.
const LONGEST: u64 = 8 * 1024 * 1024;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    Dishes,
    Branches,
    Members,
}

impl From<Which> for What {
    fn from(which: Which) -> Self {
        match which {
            Which::Dishes => Self::Dishes,
            Which::Branches => Self::Branches,
            Which::Members => Self::Members,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    Zh,
    En,
}

impl From<Words> for Language {
    fn from(words: Words) -> Self {
        match words {
            Words::Zh => Self::Mandarin,
            Words::En => Self::English,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Csv,
    Xlsx,
}

/// Write dishes, branches or members as a table that can be brought in again.
///
/// Works beside a running server and without one, on SQLite and PostgreSQL. The table goes to standard output, or to a file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  dinetone export branches > branches.csv\n  dinetone export dishes --format xlsx --output dishes.xlsx")]
pub struct ExportArgs {
    #[command(flatten)]
    settings: Settings,
    what: Which,
    #[arg(long, value_enum, default_value = "csv")]
    format: Form,
    /// The words of the first row.
    #[arg(long, value_enum, default_value = "zh")]
    lang: Words,
    /// A file instead of standard output; what was there is replaced when the table is complete.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Bring a table in: every fault with its row and column first; all of it or nothing.
///
/// Works beside a running server, which follows at once, and without one, on SQLite and PostgreSQL. The same checks as the
/// page's; each dish and branch is in the history and can be taken back there. With one fault nothing is stored, and the exit
/// status is 1.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone import dishes dishes.csv --dry-run     lists faults or changes and stores nothing\n  dinetone import dishes dishes.csv\n  dinetone export branches | sed s/8000/8001/ | dinetone import branches -"
)]
pub struct ImportArgs {
    #[command(flatten)]
    settings: Settings,
    what: Which,
    /// CSV (UTF-8 or GB 18030) or XLSX; - for standard input. The first row names the columns.
    file: PathBuf,
    /// Look, and store nothing.
    #[arg(long)]
    dry_run: bool,
    /// For programs: findings, changes, changes_total, stored.
    #[arg(long)]
    json: bool,
    /// The words of findings.
    #[arg(long, value_enum, default_value = "en")]
    lang: Words,
}

pub(super) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let store = kept_store(&config).await?;
    let what = What::from(args.what);
    let table = store.table(what).await.map_err(|error| error.to_string())?;
    let words = sheet::Words { language: args.lang.into(), clock: store.clock() };
    let bytes = match args.format {
        Form::Csv => sheet::csv(&table, words),
        Form::Xlsx => sheet::xlsx(what.name(), &table, &[], words)?,
    };
    audit(&store, "table.exported", what.name(), &format!("{} row(s)", table.rows.len())).await;
    store.close().await;
    match args.output {
        Some(file) => replace(&file, &bytes).map_err(|error| format!("{}: {error}", file.display()))?,
        // A reader that went away is no fault.
        None => {
            let _ = std::io::stdout().lock().write_all(&bytes);
        }
    }
    Ok(())
}

pub(super) async fn import(args: ImportArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let bytes = read(&args.file).map_err(|error| format!("{}: {error}", args.file.display()))?;
    let rows = sheet::read(&bytes).map_err(|why| format!("{}: {why}", args.file.display()))?;
    let store = open_store(&config).await.map_err(|finding| finding.to_string())?;
    let what = What::from(args.what);
    let plan = store.plan_table(what, rows).await.map_err(|error| error.to_string())?;
    let now = Timestamp::from(clock::now().wall);
    let wanted = plan.faults.is_empty() && !plan.changes.is_empty() && !args.dry_run;
    if wanted {
        let by = Author { user: UserId::new("command-line"), name: std::env::var("USER").unwrap_or_else(|_| "command line".into()) };
        store.store_table(&plan, &by, now).await.map_err(|error| match error {
            StoreError::Conflict => "somebody changed something at this moment, and nothing was stored; once more, please".to_owned(),
            other => other.to_string(),
        })?;
        audit(&store, "table.imported", what.name(), &format!("{} row(s)", plan.changes.len())).await;
    }
    store.close().await;
    if args.json {
        let mut shown = table::preview(what, &plan.changes, &plan.faults, args.lang.into());
        shown["stored"] = json!(if wanted { plan.changes.len() } else { 0 });
        output::json(&shown)?;
    } else {
        show(&plan, args.lang.into(), wanted);
    }
    // The list says it all.
    if plan.faults.is_empty() { Ok(()) } else { Err(Failure { text: String::new(), status: 1 }) }
}

fn show(plan: &TablePlan, language: Language, stored: bool) {
    if !plan.faults.is_empty() {
        let rows: Vec<Vec<String>> = plan
            .faults
            .iter()
            .map(|fault| {
                let column = table::title(plan.what, &fault.column, language);
                vec![fault.row.to_string(), column, fault.found.to(language).to_owned(), fault.cure.to(language).to_owned()]
            })
            .collect();
        output::table(&["ROW", "COLUMN", "FOUND", "CURE"], &rows);
        return output::line(&format!("{} fault(s); nothing was stored", plan.faults.len()));
    }
    let rows: Vec<Vec<String>> = plan
        .changes
        .iter()
        .take(table::SHOWN)
        .flat_map(|change| {
            change.columns.iter().map(|(column, before, after)| {
                let before = if change.new { "(new)".to_owned() } else { before.clone() };
                vec![change.row.to_string(), change.subject.clone(), table::title(plan.what, column, language), before, after.clone()]
            })
        })
        .collect();
    if !rows.is_empty() {
        output::table(&["ROW", "NUMBER", "COLUMN", "BEFORE", "AFTER"], &rows);
    }
    let count = plan.changes.len();
    if count > table::SHOWN {
        output::line(&format!("… and {} more row(s)", count - table::SHOWN));
    }
    output::line(&match (count, stored) {
        (0, _) => "everything is as the table says; nothing to store".to_owned(),
        (_, true) => format!("{count} row(s) were changed"),
        (_, false) => format!("{count} row(s) would change; nothing was stored"),
    });
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other("is longer than 8 MiB; bring it in by parts"));
    }
    Ok(bytes)
}

/// The old file stays until the new one is whole.
fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = file.with_extension("part");
    std::fs::write(&part, bytes)?;
    std::fs::rename(&part, file)
}
