//! Measures a server as `make bench` wants it: each row of docs/benchmarks.md, on loopback, the server on one core and the callers on another.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this program reports to a person")]

mod agents;
mod bridge;
#[path = "gen.rs"]
mod load;
mod orders;
/// The page of the library's own tests.
#[path = "../../src/media/webrtc/page.rs"]
#[expect(clippy::unwrap_used, reason = "it stops the measurement, and says where")]
mod page;
mod rows;
mod server;

/// The page asks for it by this name.
mod machine {
    pub use dinetone::machine::Now;
}

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use server::Stand;

/// Load for a Dinetone server, and the figures of docs/benchmarks.md.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All rows: starts servers, prints a table and JSON.
    All {
        #[arg(long, default_value = "target/release/dinetone")]
        binary: PathBuf,
        #[arg(long, default_value = "benches/config.toml")]
        config: PathBuf,
        #[arg(long, default_value = "benches/menus.toml")]
        menus: PathBuf,
        #[arg(long, default_value = "target/bench")]
        folder: PathBuf,
        /// Only these rows: start, options, register, setups, overload, cpu, memory, calls, bridge, agents, confirm, growth.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Longest time of one measurement, in seconds.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// A store with orders of today in every state, for the pages (used by `tools/bench/pages.mjs`).
    Board {
        #[arg(long)]
        store: PathBuf,
        #[arg(long, default_value = "menus.toml")]
        menus: PathBuf,
        /// The chain's branches are written here, for `serve --menus`.
        #[arg(long)]
        chain: PathBuf,
        #[arg(long, default_value_t = 2000)]
        orders: u64,
        #[arg(long, default_value_t = 30)]
        branches: u16,
    },
    /// What sound costs at the least (used by `all`).
    Floor {
        #[arg(long)]
        calls: usize,
        #[arg(long)]
        to: std::net::SocketAddrV4,
        #[arg(long)]
        seconds: u64,
    },
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    match Arguments::parse().what {
        What::Floor { calls, to, seconds } => load::floor(calls, to, Duration::from_secs(seconds))?,
        What::Board { store, menus, chain, orders: count, branches } => orders::board(&store, &menus, &chain, count, branches)?,
        What::All { binary, config, menus, folder, only, seconds } => {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let core = (cores > 1).then_some(0);
            if cores > 1 {
                let mut others = rustix::thread::CpuSet::new();
                (1..cores).for_each(|core| others.set(core));
                rustix::thread::sched_setaffinity(None, &others)?;
            }
            // On a machine with other work the measurement goes first, where that is allowed.
            let _ = rustix::process::setpriority_process(None, -10);
            std::fs::create_dir_all(&folder)?;
            // The server is started in the same place, whatever it makes of it.
            let folder = folder.canonicalize()?;
            let stand = Stand { binary, config, menus, folder: folder.clone(), core };
            let report = rows::run(&stand, &only, Duration::from_secs(seconds));
            rows::print(&report);
            let json = serde_json::to_string_pretty(&report)?;
            std::fs::write(folder.join("result.json"), &json)?;
            println!("\n{json}");
        }
    }
    Ok(())
}
