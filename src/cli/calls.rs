//! `dinetone calls`: what calls there were and are, and the whole path of one.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Failure, Settings, kept_store, live, output};
use crate::domain::ShopClock;
use crate::store::{CallFilter, Store};
use crate::wire;

/// List calls, or show the whole path of one: every digit with its time and source, what was said, how it ended.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dinetone calls list --limit 20\n  dinetone calls list --live\n  dinetone calls show 1a2b3c… \n  dinetone calls show 'a84b4c76e66710@pc33'      by SIP Call-ID, also while the call lasts"
)]
pub struct CallsArgs {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: CallsCommand,
}

#[derive(Debug, Subcommand)]
enum CallsCommand {
    /// The latest calls first.
    List {
        /// Calls that are up now, from the running server.
        #[arg(long)]
        live: bool,
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// The path of one call, by our id or its SIP Call-ID.
    Show {
        #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
        id: String,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: CallsArgs) -> Result<(), Failure> {
    let config = args.settings.read()?;
    match args.command {
        CallsCommand::List { live: true, json, .. } => {
            let Some(calls) = live::ask(&config.data_dir, "/api/live/calls").await? else {
                return Err(format!("no server runs with the data folder {}", config.data_dir.display()).into());
            };
            let calls = calls.as_array().cloned().unwrap_or_default();
            if json {
                return Ok(output::json(&calls)?);
            }
            list(&config.shop.clock, &calls);
            output::line(&format!("{} call(s) up", calls.len()));
        }
        CallsCommand::List { limit, json, .. } => {
            let store = kept_store(&config).await?;
            let stored = store.calls(&CallFilter { limit, ..CallFilter::default() }).await.map_err(|error| error.to_string())?;
            let mut calls: Vec<Value> =
                stored.iter().filter_map(|call| serde_json::to_value(wire::Call::of(&call.record, &[])).ok()).collect();
            // What is up stands in the store as it arrived: the running server knows more.
            if let Ok(Some(Value::Array(live))) = live::ask(&config.data_dir, "/api/live/calls").await {
                for call in &mut calls {
                    if let Some(now) = live.iter().find(|now| now["id"] == call["id"]) {
                        call.clone_from(now);
                    }
                }
            }
            name_agents(&store, &mut calls).await;
            if json {
                return Ok(output::json(&calls)?);
            }
            list(&config.shop.clock, &calls);
        }
        CallsCommand::Show { id, json } => {
            let path = format!("/api/live/calls/{}", escaped(&id));
            let call = match live::ask(&config.data_dir, &path).await? {
                Some(call) => call,
                None => {
                    let store = kept_store(&config).await?;
                    let stored = store.call(&id).await.map_err(|error| error.to_string())?;
                    let Some(stored) = stored else { return Err(format!("there is no call {id:?}; see dinetone calls list").into()) };
                    let mut call =
                        [serde_json::to_value(wire::Call::of(&stored.record, &stored.steps)).map_err(|error| error.to_string())?];
                    name_agents(&store, &mut call).await;
                    let [call] = call;
                    call
                }
            };
            if json {
                return Ok(output::json(&call)?);
            }
            show(&config.shop.clock, &call);
        }
    }
    Ok(())
}

/// People are told by name; who is not on record any more, by id.
async fn name_agents(store: &Store, calls: &mut [Value]) {
    let users = store.users().await.unwrap_or_default();
    for call in calls {
        let name = users.iter().find(|user| call["agent"] == user.id.as_str()).map(|user| user.name.clone());
        call["agent_name"] = name.or_else(|| call["agent"].as_str().map(str::to_owned)).into();
    }
}

/// A Call-ID may hold anything: in a path it is written in escapes.
fn escaped(id: &str) -> String {
    id.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn text<'a>(call: &'a Value, key: &str) -> &'a str {
    call.get(key).and_then(Value::as_str).unwrap_or("–")
}

fn agent(call: &Value) -> &str {
    call.get("agent_name").or_else(|| call.get("agent")).and_then(Value::as_str).unwrap_or("–")
}

fn list(clock: &ShopClock, calls: &[Value]) {
    let rows: Vec<Vec<String>> = calls
        .iter()
        .map(|call| {
            let end = match (call.get("reason").and_then(Value::as_str), call.get("node").and_then(Value::as_str)) {
                (Some(reason), _) => format!("{reason} by {}", text(call, "ended_by")),
                (None, Some(node)) => format!("up, at {node}"),
                (None, None) => "no end on record".to_owned(),
            };
            vec![
                text(call, "id").to_owned(),
                output::on_the_wall(clock, text(call, "arrived_at")),
                text(call, "caller").to_owned(),
                text(call, "dialled").to_owned(),
                call.get("keys").and_then(Value::as_u64).unwrap_or(0).to_string(),
                text(call, "order").to_owned(),
                text(call, "queue").to_owned(),
                text(call, "agent_name").to_owned(),
                call.get("code").and_then(Value::as_u64).map_or_else(|| "–".to_owned(), |code| code.to_string()),
                end,
            ]
        })
        .collect();
    output::table(&["CALL", "ARRIVED", "CALLER", "DIALLED", "KEYS", "ORDER", "QUEUE", "AGENT", "CODE", "END"], &rows);
}

fn show(clock: &ShopClock, call: &Value) {
    output::line(&format!("Call     {}   SIP Call-ID {}", text(call, "id"), text(call, "sip_call_id")));
    output::line(&format!("From     {} by {}, dialled {}", text(call, "caller"), text(call, "trunk"), text(call, "dialled")));
    output::line(&format!(
        "Arrived  {}   answered {}   ended {}",
        output::on_the_wall(clock, text(call, "arrived_at")),
        output::on_the_wall(clock, text(call, "answered_at")),
        output::on_the_wall(clock, text(call, "ended_at"))
    ));
    let number = |key: &str| call.get(key).and_then(Value::as_u64).unwrap_or(0);
    let is_over = !call.get("ended_at").is_none_or(Value::is_null);
    let counts = match is_over {
        true => format!("{} packets heard, {} lost", number("packets_in"), number("packets_lost")),
        false => "packets are counted at the end".to_owned(),
    };
    output::line(&format!("Sound    {}, {counts}", text(call, "codec")));
    if !call.get("queue").is_none_or(Value::is_null) || !call.get("agent").is_none_or(Value::is_null) {
        let code = call.get("code").and_then(Value::as_u64).map_or_else(|| "–".to_owned(), |code| code.to_string());
        let seconds = number("waited_ms") / 1000;
        output::line(&format!("People   queue {}, waited {seconds} s, agent {}, code {code}", text(call, "queue"), agent(call)));
    }
    output::line("");
    for step in call.get("steps").and_then(Value::as_array).into_iter().flatten() {
        let after = step.get("after").and_then(Value::as_f64).unwrap_or(0.0);
        let (what, detail) = match text(step, "type") {
            "arrived" => ("arrived", String::new()),
            "answered" => ("answered", format!("{}, keys by {}", text(step, "codec"), text(step, "keys_by"))),
            "node" => ("node", text(step, "node").to_owned()),
            "outcome" => ("outcome", format!("{}: {}", text(step, "node"), text(step, "outcome"))),
            "said" => ("says", text(step, "text").to_owned()),
            "barge_in" => {
                ("cut", format!("{} after {} ms", text(step, "prompt"), step.get("after_ms").and_then(Value::as_u64).unwrap_or(0)))
            }
            "key" => ("key", format!("{}   ({})", text(step, "key"), text(step, "source"))),
            "warning" => ("WARNING", text(step, "text").to_owned()),
            "note" => ("note", text(step, "text").to_owned()),
            "ordered" => ("ORDER", text(step, "number").to_owned()),
            "ended" => ("ended", format!("{} by {}", text(step, "reason"), text(step, "by"))),
            other => (other, String::new()),
        };
        output::line(format!("{after:8.3}  {what:<9}{detail}").trim_end());
    }
    match call.get("node").and_then(Value::as_str) {
        _ if is_over => {}
        Some(node) => output::line(&format!("          still up, at {node}")),
        None => output::line("          no end on record: it is up at another node, or its server was killed and has not started again"),
    }
}
