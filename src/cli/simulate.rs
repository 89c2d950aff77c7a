//! `dinetone simulate`: a whole day of a chain, so that boards and reports have something to show.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Settings, output};
use crate::domain::Timestamp;
use crate::server::clock;
use crate::server::storage::open_store;
use crate::simulate::{Totals, Wish, menus, run};

/// Fill an empty store with a simulated day: callers at lunch and dinner, agents, branches, riders, late deliveries.
///
/// Nobody is called and nothing waits: the day passes as fast as the store writes. The totals that are printed are what the
/// reports of that day must say. The branches are written to a file beside the data, for `serve --menus`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  DINETONE__DATA__DIR=simulated dinetone simulate\n  DINETONE__DATA__DIR=simulated dinetone serve --menus simulated/chain.toml\n  dinetone simulate --calls 500 --branches 5 --agents 8 --json"
)]
pub struct SimulateArgs {
    #[command(flatten)]
    settings: Settings,
    /// The house that is made into a chain.
    #[arg(long, value_name = "FILE", default_value = "menus.toml")]
    menus: PathBuf,
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    calls: u32,
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(3..=200))]
    branches: u16,
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=500))]
    agents: u16,
    /// YYYY-MM-DD; yesterday when left out.
    #[arg(long)]
    date: Option<jiff::civil::Date>,
    /// The same seed gives the same day.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For programs.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run_it(args: SimulateArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    let store = open_store(&config).await.map_err(|finding| finding.to_string())?;
    let today = store.clock().local(Timestamp::from(clock::now().wall)).date();
    let day = args.date.or_else(|| today.yesterday().ok()).unwrap_or(today);
    let text =
        std::fs::read_to_string(&args.menus).map_err(|error| format!("{}: {error}; name the file with --menus", args.menus.display()))?;
    let chain = text.parse().map_err(|error: toml::de::Error| format!("{}: {}", args.menus.display(), error.message()))?;
    let chain = menus(&chain, args.branches);
    let wish = Wish { day, branches: args.branches, calls: args.calls, agents: args.agents, seed: args.seed };
    let bar = output::progress(u64::from(args.calls), "calls");
    let totals = run(&store, &chain, wish, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })
    .await?;
    bar.finish_and_clear();
    store.close().await;
    let file = config.data_dir.join("chain.toml");
    std::fs::create_dir_all(&config.data_dir)
        .and_then(|()| std::fs::write(&file, chain.to_string()))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    if args.json {
        output::json(&totals)?;
    } else {
        show(day, &totals);
        output::line(&format!("The branches are in {}: dinetone serve --menus {}", file.display(), file.display()));
    }
    Ok(())
}

fn show(day: jiff::civil::Date, totals: &Totals) {
    let rows = [
        ("calls", totals.calls),
        ("offered to agents", totals.offered),
        ("answered", totals.answered),
        ("answered within 20 s", totals.answered_in_time),
        ("abandoned", totals.abandoned),
        ("abandoned within 5 s", totals.abandoned_short),
        ("orders", totals.orders),
        ("of these by keypad", totals.orders_by_keypad),
        ("of these by agents", totals.orders_by_agent),
        ("cancelled", totals.cancelled),
        ("sales in fen", totals.sales_fen),
        ("refused by a branch", totals.refusals),
        ("delivered", totals.delivered),
        ("on time", totals.on_time),
        ("10 minutes late", totals.late_10),
        ("30 minutes late", totals.late_30),
        ("an hour late", totals.late_60),
        ("not delivered", totals.undelivered),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(what, count)| vec![what.to_owned(), count.to_string()]).collect();
    output::table(&[&day.to_string(), "count"], &rows);
}
