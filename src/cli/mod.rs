//! The command line: one file for each command, each with a help that teaches.

mod backup;
mod call;
mod calls;
mod check;
mod live;
mod menu;
mod orders;
mod output;
mod prompts;
mod serve;
mod simulate;
mod tables;
mod user;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config};
use crate::domain::{Finding, Timestamp, UserId};
use crate::server::clock;
use crate::server::files::{read_text, unreadable};
use crate::server::storage::{open_store, store_file, whose};
use crate::store::{AuditEntry, Store};

/// Dinetone answers a restaurant hotline: it takes orders by keypad, hands callers to people, and keeps every order.
#[derive(Debug, Parser)]
#[command(
    name = "dinetone",
    version,
    about,
    propagate_version = true,
    after_help = "Start here:\n  dinetone serve --demo        a hotline with sample dishes, for phones on this machine and its network\n  dinetone call --story worked-call   a simulated diner orders dinner and prints the conversation\n  dinetone check               everything `serve` checks before the first call"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    Menu(menu::MenuArgs),
    Call(call::CallArgs),
    Calls(calls::CallsArgs),
    Orders(orders::OrdersArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Prompts(prompts::PromptsArgs),
    User(user::UserArgs),
    Simulate(simulate::SimulateArgs),
    Export(tables::ExportArgs),
    Import(tables::ImportArgs),
}

/// Which settings: common to all commands.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// The settings file. Without it `config.toml` is read when it is there. The environment wins over the file: DINETONE__SIP__LISTEN is sip.listen.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl Settings {
    /// Reads and checks them.
    ///
    /// # Errors
    /// The list of faults, ready to be shown.
    pub fn read(&self) -> Result<Config, String> {
        match self.look() {
            (config, findings) if findings.is_empty() => Ok(config),
            (_, findings) => Err(config::list(&self.path().display().to_string(), &findings)),
        }
    }

    /// What can be read of them, and all that is wrong with them.
    #[must_use]
    pub fn look(&self) -> (Config, Vec<Finding>) {
        let path = self.path();
        let (text, fault) = match read_text(&path) {
            Ok(text) => (text, None),
            Err(error) if self.config.is_none() && error.kind() == std::io::ErrorKind::NotFound => (String::new(), None),
            Err(error) => (String::new(), Some(unreadable(&path, &error, "name the file with --config"))),
        };
        let (config, mut findings) = Config::look(&text, std::env::vars());
        for finding in findings.iter_mut().filter(|finding| finding.place.starts_with("line ")) {
            finding.place = format!("{}: {}", path.display(), finding.place);
        }
        findings.extend(fault);
        (config, findings)
    }

    fn path(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| "config.toml".into())
    }
}

/// How a command failed: a text for standard error, and the exit status.
#[derive(Debug)]
pub struct Failure {
    text: String,
    status: u8,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, status: 1 }
    }
}

impl From<&str> for Failure {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// The store as a server has left it, for commands that only look: in the wrong folder none is made, and no empty one is shown.
///
/// # Errors
/// When there is none, or it cannot be opened.
async fn kept_store(config: &Config) -> Result<Store, Failure> {
    if let Some(file) = store_file(config) {
        match file.try_exists() {
            Ok(true) => {}
            Ok(false) => {
                let cure = "name the settings with --config, or go to the folder of the server; the first `dinetone serve` makes one";
                return Err(format!("there is no store at {}; {cure}", file.display()).into());
            }
            Err(error) => return Err(not_ours(&file, &error).into()),
        }
    }
    Ok(open_store(config).await.map_err(|finding| finding.to_string())?)
}

/// In what words somebody hears that what they ask for is another user's.
fn not_ours(path: &Path, error: &std::io::Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    format!("{} cannot be looked at: {error}; {}", path.display(), whose(folder))
}

/// The operator of this machine is written down too.
async fn audit(store: &Store, action: &str, object: &str, detail: &str) {
    let entry = AuditEntry {
        seq: 0,
        at: Timestamp::from(clock::now().wall),
        who: UserId::new("command-line"),
        name: std::env::var("USER").unwrap_or_default(),
        address: "this machine".into(),
        action: action.into(),
        object: object.into(),
        detail: detail.into(),
    };
    if let Err(error) = store.record_audit(&entry).await {
        output::error(&format!("this could not be written to the audit journal: {error}"));
    }
}

/// Reads the command line, runs the command, tells how it went.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // What we write, the store, recordings, tables, tells about people: it is read by its owner only.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&format!("no threads to run on: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(cli.command));
    // Tasks that wait for ever (listeners, file watchers) end with the program.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(failure) => {
            if !failure.text.is_empty() {
                output::error(&failure.text);
            }
            ExitCode::from(failure.status)
        }
    }
}

async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(args) => serve::run(args).await?,
        Command::Check(args) => check::run(args).await?,
        Command::Menu(args) => menu::run(&args)?,
        // A call that fails an expectation has its own exit status.
        Command::Call(args) => return Ok(call::run(args).await),
        Command::Calls(args) => calls::run(args).await?,
        Command::Orders(args) => orders::run(args).await?,
        Command::Backup(args) => backup::backup(args).await?,
        Command::Restore(args) => backup::restore(args).await?,
        Command::Prompts(args) => prompts::run(&args).await?,
        Command::User(args) => user::run(args).await?,
        Command::Simulate(args) => simulate::run_it(args).await?,
        Command::Export(args) => tables::export(args).await?,
        Command::Import(args) => tables::import(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}
