//! `dinetone serve`: the hotline itself.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Settings, output};
use crate::config;
use crate::server::start::{FirstPeople, Options, places, start};
use crate::store::DEMO_USERS;
use crate::telemetry;

/// Answer the hotline.
///
/// Everything is checked before the first call: settings, menus.toml, every prompt, the store, the ports. All faults are shown at once, and nothing starts with one left. A stop (SIGTERM, Ctrl+C) lets calls finish for limits.drain; a second one ends them at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone serve --demo\n  DINETONE__SIP__LISTEN=0.0.0.0:5070 dinetone serve --config config.toml --menus menus.toml\n  dinetone serve --trace-sip ladders/"
)]
pub struct ServeArgs {
    #[command(flatten)]
    settings: Settings,
    /// The dialogue and the first dishes. A changed file is taken over while running, when it is right.
    #[arg(long, value_name = "FILE", default_value = "menus.toml")]
    menus: PathBuf,
    /// Demonstration: fill an empty store with sample members and orders, and accept calls from this machine and private networks without a trunk.
    #[arg(long)]
    demo: bool,
    /// Write one ladder file per call into this folder: every SIP message, with times.
    #[arg(long, value_name = "DIR")]
    trace_sip: Option<PathBuf>,
}

pub(super) async fn run(args: ServeArgs) -> Result<(), Failure> {
    let (config, mut faults) = args.settings.look();
    if !faults.is_empty() {
        // The other file is looked at as well, so that all is mended in one go.
        faults.extend(places(&config, &args.menus).load().1);
        return Err(config::list("what serve needs", &faults).into());
    }
    let _written_at_the_end = telemetry::start_logging(&config.log.level, config.log.json)?;
    let metrics = telemetry::start_metrics()?;
    if !args.demo && config.trunks.is_empty() && config.accounts.is_empty() {
        output::error(
            "note: no [[trunk]] and no [[account]] in the settings, so nobody can call in yet; see config.example.toml, or start with --demo",
        );
    }
    let options = Options { menus: args.menus, demo: args.demo, trace_sip: args.trace_sip };
    let demo = options.demo;
    let running = start(config, options, metrics).await.map_err(|findings| config::list("what serve needs", &findings))?;
    for address in &running.sip {
        output::line(&format!("SIP      {address} (UDP, TCP)"));
    }
    for address in &running.tls {
        output::line(&format!("SIP      {address} (TLS)"));
    }
    output::line(&format!("Web      {}://{}/", if running.secure { "https" } else { "http" }, running.web));
    output::line(&format!("Node     {}", running.node.name));
    if running.demo {
        output::line("Demo     sample dishes, branches and members are in the store");
    }
    match &running.people {
        FirstPeople::None => {}
        FirstPeople::Demo => {
            output::line("People   sign in with one of these names and its password:");
            for user in &DEMO_USERS {
                output::line(&format!("           {:12} {:6} {}  {}", user.login, user.password, user.name, user.role.name()));
            }
        }
        FirstPeople::Administrator { password } => {
            output::line(&format!("People   sign in as admin with the password {password}"));
            output::line("           It is shown this once; you choose your own at the first sign-in. Lost: dinetone user reset admin");
        }
    }
    if demo {
        let port = running.sip.first().map_or(5060, std::net::SocketAddr::port);
        output::line("");
        output::line("Try next");
        let (scheme, web) = (if running.secure { "https" } else { "http" }, running.web.port());
        output::line(&format!("  {scheme}://localhost:{web}/            sign in as 8001 with the password demo, and start the shift"));
        output::line(&format!(
            "  {scheme}://localhost:{web}/phone       in another tab: a diner's telephone; ring, and press 0 for a person"
        ));
        output::line(&format!("  dinetone call --story worked-call --to sip:1000@127.0.0.1:{port}    a simulated diner orders dinner"));
        output::line(&format!("  any SIP phone on this network: call sip:1000@<this machine>:{port}"));
        output::line("  dinetone orders list          the orders; dinetone calls show ID tells a call's path");
    }
    output::line("Ready");
    running.until_stopped().await.map_err(|error| Failure::from(error.to_string()))
}
